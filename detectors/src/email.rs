//! E-mail addresses.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Reach, Sign, Tail, Trigger, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{before, label, len};
use crate::tld::{Tld, tld};

/// Addresses with an at sign.
pub static EMAIL: Detector = Detector {
    id: Cow::Borrowed("email"),
    kind: kinds::EMAIL,
    class: Cow::Borrowed("F"),
    priority: 70,
    window: Window { before: 96, longest: 256, after: 8 },
    reach: Reach { bytes: LONGEST_LOCAL, across: LOCAL },
    triggers: Cow::Borrowed(&[
        Trigger::Sign(Sign::of(b"@").after(ByteSet::ALNUM.range(0x80, 0xff).with(b'['))),
        Trigger::Sign(Sign::of(b"%").after(ByteSet::of(b"4"))),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "local parts with dots, plus tags, apostrophes; sub-domains; IP literals; %40 for the at sign; hosts without a \
         dot after mailto or a label",
    ),
    refuses: Cow::Borrowed("@mentions, dosing such as q@8h, package@version, image@2x.png"),
};

/// The longest local part that the standard allows.
const LONGEST_LOCAL: u16 = 64;
/// The longest host name, and the at sign in its longer spelling.
const LONGEST_HOST: usize = 253;

/// Bytes of a local part. The rarer signs that the standard allows mostly stand beside an address, not in it.
const LOCAL: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"._%+-'~")).range(0x80, 0xff);
/// Bytes of a host name.
static HOST: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b".-_")).range(0x80, 0xff);
static HOST_SOFT: ByteSet = ByteSet::of(b".-_");

const LABELS: &[&str] = &["email", "mail", "mailto", "emailed"];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let sign = match view.byte(0)? {
        b'@' => 1,
        _ if view.slice(1, 2) == b"40" => 3,
        _ => return None,
    };
    let host = sign;
    if !view.byte(host)?.is_ascii_alphanumeric() && view.byte(host)? < 0x80 && view.byte(host) != Some(b'[') {
        return None;
    }
    let start = local_start(view)?;
    let found = |end: i32, confidence| Some(Verdict::new(start, end, kinds::EMAIL, confidence, "local part and host"));
    if view.byte(host) == Some(b'[') {
        return found(address_literal(view, host)?, 90);
    }
    let run = view.run(host, &HOST, LONGEST_HOST);
    let name = host_name(run);
    let goes_on = run.len() == LONGEST_HOST;
    let end = host + len(name);
    let labels = name.split(|byte| *byte == b'.').count();
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    if goes_on {
        // Longer than any host name may be; it is taken whole rather than in part.
        let tail = Tail::While { set: &HOST, soft: &HOST_SOFT };
        return (labels > 1)
            .then(|| Verdict::new(start, end, kinds::EMAIL, 70, "local part and an overlong host").with_tail(tail));
    }
    match tld(last) {
        Tld::Common if labels > 1 => found(end, 97),
        Tld::Country if labels > 1 => found(end, 93),
        Tld::Unknown if labels > 1 => found(end, 75),
        _ => {
            // `jdoe@mailhost`: only where something says that it is an address.
            let context = hinted(view, hint::EMAIL) || label(before(view, start)).is_some_and(|l| one_of!(l, LABELS));
            (context && labels == 1 && last.iter().any(u8::is_ascii_alphabetic)).then(|| found(end, 80))?
        }
    }
}

/// Where the local part starts, before the trigger.
fn local_start(view: &View<'_>) -> Option<i32> {
    let all = view.before();
    let text = all.get(all.len().saturating_sub(usize::from(LONGEST_LOCAL))..).unwrap_or_default();
    let run = text.iter().rposition(|byte| !LOCAL.has(*byte)).map_or(0, |i| i + 1);
    let mut local = text.get(run..)?;
    // Quotation marks and other signs beyond ASCII stand beside an address.
    if !local.is_ascii() {
        local = after_last_sign(local);
    }
    let first = local.iter().position(|byte| is_local_start(*byte))?;
    let local = local.get(first..)?;
    let whole = all.len() > local.len();
    let prior = if whole { all.get(all.len() - local.len() - 1).copied() } else { None };
    // `@user@host` is a handle of a social network and a person all the same; `a@@b` is nothing.
    if local.last().is_none_or(|byte| *byte == b'.') || (prior == Some(b'@') && local.len() < 2) {
        return None;
    }
    Some(-len(local))
}

fn is_local_start(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// What follows the last character that is neither ASCII nor a letter or digit.
fn after_last_sign(local: &[u8]) -> &[u8] {
    let mut from = 0;
    for (i, chunk) in local.utf8_chunks().scan(0, |at, chunk| {
        let here = *at;
        *at += chunk.valid().len() + chunk.invalid().len();
        Some((here, chunk))
    }) {
        for (j, c) in chunk.valid().char_indices() {
            if !c.is_ascii() && !c.is_alphanumeric() {
                from = i + j + c.len_utf8();
            }
        }
    }
    local.get(from..).unwrap_or_default()
}

/// The host name in a run of host bytes, without what only stands behind it.
fn host_name(run: &[u8]) -> &[u8] {
    let mut name = run;
    if !name.is_ascii() {
        // Letters of any script may be in a host; typographic signs end it.
        let valid = name.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let end = valid.find(|c: char| !c.is_ascii() && !c.is_alphanumeric()).unwrap_or(valid.len());
        name = name.get(..end).unwrap_or_default();
    }
    while let [rest @ .., b'.' | b'-' | b'_'] = name {
        name = rest;
    }
    // An empty label ends it: `a@b.org..Next`.
    if let Some(double) = name.windows(2).position(|pair| pair == b"..") {
        name = name.get(..double).unwrap_or_default();
    }
    // A sentence begins without a blank: `a@b.org.Please`.
    if let Some(dot) = name.iter().rposition(|byte| *byte == b'.')
        && let (Some(head), Some(last)) = (name.get(..dot), name.get(dot + 1..))
        && head.contains(&b'.')
        && tld(last) != Tld::Common
        && last.first().is_some_and(u8::is_ascii_uppercase)
        && head.rsplit(|byte| *byte == b'.').next().is_some_and(|word| tld(word) == Tld::Common && word.is_ascii())
        && head.iter().any(u8::is_ascii_lowercase)
    {
        name = head;
    }
    name
}

/// The end of `[192.0.2.1]` or `[IPv6:…]` at `at`.
fn address_literal(view: &View<'_>, at: i32) -> Option<i32> {
    const INSIDE: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b".:"));
    let inside = view.run(at + 1, &INSIDE, 46);
    let end = at + 1 + len(inside);
    (inside.len() >= 3 && inside.iter().any(u8::is_ascii_digit) && view.byte(end) == Some(b']')).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use blackbar_engine::naive::findings;
    use blackbar_engine::{Field, Lexicon};

    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&EMAIL);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&EMAIL, &["jo", "@", "x.org", "%40", "é", "“", ".", "mailto:"]);
    }

    #[test]
    fn an_overlong_host_is_taken_whole() {
        let text = format!("jo@{}org", "a.".repeat(400));
        let found = findings(&[&EMAIL], &Lexicon::new(), text.as_bytes(), &Field::default(), 50);
        assert_eq!((found[0].start, found[0].end), (0, text.len()));
    }
}
