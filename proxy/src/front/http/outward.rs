//! What goes up beside a body where all that goes up is redacted: headers and the address say nothing of anybody either.

use blackbar_detectors::kinds;
use blackbar_engine::Raw;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::head::{redacted, unescaped};
use super::problem::{Kind, Problem};
use super::wayback;
use crate::gate::Lines;

/// Headers whose values name versions by days.
const VERSIONS: &[&str] = &["anthropic-beta", "anthropic-version", "mcp-protocol-version", "openai-beta", "user-agent"];

/// Takes out the headers in which something would have to be replaced. Those that the gateway wrote itself are not asked.
pub(super) fn headers(headers: &mut HeaderMap, lines: &mut Lines) {
    let is_own = |name: &HeaderName| {
        [header::ACCEPT_ENCODING, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::FORWARDED].contains(name)
    };
    let said: Vec<HeaderName> = headers.keys().filter(|name| !is_own(name)).cloned().collect();
    for name in said {
        let kept = headers.get_all(&name).iter().all(|value| {
            let asked =
                if VERSIONS.contains(&name.as_str()) { undated(value.as_bytes()) } else { value.as_bytes().to_vec() };
            let asked = HeaderValue::from_bytes(&asked).ok();
            asked.is_some_and(|asked| redacted(&name, &asked, lines).as_ref() == Some(&asked))
        });
        if !kept {
            headers.remove(&name);
        }
    }
}

/// Refuses an address that names somebody: nothing in it can be replaced without another meaning.
pub(super) fn address(target: &str, lines: &mut Lines) -> Result<(), Problem> {
    let meant = unescaped(&undated(target.as_bytes()));
    // Ids of models, files and threads are identifiers of something; whose they are nobody can tell by their form.
    let names = |text: Vec<u8>| {
        let found = lines.text(Raw::from(text)).1;
        found
            .iter()
            .any(|finding| ![kinds::OTHER_ID, kinds::URL].iter().any(|other| finding.kind.main() == other.main()))
    };
    let path_and_values = meant.split(|byte| matches!(byte, b'?' | b'&' | b'/')).map(|piece| {
        let mut piece = piece.to_vec();
        // A name of a parameter says what its value is, as a label does.
        if let Some(at) = piece.iter().position(|byte| *byte == b'=') {
            piece.splice(at..=at, *b": ");
        }
        piece.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
        piece
    });
    // A token would go up as what it stands for.
    if wayback::carries_tokens(target) || path_and_values.into_iter().any(names) {
        let detail = "the address says something that does not go up here as it is";
        return Err(Problem::new(Kind::BadRequest, 422, detail));
    }
    Ok(())
}

/// A text without the days of this century that are parts of words: `gpt-4o-2024-08-06`, `api-version=2024-10-21`.
fn undated(text: &[u8]) -> Vec<u8> {
    let is_day = |text: &[u8]| {
        let digits =
            |range: std::ops::Range<usize>| text.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
        text.starts_with(b"20")
            && digits(2..4)
            && text.get(4) == Some(&b'-')
            && digits(5..7)
            && text.get(7) == Some(&b'-')
            && digits(8..10)
            && text.get(10).is_none_or(|byte| !byte.is_ascii_digit())
    };
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let follows = out.is_empty() || out.ends_with(b"-") || out.ends_with(b"version=");
        if follows && text.get(at..).is_some_and(is_day) {
            out.extend_from_slice(b"day");
            at += 10;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_versions_are_no_days_of_anybody() {
        for (text, expected) in [
            ("2023-06-01", "day"),
            ("files-api-2025-04-14", "files-api-day"),
            ("/v1/models/gpt-4o-2024-08-06", "/v1/models/gpt-4o-day"),
            ("?api-version=2024-10-21-preview", "?api-version=day-preview"),
            ("?born=2024-10-21", "?born=2024-10-21"),
            ("x-1961-03-04", "x-1961-03-04"),
            ("-2024-10-2112", "-2024-10-2112"),
        ] {
            assert_eq!(String::from_utf8(undated(text.as_bytes())).unwrap(), expected);
        }
    }
}
