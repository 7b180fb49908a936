//! A person's name as a run of words: where it ends, and how sure that it is one.

use blackbar_engine::{Teach, View};

use super::cue::{Cue, Grade};
use super::follow::{self, Follow};
use super::judge;
use super::lists;
use super::part::{Case, Part, blanks, gap, part, plain_lower};
use crate::words::category as cat;

/// The most words a name has here.
const MOST: usize = 6;

/// A name that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) confidence: u8,
    pub(crate) reason: &'static str,
    pub(crate) teaches: [Option<Teach>; 2],
}

/// The words of a name, in the order of the text.
pub(super) struct Words {
    parts: [Part; MOST],
    pub(super) count: usize,
    /// Index of the part behind the comma of `Last, First`.
    pub(super) comma: Option<usize>,
    /// Whether a suffix such as `Jr.` was read.
    pub(super) suffix: bool,
    /// Whether a hard wrap was crossed.
    pub(super) wrapped: bool,
    pub(super) end: i32,
}

impl Words {
    pub(super) fn slice(&self) -> &[Part] {
        self.parts.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, part: Part) {
        if let Some(slot) = self.parts.get_mut(self.count) {
            *slot = part;
            self.count += 1;
            self.end = part.end;
        }
    }

    /// The words that are more than an initial.
    pub(super) fn full(&self) -> impl Iterator<Item = &Part> {
        self.slice().iter().filter(|part| part.is_word())
    }
}

/// Reads the name that starts at `at`.
pub(crate) fn person(view: &View<'_>, at: i32, cue: Cue) -> Option<Person> {
    let first = begin(view, at, cue)?;
    let mut words =
        Words { parts: [first; MOST], count: 1, comma: None, suffix: false, wrapped: false, end: first.end };
    read(view, &mut words, cue);
    judge::judge(view, &words, cue)
}

/// The first word of the name that starts at `at`, with its particle.
fn begin(view: &View<'_>, at: i32, cue: Cue) -> Option<Part> {
    let mut first = part(view, at)?;
    let titled = cue.grade == Grade::Title && first.case == Case::Capital && first.surname() > 0;
    if first.case != Case::Capital && cue.grade >= Grade::Near && particle(view, &first) {
        // `Dr. ter Horst`, `ATT: TER HORST, JAMIE`.
        if let Some((space, false)) = gap(view, first.end)
            && let Some(next) = part(view, first.end + space)
            && matches!(next.case, Case::Capital | Case::Upper)
            && (first.case == Case::Lower || next.case == first.case)
            && !stops(view, &next)
        {
            first = Part { start: first.start, pieces: 2, bits: next.bits | cat::SURNAME, ..next };
        }
    }
    if cue.grade >= Grade::Near
        && one_of!(view.word(first.start), &["st"])
        && view.byte(first.end) == Some(b'.')
        && let Some((space, false)) = gap(view, first.end + 1)
        && let Some(next) = part(view, first.end + 1 + space)
        && matches!(next.case, Case::Capital | Case::Upper)
    {
        // `Dr. St. Clair`.
        first = Part { start: first.start, pieces: 2, bits: next.bits | cat::SURNAME, ..next };
    }
    let stopped = first.is_word() && first.pieces == 1 && stops(view, &first) && !titled;
    (!stopped).then_some(first)
}

/// Reads on behind the first word.
fn read(view: &View<'_>, words: &mut Words, cue: Cue) {
    let Some(&first) = words.slice().first() else { return };
    if first.case == Case::Initial {
        words.end = after_dot(view, first.end);
    }
    // Behind most names prose goes on: no suffix, no comma, no further name.
    let behind = words.end + 1;
    if first.case != Case::Lower
        && view.byte(words.end) == Some(b' ')
        && plain_lower(view, behind, word_set!(PARTICLES))
        && !one_of!(view.word(behind), &["jr", "sr"])
    {
        return;
    }
    while words.count < MOST {
        // `Smith^John^Q`: a component of HL7.
        if view.byte(words.end) == Some(b'^') {
            match part(view, words.end + 1) {
                Some(next) => {
                    words.comma = words.comma.or(Some(words.count));
                    words.push(next);
                    continue;
                }
                None => break,
            }
        }
        if !words.suffix && suffix(view, words) {
            continue;
        }
        if comma(view, words, cue) || nickname(view, words) || next(view, words, cue) {
            continue;
        }
        break;
    }
}

