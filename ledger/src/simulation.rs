//! A small gateway's day on a simulated disk: the power cut at every operation, and every operation failing.

use std::sync::Arc;

use crate::ids::SessionId;
use crate::keys::{RootKey, RootKeyFile};
use crate::leaf::{Details, Kind, Leaf, Outcome};
use crate::ledger::{Ledger, Options};
use crate::reader::Reader;
use crate::recover::recovery_at;
use crate::segment::Direction;
use crate::session::SessionOpen;
use crate::time::Time;
use crate::verify;
use crate::vfs::Vfs;
use crate::vfs::memory::{Fault, MemoryFs};
use crate::{LeafIndex, Result, Ticket};

pub(crate) const NOW: Time = Time::from_micros(1_700_000_000_000_000);

/// Small files, so that a short day fills several.
pub(crate) fn options() -> Options {
    Options { journal_file: 30_000, segment_file: 9000, ..Options::new("clinic.example/gateway/one", "one") }
}

/// What was acknowledged, and so must be there whatever happened afterwards.
#[derive(Default)]
pub(crate) struct Acknowledged {
    leaves: Vec<(LeafIndex, String)>,
    content: Vec<(SessionId, Vec<u8>)>,
    erasing: Option<SessionId>,
}

impl Acknowledged {
    fn leaf(&mut self, ticket: &Ticket, marker: String) -> Result<()> {
        ticket.wait()?;
        self.leaves.extend(ticket.leaf().map(|leaf| (leaf, marker)));
        Ok(())
    }
}

pub(crate) fn root() -> Arc<RootKeyFile> {
    static ROOT: std::sync::OnceLock<Arc<RootKeyFile>> = std::sync::OnceLock::new();
    Arc::clone(ROOT.get_or_init(|| Arc::new(RootKeyFile::generate().unwrap())))
}

pub(crate) fn open(fs: &MemoryFs) -> Result<Ledger> {
    Ledger::open_at(Arc::new(fs.clone()), root(), options(), NOW, None)
}

/// A day: two sessions side by side, decisions, a checkpoint, a deletion, a session that is dropped.
pub(crate) fn day(fs: &MemoryFs, done: &mut Acknowledged) -> Result<()> {
    let ledger = open(fs)?;
    let marked = |marker: &str| Details::new().text("marker", marker);
    done.leaf(&ledger.record(Leaf::new(Kind::ConfigChange).details(marked("config")), NOW)?, "config".into())?;
    let (mut first, ticket) = ledger.session(SessionOpen::new("agent-7", "ehr").details(marked("open")), NOW)?;
    done.leaf(&ticket, "open".into())?;
    let (mut second, _) = ledger.session(SessionOpen::new("agent-8", "fhir"), NOW)?;
    for round in 0..3 {
        for (name, session) in [("first", &mut first), ("second", &mut second)] {
            let marker = format!("{name} request {round}");
            let ticket = session.request(marker.as_bytes(), marked(&marker), NOW)?;
            done.leaf(&ticket, marker.clone())?;
            done.content.push((session.id(), marker.into_bytes()));

            let answer = format!("{name} answer {round} ").repeat(40).into_bytes();
            session.response_block(Direction::ToClient, &answer, NOW)?;
            session.seal(NOW)?.wait()?;
            done.content.push((session.id(), answer));
            let marker = format!("{name} response {round}");
            done.leaf(&session.response(Outcome::Success, marked(&marker), NOW)?, marker)?;
        }
        if round == 1 {
            ledger.checkpoint()?;
        }
    }
    let id = first.id();
    done.leaf(&first.close(Outcome::Success, marked("close"), NOW)?, "close".into())?;
    done.erasing = Some(id);
    ledger.erase(id, &NOW.month(), "six-years", NOW)?;
    let event = second.event(Leaf::new(Kind::DecisionDenied).details(marked("denied")), NOW)?;
    done.leaf(&event, "denied".into())?;
    ledger.compact()?;
    drop(second);
    ledger.close()
}

