//! Whether a document follows its format, and which form it has: what redaction must not change.

use std::fmt;

use blackbar_engine::operator::Operator;
use blackbar_engine::{Format, Rules};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The form of a valid document.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// UTF-8.
    Text,
    /// One JSON text.
    Json(Json),
    /// JSON texts, one a line; a blank line has none.
    Lines(Vec<Option<Json>>),
    /// Of each server-sent event with data its name, and its data if they are JSON.
    Events(Vec<(String, Option<Json>)>),
    /// The number of cells of each record.
    Table(u8, Vec<usize>),
    /// Of each segment its name and the numbers of components of its fields.
    Segments(Vec<(String, Vec<usize>)>),
}

/// The form of `doc`, if it is valid.
pub(crate) fn form(format: Format, doc: &[u8]) -> Option<Form> {
    let text = std::str::from_utf8(doc).ok()?;
    match format {
        Format::Text => Some(Form::Text),
        Format::Json => Json::read(doc).map(Form::Json),
        Format::Sse => Some(Form::Events(events(text))),
        Format::Ndjson | Format::Deltas => {
            let line =
                |line: &str| if line.trim().is_empty() { Some(None) } else { Json::read(line.as_bytes()).map(Some) };
            text.split('\n').map(line).collect::<Option<_>>().map(Form::Lines)
        }
        Format::Hl7 => segments(text).map(Form::Segments),
        // What these promise is read by their own parsers, over the corpus.
        Format::Xml | Format::X12 | Format::Copy | Format::Form | Format::Log | Format::Sql => None,
        Format::Delimited(delimiter) => {
            (is_strict_table(doc, delimiter)).then(|| Form::Table(delimiter, cells(doc, delimiter)))
        }
    }
}

impl Form {
    /// Panics unless `out`, made under `rules`, has this form.
    pub(crate) fn assert_kept(&self, out: &[u8], rules: &Rules) {
        let kept = match self {
            Self::Text => std::str::from_utf8(out).is_ok(),
            Self::Json(json) => {
                std::str::from_utf8(out).is_ok() && Json::read(out).is_some_and(|out| json.becomes(&out))
            }
            Self::Lines(lines) => match form(Format::Ndjson, out) {
                Some(Self::Lines(theirs)) => {
                    let same = |(ours, theirs): (&Option<Json>, &Option<Json>)| match (ours, theirs) {
                        (Some(ours), Some(theirs)) => ours.becomes(theirs),
                        (None, None) => true,
                        _ => false,
                    };
                    lines.len() == theirs.len() && lines.iter().zip(&theirs).all(same)
                }
                _ => false,
            },
            Self::Segments(ours) => std::str::from_utf8(out).is_ok_and(|out| segments(out).as_ref() == Some(ours)),
            Self::Events(events) => match form(Format::Sse, out) {
                Some(Self::Events(theirs)) => {
                    let same = |(ours, theirs): (&Option<Json>, &Option<Json>)| {
                        ours.as_ref().is_none_or(|ours| theirs.as_ref().is_some_and(|theirs| ours.becomes(theirs)))
                    };
                    events.len() == theirs.len()
                        && events.iter().zip(&theirs).all(|(ours, theirs)| same((&ours.1, &theirs.1)))
                }
                _ => false,
            },
            Self::Table(delimiter, records) => {
                // A record of one bare cell that is dropped becomes a blank line, which readers of tables skip.
                let counts = |cells: &usize| *cells > 1 || !drops(rules);
                let ours = records.iter().copied().filter(counts);
                ours.eq(cells(out, *delimiter).into_iter().filter(counts))
            }
        };
        assert!(kept, "form law: a valid document loses its form under {rules:?}, {}", rules.default);
    }
}

/// The events of a stream that have data, as its specification reads them.
fn events(text: &str) -> Vec<(String, Option<Json>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), None::<String>);
    for line in text.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => data = Some(value.to_owned()),
            },
            "event" => name = value.to_owned(),
            "" if line.is_empty() => {
                if let Some(data) = data.take() {
                    // Data without brackets or quotes are text, whatever they look like.
                    let is_json = data.trim_start().starts_with(['{', '[', '"']);
                    let json = is_json.then(|| Json::read(data.as_bytes())).flatten();
                    events.push((std::mem::take(&mut name), json));
                }
                name.clear();
            }
            _ => {}
        }
    }
    events
}

fn drops(rules: &Rules) -> bool {
    let operators =
        rules.kinds.iter().map(|(_, operator)| operator).chain(rules.fields.iter().map(|rule| &rule.operator));
    operators.chain([&rules.default]).any(|operator| *operator == Operator::Drop)
}

/// What counts of a JSON value: its nesting and the keys of its objects.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Json {
    /// A string, a number, a literal.
    Scalar,
    /// An array.
    Array(Vec<Json>),
    /// An object, in order.
    Object(Vec<(String, Json)>),
}

impl Json {
    fn read(text: &[u8]) -> Option<Self> {
        let mut parser = serde_json::Deserializer::from_slice(text);
        let json = Reader.deserialize(&mut parser).ok()?;
        parser.end().is_ok().then_some(json)
    }

