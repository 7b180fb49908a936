//! Names by the setting they stand in: several in a row, an answer to a label, somebody who can be reached, the subject
//! of a sentence, a capital that nothing but a name explains.

use blackbar_engine::{ByteSet, NearWord, Verdict, View};

use super::context::{Head, drug_like, mixed, refused, verdict};
use super::cue::previous_word;
use super::follow::{self, Follow};
use super::lists;
use super::part::{Case, Part, blanks, length, ordinary, part, possessive};
use super::person;
use crate::kinds;
use crate::words::category as cat;

/// What makes a word something else than a person.
const ELSE: u32 = cat::STATE
    | cat::COUNTRY
    | cat::NATIONALITY
    | cat::PROPER_OTHER
    | cat::DRUG
    | cat::CLINICAL
    | cat::CREDENTIAL
    | cat::ROLE
    | cat::FACILITY_WORD
    | cat::ORG_WORD;

/// The first rule that knows the trigger as a name.
pub(super) fn found(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if let Some(found) = shouted(view, first, head) {
        return Some(found);
    }
    if !plain(first) || one_of!(view.word(0), lists::STOPS) {
        return None;
    }
    if first.given() >= 2 && follow::among_medicines(view, first.end) {
        return None;
    }
    inverted(view, first, head)
        .or_else(|| in_row(view, first, head))
        .or_else(|| answers(view, first, head))
        .or_else(|| reached(view, first, head))
        .or_else(|| quoted(view, first, head))
        .or_else(|| begins(view, first, head))
        .or_else(|| within(view, first, head))
}

/// Whether one of the rules may take a word: the glance at a trigger, before its part is read.
pub(super) fn may_begin(word: &NearWord<'_>) -> bool {
    let bits = word.bits;
    let shouted = word.letters.iter().all(u8::is_ascii_uppercase)
        && bits & (cat::CLINICAL | cat::DRUG | cat::ROLE) == 0
        && matches!(word.after, Some(b',' | b' '));
    let plain = ordinary(bits) == 0 && bits & cat::CITY_BIG == 0 && (bits & ELSE == 0 || bits & cat::GIVEN_COMMON != 0);
    word.letters.len() > 2 && (shouted || plain)
}

/// `WALKS-FAR,MARVIN`, `GREY FOX,ANN J`: in capitals a comma without a blank parts a surname from a given name, however
/// ordinary the words of the surname are.
fn shouted(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Upper
        || first.len() < 3
        || first.bits & (cat::CLINICAL | cat::DRUG | cat::ROLE) != 0 && first.pieces < 2
    {
        return None;
    }
    let mut last = *first;
    if view.byte(first.end) == Some(b' ')
        && let Some(next) = part(view, first.end + 1)
        && next.case == Case::Upper
        && view.byte(next.end) == Some(b',')
    {
        last = next;
    }
    if view.byte(last.end) != Some(b',') {
        return None;
    }
    let given = part(view, last.end + 1)?;
    let apart = head.line().is_empty() || head.gap.len() > 1 || head.gap == b" ";
    let fits = given.case == Case::Upper && given.given() >= 2 && given.ordinary() == 0 && given.len() > 2 && apart;
    if !fits || last.bits & (cat::CITY_BIG | cat::STATE) != 0 && last.surname() < 2 {
        return None;
    }
    let mut end = given.end;
    if let Some(middle) = part(view, end + 1)
        && view.byte(end) == Some(b' ')
        && middle.case == Case::Initial
        && !(matches!(view.byte(middle.start), Some(b'M' | b'F'))
            && view.byte(middle.end).is_some_and(|byte| byte == b' '))
    {
        end = middle.end;
    }
    Some(verdict(view, first, end, kinds::NAME, 66, "surname, given name in capitals"))
}

/// Whether a word is mostly a name: not an ordinary word, not the name of a thing.
fn plain(first: &Part) -> bool {
    matches!(first.case, Case::Capital | Case::Upper)
        && first.len() > 2
        && first.ordinary() == 0
        && !first.eponym()
        && (first.bits & ELSE == 0 || first.given() == 3 && first.bits & (cat::DRUG | cat::CLINICAL) == 0)
        && first.bits & cat::CITY_BIG == 0
}

