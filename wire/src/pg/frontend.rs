//! Messages of the client, read and written.

use std::fmt;

use bytes::Bytes;

use super::bytes::{Malformed, TooLong, Writer};
use super::frame::FrontendFrame;

/// Prepares a statement.
#[derive(Clone, Eq, PartialEq)]
pub struct Parse {
    /// The name; the unnamed statement has an empty one.
    pub name: Bytes,
    /// The text.
    pub text: Bytes,
    /// The types of parameters, as far as the client fixes them; 0 leaves one open.
    pub types: Vec<u32>,
}

/// Binds values to a statement.
#[derive(Clone, Eq, PartialEq)]
pub struct Bind {
    /// The name of the portal that is made.
    pub portal: Bytes,
    /// The name of the statement.
    pub statement: Bytes,
    /// The formats of the values: none for text, one for all, or one each.
    pub formats: Vec<i16>,
    /// The values.
    pub values: Vec<Option<Bytes>>,
    /// The formats of the result's columns, by the same rule.
    pub results: Vec<i16>,
}

/// A statement or a portal.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Thing {
    /// `S`
    Statement,
    /// `P`
    Portal,
}

/// Names a statement or a portal: in `Describe` and `Close`.
#[derive(Clone, Eq, PartialEq)]
pub struct Named {
    /// Which of them.
    pub thing: Thing,
    /// Its name.
    pub name: Bytes,
}

/// Runs a portal.
#[derive(Clone, Eq, PartialEq)]
pub struct Execute {
    /// The portal.
    pub portal: Bytes,
    /// The most rows to return; 0 for all.
    pub most: i32,
}

/// Calls a function by its OID.
#[derive(Clone, Eq, PartialEq)]
pub struct FunctionCall {
    /// The function.
    pub function: u32,
    /// The formats of the arguments: none for text, one for all, or one each.
    pub formats: Vec<i16>,
    /// The arguments.
    pub arguments: Vec<Option<Bytes>>,
    /// The format of the result.
    pub result: i16,
}

/// The first step of SASL.
#[derive(Clone, Eq, PartialEq)]
pub struct SaslInitial {
    /// The mechanism that the client chose.
    pub mechanism: Bytes,
    /// Its first message.
    pub data: Option<Bytes>,
}

impl Parse {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("Parse");
        let (name, text) = (reader.text()?, reader.text()?);
        let types = (0..reader.count(4)?).map(|_| reader.u32()).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { name, text, types })
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it is longer than the protocol can express, or a string has a NUL.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::with_capacity(b'P', self.text.len() + self.name.len() + 16);
        writer.text(&self.name).text(&self.text).count(self.types.len());
        for oid in &self.types {
            writer.u32(*oid);
        }
        writer.finish()
    }
}

impl Bind {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("Bind");
        let (portal, statement) = (reader.text()?, reader.text()?);
        let formats = (0..reader.count(2)?).map(|_| reader.i16()).collect::<Result<_, _>>()?;
        let values = (0..reader.count(4)?).map(|_| reader.value()).collect::<Result<_, _>>()?;
        let results = (0..reader.count(2)?).map(|_| reader.i16()).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { portal, statement, formats, values, results })
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it is longer than the protocol can express, or a string has a NUL.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::new(b'B');
        writer.text(&self.portal).text(&self.statement);
        formats(&mut writer, &self.formats);
        writer.count(self.values.len());
        for value in &self.values {
            writer.value(value.as_deref());
        }
        formats(&mut writer, &self.results);
        writer.finish()
    }
}

/// The format of position `at` in a list of formats: none for text, one for all, or one each.
#[must_use]
pub fn format_at(formats: &[i16], at: usize) -> Option<i16> {
    match formats {
        [] => Some(0),
        [all] => Some(*all),
        each => each.get(at).copied(),
    }
}

impl Named {
    /// Reads a `Describe` or a `Close`.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("Describe or Close");
        let thing = match reader.u8()? {
            b'S' => Thing::Statement,
            b'P' => Thing::Portal,
            _ => return reader.fail(),
        };
        let name = reader.text()?;
        reader.end()?;
        Ok(Self { thing, name })
    }

    /// Writes a `Describe`.
    ///
    /// # Errors
    ///
    /// When the name has a NUL.
    pub fn write_describe(&self) -> Result<Bytes, TooLong> {
        self.write(b'D')
    }

    /// Writes a `Close`.
    ///
    /// # Errors
    ///
    /// When the name has a NUL.
    pub fn write_close(&self) -> Result<Bytes, TooLong> {
        self.write(b'C')
    }

    fn write(&self, tag: u8) -> Result<Bytes, TooLong> {
        let mut writer = Writer::new(tag);
        writer.u8(if self.thing == Thing::Statement { b'S' } else { b'P' }).text(&self.name);
        writer.finish()
    }
}

