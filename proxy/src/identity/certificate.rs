//! Client certificates whose name is a SPIFFE id. Their chain was checked by the listener; here it is read whom they name.

use std::collections::BTreeSet;

use blackbar_policy::{Subject, SubjectKind};
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::{Identity, Method};
use crate::config::{WorkloadSection, days_since_1970};

/// The trust domains that are believed, and who is who in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workloads(Vec<WorkloadSection>);

impl Workloads {
    pub(crate) fn new(sections: &[WorkloadSection]) -> Self {
        Self(sections.to_vec())
    }

    /// Whom this certificate names, if it names exactly one id of a trust domain that is believed.
    pub(crate) fn identity(&self, certificate: &[u8]) -> Option<Identity> {
        let der = CertificateDer::from(certificate);
        let parsed = EndEntityCert::try_from(&der).ok()?;
        let mut names = parsed.valid_uri_names();
        let (id, None) = (names.next()?, names.next()) else { return None };
        let (domain, path) = parts(id)?;
        let section = self.0.iter().find(|section| section.domain == domain)?;
        let is_person = section.people.iter().any(|pattern| covers(pattern, path));
        let groups = section.groups.iter().filter(|(pattern, _)| covers(pattern, path));
        let groups: BTreeSet<String> = groups.map(|(_, group)| group.clone()).collect();
        let kind = if is_person { SubjectKind::User } else { SubjectKind::Agent };
        Some(Identity {
            subject: Subject::new(kind, id, groups),
            method: Method::Certificate,
            expires_ms: not_after(certificate)?.checked_mul(1000)?,
            credential: None,
            actors: Vec::new(),
            issued_by: None,
        })
    }
}

/// Trust domain and path of an id in its one spelling.
fn parts(id: &str) -> Option<(&str, &str)> {
    let rest = id.strip_prefix("spiffe://").filter(|_| id.len() <= 255)?;
    let (domain, path) = rest.split_at(rest.find('/')?);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_segment = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    path.get(1..)?.split('/').all(is_segment).then_some((domain, path))
}

/// `/agents/*` covers everything below `/agents`; other patterns only themselves.
fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(above) if above.ends_with('/') => path.len() > above.len() && path.starts_with(above),
        _ => pattern == path,
    }
}

/// When a certificate ends, in seconds since 1970. The library that checked this does not tell.
fn not_after(certificate: &[u8]) -> Option<i64> {
    const SEQUENCE: u8 = 0x30;
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    // A version, in all but the oldest form.
    if rest.first() == Some(&0xa0) {
        rest = element(rest, 0xa0)?.1;
    }
    // Serial number, algorithm, issuer.
    rest = element(rest, 0x02)?.1;
    rest = element(rest, SEQUENCE)?.1;
    rest = element(rest, SEQUENCE)?.1;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, last) = element(validity, *validity.first()?)?;
    let (text, _) = element(last, *last.first()?)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let (year, text) = match *last.first()? {
        // Two digits mean 1950 to 2049.
        0x17 => (number(text.get(..2)?).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, text.get(2..)?),
        0x18 => (number(text.get(..4)?)?, text.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| number(text.get(at..at + 2)?);
    let (month, day, hour, minute, second) = (two(0)?, two(2)?, two(4)?, two(6)?, two(8)?);
    if text.len() != 10 || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The content of the first DER element, which must have this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT_ENDS: i64 = 4_948_879_908;
    const PERSON_ENDS: i64 = 2_110_639_908;

    fn certificate(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/data/certificates/{name}.der", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    }

    fn workloads(domain: &str) -> Workloads {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Workloads(vec![WorkloadSection {
            domain: domain.to_owned(),
            groups: owned(&[("/agents/*", "agents"), ("/agents/summariser", "summarisers"), ("/people/*", "staff")]),
            people: vec!["/people/*".to_owned()],
        }])
    }

    #[test]
    fn a_certificate_names_an_agent_or_a_person_with_groups() {
        let agent = workloads("clinic.example").identity(&certificate("agent")).unwrap();
        assert_eq!(agent.subject.id(), "spiffe://clinic.example/agents/summariser");
        assert_eq!(agent.subject.kind(), SubjectKind::Agent);
        assert_eq!(agent.subject.groups(), &["agents".to_owned(), "summarisers".to_owned()].into());
        // As `openssl x509 -enddate` says. From 2050 on the year has four digits, before that two.
        assert_eq!(agent.expires_ms, AGENT_ENDS * 1000);
        let person = workloads("clinic.example").identity(&certificate("person")).unwrap();
        assert_eq!((person.subject.kind(), person.expires_ms), (SubjectKind::User, PERSON_ENDS * 1000));
        assert!(workloads("other.example").identity(&certificate("agent")).is_none());
        for unnamed in ["nameless", "two-names"] {
            assert!(workloads("clinic.example").identity(&certificate(unnamed)).is_none(), "{unnamed}");
        }
        assert!(workloads("clinic.example").identity(b"").is_none());
    }

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(parts("spiffe://d/a/b"), Some(("d", "/a/b")));
        for wrong in [
            "spiffe://d",
            "spiffe://d/",
            "spiffe://d/a/",
            "spiffe://d//a",
            "spiffe://d/../a",
            "spiffe://d/a%20b",
            "https://d/a",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
        assert!(covers("/a/*", "/a/b") && covers("/a/*", "/a/b/c") && covers("/a", "/a"));
        assert!(!covers("/a/*", "/a") && !covers("/a/*", "/ab") && !covers("/a*", "/ab") && !covers("/a", "/a/b"));
    }

    #[test]
    fn cut_short_it_is_no_certificate() {
        let whole = certificate("agent");
        assert_eq!(not_after(&whole), Some(AGENT_ENDS));
        for length in 0..whole.len() {
            assert!(workloads("clinic.example").identity(&whole[..length]).is_none());
            let _ = not_after(&whole[..length]);
        }
    }
}
