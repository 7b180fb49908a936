//! Street addresses with their number, post boxes, rural routes.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::kinds;
use crate::name::part::{Case, blanks, case_of, gap, length, starts_upper};
use crate::words::category as cat;

/// Street addresses.
pub static STREET: Detector = Detector {
    id: Cow::Borrowed("street"),
    kind: kinds::LOCATION_STREET,
    class: Cow::Borrowed("B"),
    priority: 42,
    window: Window { before: 48, longest: 112, after: 32 },
    reach: Reach { bytes: 6, across: ByteSet::of(b"PpOo. NSEW") },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(1, 6).before(BEFORE_HOUSE).after(BEHIND_HOUSE), glance),
        Trigger::Words(&["box", "po", "pob", "post", "rr", "rural", "hc"]),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "number, direction, name, street type, unit; PO boxes, rural routes, highways and county roads",
    ),
    refuses: Cow::Borrowed("measurements, counts and studies that read alike: 2 Chest CT, 12 Lead ST"),
};

const LONGEST: i32 = 112;

/// Street types that mean nothing else behind a name, in any case.
#[rustfmt::skip]
const SURE: &[&str] = &[
    "street", "avenue", "ave", "av", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive", "parkway", "pkwy",
    "terrace", "circle", "cir", "court", "highway", "hwy", "plaza", "turnpike", "tpke", "square", "trail", "trl",
    "alley", "expressway", "freeway", "cove", "crescent", "mews", "causeway", "blvd", "pike", "terr", "broadway",
    "strasse",
];
/// Street types that are short or mean other things too.
const SHORT: &[&str] = &[
    "st", "dr", "ct", "pl", "place", "way", "ter", "loop", "sq", "run", "row", "path", "pky", "cres", "xing", "bnd",
    "cv",
];
/// What a road is called before its number.
const NUMBERED: &[&str] =
    &["highway", "hwy", "route", "rt", "rte", "road", "rd", "cr", "sr", "fm", "us", "interstate", "i"];
/// Street types that stand before the name.
const LEADING: &[&str] =
    &["calle", "avenida", "avenue", "via", "camino", "paseo", "rue", "rua", "carrera", "avda", "callejon"];
/// Words that no lower-case street name has.
#[rustfmt::skip]
const NOT_LOWER: &[&str] = &[
    "the", "a", "an", "of", "from", "on", "in", "to", "down", "up", "per", "and", "or", "by", "at", "with", "for",
    "into", "off", "this", "that", "is", "was", "blocks", "miles", "years", "days", "weeks", "months", "hours",
    "hour", "day", "minutes", "feet", "ft", "mg", "ml", "mcg", "g", "kg", "cm", "mm", "lbs", "times", "x", "more",
    "other", "people", "am", "pm",
];

/// A glance: whether a word that a street may be called, or an ordinal, follows the number of a house.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    if matches!(near.before(2), [hour, b':'] if hour.is_ascii_digit()) {
        return Ok(false);
    }
    let behind = near.behind(16)?;
    let letter = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'h');
    if behind.first_chunk::<2>().is_some_and(|two| one_of!(two, &["st", "nd", "rd", "th"])) {
        // `2nd Ave`
        return Ok(behind.get(2) == Some(&b' '));
    }
    let at = match behind {
        [b' ' | b'\t', ..] => 0,
        [b'-', b'A'..=b'H', b' ' | b'\t', ..] => 2,
        [b'-', rest @ ..] => {
            let more = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if more == 0 || !matches!(rest.get(more), None | Some(b' ' | b'\t')) {
                return Ok(false);
            }
            1 + more
        }
        [first, b' ', ..] if letter(first) => 1,
        _ => return Ok(false),
    };
    let rest = behind.get(at..).unwrap_or_default();
    let rest =
        rest.get(rest.iter().take(2).take_while(|byte| matches!(byte, b' ' | b'\t')).count()..).unwrap_or_default();
    let word = rest.get(..rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count()).unwrap_or_default();
    let ends =
        rest.get(word.len()).is_some_and(|next| next.is_ascii() && !next.is_ascii_alphabetic() && *next != b'\'');
    // `10 mg`, `9 weeks`: no street begins so, see `Read::take`.
    Ok(match rest.first() {
        Some(byte) if byte.is_ascii_alphanumeric() || *byte >= 0xc0 => {
            word.is_empty() || !ends || rest.get(word.len()) == Some(&b'-') || !one_of!(word, NOT_LOWER)
        }
        Some(_) => false,
        None => true,
    })
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    let digit = view.byte(0).is_some_and(|byte| byte.is_ascii_digit());
    let found = if digit { numbered(view).or_else(|| corner(view))? } else { boxed(view)? };
    let (start, end, confidence, reason) = found;
    Some(Verdict::new(start, end.min(LONGEST), kinds::LOCATION_STREET, confidence, reason))
}

