//! What a word may be. One bit each; most words that matter have several, and context decides between them.

/// Declares the bits and the table that documents them, so that neither can go without the other.
macro_rules! categories {
    ($($bit:literal $name:ident $meaning:literal)*) => {
        $(#[doc = $meaning] pub const $name: u32 = 1 << $bit;)*

        /// Every category: bit, name, meaning.
        pub const TABLE: &[(u32, &str, &str)] = &[$(($name, stringify!($name), $meaning)),*];
    };
}

categories! {
    0 GIVEN "A given name, or a nickname."
    1 GIVEN_COMMON "One of the 1,500 given names most often borne by people born in the US since 1880."
    2 SURNAME "A surname."
    3 SURNAME_COMMON "One of the 3,000 most frequent US surnames."
    4 WORD "An ordinary English word, inflected forms included (SCOWL 10 to 35)."
    5 WORD_TOP "A very common English word (SCOWL 10, about 4,000), or a contraction. Always with `WORD`."
    6 WORD_RARE "An English word of a middle-sized dictionary (SCOWL 40 to 60). Never with `WORD`."
    7 MOSTLY_NAME "An English word or eponym on paper, but with a capital it is nearly always a person (`Peter`, `Smith`, `Carol`)."
    8 CLINICAL "Medical vocabulary: anatomy, findings, procedures, section headings, organisms, abbreviations."
    9 EPONYM "A person's name that names a sign, disease, device or score. With `SURNAME_COMMON` it needs the noun beside it."
    10 DRUG "A generic or brand name of a medicine."
    11 MONTH "A month in English or Spanish, full or short."
    12 WEEKDAY "A day of the week, full or short."
    13 HOLIDAY "A holiday; with a year, or in a dated visit, it can stand for a date."
    14 TITLE "A form of address before a name."
    15 CREDENTIAL "A degree or licence after a name, as it reads once folded (`PA-C` is `pa c`)."
    16 RELATIVE "A relation to the patient, which a name often follows."
    17 ROLE "A part someone plays in care, which a name often follows."
    18 STREET_SUFFIX "A street type, by its name or a USPS abbreviation."
    19 UNIT_WORD "What stands before the number in the second line of an address (`apt`, `suite`, `po box`)."
    20 STATE "A US state or territory: name, two letters, or an older abbreviation."
    21 COUNTRY "A country or continent."
    22 CITY "A US postal city, or a large city elsewhere."
    23 CITY_BIG "A US city big enough to be named without its state. Always with `CITY`."
    24 FACILITY_WORD "A word that makes the name of a place of care (`hospital`, `clinic`)."
    25 ORG_WORD "A word that makes the name of another organisation (`school`, `inc`)."
    26 PARTICLE "A particle inside a surname (`van`, `de la`), or the head of one written apart (`o`, `mc`)."
    27 NAME_SUFFIX "What follows a surname (`jr`, `iii`)."
    28 PREPOSITION_PLACE "Words that a place may follow (`from`, `resides in`)."
    29 LABEL_NAME "Words that a name may follow, as a field label or in a sentence (`patient name`, `signed by`)."
    30 NATIONALITY "A people, language or religion: a capital, but no name."
    31 PROPER_OTHER "Another capitalised word that is not a person: insurers, software, shops, instruments, makers."
}

/// The bits under which a word may be part of a person's name.
pub const ANY_NAME: u32 = GIVEN | GIVEN_COMMON | SURNAME | SURNAME_COMMON | MOSTLY_NAME;
