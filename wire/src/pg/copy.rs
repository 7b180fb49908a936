//! COPY streams, cell by cell: text, CSV and binary, wherever messages cut them.
//!
//! A [`CopyStream`] takes the bytes of each message and gives back what may be sent for them. A cell is judged when all of
//! it is there; what came before it has left by then. A cell that needs no change is spelt as it came, and a message in
//! which nothing was changed or waits goes on as the frame it came in.

use std::fmt;

use bytes::Bytes;

use super::clean::{Refusal, ToClient};
use super::frame::{BackendFrame, FrontendFrame};
use super::frontend;
use super::value::Masked;

/// How a stream is written: what the statement said, or the defaults.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CopyFormat {
    /// Cells end at the delimiter or the line; a backslash escapes.
    Text {
        /// A tab by default.
        delimiter: u8,
        /// `\N` by default.
        null: Vec<u8>,
    },
    /// Cells may stand in quotes.
    Csv {
        /// A comma by default.
        delimiter: u8,
        /// A double quote by default.
        quote: u8,
        /// The quote by default.
        escape: u8,
        /// Nothing by default.
        null: Vec<u8>,
        /// The first line has the names of the columns.
        header: bool,
    },
    /// Lengths and values in binary form.
    Binary,
}

/// A cell of a stream.
#[derive(Clone)]
pub struct Cell {
    /// Which column, from 0.
    pub column: usize,
    /// It is the name of the column.
    pub header: bool,
    /// Its value; `None` for NULL.
    pub value: Option<Bytes>,
}

/// Judges a cell.
pub type Judge<'j> = &'j mut dyn FnMut(&Cell) -> Result<Masked, Refusal>;

/// A stream that is being read.
pub struct CopyStream {
    format: CopyFormat,
    /// The longest cell.
    most: usize,
    column: usize,
    line: u64,
    /// The cell so far, as it is spelt.
    cell: Vec<u8>,
    state: State,
    /// A cell was changed since this was last asked.
    changed: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// In a cell, outside of quotes.
    Plain,
    /// Behind a backslash, or behind an escape in quotes.
    Escaped,
    /// In quotes.
    Quoted,
    /// Behind a quote that may end the quotes, or may be the first of two.
    MaybeEnd,
    /// So many bytes of the head of a binary stream are missing.
    Head(usize),
    /// The number of columns of a binary row comes.
    Count,
    /// The length of a value comes; so many columns are left.
    Length(u16),
    /// So many bytes of the value are missing; so many columns are left behind it.
    Value(usize, u16),
    /// The end of a binary stream was read.
    Done,
}

impl CopyStream {
    /// Starts at the first byte. `most` bounds a cell.
    #[must_use]
    pub fn new(format: CopyFormat, most: usize) -> Self {
        let state = if format == CopyFormat::Binary { State::Head(HEAD) } else { State::Plain };
        Self { format, most, column: 0, line: 0, cell: Vec::new(), state, changed: false }
    }

    /// A piece of the server's stream; `None` when nothing of it may leave yet.
    ///
    /// # Errors
    ///
    /// When the stream does not follow its grammar, a cell is too long, or may neither be shown nor replaced.
    pub fn to_client(&mut self, frame: &BackendFrame, judge: Judge<'_>) -> Result<Option<ToClient>, Refusal> {
        let data = frame.bytes().slice(super::frame::HEADER..);
        let whole = self.cell.is_empty();
        let out = self.push(&data, judge)?;
        let changed = std::mem::take(&mut self.changed);
        if whole && !changed && out.len() == data.len() {
            return Ok(Some(ToClient::judged(frame)));
        }
        if out.is_empty() { Ok(None) } else { ToClient::copy_of(&out).map(Some) }
    }

    /// What is left when the server's stream ends.
    ///
    /// # Errors
    ///
    /// As for a piece.
    pub fn end_to_client(&mut self, judge: Judge<'_>) -> Result<Option<ToClient>, Refusal> {
        let out = self.finish(judge)?;
        if out.is_empty() { Ok(None) } else { ToClient::copy_of(&out).map(Some) }
    }

    /// A piece of the client's stream, as a message for the server.
    ///
    /// # Errors
    ///
    /// As for a piece of the server's.
    pub fn to_server(&mut self, frame: &FrontendFrame, judge: Judge<'_>) -> Result<Option<Bytes>, Refusal> {
        let out = self.push(&frontend::read_data(frame), judge)?;
        if out.is_empty() { Ok(None) } else { Ok(Some(frontend::write_copy_data(&out)?)) }
    }