/// Opens what a crash left, and holds it to what was acknowledged.
fn check(fs: &MemoryFs, done: &Acknowledged, what: &str) {
    // What the next start is foreseen to do is what it does, and to foresee it changes nothing.
    let before = (fs.operations(), fs.paths());
    let foreseen = recovery_at(&(Arc::new(fs.clone()) as Arc<dyn Vfs>), &(root() as Arc<dyn RootKey>));
    assert_eq!((fs.operations(), fs.paths()), before, "{what}");
    let ledger = open(fs).unwrap_or_else(|error| panic!("{what}: {error}"));
    ledger.close().unwrap();
    let vfs = Arc::new(fs.clone());
    match foreseen {
        Ok(foreseen) => {
            assert_eq!(foreseen.refused, None, "{what}");
            let interrupted = foreseen.interrupted.len() as u64;
            let told = if foreseen.cut > 0 || interrupted > 0 { 1 + interrupted } else { 0 };
            let size = Reader::open_at(vfs.clone(), None).checkpoint().unwrap().unverified().size;
            assert_eq!(foreseen.published + foreseen.leaves + told, size, "{what}: {foreseen:?}");
        }
        // The power went before there was a log.
        Err(error) => assert!(error.is_missing(), "{what}: {error}"),
    }
    let checks = verify::Checks { root: Some(root()), ..verify::Checks::default() };
    let report = verify::at(vfs.clone(), &checks).unwrap();
    // A deletion that a crash interrupted is finished by doing it again.
    let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{what}: {findings:?}");
    assert_eq!((report.tail_leaves, report.open_sessions), (0, 0), "{what}");

    let reader = Reader::open_at(vfs, Some(root()));
    for (index, marker) in &done.leaves {
        let leaf = reader.leaf(*index).unwrap_or_else(|error| panic!("{what}: leaf {index}: {error}"));
        assert_eq!(leaf.detail("marker").and_then(|marker| marker.as_text()), Some(marker.as_str()), "{what}");
    }
    for (session, content) in done.content.iter().filter(|(session, _)| Some(*session) != done.erasing) {
        let records = reader.records(*session, &NOW.month()).unwrap();
        let found = records.map(|record| record.unwrap().bytes).any(|bytes| bytes == *content);
        assert!(found, "{what}: acknowledged content of session {session} is gone");
    }
}

/// A small generator of bits, from a seed.
fn coin(mut seed: u64) -> impl FnMut() -> bool {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 63 == 1
    }
}

fn operations_of_a_day() -> u64 {
    let fs = MemoryFs::new();
    let mut done = Acknowledged::default();
    day(&fs, &mut done).unwrap();
    check(&fs.after_crash(|| false), &done, "a whole day");
    assert!(done.leaves.len() > 15 && done.content.len() == 12);
    fs.operations()
}

#[test]
fn the_power_may_go_at_any_moment() {
    let mut states = 0;
    for operation in 0..operations_of_a_day() {
        let fs = MemoryFs::new();
        fs.fail_at(operation, Fault::Crash);
        let mut done = Acknowledged::default();
        let _ = day(&fs, &mut done);
        check(&fs.after_crash(|| false), &done, &format!("power cut at {operation}, nothing unsynced left"));
        check(&fs.after_crash(|| true), &done, &format!("power cut at {operation}, everything left"));
        for seed in 0..8 {
            check(
                &fs.after_crash(coin(operation << 8 | seed)),
                &done,
                &format!("power cut at {operation}, seed {seed}"),
            );
        }
        states += 10;
    }
    println!("{states} crash states");
}

#[test]
fn any_operation_may_fail() {
    for operation in 0..operations_of_a_day() {
        for fault in [Fault::Io, Fault::NoSpace, Fault::Short] {
            let fs = MemoryFs::new();
            fs.fail_at(operation, fault);
            let mut done = Acknowledged::default();
            let _ = day(&fs, &mut done);
            check(&fs.after_crash(coin(operation)), &done, &format!("{fault:?} at {operation}"));
        }
    }
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_nothing_more_is_taken() {
    let fs = MemoryFs::new();
    let ledger = open(&fs).unwrap();
    let leaf = || Leaf::new(Kind::PolicyLoad);
    ledger.record(leaf(), NOW).unwrap().wait().unwrap();
    // The write, then the sync.
    fs.fail_at(fs.operations() + 1, Fault::Io);
    assert!(ledger.record(leaf(), NOW).unwrap().wait().unwrap_err().is_stopped());
    assert!(ledger.record(leaf(), NOW).unwrap_err().is_stopped());
    assert!(ledger.tick(NOW).unwrap_err().is_stopped());
    assert!(ledger.close().unwrap_err().is_stopped());
}