/// The same of a word as the lexicon knows it.
fn plain_bits(word: &[u8], bits: u32) -> bool {
    word.len() > 2
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && bits & cat::ANY_NAME != 0
        && ordinary(bits) == 0
        && (bits & ELSE == 0 || bits & cat::GIVEN_COMMON != 0)
        && (bits & cat::EPONYM == 0 || bits & (cat::MOSTLY_NAME | cat::SURNAME_COMMON | cat::GIVEN_COMMON) != 0)
}

/// How known a word is: a given name, a common surname, a rare one.
fn known(first: &Part) -> bool {
    first.given() >= 2 || first.surname() >= 2
}

/// `Zorblatta, Ann`, `[1:05 PM] Zorblatta, Kemi`: a surname that is rare or in no list, and a given name.
fn inverted(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if view.byte(first.end) != Some(b',') || first.given() == 3 || !(known(first) || first.unknown() && first.len() > 3)
    {
        return None;
    }
    let at = first.end + 1 + blanks(view, first.end + 1, 1);
    let given = part(view, at)?;
    let fits = plain(&given) && given.case == first.case && (given.given() >= 2 || given.unknown());
    if !fits || matches!(head.gap, b", " | b" and ") {
        return None;
    }
    // One of several, or the place of somebody, is no given name.
    let listed = matches!(view.byte(given.end), Some(b',' | b';'))
        && part(view, given.end + 2).is_some_and(|next| next.case != Case::Lower)
        || view.slice(given.end, 5) == b" and ";
    let stamped = head.line().trim_ascii_end().ends_with(b"]") || head.line().trim_ascii().is_empty();
    let ends = matches!(view.byte(given.end), None | Some(b'\n' | b'\r'));
    let told = ends && stamped
        || matches!(follow::after(view, given.end), Follow::Record | Follow::Credential | Follow::Relative)
        || view.slice(given.end, 3) == b"   "
        || matches!(view.slice(given.end, 4), [b' ', b'M' | b'F', b' ', b' ' | b'0'..=b'9']);
    let fits = if given.given() >= 2 {
        !listed && (told || first.case == Case::Capital && first.surname() + given.given() > 3)
    } else {
        told
    };
    let mut end = given.end;
    if let Some(middle) = part(view, end + 1)
        && view.byte(end) == Some(b' ')
        && middle.case == Case::Initial
        && !matches!(view.byte(middle.start), Some(b'M' | b'F'))
    {
        end = middle.end;
    }
    fits.then(|| verdict(view, first, end, kinds::NAME, 58, "surname, given name"))
}