impl Execute {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("Execute");
        let (portal, most) = (reader.text()?, reader.i32()?);
        reader.end()?;
        Ok(Self { portal, most })
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When the name has a NUL.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::new(b'E');
        writer.text(&self.portal).i32(self.most);
        writer.finish()
    }
}

impl FunctionCall {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("FunctionCall");
        let function = reader.u32()?;
        let formats = (0..reader.count(2)?).map(|_| reader.i16()).collect::<Result<_, _>>()?;
        let arguments = (0..reader.count(4)?).map(|_| reader.value()).collect::<Result<_, _>>()?;
        let result = reader.i16()?;
        reader.end()?;
        Ok(Self { function, formats, arguments, result })
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it is longer than the protocol can express.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::new(b'F');
        writer.u32(self.function);
        formats(&mut writer, &self.formats);
        writer.count(self.arguments.len());
        for value in &self.arguments {
            writer.value(value.as_deref());
        }
        writer.i16(self.result);
        writer.finish()
    }
}

impl SaslInitial {
    /// Reads it from a `Password` message that answers an offer of mechanisms.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar.
    pub fn read(frame: &FrontendFrame) -> Result<Self, Malformed> {
        let mut reader = frame.read("SASLInitialResponse");
        let mechanism = reader.text()?;
        let data = reader.value()?;
        reader.end()?;
        Ok(Self { mechanism, data })
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it is longer than the protocol can express.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::new(b'p');
        writer.text(&self.mechanism).value(self.data.as_deref());
        writer.finish()
    }
}

/// The text of a `Query`.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn read_query(frame: &FrontendFrame) -> Result<Bytes, Malformed> {
    one_text(frame, "Query")
}

/// The password of a `Password` message that answers a request for one.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn read_password(frame: &FrontendFrame) -> Result<Bytes, Malformed> {
    one_text(frame, "PasswordMessage")
}

/// The reason of a `CopyFail`.
///
/// # Errors
///
/// When the message does not follow its grammar.
pub fn read_copy_fail(frame: &FrontendFrame) -> Result<Bytes, Malformed> {
    one_text(frame, "CopyFail")
}

/// All of a `Password` message that is a later step of SASL, or of a `CopyData`.
#[must_use]
pub fn read_data(frame: &FrontendFrame) -> Bytes {
    frame.read("data").rest()
}

/// A `Query`.
///
/// # Errors
///
/// When it is longer than the protocol can express, or has a NUL.
pub fn write_query(text: &[u8]) -> Result<Bytes, TooLong> {
    let mut writer = Writer::with_capacity(b'Q', text.len() + 6);
    writer.text(text);
    writer.finish()
}

/// A `PasswordMessage`.
///
/// # Errors
///
/// When it has a NUL.
pub fn write_password(password: &[u8]) -> Result<Bytes, TooLong> {
    let mut writer = Writer::new(b'p');
    writer.text(password);
    writer.finish()
}

/// A later step of SASL.
///
/// # Errors
///
/// When it is longer than the protocol can express.
pub fn write_sasl(data: &[u8]) -> Result<Bytes, TooLong> {
    let mut writer = Writer::new(b'p');
    writer.bytes(data);
    writer.finish()
}

/// A `CopyData` for the server.
///
/// # Errors
///
/// When it is longer than the protocol can express.
pub fn write_copy_data(data: &[u8]) -> Result<Bytes, TooLong> {
    let mut writer = Writer::with_capacity(b'd', data.len() + 5);
    writer.bytes(data);
    writer.finish()
}

/// A `CopyFail`.
///
/// # Errors
///
/// When the reason has a NUL.
pub fn write_copy_fail(reason: &[u8]) -> Result<Bytes, TooLong> {
    let mut writer = Writer::new(b'f');
    writer.text(reason);
    writer.finish()
}

