//! Values behind keys in running text: `lastName=Doe`, `"dob":"1958-11-03"`, `<ssn>…</ssn>`, a query in a log line.
//!
//! Text of one format stands in text of another: JSON and XML in log lines and strings, queries in requests. The key is
//! judged as the name of a column would be, and the value as one of its cells.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Kind, Meaning, Reach, Sign, Slot, Trigger, Verdict, Verify, View, Window};

use crate::field::{is_placeholder, is_somebody, settle};
use crate::fields::{LIKELY, column};
use crate::kinds;
use crate::scan::len;

/// Values of keys that are known to hold an identifier.
pub(crate) static KEYED: Detector = Detector {
    id: Cow::Borrowed("keyed"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    priority: 58,
    window: Window { before: 56, longest: 168, after: 8 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::Sign(Sign::of(b":").before(ByteSet::of(b"\"'"))),
        Trigger::Sign(Sign::of(b">").before(KEY)),
        Trigger::Sign(Sign::of(b"=").before(KEY.or(ByteSet::of(b"\"'] "))).after(ByteSet::ALL.but(ByteSet::SPACE))),
        Trigger::Sign(Sign::of(b"[").before(ByteSet::of(b" "))),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "what stands behind `key=`, `\"key\":` and `<key>` in text, where a column of that name would hold an identifier; \
         percent signs are seen through",
    ),
    refuses: Cow::Borrowed(
        "keys of codes, measures and times of a program, values that cannot be what the key says, accounts of services",
    ),
};

/// The longest value that is looked at.
const MOST: i32 = 160;
const KEY: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"_-"));

fn verify(view: &View<'_>) -> Option<Verdict> {
    if matches!(view.field().slot, Slot::Key | Slot::Number | Slot::Form) {
        return None;
    }
    if view.byte(0) == Some(b'[') {
        return dumped(view);
    }
    let (key, value) = match view.byte(0)? {
        b':' => (quoted_key(view.before())?, quoted_value(view)?),
        b'>' => (element(view.before())?, element_value(view)?),
        _ => (bare_key(view.before())?, bare_value(view)?),
    };
    let text = decoded(value.text);
    let text = text.trim_ascii();
    let meaning = meaning(key, text)?;
    let kind = kind(key, text, meaning)?;
    if meaning.confidence == LIKELY && kind.main() == "name" && !is_somebody(view, text) {
        return None;
    }
    Some(Verdict::new(value.start, value.start + len(value.text), kind, meaning.confidence.max(60), "key before"))
}

/// Elements of DICOM objects that hold an identifier, by their tags.
#[rustfmt::skip] // A table reads better in lines.
const ELEMENTS: &[(&str, Kind)] = &[
    ("0010,0010", kinds::NAME), ("0010,1001", kinds::NAME), ("0010,1005", kinds::NAME), ("0010,1060", kinds::NAME),
    ("0040,a123", kinds::NAME), ("0008,0090", kinds::NAME_PROVIDER), ("0008,1048", kinds::NAME_PROVIDER),
    ("0008,1050", kinds::NAME_PROVIDER), ("0008,1060", kinds::NAME_PROVIDER), ("0008,1070", kinds::NAME_PROVIDER),
    ("0032,1032", kinds::NAME_PROVIDER), ("0008,1052", kinds::NAME_PROVIDER), ("0010,0020", kinds::MRN),
    ("0010,1000", kinds::MRN), ("0010,0030", kinds::DATE), ("0008,0020", kinds::DATE), ("0008,0021", kinds::DATE),
    ("0008,0022", kinds::DATE), ("0008,0023", kinds::DATE), ("0008,002a", kinds::DATE), ("0008,0012", kinds::DATE),
    ("0032,1000", kinds::DATE), ("0040,0244", kinds::DATE), ("0040,0002", kinds::DATE), ("0010,1040", kinds::LOCATION_STREET),
    ("0010,2154", kinds::PHONE), ("0008,0094", kinds::PHONE), ("0010,2152", kinds::LOCATION), ("0008,0080", kinds::FACILITY),
    ("0008,0081", kinds::LOCATION_STREET), ("0008,0050", kinds::OTHER_ID), ("0020,0010", kinds::OTHER_ID),
    ("0020,000d", kinds::OTHER_ID), ("0020,000e", kinds::OTHER_ID), ("0008,0018", kinds::OTHER_ID),
    ("0002,0003", kinds::OTHER_ID), ("0008,1155", kinds::OTHER_ID), ("0040,1001", kinds::OTHER_ID),
    ("0040,2016", kinds::OTHER_ID), ("0040,2017", kinds::OTHER_ID), ("0038,0010", kinds::OTHER_ID),
    ("0018,1000", kinds::DEVICE), ("0018,1002", kinds::DEVICE), ("0010,21b0", kinds::OTHER_ID), ("0008,1040", kinds::FACILITY),
];