/// The end of an initial with its dot.
fn after_dot(view: &View<'_>, end: i32) -> i32 {
    end + i32::from(view.byte(end) == Some(b'.'))
}

/// `Jr.`, `III`: belongs to the name.
fn suffix(view: &View<'_>, words: &mut Words) -> bool {
    let mut at = words.end;
    if view.byte(at) == Some(b',') {
        at += 1;
    }
    let space = blanks(view, at, 2);
    if space == 0 {
        return false;
    }
    let word = view.word(at + space);
    let roman = matches!(word, b"II" | b"III" | b"IV" | b"VI" | b"2nd" | b"3rd");
    let junior = matches!(word, b"Jr" | b"JR" | b"Sr" | b"SR" | b"jr" | b"sr" | b"Junior");
    let long_enough = words.full().count() >= 2 || words.slice().first().is_some_and(|p| p.surname() > 0);
    if !(roman || junior) || !long_enough {
        return false;
    }
    let end = at + space + super::part::length(word);
    words.end = if junior { after_dot(view, end) } else { end };
    words.suffix = true;
    true
}

/// `Smith, John`: only when what stands before the comma is a surname and what stands behind it a given name.
fn comma(view: &View<'_>, words: &mut Words, cue: Cue) -> bool {
    if words.comma.is_some() || view.byte(words.end) != Some(b',') || words.count > 2 {
        return false;
    }
    let strong = cue.grade >= Grade::Label;
    let surname_first = match words.slice() {
        [last] => last.is_word() && (last.surname() > 0 || strong || (last.unknown() && last.len() > 3)),
        // `Garcia Lopez, Maria`, `Van Dyke, Ann`: but `John Smith, Mary Jones` are two people.
        [one, two] => {
            two.is_word()
                && two.surname() > 0
                && (one.given() < 2 || one.surname() == 3 || words.suffix || particle(view, one))
        }
        _ => false,
    };
    if !surname_first {
        return false;
    }
    let mut space = blanks(view, words.end + 1, 2);
    let mut wrapped = false;
    if space == 0 && matches!(view.byte(words.end + 1), Some(b'\n' | b'\r')) {
        let Some((len, _)) = gap(view, words.end + 1) else { return false };
        space = len;
        wrapped = true;
    }
    let Some(given) = part(view, words.end + 1 + space) else { return false };
    let Some(&last) = words.slice().last() else { return false };
    let eponym = given.eponym() || (given.case == Case::Upper && given.bits & cat::EPONYM != 0 && last.ordinary() > 0);
    if follow::dotted_credential(view, given.start) || (!strong && eponym) {
        return false;
    }
    if stops(view, &given) || given.bits & (cat::CREDENTIAL | cat::STATE | cat::COUNTRY) != 0 && given.given() < 3 {
        return false;
    }
    let fits = match (last.case, given.case) {
        (Case::Lower, Case::Lower) => {
            strong
                || (space <= 1 && last.ordinary() == 0 && given.ordinary() == 0)
                || (cue.grade == Grade::Near && last.is_name() && told(view, given.end))
        }
        (Case::Lower, _) | (_, Case::Lower) => false,
        (_, Case::Initial) => {
            view.byte(given.end) == Some(b'.') && last.surname() > 0 && last.ordinary() == 0 || strong
        }
        _ => true,
    };
    let known = given.given() >= 2 || given.case == Case::Initial;
    // Behind a label any shape may stand: `Patient: Zorblat, Kemi`.
    let shaped = (strong || (last.surname() >= 2 && told(view, given.end)))
        && given.ordinary() == 0
        && given.case != Case::Lower
        && given.len() > 2;
    if !fits || !(known || shaped) || (wrapped && !known) {
        return false;
    }
    if last.surname() == 0 && !strong && !record_behind(view, &given) {
        return false;
    }
    // `Arnold Barry, Summit Hospital`: a whole name and something else.
    let whole = words.count == 2 && words.slice().first().is_some_and(|one| one.given() >= 2);
    let shouted = !strong && given.case == Case::Upper && last.ordinary() > 0 && !told(view, given.end);
    let thing = !strong && follow::after(view, given.end) == Follow::Eponym;
    if shouted || thing {
        return false;
    }
    if whole && (given.given() < 3 || given.ordinary() > 0) || follow::after(view, given.end) == Follow::Place {
        return false;
    }
    // `Ann, Mary and Tom went`, `Austin, Jordan`: a list of given names is still a list of people.
    words.comma = Some(words.count);
    words.wrapped |= wrapped;
    words.push(given);
    if given.case == Case::Initial {
        words.end = after_dot(view, given.end);
    }
    true
}

