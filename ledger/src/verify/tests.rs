//! Every kind of tampering is found, and named where it is.

use super::*;
use crate::leaf::{Details, Kind, Leaf, Outcome};
use crate::ledger::Ledger;
use crate::note::LogKey;
use crate::segment::Direction;
use crate::session::SessionOpen;
use crate::simulation::{NOW, open, root};
use crate::tiles::CHECKPOINT;
use crate::vfs::memory::MemoryFs;
use crate::{SessionId, Time};

/// A log of `heartbeats` and a few more leaves, with two recordings.
fn log(heartbeats: u64) -> (MemoryFs, Vec<SessionId>) {
    let fs = MemoryFs::new();
    let ledger = open(&fs).unwrap();
    let sessions = (0..2).map(|_| recorded(&ledger)).collect();
    for at in 1..=heartbeats {
        // No two of one moment: equal leaves could be swapped unnoticed, with nothing lost.
        drop(ledger.record(Leaf::new(Kind::Heartbeat), Time::from_micros(NOW.micros() + at)).unwrap());
    }
    ledger.close().unwrap();
    (fs, sessions)
}

fn recorded(ledger: &Ledger) -> SessionId {
    let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap();
    for _ in 0..3 {
        drop(session.request(b"request", Details::new(), NOW).unwrap());
        session.response_block(Direction::ToClient, &[b'x'; 5000], NOW).unwrap();
        drop(session.response(Outcome::Success, Details::new(), NOW).unwrap());
    }
    let id = session.id();
    session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
    id
}

fn verified(fs: &MemoryFs) -> Report {
    at(Arc::new(fs.clone()), &Checks::default()).unwrap()
}

fn with_root(fs: &MemoryFs) -> Report {
    at(Arc::new(fs.clone()), &Checks { root: Some(root()), ..Checks::default() }).unwrap()
}

/// Some other bytes in place of those of a file.
fn altered(fs: &MemoryFs, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> MemoryFs {
    let copy = fs.copy();
    let mut bytes = fs.read(path).unwrap();
    change(&mut bytes);
    copy.put(path, &bytes);
    copy
}

fn first(report: &Report) -> (Wrong, Option<u64>) {
    let finding = report.findings.first().expect("nothing was found");
    (finding.wrong, finding.index)
}

#[test]
fn an_untouched_log_is_good_with_and_without_keys() {
    let (fs, _) = log(600);
    let report = verified(&fs);
    assert!(report.is_good(), "{:?}", report.findings);
    assert_eq!((report.size, report.sessions, report.frames, report.frames_opened), (616, 2, 12, 0));
    assert!(!report.key_pinned);
    assert_eq!(with_root(&fs).frames_opened, 12);
}

#[test]
fn a_flipped_bit_anywhere_in_the_public_part_is_found() {
    let (fs, _) = log(300);
    for path in fs.paths() {
        let private = path.starts_with("keys/") || path.starts_with("journal/") || path == "reserve";
        // Partial tiles of an earlier checkpoint are no part of this one; which there are depends on when files filled up.
        let stale = path.contains(".p/") && !path.ends_with("/60") && path != "log/tile/1/000.p/1";
        if private || stale {
            continue;
        }
        let length = fs.read(&path).unwrap().len();
        for at in (0..length).step_by(1 + length / 60) {
            let bad = altered(&fs, &path, |bytes| bytes[at] ^= 0x20);
            let found = super::at(Arc::new(bad), &Checks::default());
            let found = found.map(|report| report.is_good());
            assert!(!matches!(found, Ok(true)), "byte {at} of {path}");
        }
    }
}

#[test]
fn the_first_bad_leaf_is_named() {
    let (fs, _) = log(1000);
    for index in [0_u64, 5, 255, 256, 700, 1015] {
        let path = format!("{}{}", crate::tiles::bundle_path(index / 256), if index >= 768 { ".p/248" } else { "" });
        let bad = altered(&fs, &path, |bytes| {
            let mut at = 0;
            for _ in 0..index % 256 {
                at += 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            }
            // A digit of the time: the leaf stays well formed.
            let leaf = &bytes[at..];
            let time = leaf.windows(8).position(|window| window == b"\"time\":\"").unwrap();
            bytes[at + time + 8 + 25] ^= 1;
        });
        assert_eq!(first(&verified(&bad)), (Wrong::Tampered, Some(index)), "{index}");
    }
}

#[test]
fn a_tile_alone_is_told_from_a_leaf() {
    let (fs, _) = log(300);
    let bad = altered(&fs, "log/tile/0/000", |tile| tile[32 * 7] ^= 1);
    let report = verified(&bad);
    assert_eq!(report.findings.len(), 1);
    assert!(report.findings[0].what.contains("log/tile/0/000"), "{}", report.findings[0]);
}

#[test]
fn dropped_swapped_truncated_and_spliced_leaves_are_found() {
    let (fs, _) = log(300);
    let path = crate::tiles::bundle_path(0);
    let leaves = read_bundle(&fs, 0, 316).unwrap();
    let encode = |leaves: &[Vec<u8>]| -> Vec<u8> {
        let prefixed = |leaf: &Vec<u8>| [&u16::try_from(leaf.len()).unwrap().to_be_bytes(), leaf.as_slice()].concat();
        leaves.iter().flat_map(prefixed).collect()
    };
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut changed = leaves.clone();
        change(&mut changed);
        first(&verified(&altered(&fs, &path, |bytes| *bytes = encode(&changed))))
    };
    assert_eq!(with(&|leaves| drop(leaves.remove(3))).1, Some(3));
    assert_eq!(with(&|leaves| leaves.swap(3, 4)).1, Some(3));
    assert_eq!(with(&|leaves| leaves.truncate(100)), (Wrong::Missing, Some(100)));
    assert_eq!(with(&|leaves| leaves[9] = leaves[1].clone()).1, Some(9));
    assert_eq!(
        with(&|leaves| {
            leaves.insert(4, leaves[20].clone());
            leaves.pop();
        })
        .1,
        Some(4)
    );
}

