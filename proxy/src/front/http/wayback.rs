//! The way back: tokens in the target of a request become their originals.

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Keyring, find_tokens};
use http::HeaderName;

use super::originals::Turned;

use super::problem::{Kind, Problem};
use crate::registry;

/// Whether a target has anything to resolve.
pub(super) fn carries_tokens(target: &str) -> bool {
    find_tokens(target.as_bytes()).next().is_some()
}

/// Parameters whose value is the id of a resource, which upstreams answer with that resource and do not quote elsewhere.
const IDS: &[&str] = &[
    "_id",
    "_jobId",
    "asserter",
    "author",
    "beneficiary",
    "encounter",
    "general-practitioner",
    "location",
    "organization",
    "patient",
    "performer",
    "practitioner",
    "recorder",
    "requester",
    "subject",
];
/// Headers of an answer to a request that was resolved: others may quote what was asked for.
const UNQUOTED: &[&str] = &["cache-control", "content-encoding", "content-type", "vary", "x-content-type-options"];
/// Headers that tell of a job that goes on: where it is, and when to ask again.
const OF_JOBS: &[&str] = &["content-location", "retry-after"];
/// Where exports have their jobs and their files.
const JOBS: &[&str] = &[
    "$export-poll-status",
    "bulkdata",
    "bulkfiles",
    "bulkstatus",
    "download",
    "export",
    "export-status",
    "exports",
    "files",
    "output",
    "status",
];

/// Whether a header of an upstream passes that was asked for what the client does not know.
pub(super) fn is_unquoted(name: &HeaderName) -> bool {
    UNQUOTED.contains(&name.as_str())
}

/// Whether a header passes that tells of a job: it says nothing of what was resolved. Its content was redacted already.
pub(super) fn tells_of_job(name: &HeaderName, value: &[u8], resolved: &[(String, Vec<u8>)]) -> bool {
    const TELLING: usize = 4;
    if !OF_JOBS.contains(&name.as_str()) {
        return false;
    }
    // Of an address what stands behind the host, without the tokens in it.
    let scheme = value.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(value.len());
    let rest = value.get(scheme..).and_then(|rest| rest.strip_prefix(b"://")).map_or(value, |rest| {
        let host = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        rest.get(host..).unwrap_or_default()
    });
    let (mut text, mut done) = (Vec::new(), 0);
    for token in find_tokens(rest) {
        text.extend_from_slice(rest.get(done..token.start).unwrap_or_default());
        done = token.end;
    }
    text.extend_from_slice(rest.get(done..).unwrap_or_default());
    let text = super::head::unescaped(&text).to_ascii_lowercase();
    let sign = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    resolved.iter().all(|(_, original)| {
        let original = super::head::unescaped(original).to_ascii_lowercase();
        // Fewer letters than that stand within other words.
        let alone =
            |at: usize| sign(at.checked_sub(1).and_then(|at| text.get(at))) && sign(text.get(at + original.len()));
        !memchr::memmem::find_iter(&text, &original).any(|at| original.len() >= TELLING || alone(at))
    })
}

/// Whether what ends with `before` asks for a resource by its id, `/Patient/`, `?patient=`, `&subject=Patient/`, or for
/// something of an export, `/bulkstatus/`.
fn asks_by_id(before: &str) -> bool {
    let is_type = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_uppercase()) && segment.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let Some((_, query)) = before.split_once('?') else {
        let Some(path) = before.strip_suffix('/') else { return false };
        // Below a job, whose id is a token, are its files.
        let is_token =
            |segment: &&str| find_tokens(segment.as_bytes()).next().is_some_and(|found| found.len() == segment.len());
        let mut segments = path.rsplit('/').skip_while(is_token);
        let led = segments.next().unwrap_or_default();
        return JOBS.contains(&led) || is_type(led) && path.ends_with(led);
    };
    let parameter = query.rsplit('&').next().unwrap_or_default();
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let name = name.split(':').next().unwrap_or_default();
    IDS.contains(&name) && (value.is_empty() || value.strip_suffix('/').is_some_and(is_type))
}

/// The target that the upstream is asked for: each token is the value that it stands for, in the spelling that is customary.
/// Tokens are resolved where they ask for a resource by its id, and nowhere else: what an upstream quotes, the client would
/// read. What was resolved is added to `turned`.
pub(super) fn resolved(target: &str, keyring: Option<&Keyring>, turned: &Turned) -> Result<String, Problem> {
    let unknown = || {
        let detail = "the request carries a token that this gateway did not issue, or cannot resolve";
        Problem::new(Kind::BadRequest, 422, detail)
    };
    let keyring = keyring.ok_or_else(unknown)?;
    let mut out = String::with_capacity(target.len());
    let mut done = 0;
    for token in find_tokens(target.as_bytes()) {
        let spelt = target.get(token.clone()).ok_or_else(unknown)?;
        let (kind, value) = keyring.open_token(spelt).map_err(|_| unknown())?;
        let whole = target.as_bytes().get(token.end).is_none_or(|next| matches!(next, b'/' | b'?' | b'&'));
        if kind != kinds::OTHER_ID.id() || !whole || !asks_by_id(target.get(..token.start).unwrap_or_default()) {
            let detail = "a token is resolved where it asks for a resource by its id: Patient/TOKEN, ?patient=TOKEN";
            return Err(Problem::new(Kind::BadRequest, 422, detail));
        }
        let original = registry::values().spellings(&kind, &value).into_iter().next().ok_or_else(unknown)?;
        out.push_str(target.get(done..token.start).unwrap_or_default());
        turned.note(spelt, &original);
        out.push_str(&escaped(&original));
        done = token.end;
    }
    out.push_str(target.get(done..).unwrap_or_default());
    // A segment of dots would be another path than the one that was judged.
    let path = out.split('?').next().unwrap_or_default();
    let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(climbs) { Err(unknown()) } else { Ok(out) }
}

