//! One column of an answer, and how its values are looked at.

use blackbar_engine::{Clean, Finding, Format, Raw};
use blackbar_wire::pg::value::{Base, Shape, Types};
use blackbar_wire::pg::{Column, Scrubbed};
use serde_json::Value;

use super::asking::Granted;
use super::catalog::Snapshot;
use super::judge::{Look, Nature};
use super::reports::Texts;
use crate::gate::{Grant, Lines};

/// How a column is looked at.
pub(super) struct Looked {
    /// Names that say what its values are, each of which they are looked at under.
    names: Vec<Vec<u8>>,
    format: Format,
    /// Text of it may be JSON that was made on the way.
    computed: bool,
    nature: Nature,
    /// Redactors, made when the first value comes: one for each name.
    lines: Vec<Lines>,
    /// For scalars within JSON that stand under other names than their own.
    scalars: Vec<Lines>,
}

impl Looked {
    /// A column of which nothing is known but its type.
    pub(super) fn new(granted: &Granted, oid: u32, name: Vec<u8>) -> Self {
        Self::under(granted, oid, name, &Look::default())
    }

    /// A column that is known by what it derives from. `name`: what the catalog calls it.
    pub(super) fn under(granted: &Granted, oid: u32, name: Vec<u8>, look: &Look) -> Self {
        let own = Some(name).filter(|name| !name.is_empty() && (!look.computed || look.names.is_empty()));
        let mut names: Vec<Vec<u8>> = own.into_iter().collect();
        // The attributes of a record are looked at one by one, each under its own name.
        let within = look.within.iter().filter(|_| !has_attributes(&granted.snapshot, oid));
        for name in look.names.iter().chain(within) {
            if !names.iter().any(|known| known == name.as_bytes()) {
                names.push(name.clone().into_bytes());
            }
        }
        let format = format_of(&*granted.snapshot, oid);
        let Look { computed, nature, .. } = *look;
        Self { names, format, computed, nature, lines: Vec::new(), scalars: Vec::new() }
    }

    /// A column that the server describes.
    pub(super) fn described(granted: &Granted, column: &Column, look: &Look, texts: &mut Texts) -> Self {
        // An alias hides what a column holds; the catalog does not.
        let table = granted.snapshot.table(column.table).and_then(|table| table.column(column.attribute));
        let name = table.map(|column| column.name.clone().into_bytes());
        Self::under(granted, column.type_oid, name.unwrap_or_else(|| texts.name(column.name())), look)
    }

    /// Of a value that belongs to no column.
    pub(super) fn nameless() -> Self {
        Self {
            names: Vec::new(),
            format: Format::Text,
            computed: false,
            nature: Nature::Rows,
            lines: Vec::new(),
            scalars: Vec::new(),
        }
    }

    /// An attribute of a composite type whose values stand in this column: it is looked at under its own name as well.
    pub(super) fn attribute(&self, granted: &Granted, of: u32, at: usize) -> Self {
        let mut looked = Self::nameless();
        (looked.names, looked.format) = (self.names.clone(), self.format);
        (looked.computed, looked.nature) = (self.computed, self.nature);
        if let Some((name, oid)) = granted.snapshot.attributes(of).get(at) {
            looked.format = format_of(&*granted.snapshot, *oid);
            if !looked.names.iter().any(|known| known == name.as_bytes()) {
                looked.names.insert(0, name.clone().into_bytes());
            }
        }
        looked
    }

    pub(super) fn has_name(&self) -> bool {
        !self.names.is_empty()
    }

    pub(super) fn call(&mut self, name: Vec<u8>) {
        self.names = vec![name];
    }

