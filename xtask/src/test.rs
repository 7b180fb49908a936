//! `cargo xtask test` and `cargo xtask bless`.
//!
//! A test that cannot run here (its program is absent, say) passes, after one line on stderr that starts with
//! `skipped: ` and gives the reason. It must write to `std::io::stderr()` itself: `eprintln!` in a passing test is
//! swallowed by the test runner. Those lines are counted and repeated at the end.

use std::process::Command;

use crate::Failure;
use crate::run::{cargo, root, watch};
use crate::{api, drivers, fuzz, requirements};

/// Runs every test of the workspace, and every fuzz seed and regression.
pub(crate) fn test(arguments: &[String]) -> Result<(), Failure> {
    requirements::ensure()?;
    drivers::install();
    let mut totals = Totals::default();
    let mut outcomes = vec![totals.of(workspace_tests(arguments))];
    // Arguments choose tests of the workspace; the replay has no part in that choice.
    if arguments.is_empty() && root().join(fuzz::MANIFEST).is_file() {
        outcomes.push(totals.of(&mut fuzz::replay()));
    }
    println!("\n{}", totals.shown());
    outcomes.into_iter().collect()
}

/// Runs the tests with `BLACKBAR_BLESS=1`, which lets snapshot tests rewrite their golden files, and writes down what
/// the libraries offer.
pub(crate) fn bless(arguments: &[String]) -> Result<(), Failure> {
    api::bless()?;
    if arguments == ["--only-api"] {
        return Ok(());
    }
    requirements::ensure()?;
    let mut totals = Totals::default();
    let outcome = totals.of(workspace_tests(arguments).env("BLACKBAR_BLESS", "1"));
    println!("\n{}\nread `git diff` before you commit what was rewritten", totals.shown());
    outcome
}

/// `cargo test` shows all failures at once and, when nothing else is asked for, covers all crates.
fn workspace_tests(arguments: &[String]) -> Command {
    let mut command = cargo();
    // What tests need from package registries they may get, each into a folder of its own under `target/`.
    command.args(["test", "--locked", "--no-fail-fast"]).env("BLACKBAR_INSTALL", "1");
    let before_dashes = arguments.iter().take_while(|argument| *argument != "--");
    let chooses_crate = before_dashes.clone().any(|argument| {
        ["-p", "--package", "--workspace", "--all", "--manifest-path"].contains(&argument.as_str())
            || argument.starts_with("-p")
            || argument.starts_with("--package=")
    });
    if !chooses_crate {
        command.arg("--workspace");
    }
    command.args(arguments);
    command
}

/// What all runners together reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    runners: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
    skipped: Vec<String>,
}

impl Totals {
    fn of(&mut self, mut command: impl std::borrow::BorrowMut<Command>) -> Result<(), Failure> {
        watch(command.borrow_mut(), |line| self.note(line))
    }

    /// Reads lines like `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn note(&mut self, line: &str) {
        if let Some(at) = line.find("skipped: ") {
            // A line of another test thread may precede it without a break.
            self.skipped.extend(line.get(at..).map(str::to_owned));
        }
        let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        self.runners += 1;
        for count in counts.1.split("; ") {
            let mut words = count.split(' ');
            let number: u64 = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }

    fn shown(&self) -> String {
        let Self { runners, passed, failed, ignored, skipped } = self;
        let mut lines = skipped.clone();
        lines.push(format!(
            "total: {passed} passed; {failed} failed; {ignored} ignored; {} skipped; in {runners} test programs",
            skipped.len()
        ));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_over_runners_and_keep_the_reasons() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "skipped: tracked_files: `git` is absent",
            "test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.01s",
        ] {
            totals.note(line);
        }
        assert_eq!((totals.runners, totals.passed, totals.failed, totals.ignored), (2, 5, 4, 1));
        assert!(totals.shown().starts_with("skipped: tracked_files: `git` is absent\ntotal: 5 passed"));
    }

    #[test]
    fn a_named_crate_narrows_the_run_and_words_for_the_test_program_do_not() {
        let words = |arguments: &[&str]| -> Vec<String> {
            let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
            let command = workspace_tests(&arguments);
            command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
        };
        assert!(words(&[]).contains(&"--workspace".to_owned()));
        assert!(words(&["--", "-p"]).contains(&"--workspace".to_owned()));
        assert!(!words(&["-p", "xtask"]).contains(&"--workspace".to_owned()));
        assert!(!words(&["--package=xtask"]).contains(&"--workspace".to_owned()));
        assert_eq!(words(&["--profile", "testrelease"]).last().map(String::as_str), Some("testrelease"));
    }
}
