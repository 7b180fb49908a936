//! Cities, counties, and streets without a number.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Kind, Reach, Trigger, Verdict, Verify, View, Window};

use super::glance;
use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::name::cue::previous_word;
use crate::name::part::{Case, Part, blanks, gap, length, ordinary, part, plain_lower, stands_alone};
use crate::words::{category as cat, zip_exists, zip_state};

/// Cities, counties and named streets.
pub static PLACE: Detector = Detector {
    id: Cow::Borrowed("place"),
    kind: kinds::LOCATION,
    class: Cow::Borrowed("B"),
    priority: 42,
    window: WINDOW,
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::When(&Trigger::Capital, glance::capital), Trigger::Words(LIVING)]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "a city before its state or ZIP code, or where somebody lives; counties; streets without a number",
    ),
    refuses: Cow::Borrowed("states and countries alone, months, words that are also towns"),
};

const LONGEST: i32 = 80;
pub(super) const WINDOW: Window = Window { before: 48, longest: 80, after: 48 };

/// Words that a town in small letters may follow.
#[rustfmt::skip] // A word list reads better in lines.
const LIVING: &[&str] = &[
    "lives", "live", "lived", "living", "born", "moved", "resides", "residing", "raised", "relocated",
];
/// Those of them that are asked so with a capital as well.
pub(super) const LIVING_IN: &[&str] =
    &["lives", "live", "lived", "living", "born", "moved", "resides", "residing", "raised"];

/// Small words inside the name of a town.
pub(super) const JOINS: &[&str] = &["of", "or", "du", "de", "del", "la", "by", "the", "on", "in"];

/// What stands before a place.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Lead {
    None,
    /// `to Boston`, `at Boston`
    Weak,
    /// `in Boston`, `from Boston`
    Some,
    /// `lives in Boston`, `City: Boston`
    Strong,
}

/// States whose two letters are also a degree, a study, a word: `Smith, MD`.
const TWOFOLD: &[&[u8]] = &[
    b"MD", b"PA", b"MS", b"CT", b"ID", b"MA", b"ND", b"OR", b"IN", b"ME", b"HI", b"OK", b"AL", b"DE", b"CO", b"NE",
    b"PR", b"AS", b"MT", b"VA",
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    let lower = word.first().is_some_and(u8::is_ascii_lowercase);
    if lower || one_of!(word, LIVING_IN) {
        return lower_city(view, length(word));
    }
    if word.len() < 2 || !stands_alone(view) {
        return None;
    }
    // The words of the place: capitalised, a blank apart.
    let mut parts: [Option<Part>; 4] = [None; 4];
    let mut at = 0;
    let mut count = 0;
    for slot in &mut parts {
        if count > 0 && plain_lower(view, at, word_set!(JOINS)) {
            break;
        }
        let Some(found) = part(view, at) else { break };
        // `Isle of Palms`, `Fond du Lac`, `Truth or Consequences`.
        let joins = count > 0 && found.case == Case::Lower && one_of!(view.word(found.start), JOINS);
        if found.case == Case::Initial || found.case == Case::Lower && !joins {
            break;
        }
        *slot = Some(found);
        count += 1;
        let dotted = view.byte(found.end) == Some(b'.') && one_of!(view.word(found.start), &["st", "ft", "mt"]);
        let end = found.end + i32::from(dotted);
        // A break of the line between `San` and `Antonio` is rare; two lines of a letterhead are not.
        let space = blanks(view, end, 2);
        if space == 0 {
            break;
        }
        at = end + space;
    }
    let mut known: &[Option<Part>] = parts.get(..count).unwrap_or_default();
    let mut joined: &[Option<Part>] = &[];
    // A town is named by words that a small one joins only when a list has the whole.
    if let Some(small) = known.iter().flatten().position(|part| part.case == Case::Lower) {
        let ends = (small + 1..known.len()).rev().find(|&last| {
            let Some(part) = known.get(last).copied().flatten() else { return false };
            part.case != Case::Lower && phrase(view, part.end) & cat::CITY != 0
        });
        joined = ends.and_then(|last| known.get(..=last)).unwrap_or_default();
        known = known.get(..small).unwrap_or_default();
    }
    if !joined.is_empty()
        && let Some(verdict) = city(view, joined)
    {
        return Some(verdict);
    }
    county(view, known).or_else(|| city(view, known)).or_else(|| named_street(view, known))
}

