//! Texts that are base64: what they hold is read as an input of its own, and what cannot be read is replaced whole.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::sniff::{Sniffed, sniff};
use super::{Format, SNIFF};
use crate::Finding;

/// So much of a text is gathered to be decoded; what is longer is not looked into.
pub(crate) const MOST_TEXT: usize = 48 * 1024;
/// So many more bytes than it has may spell what is gathered.
pub(crate) const MOST_EXCESS: u64 = 8 * 1024;
/// The same.
pub(crate) const MOST_EXCESS_LEN: usize = 8 * 1024;
/// Shorter texts are words.
const SHORTEST: usize = 16;
/// What can be read as nothing else is a blob from this length on; shorter ones are numbers and sums.
const SHORTEST_BLOB: usize = 256;
/// A name of a media type, with its parameters, is not longer.
const LONGEST_MEDIA: usize = 128;

/// Looks through a text, as it comes, for what base64 does not have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    at: usize,
    /// Where the base64 begins: behind the head of a data URI.
    from: usize,
    padded: bool,
    /// It is none.
    failed: bool,
    /// The format says that it is base64, so it may be short.
    declared: bool,
}

/// What a text is, as far as it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum So {
    /// It may be base64.
    Far,
    /// It is none.
    No,
    /// It is, and nothing follows.
    Whole,
    /// It is longer than what is looked into.
    TooLong,
}

impl Scan {
    /// For a text that is said to be base64.
    pub(crate) fn declared() -> Self {
        Self { declared: true, ..Self::default() }
    }

    /// The first signs of which none may be a blank.
    fn least(self) -> usize {
        if self.declared { 1 } else { SHORTEST }
    }

    /// Looks at what has come of `text` since the last time. `complete` says that nothing follows.
    pub(crate) fn look(&mut self, text: &[u8], complete: bool) -> So {
        if self.at == 0 && self.from == 0 && !self.failed {
            match begin(text, complete) {
                Some(from) => (self.at, self.from) = (from, from),
                None if !complete && text.len() < LONGEST_MEDIA => return So::Far,
                None => self.failed = true,
            }
        }
        let limit = text.len().min(MOST_TEXT);
        while !self.failed && self.at < limit {
            let byte = text.get(self.at).copied().unwrap_or_default();
            self.failed = match byte {
                b'=' => !std::mem::replace(&mut self.padded, true) && self.at < self.from + 2,
                b' ' | b'\t' | b'\r' | b'\n' => self.at < self.from + self.least(),
                _ => self.padded || !is_sign(byte),
            };
            self.at += 1;
        }
        match () {
            () if self.failed => So::No,
            () if text.len() >= MOST_TEXT => So::TooLong,
            () if !complete => So::Far,
            () if text.len() >= self.from + self.least() => So::Whole,
            () => So::No,
        }
    }
}

/// Where base64 may begin in `text`: at once, or behind the head of a data URI. `None` until that is known, or when it is
/// nowhere.
fn begin(text: &[u8], complete: bool) -> Option<usize> {
    const SCHEME: &[u8] = b"data:";
    let head = text.get(..text.len().min(SCHEME.len())).unwrap_or_default();
    if !SCHEME.get(..head.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(head)) {
        return Some(0);
    }
    if head.len() < SCHEME.len() {
        return complete.then_some(0);
    }
    let media = text.get(..text.len().min(LONGEST_MEDIA))?;
    let comma = media.iter().position(|byte| *byte == b',')?;
    media.get(..comma)?.to_ascii_lowercase().ends_with(b";base64").then_some(comma + 1)
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// What a text that looks like base64 holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// It is an ordinary text.
    None,
    /// What it stands for can be read.
    Text(Decoded, Format),
    /// What it stands for cannot; its first bytes.
    Opaque(Vec<u8>),
}

/// What base64 stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) bytes: Vec<u8>,
    /// Where in the text each sign stands.
    pub(crate) signs: Vec<u32>,
    /// It is written with the signs that URLs may have.
    pub(crate) url_safe: bool,
    /// Its last units are filled up.
    pub(crate) padded: bool,
}

