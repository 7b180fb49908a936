//! Which lens reads an input, judged by its first bytes.

use std::fmt;

use super::{Format, log, x12};

/// So many bytes are looked at, or all when there are fewer.
pub const SNIFF: usize = 4096;

/// What the first bytes look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sniffed {
    /// A lens can read it.
    Format(Format),
    /// UTF-16 with a byte order mark: to be decoded first.
    Utf16 {
        /// Most significant byte first.
        big_endian: bool,
    },
    /// No lens can look into it.
    Unreadable(Unreadable),
}

/// Why an input cannot be inspected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unreadable(&'static str);

impl Unreadable {
    /// For content that turns out to be binary later on.
    pub const BINARY: Self = Self("binary data (it holds NUL bytes)");

    /// Whether it is known what it is.
    pub(crate) fn is_named(self) -> bool {
        self != Self::BINARY
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Formats that only look like bytes from here, by how they begin.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"BM", ""),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"RIFF", ""),
    (b"PAR1", "a Parquet file"),
    (b"ORC", ""),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", ""),
    (b"{\\rtf", "a rich text document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\xca\xfe\xba\xbe", "a program"),
];

/// Judges the first bytes of an input. `complete` says that they are all of it.
#[must_use]
pub fn sniff(head: &[u8], complete: bool) -> Sniffed {
    let head = head.get(..SNIFF).unwrap_or(head);
    let complete = complete && head.len() < SNIFF;
    match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Sniffed::Unreadable(Unreadable("UTF-32 text")),
        [0xff, 0xfe, ..] => return Sniffed::Utf16 { big_endian: false },
        [0xfe, 0xff, ..] => return Sniffed::Utf16 { big_endian: true },
        _ => {}
    }
    let known = MAGIC.iter().find(|(magic, what)| !what.is_empty() && head.starts_with(magic));
    if let Some((_, what)) = known {
        return Sniffed::Unreadable(Unreadable(what));
    }
    if head.get(128..132) == Some(b"DICM") {
        return Sniffed::Unreadable(Unreadable("a DICOM object"));
    }
    if memchr::memchr(0, head).is_some() {
        return Sniffed::Unreadable(Unreadable::BINARY);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let format = messages(text)
        .or_else(|| interchange(text))
        .or_else(|| markup(text))
        .or_else(|| events(text))
        .or_else(|| json(text))
        .or_else(|| log::looks_like_sql(text).then_some(Format::Sql))
        .or_else(|| log::looks_like(text, complete).then_some(Format::Log))
        .or_else(|| form(text, complete))
        .or_else(|| table(text, complete));
    Sniffed::Format(format.unwrap_or(Format::Text))
}

/// A header of HL7 version 2, in a frame or bare: its name, and separators that differ.
pub(super) fn messages(text: &[u8]) -> Option<Format> {
    let text = text.strip_prefix(b"\x0b").unwrap_or(text).trim_ascii_start();
    let named = [b"MSH", b"FHS", b"BHS"].iter().any(|name| text.starts_with(*name));
    let [field, rest @ ..] = text.get(3..)? else { return None };
    let signs = rest.split(|byte| byte == field).next().unwrap_or_default();
    let differ = |i: usize| signs.iter().skip(i + 1).all(|other| signs.get(i) != Some(other));
    let fit =
        (1..=5).contains(&signs.len()) && signs.iter().all(u8::is_ascii_punctuation) && (0..signs.len()).all(differ);
    (named && field.is_ascii_punctuation() && fit && rest.len() > signs.len()).then_some(Format::Hl7)
}

/// A header of X12; or a transaction without one.
pub(super) fn interchange(text: &[u8]) -> Option<Format> {
    let text = text.trim_ascii_start();
    let whole = |len: usize| matches!(text.get(..len).map(x12::header), Some(x12::Header::Whole(..)));
    let header =
        text.starts_with(b"ISA") && text.get(3).is_some_and(|byte| x12::is_sign(*byte)) && (4..=x12::HEADER).any(whole);
    let transaction = text.starts_with(b"ST*") && text.iter().take(40).any(|byte| *byte == b'~');
    (header || transaction).then_some(Format::X12)
}

