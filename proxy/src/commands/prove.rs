//! `blackbar prove`

use blackbar_ledger::{LeafIndex, Reader, SessionId};

use crate::cli::{self, Global};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;

pub(crate) fn run(args: &cli::Prove, global: &Global) -> Result<Exit, Error> {
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => Config::load(global.config.as_deref())?.gateway.data_dir,
    };
    let reader = Reader::open(&folder, None);
    let index = index(&reader, &args.id)?;
    let proof = reader.prove(index).map_err(|error| unreadable(&error).at_path(&folder))?;
    super::print(proof.text().as_bytes())?;
    Ok(Exit::Done)
}

/// The leaf that an id names: its index, or `SESSION/SEQ`; a session alone is its first leaf.
fn index(reader: &Reader, id: &str) -> Result<LeafIndex, Error> {
    if let Ok(position) = id.parse() {
        return LeafIndex::new(position).ok_or_else(|| not_there(id));
    }
    let (session, seq) = id.split_once('/').unwrap_or((id, "0"));
    let (Some(session), Ok(seq)) = (SessionId::parse(session), seq.parse::<u64>()) else {
        let error = Error::new(Id::Arguments, "the id is neither the index of a leaf nor a session");
        return Err(error.hint("write 42, a session's id, or SESSION/3 for its fourth leaf"));
    };
    let leaves = reader.session_leaves(session).map_err(|error| unreadable(&error))?;
    let found = leaves.into_iter().find(|(_, leaf)| leaf.seq() == Some(seq));
    found.map(|(index, _)| index).ok_or_else(|| not_there(id))
}

fn not_there(id: &str) -> Error {
    Error::new(Id::LeafMissing, "no such leaf is under the last checkpoint").at(id)
}

/// An error of the ledger, as people are told of it.
pub(super) fn unreadable(error: &blackbar_ledger::Error) -> Error {
    let id = if error.is_missing() { Id::LeafMissing } else { Id::LedgerUnreadable };
    Error::new(id, error.to_string())
}
