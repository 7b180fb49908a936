//! `blackbar sessions export`: one session as a folder that proves itself, and that its recipient can read.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blackbar_ledger::verify::{self, BUNDLE_LEAVES, Checks};
use blackbar_ledger::{Kind, LeafIndex, ReadLeaf, Reader, Secret, SessionId};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::audit_packet;
use super::prove::unreadable;
use crate::age::{self, Identity, Recipient};
use crate::cli::{SessionsExport, SessionsKeygen};
use crate::config::Config;
use crate::error::{Error, Id};

/// What lies in a bundle beside what a data folder has at the same places.
const KEY: &str = "key.age";
const MANIFEST: &str = "bundle.json";
const CHECKPOINT: &str = "log/checkpoint";
const VKEY: &str = "log.vkey";

/// Reads the recipients, before anything is recorded.
pub(super) fn recipients(args: &SessionsExport) -> Result<Vec<Recipient>, Error> {
    if args.output.exists() {
        return Err(Error::new(Id::BundleUnusable, "it is there already").at_path(&args.output));
    }
    let mut found = Vec::new();
    for given in &args.recipient {
        let path = Path::new(given);
        let text = if path.is_file() {
            let read = fs::read_to_string(path);
            read.map_err(|error| Error::io(Id::RecipientInvalid, "it cannot be read", &error).at_path(path))?
        } else {
            given.clone()
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let recipient = Recipient::parse(line).map_err(|error| {
                let error = Error::new(Id::RecipientInvalid, error.0);
                error.hint("`blackbar sessions keygen` and `age-keygen` print one")
            })?;
            found.push(recipient);
        }
    }
    if found.is_empty() {
        return Err(Error::new(Id::RecipientInvalid, "no recipient is named"));
    }
    Ok(found)
}

/// Writes the bundle; says what is in it.
pub(super) fn export(
    config: &Config,
    session: SessionId,
    leaves: &[(LeafIndex, ReadLeaf)],
    to: &[Recipient],
    args: &SessionsExport,
) -> Result<String, Error> {
    let folder = &config.gateway.data_dir;
    let reader = Reader::open(folder, Some(Arc::new(config.gateway.root_key()?)));
    let month = super::sessions::month_of(leaves);
    let gone = |error: blackbar_ledger::Error| Error::new(Id::RecordingGone, error.to_string()).at(session);
    let key = reader.session_key(session, month).map_err(gone)?;
    // It has its name once it is whole.
    let draft = PathBuf::from(format!("{}.new", args.output.display()));
    let written = write(&Writing { config, reader: &reader, session, leaves, key: &key, to, folder: &draft }, args);
    let text = match written {
        Ok(text) => text,
        Err(error) => {
            // What is left of it is worth nothing; that it cannot be removed changes nothing.
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
    };
    fs::rename(&draft, &args.output).map_err(|error| unwritable(&error, &args.output))?;
    Ok(text)
}

struct Writing<'w> {
    config: &'w Config,
    reader: &'w Reader,
    session: SessionId,
    leaves: &'w [(LeafIndex, ReadLeaf)],
    key: &'w Secret,
    to: &'w [Recipient],
    folder: &'w Path,
}

