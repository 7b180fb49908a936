//! URLs of the upstream become URLs of the gateway, and no others leave.

/// Where an upstream's URLs lead, and where they are to lead.
#[derive(Clone, Debug)]
pub struct Rewriter {
    upstream: Base,
    public: Base,
}

/// Where a URL leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// To the gateway, written so.
    Here(String),
    /// Somewhere else: around the gateway.
    Elsewhere,
}

#[derive(Clone, Debug)]
struct Base {
    scheme: String,
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Rewriter {
    /// `upstream` and `public` are URLs of the form `scheme://authority/path`. `None`: one of them is not.
    #[must_use]
    pub fn new(upstream: &str, public: &str) -> Option<Self> {
        Some(Self { upstream: Base::parse(upstream)?, public: Base::parse(public)? })
    }

    /// Where `url` leads, and how that is written for the client.
    #[must_use]
    pub fn place(&self, url: &str) -> Place {
        let url = url.trim_matches([' ', '\t']);
        // Browsers skip controls and take a backslash for a slash.
        if url.is_empty() || url.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return Place::Elsewhere;
        }
        if let Some(rest) = url.strip_prefix("//") {
            return self.absolute(&format!("{}://{rest}", self.upstream.scheme));
        }
        if url.starts_with('/') {
            return self.below(url).map_or(Place::Elsewhere, |path| Place::Here(format!("{}{path}", self.public.path)));
        }
        // A scheme ends at the first colon, if that comes before any other separator.
        let head = url.split(['/', '?', '#']).next().unwrap_or_default();
        if head.contains(':') { self.absolute(url) } else { Place::Here(url.to_owned()) }
    }

    fn absolute(&self, url: &str) -> Place {
        let Some(base) = Base::parse(url) else { return Place::Elsewhere };
        let to = if base.same_place(&self.upstream) {
            self.below(&base.path)
        } else if base.same_place(&self.public) {
            // An upstream that knows its public name already.
            strip_base(&base.path, &self.public.path)
        } else {
            None
        };
        let Some(path) = to else { return Place::Elsewhere };
        Place::Here(format!("{}://{}{}{path}", self.public.scheme, self.public.authority, self.public.path))
    }

    /// The part of an upstream's path that stands below its base.
    fn below(&self, path: &str) -> Option<String> {
        strip_base(path, &self.upstream.path)
    }

    /// Rewrites a `Link` header. Links that lead elsewhere are left out; `None` when none is left.
    #[must_use]
    pub fn links(&self, value: &str) -> Option<String> {
        let mut kept = Vec::new();
        let mut rest = value;
        while let Some(start) = rest.find('<') {
            let after = rest.get(start + 1..)?;
            let end = after.find('>')?;
            let (url, behind) = (after.get(..end)?, after.get(end + 1..)?);
            // Parameters go on to the comma before the next link; commas in quotes do not count.
            let stop = comma(behind);
            let parameters = behind.get(..stop)?.trim();
            // Who does not heed quotes would read another link in them.
            let is_one = !parameters.contains('<');
            if let (Place::Here(url), true) = (self.place(url), is_one) {
                kept.push(format!("<{url}>{parameters}"));
            }
            rest = behind.get(stop..)?;
        }
        (!kept.is_empty()).then(|| kept.join(", "))
    }
}

fn comma(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn strip_base(path: &str, base: &str) -> Option<String> {
    let rest = path.strip_prefix(base)?;
    let ends = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    // A dot segment could climb out of the base again.
    let climbs = rest.split(['/', '?', '#']).any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == ".." || segment == "."
    });
    (ends && !climbs).then(|| rest.to_owned())
}

impl Base {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        if authority.is_empty() || authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, if port.is_empty() { default } else { port.parse().ok()? })
            }
            _ => (authority, default),
        };
        let path = if path == "/" { "" } else { path };
        Some(Self {
            scheme,
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port,
            authority: authority.to_owned(),
            path: path.to_owned(),
        })
    }

    /// The scheme may differ: an upstream behind TLS of its own often calls itself otherwise.
    fn same_place(&self, other: &Self) -> bool {
        let ports = self.port == other.port || (self.scheme != other.scheme && self.authority == self.host);
        self.host == other.host && ports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewriter() -> Rewriter {
        Rewriter::new("http://fhir.internal:9000/r4", "https://fhir.clinic.example/api").unwrap()
    }

    fn here(url: &str) -> Place {
        Place::Here(url.to_owned())
    }

    #[test]
    fn urls_of_the_upstream_become_ours() {
        for (url, expected) in [
            ("http://fhir.internal:9000/r4/Patient/1?x=y", "https://fhir.clinic.example/api/Patient/1?x=y"),
            ("HTTP://FHIR.internal.:9000/r4", "https://fhir.clinic.example/api"),
            ("//fhir.internal:9000/r4/a", "https://fhir.clinic.example/api/a"),
            ("https://fhir.clinic.example/api/a", "https://fhir.clinic.example/api/a"),
            ("/r4/Patient/1", "/api/Patient/1"),
            ("Patient/1", "Patient/1"),
            ("?page=2", "?page=2"),
        ] {
            assert_eq!(rewriter().place(url), here(expected), "{url}");
        }
    }

    #[test]
    fn others_lead_around_the_gateway() {
        for url in [
            "http://fhir.internal:9001/r4/a",
            "http://fhir.internal:9000/admin",
            "http://fhir.internal:9000/r4evil",
            "http://fhir.internal:9000/r4/../admin",
            "/r4/%2e%2E/admin",
            "/admin",
            "http://other/r4/a",
            "http://fhir.internal:9000@evil/r4",
            "https://evil\\@fhir.internal:9000/r4",
            "//evil/r4",
            "/\t/evil",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(rewriter().place(url), Place::Elsewhere, "{url}");
        }
    }

    #[test]
    fn links_are_rewritten_one_by_one() {
        let value =
            "<http://fhir.internal:9000/r4?page=2>; rel=\"next, really\", <http://evil/>; rel=self, </r4/a>;rel=up";
        let expected = "<https://fhir.clinic.example/api?page=2>; rel=\"next, really\", </api/a>;rel=up";
        assert_eq!(rewriter().links(value).unwrap(), expected);
        assert_eq!(rewriter().links("<http://evil/>; rel=next"), None);
        assert_eq!(rewriter().links("no links"), None);
        assert_eq!(rewriter().links("</r4/a>; rel=next; x=<http://evil/>"), None);
        assert_eq!(rewriter().links("</r4/a>; title=\"open, <http://evil/>; rel=next"), None);
    }
}
