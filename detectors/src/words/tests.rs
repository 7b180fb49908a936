use std::collections::{BTreeMap, HashSet};

use super::area_code::area_code_known;
use super::category::*;
use super::*;

fn lexicon() -> BTreeMap<&'static str, u32> {
    let mut merged = BTreeMap::new();
    for list in lists::ALL {
        for line in list.text.lines() {
            let word = line.split('\t').next().unwrap_or_default();
            merged.insert(word, 0);
        }
    }
    each(&mut |word, bits| *merged.get_mut(word).expect("each visits listed words only") |= bits);
    merged
}

/// Bits that must be there, and bits that must not.
const KNOWN: &[(&str, u32, u32)] = &[
    ("smith", SURNAME | SURNAME_COMMON | MOSTLY_NAME, DRUG | CLINICAL),
    ("will", GIVEN | SURNAME | WORD | WORD_TOP, MOSTLY_NAME),
    ("may", GIVEN | SURNAME | MONTH | WORD_TOP, MOSTLY_NAME),
    ("mark", GIVEN | GIVEN_COMMON | WORD, 0),
    ("hope", GIVEN | WORD | SURNAME, 0),
    ("grace", GIVEN | GIVEN_COMMON | WORD, 0),
    ("pain", SURNAME | WORD | CLINICAL, GIVEN),
    ("long", SURNAME | SURNAME_COMMON | WORD_TOP, 0),
    ("brown", SURNAME_COMMON | WORD, 0),
    ("john", GIVEN | GIVEN_COMMON | MOSTLY_NAME, EPONYM),
    ("mary", GIVEN_COMMON, EPONYM),
    ("garcia", SURNAME_COMMON, WORD),
    ("obrien", SURNAME, WORD),
    ("nguyen", SURNAME_COMMON, WORD),
    ("chukwuemeka", GIVEN, WORD),
    ("priyanka", GIVEN, WORD),
    ("guadalupe", GIVEN, WORD),
    ("khadija", GIVEN, 0),
    ("mukherjee", SURNAME, 0),
    ("parkinson", EPONYM | SURNAME, SURNAME_COMMON),
    ("babinski", EPONYM, 0),
    ("crohn", EPONYM, 0),
    ("foley", EPONYM | SURNAME, 0),
    ("glasgow coma scale", EPONYM, 0),
    ("yasmin", DRUG | GIVEN, 0),
    ("ella", DRUG | GIVEN, 0),
    ("premarin", DRUG, SURNAME | GIVEN),
    ("metformin", DRUG, SURNAME | GIVEN),
    ("boston", CITY | CITY_BIG, 0),
    ("new york", CITY | CITY_BIG | STATE, 0),
    ("winston salem", CITY, 0),
    ("saint louis", CITY, 0),
    ("st louis", CITY, 0),
    ("coeur d alene", CITY, 0),
    ("ma", STATE | CREDENTIAL, GIVEN),
    ("dr", TITLE | STREET_SUFFIX, 0),
    ("pa c", CREDENTIAL, 0),
    ("wife", RELATIVE | WORD, 0),
    ("patient", ROLE | LABEL_NAME, 0),
    ("spanish", NATIONALITY, 0),
    ("de la", PARTICLE, 0),
    ("jr", NAME_SUFFIX, 0),
    ("hospital", FACILITY_WORD | WORD, 0),
    ("staphylococcus", CLINICAL, SURNAME | GIVEN),
    ("chief complaint", CLINICAL, 0),
    ("don t", WORD_TOP, 0),
    ("abscess", CLINICAL, SURNAME),
    ("medicare", PROPER_OTHER, GIVEN),
    ("christmas", HOLIDAY, 0),
    ("apt", UNIT_WORD, 0),
    ("resides in", PREPOSITION_PLACE, 0),
];

