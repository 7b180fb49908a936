//! Network addresses of the Internet Protocol.

use std::borrow::Cow;

use blackbar_engine::{
    ByteSet, Detector, DigitRun, NearNumber, Reach, Sign, Trigger, Unseen, Verdict, Verify, View, Window,
};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{before, digits, label, len, number};

/// IPv4 and IPv6 addresses.
pub static IP: Detector = Detector {
    id: Cow::Borrowed("ip"),
    kind: kinds::IP,
    class: Cow::Borrowed("O"),
    priority: 54,
    window: Window { before: 64, longest: 64, after: 8 },
    reach: Reach { bytes: 4, across: HEX },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(1, 3).after(ByteSet::of(b".")).goes_on(), glance),
        Trigger::Sign(Sign::of(b":").before(HEX).after(HEX.or(ByteSet::of(b":.")))),
        Trigger::Sign(Sign::of(b":").before(ByteSet::ALL.but(HEX)).or_begins().after(ByteSet::of(b":"))),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "dotted quads with port or prefix length; IPv6, compressed, mixed, with zone or prefix length",
    ),
    refuses: Cow::Borrowed("versions, object identifiers, section numbers, clock times, hardware addresses"),
};

pub(crate) const HEX: ByteSet = ByteSet::DIGIT.range(b'a', b'f').range(b'A', b'F');

#[rustfmt::skip] // A word list reads better in lines.
const CONTEXT: &[&str] = &[
    "ip", "ipv", "ipaddress", "address", "addr", "from", "client", "host", "hostname", "server", "login", "login",
    "logged", "remote", "gateway", "subnet", "network", "dns", "ping", "source", "src", "dst", "destination",
    "workstation", "connected", "connection", "session", "accessed", "peer", "at", "endpoint", "vpn", "router",
    "listen", "forwarded",
];
#[rustfmt::skip] // A word list reads better in lines.
const VERSIONS: &[&str] = &[
    "v", "ver", "vers", "version", "versions", "firmware", "release", "build", "software", "rev", "revision", "fw",
    "sw", "section", "sections", "sec", "oid", "chapter", "clause", "paragraph", "para", "table", "figure", "item",
    "step", "driver", "patch", "upgrade", "upgraded", "update", "updated", "installed", "model", "root",
];

/// A glance: whether a second group of one to three digits and a second dot follow.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let behind = near.behind(5)?;
    let digits = behind.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    Ok((1..=3).contains(&digits) && behind.get(1 + digits) == Some(&b'.'))
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    match view.byte(0)? {
        b':' => v6(view),
        _ => v4(view),
    }
}

fn v4(view: &View<'_>) -> Option<Verdict> {
    // The shape first: most runs of digits have no dot behind them.
    let mut octets = [0; 4];
    let mut at = 0;
    for (i, octet) in octets.iter_mut().enumerate() {
        let run = digits(view, at, 4);
        *octet = number(run);
        let padded = run.len() > 1 && run.first() == Some(&b'0');
        if run.is_empty() || run.len() > 3 || *octet > 255 || padded {
            return None;
        }
        at += len(run);
        if i < 3 {
            if view.byte(at)? != b'.' {
                return None;
            }
            at += 1;
        }
    }
    let end = at;
    if view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || (view.byte(end) == Some(b'.') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let prior = view.byte(-1);
    // A printer's port is called after its address: `IP_10.9.77.31`.
    let port_name = matches!(view.before(), [.., b'I' | b'i', b'P' | b'p', b'_']);
    if !port_name
        && prior.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'.' || byte >= 0x80)
    {
        return None;
    }
    let suffix = port(view, end).or_else(|| prefix(view, end, 32)).unwrap_or(end);
    let text = before(view, 0);
    let said = hinted(view, hint::IP) || port_name || text.ends_with(b"://") || text.ends_with(b"@");
    // A line before is another matter: it may end in a version.
    let line = text.rsplit(|byte| *byte == b'\n').next().unwrap_or(text);
    let context = nearest!(line, CONTEXT, VERSIONS, 5).or_else(|| nearest!(text, CONTEXT, &[], 5));
    if !said && context == Some(false) {
        return None;
    }
    let private = matches!(octets, [192, 168, ..] | [127, 0, 0, 1] | [172, 16..=31, ..])
        || (octets[0] == 10 && octets.iter().skip(1).any(|octet| *octet >= 12));
    let confidence = if said || context == Some(true) || suffix > end {
        95
    } else if private || octets.iter().any(|octet| *octet >= 100) {
        80
    } else {
        // Four small numbers are as likely a version or the number of a section.
        40
    };
    Some(Verdict::new(0, suffix, kinds::IP, confidence, "four octets"))
}