#[test]
fn missing_files_are_missing_and_not_tampered() {
    let (fs, sessions) = log(300);
    for path in ["log/tile/entries/000", "log/tile/0/000", "log.vkey"] {
        let copy = fs.copy();
        copy.delete(path);
        assert_eq!(first(&verified(&copy)).0, Wrong::Missing, "{path}");
    }
    let copy = fs.copy();
    let path = crate::segment::segment_path(sessions[0], 0);
    copy.delete(&path);
    let report = verified(&copy);
    assert_eq!((report.findings.len(), first(&report).0), (1, Wrong::Missing));
    let log_only = Checks { log_only: true, ..Checks::default() };
    assert!(at(Arc::new(copy), &log_only).unwrap().is_good());
}

#[test]
fn recordings_that_were_swapped_cut_or_lengthened_are_found() {
    let (fs, sessions) = log(0);
    let path = |session: usize, segment| crate::segment::segment_path(sessions[session], segment);
    let other = fs.read(&path(1, 0)).unwrap();
    type Change = Box<dyn FnOnce(&mut Vec<u8>)>;
    let cases: [(&str, Change); 5] = [
        ("swapped", Box::new(|bytes| *bytes = other)),
        ("cut within a frame", Box::new(|bytes| bytes.truncate(bytes.len() - 1))),
        ("cut between frames", Box::new(|bytes| bytes.truncate(bytes.len() - 4096))),
        ("lengthened", Box::new(|bytes| bytes.push(0))),
        ("frames swapped", Box::new(|bytes| bytes[128..128 + 8192].rotate_left(4096))),
    ];
    for (what, change) in cases {
        assert!(!verified(&altered(&fs, &path(0, 0), change)).is_good(), "{what}");
    }
    // A segment that no leaf names.
    let copy = fs.copy();
    let bytes = fs.read(&path(0, 0)).unwrap();
    let last = (0..9).find(|segment| fs.read(&path(0, *segment)).is_err()).unwrap();
    copy.put(&path(0, last), &bytes);
    assert_eq!(first(&verified(&copy)).0, Wrong::Tampered);
}