/// `Osei/Lindqvist/Tran`, `(Osei, Lindqvist, Tran)`, `Team: Ann, Tom, Lee`: one of several names in a row.
fn in_row(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    let run = head.run(view, first);
    if run.words == 0 || run.words > 3 || first.bits & cat::EPONYM != 0 {
        return None;
    }
    let joint = |at: i32| -> Option<i32> {
        match view.slice(at, 5) {
            [b'/', next, ..] if next.is_ascii_uppercase() => Some(1),
            [b' ', b'/', b' ', ..] | [b' ', b'&', b' ', ..] => Some(3),
            [b',' | b';', b' ', ..] => Some(2),
            [b' ', b'a', b'n', b'd', b' '] => Some(5),
            _ => None,
        }
    };
    let mut others = 0;
    let mut slash = false;
    let mut thing = false;
    let mut at = run.end;
    while let Some(gap) = joint(at) {
        let Some(next) = part(view, at + gap) else { break };
        slash |= gap == 1 || gap == 3;
        if next.case == Case::Lower || next.case == Case::Initial || others > 3 {
            break;
        }
        thing |= next.bits & (cat::DRUG | cat::CLINICAL) != 0;
        if !(plain(&next) && (known(&next) || next.unknown())) {
            break;
        }
        others += 1;
        at = next.end;
        // A given name and a surname are one of the row.
        if view.byte(at) == Some(b' ')
            && let Some(more) = part(view, at + 1)
            && more.case == Case::Capital
            && plain(&more)
        {
            at = more.end;
        }
    }
    let mut rest = head.all;
    let mut opened = false;
    for _ in 0..4 {
        let bare = rest.trim_ascii_end();
        let signed = bare
            .strip_suffix(b"/")
            .or_else(|| bare.strip_suffix(b","))
            .or_else(|| bare.strip_suffix(b";"))
            .or_else(|| bare.strip_suffix(b" &"))
            .or_else(|| bare.strip_suffix(b" and"));
        let Some(item) = signed.filter(|item| bare.len() < rest.len() || bare.ends_with(b"/") && !item.is_empty())
        else {
            opened = bare.ends_with(b"(") || bare.ends_with(b":") || bare.is_empty();
            break;
        };
        let item = item.trim_ascii_end();
        slash |= bare.ends_with(b"/");
        let word = previous_word(item);
        let bits = view.bits(word);
        thing |= bits & (cat::DRUG | cat::CLINICAL) != 0 || drug_like(word);
        if !item.last().is_some_and(u8::is_ascii_alphabetic) || !plain_bits(word, bits) && bits != 0 || word.len() < 3 {
            break;
        }
        if !word.first().is_some_and(u8::is_ascii_uppercase) {
            break;
        }
        others += 1;
        rest = item.get(..item.len() - word.len()).unwrap_or_default();
        // The given name before a surname.
        let before = rest.trim_ascii_end();
        let given = previous_word(before);
        if rest.len() == before.len() + 1
            && given.first().is_some_and(u8::is_ascii_uppercase)
            && plain_bits(given, view.bits(given))
        {
            rest = before.get(..before.len() - given.len()).unwrap_or_default();
        }
    }
    if thing || others == 0 || first.unknown() && others < 2 {
        return None;
    }
    let fits = others > 1 && (opened || first.given() == 3 || others > 2 || slash)
        || others == 1 && (opened || slash) && known(first) && (first.surname() == 3 || first.given() == 3 || slash);
    (fits && (first.case == Case::Capital || opened))
        .then(|| verdict(view, first, run.end, kinds::NAME, 58, "one of several names"))
}

/// Labels that somebody's name follows, and services that are called by who is on duty.
#[rustfmt::skip] // A word list reads better in lines.
const PEOPLE: &[&str] = &[
    "nurse", "det", "asst", "lpn", "pcna", "extern", "matron", "warden", "guard", "abuser", "assailant",
    "victim", "suspect", "inmate", "requesting", "pct", "crc", "trooper", "ofc", "homeroom", "monitor",
    "pharmacist", "foreman", "teacher", "biller", "paramedic", "emt", "deponent", "plaintiff", "defendant",
    "informant", "reporter", "prosector", "pathologist", "funeral", "chr", "cnm", "call", "covering",
    "coverage", "covered", "cards", "cardiology", "neuro", "neurology", "neurosurg", "surg", "ortho", "gi",
    "renal", "nephro", "nephrology", "pulm", "psych", "endo", "heme", "onc", "uro", "urology", "ent", "ophtho",
    "derm", "gyn", "ob", "peds", "anesthesia", "anes", "ot", "slp", "speech", "rt", "rd", "sw", "cm", "airway",
    "recorder", "compressions", "lead", "leader", "team", "crew", "medic", "driver", "pilot", "authorizing",
    "ordering", "accepting", "accepted", "referring", "admitting", "consulting", "consult", "consulted",
    "supervising", "rendering", "performing", "operator", "author", "authors", "assist", "assistant", "scrub",
    "circulator", "circ", "perfusionist", "tech", "staff", "charge", "float", "sitter", "dispatcher", "rph",
    "pharmd", "np", "pa", "md", "rn", "cna", "crna", "fellow", "intern", "student", "chief", "attending",
    "attg", "att", "hospitalist", "intensivist", "witness", "notified", "caller", "requested", "requester",
    "assigned", "owner", "approver", "by", "employee", "supervisor", "manager", "director", "coordinator",
    "navigator", "interpreter", "chaplain", "counselor", "therapist", "guardian", "sponsor", "mother", "father",
    "mom", "dad", "son", "daughter", "wife", "husband", "mgr", "hha", "aide", "fob", "mob", "timekeeper",
    "addendum", "dictated", "signed", "reader", "photographer", "courier", "volunteer", "doula", "midwife",
    "surgeon", "resident", "physician", "provider", "pcp", "vascular", "trauma", "palliative", "hospice",
    "wound", "pt", "bb", "bg", "boy", "girl", "formerly", "nee", "née", "maiden", "present", "attendees",
    "family", "handoff", "welcome", "congrats", "let", "covers", "relieved", "relieving", "oncoming",
    "offgoing", "reports", "cc", "dispo", "seen", "examined", "auth", "signature", "clerk", "registrar",
    "phleb", "phlebotomist", "scribe", "transporter", "greeter", "host", "presenter", "proctor", "preceptor",
    "nicu", "picu", "micu", "sicu", "ccu", "rads", "radiology", "pathology", "id",
];

