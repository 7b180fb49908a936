//! What the columns of a table hold that does not say so: judged by the values of its first rows.

use blackbar_engine::{Kind, Lexicon, Meaning};

use super::hint;
use crate::checks::{npi, ssn_issuable};
use crate::kinds;
use crate::words::category::{
    ANY_NAME, CITY, CLINICAL, DRUG, FACILITY_WORD, GIVEN_COMMON, MONTH, MOSTLY_NAME, NATIONALITY, ORG_WORD, STATE,
    STREET_SUFFIX, SURNAME_COMMON, WEEKDAY, WORD, WORD_RARE,
};

/// So many values of a column are looked at.
const MOST: usize = 64;

/// The meanings of columns, from the first on.
#[must_use]
pub fn columns(rows: &[Vec<Vec<u8>>], lexicon: &Lexicon) -> Vec<Meaning> {
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    let columns: Vec<Column<'_>> = (0..width).map(|i| Column::new(rows, i)).collect();
    let state = |i: usize| columns.get(i).is_some_and(|column| column.most(8, |value| is_state(value, lexicon)));
    let mut meanings: Vec<Meaning> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            // A city stands before its state, a ZIP code behind it.
            if state(i + 1) && column.most(8, is_words) {
                sure(kinds::LOCATION_CITY, hint::LOCATION)
            } else if i > 0 && state(i - 1) && column.most(8, is_zip) {
                sure(kinds::ZIP, hint::ZIP | hint::LOCATION)
            } else {
                column.meaning(lexicon)
            }
        })
        .collect();
    // The parts of a name stand side by side: rare ones are known by their neighbours.
    for i in 0..columns.len() {
        let is_name =
            |i: Option<usize>| i.and_then(|i| meanings.get(i)).is_some_and(|meaning| meaning.kind == Some(kinds::NAME));
        let beside = is_name(i.checked_sub(1)) || is_name(Some(i + 1));
        if beside
            && columns.get(i).is_some_and(|column| column.may_be_names(lexicon))
            && let Some(meaning) = meanings.get_mut(i).filter(|meaning| meaning.kind.is_none())
        {
            *meaning = sure(kinds::NAME, hint::NAME);
        }
    }
    // Who saw them is known by a number of its own form.
    if meanings.iter().any(|meaning| meaning.kind.is_some_and(is_personal)) {
        for (column, meaning) in columns.iter().zip(&mut meanings) {
            if meaning.kind.is_none() && column.values.len() > 1 && column.most(8, is_npi) {
                *meaning = sure(kinds::NPI, hint::NPI);
            }
        }
    }
    // Days of six digits are told by a column of them that are all days, and not all the same.
    let personal = meanings.iter().any(|meaning| meaning.kind.is_some_and(is_personal));
    if personal && columns.iter().any(|column| column.is_short_days() && column.distinct() > 1) {
        for (column, meaning) in columns.iter().zip(&mut meanings) {
            if meaning.kind.is_none() && column.is_short_days() {
                *meaning = sure(kinds::DATE, hint::DATE);
            }
        }
    }
    // Rows about people have a number of record each, first of all; several rows of one person have the same.
    let first = columns.first().is_some_and(|column| column.has_form() && column.distinct() > 1);
    if personal
        && let Some(id) = columns.iter().position(Column::is_id).or_else(|| first.then_some(0))
        && let Some(meaning) = meanings.get_mut(id).filter(|meaning| meaning.kind.is_none())
    {
        *meaning = sure(kinds::OTHER_ID, hint::OTHER_ID | hint::MRN);
    }
    meanings
}

const fn sure(kind: Kind, hints: u64) -> Meaning {
    Meaning { kind: Some(kind), confidence: 80, hints }
}

fn is_personal(kind: Kind) -> bool {
    matches!(kind.main(), "name" | "ssn" | "phone")
}

/// The values of a column that are there.
struct Column<'a> {
    values: Vec<&'a [u8]>,
}

