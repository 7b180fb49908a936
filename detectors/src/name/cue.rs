//! Words that announce a person: titles, labels, roles, relatives, greetings.

use blackbar_engine::{Kind, View};

use super::lists;
use super::part::{apostrophe, blanks, gap, length};
use crate::kinds;
use crate::words::category as cat;

/// How much a cue says about what follows it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Grade {
    /// Nothing announced the name.
    None,
    /// A word that often stands before names: `by Smith`, `with Ann`.
    Loose,
    /// A role or a relative without punctuation: `patient Smith`, `son Tom`, `my name is Tom`.
    Near,
    /// A label and its separator: `Patient: Smith`.
    Label,
    /// A title: `Dr. Smith`.
    Title,
}

/// What announced a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cue {
    pub(crate) kind: Kind,
    pub(crate) grade: Grade,
    /// What the label begins may as well be somebody's speech: `Patient: Hello`.
    pub(crate) speaker: bool,
    /// A relative or an introduction: a given name alone is to be expected.
    pub(crate) given: bool,
}

impl Cue {
    /// No cue at all.
    pub(crate) const NONE: Self = Self { kind: kinds::NAME, grade: Grade::None, speaker: false, given: false };
}

/// What sort of announcement a word is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// `Mr`: nothing but a name follows.
    Title,
    /// `Nurse`, `Miss`, `Doctor`: a title that is also a word.
    WordTitle,
    /// `Patient`.
    Patient,
    /// `Attending`.
    Provider,
    /// `Mother`.
    Relative,
    /// `User`.
    User,
    /// `Name`, `Dear`, `cc`: somebody.
    Person,
    /// `From`, `To`, `Author`: announces somebody only with a colon.
    Header,
    /// `by`, `with`, `per`.
    By,
    /// `is`, `am`: announces a name when an introduction stands before it.
    Is,
    /// `Hi`, `Thanks`, `Regards`.
    Greeting,
}

/// The words that announce something, and what.
#[rustfmt::skip] // A word list reads better in lines.
const ROLES: &[(Role, &[&str])] = &[
    (Role::Title, &[
        "dr", "drs", "mr", "mrs", "ms", "mx", "messrs", "prof", "sgt", "capt", "sra", "mme", "rev",
    ]),
    (Role::WordTitle, &[
        "professor", "doctor", "miss", "nurse", "reverend", "pastor", "rabbi", "judge", "officer", "sergeant",
        "captain", "sir", "chaplain", "senor", "senora", "herr", "frau", "madame", "monsieur", "attorney",
        "detective", "deputy",
    ]),
    (Role::Patient, &[
        "patient", "pt", "client", "member", "subscriber", "insured", "beneficiary", "enrollee", "policyholder",
        "veteran", "decedent", "baby", "infant", "newborn",
    ]),
    (Role::Relative, &[
        "mother", "father", "mom", "mum", "dad", "son", "daughter", "wife", "husband", "spouse", "partner", "fiance",
        "fiancee", "brother", "sister", "aunt", "uncle", "cousin", "niece", "nephew", "grandson", "granddaughter",
        "grandmother", "grandfather", "grandma", "grandpa", "girlfriend", "boyfriend", "friend", "neighbor",
        "roommate", "parent", "guardian", "kin", "nok", "contact", "caregiver", "caretaker", "proxy", "poa", "twin",
        "stepmother", "stepfather", "stepson", "stepdaughter", "child", "ex",
    ]),
    (Role::User, &[
        "user",
    ]),
    (Role::Header, &[
        "att", "party",
    ]),
    (Role::Person, &[
        "name", "names", "dear", "attn", "caller", "named", "called", "nickname", "alias", "aka", "surname",
        "firstname", "lastname", "fullname", "initials", "guarantor", "cardholder", "claimant",
    ]),
    (Role::Header, &[
        "re", "cc", "from", "to", "attention", "employee", "witness", "sender", "recipient", "addressee",
        "applicant", "payee", "author", "signature", "signed", "cosigned", "cosigner", "dictated", "transcribed",
        "verified", "first", "last", "ref", "subject", "referring", "md", "gi", "id", "tech", "cardiology", "sr",
    ]),
    (Role::By, &[
        "by", "with", "per", "via", "spoke", "spoken", "talked",
    ]),
    (Role::Is, &[
        "is", "am", "call", "me",
    ]),
    (Role::Greeting, &[
        "hi", "hello", "hey", "hola", "thanks", "regards", "sincerely", "cheers", "best", "yours", "respectfully",
    ]),
    (Role::Provider, &[
        "attending", "provider", "physician", "surgeon", "practitioner", "pcp", "np", "pa", "rn", "lpn", "cna",
        "crna", "pharmacist", "consultant", "hospitalist", "intensivist", "dentist", "midwife", "counselor",
        "technician", "phlebotomist", "scribe", "coordinator", "caseworker", "worker", "manager", "interpreter",
        "clinician", "fellow", "intern", "resident", "prescriber", "assistant", "preceptor", "supervisor",
        "reviewer", "examiner", "investigator", "neurosurgeon", "specialist", "pediatrician", "obstetrician",
    ]),
];

