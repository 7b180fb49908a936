//! Check digits and position rules of identifiers, as pure functions over ASCII bytes. Letters count in either case;
//! separators are the caller's business: see [`Compact`].

/// The letters and digits of an identifier without its separators, in upper case, on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Compact<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Compact<N> {
    /// Keeps the ASCII letters and digits of `raw`; `None` when there are more than `N`.
    #[must_use]
    pub fn of(raw: &[u8]) -> Option<Self> {
        let mut compact = Self { bytes: [0; N], len: 0 };
        for byte in raw.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            *compact.bytes.get_mut(compact.len)? = byte.to_ascii_uppercase();
            compact.len += 1;
        }
        Some(compact)
    }

    /// What was kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Whether `digits` are all decimal digits and the last is the Luhn (ISO/IEC 7812-1 annex B) check of the others.
#[must_use]
pub fn luhn(digits: &[u8]) -> bool {
    digits.len() > 1 && luhn_sum(digits).is_some_and(|sum| sum.is_multiple_of(10))
}

/// A National Provider Identifier: ten digits, the first 1 or 2, Luhn over the number prefixed with 80840 (the issuer
/// identifier of health care in the United States), whose own digits add 24 to the sum (45 CFR 162.406, CMS).
#[must_use]
pub fn npi(digits: &[u8]) -> bool {
    digits.len() == 10
        && matches!(digits.first(), Some(b'1' | b'2'))
        && luhn_sum(digits).is_some_and(|sum| (sum + 24).is_multiple_of(10))
}

/// A DEA registration number: a registrant letter, a letter (or 9 for a business), seven digits of which the last is
/// the last digit of (1st + 3rd + 5th) + 2 × (2nd + 4th + 6th).
#[must_use]
pub fn dea(id: &[u8]) -> bool {
    let [kind, second, a, b, c, d, e, f, check] = *id else { return false };
    if !dea_registrant(kind) || !(second.is_ascii_alphabetic() || second == b'9') {
        return false;
    }
    let digits = [a, b, c, d, e, f, check];
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let [a, b, c, d, e, f, check] = digits.map(|digit| u32::from(digit - b'0'));
    (a + c + e + 2 * (b + d + f)) % 10 == check
}

/// Whether `letter` is issued as the first of a DEA number (practitioners, mid-level, distributors, researchers …).
#[must_use]
pub fn dea_registrant(letter: u8) -> bool {
    matches!(letter.to_ascii_uppercase(), b'A'..=b'H' | b'J'..=b'M' | b'P' | b'R'..=b'U' | b'X')
}

/// A vehicle identification number of 17 characters without I, O, Q, whose ninth is the check of 49 CFR 565.15.
#[must_use]
pub fn vin(id: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    if id.len() != WEIGHTS.len() {
        return false;
    }
    let mut sum = 0;
    for (&byte, weight) in id.iter().zip(WEIGHTS) {
        let Some(value) = vin_value(byte) else { return false };
        sum += value * weight;
    }
    match (sum % 11, id.get(8)) {
        (10, Some(b'X' | b'x')) => true,
        (rest, Some(check)) => check.is_ascii_digit() && u32::from(check - b'0') == rest,
        _ => false,
    }
}

/// Whether `id` has the alphabet and length of a VIN, whatever its check digit.
#[must_use]
pub fn vin_shaped(id: &[u8]) -> bool {
    id.len() == 17 && id.iter().all(|&byte| vin_value(byte).is_some())
}

