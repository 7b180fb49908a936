//! The path of an HTTP request in one spelling, so that a policy about a path cannot be walked around.

use std::fmt;

/// A path in its one spelling: begins with a slash, has no query, no dot segment, no empty segment but the last.
///
/// Escapes of characters that need none are undone (`/%50atient` is `/Patient`), the others are written in capitals. What
/// servers read in different ways is refused: an escaped slash or backslash, a dot segment, a raw control character, an
/// incomplete escape. The gateway sends up what it judged.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HttpPath(String);

/// Why a path was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathError {
    /// It does not begin with a slash.
    Relative,
    /// It contains a character that has no place in a path, such as a control character, a backslash, `?` or `#`.
    Character,
    /// An escape is incomplete, or hides a slash, a backslash or a control character.
    Escape,
    /// It contains a segment that is `.` or `..`.
    Dots,
    /// It contains an empty segment before its end.
    Empty,
    /// It is longer than 8 KiB or has more than 64 segments.
    Long,
}

const LONGEST: usize = 8 << 10;
const MOST_SEGMENTS: usize = 64;

impl HttpPath {
    /// Reads a path as it stood in the request line, without its query.
    pub fn parse(raw: &str) -> Result<Self, PathError> {
        if !raw.starts_with('/') {
            return Err(PathError::Relative);
        }
        if raw.len() > LONGEST {
            return Err(PathError::Long);
        }
        let path = normalised(raw.as_bytes())?;

        let mut segments = path.split('/').skip(1).peekable();
        let mut count = 0_usize;
        while let Some(segment) = segments.next() {
            count += 1;
            // `..;x` is a dot segment for servers that know path parameters.
            let bare = segment.split(';').next().unwrap_or_default();
            match bare {
                "." | ".." => return Err(PathError::Dots),
                "" if segments.peek().is_some() || !segment.is_empty() => return Err(PathError::Empty),
                _ => {}
            }
        }
        if count > MOST_SEGMENTS {
            return Err(PathError::Long);
        }
        Ok(Self(path))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The paths above this one, nearest first, without the root.
    pub(crate) fn above(&self) -> impl Iterator<Item = &str> {
        self.0.char_indices().rev().filter(|(at, c)| *c == '/' && *at > 0).map(|(at, _)| &self.0[..at])
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => "the path does not begin with a slash",
            Self::Character => "the path contains a character that has no place in it",
            Self::Escape => "the path contains an escape that is incomplete or hides a separator",
            Self::Dots => "the path contains a dot segment",
            Self::Empty => "the path contains an empty segment",
            Self::Long => "the path is too long",
        })
    }
}

impl std::error::Error for PathError {}

fn normalised(raw: &[u8]) -> Result<String, PathError> {
    let mut path = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (Some(high), Some(low)) = (after.first().and_then(hex), after.get(1).and_then(hex)) else {
                return Err(PathError::Escape);
            };
            rest = after.get(2..).unwrap_or_default();
            let escaped = high << 4 | low;
            match escaped {
                b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(PathError::Escape),
                _ if is_unreserved(escaped) => path.push(char::from(escaped)),
                _ => push_escape(&mut path, escaped),
            }
        } else if is_unreserved(byte) || b"/!$&'()*+,;=:@".contains(&byte) {
            path.push(char::from(byte));
        } else if byte >= 0x80 {
            // Not allowed by the letter of the standard, but sent; escaped it means the same to everybody.
            push_escape(&mut path, byte);
        } else {
            return Err(PathError::Character);
        }
    }
    Ok(path)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn push_escape(path: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    path.push('%');
    path.push(char::from(DIGITS[usize::from(byte >> 4)]));
    path.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling() {
        let spelled = |raw: &str| HttpPath::parse(raw).map(|path| path.0);
        assert_eq!(spelled("/%50atient/7"), Ok("/Patient/7".to_owned()));
        assert_eq!(spelled("/a%c3%a9/"), Ok("/a%C3%A9/".to_owned()));
        assert_eq!(spelled("/aé"), Ok("/a%C3%A9".to_owned()));
        assert_eq!(spelled("/"), Ok("/".to_owned()));
        for (raw, error) in [
            ("Patient", PathError::Relative),
            ("", PathError::Relative),
            ("/a%2fb", PathError::Escape),
            ("/a%5Cb", PathError::Escape),
            ("/a%00", PathError::Escape),
            ("/a%2", PathError::Escape),
            ("/a%zz", PathError::Escape),
            ("/a/../b", PathError::Dots),
            ("/a/%2e%2E/b", PathError::Dots),
            ("/a/..;v=1/b", PathError::Dots),
            ("/a/.", PathError::Dots),
            ("//a", PathError::Empty),
            ("/a//b", PathError::Empty),
            ("/a/;x/b", PathError::Empty),
            ("/a\\b", PathError::Character),
            ("/a?b", PathError::Character),
            ("/a b", PathError::Character),
            ("/a\nb", PathError::Character),
        ] {
            assert_eq!(spelled(raw), Err(error), "{raw:?}");
        }
        assert_eq!(spelled(&"/a".repeat(65)), Err(PathError::Long));
        assert_eq!(spelled(&format!("/{}", "a".repeat(LONGEST))), Err(PathError::Long));
    }

    #[test]
    fn the_paths_above() {
        let path = HttpPath::parse("/Patient/7/$everything").unwrap();
        assert_eq!(path.above().collect::<Vec<_>>(), ["/Patient/7", "/Patient"]);
        assert_eq!(HttpPath::parse("/").unwrap().above().count(), 0);
    }

    proptest! {
        #[test]
        fn a_spelling_stays_as_it_is(raw in "/[a-zA-Z0-9%/.;é -]{0,24}") {
            if let Ok(path) = HttpPath::parse(&raw) {
                prop_assert_eq!(HttpPath::parse(path.as_str()), Ok(path));
            }
        }
    }
}
