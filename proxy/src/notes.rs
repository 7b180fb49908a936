//! Everything for stderr: errors, notes, the log. Paths, offsets, counts; never content.

use std::fmt;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicU8, Ordering};

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

pub(crate) fn error(error: &Error) {
    line(format_args!("blackbar: {error}"));
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
        line(format_args!("blackbar: {text}"));
    }
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
        line(format_args!("blackbar: internal error at {place}"));
    }));
}
