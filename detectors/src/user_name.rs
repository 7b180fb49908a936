//! Names of accounts of people: behind their labels, in the logs of servers, in the footers of pages.

use blackbar_engine::{ByteSet, Near, NearNumber, Unseen, Verdict, View};

use crate::context;
use crate::kinds;
use crate::shape::clamp;
use crate::words::category;

/// Words that mean a user name.
pub(crate) const USER_NAMES: &[&str] = &["username", "usernames", "userid"];
/// Words that mean one together with `name`, `id` or `login`.
pub(crate) const PORTAL: &[&str] = &["user", "portal", "mychart", "login", "logon"];
/// Words before `by … as` and a user name, in logs.
pub(crate) const ACCESS: &[&str] = &["login", "logon", "access", "logged", "signed", "session", "authenticated"];
/// Networks whose names come before a handle.
pub(crate) const SOCIAL: &[&str] = &[
    "instagram",
    "twitter",
    "facebook",
    "tiktok",
    "snapchat",
    "venmo",
    "cashapp",
    "telegram",
    "skype",
    "discord",
    "linkedin",
    "insta",
    "wechat",
    "handle",
    "screenname",
];
/// Whether a word is a trigger of [`user_name`] other than `by`.
pub(crate) fn is_of_users(word: &[u8]) -> bool {
    one_of!(word, SOCIAL)
        || one_of!(word, PORTAL)
        || one_of!(word, USER_NAMES)
        || one_of!(word, ACCESS)
        || one_of!(word, &["audit"])
}

/// A glance at `by`: whether what follows looks as [`account_name`] wants it.
pub(crate) fn account_ahead(near: &Near<'_>) -> Result<bool, Unseen> {
    let behind = near.following(0, 42)?;
    let Some((_, rest)) = behind.split_first() else { return Ok(false) };
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let name = rest.get(..rest.iter().take(40).take_while(|byte| USER.has(**byte)).count()).unwrap_or_default();
    let name = name.strip_suffix(b".").unwrap_or(name);
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digit = name.last().is_some_and(u8::is_ascii_digit);
    // An initial and a surname are one word that no list has.
    let small = name.len() >= 6 && name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
    let initialled = small && near.next(1)?.is_some_and(|(_, next)| next.bits == 0);
    Ok(letters > 0 && name.len() >= 5 && (initialled || digit || matches!(name.get(letters), Some(b'.' | b'_'))))
}

/// `Printed 03/14 by jane_doe7`: behind `by`, when something was printed, signed or seen just before. The name is in one
/// case and has the joints or the number of an account.
fn account_name(view: &View<'_>, at: i32) -> Option<Verdict> {
    const ACTS: [&[u8]; 10] =
        [b"print", b"signed", b"viewed", b"edited", b"access", b"log", b"created", b"audit", b"owned", b"comment"];
    let at = at + i32::from(view.byte(at) == Some(b'"'));
    if !view.byte(at)?.is_ascii_alphabetic() {
        return None;
    }
    let name = view.run(at, &USER, 40);
    let name = name.strip_suffix(b".").unwrap_or(name);
    let letters = name.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let joint = name.get(letters).is_some_and(|b| matches!(b, b'.' | b'_'));
    let one_case = !(name.iter().any(u8::is_ascii_uppercase) && name.iter().any(u8::is_ascii_lowercase));
    // An initial and a surname are one word that no list has.
    let hyphen = name.iter().position(|byte| *byte == b'-').unwrap_or(name.len());
    let initialled = name.len() >= 6
        && name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
        && view.bits(name.get(..hyphen).unwrap_or_default()) == 0;
    let fits = (5..40).contains(&name.len())
        && one_case
        && (joint || initialled || (letters >= 3 && (1..=4).contains(&digits)));
    let behind = at + clamp(name.len());
    if !fits || view.byte(behind) == Some(b'@') {
        return None;
    }
    let before = view.before();
    // A joint, or the number of a second bearer of the name, says enough: `by rn.doe`, `by jdoe2`.
    let first = name.get(..letters).unwrap_or_default();
    let made = (joint && (2..).contains(&letters) && digits < 5 || digits == 1 && letters > 4)
        && view.bits(first) & category::WORD == 0;
    let acted = made && name.iter().all(|byte| !byte.is_ascii_uppercase())
        || view.word(0).eq_ignore_ascii_case(b"audit")
        || ACTS.iter().any(|act| before.windows(act.len()).any(|piece| piece.eq_ignore_ascii_case(act)));
    acted.then(|| Verdict::new(at, behind, kinds::OTHER_ID, 75, "user name"))
}