/// Whether a record number follows a given name and perhaps an initial.
fn record_behind(view: &View<'_>, given: &Part) -> bool {
    if told(view, given.end) {
        return true;
    }
    let space = blanks(view, given.end, 1);
    part(view, given.end + space)
        .is_some_and(|next| space > 0 && next.case == Case::Initial && told(view, after_dot(view, next.end)))
}

/// `Robert "Bob" Smith`, `Robert (Bob) Smith`.
fn nickname(view: &View<'_>, words: &mut Words) -> bool {
    let space = blanks(view, words.end, 2);
    let (open, close) = match view.byte(words.end + space) {
        Some(b'"') => (1, b'"'),
        Some(b'(') => (1, b')'),
        Some(b'\'') => (1, b'\''),
        _ => return false,
    };
    if space == 0 || words.slice().first().is_none_or(|first| first.given() < 2) {
        return false;
    }
    let Some(nick) = part(view, words.end + space + open) else { return false };
    if view.byte(nick.end) != Some(close) || nick.case == Case::Lower || nick.ordinary() > 1 {
        return false;
    }
    let after = nick.end + 1;
    let Some(last) = part(view, after + blanks(view, after, 2)) else { return false };
    if !last.is_word() || last.case == Case::Lower || last.surname() == 0 && !last.unknown() {
        return false;
    }
    words.push(nick);
    words.push(last);
    true
}

/// The next word of the name, behind white space: a name, an initial, a particle with what it belongs to.
fn next(view: &View<'_>, words: &mut Words, cue: Cue) -> bool {
    let Some((space, wraps)) = gap(view, words.end).or_else(|| {
        // `J.R.Smith`: initials need no blank between them.
        (words.slice().last()?.case == Case::Initial && view.byte(words.end - 1) == Some(b'.')).then_some((0, false))
    }) else {
        return false;
    };
    let at = words.end + space;
    let (Some(&first), Some(&last)) = (words.slice().first(), words.slice().last()) else { return false };
    // An initial has no case of its own.
    let case = words.full().last().map_or(last.case, |part| part.case);
    if case != Case::Lower && plain_lower(view, at, word_set!(PARTICLES)) {
        return false;
    }
    let Some(found) = part(view, at) else { return false };
    if wraps && !wrap_fits(view, words, &found, cue) {
        return false;
    }
    if follow::dotted_credential(view, at) && view.byte(at + 1) == Some(b'.') {
        return false;
    }
    if found.case == Case::Initial {
        return initial(view, words, &found, cue, wraps);
    }
    if particle(view, &found) && (first.is_name() || cue.grade > Grade::Loose || last.case == Case::Initial) {
        return particles(view, words, found, cue, wraps);
    }
    if stops(view, &found) || follow::is_place_or_thing(view, &found) || follow::dotted_credential(view, at) {
        return false;
    }
    let fits = match (case, found.case) {
        (Case::Lower, Case::Lower) => lower_fits(view, &first, &found, cue),
        (Case::Lower, _) | (_, Case::Lower) => false,
        (Case::Capital, Case::Upper) => found.surname() >= 2 && found.len() > 2,
        (Case::Upper, Case::Capital) => false,
        (Case::Upper, Case::Upper) => {
            found.is_name()
                || (cue.grade >= Grade::Label && found.bits & !cat::CITY == 0 && found.len() > 2)
                // `DICTATED BY CYRUS ZORBLAT`
                || (found.unknown() && found.len() > 3 && first.given() == 3 && first.ordinary() == 0 && words.count < 3)
        }
        _ => true,
    };
    if !fits || !continues(view, words, &found, cue) {
        return false;
    }
    words.wrapped |= wraps;
    words.push(found);
    true
}