#[test]
fn a_rollback_is_found_with_an_earlier_checkpoint_only() {
    let (fs, _) = log(300);
    let old = fs.copy();
    let ledger = open(&fs).unwrap();
    recorded(&ledger);
    ledger.close().unwrap();
    let note =
        |fs: &MemoryFs| SignedCheckpoint::parse(&String::from_utf8(fs.read(CHECKPOINT).unwrap()).unwrap()).unwrap();
    let against = |fs: &MemoryFs, checkpoint| {
        at(Arc::new(fs.clone()), &Checks { against: Some(checkpoint), ..Checks::default() }).unwrap()
    };
    assert!(against(&fs, note(&old)).is_good());
    assert!(verified(&old).is_good());
    let report = against(&old, note(&fs));
    assert_eq!(first(&report).0, Wrong::Tampered);
    assert!(report.findings[0].what.contains("rolled back"));
}

#[test]
fn another_history_under_the_same_key_is_found_with_an_earlier_checkpoint() {
    let (fs, _) = log(10);
    let fork = fs.copy();
    let (ledger, forked) = (open(&fs).unwrap(), open(&fork).unwrap());
    for (ledger, kind) in [(&ledger, Kind::PolicyLoad), (&forked, Kind::ConfigChange)] {
        drop(ledger.record(Leaf::new(kind), NOW).unwrap());
        drop(ledger.record(Leaf::new(kind), NOW).unwrap());
    }
    ledger.close().unwrap();
    drop(forked.record(Leaf::new(Kind::Heartbeat), NOW).unwrap());
    forked.close().unwrap();
    let kept = SignedCheckpoint::parse(&String::from_utf8(fs.read(CHECKPOINT).unwrap()).unwrap()).unwrap();
    assert!(verified(&fork).is_good());
    let report = at(Arc::new(fork), &Checks { against: Some(kept), ..Checks::default() }).unwrap();
    assert!(report.findings[0].what.contains("rewritten"), "{:?}", report.findings);
}

#[test]
fn a_log_that_another_key_signed_is_found_when_the_key_is_known() {
    let (fs, _) = log(10);
    let thief = LogKey::from_seed("clinic.example/gateway/one", &[7; 32]).unwrap();
    let reader = Reader::open_at(Arc::new(fs.clone()), None);
    let ours = reader.verifier_key().unwrap();
    let forged = fs.copy();
    forged.put(CHECKPOINT, thief.sign(&reader.checkpoint().unwrap().unverified().text()).as_bytes());
    forged.put("log.vkey", format!("{}\n", thief.verifier()).as_bytes());
    assert!(verified(&forged).is_good(), "only the key tells them apart");
    let pinned = Checks { key: Some(ours), ..Checks::default() };
    assert_eq!(first(&at(Arc::new(forged), &pinned).unwrap()).0, Wrong::Tampered);
    assert!(at(Arc::new(fs), &pinned).unwrap().is_good());
}

#[test]
fn what_policy_deleted_is_counted_and_leaves_nothing_behind() {
    let (fs, sessions) = log(10);
    let key = fs.read("keys/2023-11.slots").unwrap()[16..92].to_vec();
    let ledger = open(&fs).unwrap();
    ledger.erase(sessions[0], "2023-11", "six-years", Time::from_micros(NOW.micros() + 1000)).unwrap();
    ledger.close().unwrap();
    for report in [verified(&fs), with_root(&fs)] {
        assert!(report.is_good(), "{:?}", report.findings);
        assert_eq!((report.deleted_sessions(), report.deleted["six-years"], report.frames), (1, 1, 6));
    }
    for path in fs.paths() {
        let bytes = fs.read(&path).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key), "the wrapped key is still in {path}");
        assert!(!path.contains(&sessions[0].to_string()), "{path}");
    }
    // Proofs of its leaves hold.
    let reader = Reader::open_at(Arc::new(fs.clone()), Some(root()));
    let (index, _) = reader.session_leaves(sessions[0]).unwrap()[0];
    assert!(reader.prove(index).unwrap().verify(Some(&reader.verifier_key().unwrap())).is_ok());
    assert!(reader.records(sessions[0], "2023-11").unwrap_err().is_deleted());
    // Without the tombstone the same absence is a failure.
    let silent = fs.copy();
    silent.delete(&crate::segment::segment_path(sessions[1], 0));
    assert_eq!(first(&verified(&silent)).0, Wrong::Missing);
}

