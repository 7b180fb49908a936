//! People's names.
//!
//! A name is asked for where a dictionary knows the word and where a title, a label, a role or a relative announces
//! one. What is announced is taken by its shape; what is not needs two known words, or one and its surroundings.

mod context;
pub(crate) mod cue;
mod file;
mod follow;
mod glance;
mod judge;
mod lists;
pub(crate) mod part;
mod person;
mod setting;
mod shape;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Reach, Trigger, Verdict, Verify, View, Window};

pub use self::context::NAME_CONTEXT;
use self::cue::{Cue, Grade};
pub use self::file::NAME_FILE;
use self::part::{length, stands_alone};
pub use self::shape::NAME_SHAPE;
use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::learned::doubted;
use crate::words::category as cat;

/// The longest name, from the trigger on: a label, the blanks behind it, and five words.
pub(crate) const LONGEST: i32 = 144;

/// Names that are in a dictionary, or that something announces.
pub static NAME: Detector = Detector {
    id: Cow::Borrowed("name"),
    kind: kinds::NAME,
    class: Cow::Borrowed("A"),
    priority: 40,
    window: Window { before: 64, longest: 144, after: 48 },
    // `j. barr, msw`: an initial without a capital.
    reach: Reach { bytes: 3, across: ByteSet::ALPHA.with(b'.').with(b' ') },
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Start, glance::starts),
        Trigger::When(&Trigger::Words(lists::TRIGGERS), glance::announces),
        Trigger::When(&Trigger::Lexicon(cat::ANY_NAME | cat::PARTICLE), glance::begins),
    ]),
    verify: Verify::Pure(verify),
    teaches: true,
    takes: Cow::Borrowed(
        "First Last, Last, First, initials, particles, hyphens, suffixes; any shape behind a title, a label or a role",
    ),
    refuses: Cow::Borrowed("eponyms, drugs, places, headings, speaker labels, ordinary words"),
};

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (word, bits) = view.word_with_bits(0);
    if view.begins(0) && hinted(view, hint::NAME) {
        // A field that is said to hold a name holds one, whatever it looks like.
        let cue = Cue { grade: Grade::Label, ..Cue::NONE };
        return person::person(view, 0, cue).map(|found| verdict(&found, cue));
    }
    if let Some((cue, at)) = cue::announced(view, word, bits)
        && let Some(verdict) = announced(view, cue, at)
    {
        return Some(verdict);
    }
    if bits & cat::PARTICLE != 0
        && (!part::starts_upper(word) || one_of!(word, &["de", "del", "van", "von", "di", "da", "le"]))
        && let Some(verdict) = particled(view, word)
    {
        return Some(verdict);
    }
    if bits & (cat::SURNAME | cat::SURNAME_COMMON) != 0
        && let Some(end) = signed_small(view, word)
    {
        return Some(Verdict::new(-3, end, kinds::NAME, 66, "initial, credential after"));
    }
    if bits & cat::ANY_NAME == 0 || !worth_reading(view, word, bits) {
        return None;
    }
    if !stands_alone(view) || word.len() < 2 {
        return None;
    }
    let cue = before(view);
    let found = person::person(view, 0, cue).map(|found| verdict(&found, cue));
    found.filter(|verdict| cue.grade != Grade::None || !doubted(view, verdict))
}

/// Most lower-case words of a text are no names: only a common given name that is nothing else may start one, or a
/// surname before a comma.
fn worth_reading(view: &View<'_>, word: &[u8], bits: u32) -> bool {
    part::starts_upper(word)
        || (bits & cat::GIVEN_COMMON != 0 && bits & cat::WORD_TOP == 0 && follow::line_starts(view))
        || (bits & cat::GIVEN != 0 && part::ordinary(bits) == 0 && follow::line_starts(view))
        || (view.byte(-1) == Some(b'(') && before(view).grade >= Grade::Label)
        || (part::ordinary(bits) == 0
            && word.len() > 2
            && (bits & cat::GIVEN_COMMON != 0
                || bits & cat::GIVEN != 0 && follow::chats(view, length(word), false)
                || bits & cat::ANY_NAME != 0 && before(view).grade >= Grade::Near
                || (bits & cat::SURNAME_COMMON != 0 && view.byte(length(word)) == Some(b','))))
}

