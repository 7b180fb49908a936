//! Tables with a delimiter: every cell is a run; the first row may name the columns, or one behind a few lines of titles.
//!
//! The first rows are gathered before any is read: they tell where the names stand, and what columns hold that have none.

mod head;

use std::ops::Range;
use std::sync::Arc;

use super::Sink;
use super::pairs;
use super::paths::PathInfo;
use crate::{Meaning, Slot, output::Place};

/// Columns beyond this have no name.
const MOST_COLUMNS: usize = 4096;
/// A longer first-row cell is no name.
const LONGEST_NAME: usize = 64;
/// So much of a table is gathered before it is read.
pub(crate) const HEAD: usize = 4096;
/// The rows above the one that names the columns, at most.
pub(crate) const MOST_TITLES: usize = 16;

pub(crate) struct Delimited {
    delimiter: u8,
    state: State,
    column: usize,
    /// The first row is still being read; its cells may be names.
    in_first: bool,
    names: Vec<Option<Vec<u8>>>,
    /// The last byte was a carriage return: the row ends unless a newline follows.
    returned: bool,
    /// Runs of the first row in which something was found.
    suspects: usize,
    /// How much of a byte order mark was read; 3 when none can follow.
    mark: usize,
    columns: Vec<Option<Arc<PathInfo>>>,
    /// Columns of which one says what the other holds, and what it says in this row.
    pair: Option<(usize, usize)>,
    label: Vec<u8>,
    captured: Vec<u8>,
    capturing: bool,
    gathering: Gathering,
    /// Columns that are called so behind this row.
    header: Option<(usize, Vec<Option<Arc<PathInfo>>>)>,
    /// Rows that have ended, as far as anybody counts.
    rows: usize,
}

/// The first bytes of a table.
enum Gathering {
    /// They have not all come: where they begin, once one has, and what earlier chunks held of them.
    Waits { start: Option<u64>, gathered: Vec<u8> },
    /// They were read.
    Done,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Before the first byte of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote inside quotes: it ends them, or is the first of a doubled one.
    Quote,
    /// Behind the closing quote; more content may follow in a sloppy file.
    Behind,
}