fn take(end: i32, kind: Kind, confidence: u8, reason: &'static str) -> Option<Verdict> {
    (end <= LONGEST).then(|| Verdict::new(0, end, kind, confidence, reason))
}

/// The lexicon's categories of the words from the trigger to `end`, as one phrase: blanks doubled or dots in it are
/// squeezed.
fn phrase(view: &View<'_>, end: i32) -> u32 {
    let text = view.slice(0, usize::try_from(end).unwrap_or_default());
    let direct = view.bits(text);
    if direct != 0 || text.len() > 40 {
        return direct;
    }
    let mut squeezed = [0; 40];
    let mut len = 0;
    let mut blank = true;
    for &byte in text {
        let letter = byte.is_ascii_alphanumeric() || byte >= 0x80;
        if letter || !blank {
            if let Some(slot) = squeezed.get_mut(len) {
                *slot = if letter { byte } else { b' ' };
            }
            len += 1;
        }
        blank = !letter;
    }
    view.bits(squeezed.get(..len).unwrap_or_default())
}

/// `Suffolk County`, `County of Suffolk`, `Orleans Parish`.
fn county(view: &View<'_>, parts: &[Option<Part>]) -> Option<Verdict> {
    for (i, part) in parts.iter().enumerate().skip(1) {
        let Some(last) = part else { break };
        if !one_of!(view.word(last.start), &["county", "parish", "borough", "township"]) {
            continue;
        }
        let first = parts.first().copied().flatten()?;
        // `The County`, `Outside County`, `Mercy County Hospital`.
        let proper =
            first.bits & (cat::CITY | cat::SURNAME | cat::GIVEN) != 0 && first.ordinary() < 2 || first.unknown();
        let goes_on = parts.get(i + 1).is_some_and(Option::is_some);
        let facility = goes_on
            && parts
                .get(i + 1)
                .copied()
                .flatten()
                .is_some_and(|next| next.bits & (cat::FACILITY_WORD | cat::ORG_WORD | cat::STREET_SUFFIX) != 0);
        if proper && !facility {
            return take(last.end, kinds::LOCATION_COUNTY, 88, "county");
        }
        return None;
    }
    let first = parts.first().copied().flatten()?;
    if one_of!(view.word(0), &["county"]) && view.slice(first.end, 4) == b" of " {
        let name = part(view, first.end + 4)?;
        let proper = matches!(name.case, Case::Capital) && name.bits & cat::STATE == 0;
        return if proper { take(name.end, kinds::LOCATION_COUNTY, 85, "county") } else { None };
    }
    None
}

fn city(view: &View<'_>, parts: &[Option<Part>]) -> Option<Verdict> {
    // The longest phrase first: `San Luis Obispo` before `San Luis`.
    for count in (1..=parts.len()).rev() {
        let Some(last) = parts.get(count - 1).copied().flatten() else { continue };
        let bits = if count == 1 { last.bits } else { phrase(view, last.end) };
        let listed = bits & (cat::CITY | cat::CITY_BIG) != 0;
        // `JOB 30917`, `UNIT 20718`: places are called so, but what has a number is none.
        let numbered = count == 1 && one_of!(view.word(0), &["job", "page", "port", "index", "unit", "media", "order"]);
        if listed && !numbered && bits & cat::STATE == 0 && zip_after(view, last.end) {
            return take(last.end, kinds::LOCATION_CITY, 86, "city and ZIP");
        }
        if let Some(state) = state_after(view, last.end) {
            if let Some(confidence) = with_state(view, parts.get(..count).unwrap_or_default(), bits, &state) {
                return take(last.end, kinds::LOCATION_CITY, confidence, "city and state");
            }
            return None;
        }
        if !listed {
            continue;
        }
        let next = parts.get(count).copied().flatten();
        // `Boston Medical Center`, `Jackson Pratt`: part of a longer name, unless a line or a sentence ends here.
        if next.is_some_and(|next| next.bits & (cat::STATE | cat::COUNTRY) == 0) {
            return None;
        }
        let multi = count > 1;
        return bare(view, &last, bits, multi)
            .and_then(|score| take(last.end, kinds::LOCATION_CITY, score, "where somebody is"));
    }
    // An unknown town where somebody surely lives.
    let only = parts.first().copied().flatten()?;
    let alone = parts.len() == 1 && only.unknown() && only.case == Case::Capital && only.len() > 3;
    (alone && lead(view) == Lead::Strong).then_some(())?;
    take(only.end, kinds::LOCATION_CITY, 65, "where somebody lives")
}