impl<'a> Column<'a> {
    fn new(rows: &'a [Vec<Vec<u8>>], i: usize) -> Self {
        let values = rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.trim_ascii());
        Self { values: values.filter(|value| !value.is_empty()).take(MOST).collect() }
    }

    /// Whether at least so many tenths of the values are so; of no values none are.
    fn most(&self, tenths: usize, is: impl Fn(&[u8]) -> bool) -> bool {
        let count = self.values.iter().filter(|value| is(value)).count();
        let enough = |count: usize, all: usize| count > 0 && count * 10 >= all * tenths;
        // The first may be what the column is called.
        let named = self.values.len() > 3 && self.values.first().is_some_and(|first| !is(first));
        enough(count, self.values.len()) || named && enough(count, self.values.len() - 1)
    }

    fn distinct(&self) -> usize {
        let mut values = self.values.clone();
        values.sort_unstable();
        values.dedup();
        values.len()
    }

    fn meaning(&self, lexicon: &Lexicon) -> Meaning {
        if self.values.len() < 2 {
            return Meaning::default();
        }
        if self.most(8, is_phone) {
            return sure(kinds::PHONE, hint::PHONE | hint::FAX);
        }
        if self.most(8, is_ssn) && self.distinct() * 10 >= self.values.len() * 8 {
            return sure(kinds::SSN, hint::SSN);
        }
        if self.most(8, is_day) {
            return sure(kinds::DATE, hint::DATE);
        }
        if self.most(7, |value| is_street(value, lexicon)) {
            return sure(kinds::LOCATION_STREET, hint::LOCATION);
        }
        if self.is_names(lexicon) {
            return sure(kinds::NAME, hint::NAME);
        }
        Meaning::default()
    }

    /// Words with capitals, most of them different, enough of which are names and few of which are words of anything
    /// else.
    fn is_names(&self, lexicon: &Lexicon) -> bool {
        let known = |value: &[u8]| words(value).any(|word| lexicon.bits(word) & ANY_NAME != 0);
        self.most(4, known) && self.may_be_names(lexicon)
    }

    /// The same, but for how many are known.
    fn may_be_names(&self, lexicon: &Lexicon) -> bool {
        let varied = self.values.len() > 1 && self.distinct() * 2 > self.values.len();
        let other = |value: &[u8]| {
            words(value).any(|word| {
                let bits = lexicon.bits(word);
                let name = bits & (MOSTLY_NAME | GIVEN_COMMON | SURNAME_COMMON) != 0;
                let thing = bits & (WORD | WORD_RARE | CLINICAL | MONTH | WEEKDAY | NATIONALITY) != 0 && !name;
                thing || bits & (DRUG | FACILITY_WORD | ORG_WORD) != 0 && bits & MOSTLY_NAME == 0
            })
        };
        // Codes of three capitals are shaped as short names are: `ROY`, `EKG`.
        let short = |value: &[u8]| value.len() == 3 && lexicon.bits(value) & (GIVEN_COMMON | SURNAME_COMMON) != 0;
        // Among whole names a word or two of anything else says little.
        let whole = self.most(8, |value| words(value).count() > 1);
        let few = if whole { 4 } else { 3 };
        varied && self.most(8, |value| is_name_shaped(value) || short(value)) && !self.most(few, other)
    }

    /// Different values of one form, with digits enough.
    fn is_id(&self) -> bool {
        self.distinct() == self.values.len() && self.has_form()
    }

    /// Values of one form, with digits enough; the first may be what the column is called.
    fn has_form(&self) -> bool {
        let form = |value: &[u8]| (value.len(), value.iter().take_while(|byte| byte.is_ascii_alphabetic()).count());
        let usual = self.values.last().map(|value| form(value));
        let fits = |value: &[u8]| {
            let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
            let letters = value.first().is_some_and(u8::is_ascii_alphabetic);
            let signs = value.iter().all(|byte| byte.is_ascii_alphanumeric() || (letters && b"-/".contains(byte)));
            signs && digits >= if letters { 3 } else { 5 } && !is_day(value) && Some(form(value)) == usual
        };
        self.values.len() > 1 && self.most(8, fits)
    }

    /// Month, day and year in six digits.
    fn is_short_days(&self) -> bool {
        self.values.len() > 1 && self.most(10, |value| value.len() == 6 && is_short_day(value))
    }
}

