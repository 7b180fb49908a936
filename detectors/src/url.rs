//! Web addresses.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Reach, Tail, Trigger, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{before, len};
use crate::tld::{Tld, tld};

/// Addresses with a scheme, with `www.`, and bare hosts with a path.
pub static URL: Detector = Detector {
    id: Cow::Borrowed("url"),
    kind: kinds::URL,
    class: Cow::Borrowed("N"),
    priority: 70,
    window: Window { before: 80, longest: 288, after: 32 },
    reach: Reach { bytes: 64, across: HOST },
    triggers: Cow::Borrowed(&[
        Trigger::Words(&["http", "https", "hxxp", "hxxps", "ftp", "ftps", "sftp", "ws", "wss", "www"]),
        Trigger::Words(&[
            "com", "org", "net", "edu", "gov", "io", "info", "biz", "health", "care", "clinic", "example",
        ]),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "http, https, ftp, ws in any case; www. hosts; bare hosts with a path, or after portal or website",
    ),
    refuses: Cow::Borrowed(
        "URIs that name code systems (hl7.org, loinc.org, snomed.info, unitsofmeasure.org, w3.org and the like), and \
         bare hosts without a path",
    ),
};

/// Bytes of a host name.
const HOST: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b".-"));
/// Bytes before the path: host, port and what stands before an at sign.
const AUTHORITY: ByteSet = HOST.or(ByteSet::of(b"_~%!$&'()*+,;=:@[]")).range(0x80, 0xff);
pub(crate) static ALL: ByteSet = AUTHORITY.or(ByteSet::of(b"/?#{}"));
/// Signs that end a sentence, a quotation or a bracket rather than an address.
static SOFT: ByteSet = ByteSet::of(b".,;:!?'()[]{}*");

/// The longest authority that is read before the tail takes over.
const LONGEST_HEAD: usize = 256;

/// Hosts whose addresses name code systems, profiles or name spaces and never a person: the host, and how the path
/// must begin.
const VOCABULARIES: &[(&str, &str)] = &[
    ("hl7.org", ""),
    ("loinc.org", ""),
    ("snomed.info", ""),
    ("unitsofmeasure.org", ""),
    ("w3.org", ""),
    ("nlm.nih.gov", "/research/umls"),
    ("fdasis.nlm.nih.gov", ""),
    ("ncicb.nci.nih.gov", "/xml/owl"),
    ("ncimeta.nci.nih.gov", ""),
    ("ncithesaurus-stage.nci.nih.gov", ""),
    ("dicom.nema.org", "/resources"),
    ("nucc.org", ""),
    ("ama-assn.org", "/go/cpt"),
    ("cms.gov", "/medicare/coding"),
    ("whocc.no", "/atc"),
    ("varnomen.hgvs.org", ""),
    ("genenames.org", ""),
    ("ihe.net", ""),
    ("openehr.org", ""),
    ("json-schema.org", ""),
    ("smarthealthit.org", ""),
    ("iana.org", "/assignments"),
];

const CONTEXT: &[&str] =
    &["portal", "website", "site", "web", "page", "blog", "profile", "url", "link", "visit", "online"];

pub(crate) fn verify(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    if word.eq_ignore_ascii_case(b"www") {
        return with_www(view);
    }
    if view.slice(len(word), 3) == b"://" {
        return with_scheme(view, len(word) + 3);
    }
    bare(view, word)
}

fn with_scheme(view: &View<'_>, host: i32) -> Option<Verdict> {
    let authority = view.run(host, &AUTHORITY, LONGEST_HEAD);
    if !authority.iter().any(u8::is_ascii_alphanumeric) || hinted(view, hint::CODE) {
        return None;
    }
    let whole = authority.len() < LONGEST_HEAD;
    if whole && is_vocabulary(view, authority, host + len(authority)) {
        return None;
    }
    Some(taken(view, 0, host + len(authority), 97, "scheme"))
}

fn with_www(view: &View<'_>) -> Option<Verdict> {
    if !begins_here(view.byte(-1)) || view.byte(3)? != b'.' {
        return None;
    }
    let authority = view.run(0, &AUTHORITY, LONGEST_HEAD);
    let whole = authority.len() < LONGEST_HEAD;
    let name = host_of(authority);
    let labels = name.split(|byte| *byte == b'.').filter(|label| !label.is_empty()).count();
    if labels < 3 || (whole && is_vocabulary(view, authority, len(authority))) || hinted(view, hint::CODE) {
        return None;
    }
    Some(taken(view, 0, len(authority), 95, "www"))
}

