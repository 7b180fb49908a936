//! The last labels of host names.

/// What the last label of a would-be host name is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tld {
    /// A generic or much used one, or one reserved for private networks, tests and examples.
    Common,
    /// Two letters: the code of a country.
    Country,
    /// Letters that could be one of the many newer names.
    Unknown,
    /// Not a top-level domain: digits, or the extension of a file.
    None,
}

/// Classifies `label`.
pub(crate) fn tld(label: &[u8]) -> Tld {
    let mut low = [0; 24];
    let Some(low) = low.get_mut(..label.len()) else { return Tld::None };
    for (to, from) in low.iter_mut().zip(label) {
        *to = from.to_ascii_lowercase();
    }
    let low = &*low;
    if COMMON.iter().any(|known| known.as_bytes() == low) {
        Tld::Common
    } else if FILES.iter().any(|known| known.as_bytes() == low) {
        Tld::None
    } else if low.len() == 2 && low.iter().all(u8::is_ascii_lowercase) {
        Tld::Country
    } else if (low.starts_with(b"xn--") && low.len() > 4)
        || (low.len() >= 2 && low.iter().all(|byte| byte.is_ascii_lowercase() || *byte >= 0x80))
    {
        Tld::Unknown
    } else {
        Tld::None
    }
}

#[rustfmt::skip] // A word list reads better in lines.
const COMMON: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "io", "co", "us", "uk", "ca", "me",
    "app", "dev", "cloud", "online", "site", "tech", "email", "health", "care", "clinic", "hospital", "doctor",
    "dental", "healthcare", "medical", "life", "example", "test", "invalid", "localhost", "local", "lan", "internal",
    "intranet", "corp", "home", "arpa", "coop", "museum", "jobs", "mobi", "xyz", "social", "ai",
];

/// Extensions that follow a dot as often as a country's code does.
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "tif", "tiff", "ico", "css", "js", "ts", "jsx", "tsx", "mjs",
    "json", "xml", "html", "htm", "txt", "csv", "tsv", "pdf", "doc", "docx", "xls", "xlsx", "zip", "gz", "tar", "yaml",
    "yml", "toml", "md", "py", "rs", "exe", "dll", "dcm", "log", "sql", "php", "jsp", "aspx",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_apart() {
        assert_eq!(tld(b"ORG"), Tld::Common);
        assert_eq!(tld(b"de"), Tld::Country);
        assert_eq!(tld(b"photography"), Tld::Unknown);
        assert_eq!(tld(b"png"), Tld::None);
        assert_eq!(tld(b"2"), Tld::None);
        assert_eq!(tld(&[b'a'; 80]), Tld::None);
    }
}
