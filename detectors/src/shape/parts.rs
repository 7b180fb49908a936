//! Values in several parts: capitals and groups of digits with blanks or slashes between, and values that were said.

use blackbar_engine::{ByteSet, View};

use super::{Value, clamp, date_like};
use crate::scan::number;

/// What one part is made of.
const PART: ByteSet = ByteSet::UPPER.or(ByteSet::DIGIT).or(ByteSet::of(b"-"));
/// The most bytes of a value in parts.
const MOST: i32 = 28;
/// The most parts.
const PARTS: usize = 6;
/// Capitals before a blank and a number that are no part of it.
#[rustfmt::skip] // A word list reads better in lines.
const WORDS: &[&str] = &[
    "n", "dob", "mrn", "ssn", "dx", "icd", "cpt", "room", "rm", "bed", "npi", "tel", "ph", "phone", "fax", "lot", "ref", "rev",
    "age", "wt", "ht", "bp", "hr", "rr", "sex", "zip", "or", "ed", "on", "in", "to", "x", "no", "id", "at", "of", "is", "jan",
    "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "page", "pg", "ext", "dos", "date",
    "time", "and", "for", "by", "apt", "unit", "ste", "suite", "po", "box", "usd", "type", "class", "level", "phase", "grade",
    "stage", "cell", "acct", "visit", "part", "code", "form", "bmi", "temp", "pt", "day", "qty", "top", "new", "old", "the",
    "icn", "nct", "hcpcs", "drg", "tin", "ein", "dea", "spo", "map", "year", "due", "exp", "mon", "tue", "wed", "thu",
    "fri", "sat", "sun", "am", "pm",
];

/// `P 450 188 293`, `AMD/2025/0031`, `SXC 137 836 1A`, `2291 0047`, `HD#99-00413`.
pub(crate) fn written(view: &View<'_>, at: i32, weak: bool) -> Option<Value> {
    let (mut end, mut digits, mut letters, mut parts, mut signs) = (at, 0_u8, 0_u8, 0_usize, 0_usize);
    let mut shortest = usize::MAX;
    let mut prefixed = false;
    let mut numbered = 0;
    while parts < PARTS {
        let from = if parts == 0 { at } else { end + 1 };
        let run = view.run(from, &PART, 20);
        let run = run.strip_suffix(b"-").unwrap_or(run);
        let behind = from + clamp(run.len());
        let own = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        let capitals = run.iter().filter(|byte| byte.is_ascii_uppercase()).count();
        let joined = if parts == 0 { b' ' } else { view.byte(end)? };
        let ends = !view.byte(behind).is_some_and(|byte| {
            byte.is_ascii_lowercase()
                || byte >= 0x80
                || matches!(byte, b'%' | b'_' | b'@')
                || matches!(byte, b'.' | b':' | b',') && view.byte(behind + 1).is_some_and(|byte| byte.is_ascii_digit())
        });
        let fits = match (parts, run) {
            (_, []) => false,
            _ if run.first() == Some(&b'-') || !ends => false,
            (0, _) if own == 0 => {
                prefixed = true;
                capitals < 7 && !(view.byte(behind) == Some(b' ') && one_of!(run, WORDS))
            }
            (0, _) => own >= 2,
            // A last letter that checks the rest, but neither a sex nor the start of a word.
            (_, [letter]) if own == 0 => {
                joined == b' '
                    && digits >= 4
                    && prefixed
                    && !b"MFXAI".contains(letter)
                    && !view.byte(behind).is_some_and(|byte| {
                        byte == b' '
                            && view.byte(behind + 1).is_some_and(|byte| byte.is_ascii_alphanumeric())
                            && view.byte(behind + 1) != Some(b' ')
                    })
            }
            _ if own == 0 => joined == b'/' && capitals < 5,
            _ => {
                let leading = run.first().is_some_and(u8::is_ascii_digit);
                (leading || joined != b' ') && (joined != b' ' || own >= 2 || run.len() > 1)
            }
        };
        if !fits || behind - at > MOST {
            break;
        }
        if own > 0 {
            numbered += 1;
            shortest = shortest.min(own);
        }
        signs += usize::from(parts > 0 && joined != b' ');
        digits += u8::try_from(own).ok()?;
        letters += u8::try_from(capitals).ok()?;
        parts += 1;
        end = behind;
        let more = match view.byte(end) {
            Some(b' ' | b'/') => true,
            Some(b'#' | b'*' | b':') => parts == 1 && prefixed,
            _ => false,
        };
        if !more {
            break;
        }
    }
    let raw = view.slice(at, usize::try_from(end - at).ok()?);
    let least = if weak && signs == 0 { 5 } else { 4 };
    // Times of a day: `1200 1400 1600`.
    let clocks = !prefixed
        && raw.split(|byte| *byte == b' ').all(|group| {
            group.len() == 4 && group.iter().all(u8::is_ascii_digit) && number(group) < 2400 && number(group) % 100 < 60
        });
    let enough = if prefixed {
        digits >= least
    } else {
        signs == 0 && numbered > 1 && shortest >= 3 && digits >= if weak { 9 } else { 8 }
    };
    let closes = !view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'%');
    let year = prefixed && digits == 4 && signs == 0 && letters > 3;
    (parts > 1 && enough && closes && !year && !clocks && !date_like(raw, true)).then_some(Value {
        end,
        digits,
        letters,
    })
}

