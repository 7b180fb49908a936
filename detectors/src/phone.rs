//! Telephone and fax numbers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{before, blanks, dash, digits, is_wordy, label, len};
use crate::shape::{any_hyphen, invisible, line_break};

/// Telephone numbers, found by their shape.
pub static PHONE: Detector = Detector {
    id: Cow::Borrowed("phone"),
    kind: kinds::PHONE,
    class: Cow::Borrowed("D"),
    priority: 50,
    window: Window { before: 72, longest: 48, after: 8 },
    reach: Reach { bytes: 2, across: ByteSet::of(b"+(") },
    triggers: Cow::Borrowed(&[
        // Four digits at least, in one group or several.
        Trigger::NumberWhen(DigitRun::of_lens(1, 3).after(ByteSet::of(b" \t().-/\xe2\xc2")).goes_on(), glance),
        Trigger::Number(DigitRun::of_lens(3, 3).after(ByteSet::of(b"\r\n&%\xef"))),
        Trigger::NumberWhen(DigitRun::of_lens(4, 12), glance),
    ]),
    verify: Verify::Pure(verify_phone),
    teaches: false,
    takes: Cow::Borrowed(
        "3-3-4 with brackets, dashes, dots, slashes, blanks, +1, extensions; ten digits, seven digits, pagers of four to \
         six digits and foreign numbers behind a label; + and a country code",
    ),
    refuses: Cow::Borrowed(
        "provider numbers, drug codes 0071-0155-23, ranges 135-145, dates, pressures, record numbers",
    ),
};

/// Fax numbers, found by their label.
pub static FAX: Detector = Detector {
    id: Cow::Borrowed("fax"),
    kind: kinds::FAX,
    class: Cow::Borrowed("E"),
    priority: 51,
    window: Window { before: 8, longest: 88, after: 8 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::Words(&["fax", "faxed", "faxes", "facsimile", "telefax", "efax"])]),
    verify: Verify::Pure(verify_fax),
    teaches: false,
    takes: Cow::Borrowed("any telephone number behind fax or facsimile, with up to four words between"),
    refuses: Cow::Borrowed("dates, page counts and times behind the word"),
};

/// Words that say that a telephone number follows.
#[rustfmt::skip] // A word list reads better in lines.
const CONTEXT: &[&str] = &[
    "phone", "phones", "telephone", "tel", "tele", "ph", "phn", "cell", "cellphone", "cellular", "mobile", "mob",
    "call", "called", "calls", "calling", "callback", "contact", "contacted", "reach", "reached", "reachable", "home",
    "work", "office", "pager", "pgr", "paged", "page", "beeper", "hotline", "helpline", "dial", "dialed", "text", "texted",
    "sms", "voicemail", "landline", "fax", "facsimile", "telefax", "ring", "whatsapp", "number", "daytime", "evening",
    "switchboard", "front", "desk", "nurse", "emergency", "line",
];
/// Those that stand right before a number and leave no doubt.
#[rustfmt::skip] // A word list reads better in lines.
const LABELS: &[&str] = &[
    "phone", "telephone", "tel", "tele", "ph", "phn", "cell", "cellphone", "mobile", "mob", "fax", "facsimile",
    "telefax", "landline", "call", "dial", "whatsapp", "sms", "callback", "home", "work", "office", "voicemail",
    "contact", "at", "hotline", "desk",
];
const PAGERS: &[&str] = &["pager", "paged", "page", "beeper", "pgr", "pgr", "bleep", "pg", "beep"];
const EXTENSIONS: &[&str] = &["ext", "extension", "extn"];
/// Words that say that another number follows.
#[rustfmt::skip] // A word list reads better in lines.
const OTHERS: &[&str] = &[
    "npi", "mrn", "record", "account", "acct", "order", "accession", "ndc", "dea", "ssn", "social", "policy",
    "member", "subscriber", "id", "claim", "invoice", "lot", "serial", "upc", "gtin", "imei", "specimen", 
    "encounter", "csn", "visit", "license", "licence", "ref", "reference", "confirmation", "auth", "authorization",
    "range", "isbn", "nct", "rx", "prescription", "sn", "device", "tracking", "chart", "routing", "group", "medicare",
    "medicaid", "epoch",
];