fn write(this: &Writing<'_>, args: &SessionsExport) -> Result<String, Error> {
    let data = &this.config.gateway.data_dir;
    let put = |name: &str, bytes: &[u8]| put(this.folder, name, bytes);
    make_folder(this.folder)?;
    // One checkpoint for all: the proofs are made again when the log goes on meanwhile.
    let proofs = proved(this.reader, this.leaves)?;
    let note = proofs.first().map(|proof| proof.checkpoint.note().to_owned()).unwrap_or_default();
    put(CHECKPOINT, note.as_bytes())?;
    let vkey = this.reader.verifier_key().map_err(|error| unreadable(&error))?;
    put(VKEY, format!("{vkey}\n").as_bytes())?;
    for proof in &proofs {
        put(&format!("{BUNDLE_LEAVES}/{:012}.tlog-proof", proof.index.value()), proof.text().as_bytes())?;
    }
    let segments = this.reader.segments(this.session).map_err(|error| unreadable(&error))?;
    for segment in &segments {
        let bytes = fs::read(data.join(segment)).map_err(|error| unwritable(&error, &data.join(segment)))?;
        put(segment, &bytes)?;
    }
    put(KEY, &age::sealed(key_text(this.key).as_bytes(), this.to).map_err(|error| unsealed(error.0))?)?;
    let first = this.leaves.first().map(|(_, leaf)| leaf);
    let ended = this.leaves.last().is_some_and(|(_, leaf)| leaf.kind() == Some(Kind::SessionClose));
    let manifest = json!({
        "format": "blackbar-bundle-1",
        "session": this.session.to_string(),
        "subject": first.and_then(ReadLeaf::subject), "target": first.and_then(ReadLeaf::target),
        "begun": first.map(|leaf| leaf.time().to_string()), "ended": ended,
        "leaves": this.leaves.iter().map(|(index, _)| index.value()).collect::<Vec<_>>(),
        "recording": segments,
        "sealed_to": this.to.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    put(MANIFEST, format!("{manifest:#}\n").as_bytes())?;
    put("README.txt", README.as_bytes())?;
    if args.audit_packet {
        let packet = audit_packet::packet(this.config, this.reader, this.leaves)?;
        for (name, text) in &packet.policies {
            put(&format!("policies/{name}"), text.as_bytes())?;
        }
        put("audit-packet.html", packet.page.as_bytes())?;
    }
    // Nothing leaves that does not hold.
    let report = verify::bundle(this.folder, &Checks { key: Some(vkey), ..Checks::default() });
    let report = report.map_err(|error| unreadable(&error))?;
    if let Some(finding) = report.findings.first() {
        return Err(Error::new(Id::BundleUnusable, format!("the bundle does not verify: {finding}")));
    }
    Ok(format!(
        "{}: {} leaves, {} frames, sealed to {} recipients\n",
        args.output.display(),
        this.leaves.len(),
        report.frames,
        this.to.len()
    ))
}

/// The proofs of all leaves, under one checkpoint.
fn proved(reader: &Reader, leaves: &[(LeafIndex, ReadLeaf)]) -> Result<Vec<blackbar_ledger::LeafProof>, Error> {
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        let proofs = leaves.iter().map(|(index, _)| reader.prove(*index));
        let proofs = proofs.collect::<blackbar_ledger::Result<Vec<_>>>().map_err(|error| unreadable(&error))?;
        let first = proofs.first().map(|proof| proof.checkpoint.note());
        if proofs.iter().all(|proof| Some(proof.checkpoint.note()) == first) {
            return Ok(proofs);
        }
    }
    Err(Error::new(Id::BundleUnusable, "the log grows faster than its leaves can be proved; try again"))
}

/// Where the recording of a bundle is, whose it is, and what opens it.
pub(super) struct Bundle {
    pub(super) reader: Reader,
    pub(super) session: SessionId,
    pub(super) manifest: Value,
    pub(super) key: Secret,
}

impl Bundle {
    pub(super) fn open(folder: &Path, identity: &Path) -> Result<Self, Error> {
        let no_bundle = || Error::new(Id::BundleUnusable, "it is no bundle of one session").at_path(folder);
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|error| Error::io(Id::BundleUnusable, "it cannot be read", &error).at_path(&path))
        };
        let manifest: Value = serde_json::from_slice(&read(MANIFEST)?).map_err(|_| no_bundle())?;
        let session = manifest["session"].as_str().and_then(SessionId::parse).ok_or_else(no_bundle)?;
        let text = fs::read_to_string(identity).map(Zeroizing::new);
        let text = text.map_err(|error| Error::io(Id::RecipientInvalid, "it cannot be read", &error).at_path(identity));
        let invalid = |error: age::Unusable| Error::new(Id::RecipientInvalid, error.0).at_path(identity);
        let opened = Identity::parse(&text?).map_err(invalid)?.open(&read(KEY)?).map_err(invalid)?;
        let key = std::str::from_utf8(&opened).ok().and_then(key_in).ok_or_else(no_bundle)?;
        Ok(Self { reader: Reader::open(folder, None), session, manifest, key })
    }
}

/// `blackbar sessions keygen`
pub(super) fn keygen(args: &SessionsKeygen) -> Result<String, Error> {
    let identity = Identity::generate().map_err(|error| unsealed(error.0))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(&args.output).and_then(|mut file| {
        file.write_all(identity.text().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::new(Id::KeyExists, "the file exists").at_path(&args.output),
        _ => Error::io(Id::KeyUnwritable, "the key cannot be written", &error).at_path(&args.output),
    })?;
    Ok(format!("{}\n", identity.recipient()))
}

const KEY_HEADER: &str = "blackbar session key 1";

fn key_text(key: &Secret) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(100));
    text.push_str(KEY_HEADER);
    text.push('\n');
    for byte in key.expose() {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('\n');
    text
}

fn key_in(text: &str) -> Option<Secret> {
    let digits = text.strip_prefix(KEY_HEADER)?.trim();
    let mut key = Zeroizing::new([0; 32]);
    if digits.len() != 64 {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(Secret::from_bytes(*key))
}

fn make_folder(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| unwritable(&error, path))
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    if let Some(above) = path.parent() {
        make_folder(above)?;
    }
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| unwritable(&error, &path))
}

fn unwritable(error: &io::Error, path: &Path) -> Error {
    Error::io(Id::BundleUnusable, "the bundle cannot be written", error).at_path(path)
}

fn unsealed(why: &str) -> Error {
    Error::new(Id::RecipientInvalid, why.to_owned())
}

const README: &str = "This folder holds the record of one session of a Blackbar gateway, and proves itself.

  bundle.json      whose session it is, and what is here
  leaves/          what the log says of it, a file a leaf, each with its proof (c2sp.org/tlog-proof)
  log/checkpoint   the signed tree head that every proof leads to
  log.vkey         the key that signed it: compare it with the one that you were given another way
  recordings/      what was asked and delivered, encrypted; the leaves name the SHA-256 of each frame
  key.age          the key of the recording, sealed to its recipients
  audit-packet.html, policies/   with --audit-packet: policies, approvals, controls

Whether it is complete and unaltered, without any key:

  blackbar verify . --vkey 'THE KEY THAT YOU WERE GIVEN'

What was delivered, with the recipient's key:

  blackbar sessions replay --bundle . --identity KEYFILE --format terminal
  age -d -i KEYFILE key.age        prints the key itself, for other programs

What it proves: nothing of this session under the checkpoint was changed, dropped or added since the checkpoint was signed.
That the log itself has one history only is proved by checkpoints that others hold (a witness, or a SIEM).
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_session_comes_back() {
        let key = Secret::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        assert_eq!(key_in(&key_text(&key)).unwrap().expose(), key.expose());
        assert!(key_in("blackbar session key 1\n00\n").is_none() && key_in("another").is_none());
    }
}
