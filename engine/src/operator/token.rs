//! `token`: a replacement that joins, cannot be forged, and that the key turns back.
//!
//! A token is `bb-<kind>-<body>`. The body is AES-256-SIV (RFC 5297: deterministic, authenticated) over the canonical
//! value, under a key of its tenant and kind, with the kind as associated data, in [`base62`]. Only letters,
//! digits and `-` occur, so a token needs no escaping in JSON, XML, CSV, HL7, SQL literals, URLs or a FHIR id.
//!
//! The canonical value is packed first, one byte for the form and then the shortest of its forms: decimal digits
//! or upper-case letters and digits as a number, a UUID as 16 bytes, else the bytes themselves. An SSN's token has 36
//! characters; the token of a UUID still fits the 64 characters of a FHIR id.
//!
//! The kind has at most 23 characters and a body at least 24, so the two cannot be mistaken for each other
//! although a kind may contain `-`.

use std::fmt;
use std::ops::Range;

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use memchr::memmem;
use zeroize::Zeroizing;

use super::base62;

/// The longest canonical value that becomes a token.
pub const MAX_CANONICAL: usize = 512;
/// The longest kind that a token can carry.
pub const MAX_KIND: usize = MIN_BODY - 1;
/// The longest token, in bytes.
pub const MAX_TOKEN: usize = PREFIX.len() + MAX_KIND + 1 + MAX_BODY;

const PREFIX: &[u8] = b"bb-";
/// Synthetic IV and form byte, nothing more.
const MIN_BODY: usize = base62::encoded_len(16 + 1);
const MAX_BODY: usize = base62::encoded_len(16 + 1 + MAX_CANONICAL);
const CONTEXT: &[u8] = b"blackbar-token-v1";

/// The token of a canonical value; `key` belongs to the tenant and to `kind`.
pub(super) fn seal(key: &Zeroizing<[u8; 64]>, kind: &str, canonical: &[u8]) -> Result<String, TokenError> {
    if !is_kind(kind.as_bytes()) {
        return Err(TokenError::Kind);
    }
    if canonical.len() > MAX_CANONICAL {
        return Err(TokenError::TooLong);
    }
    let packed = pack(canonical);
    let sealed = Aes256Siv::new(&(**key).into())
        .encrypt([CONTEXT, kind.as_bytes()], &packed)
        .map_err(|_| TokenError::TooLong)?;
    let mut token = String::with_capacity(4 + kind.len() + base62::encoded_len(sealed.len()));
    token.push_str("bb-");
    token.push_str(kind);
    token.push('-');
    base62::encode(&sealed, &mut token);
    Ok(token)
}

/// The canonical value of a body, if this key made it for this kind.
pub(super) fn open(key: &Zeroizing<[u8; 64]>, kind: &str, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    let sealed = base62::decode(body).ok_or(TokenError::Malformed)?;
    let packed = Aes256Siv::new(&(**key).into())
        .decrypt([CONTEXT, kind.as_bytes()], &sealed)
        .map(Zeroizing::new)
        .map_err(|_| TokenError::Foreign)?;
    // Only this key can have made it, so a form that does not unpack comes from a newer version.
    unpack(&packed).map(Zeroizing::new).ok_or(TokenError::Malformed)
}

/// Splits a token into its kind and its body.
pub(super) fn split(token: &str) -> Result<(&str, &[u8]), TokenError> {
    let rest = token.strip_prefix("bb-").ok_or(TokenError::Malformed)?;
    let (kind, body) = rest.rsplit_once('-').ok_or(TokenError::Malformed)?;
    if !is_kind(kind.as_bytes()) || !(MIN_BODY..=MAX_BODY).contains(&body.len()) {
        return Err(TokenError::Malformed);
    }
    Ok((kind, body.as_bytes()))
}

/// Finds what looks like a token in a text, from left to right. Whether it is one, only the key can tell.
///
/// Nothing is asked of the byte before a token: in JSON it may be the `n` of an escaped newline.
pub fn find_tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { text, from: 0 }
}

