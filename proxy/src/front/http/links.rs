//! Links in bodies: what leads to the upstream is written as leading to the gateway, before anything is looked for in it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem::Finder;

/// Rewrites the upstream's address wherever it stands in a text, plain or with slashes escaped as some write JSON.
#[derive(Clone, Default)]
pub(super) struct Links {
    forms: Arc<[Form]>,
    /// What may be the beginning of an address.
    held: Vec<u8>,
}

struct Form {
    from: Vec<u8>,
    finder: Finder<'static>,
    to: Bytes,
}

impl Links {
    /// `upstream` and `public` are addresses without a slash at their end.
    pub(super) fn new(upstream: &str, public: &str) -> Self {
        let form = |from: String, to: String| Form {
            finder: Finder::new(&from).into_owned(),
            from: from.into_bytes(),
            to: Bytes::from(to),
        };
        let escaped = |address: &str| address.replace('/', "\\/");
        let forms = [form(upstream.to_owned(), public.to_owned()), form(escaped(upstream), escaped(public))];
        Self { forms: Arc::new(forms), held: Vec::new() }
    }

    /// The text of the next bytes, as far as it is known.
    pub(super) fn rewrite(&mut self, bytes: Bytes, mut out: impl FnMut(Bytes)) {
        if self.forms.is_empty() {
            return out(bytes);
        }
        let text = if self.held.is_empty() {
            bytes
        } else {
            let mut text = std::mem::take(&mut self.held);
            text.extend_from_slice(&bytes);
            text.into()
        };
        let rest = self.replace(text, &mut out);
        let open = self.forms.iter().map(|form| form.open_end(&rest)).max().unwrap_or(0);
        let settled = rest.len() - open;
        self.held = rest.slice(settled..).to_vec();
        if settled > 0 {
            out(rest.slice(..settled));
        }
    }

    /// What was held back; the text ends.
    pub(super) fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        let whole = self.forms.iter().find(|form| form.from == held);
        whole.map_or_else(|| Bytes::from(held), |form| form.to.clone())
    }

    /// Hands out everything up to the last address in `text`; the rest.
    fn replace(&self, mut text: Bytes, out: &mut impl FnMut(Bytes)) -> Bytes {
        // Where the next look begins: behind addresses that only look like the upstream's.
        let mut from = 0;
        loop {
            let found = self.forms.iter().filter_map(|form| {
                let at = from + form.finder.find(text.get(from..)?)?;
                Some((at, form))
            });
            let Some((at, form)) = found.min_by_key(|(at, _)| *at) else { return text };
            let end = at + form.from.len();
            match text.get(end) {
                // Its end has not come.
                None => return text,
                Some(next) if ends_address(*next) => {
                    if at > 0 {
                        out(text.slice(..at));
                    }
                    out(form.to.clone());
                    text = text.slice(end..);
                    from = 0;
                }
                Some(_) => from = at + 1,
            }
        }
    }
}

impl Form {
    /// How many bytes at the end of `text` may be the beginning of this address, or all of it.
    fn open_end(&self, text: &[u8]) -> usize {
        let longest = self.from.len().min(text.len());
        (1..=longest)
            .rev()
            .find(|length| self.from.get(..*length).is_some_and(|head| text.ends_with(head)))
            .unwrap_or(0)
    }
}

/// Whether an address ends before this byte: `http://h:80` is no beginning of `http://h:8080` or `http://h:80.org`.
fn ends_address(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte < 0x80 && !b"-._~%@:".contains(&byte)
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Links({} forms, {} bytes held)", self.forms.len(), self.held.len())
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
    fn without_a_public_address_nothing_changes() {
        let mut links = Links::default();
        let mut out = Vec::new();
        links.rewrite(Bytes::from_static(b"http://up:9000"), |bytes| out.push(bytes));
        assert_eq!(out, [Bytes::from_static(b"http://up:9000")]);
        assert!(links.finish().is_empty());
    }
}
