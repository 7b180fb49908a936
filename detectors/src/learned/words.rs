//! Words that stand where names, places, institutions, dates and identifiers stand.

use std::borrow::Cow;

use blackbar_engine::{Detector, Kind, Near, Reach, Slot, Trigger, Unseen, Verdict, Verify, View, Window};

use super::model::WORDS;
use super::tokens::{FAR, NEAR, Tokens, is_wordy};
use super::{UNIT, alone, goes_on, is_inside_token, is_text, joins, stays_within, with_stop};
use crate::kinds;
use crate::words::category as cat;

/// What words are told from nothing, in the order of the table.
const KINDS: [Kind; WORDS] = [kinds::NAME, kinds::LOCATION, kinds::FACILITY, kinds::DATE, kinds::OTHER_ID];
/// By how much a class has to beat nothing.
const SURE: i32 = UNIT * 3 / 4;
/// So much below nothing a name is none that a rule is not certain of.
const DOUBTED: i32 = -4 * UNIT;
/// From this confidence on a rule is.
const CERTAIN: u8 = 66;
const LONGEST: u16 = 96;
/// Tokens that a cell or a string has at least: a word or two alone have nothing around them that could tell.
const COMPANY: usize = 5;

/// Words by their surroundings.
pub static LEARNED_WORDS: Detector = Detector {
    id: Cow::Borrowed("learned-words"),
    kind: kinds::NAME,
    class: Cow::Borrowed("A"),
    priority: 4,
    window: Window { before: 96, longest: LONGEST, after: 32 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Capital, worth),
        Trigger::When(&Trigger::Lexicon(cat::ANY_NAME), worth),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "names, places, institutions and dates that no rule knows, where a learnt score of what stands around them says so",
    ),
    refuses: Cow::Borrowed("what the score takes for anything else; single words of cells and short strings"),
};

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (word, bits) = view.word_with_bits(0);
    let len = crate::scan::len(word);
    if !may_be(word, bits) || is_label(bits, view.byte(len)) {
        return None;
    }
    if bits & EVERYDAY != 0 && view.byte(len) == Some(b' ') {
        let (next, next_bits) = view.word_with_bits(len + 1);
        let after = view.byte(len + 1 + crate::scan::len(next));
        if opens_prose(bits, next, next_bits) && !after.is_some_and(is_wordy) {
            return None;
        }
    }
    let mut tokens = around(view, NEAR)?;
    let first = tokens.text(0)?;
    let covered = view.covered_to(0);
    if covered > 0 && view.byte(covered) != Some(b'.') {
        // A rule took it, and perhaps all that this could take; a stop behind it would belong to a name.
        tokens.look_further(view.before(), view.ahead(LEARNED_WORDS.window.ahead()), FAR);
        if stays_within(&tokens, 1, &[1, 2, 3, 4, 5], crate::scan::len(first), covered, i32::from(LONGEST)) {
            return None;
        }
    }
    let (class, score) = alone(&tokens, 0).word();
    if score < SURE || first.len() > usize::from(LONGEST) {
        return None;
    }
    // A state stands before a plate or a licence, and is no part of it.
    if KINDS.get(class) == Some(&kinds::OTHER_ID) && bits & cat::STATE != 0 {
        return None;
    }
    let mut end = crate::scan::len(first);
    if tokens.text(1).is_some() && joins(tokens.gap(1)) {
        tokens.look_further(view.before(), view.ahead(LEARNED_WORDS.window.ahead()), FAR);
        end = goes_on(&tokens, 1, class + 1, end, i32::from(LONGEST));
    }
    let whole = view.slice(0, usize::try_from(end).unwrap_or_default());
    if STATES.iter().any(|state| whole.eq_ignore_ascii_case(state.as_bytes())) {
        return None;
    }
    if KINDS.get(class) == Some(&kinds::NAME) {
        end = with_stop(view, end).min(i32::from(LONGEST));
    }
    let confidence = if score > 3 * UNIT { 60 } else { 52 };
    Some(Verdict::new(0, end, *KINDS.get(class)?, confidence, "learnt"))
}

