//! The parts of one line of a log.

use std::ops::Range;

use super::super::sniff;
use crate::lens::Format;
use crate::{Slot, Standing};

/// The place of what stands in a line.
pub(crate) const LINE: Slot = Slot::Line { whole: false };
/// A longer name of a field is none.
const LONGEST_KEY: usize = 64;
/// A name or an address in a line has no more words.
const MOST_WORDS: usize = 5;

/// A part of a line. Parts follow each other; what is between them is structure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) slot: Slot,
    /// The names of its field.
    pub(crate) path: Vec<Vec<u8>>,
    /// The format that it is of, when it is of one.
    pub(crate) format: Option<Format>,
    pub(super) how: How,
}

/// How a part is spelt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// As it is.
    Plain,
    /// With escapes of URLs; `plus` stands for a blank.
    Url { plus: bool },
    /// With a backslash before signs.
    Quoted,
    /// Segments of a message on one line; `doubled` says that backslashes are.
    Message { doubled: bool },
    /// With quotes doubled, and perhaps with escapes behind backslashes.
    Sql { escapes: bool },
}

impl Part {
    pub(super) fn text(range: Range<usize>) -> Self {
        Self { range, slot: LINE, path: Vec::new(), format: None, how: How::Plain }
    }

    /// Whether it is a run that is spelt as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.how == How::Plain && self.format.is_none()
    }

    /// The text of the part, piece by piece, each with what spells it.
    pub(crate) fn pieces(&self, line: &[u8]) -> Vec<(Vec<u8>, Range<usize>)> {
        let mut pieces = Vec::new();
        let (mut at, mut plain) = (self.range.start, self.range.start);
        while at < self.range.end {
            let rest = line.get(at..self.range.end).unwrap_or_default();
            let Some((text, len)) = self.how.escape(rest) else {
                at += 1;
                continue;
            };
            if plain < at {
                pieces.push((line.get(plain..at).unwrap_or_default().to_vec(), plain..at));
            }
            pieces.push((text, at..at + len));
            at += len;
            plain = at;
        }
        if plain < at {
            pieces.push((line.get(plain..at).unwrap_or_default().to_vec(), plain..at));
        }
        pieces
    }
}

impl How {
    /// What the escape stands for that `rest` begins with, and its length.
    fn escape(self, rest: &[u8]) -> Option<(Vec<u8>, usize)> {
        match (self, rest) {
            (Self::Url { .. }, [b'%', high, low, ..]) => Some((vec![hex(&[*high, *low])?], 3)),
            (Self::Url { plus: true }, [b'+', ..]) => Some((b" ".to_vec(), 1)),
            (Self::Quoted, [b'\\', b'u', digits @ ..]) => {
                let code = digits.get(..4)?;
                let code = u32::from(hex(code.get(..2)?)?) << 8 | u32::from(hex(code.get(2..)?)?);
                Some((char::from_u32(code)?.to_string().into_bytes(), 6))
            }
            (Self::Quoted, [b'\\', byte, ..]) => {
                let text = match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'"' | b'\'' | b'\\' | b'/' | b']' => *byte,
                    _ => return None,
                };
                Some((vec![text], 2))
            }
            (Self::Sql { .. }, [b'\'', b'\'', ..]) => Some((b"'".to_vec(), 2)),
            (Self::Sql { escapes: true }, [b'\\', byte, ..]) => {
                let text = match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                };
                Some((vec![text], 2))
            }
            (Self::Message { doubled: true }, [b'\\', b'\\', ..]) => Some((b"\\".to_vec(), 2)),
            (Self::Message { doubled: true }, [b'\\', b'"', ..]) => Some((b"\"".to_vec(), 2)),
            (Self::Message { .. }, _) => {
                const ENDS: [&[u8]; 9] =
                    [b"\\r\\n", b"\\r", b"\\n", b"\\x0d", b"\\x0b", b"<CR>", b"<cr>", b"#015", b"^M"];
                let end = ENDS.iter().find(|end| rest.starts_with(end))?;
                // `\r\` would be an escape of the message.
                let mark = rest.get(end.len()) == Some(&b'\\') && rest.get(end.len() + 1) != Some(&b'n');
                (!mark || end.len() != 2).then(|| (b"\r".to_vec(), end.len()))
            }
            _ => None,
        }
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let value = digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))?;
    u8::try_from(value).ok()
}

