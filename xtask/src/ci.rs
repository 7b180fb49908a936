//! `cargo xtask ci`: everything a change must pass besides the tests. Every step runs, whatever an earlier one said.

use std::path::Path;
use std::time::Instant;

use crate::Failure;
use crate::cargo::Metadata;
use crate::run::{cargo, run, shown_time, table};
use crate::{api, deny, fuzz, tidy};

/// A step that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// Passed, but something of it could not be looked at.
    PassedWithout(String),
    Skipped(String),
}

/// What a step may do to the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions {
    /// Install a missing tool into cargo's home.
    pub(crate) install: bool,
}

struct Step {
    name: &'static str,
    run: fn(Permissions) -> Result<Verdict, Failure>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", run: |_| fmt() },
    Step { name: "tidy", run: |_| tidy::tidy().map(|()| Verdict::Passed) },
    Step { name: "clippy", run: |_| clippy() },
    Step { name: "docs", run: |_| docs() },
    Step { name: "api", run: |_| api::check() },
    Step { name: "benches", run: |_| benches() },
    Step { name: "fuzz", run: fuzz::build },
    Step { name: "deny", run: deny::deny },
];

/// Runs the named steps, or all.
pub(crate) fn ci(arguments: &[String]) -> Result<(), Failure> {
    let (permissions, steps) = parse(arguments)?;
    let mut rows = vec![["step", "time", "result"].map(String::from).to_vec()];
    let mut failed = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)(permissions);
        let result = match &outcome {
            Ok(Verdict::Passed) => "passed".to_owned(),
            Ok(Verdict::PassedWithout(what)) => format!("passed without {what}"),
            Ok(Verdict::Skipped(why)) => format!("skipped: {why}"),
            Err(failure) => {
                failed.push(step.name);
                format!("FAILED: {}", failure.message().lines().next().unwrap_or_default())
            }
        };
        if let Err(failure) = outcome {
            println!("{}", failure.message());
        }
        let time = shown_time(start.elapsed());
        println!("=== {}: {result} ({time})", step.name);
        rows.push(vec![step.name.to_owned(), time, result]);
    }
    println!("\n{}", table(&rows));
    if failed.is_empty() { Ok(()) } else { Err(Failure::Bad(format!("did not pass: {}", failed.join(", ")))) }
}

fn parse(arguments: &[String]) -> Result<(Permissions, Vec<&'static Step>), Failure> {
    let mut permissions = Permissions { install: crate::run::in_ci() };
    let mut steps = Vec::new();
    for argument in arguments {
        if argument == "--install" {
            permissions.install = true;
        } else if let Some(step) = STEPS.iter().find(|step| step.name == argument) {
            steps.push(step);
        } else {
            let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            return Err(Failure::Usage(format!("no step `{argument}`; there are: {}", names.join(" "))));
        }
    }
    if steps.is_empty() {
        steps = STEPS.iter().collect();
    }
    Ok((permissions, steps))
}

fn fmt() -> Result<Verdict, Failure> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["fmt", "--manifest-path", fuzz::MANIFEST, "--check"]))?;
    Ok(Verdict::Passed)
}

fn clippy() -> Result<Verdict, Failure> {
    let of_the_workspace =
        run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]));
    // The programs themselves are three lines each and need the fuzzer.
    let mut fuzz_bodies = cargo();
    fuzz_bodies.args(["clippy", "--manifest-path", fuzz::MANIFEST, "--lib", "--tests", "--locked"]);
    let of_the_fuzz_bodies = run(fuzz::beside_the_workspace(&mut fuzz_bodies).args(["--", "-D", "warnings"]));
    of_the_workspace.and(of_the_fuzz_bodies)?;
    Ok(Verdict::Passed)
}

fn docs() -> Result<Verdict, Failure> {
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    run(&mut doc)?;
    Ok(Verdict::Passed)
}

/// Benchmarks state what they count, so each is also a test; criterion runs every one once.
fn benches() -> Result<Verdict, Failure> {
    let metadata = Metadata::of(Path::new("Cargo.toml"))?;
    if metadata.members.iter().all(|member| member.targets_of_kind("bench").next().is_none()) {
        return Ok(Verdict::Skipped("no crate has a bench target".into()));
    }
    // Only these: `--benches` would run the unit tests once more.
    run(cargo().args(["test", "--workspace", "--locked", "--bench", "*"]))?;
    Ok(Verdict::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>, Failure> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        parse(&arguments).map(|(_, steps)| steps.iter().map(|step| step.name).collect())
    }

    #[test]
    fn all_steps_run_when_none_is_named() {
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["--install"]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["tidy", "fmt"]).unwrap(), ["tidy", "fmt"]);
    }

    #[test]
    fn a_misspelt_step_is_refused_and_the_right_names_are_said() {
        let failure = names(&["clipy"]).unwrap_err();
        assert!(matches!(failure, Failure::Usage(_)));
        assert!(failure.message().contains("clippy"), "{}", failure.message());
    }

    #[test]
    fn leave_to_install_is_an_option() {
        let (permissions, _) = parse(&["--install".to_owned()]).unwrap();
        assert!(permissions.install);
    }
}
