//! How sure that a run of words is a person's name, and what it teaches.

use blackbar_engine::{Teach, View};

use super::cue::{Cue, Grade};
use super::follow::{self, Follow};
use super::part::{Case, Part};
use super::person::{Person, Words};
use crate::kinds;
use crate::words::category as cat;

/// Words as the dictionaries see them together: `San Antonio` is a place, `Guillain Barre` a syndrome.
fn phrase(view: &View<'_>, words: &Words) -> u32 {
    let (Some(first), Some(last)) = (words.slice().first(), words.slice().last()) else { return 0 };
    if words.count < 2 || words.comma.is_some() {
        return 0;
    }
    let len = usize::try_from(last.end - first.start).unwrap_or_default();
    view.bits(view.slice(first.start, len))
}

/// `PAT FIRST NAME`, `Pat City`: the head of a column, not a person called Pat.
fn heads_column(view: &View<'_>, words: &Words) -> bool {
    const ITEMS: &[&str] = &[
        "first", "last", "middle", "full", "name", "city", "town", "state", "zip", "county", "street", "address",
        "phone", "cell", "mail", "email", "age", "sex", "race", "birth", "status", "language", "id", "number", "type",
        "code",
    ];
    let [owner, item, ..] = words.slice() else { return false };
    words.comma.is_none()
        && one_of!(view.word(owner.start), &["pat", "pt", "mem", "sub"])
        && one_of!(view.word(item.start), ITEMS)
}

pub(super) fn judge(view: &View<'_>, words: &Words, cue: Cue) -> Option<Person> {
    let first = *words.slice().first()?;
    if heads_column(view, words) {
        return None;
    }
    let after = follow::after(view, words.end);
    let count = words.full().count();
    let strong = cue.grade >= Grade::Label;
    let (score, reason) = match count {
        0 => (initials_only(view, words, cue)?, "initials"),
        1 => single(view, words, cue, after)?,
        _ => {
            if !strong && phrase(view, words) & (cat::CITY | cat::COUNTRY | cat::STATE | cat::EPONYM | cat::DRUG) != 0 {
                return None;
            }
            several(view, words, cue, after)?
        }
    };
    let mut score = score;
    if matches!(after, Follow::Credential | Follow::Record) || (after == Follow::Relative && count > 1) {
        score += 20;
    }
    if after == Follow::Place && cue.grade < Grade::Title {
        return None;
    }
    if after == Follow::Eponym && !strong && (count < 2 || words.slice().iter().any(Part::eponym)) {
        return None;
    }
    if words.suffix {
        score += 10;
    }
    if words.wrapped {
        score -= 5;
    }
    if score < 30 {
        return None;
    }
    let confidence = u8::try_from(score.clamp(0, 98)).unwrap_or(98);
    let sure = if cue.grade >= Grade::Near { 75 } else { 80 };
    // A word that no list knows is the same person when it comes again.
    let rare = confidence >= 58 && words.full().all(|part| part.unknown() && part.len() > 3);
    let teaches = if confidence >= sure || rare { lessons(words, cue) } else { [None, None] };
    Some(Person { start: first.start, end: words.end, confidence, reason, teaches })
}

/// Initials behind a label or a title: `Pt: J.S.`, `Dr. K.`.
fn initials_only(view: &View<'_>, words: &Words, cue: Cue) -> Option<i32> {
    let dotted = view.byte(words.end - 1) == Some(b'.');
    match (cue.grade, words.count) {
        (Grade::Title, 1) => Some(75),
        (Grade::Title | Grade::Label, 2..) if dotted => Some(80),
        (Grade::Near, 2..) if dotted => Some(70),
        _ => None,
    }
}