/// What may stand before the number of a house.
const BEFORE_HOUSE: ByteSet = ByteSet::ALL.but(ByteSet::ALNUM.or(ByteSet::of(b"./-$#%@_+^"))).or(ByteSet::of(b"NSEW"));
/// What may stand behind its digits.
const BEHIND_HOUSE: ByteSet = ByteSet::of(b" \t-").range(b'A', b'Z').range(b'a', b'h').or(ByteSet::of(b"snrt"));

/// A word of an address.
struct Token<'a> {
    word: &'a [u8],
    end: i32,
    bits: u32,
    case: Case,
}

fn token<'a>(view: &View<'a>, at: i32) -> Option<Token<'a>> {
    let word = view.word(at);
    if word.is_empty() {
        return None;
    }
    let mut end = at + length(word);
    // `O'Neill St`, `Winston-Salem Rd`.
    while let Some(b'-' | b'\'') = view.byte(end) {
        let more = view.word(end + 1);
        if more.is_empty() {
            break;
        }
        end += 1 + length(more);
        if end > 80 {
            return None;
        }
    }
    Some(Token { word, end, bits: view.bits(word), case: case_of(word) })
}

/// The house number: `12`, `12A`, `45-12`, `123 1/2`. Returns its end.
fn house(view: &View<'_>) -> Option<i32> {
    // `W1177 Kettle Moraine Dr`: a grid of a county.
    let grid = is_on_grid(view);
    if let [.., last] = *view.before()
        && !grid
        && (last.is_ascii_alphanumeric()
            || matches!(last, b'.' | b'/' | b'-' | b'$' | b'#' | b'%' | b'@' | b'_' | b'+' | b'^'))
    {
        return None;
    }
    if let [.., hour, b':'] = *view.before()
        && hour.is_ascii_digit()
    {
        // `11:05 PM Dr. Lee`
        return None;
    }
    let digits = view.run(0, &ByteSet::DIGIT, 7);
    if digits.len() > 6 {
        return None;
    }
    let mut end = length(digits);
    match (view.byte(end), view.byte(end + 1)) {
        (Some(b'-'), Some(next)) if next.is_ascii_digit() => {
            let more = view.run(end + 1, &ByteSet::DIGIT, 5);
            if more.len() > 4 {
                return None;
            }
            end += 1 + length(more);
        }
        (Some(b'-'), Some(b'A'..=b'H')) => end += 2,
        (Some(b'A'..=b'Z' | b'a'..=b'h'), Some(b' ')) => end += 1,
        _ => {}
    }
    if view.slice(end, 4) == b" 1/2" {
        end += 4;
    }
    (blanks(view, end, 3) > 0).then_some(end)
}

/// Whether a letter of a direction stands before the number, and nothing else is joined to it.
fn is_on_grid(view: &View<'_>) -> bool {
    let digits = view.run(0, &ByteSet::DIGIT, 7).len();
    matches!(view.before(), [b'N' | b'S' | b'E' | b'W'] | [.., b' ' | b'\n' | b',' | b':', b'N' | b'S' | b'E' | b'W'])
        && (3..=5).contains(&digits)
        && view.byte(length(view.run(0, &ByteSet::DIGIT, 7))) == Some(b' ')
}

