//! `cargo xtask …`: the chores of this repository, written in Rust so that they need no install and have tests.
//!
//! What runs here is what continuous integration runs; `.ci/run` only calls `test` and then `ci`.
// This program's results are what it prints; there is no writer to go through.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

mod api;
mod cargo;
mod ci;
mod deny;
mod dist;
mod drivers;
mod fuzz;
mod requirements;
mod run;
mod test;
mod tidy;

const HELP: &str = "\
cargo xtask <COMMAND>

  test [ARGS…]                    install what the tests need (or say what is missing), then run every test.
                                  ARGS go to `cargo test`.
  ci [--install] [STEP…]          everything else a change must pass; all steps when none is named.
  tidy                            the rules that no compiler checks: layers, clocks, `unsafe`, words, file sizes.
  bless [ARGS…]                   run the tests and let snapshot tests rewrite their golden files, and write down the
                                  public items of the libraries (--only-api: nothing else); read the diff.
  fuzz [--seconds N] [--list] [TARGET…]
                                  run the fuzz targets, N seconds each (default 60); all when none is named.
  dist                            build a release with its manual, completions, units and list of parts in target/dist.

Examples
  cargo xtask test
  cargo xtask test -p blackbar-engine -- laws
  cargo xtask test --profile testrelease      # the laws at full speed
  cargo xtask ci fmt clippy tidy
  cargo xtask fuzz --seconds 300

Exit status: 0 done, 1 something did not pass, 2 wrong usage, 3 a tool is missing or could not run.
";

/// Why a chore did not end well; each has its exit status.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It ran, and the answer is bad.
    Bad(String),
    /// It was called in a way that has no meaning.
    Usage(String),
    /// A tool is missing or could not run.
    Environment(String),
}

impl Failure {
    fn exit_status(&self) -> u8 {
        match self {
            Self::Bad(_) => 1,
            Self::Usage(_) => 2,
            Self::Environment(_) => 3,
        }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Bad(message) | Self::Usage(message) | Self::Environment(message) => message,
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", failure.message());
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::Usage(format!("no command given\n\n{HELP}")));
    };
    match command.as_str() {
        "test" => test::test(rest),
        "bless" => test::bless(rest),
        "ci" => ci::ci(rest),
        "tidy" => no_arguments(rest).and_then(|()| tidy::tidy()),
        "dist" => no_arguments(rest).and_then(|()| dist::dist()),
        "fuzz" => fuzz::fuzz(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(Failure::Usage(format!("unknown command `{other}`\n\n{HELP}"))),
    }
}

fn no_arguments(rest: &[String]) -> Result<(), Failure> {
    match rest.first() {
        None => Ok(()),
        Some(extra) => Err(Failure::Usage(format!("unexpected argument `{extra}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_is_status_two_and_says_what() {
        for (arguments, needle) in
            [(vec![], "no command"), (vec!["tset"], "`tset`"), (vec!["tidy", "--fix"], "`--fix`")]
        {
            let arguments: Vec<String> = arguments.into_iter().map(String::from).collect();
            let failure = dispatch(&arguments).unwrap_err();
            assert_eq!(failure.exit_status(), 2, "{arguments:?}");
            assert!(failure.message().contains(needle), "{}", failure.message());
        }
    }
}
