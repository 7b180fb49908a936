//! What a client may get. The constructors in this file are the whole list: nothing else makes a [`ToClient`].

use std::fmt;

use blackbar_engine::{Clean, Finding, Kind, Raw};
use bytes::Bytes;

use super::backend::{self, Column, TransactionStatus};
use super::bytes::{Malformed, TooLong, Writer};
use super::frame::BackendFrame;
use super::quotes::{Quoting, quoting, without_values};
use super::rules::{self, Rule};
use super::startup::CancelKey;
use super::tag::BackendTag;

/// A whole message for the client: framing, judged content, or both.
///
/// ```compile_fail
/// let forged = blackbar_wire::pg::ToClient(bytes::Bytes::from_static(b"D"));
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct ToClient(Bytes);

/// What becomes of values that an error of the server quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quotes {
    /// They are looked at like the words around them.
    Scrubbed,
    /// They are left out as well, with the details that consist of them. Names that the client wrote itself are not values.
    Hidden,
}

/// Redacts a text. The gateway has one for each session, with the profile of the grant.
pub trait Scrub {
    /// What may be shown in place of `text`, which stands at `place`. What needs no change comes back as it was.
    fn scrub(&mut self, place: Place, text: Raw) -> Scrubbed;

    /// Told of a value that is replaced whole without a look at it, because of what its column is said to hold.
    fn replaced(&mut self, place: Place, kind: Kind, text: &Raw) {
        let _ = (place, kind, text);
    }

    /// Told of a value that passes without a look at it, because a policy says so by name.
    fn passed(&mut self, place: Place, text: &Raw) {
        let _ = (place, text);
    }
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Place {
    /// In this column of a result or of a COPY stream.
    Column(usize),
    /// In the attribute at this place of a composite type, within a value of this column.
    Attribute {
        /// The column of the result or of the COPY stream.
        column: usize,
        /// The composite type.
        of: u32,
        /// Which of its attributes.
        at: usize,
    },
    /// The name of this column.
    ColumnName(usize),
    /// This field of an error or a notice, by its letter.
    Report(u8),
    /// The channel or the payload of a notification.
    Notification,
    /// The value of a setting.
    Setting,
    /// The result of a function that was called by its OID.
    FunctionResult,
}

impl Place {
    /// The attribute at this place of a composite type, whose value stands here.
    #[must_use]
    pub(super) const fn attribute(self, of: u32, at: usize) -> Self {
        match self {
            Self::Column(column) | Self::Attribute { column, .. } => Self::Attribute { column, of, at },
            // The result of a function is the only column that there is.
            _ => Self::Attribute { column: 0, of, at },
        }
    }
}

/// A redacted text.
#[derive(Clone, Debug)]
pub struct Scrubbed {
    /// What may be shown.
    pub text: Clean,
    /// What was found. Empty when nothing was changed.
    pub findings: Vec<Finding>,
}

/// Why a message was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The server's message does not follow its grammar.
    Malformed(Malformed),
    /// It would be too long, or a string would have a NUL.
    TooLong,
    /// Its rule does not let it pass as it is.
    Rule(&'static str),
}

/// Words of the gateway's own: written in its source, or judged.
#[derive(Clone, Eq, PartialEq)]
pub struct Words(Vec<u8>);

/// An error or a notice of the gateway's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// How bad it is.
    pub severity: Severity,
    /// Its SQLSTATE.
    pub code: &'static str,
    /// What happened.
    pub message: Words,
    /// More of it.
    pub detail: Option<Words>,
    /// What to do.
    pub hint: Option<Words>,
}

/// How bad a report is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// The statement ended.
    Error,
    /// The session ended.
    Fatal,
    /// Nothing ended.
    Notice,
}

impl ToClient {
    /// The bytes, with type and length.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For a writer or a recorder.
    #[must_use]
    pub fn into_clean(self) -> Clean {
        Raw::from(self.0).danger_pass_unredacted("a message that was framed of judged parts")
    }

    /// A message whose rule is to pass: it has no room for content. What little it says is checked.
    ///
    /// # Errors
    ///
    /// When its rule is another, or it says something else than its grammar allows.
    pub fn pass(frame: &BackendFrame) -> Result<Self, Refusal> {
        let entry = rules::of_backend(frame.tag()).filter(|entry| entry.rule == Rule::Pass);
        if entry.is_none() {
            return Err(Refusal::Rule("the message has content"));
        }
        match frame.tag() {
            BackendTag::CommandComplete => backend::command_complete(frame)?,
            BackendTag::ReadyForQuery => {
                backend::ready(frame)?;
            }
            BackendTag::CopyInResponse | BackendTag::CopyOutResponse => {
                backend::copy_response(frame)?;
            }
            BackendTag::ParameterDescription => drop(backend::parameter_description(frame)?),
            _ => {}
        }
        Ok(Self(frame.bytes().clone()))
    }