/// Whether `found` reads as a further word of the name.
fn continues(view: &View<'_>, words: &Words, found: &Part, cue: Cue) -> bool {
    let full = words.full().count();
    let Some(first) = words.full().next() else {
        // Only initials so far: `J. Smith`.
        return found.is_name()
            || (found.ordinary() == 1 && told(view, found.end))
            || (found.unknown() && (cue.grade >= Grade::Near || found.len() > 3));
    };
    if found.bits & cat::CREDENTIAL != 0 && found.case == Case::Upper {
        return false;
    }
    if found.bits & (cat::MONTH | cat::WEEKDAY) != 0 {
        // `Dr. Smith May 5` is a date; `Ann June Carter` is a name.
        let space = blanks(view, found.end, 2);
        let digit = |at: i32| view.byte(at).is_some_and(|byte| byte.is_ascii_digit());
        let comma = view.byte(found.end) == Some(b',');
        let date = digit(found.end + space) || comma && digit(found.end + 1 + blanks(view, found.end + 1, 2));
        // `Subscriber: Betty Sun`; without a label it is a day of the week.
        let named_so = cue.grade >= Grade::Label && found.surname() >= 2 && first.given() >= 2;
        if date || found.bits & cat::WEEKDAY != 0 && !named_so || full >= 2 {
            return false;
        }
    }
    if found.ordinary() > 0
        && found.bits & (cat::CLINICAL | cat::DRUG | cat::MONTH) == 0
        && full == 1
        && first.unknown_or_given()
        && found.case == Case::Capital
        && told(view, found.end)
    {
        return true;
    }
    match found.ordinary() {
        0 => found.is_name() || (found.unknown() && found.len() > 2 && full < 3),
        // `John Young`, `Mary Long`: an ordinary word closes a name that has begun as one.
        1 => found.is_name() && (first.is_name() || cue.grade >= Grade::Label),
        // `Doctor Zorblat Miles`: behind a title an unknown word is a given name.
        _ if cue.grade == Grade::Title
            && first.unknown()
            && full == 1
            && found.surname() == 3
            && found.case == Case::Capital =>
        {
            true
        }
        _ => {
            let given_first = first.given() >= 2 || (words.comma.is_some() && full < 3);
            found.surname() >= 2 && given_first && full < 3 && (first.ordinary() == 0 || found.surname() == 3)
                || (found.given() >= 3 && words.comma.is_some() && full < 3)
        }
    }
}

/// Whether what stands behind `end` tells that somebody was named: a credential, a relation, a record number.
fn told(view: &View<'_>, end: i32) -> bool {
    matches!(follow::after(view, end), Follow::Credential | Follow::Relative | Follow::Record)
}

