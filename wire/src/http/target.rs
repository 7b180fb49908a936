//! The target of a request: one path, one query, each in one spelling.

use std::fmt;

/// Path and query as they are judged and as they are sent: the same strings.
///
/// Escapes of characters that need none are undone (`/%50atient` is `/Patient`), others are written in capitals. What servers
/// read in different ways is refused: escaped slashes, backslashes and controls, dot segments, empty segments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    path: String,
    query: Option<String>,
}

/// Why a target was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TargetError {
    /// Absolute, authority or asterisk form: it does not begin with a slash.
    Form,
    /// A character that has no place in a target.
    Character,
    /// An escape that is incomplete, or hides a separator or a control character.
    Escape,
    /// A segment that is `.` or `..`.
    Dots,
    /// An empty segment before the end.
    Empty,
    /// Longer than the limit.
    Long,
}

impl Target {
    /// Reads a target of at most `longest` bytes.
    pub fn parse(raw: &[u8], longest: usize) -> Result<Self, TargetError> {
        if raw.len() > longest {
            return Err(TargetError::Long);
        }
        if raw.first() != Some(&b'/') {
            return Err(TargetError::Form);
        }
        let (path, query) = match raw.iter().position(|&byte| byte == b'?') {
            Some(at) => (raw.get(..at).unwrap_or_default(), raw.get(at + 1..)),
            None => (raw, None),
        };
        let path = spelled(path, Part::Path)?;
        check_segments(&path)?;
        let query = query.map(|query| spelled(query, Part::Query)).transpose()?;
        Ok(Self { path, query })
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands behind the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The names of the query's parameters, with escapes undone; the values stay out of sight.
    #[must_use]
    pub fn parameters(&self) -> Vec<String> {
        let pairs = self.query.as_deref().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| decoded(pair.split('=').next().unwrap_or_default())).collect()
    }

    /// Both, below `base`, as they go into a request line.
    #[must_use]
    pub fn below(&self, base: &str) -> String {
        match &self.query {
            Some(query) => format!("{base}{}?{query}", self.path),
            None => format!("{base}{}", self.path),
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
    Path,
    Query,
}

fn spelled(raw: &[u8], part: Part) -> Result<String, TargetError> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (Some(high), Some(low)) = (after.first().and_then(hex), after.get(1).and_then(hex)) else {
                return Err(TargetError::Escape);
            };
            rest = after.get(2..).unwrap_or_default();
            let meant = high << 4 | low;
            match meant {
                // In a query a slash is data, and so is a line end in a search text.
                b'/' | b'\\' | 0..=0x1f | 0x7f if part == Part::Path => return Err(TargetError::Escape),
                0 => return Err(TargetError::Escape),
                _ if is_unreserved(meant) => out.push(char::from(meant)),
                _ => push_escape(&mut out, meant),
            }
        } else if is_unreserved(byte) || allowed(byte, part) {
            out.push(char::from(byte));
        } else if byte >= 0x80 {
            // Not allowed by the letter of the standard, but sent; escaped it means the same to everybody.
            push_escape(&mut out, byte);
        } else {
            return Err(TargetError::Character);
        }
    }
    Ok(out)
}

fn allowed(byte: u8, part: Part) -> bool {
    match part {
        Part::Path => b"/!$&'()*+,;=:@".contains(&byte),
        // Clients send brackets, bars and quotes bare; none of them divides a query.
        Part::Query => b"/?!$&'()*+,;=:@[]|\"{}^`<>".contains(&byte),
    }
}

fn check_segments(path: &str) -> Result<(), TargetError> {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // `..;x` is a dot segment for servers that know path parameters.
        match segment.split(';').next().unwrap_or_default() {
            "." | ".." => return Err(TargetError::Dots),
            "" if segments.peek().is_some() || !segment.is_empty() => return Err(TargetError::Empty),
            _ => {}
        }
    }
    Ok(())
}

fn decoded(name: &str) -> String {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                hex(&digits[0]).unwrap_or_default() << 4 | hex(&digits[1]).unwrap_or_default()
            }
            _ => byte,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(*digit - b'0'),
        b'a'..=b'f' => Some(*digit - b'a' + 10),
        b'A'..=b'F' => Some(*digit - b'A' + 10),
        _ => None,
    }
}

fn push_escape(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the request target is not a path",
            Self::Character => "the request target contains a character that has no place in it",
            Self::Escape => "the request target contains an escape that is incomplete or hides a separator",
            Self::Dots => "the path contains a dot segment",
            Self::Empty => "the path contains an empty segment",
            Self::Long => "the request target is too long",
        })
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str) -> Result<String, TargetError> {
        Target::parse(raw.as_bytes(), 100).map(|target| target.below(""))
    }

    #[test]
    fn one_spelling() {
        for (raw, expected) in [
            ("/", Ok("/")),
            ("/%50atient/7", Ok("/Patient/7")),
            ("/a%c3%a9/", Ok("/a%C3%A9/")),
            ("/aé", Ok("/a%C3%A9")),
            ("/a?b=%2f&c=[x]|y", Ok("/a?b=%2F&c=[x]|y")),
            ("/a?b?c", Ok("/a?b?c")),
            ("/a?", Ok("/a?")),
            ("/Patient/7;v=1", Ok("/Patient/7;v=1")),
            ("*", Err(TargetError::Form)),
            ("", Err(TargetError::Form)),
            ("http://other/a", Err(TargetError::Form)),
            ("other:443", Err(TargetError::Form)),
            ("/a%2fb", Err(TargetError::Escape)),
            ("/a%5Cb", Err(TargetError::Escape)),
            ("/a%00", Err(TargetError::Escape)),
            ("/a?b%00", Err(TargetError::Escape)),
            ("/a%2", Err(TargetError::Escape)),
            ("/a?%zz", Err(TargetError::Escape)),
            ("/a/../b", Err(TargetError::Dots)),
            ("/a/%2e%2E/b", Err(TargetError::Dots)),
            ("/a/..;v=1/b", Err(TargetError::Dots)),
            ("/a/.", Err(TargetError::Dots)),
            ("//a", Err(TargetError::Empty)),
            ("/a//b", Err(TargetError::Empty)),
            ("/a/;x/b", Err(TargetError::Empty)),
            ("/a\\b", Err(TargetError::Character)),
            ("/a b", Err(TargetError::Character)),
            ("/a#b", Err(TargetError::Character)),
            ("/a?b c", Err(TargetError::Character)),
            ("/a\r\nb", Err(TargetError::Character)),
        ] {
            assert_eq!(parse(raw), expected.map(str::to_owned), "{raw:?}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(100))), Err(TargetError::Long));
    }

    #[test]
    fn parameters_are_named_without_their_values() {
        let target = Target::parse(b"/Patient?name:exact=Smith&_c%6Funt=5&&flag", 100).unwrap();
        assert_eq!(target.parameters(), ["name:exact", "_count", "flag"]);
    }

    proptest! {
        #[test]
        fn a_spelling_stays_as_it_is(raw in "/[a-zA-Z0-9%/.;?&=é -]{0,24}") {
            if let Ok(spelling) = parse(&raw) {
                prop_assert_eq!(parse(&spelling), Ok(spelling.clone()));
                let path = spelling.split('?').next().unwrap();
                let segments: Vec<&str> = path.split('/').skip(1).collect();
                prop_assert!(segments.iter().all(|segment| *segment != ".." && *segment != "."));
                prop_assert!(segments.split_last().unwrap().1.iter().all(|segment| !segment.is_empty()));
            }
        }
    }
}