    /// What is left when the client's stream ends.
    ///
    /// # Errors
    ///
    /// As for a piece.
    pub fn end_to_server(&mut self, judge: Judge<'_>) -> Result<Option<Bytes>, Refusal> {
        let out = self.finish(judge)?;
        if out.is_empty() { Ok(None) } else { Ok(Some(frontend::write_copy_data(&out)?)) }
    }

    fn push(&mut self, data: &[u8], judge: Judge<'_>) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::with_capacity(data.len() + self.cell.len());
        match self.format.clone() {
            CopyFormat::Binary => self.push_binary(data, judge, &mut out)?,
            CopyFormat::Text { delimiter, .. } => self.push_text(data, delimiter, judge, &mut out)?,
            CopyFormat::Csv { delimiter, quote, escape, .. } => {
                for byte in data {
                    self.push_csv(*byte, (delimiter, quote, escape), judge, &mut out)?;
                }
            }
        }
        Ok(out)
    }

    fn finish(&mut self, judge: Judge<'_>) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        if self.format == CopyFormat::Binary {
            // Cut short: the server will say so, or the client fail.
            let between = matches!(self.state, State::Count | State::Done) && self.cell.is_empty();
            return if between { Ok(out) } else { Err(Refusal::Rule("a COPY stream that ends inside a row")) };
        }
        if !self.cell.is_empty() || self.column > 0 {
            self.end_of_cell(judge, &mut out)?;
        }
        Ok(out)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.cell.len() + bytes.len() > self.most {
            return Err(Refusal::Rule("a cell of a COPY stream that is over the limit"));
        }
        self.cell.extend_from_slice(bytes);
        Ok(())
    }

    fn push_text(&mut self, data: &[u8], delimiter: u8, judge: Judge<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut rest = data;
        while let Some(first) = rest.first() {
            if self.state == State::Escaped {
                self.keep(&[*first])?;
                self.state = State::Plain;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let Some(at) = memchr::memchr3(b'\\', delimiter, b'\n', rest) else {
                return self.keep(rest);
            };
            let (before, from) = rest.split_at(at);
            self.keep(before)?;
            let byte = from.first().copied().unwrap_or(b'\n');
            rest = from.get(1..).unwrap_or_default();
            if byte == b'\\' {
                self.keep(b"\\")?;
                self.state = State::Escaped;
            } else {
                self.separate(byte, judge, out)?;
            }
        }
        Ok(())
    }

    fn push_csv(
        &mut self,
        byte: u8,
        (delimiter, quote, escape): (u8, u8, u8),
        judge: Judge<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        if self.state == State::MaybeEnd {
            if byte == quote && escape == quote {
                self.state = State::Quoted;
                return self.keep(&[byte]);
            }
            self.state = State::Plain;
        }
        match self.state {
            State::Escaped => {
                self.state = State::Quoted;
                self.keep(&[byte])
            }
            State::Quoted if byte == escape && escape != quote => {
                self.state = State::Escaped;
                self.keep(&[byte])
            }
            State::Quoted if byte == quote => {
                self.state = State::MaybeEnd;
                self.keep(&[byte])
            }
            State::Quoted => self.keep(&[byte]),
            _ if byte == quote => {
                self.state = State::Quoted;
                self.keep(&[byte])
            }
            _ if byte == delimiter || byte == b'\n' => self.separate(byte, judge, out),
            _ => self.keep(&[byte]),
        }
    }

    fn separate(&mut self, byte: u8, judge: Judge<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        self.end_of_cell(judge, out)?;
        out.push(byte);
        if byte == b'\n' {
            (self.column, self.line) = (0, self.line + 1);
        } else {
            self.column += 1;
        }
        Ok(())
    }

    fn end_of_cell(&mut self, judge: Judge<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let spelt = std::mem::take(&mut self.cell);
        // A carriage return before the end of the line belongs to neither.
        let (value, null, header) = match &self.format {
            CopyFormat::Text { null, .. } => {
                if spelt == b"\\." && self.column == 0 {
                    out.extend(spelt);
                    return Ok(());
                }
                ((spelt != *null).then(|| unescape(&spelt)), null.clone(), false)
            }
            CopyFormat::Csv { quote, escape, null, header, .. } => {
                let value = (spelt != *null).then(|| unquote(&spelt, *quote, *escape));
                (value, null.clone(), *header && self.line == 0)
            }
            CopyFormat::Binary => return Ok(()),
        };
        let cell = Cell { column: self.column, header, value: value.map(Bytes::from) };
        let masked = judge(&cell)?;
        self.changed |= masked != Masked::Unchanged;
        match masked {
            Masked::Unchanged => out.extend(spelt),
            Masked::Null => out.extend(null),
            Masked::Value(value) => self.spell(&value, out),
        }
        Ok(())
    }

    fn spell(&self, value: &[u8], out: &mut Vec<u8>) {
        match &self.format {
            CopyFormat::Text { delimiter, null } => {
                let start = out.len();
                for byte in value {
                    match byte {
                        b'\\' => out.extend(b"\\\\"),
                        b'\n' => out.extend(b"\\n"),
                        b'\r' => out.extend(b"\\r"),
                        byte if byte == delimiter => out.extend([b'\\', *byte]),
                        byte => out.push(*byte),
                    }
                }
                // A text that looks like NULL must not become it: its first byte is spelt by its number.
                if out.get(start..) == Some(null)
                    && let Some(first) = value.first()
                {
                    out.truncate(start);
                    out.extend(format!("\\x{first:02x}").bytes());
                    out.extend(value.get(1..).unwrap_or_default());
                }
            }
            CopyFormat::Csv { quote, escape, .. } => {
                out.push(*quote);
                for byte in value {
                    if byte == quote || byte == escape {
                        out.push(*escape);
                    }
                    out.push(*byte);
                }
                out.push(*quote);
            }
            CopyFormat::Binary => {}
        }
    }

    fn push_binary(&mut self, data: &[u8], judge: Judge<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut rest = data;
        loop {
            let wanted = match self.state {
                State::Head(length) => length,
                State::Count => 2,
                State::Length(_) => 4,
                State::Value(length, _) => length,
                _ if rest.is_empty() => return Ok(()),
                _ => return Err(Refusal::Rule("a COPY stream that goes on behind its end")),
            };
            let missing = wanted.saturating_sub(self.cell.len());
            let (part, behind) = rest.split_at(missing.min(rest.len()));
            self.keep(part)?;
            rest = behind;
            if self.cell.len() < wanted {
                return Ok(());
            }
            let field = std::mem::take(&mut self.cell);
            self.state = self.read_binary(field, judge, out)?;
        }
    }

    fn read_binary(&mut self, field: Vec<u8>, judge: Judge<'_>, out: &mut Vec<u8>) -> Result<State, Refusal> {
        match self.state {
            State::Head(_) => {
                // Neither flags nor an extension of the head is known.
                if !field.starts_with(SIGNATURE) || field.get(SIGNATURE.len()..).is_none_or(|rest| rest != [0; 8]) {
                    return Err(Refusal::Rule("a COPY stream with another head"));
                }
                out.extend(field);
                Ok(State::Count)
            }
            State::Count => {
                let count = i16::from_be_bytes(field.as_slice().try_into().unwrap_or_default());
                out.extend(field);
                self.column = 0;
                match u16::try_from(count) {
                    Err(_) if count == -1 => Ok(State::Done),
                    Err(_) => Err(Refusal::Rule("a row of a COPY stream without a count")),
                    Ok(0) => Ok(State::Count),
                    Ok(count) => Ok(State::Length(count)),
                }
            }
            State::Length(left) => {
                let length = i32::from_be_bytes(field.as_slice().try_into().unwrap_or_default());
                match usize::try_from(length) {
                    Ok(length) if length > self.most => {
                        Err(Refusal::Rule("a cell of a COPY stream that is over the limit"))
                    }
                    Ok(0) => self.judge_binary(Some(Vec::new()), left, judge, out),
                    Ok(length) => Ok(State::Value(length, left)),
                    Err(_) if length == -1 => self.judge_binary(None, left, judge, out),
                    Err(_) => Err(Refusal::Rule("a value of a COPY stream without a length")),
                }
            }
            State::Value(_, left) => self.judge_binary(Some(field), left, judge, out),
            other => Ok(other),
        }
    }

    fn judge_binary(
        &mut self,
        value: Option<Vec<u8>>,
        left: u16,
        judge: Judge<'_>,
        out: &mut Vec<u8>,
    ) -> Result<State, Refusal> {
        let value = value.map(Bytes::from);
        let cell = Cell { column: self.column, header: false, value: value.clone() };
        let masked = judge(&cell)?;
        self.changed |= masked != Masked::Unchanged;
        let shown = match masked {
            Masked::Unchanged => value,
            Masked::Null => None,
            Masked::Value(value) => Some(value),
        };
        match shown {
            None => out.extend((-1i32).to_be_bytes()),
            Some(value) => {
                out.extend(i32::try_from(value.len()).map_err(|_| Refusal::TooLong)?.to_be_bytes());
                out.extend_from_slice(&value);
            }
        }
        self.column += 1;
        Ok(if left > 1 { State::Length(left - 1) } else { State::Count })
    }
}