/// Digits by their names.
const DIGITS: &[&str] =
    &["zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double"];

/// Whether a word names a digit, and hardly anything else.
pub(crate) fn is_digit_word(word: &[u8]) -> bool {
    word.len() > 1 && one_of!(word, DIGITS)
}

/// `4 4 0 9 dash 1 7`, `R U S two four dash eight one`, `h as in harry zero zero six`.
pub(super) fn said(view: &View<'_>, at: i32) -> Option<Value> {
    /// The most letters before the first digit.
    const LETTERS: u8 = 5;
    /// The most bytes before the first digit.
    const LEAD: i32 = 36;
    let (mut end, mut here, mut digits, mut letters, mut weak) = (at, at, 0_u8, 0_u8, 0_u8);
    for _ in 0..24 {
        let word = view.word(here);
        if digits == 0 && here - at > LEAD {
            break;
        }
        weak += u8::from(one_of!(word, &["o"]));
        let next = match word {
            [] if view.byte(here)?.is_ascii_digit() => {
                let run = view.run(here, &ByteSet::DIGIT, 3);
                if run.len() > 2 || run.len() == 2 && digits == 0 {
                    break;
                }
                digits += u8::try_from(run.len()).ok()?;
                here + clamp(run.len())
            }
            [letter] if !one_of!(word, &["o"]) => {
                if digits == 0 && letters >= LETTERS || digits > 0 && one_of!(word, &["a", "i"]) {
                    break;
                }
                letters += u8::from(letter.is_ascii_alphabetic());
                spelt(view, here + 1)
            }
            _ if one_of!(word, DIGITS) => {
                digits += u8::from(!one_of!(word, &["double"]));
                here + clamp(word.len())
            }
            _ if one_of!(word, &["dash", "hyphen", "slash"]) && here > at => here + clamp(word.len()),
            _ => break,
        };
        let signed = one_of!(word, &["dash", "hyphen", "slash", "double"]);
        if !signed {
            end = next;
        }
        here = next + i32::from(matches!(view.byte(next), Some(b',' | b'-')));
        if !matches!(view.byte(here), Some(b' ' | b'\n')) || here - at > 100 {
            here += i32::from(here > next);
            if view.byte(here - 1) != Some(b'-') {
                break;
            }
        } else {
            here += 1;
        }
    }
    let ends = !view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
    (digits >= 4 && digits - weak.min(digits) >= 3 && ends).then_some(Value { end, digits, letters })
}

/// One past ` as in harry` behind a letter that ends at `at`.
fn spelt(view: &View<'_>, at: i32) -> i32 {
    let as_in = view.slice(at, 7).eq_ignore_ascii_case(b" as in ");
    let like = view.slice(at, 5).eq_ignore_ascii_case(b" for ") || view.slice(at, 6).eq_ignore_ascii_case(b" like ");
    let from = match () {
        () if as_in => at + 7,
        () if like => at + clamp(view.word(at + 1).len()) + 2,
        () => return at,
    };
    let word = view.word(from);
    if word.is_empty() { at } else { from + clamp(word.len()) }
}
