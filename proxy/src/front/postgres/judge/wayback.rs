//! The way back: replacements in a request become their originals, or keep the request from writing.
//!
//! A token is resolved where its original does not come out again: compared for equality with a column, or given to a
//! labelled one. Anywhere else it stays what it is, a text. A write that carries what no key turns back is refused.
//!
//! A token stands for all spellings of a value. A comparison asks for each of them where the statement leaves room for
//! several, else for the customary one; a write of a value that has several is refused, since nobody knows which it had.

use std::ops::Range;

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Keyring, find_tokens, tag};
use blackbar_sql::{Against, Literal, LiteralKind, Probe, StatementFacts, StatementKind, literals};
use blackbar_wire::pg::Report;
use blackbar_wire::pg::frontend::{Bind, format_at};
use bytes::{BufMut as _, Bytes, BytesMut};

use super::reading::{Eyes, Reading, Seen};
use super::refusal;
use super::values::binary_elements;
use crate::registry;

/// Another spelling for a part of a text.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) new: Vec<u8>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stands {
    /// Compared for equality with a column, or given to a labelled one: in every reading of the statement.
    Behind,
    /// Somewhere else.
    Elsewhere,
}

/// What a statement's constants become. `readings` are those of one statement, all of the same text; `runs` are those of
/// what it runs, where that is another.
pub(super) fn text(
    readings: &[Reading],
    runs: &[Reading],
    eyes: &Eyes<'_>,
    keyring: Option<&Keyring>,
    standard_conforming_strings: bool,
) -> Result<Vec<Edit>, Report> {
    let Some(facts) = readings.first().and_then(Reading::facts) else { return Ok(Vec::new()) };
    let whole = &readings[0].analysed.text;
    let Some(slice) = whole.get(facts.span.clone()) else { return Ok(Vec::new()) };
    let writes = readings.iter().chain(runs).filter_map(Reading::facts).any(writes);
    if find_tokens(slice).next().is_none() && !(writes && may_be_replaced(slice)) {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(whole).unwrap_or_default();
    let mut edits = Vec::new();
    for literal in literals(text).unwrap_or_default() {
        let Literal { span, kind: LiteralKind::String } = literal else { continue };
        if span.start < facts.span.start || span.end > facts.span.end {
            continue;
        }
        let bytes = whole.get(span.clone()).unwrap_or_default();
        let stands = stands(readings, eyes, |against| against == Against::Literal(span.start));
        let found = find_tokens(bytes).next().is_some();
        if found && stands == Stands::Behind {
            let given =
                |facts: &StatementFacts| facts.assignments.iter().any(|it| it.against == Against::Literal(span.start));
            let room = if readings.iter().filter_map(Reading::facts).any(given) {
                Room::Given
            } else {
                Room::around(whole, &span)
            };
            let new = literal_of(bytes, Form::of(bytes, standard_conforming_strings), room, keyring)?;
            edits.push(Edit { span: span.clone(), new });
        }
        let compared =
            |facts: &StatementFacts| facts.probes.iter().any(|it| it.against == Against::Literal(span.start));
        let asks = readings.iter().filter_map(Reading::facts).all(compared);
        if writes && !asks && (found && stands == Stands::Elsewhere || is_replacement(inner(bytes))) {
            return Err(carries());
        }
    }
    if edits.is_empty() || !tells_its_text(readings) { Ok(edits) } else { Err(told()) }
}

/// Whether a statement shows its own text or what became of it: an original in it would come out again.
fn tells_its_text(readings: &[Reading]) -> bool {
    let tells = |facts: &StatementFacts| {
        facts.explain_executes.is_some() || facts.functions.iter().any(|function| function.name == "current_query")
    };
    readings.iter().filter_map(Reading::facts).any(tells)
}

fn told() -> Report {
    refusal("42501", "a token is not resolved in a statement that shows its own text")
}

/// What the values of a `Bind` become; `None` when they stay.
pub(super) fn values(
    readings: &[Reading],
    bind: &Bind,
    eyes: &Eyes<'_>,
    keyring: Option<&Keyring>,
) -> Result<Option<Vec<Option<Bytes>>>, Report> {
    let writes = readings.iter().filter_map(Reading::facts).any(writes);
    let mut changed: Option<Vec<Option<Bytes>>> = None;
    for (at, value) in bind.values.iter().enumerate() {
        let Some(value) = value else { continue };
        let Ok(number) = u32::try_from(at + 1) else { continue };
        let is_it = |against| against == Against::Parameter(number);
        let has_token = find_tokens(value).next().is_some();
        if has_token && stands(readings, eyes, is_it) == Stands::Behind {
            let format = format_at(&bind.formats, at).unwrap_or(0);
            let given = |facts: &StatementFacts| facts.assignments.iter().any(|it| is_it(it.against));
            let given = readings.iter().filter_map(Reading::facts).any(given);
            let resolved = resolved(value, format, given, keyring)?;
            changed.get_or_insert_with(|| bind.values.clone())[at] = Some(resolved);
            continue;
        }
        let compared = |facts: &StatementFacts| facts.probes.iter().any(|it| is_it(it.against));
        let asks = readings.iter().filter_map(Reading::facts).all(compared);
        if writes && !asks && (has_token || is_replacement(value)) {
            return Err(carries());
        }
    }
    if changed.is_none() || !tells_its_text(readings) { Ok(changed) } else { Err(told()) }
}

pub(super) fn writes(facts: &StatementFacts) -> bool {
    let writing = [StatementKind::Insert, StatementKind::Update, StatementKind::Merge];
    writing.iter().any(|kind| facts.kinds.contains(kind))
}

/// Where a constant or a parameter stands in all readings.
fn stands(readings: &[Reading], eyes: &Eyes<'_>, is_it: impl Fn(Against) -> bool) -> Stands {
    let in_one = |facts: &StatementFacts| {
        let seen = |probe: &Probe| facts.column(probe.column).map(|(table, column)| eyes.column(table, column));
        let mut somewhere = false;
        let compared = facts.probes.iter().filter(|probe| is_it(probe.against)).all(|probe| {
            somewhere = true;
            matches!(seen(probe), Some(Seen::Hidden(_) | Seen::Unlabelled))
        });
        let given = facts.assignments.iter().filter(|probe| is_it(probe.against)).all(|probe| {
            somewhere = true;
            matches!(seen(probe), Some(Seen::Hidden(_)))
        });
        compared && given && somewhere
    };
    let all = readings.iter().all(|reading| reading.facts().is_some_and(in_one));
    if all { Stands::Behind } else { Stands::Elsewhere }
}

/// All spellings of what a token stands for, the customary one first.
fn open(token: &[u8], keyring: Option<&Keyring>) -> Result<Vec<Vec<u8>>, Report> {
    let spelt = std::str::from_utf8(token).ok();
    let opened = spelt.zip(keyring).and_then(|(token, keyring)| keyring.open_token(token).ok());
    let foreign = || refusal("22023", "a token that this gateway did not issue, or cannot resolve");
    let (kind, value) = opened.ok_or_else(foreign)?;
    Ok(registry::values().spellings(&kind, &value))
}

/// How many values a statement has room for where a constant stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Room {
    /// It is what a column is given: the one that it was.
    Given,
    /// One.
    One,
    /// It is one of a list.
    List,
    /// It stands alone behind `=`.
    Any,
}