/// A glance: whether enough digits stand together. What is refused here [`is_short`], is part of something longer, has
/// too few digits for its first three, or would be a pager's number without a label.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let (before, first) = (near.before(3), near.digits());
    match before {
        [.., b'+'] | [.., b'+', b'('] => return Ok(true),
        [.., digit, b'-' | b'.' | b'/' | b',' | b':' | b')'] if digit.is_ascii_digit() => return Ok(false),
        [.., last] if last.is_ascii_alphanumeric() || matches!(last, b'_' | b'$') => return Ok(false),
        _ => {}
    }
    let enough = match first.len() {
        3 | 7 => 7,
        10.. => return Ok(true),
        _ => 9,
    };
    let behind = near.behind(LONGEST_BODY)?;
    let mut digits = first.len();
    let mut body = 0;
    for byte in behind.iter().take_while(|byte| BODY.has(**byte)) {
        digits += usize::from(byte.is_ascii_digit());
        body += 1;
    }
    if digits >= enough || body == LONGEST_BODY {
        return Ok(true);
    }
    if digits == first.len() && (4..=6).contains(&digits) {
        let word = label(near.before(40));
        return Ok(word.is_some_and(|word| {
            one_of!(word, PAGERS) || one_of!(word, EXTENSIONS) || is_number_word(word) || one_of!(word, &["at"])
        }));
    }
    // What joins lines, and hyphens that are spelt out, may lead to more digits.
    let joins = matches!(behind.get(body), Some(b'\r' | b'\n' | b'&' | b'%'));
    Ok(joins && (first.len() == 3 || first == b"1"))
}

/// All that may part two digits of a number.
const BODY: ByteSet = ByteSet::DIGIT.or(ByteSet::of(b" \t().-/")).range(0x80, 0xff);
/// As far as a number is looked for.
const LONGEST_BODY: usize = 32;

