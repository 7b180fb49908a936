//! What a leaf changes in the index.

use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader, SessionId};
use rusqlite::{Connection, params};

use super::moved;

/// Takes in at most so many leaves from `next` on; says how many. The outer result is the log's, the inner one the index's.
pub(super) fn some(
    db: &Connection,
    reader: &Reader,
    next: u64,
    most: usize,
) -> blackbar_ledger::Result<rusqlite::Result<usize>> {
    let Some(from) = LeafIndex::new(next) else { return Ok(Ok(0)) };
    let mut taken = 0;
    let mut last = None;
    let leaves = match reader.leaves(from) {
        // Before the first checkpoint there is nothing to take in.
        Err(error) if error.is_missing() => return Ok(Ok(0)),
        leaves => leaves?,
    };
    for item in leaves.take(most) {
        let (index, read) = item?;
        if let Err(error) = leaf(db, index.value(), &read) {
            return Ok(Err(error));
        }
        taken += 1;
        last = Some((index.value() + 1, read.hash().to_string()));
    }
    if let Some((next, hash)) = last
        && let Err(error) = moved(db, next, &hash)
    {
        return Ok(Err(error));
    }
    Ok(Ok(taken))
}

fn leaf(db: &Connection, index: u64, leaf: &ReadLeaf) -> rusqlite::Result<()> {
    if let Some(session) = leaf.session() {
        of_session(db, index, session, leaf)?;
    }
    let about = leaf.about().map(|session| *session.as_bytes());
    match (leaf.kind(), about) {
        (Some(Kind::RetentionTombstone), Some(about)) => {
            let mut erase = db.prepare_cached("UPDATE sessions SET erased = ?2, policy = ?3 WHERE id = ?1")?;
            erase.execute(params![about, index, text(leaf, "policy")])?;
        }
        (Some(Kind::RetentionConfirmed), Some(about)) => {
            db.prepare_cached("UPDATE sessions SET confirmed = ?2 WHERE id = ?1")?.execute(params![about, index])?;
        }
        (Some(Kind::RetentionHold), _) => {
            let Some(id) = text(leaf, "hold") else { return Ok(()) };
            let session = text(leaf, "of_session").and_then(SessionId::parse).map(|session| *session.as_bytes());
            let stated = leaf.session().map(|session| *session.as_bytes());
            let mut hold =
                db.prepare_cached("INSERT OR REPLACE INTO holds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)")?;
            let (by, subject, target) =
                (leaf.subject().unwrap_or_default(), text(leaf, "of_subject"), text(leaf, "of_target"));
            hold.execute(params![id, index, leaf.time().micros(), by, stated, session, subject, target])?;
        }
        (Some(Kind::RetentionRelease), _) => {
            let mut release = db.prepare_cached("UPDATE holds SET released = ?2 WHERE id = ?1")?;
            release.execute(params![text(leaf, "hold"), index])?;
        }
        (Some(Kind::KeyShred), _) => {
            if let Some(month) = text(leaf, "month") {
                db.prepare_cached("INSERT OR REPLACE INTO months VALUES (?1, ?2)")?.execute(params![month, index])?;
            }
        }
        (Some(Kind::Heartbeat), _) => {
            if let Some(lived) = number(leaf, "lived_seconds") {
                let mut mark = db.prepare_cached("INSERT OR REPLACE INTO marks VALUES (?1, ?2, ?3, ?4, ?5)")?;
                let machine = text(leaf, "machine").unwrap_or_default();
                let uptime = number(leaf, "uptime_seconds").unwrap_or(0);
                mark.execute(params![index, lived, machine, uptime, number(leaf, "witnessed_seconds")])?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn of_session(db: &Connection, index: u64, session: SessionId, leaf: &ReadLeaf) -> rusqlite::Result<()> {
    let id = session.as_bytes();
    let done = |sql: &str| db.prepare_cached(sql).and_then(|mut change| change.execute(params![id]));
    let exchange = number(leaf, "exchange").unwrap_or(0);
    let waiting = |sql: &str| db.prepare_cached(sql).and_then(|mut change| change.execute(params![id, exchange]));
    const NO_LONGER: &str = "DELETE FROM waiting WHERE session = ?1 AND exchange = ?2";
    match leaf.kind() {
        Some(Kind::SessionOpen) => {
            let mut open = db.prepare_cached(
                "INSERT OR REPLACE INTO sessions (id, opened, begun, subject, target, month) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let (subject, target) = (leaf.subject().unwrap_or_default(), leaf.target().unwrap_or_default());
            let month = text(leaf, "key").unwrap_or_default();
            open.execute(params![id, index, leaf.time().micros(), subject, target, month])?;
        }
        Some(Kind::Request) => drop(done("UPDATE sessions SET requests = requests + 1 WHERE id = ?1")?),
        Some(Kind::DecisionAsked) => drop(waiting("INSERT OR IGNORE INTO waiting VALUES (?1, ?2)")?),
        Some(Kind::DecisionGranted | Kind::DecisionConsumed) => {
            waiting(NO_LONGER)?;
            if let Some(profile) = text(leaf, "profile") {
                db.prepare_cached("INSERT OR IGNORE INTO profiles VALUES (?1, ?2)")?.execute(params![id, profile])?;
            }
        }
        Some(Kind::DecisionDenied | Kind::DecisionExpired) => {
            waiting(NO_LONGER)?;
            done("UPDATE sessions SET denied = denied + 1 WHERE id = ?1")?;
        }
        Some(Kind::Response) => {
            if let Some(Json::Object(kinds)) = leaf.detail("replaced") {
                let mut all = 0;
                for (kind, count) in kinds {
                    let count = count.as_number().unwrap_or(0);
                    all += count;
                    counted(db, kind, session, count, 0)?;
                    // Asked for by `name:patient` or by `name`, it is found in order.
                    let main = kind.split(':').next().unwrap_or_default();
                    for kind in [kind, main] {
                        let mut found = db.prepare_cached("INSERT OR IGNORE INTO found VALUES (?1, ?2)")?;
                        found.execute(params![kind, id])?;
                    }
                }
                if all > 0 {
                    let mut add = db.prepare_cached("UPDATE sessions SET replaced = replaced + ?2 WHERE id = ?1")?;
                    add.execute(params![id, all])?;
                }
            }
            if let Some(Json::Object(kinds)) = leaf.detail("passed") {
                for (kind, count) in kinds {
                    counted(db, kind, session, 0, count.as_number().unwrap_or(0))?;
                }
            }
        }
        Some(Kind::SessionClose) => {
            let mut close =
                db.prepare_cached("UPDATE sessions SET closed = ?2, ended = ?3, outcome = ?4 WHERE id = ?1")?;
            let outcome = leaf.outcome().unwrap_or_default();
            close.execute(params![id, index, leaf.time().micros(), outcome])?;
        }
        _ => {}
    }
    Ok(())
}

fn counted(db: &Connection, kind: &str, session: SessionId, replaced: u64, passed: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO replaced VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, session)
         DO UPDATE SET count = count + excluded.count, passed = passed + excluded.passed",
    )?
    .execute(params![kind, session.as_bytes(), replaced, passed])?;
    Ok(())
}

fn text<'l>(leaf: &'l ReadLeaf, name: &str) -> Option<&'l str> {
    leaf.detail(name).and_then(Json::as_text)
}

fn number(leaf: &ReadLeaf, name: &str) -> Option<u64> {
    leaf.detail(name).and_then(Json::as_number)
}
