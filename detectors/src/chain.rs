//! Runs of words that may be one name, seen from their first word: whether the next one belongs to it.

use blackbar_engine::NearWord;

/// More words than any name of a place has, with everything that hyphens and apostrophes join.
pub(crate) const LONGEST: usize = 40;
/// More than any white space that may stand between two words of a name, with the sign before it.
pub(crate) const WIDEST_GAP: usize = 30;

/// How a word follows the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    /// Something that no name has stands between.
    Broken,
    /// It is written small, alone, behind a blank.
    Small,
    /// It has a capital, or is joined to the word before it or the one behind it.
    Joined,
}

/// How `next` follows what stands before it, which ends in `gap`. Whatever [`crate::name::part`] reads as one part or
/// as the white space between two is no break.
#[inline]
pub(crate) fn link(gap: &[u8], next: &NearWord<'_>) -> Link {
    if gap == b" " {
        let joined = matches!(next.after, Some(b'-' | b'\'' | b'`'));
        return if joined || next.is_capital() { Link::Joined } else { Link::Small };
    }
    let fits =
        |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'.' | b'\'' | b'`' | b'-' | b'&') || *byte >= 0x80;
    if gap.len() > WIDEST_GAP || !gap.iter().all(fits) {
        return Link::Broken;
    }
    let joined = !gap.iter().any(u8::is_ascii_whitespace) || matches!(next.after, Some(b'-' | b'\'' | b'`'));
    if joined || next.is_capital() { Link::Joined } else { Link::Small }
}
