//! `fpe`: same shape, same length, and the key turns it back (NIST SP 800-38G, FF1 with AES-256).
//!
//! What carries the identity of a value (its digits, or its digits and letters) is encrypted; everything else,
//! separators above all, stays where it is. Digits become digits, letters become letters of the same case.
//!
//! - *One value, one answer.* The tweak holds the pattern of digits and letters and nothing else, so `123-45-6789`
//!   and `123456789` become the same nine digits, and upper and lower case the same letters: values still join.
//!   Tenant and kind are in the key.
//! - *Digits alone* are FF1 in radix 10, letters alone in radix 26, hexadecimal ids in radix 16. *A mixture* is one
//!   number below 10^digits · 26^letters; it is enciphered as bits, again and again until the answer is below that
//!   bound (cycle walking: fewer than two rounds on average). Encrypting digits and letters apart would leave the
//!   two letters of `AB123456` a domain of 676.
//! - *At least a million values*, as SP 800-38G revision 1 demands. What is smaller is a [`Misfit`].
//! - *The shape survives.* When a country's prefix is not part of the identity (`+1 617 …`), an answer that would
//!   read as another shape is enciphered again, so the way back sees exactly the same positions.

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use num_bigint::BigUint;
use zeroize::Zeroizing;

/// Which bytes of a value carry its identity, and what they may become.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shape {
    /// Byte positions in the value, ascending. Each holds an ASCII digit or letter.
    pub positions: Vec<usize>,
    /// What may stand there.
    pub alphabet: Alphabet,
}

/// What the positions of a [`Shape`] may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alphabet {
    /// Digits stay digits, letters stay letters of the same case.
    DigitsAndLetters,
    /// Hexadecimal digits, as in a UUID: a digit may become a letter. Upper case if the value has a capital.
    Hexadecimal,
}

/// The value has too few possible forms, too many characters, or no shape at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Misfit;

/// FF1 works on big numbers, whose cost grows with the square of their length.
const MAX_POSITIONS: usize = 128;
/// Walking needs two steps on average; this bound is never met by chance.
const MAX_STEPS: usize = 2048;
const TWEAK: &[u8] = b"blackbar-fpe-v1:";

#[derive(Clone, Copy)]
pub(super) enum Direction {
    Encrypt,
    Decrypt,
}

/// Permutes a value within its shape. `shape_of` tells the shape of any value of this kind.
pub(super) fn permute(
    key: &Zeroizing<[u8; 32]>,
    value: &[u8],
    direction: Direction,
    shape_of: impl Fn(&[u8]) -> Option<Shape>,
) -> Result<Vec<u8>, Misfit> {
    let shape = shape_of(value).ok_or(Misfit)?;
    let mut symbols = Symbols::read(value, &shape)?;
    let mut tweak = TWEAK.to_vec();
    tweak.extend(symbols.radices.iter().map(|radix| match radix {
        10 => b'd',
        26 => b'l',
        _ => b'h',
    }));
    let cipher = Cipher::new(key, &symbols.radices)?;
    let upper = shape.positions.iter().any(|at| value[*at].is_ascii_uppercase());
    for _ in 0..MAX_STEPS {
        symbols.values = cipher.step(&tweak, &symbols, direction)?;
        let answer = symbols.write(value, &shape, upper);
        if shape_of(&answer).as_ref() == Some(&shape) {
            return Ok(answer);
        }
    }
    Err(Misfit)
}

/// The significant characters as numbers, each with its radix.
struct Symbols {
    values: Vec<u16>,
    radices: Vec<u32>,
}

impl Symbols {
    fn read(value: &[u8], shape: &Shape) -> Result<Self, Misfit> {
        let ascending = shape.positions.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || shape.positions.len() > MAX_POSITIONS {
            return Err(Misfit);
        }
        let mut symbols = Self { values: Vec::new(), radices: Vec::new() };
        for at in &shape.positions {
            let byte = value.get(*at).ok_or(Misfit)?;
            let (number, radix) = match (shape.alphabet, byte) {
                (Alphabet::Hexadecimal, b'0'..=b'9') => (byte - b'0', 16),
                (Alphabet::Hexadecimal, b'a'..=b'f') => (byte - b'a' + 10, 16),
                (Alphabet::Hexadecimal, b'A'..=b'F') => (byte - b'A' + 10, 16),
                (Alphabet::DigitsAndLetters, b'0'..=b'9') => (byte - b'0', 10),
                (Alphabet::DigitsAndLetters, b'a'..=b'z') => (byte - b'a', 26),
                (Alphabet::DigitsAndLetters, b'A'..=b'Z') => (byte - b'A', 26),
                _ => return Err(Misfit),
            };
            symbols.values.push(u16::from(number));
            symbols.radices.push(radix);
        }
        Ok(symbols)
    }