impl Delimited {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::Start,
            column: 0,
            in_first: true,
            names: Vec::new(),
            returned: false,
            suspects: 0,
            mark: 0,
            columns: Vec::new(),
            pair: None,
            label: Vec::new(),
            captured: Vec::new(),
            capturing: false,
            gathering: Gathering::Waits { start: None, gathered: Vec::new() },
            header: None,
            rows: 0,
        }
    }

    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let Gathering::Waits { start, .. } = &mut self.gathering else {
            self.read(sink);
            return;
        };
        if sink.from < sink.chunk.len() {
            let start = *start.get_or_insert(sink.base + sink.from as u64);
            if sink.base + sink.chunk.len() as u64 >= start + HEAD as u64 {
                self.read_head(sink, false);
            }
        }
    }

    /// Copies what was gathered, as the chunk goes away.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        if let Gathering::Waits { start, gathered } = &mut self.gathering {
            sink.gather(*start, gathered);
        }
    }

    /// Reads the first bytes of the table, which have come, and what else is in the chunk.
    fn read_head(&mut self, sink: &mut Sink<'_>, complete: bool) {
        let Gathering::Waits { start, mut gathered } = std::mem::replace(&mut self.gathering, Gathering::Done) else {
            return;
        };
        let start = start.unwrap_or(sink.base);
        let mut rest = usize::try_from(start.saturating_sub(sink.base)).unwrap_or(usize::MAX);
        if gathered.is_empty() {
            let all = sink.chunk.get(rest..).unwrap_or_default();
            self.study(all.get(..HEAD).unwrap_or(all), complete, start == 0, sink);
        } else {
            rest = sink.chunk.len().min(HEAD.saturating_sub(gathered.len()));
            gathered.extend_from_slice(sink.chunk.get(..rest).unwrap_or_default());
            sink.out.stats.copied += rest as u64;
            self.study(&gathered, complete, start == 0, sink);
            let mut head = sink.over(&gathered, start);
            self.read(&mut head);
            head.park();
        }
        let mut part = sink.over(sink.chunk, sink.base);
        part.from = rest;
        self.read(&mut part);
    }

    /// Learns from the first bytes what the columns are.
    fn study(&mut self, head: &[u8], complete: bool, begins: bool, sink: &mut Sink<'_>) {
        if !self.in_first {
            return;
        }
        if self.delimiter == b',' {
            self.delimiter = head::delimiter(head, complete, begins);
        }
        let rows = head::rows(head, self.delimiter, complete, begins);
        let mut look_up = |name: &[u8]| sink.paths.info(&[name], None, &|_| false, sink.compiled, sink.out.rules());
        let mut is_telling = |name: &[u8]| look_up(name).is_telling();
        match head::header(&rows, &mut is_telling) {
            head::Header::First => {}
            head::Header::Behind(row) => {
                let names = rows.get(row).map(|row| &**row).unwrap_or_default();
                self.header = Some((row, names.iter().map(|name| Some(look_up(name.trim_ascii()))).collect()));
            }
            head::Header::None => {
                let fields = sink.compiled.fields.as_ref();
                let meanings = fields.map(|fields| fields.columns(&rows, &sink.compiled.lexicon)).unwrap_or_default();
                if meanings.iter().any(|meaning| *meaning != Meaning::default()) {
                    let columns = meanings.into_iter().enumerate();
                    self.columns = columns.map(|(i, meaning)| Some(Arc::new(PathInfo::column(i, meaning)))).collect();
                    self.in_first = false;
                }
            }
        }
    }

    fn read(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = match self.state {
                State::Start => self.start(sink, at, byte),
                State::Plain => self.plain(sink, at),
                State::Quoted => self.quoted(sink, at),
                State::Quote => self.quote(sink, at, byte),
                State::Behind => self.behind(sink, at, byte),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if matches!(self.gathering, Gathering::Waits { start: Some(_), .. }) {
            self.read_head(sink, true);
        }
        match self.state {
            State::Start | State::Behind => {}
            State::Plain | State::Quoted | State::Quote => self.close(sink),
        }
        self.state = State::Start;
        self.end_row(sink, sink.base + sink.chunk.len() as u64);
    }

    /// The columns are called so, and the first row is one like the others.
    pub(crate) fn set_columns(&mut self, names: &[&[u8]], sink: &mut Sink<'_>) {
        let info = |name: &&[u8]| sink.paths.info(&[name], None, &|_| false, sink.compiled, sink.out.rules());
        self.columns = names.iter().map(info).map(Some).collect();
        self.find_pair();
        self.in_first = false;
        self.gathering = Gathering::Done;
    }

    fn ends_cell(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    /// Handles a delimiter or a line end at `at`.
    fn separator(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let next = at + 1;
        self.state = State::Start;
        if byte == self.delimiter {
            self.column += 1;
        } else if byte == b'\n' {
            self.end_row(sink, sink.base + next as u64);
        } else {
            self.returned = true;
        }
        if next == sink.chunk.len() {
            sink.structure(sink.base + next as u64);
        }
        next
    }

    fn end_row(&mut self, sink: &mut Sink<'_>, at: u64) {
        let empty = matches!(&self.names[..], [Some(name)] if name.is_empty());
        if self.in_first && empty {
            // An empty line before the names.
            self.names.clear();
            self.suspects = 0;
        } else if self.in_first && !self.names.is_empty() {
            self.name_columns(sink);
            self.in_first = false;
        }
        if let Some((_, columns)) = self.header.take_if(|(row, _)| *row == self.rows) {
            self.columns = columns;
            self.find_pair();
            self.in_first = false;
        }
        self.label.clear();
        self.rows = self.rows.saturating_add(1);
        self.column = 0;
        sink.record(at);
    }

    fn name_columns(&mut self, sink: &mut Sink<'_>) {
        let names = std::mem::take(&mut self.names);
        let misfits = names.iter().filter(|name| name.is_none()).count();
        let shown = |_: usize| false;
        let columns: Vec<Option<Arc<PathInfo>>> = names
            .iter()
            .map(|name| Some(sink.paths.info(&[name.as_ref()?], None, &shown, sink.compiled, sink.out.rules())))
            .collect();
        // People stand in data. What can be no name, or looks like a person's, is outvoted by names that mean something.
        let telling = columns.iter().flatten().filter(|info| info.is_telling()).count();
        let against = misfits + self.suspects;
        if against == 0 || (telling > 0 && telling >= against) {
            self.columns = columns;
            self.find_pair();
        }
    }

    fn find_pair(&mut self) {
        self.pair = pairs::columns(self.columns.iter().map(|info| Some(info.as_ref()?.name.as_bytes())));
    }

    fn open(&mut self, sink: &mut Sink<'_>, quoted: bool) {
        let mut info = self.columns.get(self.column).cloned().flatten();
        let (telling, told) = self.pair.unzip();
        if told == Some(self.column) && !self.label.is_empty() {
            info = sink.labelled(info, Some(&self.label));
        }
        let info = info.as_deref();
        self.captured.clear();
        self.capturing = self.in_first || info.is_some_and(|info| info.subject) || telling == Some(self.column);
        let place = Place {
            slot: Slot::Cell { quoted },
            name: info.map(|info| Arc::clone(&info.name)),
            rule: info.and_then(|info| info.rule),
            delimiter: self.delimiter,
            ..Place::default()
        };
        sink.open(place, info.map(|info| info.meaning).unwrap_or_default());
    }

    fn start(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if std::mem::take(&mut self.returned) && byte != b'\n' {
            self.end_row(sink, sink.base + at as u64);
        }
        if let Some(&mark) = b"\xef\xbb\xbf".get(self.mark) {
            if byte == mark && sink.base + at as u64 == self.mark as u64 {
                self.mark += 1;
                sink.structure(sink.base + at as u64 + 1);
                return at + 1;
            }
            self.mark = 3;
        }
        if self.in_first && self.names.len() <= self.column && self.column < MOST_COLUMNS {
            self.names.push(Some(Vec::new()));
        }
        if self.ends_cell(byte) {
            return self.separator(sink, at, byte);
        }
        let quoted = byte == b'"';
        let from = at + usize::from(quoted);
        sink.structure(sink.base + from as u64);
        self.open(sink, quoted);
        self.state = if quoted { State::Quoted } else { State::Plain };
        from
    }

    fn plain(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        match memchr::memchr3(self.delimiter, b'\n', b'\r', rest) {
            Some(len) => {
                self.text(sink, at..at + len, true);
                self.closed(sink);
                self.state = State::Behind;
                at + len
            }
            None => {
                self.text(sink, at..sink.chunk.len(), false);
                sink.chunk.len()
            }
        }
    }

    fn quoted(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = memchr::memchr(b'"', rest);
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        // Whether the run ends with the quote is known one byte later.
        let closes = len.is_some() && sink.chunk.get(end + 1).is_some_and(|&byte| byte != b'"');
        self.text(sink, at..end, closes);
        if closes {
            self.closed(sink);
            self.state = State::Behind;
            return end + 1;
        }
        if len.is_some() {
            self.state = State::Quote;
            return end + 1;
        }
        end
    }

    fn quote(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if byte == b'"' {
            let raw = sink.base + at as u64;
            self.note(b"\"");
            sink.decoded(b"\"", raw - 1..raw + 1, false);
            self.state = State::Quoted;
            return at + 1;
        }
        self.close(sink);
        at
    }

    fn behind(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if self.ends_cell(byte) {
            return self.separator(sink, at, byte);
        }
        // Content behind a closing quote: read as another run of the same cell.
        sink.structure(sink.base + at as u64);
        self.open(sink, false);
        self.state = State::Plain;
        at
    }

    fn text(&mut self, sink: &mut Sink<'_>, range: Range<usize>, last: bool) {
        self.note(sink.chunk.get(range.clone()).unwrap_or_default());
        if last && range.is_empty() {
            sink.close();
        } else if !range.is_empty() {
            sink.text(range, last);
        }
    }

    fn note(&mut self, text: &[u8]) {
        if self.capturing {
            self.capturing = self.captured.len() + text.len() <= LONGEST_NAME * 4;
            if self.capturing {
                self.captured.extend_from_slice(text);
            }
        }
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        sink.close();
        self.closed(sink);
        self.state = State::Behind;
    }

    /// The run of a cell has ended.
    fn closed(&mut self, sink: &mut Sink<'_>) {
        if self.in_first {
            if let Some(name) = self.names.get_mut(self.column) {
                let cell = self.captured.trim_ascii();
                let fits = self.capturing && self.captured.len() <= LONGEST_NAME && may_be_name(cell);
                *name = (name.is_some() && fits).then(|| cell.to_vec());
                self.suspects += usize::from(sink.out.found > 0);
            }
            return;
        }
        if self.pair.is_some_and(|(telling, _)| telling == self.column) {
            self.label.clear();
            self.label.extend_from_slice(if self.capturing { pairs::cell(&self.captured) } else { b"" });
        }
        let is_subject =
            self.columns.get(self.column).is_some_and(|info| info.as_ref().is_some_and(|info| info.subject));
        if self.capturing && is_subject {
            sink.out.learn_subject(&self.captured);
        }
    }
}

/// Whether the first cell of a column can be its name: some letters, no long number, nothing that only values have.
fn may_be_name(cell: &[u8]) -> bool {
    let letters = cell.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
    // The first column of an index has no name; ages of debts and of people stand in columns that are called by them, items
    // of an instrument by their code.
    let range =
        digits <= 6 && cell.iter().all(|byte| byte.is_ascii_digit() || b"-+<>".contains(byte)) && digits < cell.len();
    let item = matches!(cell, [letter, rest @ ..] if letter.is_ascii_uppercase() && digits == 4 && rest.len() <= 5 && rest.len() >= 4
        && rest.get(..4).is_some_and(|four| four.iter().all(u8::is_ascii_digit)));
    cell.is_empty() || range || item || (letters > digits && !cell.contains(&b'@') && digits <= 4)
}
