//! The statements and portals that a session has, by their names.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::pg::backend::{Column, Columns};
use crate::pg::frontend::{Bind, Parse, format_at};

/// A prepared statement.
pub struct Statement<G> {
    /// Its text, as it went up, and the parameter types that the client fixed.
    pub parse: Parse,
    /// What was granted when it was prepared.
    pub grant: G,
    described: Mutex<Described>,
}

/// What is known of a statement's or a portal's columns: nothing; or that it returns none; or which.
type Described = Option<Option<Columns>>;

/// A statement with its values.
pub struct Portal<G> {
    /// The values and the formats of the result, as they went up.
    pub bind: Bind,
    /// The statement, when this session knows it.
    pub statement: Option<Arc<Statement<G>>>,
    /// What was granted when it was bound.
    pub grant: G,
    /// Which message made it.
    pub(super) sequence: u64,
    described: Mutex<Described>,
}

/// Which names a text that went up may have given to something else: by PREPARE, DEALLOCATE, DISCARD, DECLARE, CLOSE.
#[derive(Clone, Default, Eq, PartialEq)]
pub enum Forget {
    /// None.
    #[default]
    Nothing,
    /// The statement or cursor of these names.
    Named(Vec<Bytes>),
    /// Any: the text is not known well enough.
    Everything,
}

pub(super) struct Names<G> {
    pub(super) statements: HashMap<Bytes, Arc<Statement<G>>>,
    pub(super) portals: HashMap<Bytes, Arc<Portal<G>>>,
}

impl<G> Default for Names<G> {
    fn default() -> Self {
        Self { statements: HashMap::new(), portals: HashMap::new() }
    }
}

impl<G> Names<G> {
    pub(super) fn statement(&self, name: &Bytes) -> Option<Arc<Statement<G>>> {
        self.statements.get(name).cloned()
    }

    pub(super) fn portal(&self, name: &Bytes) -> Option<Arc<Portal<G>>> {
        self.portals.get(name).cloned()
    }

    pub(super) fn forget(&mut self, forget: &Forget) {
        match forget {
            Forget::Nothing => {}
            Forget::Named(names) => {
                for name in names {
                    self.statements.remove(name);
                    self.portals.remove(name);
                }
            }
            Forget::Everything => {
                // What has no name cannot be reached by SQL.
                self.statements.retain(|name, _| name.is_empty());
                self.portals.retain(|name, _| name.is_empty());
            }
        }
    }

    /// Portals end with their transaction; those that were bound behind its end live on.
    pub(super) fn transaction_ended(&mut self, sequence: u64) {
        self.portals.retain(|_, portal| portal.sequence > sequence);
    }
}

impl<G> Statement<G> {
    pub(super) fn new(parse: Parse, grant: G) -> Self {
        // A statement may live long: it does not keep the buffer it came in.
        let own = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
        let parse = Parse { name: own(&parse.name), text: own(&parse.text), types: parse.types };
        Self { parse, grant, described: Mutex::new(None) }
    }

    pub(super) fn describe(&self, columns: Option<Columns>) {
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = Some(columns);
    }

    fn columns(&self) -> Described {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<G> Portal<G> {
    pub(super) fn new(bind: Bind, statement: Option<Arc<Statement<G>>>, grant: G, sequence: u64) -> Self {
        Self { bind, statement, grant, sequence, described: Mutex::new(None) }
    }

    pub(super) fn describe(&self, columns: Option<Columns>) {
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = Some(columns);
    }

    /// Its columns, by its own description or by its statement's and the formats it asked for.
    pub(super) fn columns(&self) -> Described {
        let own = self.described.lock().unwrap_or_else(PoisonError::into_inner).clone();
        own.or_else(|| match self.statement.as_ref()?.columns()? {
            None => Some(None),
            Some(columns) => Some(Some(with_formats(&columns, &self.bind.results)?)),
        })
    }
}

/// `None` when there is not one format for each column: the server will refuse the `Bind`.
fn with_formats(columns: &Columns, formats: &[i16]) -> Option<Columns> {
    if formats.iter().all(|format| *format == 0) && formats.len() <= 1 {
        return Some(Arc::clone(columns));
    }
    if formats.len() > 1 && formats.len() != columns.len() {
        return None;
    }
    let with = |(at, column): (usize, &Column)| Some(Column { format: format_at(formats, at)?, ..column.clone() });
    columns.iter().enumerate().map(with).collect()
}

impl<G> fmt::Debug for Statement<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parse.fmt(f)
    }
}

impl<G> fmt::Debug for Portal<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bind.fmt(f)
    }
}

impl fmt::Debug for Forget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Named(_) => "Named",
            Self::Everything => "Everything",
        })
    }
}
