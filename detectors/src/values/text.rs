//! Letters: case, diacritics, words.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How a word is capitalised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Case {
    Lower,
    Upper,
    Title,
}

impl Case {
    pub(super) fn of(word: &[u8]) -> Self {
        let word = String::from_utf8_lossy(word);
        let lower = word.chars().any(char::is_lowercase);
        let upper = word.chars().filter(|letter| letter.is_uppercase()).count();
        match (lower, upper) {
            (true, 0) => Self::Lower,
            (false, 2..) => Self::Upper,
            _ => Self::Title,
        }
    }

    /// Writes a word of ASCII letters.
    pub(super) fn write(self, word: &str) -> String {
        match self {
            Self::Lower => word.to_ascii_lowercase(),
            Self::Upper => word.to_ascii_uppercase(),
            Self::Title => word
                .split_inclusive([' ', '-'])
                .map(|part| {
                    let (first, rest) = part.split_at(part.len().min(1));
                    first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
                })
                .collect(),
        }
    }
}

/// Lower case, without diacritics, blanks collapsed, typographic apostrophes and dashes made plain. What is not UTF-8
/// is only lower-cased in its ASCII part.
pub(super) fn fold(value: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(value) else {
        return value.trim_ascii().to_ascii_lowercase();
    };
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for letter in word.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
            match letter {
                '’' | '‘' | 'ʼ' | '`' => folded.push('\''),
                '‐' | '‑' | '–' => folded.push('-'),
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'þ' => folded.push_str("th"),
                'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' | 'ð' => folded.push('d'),
                'ı' => folded.push('i'),
                // Lower-casing `İ` leaves a dot behind.
                '\u{307}' => {}
                other => folded.push(other),
            }
        }
    }
    folded.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        for (text, folded) in [
            ("  José   GARCÍA ", "jose garcia"),
            ("O’Brien", "o'brien"),
            ("Łukasz Strauß", "lukasz strauss"),
            ("Søren Ærø", "soren aero"),
            ("İzmir", "izmir"),
            ("Jose\u{301}", "jose"),
            ("山田", "山田"),
        ] {
            assert_eq!(String::from_utf8(fold(text.as_bytes())).unwrap(), folded, "{text}");
        }
        assert_eq!(fold(b"A\xff"), b"a\xff");
    }

    #[test]
    fn cases() {
        for (word, case) in [
            ("SMITH", Case::Upper),
            ("smith", Case::Lower),
            ("Smith", Case::Title),
            ("J", Case::Title),
            ("McDonald", Case::Title),
        ] {
            assert_eq!(Case::of(word.as_bytes()), case, "{word}");
        }
        assert_eq!(Case::Title.write("OAK ridge-park"), "Oak Ridge-Park");
    }
}
