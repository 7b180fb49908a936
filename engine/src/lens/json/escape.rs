//! Escapes in strings of JSON.

pub(super) enum Escape {
    /// Not complete.
    More,
    /// A character, spelt by so many of the bytes.
    Char(char, usize),
    /// The last byte cannot follow the ones before it.
    Broken,
}

/// Reads a JSON escape, a surrogate pair as one. A half pair is the replacement character.
pub(super) fn read_escape(bytes: &[u8]) -> Escape {
    let simple = match bytes {
        [b'\\'] => return Escape::More,
        [b'\\', byte] => match byte {
            b'u' => return Escape::More,
            b'"' | b'\\' | b'/' => char::from(*byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return Escape::Broken,
        },
        [b'\\', b'u', digits @ ..] => return read_unicode(digits),
        _ => return Escape::Broken,
    };
    Escape::Char(simple, 2)
}

/// Reads what follows `\u`.
fn read_unicode(digits: &[u8]) -> Escape {
    let (Some(first), rest) = (digits.get(..4), digits.get(4..).unwrap_or_default()) else {
        return if digits.iter().all(u8::is_ascii_hexdigit) { Escape::More } else { Escape::Broken };
    };
    let Some(high) = hex(first) else { return Escape::Broken };
    let half = Escape::Char(char::REPLACEMENT_CHARACTER, 6);
    match high {
        0xd800..=0xdbff => match rest {
            [] | [b'\\'] | [b'\\', b'u'] => Escape::More,
            [b'\\', b'u', low @ ..] if low.len() < 4 => {
                if low.iter().all(u8::is_ascii_hexdigit) {
                    Escape::More
                } else {
                    half
                }
            }
            [b'\\', b'u', low @ ..] => match hex(low) {
                Some(low @ 0xdc00..=0xdfff) => {
                    let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    Escape::Char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                _ => half,
            },
            _ => half,
        },
        code => Escape::Char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}
