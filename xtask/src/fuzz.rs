//! `cargo xtask fuzz`, the build of the fuzz targets, and the replay of what they once found.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::Failure;
use crate::cargo::Metadata;
use crate::ci::{Permissions, Verdict};
use crate::run::{cargo, command, in_ci, is_installed, read, root, run, shown_time, succeeds, table, watch};

/// The fuzz crate is a workspace of its own, so that its needs (a nightly compiler, libFuzzer) stay its own.
pub(crate) const MANIFEST: &str = "fuzz/Cargo.toml";

const DEFAULT_SECONDS: u64 = 60;
/// What makes documents as long as the bodies read.
const LONGEST_INPUT: usize = 1024;

/// Runs fuzz targets one after the other, each for a time.
pub(crate) fn fuzz(arguments: &[String]) -> Result<(), Failure> {
    let request = Request::parse(arguments)?;
    let known = targets()?;
    if request.list {
        known.iter().for_each(|target| println!("{target}"));
        return Ok(());
    }
    if let Some(unknown) = request.targets.iter().find(|target| !known.contains(target)) {
        return Err(Failure::Usage(format!("no fuzz target `{unknown}`; there are: {}", known.join(" "))));
    }
    let chosen = if request.targets.is_empty() { &known } else { &request.targets };
    if chosen.is_empty() {
        println!("there are no fuzz targets yet; fuzz/README.md says how to add one");
        return Ok(());
    }
    if let Some(missing) = missing_nightly() {
        return Err(Failure::Environment(missing));
    }
    if !has_cargo_fuzz() {
        return Err(Failure::Environment(
            "`cargo fuzz` is absent; install it: cargo install cargo-fuzz --locked".into(),
        ));
    }

    let mut rows = vec![["target", "time", "runs", "coverage", "result"].map(String::from).to_vec()];
    let mut advice = Vec::new();
    for target in chosen {
        let start = Instant::now();
        let mut campaign = Campaign::default();
        let outcome = watch(&mut fuzz_run(target, request.seconds)?, |line| campaign.note(line));
        let result = match (&outcome, &campaign.artifact) {
            (Ok(()), _) if campaign.has_only_read() => {
                advice.push(format!(
                    "`{target}` only read what it knew already; more time, or a smaller corpus: \
                     cargo +nightly fuzz cmin {target}"
                ));
                "UNTRIED".to_owned()
            }
            (Ok(()), _) => "passed".to_owned(),
            (Err(_), Some(artifact)) => {
                advice.push(how_to_keep(target, artifact));
                "CRASHED".to_owned()
            }
            (Err(failure), None) => {
                advice.push(failure.message().to_owned());
                "FAILED".to_owned()
            }
        };
        rows.push(vec![target.clone(), shown_time(start.elapsed()), campaign.runs, campaign.coverage, result]);
    }
    println!("\n{}", table(&rows));
    if advice.is_empty() { Ok(()) } else { Err(Failure::Bad(advice.join("\n"))) }
}

/// Builds every target, so that they cannot rot.
pub(crate) fn build(permissions: Permissions) -> Result<Verdict, Failure> {
    let names = targets()?;
    if missing_nightly().is_some() && permissions.install && is_installed("rustup") {
        // Its failure shows in the next line.
        let _ = run(command("rustup").args(["toolchain", "install", "nightly", "--profile", "minimal"]));
    }
    if let Some(missing) = missing_nightly() {
        return if in_ci() { Err(Failure::Environment(missing)) } else { Ok(Verdict::Skipped(missing)) };
    }
    if !names.is_empty() && has_cargo_fuzz() {
        run(nightly_cargo().args(["fuzz", "build"]))?;
    } else {
        run(&mut plain_build()?)?;
    }
    println!("built {} fuzz targets", names.len());
    Ok(Verdict::Passed)
}

/// The tests of the fuzz crate: every seed and every regression, through the body of its target, on the pinned compiler.
pub(crate) fn replay() -> Command {
    let mut command = cargo();
    command.args(["test", "--manifest-path", MANIFEST, "--locked", "--lib"]);
    beside_the_workspace(&mut command);
    command
}

/// Lets a build of the fuzz crate share what the workspace has built already.
pub(crate) fn beside_the_workspace(command: &mut Command) -> &mut Command {
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", root().join("target"));
    }
    command
}

fn targets() -> Result<Vec<String>, Failure> {
    let metadata = Metadata::of(Path::new(MANIFEST)).map_err(|failure| {
        let advice =
            "if fuzz/Cargo.lock is behind, bring it up to date: cargo metadata --manifest-path fuzz/Cargo.toml";
        Failure::Environment(format!("{}; {advice}", failure.message()))
    })?;
    Ok(metadata.members.iter().flat_map(|member| member.targets_of_kind("bin")).map(str::to_owned).collect())
}

#[derive(Debug, PartialEq, Eq)]
struct Request {
    seconds: u64,
    list: bool,
    targets: Vec<String>,
}

impl Request {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut request = Self { seconds: DEFAULT_SECONDS, list: false, targets: Vec::new() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => request.list = true,
                "--seconds" => {
                    let seconds = words.next().and_then(|word| word.parse().ok()).filter(|seconds| *seconds > 0);
                    // libFuzzer takes 0 for "without end".
                    let usage = || Failure::Usage("`--seconds` needs a number above 0".into());
                    request.seconds = seconds.ok_or_else(usage)?;
                }
                option if option.starts_with('-') => {
                    return Err(Failure::Usage(format!("unknown option `{option}`; see `cargo xtask help`")));
                }
                target => request.targets.push(target.to_owned()),
            }
        }
        Ok(request)
    }
}

