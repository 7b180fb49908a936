//! Postal codes of the United States.

use std::borrow::Cow;

use blackbar_engine::{Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{WordsBack, before, dash, digits, label, len, number};
use crate::words::zip_exists;

/// ZIP codes and ZIP+4.
pub static ZIP: Detector = Detector {
    id: Cow::Borrowed("us-zip"),
    kind: kinds::ZIP,
    class: Cow::Borrowed("B"),
    priority: 30,
    window: Window { before: 96, longest: 16, after: 8 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::Number(DigitRun::of_lens(5, 5).or_lens(9, 9))]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("five digits or ZIP+4 behind a state, a ZIP label, in an address or a ZIP field"),
    refuses: Cow::Borrowed("procedure codes, five digits without an address, drug codes, laboratory codes"),
};

const LABELS: &[&str] = &["zip", "zipcode", "postal", "postcode", "zips"];
/// Words of an address that has no state.
#[rustfmt::skip] // A word list reads better in lines.
const ADDRESS: &[&str] = &[
    "address", "lives", "living", "resides", "residing", "residence", "street", "st", "ave", "avenue", "road", "rd",
    "lane", "ln", "drive", "dr", "blvd", "boulevard", "court", "ct", "circle", "cir", "way", "place", "pl", "terrace",
    "parkway", "pkwy", "highway", "hwy", "apt", "suite", "ste", "box", "moved", "mailing", "city", "town",
    "apartment",
];
/// Words that make five digits a number of another sort.
#[rustfmt::skip] // A word list reads better in lines.
const OTHERS: &[&str] = &[
    "cpt", "hcpcs", "code", "codes", "mrn", "order", "acct", "account", "lot", "case", "ref", "no", "number", "id",
    "pager", "ext", "icd", "drg", "ndc", "accession", "claim", "policy", "member", "invoice", "loinc", "part",
    "model", "record", "serial", "room", "count", "wbc",
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let run = digits(view, 0, 10);
    let nine = run.len() == 9;
    if run.len() != 5 && !nine {
        return None;
    }
    let end = if nine { 9 } else { plus_four(view) };
    let longer = end > 5;
    match view.byte(end) {
        Some(byte) if byte.is_ascii_alphanumeric() || b"_%@$".contains(&byte) => return None,
        Some(b'-' | b'/' | b'.' | b',') if view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()) => return None,
        _ => {}
    }
    let found = |confidence, reason| Some(Verdict::new(0, end, kinds::ZIP, confidence, reason));
    if hinted(view, hint::ZIP) {
        return found(95, "postal code field");
    }
    let text = before(view, 0);
    let prior = text.last().copied();
    if prior.is_some_and(|byte| byte.is_ascii_alphabetic() || b"$_.+".contains(&byte))
        || (matches!(prior, Some(b'-' | b'/' | b',' | b':')) && view.byte(-2).is_some_and(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    if labelled(text) {
        return found(95, "label");
    }
    let place = number(run.get(..3)?);
    if let Some(sure) = behind_state(text, place) {
        return found(sure, "state before");
    }
    if nine {
        return None;
    }
    let other = nearest!(text, OTHERS, LABELS, 4) == Some(true) || prior == Some(b'#');
    if other || !zip_exists(number(run)) {
        return None;
    }
    let city = in_address(text);
    match (city, longer) {
        (true, _) => found(75, "address before"),
        // Nothing else in a record has five digits, a dash and four.
        (false, true) => found(60, "five and four digits"),
        _ => None,
    }
}

/// The end of `-1234` behind five digits; 5 when there is none.
fn plus_four(view: &View<'_>) -> i32 {
    let width = i32::try_from(dash(view.slice(5, 3))).unwrap_or(0);
    if width == 0 {
        return 5;
    }
    let more = digits(view, 5 + width, 5);
    if more.len() == 4 { 5 + width + len(more) } else { 5 }
}

/// `ZIP 02134`, `zip code: 02134`, `ZIP+4 02134-1000`.
fn labelled(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"+4 ").or_else(|| text.strip_suffix(b"+4: ")).unwrap_or(text);
    let Some(word) = label(text) else { return false };
    one_of!(word, LABELS) || (one_of!(word, &["code", "is", "of"]) && nearest!(text, LABELS, &[], 3) == Some(true))
}

/// How sure it is that a state stands right before, given the first three digits.
fn behind_state(text: &[u8], place: u32) -> Option<u8> {
    let mut words = WordsBack::new(text);
    let back = words.next()?;
    let thin = |gap: &[u8]| {
        gap.len() <= 6
            && gap.iter().filter(|byte| **byte == b'\n').count() <= 1
            && gap.iter().all(|byte| b" \t\r\n,.-^|\"'".contains(byte))
    };
    if !thin(back.gap) {
        return None;
    }
    let second = words.next();
    let phrase = second.filter(|more| more.gap == b" ").map(|more| more.word);
    let state = state(phrase, back.word)?;
    let fits = state.places.iter().any(|(first, last)| (*first..=*last).contains(&place));
    let comma =
        second.is_some_and(|more| more.gap.contains(&b',') || more.gap.contains(&b'^') || more.gap.contains(&b'|'));
    let upper = back.word.iter().all(u8::is_ascii_uppercase);
    let full = back.word.len() > 2;
    // Many abbreviations are words or degrees: the prefix, the case and the comma before must speak for a state.
    match (fits, comma, upper || full) {
        (true, true, _) => Some(97),
        (true, false, true) => Some(88),
        (false, true, true) => Some(60),
        _ => None,
    }
}

/// A city at the end of `text`: a capitalised word, with a word of an address not far before it.
fn in_address(text: &[u8]) -> bool {
    let Some(back) = WordsBack::new(text).next() else { return false };
    let city = back.word.len() > 2
        && back.word.first().is_some_and(u8::is_ascii_uppercase)
        && !one_of!(back.word, &["zip", "cpt", "code", "room", "suite", "box", "unit", "apt"])
        && matches!(back.gap, b" " | b", " | b"  " | b"\n");
    city && nearest!(text, ADDRESS, OTHERS, 8) == Some(true)
}

struct State {
    code: &'static str,
    name: &'static str,
    /// First and last prefixes of three digits.
    places: &'static [(u32, u32)],
}

fn state(before: Option<&[u8]>, word: &[u8]) -> Option<&'static State> {
    if word.len() == 2 {
        return STATES.iter().find(|state| word.eq_ignore_ascii_case(state.code.as_bytes()));
    }
    // `West Virginia` before `Virginia`.
    let two = STATES.iter().find(|state| {
        let named = state.name.split_once(' ').zip(before);
        named.is_some_and(|((first, last), before)| {
            word.eq_ignore_ascii_case(last.as_bytes()) && before.eq_ignore_ascii_case(first.as_bytes())
        })
    });
    two.or_else(|| STATES.iter().find(|state| word.eq_ignore_ascii_case(state.name.as_bytes())))
}

