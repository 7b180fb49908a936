//! Letters and words in bytes that are mostly, but not surely, UTF-8.

/// The longest word that is ever looked up, in bytes; a longer run of letters is no word.
pub const LONGEST_WORD: usize = 48;

/// How many bytes the letter at the start of `bytes` has, or 0 when there is none. Bytes that are no UTF-8 count as
/// letters when Latin-1 has a letter there, so that a name in a mislabelled file is still one word.
#[inline]
pub(crate) fn letter(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(byte) if byte.is_ascii_alphabetic() => 1,
        Some(byte) if *byte >= 0xc0 => wide_letter(bytes),
        _ => 0,
    }
}

/// One past the last byte of the run of letters that starts `bytes`.
#[inline]
pub(crate) fn word_len(bytes: &[u8]) -> usize {
    let end = ascii_word_len(bytes);
    match bytes.get(end) {
        Some(byte) if *byte >= 0xc0 => wide_word_len(bytes, end),
        _ => end,
    }
}

/// The same for ASCII letters only, eight bytes at a time.
#[inline]
pub(crate) fn ascii_word_len(bytes: &[u8]) -> usize {
    let mut end = 0;
    let mut rest = bytes;
    while let Some((lane, more)) = rest.split_first_chunk::<8>() {
        let others = !lanes::letters(u64::from_le_bytes(*lane)) & lanes::HIGH;
        if others != 0 {
            return end + (others.trailing_zeros() / 8) as usize;
        }
        end += 8;
        rest = more;
    }
    end + rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()
}

/// Goes on with a run of letters at `end`, where one beyond ASCII may stand.
#[cold]
fn wide_word_len(bytes: &[u8], mut end: usize) -> usize {
    while let Some(rest) = bytes.get(end..) {
        match letter(rest) {
            0 => break,
            more => end += more,
        }
    }
    end
}

/// Whether a letter ends just before `at`.
#[inline]
pub(crate) fn letter_before(bytes: &[u8], at: usize) -> bool {
    let Some(last) = bytes.get(at.wrapping_sub(1)) else { return false };
    if last.is_ascii() {
        return last.is_ascii_alphabetic();
    }
    wide_letter_before(bytes, at)
}

#[cold]
fn wide_letter_before(bytes: &[u8], at: usize) -> bool {
    // The lead byte is at most four bytes back. The nearest position whose letter ends exactly here decides.
    (1..=4).any(|back| at.checked_sub(back).is_some_and(|i| bytes.get(i..at).is_some_and(|b| letter(b) == back)))
}

/// Whether a word starts at `at`.
#[inline]
pub(crate) fn word_starts(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| letter(rest) > 0) && !letter_before(bytes, at)
}

/// Eight bytes in a word, worked on at once.
pub(crate) mod lanes {
    /// The highest bit of each byte.
    pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;

    /// The highest bit of each byte that is an ASCII letter, nothing else.
    #[inline]
    pub(crate) const fn letters(bytes: u64) -> u64 {
        within(bytes | (ONES * 0x20), b'a', b'z') & !bytes
    }

    /// The bytes with ASCII capitals made small.
    #[inline]
    pub(crate) const fn lower(bytes: u64) -> u64 {
        bytes | within(bytes, b'A', b'Z') >> 2
    }

    /// The first `len` of the bytes, at most eight, which are ASCII letters, made small; the others are zero.
    #[inline]
    pub(crate) const fn small(bytes: u64, len: usize) -> u64 {
        (bytes | (ONES * 0x20)) & (u64::MAX >> (64 - 8 * len))
    }

    /// The highest bit of each byte from `first` to `last`; both, and the bytes that count, are ASCII.
    #[inline]
    const fn within(bytes: u64, first: u8, last: u8) -> u64 {
        // No sum leaves its byte: both addends are less than 0x80.
        let low = bytes & !HIGH;
        let from_first = low + ONES * (0x80 - first as u64);
        let behind_last = low + ONES * (0x7f - last as u64);
        from_first & !behind_last & !bytes & HIGH
    }

    /// Up to eight bytes, the first lowest; what is missing is zero.
    #[inline]
    pub(crate) fn load(bytes: &[u8]) -> u64 {
        // Pieces that overlap hold the same bytes in the same place.
        let len = bytes.len();
        if let Some(all) = bytes.first_chunk::<8>() {
            u64::from_le_bytes(*all)
        } else if let (Some(head), Some(tail)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << ((len - 4) * 8)
        } else if let (Some(head), Some(tail)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
            u64::from(u16::from_le_bytes(*head)) | u64::from(u16::from_le_bytes(*tail)) << ((len - 2) * 8)
        } else {
            bytes.first().copied().map_or(0, u64::from)
        }
    }
}

#[cold]
fn wide_letter(bytes: &[u8]) -> usize {
    match *bytes {
        // U+00C0 to U+027F are letters but for two; what is typographic is none.
        [0xc3, last, ..] if last & 0xc0 == 0x80 => return if matches!(last, 0x97 | 0xb7) { 0 } else { 2 },
        [0xc4..=0xc9, last, ..] if last & 0xc0 == 0x80 => return 2,
        [0xe2, 0x80, last, ..] if last & 0xc0 == 0x80 => return 0,
        _ => {}
    }
    let len = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    match bytes.get(..len).and_then(|b| std::str::from_utf8(b).ok()).and_then(|s| s.chars().next()) {
        // Ideographs and the like are letters too; joining them into words harms nothing.
        Some(c) => {
            if c.is_alphabetic() {
                len
            } else {
                0
            }
        }
        // Latin-1: 0xd7 and 0xf7 are signs.
        None => usize::from(!matches!(bytes.first(), Some(0xd7 | 0xf7) | None)),
    }
}