fn verify_phone(view: &View<'_>) -> Option<Verdict> {
    let plus = view.byte(-1) == Some(b'+');
    let first = digits(view, 0, 16);
    // `(617) 555-0182` begins with its bracket, `(617-555-0182)` stands in brackets.
    let open = view.byte(-1) == Some(b'(') && view.byte(len(first)) == Some(b')');
    let start = if open && view.byte(-2) == Some(b'+') { -2 } else { -i32::from(plus || open) };
    // Everything but a handful of shapes leaves here.
    if first.len() > 12 || !(plus || start == -2) && is_short(view, first) || !stands_alone(view, start) {
        return None;
    }
    let number = read(view, 0, open)?;
    // Most numbers have no shape that any context makes a telephone's.
    let short = (4..=6).contains(&number.count) && number.count == first.len();
    if number.shape == Shape::Other && !plus && start != -2 && !short && !is_foreign(view, 0, &number) {
        return None;
    }
    let text = before(view, start);
    let near = nearest!(text, CONTEXT, OTHERS, 7);
    // A number with its signs in place is doubted only right behind another label.
    let another = label(text).is_some() && nearest!(text, CONTEXT, OTHERS, 2) == Some(false);
    let said = hinted(view, hint::PHONE | hint::FAX) || single_letter_label(text) || text.ends_with(b"tel:");
    let told = said || near == Some(true);
    let found = |end, confidence, reason| Some(Verdict::new(start, end, kinds::PHONE, confidence, reason));
    let close = number.end;
    let end = extension(view, close).unwrap_or(close);
    let kept = end > close;
    match number.shape {
        // `+` and a country.
        _ if plus || start == -2 => {
            let enough = (8..=15).contains(&number.count);
            if enough { found(end, 95, "plus and country") } else { None }
        }
        Shape::North { sign, good, country } => {
            if (another || (near == Some(false) && sign == Sign::None)) && !said && sign != Sign::Bracket {
                return None;
            }
            let label = told || kept || country;
            match sign {
                Sign::Bracket => found(end, if good || label { 97 } else { 85 }, "area code in brackets"),
                Sign::Dash | Sign::Dot | Sign::Slash => found(
                    end,
                    if label {
                        97
                    } else if good {
                        88
                    } else {
                        70
                    },
                    "three, three and four digits",
                ),
                Sign::Line if label => found(end, 85, "three, three and four digits over a line end"),
                Sign::Blank if label || good => found(end, if label { 93 } else { 55 }, "three, three and four digits"),
                Sign::None if label && (good || said || close_label(text)) => found(end, 85, "ten digits in context"),
                _ => None,
            }
        }
        Shape::Local { sign } => {
            if !told || (sign == Sign::None && !said && !close_label(text)) {
                return None;
            }
            found(end, 80, "seven digits in context")
        }
        Shape::Other => {
            let word = label(text)?;
            let at = word.eq_ignore_ascii_case(b"at") && number.count == 5;
            let pager = one_of!(word, PAGERS)
                || ((at || is_number_word(word)) && nearest!(text, PAGERS, OTHERS, 5) == Some(true));
            if (4..=6).contains(&number.count) && number.count == first.len() {
                let bare = view.byte(close).is_none_or(|byte| !b"%/:".contains(&byte));
                let extension = one_of!(word, EXTENSIONS) && is_extension(text);
                return if bare && (pager || extension) { found(close, 80, "pager or extension") } else { None };
            }
            let foreign = is_foreign(view, 0, &number);
            let sure = pager || (close_label(text) && near == Some(true) && !word.eq_ignore_ascii_case(b"at"));
            if foreign && sure { found(end, 75, "label") } else { None }
        }
    }
}

fn verify_fax(view: &View<'_>) -> Option<Verdict> {
    const BETWEEN: ByteSet = ByteSet::of(b" \t\r\n:#=.,-\"'|/");
    let mut at = len(view.word(0));
    // `fax number is`, `fax the form to`, `(fax)`: a few words and signs, then the number.
    let mut words = 0;
    loop {
        at += len(view.run(at, &BETWEEN, 8));
        let byte = view.byte(at)?;
        if byte.is_ascii_digit()
            || byte == b'+'
            || byte == b'(' && view.byte(at + 1).is_some_and(|b| b.is_ascii_digit() || b == b'+')
        {
            break;
        }
        let word = view.word(at);
        if word.is_empty() || words == 4 || at > 32 {
            // `Fax (office): 555-0100` and `(fax) 555-0100`.
            if b"()[]*".contains(&byte) && at <= 32 {
                at += 1;
                continue;
            }
            return None;
        }
        words += 1;
        at += len(word);
    }
    let start = at;
    let plus = view.byte(at) == Some(b'+');
    at += i32::from(plus);
    let open = view.byte(at) == Some(b'(');
    at += i32::from(open);
    let number = read(view, at, open)?;
    let good = match number.shape {
        Shape::North { .. } => true,
        Shape::Local { sign } => sign != Sign::None || words <= 2,
        Shape::Other => (plus && number.count >= 8) || (words <= 2 && is_foreign(view, at, &number)),
    };
    let end = extension(view, number.end).unwrap_or(number.end);
    (good && end <= 88).then(|| Verdict::new(start, end, kinds::FAX, 95, "label"))
}

/// Whether the number that begins with `first`, and has no plus, is too short for one of another country and begins as
/// none of the shapes that are shorter does: a date, a dose, a pressure.
fn is_short(view: &View<'_>, first: &[u8]) -> bool {
    if matches!(first.len(), 3 | 7 | 10..) || first == b"1" {
        return false;
    }
    let body = view.run(len(first), &BODY, LONGEST_BODY);
    let more = body.iter().filter(|byte| byte.is_ascii_digit()).count();
    let alone = more == 0 && (4..=6).contains(&first.len());
    body.len() < LONGEST_BODY && first.len() + more < 9 && !alone
}

