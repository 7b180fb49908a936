//! Whole-document readers, as simple as they can be: the runs that the streaming lenses must agree with.

pub(super) mod copy;
pub(super) mod form;
pub(super) mod hl7;
pub(super) mod log;
pub(super) mod mime;
pub(super) mod x12;
pub(super) mod xml;

use crate::lens::deltas::is_answer;
use crate::lens::encode::Around;
use crate::lens::pairs::{self, Level, Told};
use crate::{ANSWER, Format, Meaning, Slot};

/// One text run of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) text: Vec<u8>,
    /// For each byte of `text` the raw bytes that spell it.
    pub(super) raw: Vec<(usize, usize)>,
    pub(super) slot: Slot,
    /// Names of the enclosing fields, by the index of the run of the key; and from where a type is declared.
    pub(super) path: Vec<Name>,
    pub(super) typed: Option<Vec<Vec<u8>>>,
    pub(super) record: usize,
    /// Identifies the object that a key belongs to.
    pub(super) object: usize,
    /// Further raw bytes that spell a byte of `text`, by its index.
    pub(super) also: Vec<(usize, (usize, usize))>,
    /// The places that its format lies in.
    pub(super) around: Around,
    /// What separates cells, when it is one.
    pub(super) delimiter: u8,
    /// How much of it there was when markup came between.
    pub(super) touched: Option<usize>,
    /// It is of another format, in every case.
    pub(super) format: Option<Format>,
    /// It is HL7 and prose: separators in it are signs.
    pub(super) prose: bool,
    /// What stands beside it says what it is.
    pub(super) label: Option<Vec<u8>>,
    /// It is said to be base64.
    pub(super) base64: bool,
    /// It is put together from the pieces of several records.
    pub(super) joined: bool,
    /// It stands beside another run: it neither teaches nor knows what stands around it.
    pub(super) apart: bool,
    /// Of a column without a name: which it is, and what it means.
    pub(super) column: Option<(usize, Meaning)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Name {
    pub(super) name: Vec<u8>,
    /// Index of the run that spelt it, when it was one.
    pub(super) key: Option<usize>,
    /// It is too long to be anybody's.
    pub(super) long: bool,
}

impl Run {
    pub(super) fn push(&mut self, text: &[u8], start: usize, end: usize) {
        self.text.extend(text);
        self.raw.extend(text.iter().map(|_| (start, end)));
    }

    /// The raw bytes of the text from `start` to `end`, in pieces that do not touch.
    pub(super) fn parts(&self, start: usize, end: usize) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        for at in start..end {
            all.push(self.raw[at]);
            all.extend(self.also.iter().filter(|(of, _)| *of == at).map(|(_, raw)| *raw));
        }
        let mut parts: Vec<(usize, usize)> = Vec::new();
        for (from, to) in all {
            match parts.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => parts.push((from, to)),
            }
        }
        parts
    }

    pub(super) fn plain(&mut self, doc: &[u8], start: usize, end: usize) {
        for i in start..end {
            self.push(&doc[i..=i], i, i + 1);
        }
    }
}

/// A run whose raw bytes are those of `outer`'s text becomes one whose raw bytes are those of the document.
pub(super) fn through(mut run: Run, outer: &Run) -> Run {
    let inner = std::mem::take(&mut run.raw);
    for (at, (start, end)) in inner.into_iter().enumerate() {
        if start == end {
            // It stands nowhere: behind what is before it.
            let before = start.checked_sub(1).and_then(|before| outer.parts(before, start).last().copied());
            let behind = before.map_or(outer.raw[0].0, |(_, end)| end);
            run.raw.push((behind, behind));
            continue;
        }
        let parts = outer.parts(start, end);
        run.raw.push(parts[0]);
        run.also.extend(parts.into_iter().skip(1).map(|part| (at, part)));
    }
    run
}

pub(super) fn text(doc: &[u8]) -> Vec<Run> {
    let mut run = Run::default();
    run.plain(doc, 0, doc.len());
    vec![run]
}

#[derive(Default)]
struct Frame {
    object: bool,
    id: usize,
    name: Vec<u8>,
    long: bool,
    key: Option<usize>,
    type_name: Vec<u8>,
    index: usize,
    told: Told,
}