    /// Any message as it came. The caller records the reason.
    #[must_use]
    pub fn danger_forward(frame: &BackendFrame, reason: &'static str) -> Self {
        let _recorded_by_the_caller = reason;
        Self(frame.bytes().clone())
    }

    /// An error or notice of the server with each text redacted.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn report(frame: &BackendFrame, quotes: Quotes, scrub: &mut dyn Scrub) -> Result<Self, Refusal> {
        let mut changed = false;
        let fields = backend::report(frame)?;
        let code = fields.iter().find(|(letter, _)| *letter == b'C').map(|(_, code)| code.clone()).unwrap_or_default();
        let quoting = match quotes {
            Quotes::Scrubbed => Quoting::Names,
            Quotes::Hidden => quoting(&code),
        };
        let mut writer = Writer::new(if frame.tag() == BackendTag::NoticeResponse { b'N' } else { b'E' });
        for (letter, text) in fields {
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. /:\\".contains(byte);
            match letter {
                b'V' | b'C' if text.iter().all(u8::is_ascii_alphanumeric) && text.len() < 12 => {
                    writer.u8(letter).text(&text);
                }
                b'P' | b'p' | b'L' if text.iter().all(u8::is_ascii_digit) => {
                    writer.u8(letter).text(&text);
                }
                // Where in the server's source it was raised.
                b'F' | b'R' if text.iter().all(word) && text.len() <= 80 => {
                    writer.u8(letter).text(&text);
                }
                // What stands in them may be a value from its first letter to its last.
                b'D' | b'W' | b'q' if matches!(quoting, Quoting::Anywhere) => changed = true,
                b'W' | b'q' if matches!(quoting, Quoting::Values) => changed = true,
                b'S' | b'M' | b'D' | b'H' | b'W' | b'q' | b's' | b't' | b'c' | b'd' | b'n' => {
                    let quotes = matches!(letter, b'M' | b'D' | b'H') && !matches!(quoting, Quoting::Names);
                    let kept = if quotes { Bytes::from(without_values(&text)) } else { text.clone() };
                    let shown = scrub.scrub(Place::Report(letter), Raw::from(kept)).text;
                    changed |= shown.as_bytes() != text;
                    writer.u8(letter).text(&without_nul(shown.as_bytes()));
                }
                // A field that nobody knows, or one that is not what it should be, is left out.
                _ => changed = true,
            }
        }
        if !changed {
            return Ok(Self(frame.bytes().clone()));
        }
        writer.u8(0);
        Ok(Self(writer.finish()?))
    }

    /// A notification, redacted.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn notification(frame: &BackendFrame, scrub: &mut dyn Scrub) -> Result<Self, Refusal> {
        let (process, channel, payload) = backend::notification(frame)?;
        let mut writer = Writer::new(b'A');
        writer.i32(process);
        for text in [channel, payload] {
            let shown = scrub.scrub(Place::Notification, Raw::from(text)).text;
            writer.text(&without_nul(shown.as_bytes()));
        }
        Ok(Self(writer.finish()?))
    }

    /// A setting, its value redacted. Its name must look like one.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn parameter_status(frame: &BackendFrame, scrub: &mut dyn Scrub) -> Result<Self, Refusal> {
        let (name, value) = backend::parameter_status(frame)?;
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte)) {
            return Err(Refusal::Rule("the name of a setting"));
        }
        let shown = scrub.scrub(Place::Setting, Raw::from(value)).text;
        let mut writer = Writer::new(b'S');
        writer.text(&name).text(&without_nul(shown.as_bytes()));
        Ok(Self(writer.finish()?))
    }

    /// A description of columns, their names redacted.
    ///
    /// # Errors
    ///
    /// When a name has a NUL.
    pub fn row_description(frame: &BackendFrame, columns: &[Column], scrub: &mut dyn Scrub) -> Result<Self, Refusal> {
        let mut changed = false;
        let mut writer = Writer::with_capacity(b'T', frame.size());
        writer.count(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let shown = scrub.scrub(Place::ColumnName(at), Raw::from(column.name.clone())).text;
            changed |= shown.as_bytes() != column.name;
            writer.text(&without_nul(shown.as_bytes())).u32(column.table).i16(column.attribute);
            writer.u32(column.type_oid).i16(column.type_length).i32(column.modifier).i16(column.format);
        }
        if changed { Ok(Self(writer.finish()?)) } else { Ok(Self(frame.bytes().clone())) }
    }

    /// The result of a function, judged.
    pub(crate) fn function_result(value: Option<&[u8]>) -> Result<Self, Refusal> {
        let mut writer = Writer::new(b'V');
        writer.value(value);
        Ok(Self(writer.finish()?))
    }

    /// A piece of a COPY stream, judged.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn copy_data(data: &Clean) -> Result<Self, Refusal> {
        Self::copy_of(data.as_bytes())
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn ready(status: TransactionStatus) -> Self {
        Self(Bytes::from_static(match status {
            TransactionStatus::Idle => b"Z\0\0\0\x05I",
            TransactionStatus::Open => b"Z\0\0\0\x05T",
            TransactionStatus::Failed => b"Z\0\0\0\x05E",
        }))
    }

    /// An error or a notice of the gateway's own.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn own_report(report: &Report) -> Result<Self, Refusal> {
        let (tag, severity): (u8, &[u8]) = match report.severity {
            Severity::Error => (b'E', b"ERROR"),
            Severity::Fatal => (b'E', b"FATAL"),
            Severity::Notice => (b'N', b"NOTICE"),
        };
        let mut writer = Writer::new(tag);
        writer.u8(b'S').text(severity).u8(b'V').text(severity).u8(b'C').text(report.code.as_bytes());
        writer.u8(b'M').text(&report.message.0);
        for (letter, words) in [(b'D', &report.detail), (b'H', &report.hint)] {
            if let Some(words) = words {
                writer.u8(letter).text(&words.0);
            }
        }
        writer.u8(0);
        Ok(Self(writer.finish()?))
    }

    /// The client is who it says.
    #[must_use]
    pub fn authentication_ok() -> Self {
        Self(Bytes::from_static(b"R\0\0\0\x08\0\0\0\0"))
    }

    /// Asks for the password in the clear.
    #[must_use]
    pub fn ask_password() -> Self {
        Self(Bytes::from_static(b"R\0\0\0\x08\0\0\0\x03"))
    }

    /// Offers SASL mechanisms.
    ///
    /// # Errors
    ///
    /// When a name has a NUL.
    pub fn ask_sasl(mechanisms: &[&'static str]) -> Result<Self, Refusal> {
        let mut writer = Writer::new(b'R');
        writer.i32(10);
        for name in mechanisms {
            writer.text(name.as_bytes());
        }
        writer.u8(0);
        Ok(Self(writer.finish()?))
    }

    /// A step of SASL that [`scram`](super::scram) made.
    pub(crate) fn sasl_step(last: bool, data: &[u8]) -> Result<Self, Refusal> {
        let mut writer = Writer::new(b'R');
        writer.i32(if last { 12 } else { 11 }).bytes(data);
        Ok(Self(writer.finish()?))
    }

    /// A key of the gateway's for cancel requests.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn key_data(key: &CancelKey) -> Result<Self, Refusal> {
        let mut writer = Writer::new(b'K');
        writer.i32(key.process).bytes(&key.secret);
        Ok(Self(writer.finish()?))
    }

    /// Tells the client which minor version is spoken and which of its own options are not known.
    ///
    /// # Errors
    ///
    /// When an option has a NUL.
    pub fn negotiate(negotiation: &super::startup::Negotiation) -> Result<Self, Refusal> {
        let mut writer = Writer::new(b'v');
        let count = u32::try_from(negotiation.unknown.len()).map_err(|_| Refusal::TooLong)?;
        writer.i32(i32::from(negotiation.minor)).u32(count);
        for option in &negotiation.unknown {
            writer.text(option);
        }
        Ok(Self(writer.finish()?))
    }

    /// A message in which every value was judged and none had to be changed.
    pub(crate) fn judged(frame: &BackendFrame) -> Self {
        Self(frame.bytes().clone())
    }

    /// A row of judged values.
    pub(crate) fn row_of<'v>(
        capacity: usize,
        count: usize,
        values: impl Iterator<Item = Option<&'v [u8]>>,
    ) -> Result<Self, Refusal> {
        let mut writer = Writer::with_capacity(b'D', capacity);
        writer.count(count);
        for value in values {
            writer.value(value);
        }
        Ok(Self(writer.finish()?))
    }

    /// A piece of a COPY stream in which every cell was judged.
    pub(crate) fn copy_of(data: &[u8]) -> Result<Self, Refusal> {
        let mut writer = Writer::with_capacity(b'd', data.len() + 5);
        writer.bytes(data);
        Ok(Self(writer.finish()?))
    }
}

