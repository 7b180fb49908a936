//! The word lists: names, places, titles, drugs, plain English. Data only: what a word *may* be, never what it is here.
//!
//! [`each`] visits every entry of every list once with the [`category`] bits of that list. A word in several lists is
//! visited several times; whoever builds a lexicon ORs the bits. Provenance and licences are in `detectors/data/README.md`.
//!
//! # How text is folded
//!
//! Entries are ASCII: lower case, Latin diacritics reduced to the base letter (`Muñoz` is `munoz`), and **one** blank
//! between maximal alphanumeric runs. So `O'Fallon`, `Winston-Salem` and `St. Louis` are the phrases `o fallon`,
//! `winston salem` and `st louis`, and `don't` is `don t`. Census surnames come without punctuation: `O'Brien` is the
//! word `obrien`, and both `brien` and the particle `o` are listed, so a lookup per run meets it as well.
//! No phrase has more than [`MAX_PHRASE_WORDS`] runs and no entry more than [`MAX_ENTRY_BYTES`] bytes.

pub mod area_code;
pub mod category;
mod lists;
pub mod zip;

pub use zip::{zip_exists, zip_state, zip3_restricted};

/// The most alphanumeric runs in one entry.
pub const MAX_PHRASE_WORDS: usize = 6;

/// The longest entry, in bytes.
pub const MAX_ENTRY_BYTES: usize = 40;

/// Visits each entry of each list: the folded word or phrase, and the category bits this list gives it.
///
/// Nothing is allocated; the whole pass is a scan for newlines over about 2.5 MB.
pub fn each(visit: &mut dyn FnMut(&str, u32)) {
    for list in lists::ALL {
        for line in list.text.lines() {
            let (word, mark) = line.split_once('\t').unwrap_or((line, ""));
            visit(word, list.always | (list.by_mark)(mark));
        }
    }
}

#[cfg(test)]
mod tests;