/// `van den Heuvel, Carmen`, `o'malley, mark`: a name that begins with a particle in lower case.
fn particled(view: &View<'_>, word: &[u8]) -> Option<Verdict> {
    if !stands_alone(view) {
        return None;
    }
    let joined = part::apostrophe(view, length(word)) > 0;
    let next = view.word(length(word) + 1);
    let capital = part::starts_upper(next) || (view.bits(next) & cat::PARTICLE != 0 && next.len() > 1);
    if !(joined || (capital && view.byte(length(word)) == Some(b' '))) {
        return None;
    }
    // Only whole names: what follows the particle decides.
    let cue = if joined { Cue::NONE } else { Cue { grade: Grade::Near, ..Cue::NONE } };
    let found = person::person(view, 0, cue)?;
    let text = view.slice(0, usize::try_from(found.end).unwrap_or_default());
    let verb = follow::after(view, found.end) == follow::Follow::Verb;
    let capital = view.byte(0).is_some_and(|byte| byte.is_ascii_uppercase());
    ((text.contains(&b',') && !capital || verb) && found.confidence >= 60).then(|| verdict(&found, Cue::NONE))
}

/// The end of the surname of `j. barr, msw`, when the trigger is it.
fn signed_small(view: &View<'_>, word: &[u8]) -> Option<i32> {
    let lower = word.first().is_some_and(u8::is_ascii_lowercase);
    let [head @ .., initial, b'.', b' '] = view.before() else { return None };
    if !lower
        || !initial.is_ascii_lowercase()
        || head.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80)
    {
        return None;
    }
    let surname = part::part(view, 0)?;
    (follow::after(view, surname.end) == follow::Follow::Credential).then_some(surname.end)
}

/// What stands before a known name and is too short or too common to be a trigger: `I'm Ann`, `d/w Ann`.
pub(crate) fn before(view: &View<'_>) -> Cue {
    let before = view.before();
    let rest = before.strip_suffix(b" ").unwrap_or(before);
    let lower = |n: usize| rest.len().checked_sub(n).and_then(|i| rest.get(i..)).unwrap_or_default();
    let near = |given| Cue { grade: Grade::Near, given, ..Cue::NONE };
    if let Some(head) = before.strip_suffix(b"(")
        && one_of!(cue::previous_word(head.trim_ascii_end()), &["verified", "checked", "confirmed", "identified"])
    {
        // `ID band checked (Smith, 3/4)`.
        return Cue { kind: kinds::NAME_PATIENT, grade: Grade::Label, ..Cue::NONE };
    }
    if rest.len() == before.len() {
        return Cue::NONE;
    }
    if rest.ends_with(b":") && subject_line(rest) {
        return Cue { grade: Grade::Label, ..Cue::NONE };
    }
    if addressed(view, rest) {
        return near(true);
    }
    if rest.last().is_some_and(u8::is_ascii_alphabetic) && one_of!(cue::previous_word(rest), lists::SMALL_CUES) {
        return near(true);
    }
    // What each of the following ends in.
    if !matches!(rest.last(), Some(b'm' | b'M' | b'w' | b'W' | b'o' | b'O' | b'/' | b'r' | b'd' | b'&')) {
        return Cue::NONE;
    }
    if lower(3).eq_ignore_ascii_case(b"i'm") || lower(5).eq_ignore_ascii_case("i’m".as_bytes()) {
        return near(true);
    }
    if lower(3).eq_ignore_ascii_case(b"d/w")
        || lower(3).eq_ignore_ascii_case(b"s/w")
        || lower(3).eq_ignore_ascii_case(b"c/o")
        || lower(2).eq_ignore_ascii_case(b"w/")
    {
        return near(false);
    }
    if let Some(head) =
        rest.strip_suffix(b" to").or_else(|| rest.strip_suffix(b" for")).or_else(|| rest.strip_suffix(b" from"))
        && one_of!(
            cue::previous_word(head),
            &[
                "report",
                "call",
                "message",
                "msg",
                "handoff",
                "spoke",
                "talked",
                "calls",
                "returned",
                "return",
                "voicemail",
                "vm",
                "care",
                "report",
                "sent",
                "given",
                "paged",
                "speak",
                "speaking",
                "talking",
                "text",
                "note",
            ],
        )
    {
        return Cue { grade: Grade::Loose, ..Cue::NONE };
    }
    if let Some(head) = rest.strip_suffix(b" and").or_else(|| rest.strip_suffix(b" &")) {
        // `Drs. Patel and Wong`: what stands before is a name itself.
        let word = cue::previous_word(head);
        let bits = view.bits(word);
        if head.last().is_some_and(u8::is_ascii_alphabetic)
            && word.first().is_some_and(u8::is_ascii_uppercase)
            && bits & cat::ANY_NAME != 0
            && part::ordinary(bits) == 0
            && bits & (cat::EPONYM | cat::CITY_BIG) == 0
        {
            return near(false);
        }
    }
    if rest.ends_with(b"/s/") || rest.ends_with(b"/es/") {
        return Cue { kind: kinds::NAME_PROVIDER, grade: Grade::Label, ..Cue::NONE };
    }
    Cue::NONE
}