impl Level for Frame {
    fn is_object(&self) -> bool {
        self.object
    }

    fn field(&self) -> &[u8] {
        &self.name
    }

    fn index(&self) -> usize {
        self.index
    }

    fn told(&self) -> Option<&Told> {
        Some(&self.told)
    }

    fn tell(&mut self) -> &mut Told {
        &mut self.told
    }
}

/// Whole JSON texts. `lines`: a newline between tokens ends everything.
pub(super) fn json(doc: &[u8], lines: bool) -> Vec<Run> {
    let (mut runs, mut stack, mut at, mut key, mut record, mut objects) =
        (Vec::<Run>::new(), Vec::<Frame>::new(), 0, false, 0, 0);
    while at < doc.len() {
        match doc[at] {
            b'"' => {
                let mut run = place(&stack, record);
                run.slot = if key { Slot::Key } else { Slot::String };
                run.object = stack.last().map_or(0, |frame| frame.id);
                let (next, broken) = string(doc, at + 1, &mut run);
                let text = run.text.clone();
                runs.push(run);
                if broken {
                    at = rest_is_text(doc, next, lines, record, &mut runs);
                    (stack, key, record) = (Vec::new(), false, record + 1);
                    continue;
                }
                let typed = |frame: &Frame| frame.object && matches!(&frame.name[..], b"resourceType" | b"object");
                if !key && !stack.last().is_some_and(typed) && pairs::tells(&stack) {
                    pairs::note(&mut stack, &text);
                }
                if let Some(frame) = stack.last_mut() {
                    if key {
                        frame.long = text.len() > 128;
                        frame.name = if frame.long { Vec::new() } else { text };
                        frame.key = Some(runs.len() - 1);
                    } else if frame.object && frame.name == b"resourceType" && text.len() <= 256 {
                        frame.type_name = text;
                    } else if frame.object && frame.name == b"object" && text.len() <= 256 {
                        frame.type_name = if is_answer(&text) { ANSWER.to_vec() } else { Vec::new() };
                    }
                }
                (at, key) = (next, false);
            }
            byte @ (b'{' | b'[') => {
                if stack.len() >= 512 {
                    at = rest_is_text(doc, at, lines, record, &mut runs);
                    (stack, key, record) = (Vec::new(), false, record + 1);
                    continue;
                }
                objects += 1;
                pairs::opens(&mut stack);
                key = byte == b'{';
                stack.push(Frame { object: key, id: objects, ..Frame::default() });
                at += 1;
            }
            b'}' | b']' => {
                stack.pop();
                key = false;
                at += 1;
                record += usize::from(stack.is_empty());
            }
            b',' => {
                if let Some(frame) = stack.last_mut() {
                    frame.index += 1;
                }
                key = stack.last().is_some_and(|frame| frame.object);
                at += 1;
            }
            b':' => {
                key = false;
                at += 1;
            }
            b'\n' if lines => {
                (stack, key, record) = (Vec::new(), false, record + 1);
                at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            0xef | 0xbb | 0xbf if stack.is_empty() => at += 1,
            _ => {
                let ends = |byte: &u8| b",}]:{[\" \t\r\n".contains(byte);
                let len = doc[at..].iter().position(ends).unwrap_or(doc.len() - at);
                let bare = &doc[at..at + len];
                let digits = bare.strip_prefix(b"-").unwrap_or(bare);
                let number = digits.first().is_some_and(u8::is_ascii_digit)
                    && digits.iter().all(|byte| b"0123456789.eE+-".contains(byte));
                if LITERALS.contains(&bare) {
                    at += len;
                } else if len > 64 && bare.iter().all(|byte| b"0123456789.eE+-".contains(byte)) {
                    let mut run = Run { slot: Slot::Bare, record, ..Run::default() };
                    run.plain(doc, at, at + len);
                    runs.push(run);
                    at += len;
                } else if len <= 64 && number {
                    let mut run = place(&stack, record);
                    run.slot = Slot::Number;
                    run.plain(doc, at, at + len);
                    runs.push(run);
                    at += len;
                } else {
                    at = rest_is_text(doc, at, lines, record, &mut runs);
                    (stack, record) = (Vec::new(), record + 1);
                }
                key = false;
            }
        }
    }
    runs
}

/// What may stand for a value beside numbers, in JSON and in what is written by habit.
const LITERALS: [&[u8]; 10] =
    [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity", b"undefined", b"None", b"True", b"False"];

fn place(stack: &[Frame], record: usize) -> Run {
    let named: Vec<&Frame> = stack.iter().filter(|frame| frame.key.is_some()).collect();
    let named = &named[named.len().saturating_sub(32)..];
    let path = named.iter().map(|frame| Name { name: frame.name.clone(), key: frame.key, long: frame.long }).collect();
    let from = named.iter().rposition(|frame| !frame.type_name.is_empty());
    let typed = from.map(|from| {
        let below = named[from..].iter().map(|frame| frame.name.clone());
        std::iter::once(named[from].type_name.clone()).chain(below).collect()
    });
    let label = pairs::label(stack).map(<[u8]>::to_vec);
    Run { path, typed, label, record, ..Run::default() }
}

/// Reads a string behind its quote. Returns where it ends, and whether a line end broke it.
fn string(doc: &[u8], mut at: usize, run: &mut Run) -> (usize, bool) {
    while at < doc.len() {
        match doc[at] {
            b'"' => return (at + 1, false),
            b'\n' => return (at, true),
            b'\\' => {
                let (text, len) = escape(&doc[at..]);
                if text == doc[at..at + len] {
                    run.plain(doc, at, at + len);
                } else {
                    run.push(&text, at, at + len);
                }
                at += len;
            }
            _ => {
                run.plain(doc, at, at + 1);
                at += 1;
            }
        }
    }
    (at, false)
}

/// What an escape stands for and how long it is. A broken one stands for itself, without the byte that breaks it.
fn escape(bytes: &[u8]) -> (Vec<u8>, usize) {
    let unit = |from: usize| {
        let digits = bytes.get(from..from + 4)?;
        digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    };
    let simple = match bytes.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let Some(high) = unit(2) else {
                let good = bytes[2..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                return (bytes[..2 + good].to_vec(), 2 + good);
            };
            let pair = (bytes.get(6..8) == Some(b"\\u")).then(|| unit(8)).flatten();
            let (code, len) = match (high, pair) {
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    (0x10000 + ((high - 0xd800) << 10) + low - 0xdc00, 12)
                }
                _ => (high, 6),
            };
            let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            // Half a pair that the input ends in is spelt out.
            let cut = (0xd800..=0xdbff).contains(&high) && len == 6 && half_open(&bytes[6..]);
            return if cut { (bytes.to_vec(), bytes.len()) } else { (c.to_string().into_bytes(), len) };
        }
        _ => return (bytes[..1].to_vec(), 1),
    };
    (simple.to_string().into_bytes(), 2)
}