/// How many words those are.
const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < ROLES.len() {
        count += ROLES[group].1.len();
        group += 1;
    }
    count
};

/// The same words one after another, and the role of each.
const FLAT: ([&str; COUNT], [Role; COUNT]) = {
    let (mut words, mut roles) = ([""; COUNT], [Role::Title; COUNT]);
    let (mut at, mut group) = (0, 0);
    while group < ROLES.len() {
        let (role, list) = ROLES[group];
        let mut i = 0;
        while i < list.len() {
            words[at] = list[i];
            roles[at] = role;
            at += 1;
            i += 1;
        }
        group += 1;
    }
    (words, roles)
};

/// What `word` announces.
pub(crate) fn role(word: &[u8], bits: u32) -> Option<Role> {
    const LONGEST: usize = 20;
    static OF: [Role; COUNT] = FLAT.1;
    if word.len() > LONGEST {
        return None;
    }
    if let Some(place) = word_set!(&FLAT.0).find(word) {
        return OF.get(place).copied();
    }
    if word.len() > 3
        && word.get(word.len() - 3..).is_some_and(|end| end.eq_ignore_ascii_case(b"ist"))
        && one_of!(word, lists::TRIGGERS)
    {
        return Some(Role::Provider);
    }
    (bits & cat::RELATIVE != 0).then_some(Role::Relative)
}

/// The cue that the trigger is, and where the name that it announces would begin.
pub(crate) fn announced(view: &View<'_>, word: &[u8], bits: u32) -> Option<(Cue, i32)> {
    let role = role(word, bits)?;
    let end = length(word);
    match role {
        Role::Title | Role::WordTitle => title(view, word, role, end),
        _ if let Some(found) = spoken_to(view, word, end) => Some(found),
        Role::By => {
            let at = end + blanks(view, end, 2);
            let lower = letter_at(view, at) && at > end;
            (capital_at(view, at) || lower).then(|| (loose(view, word), at)).or_else(|| label(view, role, word, end))
        }
        Role::Is => introduction(view, word, end),
        Role::Greeting => greeting(view, end),
        _ => label(view, role, word, end),
    }
}

