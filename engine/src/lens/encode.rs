//! Replacements, spelt so that they are valid where they stand.

use bytes::Bytes;

use crate::Slot;
use crate::operator::Operator;

/// The position that a replacement fills.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    pub(crate) slot: Slot,
    /// What separates cells, when it is one.
    pub(crate) delimiter: u8,
    /// How many keys of the same object have been replaced before it, when it is the first finding of a key.
    pub(crate) serial: u32,
    /// In how many JSON strings, one inside the other, the slot's format is itself spelt.
    pub(crate) depth: u8,
}

/// As many asterisks as the value has bytes; digits where only a number is valid.
pub(crate) fn mask(position: Position, raw_len: usize) -> Bytes {
    let mut mask = vec![if position.slot == Slot::Number { b'9' } else { b'*' }; raw_len];
    number_key(position, &mut mask);
    Bytes::from(mask)
}

/// Spells what `operator` made.
pub(crate) fn replacement(position: Position, bytes: &[u8], operator: Operator) -> Bytes {
    let mut spelt = in_slot(position, bytes, operator);
    for _ in 0..position.depth {
        spelt = Bytes::from(json_escaped(&spelt));
    }
    spelt
}

fn in_slot(position: Position, bytes: &[u8], operator: Operator) -> Bytes {
    match position.slot {
        Slot::Text | Slot::Bare => Bytes::from(bytes.to_vec()),
        Slot::Line => {
            Bytes::from(bytes.iter().map(|&b| if b"\r\n".contains(&b) { b' ' } else { b }).collect::<Vec<_>>())
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
        Slot::Cell { quoted } => Bytes::from(cell(bytes, quoted, position.delimiter)),
    }
}

/// Keys of one object must differ: all replaced ones but the first are numbered.
fn number_key(position: Position, key: &mut Vec<u8>) {
    if position.slot == Slot::Key && position.serial > 0 {
        key.extend_from_slice(format!("#{}", position.serial + 1).as_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slot: Slot) -> Position {
        Position { slot, delimiter: b',', serial: 0, depth: 0 }
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
}
