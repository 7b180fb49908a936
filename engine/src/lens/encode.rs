//! Replacements, spelt so that they are valid where they stand.

use bytes::Bytes;

use crate::operator::Operator;
use crate::{Markup, Separators, Slot};

/// The position that a replacement fills.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    pub(crate) slot: Slot,
    /// What separates cells, when it is one.
    pub(crate) delimiter: u8,
    /// How many keys of the same object have been replaced before it, when it is the first finding of a key.
    pub(crate) serial: u32,
    /// The places that the slot's format itself lies in.
    pub(crate) around: Around,
}

/// The places of other formats that a format lies in, from the inside out: a message in a string of JSON in a cell.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Around {
    /// Each with what separates cells, when it is one.
    places: [Option<(Slot, u8)>; MOST_NESTED],
}

/// Formats within formats are read to this depth.
pub(crate) const MOST_NESTED: usize = 3;

impl Around {
    /// The same for a format that lies in `slot`, which lies in these.
    pub(crate) fn within(self, slot: Slot, delimiter: u8) -> Self {
        let [first, second, _] = self.places;
        Self { places: [Some((slot, delimiter)), first, second] }
    }

    /// The same, with all of it in `outer`.
    pub(crate) fn beyond(mut self, outer: Self) -> Self {
        let mut more = outer.places.into_iter().flatten();
        for place in self.places.iter_mut().filter(|place| place.is_none()) {
            *place = more.next();
        }
        self
    }

    /// How many there are.
    pub(crate) fn depth(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// As many asterisks as the value has bytes; digits where only a number is valid.
pub(crate) fn mask(position: Position, raw_len: usize) -> Bytes {
    let filler = match position.slot {
        Slot::Number | Slot::Sql { quoted: false, .. } => b'9',
        Slot::Segment(separators) | Slot::Fixed(separators) => {
            let set = separators.set();
            b"*X9".iter().copied().find(|byte| !set.has(*byte)).unwrap_or(b'0')
        }
        Slot::Markup(Markup::Name) => b'X',
        _ => b'*',
    };
    let mut mask = vec![filler; raw_len];
    number_key(position, &mut mask);
    Bytes::from(mask)
}

/// Spells what `operator` made.
pub(crate) fn replacement(position: Position, bytes: &[u8], operator: Operator) -> Bytes {
    let mut spelt = in_slot(position, bytes, operator);
    for (slot, delimiter) in position.around.places.into_iter().flatten() {
        let outer = Position { slot, delimiter, ..Position::default() };
        spelt = in_slot(outer, &spelt, Operator::Keep);
    }
    spelt
}

fn in_slot(position: Position, bytes: &[u8], operator: Operator) -> Bytes {
    match position.slot {
        Slot::Text | Slot::Bare => Bytes::from(bytes.to_vec()),
        Slot::Line { whole: true } if bytes.is_empty() => Bytes::from_static(b" "),
        Slot::Line { .. } => {
            let line = bytes.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte });
            Bytes::from(line.collect::<Vec<u8>>())
        }
        Slot::String => Bytes::from(json_escaped(bytes)),
        Slot::Key => {
            let mut key = json_escaped(bytes);
            if !matches!(operator, Operator::Token | Operator::Fpe | Operator::Keep) {
                number_key(position, &mut key);
            }
            Bytes::from(key)
        }
        Slot::Number => number(bytes, operator),
        Slot::Sql { quoted: true, escapes } => Bytes::from(literal(bytes, escapes)),
        Slot::Sql { quoted: false, .. } => sql_number(bytes, operator),
        Slot::Cell { quoted } => Bytes::from(cell(bytes, quoted, position.delimiter)),
        Slot::Segment(separators) | Slot::Fixed(separators) => Bytes::from(segment(bytes, separators)),
        Slot::Markup(Markup::Name) => {
            let mut name = markup_name(bytes);
            number_key(position, &mut name);
            Bytes::from(name)
        }
        Slot::Markup(place) => Bytes::from(markup(bytes, place)),
        Slot::Copy => Bytes::from(copy_text(bytes)),
        Slot::Form => Bytes::from(form_part(bytes)),
    }
}