/// `10.0.0.7 - jane7 [03/Mar/2024:…`: the third field of the common log format, triggered at the hyphen before it.
pub(crate) fn access_log(view: &View<'_>) -> Option<Verdict> {
    let address_before = view.byte(-1) == Some(b' ') && view.byte(-2).is_some_and(|b| b.is_ascii_hexdigit());
    if !address_before || view.byte(1)? != b' ' || !view.byte(2)?.is_ascii_alphanumeric() {
        return None;
    }
    let name = view.run(2, &USER, 40);
    let end = 2 + clamp(name.len());
    let time = view.slice(end, 3);
    let time_behind = matches!(time, [b' ', b'[', digit] if digit.is_ascii_digit());
    let fits = name.len() >= 2 && name.iter().any(u8::is_ascii_alphabetic);
    (fits && time_behind).then(|| Verdict::new(2, end, kinds::OTHER_ID, 88, "user of an access log"))
}

/// `Login by 10.0.0.7 as jane.doe`: the name looks like one of an account.
fn signed_in(view: &View<'_>) -> Option<Verdict> {
    let mut at = 5;
    while at < 64 {
        match view.byte(at)? {
            b'\n' | b';' => return None,
            b' ' if view.slice(at, 4) == b" as " => {
                let name = view.run(at + 4, &USER, 40);
                let name = name.strip_suffix(b".").unwrap_or(name);
                let joined = name.iter().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
                let fits = (4..40).contains(&name.len()) && joined && name.first().is_some_and(u8::is_ascii_alphabetic);
                let end = at + 4 + clamp(name.len());
                let is_mail = view.byte(end) == Some(b'@');
                return (fits && !is_mail).then(|| Verdict::new(at + 4, end, kinds::OTHER_ID, 80, "user name"));
            }
            _ => at += 1,
        }
    }
    None
}

/// `10:01 <jane_d> is the scanner down?`: who speaks in a channel, behind the time.
pub(crate) fn speaker_of_a_channel(view: &View<'_>) -> Option<Verdict> {
    let line = view.before().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    // What channel it is may stand in brackets.
    let line = match line {
        [rest @ .., b']', b' '] => match rest.iter().rposition(|byte| *byte == b'[') {
            Some(open) if rest.iter().skip(open + 1).all(|byte| byte.is_ascii_uppercase() || *byte == b'-') => {
                rest.get(..open).unwrap_or_default()
            }
            _ => line,
        },
        _ => line,
    };
    let timed = line.len() < 30
        && matches!(line.last(), Some(b' ' | b']'))
        && view.byte(1).is_some_and(|byte| byte.is_ascii_alphabetic())
        && line.iter().any(u8::is_ascii_digit)
        && line.iter().all(|byte| byte.is_ascii_digit() || b" :.-/[]TZ".contains(byte));
    let name = view.run(1, &USER, 30);
    let end = 1 + clamp(name.len());
    let closes = view.byte(end) == Some(b'>') && view.byte(end + 1) == Some(b' ');
    // Without a time, the name has to be none of an element.
    let account = name.len() > 3
        && name.iter().all(|byte| !byte.is_ascii_uppercase())
        && (name.iter().any(|byte| matches!(byte, b'_' | b'.')) || view.bits(name) == 0)
        && !view.slice(end, 60).windows(2).any(|pair| pair == b"</");
    let timed = timed || line.is_empty() && account;
    let bot = name.len() > 3 && one_of!(name.get(name.len() - 3..)?, &["bot"]);
    (timed && closes && name.len() > 1 && !bot).then(|| Verdict::new(1, end, kinds::OTHER_ID, 80, "speaker"))
}

/// The longest account that speaks.
const SPEAKER: usize = 28;
/// The most bytes before it in its line: a time, an arrow, a bullet.
const LEAD: usize = 14;