/// Whether a ZIP code that exists follows the city at once: `Enid 73703`.
fn zip_after(view: &View<'_>, end: i32) -> bool {
    let at = end + i32::from(view.byte(end) == Some(b','));
    let at = at + blanks(view, at, 2);
    let digits = view.run(at, &ByteSet::DIGIT, 6);
    digits.len() == 5 && at > end && zip_exists(number(digits))
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.wrapping_sub(b'0')))
}

/// A state behind a city.
struct State<'a> {
    letters: &'a [u8],
    comma: bool,
    /// The ZIP code behind it: whether it lies in the state.
    zip: Option<bool>,
}

fn state_after<'a>(view: &View<'a>, end: i32) -> Option<State<'a>> {
    let comma = view.byte(end) == Some(b',');
    let from = end + i32::from(comma);
    let space = match gap(view, from) {
        Some((len, false)) => len,
        // `Boston,\nMA` is a hard wrap.
        Some((len, true)) if comma => len,
        None if comma => 0,
        _ => return None,
    };
    let at = from + space;
    if !view.byte(at).is_some_and(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let first = view.word(at);
    let mut letters = first;
    let mut bits = view.bits(first);
    if first.len() == 1 && view.byte(at + 1) == Some(b'.') {
        // `Washington, D.C.`
        (view.slice(at, 4) == b"D.C.").then_some(())?;
        return Some(State { letters: b"DC", comma, zip: None });
    }
    if first.len() > 2 && first.first().is_some_and(u8::is_ascii_uppercase) {
        // `New York`, `North Carolina`, `District of Columbia`.
        let second = at + length(first) + 1;
        let more = view.word(second);
        if !more.is_empty() && view.byte(second - 1) == Some(b' ') {
            let two = view.slice(at, first.len() + 1 + more.len());
            if view.bits(two) & cat::STATE != 0 {
                letters = two;
                bits |= cat::STATE;
            }
        }
    }
    let capital = letters.first().is_some_and(u8::is_ascii_uppercase);
    let fits = match letters.len() {
        2 => letters.iter().all(u8::is_ascii_uppercase),
        3.. => {
            capital && bits & (cat::GIVEN_COMMON | cat::SURNAME_COMMON) == 0 || letters.len() > 4 && capital && comma
        }
        _ => false,
    };
    if bits & cat::STATE == 0 || !fits {
        return None;
    }
    let after = at + length(letters);
    let after = after + i32::from(view.byte(after) == Some(b'.'));
    let comma_after = i32::from(view.byte(after) == Some(b','));
    let digits_at = after + comma_after + blanks(view, after + comma_after, 3);
    let digits = view.run(digits_at, &ByteSet::DIGIT, 6);
    let zip = (digits.len() == 5 && digits_at > after).then(|| agrees(digits, letters));
    Some(State { letters, comma, zip })
}

/// Whether the ZIP code `digits` lies in the state `letters`; a state's full name is believed.
fn agrees(digits: &[u8], letters: &[u8]) -> bool {
    zip_state(number(digits)).is_some_and(|state| letters.len() != 2 || state == letters)
}

fn with_state(view: &View<'_>, parts: &[Option<Part>], bits: u32, state: &State<'_>) -> Option<u8> {
    let listed = bits & (cat::CITY | cat::CITY_BIG) != 0;
    let twofold = TWOFOLD.contains(&state.letters);
    let first = parts.first().copied().flatten()?;
    let last = parts.last().copied().flatten()?;
    if last.bits & (cat::STREET_SUFFIX | cat::CREDENTIAL) != 0 && !listed {
        return None;
    }
    let lead = lead(view);
    match state.zip {
        Some(true) if listed => return Some(95),
        Some(_) if listed => return Some(88),
        Some(true) if parts.len() < 4 => return Some(80),
        _ => {}
    }
    if bits & cat::STATE != 0 && parts.len() == 1 && state.letters.len() > 2 {
        // A list of states: `Virginia, Texas`.
        return None;
    }
    if twofold {
        // `Smith, MD`; `Baltimore, MD`; `Brain, MS`.
        let believable = bits & cat::CITY_BIG != 0 || (lead >= Lead::Some && listed);
        let person = after_title(view)
            || (parts.len() == 1
                && first.bits & cat::SURNAME_COMMON != 0
                && lead < Lead::Some
                && bits & cat::CITY_BIG == 0);
        return (believable && !person && (state.comma || first.case == Case::Capital)).then_some(84);
    }
    if listed {
        return (ordinary(bits) < 2 || state.comma).then_some(if state.comma { 90 } else { 78 });
    }
    // A town in no list: `Zorbville, OH`.
    let shaped = state.comma
        && parts.len() < 3
        && parts.iter().flatten().all(|part| part.case == Case::Capital && part.ordinary() == 0)
        && !after_title(view);
    shaped.then_some(if lead >= Lead::Some { 75 } else { 60 })
}