/// An International Bank Account Number (ISO 13616): a known country, its length, and 1 modulo 97.
#[must_use]
pub fn iban(id: &[u8]) -> bool {
    let [c1, c2, k1, k2, ..] = *id else { return false };
    if !(k1.is_ascii_digit() && k2.is_ascii_digit()) {
        return false;
    }
    if iban_length([c1.to_ascii_uppercase(), c2.to_ascii_uppercase()]) != Some(id.len()) {
        return false;
    }
    let (head, body) = id.split_at(4);
    let mut rest = 0_u32;
    for byte in body.iter().chain(head) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' | b'a'..=b'z' => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

/// How long the IBANs of a country are (SWIFT IBAN registry), when it issues any.
#[must_use]
pub fn iban_length(country: [u8; 2]) -> Option<usize> {
    const BY_LENGTH: &[(usize, &[u8])] = &[
        (15, b"NO"),
        (16, b"BE"),
        (18, b"DKFIFOGLNLSDFK"),
        (19, b"MKSI"),
        (20, b"ATBAEEKZLTLUXKMN"),
        (21, b"CHHRLILV"),
        (22, b"BGBHCRDEGBGEIEMERSVA"),
        (23, b"AEGIILIQTLOMSO"),
        (24, b"ADCZESMDPKROSASESKTNVG"),
        (25, b"LYPTST"),
        (26, b"ISTR"),
        (27, b"FRGRITMCMRSMBI"),
        (28, b"ALAZBYCYDOGTHULBPLSVNI"),
        (29, b"BRPSQAUA"),
        (30, b"JOKWMUYE"),
        (31, b"MTSC"),
        (32, b"LC"),
        (33, b"RU"),
    ];
    BY_LENGTH.iter().find(|(_, codes)| codes.chunks(2).any(|code| code == country)).map(|&(length, _)| length)
}

/// An ABA routing transit number: nine digits, a Federal Reserve prefix in use, weights 3 7 1 modulo 10.
#[must_use]
pub fn aba(digits: &[u8]) -> bool {
    if digits.len() != 9 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = |i: usize| digits.get(i).map_or(0, |digit| u32::from(digit - b'0'));
    let prefix = value(0) * 10 + value(1);
    let sum: u32 = (0..9).zip([3, 7, 1].into_iter().cycle()).map(|(i, weight)| value(i) * weight).sum();
    matches!(prefix, 0..=12 | 21..=32 | 61..=72 | 80) && sum > 0 && sum.is_multiple_of(10)
}

/// A Medicare Beneficiary Identifier without dashes, by the position rules of CMS: the first digit is not 0, letters
/// are none of S, L, O, I, B, Z. It has no check digit.
#[must_use]
pub fn mbi(id: &[u8]) -> bool {
    id.len() == 11 && id.iter().zip(0..).all(|(&byte, position)| mbi_at(byte, position))
}

/// Whether `byte` may stand at `position` (from 0) of a Medicare Beneficiary Identifier.
#[must_use]
pub fn mbi_at(byte: u8, position: usize) -> bool {
    let letter =
        byte.is_ascii_alphabetic() && !matches!(byte.to_ascii_uppercase(), b'S' | b'L' | b'O' | b'I' | b'B' | b'Z');
    match position {
        0 => matches!(byte, b'1'..=b'9'),
        1 | 4 | 7 | 8 => letter,
        2 | 5 => letter || byte.is_ascii_digit(),
        _ => byte.is_ascii_digit(),
    }
}

/// A Global Trade Item Number of 8, 12, 13 or 14 digits with its modulo 10 check (GS1 General Specifications 7.9).
#[must_use]
pub fn gtin(digits: &[u8]) -> bool {
    if !matches!(digits.len(), 8 | 12 | 13 | 14) || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 =
        digits.iter().rev().zip([1, 3].into_iter().cycle()).map(|(digit, w)| u32::from(digit - b'0') * w).sum();
    sum.is_multiple_of(10)
}

/// An International Mobile Equipment Identity: 15 digits with a Luhn check (3GPP TS 23.003 annex B).
#[must_use]
pub fn imei(digits: &[u8]) -> bool {
    digits.len() == 15 && luhn(digits)
}

/// Whether a social security number of nine digits can have been issued: area not 000, 666 or 9xx (unless it is an
/// ITIN), group not 00, serial not 0000.
#[must_use]
pub fn ssn_issuable(digits: &[u8]) -> bool {
    let &[a, b, c, g1, g2, ref serial @ ..] = digits else { return false };
    if serial.len() != 4 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let area_fits = match [a, b, c] {
        [b'0', b'0', b'0'] | [b'6', b'6', b'6'] => false,
        [b'9', ..] => itin_group(g1, g2),
        _ => true,
    };
    area_fits && [g1, g2] != *b"00" && *serial != *b"0000"
}

/// A payment card number: an issuer range in use, a length that goes with it, and the Luhn check.
#[must_use]
pub fn card(digits: &[u8]) -> bool {
    card_issuer(digits) && luhn(digits)
}

/// Whether the issuer range and the length go together (ISO/IEC 7812; ranges as the networks publish them).
#[must_use]
pub fn card_issuer(digits: &[u8]) -> bool {
    let Some(head) = digits.get(..6) else { return false };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let head = head.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    match (head / 10_000, head / 100, head) {
        // Visa.
        (40..=49, ..) => matches!(digits.len(), 13 | 16 | 19),
        // Mastercard, both series.
        (51..=55, ..) | (_, 2221..=2720, _) => digits.len() == 16,
        // American Express.
        (34 | 37, ..) => digits.len() == 15,
        // Discover, with the co-branded UnionPay range.
        (65, ..) | (_, 6011 | 6440..=6499, _) => matches!(digits.len(), 16 | 19),
        // Diners Club.
        (36 | 38 | 39, ..) | (_, 3000..=3059 | 3095, _) => matches!(digits.len(), 14 | 16),
        // JCB.
        (_, 3528..=3589, _) => digits.len() == 16,
        // UnionPay.
        (62 | 81, ..) => matches!(digits.len(), 16..=19),
        // Maestro.
        (50 | 56..=58 | 67, ..) => matches!(digits.len(), 16 | 18 | 19),
        _ => false,
    }
}

/// Groups of taxpayer numbers issued by the tax office (IRS Publication 1915).
fn itin_group(tens: u8, ones: u8) -> bool {
    let group = u32::from(tens.wrapping_sub(b'0')) * 10 + u32::from(ones.wrapping_sub(b'0'));
    matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn luhn_sum(digits: &[u8]) -> Option<u32> {
    let mut sum = 0;
    for (&digit, twice) in digits.iter().rev().zip([false, true].into_iter().cycle()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        let value = u32::from(digit - b'0');
        sum += match (twice, value) {
            (false, value) => value,
            (true, 0..=4) => value * 2,
            (true, _) => value * 2 - 9,
        };
    }
    Some(sum)
}

fn vin_value(byte: u8) -> Option<u32> {
    Some(match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        letter @ b'A'..=b'H' => u32::from(letter - b'A') + 1,
        letter @ b'J'..=b'N' => u32::from(letter - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        letter @ b'S'..=b'Z' => u32::from(letter - b'S') + 2,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `check` holds for `id` and for no change of one of its digits at `positions`.
    fn guards(check: fn(&[u8]) -> bool, id: &[u8], positions: std::ops::Range<usize>) {
        assert!(check(id), "a published example");
        for i in positions {
            for digit in b'0'..=b'9' {
                let mut changed = id.to_vec();
                if changed[i].is_ascii_digit() && changed[i] != digit {
                    changed[i] = digit;
                    assert!(!check(&changed), "digit {i} changed to {digit}");
                }
            }
        }
    }

    #[test]
    fn luhn_catches_every_single_digit_error() {
        guards(luhn, b"79927398713", 0..11); // ISO/IEC 7812 textbook example
        guards(luhn, b"4111111111111111", 0..16); // test number of the card networks
        assert!(!luhn(b"") && !luhn(b"0") && !luhn(b"7992739871x"));
    }

    #[test]
    fn npi_follows_the_example_of_cms() {
        guards(npi, b"1234567893", 1..10); // CMS, "Requirements for NPI and NPI check digit"
        assert!(npi(b"1245319599") && !npi(b"3234567893") && !npi(b"123456789"));
    }

    #[test]
    fn dea_numbers_have_a_check_digit() {
        assert!(dea(b"AP5836727")); // widely published example: 5+3+7 = 15, 2(8+6+2) = 32, 47
        assert!(dea(b"AB1234563") && dea(b"fb1234563") && dea(b"F91234563"));
        assert!(!dea(b"AB1234567") && !dea(b"NB1234563") && !dea(b"AB123456") && !dea(b"A#1234563"));
    }

    #[test]
    fn vins_follow_the_federal_examples() {
        assert!(vin(b"1M8GDM9AXKP042788")); // 49 CFR 565 example
        assert!(vin(b"11111111111111111") && vin(b"5GZCZ43D13S812715") && vin(b"1hgcm82633a004352"));
        assert!(!vin(b"1M8GDM9A1KP042788") && !vin(b"1M8GDM9AXKP04278") && !vin(b"IM8GDM9AXKP042788"));
        assert!(vin_shaped(b"WVWZZZ1JZXW000001") && !vin_shaped(b"WVWZZZ1JZXW00000O"));
    }

    #[test]
    fn ibans_follow_the_registry() {
        for id in [
            "GB82WEST12345698765432",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "CH9300762011623852957",
        ] {
            guards(iban, id.as_bytes(), 4..id.len()); // SWIFT IBAN registry examples
        }
        assert!(!iban(b"GB82WEST1234569876543") && !iban(b"US82WEST12345698765432") && !iban(b"GB"));
        assert_eq!(iban_length(*b"MT"), Some(31));
        assert_eq!(iban_length(*b"EB"), None, "codes are compared whole");
    }

    #[test]
    fn routing_numbers_follow_those_of_real_banks() {
        guards(aba, b"021000021", 2..9);
        assert!(aba(b"011401533") && aba(b"111000025") && aba(b"322271627"));
        assert!(!aba(b"000000000") && !aba(b"501000021") && !aba(b"02100002"));
    }

    #[test]
    fn mbis_follow_the_positions_of_cms() {
        assert!(mbi(b"1EG4TE5MK73")); // the sample card of CMS
        assert!(mbi(b"1eg4te5mk72") && mbi(b"9AA9AA9AA99"));
        for bad in ["0EG4TE5MK73", "1SG4TE5MK73", "1EGATE5MK73", "1EG4TE5M773", "1EG4TE5MK7", "1EG4TE5MK7A"] {
            assert!(!mbi(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn gtins_and_imeis_follow_their_standards() {
        guards(gtin, b"4006381333931", 0..13); // the EAN-13 textbook example
        guards(gtin, b"51022222233336", 0..14); // FDA sample of a GS1 UDI
        assert!(gtin(b"73513537") && !gtin(b"400638133393"));
        guards(imei, b"490154203237518", 0..15); // 3GPP TS 23.003 textbook example
    }

    #[test]
    fn issuable_social_security_numbers() {
        for good in ["123456789", "078051120", "900701234", "899999999"] {
            assert!(ssn_issuable(good.as_bytes()), "{good}");
        }
        for bad in ["000123456", "666123456", "900001234", "900661234", "123001234", "123450000", "12345678"] {
            assert!(!ssn_issuable(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn cards_need_a_range_a_length_and_the_check() {
        for good in [
            "4111111111111111",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
        ] {
            assert!(card(good.as_bytes()), "{good}"); // test numbers of payment processors
        }
        for bad in ["4111111111111112", "411111111111111", "1234567812345670", "0000000000000000", "4111"] {
            assert!(!card(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn compact_keeps_letters_and_digits() {
        assert_eq!(Compact::<11>::of(b"1eg4-te5-mk73").map(|c| c.bytes().to_vec()), Some(b"1EG4TE5MK73".to_vec()));
        assert!(Compact::<10>::of(b"1eg4-te5-mk73").is_none());
    }
}