#[test]
fn leaves_after_the_checkpoint_are_a_tail_and_no_failure() {
    let (fs, _) = log(10);
    let ledger = open(&fs).unwrap();
    ledger.checkpoint().unwrap();
    let size = verified(&fs).size;
    for _ in 0..3 {
        ledger.record(Leaf::new(Kind::Heartbeat), NOW).unwrap().wait().unwrap();
    }
    let report = verified(&fs);
    assert_eq!((report.is_good(), report.size, report.tail_leaves), (true, size, 3), "{:?}", report.findings);
}

#[test]
fn a_proof_file_is_verified() {
    let (fs, _) = log(300);
    let reader = Reader::open_at(Arc::new(fs), None);
    let key = reader.verifier_key().unwrap();
    let text = reader.prove(LeafIndex::new(42).unwrap()).unwrap().text();
    assert!(proof(&text, Some(&key)).unwrap().0.is_good());
    assert!(!proof(&text, None).unwrap().0.key_pinned);
    let moved = text.replace("index 42", "index 43");
    assert_eq!(first(&proof(&moved, Some(&key)).unwrap().0), (Wrong::Tampered, Some(43)));
    assert!(proof("nothing", None).is_err());
}

#[test]
fn a_fork_or_a_rollback_with_all_keys_is_found_by_what_the_witness_kept() {
    use crate::seal::Secret;
    use crate::witness::Cosigner;

    let witness = Cosigner::from_seed("witness.example/one", &Secret::from_bytes([3; 32])).unwrap();
    let (fs, _) = log(10);
    let (fork, old) = (fs.copy(), fs.copy());
    let signed = |fs: &MemoryFs| {
        let note = SignedCheckpoint::parse(&String::from_utf8(fs.read(CHECKPOINT).unwrap()).unwrap()).unwrap();
        note.with_signatures(&witness.cosign(&note, 1_700_000_000))
    };
    let ledger = open(&fs).unwrap();
    drop(ledger.record(Leaf::new(Kind::ReplayView), NOW).unwrap());
    ledger.close().unwrap();
    let kept = signed(&fs);
    fs.put("log/witness/one", kept.note().as_bytes());
    let checks = |against| Checks { against, witnesses: vec![witness.verifier()], ..Checks::default() };
    let report = at(Arc::new(fs.clone()), &checks(None)).unwrap();
    assert!(report.is_good(), "{:?}", report.findings);
    assert_eq!((report.witnessed[0].size, report.witnessed[0].seconds), (report.size, 1_700_000_000));

    // The thief writes on from before, with the log's own key.
    let ledger = open(&fork).unwrap();
    for _ in 0..5 {
        drop(ledger.record(Leaf::new(Kind::Heartbeat), NOW).unwrap());
    }
    ledger.close().unwrap();
    assert!(verified(&fork).is_good());
    // Without the file it is missed; with the one that the witness hands out the rewriting shows.
    assert_eq!(first(&at(Arc::new(fork.clone()), &checks(None)).unwrap()).0, Wrong::Missing);
    let found = at(Arc::new(fork), &checks(Some(kept.clone()))).unwrap();
    assert!(found.findings.iter().any(|finding| finding.what.contains("rewritten")), "{:?}", found.findings);
    // Rolled back to before, all signed by the log's own key: good by itself.
    assert!(verified(&old).is_good());
    let found = at(Arc::new(old), &checks(Some(kept))).unwrap();
    assert!(found.findings.iter().any(|finding| finding.what.contains("rolled back")), "{:?}", found.findings);
}