/// Looks into `text`; `deep` says that no deeper look is allowed, and `cut` that it is only the beginning.
pub(crate) fn look_into(text: &[u8], deep: bool, cut: bool) -> Content {
    let from = begin(text, true).unwrap_or_default();
    let uri = from > 0;
    let (mut signs, mut places, mut url_safe) = (Vec::new(), Vec::new(), false);
    let content = text.iter().zip(0u32..).skip(from).filter(|(byte, _)| is_sign(**byte));
    let content = content.take(if cut { SNIFF } else { usize::MAX });
    for (&byte, place) in content {
        url_safe |= matches!(byte, b'-' | b'_');
        signs.push(byte);
        places.push(place);
    }
    let long = uri || signs.len() >= SHORTEST_BLOB;
    let Ok(bytes) = decoder(url_safe).decode(&signs) else {
        // Signs of both alphabets, or one too many: it is none, unless it says so.
        return if uri { Content::Opaque(Vec::new()) } else { Content::None };
    };
    let opaque = || Content::Opaque(bytes.get(..64).unwrap_or(&bytes).to_vec());
    match sniff(bytes.get(..SNIFF).unwrap_or(&bytes), bytes.len() < SNIFF) {
        Sniffed::Format(format) if is_text(&bytes) => {
            if deep || cut {
                return opaque();
            }
            let padded = !url_safe || text.contains(&b'=');
            Content::Text(Decoded { bytes, signs: places, url_safe, padded }, format)
        }
        Sniffed::Utf16 { .. } => opaque(),
        // Two zero bytes in a short text are no accident: it is wide.
        Sniffed::Unreadable(what) if what.is_named() || is_wide(&bytes) => opaque(),
        _ if long => opaque(),
        _ => Content::None,
    }
}

/// Whether bytes are text: UTF-8 without controls that no text has.
fn is_text(bytes: &[u8]) -> bool {
    let fits = |byte: &u8| *byte >= b' ' && *byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1c);
    !bytes.is_empty() && bytes.iter().all(fits) && std::str::from_utf8(bytes).is_ok()
}

/// Whether every other byte is zero, as in Latin letters of UTF-16.
fn is_wide(bytes: &[u8]) -> bool {
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    bytes.len() >= 8 && (zeros(0) || zeros(1))
}

const LOOSE: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

fn decoder(url_safe: bool) -> GeneralPurpose {
    GeneralPurpose::new(if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD }, LOOSE)
}

/// Spells `bytes`. `padding` says to fill up the last four signs.
pub(crate) fn encode(bytes: &[u8], url_safe: bool, padding: bool) -> Vec<u8> {
    let config = LOOSE.with_encode_padding(padding);
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).encode(bytes).into_bytes()
}

/// A change of decoded bytes: from where to where, and what stands there instead.
pub(crate) type Change = (usize, usize, Vec<u8>);

/// A change of the text, in units of four signs.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Patch {
    /// Where in the text it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// What stands there instead.
    pub(crate) with: Vec<u8>,
    /// The changes that it holds: so many.
    pub(crate) changes: usize,
}

/// Changes of what is decoded, in order, as changes of the text, which has `len` bytes. Units that several changes touch
/// are changed once. Blanks behind a replacement keep what follows in its units.
pub(crate) fn patches(decoded: &Decoded, len: usize, changes: &[Change]) -> Vec<Patch> {
    let place = |sign: usize| decoded.signs.get(sign).map(|place| *place as usize);
    let mut patches = Vec::new();
    let mut changes = changes.iter().peekable();
    while let Some(first) = changes.next() {
        let unit = first.0 / 3;
        let (mut end, mut at, mut count) = (first.1.div_ceil(3), first.1, 1);
        let mut bytes = decoded.bytes.get(unit * 3..first.0).unwrap_or_default().to_vec();
        bytes.extend_from_slice(&first.2);
        let blanks_at = bytes.len();
        while let Some((from, to, with)) = changes.next_if(|next| next.0 < end * 3) {
            bytes.extend_from_slice(decoded.bytes.get(at..*from).unwrap_or_default());
            bytes.extend_from_slice(with);
            (at, end, count) = ((*to).max(at), end.max(to.div_ceil(3)), count + 1);
        }
        let behind = (end * 3).min(decoded.bytes.len());
        bytes.extend_from_slice(decoded.bytes.get(at..behind).unwrap_or_default());
        let start = place(unit * 4).unwrap_or(len);
        // The last units go with the padding behind them.
        let end = if end * 3 >= decoded.bytes.len() { None } else { place(end * 4 - 1).map(|last| last + 1) };
        if end.is_some() {
            let missing = bytes.len().next_multiple_of(3) - bytes.len();
            bytes.splice(blanks_at..blanks_at, std::iter::repeat_n(b' ', missing));
        }
        let with = encode(&bytes, decoded.url_safe, decoded.padded);
        patches.push(Patch { start, end: end.unwrap_or(len), with, changes: count });
    }
    patches
}

