//! Which file gives which category. One line per list.

use super::category::*;

/// A sorted text file: one entry per line, `word` or `word<TAB>mark`.
pub(super) struct List {
    /// For test messages.
    #[cfg_attr(not(test), allow(dead_code, reason = "only the tests name a list"))]
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// The bits of every entry.
    pub(super) always: u32,
    /// Further bits, from the mark after the tab (a rank tier, or a level of how common a word is).
    pub(super) by_mark: fn(&str) -> u32,
}

macro_rules! list {
    ($file:literal, $bits:expr, $by_mark:expr) => {
        List {
            name: $file,
            text: include_str!(concat!("../../data/", $file, ".txt")),
            always: $bits,
            by_mark: $by_mark,
        }
    };
    ($file:literal, $bits:expr) => {
        list!($file, $bits, no_mark)
    };
}

pub(super) const ALL: &[List] = &[
    list!("built/surnames", SURNAME, surname_tier),
    list!("built/given", GIVEN, given_tier),
    list!("built/english", 0, english_level),
    list!("built/contractions", WORD | WORD_TOP),
    list!("built/cities", CITY),
    list!("built/clinical", CLINICAL),
    list!("hand/city_big", CITY | CITY_BIG),
    list!("hand/city_world", CITY),
    list!("hand/clinical", CLINICAL),
    list!("hand/country", COUNTRY),
    list!("hand/credential", CREDENTIAL),
    list!("hand/drug", DRUG),
    list!("hand/eponym", EPONYM),
    list!("hand/eponym_phrase", EPONYM),
    list!("hand/facility_word", FACILITY_WORD),
    list!("hand/holiday", HOLIDAY),
    list!("hand/label_name", LABEL_NAME),
    list!("hand/month", MONTH),
    list!("hand/mostly_name", MOSTLY_NAME),
    list!("hand/name_suffix", NAME_SUFFIX),
    list!("hand/nationality", NATIONALITY),
    list!("hand/organism", CLINICAL),
    list!("hand/org_word", ORG_WORD),
    list!("hand/particle", PARTICLE),
    list!("hand/preposition_place", PREPOSITION_PLACE),
    list!("hand/proper_other", PROPER_OTHER),
    list!("hand/relative", RELATIVE),
    list!("hand/role", ROLE),
    list!("hand/state", STATE),
    list!("hand/street_suffix", STREET_SUFFIX),
    list!("hand/title", TITLE),
    list!("hand/unit_word", UNIT_WORD),
    list!("hand/weekday", WEEKDAY),
];

fn no_mark(_: &str) -> u32 {
    0
}

/// Tier 1 and 2 are the 3,000 most frequent.
fn surname_tier(tier: &str) -> u32 {
    if matches!(tier, "1" | "2") { SURNAME_COMMON } else { 0 }
}

/// Tier 1 and 2 are the 1,500 most frequent.
fn given_tier(tier: &str) -> u32 {
    if matches!(tier, "1" | "2") { GIVEN_COMMON } else { 0 }
}

/// SCOWL levels: 10 is the thousand or so most common words, 35 a small dictionary, 60 a middle-sized one.
fn english_level(level: &str) -> u32 {
    match level {
        "10" => WORD | WORD_TOP,
        "20" | "35" => WORD,
        _ => WORD_RARE,
    }
}