/// A host without a scheme, triggered by its last label but for a country's.
fn bare(view: &View<'_>, word: &[u8]) -> Option<Verdict> {
    if view.byte(-1)? != b'.' {
        return None;
    }
    let all = view.before();
    let text = all.get(all.len().saturating_sub(64)..).unwrap_or_default();
    let run = text.iter().rposition(|byte| !HOST.has(*byte)).map_or(0, |i| i + 1);
    let mut name = text.get(run..)?;
    while let [b'.' | b'-', rest @ ..] = name {
        name = rest;
    }
    let prior = all.len().checked_sub(name.len() + 1).and_then(|i| all.get(i).copied());
    // Part of an address that has its own trigger, or of a path.
    if name.len() < 2 || prior.is_some_and(|byte| b"/@%+_\\:~".contains(&byte) || byte >= 0x80) {
        let quoted = prior.is_some_and(|byte| byte == b':' || byte >= 0x80);
        if name.len() < 2 || !quoted || text.ends_with(b"://") {
            return None;
        }
    }
    if name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"www."))
        || name.contains(&b'.') && name.windows(2).any(|w| w == b"..")
    {
        return None;
    }
    let start = -len(name);
    // `org.uk`: the host may go on.
    let mut end = len(word);
    while view.byte(end) == Some(b'.') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        let more = view.run(end + 1, &HOST, 64);
        let label = more.split(|byte| *byte == b'.').next().unwrap_or_default();
        if label.is_empty() || end > 120 {
            return None;
        }
        // A sentence that begins without a blank.
        if tld(label) == Tld::None || label.first().is_some_and(u8::is_ascii_uppercase) && !all_upper(name) {
            break;
        }
        end += 1 + len(label);
    }
    if view.byte(end).is_some_and(|byte| {
        byte == b'@' || byte == b'_' || byte == b'-' || byte >= 0x80 || byte.is_ascii_alphanumeric()
    }) {
        return None;
    }
    let host = view.slice(start, usize::try_from(end - start).ok()?);
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    if !matches!(tld(last), Tld::Common | Tld::Country) || !name.iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    let next = view.byte(end);
    let port = next == Some(b':') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit());
    let path = (matches!(next, Some(b'/' | b'?' | b'#')) || port)
        && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"~_@%#?".contains(&byte));
    if is_vocabulary_host(view, host, end) || hinted(view, hint::CODE) {
        return None;
    }
    if path {
        return Some(taken(view, start, end, 88, "host and path"));
    }
    let context = hinted(view, hint::URL) || mentions!(before(view, start), CONTEXT, 4);
    context.then(|| Verdict::new(start, end, kinds::URL, 75, "host in context"))
}

fn all_upper(name: &[u8]) -> bool {
    !name.iter().any(u8::is_ascii_lowercase)
}

fn begins_here(prior: Option<u8>) -> bool {
    prior.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"./@-_".contains(&byte))
}

/// A finding whose authority ends at `end`, without the signs behind it when nothing follows them.
fn taken(view: &View<'_>, start: i32, end: i32, confidence: u8, reason: &'static str) -> Verdict {
    let mut end = end;
    // The tail takes soft signs only before others; the head must not take them either.
    if view.byte(end).is_none_or(|byte| !ALL.has(byte) || SOFT.has(byte)) {
        while end > 1 && view.byte(end - 1).is_some_and(|byte| SOFT.has(byte)) {
            end -= 1;
        }
    }
    Verdict::new(start, end, kinds::URL, confidence, reason).with_tail(Tail::While { set: &ALL, soft: &SOFT })
}

/// The host in an authority: without user, port and what stands behind.
fn host_of(authority: &[u8]) -> &[u8] {
    let behind = authority.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    let end = behind.iter().position(|byte| !HOST.has(*byte) && *byte != b'_').unwrap_or(behind.len());
    let mut host = behind.get(..end).unwrap_or_default();
    while let [rest @ .., b'.'] = host {
        host = rest;
    }
    host
}

/// Whether `authority`, which ends at `end`, is the host of a vocabulary and nothing else.
fn is_vocabulary(view: &View<'_>, authority: &[u8], end: i32) -> bool {
    let host = host_of(authority);
    // A user name or a port would be strange in the name of a code system.
    let plain = authority.get(host.len()..).is_some_and(|rest| rest.iter().all(|byte| SOFT.has(*byte)))
        && !authority.contains(&b'@');
    plain && is_vocabulary_host(view, host, end)
}

fn is_vocabulary_host(view: &View<'_>, host: &[u8], end: i32) -> bool {
    VOCABULARIES.iter().any(|(known, path)| {
        let known = known.as_bytes();
        let Some(at) = host.len().checked_sub(known.len()) else { return false };
        let Some((sub, name)) = host.split_at_checked(at) else { return false };
        let bounded = sub.is_empty() || sub.ends_with(b".");
        bounded && name.eq_ignore_ascii_case(known) && view.slice(end, path.len()).eq_ignore_ascii_case(path.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use blackbar_engine::naive::findings;
    use blackbar_engine::{Field, Lexicon};

    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&URL);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&URL, &["http", "://", "www.", "x.org", ".com", "/a", "hl7.org", "@", "portal "]);
    }

    #[test]
    fn long_addresses_are_taken_whole() {
        for text in [format!("https://x.org/{}", "a/b?".repeat(1_000)), format!("http://{}.org/x", "a.b".repeat(300))] {
            let found = findings(&[&URL], &Lexicon::new(), text.as_bytes(), &Field::default(), 50);
            let end = text.trim_end_matches('?').len();
            assert_eq!((found[0].start, found[0].end), (0, end));
        }
    }
}
