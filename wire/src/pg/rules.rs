//! What becomes of every message, in one table. The documentation is printed from it.

use super::tag::{BackendTag, FrontendTag};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// It goes on as it came: it has no room for content, or its content is meant for the other side.
    Pass,
    /// It is read, judged and written anew where it must be; what needs no change goes on as it came.
    Rewrite,
    /// It ends the session with a clear error.
    Refuse,
}

impl Rule {
    /// The word in the documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Rewrite => "rewrite",
            Self::Refuse => "refuse",
        }
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// From the client, before any other message and without a type byte.
    Opening,
    /// From the client.
    Frontend(FrontendTag),
    /// From the server.
    Backend(BackendTag),
}

/// How long a message may be: its length field, which counts itself and not the type byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Length {
    /// Exactly so many bytes.
    Exactly(usize),
    /// From so many bytes to so many.
    Within(usize, usize),
    /// At least so many bytes and at most what [`Limits::statement`](super::frame::Limits) says.
    Statement(usize),
    /// At least so many bytes and at most what [`Limits::row`](super::frame::Limits) says.
    Row(usize),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in PostgreSQL's documentation.
    pub name: &'static str,
    /// Which message.
    pub way: Way,
    /// How long it may be.
    pub length: Length,
    /// What becomes of it.
    pub rule: Rule,
    /// Why.
    pub why: &'static str,
}

/// Names, tags and other short things: the server's own limit for them.
const SMALL: usize = 10_000;
/// The server's own limit for an authentication token.
const TOKEN: usize = 65_535;

const fn opening(name: &'static str, length: Length, rule: Rule, why: &'static str) -> Entry {
    Entry { name, way: Way::Opening, length, rule, why }
}

const fn up(name: &'static str, tag: FrontendTag, length: Length, rule: Rule, why: &'static str) -> Entry {
    Entry { name, way: Way::Frontend(tag), length, rule, why }
}

const fn down(name: &'static str, tag: BackendTag, length: Length, rule: Rule, why: &'static str) -> Entry {
    Entry { name, way: Way::Backend(tag), length, rule, why }
}