    /// A value, as it may be shown.
    pub(super) fn scrub(&mut self, granted: &Granted, text: Raw) -> Scrubbed {
        let seen = text.danger_pass_unredacted("looked at before the redactor, or known to the catalog of the target");
        let from_nobody = match self.nature {
            Nature::Catalog | Nature::Own => granted.snapshot.knows_text(seen.as_bytes()),
            Nature::Plan => self.format == Format::Text && plan_says_nothing(&granted.snapshot, seen.as_bytes()),
            Nature::Rows => false,
        };
        if from_nobody {
            return Scrubbed { text: seen, findings: Vec::new() };
        }
        if self.nature == Nature::Plan && self.format == Format::Text {
            return self.plan(granted, &seen);
        }
        let json = self.format == Format::Json || self.computed && is_json(seen.as_bytes());
        let text = Raw::from(seen.into_bytes());
        if json { self.json(&granted.grant, text) } else { self.all(&granted.grant, text) }
    }

    /// Under every name that it has: what each of them finds goes.
    fn all(&mut self, grant: &Grant, text: Raw) -> Scrubbed {
        if self.lines.is_empty() {
            let format = self.format;
            self.lines = match self.names.as_slice() {
                [] if format == Format::Text => vec![grant.lines()],
                [] => vec![grant.values(format, b"")],
                names => names.iter().map(|name| grant.values(format, name)).collect(),
            };
            // What XML was made of stands under the names of its elements alone; whole, it is what it was made of.
            if format == Format::Xml && self.computed {
                self.lines.extend(self.names.iter().map(|name| grant.values(Format::Text, name)));
            }
        }
        under_each(&mut self.lines, text)
    }

    /// JSON: each scalar under its own key, and under the names of the columns that it may have come from.
    fn json(&mut self, grant: &Grant, text: Raw) -> Scrubbed {
        if self.lines.is_empty() {
            let name = self.names.first().map(Vec::as_slice).unwrap_or_default();
            self.lines = vec![grant.values(Format::Json, name)];
        }
        let shown = under_each(&mut self.lines, text);
        if self.names.is_empty() || !self.computed {
            return shown;
        }
        if self.scalars.is_empty() {
            self.scalars = self.names.iter().map(|name| grant.values(Format::Text, name)).collect();
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(shown.text.as_bytes()) else { return shown };
        let mut findings = Vec::new();
        let mut scalars = Scalars { names: &self.names, lines: &mut self.scalars, findings: &mut findings };
        scalars.walk(&mut value, false, 0);
        if findings.is_empty() {
            return shown;
        }
        let text = Raw::from(value.to_string().into_bytes()).danger_pass_unredacted("scalars that a redactor made");
        findings.extend(shown.findings);
        Scrubbed { text, findings }
    }

    /// A line of a plan: costs, names and words of the server's stay as they are.
    fn plan(&mut self, granted: &Granted, line: &Clean) -> Scrubbed {
        let (mut whole, mut findings) = (Vec::new(), Vec::new());
        for piece in plan_pieces(line.as_bytes()) {
            if plan_says_nothing(&granted.snapshot, piece) {
                whole.extend_from_slice(piece);
                continue;
            }
            let (node, piece) = piece.split_at(node_of(piece));
            whole.extend_from_slice(node);
            let shown = self.all(&granted.grant, Raw::from(piece.to_vec()));
            whole.extend_from_slice(shown.text.as_bytes());
            findings.extend(shown.findings);
        }
        Scrubbed { text: Raw::from(whole).danger_pass_unredacted("pieces that a redactor made, joined"), findings }
    }
}

fn under_each(lines: &mut [Lines], text: Raw) -> Scrubbed {
    let original = text.danger_pass_unredacted("handed to each redactor in turn");
    let mut shown = Scrubbed { text: original.clone(), findings: Vec::new() };
    for lines in lines {
        let (text, findings) = lines.text(Raw::from(original.clone().into_bytes()));
        if findings.is_empty() && text.as_bytes() == original.as_bytes() {
            continue;
        }
        if shown.findings.is_empty() {
            shown = Scrubbed { text, findings };
            continue;
        }
        // Two of them found something: the second looks at what the first has left.
        let (text, more) = lines.text(Raw::from(shown.text.into_bytes()));
        shown.findings.extend(more);
        shown.text = text;
    }
    shown
}

/// What stands in a JSON value.
struct Scalars<'s> {
    names: &'s [Vec<u8>],
    lines: &'s mut [Lines],
    findings: &'s mut Vec<Finding>,
}

