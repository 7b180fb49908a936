//! Canonical JSON (RFC 8785) without floating point: the one way to write a value.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// The largest integer that every JSON reader keeps exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A value of a leaf: strings, whole numbers, truth values, lists and objects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Json {
    /// A text.
    Text(String),
    /// A whole number, at most 2^53 - 1.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// Values in order.
    List(Vec<Self>),
    /// Values by name. Names are ASCII, so the order of bytes is the order that the RFC asks for.
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// The text, when it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, when it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The values, when it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(values) = self { Some(values) } else { None }
    }

    /// The value of a name, when it is an object that has it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        if let Self::Object(fields) = self { fields.get(name) } else { None }
    }

    /// Writes the value in its one canonical form.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => write_text(text, out),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Reads a value, and refuses every form of it but the canonical one.
    pub(crate) fn parse_canonical(bytes: &[u8]) -> Result<Self> {
        let malformed = || Error::corrupt("a leaf is not canonical JSON");
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| malformed())?;
        let value = Self::from_serde(value).ok_or_else(malformed)?;
        let mut again = String::with_capacity(bytes.len());
        value.write(&mut again);
        if again.as_bytes() == bytes { Ok(value) } else { Err(malformed()) }
    }

    fn from_serde(value: serde_json::Value) -> Option<Self> {
        Some(match value {
            serde_json::Value::Bool(flag) => Self::Flag(flag),
            serde_json::Value::Number(number) => Self::Number(number.as_u64().filter(|number| *number <= MAX_INTEGER)?),
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(values) => {
                Self::List(values.into_iter().map(Self::from_serde).collect::<Option<_>>()?)
            }
            serde_json::Value::Object(fields) => {
                let field =
                    |(name, value): (String, _)| name.is_ascii().then(|| Some((name, Self::from_serde(value)?)))?;
                Self::Object(fields.into_iter().map(field).collect::<Option<_>>()?)
            }
            serde_json::Value::Null => return None,
        })
    }
}

/// Writes a text with its quotes.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    // Most texts need no escape.
    if !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        for text in
            [r#"{"a":[1,true,"x"],"b":{}}"#, r#""\b\t\n\f\r\"\\\u001f/é""#, "9007199254740991", "\"\u{1f600}\u{7f}\""]
        {
            let mut again = String::new();
            Json::parse_canonical(text.as_bytes()).unwrap().write(&mut again);
            assert_eq!(again, text);
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a": 1}"#,
            "1.0",
            "1e3",
            "-1",
            "9007199254740992",
            "null",
            r#""\u0041""#,
            r#""\u001F""#,
            r#""\/""#,
            "{\"é\":1}",
            "[1,]",
            "",
            " 1",
        ] {
            assert!(Json::parse_canonical(text.as_bytes()).is_err(), "{text}");
        }
    }
}
