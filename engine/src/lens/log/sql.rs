//! The parts of one line of SQL: literals, with the names of the columns that they are values of.

use std::collections::HashMap;
use std::ops::Range;

use super::parts::{How, Part};
use crate::Slot;

/// So much of a statement before its values tells what they are.
const LONGEST_HEAD: usize = 8 * 1024;
/// So many tables are remembered by the statements that made them.
const MOST_TABLES: usize = 512;

/// What the lines before say about a line.
#[derive(Default)]
pub(crate) struct Sql {
    /// The statement so far, without its literals, until its values begin.
    head: Vec<u8>,
    /// The columns of the values.
    columns: Vec<Vec<u8>>,
    /// Values stand between parentheses; so many are open.
    values: Option<u32>,
    /// The column of the next value.
    column: usize,
    within: Within,
    /// Columns by the names of tables.
    tables: HashMap<Vec<u8>, Vec<Vec<u8>>>,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Within {
    #[default]
    Code,
    /// A literal, with escapes behind backslashes or not.
    Literal { escapes: bool },
    /// A literal between dollar signs.
    Dollars(Vec<u8>),
    /// A comment of several lines.
    Comment,
}

impl Sql {
    /// The parts of `line`.
    pub(crate) fn parts(&mut self, line: &[u8]) -> Vec<Part> {
        let mut parts = Parts { line_len: line.len(), text: 0, parts: Vec::new() };
        let mut at = 0;
        while at < line.len() {
            at = match self.within.clone() {
                Within::Code => self.code(line, at, &mut parts),
                Within::Literal { escapes } => self.literal(line, at, escapes, &mut parts),
                Within::Dollars(tag) => match memchr::memmem::find(line.get(at..).unwrap_or_default(), &tag) {
                    Some(len) => {
                        self.within = Within::Code;
                        at + len + tag.len()
                    }
                    None => line.len(),
                },
                Within::Comment => match memchr::memmem::find(line.get(at..).unwrap_or_default(), b"*/") {
                    Some(len) => {
                        self.within = Within::Code;
                        at + len + 2
                    }
                    None => line.len(),
                },
            };
        }
        self.note(b' ');
        parts.end()
    }

    /// The columns of the rows of COPY that follow, when the statement that ended says so.
    pub(crate) fn copied(&mut self) -> Option<Vec<Vec<u8>>> {
        let statement = std::mem::take(&mut self.head);
        let lower = statement.to_ascii_lowercase();
        let done = lower.trim_ascii_start().starts_with(b"copy ")
            && lower.trim_ascii_end().ends_with(b";")
            && memchr::memmem::find(&lower, b" from stdin").is_some();
        if !done {
            self.head = statement;
            return None;
        }
        let columns = named_columns(&statement);
        Some(columns.or_else(|| self.tables.get(&table_name(&statement)).cloned()).unwrap_or_default())
    }

    /// Whether no literal and no comment is open.
    pub(crate) fn is_between(&self) -> bool {
        self.within == Within::Code
    }

    fn note(&mut self, byte: u8) {
        if self.values.is_none() && self.head.len() < LONGEST_HEAD {
            self.head.push(byte);
        }
    }

    fn code(&mut self, line: &[u8], at: usize, parts: &mut Parts) -> usize {
        let rest = line.get(at..).unwrap_or_default();
        let Some(&byte) = rest.first() else { return at };
        let before = at.checked_sub(1).and_then(|before| line.get(before)).copied().unwrap_or(b' ');
        let begins = !(before.is_ascii_alphanumeric() || matches!(before, b'_' | b'.' | b'"'));
        match byte {
            b'\'' => {
                let escapes = matches!(before, b'E' | b'e') || self.head.contains(&b'`');
                self.within = Within::Literal { escapes };
                return at + 1;
            }
            b'-' if rest.starts_with(b"--") => return line.len(),
            b'/' if rest.starts_with(b"/*") => {
                self.within = Within::Comment;
                return at + 2;
            }
            b'$' => {
                let name =
                    rest.iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                if rest.get(name + 1) == Some(&b'$') {
                    self.within = Within::Dollars(rest.get(..name + 2).unwrap_or_default().to_vec());
                    return at + name + 2;
                }
            }
            b'(' => {
                if let Some(depth) = &mut self.values {
                    *depth += 1;
                    if *depth == 1 {
                        self.column = 0;
                    }
                }
            }
            b')' => self.values = self.values.map(|depth| depth.saturating_sub(1)),
            b',' if self.values == Some(1) => self.column += 1,
            b';' => {
                self.note(byte);
                self.end_statement();
                return at + 1;
            }
            b'v' | b'V' if begins && self.values.is_none() && is_word(rest, b"values") && self.inserts() => {
                self.columns = named_columns(&self.head)
                    .or_else(|| self.tables.get(&table_name(&self.head)).cloned())
                    .unwrap_or_default();
                (self.values, self.column) = (Some(0), 0);
                return at + b"values".len();
            }
            b'0'..=b'9' | b'-' if begins && self.values == Some(1) => {
                let len = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count() + 1;
                let ends = rest.get(len).is_none_or(|byte| matches!(byte, b',' | b')' | b' '));
                if ends && rest.iter().take(len).any(u8::is_ascii_digit) {
                    let slot = Slot::Sql { quoted: false, escapes: false };
                    parts.push(Part { slot, path: self.path(), ..Part::text(at..at + len) });
                }
                return at + len;
            }
            _ => {}
        }
        self.note(byte);
        at + 1
    }