fn numbered(view: &View<'_>) -> Option<(i32, i32, u8, &'static str)> {
    let (start, end, confidence, reason) = plainly_numbered(view)?;
    Some((start - i32::from(is_on_grid(view)), end, confidence, reason))
}

fn plainly_numbered(view: &View<'_>) -> Option<(i32, i32, u8, &'static str)> {
    let house = house(view)?;
    let mut at = house + blanks(view, house, 2);
    // Cheap refusal: what follows is a word or an ordinal.
    let first = view.byte(at)?;
    if !(first.is_ascii_alphanumeric() || first >= 0xc0) {
        return None;
    }
    let mut read = Read::default();
    let mut best: Option<(i32, u8, bool)> = None;
    for _ in 0..6 {
        if view.byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
            // `45th`: an ordinal is a name of its own.
            let Some(end) = ordinal(view, at) else { break };
            read.names += 1;
            read.ordinal = true;
            read.ordinal_end = end;
            at = end;
        } else {
            let Some(token) = token(view, at) else { break };
            let after_dot = token.end + i32::from(view.byte(token.end) == Some(b'.'));
            if let Some(end) = road_number(view, &token, &read) {
                let short = token.case != Case::Lower && token.word.len() < 3;
                return (!short || ends(view, end)).then_some((0, unit(view, end), 85, "numbered road"));
            }
            if read.names == 0 && one_of!(token.word, LEADING) && (token.case != Case::Lower || token.word == b"rue") {
                return leading(view, &token).map(|end| (0, unit(view, end), 82, "street type first"));
            }
            if let Some(confidence) = suffix(view, &token, &read) {
                let abbreviated = !one_of!(token.word, SURE) || token.word.len() < 5;
                let end = if abbreviated { after_dot } else { token.end };
                best = Some((end, confidence, true));
                read.suffixes += 1;
            } else if best.is_some() {
                break;
            }
            if best.is_none_or(|(end, ..)| end < token.end) && !read.take(&token, view) {
                break;
            }
            at = if read.direction || one_of!(token.word, &["st", "ft", "mt", "dr"]) { after_dot } else { token.end };
        }
        let space = blanks(view, at, 2);
        if space == 0 {
            break;
        }
        at += space;
    }
    if best.is_none() && read.ordinal && read.headed && read.names == 1 {
        // `300 E 5th`.
        return Some((0, unit(view, at.min(read.ordinal_end)), 70, "number, direction, ordinal"));
    }
    let (end, confidence, _) = best?;
    Some((0, unit(view, direction_after(view, end)), confidence, "number, name, street type"))
}

/// `on 2nd Ave W`, `Broadway & 45th St`: a street that is called by its number.
fn corner(view: &View<'_>) -> Option<(i32, i32, u8, &'static str)> {
    let before = view.before();
    let led = before.last() == Some(&b' ')
        && (before.ends_with(b"& ")
            || one_of!(
                crate::name::cue::previous_word(before),
                &["on", "at", "near", "and", "between", "off", "of", "by", "from", "to", "down", "along"],
            ));
    let name = ordinal(view, 0)?;
    let token = token(view, name + 1).filter(|_| view.byte(name) == Some(b' '))?;
    let street = one_of!(token.word, SURE) || one_of!(token.word, &["st", "pl"]);
    if !led || !street || token.case == Case::Lower && token.word.len() < 4 {
        return None;
    }
    let dotted = token.word.len() < 5 && view.byte(token.end) == Some(b'.') && view.byte(token.end + 1) != Some(b' ');
    Some((0, direction_after(view, token.end + i32::from(dotted)), 74, "street called by its number"))
}

/// What was read of a street's name so far.
#[derive(Default)]
struct Read {
    names: u8,
    lower: u8,
    upper: u8,
    clinical: bool,
    top: bool,
    ordinal: bool,
    ordinal_end: i32,
    direction: bool,
    /// A direction stands before the name.
    headed: bool,
    suffixes: u8,
}