/// States of two words, which are no identifiers; New York is a city as well.
const STATES: &[&str] = &[
    "New Hampshire",
    "New Jersey",
    "New Mexico",
    "North Carolina",
    "North Dakota",
    "Puerto Rico",
    "Rhode Island",
    "South Carolina",
    "South Dakota",
    "West Virginia",
];

/// The tokens around a trigger that begins one, `most` from it on.
pub(super) fn around<'v, 'a>(view: &'v View<'a>, most: usize) -> Option<Tokens<'v, 'a>> {
    let before = view.before();
    if !is_text(view) || before.last().is_some_and(|byte| is_wordy(*byte)) || is_inside_token(before) {
        return None;
    }
    let ahead = view.ahead(LEARNED_WORDS.window.ahead());
    let tokens = Tokens::read(view, 0, before, ahead, most);
    let document = matches!(view.field().slot, Slot::Text | Slot::Line { .. });
    (document || tokens.are(COMPANY)).then_some(tokens)
}

/// Whether what was learnt holds a name that a rule took for anything but a name.
pub(crate) fn doubted(view: &View<'_>, verdict: &Verdict) -> bool {
    let unsure = verdict.start == 0 && verdict.confidence < CERTAIN;
    unsure && around(view, NEAR).is_some_and(|tokens| alone(&tokens, 0).word().1 < DOUBTED)
}

/// Whether a word is worth a score: one typed small only where it is in a list of names and in none of other words.
fn may_be(word: &[u8], bits: u32) -> bool {
    const ELSE: u32 =
        cat::WORD | cat::WORD_RARE | cat::CLINICAL | cat::DRUG | cat::STATE | cat::CREDENTIAL | cat::PREPOSITION_PLACE;
    !word.first().is_some_and(u8::is_ascii_lowercase) || word.len() > 2 && bits & cat::ANY_NAME != 0 && bits & ELSE == 0
}

/// What may be a name, a place or an institution.
const PROPER: u32 = cat::ANY_NAME | cat::CITY | cat::CITY_BIG | cat::FACILITY_WORD | cat::ORG_WORD | cat::STREET_SUFFIX;
/// Words that mostly begin a sentence or name an illness or a medicine where they have a capital.
const EVERYDAY: u32 = cat::WORD_TOP | cat::WORD | cat::CLINICAL | cat::DRUG;

/// Whether a known word that is no name is the label of something.
fn is_label(bits: u32, after: Option<u8>) -> bool {
    after == Some(b':') && bits != 0 && bits & PROPER == 0
}

/// Whether a word of every day is followed by another in small letters: the start of a sentence.
fn opens_prose(bits: u32, next: &[u8], next_bits: u32) -> bool {
    const ELSE: u32 = cat::GIVEN_COMMON
        | cat::SURNAME_COMMON
        | cat::MOSTLY_NAME
        | cat::FACILITY_WORD
        | cat::ORG_WORD
        | cat::MONTH
        | cat::HOLIDAY
        | cat::STREET_SUFFIX
        | cat::CITY_BIG;
    (bits & cat::WORD_TOP != 0 && bits & ELSE == 0 || bits & (EVERYDAY | PROPER | ELSE) & !EVERYDAY == 0)
        && bits & EVERYDAY != 0
        && next_bits & cat::WORD != 0
        && next.len() > 1
        && next.iter().all(u8::is_ascii_lowercase)
}

/// The glance: what [`verify`] would refuse at once.
fn worth(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    if !may_be(word.letters, word.bits) || is_label(word.bits, word.after) {
        return Ok(false);
    }
    if word.bits & EVERYDAY == 0 || word.after != Some(b' ') {
        return Ok(true);
    }
    let Some((b" ", next)) = near.next(1)? else { return Ok(true) };
    Ok(next.after.is_some_and(is_wordy) || !opens_prose(word.bits, next.letters, next.bits))
}
