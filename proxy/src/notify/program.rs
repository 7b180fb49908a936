//! Tells a program, which tells whom it likes.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EACH: Duration = Duration::from_millis(20);

/// Runs the program with one line on its stdin. It gets nothing of the gateway's environment, where secrets may be.
pub(super) fn run(program: &Path, line: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("it cannot be run: {}", error.kind()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Shorter than what a pipe holds, so nobody waits here for a program that does not read.
        match stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                end(&mut child);
                return Err(format!("it takes nothing: {}", error.kind()));
            }
            _ => {}
        }
    }
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let code = status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
                return Err(format!("it ends with {code}"));
            }
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK_EACH),
            Ok(None) => {
                end(&mut child);
                return Err("it does not end".to_owned());
            }
            Err(error) => return Err(format!("it cannot be waited for: {}", error.kind())),
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_status_says_whether_it_was_told() {
        assert_eq!(run(Path::new("/bin/true"), "{}"), Ok(()));
        assert_eq!(run(Path::new("/bin/false"), "{}"), Err("it ends with 1".to_owned()));
        assert!(run(Path::new("/nowhere/at/all"), "{}").unwrap_err().starts_with("it cannot be run"));
    }
}