/// `Cards - Osei`, `On call: Lindqvist`, `Neuro (Okafor) following`, `Attg Nakagawa`: behind a label of people.
fn answers(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if !(known(first) || first.unknown() && first.len() > 3) || !one_of!(head.word, PEOPLE) {
        return None;
    }
    let sign = matches!(head.gap, b": " | b":" | b" - " | b" (" | b": (" | b" : " | b":  " | b" = ")
        || head.gap == " – ".as_bytes();
    let shortened =
        head.gap == b". " && one_of!(head.word, &["phleb", "ofc", "det", "tech", "asst", "lt", "sgt", "sec", "attg"]);
    let blank = shortened || head.gap == b" " || head.gap == b"3 " || head.gap == b"-C ";
    if !(sign || blank) || first.bits & cat::CITY != 0 && first.surname() < 3 && first.given() < 3 {
        return None;
    }
    let run = head.run(view, first);
    let next = view.word(run.end + 1);
    if run.words == 0
        || refused(view, run.end)
        || matches!(follow::after(view, run.end), Follow::Eponym | Follow::Place)
        || blank && next.first().is_some_and(u8::is_ascii_uppercase) && view.byte(run.end) == Some(b' ')
    {
        return None;
    }
    // `Psych: Norton 14`, `Neuro: TIMI 2`: a score.
    let digits = view.run(run.end + 1, &ByteSet::DIGIT, 4).len();
    if (1..4).contains(&digits)
        && view.byte(run.end) == Some(b' ')
        && !matches!(follow::after(view, run.end), Follow::Record)
    {
        return None;
    }
    if first.case == Case::Upper
        && (first.len() < 4 || !known(first) || !sign && !one_of!(head.word, &["bb", "bg", "boy", "girl", "attn"]))
    {
        return None;
    }
    let ends = follow::ends_phrase(view, run.end)
        || matches!(view.byte(run.end), Some(b'/' | b':'))
        || view.byte(run.end) == Some(b' ')
            && (!next.is_empty()
                || view.byte(run.end + 1).is_some_and(|byte| byte.is_ascii_digit() || b"@#-&/".contains(&byte)));
    let sure = sign || first.surname() == 3 || first.given() >= 2 || first.bits & cat::ANY_NAME != 0;
    (ends && (sure || first.unknown()))
        .then(|| verdict(view, first, run.end, kinds::NAME, 60, "behind a label of people"))
}