/// `(0010,0010) PN [DOE^JANE]`: an element of a DICOM object, as tools print it.
fn dumped(view: &View<'_>) -> Option<Verdict> {
    let head = view.before().strip_suffix(b" ")?;
    let head = match head {
        [rest @ .., b' ', one, two] if one.is_ascii_uppercase() && two.is_ascii_uppercase() => rest,
        rest => rest,
    };
    let tag = head.strip_suffix(b")")?;
    let tag = tag.get(tag.len().checked_sub(10)?..)?.strip_prefix(b"(")?;
    let (_, kind) = ELEMENTS.iter().find(|(known, _)| tag.eq_ignore_ascii_case(known.as_bytes()))?;
    let value = between(view, 1, |byte| byte == b']' || byte == b'\n')?;
    let text = value.text.trim_ascii();
    if is_placeholder(text) || text.len() < 2 {
        return None;
    }
    Some(Verdict::new(value.start, value.start + len(value.text), *kind, 88, "element of an image's header"))
}

/// Where a value begins, and its bytes.
struct Value<'a> {
    start: i32,
    text: &'a [u8],
}

/// The name before a quote and a colon; the quotes may be escaped.
fn quoted_key(before: &[u8]) -> Option<&[u8]> {
    let (quote @ (b'"' | b'\''), rest) = before.split_last()? else { return None };
    let slashes = trailing(rest, |byte| byte == b'\\');
    let rest = rest.get(..rest.len() - slashes)?;
    let key = last_of(rest)?;
    let opens = rest.get(..rest.len() - key.len())?.last() == Some(quote);
    opens.then_some(key)
}

/// The name before an equals sign, behind a blank, a sign that parts pairs, or nothing.
fn bare_key(before: &[u8]) -> Option<&[u8]> {
    let rest = match before {
        [rest @ .., b'"' | b'\'' | b']' | b' '] => rest,
        rest => rest,
    };
    let key = last_of(rest)?;
    let parted = rest.get(..rest.len() - key.len())?.last().is_none_or(|byte| b" \t\r\n?&;,|({[<\"'.:/".contains(byte));
    let key = key.get(trailing_dashes(key)..)?;
    parted.then_some(key)
}

/// The name between a `<` and a `>`, without its prefix.
fn element(before: &[u8]) -> Option<&[u8]> {
    let key = last_of(before)?;
    let rest = before.get(..before.len() - key.len())?;
    let opens = match rest.last()? {
        b'<' => true,
        b':' => {
            let prefix = last_of(rest.get(..rest.len() - 1)?)?;
            rest.get(..rest.len() - 1 - prefix.len())?.last() == Some(&b'<')
        }
        _ => false,
    };
    opens.then_some(key)
}

/// The run of letters, digits and joints at the end; at least two bytes, and no more than names have.
fn last_of(bytes: &[u8]) -> Option<&[u8]> {
    let run = trailing(bytes, |byte| KEY.has(byte));
    // One that fills all that is seen may be the end of a longer one.
    let whole = (2..=40).contains(&run);
    bytes.get(bytes.len() - run..).filter(|_| whole)
}

