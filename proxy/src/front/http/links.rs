//! Links in bodies: what leads to the upstream is written as leading to the gateway, before anything is looked for in it.

use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use bytes::Bytes;

/// Rewrites the upstream's address wherever it stands in a text, in the spellings that formats and clients give it.
#[derive(Clone, Default)]
pub(super) struct Links {
    forms: Option<Arc<Forms>>,
    /// What may be the beginning of an address.
    held: Vec<u8>,
}

struct Forms {
    all: Vec<Form>,
    finder: AhoCorasick,
    longest: usize,
}

struct Form {
    from: Vec<u8>,
    to: Bytes,
    /// Its slashes are spelt as escapes of URLs, and so is what follows it.
    escaped: bool,
}

/// A spelling of an address, and whether it is one of URLs.
type Spelling = (fn(&str) -> String, bool);

/// Slashes as some write them in JSON, and whole addresses as values of parameters.
const SPELLINGS: [Spelling; 6] = [
    (str::to_owned, false),
    (|address| address.replace('/', "\\/"), false),
    (|address| address.replace('/', "\\u002f"), false),
    (|address| address.replace('/', "\\u002F"), false),
    (|address| address.replace(':', "%3A").replace('/', "%2F"), true),
    (|address| address.replace(':', "%3a").replace('/', "%2f"), true),
];

impl Links {
    /// `upstream` and `public` are addresses without a slash at their end.
    pub(super) fn new(upstream: &str, public: &str) -> Self {
        let unschemed = |address: &str| address.split_once(':').map_or_else(String::new, |(_, rest)| rest.to_owned());
        let path = |address: &str| {
            let authority = address.split_once("://").map_or("", |(_, rest)| rest);
            authority.find('/').and_then(|at| authority.get(at..)).unwrap_or_default().to_owned()
        };
        let (from_path, to_path) = (path(upstream), path(public));
        let mut all = Vec::new();
        for (spelt, escaped) in SPELLINGS {
            let mut add = |before: &str, from: &str, to: &str| {
                let from = format!("{before}{}", spelt(from)).into_bytes();
                all.push(Form { from, to: format!("{before}{}", spelt(to)).into(), escaped });
            };
            add("", upstream, public);
            // Without a scheme, behind a quote: `"//host/path`.
            add("\"", &unschemed(upstream), &unschemed(public));
            add("'", &unschemed(upstream), &unschemed(public));
            // Without a host. Below nothing, it would be anything.
            if !from_path.is_empty() && from_path != to_path {
                add("\"", &from_path, &to_path);
            }
        }
        let mut finder = AhoCorasick::builder();
        let longest = all.iter().map(|form| form.from.len()).max().unwrap_or_default();
        let finder = finder.match_kind(MatchKind::LeftmostLongest).build(all.iter().map(|form| &form.from));
        // Patterns of this size always fit.
        let forms = finder.ok().map(|finder| Arc::new(Forms { all, finder, longest }));
        Self { forms, held: Vec::new() }
    }

    /// The text of the next bytes, as far as it is known.
    pub(super) fn rewrite(&mut self, bytes: Bytes, mut out: impl FnMut(Bytes)) {
        let Some(forms) = self.forms.clone() else { return out(bytes) };
        let text = if self.held.is_empty() {
            bytes
        } else {
            let mut text = std::mem::take(&mut self.held);
            text.extend_from_slice(&bytes);
            text.into()
        };
        let rest = forms.replace(text, &mut out);
        let settled = rest.len() - forms.open_end(&rest);
        self.held = rest.slice(settled..).to_vec();
        if settled > 0 {
            out(rest.slice(..settled));
        }
    }

    /// What was held back; the text ends.
    pub(super) fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        let forms = self.forms.iter().flat_map(|forms| &forms.all);
        let whole = forms.into_iter().find(|form| form.from == held);
        whole.map_or_else(|| Bytes::from(held), |form| form.to.clone())
    }
}

