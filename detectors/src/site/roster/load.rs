//! Reading a roster line by line, in memory that depends on the number of entries and never on the length of a line.

use std::io::{BufRead, Read};

use blackbar_engine::{ByteSet, Kind};
use unicode_normalization::UnicodeNormalization;

use super::Roster;
use super::table::{Filter, Keys, MOST_KINDS, Table};
use super::words::{Id, LONGEST_ID, LONGEST_NAME, MOST_PIECES, MOST_WORDS, Name, SHORTEST_ID, Word};
use crate::kinds;
use crate::site::{SiteError, check_names};

/// The longest line, in bytes.
const LONGEST_LINE: usize = 512;
/// Characters that may stand between the pieces of an id.
const SEPARATORS: ByteSet = ByteSet::of(b"-./_ :");
/// Seen filter keys are compacted when so many have gathered.
const COMPACT: usize = 1 << 20;

/// Loads a roster.
pub(super) fn load(id: &str, kind: Kind, reader: impl BufRead) -> Result<Roster, SiteError> {
    check_names(id, kind, super::CONFIDENCE)?;
    let keys = Keys::random().map_err(|error| {
        SiteError::new(format!("roster `{id}`"), format!("no random key ({error})"), "check the system's random source")
    })?;
    let mut loader = Loader {
        id,
        line: 0,
        keys,
        kinds: vec![kind],
        rows: Vec::new(),
        seen: Vec::new(),
        compact_at: COMPACT,
        separators: ByteSet::of(b"-"),
        has_names: false,
        has_ids: false,
        spells_letters: false,
    };
    loader.read(reader)?;
    if loader.rows.is_empty() {
        let remedy = "write one name or record number on a line, or leave the roster out of the configuration";
        return Err(SiteError::new(format!("roster `{id}`"), "it has no entry", remedy));
    }
    loader.seen.sort_unstable();
    loader.seen.dedup();
    Ok(Roster {
        id: id.to_owned(),
        filter: Filter::new(&loader.seen),
        table: Table::new(loader.rows),
        keys: loader.keys,
        kinds: loader.kinds,
        separators: loader.separators,
        has_names: loader.has_names,
        has_ids: loader.has_ids,
        spells_letters: loader.spells_letters,
    })
}

struct Loader<'a> {
    id: &'a str,
    line: u64,
    keys: Keys,
    kinds: Vec<Kind>,
    rows: Vec<u128>,
    /// Keys of the filter, with repeats.
    seen: Vec<u64>,
    compact_at: usize,
    separators: ByteSet,
    has_names: bool,
    has_ids: bool,
    /// Whether some id begins with a letter.
    spells_letters: bool,
}