fn trailing(bytes: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().take_while(|byte| fits(**byte)).count()
}

/// How many dashes an option of a command begins with.
fn trailing_dashes(key: &[u8]) -> usize {
    key.iter().take_while(|byte| **byte == b'-').count()
}

/// A value between quotes, escaped or not, or a bare number.
fn quoted_value<'a>(view: &View<'a>) -> Option<Value<'a>> {
    const BLANK: ByteSet = ByteSet::of(b" \t");
    let mut start = 1 + len(view.run(1, &BLANK, 4));
    start += len(view.run(start, &ByteSet::of(b"\\"), 8));
    match view.byte(start)? {
        quote @ (b'"' | b'\'') => between(view, start + 1, |byte| byte == quote || byte == b'\\' || byte == b'\n'),
        byte if byte.is_ascii_digit() => {
            let digits = view.run(start, &ByteSet::DIGIT, 24);
            let ends = view.byte(start + len(digits)).is_none_or(|byte| b",}] \t\r\n\\".contains(&byte));
            ends.then_some(Value { start, text: digits })
        }
        _ => None,
    }
}

/// A value behind an equals sign, in quotes or up to what parts pairs.
fn bare_value<'a>(view: &View<'a>) -> Option<Value<'a>> {
    let escaped = len(view.run(1, &ByteSet::of(b"\\"), 8));
    match view.byte(1 + escaped)? {
        quote @ (b'"' | b'\'') => between(view, 2 + escaped, |byte| byte == quote || byte == b'\\' || byte == b'\n'),
        _ => {
            let value = between(view, 1, |byte| byte.is_ascii_whitespace() || b"&;,\"'`)]}|<>\\".contains(&byte))?;
            // A sentence may end with it.
            let text = value.text.strip_suffix(b".").unwrap_or(value.text);
            (!text.is_empty()).then_some(Value { text, ..value })
        }
    }
}

/// A value up to the tag that closes its element.
fn element_value<'a>(view: &View<'a>) -> Option<Value<'a>> {
    let value = between(view, 1, |byte| byte == b'<' || byte == b'>')?;
    let closes = view.slice(1 + len(value.text), 2);
    // Its slash may be escaped.
    (closes == b"</" || closes == b"<\\").then_some(value)
}

/// The bytes from `start` up to one that ends them. What is longer than is looked at is no value.
fn between<'a>(view: &View<'a>, start: i32, ends: impl Fn(u8) -> bool) -> Option<Value<'a>> {
    let mut end = start;
    while let Some(byte) = view.byte(end) {
        if ends(byte) {
            break;
        }
        end += 1;
        if end - start >= MOST {
            return None;
        }
    }
    let text = view.slice(start, usize::try_from(end - start).ok()?);
    (!text.is_empty()).then_some(Value { start, text })
}