/// The tokens of a text, as ranges. Made by [`find_tokens`].
#[derive(Clone, Debug)]
pub struct Tokens<'t> {
    text: &'t [u8],
    from: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let start = self.from + memmem::find(self.text.get(self.from..)?, PREFIX)?;
            match shape(&self.text[start..]) {
                TokenShape::Whole(len) | TokenShape::Open(Some(len)) => {
                    self.from = start + len;
                    return Some(start..start + len);
                }
                TokenShape::Open(None) | TokenShape::None => self.from = start + 1,
            }
        }
    }
}

/// Where the part of a buffer begins that may be a token still being received; the buffer's length when there is
/// none. It holds back at most [`MAX_TOKEN`] bytes: whoever reads a stream works on what lies before it and keeps
/// the rest for the next chunk.
pub fn unfinished_token(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| memmem::find(rest, PREFIX)) {
        let start = from + found;
        match shape(&text[start..]) {
            TokenShape::Open(_) => return start,
            TokenShape::Whole(len) => from = start + len,
            TokenShape::None => from = start + 1,
        }
    }
    let tail = text.len().saturating_sub(PREFIX.len() - 1).max(from);
    (tail..text.len()).find(|at| PREFIX.starts_with(&text[*at..])).unwrap_or(text.len())
}

/// What a text that begins with the prefix may be.
enum TokenShape {
    /// A token of this length, and a byte after it that ends it.
    Whole(usize),
    /// The text ends before it is decided; a token of this length if nothing follows.
    Open(Option<usize>),
    None,
}

fn shape(text: &[u8]) -> TokenShape {
    let mut part = PREFIX.len();
    loop {
        let longest = if part == PREFIX.len() { MAX_KIND } else { MAX_BODY };
        let len = text[part..].iter().take(longest + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let end = part + len;
        if part > PREFIX.len() && (MIN_BODY..=MAX_BODY).contains(&len) {
            let kind = &text[PREFIX.len()..part - 1];
            return match (is_kind(kind), end == text.len()) {
                (false, _) => TokenShape::None,
                (true, true) => TokenShape::Open(Some(end)),
                (true, false) => TokenShape::Whole(end),
            };
        }
        let kind_so_far = &text[PREFIX.len()..end];
        if len > MAX_BODY || (len > 0 && part == PREFIX.len() && !is_kind(kind_so_far)) {
            return TokenShape::None;
        }
        match text.get(end) {
            None => return TokenShape::Open(None),
            Some(b'-') if is_kind(kind_so_far) => part = end + 1,
            Some(_) => return TokenShape::None,
        }
    }
}

/// Lower-case words and digits, joined by single hyphens.
fn is_kind(kind: &[u8]) -> bool {
    kind.len() <= MAX_KIND
        && kind.first().is_some_and(u8::is_ascii_lowercase)
        && kind.last() != Some(&b'-')
        && kind.windows(2).all(|pair| pair != b"--")
        && kind.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// Why a token was not made or not resolved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenError {
    /// Not the spelling of a token.
    Malformed,
    /// Forged, altered, or made with another key, tenant or kind.
    Foreign,
    /// The value is longer than [`MAX_CANONICAL`].
    TooLong,
    /// The kind's id does not fit into a token.
    Kind,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a token: its spelling is cut or altered",
            Self::Foreign => "the token was altered, or made with another key or for another tenant",
            Self::TooLong => "the value is too long for a token",
            Self::Kind => "the kind's id does not fit into a token",
        })
    }
}

impl std::error::Error for TokenError {}

const RAW: u8 = 0;
const DECIMAL: u8 = 1;
const BASE_36: u8 = 2;
const UUID: u8 = 3;

