//! Child processes: run them, watch what they print, time them.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // Cargo says where xtask is when it runs it; what was compiled in may be another clone that shares a target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// A command that runs at the root of the repository and never waits for a person.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// `cargo` of the pinned toolchain.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Is this continuous integration, where a missing tool is a failure and not a reason to skip?
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Can `program` be found on the path?
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// Runs a command whose output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::Bad(format!("`{}` ended with {status}", shown(command)))) }
}

/// Runs a command and returns what it wrote to stdout; its stderr goes where ours goes.
pub(crate) fn read(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Failure::Environment(format!("`{}` ended with {}", shown(command), output.status)))
    }
}

/// Runs a command quietly and says whether it succeeded; one that cannot start has not.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs a command for at most `limit`; one that cannot start, fails or takes longer has not succeeded.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    println!("$ {}", shown(command));
    let Ok(mut child) = command.spawn() else { return false };
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Ok(Some(status)) => return status.success(),
            Err(_) => break,
        }
    }
    // It may have ended by itself in between; either way it is collected.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Runs a command, passes on both of its streams in their order, and shows every line to `watch`.
pub(crate) fn watch(command: &mut Command, mut watch: impl FnMut(&str)) -> Result<(), Failure> {
    println!("$ {}", shown(command));
    // A pipe is no terminal, so cargo would drop its colours.
    if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let broken = |error: io::Error| Failure::Environment(format!("the pipe to a child broke: {error}"));
    let (reader, writer) = io::pipe().map_err(broken)?;
    command.stdout(writer.try_clone().map_err(broken)?).stderr(writer);
    let mut child = command.spawn().map_err(|error| not_started(command, &error))?;
    let ended = shown(command);
    // `command` holds the writing ends; while one is open here the reader would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(broken)? > 0 {
        // Nobody reads our stdout any more: the child still has to end and be counted.
        let _ = io::stdout().write_all(&line);
        watch(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    let _ = io::stdout().flush();
    let status = child.wait().map_err(broken)?;
    if status.success() { Ok(()) } else { Err(Failure::Bad(format!("`{ended}` ended with {status}"))) }
}

/// `3.2 s`, `4 min 07 s`.
pub(crate) fn shown_time(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// Columns as wide as their widest cell; the first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn shown(command: &Command) -> String {
    let mut words = vec![
        // The full path of the pinned cargo tells a reader nothing.
        PathBuf::from(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    ];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::Environment(format!("`{}` could not start: {error}", shown(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watch_sees_both_streams_in_order_and_the_failure() {
        let mut lines = Vec::new();
        let failure = watch(command("sh").args(["-c", "echo one; echo two >&2; echo three; exit 4"]), |line| {
            lines.push(line.to_owned());
        })
        .unwrap_err();
        assert_eq!(lines, ["one", "two", "three"]);
        assert!(failure.message().contains('4'), "{}", failure.message());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(&mut command("blackbar-no-such-program")).unwrap_err();
        assert!(matches!(failure, Failure::Environment(_)));
        assert!(failure.message().contains("blackbar-no-such-program"));
        assert!(!is_installed("blackbar-no-such-program"));
        assert!(is_installed("sh"));
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let start = Instant::now();
        assert!(!succeeds_within(command("sleep").arg("60"), Duration::from_millis(100)));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(succeeds_within(&mut command("true"), Duration::from_secs(30)));
        assert!(!succeeds_within(&mut command("false"), Duration::from_secs(30)));
    }

    #[test]
    fn times_and_tables_read_well() {
        assert_eq!(shown_time(Duration::from_millis(3210)), "3.2 s");
        assert_eq!(shown_time(Duration::from_secs(247)), "4 min 07 s");
        let rows = [["step", "time"], ["clippy", "9.0 s"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(table(&rows), "step    time\nclippy  9.0 s\n");
    }
}
