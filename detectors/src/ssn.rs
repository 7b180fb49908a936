//! Social security numbers and the taxpayer numbers written like them.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::checks::ssn_issuable;
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::connect;
use crate::shape::{any_digit, any_hyphen, clamp, invisible, line_break};

/// Social security and individual taxpayer numbers: by their grouping, by their label, masked, or their last four.
pub static SSN: Detector = Detector {
    id: Cow::Borrowed("us-ssn"),
    kind: kinds::SSN,
    class: Cow::Borrowed("G"),
    priority: 60,
    window: Window { before: 48, longest: 144, after: 8 },
    reach: Reach { bytes: 24, across: MASK_AREA },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(4, 4).before(MASK_AREA).inside().or_hinted(hint::SSN), glance_masked),
        Trigger::NumberWhen(DigitRun::of_lens(3, 3).after(ByteSet::ALL.but(ByteSet::ALNUM)).goes_on(), glance_area),
        Trigger::Words(&[
            "ssn", "ssns", "ss", "social", "soc", "socsec", "itin", "tin", "tax", "taxpayer", "last", "lastfour",
            "taxid", "ssnlast",
        ]),
        Trigger::Field(hint::SSN),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "3-2-4 digits with hyphens, dots, blanks or Unicode ones; nine bare digits behind a label; XXX-XX-1234; the last \
         four behind a label; ITINs",
    ),
    refuses: Cow::Borrowed("ZIP+4, telephone numbers, nine digits without a label, parts of longer numbers"),
};

/// What stands for hidden digits: signs, letters, and the bytes of the bullets U+2022, U+25CF and U+00B7.
const MASK: ByteSet = ByteSet::of(b"xX*#\xe2\x80\xa2\x97\x8f\xc2\xb7");
/// Masked groups with their separators.
const MASK_AREA: ByteSet = MASK.or(ByteSet::of(b"- ."));

/// A glance at four digits: whether signs that hide others stand before them.
fn glance_masked(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let hides = near.before(24).iter().rev().find(|byte| !matches!(byte, b'-' | b' ' | b'.'));
    Ok(hides.is_some_and(|byte| MASK.has(*byte)))
}

/// A glance at three digits: whether two follow.
fn glance_area(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let behind = near.behind(12)?;
    let Some(at) = behind.iter().position(u8::is_ascii_digit) else { return Ok(true) };
    let plain = behind.iter().all(|byte| byte.is_ascii() && !matches!(byte, b'&' | b'%' | b'\\'));
    let second = behind.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    Ok(!plain || second == 2 || at + second == behind.len())
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    match view.byte(0)? {
        b'0'..=b'9' => numbered(view).or_else(|| field(view)),
        _ => labelled(view).or_else(|| field(view)),
    }
}

/// A number that shows by itself what it is.
fn numbered(view: &View<'_>) -> Option<Verdict> {
    if let Some(verdict) = masked(view) {
        return Some(verdict);
    }
    let number = Number::read(view, 0)?;
    let (area, separators) = (number.groups == [3, 2, 4], number.separators);
    if !area || separators == Separators::None || !stands_alone(view, number.end) {
        return None;
    }
    let issuable = ssn_issuable(&number.digits);
    let confidence = match (separators, issuable, context_before(view)) {
        (_, true, true) => 97,
        (_, false, true) => 85,
        (Separators::Hyphens, true, false) => 90,
        (Separators::Hyphens, false, false) => 65,
        (Separators::Dots, true, false) => 65,
        (Separators::Blanks, true, false) if !in_row(view, number.end) => 65,
        _ => return None,
    };
    Some(Verdict::new(0, number.end, kinds::SSN, confidence, "grouped 3-2-4"))
}

/// `XXX-XX-1234`, triggered at its digits.
fn masked(view: &View<'_>) -> Option<Verdict> {
    if view.run(0, &ByteSet::DIGIT, 5).len() != 4 {
        return None;
    }
    let before = view.before();
    let signs = before.iter().rev().take(24).take_while(|byte| MASK_AREA.has(**byte)).count();
    let area = before.get(before.len() - signs..)?;
    // The prose before it may end in blanks or stops.
    let lead = area.iter().position(|byte| MASK.has(*byte))?;
    let area = area.get(lead..)?;
    let hidden = hidden_digits(area);
    let marks = area.iter().filter(|byte| matches!(byte, b'-' | b' ' | b'.')).count();
    let letters_before =
        before.len() > area.len() && before.get(before.len() - area.len() - 1).is_some_and(u8::is_ascii_alphanumeric);
    let grouped = hidden == 5 && marks == 2;
    if letters_before || !(grouped || ((5..=6).contains(&hidden) && context_before(view))) {
        return None;
    }
    Some(Verdict::new(-clamp(area.len()), 4, kinds::SSN, 88, "masked"))
}

