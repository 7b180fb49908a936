//! Which messages there are: the first byte of each, in both directions.

/// The first byte of a message from the server: which message it is.
///
/// The list is complete for protocol 3.0 and 3.2. A byte that is not on it is no message that we know a rule for, and a
/// message without a rule is refused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum BackendTag {
    /// `R`: a request for authentication, or its end.
    Authentication,
    /// `K`: process id and secret key that a cancel request needs.
    BackendKeyData,
    /// `2`
    BindComplete,
    /// `3`
    CloseComplete,
    /// `C`: a command tag such as `SELECT 5`.
    CommandComplete,
    /// `d`: a piece of a COPY stream; pieces need not end where rows do.
    CopyData,
    /// `c`
    CopyDone,
    /// `G`
    CopyInResponse,
    /// `H`
    CopyOutResponse,
    /// `W`: replication.
    CopyBothResponse,
    /// `D`: one row of a result.
    DataRow,
    /// `I`
    EmptyQueryResponse,
    /// `E`: its text quotes values of rows.
    ErrorResponse,
    /// `V`: the result of a function that was called by its OID.
    FunctionCallResponse,
    /// `v`: the server speaks an older minor version.
    NegotiateProtocolVersion,
    /// `n`
    NoData,
    /// `N`: text that functions raise.
    NoticeResponse,
    /// `A`: the payload of a NOTIFY, from any session.
    NotificationResponse,
    /// `t`
    ParameterDescription,
    /// `S`: a setting and its value, which the session may have chosen.
    ParameterStatus,
    /// `1`
    ParseComplete,
    /// `s`: the row limit of an Execute was reached.
    PortalSuspended,
    /// `Z`: whether a transaction is open.
    ReadyForQuery,
    /// `T`: names and types of columns; a query names its columns as it likes.
    RowDescription,
}

/// Every tag with its byte on the wire.
const BACKEND_TAGS: &[(BackendTag, u8)] = &[
    (BackendTag::Authentication, b'R'),
    (BackendTag::BackendKeyData, b'K'),
    (BackendTag::BindComplete, b'2'),
    (BackendTag::CloseComplete, b'3'),
    (BackendTag::CommandComplete, b'C'),
    (BackendTag::CopyData, b'd'),
    (BackendTag::CopyDone, b'c'),
    (BackendTag::CopyInResponse, b'G'),
    (BackendTag::CopyOutResponse, b'H'),
    (BackendTag::CopyBothResponse, b'W'),
    (BackendTag::DataRow, b'D'),
    (BackendTag::EmptyQueryResponse, b'I'),
    (BackendTag::ErrorResponse, b'E'),
    (BackendTag::FunctionCallResponse, b'V'),
    (BackendTag::NegotiateProtocolVersion, b'v'),
    (BackendTag::NoData, b'n'),
    (BackendTag::NoticeResponse, b'N'),
    (BackendTag::NotificationResponse, b'A'),
    (BackendTag::ParameterDescription, b't'),
    (BackendTag::ParameterStatus, b'S'),
    (BackendTag::ParseComplete, b'1'),
    (BackendTag::PortalSuspended, b's'),
    (BackendTag::ReadyForQuery, b'Z'),
    (BackendTag::RowDescription, b'T'),
];

impl BackendTag {
    /// The tag that this byte stands for; `None` for a byte that the protocol does not define.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        BACKEND_TAGS.iter().find(|(_, known)| *known == byte).map(|(tag, _)| *tag)
    }

    /// Can the body hold bytes that came out of a table, or that somebody wrote who has seen one?
    ///
    /// Such a body is redacted before a client sees it. The match names every message, so that a new one has to be judged.
    #[must_use]
    pub const fn carries_content(self) -> bool {
        match self {
            Self::CopyData
            | Self::DataRow
            | Self::ErrorResponse
            | Self::FunctionCallResponse
            | Self::NoticeResponse
            | Self::NotificationResponse
            | Self::ParameterStatus
            | Self::RowDescription => true,
            Self::Authentication
            | Self::BackendKeyData
            | Self::BindComplete
            | Self::CloseComplete
            | Self::CommandComplete
            | Self::CopyBothResponse
            | Self::CopyDone
            | Self::CopyInResponse
            | Self::CopyOutResponse
            | Self::EmptyQueryResponse
            | Self::NegotiateProtocolVersion
            | Self::NoData
            | Self::ParameterDescription
            | Self::ParseComplete
            | Self::PortalSuspended
            | Self::ReadyForQuery => false,
        }
    }
}