impl Scalars<'_> {
    /// `known`: it stands under a key that says what it is, by which it was judged.
    fn walk(&mut self, value: &mut Value, known: bool, depth: usize) {
        if depth > DEEPEST {
            *value = Value::Null;
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, known, depth + 1)),
            Value::Object(fields) => {
                let before = std::mem::take(fields);
                for (key, mut value) in before {
                    let named = self.names.iter().any(|name| name == key.as_bytes());
                    self.walk(&mut value, named, depth + 1);
                    let shown = if named { None } else { self.scalar(&key) };
                    fields.insert(shown.unwrap_or(key), value);
                }
            }
            Value::String(text) if !known => {
                if let Some(shown) = self.scalar(text) {
                    *text = shown;
                }
            }
            Value::Number(number) if !known => {
                if let Some(shown) = self.scalar(&number.to_string()) {
                    *value = Value::String(shown);
                }
            }
            _ => {}
        }
    }

    fn scalar(&mut self, text: &str) -> Option<String> {
        let shown = under_each(self.lines, Raw::from(text.as_bytes().to_vec()));
        if shown.findings.is_empty() {
            return None;
        }
        self.findings.extend(shown.findings);
        Some(String::from_utf8_lossy(shown.text.as_bytes()).into_owned())
    }
}