fn title(view: &View<'_>, word: &[u8], role: Role, end: i32) -> Option<(Cue, i32)> {
    // `MS` alone is a disease, a drug, a degree: as a title it has a dot, is written `Ms`, or a surname follows that is
    // nothing else.
    let dotted = view.byte(end) == Some(b'.');
    if word == b"MS" && !dotted {
        return None;
    }
    if word == b"ms" && !dotted {
        let next = view.word(end + 1);
        let bits = view.bits(next);
        let capital = matches!(next, [first, .., last] if first.is_ascii_uppercase() && last.is_ascii_lowercase());
        let surname = bits & (cat::SURNAME | cat::SURNAME_COMMON) != 0 && super::part::ordinary(bits) == 0;
        let measured = view.before().trim_ascii_end().last().is_some_and(u8::is_ascii_digit);
        let unknown = bits == 0 && next.len() > 5;
        if !(capital || surname || unknown) || measured {
            return None;
        }
    }
    if role == Role::WordTitle && !matches!(view.byte(end), Some(b' ' | b'\n' | b'\r' | b'.')) {
        return label(view, role, word, end);
    }
    if word.eq_ignore_ascii_case(b"dr") && is_street(view) {
        return None;
    }
    let after = end + i32::from(dotted);
    let space = gap(view, after).map_or(0, |(len, _)| len);
    if space == 0 && !dotted {
        return label(view, role, word, end);
    }
    let kind = if one_of!(word, &["dr", "drs", "doctor", "nurse", "prof", "professor"]) {
        kinds::NAME_PROVIDER
    } else {
        kinds::NAME
    };
    // `Doctor King`, `Doctor Zorblat`: capitals on both sides make it a form of address; `Doctor Visit` is none.
    let next = view.word(after + space);
    let next_bits = view.bits(next);
    let addressed = one_of!(word, &["doctor", "professor", "miss"])
        && (next_bits & cat::ANY_NAME != 0 && !one_of!(next, &["will", "may", "so", "do", "can", "an", "in"])
            || next_bits == 0)
        && view.byte(after + space + length(next)) != Some(b':')
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && capital_at(view, after + space);
    let grade = if role == Role::Title || addressed { Grade::Title } else { Grade::Near };
    Some((Cue { kind, grade, speaker: false, given: false }, after + space))
}

/// Whether the trigger, `Dr`, ends a street name: `12 Oak Dr`.
fn is_street(view: &View<'_>) -> bool {
    let before = view.before();
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let Some(line) = line.strip_suffix(b" ") else { return false };
    // Up to four capitalised words, then a number.
    for (i, word) in line.rsplit(|&byte| byte == b' ').enumerate().take(5) {
        match word {
            [first, .., last] | [first @ last] if first.is_ascii_digit() => {
                let number = word.iter().filter(|byte| byte.is_ascii_digit()).count() + 1 >= word.len();
                return i > 0 && number && word.len() < 7 && last.is_ascii_alphanumeric();
            }
            [first, .., last] if first.is_ascii_uppercase() && last.is_ascii_alphabetic() => {}
            [b'N' | b'S' | b'E' | b'W', b'.'] => {}
            [first] if first.is_ascii_uppercase() => {}
            _ => return false,
        }
    }
    false
}

fn loose(view: &View<'_>, word: &[u8]) -> Cue {
    let kind = match previous_word(view.before()) {
        [] => kinds::NAME,
        verb if one_of!(
            verb,
            &[
                "signed",
                "dictated",
                "seen",
                "performed",
                "reviewed",
                "verified",
                "referred",
                "ordered",
                "prescribed",
                "interpreted",
                "read",
                "attended",
                "cosigned",
                "authored",
                "examined",
                "evaluated",
                "followed",
                "transcribed",
                "authenticated",
                "entered",
                "administered",
                "collected",
                "approved",
                "recommended",
            ],
        ) =>
        {
            kinds::NAME_PROVIDER
        }
        _ => kinds::NAME,
    };
    let near = kind != kinds::NAME && word.eq_ignore_ascii_case(b"by");
    Cue { kind, grade: if near { Grade::Near } else { Grade::Loose }, speaker: false, given: false }
}

/// `spoke with Ann`, `report given to Ann`, `staying with Ann`: people are told things and met, whatever their case.
fn spoken_to(view: &View<'_>, word: &[u8], end: i32) -> Option<(Cue, i32)> {
    const TOLD: &[&str] = &["spoke", "spoken", "talked", "speaking", "talking"];
    let met = one_of!(word, &["to", "with"])
        && one_of!(
            previous_word(view.before()),
            &["spoke", "spoken", "talked", "speaking", "talking", "handoff", "given", "staying", "stays", "lives"],
        );
    let at = if one_of!(word, TOLD) && view.slice(end, 4) == b" w/ " {
        end + 4
    } else if met && view.byte(end) == Some(b' ') {
        end + 1
    } else {
        return None;
    };
    letter_at(view, at).then_some((Cue { kind: kinds::NAME, grade: Grade::Near, speaker: true, given: true }, at))
}