/// `031158`: a day of the month before the last two digits of its year.
fn is_short_day(value: &[u8]) -> bool {
    let digits: Option<[u8; 6]> =
        value.try_into().ok().filter(|digits: &[u8; 6]| digits.iter().all(u8::is_ascii_digit));
    digits.is_some_and(|[m, n, d, e, ..]| {
        let two = |a: u8, b: u8| u32::from(a - b'0') * 10 + u32::from(b - b'0');
        (1..=12).contains(&two(m, n)) && (1..=31).contains(&two(d, e))
    })
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = |byte: &u8| matches!(byte, b' ' | b',' | b'-' | b'.' | b'\'' | b'^');
    value.split(parts).filter(|word| word.len() > 1)
}

/// One to four words of letters that begin with capitals.
fn is_name_shaped(value: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b" ,-.'^".contains(byte);
    let capital = |word: &[u8]| word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    let mut count = 0;
    let capitals = words(value).all(|word| {
        count += 1;
        capital(word) || word.len() <= 3
    });
    // Codes of two or three capitals are no names.
    let code = value.len() <= 3 && value.iter().all(u8::is_ascii_uppercase);
    value.iter().all(letter) && capitals && capital(value) && (1..=4).contains(&count) && value.len() >= 2 && !code
}

fn is_words(value: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b" -.'".contains(byte);
    value.len() > 2 && value.iter().all(letter)
}

fn is_state(value: &[u8], lexicon: &Lexicon) -> bool {
    value.len() == 2 && value.iter().all(u8::is_ascii_uppercase) && lexicon.bits(value) & STATE != 0
}

fn is_zip(value: &[u8]) -> bool {
    let digits = |value: &[u8]| value.iter().all(u8::is_ascii_digit);
    match value.split_at_checked(5) {
        Some((zip, [])) => digits(zip),
        Some((zip, [b'-', four @ ..])) => digits(zip) && four.len() == 4 && digits(four),
        _ => false,
    }
}

/// Ten digits that the North American plan could assign, with its signs or without.
fn is_phone(value: &[u8]) -> bool {
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let signs = value.iter().all(|byte| byte.is_ascii_digit() || b" ()-.+/".contains(byte));
    let number = match &*digits {
        [b'1', number @ ..] if digits.len() == 11 => number,
        number => number,
    };
    let begins = |i: usize| number.get(i).is_some_and(|digit| matches!(digit, b'2'..=b'9'));
    let service = |i: usize| number.get(i + 1..i + 3) == Some(b"11");
    signs && number.len() == 10 && begins(0) && begins(3) && !service(0) && !service(3)
}

/// Ten digits with the check digit of a provider's number.
fn is_npi(value: &[u8]) -> bool {
    let digits: Option<[u8; 10]> =
        value.try_into().ok().filter(|digits: &[u8; 10]| digits.iter().all(u8::is_ascii_digit));
    digits.is_some_and(|digits| matches!(digits.first(), Some(b'1' | b'2')) && npi(&digits))
}

fn is_ssn(value: &[u8]) -> bool {
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let bare = value.len() == 9 || (value.len() == 11 && value.get(3) == value.get(6));
    bare && <[u8; 9]>::try_from(&*digits).is_ok_and(|digits| ssn_issuable(&digits))
}

/// `19580311`, `03111958`: a day of a year that people live in.
fn is_day(value: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        let digits = value.get(range)?;
        digits.iter().try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let day = |year: Option<u32>, month: Option<u32>, day: Option<u32>| {
        year.is_some_and(|year| (1900..2100).contains(&year))
            && month.is_some_and(|month| (1..=12).contains(&month))
            && day.is_some_and(|day| (1..=31).contains(&day))
    };
    value.len() == 8 && (day(number(0..4), number(4..6), number(6..8)) || day(number(4..8), number(0..2), number(2..4)))
}

