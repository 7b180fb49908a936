//! Everything for stderr: errors, notes, the log. Paths, offsets, counts; never content.

use std::fmt;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::Error;

/// How much is said: 0 errors only, 1 notes, 2 and more with each `-v`.
static LEVEL: AtomicU8 = AtomicU8::new(NOTES);

const NOTES: u8 = 1;

pub(crate) fn set_level(quiet: bool, verbose: u8) {
    let level = if quiet { 0 } else { NOTES.saturating_add(verbose) };
    LEVEL.store(level, Ordering::Relaxed);
}

pub(crate) fn is_quiet() -> bool {
    LEVEL.load(Ordering::Relaxed) == 0
}

/// Whether lines are JSON, for whoever collects them.
static JSON: AtomicBool = AtomicBool::new(false);

/// Writes JSON from now on, one object a line.
pub(crate) fn as_json() {
    JSON.store(true, Ordering::Relaxed);
}

pub(crate) fn error(error: &Error) {
    tell(0, Some(error), format_args!("{error}"));
}

/// Something that everybody should know.
pub(crate) fn note(text: impl fmt::Display) {
    say(NOTES, text);
}

/// What was done, with `-v`.
pub(crate) fn info(text: impl fmt::Display) {
    say(NOTES + 1, text);
}

/// How it was done, with `-vv`.
pub(crate) fn debug(text: impl fmt::Display) {
    say(NOTES + 2, text);
}

/// Every step, with `-vvv`.
pub(crate) fn trace(text: impl fmt::Display) {
    say(NOTES + 3, text);
}

fn say(level: u8, text: impl fmt::Display) {
    if LEVEL.load(Ordering::Relaxed) >= level {
        tell(level, None, format_args!("{text}"));
    }
}

fn tell(level: u8, error: Option<&Error>, text: fmt::Arguments<'_>) {
    if JSON.load(Ordering::Relaxed) {
        let now = blackbar_ledger::Time::from(SystemTime::now());
        line(format_args!("{}", object(&now.to_string(), level, error, &text.to_string())));
    } else {
        line(format_args!("blackbar: {text}"));
    }
}

fn object(time: &str, level: u8, error: Option<&Error>, text: &str) -> Value {
    let names = ["error", "note", "info", "debug", "trace"];
    let name = names.get(usize::from(level)).copied().unwrap_or("trace");
    let mut object = json!({ "time": time, "level": name, "text": text });
    if let Some(error) = error {
        object["id"] = error.id().text().into();
    }
    object
}

fn line(text: fmt::Arguments<'_>) {
    // Nobody is left to be told when stderr is gone.
    let clear = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(stderr().lock(), "{clear}{text}");
}

/// A panic tells where in the program it happened and nothing else: its message may hold what was being read.
pub(crate) fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        tell(0, None, format_args!("internal error at {place}"));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Id;

    #[test]
    fn a_line_is_one_object_with_the_id_of_an_error() {
        let error = Error::new(Id::NoTargets, "there is \"nothing\"\nto do");
        let line = object("2026-11-21T00:00:00.000000Z", 0, Some(&error), &error.to_string()).to_string();
        assert!(!line.contains('\n'), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((read["level"].as_str(), read["id"].as_str()), (Some("error"), Some("BB-SERVE-002")));
        assert!(object("t", 1, None, "x").get("id").is_none());
    }
}