/// `my name is Ann`, `this is Ann`, `I am Ann`, `call me Ann`, `his wife is Ann`.
fn introduction(view: &View<'_>, word: &[u8], end: i32) -> Option<(Cue, i32)> {
    let space = blanks(view, end, 2);
    let at = end + space;
    if space == 0 || !letter_at(view, at) {
        return None;
    }
    let before = previous_word(view.before());
    let bits = view.bits(before);
    let announces = if word.eq_ignore_ascii_case(b"am") {
        one_of!(before, &["i"])
    } else if word.eq_ignore_ascii_case(b"me") {
        one_of!(before, &["call", "calls"])
    } else if word.eq_ignore_ascii_case(b"call") {
        capital_at(view, at)
    } else {
        one_of!(before, &["name", "this", "names", "nickname", "here", "contact", "pcp", "kin", "caregiver"])
            || (capital_at(view, at) && matches!(role(before, bits), Some(Role::Relative | Role::Provider)))
    };
    // `this is Ann` needs the capital, `my name is ann` does not.
    let named = one_of!(before, &["name", "names"]);
    if !announces || !(named || capital_at(view, at)) {
        return None;
    }
    let kind = match role(before, bits) {
        Some(Role::Relative) => kinds::NAME_RELATIVE,
        Some(Role::Provider) => kinds::NAME_PROVIDER,
        _ => kinds::NAME,
    };
    Some((Cue { kind, grade: if named { Grade::Label } else { Grade::Near }, speaker: true, given: true }, at))
}

/// `Hi Ann`, `Thanks, Ann`, `Regards,\nAnn`.
fn greeting(view: &View<'_>, end: i32) -> Option<(Cue, i32)> {
    let after = end + i32::from(matches!(view.byte(end), Some(b',' | b'!' | b'-')));
    // A blank line may part the signature from the greeting.
    let parted = after > end && view.slice(after, 2) == b"\n\n" && capital_at(view, after + 2);
    let space = if parted { 2 } else { gap(view, after)?.0 };
    let at = after + space;
    letter_at(view, at).then_some((Cue { kind: kinds::NAME, grade: Grade::Near, speaker: true, given: true }, at))
}

/// A label: what separates it from its value decides how much it says.
fn label(view: &View<'_>, role: Role, word: &[u8], end: i32) -> Option<(Cue, i32)> {
    // `daughter-in-law`.
    let end = if role == Role::Relative && view.slice(end, 7).eq_ignore_ascii_case(b"-in-law") { end + 7 } else { end };
    let mut at = end;
    // `Name(s)`, `Patient's`: the latter announces no name.
    if view.slice(at, 3) == b"(s)" {
        at += 3;
    } else if apostrophe(view, at) > 0 {
        return None;
    }
    // `Attending MD:`, `Mother (wife of …):` are not followed; a word in parentheses is: `Mother (guardian):`.
    at += blanks(view, at, 24);
    at = parenthesis(view, at);
    let mut strong = false;
    let mut comma = false;
    let mut closed = 0;
    let quoted = |byte: Option<u8>| matches!(byte, Some(b'"' | b'*' | b'\'' | b'_' | b'[' | b'<' | b'('));
    loop {
        match view.byte(at) {
            Some(b':' | b'=' | b'|' | b'#') => strong = true,
            Some(b'.' | b'_' | b'*' | b'"') if closed < 12 => {
                // Dot leaders and markup; a single full stop ends a sentence.
                if view.byte(at) == Some(b'.') && view.byte(at + 1) != Some(b'.') && closed == 0 {
                    if !shouted(word, view.word(at + 2)) || view.byte(at + 1) != Some(b' ') || at != end {
                        return None;
                    }
                    strong = true;
                }
            }
            Some(b'-') if at > end || view.byte(at + 1) == Some(b' ') => strong = true,
            Some(b',') if !comma && matches!(role, Role::Relative | Role::Person) => comma = true,
            Some(b'(') if at > end => {
                at += 1;
                break;
            }
            Some(b'>') if view.byte(at - 1) == Some(b'-') => {}
            _ => break,
        }
        at += 1;
        closed += 1;
        at += blanks(view, at, 24);
        if closed > 16 {
            return None;
        }
    }
    if strong && matches!(view.byte(at), Some(b'\n' | b'\r')) {
        // The value may stand on the next line.
        at += gap(view, at)?.0;
    }
    while quoted(view.byte(at)) && at < 60 {
        at += 1;
    }
    if at == end || !letter_at(view, at) {
        return None;
    }
    let header = role == Role::Header;
    let signature = one_of!(word, &["signed", "dictated", "cosigned", "transcribed", "verified", "signature"]);
    if !strong && ((header && !(signature && capital_at(view, at))) || role == Role::User || role == Role::By) {
        return None;
    }
    // `my partner laura`, `pt tyler`: only a relative or a patient is named so without a capital.
    let close =
        matches!(role, Role::Relative | Role::Patient) && !one_of!(word, &["contact", "child", "ex", "twin", "member"]);
    if !strong && !capital_at(view, at) && !close {
        return None;
    }
    let grade = if strong { Grade::Label } else { Grade::Near };
    let kind = match role {
        Role::Patient => kinds::NAME_PATIENT,
        Role::Provider => kinds::NAME_PROVIDER,
        Role::Relative => kinds::NAME_RELATIVE,
        Role::User => kinds::NAME_USER,
        Role::WordTitle if one_of!(word, &["doctor", "nurse"]) => kinds::NAME_PROVIDER,
        _ if signature => kinds::NAME_PROVIDER,
        Role::Person => named(view),
        _ => kinds::NAME,
    };
    let speaker = matches!(role, Role::Patient | Role::Provider | Role::Relative | Role::User | Role::WordTitle)
        || one_of!(word, &["caller", "claimant"]);
    let given = role == Role::Relative || one_of!(word, &["named", "called", "nickname", "dear", "name", "aka"]);
    Some((Cue { kind, grade, speaker, given }, at))
}

