//! Holds all laws over one document.

use blackbar_engine::testing::laws;
use blackbar_engine::{Format, Profile};

use crate::input::places;
use crate::setup::{PROFILES, SCANNER};
use crate::valid;

/// Documents are cut to this length: what goes wrong goes wrong in small ones, and small ones are fast.
pub(crate) const MOST: usize = 4096;
/// Up to this length a document is also streamed byte by byte.
const BYTE_BY_BYTE: usize = 256;

/// The laws of streaming, under one profile.
pub(crate) fn streaming(profile: &Profile, format: Format, cuts: &[u16], doc: &[u8]) {
    let whole = laws::oracle(&SCANNER, profile, format, doc);
    laws::split(&whole, &SCANNER, profile, format, doc, &places(cuts, doc.len()));
    if doc.len() <= BYTE_BY_BYTE {
        let every: Vec<usize> = (1..doc.len()).collect();
        laws::split(&whole, &SCANNER, profile, format, doc, &every);
    }
    laws::edits(&SCANNER, profile, format, doc);
}

/// What is valid in its format stays valid, and keeps its form, under every operator.
pub(crate) fn validity(format: Format, doc: &[u8]) {
    let Some(form) = valid::form(format, doc) else { return };
    for profile in PROFILES.iter() {
        let out = laws::stream(&SCANNER, profile, format, doc, &[]).bytes;
        form.assert_kept(&out, profile.rules());
    }
}