/// Whether a title stands before: `Dr. Baltimore, MD`.
fn after_title(view: &View<'_>) -> bool {
    one_of!(previous_word(view.before()), &["dr", "mr", "mrs", "ms", "miss", "prof"])
}

/// How sure that a listed city without its state is one.
fn bare(view: &View<'_>, last: &Part, bits: u32, multi: bool) -> Option<u8> {
    let state = bits & cat::STATE != 0;
    if bits & (cat::COUNTRY | cat::MONTH | cat::WEEKDAY) != 0 || (state && !multi) {
        return None;
    }
    let lead = lead(view);
    let big = bits & cat::CITY_BIG != 0;
    let name = bits & cat::ANY_NAME != 0;
    let thing = bits & (cat::CLINICAL | cat::DRUG | cat::EPONYM | cat::PROPER_OTHER | cat::NATIONALITY) != 0;
    let plain = ordinary(bits);
    // Capitals all around say nothing: only a known big city or a sure lead.
    let loud = last.case == Case::Upper;
    match lead {
        _ if bits & cat::EPONYM != 0 && !big => None,
        Lead::Strong if plain == 2 && !big => Some(55),
        Lead::Strong => Some(if multi || big || plain == 0 { 88 } else { 75 }),
        _ if thing && !big => None,
        Lead::Some if loud && !big && multi && plain < 2 => Some(60),
        Lead::Some if loud && !big => None,
        Lead::Some if multi && plain < 2 => Some(80),
        Lead::Some if big && plain < 2 => Some(76),
        Lead::Some if plain == 0 && !name => Some(72),
        Lead::Some if plain == 0 && !in_front(view, b"from") => Some(60),
        Lead::Weak if big && plain == 0 && !loud => Some(64),
        Lead::Weak if multi && big => Some(70),
        _ => None,
    }
}

fn in_front(view: &View<'_>, word: &[u8]) -> bool {
    previous_word(view.before()).eq_ignore_ascii_case(word)
}

/// What stands before the trigger.
fn lead(view: &View<'_>) -> Lead {
    let before = view.before();
    if view.begins(0) && hinted(view, hint::LOCATION) {
        return Lead::Strong;
    }
    if let [.., b':' | b'='] | [.., b':' | b'=', b' '] = before {
        let trimmed = before.get(..before.iter().rposition(|&byte| matches!(byte, b':' | b'=')).unwrap_or(0));
        let label = previous_word(trimmed.unwrap_or_default());
        const KNOWN: &[&str] =
            &["city", "town", "hometown", "residence", "birthplace", "municipality", "village", "location"];
        return if one_of!(label, KNOWN) { Lead::Strong } else { Lead::None };
    }
    if !matches!(before.last(), Some(b' ' | b'\n' | b'\t')) {
        return Lead::None;
    }
    let trimmed = before.trim_ascii_end();
    if trimmed.last() == Some(&b',') && street_before(view, trimmed) {
        return Lead::Strong;
    }
    // `38 S Kensington Pkwy Duluth`: people leave the comma out.
    if view.bits(previous_word(trimmed)) & cat::STREET_SUFFIX != 0
        && trimmed.last().is_some_and(u8::is_ascii_alphabetic)
        && street_before(view, trimmed)
    {
        return Lead::Some;
    }
    if trimmed.last().is_some_and(|byte| !byte.is_ascii_alphabetic()) {
        return Lead::None;
    }
    let word = previous_word(trimmed);
    let rest = trimmed.get(..trimmed.len() - word.len()).unwrap_or_default();
    let verb = previous_word(rest);
    let living = one_of!(
        verb,
        &[
            "lives",
            "live",
            "lived",
            "living",
            "born",
            "resides",
            "residing",
            "reside",
            "moved",
            "raised",
            "relocated",
            "resident",
            "native",
            "home",
            "apartment",
            "house",
            "originally",
            "comes",
            "hometown",
            "grew",
            "residence",
            "relocating",
            "moving",
            "emigrated",
            "immigrated",
            "traveled",
            "travelled",
            "traveling",
            "flew",
            "drove",
            "trip",
            "visiting",
            "move",
            "moves",
            "relocate",
            "works",
            "working",
            "worked",
            "city",
            "town",
            "suburb",
            "stationed",
            "outside",
            "based",
            "vacation",
            "vacationing",
            "retired",
            "returned",
            "hails",
            "located",
            "veteran",
            "farmer",
            "gentleman",
            "lady",
            "driver",
            "teacher",
            "worker",
        ],
    );
    let verb_before = rest.trim_ascii_end();
    let verb_before = verb_before.get(..verb_before.len().saturating_sub(verb.len())).unwrap_or_default();
    let living = living
        || (one_of!(verb, &["up"]) && one_of!(previous_word(verb_before), &["grew", "brought", "grow", "growing"]));
    match () {
        () if one_of!(word, &["in", "near", "outside", "from", "to", "of", "around", "within"]) && living => {
            Lead::Strong
        }
        () if one_of!(word, &["in", "near", "from", "outside"]) => Lead::Some,
        () if one_of!(word, &["visited", "visiting"]) => Lead::Some,
        () if one_of!(word, &["to", "at", "of", "around"]) => Lead::Weak,
        () => Lead::None,
    }
}