/// The parts of `line`. `standing` says how the field of a name stands in it.
pub(crate) fn parts(line: &[u8], standing: &mut dyn FnMut(&[&[u8]]) -> Standing) -> Vec<Part> {
    let mut reader = Reader { line, parts: Vec::new(), text: 0, standing };
    let mut at = reader.client().unwrap_or_default();
    while at < line.len() {
        let begins = at.checked_sub(1).and_then(|before| line.get(before)).is_none_or(|byte| opens(*byte));
        at = begins.then(|| reader.token(at)).flatten().unwrap_or(at + 1);
    }
    reader.text_to(line.len());
    reader.parts
}

/// Whether a line has a part that is more than text, whatever its names mean.
pub(crate) fn is_line(line: &[u8]) -> bool {
    parts(line, &mut |_| Standing::Word)
        .iter()
        .any(|part| part.slot != LINE || part.format.is_some() || !part.path.is_empty())
}

/// Whether a field of this name holds lines of a log.
pub(crate) fn is_message(name: &str) -> bool {
    ["message", "msg", "log", "line", "raw", "@message", "log_line", "raw_message", "hl7"].contains(&name)
}

/// What a word may stand behind.
fn opens(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'([{,;|=<>:".contains(&byte)
}

struct Reader<'l, 's> {
    line: &'l [u8],
    parts: Vec<Part>,
    /// Where the text begins that is not a part yet.
    text: usize,
    standing: &'s mut dyn FnMut(&[&[u8]]) -> Standing,
}

const METHODS: [&[u8]; 9] =
    [b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"HEAD ", b"OPTIONS ", b"SEARCH ", b"CONNECT "];

/// Segments of messages that stand in lines on their own.
const SEGMENTS: [&[u8]; 36] = [
    b"MSH", b"PID", b"PD1", b"NK1", b"PV1", b"PV2", b"IN1", b"IN2", b"IN3", b"GT1", b"OBX", b"OBR", b"ORC", b"NTE",
    b"EVN", b"AL1", b"DG1", b"PR1", b"MRG", b"SCH", b"AIP", b"AIL", b"AIS", b"RXE", b"RXO", b"RXA", b"TXA", b"FT1",
    b"ACC", b"ROL", b"SPM", b"MSA", b"ERR", b"QRD", b"QPD", b"ZPD",
];

