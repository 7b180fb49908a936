//! Identifiers that a label announces: a phrase, what may stand between, a value of the right shape. Detectors give
//! tables of phrases; how labels are written is known here.

use blackbar_engine::{Near, Unseen, View};

use crate::context;
use crate::fields::hint;
use crate::shape::{Shape, Value, any_digit, clamp, hyphen};

/// A phrase that announces an identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    /// Its words in lower case. `#` stands for a word that means "number" and has to be there; `:` at the end for a
    /// colon or an equals sign that has to be there.
    pub(crate) phrase: &'static str,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// How sure it makes us, in percent. From [`SURE`] on the label leaves no doubt.
    pub(crate) confidence: u8,
    /// The first eight bytes of the phrase.
    head: u64,
}

/// Labels of this confidence are never used for anything but identifiers.
const SURE: u8 = 88;
/// The most bytes between a label and its value.
const MOST_BETWEEN: i32 = 56;
/// The most words between a label and its value.
const MOST_FILLERS: u8 = 5;

/// A label with one shape for several phrases.
pub(crate) const fn label(phrase: &'static str, shape: Shape, confidence: u8) -> Label {
    Label { phrase, shape, confidence, head: head(phrase.as_bytes()) }
}

/// A value behind its label, relative to the trigger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelled {
    /// First byte of the value.
    pub(crate) start: i32,
    /// The value.
    pub(crate) value: Value,
    /// How sure.
    pub(crate) confidence: u8,
    /// Whether a colon or an equals sign stood between.
    pub(crate) colon: bool,
}

impl Labelled {
    /// The bytes of the value.
    pub(crate) fn bytes<'a>(&self, view: &View<'a>) -> &'a [u8] {
        view.slice(self.start, usize::try_from(self.value.end - self.start).unwrap_or(0))
    }
}

/// The value that one of `labels`, sorted by phrase and starting at the trigger, announces. The longest phrase wins.
pub(crate) fn labelled(view: &View<'_>, labels: &[Label]) -> Option<Labelled> {
    let first = view.word(0);
    if first.is_empty() {
        return None;
    }
    let mut best: Option<(i32, Labelled)> = None;
    for label in starting_with(labels, first) {
        let Some(behind) = phrase_end(view, label.phrase, first.len()) else { continue };
        if best.as_ref().is_some_and(|(end, _)| *end >= behind) {
            continue;
        }
        let wants_colon = label.phrase.ends_with(':');
        if let Some(found) = value_behind(view, behind, label).filter(|found| found.colon || !wants_colon) {
            best = Some((behind, found));
        }
    }
    // Among codes and measures only what a label and its colon leave no doubt of.
    best.map(|(_, found)| found).filter(|found| !context::coded(view) || found.colon && found.confidence >= SURE)
}

/// A glance at a word that a label may begin with: every value has a digit, or is a UUID, which has dashes.
pub(crate) fn value_ahead(near: &Near<'_>) -> Result<bool, Unseen> {
    /// As far as any detector of labels sees.
    const FAR: usize = 200;
    if near.begins() {
        return Ok(true);
    }
    if !near.has_digit(FAR)? {
        return Ok(near.following(0, FAR)?.contains(&b'-') || said_ahead(near)?);
    }
    Ok(!prose_follows(near)? || said_ahead(near)?)
}

/// Whether digits are named soon behind the word: a value that was said has four of them and more.
fn said_ahead(near: &Near<'_>) -> Result<bool, Unseen> {
    /// As far as the rest of a label, what stands between, the letters before and a word reach: the first digit is named before.
    const FIRST: usize = 144;
    /// As far as the third one.
    const FAR: usize = 168;
    let named = |text: &[u8], least: usize| {
        let words = text.split(|byte| !byte.is_ascii_alphabetic());
        words.filter(|word| crate::shape::is_digit_word(word)).take(least).count() == least
    };
    Ok(named(near.following(0, FIRST)?, 1) && named(near.following(0, FAR)?, 3))
}

/// Whether the word goes on in prose: a plain word that belongs to no label, neither a digit nor a colon soon behind it.
fn prose_follows(near: &Near<'_>) -> Result<bool, Unseen> {
    /// More than any value that is written in words has before its first digit.
    const DIGITS_WITHIN: usize = 40;
    let Some((b" ", next)) = near.next(1)? else { return Ok(false) };
    let label = near.word().letters.len();
    Ok(next.after == Some(b' ')
        && !near.has_digit(label + 1 + next.letters.len() + DIGITS_WITHIN)?
        && !is_number_word(next.letters)
        && !is_filler(next.letters)
        && !one_of!(next.letters, SECOND_WORDS)
        && !near.following(0, 64)?.iter().any(|byte| matches!(byte, b':' | b'=')))
}