/// The value with its percent signs and plus signs resolved.
fn decoded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'%') && !value.contains(&b'+') {
        return Cow::Borrowed(value);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut text, mut at) = (Vec::with_capacity(value.len()), 0);
    while let Some(&byte) = value.get(at) {
        let code = digit(value.get(at + 1)).zip(digit(value.get(at + 2)));
        match (byte, code) {
            (b'%', Some((high, low))) => {
                text.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (b'+', _) => {
                // In front it belongs to a telephone number.
                text.push(if at == 0 { b'+' } else { b' ' });
                at += 1;
            }
            _ => {
                text.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(text)
}

/// What the key says.
fn meaning(key: &[u8], value: &[u8]) -> Option<Meaning> {
    let meaning = column::of(key);
    if one_of!(
        key,
        &[
            "user",
            "usr",
            "uname",
            "acct",
            "remote_user",
            "auth_user",
            "ruser",
            "uid",
            "suser",
            "duser",
            "account_name",
            "accountname",
            "targetusername",
            "subjectusername",
            "logonuser",
            "xauthuser"
        ]
    ) || meaning.kind == Some(kinds::NAME_USER)
    {
        return is_account(value).then_some(USER);
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    if one_of!(key, &["pt", "pat", "patient", "patid", "member", "subj", "subject"])
        && digits > 3
        && meaning.kind != Some(kinds::MRN)
    {
        return Some(Meaning { kind: Some(kinds::MRN), confidence: 75, hints: 0 });
    }
    (meaning.kind.is_some() && meaning.confidence >= 60).then_some(meaning)
}

/// As accounts are called in logs that have no keys.
const USER: Meaning = Meaning { kind: Some(kinds::OTHER_ID), confidence: 75, hints: 0 };

/// Whether an account looks like that of a person: those of services have names of services.
pub(crate) fn is_account(name: &[u8]) -> bool {
    #[rustfmt::skip] // A word list reads better in lines.
    const SERVICES: &[&str] = &[
        "root", "admin", "administrator", "nobody", "postgres", "mysql", "system", "daemon", "guest", "anonymous", "git",
        "ubuntu", "debian", "centos", "www", "www-data", "nginx", "apache", "service", "backup", "monitor", "jenkins",
        "docker", "kube", "default", "test", "user", "app", "api", "sa", "oracle", "redis", "cron", "mail", "sshd",
        "unknown", "invalid", "none", "null", "bin", "operator", "deploy", "worker", "scheduler", "localhost",
    ];
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-@\\".contains(byte));
    let service = name.starts_with(b"svc") || name.ends_with(b"svc") || name.starts_with(b"system");
    let letters = name.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let joined = name.iter().any(|byte| byte.is_ascii_digit() || b"._@\\".contains(byte));
    plain && !service && letters >= 2 && (joined || name.len() >= 4) && !one_of!(name, SERVICES)
}

/// The kind of a value in text. Text has more keys than tables have columns, so what a cell may be is not enough.
fn kind(key: &[u8], value: &[u8], meaning: Meaning) -> Option<Kind> {
    let kind = meaning.kind?;
    if is_placeholder(value) || value.first().is_none_or(|byte| matches!(byte, b'$' | b'{' | b'%' | b'<')) {
        return None;
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let fits = match kind.main() {
        // Times that a program notes are found by their shape, where they are dates.
        "date" => digits >= 6 && (value.len() == 8 || value.iter().any(|byte| b"-/".contains(byte))),
        "location" if kind == kinds::LOCATION_GEO => digits > 2 && value.contains(&b'.'),
        "location" => !is_network(value),
        _ if meaning == USER => true,
        "facility" | "url" | "image" | "biometric" => false,
        // `name=` is mostly that of a thing.
        "name" if meaning.confidence < 70 => key.len() <= 8,
        "name" | "age" | "email" | "ip" | "mac" => true,
        _ => digits >= 3,
    };
    fits.then(|| settle(kind, value, meaning.confidence, meaning.hints)).flatten()
}

fn is_network(value: &[u8]) -> bool {
    let signs = value.iter().filter(|byte| matches!(byte, b'.' | b':')).count();
    signs > 1 && value.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn cases() {
        testing::assert_cases(&KEYED);
    }

    #[test]
    fn total_and_within_its_window() {
        // Its kind is the key's, whatever that may be.
        let values = ["219099999", "Doe\"", "%2D%", "</", "\\\"", "é", "", "\n"];
        for key in ["ssn=", "&name=", "\"lastName\":\"", "\\\"dob\\\": \\\"", "<ssn>", "<a:zip>", "user="] {
            for value in values {
                for more in ["", "1", " ", "<", "\"", &"7".repeat(200)] {
                    let text = format!("{key}{value}{more}");
                    for found in testing::found(&[&KEYED], &text) {
                        assert!(found.start >= key.len() - 1 && found.end <= text.len(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn percent_signs_are_seen_through() {
        assert_eq!(&*decoded(b"Jane%20Doe"), b"Jane Doe");
        assert_eq!(&*decoded(b"%2B1415+555"), b"+1415 555");
        assert_eq!(&*decoded(b"100%"), b"100%");
        assert_eq!(&*decoded(b"%zz"), b"%zz");
    }
}
