//! What tests of this crate have in common.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Says which test does not run here and why, past what the test runner swallows.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // One write, so that lines of several tests stay whole.
    let _ = std::io::stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}

/// A Python that can import this: the one that `cargo xtask test` makes below `target/python`, or the one of the path.
pub(crate) fn python_with(package: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python3");
    let has = |python: &PathBuf| {
        let probe = Command::new(python).args(["-c", &format!("import {package}")]).output();
        probe.is_ok_and(|output| output.status.success())
    };
    [own, PathBuf::from("python3")].into_iter().find(has)
}
