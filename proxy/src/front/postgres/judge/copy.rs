//! How a `COPY` says that its stream is written.

use blackbar_sql::Hidden;
use blackbar_wire::pg::copy::CopyFormat;

/// The format that the options ask for.
///
/// # Errors
///
/// For an option that is not known here, and for another encoding than that of the session.
pub(super) fn format(options: &[(String, Hidden)]) -> Result<CopyFormat, &'static str> {
    let of = |name: &str| options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.0.as_str());
    if let Some((..)) = options.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err("an option of COPY that the gateway does not know");
    }
    if of("encoding").is_some_and(|encoding| !is_utf8(encoding)) {
        return Err("COPY in another encoding than UTF-8");
    }
    let format = of("format").map(str::to_ascii_lowercase);
    let byte = |name: &str, default: u8| match of(name).map(str::as_bytes) {
        None => Ok(default),
        Some([byte]) => Ok(*byte),
        Some(_) => Err("a delimiter, quote or escape of COPY that is not one byte"),
    };
    let null = |default: &str| of("null").unwrap_or(default).as_bytes().to_vec();
    match format.as_deref() {
        None | Some("text") => Ok(CopyFormat::Text { delimiter: byte("delimiter", b'\t')?, null: null("\\N") }),
        Some("csv") => {
            let quote = byte("quote", b'"')?;
            Ok(CopyFormat::Csv {
                delimiter: byte("delimiter", b',')?,
                quote,
                escape: byte("escape", quote)?,
                null: null(""),
                header: of("header").is_some_and(|header| !is_off(header)),
            })
        }
        Some("binary") => Ok(CopyFormat::Binary),
        Some(_) => Err("a format of COPY that the gateway does not know"),
    }
}

/// `match` is a header too. Without a value it is on.
fn is_off(header: &str) -> bool {
    ["off", "false", "0"].iter().any(|off| header.eq_ignore_ascii_case(off))
}

fn is_utf8(encoding: &str) -> bool {
    ["utf8", "utf-8", "unicode"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
}

/// The others change neither how a cell ends nor what it means.
const KNOWN: &[&str] = &[
    "default",
    "delimiter",
    "encoding",
    "escape",
    "force_not_null",
    "force_null",
    "force_quote",
    "format",
    "freeze",
    "header",
    "log_verbosity",
    "null",
    "on_error",
    "quote",
    "reject_limit",
];

#[cfg(test)]
mod tests {
    use blackbar_sql::{Catalog, Session, analyse};

    use super::*;

    fn of(options: &str) -> Result<CopyFormat, &'static str> {
        let facts = analyse(&format!("COPY t TO STDOUT {options}"), &Catalog::new(1), &Session::default()).remove(0);
        format(&facts.copy.unwrap().options)
    }

    fn csv(delimiter: u8, quote: u8, escape: u8, null: &str, header: bool) -> CopyFormat {
        CopyFormat::Csv { delimiter, quote, escape, null: null.as_bytes().to_vec(), header }
    }

    #[test]
    fn options_are_read_in_both_notations() {
        let text = |delimiter, null: &str| CopyFormat::Text { delimiter, null: null.as_bytes().to_vec() };
        for (options, expected) in [
            ("", text(b'\t', "\\N")),
            ("(DELIMITER '|', NULL 'x')", text(b'|', "x")),
            ("WITH DELIMITER AS '|' NULL AS ''", text(b'|', "")),
            ("(FORMAT csv)", csv(b',', b'"', b'"', "", false)),
            ("CSV HEADER", csv(b',', b'"', b'"', "", true)),
            (
                "(FORMAT CSV, HEADER, DELIMITER ';', QUOTE '''', ESCAPE E'\\\\', FORCE_QUOTE *)",
                csv(b';', b'\'', b'\\', "", true),
            ),
            ("(FORMAT csv, HEADER false, QUOTE 'q')", csv(b',', b'q', b'q', "", false)),
            ("(FORMAT csv, HEADER match)", csv(b',', b'"', b'"', "", true)),
            ("(FORMAT binary)", CopyFormat::Binary),
            ("BINARY", CopyFormat::Binary),
            ("(ENCODING 'utf8')", text(b'\t', "\\N")),
        ] {
            assert_eq!(of(options), Ok(expected), "{options}");
        }
        for options in ["(ENCODING 'LATIN1')", "(FORMAT parquet)", "(DELIMITER 'ab')", "(SECRET 1)"] {
            assert!(of(options).is_err(), "{options}");
        }
    }
}