    /// In a literal: up to the quote that ends it, or the end of the line.
    fn literal(&mut self, line: &[u8], at: usize, escapes: bool, parts: &mut Parts) -> usize {
        let mut end = at;
        loop {
            match line.get(end) {
                None => break,
                Some(b'\\') if escapes => end = (end + 2).min(line.len()),
                Some(b'\'') if line.get(end + 1) == Some(&b'\'') => end += 2,
                Some(b'\'') => {
                    self.within = Within::Code;
                    break;
                }
                Some(_) => end += 1,
            }
        }
        let slot = Slot::Sql { quoted: true, escapes };
        let how = How::Sql { escapes };
        parts.push(Part { slot, how, path: self.path(), ..Part::text(at..end) });
        end + 1
    }

    fn path(&self) -> Vec<Vec<u8>> {
        if self.values != Some(1) {
            return Vec::new();
        }
        self.columns.get(self.column).map(|name| vec![name.clone()]).unwrap_or_default()
    }

    fn inserts(&self) -> bool {
        let head = self.head.trim_ascii_start();
        [&b"insert"[..], b"replace"].iter().any(|word| is_word(head, word))
    }

    fn end_statement(&mut self) {
        let statement = self.head.trim_ascii_start();
        if is_word(statement, b"create") && self.tables.len() < MOST_TABLES {
            let columns = made_columns(statement);
            let name = table_name(statement);
            if !columns.is_empty() && !name.is_empty() {
                self.tables.insert(name, columns);
            }
        }
        // What COPY reads follows the line: its statement is looked at once more then.
        if !is_word(self.head.trim_ascii_start(), b"copy") {
            self.head.clear();
        }
        self.values = None;
        self.columns.clear();
    }
}

/// The parts of a line, with the text between them.
struct Parts {
    line_len: usize,
    text: usize,
    parts: Vec<Part>,
}

impl Parts {
    fn text_to(&mut self, at: usize) {
        if self.text < at {
            self.parts.push(Part::text(self.text..at));
        }
    }

    fn push(&mut self, part: Part) {
        let range: Range<usize> = part.range.clone();
        self.text_to(range.start);
        self.text = range.end;
        if !range.is_empty() {
            self.parts.push(part);
        }
    }

