//! Messages of the server, read. What they quote stays inside this crate until it is judged.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use blackbar_engine::Raw;
use bytes::Bytes;

use super::bytes::Malformed;
use super::frame::BackendFrame;
use super::startup::CancelKey;
use super::tag::BackendTag;

/// A column of a result.
#[derive(Clone, Eq, PartialEq)]
pub struct Column {
    pub(crate) name: Bytes,
    /// The relation it is said to come from; 0 for an expression.
    pub table: u32,
    /// The attribute of that relation; 0 for an expression or a whole row.
    pub attribute: i16,
    /// Its type.
    pub type_oid: u32,
    /// The length of its type, negative for variable ones.
    pub type_length: i16,
    /// What the type was declared with, such as the `n` of `varchar(n)`; -1 for nothing.
    pub modifier: i32,
    /// 0 for text, 1 for binary.
    pub format: i16,
}

impl Column {
    /// Its name, as the query chose it.
    #[must_use]
    pub fn name(&self) -> Raw {
        Raw::from(self.name.clone())
    }
}

/// The columns of a result.
pub type Columns = Arc<[Column]>;

/// Reads a `RowDescription`.
pub(crate) fn row_description(frame: &BackendFrame) -> Result<Columns, Malformed> {
    let mut reader = frame.read("RowDescription");
    let count = reader.count(19)?;
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let name = reader.text()?;
        columns.push(Column {
            // The frame would stay in memory as long as the statement is known.
            name: Bytes::copy_from_slice(&name),
            table: reader.u32()?,
            attribute: reader.i16()?,
            type_oid: reader.u32()?,
            type_length: reader.i16()?,
            modifier: reader.i32()?,
            format: reader.i16()?,
        });
    }
    reader.end()?;
    Ok(columns.into())
}

/// Where in a `DataRow` each value lies; `None` for NULL.
pub(crate) fn data_row(frame: &BackendFrame, cells: &mut Vec<Option<Range<usize>>>) -> Result<(), Malformed> {
    cells.clear();
    let mut reader = frame.read("DataRow");
    for _ in 0..reader.count(4)? {
        cells.push(reader.value_range()?);
    }
    reader.end()
}

/// The values of a row that answers a question of the gateway's own. Rows for a client go through a
/// [`Masker`](super::value::Masker).
///
/// # Errors
///
/// When the row does not follow its grammar.
pub fn own_row(frame: &BackendFrame) -> Result<Vec<Option<Bytes>>, Malformed> {
    let mut cells = Vec::new();
    data_row(frame, &mut cells)?;
    Ok(cells.into_iter().map(|cell| cell.map(|cell| frame.bytes().slice(cell))).collect())
}

/// Whether the tag of a `CommandComplete` is one: words in capitals and numbers.
pub(crate) fn command_complete(frame: &BackendFrame) -> Result<(), Malformed> {
    let mut reader = frame.read("CommandComplete");
    let tag = reader.text()?;
    reader.end()?;
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    if tag.iter().all(plain) && tag.len() <= LONGEST_TAG { Ok(()) } else { reader.fail() }
}

/// Whether a message says that a transaction ended.
pub(crate) fn ends_transaction(frame: &BackendFrame) -> bool {
    let tag = frame.read("CommandComplete").text();
    frame.tag() == BackendTag::CommandComplete && tag.is_ok_and(|tag| tag.starts_with(b"COMMIT") || tag == "ROLLBACK")
}

/// Whether a transaction is open.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TransactionStatus {
    /// `I`
    Idle,
    /// `T`
    Open,
    /// `E`: open and failed; only its end is accepted.
    Failed,
}

impl TransactionStatus {
    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::Open => b'T',
            Self::Failed => b'E',
        }
    }
}

pub(crate) fn ready(frame: &BackendFrame) -> Result<TransactionStatus, Malformed> {
    let mut reader = frame.read("ReadyForQuery");
    match reader.u8()? {
        b'I' => Ok(TransactionStatus::Idle),
        b'T' => Ok(TransactionStatus::Open),
        b'E' => Ok(TransactionStatus::Failed),
        _ => reader.fail(),
    }
}

/// The types of a statement's parameters.
pub(crate) fn parameter_description(frame: &BackendFrame) -> Result<Vec<u32>, Malformed> {
    let mut reader = frame.read("ParameterDescription");
    let types = (0..reader.count(4)?).map(|_| reader.u32()).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(types)
}

