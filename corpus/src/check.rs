//! Check digits.

/// What a character of a vehicle identification number counts.
pub(crate) fn vin_value(c: char) -> u32 {
    match c {
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        digit => digit_value(digit),
    }
}

/// The last character of a HIBCC code.
pub(crate) fn hibcc_check(text: &str) -> char {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let sum: usize = text.chars().filter_map(|c| ALPHABET.find(c)).sum();
    char::from(ALPHABET.as_bytes()[sum % 43])
}

/// The digit that makes `body` satisfy Luhn when appended.
pub(crate) fn luhn_digit(body: &str) -> u32 {
    let sum: u32 = body
        .chars()
        .rev()
        .enumerate()
        .map(|(i, c)| {
            let doubled = digit_value(c) * if i % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The remainder of an IBAN, letters counted as two digits.
pub(crate) fn mod97(text: &str) -> u32 {
    text.chars().fold(0, |rest, c| {
        let value = c.to_digit(36).unwrap_or(0);
        if value >= 10 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }
    })
}

/// The value of a decimal digit.
pub(crate) fn digit_value(c: char) -> u32 {
    c.to_digit(10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_the_known_check_digits() {
        assert_eq!(luhn_digit("411111111111111"), 1);
        assert_eq!(luhn_digit("80840123456789"), 3);
        assert_eq!(mod97("370400440532013000DE89".replace("DE", "1314").as_str()), 1);
        assert_eq!(hibcc_check("+A99912345/$$52001510X3"), '3');
    }
}