/// `Osei pgr 1234`, `Lindqvist x4471`, `Ann @ front desk`, `SMITH 54M here`, `54F Lindqvist`: who they are or how to reach
/// them.
fn reached(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if !known(first) {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 {
        return None;
    }
    let digits = |at: i32| length(view.run(at, &ByteSet::DIGIT, 8));
    let heads = head.begins_line();
    if heads && first.case == Case::Upper && first.len() > 3 && follow::after(view, run.end) == Follow::Record {
        return Some(verdict(view, first, run.end, kinds::NAME, 62, "record after"));
    }
    if first.case == Case::Upper {
        return None;
    }
    // `54F Lindqvist`
    let aged = matches!(head.word, b"M" | b"F" | b"m" | b"f" | b"yo" | b"yoF" | b"yoM" | b"yof" | b"yom")
        && head.gap == b" "
        && head.all.len() > head.word.len() + 1
        && head.all.get(head.all.len() - head.word.len() - 2).is_some_and(u8::is_ascii_digit)
        && head.line().trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
    let ends = matches!(view.byte(run.end), None | Some(b'\n' | b'\r' | b',' | b':' | b';'));
    if aged && (ends || view.byte(run.end) == Some(b' ')) && !refused(view, run.end) {
        return Some(verdict(view, first, run.end, kinds::NAME, 60, "age before"));
    }
    if view.byte(run.end) == Some(b',') && run.given > 0 && follow::line_starts(view) {
        // `Ann, 54`
        let count = digits(run.end + 2);
        let end = run.end + 2 + count;
        if (1..=2).contains(&count) && matches!(view.byte(end), None | Some(b'\n' | b'\r' | b',')) {
            return Some(verdict(view, first, run.end, kinds::NAME, 58, "age after"));
        }
    }
    if view.byte(run.end) != Some(b' ') {
        return None;
    }
    let at = run.end + 1;
    let next = view.word(at);
    let number = |at: i32| digits(at + blanks(view, at, 1)) >= 3;
    let short = match next {
        b"x" | b"X" | b"p" | b"P" => (3..=6).contains(&digits(at + 1)),
        _ if one_of!(
            next,
            &[
                "ext",
                "pgr",
                "pager",
                "beeper",
                "vocera",
                "cell",
                "spectralink",
                "ascom",
                "pg",
                "phone",
                "voalte",
                "tel"
            ]
        ) =>
        {
            let end = at + length(next);
            number(end + i32::from(matches!(view.byte(end), Some(b'.' | b':' | b'#'))))
        }
        _ => {
            matches!(view.byte(at), Some(b'(' | b'0'..=b'9'))
                && (heads || head.is_small() && head.gap == b" ")
                && phone(view, at)
        }
    };
    let placed = view.byte(at) == Some(b'@') && view.byte(at + 1) == Some(b' ')
        || one_of!(next, &["in", "from", "at"])
            && heads
            && one_of!(
                view.word(at + length(next) + 1),
                &[
                    "pharmacy",
                    "lab",
                    "radiology",
                    "the",
                    "registration",
                    "billing",
                    "scheduling",
                    "medical",
                    "records",
                    "transport",
                    "dietary",
                    "housekeeping",
                    "admitting",
                    "it",
                    "security",
                    "imaging",
                    "respiratory",
                    "micro",
                    "dispatch",
                    "icu",
                    "er",
                    "ed",
                    "hospice",
                    "cm",
                    "case",
                    "social",
                    "clinic",
                    "work",
                    "home"
                ]
            );
    let confidence = if short { 66 } else { 58 };
    (short || placed && first.given() >= 2)
        .then(|| verdict(view, first, run.end, kinds::NAME, confidence, "how to reach somebody"))
}

/// Whether a telephone number stands at `at`: `(555) 201-0188`, `555-201-0188`, `555-0102`.
fn phone(view: &View<'_>, at: i32) -> bool {
    let text = view.slice(at, 14);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit() || b"()-. ".contains(byte));
    let (mut count, mut signs) = (0, 0);
    for byte in digits {
        if byte.is_ascii_digit() { count += 1 } else { signs += 1 }
    }
    matches!(count, 7 | 10) && signs > 0
}