/// What a cell of the text format means.
fn unescape(spelt: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(spelt.len());
    let mut at = 0;
    while let Some(byte) = spelt.get(at) {
        at += 1;
        if *byte != b'\\' {
            value.push(*byte);
            continue;
        }
        let Some(escaped) = spelt.get(at) else {
            value.push(b'\\');
            break;
        };
        at += 1;
        let behind = at;
        let mut number = |radix: u32, from: usize, most: usize| {
            let digit = |byte: &&u8| char::from(**byte).is_digit(radix);
            let digits: Vec<u8> =
                spelt.get(from..).unwrap_or_default().iter().take(most).take_while(digit).copied().collect();
            at = from + digits.len();
            let text = String::from_utf8(digits).unwrap_or_default();
            // Three octal digits may say more than a byte holds: its low bits count.
            u32::from_str_radix(&text, radix).ok().and_then(|number| u8::try_from(number & 0xff).ok())
        };
        value.push(match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => number(8, behind - 1, 3).unwrap_or(0),
            b'x' => number(16, behind, 2).unwrap_or(b'x'),
            other => *other,
        });
    }
    value
}

/// What a cell of CSV means.
fn unquote(spelt: &[u8], quote: u8, escape: u8) -> Vec<u8> {
    let mut value = Vec::with_capacity(spelt.len());
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = spelt.get(at).copied() {
        at += 1;
        let next = spelt.get(at).copied();
        if quoted && byte == escape && next.is_some_and(|next| next == quote || next == escape) {
            value.extend(next);
            at += 1;
        } else if byte == quote {
            quoted = !quoted;
        } else {
            value.push(byte);
        }
    }
    value
}