/// How a COPY stream looks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CopyShape {
    /// Rows in PostgreSQL's binary form; otherwise text or CSV, which the server does not tell apart.
    pub binary: bool,
    /// How many columns.
    pub columns: usize,
}

pub(crate) fn copy_response(frame: &BackendFrame) -> Result<CopyShape, Malformed> {
    let mut reader = frame.read("CopyResponse");
    let binary = match reader.u8()? {
        0 => false,
        1 => true,
        _ => return reader.fail(),
    };
    let columns = reader.count(2)?;
    for _ in 0..columns {
        if reader.i16()? != i16::from(binary) {
            return reader.fail();
        }
    }
    reader.end()?;
    Ok(CopyShape { binary, columns })
}

/// A field of an error or a notice: its letter and its text.
pub(crate) fn report(frame: &BackendFrame) -> Result<Vec<(u8, Bytes)>, Malformed> {
    let mut reader = frame.read("ErrorResponse or NoticeResponse");
    let mut fields = Vec::new();
    loop {
        match reader.u8()? {
            0 => {
                reader.end()?;
                return Ok(fields);
            }
            letter => fields.push((letter, reader.text()?)),
        }
    }
}

/// The SQLSTATE of an error or notice, when it is one.
#[must_use]
pub fn sqlstate(frame: &BackendFrame) -> Option<[u8; 5]> {
    let fields = report(frame).ok()?;
    let (_, code) = fields.into_iter().find(|(letter, _)| *letter == b'C')?;
    let code: [u8; 5] = code.as_ref().try_into().ok()?;
    code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).then_some(code)
}

/// Whether an error ends the connection.
#[must_use]
pub fn is_fatal(frame: &BackendFrame) -> bool {
    let Ok(fields) = report(frame) else { return true };
    // `V` is never translated; `S` is what there was before it.
    let find = |wanted| fields.iter().find(|(letter, _)| *letter == wanted).map(|(_, text)| text.clone());
    find(b'V').or_else(|| find(b'S')).is_some_and(|severity| severity == "FATAL" || severity == "PANIC")
}

/// A `NotificationResponse`: the process, the channel and the payload.
pub(crate) fn notification(frame: &BackendFrame) -> Result<(i32, Bytes, Bytes), Malformed> {
    let mut reader = frame.read("NotificationResponse");
    let parts = (reader.i32()?, reader.text()?, reader.text()?);
    reader.end()?;
    Ok(parts)
}

/// A setting and its value: for the gateway alone, which follows some of them. A client gets
/// [`ToClient::parameter_status`](super::ToClient::parameter_status).
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn parameter_status(frame: &BackendFrame) -> Result<(Bytes, Bytes), Malformed> {
    let mut reader = frame.read("ParameterStatus");
    let parts = (reader.text()?, reader.text()?);
    reader.end()?;
    Ok(parts)
}

/// The key that a cancel request needs: for the gateway alone.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn key_data(frame: &BackendFrame) -> Result<CancelKey, Malformed> {
    let mut reader = frame.read("BackendKeyData");
    // A copy: it is kept as long as the session, and a slice would keep all that arrived with it.
    let key = CancelKey { process: reader.i32()?, secret: Bytes::copy_from_slice(&reader.rest()) };
    if key.secret.is_empty() { reader.fail() } else { Ok(key) }
}

/// The minor version that the server speaks, and the options it does not know.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn negotiation(frame: &BackendFrame) -> Result<(i32, Vec<Bytes>), Malformed> {
    let mut reader = frame.read("NegotiateProtocolVersion");
    let minor = reader.i32()?;
    let at = reader.at();
    let count = reader.u32()?;
    // Each has at least its NUL.
    let count = usize::try_from(count).ok().filter(|count| *count <= reader.left());
    let Some(count) = count else { return Err(Malformed { what: "NegotiateProtocolVersion", at }) };
    let options = (0..count).map(|_| reader.text()).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok((minor, options))
}