impl Words {
    /// Words with an id of the gateway's at the end, such as `approval=7f3a`: letters, digits, `-` and `_` only.
    #[must_use]
    pub fn with_id(words: &'static str, id: &str) -> Self {
        let id = id.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).take(LONGEST_ID);
        Self(words.bytes().chain(id).collect())
    }
}

impl From<&'static str> for Words {
    fn from(words: &'static str) -> Self {
        Self(words.as_bytes().to_vec())
    }
}

impl From<Clean> for Words {
    fn from(words: Clean) -> Self {
        Self(without_nul(words.as_bytes()))
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<TooLong> for Refusal {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::TooLong => TooLong.fmt(f),
            Self::Rule(why) => write!(f, "the message is refused: {why}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Debug for ToClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.0.first().copied().and_then(BackendTag::from_byte);
        write!(f, "ToClient({tag:?}, {} bytes)", self.0.len())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} bytes)", self.0.len())
    }
}

fn without_nul(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != 0).collect()
}

const LONGEST_ID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg::frame::{frames, message};
    use crate::pg::testing::Digits;

    fn one(bytes: &[u8]) -> BackendFrame {
        frames(bytes).pop().unwrap()
    }

    #[test]
    fn what_has_content_never_passes_as_it_is() {
        for bytes in
            [&b"D\0\0\0\x06\0\0"[..], b"d\0\0\0\x04", b"E\0\0\0\x05\0", b"A\0\0\0\x0a\0\0\0\0\0\0", b"T\0\0\0\x06\0\0"]
        {
            assert!(ToClient::pass(&one(bytes)).is_err(), "{}", char::from(bytes[0]));
        }
        assert!(ToClient::pass(&one(b"2\0\0\0\x04")).is_ok());
        assert!(ToClient::pass(&one(b"C\0\0\0\x0dfor Joan\0")).is_err());
        assert!(ToClient::pass(&one(b"Z\0\0\0\x05J")).is_err());
    }

    #[test]
    fn errors_are_redacted_in_every_text_field() {
        let body = b"SERROR\0VERROR\0C23505\0Mduplicate 123\0DKey (ssn)=(123)\0tpat9\0Fnbtinsert.c\0L5\0Zwhat 123\0\0";
        let bytes = message(b'E', body);
        let shown = ToClient::report(&one(&bytes), Quotes::Scrubbed, &mut Digits).unwrap();
        let text = String::from_utf8_lossy(shown.as_bytes()).into_owned();
        assert!(
            text.contains("duplicate [ID]") && text.contains("Key (ssn)=([ID])") && text.contains("tpat[ID]"),
            "{text}"
        );
        assert!(text.contains("C23505\0") && text.contains("L5\0") && !text.contains("123"), "{text}");
        assert!(frames::<BackendFrame>(shown.as_bytes()).len() == 1);
    }

    #[test]
    fn values_that_errors_quote_are_left_out() {
        let shown = |body: &[u8]| {
            let shown = ToClient::report(&one(&message(b'E', body)), Quotes::Hidden, &mut Digits).unwrap();
            String::from_utf8_lossy(shown.as_bytes()).into_owned()
        };
        let unique = shown(b"SERROR\0C23505\0Munique \"k\"\0DKey (n)=(Joan) exists.\0Wline \"Joan\"\0\0");
        assert!(unique.contains("Key (n)=(...) exists.") && !unique.contains("Joan"), "{unique}");
        let cast = shown(b"SERROR\0C22P02\0Minvalid: \"Joan\"\0DToken Joan\0WJSON data, line 1: Joan\0Hhint\0\0");
        assert!(cast.contains("invalid: \"...\"") && cast.contains("Hhint") && !cast.contains("Joan"), "{cast}");
        let named = shown(b"SERROR\0C42P01\0Mrelation \"joan\" does not exist\0WJoan\0\0");
        assert!(named.contains("relation \"...\"") && !named.contains("oan"), "{named}");
        let own = shown(b"SERROR\0C42501\0Mpermission denied for table \"patients\"\0\0");
        assert!(own.contains("\"patients\""), "{own}");
    }

    #[test]
    fn what_needs_no_change_is_the_same_memory() {
        let frame = one(&message(b'E', b"SERROR\0\0x\0"));
        let kept = one(&message(b'N', b"SERROR\0\0"));
        assert!(ToClient::report(&frame, Quotes::Scrubbed, &mut Digits).is_err(), "bytes behind the end");
        let shown = ToClient::report(&kept, Quotes::Scrubbed, &mut Digits).unwrap();
        assert_eq!(shown.as_bytes().as_ptr(), kept.bytes().as_ptr());
    }

    #[test]
    fn ids_have_no_room_for_content() {
        let words = Words::with_id("approval=", "a-1\n'; drop");
        assert_eq!(words.0, b"approval=a-1drop");
    }
}
