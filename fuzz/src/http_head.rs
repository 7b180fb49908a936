//! Heads of HTTP: any bytes, cut anywhere, judged once.

use blackbar_wire::http::{Head, Target, Version, WireForm, admit, plan, preferred, up};

use crate::input::{Input, places};

const LONGEST_LINE: usize = 4096;
const LONGEST_TARGET: usize = 1024;

/// However bytes arrive, they are taken or refused alike; a request that is taken has a target with one spelling, which leads
/// nowhere above itself; what an answer is to be is decided without a panic.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let cuts = input.cuts();
    let bytes = input.rest(1 << 14);
    let (whole, cut) = (is_taken(bytes, &[]), is_taken(bytes, &cuts));
    assert_eq!(whole, cut, "the cuts decide");
    let Some((first, headers)) = head(bytes) else { return };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for (name, value) in &headers {
        let _ = (up(name, true), up(name, false), std::str::from_utf8(value).map(preferred));
    }
    for version in [Version::Http11, Version::Http2, Version::Http10] {
        let authority = (version == Version::Http2).then_some("gateway");
        let head = Head { version, method, absolute: false, authority, target: target.as_bytes(), headers: &headers };
        let Ok(admitted) = admit(&head, LONGEST_TARGET, 1 << 20) else { continue };
        assert!(version != Version::Http10, "an old version was taken");
        let sent = admitted.target.below("");
        assert_eq!(Target::parse(sent.as_bytes(), 4 * LONGEST_TARGET).as_ref(), Ok(&admitted.target), "two spellings");
        let path = admitted.target.path();
        assert!(path.starts_with('/') && !path.contains("//") && !path.contains(['\\', '#', '?', ' ']));
        let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        assert!(!path.split('/').any(climbs), "it leads above itself");
        let lengths = headers.iter().filter(|(name, _)| *name == "content-length").count();
        let codings = headers.iter().filter(|(name, _)| *name == "transfer-encoding").count();
        assert!(lengths <= 1 && (lengths == 0 || codings == 0), "a body with two ends was taken");
    }
    for status in [200, 204, 206, 302, 304, 404, 500] {
        let _ = (plan(status, false, &headers), plan(status, true, &headers));
    }
}

fn is_taken(bytes: &[u8], cuts: &[u16]) -> bool {
    let mut form = WireForm::new(LONGEST_LINE);
    let mut start = 0;
    places(cuts, bytes.len()).into_iter().chain([bytes.len()]).all(|cut| {
        let observed = form.observe(&bytes[start..cut]);
        start = cut;
        observed.is_ok()
    })
}

/// The first line, and the names in lower case with their values.
type Read<'b> = (String, Vec<(String, &'b [u8])>);

/// A reader of heads that knows no rule.
fn head(bytes: &[u8]) -> Option<Read<'_>> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = std::str::from_utf8(lines.next()?).ok()?.to_owned();
    let headers = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = std::str::from_utf8(&line[..colon]).ok()?.to_ascii_lowercase();
        Some((name, line[colon + 1..].trim_ascii()))
    });
    Some((first, headers.collect()))
}