/// How many digits the signs of `area` hide; a bullet has several bytes.
fn hidden_digits(area: &[u8]) -> usize {
    area.iter().filter(|byte| matches!(byte, b'x' | b'X' | b'*' | b'#' | 0xe2 | 0xc2)).count()
}

/// A number behind a label.
fn labelled(view: &View<'_>) -> Option<Verdict> {
    if context::coded(view) {
        return None;
    }
    let label = label_end(view, 0)?;
    let between = connect(view, label.end, true);
    let (at, last_four) = match between {
        Some(between) => skip_last_four(view, between.at, label.last_four)?,
        None => return None,
    };
    let digit_count = view.run(at, &ByteSet::DIGIT, 10).len();
    if let Some(number) = Number::read(view, at)
        && !view.byte(number.end).is_some_and(|b| b.is_ascii_alphanumeric())
    {
        let fits = number.groups == [3, 2, 4] || number.groups == [9, 0, 0] || number.groups == [3, 3, 3];
        let business = label.tax && number.groups == [2, 7, 0];
        if fits || business {
            let confidence = if ssn_issuable(&number.digits) || business { label.confidence } else { 80 };
            return Some(Verdict::new(at, number.end, kinds::SSN, confidence, "label"));
        }
    }
    // `SSN: 1234` names the last four by custom; more digits are something else.
    let ends = |end: i32| {
        let decimal = matches!(view.byte(end), Some(b'.' | b'-' | b'/' | b':'));
        let joins = view.byte(end).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'%');
        let goes_on = decimal && view.byte(end + 1).is_some_and(|b| b.is_ascii_digit());
        !joins && !goes_on
    };
    let custom = label.strong && !year_like(view.slice(at, 4));
    ((last_four || custom) && digit_count == 4 && ends(at + 4))
        .then(|| Verdict::new(at, at + 4, kinds::SSN, if last_four { 88 } else { 70 }, "last four"))
}

/// The start of a field that is named for it.
fn field(view: &View<'_>) -> Option<Verdict> {
    if !view.begins(0) || !context::hinted(view, hint::SSN) {
        return None;
    }
    let number = Number::read(view, 0);
    if let Some(number) = number
        && number.groups.iter().sum::<usize>() == 9
        && view.ends(number.end)
    {
        return Some(Verdict::new(0, number.end, kinds::SSN, 95, "field"));
    }
    let lone = view.run(0, &ByteSet::DIGIT, 10).len();
    ((4..=9).contains(&lone) && view.ends(clamp(lone))).then(|| Verdict::new(0, clamp(lone), kinds::SSN, 75, "field"))
}

/// A label that was read.
struct Read {
    end: i32,
    confidence: u8,
    /// Used for nothing but these numbers.
    strong: bool,
    /// Tax numbers of businesses have the grouping 2-7.
    tax: bool,
    /// It says that only the last four follow.
    last_four: bool,
}

