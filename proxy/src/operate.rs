//! What an operator does to a running gateway at once: locking out, unlocking, ending sessions. Each is recorded.

use blackbar_ledger::{Details, SessionId};
use serde_json::{Value, json};

use crate::gate::{Locked, Locks, Recorder, Wanted, now_ms};
use crate::identity::is_plain_name;
use crate::notes;

/// Locks or unlocks. A lock is in force before it is recorded: it takes rights away, and gives none.
pub(crate) fn lock(locks: &Locks, recorder: &Recorder, command: &Value, by: &str) -> Value {
    let text = |key: &str| command.get(key).and_then(Value::as_str).unwrap_or_default();
    let (did, name) = (text("do"), text("name"));
    let Some(what) = Locked::read(text("kind"), name.to_owned()).filter(|_| is_plain_name(name)) else {
        return json!({ "error": "a subject, a group or a target must be named" });
    };
    let details = Details::new()
        .text("did", if did == "lock" { "lock" } else { "unlock" })
        .text("what", what.kind())
        .text("name", name);
    let record = |details| match recorder.stated(by, details, text("reason")) {
        Ok(()) => Ok(()),
        Err(error) => Err(json!({ "error": error.to_string() })),
    };
    if did == "unlock" {
        if !locks.all().contains(&what) {
            return json!({ "changed": false });
        }
        // What gives rights back is recorded first.
        if let Err(error) = record(details) {
            return error;
        }
        return changed(locks.unlock(&what));
    }
    let locked = changed(locks.lock(&what, by, now_ms()));
    notes::note(format_args!("{} {name} is locked", what.kind()));
    record(details).map_or_else(|error| error, |()| locked)
}

fn changed(changed: Result<bool, crate::state::StateError>) -> Value {
    match changed {
        Ok(changed) => json!({ "changed": changed }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

/// Ends sessions.
pub(crate) fn kill(recorder: &Recorder, command: &Value, by: &str) -> Value {
    let text = |key: &str| command.get(key).and_then(Value::as_str).map(str::to_owned);
    let session = match text("session").map(|id| SessionId::parse(&id)) {
        Some(None) => return json!({ "error": "that is not the id of a session" }),
        session => session.flatten(),
    };
    let ended = recorder.end(&Wanted { session, subject: text("subject"), target: text("target") });
    for id in &ended {
        if let Err(error) = recorder.done(by, Details::new().text("did", "sessions.kill").text("ended", id.as_str())) {
            return json!({ "error": error.to_string() });
        }
    }
    json!({ "ended": ended })
}