/// Where the account begins that speaks in a line, relative to the line, and where it ends: at a colon and a blank.
fn speaker_in(line: &[u8]) -> Option<(usize, usize)> {
    let lead = match line {
        // `[0712] `, `[07:12] `.
        [b'[', rest @ ..] => {
            let close = rest.iter().take(LEAD - 2).position(|byte| *byte == b']')?;
            let time = rest.get(..close)?;
            time.iter().all(|byte| byte.is_ascii_digit() || b":. apmAPM".contains(byte)).then_some(())?;
            close + 2 + usize::from(rest.get(close + 1) == Some(&b' '))
        }
        [first, ..] if first.is_ascii_alphabetic() || matches!(first, b' ' | 0xe2) => {
            line.iter().take(LEAD).position(u8::is_ascii_alphabetic)?
        }
        _ => return None,
    };
    let bullet = line.get(..lead)?;
    if lead > 0 && !bullet.starts_with(b"[") && !bullet.iter().all(|byte| *byte == b' ' || *byte >= 0x80) {
        return None;
    }
    let rest = line.get(lead..)?;
    let len = rest.iter().take(SPEAKER).take_while(|byte| USER.has(**byte)).count();
    let name = rest.get(..len)?;
    let closes = rest.get(len) == Some(&b':') && rest.get(len + 1).is_none_or(|byte| matches!(byte, b' ' | b'\n'));
    (closes && len > 4 && name.first()?.is_ascii_alphabetic() && made(name)).then_some((lead, lead + len))
}

/// Whether a name has the joints, the number or the capitals of an account.
fn made(name: &[u8]) -> bool {
    let digit = name.last().is_some_and(u8::is_ascii_digit);
    let joined = name.iter().any(|byte| matches!(byte, b'_' | b'.'));
    let humps = name.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    digit || joined || humps > 1
}

/// A glance at the end of a line: an account with a colon begins the next one.
pub(crate) fn glance_at_speaker(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    Ok(speaker_in(near.behind(LEAD + SPEAKER + 2)?).is_some())
}

/// `krivera22: who has the chart`, `[0712] b.osei: me`, `↳ nodule_ned: ask`: who speaks in a line of a chat. The trigger is
/// the end of the line before.
pub(crate) fn speaker_of_a_chat(view: &View<'_>) -> Option<Verdict> {
    let (start, end) = speaker_in(view.slice(1, LEAD + SPEAKER + 2))?;
    let name = view.slice(1 + clamp(start), end - start);
    let own = |piece: &[u8]| {
        let bits = view.bits(piece);
        let key = one_of!(piece, &["max", "mac", "jean", "art", "ref", "bill", "mark", "val", "lang", "dob", "van"]);
        piece.len() > 2 && !key && bits & category::ANY_NAME != 0 && bits & (category::WORD | category::CLINICAL) == 0
    };
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = name.get(letters..)?;
    let said = match rest {
        // `krivera22`: no word with a number.
        _ if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit) => {
            rest.len() < 5
                && letters > 5
                && view.bits(name.get(..letters)?) & (category::WORD | category::CLINICAL) == 0
        }
        // `DaughterOfRuth`.
        [] => humps_of(name).any(own),
        // `b.osei`, `eduardo.m`, `hank_n_hannah`.
        _ if name.contains(&b'.') => {
            let mut pieces = name.split(|byte| *byte == b'.');
            let (Some(one), Some(two), None) = (pieces.next(), pieces.next(), pieces.next()) else { return None };
            let long = if one.len() > two.len() { one } else { two };
            let plain = name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'.');
            plain
                && one.len().min(two.len()) == 1
                && long.len() > 3
                && view.bits(long) & (category::WORD | category::CLINICAL) == 0
        }
        _ => name.contains(&b'_') && name.split(|byte| *byte == b'_').any(own),
    };
    said.then(|| Verdict::new(1 + clamp(start), 1 + clamp(end), kinds::OTHER_ID, 72, "speaker"))
}

/// The words of a name in which each begins with a capital.
fn humps_of(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let next = rest.iter().skip(1).position(u8::is_ascii_uppercase).map_or(rest.len(), |at| at + 1);
        let (word, more) = rest.split_at_checked(next).filter(|(word, _)| !word.is_empty())?;
        rest = more;
        Some(word)
    })
}

/// `u/foley_whisperer`: a member of a forum. The trigger is the slash.
pub(crate) fn member_of_a_forum(view: &View<'_>) -> Option<Verdict> {
    let member =
        matches!(view.byte(-1), Some(b'u' | b'U')) && view.byte(1).is_some_and(|byte| byte.is_ascii_alphabetic());
    let alone =
        member && view.byte(-2).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-' | b'_'));
    let alone = alone && view.byte(-2) != Some(b'/') || view.slice(-3, 2) == b"m/";
    let name = view.run(1, &USER, 30);
    let name = name.strip_suffix(b".").unwrap_or(name);
    let end = 1 + clamp(name.len());
    let told = name.iter().any(|byte| byte.is_ascii_digit() || *byte == b'_') || name.len() > 7;
    (alone && name.len() > 3 && told && view.byte(end) != Some(b'/'))
        .then(|| Verdict::new(1, end, kinds::OTHER_ID, 78, "member of a forum"))
}