/// Whether `before` is the head of an e-mail's subject: `Subject: RE: Bill question:`.
fn subject_line(before: &[u8]) -> bool {
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    line.get(..8).is_some_and(|head| head.eq_ignore_ascii_case(b"subject:")) && line.len() > 8
}

/// Whether somebody is spoken to or names themselves: `it's Ann`, `thank you, Ann`, `bye Ann`.
fn addressed(view: &View<'_>, before: &[u8]) -> bool {
    let (head, comma) = before.strip_suffix(b",").map_or((before, false), |head| (head, true));
    // What each of the following ends in; a word may have a few signs behind it.
    if !matches!(
        head.last(),
        Some(
            b's' | b'S'
                | b'e'
                | b'E'
                | b'x'
                | b'X'
                | b'y'
                | b'Y'
                | b'u'
                | b'U'
                | b't'
                | b'T'
                | b'.'
                | b'\''
                | b'/'
                | b'_'
                | b' '
        )
    ) {
        return false;
    }
    let last = cue::previous_word(head);
    let ended = |count: usize| head.len().checked_sub(count).and_then(|i| head.get(i..)).unwrap_or_default();
    let intro = !comma && (ended(4).eq_ignore_ascii_case(b"it's") || head.ends_with("t’s".as_bytes()));
    let polite = one_of!(last, &["bye", "goodbye", "thx", "ty"])
        || ended(9).eq_ignore_ascii_case(b"thank you")
        || (comma && ended(6).eq_ignore_ascii_case(b"got it"));
    let name = view.word(0);
    (intro || polite) && follow::ends_phrase(view, length(name))
}

fn announced(view: &View<'_>, cue: Cue, at: i32) -> Option<Verdict> {
    // A title behind a label is asked itself.
    let word = view.word(at);
    let title = match cue::role(word, 0) {
        Some(cue::Role::Title) => true,
        Some(cue::Role::WordTitle) => view.byte(at + length(word)) == Some(b' '),
        _ => false,
    };
    if title && cue.grade != Grade::Title {
        return None;
    }
    let found = person::person(view, at, cue).or_else(|| initials(view, at, cue))?;
    Some(verdict(&found, cue))
}

/// `Initials: JS`, `Patient: J.S.`.
fn initials(view: &View<'_>, at: i32, cue: Cue) -> Option<person::Person> {
    let word = view.word(at);
    let label = view.word(0);
    let plain = (2..=3).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase);
    let asked = one_of!(label, &["initials", "initial"])
        || (label.eq_ignore_ascii_case(b"by")
            && one_of!(
                cue::previous_word(view.before()),
                &["dictated", "transcribed", "typed", "signed", "entered", "scribed", "reviewed", "verified"],
            ));
    (plain && cue.grade == Grade::Label && asked && view.bits(word) & cat::CREDENTIAL == 0).then_some(person::Person {
        start: at,
        end: at + length(word),
        confidence: 70,
        reason: "initials",
        teaches: [None, None],
    })
}

/// The verdict on a name, within the window whatever stood there.
fn verdict(found: &person::Person, cue: Cue) -> Verdict {
    let end = found.end.min(LONGEST);
    let mut verdict = Verdict::new(found.start.min(end), end, cue.kind, found.confidence, found.reason);
    verdict.teaches = found.teaches.map(|teach| teach.filter(|teach| teach.end <= end));
    verdict
}