/// `'Lindqvist'` in a statement, `"Ann"`: all of what quotation marks hold.
fn quoted(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    let mark = *head.gap.last()?;
    if !matches!(mark, b'\'' | b'"') || view.byte(first.end) != Some(mark) || !known(first) || first.case == Case::Upper
    {
        return None;
    }
    let set_off = matches!(head.gap, [.., b' ' | b'(' | b'=' | b',', _] | [_]);
    let closes =
        matches!(view.byte(first.end + 1), None | Some(b',' | b')' | b';' | b' ' | b'\n' | b'\r' | b'.' | b']'));
    (set_off && closes).then(|| verdict(view, first, first.end, kinds::NAME, 58, "a name in quotation marks"))
}

/// What follows the subject of a sentence, verbs that are not in the lists of what people do included.
#[rustfmt::skip] // A word list reads better in lines.
const GOES_ON: &[&str] = &[
    "and", "in", "from", "on", "out", "off", "to", "covering", "covers", "cover", "doing", "doesn", "didn",
    "isn", "wasn", "won", "couldn", "hasn", "wouldn", "aren", "don", "cried", "cries", "vomited", "sat", "sits",
    "stood", "got", "gets", "gave", "gives", "left", "leaves", "seen", "who", "whose", "with", "have", "were",
    "are", "just", "also", "still", "now", "then", "never", "always", "already", "again", "may", "might",
    "should", "must", "do", "likes", "loves", "hates", "knows", "plans", "hopes", "tries", "tried", "started",
    "stopped", "began", "quit", "moved", "lost", "gained", "weighs", "weighed", "uses", "used", "made", "makes",
    "met", "meets", "signed", "signs", "answered", "laughed", "smiled", "woke", "drank", "ran", "comes", "kept",
    "keeps", "looked", "showed", "shows", "speaks", "talks", "talked", "grew", "born", "passed", "died",
    "plays", "played", "attends", "attended", "sent", "calls", "paged", "writes", "shared", "arrives", "thanks",
    "aware", "updated", "notified", "present", "bedside", "here", "there", "please", "pls", "re", "for", "as",
    "at", "about", "when", "where", "if", "but", "only", "today", "tomorrow", "tonight", "yesterday",
    "currently", "recently", "since", "after", "before", "w", "s", "drinking",
    "feeding", "crying", "eating", "playing", "walking", "back", "up", "away", "down", "late", "absent",
    "describes", "described", "struggles", "struggled", "responded", "responds", "demonstrates", "demonstrated",
    "participated", "engaged", "identified", "completed", "practiced", "required", "requires", "spends",
    "spent", "enjoys", "enjoyed", "finished", "graduated", "retired", "married", "separated", "divorced",
    "visits", "helps", "helped", "cares", "cared", "manages", "managed", "handles", "handled", "picked",
    "dropped", "drew", "placed", "checked", "checks", "verified", "witnessed", "assisted", "relieved", "pushed",
    "bagged", "charted", "documented",
];

