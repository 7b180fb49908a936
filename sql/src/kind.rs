//! What sort of statement it is, in the words that policies use.

use std::fmt;

/// What a statement does, by the name that policies and records give it.
///
/// A statement that does two of these (a `WITH` that deletes and selects) has two kinds, and each is judged.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum StatementKind {
    /// Transactions, `SHOW`, `DEALLOCATE`, `DISCARD`, and settings that change nothing but presentation.
    Session,
    /// `SELECT`, `TABLE`, `VALUES`.
    Select,
    /// `COPY … TO`.
    CopyOut,
    /// `EXPLAIN` that does not execute; with `ANALYZE` the statement inside is judged as well.
    Explain,
    /// `DECLARE`, `FETCH`, `MOVE`, `CLOSE`.
    Cursor,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `MERGE`
    Merge,
    /// `TRUNCATE`
    Truncate,
    /// `COPY … FROM`.
    CopyIn,
    /// Whatever changes the schema, or who may do what.
    Ddl,
    /// `CALL`
    Call,
    /// A function called by its OID, past the parser.
    FunctionCall,
    /// A setting that changes what a session may do or see: role, search path, row security.
    Set,
    /// `LISTEN`, `NOTIFY`, `UNLISTEN`: a channel between sessions.
    Listen,
    /// `LOCK`
    Lock,
    /// Dynamic SQL, a `DO` block, and everything that PostgreSQL's parser does not accept.
    Opaque,
}

/// What a policy may say of several kinds at once.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ActionGroup {
    /// Nothing is changed.
    Read,
    /// Rows are changed.
    Write,
    /// The schema is changed.
    Define,
}

impl StatementKind {
    /// All kinds.
    pub const ALL: [Self; 18] = [
        Self::Session,
        Self::Select,
        Self::CopyOut,
        Self::Explain,
        Self::Cursor,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Merge,
        Self::Truncate,
        Self::CopyIn,
        Self::Ddl,
        Self::Call,
        Self::FunctionCall,
        Self::Set,
        Self::Listen,
        Self::Lock,
        Self::Opaque,
    ];

    /// The action that a policy must permit. It is part of the interface: it stands in policies and in records.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            // Comes with the permission to connect.
            Self::Session => "connect",
            Self::Select => "select",
            Self::CopyOut => "copy_out",
            Self::Explain => "explain",
            Self::Cursor => "cursor",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::Truncate => "truncate",
            Self::CopyIn => "copy_in",
            Self::Ddl => "ddl",
            Self::Call => "call",
            Self::FunctionCall => "function_call",
            Self::Set => "set",
            Self::Listen => "listen",
            Self::Lock => "lock",
            Self::Opaque => "opaque",
        }
    }

    /// The group that the action belongs to; `None` for one that a policy has to name by itself.
    #[must_use]
    pub const fn group(self) -> Option<ActionGroup> {
        match self {
            Self::Select | Self::CopyOut | Self::Explain | Self::Cursor => Some(ActionGroup::Read),
            Self::Insert | Self::Update | Self::Delete | Self::Merge | Self::Truncate | Self::CopyIn => {
                Some(ActionGroup::Write)
            }
            Self::Ddl => Some(ActionGroup::Define),
            Self::Session | Self::Call | Self::FunctionCall | Self::Set | Self::Listen | Self::Lock | Self::Opaque => {
                None
            }
        }
    }
}

impl fmt::Display for StatementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action())
    }
}

impl ActionGroup {
    /// The name of the group in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Define => "define",
        }
    }
}

impl fmt::Display for ActionGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_groups_hold_what_the_policy_language_promises() {
        let of = |group: Option<ActionGroup>| -> Vec<&str> {
            StatementKind::ALL.into_iter().filter(|kind| kind.group() == group).map(StatementKind::action).collect()
        };
        assert_eq!(of(Some(ActionGroup::Read)), ["select", "copy_out", "explain", "cursor"]);
        assert_eq!(of(Some(ActionGroup::Write)), ["insert", "update", "delete", "merge", "truncate", "copy_in"]);
        assert_eq!(of(Some(ActionGroup::Define)), ["ddl"]);
        assert_eq!(of(None), ["connect", "call", "function_call", "set", "listen", "lock", "opaque"]);
    }

    #[test]
    fn all_lists_every_kind_once_and_no_two_share_an_action() {
        let kinds: BTreeSet<_> = StatementKind::ALL.into_iter().collect();
        let actions: BTreeSet<_> = StatementKind::ALL.into_iter().map(StatementKind::action).collect();
        assert_eq!((kinds.len(), actions.len()), (StatementKind::ALL.len(), StatementKind::ALL.len()));
        // The last one declared: nothing stands behind it that ALL could have missed.
        assert_eq!(StatementKind::Opaque as usize + 1, StatementKind::ALL.len());
    }
}
