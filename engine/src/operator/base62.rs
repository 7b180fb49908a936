//! Bytes as digits and letters, in fixed blocks.
//!
//! Eight bytes are one big-endian number and become exactly eleven characters; a shorter last block of 1 to 7 bytes
//! becomes 2, 3, 5, 6, 7, 9 or 10. So the work is linear, the length is known beforehand, and every byte string has
//! exactly one spelling: `decode` refuses every other one.

/// `0-9A-Za-z`, in the order of their bytes: texts of one length sort as their numbers do.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters a block of so many bytes takes: the least `c` with 62^c ≥ 256^n.
const WIDTH: [usize; 9] = [0, 2, 3, 5, 6, 7, 9, 10, 11];

/// The length of `encode`'s answer for so many bytes.
pub(super) const fn encoded_len(bytes: usize) -> usize {
    bytes / 8 * WIDTH[8] + WIDTH[bytes % 8]
}

pub(super) fn encode(bytes: &[u8], out: &mut String) {
    for block in bytes.chunks(8) {
        let mut number = block.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        let mut characters = [0; 11];
        let width = WIDTH[block.len()];
        for character in characters[..width].iter_mut().rev() {
            *character = ALPHABET[usize::try_from(number % 62).unwrap_or_default()];
            number /= 62;
        }
        out.extend(characters[..width].iter().copied().map(char::from));
    }
}

/// `None` for a character outside the alphabet, a length that no byte string has, or a block above its range.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / WIDTH[8] * 8 + 8);
    for block in text.chunks(WIDTH[8]) {
        let count = WIDTH.iter().position(|width| *width == block.len())?;
        let mut number = 0u64;
        for character in block {
            number = number.checked_mul(62)?.checked_add(u64::from(digit(*character)?))?;
        }
        let all = number.to_be_bytes();
        let (zeros, used) = all.split_at(8 - count);
        if zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(used);
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'Z' => Some(character - b'A' + 10),
        b'a'..=b'z' => Some(character - b'a' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        encode(bytes, &mut text);
        text
    }

    #[test]
    fn spellings_are_pinned() {
        assert_eq!(encoded(b""), "");
        assert_eq!(encoded(&[0]), "00");
        assert_eq!(encoded(&[255]), "47");
        assert_eq!(encoded(&[255; 8]), "LygHa16AHYF");
        assert_eq!(encoded(b"blackbar!"), "8Ru7kKrMzcg0X");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["0", "0000", "00000000", "48", "zz", "LygHa16AHYG", "zzzzzzzzzzz", "0-", "0 ", "é"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let text = encoded(&bytes);
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn one_spelling_each(text in "[0-9A-Za-z]{0,40}") {
            if let Some(bytes) = decode(text.as_bytes()) {
                prop_assert_eq!(encoded(&bytes), text);
            }
        }
    }
}