/// A number and a street.
fn is_street(value: &[u8], lexicon: &Lexicon) -> bool {
    let number = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = value.get(number..).unwrap_or_default();
    let suffix = || words(rest).any(|word| lexicon.bits(word) & (STREET_SUFFIX | CITY) != 0);
    (1..=6).contains(&number) && rest.first() == Some(&b' ') && words(rest).count() >= 2 && suffix()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::LEXICON;

    fn kinds_of(table: &str) -> Vec<&'static str> {
        let rows: Vec<Vec<Vec<u8>>> =
            table.lines().map(|row| row.split('|').map(|cell| cell.as_bytes().to_vec()).collect()).collect();
        let meanings = columns(&rows, &LEXICON);
        meanings.iter().map(|meaning| meaning.kind.map_or("-", Kind::id)).collect()
    }

    #[test]
    fn columns_of_people_are_told_by_their_values() {
        let visits = "08:15|Okonkwo|Adaeze|6175550171|new|Cardiology\n08:30|Lindqvist|Lars|6175550134|fu|Neurology\n\
                      09:00|Zhang|Mei|7815550155|fu|Cardiology";
        assert_eq!(kinds_of(visits), ["-", "name", "name", "phone", "-", "-"]);
        let people = "A1001|DOE, JANE|219099999|12 Oak St|Salem|MA|01970|19580311\n\
                      A1002|ROE, RICHARD|219099998|7 Elm Ave|Boston|MA|02134|19610412";
        let expected = ["other-id", "name", "ssn", "location:street", "location:city", "zip", "-", "date"];
        let found = kinds_of(people);
        assert_eq!(
            (found[0], &found[1..4], found[4], found[6], found[7]),
            (expected[0], &expected[1..4], expected[4], "zip", "date")
        );
    }

    #[test]
    fn short_days_and_repeated_numbers_are_told_beside_names() {
        let labs = "4410021|KOWALSKI MARIA|061552|031124|GLU|142\n4410021|KOWALSKI MARIA|061552|031124|CREA|131\n\
                    4410388|OKAFOR GRACE|092084|031124|HGB|102\n4410977|NGUYEN LINH|120939|031224|PSA|492";
        assert_eq!(kinds_of(labs)[..4], ["other-id", "name", "date", "date"]);
        let named = "c1|c2|c3\nMaria Kowalski|X-10-4471|98\nGrace Okafor|X-10-4480|97\nLinh Nguyen|X-10-4502|96\n\
                     Peter Smith|X-10-4533|99\nAnna Jones|X-10-4590|95";
        assert_eq!(kinds_of(named), ["name", "other-id", "-"]);
    }

    #[test]
    fn columns_of_things_are_left() {
        let things = "Aspirin|Tablet|Oral|0071015523|Active\nMetformin|Capsule|Oral|0093104801|Stopped\n\
                      Lisinopril|Tablet|Oral|0378207701|Active";
        assert_eq!(kinds_of(things), ["-", "-", "-", "-", "-"]);
        let metrics =
            "web-1|123456|cpu|0.73|2024-01-01\nweb-2|123457|mem|0.12|2024-01-01\nweb-3|123458|io|1.0|2024-01-01";
        assert_eq!(kinds_of(metrics), ["-", "-", "-", "-", "-"]);
        assert_eq!(kinds_of("4548-4|Hemoglobin|%\n2345-7|Glucose|mg\n718-7|Sodium|mmol"), ["-", "-", "-"]);
        assert_eq!(kinds_of("White|Male|Stable\nBlack|Female|Good\nAsian|Male|Guarded"), ["-", "-", "-"]);
        assert!(kinds_of("").is_empty());
    }
}