/// The same, each with the findings that begin in it. `changes` and `told` are in order.
pub(crate) fn patched(
    decoded: &Decoded,
    len: usize,
    changes: &[Change],
    told: Vec<Finding>,
) -> Vec<(Patch, Vec<Finding>)> {
    let mut told = told.into_iter().peekable();
    let with_findings = |patch: Patch| {
        let begins_in = |finding: &Finding| {
            let sign = usize::try_from(finding.start / 3 * 4).ok().and_then(|sign| decoded.signs.get(sign));
            sign.is_none_or(|at| (*at as usize) < patch.end)
        };
        let mut findings = Vec::new();
        while let Some(finding) = told.next_if(begins_in) {
            findings.push(finding);
        }
        (patch, findings)
    };
    patches(decoded, len, changes).into_iter().map(with_findings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &[u8], complete: bool) -> So {
        Scan::default().look(text, complete)
    }

    #[test]
    fn base64_is_told_from_words() {
        assert_eq!(look(b"UGF0aWVudDogSmFuZQ==", true), So::Whole);
        assert_eq!(look(b"UGF0aWVudDogSmFuZQ==", false), So::Far);
        assert_eq!(look(b"Hypertension", true), So::No);
        assert_eq!(look(b"seen today for knee pain", false), So::No);
        assert_eq!(look(b"2024-01-05T10:00:00", false), So::No);
        assert_eq!(look(b"data:text/plain;base64,UGF0aWVudDogSmFuZQ", true), So::Whole);
        assert_eq!(look(b"data:text/plain,UGF0aWVudDogSmFuZQ", true), So::No);
        assert_eq!(look(b"dat", false), So::Far);
        assert_eq!(look(&vec![b'A'; MOST_TEXT], false), So::TooLong);
    }

    #[test]
    fn what_it_holds_decides() {
        let text = |text: &[u8]| match look_into(text, false, false) {
            Content::Text(decoded, format) => Some((decoded.bytes, format)),
            _ => None,
        };
        assert_eq!(text(b"UGF0aWVudDogSmFuZQ=="), Some((b"Patient: Jane".to_vec(), Format::Text)));
        assert_eq!(text(b"eyJhIjogMSwgImIiOiAyfQ"), Some((b"{\"a\": 1, \"b\": 2}".to_vec(), Format::Json)));
        assert_eq!(text(b"4111111111111111"), None);
        assert_eq!(look_into(b"550e8400-e29b-41d4-a716-446655440000", false, false), Content::None);
        assert!(matches!(look_into(b"iVBORw0KGgoAAAANSUhEUg==", false, false), Content::Opaque(_)));
        assert!(matches!(look_into(b"SgBhAG4AZQAgAFIAbwBlAA==", false, false), Content::Opaque(_)));
    }

    #[test]
    fn patches_keep_what_stands_around() {
        let text = encode(b"To: Jane Roe, MD", false, true);
        let Content::Text(decoded, _) = look_into(&text, false, false) else { panic!("it is text") };
        for changes in [
            vec![(4, 12, b"[NAME]".to_vec())],
            vec![(4, 8, b"[N]".to_vec()), (9, 12, b"[NAME]".to_vec())],
            vec![(14, 16, b"x".to_vec())],
            vec![(0, 16, Vec::new())],
        ] {
            let mut out = text.clone();
            for patch in patches(&decoded, text.len(), &changes).into_iter().rev() {
                out.splice(patch.start..patch.end, patch.with);
            }
            let mut expected = b"To: Jane Roe, MD".to_vec();
            for (from, to, with) in changes.into_iter().rev() {
                expected.splice(from..to, with);
            }
            let plain = String::from_utf8(decoder(false).decode(&out).unwrap()).unwrap();
            assert_eq!(plain.replace(' ', ""), String::from_utf8(expected).unwrap().replace(' ', ""));
        }
    }
}
