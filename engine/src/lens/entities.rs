//! References to characters: the five of XML, the usual ones of HTML, and numbers.

/// The character that `&…;` with this content stands for. One that a document declares itself stands for nothing.
pub(crate) fn entity(content: &[u8]) -> Option<char> {
    match content {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        _ => {
            let name = std::str::from_utf8(content).ok()?;
            let latin = || {
                LATIN
                    .iter()
                    .position(|known| *known == name)
                    .and_then(|i| char::from_u32(0xc0 + u32::try_from(i).ok()?))
            };
            NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c).or_else(latin)
        }
    }
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let code = digits
        .iter()
        .try_fold(0u32, |sum, digit| sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?))?;
    char::from_u32(code).filter(|c| *c != '\0')
}

const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("hellip", '\u{2026}'),
    ("bull", '\u{2022}'),
    ("middot", '\u{b7}'),
    ("deg", '\u{b0}'),
    ("copy", '\u{a9}'),
    ("reg", '\u{ae}'),
    ("sect", '\u{a7}'),
    ("iexcl", '\u{a1}'),
    ("iquest", '\u{bf}'),
    ("ordf", '\u{aa}'),
    ("ordm", '\u{ba}'),
    ("OElig", '\u{152}'),
    ("oelig", '\u{153}'),
    ("Scaron", '\u{160}'),
    ("scaron", '\u{161}'),
    ("Yuml", '\u{178}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
];

/// Letters from U+00C0 on, in order.
#[rustfmt::skip] // A word list reads better in lines.
const LATIN: [&str; 64] = [
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml",
    "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times",
    "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml",
    "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
    "uuml", "yacute", "thorn", "yuml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_seen_through() {
        for (content, c) in [
            ("amp", Some('&')),
            ("#65", Some('A')),
            ("#x41", Some('A')),
            ("#X1F600", Some('\u{1f600}')),
            ("eacute", Some('é')),
            ("ntilde", Some('ñ')),
            ("yuml", Some('ÿ')),
            ("#0", None),
            ("#xD800", None),
            ("#99999999", None),
            ("#", None),
            ("author", None),
            ("", None),
        ] {
            assert_eq!(entity(content.as_bytes()), c, "{content}");
        }
    }
}