/// `Sync`
pub const SYNC: Bytes = Bytes::from_static(b"S\0\0\0\x04");
/// `Flush`
pub const FLUSH: Bytes = Bytes::from_static(b"H\0\0\0\x04");
/// `Terminate`
pub const TERMINATE: Bytes = Bytes::from_static(b"X\0\0\0\x04");
/// `CopyDone`
pub const COPY_DONE: Bytes = Bytes::from_static(b"c\0\0\0\x04");

fn one_text(frame: &FrontendFrame, what: &'static str) -> Result<Bytes, Malformed> {
    let mut reader = frame.read(what);
    let text = reader.text()?;
    reader.end()?;
    Ok(text)
}

fn formats(writer: &mut Writer, formats: &[i16]) {
    writer.count(formats.len());
    for format in formats {
        writer.i16(*format);
    }
}

impl fmt::Debug for Parse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parse({} bytes, {} types)", self.text.len(), self.types.len())
    }
}

impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bind({} values)", self.values.len())
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Named({:?})", self.thing)
    }
}

impl fmt::Debug for Execute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Execute(at most {})", self.most)
    }
}

impl fmt::Debug for FunctionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FunctionCall({}, {} arguments)", self.function, self.arguments.len())
    }
}

impl fmt::Debug for SaslInitial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaslInitial({} bytes)", self.data.as_ref().map_or(0, Bytes::len))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pg::frame::{frames, own};

    fn name() -> impl Strategy<Value = Bytes> {
        proptest::collection::vec(1u8..=255, 0..8).prop_map(Bytes::from)
    }

    fn values() -> impl Strategy<Value = Vec<Option<Bytes>>> {
        let value = proptest::collection::vec(any::<u8>(), 0..8).prop_map(Bytes::from);
        proptest::collection::vec(proptest::option::of(value), 0..5)
    }

    fn one(bytes: &Bytes) -> FrontendFrame {
        frames(bytes).pop().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (name, text, types) in (name(), name(), proptest::collection::vec(any::<u32>(), 0..4)),
            values in values(),
            formats in proptest::collection::vec(0i16..2, 0..4),
            number in any::<i32>(),
        ) {
            let parse = Parse { name: name.clone(), text: text.clone(), types };
            prop_assert_eq!(Parse::read(&one(&parse.write().unwrap())).unwrap(), parse);
            let bind = Bind {
                portal: name.clone(), statement: text.clone(),
                formats: formats.clone(), values: values.clone(), results: formats.clone(),
            };
            prop_assert_eq!(Bind::read(&one(&bind.write().unwrap())).unwrap(), bind);
            let named = Named { thing: Thing::Portal, name: name.clone() };
            prop_assert_eq!(Named::read(&one(&named.write_describe().unwrap())).unwrap(), named.clone());
            prop_assert_eq!(Named::read(&one(&named.write_close().unwrap())).unwrap(), named);
            let execute = Execute { portal: name.clone(), most: number };
            prop_assert_eq!(Execute::read(&one(&execute.write().unwrap())).unwrap(), execute);
            let call = FunctionCall { function: 7, formats, arguments: values, result: 1 };
            prop_assert_eq!(FunctionCall::read(&one(&call.write().unwrap())).unwrap(), call);
            let sasl = SaslInitial { mechanism: name.clone(), data: Some(text.clone()) };
            prop_assert_eq!(SaslInitial::read(&one(&sasl.write().unwrap())).unwrap(), sasl);
            prop_assert_eq!(read_query(&one(&write_query(&text).unwrap())).unwrap(), text.clone());
            prop_assert_eq!(read_password(&one(&write_password(&text).unwrap())).unwrap(), text.clone());
            prop_assert_eq!(read_data(&one(&write_copy_data(&text).unwrap())), text);
        }

        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..40)) {
            for tag in *b"BCDEFPQfp" {
                let mut bytes = vec![tag, 0, 0, 0, 0];
                bytes.extend_from_slice(&body);
                let frame: FrontendFrame = own(Bytes::from(bytes)).unwrap();
                let _ = (Parse::read(&frame), Bind::read(&frame), Named::read(&frame), Execute::read(&frame));
                let _ = (FunctionCall::read(&frame), SaslInitial::read(&frame), read_query(&frame));
            }
        }
    }

    #[test]
    fn a_nul_inside_a_string_is_never_written() {
        assert!(write_query(b"SELECT 1\0DROP").is_err());
    }
}