/// Writes the folded form of `word` (lower case, diacritics of Latin letters removed) into `into` and returns its
/// length, or `None` when it does not fit: then it is no word of any lexicon.
#[inline]
pub fn fold<'a>(word: &[u8], into: &'a mut [u8; LONGEST_WORD]) -> Option<&'a [u8]> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    if word.is_ascii() {
        for (to, from) in into.iter_mut().zip(word) {
            *to = from.to_ascii_lowercase();
        }
        return into.get(..word.len());
    }
    fold_wide(word, into)
}

#[cold]
fn fold_wide<'a>(word: &[u8], into: &'a mut [u8; LONGEST_WORD]) -> Option<&'a [u8]> {
    let mut len = 0;
    let mut push = |byte: u8| -> Option<()> {
        *into.get_mut(len)? = byte;
        len += 1;
        Some(())
    };
    match std::str::from_utf8(word) {
        Ok(text) => {
            for c in text.chars() {
                if let Ok(byte @ 0..0x80) = u8::try_from(c) {
                    push(byte.to_ascii_lowercase())?;
                    continue;
                }
                match base_letters(c) {
                    Some(base) => base.bytes().try_for_each(&mut push)?,
                    None => {
                        for low in c.to_lowercase() {
                            low.encode_utf8(&mut [0; 4]).bytes().try_for_each(&mut push)?;
                        }
                    }
                }
            }
        }
        // Latin-1: code points are the bytes.
        Err(_) => {
            for &byte in word {
                if byte.is_ascii() {
                    push(byte.to_ascii_lowercase())?;
                    continue;
                }
                match base_letters(char::from(byte)) {
                    Some(base) => base.bytes().try_for_each(&mut push)?,
                    None => push(byte.to_ascii_lowercase())?,
                }
            }
        }
    }
    into.get(..len)
}

/// The ASCII letters under a Latin letter with diacritics.
fn base_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'Ǎ' | 'ǎ' | 'Ạ'..='ặ' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' | 'Ẹ'..='ệ' => "e",
        'Ĝ'..='ģ' | 'Ǧ' | 'ǧ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' | 'Ǐ' | 'ǐ' | 'Ỉ'..='ị' => "i",
        'Ĵ' | 'ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' | 'Ǒ' | 'ǒ' | 'Ơ' | 'ơ' | 'Ọ'..='ợ' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'Ș' | 'ș' => "s",
        'ß' | 'ẞ' => "ss",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Þ' | 'þ' => "th",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' | 'Ǔ' | 'ǔ' | 'Ư' | 'ư' | 'Ụ'..='ự' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' | 'Ỳ'..='ỹ' => "y",
        'Ź'..='ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(word: &[u8]) -> Vec<u8> {
        let mut into = [0; LONGEST_WORD];
        fold(word, &mut into).map(<[u8]>::to_vec).unwrap_or_default()
    }

    #[test]
    fn words_end_where_letters_end() {
        assert_eq!(word_len(b"Smith, John"), 5);
        assert_eq!(word_len("José’s".as_bytes()), 5);
        assert_eq!(word_len(b"Jos\xe9 "), 4);
        assert_eq!(word_len(b"14MAR"), 0);
    }

    #[test]
    fn eight_bytes_at_once_are_what_each_is() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut bytes = [b'7'; 8];
                bytes[at] = byte;
                let lane = u64::from_le_bytes(bytes);
                assert_eq!(lanes::letters(lane), if byte.is_ascii_alphabetic() { 0x80 << (at * 8) } else { 0 });
                assert_eq!(lanes::lower(lane).to_le_bytes()[at], byte.to_ascii_lowercase());
                bytes[at] = b'x';
                assert_eq!(lanes::load(&bytes[..=at]), u64::from_le_bytes(bytes) & (u64::MAX >> (56 - at * 8)));
            }
        }
        for len in 0..40 {
            let mut text = vec![b'q'; len];
            text.extend_from_slice(b"1q");
            assert_eq!((word_len(&text), word_len(&text[..len])), (len, len));
        }
    }

    #[test]
    fn what_is_a_letter_is_what_unicode_says() {
        for c in (0x80..0x3000).filter_map(char::from_u32) {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            let len = if c.is_alphabetic() { bytes.len() } else { 0 };
            assert_eq!(letter(bytes), len, "{c:?}");
            let behind = [bytes, b"a"].concat();
            assert_eq!(letter(&behind), len, "{c:?}");
        }
    }

    #[test]
    fn words_start_after_anything_but_a_letter() {
        let text = "“Smith” José-María 14MAR".as_bytes();
        let starts: Vec<usize> = (0..text.len()).filter(|&i| word_starts(text, i)).collect();
        let words: Vec<String> =
            starts.iter().map(|&i| String::from_utf8_lossy(&text[i..i + word_len(&text[i..])]).into_owned()).collect();
        assert_eq!(words, ["Smith", "José", "María", "MAR"]);
    }

    #[test]
    fn folding_removes_case_and_diacritics() {
        assert_eq!(folded("JOSÉ".as_bytes()), b"jose");
        assert_eq!(folded(b"JOS\xc9"), b"jose");
        assert_eq!(folded("Nguyễn".as_bytes()), b"nguyen");
        assert_eq!(folded("Łukasz".as_bytes()), b"lukasz");
        assert_eq!(folded("Großmann".as_bytes()), folded("GROẞMANN".as_bytes()));
        assert_eq!(folded(&[b'a'; 60]), b"");
    }
}
