//! Links: any text, and nothing of it leads around the gateway.

use blackbar_wire::http::{Place, Rewriter};

use crate::input::Input;

const UPSTREAMS: [&str; 3] = ["http://up:9000/r4", "https://fhir.internal", "http://127.0.0.1:9000/a/b"];
const PUBLIC: [&str; 3] = ["https://fhir.clinic.example/api", "http://127.0.0.1:8780", "https://gateway.example"];

/// A link that passes leads to the gateway, absolute or from where the client is; so does each one of a list, whoever reads it.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (upstream, public) = (input.pick(&UPSTREAMS), input.pick(&PUBLIC));
    let rewriter = Rewriter::new(upstream, public).expect("both are addresses");
    let Ok(text) = std::str::from_utf8(input.rest(4096)) else { return };
    if let Place::Here(url) = rewriter.place(text) {
        assert_leads_here(&url, public);
    }
    // What the upstream would say of itself.
    for before in [upstream, &upstream.replace("http", "HTTP"), upstream.split_once(':').map_or("", |(_, rest)| rest)] {
        if let Place::Here(url) = rewriter.place(&format!("{before}{text}")) {
            assert_leads_here(&url, public);
            // Once it leads here, it stays as it is.
            if url.starts_with(public) {
                assert_eq!(rewriter.place(&url), Place::Here(url));
            }
        }
    }
    if let Some(links) = rewriter.links(text) {
        let mut rest = links.as_str();
        while let Some((_, after)) = rest.split_once('<') {
            let (url, behind) = after.split_once('>').expect("a link has an end");
            assert_leads_here(url, public);
            rest = behind;
        }
    }
}

/// As a browser would read it.
fn assert_leads_here(url: &str, public: &str) {
    assert!(
        !url.bytes().any(|byte| byte <= b' ' || byte == b'\\' || byte == 0x7f),
        "a browser reads {url:?} otherwise"
    );
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?', '#']);
    if let Some(rest) = url.strip_prefix(public) {
        assert!(is_below(rest), "{url:?} has another host");
        let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        assert!(!rest.split(['/', '?', '#']).any(climbs), "{url:?} leads above the gateway's own path");
        return;
    }
    assert!(!url.starts_with("//"), "{url:?} has another host");
    let head = url.split(['/', '?', '#']).next().unwrap_or_default();
    assert!(!head.contains(':'), "{url:?} has a scheme");
    let path = public.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
    assert!(
        !url.starts_with('/') || url.strip_prefix(path).is_some_and(is_below),
        "{url:?} is above the gateway's path"
    );
}
