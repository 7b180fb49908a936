//! `blackbar completions`, and the pages of the manual: both are made from what the command line knows of itself.

use std::fs;

use clap::CommandFactory as _;

use crate::cli::{Cli, Completions, Manual};
use crate::error::{Error, Id};
use crate::exit::Exit;

pub(crate) fn run(args: &Completions) -> Result<Exit, Error> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "blackbar", &mut text);
    super::print(&text)?;
    Ok(Exit::Done)
}

pub(crate) fn manual(args: &Manual) -> Result<Exit, Error> {
    let failed = |error| Error::io(Id::OutputUnwritable, "the manual cannot be written", &error).at_path(&args.folder);
    fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_of_the_manual() {
        let folder = tempfile::tempdir().unwrap();
        manual(&Manual { folder: folder.path().to_owned() }).unwrap();
        for name in ["blackbar", "blackbar-serve", "blackbar-approvals-approve", "blackbar-console-login"] {
            let page = fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
            assert!(page.contains(".SH NAME"), "{name}");
        }
    }

    #[test]
    fn shells_complete_every_command() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "blackbar", &mut text);
            let text = String::from_utf8(text).unwrap();
            for command in ["redact", "approvals", "keygen", "console"] {
                assert!(text.contains(command), "{shell}: {command}");
            }
        }
    }
}