/// The value of a field whose name has one of `hints`: it fills the field from its start.
pub(crate) fn in_field(view: &View<'_>, hints: u64, shape: &Shape) -> Option<Labelled> {
    if !view.begins(0) || !context::hinted(view, hints) || context::hinted(view, hint::CODE | hint::QUANTITY) {
        return None;
    }
    let mut start = 0;
    while view.byte(start) == Some(b' ') && start < 8 {
        start += 1;
    }
    let value = shape.read(view, start, true)?;
    Some(Labelled { start, value, confidence: 90, colon: true })
}

/// Those of `labels`, which are sorted by their phrases, whose first word is `word` in any case.
fn starting_with<'l>(labels: &'l [Label], word: &[u8]) -> impl Iterator<Item = &'l Label> {
    let mut folded = [0; 32];
    let known = folded.get_mut(..word.len()).is_some_and(|to| {
        to.copy_from_slice(word);
        to.make_ascii_lowercase();
        !to.is_empty()
    });
    let word_len = if known { word.len() } else { 0 };
    let wanted = folded.get(..word_len).unwrap_or_default();
    let head_of_wanted = head(wanted);
    let first = labels.partition_point(|label| {
        if label.head == head_of_wanted { label.phrase.as_bytes() < wanted } else { label.head < head_of_wanted }
    });
    // The bytes of the word in a phrase's head, so that most phrases are told from it at once.
    let within = u64::MAX << (64 - 8 * word_len.clamp(1, 8));
    let starts = move |label: &&Label| {
        if (label.head ^ head_of_wanted) & within != 0 {
            return false;
        }
        let (phrase, word) = (label.phrase.as_bytes(), folded.get(..word_len).unwrap_or_default());
        word_len > 0 && phrase.starts_with(word) && matches!(phrase.get(word_len), None | Some(b' ' | b':'))
    };
    labels.get(first..).unwrap_or_default().iter().take_while(starts)
}

/// The first eight bytes as a number, in the order of texts. No phrase holds a byte 0.
#[inline]
const fn head(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    let mut i = 0;
    while i < text.len() && i < head.len() {
        head[i] = text[i];
        i += 1;
    }
    u64::from_be_bytes(head)
}

/// One past `phrase` when it starts at the trigger, with a first word of `first` bytes that was compared already.
fn phrase_end(view: &View<'_>, phrase: &str, first: usize) -> Option<i32> {
    let mut rest = phrase.as_bytes().get(first..).unwrap_or_default();
    let mut end = clamp(first);
    while let [b' ', more @ ..] = rest {
        let len = more.iter().position(|byte| matches!(byte, b' ' | b':')).unwrap_or(more.len());
        let (word, behind) = more.split_at_checked(len)?;
        end = gap(view, end);
        end = if word == b"#" { number_word(view, end)? } else { same_word(view, end, word)? };
        rest = behind;
    }
    Some(end)
}

/// Skips what may stand between two words of one label: blanks, a hyphen, a line break of a wrapped text.
fn gap(view: &View<'_>, mut at: i32) -> i32 {
    for _ in 0..4 {
        match view.byte(at) {
            Some(b' ' | b'\t' | b'-' | b'_' | b'.' | b'/' | b'\r' | b'\n' | b'\'' | b'(') => at += 1,
            _ => break,
        }
    }
    at
}

fn same_word(view: &View<'_>, at: i32, word: &[u8]) -> Option<i32> {
    let here = view.word(at);
    here.eq_ignore_ascii_case(word).then(|| at + clamp(here.len()))
}

/// One past a word or sign that means "number" at `at`.
pub(crate) fn number_word(view: &View<'_>, at: i32) -> Option<i32> {
    if view.byte(at) == Some(b'#') {
        return Some(at + 1);
    }
    if view.byte(at) == Some(0xe2) && view.slice(at, 3) == "№".as_bytes() {
        return Some(at + 3);
    }
    let word = view.word(at);
    is_number_word(word).then(|| at + clamp(word.len()))
}

fn is_number_word(word: &[u8]) -> bool {
    const WORDS: &[&str] =
        &["no", "nos", "num", "number", "numbers", "nbr", "nr", "id", "ids", "ident", "identifier", "identification"];
    one_of!(word, WORDS)
}

