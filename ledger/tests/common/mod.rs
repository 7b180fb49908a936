//! What tests here have in common.

use std::io::Write as _;

/// Says which test does not run here and why, past what the test runner swallows.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // One write, so that lines of several tests stay whole.
    let _ = std::io::stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}
