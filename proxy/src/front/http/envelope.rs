//! Messages of JSON-RPC, as far as policy has to know them: calls of tools, with the names of their arguments.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Watches a JSON text for calls, whatever stands around them.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// The containers that are open: an object, or not.
    open: Vec<bool>,
    string: Option<Vec<u8>>,
    escaped: bool,
    /// The next string of this container is a key.
    key: bool,
    /// The value of `method` comes next, in what may be a message.
    method: bool,
    /// So many times a message says that it calls a tool.
    calls: usize,
    /// Something says that it is such a message.
    rpc: bool,
}

/// A message that calls a tool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Call {
    pub(super) id: Value,
    pub(super) tool: String,
    pub(super) arguments: BTreeSet<String>,
}

/// The text can be read in more than one way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ambiguous;

/// Longer strings are no method: each character may be spelt by six bytes.
const LONGEST: usize = 96;
/// Nesting beyond this is no message's.
const DEEPEST: usize = 512;

impl Envelope {
    /// Reads on.
    pub(super) fn read(&mut self, text: &[u8]) -> &Self {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            at += 1;
            if let Some(string) = &mut self.string {
                if std::mem::take(&mut self.escaped) {
                    string.push(byte);
                } else if byte == b'"' {
                    let string = self.string.take().unwrap_or_default();
                    self.ended(&string);
                } else {
                    self.escaped = byte == b'\\';
                    let room = LONGEST.saturating_sub(string.len());
                    if room > 0 {
                        string.push(byte);
                    } else if !self.escaped {
                        let rest = text.get(at..).unwrap_or_default();
                        at += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.string = Some(Vec::new()),
                b'{' | b'[' if self.open.len() < DEEPEST => {
                    self.open.push(byte == b'{');
                    (self.key, self.method) = (byte == b'{', false);
                }
                b'}' | b']' => {
                    self.open.pop();
                    (self.key, self.method) = (false, false);
                }
                b',' => (self.key, self.method) = (self.open.last() == Some(&true), false),
                b':' => self.key = false,
                _ => {}
            }
        }
        self
    }

    /// Whether a tool is called, or may be.
    pub(super) const fn is_call(&self) -> bool {
        self.calls > 0
    }

    /// Whether it is JSON-RPC.
    pub(super) const fn is_rpc(&self) -> bool {
        self.rpc
    }

    fn ended(&mut self, string: &[u8]) {
        // A message, or one of several.
        let is_message = matches!(self.open.as_slice(), [true] | [false, true]);
        if !is_message || string.len() >= LONGEST {
            return;
        }
        let is = |word: &str| {
            let quoted = [b"\"", string, b"\""].concat();
            serde_json::from_slice::<String>(&quoted).is_ok_and(|text| text == word)
        };
        if self.key {
            self.method = is("method");
            self.rpc |= is("jsonrpc");
        } else if std::mem::take(&mut self.method) && is("tools/call") {
            self.calls += 1;
        }
    }
}

/// The calls of a text that is all there.
pub(super) fn calls(text: &[u8]) -> Result<Vec<Call>, Ambiguous> {
    let mut envelope = Envelope::default();
    if !envelope.read(text).is_call() {
        return Ok(Vec::new());
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict.deserialize(&mut reader).map_err(|_| Ambiguous)?;
    reader.end().map_err(|_| Ambiguous)?;
    let messages = match value {
        Value::Array(messages) => messages,
        message => vec![message],
    };
    let calls = messages.iter().filter(|message| message["method"] == "tools/call").map(call);
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    if calls.len() == envelope.calls { Ok(calls) } else { Err(Ambiguous) }
}

fn call(message: &Value) -> Result<Call, Ambiguous> {
    let params = message.get("params").and_then(Value::as_object).ok_or(Ambiguous)?;
    let tool = params.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()).ok_or(Ambiguous)?;
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(arguments) => arguments.as_object().ok_or(Ambiguous)?.keys().cloned().collect(),
    };
    let id = message.get("id").filter(|id| id.is_string() || id.is_number()).cloned().unwrap_or(Value::Null);
    Ok(Call { id, tool: tool.to_owned(), arguments })
}

/// The answer to calls that were not made: a result of each that says why, as tools say that they failed.
pub(super) fn not_made(calls: &[Call], batch: bool, why: &str, approval: Option<&str>) -> Vec<u8> {
    let answers: Vec<Value> = calls
        .iter()
        .map(|call| {
            let mut result = serde_json::json!({ "content": [{ "type": "text", "text": why }], "isError": true });
            if let Some(approval) = approval {
                result["_meta"] = serde_json::json!({ "blackbar/approval_id": approval });
            }
            serde_json::json!({ "jsonrpc": "2.0", "id": call.id, "result": result })
        })
        .collect();
    match answers.as_slice() {
        [one] if !batch => one.to_string(),
        all => Value::from(all.to_vec()).to_string(),
    }
    .into_bytes()
}

/// Whether the text is a list of messages.
pub(super) fn is_batch(text: &[u8]) -> bool {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start().starts_with(b"[")
}

/// JSON in which no object names a member twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_however_they_are_spelt_and_cut() {
        for (text, tools) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1}}}"#, &["a"][..]),
            (r#"{"params":{"name":"a"},"\u006dethod":"tools\/call","id":"z"}"#, &["a"]),
            (
                r#" [{"method":"ping"},{"method":"tools/call","params":{"name":"b"}},{"method":"tools/call","params":{"name":"c"}}]"#,
                &["b", "c"],
            ),
            (r#"{"method":"tools/list"}"#, &[]),
            (r#"{"params":{"method":"tools/call"}}"#, &[]),
            (r#"{"text":"\"method\":\"tools/call\""}"#, &[]),
            (r#"{"x":"tools/call","method":"ping"}"#, &[]),
        ] {
            let found = calls(text.as_bytes()).unwrap();
            assert_eq!(found.iter().map(|call| call.tool.as_str()).collect::<Vec<_>>(), tools, "{text}");
            for step in 1..text.len() {
                let mut envelope = Envelope::default();
                text.as_bytes().chunks(step).for_each(|piece| _ = envelope.read(piece));
                assert_eq!(envelope.is_call(), !tools.is_empty(), "{text} in steps of {step}");
            }
        }
    }

    #[test]
    fn what_can_be_read_twice_is_not_taken() {
        for text in [
            r#"{"method":"ping","method":"tools/call","params":{"name":"a"}}"#,
            r#"{"method":"tools/call","method":"ping","params":{"name":"a"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"}} {"method":"ping"}"#,
            r#"{"method":"tools/call","params":["a"]}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":"tools/call","params":{"name":7}}"#,
            r#"{"method":"tools/call","params":{"name":"a"}"#,
        ] {
            assert_eq!(calls(text.as_bytes()), Err(Ambiguous), "{text}");
        }
    }

    #[test]
    fn calls_that_were_not_made_have_failed() {
        let calls = calls(br#"{"id":7,"method":"tools/call","params":{"name":"a"}}"#).unwrap();
        let answer: Value = serde_json::from_slice(&not_made(&calls, false, "held", Some("ap-1"))).unwrap();
        assert_eq!(answer["id"], 7);
        assert_eq!(answer["result"]["isError"], true);
        assert_eq!(answer["result"]["_meta"]["blackbar/approval_id"], "ap-1");
        let answer: Value = serde_json::from_slice(&not_made(&calls, true, "held", None)).unwrap();
        assert!(answer.is_array());
    }
}