/// `Lindqvist has diabetes`, `Ann cried for an hour`, `Nakagawa covering`: a name that begins a sentence and does
/// something.
fn begins(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Capital
        || !known(first)
        || first.bits & cat::CITY != 0 && first.given() < 3 && first.surname() < 3
    {
        return None;
    }
    if !follow::sentence_starts(view) {
        return None;
    }
    let run = head.run(view, first);
    let at = run.end + i32::from(view.byte(run.end) == Some(b' '));
    if run.words == 0 || at == run.end || !view.byte(at).is_some_and(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let next = view.word(at);
    // A sign or a score that is called after somebody is negative, is stable, and so on.
    if first.bits & cat::EPONYM != 0
        && (one_of!(next, &["is", "was", "and", "in", "at", "to", "on", "for", "from", "or", "with"])
            || first.given() < 3 && first.surname() < 3)
    {
        return None;
    }
    let fits = one_of!(next, GOES_ON) || first.given() == 3 && next.ends_with(b"ed") || one_of!(next, lists::VERBS);
    if !fits || things(view, at + length(next)) || refused(view, run.end) {
        return None;
    }
    // `Camila or Heather`: medicines are taken, not asked.
    let drugs = |word: &[u8]| view.bits(word) & cat::DRUG != 0;
    if drugs(view.word(at + length(next) + 1)) {
        return None;
    }
    let confidence = if first.given() == 3 || first.surname() == 3 { 56 } else { 53 };
    Some(verdict(view, first, run.end, kinds::NAME, confidence, "begins a sentence"))
}

/// Whether what is done is done to a thing: `started on`, `held for`, `in place`.
fn things(view: &View<'_>, at: i32) -> bool {
    one_of!(
        view.word(at + blanks(view, at, 1)),
        &[
            "place", "situ", "mg", "mcg", "units", "tablet", "tablets", "daily", "bid", "tid", "dose", "doses",
            "refill", "refills", "removed", "inserted", "placed", "applied", "changed", "intact", "draining", "score",
            "scale"
        ],
    )
}

/// Words behind which a capital is no person's.
#[rustfmt::skip] // A word list reads better in lines.
const THINGS_BEFORE: &[&str] = &[
    "the", "a", "an", "no", "took", "take", "takes", "taking", "started", "start", "starting", "stopped", "stop", "continue",
    "continued", "continues", "give", "given", "gave", "hold", "held", "resume", "resumed", "prescribed", "prescribe", "apply",
    "applied", "using", "use", "used", "generic", "brand", "tablet", "tablets", "inhaler", "oral", "topical", "iv", "po", "mg",
    "mcg", "ml", "dose", "doses", "of", "switch", "switched", "add", "added", "increase", "increased", "decrease",
    "decreased", "wean", "weaned", "on", "off", "medication", "drug", "device", "model", "version", "software", "system",
    "platform", "kit", "pump", "type", "grade", "stage", "class", "plus", "vs", "versus", "positive", "negative", "modified",
    "low", "high", "this", "that", "each", "every", "any", "some", "our", "their", "your", "my", "his", "her", "its", "placed", "insert",
    "inserted", "remove", "removed", "via", "in", "at", "near", "outside", "toward", "towards", "through", "around", "under", "into",
    "leaving", "visiting", "en", "behind", "speaks", "speaking", "needs", "requires", "bilateral", "left", "right", "bilat",
];

/// `Consulted Lindqvist today`, `the Lindqvist family`: a name within a sentence, whose capital nothing else explains.
fn within(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Capital || !known(first) || !head.close() || head.word.is_empty() {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 || refused(view, run.end) {
        return None;
    }
    let text = view.slice(0, usize::try_from(first.len()).unwrap_or_default());
    if mixed(text) || drug_like(text) && first.given() < 3 && first.surname() < 3 {
        return None;
    }
    let household = one_of!(
        view.word(run.end + 1),
        &[
            "family",
            "twins",
            "household",
            "residence",
            "siblings",
            "sisters",
            "brothers",
            "children",
            "baby",
            "triplets",
            "estate",
            "kids"
        ],
    );
    if one_of!(head.word, &["the"]) && household && head.gap == b" " {
        return Some(verdict(view, first, run.end, kinds::NAME, 66, "a family"));
    }
    if first.bits & (cat::EPONYM | cat::STATE | cat::COUNTRY) != 0
        || one_of!(view.word(run.end + 1), lists::EPONYM_NOUNS)
    {
        return None;
    }
    let starred = view.begins(0);
    if starred || !head.is_small() && !household || one_of!(head.word, THINGS_BEFORE) {
        return None;
    }
    if follow::number_follows(view, run.end)
        || possessive(view, run.end) > run.end && follow::after(view, run.end) == Follow::Eponym
    {
        return None;
    }
    if matches!(follow::after(view, run.end), Follow::Eponym | Follow::Place | Follow::Capital) {
        return None;
    }
    if person::particle(view, first) {
        return None;
    }
    // A town or a person: an identifier either way.
    let place = first.bits & cat::CITY != 0 && first.given() < 3 && first.surname() < 3;
    let kind = if place { kinds::LOCATION } else { kinds::NAME };
    let mut found = verdict(view, first, run.end, kind, 53, "a capital within a sentence");
    if place {
        found.teaches = [None, None];
    }
    Some(found)
}