impl Read {
    /// Takes a word of the name; `false` when no street is called so.
    fn take(&mut self, token: &Token<'_>, view: &View<'_>) -> bool {
        self.direction = direction(token.word);
        if self.direction && self.names == 0 && token.case != Case::Lower {
            self.headed = true;
            return true;
        }
        if one_of!(token.word, NOT_LOWER) && token.case != Case::Capital {
            return false;
        }
        match token.case {
            // `Ponce de Leon Blvd`.
            Case::Lower
                if self.names > self.lower && one_of!(token.word, &["de", "la", "del", "of", "the", "y", "los"]) =>
            {
                return true;
            }
            Case::Lower if self.names > self.lower => return false,
            Case::Lower => self.lower += 1,
            Case::Upper => self.upper += 1,
            Case::Initial if !direction(token.word) && view.byte(token.end) != Some(b'.') && self.names == 0 => {
                return false;
            }
            _ => {}
        }
        self.clinical |= token.bits & (cat::CLINICAL | cat::DRUG) != 0 && token.bits & cat::ANY_NAME == 0;
        // `4 lane road`: a type is no lower-case name.
        self.top |= token.case == Case::Lower && token.bits & cat::STREET_SUFFIX != 0
            || token.bits & cat::WORD_TOP != 0 && token.bits & (cat::ANY_NAME | cat::CITY) == 0;
        self.names += 1;
        self.names < 5
    }
}

fn direction(word: &[u8]) -> bool {
    matches!(word, b"N" | b"S" | b"E" | b"W" | b"NE" | b"NW" | b"SE" | b"SW")
        || one_of!(word, &["north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"])
}

/// The end of `45th` at `at`.
fn ordinal(view: &View<'_>, at: i32) -> Option<i32> {
    let digits = view.run(at, &ByteSet::DIGIT, 4);
    let end = at + length(digits);
    let word = view.word(end);
    (digits.len() < 4 && one_of!(word, &["st", "nd", "rd", "th"])).then(|| end + 2)
}

/// How sure the street type `token` is behind what was read.
fn suffix(view: &View<'_>, token: &Token<'_>, read: &Read) -> Option<u8> {
    if token.bits & cat::STREET_SUFFIX == 0 && !one_of!(token.word, SURE) && !one_of!(token.word, SHORT) {
        return None;
    }
    let broadway = one_of!(token.word, &["broadway"]) && token.case != Case::Lower;
    if read.names == 0 {
        return broadway.then_some(85);
    }
    let sure = one_of!(token.word, SURE);
    let short = one_of!(token.word, SHORT);
    if read.clinical && !(sure && place_around(view, token.end)) {
        return None;
    }
    let all_lower = read.lower == read.names;
    if token.case == Case::Lower {
        // `123 main street`, `5 elm st, Toledo`.
        let plain = read.lower <= 2 && (read.lower == read.names || read.ordinal || sure);
        return match (sure, plain) {
            (true, true) if !read.top || place_around(view, token.end) || !all_lower => Some(72),
            (false, true) if short && !read.top && (place_around(view, token.end) || !all_lower) => Some(62),
            _ => None,
        };
    }
    if all_lower && !read.ordinal {
        return None;
    }
    // `12 Lead ST`: the type is written as the name is.
    if token.case == Case::Upper && read.upper == 0 && !read.ordinal && token.word.len() < 4 {
        return None;
    }
    match (sure, short) {
        (true, _) => Some(93),
        (_, true) => Some(85),
        _ => place_around(view, token.end).then_some(70),
    }
}

/// Whether an address goes on, or was announced: a unit, a city, a label before.
fn place_around(view: &View<'_>, end: i32) -> bool {
    ends(view, end) || {
        let before = view.before();
        let tail = before.get(before.len().saturating_sub(20)..).unwrap_or_default();
        let at = before.trim_ascii_end();
        at.ends_with(b" at")
            || ["ddress", "ADDRESS", "lives at", "live at", "reside", "located at", "home at", "treet:"]
                .iter()
                .any(|cue| tail.windows(cue.len()).any(|window| window == cue.as_bytes()))
    }
}