/// Keys of one object must differ, and so must attributes of one tag: all replaced ones but the first are numbered.
fn number_key(position: Position, key: &mut Vec<u8>) {
    if position.slot.is_name() && position.serial > 0 {
        let sign = if position.slot == Slot::Key { '#' } else { '.' };
        key.extend_from_slice(format!("{sign}{}", position.serial + 1).as_bytes());
    }
}

/// A JSON number stays one where the operator yields one; otherwise it becomes a string.
fn number(bytes: &[u8], operator: Operator) -> Bytes {
    if operator == Operator::Drop {
        return Bytes::from_static(b"null");
    }
    let digits = bytes.iter().all(u8::is_ascii_digit) && !bytes.is_empty();
    let plain = digits && (bytes.len() == 1 || bytes.first() != Some(&b'0'));
    if plain && !matches!(operator, Operator::Tag | Operator::Token | Operator::Surrogate) {
        return Bytes::from(bytes.to_vec());
    }
    let mut string = vec![b'"'];
    string.extend(json_escaped(bytes));
    string.push(b'"');
    Bytes::from(string)
}

/// Quotes are doubled, and so are backslashes where they escape.
fn literal(bytes: &[u8], escapes: bool) -> Vec<u8> {
    let mut literal = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte == b'\'' || (escapes && byte == b'\\') {
            literal.push(byte);
        }
        literal.push(if byte == 0 { b' ' } else { byte });
    }
    literal
}

/// A number stays one where the operator yields one; otherwise it becomes a literal.
fn sql_number(bytes: &[u8], operator: Operator) -> Bytes {
    if operator == Operator::Drop {
        return Bytes::from_static(b"NULL");
    }
    let digits = bytes.iter().all(u8::is_ascii_digit) && !bytes.is_empty();
    if digits && !matches!(operator, Operator::Tag | Operator::Token | Operator::Surrogate) {
        return Bytes::from(bytes.to_vec());
    }
    Bytes::from([b"'", &*literal(bytes, false), b"'"].concat())
}

pub(super) fn json_escaped(bytes: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => escaped.extend([b'\\', byte]),
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            b'\t' => escaped.extend(b"\\t"),
            0..0x20 => escaped.extend(format!("\\u{byte:04x}").as_bytes()),
            _ => escaped.push(byte),
        }
    }
    escaped
}

/// Quotes are doubled inside quotes; a bare cell has no room for quotes, delimiters or line ends, they become blanks.
fn cell(bytes: &[u8], quoted: bool, delimiter: u8) -> Vec<u8> {
    let mut cell = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'"' if quoted => cell.extend(b"\"\""),
            b'"' | b'\n' | b'\r' if !quoted => cell.push(b' '),
            _ if byte == delimiter && !quoted => cell.push(b' '),
            _ => cell.push(byte),
        }
    }
    cell
}

/// Separators are escaped where the message has an escape, and become blanks where it has none, as line ends do.
fn segment(bytes: &[u8], separators: Separators) -> Vec<u8> {
    let Separators { field, component, repetition, escape, subcomponent, .. } = separators;
    let set = separators.set();
    let mut value = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte >= b' ' && !set.has(byte) {
            value.push(byte);
            continue;
        }
        let name: &[u8] = match byte {
            b'\n' => b".br",
            _ if byte == field => b"F",
            _ if byte == component => b"S",
            _ if byte == subcomponent => b"T",
            _ if byte == repetition => b"R",
            _ if byte == escape => b"E",
            _ => b"",
        };
        if escape == 0 || name.is_empty() {
            value.push(b' ');
        } else {
            value.push(escape);
            value.extend_from_slice(name);
            value.push(escape);
        }
    }
    value
}

/// What would part cells, and the escape itself, as COPY writes them.
fn copy_text(bytes: &[u8]) -> Vec<u8> {
    let mut cell = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => cell.extend(b"\\\\"),
            b'\t' => cell.extend(b"\\t"),
            b'\n' => cell.extend(b"\\n"),
            b'\r' => cell.extend(b"\\r"),
            0..b' ' => cell.push(b' '),
            _ => cell.push(byte),
        }
    }
    cell
}

