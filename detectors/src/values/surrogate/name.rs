//! Names for names, in the shape of the original: order, case, initials, titles and suffixes.
//!
//! Each part has its own stand-in, drawn from the part alone, so a bare `Smith` later in a document is the surname
//! that `John Smith` got. An initial maps to another initial, and names are drawn from those that begin with it:
//! `J. Smith` and `John Smith` agree too.

use std::ops::Range;

use blackbar_engine::operator::Prf;

use super::super::canonical::SUFFIXES;
use super::super::text::{Case, fold};
use super::words::{BARE_GIVEN, GIVEN, SURNAMES};

/// `None` when the value has no letter to replace.
pub(super) fn surrogate(kind: &str, value: &[u8], prf: &Prf) -> Option<Vec<u8>> {
    let parts = parts(kind, value)?;
    let mut written = Vec::with_capacity(value.len() + 8);
    let mut copied = 0;
    for (range, role) in parts {
        let word = &value[range.clone()];
        written.extend_from_slice(&value[copied..range.start]);
        copied = range.end;
        let folded = fold(word);
        written.extend_from_slice(stand_in(&folded, role, Case::of(word), prf)?.as_bytes());
    }
    written.extend_from_slice(&value[copied..]);
    Some(written)
}

/// A given name and a surname for something that is no name, such as a mailbox.
pub(super) fn any(canonical: &[u8], prf: &Prf) -> Option<(&'static str, &'static str)> {
    let mut draws = prf.draws("mailbox", canonical);
    let given = draws.pick(&GIVEN)?.1;
    let surnames = draws.pick(&SURNAMES)?.1;
    Some((draws.pick(given)?, draws.pick(surnames)?))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Given,
    Family,
    Initial,
}

fn stand_in(folded: &[u8], role: Role, case: Case, prf: &Prf) -> Option<String> {
    let first = folded.first()?;
    let others: Vec<u8> = GIVEN.iter().map(|(initial, _)| *initial).filter(|initial| initial != first).collect();
    let initial = *prf.draws("initial", &[*first]).pick(&others)?;
    let list = match role {
        Role::Initial => return Some(case.write(&char::from(initial).to_string())),
        Role::Given => &GIVEN,
        Role::Family => &SURNAMES,
    };
    let (_, names) = list.iter().find(|(letter, _)| *letter == initial)?;
    let label = if role == Role::Given { "given" } else { "family" };
    Some(case.write(prf.draws(label, folded).pick(names)?))
}

/// The ranges to replace, in order, each with what it is. Words of one family name are one part.
fn parts(kind: &str, value: &[u8]) -> Option<Vec<(Range<usize>, Role)>> {
    let words = words(value);
    let is = |range: &Range<usize>, list: &[&str]| {
        let folded = fold(&value[range.clone()]);
        list.iter().any(|known| known.as_bytes() == folded)
    };
    let names: Vec<Range<usize>> =
        words.into_iter().filter(|word| !is(word, &TITLES) && (word.len() == 1 || !is(word, &SUFFIXES))).collect();
    let last = names.last()?.clone();
    // `Last, First` and `Last^First`: the break stands after the family name.
    let family_end = (names[0].end..last.start).find(|at| b",^".contains(&value[*at]));
    let initial = |range: &Range<usize>| range.len() == 1;
    let mut parts: Vec<(Range<usize>, Role)> = Vec::new();
    let mut family: Option<Range<usize>> = None;
    let particles_from = names.iter().position(|word| is(word, &PARTICLES)).filter(|at| *at > 0);
    for (at, word) in names.iter().enumerate() {
        let is_family = match (sub_kind(kind), family_end) {
            (Some(role), _) => role == Role::Family,
            (None, Some(end)) => word.start < end,
            (None, None) if names.len() == 1 => !is(word, &BARE_GIVEN),
            (None, None) => at + 1 == names.len() || particles_from.is_some_and(|from| at >= from),
        };
        match (is_family, family.as_mut()) {
            _ if initial(word) => parts.push((word.clone(), Role::Initial)),
            (true, Some(family)) => family.end = word.end,
            (true, None) => family = Some(word.clone()),
            (false, _) => parts.push((word.clone(), Role::Given)),
        }
    }
    parts.extend(family.map(|family| (family, Role::Family)));
    parts.sort_by_key(|(range, _)| range.start);
    // An initial inside a family name went into it.
    parts.dedup_by(|later, earlier| later.0.start < earlier.0.end);
    Some(parts)
}

/// What a sub-kind says about the role, as for the family field of a record.
fn sub_kind(kind: &str) -> Option<Role> {
    match kind.split_once(':')?.1 {
        "family" | "last" => Some(Role::Family),
        "given" | "first" | "middle" => Some(Role::Given),
        _ => None,
    }
}

/// Runs of letters, hyphens and apostrophes; the possessive `'s` and the ends of quotes are left out.
fn words(value: &[u8]) -> Vec<Range<usize>> {
    let Ok(text) = std::str::from_utf8(value) else {
        // Without letters to tell apart, the value is one word.
        return std::iter::once(0..value.len()).collect();
    };
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, letter) in text.char_indices() {
        let inner = matches!(letter, '\'' | '’' | '-' | '‑');
        let combining = unicode_normalization::char::is_combining_mark(letter);
        match words.last_mut() {
            Some(word) if word.end == at && (letter.is_alphabetic() || inner || combining) => {
                word.end += letter.len_utf8()
            }
            _ if letter.is_alphabetic() => words.push(at..at + letter.len_utf8()),
            _ => {}
        }
    }
    for word in &mut words {
        for ending in ["'s", "’s", "'S", "’S", "'", "’", "-"] {
            if word.len() > ending.len() && text[word.clone()].ends_with(ending) {
                word.end -= ending.len();
                break;
            }
        }
    }
    words
}

const TITLES: [&str; 11] = ["dr", "mr", "mrs", "ms", "miss", "mx", "prof", "sir", "rev", "sister", "nurse"];
const PARTICLES: [&str; 18] = [
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le", "al", "el", "bin", "ibn", "ter",
    "st",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        let shown = |kind: &str, value: &str| {
            let parts = parts(kind, value.as_bytes()).unwrap_or_default();
            let text = |(range, role): (Range<usize>, Role)| format!("{}:{role:?}", &value[range]);
            parts.into_iter().map(text).collect::<Vec<_>>().join(" | ")
        };
        for (kind, value, expected) in [
            ("name", "John Smith", "John:Given | Smith:Family"),
            ("name", "Smith, John Q.", "Smith:Family | John:Given | Q:Initial"),
            ("name", "SMITH^JOHN^Q^JR", "SMITH:Family | JOHN:Given | Q:Initial"),
            ("name", "Dr. J. Smith, MD", "J:Initial | Smith:Family"),
            ("name", "J.S.", "J:Initial | S:Initial"),
            ("name", "Anna van der Berg", "Anna:Given | van der Berg:Family"),
            ("name", "van der Berg, Anna", "van der Berg:Family | Anna:Given"),
            ("name", "Mary Smith-O’Hara's", "Mary:Given | Smith-O’Hara:Family"),
            ("name", "Smith", "Smith:Family"),
            ("name", "Mary", "Mary:Given"),
            ("name:family", "Garcia Lopez", "Garcia Lopez:Family"),
            ("name:given", "Garcia", "Garcia:Given"),
            ("name", "José Núñez", "José:Given | Núñez:Family"),
            ("name", "山田 太郎", "山田:Given | 太郎:Family"),
            ("name", "...", ""),
        ] {
            assert_eq!(shown(kind, value), expected, "{value}");
        }
    }
}