/// Whether an address may end at `end`: a comma, a line's end, a unit, a ZIP code.
fn ends(view: &View<'_>, end: i32) -> bool {
    let end = end + i32::from(view.byte(end) == Some(b'.'));
    match view.byte(end) {
        None | Some(b',' | b'\n' | b'\r' | b';' | b'#' | b'"' | b'|' | b'\t' | b'<') => true,
        Some(b' ') => {
            let word = view.word(end + 1);
            matches!(view.byte(end + 1), Some(b'#' | b'(' | b' '))
                || (view.bits(word) & cat::UNIT_WORD != 0
                    && !one_of!(word, &["side", "rear", "upper", "lower", "front"]))
                || (starts_upper(word) && view.bits(word) & cat::CITY != 0)
        }
        _ => false,
    }
}

/// `Highway 50`, `County Road 12`, `Route 9W`: the end of the number, when `token` is such a road.
fn road_number(view: &View<'_>, token: &Token<'_>, read: &Read) -> Option<i32> {
    if !one_of!(token.word, NUMBERED) || token.case == Case::Lower && token.word.len() < 5 {
        return None;
    }
    // A bare `Road` needs its county or state before it.
    if one_of!(token.word, &["road", "rd"]) && (read.names == 0 || read.suffixes > 0) {
        return None;
    }
    let dot = i32::from(matches!(view.byte(token.end), Some(b'.' | b'-')));
    let at = token.end + dot + blanks(view, token.end + dot, 1);
    let digits = view.run(at, &ByteSet::DIGIT, 5);
    let end = at + length(digits);
    let tail = view.word(end);
    let fits = !digits.is_empty() && digits.len() < 5 && at > token.end && tail.len() < 2;
    // A decimal or a percentage is a measurement.
    let measured = matches!(view.byte(end), Some(b'%' | b'/'))
        || (view.byte(end) == Some(b'.') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()));
    (fits && !measured).then(|| end + length(tail))
}

/// `Calle Luna`, `Avenue of the Americas`, `Avenue B`: the end of the name behind a type that comes first.
fn leading(view: &View<'_>, first: &Token<'_>) -> Option<i32> {
    let mut end = first.end;
    let mut names = 0;
    for _ in 0..5 {
        let space = blanks(view, end, 1);
        if space == 0 {
            break;
        }
        let Some(token) = token(view, end + space) else { break };
        if names > 0 && token.bits & cat::UNIT_WORD != 0 {
            break;
        }
        if token.case == Case::Lower
            && !one_of!(token.word, &["of", "the", "de", "la", "del", "los", "las", "du", "des"])
        {
            break;
        }
        names += i32::from(token.case != Case::Lower);
        end = token.end;
    }
    (names > 0).then_some(end)
}

/// The end of a direction behind the street type: `Main St NW`.
fn direction_after(view: &View<'_>, end: i32) -> i32 {
    let space = blanks(view, end, 1);
    let word = view.word(end + space);
    if space > 0 && direction(word) && starts_upper(word) {
        let after = end + space + length(word);
        return if word.len() < 3 && view.byte(after) == Some(b'.') { after + 1 } else { after };
    }
    end
}