/// A value as one segment or one parameter, whatever is in it. What stood escaped in a link already stays as it stood there.
pub(super) fn escaped(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, byte) in value.iter().enumerate() {
        let digits = value.get(at + 1..at + 3).unwrap_or_default();
        let is_escape = *byte == b'%' && digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit);
        // Separators stay what they are not, however they are spelt.
        let kept = byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || is_escape && !hides_separator(digits);
        if kept {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn hides_separator(digits: &[u8]) -> bool {
    [&b"2f"[..], b"5c", b"00", b"0a", b"0d"].iter().any(|other| digits.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_become_single_values() {
        let keyring = Keyring::random().unwrap();
        let id = keyring.token("other-id", b"A/1?b&c=%d").unwrap();
        let target = format!("/Patient/{id}/_history?patient={id}&subject=Patient/{id}&y=1");
        assert!(carries_tokens(&target));
        let expected = "/Patient/A%2F1%3Fb%26c%3D%25d/_history?patient=A%2F1%3Fb%26c%3D%25d&subject=Patient/A%2F1%3Fb%26c%3D%25d&y=1";
        assert_eq!(resolved(&target, Some(&keyring), &Turned::default()).unwrap(), expected);
        assert!(!carries_tokens("/Patient/12?x=y"));
    }

    #[test]
    fn jobs_and_files_of_exports_are_found_again() {
        let keyring = Keyring::random().unwrap();
        let token = |value: &str| keyring.token("other-id", value.as_bytes()).unwrap();
        let (job, file) = (token("1b4db7eb"), token("1.Patient.ndjson"));
        for (target, expected) in [
            (format!("/$export-poll-status?_jobId={job}"), "/$export-poll-status?_jobId=1b4db7eb"),
            (format!("/bulkstatus/{job}"), "/bulkstatus/1b4db7eb"),
            (format!("/r4/export/{job}/{file}"), "/r4/export/1b4db7eb/1.Patient.ndjson"),
        ] {
            assert_eq!(resolved(&target, Some(&keyring), &Turned::default()).unwrap(), expected);
        }
        for target in [format!("/x/{job}/{file}"), format!("/Patient/{job}/{file}"), format!("/?_job={job}")] {
            assert!(resolved(&target, Some(&keyring), &Turned::default()).is_err(), "{target}");
        }
    }

    #[test]
    fn what_tells_of_a_job_tells_nothing_of_what_was_resolved() {
        let resolved =
            [("bb-other-id-x".to_owned(), b"G7".to_vec()), ("bb-other-id-y".to_owned(), b"kowalczyk".to_vec())];
        let place = HeaderName::from_static("content-location");
        for value in ["https://g7.example/bulkstatus/12", "/bulkstatus/12?_page=g71", "120"] {
            assert!(tells_of_job(&place, value.as_bytes(), &resolved), "{value}");
        }
        for value in [
            "/Group/g7/status",
            "/x?a=%4B%6fwalczyk.1",
            "/x/aKowalczyk",
            "/Group/g7/status?next=https://h/x",
            "https://host?id=g7",
        ] {
            assert!(!tells_of_job(&place, value.as_bytes(), &resolved), "{value}");
        }
        assert!(!tells_of_job(&HeaderName::from_static("x-progress"), b"120", &resolved));
    }

    #[test]
    fn tokens_elsewhere_are_refused() {
        let keyring = Keyring::random().unwrap();
        let (id, mrn) = (keyring.token("other-id", b"12").unwrap(), keyring.token("mrn", b"12").unwrap());
        for target in [
            format!("/{id}"),
            format!("/echo/{id}"),
            format!("/Patient/x{id}"),
            format!("/Patient/{id}.json"),
            format!("/Patient?code={id}"),
            format!("/Patient?_count={id}"),
            format!("/Patient?name={id}"),
            format!("/Patient?patient=x{id}"),
            format!("/Patient?patient={id},2"),
            format!("/Patient?{id}=1"),
            format!("/Patient/{mrn}"),
            format!("/Patient?identifier={mrn}"),
        ] {
            assert!(resolved(&target, Some(&keyring), &Turned::default()).is_err(), "{target}");
        }
    }

    #[test]
    fn foreign_tokens_and_those_that_climb_are_refused() {
        let (ours, theirs) = (Keyring::random().unwrap(), Keyring::random().unwrap());
        let foreign = format!("/Patient/{}", theirs.token("other-id", b"12").unwrap());
        assert!(resolved(&foreign, Some(&ours), &Turned::default()).is_err());
        assert!(resolved(&foreign, None, &Turned::default()).is_err());
        let dots = format!("/Patient/{}/x", ours.token("other-id", b"..").unwrap());
        assert!(resolved(&dots, Some(&ours), &Turned::default()).is_err());
        let dots = format!("/Patient/{}/x", ours.token("other-id", b"%2E%2e").unwrap());
        assert!(resolved(&dots, Some(&ours), &Turned::default()).is_err());
    }

    #[test]
    fn ids_that_stood_escaped_in_a_link_go_up_as_they_stood() {
        for (value, expected) in [
            ("j%20smith", "j%20smith"),
            ("j smith", "j%20smith"),
            ("100%", "100%25"),
            ("a%2Fb", "a%252Fb"),
            ("a%zz", "a%25zz"),
        ] {
            assert_eq!(escaped(value.as_bytes()), expected);
        }
    }
}
