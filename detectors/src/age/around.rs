//! Numbers that are an age by what stands around them: a person before, a sex beside, a list of ages, a birth.

use blackbar_engine::View;

use super::KIN;
use crate::scan::{WordsBack, blanks, is_wordy, len};
use crate::words::category;

/// Where the age ends and why, behind a number that ends at `at`.
pub(super) type Told = Option<(i32, &'static str)>;

/// Ages in lists, tables and remarks. `years` is one past the number and perhaps `yr`.
pub(super) fn told(view: &View<'_>, text: &[u8], at: i32) -> Told {
    let years = years(view, at);
    aside(view, text, at, years)
        .or_else(|| cell(view, text, at))
        .or_else(|| listed(text).then_some((at, "list of ages")))
        .or_else(|| relative(view, text, at).then_some((years, "age of a relative")))
        .or_else(|| born(text).then_some((years, "age behind a birth")))
}

/// One past ` yr`, ` yrs`, `y` or ` years` behind `at`; `at` without one.
fn years(view: &View<'_>, at: i32) -> i32 {
    let from = at + blanks(view, at, 1);
    let word = view.word(from);
    if one_of!(word, &["yr", "yrs", "years", "y"]) { from + len(word) } else { at }
}

/// `Ole Gunderson (93)`, `06/11/1932 (92)`, `Pop Haldeman, 93, took`.
fn aside(view: &View<'_>, text: &[u8], at: i32, years: i32) -> Told {
    let closes = view.byte(years);
    match text {
        [head @ .., b' ', b'('] if matches!(closes, Some(b')' | b',' | b';')) => {
            (closes == Some(b')') || years > at).then_some(())?;
            let head = head.trim_ascii_end();
            (person_ends(view, head) || date_ends(head)).then_some((years, "age in brackets"))
        }
        [head @ .., b',', b' '] if matches!(closes, Some(b',' | b';' | b')')) => {
            let figure = closes == Some(b',') && view.byte(years + 1).is_some_and(|byte| byte.is_ascii_digit());
            (!figure && person_ends(view, head)).then_some((years, "age behind a name"))
        }
        _ => None,
    }
}

/// `Kuykendall, Orville  94   2W`, `214 Guo Y 99F`, `F   95   04/29/30`.
fn cell(view: &View<'_>, text: &[u8], at: i32) -> Told {
    let head = text.trim_ascii_end();
    let gap = text.get(head.len()..)?;
    if gap.is_empty() || gap.contains(&b'\n') {
        return None;
    }
    let wide = gap.len() > 1 || gap == b"\t";
    let (head, barred) = match head.strip_suffix(b"|") {
        Some(rest) => (rest.trim_ascii_end(), true),
        None => (head, false),
    };
    let behind = blanks(view, at, 24);
    let sex = view.word(at + behind);
    let lone = |word: &[u8]| matches!(word, b"M" | b"F");
    let sexed = lone(sex) && !view.byte(at + behind + 1).is_some_and(is_wordy);
    let ends = behind > 1 || matches!(view.byte(at + behind), None | Some(b'\n' | b'\r' | b'\t' | b'|'));
    // A pressure in the next column: the number is one of the vital signs.
    let next = view.slice(at + behind, 7);
    let pressed = next.iter().take(3).all(u8::is_ascii_digit) && next.get(3) == Some(&b'/');
    if pressed || warm(text) {
        return None;
    }
    if let Some(before) = head.strip_suffix(b"M").or_else(|| head.strip_suffix(b"F"))
        && (before.ends_with(b"  ") || before.ends_with(b"\t") || before.ends_with(b"|") || before.ends_with(b"| "))
        && (wide || barred)
        && ends
    {
        return Some((at, "age behind a sex"));
    }
    if sexed
        && (wide || barred)
        && behind > 1
        && view.byte(at + behind + 1).is_none_or(|byte| b" \t|\n\r".contains(&byte))
    {
        return Some((at, "age before a sex"));
    }
    let fits = sexed && behind < 2 || ends && (wide || barred || behind > 1);
    (fits && person_ends(view, head)).then_some((at, "age behind a name"))
}

/// Whether a temperature, a pulse or a saturation is spoken of.
fn warm(text: &[u8]) -> bool {
    mentions!(
        text,
        &[
            "temp",
            "temperature",
            "tmax",
            "fever",
            "febrile",
            "sat",
            "sats",
            "spo",
            "hr",
            "pulse",
            "rate",
            "bp",
            "map",
            "ext",
            "glucose",
            "bg",
            "weight",
            "wt"
        ],
        4
    )
}

/// Whether `text` ends with the name of a person of two words: `Orville Kuykendall`, `Kuykendall, O.`.
pub(super) fn person_ends(view: &View<'_>, text: &[u8]) -> bool {
    let mut words = WordsBack::new(text);
    let (Some(last), Some(first)) = (words.next(), words.next()) else { return false };
    let parted = matches!(last.gap, b"" | b"." | b"\"");
    let beside = matches!(first.gap, b" " | b", " | b"-" | b". " | b"'" | b"," | b" \"")
        || first.gap.len() > 1 && first.gap.len() < 14 && first.gap.iter().all(|byte| matches!(byte, b' ' | b'\t'));
    if !(parted && beside) {
        return false;
    }
    let titled = one_of!(first.word, &["mr", "mrs", "ms", "miss", "don", "doña", "sr", "sra", "rev", "sister"]);
    name(view, last.word, true) && (titled || name(view, first.word, false))
}

/// Whether a word can be one of a name: a capital, and no word of medicine. An initial is enough for a given name.
fn name(view: &View<'_>, word: &[u8], initial: bool) -> bool {
    const OTHER: u32 = category::CLINICAL
        | category::DRUG
        | category::FACILITY_WORD
        | category::ORG_WORD
        | category::WEEKDAY
        | category::STREET_SUFFIX
        | category::UNIT_WORD;
    if !word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80) {
        return false;
    }
    if word.len() == 1 {
        return initial;
    }
    let bits = view.bits(word);
    bits & category::ANY_NAME != 0 && bits & OTHER == 0 || bits == 0 && word.len() > 3
}