macro_rules! states {
    ($($code:literal $name:literal $($first:literal-$last:literal),+;)*) => {
        const STATES: &[State] = &[$(State { code: $code, name: $name, places: &[$(($first, $last)),+] }),*];
    };
}

states! {
    "AL" "Alabama" 350-369; "AK" "Alaska" 995-999; "AZ" "Arizona" 850-865; "AR" "Arkansas" 716-729;
    "CA" "California" 900-961; "CO" "Colorado" 800-816; "CT" "Connecticut" 60-69; "DE" "Delaware" 197-199;
    "DC" "Columbia" 200-205, 569-569; "FL" "Florida" 320-349; "GA" "Georgia" 300-319, 398-399; "HI" "Hawaii" 967-968;
    "ID" "Idaho" 832-838; "IL" "Illinois" 600-629; "IN" "Indiana" 460-479; "IA" "Iowa" 500-528; "KS" "Kansas" 660-679;
    "KY" "Kentucky" 400-427; "LA" "Louisiana" 700-714; "ME" "Maine" 39-49; "MD" "Maryland" 206-219;
    "MA" "Massachusetts" 10-27, 55-55; "MI" "Michigan" 480-499; "MN" "Minnesota" 550-567; "MS" "Mississippi" 386-397;
    "MO" "Missouri" 630-658; "MT" "Montana" 590-599; "NE" "Nebraska" 680-693; "NV" "Nevada" 889-898;
    "NH" "New Hampshire" 30-38; "NJ" "New Jersey" 70-89; "NM" "New Mexico" 870-884; "NY" "New York" 5-5, 63-63, 100-149;
    "NC" "North Carolina" 270-289; "ND" "North Dakota" 580-588; "OH" "Ohio" 430-459; "OK" "Oklahoma" 730-749;
    "OR" "Oregon" 970-979; "PA" "Pennsylvania" 150-196; "RI" "Rhode Island" 28-29; "SC" "South Carolina" 290-299;
    "SD" "South Dakota" 570-577; "TN" "Tennessee" 370-385; "TX" "Texas" 733-733, 750-799, 885-885; "UT" "Utah" 840-847;
    "VT" "Vermont" 50-54, 56-59; "VA" "Virginia" 201-201, 220-246; "WA" "Washington" 980-994; "WV" "West Virginia" 247-268;
    "WI" "Wisconsin" 530-549; "WY" "Wyoming" 820-831; "PR" "Puerto Rico" 6-7, 9-9; "VI" "Virgin Islands" 8-8;
    "GU" "Guam" 969-969; "AS" "American Samoa" 967-967; "AP" "Armed Forces" 962-966; "AE" "Forces Europe" 90-98; "AA" "Forces Americas" 340-340;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&ZIP);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&ZIP, &["02134", "-1000", "Boston, MA ", "zip ", "New York ", "123 Main St ", "‑"]);
    }
}