/// Whether the input ends where the second half of a pair could still follow.
fn half_open(rest: &[u8]) -> bool {
    match rest {
        [] | [b'\\'] | [b'\\', b'u'] => true,
        [b'\\', b'u', digits @ ..] => digits.len() < 4 && digits.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    }
}

fn rest_is_text(doc: &[u8], at: usize, lines: bool, record: usize, runs: &mut Vec<Run>) -> usize {
    let len = if lines { doc[at..].iter().position(|&byte| byte == b'\n') } else { None };
    let end = len.map_or(doc.len(), |len| at + len);
    let mut run = Run { slot: Slot::Bare, record, ..Run::default() };
    run.plain(doc, at, end);
    runs.push(run);
    end + usize::from(len.is_some())
}

/// The cells of a row.
type Row = Vec<Vec<u8>>;

/// A table. The first row names the columns if `may_name` holds for every cell, and more of them mean something than
/// have something found in them.
pub(super) fn table(
    doc: &[u8],
    delimiter: u8,
    found_in: &mut dyn FnMut(&Run) -> bool,
    means: &dyn Fn(&[u8]) -> bool,
    guess: &dyn Fn(&[Row]) -> Vec<Meaning>,
) -> Vec<Run> {
    let (mut suspects, mut runs) = (0, Vec::<Run>::new());
    let mut names: Vec<Option<Vec<u8>>> = Vec::new();
    let mut columns: Vec<Option<Vec<u8>>> = Vec::new();
    // A byte order mark, or the beginning of one, is no content.
    let mark = doc.iter().zip(b"\xef\xbb\xbf").take_while(|(byte, mark)| byte == mark).count();
    let (mut at, mut column, mut record, mut first) = (mark, 0, 0, true);
    let (mut guessed, mut rows, mut label) = (Vec::new(), 0, Vec::new());
    let pair = |columns: &[Option<Vec<u8>>]| pairs::columns(columns.iter().map(Option::as_deref));
    let delimiter = parted_by(doc, mark, delimiter);
    let ends = |byte: u8| byte == delimiter || byte == b'\n' || byte == b'\r';
    let head = head(doc, mark, delimiter);
    let header = header_behind(&head, means);
    if header == Some(0) {
        guessed = guess(&head);
        if guessed.iter().any(|meaning| *meaning != Meaning::default()) {
            first = false;
        } else {
            guessed.clear();
        }
    }
    while at < doc.len() {
        if first && names.len() <= column && column < 4096 {
            names.push(Some(Vec::new()));
        }
        // One cell: quoted or plain, then perhaps more behind the quotes.
        while at < doc.len() && !ends(doc[at]) {
            let behind = at > mark && !(ends(doc[at - 1]));
            let quoted = doc[at] == b'"' && !behind;
            let mut run = Run { slot: Slot::Cell { quoted }, record, delimiter, ..Run::default() };
            if let Some(Some(name)) = columns.get(column) {
                run.path = vec![Name { name: name.clone(), ..Name::default() }];
            }
            run.column = guessed.get(column).map(|meaning| (column, *meaning));
            let (telling, told) = pair(&columns).unzip();
            run.label = Some(label.clone()).filter(|label| told == Some(column) && !label.is_empty());
            if quoted {
                at += 1;
                while at < doc.len() && (doc[at] != b'"' || doc.get(at + 1) == Some(&b'"')) {
                    let len = if doc[at] == b'"' { 2 } else { 1 };
                    run.push(&doc[at..=at], at, at + len);
                    at += len;
                }
                at += usize::from(at < doc.len());
            } else {
                while at < doc.len() && !ends(doc[at]) {
                    run.plain(doc, at, at + 1);
                    at += 1;
                }
            }
            if first && column < names.len() {
                suspects += usize::from(found_in(&run));
                let cell = run.text.trim_ascii().to_vec();
                let fits = names[column].is_some() && run.text.len() <= 64 && may_name(&cell);
                names[column] = fits.then_some(cell);
            }
            if telling == Some(column) {
                label = pairs::cell(&run.text).to_vec();
            }
            runs.push(run);
        }
        if at < doc.len() {
            let byte = doc[at];
            at += 1;
            column += usize::from(byte == delimiter);
            // A carriage return ends a row when no newline does.
            if byte == b'\n' || (byte == b'\r' && doc.get(at).is_some_and(|&next| next != b'\n')) {
                let empty = names.iter().all(|name| name.as_ref().is_some_and(Vec::is_empty)) && names.len() == 1;
                if first && empty {
                    names.clear();
                    suspects = 0;
                } else if first {
                    let misfits = names.iter().filter(|name| name.is_none()).count();
                    let telling = names.iter().flatten().filter(|name| means(name)).count();
                    if misfits + suspects == 0 || (telling > 0 && telling >= misfits + suspects) {
                        columns = std::mem::take(&mut names);
                    }
                    first = false;
                }
                if header.is_some_and(|row| row > 0 && row == rows) {
                    columns = head[rows].iter().map(|name| Some(name.trim_ascii().to_vec())).collect();
                    first = false;
                }
                rows += 1;
                label.clear();
                (column, record) = (0, record + 1);
            }
        }
    }
    runs
}