/// Whether a number of no known plan is long enough to be one of another country, and no date.
fn is_foreign(view: &View<'_>, at: i32, number: &Number) -> bool {
    let first = digits(view, at, 5);
    let year = first.len() == 4 && (first.starts_with(b"19") || first.starts_with(b"20"));
    (9..=15).contains(&number.count) && (number.groups == 1 || !year)
}

/// Digits and separators that may be a number.
struct Number {
    shape: Shape,
    end: i32,
    /// How many digits there are, and in how many groups.
    count: usize,
    groups: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    /// The North American plan: area, exchange, line.
    North {
        sign: Sign,
        /// Whether the plan could assign it. Invented numbers often break its rules.
        good: bool,
        /// Whether a 1 stands before it.
        country: bool,
    },
    /// Exchange and line.
    Local {
        sign: Sign,
    },
    Other,
}

/// What parts the groups of a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sign {
    None,
    Bracket,
    Dash,
    Dot,
    Slash,
    Blank,
    /// The end of a line that was wrapped.
    Line,
}

/// Reads the number that starts at `at`, just behind a bracket if `open`.
fn read(view: &View<'_>, at: i32, open: bool) -> Option<Number> {
    let mut lens = [0_usize; 8];
    let mut signs = [Sign::None; 8];
    let mut firsts = [[0_u8; 3]; 8];
    let (mut groups, mut count, mut here, mut opened) = (0, 0, at, open);
    let mut first_bracket = open;
    loop {
        let run = digits(view, here, 16);
        if run.is_empty() || groups == lens.len() {
            break;
        }
        *lens.get_mut(groups)? = run.len();
        for (to, from) in firsts.get_mut(groups)?.iter_mut().zip(run) {
            *to = *from;
        }
        count += run.len();
        groups += 1;
        here += len(run);
        let Some((sign, next)) = separator(view, here, opened) else { break };
        // Enough digits: what follows a blank is another number.
        if count >= 10 && (matches!(sign, Sign::Blank | Sign::Line) || count + 3 > 15) {
            break;
        }
        opened = view.byte(next - 1) == Some(b'(');
        first_bracket |= opened && groups <= 1;
        if let Some(slot) = signs.get_mut(groups) {
            *slot = sign;
        }
        here = next;
    }
    // The end is behind the last digit.
    while here > at && !view.byte(here - 1).is_some_and(|byte| byte.is_ascii_digit()) {
        here -= 1;
    }
    let end_byte = view.byte(here);
    if end_byte.is_some_and(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'x' | b'X' | b'e' | b'E'))
        || count < 4
    {
        return None;
    }
    let (shape, taken) = shape(lens.get(..groups)?, &signs, &firsts, first_bracket);
    // A shorter shape than what was read: only the leading groups belong to it.
    if taken < groups {
        return Some(shorter(view, at, lens.get(..taken)?, &signs, shape));
    }
    Some(Number { shape, end: here, count, groups })
}

/// The shape of the leading groups, and how many they are.
fn shape(lens: &[usize], signs: &[Sign; 8], firsts: &[[u8; 3]; 8], bracket: bool) -> (Shape, usize) {
    let country = matches!(lens, [1, ..]) && firsts.first().is_some_and(|digits| digits[0] == b'1');
    let from = usize::from(country);
    let first = |group: usize| firsts.get(group).copied().unwrap_or_default();
    let sign = |group: usize| signs.get(group).copied().unwrap_or(Sign::None);
    match lens.get(from..).unwrap_or_default() {
        [3, 3, 4, ..] => {
            let (one, two) = (sign(from + 1), sign(from + 2));
            let mixed = one == Sign::Blank || two == Sign::Blank;
            let kind = if bracket || one == Sign::Bracket {
                Sign::Bracket
            } else if one == Sign::Line || two == Sign::Line {
                Sign::Line
            } else if mixed && one != two {
                two.max_strict(one)
            } else {
                one
            };
            let good = is_area(first(from)) && is_exchange(first(from + 1));
            (Shape::North { sign: kind, good, country }, from + 3)
        }
        [3, 7, ..] => (
            Shape::North {
                sign: if bracket { Sign::Bracket } else { sign(from + 1) },
                good: is_area(first(from)),
                country,
            },
            from + 2,
        ),
        [10, ..] => (Shape::North { sign: Sign::None, good: is_area(first(from)), country }, from + 1),
        [11] if first(from)[0] == b'1' => (Shape::North { sign: Sign::None, good: true, country: false }, 1),
        [3, 4] if !country => (Shape::Local { sign: sign(1) }, 2),
        [7] if !country => (Shape::Local { sign: Sign::None }, 1),
        _ => (Shape::Other, lens.len()),
    }
}

