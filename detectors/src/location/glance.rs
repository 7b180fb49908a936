//! A glance at a capitalised word before it is read as a place: something has to lead to it, or a state, a ZIP code, a
//! kind of street or county has to follow within the same run of capitalised words.

use blackbar_engine::{Near, Unseen};

use super::city::{JOINS, LIVING_IN, WINDOW};
use crate::chain::{self, Link};
use crate::fields::hint;
use crate::words::category as cat;

/// Words that a state of two words may begin with.
const STATE_HEADS: &[&str] = &[
    "american",
    "d",
    "district",
    "n",
    "new",
    "north",
    "northern",
    "puerto",
    "r",
    "rhode",
    "s",
    "south",
    "us",
    "virgin",
    "w",
    "washington",
    "west",
];
/// What counties and streets are called last.
#[rustfmt::skip] // A word list reads better in lines.
const KINDS: &[&str] = &[
    "county", "parish", "borough", "township", "street", "avenue", "road", "boulevard", "lane", "ave", "blvd", "rd",
    "parkway", "highway", "turnpike", "trail", "pkwy", "hwy", "bypass", "overpass", "causeway",
];

/// At a capital.
pub(super) fn capital(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    if word.letters.len() < 2 {
        return Ok(false);
    }
    if one_of!(word.letters, LIVING_IN) || one_of!(word.letters, &["county"]) {
        return Ok(true);
    }
    let listed = word.bits & cat::CITY != 0 || word.bits == 0;
    if listed && leads(near)? {
        return Ok(true);
    }
    let mut ahead = word.letters.len();
    for n in 1..chain::LONGEST {
        let Some((gap, next)) = near.next(n)? else { return zip_behind(near, n - 1) };
        // A ZIP code and what parts it from the words around it.
        if gap.len() > 5 && zip_behind(near, n - 1)? {
            return Ok(true);
        }
        ahead += gap.len();
        // Nobody is asked about what lies beyond the window: a long line of capitals would be read anew at each of them.
        if ahead >= const { WINDOW.ahead() } {
            return Ok(false);
        }
        ahead += next.letters.len();
        if next.is_capital()
            && gap.len() <= chain::WIDEST_GAP
            && (next.bits & cat::STATE != 0 || one_of!(next.letters, STATE_HEADS) || one_of!(next.letters, KINDS))
        {
            return Ok(true);
        }
        match chain::link(gap, &next) {
            Link::Broken => return Ok(false),
            Link::Small if !one_of!(next.letters, JOINS) => return Ok(false),
            // More words that something leads to may be the name of a town.
            _ if n == 1 && !listed && leads(near)? => return Ok(true),
            _ => {}
        }
    }
    Ok(true)
}

/// Whether five digits follow the `n`th word, as a ZIP code would.
fn zip_behind(near: &Near<'_>, n: usize) -> Result<bool, Unseen> {
    let behind = near.following(n, 8)?;
    let digits = behind.strip_prefix(b",").unwrap_or(behind).trim_ascii_start();
    Ok(digits.len() < behind.len() && digits.len() >= 5 && digits.iter().take(5).all(u8::is_ascii_digit))
}

/// Whether what stands before may lead to a place: a preposition, a label, the rest of an address.
fn leads(near: &Near<'_>) -> Result<bool, Unseen> {
    if near.begins() {
        return Ok(near.hinted(hint::LOCATION));
    }
    let number = || near.preceding(48).iter().any(u8::is_ascii_digit);
    match near.preceding(2) {
        [.., b':' | b'='] | [b':' | b'=', b' '] => Ok(near.previous()?.is_some_and(|(label, _)| {
            one_of!(
                label.letters,
                &["city", "town", "hometown", "residence", "birthplace", "municipality", "village", "location"],
            )
        })),
        [.., b' ' | b'\n' | b'\t'] => {
            let Some((before, gap)) = near.previous()? else { return Ok(number()) };
            if !gap.iter().all(u8::is_ascii_whitespace) {
                // `12 Oak Lane, Boston`, `PO Box, Boston`.
                return Ok(gap.contains(&b',')
                    && (number() || near.preceding(48).iter().any(|byte| matches!(byte, b'x' | b'X'))));
            }
            Ok(one_of!(
                before.letters,
                &["in", "near", "outside", "from", "to", "of", "around", "within", "visited", "visiting", "at"],
            ) || before.bits & cat::STREET_SUFFIX != 0 && number())
        }
        _ => Ok(false),
    }
}