/// Whether a name goes on behind a hard wrap.
fn wrap_fits(view: &View<'_>, words: &Words, found: &Part, cue: Cue) -> bool {
    // A label on the next line: `Name: John` / `Age: 45`.
    let space = blanks(view, found.end, 3);
    if view.byte(found.end + space) == Some(b':') || words.comma.is_some() && words.full().count() >= 2 {
        return false;
    }
    let Some(first) = words.slice().first() else { return false };
    match words.full().count() {
        0 => found.is_name() && found.case != Case::Lower,
        1 => {
            let lone_initial = found.case == Case::Initial && view.byte(found.end) == Some(b'.');
            let closes = found.surname() >= 2 && found.ordinary() == 0 && found.case != Case::Initial;
            // A list of names stands one a line; a wrapped line ends in its middle, so the rest of it follows.
            let flows = !matches!(view.byte(found.end), Some(b'\n' | b'\r') | None)
                || matches!(cue.grade, Grade::Title | Grade::Near);
            let closes = closes || (cue.grade == Grade::Title && found.surname() >= 2 && found.case == Case::Capital);
            // `Mrs. Eve` / `Zorblat`: who has a title and a given name has a surname.
            let closes = closes
                || (cue.grade == Grade::Title && first.given() >= 2 && found.unknown() && found.case == Case::Capital);
            (first.given() >= 2 || cue.grade == Grade::Title)
                && (first.surname() < 3 || first.given() == 3)
                && (first.ordinary() == 0 || cue.grade == Grade::Title)
                && flows
                && (closes || lone_initial || particle(view, found))
        }
        // The particle stands before the wrap: `Van der` / `Berg`.
        _ => words.slice().last().is_some_and(|last| particle(view, last)),
    }
}

/// Whether two lower-case words may be a name.
fn lower_fits(view: &View<'_>, first: &Part, found: &Part, cue: Cue) -> bool {
    let known = found.surname() >= 2 && found.ordinary() == 0 && found.len() > 2 && !found.eponym();
    match cue.grade {
        Grade::Title | Grade::Label => {
            let end = follow::ends_phrase(view, found.end);
            known
                || (found.surname() == 3 && found.ordinary() < 2 && first.given() == 3)
                || (found.unknown() && found.len() > 2 && (first.given() >= 2 || end))
                || (found.given() >= 2 && found.ordinary() == 0)
        }
        Grade::Near if first.given() == 3 && first.ordinary() == 0 && found.surname() >= 2 => true,
        Grade::Near if cue.given && found.unknown() && found.len() > 2 && first.given() == 3 => {
            follow::ends_phrase(view, found.end)
        }
        _ if first.is_name() && found.is_name() && found.len() > 2 && first.ordinary() < 2 && told(view, found.end) => {
            true
        }
        // `pt child jonathan dob 11/3/37`: a patient and a record number.
        Grade::Near
            if (first.is_name() || first.unknown())
                && found.ordinary() == 0
                && (found.given() >= 2 || found.unknown())
                && found.len() > 2
                && told(view, found.end) =>
        {
            true
        }
        Grade::Near if first.surname() >= 2 && first.ordinary() == 0 && found.given() == 3 && found.ordinary() == 0 => {
            true
        }
        _ if found.unknown()
            && found.len() > 2
            && first.given() == 3
            && first.ordinary() == 0
            && told(view, found.end) =>
        {
            true
        }
        Grade::Loose | Grade::Near => known && first.given() >= 2 && first.ordinary() == 0,
        Grade::None => {
            known && first.given() == 3 && first.ordinary() == 0
                || (first.given() == 3 && found.surname() >= 2 && follow::after(view, found.end) == Follow::Credential)
        }
    }
}

