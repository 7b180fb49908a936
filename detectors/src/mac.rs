//! Hardware addresses of network interfaces.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, NearNumber, Reach, Sign, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::ip::HEX;
use crate::kinds;
use crate::scan::{before, is_wordy, len};

/// EUI-48 and EUI-64 addresses.
pub static MAC: Detector = Detector {
    id: Cow::Borrowed("mac"),
    kind: kinds::MAC,
    class: Cow::Borrowed("M"),
    priority: 56,
    window: Window { before: 64, longest: 56, after: 4 },
    reach: Reach { bytes: 4, across: HEX },
    triggers: Cow::Borrowed(&[
        Trigger::SignWhen(Sign::of(b":-.").before(HEX).after(HEX), glance),
        Trigger::Words(&["mac", "bssid"]),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "six or eight pairs with colons or dashes; three groups of four with dots; twelve digits after MAC",
    ),
    refuses: Cow::Borrowed("clock times, dates, dashed numbers without a hexadecimal letter or context"),
};

#[rustfmt::skip] // A word list reads better in lines.
const CONTEXT: &[&str] = &[
    "mac", "ethernet", "bluetooth", "wifi", "bssid", "hardware", "hwaddr", "adapter", "interface", "ble", "nic",
    "ether",
];

/// A glance at the first sign: whether a group follows, and another two, see [`groups`]. Clock times, dates and
/// decimal numbers are shorter.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let &[sign] = near.digits() else { return Ok(true) };
    let behind = near.behind(6)?;
    Ok(match sign {
        b'.' => behind.get(4) == Some(&b'.'),
        _ => behind.get(2) == Some(&sign) && behind.get(5) == Some(&sign),
    })
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    match view.byte(0)? {
        b'.' => groups(view, 4, &[3, 4]),
        b':' | b'-' => groups(view, 2, &[6, 8]),
        _ => labelled(view),
    }
}

/// Groups of `size` digits, triggered by the first separator.
fn groups(view: &View<'_>, size: usize, counts: &[usize]) -> Option<Verdict> {
    let text = view.before();
    let head = text.iter().rev().take(size + 1).take_while(|byte| HEX.has(**byte)).count();
    let sign = view.byte(0)?;
    if head != size {
        return None;
    }
    let prior = text.len().checked_sub(size + 1).and_then(|i| text.get(i).copied());
    if prior.is_some_and(|byte| is_wordy(byte) || byte == sign) {
        return None;
    }
    let step = i32::try_from(size).ok()?;
    let (mut end, mut count) = (0, 1);
    while view.byte(end) == Some(sign) && view.run(end + 1, &HEX, size + 1).len() == size {
        end += 1 + step;
        count += 1;
    }
    if !counts.contains(&count) || view.byte(end).is_some_and(|byte| is_wordy(byte) || byte == sign) {
        // A full stop or dash after the address is punctuation.
        let punctuation = view.byte(end) == Some(sign) && !view.byte(end + 1).is_some_and(is_wordy);
        if !counts.contains(&count) || !punctuation {
            return None;
        }
    }
    let body = view.slice(-step, usize::try_from(end + step).ok()?);
    let hex = body.iter().any(u8::is_ascii_alphabetic);
    let context = hinted(view, hint::MAC) || mentions!(before(view, -step), CONTEXT, 4);
    // Dashes and dots part all sorts of numbers.
    let sure = hex || sign == b':' || context;
    sure.then(|| Verdict::new(-step, end, kinds::MAC, if context { 97 } else { 88 }, "pairs of hexadecimal digits"))
}

/// `MAC 001A2B3C4D5E`.
fn labelled(view: &View<'_>) -> Option<Verdict> {
    const BETWEEN: ByteSet = ByteSet::of(b" \t:=#");
    let mut at = len(view.word(0));
    at += len(view.run(at, &BETWEEN, 4));
    for filler in [&b"address"[..], b"addr", b"id", b"is"] {
        if view.word(at).eq_ignore_ascii_case(filler) {
            at += len(filler);
            at += len(view.run(at, &BETWEEN, 4));
        }
    }
    let run = view.run(at, &HEX, 17);
    let fits = matches!(run.len(), 12 | 16) && run.iter().any(u8::is_ascii_digit);
    let bare = !view.byte(at + len(run)).is_some_and(is_wordy);
    (fits && bare).then(|| Verdict::new(at, at + len(run), kinds::MAC, 90, "label"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&MAC);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&MAC, &["00:1A", ":2B", "-3c", "001a.2b3c", "MAC ", "001A2B3C4D5E"]);
    }
}