/// Every message that the protocol has.
pub const RULES: &[Entry] = {
    use Length::{Exactly, Row, Statement, Within};
    use Rule::{Pass, Refuse, Rewrite};
    &[
        opening(
            "StartupMessage",
            Within(9, SMALL),
            Rewrite,
            "Options are filtered; user, database and `application_name` upstream are the gateway's to choose.",
        ),
        opening(
            "SSLRequest",
            Exactly(8),
            Rewrite,
            "Answered by the gateway. Bytes that follow it in the clear end the session.",
        ),
        opening("GSSENCRequest", Exactly(8), Rewrite, "Answered with `N`; the client may go on without."),
        opening(
            "CancelRequest",
            Within(13, 268),
            Rewrite,
            "The key is the gateway's own and maps to the client's own session; the server's key never leaves the gateway.",
        ),
        up(
            "Bind",
            FrontendTag::Bind,
            Statement(12),
            Rewrite,
            "Parameters may hold tokens that resolve, or replacements that must not be written back.",
        ),
        up("Close", FrontendTag::Close, Within(6, SMALL), Pass, "Names a statement or a portal of this session."),
        up(
            "CopyData",
            FrontendTag::CopyData,
            Statement(4),
            Rewrite,
            "Cells may hold tokens or replacements. Without a COPY it is dropped, as the server would.",
        ),
        up("CopyDone", FrontendTag::CopyDone, Exactly(4), Pass, "No content."),
        up(
            "CopyFail",
            FrontendTag::CopyFail,
            Within(5, SMALL),
            Pass,
            "The client's own words; they return in an error, which is redacted.",
        ),
        up(
            "Describe",
            FrontendTag::Describe,
            Within(6, SMALL),
            Pass,
            "Names a statement or a portal; the answer is remembered.",
        ),
        up(
            "Execute",
            FrontendTag::Execute,
            Within(9, SMALL),
            Rewrite,
            "Judged with the bound values before it goes up. Columns that nobody has described yet are asked for first.",
        ),
        up("Flush", FrontendTag::Flush, Exactly(4), Pass, "No content."),
        up("FunctionCall", FrontendTag::FunctionCall, Statement(14), Rewrite, "Judged by the OID of the function."),
        up("Parse", FrontendTag::Parse, Statement(8), Rewrite, "Judged as text; policy may change the text."),
        up(
            "Password",
            FrontendTag::Password,
            Within(4, TOKEN),
            Rewrite,
            "A credential for the gateway: it never goes up. After authentication it ends the session.",
        ),
        up(
            "Query",
            FrontendTag::Query,
            Statement(5),
            Rewrite,
            "All its statements are judged before any of it goes up.",
        ),
        up("Sync", FrontendTag::Sync, Exactly(4), Pass, "No content."),
        up("Terminate", FrontendTag::Terminate, Exactly(4), Pass, "No content."),
        down(
            "Authentication",
            BackendTag::Authentication,
            Within(8, SMALL),
            Rewrite,
            "Answered by the gateway with its own credential; the client authenticates to the gateway.",
        ),
        down(
            "BackendKeyData",
            BackendTag::BackendKeyData,
            Within(12, 264),
            Rewrite,
            "The client gets a key of the gateway's.",
        ),
        down("BindComplete", BackendTag::BindComplete, Exactly(4), Pass, "No content."),
        down("CloseComplete", BackendTag::CloseComplete, Exactly(4), Pass, "No content."),
        down(
            "CommandComplete",
            BackendTag::CommandComplete,
            Within(5, SMALL),
            Pass,
            "Words in capitals and numbers; anything else ends the session.",
        ),
        down("CopyData", BackendTag::CopyData, Row(4), Rewrite, "One stream across messages: cells are redacted."),
        down("CopyDone", BackendTag::CopyDone, Exactly(4), Pass, "No content."),
        down("CopyInResponse", BackendTag::CopyInResponse, Within(7, SMALL), Pass, "Formats only."),
        down("CopyOutResponse", BackendTag::CopyOutResponse, Within(7, SMALL), Pass, "Formats only."),
        down(
            "CopyBothResponse",
            BackendTag::CopyBothResponse,
            Within(7, SMALL),
            Refuse,
            "Replication is a stream of pages that nobody has masked.",
        ),
        down(
            "DataRow",
            BackendTag::DataRow,
            Row(6),
            Rewrite,
            "Each value is masked by its column; an unchanged row goes on as it came. A row that belongs to no known columns ends the session.",
        ),
        down("EmptyQueryResponse", BackendTag::EmptyQueryResponse, Exactly(4), Pass, "No content."),
        down(
            "ErrorResponse",
            BackendTag::ErrorResponse,
            Statement(5),
            Rewrite,
            "Its texts quote values of rows: each is redacted.",
        ),
        down(
            "FunctionCallResponse",
            BackendTag::FunctionCallResponse,
            Row(8),
            Rewrite,
            "A value whose type only the catalog knows.",
        ),
        down(
            "NegotiateProtocolVersion",
            BackendTag::NegotiateProtocolVersion,
            Within(12, SMALL),
            Rewrite,
            "Consumed: the client negotiates with the gateway.",
        ),
        down("NoData", BackendTag::NoData, Exactly(4), Pass, "No content."),
        down(
            "NoticeResponse",
            BackendTag::NoticeResponse,
            Statement(5),
            Rewrite,
            "Text that functions raise: each field is redacted.",
        ),
        down(
            "NotificationResponse",
            BackendTag::NotificationResponse,
            Within(10, SMALL),
            Rewrite,
            "Channel and payload come from any session: both are redacted.",
        ),
        down("ParameterDescription", BackendTag::ParameterDescription, Statement(6), Pass, "Type OIDs."),
        down(
            "ParameterStatus",
            BackendTag::ParameterStatus,
            Within(6, SMALL),
            Rewrite,
            "A session may set its values to anything: they are redacted. Settings that change how values look are followed.",
        ),
        down("ParseComplete", BackendTag::ParseComplete, Exactly(4), Pass, "No content."),
        down("PortalSuspended", BackendTag::PortalSuspended, Exactly(4), Pass, "No content."),
        down("ReadyForQuery", BackendTag::ReadyForQuery, Exactly(5), Pass, "One letter, checked."),
        down(
            "RowDescription",
            BackendTag::RowDescription,
            Statement(6),
            Rewrite,
            "Column names are text that the query chose: they are redacted.",
        ),
    ]
};