/// One word, perhaps with initials.
fn single(view: &View<'_>, words: &Words, cue: Cue, after: Follow) -> Option<(i32, &'static str)> {
    let only = *words.full().next()?;
    let initials = words.count - 1;
    let leading_initial = words.slice().first().is_some_and(|part| !part.is_word());
    let ordinary = only.ordinary();
    if only.len() < 2 || only.bits & (cat::CREDENTIAL | cat::STATE) != 0 && !only.is_name() {
        return None;
    }
    let title = cue.grade == Grade::Title;
    if initials > 0 {
        // `J. Smith`, `Ann B.`.
        let known = if leading_initial { only.surname() } else { only.given() };
        let score = match (cue.grade, known) {
            (Grade::Title | Grade::Label, _) if ordinary < 2 || known == 3 => 90,
            (_, 3) if after == Follow::Credential => 65,
            (Grade::Near, 0) if ordinary == 0 && only.case == Case::Capital => 70,
            // `D. Zorblatta`
            (_, 0) if leading_initial && only.unknown() && only.len() > 4 && only.case == Case::Capital => 55,
            (_, 3) if ordinary == 0 => 75,
            (_, 2..) if ordinary == 0 => 68,
            (_, 3) if ordinary == 1 => 58,
            (Grade::Near, _) if known > 0 => 60,
            (_, _) if leading_initial && after == Follow::Credential && ordinary < 2 => 66,
            _ => return None,
        };
        return Some((score, "initial"));
    }
    if only.case == Case::Lower {
        return lower_single(view, &only, cue);
    }
    let best = only.given().max(only.surname());
    let end = after == Follow::End;
    let score = match cue.grade {
        Grade::Title => match (ordinary, best) {
            (0, 0) => 85,
            (0, _) => 95,
            (_, 2..) => 85,
            // `Mr. Pain`: who has a title has a name.
            (1, _) if only.case == Case::Capital => 72,
            (_, _) if only.case == Case::Capital && !follow::article_before(view) => 58,
            _ => 45,
        },
        Grade::Label => match (ordinary, best) {
            (0, 2..) => 88,
            (0, 0) if only.bits & !(cat::CITY | cat::CITY_BIG) != 0 => return None,
            (0, 0) if only.case == Case::Upper && only.len() < 4 => return None,
            (0, 0) if end || !cue.speaker => 72,
            (1, 3) if end || !cue.speaker => 72,
            (1, 2) if end => 60,
            (2, 3) if (end || after == Follow::Record) && only.bits & (cat::CLINICAL | cat::DRUG) == 0 => 60,
            // `Surname: Sun`: a field for a name, filled with one.
            (2, 2..) if end && !cue.speaker && only.case == Case::Capital && cue.given => 58,
            (2, 3) if end && !cue.speaker && only.case == Case::Capital => 58,
            _ => return None,
        },
        Grade::Near => {
            let expected = if cue.given { only.given() } else { best };
            match (ordinary, expected) {
                _ if only.eponym() && !cue.given => return None,
                // `Client IP`: an abbreviation.
                _ if only.case == Case::Upper && only.len() < 4 && after != Follow::Record => return None,
                (0, 3) => 82,
                (0, 2) => 76,
                (0, 0) if only.unknown() && only.case == Case::Capital && after == Follow::Record => 72,
                (0, 0) if cue.given && only.unknown() && only.case == Case::Capital && only.len() > 2 => 60,
                (1, 3) if cue.given => 68,
                // `partner Rusty`: the capital is no sentence's.
                (1.., 2..)
                    if cue.given
                        && only.start > 0
                        && view.byte(0).is_some_and(|byte| byte.is_ascii_lowercase())
                        && only.bits & (cat::CLINICAL | cat::DRUG | cat::WEEKDAY) == 0 =>
                {
                    58
                }
                (1, 2) if cue.given && matches!(after, Follow::Verb | Follow::End) => 58,
                (2, 3) if cue.given && only.bits & (cat::CLINICAL | cat::DRUG | cat::WEEKDAY) == 0 => 52,
                (1, 3) if only.surname() == 3 && after != Follow::Capital => 52,
                _ => return None,
            }
        }
        Grade::Loose => match (ordinary, only.given(), only.surname()) {
            _ if only.eponym() || only.bits & cat::CITY_BIG != 0 => return None,
            (0, 3, _) => 68,
            (0, 2, _) if only.bits & cat::CITY == 0 => 60,
            (0, _, 3) if after != Follow::Capital => 58,
            _ => return None,
        },
        Grade::None => return bare(view, &only, after),
    };
    Some((score, if title { "title" } else { "cue" }))
}

