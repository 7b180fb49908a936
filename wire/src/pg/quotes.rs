//! What an error quotes: the server's own words stay, the values between them go.
//!
//! The server writes a value that it could not take into the message of the error, between quotes or parentheses, or line by
//! line into a context. A detector finds what looks like an identifier there; a lone name it may not.

/// Which class of SQLSTATE quotes values of rows.
pub(super) enum Quoting {
    /// Names of the statement that the client wrote itself.
    Names,
    /// Values stand between quotes or parentheses.
    Values,
    /// Values stand anywhere in the details.
    Anywhere,
}

/// What an error of this SQLSTATE quotes.
pub(super) fn quoting(code: &[u8]) -> Quoting {
    // Casts to names of things (`::regclass`) look up what a value says, and tell of it when there is no such thing.
    if matches!(code, b"3F000" | b"42601" | b"42602" | b"42704" | b"42725" | b"42883" | b"42P01") {
        return Quoting::Anywhere;
    }
    match code.get(..2) {
        // Success, warnings, no data: `RAISE` may give a notice any text, and what it quotes is a value.
        Some(b"00" | b"01" | b"02") => Quoting::Values,
        Some(
            b"03" | b"08" | b"0A" | b"0B" | b"25" | b"26" | b"28" | b"2D" | b"34" | b"3B" | b"3D" | b"3F" | b"40"
            | b"42" | b"53" | b"54" | b"55" | b"57",
        ) => Quoting::Names,
        Some(b"23") => Quoting::Values,
        _ => Quoting::Anywhere,
    }
}

/// The text without what stands between quotes or parentheses.
pub(super) fn without_values(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        out.push(*first);
        rest = behind;
        let end = match first {
            b'"' => b'"',
            b'(' => b')',
            // An apostrophe within a word ends nothing.
            b'\'' if !matches!(out.iter().rev().nth(1), Some(byte) if byte.is_ascii_alphanumeric()) => b'\'',
            _ => continue,
        };
        // To the last one: values may hold quotes themselves. Between two quoted parts nothing is lost but words.
        match rest.iter().rposition(|byte| *byte == end) {
            Some(at) => {
                let (inside, behind) = rest.split_at(at);
                // `Key (a, b)=(1, 2)`: the first part names columns.
                match (first, inside.windows(3).position(|window| window == b")=(")) {
                    (b'(', Some(names)) if is_names(inside.get(..names).unwrap_or_default()) => {
                        out.extend_from_slice(inside.get(..names + 3).unwrap_or_default());
                        out.extend_from_slice(HIDDEN);
                    }
                    _ if inside.is_empty() => {}
                    _ => out.extend_from_slice(HIDDEN),
                }
                rest = behind;
                if let Some((last, behind)) = rest.split_first() {
                    out.push(*last);
                    rest = behind;
                }
            }
            // Cut short: what follows may be the value.
            None => {
                out.extend_from_slice(HIDDEN);
                rest = &[];
            }
        }
    }
    out
}

const HIDDEN: &[u8] = b"...";

fn is_names(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_, ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_words_stay() {
        for (text, shown) in [
            ("invalid input syntax for type integer: \"Joan Doe\"", "invalid input syntax for type integer: \"...\""),
            ("Key (mrn, day)=(C1234567, (x)) already exists.", "Key (mrn, day)=(...) already exists."),
            ("Failing row contains (1, Joan (Jo) Doe, null).", "Failing row contains (...)."),
            ("value \"a\"b\" is out of range for \"t\"", "value \"...\""),
            ("cut \"short", "cut \"..."),
            ("it doesn't matter", "it doesn't matter"),
            ("says 'Joan' here", "says '...' here"),
            ("division by zero", "division by zero"),
            ("empty \"\"", "empty \"\""),
            ("Key (Joan Doe)=(x) ", "Key (...) "),
        ] {
            assert_eq!(String::from_utf8(without_values(text.as_bytes())).unwrap(), shown);
        }
    }
}
