//! The `blackbar` command.
#![forbid(unsafe_code)]

mod admin;
mod age;
mod approvals;
mod asker;
mod break_glass;
mod cli;
mod commands;
mod config;
mod console;
mod demo;
mod error;
mod exchange;
mod exit;
mod front;
mod gate;
mod identity;
mod input;
mod notes;
mod notify;
mod operate;
mod operations;
mod output;
mod private_postgres;
mod profile;
mod progress;
mod record;
mod registry;
mod report;
mod reviewer_key;
mod shown;
mod state;
mod stream;
#[cfg(test)]
mod testing;
mod tokens;
mod trail;
mod work;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::exit::Exit;

fn main() -> ExitCode {
    notes::hide_panic_messages();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error).into(),
    };
    notes::set_level(cli.global.quiet, cli.global.verbose);
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            notes::error(&error);
            error.exit().into()
        }
    }
}

fn run(cli: &Cli) -> Result<Exit, Error> {
    let global = &cli.global;
    match &cli.command {
        Command::Scan(scan) => commands::scan::run(scan, global),
        Command::Redact(redact) => commands::redact::run(redact, global),
        Command::Reveal(reveal) => commands::reveal::run(reveal, global),
        Command::Eval(eval) => commands::eval::run(eval, global),
        Command::Keygen(keygen) => commands::keygen::run(keygen),
        Command::Detectors(detectors) => commands::detectors::run(detectors, global),
        Command::Verify(verify) => commands::verify::run(verify),
        Command::Ledger(ledger) => commands::ledger::run(ledger, global),
        Command::Keys(keys) => commands::ledger::keys(keys, global),
        Command::Witness(witness) => commands::witness::run(witness),
        Command::Prove(prove) => commands::prove::run(prove, global),
        Command::Demo(demo) => demo::run(demo),
        Command::Init(init) => commands::init::run(init),
        Command::Check(check) => commands::check::run(check, global),
        Command::Serve => commands::serve::run(global),
        Command::Status(status) => commands::status::run(status, global),
        Command::Sessions(sessions) => commands::sessions::run(sessions, global),
        Command::Token(token) => commands::token::run(token, global),
        Command::Lock(lock) => commands::lock::lock(lock, global),
        Command::Unlock(unlock) => commands::lock::unlock(unlock, global),
        Command::Approvals(approvals) => commands::approvals::run(approvals, global),
        Command::Discover(args) => commands::discover::run(args, global),
        Command::Policy(args) => commands::policy::run(args, global),
        Command::BreakGlass(args) => commands::break_glass::run(args, global),
        Command::Console(console) => commands::console::run(console, global),
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Manual(manual) => commands::completions::manual(manual),
    }
}

/// Shows help and versions as they are, and what was misunderstood with its id.
fn misunderstood(error: &clap::Error) -> Exit {
    let shown = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => shown.map_or(Exit::Failed, |()| Exit::Done),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Exit::Usage,
        _ => {
            notes::error(&Error::new(error::Id::Arguments, "the arguments were not understood"));
            Exit::Usage
        }
    }
}