/// Letters, digits and joints of a user name.
const USER: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"._-"));

/// `username: jdoe42`, `Instagram @jdoe`: the value may have no digit at all, so the label has to be clear.
pub(crate) fn user_name(view: &View<'_>) -> Option<Verdict> {
    if context::coded(view) {
        return None;
    }
    let word = view.word(0);
    if one_of!(word, ACCESS)
        && let Some(verdict) = signed_in(view)
    {
        return Some(verdict);
    }
    if one_of!(word, &["by", "audit"]) {
        return account_name(view, clamp(word.len()) + 1);
    }
    let mut at = clamp(word.len());
    let next = |at: i32| {
        let gap = clamp(view.run(at, &ByteSet::of(b" _-"), 2).len());
        (at + gap, view.word(at + gap))
    };
    let is_social = one_of!(word, SOCIAL);
    if one_of!(word, PORTAL) {
        // `user name`, `portal user id`, `MyChart login`; each alone is a word of prose.
        for _ in 0..2 {
            let (from, part) = next(at);
            if one_of!(part, &["name", "id", "user", "username", "login", "userid", "account", "handle"]) {
                at = from + clamp(part.len());
            }
        }
        // `User:` alone is a speaker of a chat; `user=` stands in a log.
        let in_log = one_of!(word, &["user"]) && view.byte(at) == Some(b'=');
        if at == clamp(word.len()) && !one_of!(word, &["login", "logon"]) && !in_log {
            return None;
        }
    } else if !(is_social || one_of!(word, USER_NAMES)) {
        return None;
    }
    let colon_needed = at == clamp(word.len()) && one_of!(word, &["handle"]);
    let mut colon = false;
    let mut at_sign = false;
    let from = at;
    while at - from < 24 {
        match view.byte(at)? {
            b':' | b'=' => colon = true,
            b' ' | b'#' | b'"' | b'\'' | b'(' | b'`' | b'*' | b'\t' | b'\\' | b'>' => {}
            b'@' => at_sign = true,
            _ => {
                let word = view.word(at);
                let is_filler = one_of!(word, &["is", "was", "as", "handle", "account", "user", "name", "at", "under"]);
                if !is_filler || at_sign || !matches!(view.byte(at + clamp(word.len())), Some(b' ' | b':')) {
                    break;
                }
                at += clamp(word.len()) - 1;
            }
        }
        at += 1;
    }
    let at_sign = at_sign && view.byte(at - 1) == Some(b'@');
    // `phk@login.dknet.dk` is an address.
    if view.byte(-1) == Some(b'@') || !view.byte(at)?.is_ascii_alphanumeric() {
        return None;
    }
    let run = view.run(at, &USER, 40);
    let len = run.len() - run.iter().rev().take_while(|b| matches!(b, b'.' | b'-' | b'_')).count();
    let name = run.get(..len)?;
    let mut end = at + clamp(len);
    // `jdoe#4471`.
    let numbered = is_social && view.byte(end) == Some(b'#') && view.run(end + 1, &ByteSet::DIGIT, 5).len() == 4;
    end += if numbered { 5 } else { 0 };
    let joined = numbered || name.iter().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    let cut = view.byte(end) == Some(b'@') || (len == 40 && view.byte(end).is_some_and(|b| USER.has(b)));
    let clear = at_sign || (colon && !is_social) || (joined && !colon_needed);
    const STOP: &[&str] = &[
        "none",
        "unknown",
        "not",
        "and",
        "the",
        "password",
        "required",
        "name",
        "your",
        "pending",
        "n",
        "na",
        "null",
        "admin",
        "root",
        "guest",
        "anonymous",
        "system",
        "error",
        "failed",
        "invalid",
        "true",
        "false",
        "please",
        "see",
        "http",
        "https",
        "www",
        "for",
        "was",
        "is",
        "to",
        "in",
        "on",
        "with",
        "or",
        "from",
        "reset",
        "unable",
        "has",
    ];
    let plain = name.iter().any(u8::is_ascii_alphabetic) && !one_of!(name, STOP);
    let fits = (3..=40).contains(&len) && plain && clear && !cut && !crate::shape::date_like(name, false);
    let confidence = if joined || at_sign { 88 } else { 75 };
    fits.then(|| Verdict::new(at - i32::from(at_sign), end, kinds::OTHER_ID, confidence, "user name"))
}