/// An initial in the middle or at the end: `Ann B. Clark`, `Clark, Ann B`, `Ann B.`.
fn initial(view: &View<'_>, words: &mut Words, found: &Part, cue: Cue, wraps: bool) -> bool {
    let dotted = view.byte(found.end) == Some(b'.');
    // `Smith` / `D.O.B.: 3/4/50`: an abbreviation on the next line.
    if wraps && dotted && view.byte(found.end + 1).is_some_and(|byte| byte.is_ascii_uppercase()) {
        return false;
    }
    let end = after_dot(view, found.end);
    let Some(last) = words.slice().last() else { return false };
    if last.is_word() && !last.is_name() && cue.grade < Grade::Label && words.comma.is_none() {
        return false;
    }
    if last.case == Case::Lower || (words.slice().len() == 1 && last.is_word() && last.ordinary() == 2 && !dotted) {
        return false;
    }
    // A name, or the end of one, must follow an initial without a dot.
    let space = gap(view, end).map_or(0, |(len, _)| len);
    let surname_follows = (space > 0 || dotted)
        && part(view, end + space).is_some_and(|next| {
            next.case == Case::Initial
                || (matches!(next.case, Case::Capital | Case::Upper)
                    && (next.is_name() || next.unknown())
                    && !stops(view, &next))
                || particle(view, &next)
        });
    let full = words.full().count();
    let closes = words.comma.is_some()
        || (full == 0 && dotted && cue.grade >= Grade::Near)
        || (cue.grade >= Grade::Label && full == 1);
    let alone = full == 1
        && words.slice().len() == 1
        && dotted
        && (last.given() == 3 || (last.given() == 2 && cue.grade >= Grade::Near))
        && last.ordinary() == 0;
    // `Hepatitis B`, `Vitamin K`: no names. `I` is a pronoun.
    if found_is(view, found, b'I') && !dotted && !surname_follows {
        return false;
    }
    if !(surname_follows || closes || alone) || (full >= 2 && words.comma.is_none() && !surname_follows) {
        return false;
    }
    words.wrapped |= wraps;
    words.push(*found);
    // The dot of a last initial may end the sentence as well; it goes with the name.
    words.end = end;
    true
}

fn found_is(view: &View<'_>, found: &Part, letter: u8) -> bool {
    view.byte(found.start) == Some(letter)
}

/// Particles of surnames in lower case.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "das", "dos", "du", "la", "le", "las",
    "los", "bin", "ibn", "bint", "al", "el", "ter", "ten", "zu", "zur", "af", "av", "ben", "abu", "mac",
    "st", "san", "dela", "y", "e", "des", "do", "ap", "op", "vande", "vander", "het",
];

/// Whether `part` is a particle of a surname.
pub(crate) fn particle(view: &View<'_>, part: &Part) -> bool {
    part.pieces == 1 && part.len() <= 4 && one_of!(view.word(part.start), PARTICLES)
}

/// One to three particles and the word that they belong to.
fn particles(view: &View<'_>, words: &mut Words, found: Part, cue: Cue, wraps: bool) -> bool {
    let mut last = found;
    let mut wrapped = wraps;
    for _ in 0..4 {
        // `St. James`.
        let after = if one_of!(view.word(last.start), &["st"]) { after_dot(view, last.end) } else { last.end };
        let Some((space, wraps)) = gap(view, after) else { return false };
        let Some(next) = part(view, after + space) else { return false };
        wrapped |= wraps;
        if particle(view, &next) && next.case != Case::Upper {
            last = next;
            continue;
        }
        let lower = words.slice().last().is_some_and(|part| part.case == Case::Lower);
        let fits = match next.case {
            Case::Capital => next.is_name() || (next.unknown() && next.len() > 2),
            Case::Upper => found.case == Case::Upper && next.is_name(),
            Case::Lower => lower && next.surname() >= 2 && cue.grade >= Grade::Near,
            Case::Initial => false,
        };
        if !fits || stops(view, &next) || follow::is_place_or_thing(view, &next) || words.count + 2 > MOST {
            return false;
        }
        words.wrapped |= wrapped;
        words.push(Part { start: found.start, pieces: 2, ..next });
        return true;
    }
    false
}

/// Whether `part` ends a name wherever it stands.
fn stops(view: &View<'_>, part: &Part) -> bool {
    part.pieces == 1 && part.len() <= 10 && {
        let word = view.word(part.start);
        // A surname written as such is one, though it is also a label: `Page`, `Bell`; a short stop in capitals is not.
        one_of!(word, lists::STOPS)
            && !(part.case == Case::Capital
                && part.surname() == 3
                && !one_of!(word, &["date", "so", "do", "an", "in", "she"]))
    }
}
