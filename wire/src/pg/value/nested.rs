//! Values that are made of values: arrays, and one of each of several types.

use bytes::Bytes;

use crate::pg::bytes::Reader;

/// An array in binary form: its head as it came, the type of its elements, and the elements.
pub(super) struct BinaryArray {
    head: Bytes,
    pub(super) element: u32,
    pub(super) elements: Vec<Option<Bytes>>,
}

impl BinaryArray {
    pub(super) fn read(bytes: &Bytes) -> Option<Self> {
        let mut reader = Reader::new(bytes.clone(), 0, "array");
        let dimensions =
            usize::try_from(reader.i32().ok()?).ok().filter(|dimensions| *dimensions <= MOST_DIMENSIONS)?;
        let _has_null = reader.i32().ok()?;
        let element = reader.u32().ok()?;
        let mut count = usize::from(dimensions > 0);
        for _ in 0..dimensions {
            count = count.checked_mul(usize::try_from(reader.i32().ok()?).ok()?)?;
            let _lower_bound = reader.i32().ok()?;
        }
        // Each element has at least its length.
        if count.checked_mul(4)? > reader.left() {
            return None;
        }
        let head = bytes.slice(..reader.at());
        let elements = (0..count).map(|_| reader.value().ok()).collect::<Option<_>>()?;
        reader.end().ok()?;
        Some(Self { head, element, elements })
    }

    pub(super) fn write(&self, elements: &[Option<Bytes>]) -> Option<Bytes> {
        let mut out = self.head.to_vec();
        let has_null = i32::from(elements.iter().any(Option::is_none));
        out.get_mut(4..8)?.copy_from_slice(&has_null.to_be_bytes());
        elements.iter().try_for_each(|element| put(&mut out, element.as_ref()))?;
        Some(out.into())
    }
}

/// A record in binary form.
pub(super) fn read_record(bytes: &Bytes) -> Option<Vec<(u32, Option<Bytes>)>> {
    let mut reader = Reader::new(bytes.clone(), 0, "record");
    let count = usize::try_from(reader.i32().ok()?).ok()?;
    if count.checked_mul(8)? > reader.left() {
        return None;
    }
    let fields = (0..count).map(|_| Some((reader.u32().ok()?, reader.value().ok()?))).collect::<Option<_>>()?;
    reader.end().ok()?;
    Some(fields)
}

pub(super) fn write_record(fields: &[(u32, Option<Bytes>)]) -> Option<Bytes> {
    let mut out = i32::try_from(fields.len()).ok()?.to_be_bytes().to_vec();
    for (oid, value) in fields {
        out.extend(oid.to_be_bytes());
        put(&mut out, value.as_ref())?;
    }
    Some(out.into())
}

fn put(out: &mut Vec<u8>, value: Option<&Bytes>) -> Option<()> {
    match value {
        None => out.extend((-1i32).to_be_bytes()),
        Some(value) => {
            out.extend(i32::try_from(value.len()).ok()?.to_be_bytes());
            out.extend_from_slice(value);
        }
    }
    Some(())
}

/// A piece of an array or a record as text: grammar, or an element.
pub(super) enum Piece {
    Grammar(Bytes),
    Element(Option<Vec<u8>>),
}

/// Cuts `{1,"a b",NULL}`, with or without bounds before it.
pub(super) fn read_array(text: &Bytes) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    if text.first() == Some(&b'[') {
        at = memchr::memchr(b'=', text)? + 1;
    }
    pieces.push(Piece::Grammar(text.slice(..at)));
    let mut depth = 0usize;
    // Whether an element may begin here.
    let mut open = false;
    while at < text.len() {
        let byte = *text.get(at)?;
        match byte {
            b'{' => (depth, open) = (depth + 1, true),
            b'}' => (depth, open) = (depth.checked_sub(1)?, false),
            b',' => open = true,
            _ if !open || depth == 0 => return None,
            _ => {
                let (element, end) = if byte == b'"' { quoted(text, at)? } else { bare(text, at, b",{}")? };
                let null = byte != b'"' && element.eq_ignore_ascii_case(b"NULL");
                pieces.push(Piece::Element((!null).then_some(element)));
                (at, open) = (end, false);
                continue;
            }
        }
        pieces.push(Piece::Grammar(text.slice(at..=at)));
        at += 1;
    }
    (depth == 0).then_some(pieces)
}

/// Cuts `(1,"a b",)`.
pub(super) fn read_row(text: &Bytes) -> Option<Vec<Option<Vec<u8>>>> {
    let mut at = 1;
    if text.first() != Some(&b'(') || text.last() != Some(&b')') {
        return None;
    }
    if text.len() == 2 {
        return Some(Vec::new());
    }
    let mut fields = Vec::new();
    loop {
        // A field may be quoted in parts.
        let mut field: Option<Vec<u8>> = None;
        while !matches!(text.get(at)?, b',' | b')') {
            let (part, end) = if text.get(at) == Some(&b'"') { quoted(text, at)? } else { bare(text, at, b",)\"")? };
            field.get_or_insert_default().extend(part);
            at = end;
        }
        fields.push(field);
        at += 1;
        if text.get(at - 1) == Some(&b')') {
            return (at == text.len()).then_some(fields);
        }
    }
}

pub(super) fn write_row(fields: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut out = vec![b'('];
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if let Some(field) = field {
            quote(&mut out, field);
        }
    }
    out.push(b')');
    out
}

pub(super) fn quote(out: &mut Vec<u8>, element: &[u8]) {
    out.push(b'"');
    for byte in element {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn quoted(text: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let mut element = Vec::new();
    let mut at = start + 1;
    loop {
        match *text.get(at)? {
            b'\\' => {
                element.push(*text.get(at + 1)?);
                at += 2;
            }
            // Records double a quote, arrays do not have two side by side.
            b'"' if text.get(at + 1) == Some(&b'"') => {
                element.push(b'"');
                at += 2;
            }
            b'"' => return Some((element, at + 1)),
            other => {
                element.push(other);
                at += 1;
            }
        }
    }
}

fn bare(text: &[u8], start: usize, ends: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut element = Vec::new();
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => {
                element.push(*text.get(at + 1)?);
                at += 2;
            }
            byte if ends.contains(byte) => break,
            byte => {
                element.push(*byte);
                at += 1;
            }
        }
    }
    Some((element, at))
}

/// PostgreSQL's own limit.
const MOST_DIMENSIONS: usize = 6;