impl<'l> Reader<'l, '_> {
    fn from(&self, at: usize) -> &'l [u8] {
        self.line.get(at..).unwrap_or_default()
    }

    /// The text goes up to `at`.
    fn text_to(&mut self, at: usize) {
        if self.text < at {
            self.parts.push(Part::text(self.text..at));
        }
        self.text = at;
    }

    fn push(&mut self, part: Part) -> usize {
        self.text_to(part.range.start);
        self.text = part.range.end;
        if !part.range.is_empty() {
            self.parts.push(part);
        }
        self.text
    }

    /// The user of a request in the common format: `host ident user [time] "…"`.
    fn client(&mut self) -> Option<usize> {
        let mut words = self.line.splitn(4, |byte| *byte == b' ');
        let (host, ident, user, rest) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let time = rest.strip_prefix(b"[")?;
        let host_like = host.iter().any(|byte| matches!(byte, b'.' | b':')) || host == b"localhost" || host == b"-";
        if !host_like || !time.first().is_some_and(u8::is_ascii_digit) || user.is_empty() || user == b"-" {
            return None;
        }
        let start = host.len() + ident.len() + 2;
        let path = vec![b"username".to_vec()];
        Some(self.push(Part { path, ..Part::text(start..start + user.len()) }))
    }

    /// What begins at `at`, behind a sign that opens something: where it ends, if it is no text.
    fn token(&mut self, at: usize) -> Option<usize> {
        let rest = self.from(at);
        match rest.first()? {
            b'{' | b'[' if rest.starts_with(b"{\"") || rest.starts_with(b"[{\"") => {
                Some(self.push(Part { format: Some(Format::Json), ..Part::text(at..self.line.len()) }))
            }
            b'<' if rest.starts_with(b"<?xml") => {
                Some(self.push(Part { format: Some(Format::Xml), ..Part::text(at..self.line.len()) }))
            }
            b'A'..=b'Z' => self.message(at).or_else(|| self.request(at)).or_else(|| self.pair(at)),
            byte if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@') => self.pair(at),
            _ => None,
        }
    }

    /// Segments of HL7, up to the quote that closes what they stand in, or the line's end.
    fn message(&mut self, at: usize) -> Option<usize> {
        let rest = self.from(at);
        let name = rest.get(..3)?;
        let header = matches!(name, b"MSH" | b"FHS" | b"BHS");
        let known = rest.get(3) == Some(&b'|') && SEGMENTS.contains(&name);
        if !known && !(header && sniff::messages(rest.get(..24).unwrap_or(rest)).is_some()) {
            return None;
        }
        let quote = at.checked_sub(1).and_then(|before| self.line.get(before)).copied();
        let quoted = quote.filter(|byte| matches!(byte, b'"' | b'\''));
        let escaped =
            |i: usize| rest.get(..i).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        let closes = |(i, byte): (usize, &u8)| (Some(*byte) == quoted && escaped(i) % 2 == 0).then_some(i);
        let len = rest.iter().enumerate().find_map(closes).unwrap_or(rest.len());
        let signs = rest.get(4..9).unwrap_or_default();
        let doubled = header && signs.windows(2).any(|pair| pair == b"\\\\");
        let slot = if doubled { Slot::String } else { LINE };
        let how = How::Message { doubled };
        Some(self.push(Part { slot, how, format: Some(Format::Hl7), ..Part::text(at..at + len) }))
    }

    /// A method and the path of a request.
    fn request(&mut self, at: usize) -> Option<usize> {
        let rest = self.from(at);
        let method = METHODS.iter().find(|method| rest.starts_with(method))?;
        (rest.get(method.len()) == Some(&b'/')).then(|| self.target(at + method.len()))
    }

    /// The path and the query of a request, from the slash at `at` on.
    fn target(&mut self, at: usize) -> usize {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>');
        let end = self.from(at).iter().position(ends).map_or(self.line.len(), |len| at + len);
        let mark = self.from(at).iter().take(end - at).position(|byte| matches!(byte, b'?' | b'#'));
        let path_end = mark.map_or(end, |len| at + len);
        let (mut from, mut before) = (at + 1, Vec::new());
        while from <= path_end && from <= end {
            let len = self.from(from).iter().take(path_end - from).position(|byte| matches!(byte, b'/' | b';'));
            let to = len.map_or(path_end, |len| from + len);
            let segment = self.line.get(from..to).unwrap_or_default().to_vec();
            self.segment(from..to, &before, &segment);
            before = segment;
            from = to + 1;
        }
        let mut from = path_end + 1;
        while from <= end {
            let len = self.from(from).iter().take(end - from).position(|byte| matches!(byte, b'&' | b';'));
            let to = len.map_or(end, |len| from + len);
            let pair = self.line.get(from..to).unwrap_or_default();
            if let Some(equals) = pair.iter().position(|byte| *byte == b'=') {
                let path = vec![pair.get(..equals).unwrap_or_default().to_vec()];
                let how = How::Url { plus: true };
                self.push(Part { slot: Slot::Form, path, how, ..Part::text(from + equals + 1..to) });
            } else if pair.contains(&b'%') {
                let how = How::Url { plus: true };
                self.push(Part { slot: Slot::Form, how, ..Part::text(from..to) });
            }
            from = to + 1;
        }
        end
    }

    /// A segment of a path behind the one `before` it.
    fn segment(&mut self, range: Range<usize>, before: &[u8], segment: &[u8]) {
        let named = !before.is_empty()
            && before.len() <= LONGEST_KEY
            && before.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'));
        let version = matches!(segment, [b'v' | b'V' | b'r' | b'R', rest @ ..] if rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'));
        let number = segment.iter().any(u8::is_ascii_digit) && !version;
        let path = match (named, number) {
            (true, true) if (self.standing)(&[before, b"id"]) != Standing::Text => {
                vec![before.to_vec(), b"id".to_vec()]
            }
            (true, _) if !version && !segment.is_empty() && (self.standing)(&[before]) != Standing::Text => {
                vec![before.to_vec()]
            }
            _ if segment.contains(&b'%') => Vec::new(),
            _ => return,
        };
        self.push(Part { slot: Slot::Form, path, how: How::Url { plus: false }, ..Part::text(range) });
    }

    /// A name, an equals sign and a value.
    fn pair(&mut self, at: usize) -> Option<usize> {
        let rest = self.from(at);
        let in_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-@/".contains(byte);
        let len = rest.iter().take(LONGEST_KEY + 1).position(|byte| !in_key(byte))?;
        let (key, behind) = rest.split_at_checked(len)?;
        let [b'=', value @ ..] = behind else { return None };
        let start = at + len + 1;
        let key = key.to_vec();
        match value {
            [] | [b'=', ..] => Some(start),
            [b'"', quoted @ ..] => {
                let (mut end, mut escaped) = (None, false);
                for (i, byte) in quoted.iter().enumerate() {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => {
                            end = Some(i);
                            break;
                        }
                        _ => {}
                    }
                }
                // A quote that nothing closes is none.
                let len = end?;
                let message = std::str::from_utf8(&key).is_ok_and(is_message);
                if !message && (self.standing)(&[&key]) == Standing::Text {
                    return Some(start);
                }
                let quoted = start + 1..start + 1 + len;
                if self.from(quoted.start).starts_with(b"/") {
                    return Some(start + 1);
                }
                let end = quoted.end + 1;
                self.push(Part { slot: Slot::String, path: vec![key], how: How::Quoted, ..Part::text(quoted) });
                Some(end)
            }
            [b'/', ..] => Some(self.target(start)),
            _ => {
                let standing = (self.standing)(&[&key]);
                let len = match standing {
                    Standing::Text => return Some(start),
                    Standing::Word => word_len(value),
                    Standing::Words => words_len(value),
                };
                Some(self.push(Part { path: vec![key], ..Part::text(start..start + len) }))
            }
        }
    }
}