/// Reads the label that starts at `at`: `SSN`, `soc sec no`, `last four of her social`.
fn label_end(view: &View<'_>, at: i32) -> Option<Read> {
    let word = view.word(at);
    let end = at + clamp(word.len());
    let strong = |end| Read { end, confidence: 97, strong: true, tax: false, last_four: false };
    let next_word = |end: i32| {
        let mut from = end;
        while from - end < 4 && matches!(view.byte(from), Some(b' ' | b'-' | b'_' | b'.' | b'\n' | b'\r' | b'/')) {
            from += 1;
        }
        (from, view.word(from))
    };
    if one_of!(word, &["ssn", "ssns", "socsec", "itin"]) {
        return Some(strong(end));
    }
    if one_of!(word, &["ss", "social", "soc"]) {
        let (from, next) = next_word(end);
        if one_of!(next, &["security", "sec"]) {
            return Some(strong(from + clamp(next.len())));
        }
        let numbered = view.byte(from) == Some(b'#') || one_of!(next, &["number", "no", "num", "nbr"]);
        // "Social: lives alone" has no digits behind it; the value decides.
        let confidence = if numbered { 95 } else { 85 };
        let is_social = one_of!(word, &["social"]);
        return (numbered || is_social).then_some(Read {
            end,
            confidence,
            strong: false,
            tax: false,
            last_four: false,
        });
    }
    if one_of!(word, &["tin", "tax", "taxpayer", "taxid"]) {
        let (from, next) = next_word(end);
        let numbered = one_of!(next, &["id", "identification", "identifier", "number", "no", "num"]);
        let alone = one_of!(word, &["tin", "taxid"]);
        let end = if numbered { from + clamp(next.len()) } else { end };
        return (numbered || alone).then_some(Read { end, confidence: 85, strong: false, tax: true, last_four: false });
    }
    if one_of!(word, &["last", "lastfour"]) {
        return last_four_of(view, end, one_of!(word, &["lastfour"]));
    }
    None
}

/// `last (4|four) (digits) (of) (the patient's) SSN`, from behind `last`.
fn last_four_of(view: &View<'_>, from: i32, mut four: bool) -> Option<Read> {
    let mut at = from;
    for _ in 0..7 {
        while at - from < 40 && matches!(view.byte(at), Some(b' ' | b'-' | b'\n' | b'(' | b'\'' | b'#' | b'_')) {
            at += 1;
        }
        if !four && view.byte(at) == Some(b'4') && !view.byte(at + 1).is_some_and(|b| b.is_ascii_digit()) {
            four = true;
            at += 1;
            continue;
        }
        let word = view.word(at);
        if one_of!(word, &["ssn", "social", "ss", "soc", "itin"]) {
            let read = label_end(view, at)?;
            return four.then_some(Read { last_four: true, ..read });
        }
        four |= one_of!(word, &["four"]);
        const BETWEEN: &[&str] = &[
            "four", "digits", "of", "the", "his", "her", "their", "your", "my", "patient", "pt", "s", "on", "numbers",
        ];
        if !one_of!(word, BETWEEN) {
            return None;
        }
        at += clamp(word.len());
    }
    None
}

/// Skips `(last 4)`, `ending in`, `last four digits`, and masks, between a label and its number.
fn skip_last_four(view: &View<'_>, from: i32, mut last_four: bool) -> Option<(i32, bool)> {
    let mut at = from;
    for _ in 0..10 {
        let byte = view.byte(at)?;
        if byte == b'4' && last_four && !view.byte(at + 1).is_some_and(|b| b.is_ascii_digit() || b == b'-') {
            at += 1;
        } else if any_digit(view, at).is_some() {
            return Some((at, last_four));
        } else if matches!(byte, b' ' | b':' | b'(' | b')' | b'=' | b'#' | b'-' | b'.' | b'*' | b'"') {
            at += 1;
        } else {
            let word = view.word(at);
            if word.is_empty() || at - from > 40 {
                return None;
            }
            if one_of!(word, &["last", "ending", "ends", "four", "lastfour"]) {
                last_four = true;
            } else if !one_of!(word, &["in", "with", "digits", "are", "is", "of", "numbers", "the"]) {
                return None;
            }
            at += clamp(word.len());
        }
    }
    None
}

fn year_like(raw: &[u8]) -> bool {
    matches!(raw, [b'1', b'9', ..] | [b'2', b'0', ..])
}

/// Whether one of the words that announce such a number stands in the bytes before.
fn context_before(view: &View<'_>) -> bool {
    if context::hinted(view, hint::SSN) {
        return true;
    }
    let before = view.before();
    let words: [&[u8]; 5] = [b"ssn", b"social", b"soc sec", b"ss#", b"itin"];
    words.iter().any(|word| before.windows(word.len()).any(|piece| piece.eq_ignore_ascii_case(word)))
}