/// The end of the units behind an address: `, Apt 4B`, `#12`, `Suite 300, Floor 2`.
fn unit(view: &View<'_>, mut end: i32) -> i32 {
    for _ in 0..2 {
        let comma = i32::from(view.byte(end) == Some(b','));
        let mut at = end + comma + blanks(view, end + comma, 2);
        if at == end + comma && comma == 0 {
            match gap(view, end) {
                Some((len, true)) => at = end + len,
                _ => return end,
            }
        }
        if let Some(floor) = ordinal(view, at) {
            let space = blanks(view, floor, 1);
            let word = view.word(floor + space);
            if space > 0 && one_of!(word, &["floor", "fl"]) {
                end = floor + space + length(word);
                continue;
            }
            return end;
        }
        let word = view.word(at);
        let mut id = at;
        if !word.is_empty() {
            if !one_of!(
                word,
                &[
                    "apt",
                    "apartment",
                    "unit",
                    "suite",
                    "ste",
                    "rm",
                    "room",
                    "fl",
                    "floor",
                    "bldg",
                    "building",
                    "lot",
                    "trlr",
                    "trailer",
                    "space",
                    "spc",
                    "box",
                    "ph",
                    "penthouse",
                    "no",
                    "tower",
                ],
            ) {
                return end;
            }
            id = at + length(word);
            id += i32::from(view.byte(id) == Some(b'.'));
            id += blanks(view, id, 2);
        }
        if view.byte(id) == Some(b'#') {
            id += 1 + blanks(view, id + 1, 1);
        } else if word.is_empty() {
            return end;
        }
        let value = view.run(id, &ByteSet::ALNUM.with(b'-'), 9);
        let numbered =
            value.iter().any(u8::is_ascii_digit) || (value.len() == 1 && value.iter().all(u8::is_ascii_uppercase));
        if value.is_empty() || value.len() > 8 || !numbered {
            return end;
        }
        end = id + length(value);
    }
    end
}

/// `PO Box 12`, `P.O. Box 12`, `Post Office Box 12`, `RR 2 Box 15`.
fn boxed(view: &View<'_>) -> Option<(i32, i32, u8, &'static str)> {
    let word = view.word(0);
    let mut at = length(word);
    let mut start = 0;
    let skip = |at: i32| at + blanks(view, at, 2);
    if one_of!(word, &["box"]) {
        // Only behind `P.O.`; the other forms have triggers of their own.
        let before = view.before();
        let tail = before.get(before.len().saturating_sub(6)..).unwrap_or_default();
        let lead = [&b"P.O. "[..], b"P. O. ", b"P O ", b"p.o. ", b"P.O ", b"P.O."]
            .into_iter()
            .find(|lead| tail.ends_with(lead))?;
        start = -length(lead);
    } else if one_of!(word, &["po"]) {
        if view.byte(at) == Some(b'.') {
            at += 1;
        }
        at = boxed_word(view, skip(at))?;
    } else if one_of!(word, &["post"]) {
        let office = view.word(skip(at));
        if !one_of!(office, &["office"]) {
            return None;
        }
        at = boxed_word(view, skip(skip(at) + length(office)))?;
    } else if one_of!(word, &["rr", "hc", "rural"]) {
        let mut from = skip(at);
        if word.eq_ignore_ascii_case(b"rural") {
            let route = view.word(from);
            if !one_of!(route, &["route", "rt", "rte"]) {
                return None;
            }
            from = skip(from + length(route));
        }
        let route = number(view, from)?;
        let comma = i32::from(view.byte(route) == Some(b','));
        return match boxed_word(view, skip(route + comma)).and_then(|at| number(view, skip(at))) {
            Some(end) => Some((0, end, 90, "rural route")),
            // `RR 18` is a breathing rate: the route alone must be spelt out.
            None => word.eq_ignore_ascii_case(b"rural").then_some((0, route, 80, "rural route")),
        };
    }
    let hash = i32::from(view.byte(skip(at)) == Some(b'#'));
    let end = number(view, skip(at) + hash)?;
    Some((start, end, 94, "post box"))
}

/// The end of the word `box` at `at`.
fn boxed_word(view: &View<'_>, at: i32) -> Option<i32> {
    one_of!(view.word(at), &["box"]).then_some(at + 3)
}

/// The end of a number at `at`, with one letter perhaps.
fn number(view: &View<'_>, at: i32) -> Option<i32> {
    let digits = view.run(at, &ByteSet::DIGIT, 8);
    let end = at + length(digits);
    let tail = view.word(end);
    (!digits.is_empty() && digits.len() < 8 && tail.len() < 2).then(|| end + length(tail))
}
