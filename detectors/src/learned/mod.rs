//! What rules miss: names, places, institutions, dates and identifiers, told by facts about them and their neighbours that
//! a table weighs. The table was learnt from labelled documents (`examples/train.rs`). A score is a sum of some fifty small
//! whole numbers, the same on every machine, and depends on a finite window as any detector's answer does.

mod features;
mod model;
mod tokens;
mod values;
mod words;

use blackbar_engine::{Slot, View};

use self::model::{Score, UNIT};
use self::tokens::Tokens;
use crate::fields::hint;

pub use self::values::LEARNED_VALUES;
pub use self::words::LEARNED_WORDS;
pub(crate) use self::words::doubted;

/// Whether the field may hold prose or lines of a document: anything but numbers, names of things and codes.
fn is_text(view: &View<'_>) -> bool {
    let field = view.field();
    !matches!(field.slot, Slot::Number | Slot::Key | Slot::Bare)
        && field.meaning.kind.is_none()
        && field.meaning.hints & (hint::CODE | hint::QUANTITY) == 0
}

/// Whether what ends with these bytes goes on inside a token that stands for a value already.
fn is_inside_token(before: &[u8]) -> bool {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let run = before.iter().rposition(|byte| !inside(byte)).map_or(before, |last| before.split_at(last + 1).1);
    run.starts_with(TOKEN)
}

/// How tokens begin.
const TOKEN: &[u8] = b"bb-";

/// Where dates stand among what words are told to be, counted from one.
const DATES: usize = 4;

/// What speaks for each class of the `n`th token, whatever the one before it is.
fn alone(tokens: &Tokens<'_, '_>, n: isize) -> Score {
    tokens.scored(n, || {
        let mut score = Score::default();
        features::alone(tokens, n, &mut |place| score.add(place));
        score
    })
}

/// Whether a finding of one of `classes` may go on with the `n`th token: which of them is the most likely there, where the
/// one before it is of that class.
#[inline]
fn may_go_on(tokens: &Tokens<'_, '_>, n: isize, classes: &[usize]) -> bool {
    let (score, neighbours) = (alone(tokens, n), tokens.neighbours(n));
    classes.iter().any(|inside| {
        let mut score = score;
        features::going_on(&neighbours, u32::try_from(*inside).unwrap_or(0), &mut |place| score.add(place));
        let (class, score) = score.word();
        class + 1 == *inside && score >= 0
    })
}

/// Where a finding of the class `inside` ends that goes to `end`, if it goes on with the `n`th token.
fn goes_on(tokens: &Tokens<'_, '_>, mut n: isize, inside: usize, mut end: i32, longest: i32) -> i32 {
    let mut last = end;
    while let Some(text) = tokens.text(n) {
        let gap = tokens.gap(n);
        end += crate::scan::len(gap) + crate::scan::len(text);
        // Behind a stop one letter is no part of a name, but of a degree or of the next sentence; nor is it behind a comma, if
        // words go on.
        let letter = inside == 1 && text.len() == 1;
        let apart = match gap.first() {
            Some(b'.') => true,
            Some(b',') => tokens.text(n + 1).is_some_and(|next| !parts(tokens.gap(n + 1), next)),
            _ => false,
        };
        // The hour of a clock belongs to no date.
        let minutes = || {
            tokens.gap(n + 1) == b":"
                && tokens.text(n + 1).is_some_and(|next| next.first().is_some_and(u8::is_ascii_digit))
        };
        let hour = inside == DATES && text.iter().all(u8::is_ascii_digit) && minutes();
        if letter && apart || hour || end > longest || !joins(gap) {
            break;
        }
        if !may_go_on(tokens, n, &[inside]) {
            break;
        }
        last = end;
        n += 1;
    }
    last
}

/// Whether a token stands apart from the one before it by what is between them, or is a number.
fn parts(gap: &[u8], text: &[u8]) -> bool {
    !matches!(gap, b" " | b"-" | b"'" | b"") || text.first().is_some_and(u8::is_ascii_digit)
}

/// The end of a name with the stop that belongs to its last word: an initial, or `Jr`.
fn with_stop(view: &View<'_>, end: i32) -> i32 {
    if view.byte(end) != Some(b'.') {
        return end;
    }
    let name = view.slice(0, usize::try_from(end).unwrap_or_default());
    let last = name.rsplit(|byte| !tokens::is_wordy(*byte)).next().unwrap_or_default();
    let short = last.len() == 1 && last.iter().all(u8::is_ascii_alphabetic);
    end + i32::from(short || last.eq_ignore_ascii_case(b"jr") || last.eq_ignore_ascii_case(b"sr"))
}

/// Whether a finding that goes to `end` cannot go beyond `covered` with the `n`th token and those behind it, whichever of
/// `classes` it is of: the answer of [`goes_on`] to all that stands before the token which would take it there.
fn stays_within(
    tokens: &Tokens<'_, '_>,
    mut n: isize,
    classes: &[usize],
    mut end: i32,
    covered: i32,
    longest: i32,
) -> bool {
    while end <= covered {
        let Some(text) = tokens.text(n) else { return true };
        let gap = tokens.gap(n);
        end += crate::scan::len(gap) + crate::scan::len(text);
        if end > longest || !joins(gap) {
            return true;
        }
        if end > covered {
            return !may_go_on(tokens, n, classes);
        }
        n += 1;
    }
    false
}

/// Whether what stands between two words may stand inside a name.
fn joins(gap: &[u8]) -> bool {
    matches!(
        gap,
        b" " | b"  "
            | b", "
            | b","
            | b"-"
            | b" - "
            | b"."
            | b". "
            | b"'"
            | b"\xe2\x80\x99"
            | b"\n"
            | b"\r\n"
            | b" & "
            | b" #"
    )
}

/// What is said to the scorer, for whoever trains it.
#[doc(hidden)]
pub mod facts {
    use blackbar_engine::View;

    pub use super::features::PLACES;
    pub use super::model::{UNIT, VALUES, WORDS};

    /// Whether a finding may go on behind what stands between two words.
    #[must_use]
    pub fn joins(gap: &[u8]) -> bool {
        super::joins(gap)
    }

    /// Where the word at the trigger ends, and its facts, where the word before it is of the class `inside`.
    #[must_use]
    pub fn word(view: &View<'_>, inside: u32) -> Option<(i32, Vec<usize>)> {
        let tokens = super::words::around(view, super::tokens::NEAR)?;
        let end = crate::scan::len(tokens.text(0)?);
        let mut facts = Vec::new();
        super::features::word(&tokens, 0, inside, &mut |place| facts.push(place));
        Some((end, facts))
    }

    /// Where the value around the trigger begins and ends, and its facts.
    #[must_use]
    pub fn value(view: &View<'_>) -> Option<(i32, i32, Vec<usize>)> {
        let value = super::values::Value::read(view)?;
        let mut facts = Vec::new();
        value.facts(view, &mut |place| facts.push(place));
        Some((value.start, value.end, facts))
    }
}