impl Loader<'_> {
    fn read(&mut self, mut reader: impl BufRead) -> Result<(), SiteError> {
        let mut line = Vec::new();
        loop {
            self.line += 1;
            line.clear();
            let most = LONGEST_LINE as u64 + 2;
            let read = reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(|error| {
                self.refuse(format!("it cannot be read ({})", error.kind()), "check the file and its permissions")
            })?;
            if read == 0 {
                return Ok(());
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.len() > LONGEST_LINE {
                let what = format!("the line is longer than {LONGEST_LINE} bytes");
                return Err(self.refuse(what, "write one entry on a line"));
            }
            let text = std::str::from_utf8(text).map_err(|error| {
                let what = format!("the line is not UTF-8 at its byte {}", error.valid_up_to() + 1);
                self.refuse(what, "convert the file to UTF-8")
            })?;
            let text = if self.line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
            if !text.trim().is_empty() && !text.trim_start().starts_with('#') {
                self.entry(text)?;
            }
        }
    }

    fn entry(&mut self, line: &str) -> Result<(), SiteError> {
        let (kind, value) = match line.split_once('\t') {
            Some((kind, value)) => (self.kind(kind.trim())?, value),
            None => (0, line),
        };
        if u32::try_from(self.rows.len() + 1).is_err() {
            return Err(self.refuse("the roster has more than 4,294,967,295 entries", "split it"));
        }
        if value.bytes().any(|byte| byte.is_ascii_digit()) {
            self.number(value.trim(), kind)?;
        } else if value.is_ascii() {
            self.name(value, kind)?;
        } else {
            // Composed letters, as nearly all texts have them.
            self.name(&value.nfc().collect::<String>(), kind)?;
        }
        if self.seen.len() >= self.compact_at {
            self.seen.sort_unstable();
            self.seen.dedup();
            self.compact_at = self.seen.len() * 2 + COMPACT;
        }
        Ok(())
    }

    fn kind(&mut self, id: &str) -> Result<u8, SiteError> {
        if let Some(known) = self.kinds.iter().position(|kind| kind.id() == id) {
            return u8::try_from(known).map_err(|_| self.too_many_kinds());
        }
        let main = id.split_once(':').map_or(id, |(main, _)| main);
        let sound = id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b':'));
        let default = self.kinds.first().map(|kind| kind.main());
        if !sound || !(kinds::MAIN.iter().any(|kind| kind.id() == main) || default == Some(main)) {
            let remedy = "write a kind such as name:patient or mrn, or the value alone for the roster's own kind";
            return Err(self.refuse("what stands before the tab is no kind", remedy));
        }
        if self.kinds.len() == MOST_KINDS {
            return Err(self.too_many_kinds());
        }
        self.kinds.push(Kind::intern(id));
        u8::try_from(self.kinds.len() - 1).map_err(|_| self.too_many_kinds())
    }

    fn too_many_kinds(&self) -> SiteError {
        self.refuse(format!("the roster has more than {MOST_KINDS} kinds"), "split it")
    }

    fn number(&mut self, value: &str, kind: u8) -> Result<(), SiteError> {
        let value = value.trim_matches(|c: char| c.is_ascii_punctuation());
        let (mut id, mut pieces, mut before) = (Id::EMPTY, 0, b' ');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                pieces += usize::from(!before.is_ascii_alphanumeric());
                id.push(byte).ok_or_else(|| {
                    self.refuse(format!("the id has more than {LONGEST_ID} letters and digits"), "list its beginning")
                })?;
            } else if SEPARATORS.has(byte) && before.is_ascii_alphanumeric() {
                self.separators = self.separators.with(byte);
            } else {
                let remedy = "write ASCII letters and digits, between them at most one of - . / _ : or a blank";
                return Err(self.refuse("the entry has a digit and is no id", remedy));
            }
            before = byte;
        }
        if id.bytes().len() < SHORTEST_ID {
            let what = format!("the id has fewer than {SHORTEST_ID} letters and digits");
            return Err(self.refuse(what, "remove it: it would be found in every text"));
        }
        if pieces > MOST_PIECES {
            let what = format!("the id is written in more than {MOST_PIECES} pieces");
            return Err(self.refuse(what, "write it without separators"));
        }
        self.has_ids = true;
        self.spells_letters |= id.bytes().first().is_some_and(u8::is_ascii_alphabetic);
        self.seen.push(self.keys.id(id.bytes()));
        self.rows.push(Table::row(self.keys.digest([id.bytes()]), kind));
        Ok(())
    }

    fn name(&mut self, value: &str, kind: u8) -> Result<(), SiteError> {
        if value.len() > LONGEST_NAME {
            let what = format!("the name has more than {LONGEST_NAME} bytes");
            return Err(self.refuse(what, "write one name on a line"));
        }
        let mut name = Name::EMPTY;
        let mut rest = value;
        while let Some(start) = rest.find(|c: char| c.is_alphabetic()) {
            let gap = rest.get(..start).unwrap_or_default();
            // HL7 writes `SMITH^JOHN^A`: only its first mark divides.
            let divides = gap.contains(',') || (gap.contains('^') && !name.has_comma());
            let after_comma = divides && name.len() > 0;
            rest = rest.get(start..).unwrap_or_default();
            let (word, len) = first_word(rest).ok_or_else(|| {
                self.refuse("a word of the name is too long to be one", "write words of at most 48 letters")
            })?;
            rest = rest.get(len..).unwrap_or_default();
            name.push(word, after_comma).ok_or_else(|| {
                let what = format!("the name has more than {MOST_WORDS} words or more than one comma");
                self.refuse(what, "write First Last or Last, First")
            })?;
        }
        let longest = name.words().iter().map(|word| word.bytes().len()).max().unwrap_or(0);
        if longest < 2 {
            return Err(self.refuse("the entry has no word of two letters", "write a name of at least one full word"));
        }
        self.has_names = true;
        for word in name.words() {
            self.seen.push(self.keys.folded(word.bytes()));
        }
        let digest = name.canonical(|words| self.keys.digest(words.iter().copied()));
        self.rows.push(Table::row(digest, kind));
        Ok(())
    }

    fn refuse(&self, what: impl Into<String>, remedy: impl Into<String>) -> SiteError {
        SiteError::new(format!("roster `{}`, line {}", self.id, self.line), what, remedy)
    }
}

/// The word at the start of `text` and how many bytes it takes: runs of letters that apostrophes join.
fn first_word(text: &str) -> Option<(Word, usize)> {
    let run = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.get(..rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())).unwrap_or_default()
    };
    let mut word = Word::of(&[run(0).as_bytes()])?;
    let mut len = run(0).len();
    while let Some(mark) = text.get(len..).and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '\'' | '’')) {
        let more = run(len + mark.len_utf8());
        if more.len() < 2 {
            break;
        }
        word.push(more.as_bytes())?;
        len += mark.len_utf8() + more.len();
    }
    Some((word, len))
}
