//! Values with digits that stand where identifiers and dates stand.

use std::borrow::Cow;

use blackbar_engine::{
    ByteSet, Detector, DigitRun, Kind, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window,
};

use super::model::{Score, VALUES};
use super::tokens::{FAR, Tokens};
use super::{TOKEN, UNIT, features, goes_on, is_text, stays_within};
use crate::kinds;

/// What values are told from nothing, in the order of the table, and the class of words in which each goes on.
const KINDS: [(Kind, usize); VALUES] = [(kinds::OTHER_ID, 5), (kinds::DATE, 4)];
/// By how much a class has to beat nothing.
const SURE: i32 = UNIT * 5 / 4;
/// What a value may have between its letters and digits.
const JOINS: ByteSet = ByteSet::of(b"-_/.");
const BYTES: ByteSet = ByteSet::ALNUM.or(JOINS);
/// Letters before the first digit, at most.
const BACK: u16 = 24;
/// A value in one piece, from its first digit on.
const PIECE: usize = 48;
const LONGEST: u16 = 72;

/// Values by their surroundings.
pub static LEARNED_VALUES: Detector = Detector {
    id: Cow::Borrowed("learned-values"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    priority: 3,
    window: Window { before: 96, longest: LONGEST, after: 24 },
    reach: Reach { bytes: BACK, across: BYTES },
    triggers: Cow::Borrowed(&[Trigger::NumberWhen(DigitRun::ANY, worth)]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "identifiers and dates that no rule knows, where a learnt score of what stands around them says so",
    ),
    refuses: Cow::Borrowed("what the score takes for anything else: doses, codes, counts"),
};

fn verify(view: &View<'_>) -> Option<Verdict> {
    let value = Value::read(view)?;
    let (len, longest) = (value.end - value.start, i32::from(LONGEST) + value.start);
    let covered = view.covered_to(value.start);
    if covered >= value.end {
        // A rule took it, and perhaps all that this could take.
        let tokens = value.tokens(view, FAR);
        let next = value.next(&tokens);
        let (classes, covered) = (KINDS.map(|(_, inside)| inside), covered - value.start);
        if next.is_none_or(|next| stays_within(&tokens, next, &classes, len, covered, longest)) {
            return None;
        }
    }
    let mut score = Score::default();
    value.facts(view, &mut |place| score.add(place));
    let (class, score) = score.value();
    if score < SURE {
        return None;
    }
    let (kind, inside) = *KINDS.get(class)?;
    // From a day to a day are two dates; addresses of networks are none.
    let days = value.text.contains(&b'/') && value.text.contains(&b'-');
    let dots = |piece: &[u8]| piece.iter().filter(|byte| **byte == b'.').count();
    if kind == kinds::DATE && (days || value.text.split(|byte| *byte == b'-').any(|piece| dots(piece) > 2)) {
        return None;
    }
    let tokens = value.tokens(view, FAR);
    let end = value.next(&tokens).map_or(len, |next| goes_on(&tokens, next, inside, len, longest)) + value.start;
    Some(Verdict::new(value.start, end, kind, 52, "learnt"))
}

/// A value in one piece, whose first digit is the trigger.
pub(super) struct Value<'a> {
    before: &'a [u8],
    /// From its first byte to the end of the window.
    all: &'a [u8],
    text: &'a [u8],
    after: &'a [u8],
    pub(super) start: i32,
    pub(super) end: i32,
}

impl<'a> Value<'a> {
    pub(super) fn read(view: &View<'a>) -> Option<Self> {
        if !is_text(view) {
            return None;
        }
        let before = view.before();
        let back = before.iter().rev().take(usize::from(BACK) + 1).take_while(|byte| BYTES.has(**byte)).count();
        let (outside, begin) = before.split_at(before.len() - back);
        // Not inside a word of another script, an address or an escape.
        let foreign = |byte: &u8| *byte >= 0x80 || matches!(byte, b'@' | b'%' | b'\\');
        if back > usize::from(BACK) || outside.last().is_some_and(foreign) {
            return None;
        }
        // The first of its digits asks for all of it.
        if begin.iter().any(u8::is_ascii_digit) {
            return None;
        }
        // What stands before a slash is the type of a reference, or a folder.
        let begin = begin.iter().rposition(|byte| *byte == b'/').map_or(begin, |slash| begin.split_at(slash + 1).1);
        let skipped = begin.iter().take_while(|byte| JOINS.has(**byte)).count();
        let begin = begin.split_at(skipped).1;
        let run = view.run(0, &BYTES, PIECE);
        let trailing = run.iter().rev().take_while(|byte| JOINS.has(**byte)).count();
        let len = begin.len() + run.len() - trailing;
        if run.len() == PIECE || len < 2 {
            return None;
        }
        let start = -crate::scan::len(begin);
        let all = view.slice(start, begin.len() + LEARNED_VALUES.window.ahead());
        let (text, after) = all.split_at_checked(len)?;
        if is_measure(text)
            || text.starts_with(TOKEN)
            || after.first().is_some_and(|byte| *byte >= 0x80 || *byte == b'@')
        {
            return None;
        }
        let before = before.split_at(before.len() - begin.len()).0;
        Some(Self { before, all, text, after, start, end: start + crate::scan::len(text) })
    }

    /// The tokens before it, and `most` from its first one on.
    fn tokens<'v>(&self, view: &'v View<'a>, most: usize) -> Tokens<'v, 'a> {
        Tokens::read(view, self.start, self.before, self.all, most)
    }

    pub(super) fn facts(&self, view: &View<'a>, say: &mut impl FnMut(usize)) {
        features::value(&self.tokens(view, 1), self.text, self.after, say);
    }

    /// Which token follows it.
    fn next(&self, tokens: &Tokens<'_, 'a>) -> Option<isize> {
        let mut len = 0;
        for n in 0.. {
            len += tokens.text(n)?.len() + if n > 0 { tokens.gap(n).len() } else { 0 };
            if len >= self.text.len() {
                return (len == self.text.len()).then_some(n + 1);
            }
        }
        None
    }
}

/// Three digits and less alone, or a short number with a decimal point.
fn is_measure(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let point = text.iter().filter(|byte| **byte == b'.').count();
    digits + point == text.len() && (point == 0 && digits < 4 || point == 1 && digits < 5)
}

/// The glance: whether these are the first digits of a value, and more than three where nothing stands with them.
fn worth(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let before = near.before(usize::from(BACK));
    let mut joined = before.iter().rev().take_while(|byte| BYTES.has(**byte));
    if joined.any(u8::is_ascii_digit) {
        return Ok(false);
    }
    if near.digits().len() > 3 || before.last().is_some_and(|byte| BYTES.has(*byte)) {
        return Ok(true);
    }
    Ok(match near.behind(2)? {
        [] => false,
        [byte] => BYTES.has(*byte) && !JOINS.has(*byte),
        [byte, next, ..] => BYTES.has(*byte) && (!JOINS.has(*byte) || BYTES.has(*next)),
    })
}