/// Everything but the letters and signs that stand for themselves is written as its number.
fn form_part(bytes: &[u8]) -> Vec<u8> {
    let mut part = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b' ' => part.push(b'+'),
            b'-' | b'.' | b'_' | b'*' => part.push(byte),
            _ if byte.is_ascii_alphanumeric() => part.push(byte),
            _ => part.extend(format!("%{byte:02X}").as_bytes()),
        }
    }
    part
}

/// References where they are known; elsewhere what could end the place, or begin another, becomes a sign that cannot.
fn markup(bytes: &[u8], place: Markup) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        let bare = place == Markup::Attribute { quote: 0 };
        match (place, byte) {
            (_, b'\t' | b'\n' | b'\r' | b' ') if bare => text.push(b'_'),
            (_, b'\t' | b'\n' | b'\r') => text.push(byte),
            (_, 0..b' ') => text.push(b' '),
            (Markup::Text | Markup::Attribute { .. }, b'&') => text.extend(b"&amp;"),
            (Markup::Text | Markup::Attribute { .. }, b'<') => text.extend(b"&lt;"),
            (Markup::Text | Markup::Attribute { .. }, b'>') => text.extend(b"&gt;"),
            (Markup::Attribute { .. }, b'"') => text.extend(b"&quot;"),
            (Markup::Attribute { .. }, b'\'') => text.extend(b"&#39;"),
            (Markup::Attribute { .. }, b'=' | b'`') if bare => text.push(b'_'),
            (Markup::Cdata | Markup::Comment | Markup::Instruction, b'>') => text.push(b' '),
            // Its text may go on behind its end, where these are markup.
            (Markup::Cdata, b'<' | b'&') => text.push(b' '),
            (Markup::Instruction, b'?') => text.push(b' '),
            (Markup::Comment, b'-') if text.last().is_none_or(|last| *last == b'-') => text.push(b'_'),
            (Markup::Declaration, b'<' | b'>' | b'[' | b']' | b'"' | b'\'' | b'&' | b'%') => text.push(b'_'),
            (Markup::Raw, b'<' | b'>' | b'&') => text.push(b' '),
            _ => text.push(byte),
        }
    }
    match (place, text.last()) {
        (Markup::Attribute { quote: 0 }, None) => text.push(b'_'),
        // What stands on both sides must not meet, nor what ends a replacement and stands behind it.
        (Markup::Cdata | Markup::Comment | Markup::Instruction | Markup::Raw, None) | (Markup::Cdata, Some(b']')) => {
            text.push(b' ');
        }
        (Markup::Comment, Some(b'-')) => text.push(b'_'),
        _ => {}
    }
    text
}