/// A lower-case word behind a title or a label.
fn lower_single(view: &View<'_>, only: &Part, cue: Cue) -> Option<(i32, &'static str)> {
    let best = only.given().max(only.surname());
    let end = follow::ends_phrase(view, only.end);
    let score = match cue.grade {
        // `my partner laura`, `pt tyler`: the word before it leaves little else.
        Grade::Near
            if only.start > 0
                && follow::after(view, only.end) == Follow::Record
                && (only.is_name() || only.unknown()) =>
        {
            76
        }
        Grade::Near if cue.given && only.ordinary() == 0 && only.given() == 3 => 62,
        Grade::Near if only.ordinary() == 0 && only.given() == 3 && only.bits & (cat::CITY_BIG | cat::EPONYM) == 0 => {
            54
        }
        // `grandmother zorblat;`: nothing that a list knows.
        Grade::Near
            if cue.kind == kinds::NAME_RELATIVE && only.unknown() && only.len() > 4 && only.start > 0 && end =>
        {
            52
        }
        // `stepmother rose visited`, `aunt april;`.
        Grade::Near
            if cue.given
                && cue.kind == kinds::NAME_RELATIVE
                && only.given() == 3
                && only.bits & (cat::CLINICAL | cat::DRUG) == 0
                && !one_of!(
                    view.word(only.start),
                    &["will", "may", "can", "grant", "wants", "hope", "mark", "jack"],
                )
                && (end || follow::after(view, only.end) == Follow::Verb) =>
        {
            54
        }
        Grade::Near if cue.given && only.start > 0 && only.ordinary() == 0 && only.given() == 2 && only.len() > 3 => 54,
        // `its dani`, `tell luz`.
        Grade::Near if cue.given && only.start == 0 && only.ordinary() == 0 && only.given() == 2 && only.len() > 2 => {
            54
        }
        Grade::Near if cue.kind == kinds::NAME_PROVIDER && only.start > 0 && only.ordinary() == 0 && best >= 2 => 58,
        Grade::Near
            if only.start > 0
                && only.ordinary() == 0
                && best == 3
                && only.bits & cat::CITY_BIG == 0
                && !only.eponym() =>
        {
            56
        }
        Grade::Loose if only.ordinary() == 0 && only.given() == 3 && only.bits & (cat::CITY | cat::EPONYM) == 0 => 53,
        // `drawn by thabo`, `its karen`: behind a word that people follow.
        Grade::Near | Grade::Loose
            if only.ordinary() == 0
                && only.given() >= 2
                && only.len() > 3
                && only.bits & (cat::CITY | cat::EPONYM) == 0 =>
        {
            52
        }
        Grade::None
            if only.ordinary() == 0
                && only.given() >= 2
                && only.bits & (cat::STATE | cat::COUNTRY | cat::WORD | cat::WORD_RARE | cat::EPONYM) == 0
                && only.len() > 2
                && follow::chats(view, only.end, only.given() == 3)
                && only.bits & cat::CITY_BIG == 0 =>
        {
            return Some((54, "a name in a chat"));
        }
        Grade::None if only.ordinary() == 0 && only.given() == 3 && only.bits & (cat::CITY | cat::EPONYM) == 0 => {
            return match follow::after(view, only.end) {
                Follow::Credential => Some((60, "credential after")),
                Follow::Verb if follow::line_starts(view) => Some((55, "verb after")),
                _ if follow::acts(view, only.end) && follow::sentence_starts(view) => {
                    Some((55, "what people do after"))
                }
                _ => None,
            };
        }
        Grade::Title => match (only.ordinary(), best) {
            (0, 2..) => 80,
            (0, 0) if only.unknown() && only.len() > 2 => 62,
            (1, 3) if only.surname() == 3 => 62,
            (1, 2) if only.surname() >= 2 && only.len() > 3 => 55,
            (2, _)
                if only.surname() == 3
                    && only.bits & (cat::CLINICAL | cat::DRUG | cat::MONTH) == 0
                    && !one_of!(view.word(only.start), &["will", "do", "can"]) =>
            {
                54
            }
            _ => return None,
        },
        Grade::Label if only.ordinary() == 0 && best >= 2 && (end || !cue.speaker || cue.given) => 68,
        Grade::Label if only.ordinary() == 1 && only.given() == 3 && end => 55,
        // `id band checked (bond, 3/4)`.
        Grade::Label if best >= 2 && view.byte(-1) == Some(b'(') && dated(view, only.end) => 60,
        _ => return None,
    };
    Some((score, "cue"))
}