/// Whether a date with its year ends `text`: `06/11/1932`, `3 May 1931`.
fn date_ends(text: &[u8]) -> bool {
    match text {
        [.., b'/' | b'-' | b' ', b'1', b'8' | b'9', a, b] => a.is_ascii_digit() && b.is_ascii_digit(),
        [.., a, b'/' | b'-', b, c] => [a, b, c].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// `aged 84, 87, 92 and`: ages before this one.
fn listed(text: &[u8]) -> bool {
    let mut rest = text;
    for _ in 0..6 {
        let head = rest.trim_ascii_end();
        let head = head.strip_suffix(b"and").or_else(|| head.strip_suffix(b"&")).or_else(|| head.strip_suffix(b"AND"));
        let head = head.unwrap_or_else(|| rest.trim_ascii_end()).trim_ascii_end();
        let head = head.strip_suffix(b",").unwrap_or(head);
        let width = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&width) {
            break;
        }
        rest = head.get(..head.len() - width).unwrap_or_default();
    }
    rest.len() < text.len()
        && WordsBack::new(rest)
            .next()
            .is_some_and(|back| one_of!(back.word, &["aged", "ages"]) && matches!(back.gap, b" " | b": " | b":"))
}

/// `her mother Bibi Gul about 93`, `sister Henrietta is 99`, `grandma was 103 at death`, `MGM breast at 92`.
fn relative(view: &View<'_>, text: &[u8], at: i32) -> bool {
    const LINKS: &[&str] =
        &["is", "was", "about", "almost", "nearly", "made", "reached", "now", "s", "approx", "around", "age", "only"];
    let closes = match view.byte(at) {
        None => true,
        Some(b' ') => {
            let word = view.word(at + 1);
            !one_of!(word, &["of", "over", "on", "for", "to", "x", "per", "c", "f"])
        }
        Some(b'-') => view.byte(at + 1).is_some_and(|byte| byte.is_ascii_digit()),
        Some(byte) => b",.;)\n\r!?".contains(&byte) || byte >= 0x80,
    };
    if !closes || warm(text) {
        return false;
    }
    let mut at_age = false;
    for (i, back) in WordsBack::new(text).take(6).enumerate() {
        let plain = match i {
            0 => matches!(back.gap, b" " | b" ~" | b"'s " | b" (" | b" - "),
            _ => matches!(back.gap, b" " | b", " | b". " | b"-" | b"'" | b": " | b": \"" | b"/"),
        };
        let dead = at_age && back.gap.len() < 9 && one_of!(back.word, &["d", "died"]);
        if !plain && !dead {
            return false;
        }
        if one_of!(back.word, KIN) {
            return i > 0 || one_of!(back.word, &["uncle", "aunt", "mgm", "mgf", "pgm", "pgf", "grandma", "grandpa"]);
        }
        if i == 0 && one_of!(back.word, &["at"]) {
            at_age = true;
            continue;
        }
        let capital = back.word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
        let named = capital && view.bits(back.word) & (category::CLINICAL | category::DRUG) == 0;
        let titled = one_of!(back.word, &["mrs", "mr", "ms"]);
        if !(at_age || named || titled || one_of!(back.word, LINKS)) {
            return false;
        }
    }
    false
}

/// `DOB 22 Aug 34, so 90`, `b. 18 Jan 1935, so just 90`.
fn born(text: &[u8]) -> bool {
    let mut words = WordsBack::new(text);
    let Some(link) = words.next() else { return false };
    if !one_of!(link.word, &["so", "just", "now", "thus", "hence", "making"]) || link.gap != b" " {
        return false;
    }
    words.take(6).any(|back| one_of!(back.word, &["dob", "born", "b", "birth", "birthdate", "bday"]))
}

/// Whether a number in words is the age of somebody: `Zygmunt, ninety-six and`, `that's ninety-two with`, `(ninety-one)`.
pub(super) fn said(view: &View<'_>, text: &[u8], end: i32) -> bool {
    const QUANTITIES: &[&str] = &[
        "percent", "over", "point", "degrees", "thousand", "dollars", "per", "and", "oh", "beats", "systolic",
        "million", "hundred", "cents", "bucks",
    ];
    const SUBJECTS: &[&str] = &[
        "he",
        "she",
        "i",
        "that",
        "who",
        "they",
        "it",
        "patient",
        "pt",
        "gentleman",
        "lady",
        "woman",
        "man",
        "client",
        "will",
        "shes",
        "hes",
        "resident",
        "you",
    ];
    let next = view.word(end + blanks(view, end, 1));
    // `ninety-six and living`, but `ninety and a hundred`.
    let and = next.eq_ignore_ascii_case(b"and")
        && !one_of!(view.word(end + blanks(view, end, 1) + 4), &["a", "one", "two", "three", "four", "five", "six"]);
    let said_of_vitals = mentions!(
        text,
        &[
            "rate",
            "pulse",
            "sat",
            "sats",
            "saturation",
            "saturating",
            "oxygen",
            "pressure",
            "bp",
            "temp",
            "temperature",
            "glucose",
            "sugar",
            "weight",
            "copay",
            "cost",
            "balance",
            "price",
            "bill",
            "total",
            "charge",
            "room",
            "number",
            "dose",
            "map",
            "systolic",
            "diastolic",
            "pounds",
            "level",
            "visit",
            "deductible"
        ],
        6
    );
    if said_of_vitals || one_of!(next, QUANTITIES) && !and || view.byte(end) == Some(b'%') {
        return false;
    }
    match text {
        [head @ .., b' ', b'('] => return view.byte(end) == Some(b')') && person_ends(view, head),
        [head @ .., b',', b' '] => {
            let closes = and || matches!(view.byte(end), Some(b',' | b';' | b')' | b'.'));
            return closes && (person_ends(view, head) || relative(view, head, end) || kin_named(view, head));
        }
        _ => {}
    }
    let mut words = WordsBack::new(text);
    let Some(link) = words.next().filter(|link| link.gap == b" " || link.gap == b" \"") else { return false };
    if one_of!(link.word, &["shes", "hes", "im", "turn", "turns", "turned", "turning"]) {
        return true;
    }
    let Some(who) = words.next() else { return false };
    match link.word {
        word if one_of!(word, &["is", "was", "be", "s", "m", "almost", "nearly"]) => {
            let capital = who.word.len() > 2
                && who.word.first().is_some_and(u8::is_ascii_uppercase)
                && view.bits(who.word) & category::ANY_NAME != 0
                && view.bits(who.word) & category::CLINICAL == 0;
            one_of!(who.word, SUBJECTS) || one_of!(who.word, KIN) || capital
        }
        word if one_of!(word, &["at"]) => who.gap == b", " || name(view, who.word, false) && who.gap == b" ",
        _ => false,
    }
}

/// `brother, Zygmunt`: a relative and his given name.
fn kin_named(view: &View<'_>, text: &[u8]) -> bool {
    let mut words = WordsBack::new(text);
    let named = words.next().is_some_and(|back| back.gap.is_empty() && name(view, back.word, false));
    named && words.next().is_some_and(|back| matches!(back.gap, b" " | b", ") && one_of!(back.word, KIN))
}