/// The end of `:8080` at `at`.
fn port(view: &View<'_>, at: i32) -> Option<i32> {
    let run = if view.byte(at)? == b':' { digits(view, at + 1, 6) } else { &[] };
    let end = at + 1 + len(run);
    let bare = view.byte(end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (!run.is_empty() && run.len() < 6 && number(run) <= 65_535 && bare).then_some(end)
}

/// The end of `/24` at `at`.
fn prefix(view: &View<'_>, at: i32, most: u32) -> Option<i32> {
    let run = if view.byte(at)? == b'/' { digits(view, at + 1, 4) } else { &[] };
    let end = at + 1 + len(run);
    (!run.is_empty() && run.len() < 4 && number(run) <= most).then_some(end)
}

fn v6(view: &View<'_>) -> Option<Verdict> {
    const BODY: ByteSet = HEX.or(ByteSet::of(b":."));
    // The first colon of an address: up to four hexadecimal digits before it and nothing that they belong to.
    let text = view.before();
    let head = text.iter().rev().take(5).take_while(|byte| HEX.has(**byte)).count();
    if head > 4 || (head == 0 && view.byte(1)? != b':') {
        return None;
    }
    let prior = text.len().checked_sub(head + 1).and_then(|i| text.get(i));
    let start = -i32::try_from(head).ok()?;
    // `ipv6:fe80::1`, as servers of files and mail write it.
    let front = text.get(..text.len() - head).unwrap_or_default();
    let labelled =
        front.len() >= 5 && front.get(front.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case(b"ipv6:"));
    if !labelled && prior.is_some_and(|byte| byte.is_ascii_alphanumeric() || b":.-_".contains(byte) || *byte >= 0x80) {
        return None;
    }
    let mut body = view.run(start, &BODY, 46);
    // A colon or full stop after the address is punctuation, unless the address ends in `::`.
    while let [rest @ .., b':' | b'.'] = body {
        if body.ends_with(b"::") && !rest.ends_with(b"::") {
            break;
        }
        body = rest;
    }
    // A port behind a compressed address is no group of it: it has five digits.
    if let Some(colon) = body.iter().rposition(|byte| *byte == b':')
        && body.len() - colon == 6
        && body.get(colon + 1..).is_some_and(|port| port.iter().all(u8::is_ascii_digit))
    {
        body = body.get(..colon).unwrap_or(body);
    }
    let mut end = start + len(body);
    if view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80) {
        return None;
    }
    let said = hinted(view, hint::IP) || {
        let text = before(view, start);
        label(text).is_some_and(|word| word.eq_ignore_ascii_case(b"ip")) || mentions!(text, &["ip", "ipv", "client"], 3)
    };
    if !is_v6(body, said) {
        return None;
    }
    if view.byte(end) == Some(b'%') {
        let zone = view.run(end + 1, &ByteSet::ALNUM, 12);
        end += if zone.is_empty() { 0 } else { 1 + len(zone) };
    }
    end = prefix(view, end, 128).unwrap_or(end);
    (end <= 60).then(|| Verdict::new(start, end, kinds::IP, 93, "groups of hexadecimal digits"))
}

/// Whether `body` is an address: eight groups, or fewer with `::` in one place; the last two may be a dotted quad.
fn is_v6(body: &[u8], said: bool) -> bool {
    let doubles = body.windows(2).filter(|pair| *pair == b"::").count();
    if doubles > 1 || body.windows(3).any(|three| three == b":::") {
        return false;
    }
    let (mut groups, mut hexes, mut decimal, mut pairs) = (0, 0, 0, 0);
    let mut pieces = body.split(|byte| *byte == b':').filter(|piece| !piece.is_empty()).peekable();
    while let Some(piece) = pieces.next() {
        if piece.contains(&b'.') {
            let octets = piece.split(|byte| *byte == b'.');
            let good = octets
                .clone()
                .all(|o| (1..4).contains(&o.len()) && o.iter().all(u8::is_ascii_digit) && number(o) < 256);
            if !good || octets.count() != 4 || pieces.peek().is_some() {
                return false;
            }
            groups += 2;
            decimal += 4;
            continue;
        }
        if piece.len() > 4 {
            return false;
        }
        groups += 1;
        pairs += usize::from(piece.len() == 2);
        hexes += piece.len();
        decimal += piece.iter().filter(|byte| byte.is_ascii_digit()).count();
    }
    if doubles == 0 {
        // Eight pairs are an extended hardware address.
        return groups == 8 && pairs < 8 && !body.starts_with(b":") && !body.ends_with(b":");
    }
    // `a::b` is a path in many a language, `::` a rule.
    groups < 8 && (said || body == b"::1" || (groups >= 2 && hexes >= 3 && (decimal > 0 || groups > 3))) && groups > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&IP);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&IP, &["10.0.0.1", "fe80", "::", "2001:db8", "/64", "IP ", "%eth0"]);
    }
}