/// Letters, digits and the signs that names may have; at least one.
fn markup_name(bytes: &[u8]) -> Vec<u8> {
    let sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || *byte >= 0x80;
    let mut name: Vec<u8> = bytes.iter().map(|byte| if sign(byte) { *byte } else { b'_' }).collect();
    if name.first().is_none_or(|byte| matches!(byte, b'-' | b'.' | b'0'..=b'9')) {
        name.insert(0, b'_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slot: Slot) -> Position {
        Position { slot, delimiter: b',', ..Position::default() }
    }

    #[test]
    fn a_number_stays_valid_json() {
        assert_eq!(&mask(at(Slot::Number), 3)[..], b"999");
        assert_eq!(&replacement(at(Slot::Number), b"[SSN]", Operator::Tag)[..], b"\"[SSN]\"");
        assert_eq!(&replacement(at(Slot::Number), b"", Operator::Drop)[..], b"null");
        assert_eq!(&replacement(at(Slot::Number), b"1984", Operator::Generalise)[..], b"1984");
        assert_eq!(&replacement(at(Slot::Number), b"0123", Operator::Fpe)[..], b"\"0123\"");
    }

    #[test]
    fn keys_stay_unique() {
        let second = Position { serial: 1, ..at(Slot::Key) };
        assert_eq!(&replacement(at(Slot::Key), b"[SSN]", Operator::Tag)[..], b"[SSN]");
        assert_eq!(&replacement(second, b"[SSN]", Operator::Tag)[..], b"[SSN]#2");
        assert_eq!(&replacement(second, b"bb-ssn-1", Operator::Token)[..], b"bb-ssn-1");
    }

    #[test]
    fn quotes_and_controls_are_escaped() {
        assert_eq!(&replacement(at(Slot::String), b"a\"b\n\x01", Operator::Surrogate)[..], b"a\\\"b\\n\\u0001");
        assert_eq!(&replacement(at(Slot::Cell { quoted: true }), b"a\"b,", Operator::Surrogate)[..], b"a\"\"b,");
        assert_eq!(&replacement(at(Slot::Cell { quoted: false }), b"a\"b,", Operator::Surrogate)[..], b"a b ");
    }

    #[test]
    fn cells_of_copy_and_parts_of_forms_are_escaped() {
        assert_eq!(&replacement(at(Slot::Copy), b"a\tb\\\n", Operator::Surrogate)[..], b"a\\tb\\\\\\n");
        assert_eq!(&replacement(at(Slot::Form), b"a b&[N]", Operator::Surrogate)[..], b"a+b%26%5BN%5D");
    }

    #[test]
    fn values_of_statements_stay_values() {
        let literal = |escapes| at(Slot::Sql { quoted: true, escapes });
        assert_eq!(&replacement(literal(false), b"O'B\\x", Operator::Surrogate)[..], b"O''B\\x");
        assert_eq!(&replacement(literal(true), b"O'B\\x", Operator::Surrogate)[..], b"O''B\\\\x");
        let number = at(Slot::Sql { quoted: false, escapes: false });
        assert_eq!(&replacement(number, b"[MRN]", Operator::Tag)[..], b"'[MRN]'");
        assert_eq!(&replacement(number, b"1984", Operator::Generalise)[..], b"1984");
        assert_eq!(&replacement(number, b"", Operator::Drop)[..], b"NULL");
        assert_eq!(&mask(number, 3)[..], b"999");
    }

    #[test]
    fn markup_stays_where_it_is() {
        let spelt = |place, bytes: &[u8]| replacement(at(Slot::Markup(place)), bytes, Operator::Surrogate);
        assert_eq!(&spelt(Markup::Text, b"a<&>\"\x01")[..], b"a&lt;&amp;&gt;\" ");
        assert_eq!(&spelt(Markup::Attribute { quote: b'"' }, b"\"'")[..], b"&quot;&#39;");
        assert_eq!(&spelt(Markup::Attribute { quote: 0 }, b"a b=")[..], b"a_b_");
        assert_eq!(&spelt(Markup::Attribute { quote: 0 }, b"")[..], b"_");
        assert_eq!(&spelt(Markup::Cdata, b"[A]>]")[..], b"[A] ] ");
        assert_eq!(&spelt(Markup::Cdata, b"a<&b")[..], b"a  b");
        assert_eq!(&spelt(Markup::Comment, b"--a->-")[..], b"_-a- -_");
        assert_eq!(&spelt(Markup::Comment, b"")[..], b" ");
        assert_eq!(&spelt(Markup::Instruction, b"?>")[..], b"  ");
        assert_eq!(&spelt(Markup::Declaration, b"[A]")[..], b"_A_");
        assert_eq!(&spelt(Markup::Name, b"[A b]")[..], b"_A_b_");
        assert_eq!(&spelt(Markup::Name, b"1")[..], b"_1");
        assert_eq!(&spelt(Markup::Name, b"")[..], b"_");
        let second = Position { serial: 1, ..at(Slot::Markup(Markup::Name)) };
        assert_eq!(&replacement(second, b"A", Operator::Tag)[..], b"A.2");
        assert_eq!(&mask(second, 2)[..], b"XX.2");
    }

    #[test]
    fn separators_of_a_segment_are_escaped() {
        let slot = Slot::Segment(Separators::HL7);
        assert_eq!(&replacement(at(slot), b"a|b^c\\\n", Operator::Surrogate)[..], b"a\\F\\b\\S\\c\\E\\\\.br\\");
        let bare = Slot::Segment(Separators { escape: 0, repetition: b'*', ..Separators::HL7 });
        assert_eq!(&replacement(at(bare), b"a|b\r*", Operator::Surrogate)[..], b"a b  ");
        assert_eq!(&mask(at(bare), 3)[..], b"XXX");
    }
}