/// The value of a `FunctionCallResponse`.
pub(crate) fn function_result(frame: &BackendFrame) -> Result<Option<Bytes>, Malformed> {
    let mut reader = frame.read("FunctionCallResponse");
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// What the server wants to know before it lets the gateway in.
#[derive(Clone, Eq, PartialEq)]
pub enum Authentication {
    /// Nothing more.
    Ok,
    /// The password in the clear.
    Cleartext,
    /// The password hashed with this salt.
    Md5([u8; 4]),
    /// One of these SASL mechanisms.
    Sasl(Vec<Bytes>),
    /// The next step of SASL.
    SaslContinue(Bytes),
    /// The last step of SASL.
    SaslFinal(Bytes),
    /// Something that is not spoken here: Kerberos, GSSAPI, SSPI.
    Other(i32),
}

/// Reads an `Authentication` message.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn authentication(frame: &BackendFrame) -> Result<Authentication, Malformed> {
    let mut reader = frame.read("Authentication");
    let request = match reader.i32()? {
        0 => Authentication::Ok,
        3 => Authentication::Cleartext,
        5 => Authentication::Md5([reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?]),
        10 => {
            let mut mechanisms = Vec::new();
            loop {
                let mechanism = reader.text()?;
                if mechanism.is_empty() {
                    break;
                }
                mechanisms.push(mechanism);
            }
            Authentication::Sasl(mechanisms)
        }
        11 => Authentication::SaslContinue(reader.rest()),
        12 => Authentication::SaslFinal(reader.rest()),
        other => return Ok(Authentication::Other(other)),
    };
    reader.end()?;
    Ok(request)
}

impl fmt::Debug for Column {
    /// Without the name: a query may call a column what it likes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({}.{}, type {}, format {})", self.table, self.attribute, self.type_oid, self.format)
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "Ok",
            Self::Cleartext => "Cleartext",
            Self::Md5(_) => "Md5",
            Self::Sasl(_) => "Sasl",
            Self::SaslContinue(_) => "SaslContinue",
            Self::SaslFinal(_) => "SaslFinal",
            Self::Other(_) => "Other",
        })
    }
}

/// The longest that the server makes is far shorter.
const LONGEST_TAG: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pg::frame::{frames, message, own};

    fn one(bytes: &[u8]) -> BackendFrame {
        frames(bytes).pop().unwrap()
    }

    fn with_body(tag: u8, body: &[u8]) -> BackendFrame {
        one(&message(tag, body))
    }

    #[test]
    fn columns_are_read() {
        let columns =
            row_description(&with_body(b'T', b"\0\x01age\0\0\0\x40\x01\0\x02\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01"))
                .unwrap();
        let [column] = &*columns else { panic!() };
        assert_eq!(column.name, "age");
        assert_eq!(format!("{column:?}"), "Column(16385.2, type 23, format 1)");
    }

    #[test]
    fn a_command_tag_is_words_and_numbers() {
        assert!(command_complete(&one(b"C\0\0\0\x0dSELECT 5\0")).is_ok());
        assert!(command_complete(&one(b"C\0\0\0\x0dfor Joan\0")).is_err());
    }

    #[test]
    fn severities_and_codes_are_read() {
        let error = with_body(b'E', b"SFATAL\0VFATAL\0C57P01\0M\0\0");
        assert!(is_fatal(&error));
        assert_eq!(sqlstate(&error), Some(*b"57P01"));
    }

    #[test]
    fn authentication_requests_are_read() {
        assert_eq!(authentication(&one(b"R\0\0\0\x08\0\0\0\0")).unwrap(), Authentication::Ok);
        assert_eq!(authentication(&one(b"R\0\0\0\x0c\0\0\0\x05abcd")).unwrap(), Authentication::Md5(*b"abcd"));
        let sasl = authentication(&one(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0")).unwrap();
        assert_eq!(sasl, Authentication::Sasl(vec![Bytes::from_static(b"SCRAM-SHA-256")]));
        assert_eq!(authentication(&one(b"R\0\0\0\x08\0\0\0\x07")).unwrap(), Authentication::Other(7));
    }

    #[test]
    fn copy_responses_agree_with_themselves() {
        let shape = copy_response(&one(b"H\0\0\0\x0b\x01\0\x02\0\x01\0\x01")).unwrap();
        assert_eq!(shape, CopyShape { binary: true, columns: 2 });
        assert!(copy_response(&one(b"H\0\0\0\x0b\x01\0\x02\0\x01\0\0")).is_err());
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = b"D\0\0\0\0".to_vec();
            bytes.extend_from_slice(&body);
            let frame: BackendFrame = own(Bytes::from(bytes)).unwrap();
            let _ = (row_description(&frame), data_row(&frame, &mut Vec::new()), command_complete(&frame));
            let _ = (ready(&frame), parameter_description(&frame), copy_response(&frame), report(&frame));
            let _ = (notification(&frame), parameter_status(&frame), key_data(&frame), negotiation(&frame));
            let _ = (function_result(&frame), authentication(&frame), is_fatal(&frame), sqlstate(&frame));
        }
    }
}