impl Sign {
    /// Of two signs, the one that is no blank.
    fn max_strict(self, other: Self) -> Self {
        if self == Self::Blank { other } else { self }
    }
}

/// The number that the leading groups make.
fn shorter(view: &View<'_>, at: i32, lens: &[usize], signs: &[Sign; 8], shape: Shape) -> Number {
    let mut here = at;
    let mut opened = signs.first() == Some(&Sign::Bracket) || view.byte(at - 1) == Some(b'(');
    for (i, _) in lens.iter().enumerate() {
        here += len(digits(view, here, 16));
        if i + 1 < lens.len()
            && let Some((_, next)) = separator(view, here, opened)
        {
            opened = view.byte(next - 1) == Some(b'(');
            here = next;
        }
    }
    Number { shape, end: here, count: lens.iter().sum(), groups: lens.len() }
}

/// What parts two groups at `at`, and where the next group starts.
fn separator(view: &View<'_>, at: i32, opened: bool) -> Option<(Sign, i32)> {
    let digit = |at: i32| view.byte(at).is_some_and(|byte| byte.is_ascii_digit());
    let start = at + invisible(view, at);
    let mut next = start + blanks(view, start, 2);
    let spaced = next > start;
    let mut sign = if spaced { Sign::Blank } else { Sign::None };
    match view.byte(next)? {
        // `606 555` and, on the next line, `0171`.
        b'\r' | b'\n' => {
            next += line_break(view, next);
            sign = if spaced || digits(view, next, 5).len() != 4 { Sign::None } else { Sign::Line };
        }
        b')' if opened && !spaced => {
            next += 1;
            sign = Sign::Bracket;
            next += blanks(view, next, 2);
            next += i32::try_from(dash(view.slice(next, 3))).unwrap_or(0);
            next += i32::from(matches!(view.byte(next), Some(b'.' | b'/')));
            next += blanks(view, next, 1);
        }
        b'(' => {
            next += 1;
            sign = Sign::Bracket;
        }
        b'.' if !spaced => {
            sign = Sign::Dot;
            next += 1;
        }
        b'/' if !spaced => {
            sign = Sign::Slash;
            next += 1;
        }
        b'-' | 0xe2 | 0xef | b'&' | b'%' => {
            let width = any_hyphen(view, next);
            if width == 0 {
                return None;
            }
            sign = Sign::Dash;
            next += width;
            next += invisible(view, next);
            next += blanks(view, next, 1);
            next += line_break(view, next);
            if view.byte(next) == Some(b'(') {
                next += 1;
                sign = Sign::Bracket;
            }
        }
        // A no-break space.
        0xc2 if view.byte(next + 1) == Some(0xa0) => {
            sign = Sign::Blank;
            next += 2;
        }
        _ => {}
    }
    (sign != Sign::None && digit(next)).then_some((sign, next))
}

