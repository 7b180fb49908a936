//! Just enough of Rust's grammar to tell code from comments and literals.

/// Blanks comments and string and character literals; every line keeps its number and every remaining character its
/// column.
pub(super) fn code_only(source: &str) -> String {
    let mut lexer = Lexer { rest: source, code: String::with_capacity(source.len()), last: ' ' };
    while lexer.step() {}
    lexer.code
}

struct Lexer<'a> {
    rest: &'a str,
    code: String,
    /// The last character that was kept, to tell `r"…"` from the end of a name.
    last: char,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else { return false };
        let literal = match next {
            '/' if self.rest.starts_with("//") => Some(self.rest.find('\n').unwrap_or(self.rest.len())),
            '/' if self.rest.starts_with("/*") => Some(block_comment(self.rest)),
            '"' => Some(string(self.rest)),
            '\'' => character(self.rest),
            'r' | 'b' | 'c' if !is_of_name(self.last) => raw_string(self.rest),
            _ => None,
        };
        let length = literal.unwrap_or_else(|| next.len_utf8());
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        if literal.is_some() {
            self.code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            self.last = ' ';
        } else {
            self.code.push_str(taken);
            self.last = next;
        }
        self.rest = rest;
        true
    }
}

/// Can this character be part of a name?
pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += next.len_utf8();
        }
    }
    text.len()
}

/// Length of a raw string (`r"…"`, `br##"…"##`, `cr"…"`).
fn raw_string(text: &str) -> Option<usize> {
    let rest = ["r", "br", "cr"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let body = rest.trim_start_matches('#');
    let hashes = rest.len() - body.len();
    let body = body.strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&closing).map_or(body.len(), |at| at + closing.len());
    Some(text.len() - body.len() + length)
}

/// Length of an ordinary string, from quote to quote.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a character literal; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let mut characters = body.char_indices();
    let (_, first) = characters.next()?;
    if first == '\\' {
        // The escaped character itself may be a quote.
        let (_, _escaped) = characters.next()?;
        return characters.find(|(_, c)| *c == '\'').map(|(at, _)| at + 2);
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_go_and_code_stays_in_its_place() {
        for (source, gone) in [
            ("a // unsafe\nb", " // unsafe"),
            ("a /* x /* y */ z */ b", "/* x /* y */ z */"),
            (r#"f("un\"safe") g"#, r#""un\"safe""#),
            (r####"let x = r#"a " b"#;"####, r####"r#"a " b"#"####),
            ("x '\\'' y", "'\\''"),
            ("x '\"' y", "'\"'"),
            ("x '\\u{e9}' y", "'\\u{e9}'"),
            ("x b'\\n' y", "'\\n'"),
            ("fn f<'a>(x: &'a str) {}", ""),
            // No raw string starts within a name.
            ("var\"x\" y", "\"x\""),
            ("é \"ü\" é", "\"ü\""),
        ] {
            let blank: String = gone.chars().map(|_| ' ').collect();
            assert_eq!(code_only(source), source.replacen(gone, &blank, 1), "{source}");
        }
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        for source in ["\"abc", "/* abc", "r#\"abc\"", "'\\", "'", "r##", "b"] {
            assert_eq!(code_only(source).chars().count(), source.chars().count(), "{source}");
        }
        assert_eq!(code_only("/* unsafe").trim(), "");
    }
}