/// `PATIENT NAME. DOE, JANE`: dictation in capitals ends its labels with full stops.
pub(super) fn shouted(word: &[u8], next: &[u8]) -> bool {
    let capitals = |word: &[u8]| word.len() > 1 && word.iter().all(u8::is_ascii_uppercase);
    capitals(word) && word.len() > 3 && capitals(next)
}

/// The end of a remark in a label: `Name (Last, First):`; `at` itself when there is none.
fn parenthesis(view: &View<'_>, at: i32) -> i32 {
    if view.byte(at) != Some(b'(') {
        return at;
    }
    let remark = view.slice(at, 32);
    match remark.iter().position(|&byte| byte == b')') {
        Some(close) if remark.get(close + 1) == Some(&b':') => at + length(remark.get(..=close).unwrap_or_default()),
        _ => at,
    }
}

/// Whose name a `name` label asks for: `Patient Name`, `Provider's name`.
fn named(view: &View<'_>) -> Kind {
    let before = view.before();
    let mut rest = before;
    for _ in 0..3 {
        let word = previous_word(rest);
        if word.is_empty() {
            break;
        }
        match role(word, view.bits(word)) {
            Some(Role::Patient) => return kinds::NAME_PATIENT,
            Some(Role::Provider) => return kinds::NAME_PROVIDER,
            Some(Role::Relative) => return kinds::NAME_RELATIVE,
            Some(Role::User) => return kinds::NAME_USER,
            _ => {}
        }
        let len = rest.len();
        let cut = rest.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |i| (i + 1).saturating_sub(word.len()));
        if cut >= len {
            break;
        }
        rest = rest.get(..cut).unwrap_or_default();
    }
    kinds::NAME
}

/// The ASCII word that ends `before`, blanks, apostrophes and a dot aside, on the same line.
pub(crate) fn previous_word(before: &[u8]) -> &[u8] {
    let end = before.iter().rposition(|byte| !matches!(byte, b' ' | b'.' | b'\'' | b'/' | b'_')).map_or(0, |i| i + 1);
    let head = before.get(..end).unwrap_or_default();
    let start = head.iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |i| i + 1);
    head.get(start..).unwrap_or_default()
}

fn letter_at(view: &View<'_>, at: i32) -> bool {
    view.byte(at).is_some_and(|byte| byte.is_ascii_alphabetic() || byte >= 0xc0)
}

/// Whether a capital, or a letter beyond ASCII, stands at `at`.
pub(crate) fn capital_at(view: &View<'_>, at: i32) -> bool {
    view.byte(at).is_some_and(|byte| byte.is_ascii_uppercase() || byte >= 0xc0)
}