fn word_len(value: &[u8]) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\",;)]}>|&'".contains(byte);
    value.iter().position(ends).unwrap_or(value.len())
}

/// The length of a value that goes on over words that begin with a capital, or with a comma before them: `Roe, Jane`.
fn words_len(value: &[u8]) -> usize {
    let mut len = word_len(value);
    for _ in 1..MOST_WORDS {
        let rest = value.get(len..).unwrap_or_default();
        let blanks = if rest.starts_with(b", ") { 2 } else { usize::from(rest.starts_with(b" ")) };
        let next = rest.get(blanks..).unwrap_or_default();
        let word = word_len(next);
        let capital = next.first().is_some_and(u8::is_ascii_uppercase);
        let named = next.get(..word).is_some_and(|word| word.contains(&b'='));
        // A word all in capitals behind one that is not is a level, or a state.
        let shouts = word > 1
            && next.iter().take(word).all(u8::is_ascii_uppercase)
            && value.iter().take(len).any(u8::is_ascii_lowercase);
        if blanks == 0 || word == 0 || !capital || named || shouts {
            break;
        }
        len += blanks + word;
    }
    len
}

/// Whether most lines of a text begin as lines of logs do.
pub(crate) fn looks_like(text: &[u8], complete: bool) -> bool {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    if !complete && lines.len() > 1 {
        lines.pop();
    }
    let lines: Vec<&[u8]> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).collect();
    let (begun, all) = (lines.iter().filter(|line| begins(line)).count(), lines.len());
    lines.first().is_some_and(|line| begins(line)) && begun * 2 >= all
}

