//! Names that no dictionary has: what stands around them tells.

use std::borrow::Cow;

use blackbar_engine::{Detector, Reach, Trigger, Verdict, Verify, View, Window};

use super::cue::{self, Cue, Grade};
use super::follow::{self, Follow};
use super::glance;
use super::part::{Case, blanks, case_of, gap, part, stands_alone};
use super::person::{self, particle};
use crate::kinds;
use crate::words::category as cat;

/// Names that begin with an initial or with an unknown word: `J. Smith`, `Kemi Zorblat, MD`, `Kemi Smith`.
pub static NAME_SHAPE: Detector = Detector {
    id: Cow::Borrowed("name-shape"),
    kind: kinds::NAME,
    class: Cow::Borrowed("A"),
    priority: 39,
    window: Window { before: 64, longest: 144, after: 48 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::When(&Trigger::Capital, glance::shaped)]),
    verify: Verify::Pure(verify),
    teaches: true,
    takes: Cow::Borrowed("initials before a surname; unknown words before a known surname or a credential"),
    refuses: Cow::Borrowed("unknown words alone, species such as E. Coli, headings"),
};

fn verify(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    let initial = case_of(word) == Case::Initial;
    // The cheapest question first: only a dot, a blank or a hyphen lets a name go on.
    let next = view.byte(super::part::length(word));
    let goes_on = if initial {
        matches!(next, Some(b'.' | b'\'' | 0xe2))
    } else {
        matches!(next, Some(b' ' | b'-' | b'\'' | b'\n' | 0xe2 | b'\r' | b','))
    };
    if !goes_on || (!initial && (word.len() < 3 || view.bits(word) != 0)) || !stands_alone(view) {
        return None;
    }
    let first = part(view, 0)?;
    if view.byte(first.end) == Some(b',') {
        return listed(view);
    }
    // `O'Brien` begins with one letter and is none the less a word.
    let initial = first.case == Case::Initial;
    if first.case == Case::Upper {
        return None;
    }
    if !initial && first.unknown() && first.len() > 4 && acts(view, first.end) {
        return Some(Verdict::new(0, first.end, kinds::NAME, 60, "what people do after"));
    }
    if initial && let Some(end) = initials(view) {
        return Some(Verdict::new(0, end, kinds::NAME, 65, "initials"));
    }
    if !initial && first.is_name() {
        let found = person::person(view, 0, Cue::NONE)?;
        let mut verdict = Verdict::new(0, found.end.min(super::LONGEST), kinds::NAME, found.confidence, found.reason);
        verdict.teaches = found.teaches.map(|teach| teach.filter(|teach| teach.end <= super::LONGEST));
        return Some(verdict);
    }
    if !initial {
        let (space, wraps) = gap(view, first.end)?;
        let second = part(view, first.end + space)?;
        let fits = !wraps
            && !follow::is_place_or_thing(view, &second)
            && matches!(second.case, Case::Capital | Case::Initial)
            && (second.case == Case::Initial
                || second.ordinary() == 0
                || (second.bits & (cat::CLINICAL | cat::DRUG) == 0
                    && matches!(
                        follow::after(view, second.end),
                        Follow::Credential | Follow::Relative | Follow::Record
                    ))
                || (second.surname() == 3
                    && second.ordinary() == 1
                    && follow::after(view, second.end) == Follow::Verb));
        let fits = fits || (!wraps && particle(view, &second));
        if !fits || cue::role(word, 0).is_some() {
            return None;
        }
    }
    // `Plan B. Kegel exercises`: the letter belongs to what stands before it.
    const LETTERED: &[&str] = &[
        "plan",
        "hepatitis",
        "vitamin",
        "type",
        "group",
        "class",
        "grade",
        "stage",
        "appendix",
        "schedule",
        "part",
        "factor",
        "protein",
        "level",
        "figure",
        "table",
        "option",
        "step",
        "phase",
        "section",
        "dukes",
        "weber",
        "exhibit",
    ];
    if initial && one_of!(cue::previous_word(view.before()), LETTERED) {
        return None;
    }
    let found = person::person(view, 0, super::before(view))?;
    if !initial && view.slice(found.start, 1).is_empty() {
        return None;
    }
    let after = follow::after(view, found.end);
    let mut confidence = found.confidence;
    if !initial {
        // An unknown word at the start of a sentence or in a heading is no evidence.
        if !matches!(after, Follow::Credential | Follow::Relative | Follow::Record) {
            if follow::sentence_starts(view) || after == Follow::Capital || after == Follow::Colon {
                confidence = confidence.saturating_sub(12);
            }
            let surname = last_known(view, found.end) || after == Follow::Verb;
            if !surname && super::before(view).grade < Grade::Label {
                return None;
            }
        }
    }
    (confidence >= 40).then(|| Verdict {
        teaches: if matches!(after, Follow::Credential | Follow::Relative | Follow::Record) {
            found.teaches
        } else {
            [None, None]
        },
        ..Verdict::new(0, found.end.min(super::LONGEST), kinds::NAME, confidence, found.reason)
    })
}

/// Whether something is said of the unknown word that ends at `end` that is said of people only: `Zorblat asks for`,
/// `Zorblat's glucose`.
fn acts(view: &View<'_>, end: i32) -> bool {
    let owned = super::part::possessive(view, end) > end;
    if owned {
        return follow::after(view, end) == Follow::Relative && !follow::article_before(view);
    }
    follow::acts(view, end) && !follow::article_before(view)
}

/// `Zorblat, Kemi (MRN 12345)`, `Kemi, her partner,`: an unknown word before a comma, when what follows tells.
fn listed(view: &View<'_>) -> Option<Verdict> {
    let found = person::person(view, 0, Cue::NONE)?;
    let end = found.end.min(super::LONGEST);
    Some(Verdict {
        teaches: found.teaches.map(|teach| teach.filter(|teach| teach.end <= end)),
        ..Verdict::new(0, end, kinds::NAME, found.confidence, found.reason)
    })
}

/// Initials at the start of a line about somebody, or behind whom they write for: `L.C. / 99 M`, `R. Waters, MD / Y.M.`.
fn initials(view: &View<'_>) -> Option<i32> {
    let mut end = 0;
    while end < 6 && view.byte(end).is_some_and(|byte| byte.is_ascii_uppercase()) && view.byte(end + 1) == Some(b'.') {
        end += 2;
    }
    if end < 4 || view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let bar = end + blanks(view, end, 2);
    let at = bar + 1 + blanks(view, bar + 1, 2);
    let heads = follow::line_starts(view)
        && (matches!(view.byte(bar), Some(b'/' | b'|' | b'(' | b','))
            && view.byte(at).is_some_and(|byte| byte.is_ascii_digit())
            || follow::number_follows(view, end));
    let written_for = view.before().strip_suffix(b" / ").is_some_and(|head| {
        let word = cue::previous_word(head);
        follow::credential(word, view.bits(word))
    });
    (heads || written_for).then_some(end)
}

/// Whether the word that ends at `end` is a known surname and nothing else.
fn last_known(view: &View<'_>, end: i32) -> bool {
    let text = view.slice(0, usize::try_from(end).unwrap_or_default());
    let start = text.iter().rposition(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80).map_or(0, |i| i + 1);
    let bits = view.bits(text.get(start..).unwrap_or_default());
    bits & (cat::SURNAME_COMMON | cat::SURNAME) != 0 && super::part::ordinary(bits) == 0
}