impl Forms {
    /// Hands out everything up to the last address in `text`; the rest.
    fn replace(&self, text: Bytes, out: &mut impl FnMut(Bytes)) -> Bytes {
        // `from`: behind addresses that only look like the upstream's.
        let (mut done, mut from) = (0, 0);
        while let Some(found) = self.finder.find(aho_corasick::Input::new(&text).range(from..)) {
            let Some(form) = self.all.get(found.pattern().as_usize()) else { break };
            match text.get(found.end()) {
                // Its end has not come.
                None => break,
                Some(next) if form.ends_before(*next) => {
                    if found.start() > done {
                        out(text.slice(done..found.start()));
                    }
                    out(form.to.clone());
                    (done, from) = (found.end(), found.end());
                }
                Some(_) => from = found.start() + 1,
            }
        }
        text.slice(done..)
    }

    /// How many bytes at the end of `text` may be the beginning of an address, or all of it.
    fn open_end(&self, text: &[u8]) -> usize {
        let tail = text.get(text.len().saturating_sub(self.longest)..).unwrap_or(text);
        let begins = |rest: &[u8]| self.all.iter().any(|form| form.from.starts_with(rest));
        let at = (0..tail.len()).find(|at| tail.get(*at..).is_some_and(begins));
        at.map_or(0, |at| tail.len() - at)
    }
}

impl Form {
    /// Whether an address ends before this byte: `http://h:80` is no beginning of `http://h:8080` or `http://h:80.org`.
    fn ends_before(&self, byte: u8) -> bool {
        let goes_on = byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-._~@:".contains(&byte);
        !goes_on && (self.escaped || byte != b'%')
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({} bytes held)", self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str, step: usize) -> String {
        let mut links = Links::new("http://up:9000/r4", "https://fhir.example");
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(step.max(1)) {
            links.rewrite(Bytes::copy_from_slice(piece), |bytes| out.extend_from_slice(&bytes));
        }
        out.extend_from_slice(&links.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_are_rewritten_however_the_text_is_cut() {
        for (text, expected) in [
            ("", ""),
            ("no link", "no link"),
            ("http://up:9000/r4", "https://fhir.example"),
            ("\"http://up:9000/r4/Patient/1\"", "\"https://fhir.example/Patient/1\""),
            ("http:\\/\\/up:9000\\/r4\\/Patient", "https:\\/\\/fhir.example\\/Patient"),
            ("http://up:9000/r4?a http://up:9000/r4#b", "https://fhir.example?a https://fhir.example#b"),
            // Others that begin alike.
            (
                "http://up:9000/r45 http://up:9000/r4.x http://up:9000/r",
                "http://up:9000/r45 http://up:9000/r4.x http://up:9000/r",
            ),
            ("http://up:9http://up:9000/r4/", "http://up:9https://fhir.example/"),
            ("http://up:9000/r4http://up:9000/r4/", "http://up:9000/r4https://fhir.example/"),
        ] {
            for step in 1..=text.len().max(1) {
                assert_eq!(rewritten(text, step), expected, "in steps of {step}");
            }
        }
    }

    #[test]
    fn addresses_in_other_spellings_are_rewritten_as_well() {
        for (text, expected) in [
            (r#""http:\u002f\u002fup:9000\u002fr4\u002fPatient""#, r#""https:\u002f\u002ffhir.example\u002fPatient""#),
            (r#""//up:9000/r4/Patient""#, r#""//fhir.example/Patient""#),
            (r#""\/\/up:9000\/r4\/Patient""#, r#""\/\/fhir.example\/Patient""#),
            (r#""/r4/Patient?page=2""#, r#""/Patient?page=2""#),
            (r#""/r45/Patient""#, r#""/r45/Patient""#),
            ("?next=http%3A%2F%2Fup%3A9000%2Fr4%2FPatient", "?next=https%3A%2F%2Ffhir.example%2FPatient"),
        ] {
            for step in 1..=text.len() {
                assert_eq!(rewritten(text, step), expected, "in steps of {step}");
            }
        }
    }

    #[test]
    fn without_a_public_address_nothing_changes() {
        let mut links = Links::default();
        let mut out = Vec::new();
        links.rewrite(Bytes::from_static(b"http://up:9000"), |bytes| out.push(bytes));
        assert_eq!(out, [Bytes::from_static(b"http://up:9000")]);
        assert!(links.finish().is_empty());
    }
}