/// What libFuzzer tells about a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Campaign {
    runs: String,
    coverage: String,
    artifact: Option<String>,
    /// How many inputs were known before.
    known: String,
}

impl Campaign {
    /// Whether it never came to an input of its own.
    fn has_only_read(&self) -> bool {
        self.known.is_empty() || self.known == self.runs
    }

    fn note(&mut self, line: &str) {
        if let Some((known, _)) = line.strip_prefix('#').and_then(|line| line.split_once("\tINITED")) {
            known.clone_into(&mut self.known);
        }
        if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:") {
            self.runs = runs.trim().to_owned();
        } else if let Some((_, artifact)) = line.split_once("Test unit written to ") {
            self.artifact = Some(artifact.trim().to_owned());
        } else if let Some((_, rest)) = line.split_once(" cov: ") {
            self.coverage = rest.split(' ').next().unwrap_or_default().to_owned();
        }
    }
}

fn fuzz_run(target: &str, seconds: u64) -> Result<Command, Failure> {
    let mut folders = vec![format!("fuzz/corpus/{target}")];
    fs::create_dir_all(root().join(&folders[0]))
        .map_err(|error| Failure::Environment(format!("{}: cannot be made: {error}", folders[0])))?;
    // The first folder is written to; these are only read.
    for known in [format!("fuzz/seeds/{target}"), format!("fuzz/regressions/{target}")] {
        if root().join(&known).is_dir() {
            folders.push(known);
        }
    }
    let mut command = nightly_cargo();
    command.args(["fuzz", "run", "--jobs", "1", target]).args(folders);
    command.args(["--", &format!("-max_total_time={seconds}"), "-print_final_stats=1"]);
    // Inputs are lists of choices: a short one makes a document without any structure.
    command.args(["-len_control=0", &format!("-max_len={LONGEST_INPUT}")]);
    Ok(command)
}

fn how_to_keep(target: &str, artifact: &str) -> String {
    format!(
        "`{target}` crashed on {artifact}\n  again:    cargo +nightly fuzz run {target} {artifact}\n  smaller:  cargo +nightly \
         fuzz tmin {target} {artifact}\n  keep it:  cp {artifact} fuzz/regressions/{target}/what-it-shows, then `cargo xtask test` replays it"
    )
}

/// Builds without cargo-fuzz, and without coverage: enough to see that every target compiles and links.
fn plain_build() -> Result<Command, Failure> {
    let version = read(command("rustup").args(["run", "nightly", "rustc", "-vV"]))?;
    let version = String::from_utf8_lossy(&version).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Failure::Environment("`rustc -vV` names no host".into()))?;
    let mut command = nightly_cargo();
    // With a target named, the flags are not meant for build scripts.
    command.args(["build", "--manifest-path", MANIFEST, "--locked", "--lib", "--bins", "--target", host]);
    command.env("RUSTFLAGS", "--cfg fuzzing -Zsanitizer=address");
    Ok(command)
}

/// Not `cargo +nightly`: behind `cargo xtask` the first cargo on the path may be a toolchain's own.
fn nightly_cargo() -> Command {
    let mut command = command("rustup");
    command.args(["run", "nightly", "cargo"]);
    command
}

fn missing_nightly() -> Option<String> {
    let advice = "fuzz targets need a nightly compiler: rustup toolchain install nightly --profile minimal";
    (!succeeds(nightly_cargo().arg("--version"))).then(|| advice.to_owned())
}

fn has_cargo_fuzz() -> bool {
    succeeds(nightly_cargo().args(["fuzz", "--version"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, Failure> {
        Request::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_request_names_targets_and_a_time() {
        let request = parse(&["--seconds", "5", "split", "oracle"]).unwrap();
        assert_eq!((request.seconds, request.targets), (5, vec!["split".to_owned(), "oracle".to_owned()]));
        assert_eq!(parse(&[]).unwrap().seconds, DEFAULT_SECONDS);
        for wrong in [&["--seconds"][..], &["--seconds", "0"], &["--seconds", "soon"], &["--second", "5"]] {
            assert!(matches!(parse(wrong), Err(Failure::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_campaign_is_read_from_what_libfuzzer_prints() {
        let mut campaign = Campaign::default();
        for line in [
            "#2\tINITED cov: 11 ft: 12 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#4096\tpulse  cov: 57 ft: 80 corp: 9/90b lim: 43 exec/s: 2048 rss: 31Mb",
            "artifact_prefix='fuzz/artifacts/split/'; Test unit written to fuzz/artifacts/split/crash-0a",
            "stat::number_of_executed_units: 5120",
        ] {
            campaign.note(line);
        }
        let artifact = Some("fuzz/artifacts/split/crash-0a".to_owned());
        assert!(!campaign.has_only_read());
        let known = "2".into();
        assert_eq!(campaign, Campaign { runs: "5120".into(), coverage: "57".into(), artifact, known });
        campaign.note("stat::number_of_executed_units: 2");
        assert!(campaign.has_only_read() && Campaign::default().has_only_read());
    }

    #[test]
    fn a_crash_says_where_to_keep_it() {
        let text = how_to_keep("split", "fuzz/artifacts/split/crash-0a");
        assert!(text.contains("cp fuzz/artifacts/split/crash-0a fuzz/regressions/split/"), "{text}");
    }
}