#[test]
fn known_words_have_their_bits() {
    let lexicon = lexicon();
    let mut wrong = Vec::new();
    for &(word, must, must_not) in KNOWN {
        let bits = lexicon.get(word).copied().unwrap_or(0);
        if bits & must != must || bits & must_not != 0 {
            wrong.push(format!("{word}: {:?}", names_of(bits)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_lists_are_as_large_as_the_detectors_count_on() {
    let lexicon = lexicon();
    let count = |bit: u32| lexicon.values().filter(|bits| *bits & bit != 0).count();
    for (bit, at_least) in [
        (SURNAME, 88_799),
        (GIVEN, 20_000),
        (SURNAME_COMMON, 3_000),
        (GIVEN_COMMON, 1_500),
        (WORD, 39_000),
        (WORD_TOP, 4_000),
        (WORD_RARE, 25_000),
        (CLINICAL, 4_000),
        (EPONYM, 400),
        (DRUG, 1_000),
        (CITY, 18_000),
        (CITY_BIG, 300),
        (STATE, 100),
        (STREET_SUFFIX, 400),
    ] {
        assert!(count(bit) >= at_least, "{:?}: {} < {at_least}", names_of(bit), count(bit));
    }
    assert_eq!(count(SURNAME_COMMON), 3_000);
    assert_eq!(count(GIVEN_COMMON), 1_500);
}

#[test]
fn bits_that_imply_each_other_do() {
    for (word, bits) in lexicon() {
        for (bit, implied) in [(GIVEN_COMMON, GIVEN), (SURNAME_COMMON, SURNAME), (WORD_TOP, WORD), (CITY_BIG, CITY)] {
            assert!(bits & bit == 0 || bits & implied != 0, "{word}: {:?}", names_of(bits));
        }
        assert!(bits & (WORD | WORD_RARE) != WORD | WORD_RARE, "{word}");
        assert_ne!(bits, 0, "{word} says nothing");
    }
}

#[test]
fn every_list_is_sorted_unique_and_folded() {
    for list in lists::ALL {
        let words: Vec<_> = list.text.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        assert!(!words.is_empty(), "{}", list.name);
        // The files are sorted as whole lines, where a tab sorts before a blank, as the end of a word does here.
        assert!(words.is_sorted(), "{} is not sorted", list.name);
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len(), "{} repeats an entry", list.name);
        for word in words {
            let folded = word.split(' ').all(|run| {
                !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            assert!(folded, "{}: {word:?}", list.name);
            assert!(word.len() <= MAX_ENTRY_BYTES, "{}: {word:?}", list.name);
            assert!(word.split(' ').count() <= MAX_PHRASE_WORDS, "{}: {word:?}", list.name);
        }
    }
}

#[test]
fn every_category_has_its_own_bit_and_some_words() {
    let every = lexicon().values().fold(0, |all, bits| all | bits);
    let mut seen = 0;
    for &(bit, name, meaning) in TABLE {
        assert_eq!(bit.count_ones(), 1, "{name}");
        assert_eq!(seen & bit, 0, "{name} shares its bit");
        assert_ne!(every & bit, 0, "no word has {name}");
        assert!(!meaning.is_empty());
        seen |= bit;
    }
    assert_eq!(every & !seen, 0, "a list gives a bit that the table does not explain");
}

#[test]
fn zips_know_their_state() {
    for (zip, state) in [
        (2139, Some(*b"MA")),
        (90210, Some(*b"CA")),
        (501, Some(*b"NY")),
        (99950, Some(*b"AK")),
        (6390, Some(*b"NY")),
        (6320, Some(*b"CT")),
        (96960, Some(*b"MH")),
        (0, None),
        (99_999, None),
        (100_000, None),
        (u32::MAX, None),
    ] {
        assert_eq!(zip_state(zip), state, "{zip:05}");
        assert_eq!(zip_exists(zip), state.is_some(), "{zip:05}");
    }
    assert_eq!((0..200_000).filter(|zip| zip_exists(*zip)).count(), 42_789);
}

#[test]
fn small_and_unknown_zip_areas_are_restricted() {
    // The list printed in the HHS guidance, and those the Census of 2020 adds.
    for prefix in [36, 59, 63, 102, 203, 556, 692, 790, 821, 823, 830, 831, 878, 879, 884, 890, 893, 202, 205, 369, 772]
    {
        assert!(zip3_restricted(prefix), "{prefix:03}");
    }
    for prefix in [0, 1, 4, 999 + 1, u16::MAX] {
        assert!(zip3_restricted(prefix), "{prefix:03} is no ZIP area");
    }
    for prefix in [21, 100, 606, 902, 999] {
        assert!(!zip3_restricted(prefix), "{prefix:03}");
    }
}

#[test]
fn area_codes_are_those_in_service() {
    for code in [212, 617, 800, 416, 787, 949] {
        assert!(area_code_known(code), "{code}");
    }
    for code in [0, 123, 200, 211, 411, 911, 370, 960, 999, 1000, u16::MAX] {
        assert!(!area_code_known(code), "{code}");
    }
}

fn names_of(bits: u32) -> Vec<&'static str> {
    TABLE.iter().filter(|(bit, ..)| bits & bit != 0).map(|(_, name, _)| *name).collect()
}