/// Whether a number from the trigger to `end` is not a part of a longer one.
fn stands_alone(view: &View<'_>, end: i32) -> bool {
    let joins = |byte: Option<u8>, beyond: Option<u8>| match byte {
        Some(b) if b.is_ascii_alphanumeric() || b == b'_' || b == b'+' => true,
        Some(b'-' | b'.' | b'/' | b':' | b'$') => beyond.is_some_and(|b| b.is_ascii_digit()),
        _ => false,
    };
    !joins(view.byte(-1), view.byte(-2)) && !joins(view.byte(end), view.byte(end + 1)) && view.byte(-1) != Some(b'$')
}

/// Whether the groups from the trigger to `end` are cells of a longer row of numbers.
fn in_row(view: &View<'_>, end: i32) -> bool {
    let before = view.before().iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
    let blanks = clamp(view.run(end, &ByteSet::of(b" \t"), 4).len());
    before.is_some_and(u8::is_ascii_digit) || view.byte(end + blanks).is_some_and(|b| b.is_ascii_digit())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Separators {
    None,
    Hyphens,
    Dots,
    Blanks,
    /// Tabs or the end of a line: only behind a label.
    Wide,
    Mixed,
}

/// Nine digits, perhaps in groups.
struct Number {
    digits: [u8; 9],
    groups: [usize; 3],
    separators: Separators,
    end: i32,
}

impl Number {
    fn read(view: &View<'_>, at: i32) -> Option<Self> {
        let mut number = Self { digits: [0; 9], groups: [0; 3], separators: Separators::None, end: at };
        let mut count = 0;
        for group in 0..3 {
            let from = count;
            while let Some((digit, width)) = any_digit(view, number.end) {
                *number.digits.get_mut(count)? = digit;
                count += 1;
                number.end += width;
            }
            *number.groups.get_mut(group)? = count - from;
            if count == from || count == 9 || group == 2 {
                break;
            }
            let (separator, width) = separator(view, number.end)?;
            number.separators = match number.separators {
                Separators::None => separator,
                same if same == separator => same,
                // One of them is that of a wrapped line.
                Separators::Hyphens | Separators::Blanks if separator == Separators::Wide => separator,
                Separators::Wide if separator != Separators::Dots => Separators::Wide,
                _ => Separators::Mixed,
            };
            number.end += width;
        }
        (count == 9).then_some(number)
    }
}

/// One separator with the blanks around a hyphen; other hyphens and blanks count as theirs. A line may be wrapped behind
/// either.
fn separator(view: &View<'_>, at: i32) -> Option<(Separators, i32)> {
    let blank = |at: i32| match view.byte(at) {
        Some(b' ') => 1,
        Some(0xc2) if view.byte(at + 1) == Some(0xa0) => 2,
        Some(0xe2) if matches!(view.slice(at, 3), [0xe2, 0x80, 0x82..=0x8a | 0xaf]) => 3,
        _ => 0,
    };
    let hidden = invisible(view, at);
    let lead = hidden + blank(at + hidden);
    if lead == 0 && view.byte(at) == Some(b'.') {
        return Some((Separators::Dots, 1));
    }
    let middle = any_hyphen(view, at + lead);
    let mut end = at + lead + middle;
    end += invisible(view, end);
    end += if middle > 0 { blank(end) } else { 0 };
    let wrapped = line_break(view, end);
    end += wrapped;
    let tabs = if middle == 0 && wrapped == 0 { clamp(view.run(end, &ByteSet::of(b"\t"), 2).len()) } else { 0 };
    end += tabs;
    let separators = match (middle > 0, wrapped + tabs > 0) {
        (true, _) => Separators::Hyphens,
        (false, true) => Separators::Wide,
        // A soft hyphen is one where a line ends.
        (false, false) if hidden > 0 => Separators::Hyphens,
        (false, false) => Separators::Blanks,
    };
    (end > at).then_some((separators, end - at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn cases() {
        testing::assert_cases(&SSN);
    }

    #[test]
    fn a_field_of_that_name_needs_no_grouping() {
        for value in ["123456789", "123-45-6789", "123 45 6789", "1234", "000456789"] {
            testing::assert_field(&SSN, hint::SSN, value);
        }
        testing::assert_no_field(&SSN, 0, "123456789");
        testing::assert_no_field(&SSN, hint::SSN, "unknown");
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["SSN", "social security", "last four of", "xxx-xx-", "***-**-", "•••-••-", "ending in", "tax id"];
        testing::assert_total(&SSN, &words);
    }
}