/// The first byte of a message from the client, after the startup.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum FrontendTag {
    /// `B`: binds values to a statement, which makes a portal.
    Bind,
    /// `C`: forgets a statement or a portal.
    Close,
    /// `d`: a piece of a COPY stream.
    CopyData,
    /// `c`
    CopyDone,
    /// `f`
    CopyFail,
    /// `D`: asks for the columns of a statement or a portal.
    Describe,
    /// `E`: runs a portal.
    Execute,
    /// `H`
    Flush,
    /// `F`: calls a function by its OID.
    FunctionCall,
    /// `P`: prepares a statement.
    Parse,
    /// `p`: a password or a step of SASL; what it is depends on the request before it.
    Password,
    /// `Q`: one or several statements as text.
    Query,
    /// `S`
    Sync,
    /// `X`
    Terminate,
}

/// Every tag with its byte on the wire.
const FRONTEND_TAGS: &[(FrontendTag, u8)] = &[
    (FrontendTag::Bind, b'B'),
    (FrontendTag::Close, b'C'),
    (FrontendTag::CopyData, b'd'),
    (FrontendTag::CopyDone, b'c'),
    (FrontendTag::CopyFail, b'f'),
    (FrontendTag::Describe, b'D'),
    (FrontendTag::Execute, b'E'),
    (FrontendTag::Flush, b'H'),
    (FrontendTag::FunctionCall, b'F'),
    (FrontendTag::Parse, b'P'),
    (FrontendTag::Password, b'p'),
    (FrontendTag::Query, b'Q'),
    (FrontendTag::Sync, b'S'),
    (FrontendTag::Terminate, b'X'),
];

impl FrontendTag {
    /// The tag that this byte stands for; `None` for a byte that the protocol does not define.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        FRONTEND_TAGS.iter().find(|(_, known)| *known == byte).map(|(tag, _)| *tag)
    }

    /// Part of the extended protocol: after an error the server skips until `Sync`.
    #[must_use]
    pub const fn is_extended(self) -> bool {
        matches!(self, Self::Bind | Self::Close | Self::Describe | Self::Execute | Self::Flush | Self::Parse)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn exactly_the_bytes_of_the_protocol_are_known() {
        // In the order of an ASCII table, typed from the protocol's list of message formats.
        let known: Vec<u8> = (0..=u8::MAX).filter(|byte| BackendTag::from_byte(*byte).is_some()).collect();
        assert_eq!(known, b"123ACDEGHIKNRSTVWZcdnstv");
        let known: Vec<u8> = (0..=u8::MAX).filter(|byte| FrontendTag::from_byte(*byte).is_some()).collect();
        assert_eq!(known, b"BCDEFHPQSXcdfp");
    }

    #[test]
    fn no_tag_and_no_byte_is_listed_twice() {
        let tags: BTreeSet<_> = BACKEND_TAGS.iter().map(|(tag, _)| tag).collect();
        let bytes: BTreeSet<_> = BACKEND_TAGS.iter().map(|(_, byte)| byte).collect();
        assert_eq!((tags.len(), bytes.len()), (BACKEND_TAGS.len(), BACKEND_TAGS.len()));
        let tags: BTreeSet<_> = FRONTEND_TAGS.iter().map(|(tag, _)| tag).collect();
        assert_eq!(tags.len(), FRONTEND_TAGS.len());
    }

    #[test]
    fn what_a_row_can_reach_is_content() {
        for byte in *b"DdEVNAST" {
            assert!(BackendTag::from_byte(byte).unwrap().carries_content(), "{}", char::from(byte));
        }
        for byte in *b"123CGHIKRWZcnstv" {
            assert!(!BackendTag::from_byte(byte).unwrap().carries_content(), "{}", char::from(byte));
        }
    }
}