    fn end(mut self) -> Vec<Part> {
        let end = self.line_len;
        self.text_to(end);
        self.parts
    }
}

fn is_word(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && text.get(word.len()).is_none_or(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
}

/// The name of the table in `INSERT INTO name`, `COPY name`, `CREATE TABLE name`, as it is written, without its schema.
fn table_name(statement: &[u8]) -> Vec<u8> {
    let words = statement.split(|byte| byte.is_ascii_whitespace() || *byte == b'(').filter(|word| !word.is_empty());
    let skipped = |word: &&[u8]| {
        ["insert", "into", "copy", "create", "table", "if", "not", "exists", "unlogged", "only", "replace", "temporary"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    };
    let name = words.into_iter().find(|word| !skipped(word)).unwrap_or_default();
    unquoted(name.rsplit(|byte| *byte == b'.').next().unwrap_or_default())
}

fn unquoted(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(|byte| !matches!(byte, b'"' | b'`')).collect()
}

/// The names in the first parentheses of a statement.
fn named_columns(statement: &[u8]) -> Option<Vec<Vec<u8>>> {
    let from = statement.iter().position(|byte| *byte == b'(')?;
    let len = statement.get(from..)?.iter().position(|byte| *byte == b')')?;
    let names = statement.get(from + 1..from + len)?;
    Some(names.split(|byte| *byte == b',').map(|name| unquoted(name.trim_ascii())).collect())
}

/// The columns of a table that a statement makes: the first word of each definition that is not a constraint.
fn made_columns(statement: &[u8]) -> Vec<Vec<u8>> {
    let Some(from) = statement.iter().position(|byte| *byte == b'(') else { return Vec::new() };
    let (mut columns, mut depth, mut start) = (Vec::new(), 0usize, from + 1);
    for (i, byte) in statement.iter().enumerate().skip(from) {
        depth = match byte {
            b'(' => depth + 1,
            b')' => depth.saturating_sub(1),
            _ => depth,
        };
        if (*byte == b',' && depth == 1) || (*byte == b')' && depth == 0) {
            let definition = statement.get(start..i).unwrap_or_default().trim_ascii();
            let word = definition.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            let constraint = ["constraint", "primary", "foreign", "unique", "check", "exclude", "key", "index", "like"];
            if !word.is_empty() && !constraint.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())) {
                columns.push(unquoted(word));
            }
            start = i + 1;
            if depth == 0 {
                break;
            }
        }
    }
    columns
}

/// Whether a text is a dump of a database: statements that make tables, or fill them.
pub(crate) fn looks_like(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut statements = lower.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    let starts = |line: &[u8]| {
        ["insert into ", "copy ", "create table ", "set ", "begin;", "select pg_catalog", "drop table ", "alter table "]
            .iter()
            .any(|start| line.starts_with(start.as_bytes()))
    };
    let first = statements.find(|line| !line.is_empty() && !line.starts_with(b"--") && !line.starts_with(b"/*"));
    let fills = |what: &[u8]| memchr::memmem::find(&lower, what).is_some();
    let dump = fills(b"insert into ") && fills(b"values") || fills(b" from stdin;") || fills(b"create table ");
    first.is_some_and(starts) && (dump || fills(b"postgresql database dump"))
}

#[cfg(test)]
mod tests {
    use super::super::parts::LINE;
    use super::*;

    fn shown(lines: &[&str]) -> Vec<String> {
        let mut sql = Sql::default();
        let mut all = Vec::new();
        for line in lines {
            for part in sql.parts(line.as_bytes()).into_iter().filter(|part| part.slot != LINE) {
                let text: Vec<u8> = part.pieces(line.as_bytes()).into_iter().flat_map(|(text, _)| text).collect();
                let name = part.path.first().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
                all.push(format!("{name}:{}", String::from_utf8_lossy(&text)));
            }
        }
        all
    }

    #[test]
    fn values_have_the_names_of_their_columns() {
        let line = "INSERT INTO public.p (mrn, \"name\", n) VALUES ('1', 'O''Brien', 7), (2,'x;y',NULL);";
        assert_eq!(shown(&[line]), ["mrn:1", "name:O'Brien", "n:7", "mrn:2", "name:x;y"]);
        let made =
            ["CREATE TABLE p (", "  mrn text NOT NULL,", "  d numeric(3,1),", "  CONSTRAINT k CHECK (mrn > 'a')", ");"];
        let filled = ["INSERT INTO p VALUES ('7', -1.5);"];
        assert_eq!(shown(&[&made[..], &filled].concat()), [":a", "mrn:7", "d:-1.5"]);
    }

    #[test]
    fn literals_go_over_lines_and_have_escapes() {
        assert_eq!(shown(&["INSERT INTO p (a,b) VALUES ('x", "y''z', 'w');"]), ["a:x", "a:y'z", "b:w"]);
        assert_eq!(shown(&["SELECT E'a\\'b\\n', 'c\\';"]), [":a'b\n", ":c\\"]);
        assert_eq!(shown(&["INSERT INTO `p` (`a`) VALUES ('it\\'s');"]), ["a:it's"]);
        assert_eq!(shown(&["-- it's", "DO $x$ it's $x$; /* it's", "*/ SELECT 'a';"]), [":a"]);
    }

    #[test]
    fn rows_of_copy_have_columns() {
        let mut sql = Sql::default();
        sql.parts(b"COPY public.p (mrn, name) FROM stdin;");
        assert_eq!(sql.copied(), Some(vec![b"mrn".to_vec(), b"name".to_vec()]));
        sql.parts(b"SELECT 1;");
        assert_eq!(sql.copied(), None);
    }

    #[test]
    fn dumps_are_told_from_prose() {
        assert!(looks_like(b"--\n-- PostgreSQL database dump\n--\nSET x = 0;\n"));
        assert!(looks_like(b"insert into p (a) values ('b');\n"));
        assert!(!looks_like(b"Insert into the left arm; values normal.\n"));
        assert!(!looks_like(b"Patient: Jane Roe\n"));
    }
}