/// The form byte and the packed value. One value has one form, so equal values stay equal.
fn pack(canonical: &[u8]) -> Zeroizing<Vec<u8>> {
    let (form, number) = if let Some(number) = uuid_number(canonical) {
        (UUID, number.to_be_bytes())
    } else if let Some(number) = number(canonical, 10) {
        (DECIMAL, number.to_be_bytes())
    } else if let Some(number) = number(canonical, 36) {
        (BASE_36, number.to_be_bytes())
    } else {
        let mut packed = Zeroizing::new(Vec::with_capacity(1 + canonical.len()));
        packed.push(RAW);
        packed.extend_from_slice(canonical);
        return packed;
    };
    let zeros = if form == UUID { 0 } else { number.iter().take_while(|byte| **byte == 0).count() };
    let mut packed = Zeroizing::new(vec![form]);
    packed.extend_from_slice(&number[zeros..]);
    packed
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (form, rest) = packed.split_first()?;
    if *form == RAW {
        return Some(rest.to_vec());
    }
    let mut bytes = [0; 16];
    bytes.get_mut(16usize.checked_sub(rest.len())?..)?.copy_from_slice(rest);
    let number = u128::from_be_bytes(bytes);
    match *form {
        DECIMAL => spell(number, 10),
        BASE_36 => spell(number, 36),
        UUID => Some(spell_uuid(number).into_bytes()),
        _ => None,
    }
}

/// Digits as a number with a 1 in front, which keeps leading zeros; `None` when one does not fit or belong.
fn number(text: &[u8], radix: u32) -> Option<u128> {
    text.iter().try_fold(1u128, |number, byte| {
        let digit = (!byte.is_ascii_lowercase()).then(|| char::from(*byte).to_digit(radix))??;
        number.checked_mul(u128::from(radix))?.checked_add(u128::from(digit))
    })
}

fn spell(mut number: u128, radix: u32) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    while number > 1 {
        let digit = u32::try_from(number % u128::from(radix)).ok()?;
        text.push(u8::try_from(char::from_digit(digit, radix)?.to_ascii_uppercase()).ok()?);
        number /= u128::from(radix);
    }
    text.reverse();
    (number == 1).then_some(text)
}

/// The number of a UUID in its usual spelling: lower case, with hyphens.
fn uuid_number(text: &[u8]) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    let digits = std::str::from_utf8(text).ok()?.replace('-', "");
    let number = u128::from_str_radix(&digits, 16).ok()?;
    (spell_uuid(number).as_bytes() == text).then_some(number)
}