fn is_filler(word: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "is",
        "was",
        "are",
        "were",
        "be",
        "of",
        "for",
        "this",
        "that",
        "the",
        "his",
        "her",
        "their",
        "your",
        "my",
        "our",
        "patient",
        "patients",
        "pt",
        "member",
        "as",
        "to",
        "in",
        "on",
        "at",
        "file",
        "record",
        "listed",
        "recorded",
        "assigned",
        "issued",
        "currently",
        "current",
        "new",
        "old",
        "prior",
        "previous",
        "existing",
        "same",
        "reads",
        "shows",
        "equals",
        "given",
        "confirmed",
        "verified",
        "it",
        "s",
        "a",
        "value",
        "code",
        "reference",
        "ref",
        "mrn",
        "csn",
        "fin",
        "har",
        "acct",
        "account",
        "registration",
        "and",
        "or",
        "state",
        "primary",
        "secondary",
        "hospital",
        "clinic",
        "local",
        "system",
        "under",
        "with",
        "which",
        "stamped",
        "bill",
        "insurance",
        "says",
        "card",
        "printed",
        "shown",
        "paper",
        "call",
        "ends",
    ];
    one_of!(word, WORDS)
}

/// What labels of two words and more have behind the first one.
#[rustfmt::skip] // A word list reads better in lines.
const SECOND_WORDS: &[&str] = &[
    "accession", "account", "acct", "advantage", "auth", "authorization", "beneficiary", "billing", "bs", "cal",
    "capture", "card", "case", "certificate", "certification", "chart", "claim", "code", "control", "cross", "data",
    "embedding", "ending", "enforcement", "enrollment", "file", "geometry", "group", "hash", "health", "healthcare",
    "hic", "hicn", "history", "holder", "hospital", "id", "identification", "identifier", "image", "insurance", "key",
    "lic", "licence", "license", "map", "master", "mbi", "medical", "member", "mrn", "no", "npi", "number", "order",
    "participant", "path", "pathology", "patient", "plan", "plate", "plates", "policy", "practitioner", "print",
    "profile", "provider", "rec", "recipient", "recognition", "record", "records", "ref", "reference", "registration",
    "report", "routing", "s", "scan", "serial", "sha", "shield", "subject", "tag", "template", "templates", "token",
    "transit", "vector",
    "vein", "vin", "encounter", "locator", "of", "ticket",
];

fn value_behind(view: &View<'_>, behind: i32, label: &Label) -> Option<Labelled> {
    let sure = label.confidence >= SURE;
    let between = connect(view, behind, sure)?;
    let weak = !(sure || between.colon || label.phrase.ends_with('#'));
    let value = match label.shape.read(view, between.at, sure) {
        Some(value) => label.shape.read_on(view, between.at, value),
        None => label.shape.read_parts(view, between.at, weak)?,
    };
    let lowered = label.confidence.saturating_sub(between.fillers * 3 + between.breaks * 4);
    let confidence = lowered.max(label.confidence.min(55));
    let end = list_end(view, between.at, &value, &label.shape);
    Some(Labelled { start: between.at, value: Value { end, ..value }, confidence, colon: between.colon })
}

/// What stands between a label and its value.
pub(crate) struct Between {
    /// Where the value may start.
    pub(crate) at: i32,
    /// Words that were skipped.
    pub(crate) fillers: u8,
    /// Line breaks that were skipped.
    pub(crate) breaks: u8,
    /// Whether a colon or an equals sign was among it.
    pub(crate) colon: bool,
}

/// Skips what may stand between a label that ends at `from` and its value.
pub(crate) fn connect(view: &View<'_>, from: i32, sure: bool) -> Option<Between> {
    let mut b = Between { at: from, fillers: 0, breaks: 0, colon: false };
    while b.at - from <= MOST_BETWEEN {
        match view.byte(b.at)? {
            b' ' | b'\t' | b'\r' | b'#' | b'-' | b'|' | b'"' | b'\'' | b'[' | b'>' | b'`' | b'_' | b'.' | b'\\'
            | b'/' | b')' | b'~' | b'{' | b'^' | b'&' => b.at += 1,
            b':' | b'=' => {
                b.colon = true;
                b.at += 1;
            }
            b',' if view.byte(b.at + 1) == Some(b' ') && sure => b.at += 1,
            b'\n' => {
                b.breaks += 1;
                if b.breaks > 2 || (b.fillers > 0 && !b.colon && b.breaks > 1) {
                    return None;
                }
                b.at += 1;
            }
            b'*' => {
                if view.slice(b.at, 4).iter().filter(|&&star| star == b'*').count() >= 3 {
                    return Some(b);
                }
                b.at += 1;
            }
            b'(' => b.at = qualifier_end(view, b.at, b')'),
            b'<' => b.at = qualifier_end(view, b.at, b'>'),
            0xc2 if view.byte(b.at + 1) == Some(0xa0) => b.at += 2,
            0xe2 if hyphen(view, b.at) || matches!(view.slice(b.at, 3), [0xe2, 0x80, 0x98..=0x9d]) => b.at += 3,
            0xd9 | 0xdb | 0xef if any_digit(view, b.at).is_some() => return Some(b),
            byte if byte.is_ascii_digit() => return Some(b),
            _ => {
                let word = view.word(b.at);
                if word.is_empty() {
                    return None;
                }
                let behind = b.at + clamp(word.len());
                let is_digit = |at| view.byte(at).is_some_and(|b| b.is_ascii_digit());
                let digits_follow = is_digit(behind) || (view.byte(behind) == Some(b'-') && is_digit(behind + 1));
                if is_number_word(word) {
                    b.at = behind;
                } else if b.fillers < MOST_FILLERS && is_filler(word) && !digits_follow {
                    b.fillers += 1;
                    b.at = behind;
                } else if let Some(colon) = colon_ahead(view, b.at).filter(|_| sure && !b.colon && b.fillers <= 1) {
                    b.fillers += 2;
                    b.at = colon;
                } else {
                    return Some(b);
                }
            }
        }
    }
    None
}