/// A declaration of XML or of HTML, or a first element that goes on as one does.
fn markup(text: &[u8]) -> Option<Format> {
    let text = text.trim_ascii_start();
    let [b'<', rest @ ..] = text else { return None };
    let lower = rest.get(..16).unwrap_or(rest).to_ascii_lowercase();
    let declared = [&b"?xml"[..], b"!doctype", b"html", b"!--"].iter().any(|start| lower.starts_with(start));
    let first = rest.split(|byte| *byte == b'>').next().unwrap_or_default();
    let name = first.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default();
    let named = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(byte));
    // An element that declares a namespace, or one with an end, or with several others behind it.
    let tagged = named && first.len() < rest.len() && {
        let end = [b"</", name, b">"].concat();
        let space = first.windows(5).any(|five| five == b"xmlns");
        space || memchr::memmem::find(rest, &end).is_some() || rest.iter().filter(|byte| **byte == b'<').count() > 4
    };
    (declared || tagged).then_some(Format::Xml)
}

/// Pairs on one line without a blank: at least two, whose names are words.
fn form(text: &[u8], complete: bool) -> Option<Format> {
    let text = text.trim_ascii_end();
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-%[]+".contains(byte);
    let pair = |pair: &[u8]| {
        let at = pair.iter().position(|byte| *byte == b'=');
        at.is_some_and(|at| at > 0 && pair.iter().take(at).all(in_name))
    };
    let line = text.iter().all(u8::is_ascii_graphic);
    let pairs = text.split(|byte| *byte == b'&');
    let all = pairs.clone().enumerate().all(|(i, one)| pair(one) || (!complete && i > 2));
    (line && pairs.count() > 1 && all).then_some(Format::Form)
}

/// Server-sent events: every line is a field, and the first that is no comment is one that events begin with. Or lines in
/// which a model's answer is streamed.
fn events(text: &[u8]) -> Option<Format> {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or(text);
    let has = |name: &str| memchr::memmem::find(line, name.as_bytes()).is_some();
    let answers = has("\"response\":\"") || has("\"message\":{\"role\":");
    if line.len() < text.len() && line.starts_with(b"{\"model\":\"") && answers && has("\"done\":") {
        return Some(Format::Deltas);
    }
    let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    let mut lines = text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty()).peekable();
    let mut data = false;
    while let Some(line) = lines.next() {
        // The last line that is seen may be cut.
        let cut = lines.peek().is_none() && fields.iter().any(|field| field.starts_with(line));
        let field = fields.iter().position(|field| line.starts_with(field));
        if !cut && field.is_none() {
            return None;
        }
        data |= field == Some(0);
    }
    data.then_some(Format::Sse)
}

/// A value in brackets that goes on as JSON does.
fn json(text: &[u8]) -> Option<Format> {
    let text = text.trim_ascii_start();
    let (first, rest) = text.split_first()?;
    let next = rest.trim_ascii_start().first();
    match (first, next) {
        (b'{', Some(b'"' | b'}')) => {}
        (b'[', Some(b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) if is_array(rest) => {}
        _ => return None,
    }
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or(text);
    let whole_line = line.len() < text.len();
    let ended = matches!(line.trim_ascii_end().last(), Some(b'}' | b']'));
    // A first line that is one object, or is longer than what is seen, is a record of its own. Printed prettily, an
    // object breaks its first line after the bracket.
    let records = *first == b'{' && balanced(line) && whole_line && ended;
    Some(if records || (*first == b'{' && !whole_line && text.len() + 8 >= SNIFF) {
        Format::Ndjson
    } else {
        Format::Json
    })
}

/// Tells an array from a log line such as `[12:00:03] started` or `[info] …`.
fn is_array(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    match rest.first() {
        Some(b'{' | b'[' | b'"') => true,
        Some(b']') => rest.get(1..).is_some_and(|rest| rest.trim_ascii().is_empty()),
        _ => {
            let end = rest.iter().position(|byte| matches!(byte, b',' | b']'));
            let item = end.and_then(|end| rest.get(..end)).unwrap_or_default().trim_ascii();
            let number =
                item.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'e' | b'E' | b'+'));
            matches!(item, b"true" | b"false" | b"null") || (number && !item.is_empty())
        }
    }
}

fn balanced(line: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0i32, false, false);
    for &byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && !quoted
}

/// Lines that all have the same number of delimiters, at least one. Prose with a comma here and there has not.
fn table(text: &[u8], complete: bool) -> Option<Format> {
    [b'\t', b',', b'|', b';'].into_iter().find(|&delimiter| is_table(text, delimiter, complete)).map(Format::Delimited)
}