impl Room {
    /// What is around the constant at this place of a text.
    fn around(text: &[u8], span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or_default().trim_ascii_end();
        let after = text.get(span.end..).unwrap_or_default().trim_ascii_start();
        if after.starts_with(b"::") {
            return Self::One;
        }
        match before.last() {
            Some(b'=') => Self::Any,
            Some(b',' | b'[') => Self::List,
            Some(b'(') => {
                let word = before.get(..before.len() - 1).unwrap_or_default().trim_ascii_end();
                let is_in = word
                    .last_chunk::<3>()
                    .is_some_and(|[space, rest @ ..]| rest.eq_ignore_ascii_case(b"in") && space.is_ascii_whitespace());
                if is_in { Self::List } else { Self::One }
            }
            _ => Self::One,
        }
    }
}

/// A constant with the originals of its tokens: several constants, where there is room for them.
fn literal_of(literal: &[u8], form: Form, room: Room, keyring: Option<&Keyring>) -> Result<Vec<u8>, Report> {
    let content = inner(literal);
    let alone = find_tokens(content).next().is_some_and(|token| token == (0..content.len()));
    if !alone || matches!(room, Room::One | Room::Given) {
        return spliced(literal, keyring, room == Room::Given, |_, original| form.spell(original));
    }
    let end = usize::from(literal.ends_with(b"'"));
    let begin = literal.get(..literal.len() - content.len() - end).unwrap_or_default();
    let end = literal.get(literal.len() - end..).unwrap_or_default();
    let mut constants = Vec::new();
    for spelling in open(content, keyring)? {
        constants.push([begin, &form.spell(&spelling).ok_or_else(unspeakable)?, end].concat());
    }
    let all = constants.join(&b", "[..]);
    Ok(if room == Room::Any && constants.len() > 1 { [b"ANY (ARRAY[", all.as_slice(), b"])"].concat() } else { all })
}