/// One past a parenthesis or tag without digits that opens at `at`; else one past its opening.
fn qualifier_end(view: &View<'_>, at: i32, close: u8) -> i32 {
    let mut end = at + 1;
    while end - at < 32 {
        match view.byte(end) {
            Some(byte) if byte == close => return end + 1,
            Some(b'\n' | b'0'..=b'9') | None => break,
            Some(_) => end += 1,
        }
    }
    at + 1
}

/// The colon that ends a label of a few more words on the same line: `MRN at Lakeside General: …`.
fn colon_ahead(view: &View<'_>, at: i32) -> Option<i32> {
    let mut end = at;
    while end - at < 28 {
        match view.byte(end)? {
            b':' => return Some(end),
            byte if byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'\'' | b'-') => end += 1,
            _ => return None,
        }
    }
    None
}

/// The end of a list of values of one size: `4839201, 4839202 and 4839203`. The whole list is one finding.
fn list_end(view: &View<'_>, start: i32, value: &Value, shape: &Shape) -> i32 {
    let mut end = value.end;
    if value.digits < 5 {
        return end;
    }
    for _ in 0..4 {
        let mut at = end;
        let mut joined = false;
        for _ in 0..5 {
            match view.byte(at) {
                Some(b' ') => at += 1,
                Some(b',' | b';' | b'/' | b'&' | b'#') => {
                    joined = true;
                    at += 1;
                }
                Some(b'a' | b'o' | b'A' | b'O') if one_of!(view.word(at), &["and", "or"]) => {
                    joined = true;
                    at += clamp(view.word(at).len());
                }
                _ => break,
            }
        }
        if !joined || at - start > 64 || !view.byte(at).is_some_and(|b| b.is_ascii_alphanumeric()) {
            return end;
        }
        match shape.read(view, at, false) {
            Some(next) if next.digits == value.digits && next.letters == value.letters => end = next.end,
            _ => return end,
        }
    }
    end
}

/// For tests of tables: phrases start with trigger words, trigger words start phrases (or are `others`), and both are
/// written the way they are compared.
#[cfg(test)]
pub(crate) fn assert_table(labels: &[Label], others: &[&str], triggers: &[blackbar_engine::Trigger]) {
    let words: Vec<&str> = triggers
        .iter()
        .filter_map(|trigger| match trigger {
            blackbar_engine::Trigger::Words(words)
            | blackbar_engine::Trigger::When(blackbar_engine::Trigger::Words(words), _) => Some(words.iter().copied()),
            _ => None,
        })
        .flatten()
        .collect();
    let first = |label: &Label| label.phrase.trim_end_matches(':').split(' ').next().unwrap_or_default();
    for label in labels {
        assert!(words.contains(&first(label)), "no trigger for the phrase {:?}", label.phrase);
        assert_eq!(label.phrase, label.phrase.to_ascii_lowercase(), "phrases are compared in lower case");
    }
    let glanced = triggers
        .iter()
        .any(|trigger| matches!(trigger, blackbar_engine::Trigger::When(blackbar_engine::Trigger::Words(_), _)));
    for second in labels.iter().filter_map(|label| label.phrase.trim_end_matches(':').split(' ').nth(1)) {
        assert!(!glanced || second == "#" || SECOND_WORDS.contains(&second), "{second:?} is missing");
    }
    for pair in labels.windows(2) {
        assert!(pair[0].phrase < pair[1].phrase, "{:?} and {:?} are out of order", pair[0].phrase, pair[1].phrase);
    }
    for word in words {
        assert!(word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase()), "{word:?} is no trigger word");
        let is_used = others.contains(&word) || labels.iter().any(|label| first(label) == word);
        assert!(is_used, "the trigger {word:?} starts no phrase");
    }
}