fn is_table(text: &[u8], delimiter: u8, complete: bool) -> bool {
    let text = text.trim_ascii_start();
    is_table_from_here(text, delimiter, complete) || has_titles(text, delimiter, complete)
}

/// Whether a table with names of columns follows a few short lines that are narrower than it.
fn has_titles(text: &[u8], delimiter: u8, complete: bool) -> bool {
    const MOST_TITLES: usize = 6;
    const LONGEST_TITLE: usize = 80;
    let mut rest = text;
    let mut widest = 0;
    for _ in 0..MOST_TITLES {
        let Some(len) = memchr::memchr(b'\n', rest) else { return false };
        let (title, behind) = rest.split_at(len);
        if title.len() > LONGEST_TITLE {
            return false;
        }
        let count = |line: &[u8]| line.iter().filter(|byte| **byte == delimiter).count();
        widest = widest.max(count(title));
        rest = behind.get(1..).unwrap_or_default();
        let head = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        if names_columns(head, delimiter) >= 2 && count(head) >= widest.max(1) {
            let rows = rows(rest, delimiter, complete);
            let width = rows.first().map_or(0, |row| row.delimiters);
            return rows.len() >= 3 && rows.iter().all(|row| row.delimiters == width);
        }
    }
    false
}

fn is_table_from_here(text: &[u8], delimiter: u8, complete: bool) -> bool {
    let rows = rows(text, delimiter, complete);
    let first = rows.first().copied().unwrap_or_default();
    let even = rows.iter().all(|row| row.delimiters == first.delimiters);
    let few = if delimiter == b'\t' { 1 } else { 2 };
    let head = text.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty()).unwrap_or_default();
    let named = names_columns(head, delimiter);
    // Names of columns tell a table even when rows have stray delimiters, or no row ends in what is seen.
    let filled = || rows.iter().all(|row| row.delimiters > 0 || row.longest == 0);
    if named >= 3 || (named == 2 && rows.len() >= 2 && (even || filled())) {
        return true;
    }
    // Most rows of one width: the others are ragged.
    let cut = usize::from(complete && !matches!(text.last(), Some(b'\n' | b'\r')));
    let usual = rows.iter().filter(|row| row.delimiters == first.delimiters).count() + cut;
    let close = rows.iter().filter(|row| row.spaced * 2 <= row.delimiters).count() * 5 >= rows.len() * 4;
    let mostly = first.delimiters >= 3 && rows.len() >= 3 && usual * 5 >= rows.len() * 4 && close;
    if first.delimiters == 0 || !(even || mostly) {
        return false;
    }
    // A first row that is short of prose: its cells hold no sentences. Many cells in every row are no accident either.
    let plausible = first.longest <= 64 || (first.delimiters >= 6 && rows.len() >= 2);
    let enough = rows.len() >= 2 || (complete && first.delimiters >= 4);
    let wide = first.delimiters >= few || rows.len() >= 3;
    plausible && enough && wide
}

#[derive(Clone, Copy, Default)]
struct Row {
    delimiters: usize,
    /// Those of them with a blank behind, as in prose.
    spaced: usize,
    longest: usize,
}

/// The whole rows of `text`, without empty ones at the end.
fn rows(text: &[u8], delimiter: u8, complete: bool) -> Vec<Row> {
    rows_by(text, delimiter, complete, true).unwrap_or_else(|| {
        // A quote that is never closed is none.
        rows_by(text, delimiter, complete, false).unwrap_or_default()
    })
}

/// The same. Nothing when the quotes of a whole text do not pair.
fn rows_by(text: &[u8], delimiter: u8, complete: bool, quotes: bool) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    let (mut row, mut quoted, mut at_start, mut cell) = (Row::default(), false, true, 0usize);
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // A doubled quote stands for one.
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => cell += 1,
            b'"' if quotes && (quoted || at_start) => (quoted, at_start) = (!quoted, false),
            b'\n' | b'\r' if !quoted => {
                if byte == b'\r' {
                    bytes.next_if_eq(&b'\n');
                }
                rows.push(std::mem::take(&mut row));
                (cell, at_start) = (0, true);
            }
            _ if byte == delimiter && !quoted => {
                row.delimiters += 1;
                row.spaced += usize::from(bytes.peek() == Some(&b' '));
                (cell, at_start) = (0, true);
            }
            _ => {
                at_start = false;
                cell += 1;
                row.longest = row.longest.max(cell);
            }
        }
    }
    if complete && quoted {
        return None;
    }
    if complete && (row.delimiters > 0 || row.longest > 0) {
        rows.push(row);
    }
    while rows.last().is_some_and(|row| row.delimiters == 0 && row.longest == 0) {
        rows.pop();
    }
    Some(rows)
}