/// An object or an array of JSON; the parser of PostgreSQL's arrays is another.
fn is_json(text: &[u8]) -> bool {
    let starts = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    starts && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// A line of a plan, cut where estimates begin and end.
fn plan_pieces(line: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(at) = [&b"(cost="[..], b"(actual "].iter().filter_map(|sign| memchr::memmem::find(rest, sign)).min()
    {
        let Some(end) = memchr::memchr(b')', rest.get(at..).unwrap_or_default()) else { break };
        let (before, behind) = rest.split_at(at);
        let (estimate, behind) = behind.split_at(end + 1);
        pieces.extend([before, estimate]);
        rest = behind;
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Whether a piece of a plan has nothing in it but estimates, times and names.
fn plan_says_nothing(snapshot: &Snapshot, piece: &[u8]) -> bool {
    let measure = |piece: &[u8]| {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b" .:=,()%-".contains(byte);
        piece.iter().all(word)
    };
    let trimmed = piece.trim_ascii_start();
    let estimate = trimmed.starts_with(b"(cost=") || trimmed.starts_with(b"(actual ");
    let key = trimmed.split(|byte| *byte == b':').next().unwrap_or_default();
    let told = key.len() < trimmed.len() && MEASURES.iter().any(|known| key.starts_with(known.as_bytes()));
    (estimate || told) && measure(trimmed) || snapshot.knows_text(piece)
}

/// How long the name of a step of a plan is at the start of a line, with the arrow before it.
fn node_of(line: &[u8]) -> usize {
    let indented = line.iter().take_while(|byte| matches!(byte, b' ' | b'-' | b'>')).count();
    let step = line.get(indented..).unwrap_or_default();
    let named = |name: &&&str| {
        let behind = step.strip_prefix(name.as_bytes());
        behind.is_some_and(|behind| behind.first().is_none_or(|byte| matches!(byte, b' ' | b':')))
    };
    NODES.iter().filter(named).map(|name| indented + name.len()).max().unwrap_or(0)
}

/// What the server calls the steps of a plan, and what it says of them.
#[rustfmt::skip]
const NODES: &[&str] = &[
    "Aggregate", "Append", "Bitmap Heap Scan on", "Bitmap Index Scan on", "BitmapAnd", "BitmapOr", "CTE Scan on", "Delete on",
    "Finalize Aggregate", "Finalize GroupAggregate", "Foreign Scan on", "Function Scan on", "Gather", "Gather Merge", "Group",
    "GroupAggregate", "Hash", "Hash Anti Join", "Hash Full Join", "Hash Join", "Hash Left Join", "Hash Right Join",
    "Hash Semi Join", "HashAggregate", "Incremental Sort", "Index Only Scan using", "Index Scan using", "Insert on", "Limit",
    "LockRows", "Materialize", "Memoize", "Merge Append", "Merge Join", "Merge Left Join", "Nested Loop", "Nested Loop Anti Join",
    "Nested Loop Left Join", "Nested Loop Semi Join", "Parallel Append", "Parallel Hash", "Parallel Hash Join",
    "Parallel Index Only Scan using", "Parallel Index Scan using", "Parallel Seq Scan on", "Partial Aggregate",
    "Partial HashAggregate", "ProjectSet", "Result", "Sample Scan on", "Seq Scan on", "SetOp", "Sort", "Subquery Scan on",
    "Tid Scan on", "Unique", "Update on", "Values Scan on", "WindowAgg", "WorkTable Scan on",
    "Cache Key", "Filter", "Group Key", "Hash Cond", "Index Cond", "Join Filter", "Merge Cond", "One-Time Filter", "Output",
    "Presorted Key", "Recheck Cond", "Run Condition", "Sort Key", "TID Cond",
];

/// How lines of a plan begin that hold numbers of the server's own.
const MEASURES: &[&str] = &[
    "Batches",
    "Buckets",
    "Buffers",
    "Execution Time",
    "Full-sort Groups",
    "Heap Blocks",
    "Heap Fetches",
    "I/O Timings",
    "Planning",
    "Rows Removed by",
    "Sort Method",
    "Timing",
    "WAL",
    "Worker ",
    "Workers ",
];

/// Whether values of this type are records that somebody declared, or made of such.
fn has_attributes(snapshot: &Snapshot, oid: u32) -> bool {
    let mut oid = oid;
    for _ in 0..MOST_NESTED {
        oid = match snapshot.shape(oid) {
            Shape::Domain(of) | Shape::Array(of) => of,
            _ => break,
        };
    }
    !snapshot.attributes(oid).is_empty()
}

/// Which lens reads values of this type.
fn format_of(types: &dyn Types, oid: u32) -> Format {
    let mut oid = oid;
    for _ in 0..MOST_NESTED {
        oid = match types.shape(oid) {
            Shape::Base(Base::Json | Base::Jsonb) => return Format::Json,
            Shape::Base(Base::Xml) => return Format::Xml,
            Shape::Domain(of) | Shape::Array(of) => of,
            _ => break,
        };
    }
    Format::Text
}

const MOST_NESTED: usize = 8;
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_cut_where_estimates_stand() {
        let line = b"  ->  Seq Scan on t  (cost=0.00..18.50 rows=850 width=36) (actual time=0.1..0.2 rows=3 loops=1)";
        let pieces = plan_pieces(line);
        assert_eq!(pieces.concat(), line);
        let empty = Snapshot::empty();
        let nothing: Vec<bool> = pieces.iter().map(|piece| plan_says_nothing(&empty, piece)).collect();
        assert_eq!(nothing, [false, true, true, true], "{pieces:?}");
        assert!(plan_says_nothing(&empty, b"Planning Time: 12.345 ms"));
        assert!(!plan_says_nothing(&empty, b"  Filter: (name = 'Quixley'::text)"));
        assert!(!plan_says_nothing(&empty, b"Planning Time: 'Quixley'"));
    }

    #[test]
    fn json_is_known_by_its_grammar() {
        for (text, expected) in
            [("{\"a\": 1}", true), (" [1]", true), ("{a,b}", false), ("{1}", false), ("x", false), ("", false)]
        {
            assert_eq!(is_json(text.as_bytes()), expected, "{text}");
        }
    }
}