/// The line of a message from the client.
#[must_use]
pub fn of_frontend(tag: FrontendTag) -> Option<&'static Entry> {
    RULES.iter().find(|entry| entry.way == Way::Frontend(tag))
}

/// The line of a message from the server.
#[must_use]
pub fn of_backend(tag: BackendTag) -> Option<&'static Entry> {
    RULES.iter().find(|entry| entry.way == Way::Backend(tag))
}

/// The table as a page of documentation.
#[must_use]
pub fn as_markdown() -> String {
    let mut page = String::from(
        "# PostgreSQL messages\n\n\
         What the gateway does with each message of protocol 3.0 and 3.2. A message that is not listed ends the session; so does one\n\
         whose length field does not lie within the limits. Lengths count the length field and not the type byte. `statement` and\n\
         `row` are limits of the configuration. This page is printed from the table that the program uses.\n",
    );
    for (title, wanted) in
        [("From the client, before anything else", 0), ("From the client", 1), ("From the server", 2)]
    {
        page.push_str(&format!("\n## {title}\n\n| message | rule | length | why |\n|---|---|---|---|\n"));
        for entry in RULES {
            let group = match entry.way {
                Way::Opening => 0,
                Way::Frontend(_) => 1,
                Way::Backend(_) => 2,
            };
            if group == wanted {
                let length = match entry.length {
                    Length::Exactly(length) => length.to_string(),
                    Length::Within(least, most) => format!("{least} to {most}"),
                    Length::Statement(least) => format!("{least} to statement"),
                    Length::Row(least) => format!("{least} to row"),
                };
                page.push_str(&format!("| {} | {} | {length} | {} |\n", entry.name, entry.rule.name(), entry.why));
            }
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_message_has_one_rule() {
        for byte in 0..=u8::MAX {
            if let Some(tag) = BackendTag::from_byte(byte) {
                let lines: Vec<_> = RULES.iter().filter(|entry| entry.way == Way::Backend(tag)).collect();
                assert_eq!(lines.len(), 1, "{tag:?}");
                assert!(format!("{tag:?}") == lines[0].name, "{tag:?}");
                // What can hold content is never passed as it is.
                assert!(!tag.carries_content() || lines[0].rule == Rule::Rewrite, "{tag:?}");
            }
            if let Some(tag) = FrontendTag::from_byte(byte) {
                let lines: Vec<_> = RULES.iter().filter(|entry| entry.way == Way::Frontend(tag)).collect();
                assert_eq!(lines.len(), 1, "{tag:?}");
                assert!(format!("{tag:?}") == lines[0].name, "{tag:?}");
            }
        }
        assert_eq!(RULES.len(), 24 + 14 + 4);
    }

    /// `BLACKBAR_BLESS=1` writes the page anew.
    #[test]
    fn the_page_is_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/postgres-messages.md");
        let text = as_markdown();
        if std::env::var_os("BLACKBAR_BLESS").is_some_and(|bless| bless == "1") {
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(known == text, "docs/postgres-messages.md is out of date: run the tests with BLACKBAR_BLESS=1");
    }
}