fn spell_uuid(number: u128) -> String {
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Zeroizing<[u8; 64]> {
        Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    fn reopen(token: &str) -> Result<(String, Vec<u8>), TokenError> {
        let (kind, body) = split(token)?;
        Ok((kind.to_owned(), open(&key(), kind, body)?.to_vec()))
    }

    /// Computed with an independent implementation of RFC 5297 as well.
    #[test]
    fn tokens_are_pinned() {
        for (kind, value, expected) in [
            ("ssn", "123456789", "bb-ssn-2qwvqiQZ0Ae9oDA0kdLxYRCkAYfie"),
            ("mrn", "C0012345", "bb-mrn-ClwxKiM0keiLKx2VTA35b35DVoqOlwuN"),
            ("name", "jose smith", "bb-name-0oIrhoHU8n09sLDx23GArs1f0PazZ9Iu40EBro"),
            (
                "other-id",
                "550e8400-e29b-41d4-a716-446655440000",
                "bb-other-id-ERRXvWBa7Sa0dYbF1tqVIO9zlX0TdIndf0JLJ1lZlZte1S",
            ),
            ("url", "", "bb-url-29HbnFJKdEU4ZBwfLZWSro5DY"),
        ] {
            let token = seal(&key(), kind, value.as_bytes()).unwrap();
            assert_eq!(token, expected);
            assert_eq!(reopen(&token).unwrap(), (kind.to_owned(), value.as_bytes().to_vec()));
            assert!(token.len() <= 64, "fits a FHIR id");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(seal(&key(), "note", &[b'x'; MAX_CANONICAL + 1]), Err(TokenError::TooLong));
        let longest_kind = "k".repeat(MAX_KIND);
        assert_eq!(seal(&key(), &longest_kind, &[b'x'; MAX_CANONICAL]).unwrap().len(), MAX_TOKEN);
        for kind in ["", "-a", "a-", "a--b", "A", "a:b", "9a", "a b", &"k".repeat(MAX_KIND + 1)] {
            assert_eq!(seal(&key(), kind, b"1"), Err(TokenError::Kind), "{kind}");
        }
    }

    #[test]
    fn another_kind_or_key_does_not_open_it() {
        let token = seal(&key(), "ssn", b"123456789").unwrap();
        assert_eq!(reopen(&token.replace("bb-ssn", "bb-mrn")), Err(TokenError::Foreign));
        let (kind, body) = split(&token).unwrap();
        assert_eq!(open(&Zeroizing::new([9; 64]), kind, body).unwrap_err(), TokenError::Foreign);
        for text in ["", "bb-", "bb-ssn", "bb-ssn-", "bb-ssn-abc", "ssn-123456789012345678901234567890"] {
            assert_eq!(reopen(text), Err(TokenError::Malformed), "{text}");
        }
    }

    #[test]
    fn found_in_text() {
        let first = seal(&key(), "health-plan", b"1EG4TE5MK73").unwrap();
        let second = seal(&key(), "ssn", b"123456789").unwrap();
        let text = format!("bb-x bb-ssn {{\"a\":\"\\n{first}\"}}|{second}-bb-,{first}.bb-ssn-SHORT {second}");
        let found: Vec<&str> = find_tokens(text.as_bytes()).map(|range| &text[range]).collect();
        assert_eq!(found, [&first, &second, &first, &second]);
        assert_eq!(find_tokens(b"bbb-bb-bb-").count(), 0);
    }

    proptest! {
        #[test]
        fn round_trip(kind in "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9})?", value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let token = seal(&key(), &kind, &value).unwrap();
            prop_assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            prop_assert_eq!(find_tokens(token.as_bytes()).collect::<Vec<_>>(), vec![0..token.len()]);
            prop_assert_eq!(reopen(&token), Ok((kind, value)));
        }

        #[test]
        fn packed_forms_round_trip(value in "0{0,3}[0-9]{0,40}|[0-9A-Z]{0,26}|[0-9a-fA-F]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}") {
            prop_assert_eq!(unpack(&pack(value.as_bytes())), Some(value.into_bytes()));
        }

        #[test]
        fn any_altered_character_is_refused(value in "[0-9A-Z]{0,30}", at in any::<prop::sample::Index>(), with in "[0-9A-Za-z.-]") {
            let token = seal(&key(), "mrn", value.as_bytes()).unwrap();
            let at = at.index(token.len());
            let altered = format!("{}{}{}", &token[..at], with, &token[at + 1..]);
            prop_assume!(altered != token);
            prop_assert!(reopen(&altered).is_err());
            let cut = format!("{}{}", &token[..at], &token[at + 1..]);
            prop_assert!(reopen(&cut).is_err());
            let grown = format!("{}{}{}", &token[..at], with, &token[at..]);
            prop_assert!(reopen(&grown).is_err());
        }

        /// A stream that is cut anywhere shows the same tokens as the whole.
        #[test]
        fn cuts_change_nothing(parts in proptest::collection::vec("bb-|b|-|x|[0-9]{3,20}|ssn|TOKEN", 0..14), cut in any::<prop::sample::Index>()) {
            let token = seal(&key(), "zip", b"02139").unwrap();
            let text = parts.concat().replace("TOKEN", &token);
            let whole: Vec<&str> = find_tokens(text.as_bytes()).map(|range| &text[range]).collect();
            let cut = cut.index(text.len() + 1);
            let held = unfinished_token(&text.as_bytes()[..cut]);
            prop_assert!(cut - held <= MAX_TOKEN);
            let before = find_tokens(&text.as_bytes()[..held]).map(|range| &text[range]);
            let after = find_tokens(&text.as_bytes()[held..]).map(|range| &text[held + range.start..held + range.end]);
            prop_assert_eq!(before.chain(after).collect::<Vec<_>>(), whole);
        }
    }
}
