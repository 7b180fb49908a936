//! Coordinates: a latitude and a longitude with three decimals or more place a home.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::kinds;
use crate::name::part::{blanks, length};

/// Geographic coordinates.
pub static GEO: Detector = Detector {
    id: Cow::Borrowed("geo-coordinates"),
    kind: kinds::LOCATION_GEO,
    class: Cow::Borrowed("B"),
    priority: 56,
    window: Window { before: 32, longest: 48, after: 8 },
    reach: Reach { bytes: 1, across: ByteSet::of(b"+-") },
    triggers: Cow::Borrowed(&[Trigger::NumberWhen(DigitRun::of_lens(1, 3).after(ByteSet::of(b".")).goes_on(), glance)]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("latitude and longitude with three decimals or more; one of them behind its label"),
    refuses: Cow::Borrowed("pairs of measurements, versions, ranges"),
};

/// A glance: whether three decimals follow.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    Ok(near.behind(4)?.iter().skip(1).filter(|byte| byte.is_ascii_digit()).count() == 3)
}

/// One coordinate.
struct Degrees {
    end: i32,
    whole: u32,
    decimals: usize,
    /// `N`, `S`, `E`, `W` behind it.
    letter: Option<u8>,
}

fn degrees(view: &View<'_>, at: i32) -> Option<Degrees> {
    let whole = view.run(at, &ByteSet::DIGIT, 4);
    let dot = at + length(whole);
    if whole.is_empty() || whole.len() > 3 || view.byte(dot) != Some(b'.') {
        return None;
    }
    let decimals = view.run(dot + 1, &ByteSet::DIGIT, 16);
    let mut end = dot + 1 + length(decimals);
    if decimals.len() < 3 || decimals.len() > 15 {
        return None;
    }
    let mut sign = end;
    if view.slice(sign, 2) == "°".as_bytes() {
        sign += 2;
        end = sign;
    }
    let at = sign + blanks(view, sign, 1);
    let letter = view.byte(at).filter(|byte| matches!(byte, b'N' | b'S' | b'E' | b'W') && view.word(at).len() == 1);
    if letter.is_some() {
        end = at + 1;
    } else if view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'%') {
        return None;
    }
    let value = whole.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some(Degrees { end, whole: value, decimals: decimals.len(), letter })
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    let before = view.before();
    let signed = matches!(before.last(), Some(b'-' | b'+'));
    let outer = if signed { before.get(..before.len() - 1).unwrap_or_default() } else { before };
    if outer.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'$' | b'/')) {
        return None;
    }
    let first = degrees(view, 0)?;
    let start = -i32::from(signed);
    let take = |end, confidence, reason| Some(Verdict::new(start, end, kinds::LOCATION_GEO, confidence, reason));
    let cued = cued(outer);
    if first.whole <= 90
        && let Some(second) = second(view, first.end)
        && second.whole <= 180
    {
        let letters = first.letter.is_some() && second.letter.is_some();
        let fine = first.decimals >= 4 && second.decimals >= 4;
        if letters || cued {
            return take(second.end, 95, "labelled pair");
        }
        if fine && first.decimals.abs_diff(second.decimals) <= 3 {
            return take(second.end, 82, "pair of fine decimals");
        }
    }
    (cued && first.whole <= 180).then_some(())?;
    take(first.end, 85, "label")
}

/// The second coordinate behind a comma, a slash or blanks, and its sign.
fn second(view: &View<'_>, end: i32) -> Option<Degrees> {
    let mut at = end + blanks(view, end, 2);
    let separated = matches!(view.byte(at), Some(b',' | b';' | b'/'));
    at += i32::from(separated);
    at += blanks(view, at, 2);
    if at == end {
        return None;
    }
    at += i32::from(matches!(view.byte(at), Some(b'-' | b'+')));
    degrees(view, at)
}

/// Whether a label of coordinates stands close before.
fn cued(before: &[u8]) -> bool {
    let near = before.get(before.len().saturating_sub(16)..).unwrap_or_default();
    let ends = near
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b':' | b'=' | b'(' | b'[' | b'"' | b','))
        .map_or(0, |i| i + 1);
    let near = near.get(..ends).unwrap_or_default();
    let start = near.iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |i| i + 1);
    let word = near.get(start..).unwrap_or_default();
    one_of!(
        word,
        &[
            "lat",
            "latitude",
            "lon",
            "lng",
            "long",
            "longitude",
            "gps",
            "geo",
            "coordinates",
            "coords",
            "coord",
            "geocode",
            "geolocation",
            "position",
        ],
    )
}