    /// Same nesting, same numbers of things, and keys that differed still differ. A replaced key may meet one that
    /// was not replaced: nobody knows the keys to come.
    fn becomes(&self, out: &Self) -> bool {
        match (self, out) {
            (Self::Scalar, Self::Scalar) => true,
            (Self::Array(ours), Self::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.becomes(theirs))
            }
            (Self::Object(ours), Self::Object(theirs)) => {
                let same = |((_, ours), (_, theirs)): (&(String, Self), &(String, Self))| ours.becomes(theirs);
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(same) && keys_differ(ours, theirs)
            }
            _ => false,
        }
    }
}

fn keys_differ(ours: &[(String, Json)], theirs: &[(String, Json)]) -> bool {
    let pairs: Vec<(&String, &String)> = ours.iter().zip(theirs).map(|((was, _), (is, _))| (was, is)).collect();
    pairs.iter().enumerate().all(|(i, (was, is))| {
        let replaced = |was: &String, is: &String| was != is;
        !replaced(was, is) || pairs[..i].iter().all(|(other, now)| is != now || was == other || !replaced(other, now))
    })
}

#[derive(Clone, Copy)]
struct Reader;

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            object.push((key, entries.next_value_seed(self)?));
        }
        Ok(Json::Object(object))
    }
}

/// The segments of messages with the usual separators, if every line is one. Prose may hold any separators but that of
/// fields.
fn segments(text: &str) -> Option<Vec<(String, Vec<usize>)>> {
    let mut all = Vec::new();
    for line in text.split(['\r', '\n', '\u{b}', '\u{1c}']).filter(|line| !line.is_empty()) {
        let mut fields = line.split('|');
        let name = fields.next()?.to_owned();
        let header = name == "MSH" && line.starts_with("MSH|^~\\&|");
        let first = all.is_empty();
        let named = name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase());
        if !named || (first && !header) || (!header && matches!(&*name, "MSH" | "FHS" | "BHS")) {
            return None;
        }
        let prose = matches!(&*name, "NTE" | "OBX");
        let parts = fields.map(|field| if prose { 1 } else { field.split(['^', '~', '&']).count() }).collect();
        all.push((name, parts));
    }
    Some(all)
}

/// Quotes stand only around a whole cell, or doubled inside one: there is one way to read such a table.
fn is_strict_table(doc: &[u8], delimiter: u8) -> bool {
    let ends_cell = |at: usize| doc.get(at).is_none_or(|byte| *byte == delimiter || matches!(byte, b'\n' | b'\r'));
    let mut at = 0;
    while at < doc.len() {
        if doc[at] == b'"' {
            at += 1;
            loop {
                match (doc.get(at), doc.get(at + 1)) {
                    (None, _) => return false,
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), _) => break,
                    _ => at += 1,
                }
            }
            at += 1;
            if !ends_cell(at) {
                return false;
            }
        } else {
            while !ends_cell(at) {
                if doc[at] == b'"' {
                    return false;
                }
                at += 1;
            }
        }
        at += 1;
    }
    true
}

fn cells(doc: &[u8], delimiter: u8) -> Vec<usize> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(doc);
    // Reading from memory does not fail, and any number of cells is allowed.
    reader.byte_records().map(|record| record.map_or(0, |record| record.len())).collect()
}

#[cfg(test)]
mod tests {
    use blackbar_engine::testing::rules;

    use super::*;

    #[test]
    fn keys_that_merge_are_seen() {
        let object = |text: &str| Json::read(text.as_bytes()).unwrap();
        let was = object(r#"{"a":1,"b":[2,{}],"c":"x"}"#);
        assert!(was.becomes(&object(r#"{"[A]":"y","[A]#2":[null,{}],"c":0}"#)));
        assert!(!was.becomes(&object(r#"{"[A]":1,"[A]":[2,{}],"c":"x"}"#)));
        assert!(!was.becomes(&object(r#"{"a":1,"b":[2],"c":"x"}"#)));
        assert!(!was.becomes(&object(r#"{"a":1,"b":[2,[]],"c":"x"}"#)));
        assert!(Json::read(b"{\"a\":1,}").is_none() && Json::read(b"\"\\ud83d\"").is_none());
    }

    #[test]
    fn only_tables_with_one_reading_count() {
        for (table, strict) in [
            ("a,b\n1,\"x\"\"y\"\n", true),
            ("a,\"b\nc\",\r\n", true),
            ("a\"b,c", false),
            ("\"a\"b,c", false),
            ("\"a", false),
        ] {
            assert_eq!(is_strict_table(table.as_bytes(), b','), strict, "{table}");
        }
        assert_eq!(cells(b"a,b\n\"x,\n\",\n", b','), [2, 2]);
    }

    #[test]
    fn a_lost_line_is_seen() {
        let lines = form(Format::Ndjson, b"{\"a\":1}\n\n[2]\n").unwrap();
        lines.assert_kept(b"{\"b\":2}\n \n[3]\n", &rules());
        let lost = std::panic::catch_unwind(|| {
            form(Format::Ndjson, b"1\n2\n").unwrap().assert_kept(b"1 \n", &rules());
        });
        assert!(lost.is_err());
    }
}