    fn write(&self, value: &[u8], shape: &Shape, upper: bool) -> Vec<u8> {
        let mut answer = value.to_vec();
        for (at, (number, radix)) in shape.positions.iter().zip(self.values.iter().zip(&self.radices)) {
            let number = u8::try_from(*number).unwrap_or_default();
            let capital = if *radix == 16 { upper } else { value[*at].is_ascii_uppercase() };
            answer[*at] = match (radix, number) {
                (26, _) => number + if capital { b'A' } else { b'a' },
                (_, 0..=9) => number + b'0',
                (_, _) => number - 10 + if capital { b'A' } else { b'a' },
            };
        }
        answer
    }
}

/// FF1 over a domain of digits, of letters, or of a mixture.
enum Cipher {
    Uniform(FF1<Aes256>),
    /// Over bits, with the number of values that the mixture has, and the number of bits that hold them.
    Mixed(FF1<Aes256>, BigUint, usize),
}

impl Cipher {
    fn new(key: &Zeroizing<[u8; 32]>, radices: &[u32]) -> Result<Self, Misfit> {
        let first = *radices.first().ok_or(Misfit)?;
        let ff1 = |radix| FF1::new(key.as_slice(), radix).map_err(|_| Misfit);
        if radices.iter().all(|radix| *radix == first) {
            return ff1(first).map(Self::Uniform);
        }
        let count = radices.iter().fold(BigUint::from(1u8), |count, radix| count * *radix);
        if count < BigUint::from(1_000_000u32) {
            return Err(Misfit);
        }
        let bits = usize::try_from((&count - 1u8).bits()).map_err(|_| Misfit)?;
        Ok(Self::Mixed(ff1(2)?, count, bits))
    }

    /// One application of the permutation of this domain.
    fn step(&self, tweak: &[u8], symbols: &Symbols, direction: Direction) -> Result<Vec<u16>, Misfit> {
        match self {
            Self::Uniform(ff1) => once(ff1, tweak, symbols.values.clone(), direction),
            Self::Mixed(ff1, count, bits) => {
                let mut number = join(symbols);
                for _ in 0..MAX_STEPS {
                    let numerals = (0..*bits as u64).rev().map(|bit| u16::from(number.bit(bit))).collect();
                    number = once(ff1, tweak, numerals, direction)?
                        .into_iter()
                        .fold(BigUint::ZERO, |number, bit| (number << 1u8) + bit);
                    if number < *count {
                        return Ok(part(number, &symbols.radices));
                    }
                }
                Err(Misfit)
            }
        }
    }
}

fn once(ff1: &FF1<Aes256>, tweak: &[u8], numerals: Vec<u16>, direction: Direction) -> Result<Vec<u16>, Misfit> {
    let numerals = FlexibleNumeralString::from(numerals);
    match direction {
        Direction::Encrypt => ff1.encrypt(tweak, &numerals),
        Direction::Decrypt => ff1.decrypt(tweak, &numerals),
    }
    .map(Vec::from)
    .map_err(|_| Misfit)
}

fn join(symbols: &Symbols) -> BigUint {
    symbols.values.iter().zip(&symbols.radices).fold(BigUint::ZERO, |number, (symbol, radix)| number * *radix + *symbol)
}