/// Whether `before` reads like an address without its town: `681 Chestnut Ln, Apt 728,`.
fn street_before(view: &View<'_>, before: &[u8]) -> bool {
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut numbered = false;
    line.split(|&byte| matches!(byte, b' ' | b',' | b'.')).any(|word| {
        numbered |= !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        numbered && word.len() > 1 && view.bits(word) & cat::STREET_SUFFIX != 0
            || word.eq_ignore_ascii_case(b"box") && line.last() == Some(&b',')
    })
}

/// `lives in toledo`: people type so.
fn lower_city(view: &View<'_>, end: i32) -> Option<Verdict> {
    let at = end + blanks(view, end, 2);
    let preposition = view.word(at);
    if at == end || !one_of!(preposition, &["in", "near", "to", "from", "outside", "at"]) {
        return None;
    }
    let from = at + length(preposition) + 1;
    let first = view.word(from);
    if !first.first().is_some_and(u8::is_ascii_lowercase) || view.byte(from - 1) != Some(b' ') {
        return None;
    }
    let second = view.word(from + length(first) + 1);
    let two = view.slice(from, first.len() + 1 + second.len());
    let pair = view.bits(two);
    let (end, bits) = if !second.is_empty() && pair & cat::CITY != 0 {
        (from + length(two), pair)
    } else {
        (from + length(first), view.bits(first))
    };
    let fits =
        bits & cat::CITY != 0 && ordinary(bits) == 0 && bits & (cat::STATE | cat::COUNTRY) == 0 && length(first) > 3;
    (fits && end <= LONGEST).then(|| Verdict::new(from, end, kinds::LOCATION_CITY, 68, "where somebody lives"))
}

/// `on Elm Street`, `near Park Avenue`: a street without its number.
fn named_street(view: &View<'_>, parts: &[Option<Part>]) -> Option<Verdict> {
    let before = view.before();
    if before.last() != Some(&b' ')
        || !one_of!(
            previous_word(before),
            &[
                "on", "at", "near", "along", "off", "of", "and", "from", "to", "down", "under", "behind", "between",
                "past", "by", "the", "via", "in"
            ]
        )
    {
        return None;
    }
    let end = parts.iter().flatten().enumerate().skip(1).find_map(|(i, part)| {
        let kind = one_of!(
            view.word(part.start),
            &[
                "street",
                "avenue",
                "road",
                "boulevard",
                "lane",
                "ave",
                "blvd",
                "rd",
                "parkway",
                "highway",
                "turnpike",
                "trail",
                "pkwy",
                "hwy",
                "bypass",
                "overpass",
                "causeway",
            ],
        );
        (kind && i < 4).then_some(part.end)
    })?;
    let first = parts.first().copied().flatten()?;
    (first.bits & cat::CLINICAL == 0 && first.case == Case::Capital).then_some(())?;
    take(end, kinds::LOCATION_STREET, 75, "street without a number")
}
