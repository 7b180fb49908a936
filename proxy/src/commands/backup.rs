//! `blackbar ledger backup | restore`, and `blackbar keys rotate`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use blackbar_ledger::verify::{Checks, folder};
use blackbar_ledger::{Details, Kind, Leaf, Outcome, RootKey, RootKeyFile, rotate_root};
use serde_json::json;

use crate::admin;
use crate::cli::{KeysRotate, LedgerBackup, LedgerRestore};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::gate::Recorder;

/// What lies beside the ledger and belongs to it.
const STATE: &str = "state.sqlite";
const SINKS: &str = "sinks";

/// The journal is renewed now and then, and at each deletion; the copy then begins again.
const TRIES: u32 = 5;

/// Copies the data folder of a gateway that may be running.
pub(crate) fn backup(config: &Config, args: &LedgerBackup) -> Result<String, Error> {
    let from = &config.gateway.data_dir;
    let draft = args.to.with_extension("partial");
    let failed = |what: String| Error::new(Id::BackupUnusable, what).at_path(&args.to);
    if args.to.exists() || draft.exists() {
        return Err(failed("there is something already".to_owned()).hint("name a folder that is not there yet"));
    }
    let mut told = None;
    for _ in 0..TRIES {
        compact(config)?;
        match blackbar_ledger::backup(from, &draft) {
            Err(error) if error.is_overloaded() => {
                let _ = fs::remove_dir_all(&draft);
                told = Some(error);
            }
            copied => {
                told = None;
                copied.map_err(|error| failed(error.to_string()))?;
                break;
            }
        }
    }
    if let Some(error) = told {
        return Err(failed(error.to_string()));
    }
    beside(from, &draft).map_err(|what| failed(what.to_owned()))?;
    let report = folder(&draft, &Checks::default()).map_err(|error| failed(error.to_string()))?;
    if let Some(finding) = report.findings.first() {
        return Err(failed(format!("the copy does not verify: {finding}")));
    }
    fs::rename(&draft, &args.to).map_err(|error| failed(format!("it cannot be given its name: {}", error.kind())))?;
    Ok(format!(
        "{} leaves, {} sessions, {} frames; the root key is not in it: keep it elsewhere\n",
        report.size + report.tail_leaves,
        report.sessions,
        report.frames
    ))
}

/// Has the gateway, or the lock's owner, derive everything from its journal. Recorded: records leave the gateway.
fn compact(config: &Config) -> Result<(), Error> {
    let folder = &config.gateway.data_dir;
    match admin::ask(folder, &json!({ "do": "ledger.compact" })) {
        Err(error) if error.id() == Id::NoGateway && folder.is_dir() => {
            let recorder = Recorder::open(folder, Arc::new(config.gateway.root_key()?))?;
            recorder.exported(&admin::user(), "backup")?;
            recorder.close()
        }
        Err(error) => Err(error),
        Ok(answer) => match answer["error"].as_str() {
            Some(error) => Err(Error::new(Id::OperateFailed, error.to_owned())),
            None => Ok(()),
        },
    }
}

/// Copies what is not the ledger's: credentials, approvals, where sinks are. The index is made anew.
fn beside(from: &Path, to: &Path) -> Result<(), &'static str> {
    if from.join(STATE).exists() {
        let copied = rusqlite::Connection::open(from.join(STATE)).and_then(|db| {
            db.busy_timeout(std::time::Duration::from_secs(10))?;
            db.execute("VACUUM INTO ?1", [to.join(STATE).display().to_string()])
        });
        copied.map_err(|_| "the state cannot be copied")?;
        use std::os::unix::fs::PermissionsExt as _;
        let restricted = fs::set_permissions(to.join(STATE), fs::Permissions::from_mode(0o600));
        restricted.map_err(|_| "the state cannot be made readable by its owner only")?;
    }
    if from.join(SINKS).is_dir() {
        tree(&from.join(SINKS), &to.join(SINKS)).map_err(|_| "the cursors of sinks cannot be copied")?;
    }
    Ok(())
}

/// Puts a backup in the place of a data folder that is not there.
pub(crate) fn restore(config: &Config, args: &LedgerRestore) -> Result<String, Error> {
    let to = &config.gateway.data_dir;
    let failed = |what: String| Error::new(Id::BackupUnusable, what).at_path(to);
    let is_empty = !to.exists() || fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    if !is_empty {
        return Err(failed("there is a data folder already".to_owned()).hint("move it away first"));
    }
    let root: Arc<dyn RootKey> = Arc::new(config.gateway.root_key()?);
    let report = folder(&args.from, &Checks { root: Some(Arc::clone(&root)), ..Checks::default() });
    let report = report.map_err(|error| super::prove::unreadable(&error).at_path(&args.from))?;
    if let Some(finding) = report.findings.first() {
        return Err(
            Error::new(Id::BackupUnusable, format!("the backup does not verify: {finding}")).at_path(&args.from)
        );
    }
    let copied = tree(&args.from, to);
    copied.map_err(|error| failed(format!("the backup cannot be put back: {}", error.kind())))?;
    let recorder = Recorder::open(to, root)?;
    let details = Details::new().text("did", "ledger.restore").number("leaves", report.size + report.tail_leaves);
    recorder.told(Leaf::new(Kind::ConfigChange).subject(admin::user()).outcome(Outcome::Success).details(details))?;
    recorder.close()?;
    Ok(format!(
        "{} leaves are back; what came after the backup is missing, and a witness or a sink will say so\n",
        report.size + report.tail_leaves
    ))
}

/// Copies a folder, its owner's alone.
fn tree(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    fs::File::open(to)?.sync_all()
}

/// Puts the keys of the stopped gateway under a new root key.
pub(crate) fn rotate(config: &Config, args: &KeysRotate) -> Result<String, Error> {
    let data = &config.gateway.data_dir;
    let old = config.gateway.root_key()?;
    let new = if args.new.exists() {
        RootKeyFile::read(&args.new)
    } else {
        RootKeyFile::generate().and_then(|key| key.write(&args.new).map(|()| key))
    };
    let new = new.map_err(|error| Error::new(Id::KeyInvalid, error.to_string()).at_path(&args.new))?;
    let new: Arc<dyn RootKey> = Arc::new(new);
    let count = rotate_root(data, &old, &new).map_err(|error| {
        let id = if error.is_locked() { Id::DataFolder } else { Id::LedgerUnusable };
        Error::new(id, error.to_string()).at_path(data)
    })?;
    let recorder = Recorder::open(data, new)?;
    let details = Details::new().text("what", "root").number("keys", count);
    recorder.told(Leaf::new(Kind::KeyRotate).subject(admin::user()).outcome(Outcome::Success).details(details))?;
    recorder.close()?;
    Ok(format!(
        "{count} keys are under the new root key: name {} under [keys] as root, then destroy the old one\n",
        args.new.display()
    ))
}