/// The end of `x123`, `ext. 123`, `#123` behind a number.
fn extension(view: &View<'_>, at: i32) -> Option<i32> {
    const AFTER: ByteSet = ByteSet::of(b".: #");
    let mut from = at + i32::from(matches!(view.byte(at), Some(b',' | b';')));
    from += blanks(view, from, 2);
    let width = match view.byte(from)? {
        b'x' | b'X' | b'e' | b'E' => {
            let word = view.word(from);
            if !one_of!(word, &["x", "ext", "extn", "extension", "ex"]) {
                return None;
            }
            len(word)
        }
        b'#' => 1,
        _ => return None,
    };
    let number = from + width + len(view.run(from + width, &AFTER, 3));
    let run = digits(view, number, 8);
    let end = number + len(run);
    ((1..=7).contains(&run.len()) && !view.byte(end).is_some_and(|byte| byte.is_ascii_alphabetic())).then_some(end)
}

/// Whether what stands before `start` is no part of the number: no letter, digit, or sign that joins.
fn stands_alone(view: &View<'_>, start: i32) -> bool {
    let Some(byte) = view.byte(start - 1) else { return true };
    if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'+' {
        return false;
    }
    let digit = |at: i32| view.byte(at).is_some_and(|byte| byte.is_ascii_digit());
    let joined = match byte {
        b'-' | b'.' | b'/' | b',' | b':' | b')' => digit(start - 2),
        b' ' => view.byte(start - 2) == Some(b')') && digit(start - 3),
        // The last byte of a typographic dash.
        0x80..=0xff => dash(view.slice(start - 3, 3)) == 3 && digit(start - 4),
        _ => false,
    };
    !joined
}

/// `P: 555-0100`: a capital for phone, fax, home, work or cell.
fn single_letter_label(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let Some((b':' | b'.', head)) = text.split_last() else { return false };
    let Some((letter, head)) = head.split_last() else { return false };
    b"PTCHWFMO".contains(letter) && head.last().is_none_or(|byte| !is_wordy(*byte))
}

/// Whether a label stands right before, perhaps with one word between: `phone number`, `cell is`.
fn close_label(text: &[u8]) -> bool {
    let Some(word) = label(text) else { return false };
    one_of!(word, LABELS) || (is_number_word(word) && nearest!(text, LABELS, OTHERS, 4) == Some(true))
}

fn is_number_word(word: &[u8]) -> bool {
    one_of!(word, &["number", "no", "num", "nbr", "is", "was", "id", "to", "on", "or", "and"])
}

/// `flexion 90, extension 1000` is no telephone; an extension of an office is abbreviated or has digits or a dot around.
fn is_extension(text: &[u8]) -> bool {
    nearest!(text, EXTENSIONS, &["flexion", "rom", "abduction", "degrees"], 6) == Some(true)
        && nearest!(text, &["flexion", "rom", "degrees", "knee", "elbow", "wrist"], &[], 6).is_none()
}

/// An area code that the plan could assign.
fn is_area(code: [u8; 3]) -> bool {
    let [a, b, c] = code;
    (b'2'..=b'9').contains(&a)
        && !(b == b'1' && c == b'1')
        && !(matches!(a, b'3' | b'9') && matches!((a, b), (b'3', b'7') | (b'9', b'6')))
}

/// An exchange that the plan could assign.
fn is_exchange(code: [u8; 3]) -> bool {
    let [a, b, c] = code;
    (b'2'..=b'9').contains(&a) && !(b == b'1' && c == b'1')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&PHONE);
        assert_cases(&FAX);
    }

    #[test]
    fn soups_are_survived() {
        let words = ["phone ", "fax: ", "555", "123-4567", "(555) ", "+1 ", " x12", "‑", "tel:", " ext. 9"];
        assert_total(&PHONE, &words);
        assert_total(&FAX, &words);
    }

    #[test]
    fn the_plan_knows_what_it_assigns() {
        assert!(is_area(*b"212") && is_exchange(*b"555"));
        assert!(!is_area(*b"911") && !is_area(*b"112") && !is_area(*b"371") && !is_area(*b"960"));
        assert!(!is_exchange(*b"123") && !is_exchange(*b"411"));
    }
}