/// A single known name that nothing announces.
fn bare(view: &View<'_>, only: &Part, after: Follow) -> Option<(i32, &'static str)> {
    const NOT: u32 = cat::STATE | cat::COUNTRY | cat::FACILITY_WORD | cat::CREDENTIAL;
    if after == Follow::Relative && view.byte(only.end) == Some(b',') && only.given() >= 2 && only.ordinary() < 2 {
        return Some((64, "relative after"));
    }
    let deed = only.case == Case::Capital
        && only.bits & (NOT | cat::CLINICAL | cat::DRUG | cat::NATIONALITY | cat::PROPER_OTHER) == 0
        && only.given().max(only.surname()) >= if only.ordinary() > 0 { 3 } else { 2 }
        && !only.eponym()
        && !follow::article_before(view)
        && !(one_of!(view.word(only.start), &["will", "may"]) && one_of!(view.word(only.end + 1), &["feels", "felt"]))
        && follow::acts(view, only.end);
    if deed && (only.given() == 3 || only.ordinary() < 2 || !follow::sentence_starts(view)) {
        return Some((56, "what people do after"));
    }
    if after == Follow::Colon
        && only.ordinary() == 1
        && only.given() == 3
        && only.case == Case::Capital
        && only.bits & (NOT | cat::CITY_BIG) == 0
        && follow::line_starts(view)
        && view.byte(only.end + 1) == Some(b' ')
        && !matches!(view.byte(only.end + 2), Some(b'0'..=b'9' | b'\n'))
    {
        return Some((54, "speaker"));
    }
    // `Hicks/Beard`, alone on its line, are two who sign.
    if only.case == Case::Capital && surname_alone(only) && follow::slash_pair(view, only.end) {
        return Some((58, "pair of signatures"));
    }
    if only.case != Case::Capital || only.ordinary() > 0 || only.bits & NOT != 0 || only.eponym() || only.len() < 3 {
        return None;
    }
    let (given, surname) = (only.given(), only.surname());
    if only.unknown() && only.len() > 3 {
        return (after == Follow::Relative && view.byte(only.end) == Some(b',')).then_some((56, "relative after"));
    }
    let place = only.bits & (cat::CITY | cat::CITY_BIG) != 0;
    match after {
        Follow::Credential | Follow::Record if given.max(surname) >= 2 => return Some((60, "credential after")),
        Follow::Verb if given.max(surname) == 3 => return Some((70, "verb after")),
        Follow::Verb if given.max(surname) == 2 => return Some((58, "verb after")),
        Follow::Relative if given < 2 && surname == 3 => return Some((60, "belongings after")),
        Follow::Relative if given >= 2 => return Some((72, "relative after")),
        Follow::Colon if given == 3 && follow::line_starts(view) => return Some((72, "speaker")),
        Follow::Colon if given == 2 && !place && follow::line_starts(view) => return Some((60, "speaker")),
        Follow::Place | Follow::Eponym | Follow::Capital | Follow::Colon => return None,
        _ => {}
    }
    // The title of an attachment: `Smith wound photo`.
    if view.begins(0)
        && surname >= 2
        && view.field().slot != blackbar_engine::Slot::Text
        && one_of!(
            view.word(only.end + 1),
            &["wound", "photo", "photos", "chart", "xray", "scan", "ecg", "consent", "labs"],
        )
    {
        return Some((62, "title of a document"));
    }
    if follow::slash_pair(view, only.end) {
        return Some((62, "pair of signatures"));
    }
    if given > 0 && follow::among_medicines(view, only.end) {
        return None;
    }
    if follow::sentence_starts(view) || follow::article_before(view) || follow::number_follows(view, only.end) {
        return None;
    }
    match (given, surname) {
        (3, _) if !place => Some((58, "known given name")),
        (3, _) if only.bits & cat::CITY_BIG == 0 && !follow::place_before(view) => Some((55, "known given name")),
        (2, _) if !place && follow::lower_before(view) => Some((52, "known given name")),
        _ => None,
    }
}

/// Whether a comma and a number follow: `(bond, 3/4)`.
fn dated(view: &View<'_>, end: i32) -> bool {
    view.byte(end) == Some(b',') && view.byte(end + 2).is_some_and(|byte| byte.is_ascii_digit())
}

/// Whether a word is a common surname and nothing of medicine.
fn surname_alone(only: &Part) -> bool {
    const MEDICINE: u32 = cat::CLINICAL | cat::DRUG | cat::NATIONALITY | cat::ROLE | cat::FACILITY_WORD;
    only.surname() >= 2 && only.bits & MEDICINE == 0
}

