//! What an upstream was asked for and the client does not know: originals of resolved tokens, which an answer may quote
//! anywhere. They become the tokens again that the client said.

use std::borrow::Cow;
use std::sync::Arc;

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Operator, Values};
use blackbar_engine::{
    ByteSet, Detector, Format, Profile, Reach, Redactor, Rules, Scanner, Slot, Trigger, Verdict, Verify, View, Window,
};

/// Finds originals in an answer.
#[derive(Clone, Debug)]
pub(super) struct Quoted {
    scanner: Scanner,
    profile: Profile,
}

/// An original, and its token.
type Pair = (Vec<u8>, String);

/// Originals shorter than this are words like any other: they count where something says that they are an id.
const TELLING: usize = 4;
const LONGEST: usize = 256;

impl Quoted {
    /// `None`: nothing was resolved.
    pub(super) fn new(resolved: &[(String, Vec<u8>)]) -> Option<Self> {
        let fits = |(_, original): &&(String, Vec<u8>)| (1..=LONGEST).contains(&original.len());
        let mut pairs: Vec<Pair> = Vec::new();
        for (token, original) in resolved.iter().filter(fits) {
            let encoded = super::wayback::escaped(original).into_bytes();
            for spelling in [original.clone(), encoded] {
                if spelling.len() <= LONGEST && !pairs.iter().any(|(known, _)| *known == spelling) {
                    pairs.push((spelling, token.clone()));
                }
            }
        }
        let first = pairs
            .iter()
            .filter_map(|(original, _)| original.first())
            .fold(ByteSet::EMPTY, |set, byte| set.with(byte.to_ascii_lowercase()).with(byte.to_ascii_uppercase()));
        if pairs.is_empty() {
            return None;
        }
        // The longest first: an original may be the beginning of another.
        pairs.sort_by_key(|(original, _)| std::cmp::Reverse(original.len()));
        let pairs: Arc<[Pair]> = pairs.into();
        let of_these = Arc::clone(&pairs);
        let detector = Detector {
            id: Cow::Borrowed("quoted-original"),
            kind: kinds::OTHER_ID,
            class: Cow::Borrowed("R"),
            priority: 100,
            window: Window { before: 40, longest: 264, after: 8 },
            reach: Reach::NONE,
            triggers: Cow::Owned(vec![Trigger::Bytes(first)]),
            verify: Verify::Site(Arc::new(move |view| quote_at(view, &of_these))),
            teaches: false,
            takes: Cow::Borrowed("originals of tokens in the request"),
            refuses: Cow::Borrowed(""),
        };
        let scanner = Scanner::builder().detectors([&detector]).build().ok()?;
        let mut rules = Rules::danger_pass(Arc::new(Tokens(pairs)));
        rules.kinds = vec![(kinds::OTHER_ID.id().to_owned(), Operator::Generalise)];
        Some(Self { scanner, profile: rules.build().ok()? })
    }

    /// Reads an answer.
    pub(super) fn redactor(&self, format: Format) -> Redactor {
        self.scanner.redactor_for(&self.profile, format, "")
    }
}

fn quote_at(view: &View<'_>, pairs: &[Pair]) -> Option<Verdict> {
    let whole = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if !whole(view.byte(-1)) {
        return None;
    }
    pairs.iter().find_map(|(original, _)| {
        let len = i32::try_from(original.len()).ok()?;
        // Byte for byte, so that no more is asked for than what it takes to refuse.
        let same = (0..len).zip(original).all(|(at, byte)| view.byte(at).is_some_and(|b| b.eq_ignore_ascii_case(byte)));
        let stands = same && whole(view.byte(len)) && (original.len() >= TELLING || is_told(view, len));
        stands.then(|| Verdict::new(0, len, kinds::OTHER_ID, 100, "quoted"))
    })
}

/// Whether something says that these few bytes are an id: signs around them, a word before them, or that they stand alone.
fn is_told(view: &View<'_>, len: i32) -> bool {
    let before = view.before();
    if before.is_empty() && view.begins(0) {
        return view.ends(len) && view.field().slot != Slot::Number;
    }
    let trimmed = before.trim_ascii_end();
    if trimmed.ends_with(b"/") || trimmed.ends_with(b"=") || trimmed.ends_with(b"#") || trimmed.ends_with(b":") {
        return true;
    }
    let quotes = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"'`".contains(byte));
    let word = trimmed.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    quotes(before.last()) || word.eq_ignore_ascii_case(b"id") || word.first().is_some_and(u8::is_ascii_uppercase)
}

/// The token of an original.
struct Tokens(Arc<[Pair]>);

impl Values for Tokens {
    fn generalise(&self, _: &str, value: &[u8]) -> Option<Vec<u8>> {
        let pair = self.0.iter().find(|(original, _)| original.eq_ignore_ascii_case(value));
        pair.map(|(_, token)| token.clone().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use blackbar_engine::Raw;

    use super::*;

    fn told(originals: &[&str], format: Format, text: &str, step: usize) -> String {
        let resolved: Vec<_> =
            originals.iter().map(|original| (format!("T{}", original.len()), original.as_bytes().to_vec())).collect();
        let mut redactor = Quoted::new(&resolved).unwrap().redactor(format);
        text.as_bytes().chunks(step).for_each(|piece| redactor.push(Raw::from(piece.to_vec())));
        redactor.finish();
        let mut out = Vec::new();
        while let Some(segment) = redactor.poll() {
            out.extend_from_slice(segment.bytes().as_bytes());
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn originals_become_tokens_wherever_they_are_quoted() {
        for (text, expected) in [
            (
                r#"{"id":"ab-12345","text":"Patient ab-12345 (AB-12345) was"}"#,
                r#"{"id":"T8","text":"Patient T8 (T8) was"}"#,
            ),
            (r#"{"id":"ab\u002d12345","n":"xab-12345 ab-123456"}"#, r#"{"id":"T8","n":"xab-12345 ab-123456"}"#),
            (r#"{"ab-12345":1}"#, r#"{"T8":1}"#),
            (
                r#"{"id":"7","reference":"Patient/7","note":"Patient 7, id 7, took 7 mg","value":7}"#,
                r#"{"id":"T1","reference":"Patient/T1","note":"Patient T1, id T1, took 7 mg","value":7}"#,
            ),
        ] {
            for step in [1, 3, 1000] {
                assert_eq!(told(&["ab-12345", "7"], Format::Json, text, step), expected, "in steps of {step}");
            }
        }
        assert_eq!(told(&["88 12"], Format::Text, "x?id=88%2012, 88 12.", 9), "x?id=T5, T5.");
    }
}