/// How many columns a first line names: short cells of word characters, with no blank behind a delimiter, as there is in
/// prose. 0 when it is no such line.
pub(super) fn names_columns(line: &[u8], delimiter: u8) -> usize {
    let cells = line.split(|&byte| byte == delimiter);
    let is_name = |cell: &[u8]| {
        let quoted = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\""));
        let name = quoted.unwrap_or(cell);
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_ .-/#()".contains(byte);
        name.len() <= 40
            && name.first().is_none_or(u8::is_ascii_alphabetic)
            && name.iter().all(plain)
            && name.split(|&byte| byte == b' ').count() <= 4
    };
    let named = cells.clone().filter(|cell| !cell.is_empty()).count();
    if cells.clone().all(is_name) { named } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &[u8]) -> Option<Format> {
        match sniff(text, true) {
            Sniffed::Format(format) => Some(format),
            _ => None,
        }
    }

    #[test]
    fn json_is_told_from_what_only_begins_like_it() {
        assert_eq!(format(b"{\"a\": 1}\n{\"a\": 2}\n"), Some(Format::Ndjson));
        assert_eq!(format(b"{\"a\": 1}"), Some(Format::Json));
        assert_eq!(format(b"{\n  \"a\": 1\n}\n"), Some(Format::Json));
        assert_eq!(format(b"[1, 2]"), Some(Format::Json));
        assert_eq!(format(b"[12:00:03] started"), Some(Format::Text));
        assert_eq!(format(b"2024-01-05T10:11:12Z INFO {\"a\":1}\n"), Some(Format::Log));
        assert_eq!(format(b"[info] \"quoted\""), Some(Format::Text));
        assert_eq!(format(b"{{template}}"), Some(Format::Text));
    }

    #[test]
    fn messages_are_known_by_their_header() {
        assert_eq!(format(b"MSH|^~\\&|A|B\rPID|1\r"), Some(Format::Hl7));
        assert_eq!(format(b"\x0bMSH|^~\\&|A|B\r\x1c\r"), Some(Format::Hl7));
        assert_eq!(format(b"FHS#*@!%#A\n"), Some(Format::Hl7));
        assert_eq!(format(b"MSH and so on, and so forth"), Some(Format::Text));
        assert_eq!(format(b"MSH - the header - is a segment"), Some(Format::Text));
    }

    #[test]
    fn markup_and_interchanges_are_known_by_how_they_begin() {
        assert_eq!(format(b"<?xml version='1.0'?><a/>"), Some(Format::Xml));
        assert_eq!(format(b"<!DOCTYPE html><p>"), Some(Format::Xml));
        assert_eq!(format(b"<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id/>"), Some(Format::Xml));
        assert_eq!(format(b"<note>hello</note>"), Some(Format::Xml));
        assert_eq!(format(b"<jane@example.org> wrote"), Some(Format::Text));
        assert_eq!(format(b"<3 you"), Some(Format::Text));
        assert_eq!(format(b"name=Jane+Doe&ssn=219-09-9999\n"), Some(Format::Form));
        assert_eq!(format(b"https://a.example/?a=b&c=d"), Some(Format::Text));
        assert_eq!(format(b"a=b"), Some(Format::Text));
        let (ten, fifteen) = (" ".repeat(10), " ".repeat(15));
        let who = format!("*00*{ten}*00*{ten}*ZZ*{fifteen}*ZZ*{fifteen}");
        let header = format!("ISA{who}*240101*1253*^*00501*000000905*1*T*:~GS*");
        assert_eq!(format(header.as_bytes()), Some(Format::X12));
        let bare = b"ISA*00**00**ZZ*SUBM*ZZ*RCVR*240318*1412*^*00501*1*0*P*:~GS*HC*S*R~";
        assert_eq!(format(bare), Some(Format::X12));
        assert_eq!(format(&bare.map(|byte| if byte == b'*' { 0x1d } else { byte })), Some(Format::X12));
        assert_eq!(format(b"ISA is a header"), Some(Format::Text));
    }

    #[test]
    fn events_are_told_by_their_fields() {
        assert_eq!(format(b"data: {\"a\":1}\n\ndata: [DONE]\n\n"), Some(Format::Sse));
        assert_eq!(format(b": hi\r\nevent: x\r\nid: 4\r\ndata: y\r\n\r\n"), Some(Format::Sse));
        assert_eq!(format(b"data: see below\nPatient: John\n"), Some(Format::Text));
        assert_eq!(format(b"id: 4\nname: John\n"), Some(Format::Text));
        let answer = b"{\"model\":\"m\",\"created_at\":\"x\",\"response\":\"He\",\"done\":false}\n{\"model\":\"m\"}\n";
        assert_eq!(format(answer), Some(Format::Deltas));
    }

    #[test]
    fn tables_are_told_from_prose() {
        assert_eq!(format(b"name,ssn,dob\na,b,c\n"), Some(Format::CSV));
        assert_eq!(format(b"name\tssn\na\tb\n"), Some(Format::TSV));
        assert_eq!(format(b"Seen by Smith, John.\nHe said, well, no.\n"), Some(Format::Text));
        assert_eq!(format(b"Dear Mr. Smith,\n\nthank you, and regards,\n"), Some(Format::Text));
        assert_eq!(format(b"Smith, John\n"), Some(Format::Text));
        let note = "He came in with pain in the left knee for a week, and it has not got better since, she says.";
        let wide =
            format!("mrn,name,dob,visit_note\n1,A,1990-01-01,\"{note}\n{note}\"\n2,B,1991-01-01,{}", "x".repeat(9000));
        assert_eq!(format(wide.as_bytes()), Some(Format::CSV));
        let bare = format!("1,2,3,4,5,6,7,{note}\n").replace("pain in the left knee for a week,", "").repeat(2);
        assert_eq!(format(bare.replace(", and", " and").replace("since, ", "").as_bytes()), Some(Format::CSV));
        assert_eq!(format(b"ssn,phone\r\n219099123,4155550199\r\n"), Some(Format::CSV));
        assert_eq!(format(b"id,ssn,phone\r1,219099123,4155550199\r"), Some(Format::CSV));
        assert_eq!(format(b"id,ssn,note\n1,219099123,a\n2,219456789,b, c\n\nTotal 2 rows\n"), Some(Format::CSV));
        assert_eq!(format(b"ssn,last_name\n531482096,Oyelaran,x\n531482097,Adeyemi\n"), Some(Format::CSV));
        assert_eq!(format(b"ssn,last_name\n\"531482096,Oyelaran\n531482097,Adeyemi\n"), Some(Format::CSV));
        let ragged = "1,a b,2,x\n2,\"c, d\",3,y\n3,e,4\n4,f,5,z\n5,g,6,w\n6,h,7,v\n";
        assert_eq!(format(ragged.as_bytes()), Some(Format::CSV));
        let titles = b"Report: active patients\nGenerated,2024-01-01\n\nssn,last_name\n1,Oyelaran\n2,Adeyemi\n";
        assert_eq!(format(titles), Some(Format::CSV));
        let list = b"A: a, b, c, d\nB: x, y, z, w\nC: no, none, never, ever\nD: one, two, three\nE: p, q, r, s\n";
        assert_eq!(format(list), Some(Format::Text));
        assert_eq!(format(b"Smith saw him.\nHe was well\nafter that, and so\non, and on\n"), Some(Format::Text));
        assert_eq!(format(b"Alert, oriented, well nourished, in no distress.\nHeart: regular.\n"), Some(Format::Text));
    }

    #[test]
    fn what_cannot_be_inspected_is_named() {
        assert!(matches!(sniff(b"%PDF-1.7", false), Sniffed::Unreadable(_)));
        assert!(matches!(sniff(b"a\0b", true), Sniffed::Unreadable(_)));
        assert_eq!(sniff(b"\xff\xfea\0", true), Sniffed::Utf16 { big_endian: false });
        let mut dicom = vec![b' '; 128];
        dicom.extend(b"DICM");
        assert!(matches!(sniff(&dicom, true), Sniffed::Unreadable(_)));
    }
}
