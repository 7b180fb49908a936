//! What a statement touches: its kind, its tables and columns, and where each output column comes from.
//!
//! ```
//! use blackbar_sql::{ActionGroup, Catalog, Session, StatementKind, analyse};
//!
//! let facts = analyse("SELECT count(*) FROM clinical.patients", &Catalog::new(1), &Session::default());
//! let [count] = facts.as_slice() else { unreachable!() };
//! assert!(count.only_reads() && count.aggregates_only);
//! assert!(count.outputs[0].origin.is_plain_count());
//!
//! assert_eq!(StatementKind::CopyOut.group(), Some(ActionGroup::Read));
//! // What could not be understood belongs to no group: no policy about reading or writing admits it.
//! assert_eq!(StatementKind::Opaque.group(), None);
//! ```
//!
//! # What this crate knows
//!
//! SQL as PostgreSQL itself parses it, and a catalog that is handed in as a plain value. From these it derives facts; it is
//! a pure function of both. Facts are the same for every execution of the text: bound values are asked for where they matter.
//!
//! # What it does not know
//!
//! - A database: it never connects, and never asks what a name means.
//! - Who is asking, and whether they may; that is policy. Which columns are labelled; that is configuration.
//! - The bytes of the protocol that a statement came in.
//! - A grammar of its own. What PostgreSQL's parser does not accept is opaque, and opaque is the most dangerous kind.
//! - What triggers, rules, row security and the bodies of functions do. Functions of unknown effect are named as such.
//! - Who made an operator or a cast whose name is unqualified: those are taken for the server's own.

#![forbid(unsafe_code)]

mod analyse;
mod catalog;
mod facts;
mod forms;
mod functions;
mod kind;
mod origin;
mod parser;
mod settings;
mod text;

use std::thread;

use crate::parser::{ParseOptions, parse};

pub use crate::parser::{LONGEST_TEXT, ParseError};
pub use catalog::{Catalog, Column, Function, Relation, RelationKind, Session, Volatility, is_system};
pub use facts::{
    Against, ColumnUse, CopyEnd, CopyUse, CursorAct, CursorUse, FunctionUse, Hidden, Limit, Opacity, OutputColumn,
    PreparedUse, Probe, Rows, SettingChange, StatementFacts, TableUse, Use, Uses,
};
pub use functions::FunctionClass;
pub use kind::{ActionGroup, StatementKind};
pub use origin::{ColumnId, Derivation, Origin};
pub use settings::{SettingClass, setting_class};
pub use text::{Literal, LiteralKind, literals, normalised};

/// Texts up to here cannot nest deeply enough to need more stack than any thread has.
const SHALLOW_TEXT: usize = 256;
/// Deep enough to read, follow and drop the deepest tree that the parser hands out.
const DEEP_STACK: usize = 512 << 20;

/// The facts of each statement of a text, in order. One that has none (empty, or comments alone) has no entry.
///
/// It never fails: a text that is not accepted has one entry, which is opaque.
#[must_use]
pub fn analyse(text: &str, catalog: &Catalog, session: &Session) -> Vec<StatementFacts> {
    if text.len() <= SHALLOW_TEXT {
        return analyse_here(text, catalog, session);
    }
    let deep = thread::Builder::new().name("sql".to_owned()).stack_size(DEEP_STACK);
    thread::scope(|scope| match deep.spawn_scoped(scope, || analyse_here(text, catalog, session)) {
        Ok(thread) => thread.join().unwrap_or_else(|_| opaque(text, Opacity::TooBig)),
        Err(_) => opaque(text, Opacity::TooBig),
    })
}

/// The facts of a text that arrived as bytes; one that is not UTF-8 is opaque.
#[must_use]
pub fn analyse_bytes(text: &[u8], catalog: &Catalog, session: &Session) -> Vec<StatementFacts> {
    match str::from_utf8(text) {
        Ok(text) => analyse(text, catalog, session),
        Err(_) => vec![opacity(0..text.len(), Opacity::Unparsed)],
    }
}

/// A number that two texts share when they differ only in constants, spacing and comments; `None` for what does not parse.
#[must_use]
pub fn fingerprint(text: &str) -> Option<u64> {
    parser::fingerprint(text, ParseOptions::default()).ok()
}

/// Where a text stops being SQL: the first token that no statement could go on with, in characters from 1, as the server
/// counts them. `None` where that cannot be said.
#[must_use]
pub fn syntax_error_at(text: &str) -> Option<usize> {
    // A prefix may nest as deeply as the whole.
    let deep = thread::Builder::new().name("sql".to_owned()).stack_size(DEEP_STACK);
    thread::scope(|scope| deep.spawn_scoped(scope, || parser::syntax_error_at(text)).ok()?.join().ok()?)
}

fn analyse_here(text: &str, catalog: &Catalog, session: &Session) -> Vec<StatementFacts> {
    if !session.standard_conforming_strings && text.contains('\\') {
        return opaque(text, Opacity::Escapes);
    }
    let options = ParseOptions { standard_conforming_strings: session.standard_conforming_strings };
    let parsed = match parse(text, options) {
        Ok(parsed) => parsed,
        Err(ParseError::TooDeep | ParseError::TooLong) => return opaque(text, Opacity::TooBig),
        Err(_) => return opaque(text, Opacity::Unparsed),
    };
    let statements = parsed.stmts.iter().map(|statement| {
        let mut facts = match statement.stmt.as_deref() {
            Some(node) => analyse::facts_of(node, catalog, session),
            None => opacity(0..0, Opacity::Unjudged),
        };
        let start = usize::try_from(statement.stmt_location).unwrap_or(0);
        let length = usize::try_from(statement.stmt_len).unwrap_or(0);
        // The last one says no length: it goes to the end.
        facts.span = start..if length == 0 { text.len() } else { start + length };
        facts
    });
    statements.collect()
}

fn opaque(text: &str, why: Opacity) -> Vec<StatementFacts> {
    vec![opacity(0..text.len(), why)]
}

fn opacity(span: std::ops::Range<usize>, why: Opacity) -> StatementFacts {
    StatementFacts {
        span,
        kinds: [StatementKind::Opaque].into(),
        opacity: Some(why),
        rows: Rows::Unbounded,
        ..StatementFacts::default()
    }
}