/// Two words or more.
fn several(view: &View<'_>, words: &Words, cue: Cue, after: Follow) -> Option<(i32, &'static str)> {
    let mut full = words.full();
    let mut first = *full.next()?;
    let mut last = *words.full().last()?;
    let mut reason = "given name and surname";
    if let Some(comma) = words.comma {
        last = *words.slice().get(comma.checked_sub(1)?)?;
        first = *words.slice().get(comma)?;
        reason = "surname, given name";
    }
    let initials = words.count - words.full().count();
    if first.case == Case::Initial {
        // `Smith, J.`
        let told = matches!(after, Follow::Record | Follow::Credential);
        return Some((
            if cue.grade >= Grade::Near {
                90
            } else if told {
                75
            } else {
                62
            },
            "surname, initial",
        ));
    }
    let straight = (first.given(), last.surname());
    let mut score = match straight {
        (2.., 3) | (3, 2) => 88,
        (2, 2) => 80,
        (3, 0) if last.unknown() => 74,
        (2, 0) if last.unknown() => 60,
        (0, 3) if first.unknown() => 58,
        (0, 2) if first.unknown() => 45,
        // `Smith John`, `Jackson Pollock`.
        _ if first.surname() >= 2 && last.given() == 3 => 72,
        _ if first.surname() >= 2 && last.surname() >= 2 && first.ordinary() == 0 => 62,
        _ if first.given() >= 2 && last.given() >= 2 => 70,
        _ => 35,
    };
    let (f, l) = (i32::from(first.ordinary()), i32::from(last.ordinary()));
    if f + l > 0 && cue.grade < Grade::Label {
        score -= f * 12 + l * 8;
        if f > 0 && l > 0 {
            score -= 15;
        }
        if f > 0 && follow::sentence_starts(view) {
            score -= 8;
        }
        if first.case == Case::Upper {
            score -= 12;
        }
    }
    if f + l > 1 && straight.0 == 3 && straight.1 == 3 && first.case == Case::Capital && follow::lower_before(view) {
        // Two capitals within a sentence are no accident.
        score += 18;
    }
    if words.slice().iter().all(Part::eponym) && cue.grade < Grade::Near {
        score -= 45;
    }
    let city = |part: &Part| part.bits & (cat::CITY | cat::CITY_BIG) != 0;
    if words.comma.is_some() && city(&first) && city(&last) {
        score -= 15;
    }
    if first.case == Case::Lower {
        score -= 12;
    }
    if initials > 0 {
        score += 8;
    }
    if words.comma.is_none() && follow::article_before(view) && cue.grade <= Grade::Loose {
        // `the Smith Johnson criteria`
        score -= 20;
    }
    score += match cue.grade {
        Grade::Title => 30,
        Grade::Label => 25,
        Grade::Near => 12,
        Grade::Loose => 5,
        Grade::None => 0,
    };
    if after == Follow::Verb {
        score += 5;
    }
    // `pt Zorblat Kemi DOB 1/2/50`: a patient before a record number.
    if after == Follow::Record && cue.grade == Grade::Near && cue.kind == kinds::NAME_PATIENT {
        score = score.max(60);
    }
    // What stands behind a label fills a form.
    if cue.grade >= Grade::Label && score < 75 && !cue.speaker {
        score = 75;
    }
    Some((score, if cue.grade >= Grade::Label { "label" } else { reason }))
}

/// The words whose bare repeats are names too: the surname, and a given name that is nothing else.
fn lessons(words: &Words, cue: Cue) -> [Option<Teach>; 2] {
    const NEVER: u32 = cat::CLINICAL | cat::DRUG | cat::MONTH | cat::WEEKDAY | cat::NATIONALITY | cat::PROPER_OTHER;
    const REGION: u32 = cat::STATE | cat::COUNTRY;
    let lesson = |part: &Part, given: bool| {
        let (start, end) = if part.pieces > 1 { (part.last_start, part.end) } else { (part.start, part.end) };
        let ordinary = part.ordinary() > 0;
        let frequent = part.ordinary() > 1;
        let known_place = part.bits & cat::CITY_BIG != 0;
        // Somebody called Washington is meant by the name from there on.
        let region = part.bits & REGION != 0 && (given || part.surname() < 3);
        if part.bits & NEVER != 0
            || region
            || part.eponym()
            || frequent
            || (given && (ordinary || known_place))
            || end - start < 3
        {
            return None;
        }
        let any_case = !ordinary && end - start > 3 && part.bits & (cat::CITY | REGION) == 0;
        Some(Teach { start, end, any_case })
    };
    let count = words.full().count();
    if count == 1 {
        let given = cue.given && words.count == 1;
        return [words.full().next().and_then(|part| lesson(part, given)), None];
    }
    let (surname, given) = match words.comma {
        Some(comma) => (words.slice().get(comma.wrapping_sub(1)), words.slice().get(comma)),
        None => (words.full().last(), words.full().next()),
    };
    [
        surname.filter(|part| part.is_word()).and_then(|part| lesson(part, false)),
        given.filter(|part| part.is_word()).and_then(|part| lesson(part, true)),
    ]
}