/// What parts the cells, where a comma is thought to: the other sign that parts each of the first sixteen rows into the same
/// number of cells, three at least, where commas part them into fewer or unevenly. The last of them in the alphabet, when they do it alike.
fn parted_by(doc: &[u8], mark: usize, delimiter: u8) -> u8 {
    if delimiter != b',' {
        return delimiter;
    }
    let counts = |sign: u8| -> Vec<usize> {
        let full = |row: &&Row| row.len() != 1 || !row[0].is_empty();
        head(doc, mark, sign).iter().filter(full).map(Vec::len).take(16).collect()
    };
    let commas = counts(b',');
    let uneven = commas.windows(2).any(|pair| pair[0] != pair[1]);
    let mut best = (0, b',');
    for sign in [b'\t', b';', b'^', b'|'] {
        let counts = counts(sign);
        let alike = counts.len() >= 2 && counts[0] >= 3 && counts.iter().all(|count| *count == counts[0]);
        if alike && counts[0] >= best.0 {
            best = (counts[0], sign);
        }
    }
    let fewer = commas.first().is_some_and(|commas| best.0 > *commas);
    if uneven || fewer { best.1 } else { b',' }
}

/// The rows of the first 4 KiB, as a reader sees them: line by line, but for line ends between quotes.
fn head(doc: &[u8], mark: usize, delimiter: u8) -> Vec<Row> {
    let complete = doc.len() < 4096;
    let mut text = doc[..doc.len().min(4096)].to_vec();
    text.drain(..if mark == 3 { 3 } else { 0 });
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quoted, mut fresh, mut at) = (false, true, 0);
    while at < text.len() && rows.len() < 64 {
        let byte = text[at];
        at += 1;
        if quoted {
            if byte == b'"' && text.get(at) == Some(&b'"') {
                at += 1;
            } else if byte == b'"' {
                quoted = false;
                continue;
            }
            cell.push(byte);
        } else if fresh && byte == b'"' {
            (quoted, fresh) = (true, false);
        } else if byte == delimiter {
            row.push(std::mem::take(&mut cell));
            fresh = true;
        } else if byte == b'\n' || byte == b'\r' {
            at += usize::from(byte == b'\r' && text.get(at) == Some(&b'\n'));
            row.push(std::mem::take(&mut cell));
            rows.push(std::mem::take(&mut row));
            fresh = true;
        } else {
            cell.push(byte);
            fresh = false;
        }
    }
    // A cell has begun, be it empty.
    let open = !fresh || !row.is_empty();
    if complete && at >= text.len() && rows.len() < 64 && open {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// The row behind others that names the columns; 0 when none does, not even the first; nothing when the first may.
fn header_behind(rows: &[Row], means: &dyn Fn(&[u8]) -> bool) -> Option<usize> {
    let fits = |cell: &Vec<u8>| cell.len() <= 64 && may_name(cell.trim_ascii());
    let telling = |row: &[Vec<u8>]| row.iter().filter(|cell| fits(cell) && means(cell.trim_ascii())).count();
    let misfits = |row: &[Vec<u8>]| row.iter().filter(|cell| !fits(cell)).count();
    let first = rows.iter().position(|row| row.len() > 1 || !row[0].is_empty()).unwrap_or(0);
    let on_top = rows.get(first).map_or(0, |row| telling(row));
    let names = |i: &usize| {
        let row = &rows[*i];
        let count = telling(row);
        misfits(row) == 0 && count >= 2 && count > on_top && 2 * count >= row.len()
    };
    let behind = (first + 1..rows.len().min(16)).find(names);
    let named = on_top > 0 && rows.get(first).is_some_and(|row| on_top >= misfits(row));
    behind.or(if named { None } else { Some(0) })
}

fn may_name(cell: &[u8]) -> bool {
    let count = |test: fn(&u8) -> bool| cell.iter().filter(|byte| test(byte)).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    // `31-60`, `120+`; `A0900`, `I8000A`.
    let range = count(|byte| b"+-<>".contains(byte)) + digits == cell.len() && digits < cell.len() && digits < 7;
    let item = (5..=6).contains(&cell.len())
        && cell[0].is_ascii_uppercase()
        && cell[1..5].iter().all(u8::is_ascii_digit)
        && !cell[5..].iter().any(u8::is_ascii_digit);
    cell.is_empty() || range || item || (letters > digits && digits <= 4 && !cell.contains(&b'@'))
}
