//! `blackbar verify`

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use blackbar_ledger::verify::{self, Checks, Report};
use blackbar_ledger::{CosignerKey, LeafProof, RootKey, RootKeyFile, SignedCheckpoint, Time, VerifierKey};
use serde_json::json;

use crate::cli::{self, VerifyFormat};
use crate::error::{Error, Id};
use crate::exit::Exit;

pub(crate) fn run(args: &cli::Verify) -> Result<Exit, Error> {
    let key = args.vkey.as_deref().map(verifier_key).transpose()?;
    let (report, proof) = if args.path.is_dir() {
        let against = args.against.as_deref().map(checkpoint).transpose()?;
        let root = args.root_key.as_deref().map(root_key).transpose()?;
        let witnesses = args.witness.iter().map(|given| witness_key(given)).collect::<Result<_, _>>()?;
        let checks = Checks { key, against, witnesses, root, log_only: args.log_only };
        let report = if verify::is_bundle(&args.path) {
            verify::bundle(&args.path, &checks)
        } else {
            verify::folder(&args.path, &checks)
        };
        (report.map_err(|error| super::prove::unreadable(&error).at_path(&args.path))?, None)
    } else {
        let text = read(&args.path)?;
        let verified = verify::proof(&text, key.as_ref());
        let (report, proof) = verified.map_err(|error| super::prove::unreadable(&error).at_path(&args.path))?;
        (report, Some(proof))
    };
    let text = match args.format {
        VerifyFormat::Pretty => pretty(&report, proof.as_ref()),
        VerifyFormat::Json => format!("{:#}\n", to_json(&report, proof.as_ref())),
    };
    super::print(text.as_bytes())?;
    Ok(if report.is_good() { Exit::Done } else { Exit::Bad })
}

/// A verifier key: a file that holds one, or the key itself.
fn verifier_key(given: &str) -> Result<VerifierKey, Error> {
    let text = if Path::new(given).is_file() { read(Path::new(given))? } else { given.to_owned() };
    let hint = "it has the form name+hash+key; `log.vkey` in the data folder holds one";
    VerifierKey::parse(&text).map_err(|error| Error::new(Id::VerifierKey, error.to_string()).hint(hint))
}

/// A witness's key: a file that holds one, or the key itself.
fn witness_key(given: &str) -> Result<CosignerKey, Error> {
    let text = if Path::new(given).is_file() { read(Path::new(given))? } else { given.to_owned() };
    let hint = "`blackbar witness keygen` printed it; it has the form name+hash+key";
    CosignerKey::parse(&text).map_err(|error| Error::new(Id::VerifierKey, error.to_string()).hint(hint))
}

fn checkpoint(path: &Path) -> Result<SignedCheckpoint, Error> {
    let parsed = SignedCheckpoint::parse(&read(path)?);
    parsed.map_err(|error| Error::new(Id::LedgerUnreadable, error.to_string()).at_path(path))
}

fn root_key(path: &Path) -> Result<Arc<dyn RootKey>, Error> {
    match RootKeyFile::read(path) {
        Ok(key) => Ok(Arc::new(key)),
        Err(error) if error.is_key() => Err(Error::new(Id::KeyInvalid, error.to_string()).at_path(path)),
        Err(error) => Err(Error::new(Id::KeyUnreadable, error.to_string()).at_path(path)),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::io(Id::InputUnreadable, "cannot be read", &error).at_path(path))
}

fn pretty(report: &Report, proof: Option<&LeafProof>) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{words}");
    };
    let verdict = match (report.is_good(), report.key_pinned) {
        (false, _) => "FAIL",
        (true, true) => "PASS",
        (true, false) => "PASS: consistent, key not pinned (--vkey pins it)",
    };
    line(verdict.to_owned());
    line(format!("log         {}", report.origin));
    line(format!("checkpoint  {} leaves, root {}", report.size, report.root));
    for witnessed in &report.witnessed {
        let when = Time::from_micros(witnessed.seconds.saturating_mul(1_000_000));
        line(format!("witness     {} cosigned {} leaves at {when}", witnessed.witness, witnessed.size));
    }
    match proof {
        Some(proof) => {
            line(format!("leaf        {}", proof.index));
            // A leaf that does not hold is not shown as if it did.
            if report.is_good() {
                line(String::from_utf8_lossy(&proof.leaf).into_owned());
            }
        }
        None => {
            line(format!("sessions    {}, of which {} have not ended", report.sessions, report.open_sessions));
            line(format!("recordings  {} frames as logged, {} of them decrypted", report.frames, report.frames_opened));
            for (policy, count) in &report.deleted {
                line(format!("deleted     {count} sessions by policy {policy}, proofs intact"));
            }
            if report.tail_leaves > 0 || report.tail_bytes > 0 {
                let (leaves, bytes) = (report.tail_leaves, report.tail_bytes);
                line(format!("unfinished  {leaves} leaves after the checkpoint, {bytes} bytes that nothing names yet"));
            }
        }
    }
    for finding in &report.findings {
        line(finding.to_string());
    }
    text
}

fn to_json(report: &Report, proof: Option<&LeafProof>) -> serde_json::Value {
    let findings = report.findings.iter().map(|finding| {
        let wrong = match finding.wrong {
            verify::Wrong::Tampered => "tampered",
            verify::Wrong::Missing => "missing",
        };
        json!({ "wrong": wrong, "index": finding.index, "what": finding.what })
    });
    let leaf = proof.filter(|_| report.is_good()).map(|proof| {
        let leaf: serde_json::Value = serde_json::from_slice(&proof.leaf).unwrap_or_default();
        json!({ "index": proof.index.value(), "leaf": leaf })
    });
    json!({
        "good": report.is_good(),
        "key_pinned": report.key_pinned,
        "origin": report.origin,
        "size": report.size,
        "root": report.root,
        "witnessed": report.witnessed.iter().map(|witnessed| json!({
            "witness": witnessed.witness, "size": witnessed.size, "seconds": witnessed.seconds,
        })).collect::<Vec<_>>(),
        "sessions": report.sessions,
        "open_sessions": report.open_sessions,
        "frames": report.frames,
        "frames_decrypted": report.frames_opened,
        "deleted": report.deleted,
        "tail_leaves": report.tail_leaves,
        "tail_bytes": report.tail_bytes,
        "proof": leaf,
        "findings": findings.collect::<Vec<_>>(),
    })
}