fn part(mut number: BigUint, radices: &[u32]) -> Vec<u16> {
    let mut values: Vec<u16> = radices
        .iter()
        .rev()
        .map(|radix| {
            let symbol = &number % *radix;
            number /= *radix;
            u16::try_from(symbol).unwrap_or_default()
        })
        .collect();
    values.reverse();
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Zeroizing<[u8; 32]> {
        Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    fn all(value: &[u8]) -> Option<Shape> {
        let positions = (0..value.len()).filter(|at| value[*at].is_ascii_alphanumeric()).collect();
        Some(Shape { positions, alphabet: Alphabet::DigitsAndLetters })
    }

    fn hexadecimal(value: &[u8]) -> Option<Shape> {
        all(value).map(|shape| Shape { alphabet: Alphabet::Hexadecimal, ..shape })
    }

    /// Like a telephone number: a leading 1 of eleven digits is the country and not part of the identity.
    fn without_country(value: &[u8]) -> Option<Shape> {
        let mut shape = all(value)?;
        if shape.positions.len() == 11 && value[shape.positions[0]] == b'1' {
            shape.positions.remove(0);
        }
        Some(shape)
    }

    fn seal(value: &str) -> Result<String, Misfit> {
        permute(&key(), value.as_bytes(), Direction::Encrypt, all).map(|answer| String::from_utf8(answer).unwrap())
    }

    /// FF1 samples 7 to 9 of NIST (AES-256), so that the primitive itself is pinned.
    #[test]
    fn nist_samples() {
        let key: [u8; 32] = [
            0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C, 0xEF, 0x43,
            0x59, 0xD8, 0xD5, 0x80, 0xAA, 0x4F, 0x7F, 0x03, 0x6D, 0x6F, 0x04, 0xFC, 0x6A, 0x94,
        ];
        let digits = |text: &str| text.chars().map(|c| u16::try_from(c.to_digit(36).unwrap()).unwrap()).collect();
        let samples: [(u32, &[u8], &str, &str); 3] = [
            (10, b"", "0123456789", "6657667009"),
            (10, b"9876543210", "0123456789", "1001623463"),
            (36, b"7777pqrs777", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
        ];
        for (radix, tweak, plain, sealed) in samples {
            let ff1 = FF1::<Aes256>::new(&key, radix).unwrap();
            assert_eq!(once(&ff1, tweak, digits(plain), Direction::Encrypt).unwrap(), digits(sealed) as Vec<u16>);
            assert_eq!(once(&ff1, tweak, digits(sealed), Direction::Decrypt).unwrap(), digits(plain) as Vec<u16>);
        }
    }

    /// Computed with an independent implementation of FF1 as well.
    #[test]
    fn answers_are_pinned() {
        for (value, expected) in [
            ("123-45-6789", "750-68-9659"),
            ("123456789", "750689659"),
            ("AB1234567", "PF6211471"),
            ("ab-1234567", "pf-6211471"),
            ("1EG4-TE5-MK73", "3LM9-EN9-WL13"),
            ("QWERTYU", "ZESQKGC"),
        ] {
            assert_eq!(seal(value).unwrap(), expected, "{value}");
        }
        let uuid = "550e8400-e29b-41d4-a716-446655440000";
        let sealed = permute(&key(), uuid.as_bytes(), Direction::Encrypt, hexadecimal).unwrap();
        assert_eq!(String::from_utf8(sealed.clone()).unwrap(), "5bb66c83-b662-e6b5-cf76-bf4370693602");
        assert_eq!(permute(&key(), &sealed, Direction::Decrypt, hexadecimal).unwrap(), uuid.as_bytes());
    }

    #[test]
    fn fewer_than_a_million_values_is_a_misfit() {
        for value in ["", "-", "1", "02139", "99999", "AB12", "A1234", "ABCD"] {
            assert_eq!(seal(value), Err(Misfit), "{value}");
        }
        for value in ["123456", "AB1234", "ABC123", "ABCDE"] {
            assert!(seal(value).is_ok(), "{value}");
        }
        assert_eq!(seal(&"1".repeat(MAX_POSITIONS + 1)), Err(Misfit));
        assert!(permute(&key(), b"123456789", Direction::Encrypt, |_| None).is_err());
    }

    /// The smallest mixed domain, whole: no two values meet, none leaves the domain.
    #[test]
    fn a_mixture_is_a_permutation() {
        let mut seen = std::collections::HashSet::new();
        for number in 0..3000 {
            let sealed = seal(&format!("{number:05}x")).unwrap();
            assert!(sealed[..5].bytes().all(|byte| byte.is_ascii_digit()) && sealed.as_bytes()[5].is_ascii_lowercase());
            assert!(seen.insert(sealed));
        }
    }

    proptest! {
        #[test]
        fn round_trip_in_the_same_shape(value in "[0-9]{6,20}|[A-Za-z]{5,12}|[A-Z]{1,3}[0-9 ./-]{6,12}[0-9]{6}[a-z]?|[A-Z0-9]{30,60}") {
            let sealed = permute(&key(), value.as_bytes(), Direction::Encrypt, all).unwrap();
            prop_assert_eq!(sealed.len(), value.len());
            for (before, after) in value.bytes().zip(&sealed) {
                prop_assert_eq!(before.is_ascii_digit(), after.is_ascii_digit());
                prop_assert_eq!(before.is_ascii_uppercase(), after.is_ascii_uppercase());
                prop_assert_eq!(before.is_ascii_lowercase(), after.is_ascii_lowercase());
                prop_assert!(before.is_ascii_alphanumeric() || before == *after);
            }
            prop_assert_eq!(permute(&key(), &sealed, Direction::Decrypt, all).unwrap(), value.as_bytes());
        }

        #[test]
        fn separators_and_case_do_not_matter(digits in "[0-9]{9}", letters in "[a-z]{3}") {
            let bare = |text: String| text.replace('-', "").to_lowercase();
            let one = seal(&format!("{digits}{letters}")).unwrap();
            let other = seal(&format!("{}-{}-{}", &digits[..3], &digits[3..], letters.to_uppercase())).unwrap();
            prop_assert_eq!(bare(one), bare(other));
        }

        #[test]
        fn the_shape_survives(value in r"\+1 [2-9][0-9]{9}|[02-9][0-9]{10}|[0-9]{10}") {
            let sealed = permute(&key(), value.as_bytes(), Direction::Encrypt, without_country).unwrap();
            prop_assert_eq!(without_country(&sealed), without_country(value.as_bytes()));
            prop_assert_eq!(permute(&key(), &sealed, Direction::Decrypt, without_country).unwrap(), value.as_bytes());
        }
    }
}
