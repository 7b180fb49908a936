//! E-mail addresses spelled out: `jane dot doe at clinic dot org`.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Near, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::kinds;
use crate::scan::len;
use crate::tld::{Tld, tld};

/// Addresses whose signs are written as words.
pub static EMAIL_SPELLED: Detector = Detector {
    id: Cow::Borrowed("email-spelled"),
    kind: kinds::EMAIL,
    class: Cow::Borrowed("F"),
    priority: 70,
    window: Window { before: 64, longest: 96, after: 8 },
    reach: Reach { bytes: 48, across: ByteSet::ALNUM.or(ByteSet::of(b" ._%+-'([{<")) },
    triggers: Cow::Borrowed(&[Trigger::When(&Trigger::Words(&["at"]), glance)]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("name at host dot org, name (at) host (dot) org, name [at] host.org"),
    refuses: Cow::Borrowed("at a place or a time, a web address at the end of a sentence"),
};

/// Bytes of one word of a local part.
const ATOM: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"_%+-'."));
static LABEL: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"-"));

/// A glance: brackets around the sign, or `dot` behind the first word of the host.
fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    const MOST: usize = 8;
    match near.preceding(1) {
        [b'(' | b'[' | b'{' | b'<'] => return Ok(true),
        [b' '] => {}
        _ => return Ok(false),
    }
    for n in 1..MOST {
        let Some((gap, next)) = near.next(n)? else { return Ok(false) };
        if one_of!(next.letters, &["dot"]) {
            return Ok(true);
        }
        if n > 1 && gap == b" " {
            return Ok(false);
        }
    }
    Ok(true)
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    let bracketed = matches!(view.byte(-1)?, b'(' | b'[' | b'{' | b'<');
    if !bracketed && view.byte(-1)? != b' ' {
        return None;
    }
    let mut at = 2;
    if bracketed {
        if !matches!(view.byte(at)?, b')' | b']' | b'}' | b'>') {
            return None;
        }
        at += 1;
    }
    at += i32::from(view.byte(at)? == b' ');
    let host = at;
    // Labels joined by dots, at least one of which is spelled (or the at sign stands in brackets).
    let mut spelled = false;
    let mut labels = 0;
    let last = loop {
        let label = view.run(at, &LABEL, 40);
        if label.is_empty() || labels == 6 {
            return None;
        }
        labels += 1;
        let end = at + len(label);
        match dot(view, end) {
            Some((next, word)) if view.byte(next).is_some_and(|byte| byte.is_ascii_alphanumeric()) => {
                spelled |= word;
                at = next;
            }
            _ => break (end, label),
        }
    };
    let (end, label) = last;
    // Two letters are more often a word than a country, unless a known domain stands before them.
    let known = tld(label) == Tld::Common || (labels > 2 && tld(label) == Tld::Country);
    if labels < 2 || !known || !(spelled || bracketed) || end <= host || end > 96 {
        return None;
    }
    let start = local_start(view.before(), bracketed)?;
    Some(Verdict::new(start, end, kinds::EMAIL, if spelled { 90 } else { 80 }, "spelled at sign"))
}

/// A dot, or the word for it with blanks or brackets around; where the next label starts, and whether it was a word.
fn dot(view: &View<'_>, at: i32) -> Option<(i32, bool)> {
    if view.byte(at)? == b'.' {
        return Some((at + 1, false));
    }
    let mut from = at + i32::from(view.byte(at)? == b' ');
    let open = matches!(view.byte(from)?, b'(' | b'[' | b'{');
    from += i32::from(open);
    if (from == at && !open) || !view.word(from).eq_ignore_ascii_case(b"dot") {
        return None;
    }
    from += 3;
    from += i32::from(open && matches!(view.byte(from)?, b')' | b']' | b'}'));
    from += i32::from(view.byte(from)? == b' ');
    Some((from, true))
}

/// Where the local part starts: one word, and more before it that are joined by spelled signs.
fn local_start(all: &[u8], bracketed: bool) -> Option<i32> {
    let text = all.get(all.len().saturating_sub(48)..).unwrap_or_default();
    let mut end = text.len() - usize::from(bracketed);
    while end > 0 && text.get(end - 1) == Some(&b' ') {
        end -= 1;
    }
    let mut start = atom_start(text, end)?;
    for _ in 0..3 {
        // `jane dot doe`: one word more.
        let Some(joined) = text.get(..start) else { break };
        let Some(rest) = joined.strip_suffix(b" ") else { break };
        let Some(joint) = atom_start(rest, rest.len()) else { break };
        let word = rest.get(joint..).unwrap_or_default();
        let Some(head) = rest.get(..joint).and_then(|head| head.strip_suffix(b" ")) else { break };
        if !one_of!(word, &["dot", "underscore", "dash", "hyphen", "plus"]) {
            break;
        }
        let Some(first) = atom_start(head, head.len()) else { break };
        start = first;
    }
    i32::try_from(text.len() - start).ok().map(|back| -back)
}

/// Where the word that ends at `end` starts, without signs before it.
fn atom_start(text: &[u8], end: usize) -> Option<usize> {
    let head = text.get(..end)?;
    let run = head.iter().rposition(|byte| !ATOM.has(*byte)).map_or(0, |i| i + 1);
    let signs = head.get(run..)?.iter().position(u8::is_ascii_alphanumeric)?;
    (run + signs < end).then_some(run + signs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&EMAIL_SPELLED);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&EMAIL_SPELLED, &["jo", " at ", "(at)", " dot ", "org", "[dot]", "x"]);
    }
}
