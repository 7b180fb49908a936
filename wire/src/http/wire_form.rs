//! The spelling of HTTP/1 on the wire. A server library forgives much of it (bare line feeds, blank lines in front,
//! extensions of chunks); what is forgiven here may be read otherwise by whoever stands in front, so it is refused.

use std::fmt;

/// Watches the bytes that a client sends on one connection.
///
/// It understands just enough to know where heads, bodies and chunks begin. HTTP/2 has a framing of its own: after its
/// preface nothing is looked at.
#[derive(Debug)]
pub struct WireForm {
    state: State,
    /// The line that is being read, without its end.
    line: Vec<u8>,
    length: Option<u64>,
    chunked: bool,
    longest_line: usize,
}

/// The bytes are not HTTP/1.1 as it is written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed(&'static str);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing came yet: it may be HTTP/2.
    First,
    RequestLine,
    Headers,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    /// Not ours to read.
    Other,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

impl WireForm {
    /// A connection on which nothing came yet.
    #[must_use]
    pub fn new(longest_line: usize) -> Self {
        Self { state: State::First, line: Vec::new(), length: None, chunked: false, longest_line }
    }

    /// Looks at the next bytes. After an error the connection is of no use.
    pub fn observe(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Other => return Ok(()),
                State::Body(left) | State::Chunk(left) => self.skip(left, bytes),
                _ => self.read_line(bytes)?,
            };
        }
        Ok(())
    }

    fn skip<'b>(&mut self, left: u64, bytes: &'b [u8]) -> &'b [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.state = match self.state {
            State::Chunk(_) if left == 0 => State::ChunkEnd,
            State::Chunk(_) => State::Chunk(left),
            _ if left == 0 => State::RequestLine,
            _ => State::Body(left),
        };
        bytes.get(here..).unwrap_or_default()
    }

    fn read_line<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Malformed> {
        let end = memchr(bytes);
        let (part, rest) = match end {
            Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
            None => (bytes, &[][..]),
        };
        if self.line.len() + part.len() > self.longest_line {
            return Err(Malformed("a line is too long"));
        }
        self.line.extend_from_slice(part);
        if end.is_none() {
            // A carriage return may be the last byte so far; what comes next decides.
            let settled = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
            return check_bytes(settled).map(|()| rest);
        }
        let mut line = std::mem::take(&mut self.line);
        if line.pop() != Some(b'\r') {
            return Err(Malformed("a line ends in a bare line feed"));
        }
        check_bytes(&line)?;
        self.line_done(&line)?;
        line.clear();
        self.line = line;
        Ok(rest)
    }

    fn line_done(&mut self, line: &[u8]) -> Result<(), Malformed> {
        match self.state {
            State::First if [line, b"\r\n"].concat() == PREFACE => self.state = State::Other,
            State::First | State::RequestLine => {
                request_line(line)?;
                (self.length, self.chunked) = (None, false);
                self.state = State::Headers;
            }
            State::Headers if line.is_empty() => {
                self.state = match (self.chunked, self.length) {
                    (true, Some(_)) => return Err(Malformed("both a length and a transfer coding")),
                    (true, None) => State::ChunkSize,
                    (false, None | Some(0)) => State::RequestLine,
                    (false, Some(length)) => State::Body(length),
                };
            }
            State::Headers => self.header(line)?,
            State::ChunkSize => {
                self.state = match chunk_size(line)? {
                    0 => State::Trailers,
                    size => State::Chunk(size),
                }
            }
            State::ChunkEnd if line.is_empty() => self.state = State::ChunkSize,
            State::ChunkEnd => return Err(Malformed("a chunk is longer than it says")),
            State::Trailers if line.is_empty() => self.state = State::RequestLine,
            State::Trailers => {
                field(line)?;
            }
            State::Body(_) | State::Chunk(_) | State::Other => {}
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let (name, value) = field(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            let plain = !value.is_empty() && value.len() < 19 && value.iter().all(u8::is_ascii_digit);
            if !plain || self.length.is_some() {
                return Err(Malformed("a length that is no number, or two of them"));
            }
            self.length = Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed("a transfer coding other than chunked"));
            }
            self.chunked = true;
        }
        Ok(())
    }
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

fn check_bytes(line: &[u8]) -> Result<(), Malformed> {
    match line.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
        true => Err(Malformed("a control character")),
        false => Ok(()),
    }
}

fn request_line(line: &[u8]) -> Result<(), Malformed> {
    let mut parts = line.split(|&byte| byte == b' ');
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let well_formed = method.is_some_and(is_token)
        && target.is_some_and(|target| !target.is_empty() && !target.iter().any(|byte| b"\t#".contains(byte)))
        && matches!(version, Some(b"HTTP/1.1" | b"HTTP/1.0"))
        && parts.next().is_none();
    if well_formed { Ok(()) } else { Err(Malformed("the request line")) }
}

fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or(Malformed("a header without a colon"))?;
    let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
    if !is_token(name) {
        return Err(Malformed("the name of a header, a folded line, or a blank before the colon"));
    }
    Ok((name, value.trim_ascii()))
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    if line.is_empty() || line.len() > 15 || !line.iter().all(u8::is_ascii_hexdigit) {
        return Err(Malformed("the size of a chunk, or an extension of it"));
    }
    let text = std::str::from_utf8(line).unwrap_or_default();
    u64::from_str_radix(text, 16).map_err(|_| Malformed("the size of a chunk"))
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judge(bytes: &[u8]) -> Result<(), Malformed> {
        WireForm::new(200).observe(bytes)
    }

    const GOOD: &[&str] = &[
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nEmpty:\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\n\0xGET /b HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\n\0x\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\n\0",
    ];

    const BAD: &[&str] = &[
        "GET /a HTTP/1.1\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\n\n",
        "\r\nGET /a HTTP/1.1\r\n\r\n",
        "GET  /a HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1 \r\n\r\n",
        "GET /a\r\n\r\n",
        "GET /a#/b HTTP/1.1\r\n\r\n",
        "GET /a HTTP/3.0\r\n\r\n",
        "G\0T /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /a HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        "GET /a HTTP/1.1\r\n: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nA\r\n\r\n",
        "GET /a HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
        "GET /a HTTP/1.1\r\nA: \x0b\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;ext\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
    ];

    #[test]
    fn what_is_written_down_passes_and_nothing_else() {
        for good in GOOD {
            assert_eq!(judge(good.as_bytes()), Ok(()), "{good:?}");
        }
        for bad in BAD {
            assert!(judge(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(judge(format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200)).as_bytes()).is_err());
    }

    #[test]
    fn it_does_not_matter_how_bytes_arrive() {
        for text in GOOD.iter().chain(BAD) {
            let bytes = text.as_bytes();
            for step in 1..bytes.len() {
                let mut form = WireForm::new(200);
                let judged = bytes.chunks(step).try_for_each(|chunk| form.observe(chunk));
                assert_eq!(judged.is_ok(), judge(bytes).is_ok(), "{text:?} in steps of {step}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, step in 1_usize..9) {
            let mut form = WireForm::new(50);
            let _ = bytes.chunks(step).try_for_each(|chunk| form.observe(chunk));
        }
    }
}