impl fmt::Debug for CopyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopyStream(line {}, column {}, {} bytes wait)", self.line, self.column, self.cell.len())
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({}, {:?} bytes)", self.column, self.value.as_ref().map(Bytes::len))
    }
}

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const HEAD: usize = SIGNATURE.len() + 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> CopyFormat {
        CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec() }
    }

    fn csv(delimiter: u8, quote: u8, escape: u8, header: bool) -> CopyFormat {
        CopyFormat::Csv { delimiter, quote, escape, null: Vec::new(), header }
    }

    type Seen = Vec<(usize, Option<String>)>;

    /// Runs a stream that is cut at `cuts`. Cells with a digit become `[X]`, with a tab, a quote and a backslash.
    fn run(format: &CopyFormat, stream: &[u8], cuts: &[usize]) -> (Vec<u8>, Seen) {
        let mut copy = CopyStream::new(format.clone(), 1000);
        let mut seen = Vec::new();
        let mut judge = |cell: &Cell| {
            let text = cell.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned());
            seen.push((cell.column, text.clone()));
            let digits = text.is_some_and(|text| text.contains(|c: char| c.is_ascii_digit()));
            Ok(if digits { Masked::Value(Bytes::from_static(b"[X]\t\"\\,")) } else { Masked::Unchanged })
        };
        let mut out = Vec::new();
        let mut start = 0;
        for cut in cuts.iter().copied().chain([stream.len()]) {
            out.extend(copy.push(&stream[start..cut], &mut judge).unwrap());
            start = cut;
        }
        out.extend(copy.finish(&mut judge).unwrap());
        (out, seen)
    }

    fn binary() -> Vec<u8> {
        let mut stream = [SIGNATURE, &[0; 8]].concat();
        for values in [[Some(&b"Joan"[..]), None], [Some(b"12"), Some(b"")]] {
            stream.extend([0, 2]);
            for value in values {
                let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
                stream.extend(length.to_be_bytes());
                stream.extend(value.unwrap_or_default());
            }
        }
        stream.extend([255, 255]);
        stream
    }

    fn streams() -> Vec<(CopyFormat, Vec<u8>)> {
        vec![
            (text(), b"Joan\t\\N\t1\\t2\nback\\\\slash\\x41\\101\t\t\\\n\nlast\t7\n\\.\n".to_vec()),
            (CopyFormat::Text { delimiter: b'|', null: b"-".to_vec() }, b"a\\|b|-|5\nx||\n".to_vec()),
            (csv(b',', b'"', b'"', true), b"name,born\n\"O\"\"Hara, \n1\",,\"\"\nplain,x,2\n".to_vec()),
            (csv(b';', b'\'', b'\\', false), b"'it\\'s; 3';'\\\\';x\n".to_vec()),
            (CopyFormat::Binary, binary()),
        ]
    }

    #[test]
    fn every_cut_gives_the_same_stream() {
        for (format, stream) in streams() {
            let whole = run(&format, &stream, &[]);
            for one in 0..=stream.len() {
                assert_eq!(run(&format, &stream, &[one]), whole, "{format:?} at {one}");
                for two in one..=stream.len() {
                    assert_eq!(run(&format, &stream, &[one, two]).0, whole.0, "{format:?} at {one}, {two}");
                }
            }
            let all: Vec<usize> = (0..stream.len()).collect();
            assert_eq!(run(&format, &stream, &all), whole, "{format:?} byte by byte");
        }
    }

    #[test]
    fn cells_are_read_as_what_they_mean() {
        let seen = |at: usize| {
            let (format, stream) = streams().swap_remove(at);
            let cells = run(&format, &stream, &[]).1;
            cells.into_iter().map(|(_, value)| value.unwrap_or_else(|| "NULL".into())).collect::<Vec<_>>()
        };
        assert_eq!(seen(0), ["Joan", "NULL", "1\t2", "back\\slashAA", "", "\n", "last", "7"]);
        assert_eq!(seen(1), ["a|b", "NULL", "5", "x", "", ""]);
        assert_eq!(seen(2), ["name", "born", "O\"Hara, \n1", "NULL", "", "plain", "x", "2"]);
        assert_eq!(seen(3), ["it's; 3", "\\", "x"]);
        assert_eq!(seen(4), ["Joan", "NULL", "12", ""]);
    }

    #[test]
    fn a_changed_cell_reads_as_what_it_became_and_the_rest_as_it_was() {
        for (format, stream) in streams() {
            let (out, before) = run(&format, &stream, &[]);
            let mut copy = CopyStream::new(format.clone(), 1000);
            let mut after = Vec::new();
            let mut judge = |cell: &Cell| {
                after.push((cell.column, cell.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())));
                Ok(Masked::Unchanged)
            };
            let mut again = copy.push(&out, &mut judge).unwrap();
            again.extend(copy.finish(&mut judge).unwrap());
            assert_eq!(again, out, "{format:?}");
            let wanted: Seen = before
                .into_iter()
                .map(|(column, value)| match value {
                    Some(value) if value.contains(|c: char| c.is_ascii_digit()) => (column, Some("[X]\t\"\\,".into())),
                    other => (column, other),
                })
                .collect();
            assert_eq!(after, wanted, "{format:?}");
        }
    }

    #[test]
    fn a_cell_over_the_limit_and_a_broken_head_are_refused() {
        let mut judge = |_: &Cell| Ok(Masked::Unchanged);
        assert!(CopyStream::new(text(), 4).push(b"12345", &mut judge).is_err());
        assert!(CopyStream::new(CopyFormat::Binary, 100).push(&[0; 19], &mut judge).is_err());
        let mut long = [SIGNATURE, &[0; 8], &[0, 1, 127, 255, 255, 255]].concat();
        assert!(CopyStream::new(CopyFormat::Binary, 100).push(&long, &mut judge).is_err());
        long.truncate(21);
        let mut copy = CopyStream::new(CopyFormat::Binary, 100);
        copy.push(&long, &mut judge).unwrap();
        assert!(copy.finish(&mut judge).is_err(), "cut short");
    }
}