/// A value with the originals of its tokens; also within an array, where all spellings have room.
pub(super) fn resolved(value: &Bytes, format: i16, given: bool, keyring: Option<&Keyring>) -> Result<Bytes, Report> {
    let as_it_is = |_: Option<u8>, original: &[u8]| Some(original.to_vec());
    let array = if format == 1 { binary_elements(value) } else { None };
    if let Some(elements) = array {
        return binary_array(value, &elements, given, keyring);
    }
    if format == 0 && value.starts_with(b"{") {
        let listed = |before: Option<u8>, original: &[u8]| element(before, original);
        return spliced(value, keyring, given, listed).map(Bytes::from);
    }
    spliced(value, keyring, given, as_it_is).map(Bytes::from)
}

/// A value within an array in text format: in quotes, unless it is of plain letters.
fn element(before: Option<u8>, original: &[u8]) -> Option<Vec<u8>> {
    let mut escaped = Vec::with_capacity(original.len() + 2);
    for byte in original {
        if matches!(byte, b'"' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(*byte);
    }
    let plain = original.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    match before {
        _ if plain => Some(escaped),
        Some(b'"') => Some(escaped),
        Some(b'{' | b',') => Some([b"\"", escaped.as_slice(), b"\""].concat()),
        _ => None,
    }
}

/// An array of one dimension in binary format; each spelling of a token becomes an element.
fn binary_array(
    value: &Bytes,
    elements: &[Range<usize>],
    given: bool,
    keyring: Option<&Keyring>,
) -> Result<Bytes, Report> {
    let as_it_is = |_: Option<u8>, original: &[u8]| Some(original.to_vec());
    let one_dimension = value.first_chunk() == Some(&1_i32.to_be_bytes());
    let mut body = BytesMut::with_capacity(value.len());
    let (mut done, mut count) = (ARRAY_HEAD, 0_i32);
    let put = |body: &mut BytesMut, element: &[u8]| -> Result<(), Report> {
        body.put_i32(i32::try_from(element.len()).map_err(|_| unspeakable())?);
        body.put_slice(element);
        Ok(())
    };
    if !one_dimension {
        return Err(unspeakable());
    }
    for element in elements {
        // Nulls between them are four bytes each.
        let nulls = value.get(done..element.start.saturating_sub(4)).unwrap_or_default();
        body.put_slice(nulls);
        count += i32::try_from(nulls.len() / 4).map_err(|_| unspeakable())?;
        let bytes = value.get(element.clone()).unwrap_or_default();
        let alone = find_tokens(bytes).next().is_some_and(|token| token == (0..bytes.len()));
        let new = if alone && !given { open(bytes, keyring)? } else { vec![spliced(bytes, keyring, given, as_it_is)?] };
        for spelling in new {
            put(&mut body, &spelling)?;
            count += 1;
        }
        done = element.end;
    }
    let nulls = value.get(done..).unwrap_or_default();
    body.put_slice(nulls);
    count += i32::try_from(nulls.len() / 4).map_err(|_| unspeakable())?;
    let mut out = BytesMut::with_capacity(ARRAY_HEAD + body.len());
    out.put_slice(value.get(..12).unwrap_or_default());
    out.put_i32(count);
    out.put_slice(value.get(16..ARRAY_HEAD).unwrap_or_default());
    out.put_slice(&body);
    Ok(out.freeze())
}

/// Dimensions, flags, type, and size and lower bound of the one dimension.
const ARRAY_HEAD: usize = 20;

/// Every token of a text resolved, to the customary spelling; `spell` is told the byte before it. What a column is `given`
/// must have no other spelling.
fn spliced(
    text: &[u8],
    keyring: Option<&Keyring>,
    given: bool,
    spell: impl Fn(Option<u8>, &[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, Report> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for token in find_tokens(text) {
        out.extend_from_slice(text.get(done..token.start).unwrap_or_default());
        let spellings = open(text.get(token.clone()).unwrap_or_default(), keyring)?;
        if given && spellings.len() > 1 {
            return Err(carries());
        }
        let original = spellings.first().ok_or_else(unspeakable)?;
        let before = token.start.checked_sub(1).and_then(|at| text.get(at)).copied();
        out.extend(spell(before, original).ok_or_else(unspeakable)?);
        done = token.end;
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    Ok(out)
}

/// How a literal is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Plain,
    Escapes,
    Unicode,
    Dollar,
}

impl Form {
    fn of(literal: &[u8], standard_conforming_strings: bool) -> Self {
        match literal.first() {
            Some(b'\'' | b'n' | b'N') if standard_conforming_strings => Self::Plain,
            Some(b'u' | b'U') => Self::Unicode,
            Some(b'$') => Self::Dollar,
            _ => Self::Escapes,
        }
    }

    /// A value within a literal of this form. `None` when it cannot be said in it.
    fn spell(self, value: &[u8]) -> Option<Vec<u8>> {
        if std::str::from_utf8(value).is_err() || value.contains(&0) {
            return None;
        }
        let simple = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b" -_.,:/@".contains(byte));
        match self {
            _ if simple => Some(value.to_vec()),
            // What ends or escapes there depends on a tag, or on a word further on.
            Self::Dollar | Self::Unicode => None,
            Self::Plain | Self::Escapes => {
                let mut out = Vec::with_capacity(value.len() + 4);
                for byte in value {
                    if *byte == b'\'' || (*byte == b'\\' && self == Self::Escapes) {
                        out.push(*byte);
                    }
                    out.push(*byte);
                }
                Some(out)
            }
        }
    }
}

/// What stands between the quotes of a literal; the literal itself when it has none.
fn inner(literal: &[u8]) -> &[u8] {
    let start = literal.iter().position(|byte| *byte == b'\'').map_or(0, |at| at + 1);
    let end = literal.len().saturating_sub(usize::from(start > 0 && literal.ends_with(b"'")));
    literal.get(start..end).unwrap_or_default()
}

/// Whether a text has the beginning of a tag or of a mask: worth a closer look.
fn may_be_replaced(text: &[u8]) -> bool {
    text.contains(&b'[') || text.windows(MASK.len()).any(|part| part == MASK)
}

pub(super) fn has_token(value: &[u8]) -> bool {
    find_tokens(value).next().is_some()
}

/// Whether a value carries a tag, or is masked.
pub(super) fn is_replacement(value: &[u8]) -> bool {
    let tagged = || kinds::MAIN.iter().any(|kind| memchr::memmem::find(value, &tag(kind.id())).is_some());
    let masked = value.windows(MASK.len()).any(|part| part == MASK);
    masked || value.contains(&b'[') && tagged()
}

const MASK: &[u8] = b"***";

pub(super) fn carries() -> Report {
    let message = "the statement writes a replacement, which would take the place of the original";
    Report {
        hint: Some("leave out the columns that were read redacted, or have them labelled `keep`".into()),
        ..refusal("42501", message)
    }
}

fn unspeakable() -> Report {
    refusal("22023", "the original of a token cannot be written where the token stands")
}

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edit({:?}, {} bytes)", self.span, self.new.len())
    }
}
