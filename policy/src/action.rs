//! What can be asked for.

use std::fmt;

/// An action, by the name that policies and records give it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// To open a session; transactions, `SHOW`, `DEALLOCATE`, `DISCARD` and harmless settings come with it.
    Connect,
    /// `SELECT`, `TABLE`, `VALUES`.
    Select,
    /// `COPY … TO`.
    CopyOut,
    /// `EXPLAIN`.
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
    /// A setting that changes what a session may do or see.
    Set,
    /// `LISTEN`, `NOTIFY`, `UNLISTEN`.
    Listen,
    /// `LOCK`
    Lock,
    /// What could not be understood. It is in no group.
    Opaque,
    /// `GET`
    HttpGet,
    /// `HEAD`
    HttpHead,
    /// `OPTIONS`
    HttpOptions,
    /// A search whose parameters travel in a body: FHIR's `POST …/_search`, or `QUERY`.
    HttpSearch,
    /// `POST`
    HttpPost,
    /// `PUT`
    HttpPut,
    /// `PATCH`
    HttpPatch,
    /// `DELETE`
    HttpDelete,
    /// A body goes up that nobody here can look into. It is in no group, and asked for beside the method.
    HttpUninspected,
    /// A tool of a model-context server.
    ToolCall,
    /// A replacement in a request becomes its original on the way up.
    Resolve,
    /// An answer gets its originals back on the way down.
    Restore,
    /// To look at a recording.
    Replay,
    /// To take a recording away.
    Export,
    /// To approve. People only.
    Approve,
}

/// What a policy may say of several actions at once.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Group {
    /// Nothing is changed.
    Read,
    /// `read`, of a database.
    SqlRead,
    /// `read`, over HTTP.
    HttpRead,
    /// Content is changed.
    Write,
    /// `write`, of a database.
    SqlWrite,
    /// `write`, over HTTP.
    HttpWrite,
    /// The schema is changed.
    Define,
}

/// Which facts come with an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sort {
    Plain,
    Sql,
    Http,
    Tool,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::Connect,
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
        Self::HttpGet,
        Self::HttpHead,
        Self::HttpOptions,
        Self::HttpSearch,
        Self::HttpPost,
        Self::HttpPut,
        Self::HttpPatch,
        Self::HttpDelete,
        Self::HttpUninspected,
        Self::ToolCall,
        Self::Resolve,
        Self::Restore,
        Self::Replay,
        Self::Export,
        Self::Approve,
    ];

    /// The name, as it stands in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
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
            Self::HttpGet => "http_get",
            Self::HttpHead => "http_head",
            Self::HttpOptions => "http_options",
            Self::HttpSearch => "http_search",
            Self::HttpPost => "http_post",
            Self::HttpPut => "http_put",
            Self::HttpPatch => "http_patch",
            Self::HttpDelete => "http_delete",
            Self::HttpUninspected => "http_uninspected",
            Self::ToolCall => "tool_call",
            Self::Resolve => "resolve",
            Self::Restore => "restore",
            Self::Replay => "replay",
            Self::Export => "export",
            Self::Approve => "approve",
        }
    }

    /// The action of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The action of an HTTP method. One that is not known here has none, and so is permitted by nothing.
    #[must_use]
    pub fn from_method(method: &str) -> Option<Self> {
        Some(match method {
            "GET" => Self::HttpGet,
            "HEAD" => Self::HttpHead,
            "OPTIONS" => Self::HttpOptions,
            "QUERY" => Self::HttpSearch,
            "POST" => Self::HttpPost,
            "PUT" => Self::HttpPut,
            "PATCH" => Self::HttpPatch,
            "DELETE" => Self::HttpDelete,
            _ => return None,
        })
    }

    /// The groups that it belongs to. None: a policy has to name it.
    #[must_use]
    pub const fn groups(self) -> &'static [Group] {
        match self {
            Self::Select | Self::CopyOut | Self::Explain | Self::Cursor => &[Group::SqlRead, Group::Read],
            Self::Insert | Self::Update | Self::Delete | Self::Merge | Self::Truncate | Self::CopyIn => {
                &[Group::SqlWrite, Group::Write]
            }
            Self::Ddl => &[Group::Define],
            Self::HttpGet | Self::HttpHead | Self::HttpOptions | Self::HttpSearch => &[Group::HttpRead, Group::Read],
            Self::HttpPost | Self::HttpPut | Self::HttpPatch | Self::HttpDelete => &[Group::HttpWrite, Group::Write],
            _ => &[],
        }
    }

    /// Its place in [`Action::ALL`].
    pub(crate) const fn ordinal(self) -> usize {
        self as usize
    }

    pub(crate) const fn sort(self) -> Sort {
        match self {
            Self::Connect | Self::Resolve | Self::Restore | Self::Replay | Self::Export | Self::Approve => Sort::Plain,
            Self::HttpGet
            | Self::HttpHead
            | Self::HttpOptions
            | Self::HttpSearch
            | Self::HttpPost
            | Self::HttpPut
            | Self::HttpPatch
            | Self::HttpDelete
            | Self::HttpUninspected => Sort::Http,
            Self::ToolCall => Sort::Tool,
            _ => Sort::Sql,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Group {
    /// The name, as it stands in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::SqlRead => "sql_read",
            Self::HttpRead => "http_read",
            Self::Write => "write",
            Self::SqlWrite => "sql_write",
            Self::HttpWrite => "http_write",
            Self::Define => "define",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_at_its_place_and_is_found_by_its_name() {
        for (place, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(action.ordinal(), place, "{action}");
            assert_eq!(Action::from_name(action.name()), Some(action));
        }
        assert_eq!(Action::from_method("CONNECT"), None);
        assert_eq!(Action::from_method("get"), None, "methods are case-sensitive");
    }
}