/// Whether a line begins as one of a log: a time and a level, a priority, a client and a time, or pairs.
fn begins(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let head = line.get(..160).unwrap_or(line);
    let has = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    let level = || {
        const LEVELS: [&[u8]; 14] = [
            b"INFO", b"WARN", b"ERROR", b"DEBUG", b"TRACE", b"FATAL", b"NOTICE", b"CRIT", b"SEVERE", b" info",
            b" warn", b" error", b" debug", b"[info]",
        ];
        LEVELS.iter().any(|level| has(level))
    };
    let priority = matches!(line, [b'<', rest @ ..] if {
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        (1..=3).contains(&digits) && rest.get(digits) == Some(&b'>')
    });
    let client = {
        let mut words = line.splitn(4, |byte| *byte == b' ');
        let host = words.next().unwrap_or_default();
        let time =
            words.nth(2).is_some_and(|rest| rest.starts_with(b"[") && rest.get(1).is_some_and(u8::is_ascii_digit));
        time && host.iter().any(|byte| matches!(byte, b'.' | b':' | b'-'))
    };
    let stamp = head.strip_prefix(b"[").unwrap_or(head);
    let digits = |range: Range<usize>| stamp.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated = digits(0..4) && matches!(stamp.get(4), Some(b'-' | b'/')) && digits(5..7) && digits(8..10);
    let timed = dated && matches!(stamp.get(10), Some(b'T' | b' ')) && digits(11..13) && stamp.get(13) == Some(&b':');
    let month = stamp.get(..3).is_some_and(|name| {
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"]
            .iter()
            .any(|month| name == *month)
    });
    // `Oct  3 22:14:15 host program[12]: …`
    let old = month && digits(7..9) && stamp.get(9) == Some(&b':') && digits(10..12) && has(b": ");
    let pairs = [&b"level="[..], b"ts=", b"time=", b"lvl=", b"timestamp="].iter().any(|name| head.starts_with(name));
    let leveled = [&b"INFO "[..], b"WARN ", b"ERROR ", b"DEBUG ", b"TRACE ", b"FATAL "];
    priority
        || client
        || old
        || (pairs && has(b" "))
        || (timed && (level() || is_line(line)))
        || leveled.iter().any(|level| head.starts_with(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let standing = |path: &[&[u8]]| match path {
            [b"name"] => Standing::Words,
            [b"mrn"] | [b"patients", b"id"] => Standing::Word,
            _ => Standing::Text,
        };
        let line = line.as_bytes();
        let text = |part: Part| {
            let text: Vec<u8> = part.pieces(line).into_iter().flat_map(|(text, _)| text).collect();
            let path: Vec<String> = part.path.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            let format = part.format.map(|format| format!("{format}!")).unwrap_or_default();
            format!("{format}{}:{}", path.join("."), String::from_utf8_lossy(&text))
        };
        parts(line, &mut { standing }).into_iter().map(text).filter(|shown| !shown.starts_with(':')).collect()
    }

    #[test]
    fn requests_have_fields_in_their_path_and_query() {
        let line = "192.0.2.1 - jroe [10/Oct/2000:13:55:36 -0700] \"GET /v2/patients/A12-7/chart?name=Jane+Roe&x=%41 HTTP/1.1\" 200 5";
        assert_eq!(shown(line), ["username:jroe", "patients.id:A12-7", "name:Jane Roe", "x:A"]);
        assert_eq!(shown("INFO GET /patients/search 200"), [""; 0]);
        assert_eq!(shown("took path=/patients/77 ms"), ["patients.id:77"]);
    }

    #[test]
    fn pairs_are_fields_where_their_name_tells() {
        assert_eq!(shown("x mrn=123, name=Jane Roe status=ok"), ["mrn:123", "name:Jane Roe"]);
        assert_eq!(shown("name=\"Roe, \\\"J\\\"\" a=b"), ["name:Roe, \"J\""]);
        assert_eq!(shown("name=ROE, JANE ok"), ["name:ROE, JANE"]);
        assert_eq!(shown("name=Jane Roe INFO"), ["name:Jane Roe"]);
        assert_eq!(shown("[x@1 mrn=\"7\" b=\"c\"] text"), ["mrn:7"]);
    }

    #[test]
    fn other_formats_stand_in_lines() {
        assert_eq!(shown("sent {\"a\":1} x"), ["json!:{\"a\":1} x"]);
        assert_eq!(shown("in: PID|1||7^^^A\\rPV1|1"), ["hl7!:PID|1||7^^^A\rPV1|1"]);
        assert_eq!(shown("got \"MSH|^~\\\\&|A\\rPID|1\" ok"), ["hl7!:MSH|^~\\&|A\rPID|1"]);
        assert_eq!(shown("see OBX now"), [""; 0]);
    }

    #[test]
    fn logs_are_told_from_prose() {
        assert!(looks_like(b"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200 5\n", true));
        assert!(looks_like(b"Oct  3 22:14:15 host su[3]: failed\nOct 13 22:14:16 host x: ok\n", true));
        assert!(looks_like(b"<165>1 2003-10-11T22:14:15.003Z h a - - - x\n", true));
        assert!(looks_like(b"2024-01-05 10:11:12,003 INFO [x] started\n  at Main.java:3\n", true));
        assert!(looks_like(b"level=info msg=\"ok\"\n", true));
        assert!(!looks_like(b"2024-01-05 Seen in clinic.\nOct 3 follow-up: stable.\n", true));
        assert!(!looks_like(b"Patient: Jane Roe\nMRN 12345\n", true));
    }
}
