//! PostgreSQL's own parser: three functions, and errors that say nothing of the text.

use std::fmt;
use std::sync::{Mutex, PoisonError};

pub(crate) use pg_query::protobuf as nodes;
use pg_query::{FingerprintOptions, ParserOptions};

/// The library points the process's standard error elsewhere while it parses, and back. Two threads that did so at once
/// could each put back what the other had put there, so one parses at a time.
static PARSING: Mutex<()> = Mutex::new(());

/// Longer texts are not looked at.
pub const LONGEST_TEXT: usize = 1 << 20;

/// Settings of a session that change how its text is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ParseOptions {
    /// `standard_conforming_strings`: whether a backslash in `'…'` is an ordinary character.
    pub(crate) standard_conforming_strings: bool,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self { standard_conforming_strings: true }
    }
}

impl From<ParseOptions> for ParserOptions {
    fn from(options: ParseOptions) -> Self {
        // Nobody reads warnings, and their text would quote the statement. `DISABLE_BACKSLASH_QUOTE` stays off: the
        // parser then refuses `\'` where an encoding could hide it.
        let quiet = Self::DISABLE_ESCAPE_STRING_WARNING;
        if options.standard_conforming_strings { quiet } else { quiet | Self::DISABLE_STANDARD_CONFORMING_STRINGS }
    }
}

/// Why there is no tree. Never carries text of the statement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParseError {
    /// Not a statement of PostgreSQL's.
    Syntax,
    /// Longer than [`LONGEST_TEXT`].
    TooLong,
    /// Nested more deeply than there is stack to follow it.
    TooDeep,
    /// Holds a zero byte.
    Nul,
    /// The parser's answer could not be read: a fault in the binding, not in the text.
    Unreadable,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("not a statement of PostgreSQL's"),
            Self::TooLong => write!(f, "longer than {LONGEST_TEXT} bytes"),
            Self::TooDeep => f.write_str("nested too deeply"),
            Self::Nul => f.write_str("holds a zero byte"),
            Self::Unreadable => f.write_str("the parser's answer could not be read"),
        }
    }
}

impl std::error::Error for ParseError {}

impl From<pg_query::Error> for ParseError {
    fn from(error: pg_query::Error) -> Self {
        match error {
            // The messages are the parser's own; they may quote the statement, so nothing of them is kept.
            pg_query::Error::Parse(message) | pg_query::Error::Scan(message) => {
                let deep = ["stack depth", "memory exhausted"].iter().any(|of| message.starts_with(of));
                if deep { Self::TooDeep } else { Self::Syntax }
            }
            pg_query::Error::Conversion(_) => Self::Nul,
            _ => Self::Unreadable,
        }
    }
}

/// A token of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Token {
    /// Where it starts, in bytes.
    pub(crate) start: usize,
    /// Just past its last byte.
    pub(crate) end: usize,
    /// What it is; `NUL` for one that this binding has no name for.
    pub(crate) kind: nodes::Token,
}

/// Each set operation lies within the next, and the parser's answer is copied once for each: time grows with the square.
const MOST_CHAINED: usize = 1000;

/// How many words of a text may be set operations.
fn chains(text: &str) -> usize {
    let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    words.filter(|word| ["union", "intersect", "except"].iter().any(|known| word.eq_ignore_ascii_case(known))).count()
}

impl Token {
    fn chains(&self) -> bool {
        matches!(self.kind, nodes::Token::Union | nodes::Token::Intersect | nodes::Token::Except)
    }

    fn is_comment(&self) -> bool {
        matches!(self.kind, nodes::Token::SqlComment | nodes::Token::CComment)
    }
}

/// Parses a text of any number of statements.
///
/// The tree may be as deep as the parser's own stack allows, so reading and dropping it needs a stack of megabytes.
pub(crate) fn parse(text: &str, options: ParseOptions) -> Result<nodes::ParseResult, ParseError> {
    let text = checked(text)?;
    if chains(text) > MOST_CHAINED && scan(text)?.iter().filter(|token| token.chains()).count() > MOST_CHAINED {
        return Err(ParseError::TooDeep);
    }
    let _alone = PARSING.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(pg_query::parse(text, options)?.protobuf)
}

/// The first token that no statement could go on with, in characters from 1, as the server counts them. `None` where that is
/// not to be found: the text is long, or it cannot even be cut into tokens.
pub(crate) fn syntax_error_at(text: &str) -> Option<usize> {
    if text.len() > LONGEST_LOOKED_INTO {
        return None;
    }
    let tokens: Vec<Token> = scan(text).ok()?.into_iter().filter(|token| !token.is_comment()).collect();
    // Whether the text up to and with a token may still become a statement. Once it may not, it never may.
    let may_go_on = |token: &Token| {
        let alone = PARSING.lock().unwrap_or_else(PoisonError::into_inner);
        let parsed = text.get(..token.end).map(|text| pg_query::parse(text, ParseOptions::default()));
        drop(alone);
        match parsed {
            Some(Err(pg_query::Error::Parse(message))) => message.ends_with("at end of input"),
            Some(Ok(_)) => true,
            _ => false,
        }
    };
    let at = tokens.partition_point(may_go_on);
    let byte = tokens.get(at).map_or(text.len(), |token| token.start);
    Some(text.get(..byte)?.chars().count() + 1)
}

const LONGEST_LOOKED_INTO: usize = 16 << 10;

/// The tokens of a text, comments among them, read with `standard_conforming_strings` on.
pub(crate) fn scan(text: &str) -> Result<Vec<Token>, ParseError> {
    let alone = PARSING.lock().unwrap_or_else(PoisonError::into_inner);
    let scanned = pg_query::scan(checked(text)?)?;
    drop(alone);
    scanned.tokens.iter().map(|token| read_token(token, text.len())).collect()
}

/// A number that two statements share when they differ only in their constants, in spacing and comments.
///
/// Schemas, and names of tables that have an alias, do not count, as in the server's own query identifier.
pub(crate) fn fingerprint(text: &str, options: ParseOptions) -> Result<u64, ParseError> {
    let text = checked(text)?;
    let _alone = PARSING.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(pg_query::fingerprint(text, options, FingerprintOptions::default())?.value)
}

fn read_token(token: &nodes::ScanToken, length: usize) -> Result<Token, ParseError> {
    let start = usize::try_from(token.start).map_err(|_| ParseError::Unreadable)?;
    let end = usize::try_from(token.end).map_err(|_| ParseError::Unreadable)?;
    if start > end || end > length {
        return Err(ParseError::Unreadable);
    }
    Ok(Token { start, end, kind: nodes::Token::try_from(token.token).unwrap_or(nodes::Token::Nul) })
}

fn checked(text: &str) -> Result<&str, ParseError> {
    match text {
        _ if text.len() > LONGEST_TEXT => Err(ParseError::TooLong),
        _ if text.contains('\0') => Err(ParseError::Nul),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn constants_do_not_count_in_a_fingerprint_and_columns_do() {
        let of = |text| fingerprint(text, ParseOptions::default()).unwrap();
        assert_eq!(of("select a from t where b = 'x' -- y"), of("SELECT a FROM t WHERE b = 'z'"));
        assert_ne!(of("select a from t where b = 'x'"), of("select a from t where c = 'x'"));
    }

    #[test]
    fn a_backslash_means_what_the_session_says() {
        let text = r"select 'a\' or true --'";
        let as_standard = parse(text, ParseOptions::default());
        let as_escape = parse(text, ParseOptions { standard_conforming_strings: false });
        assert_ne!(as_standard.unwrap(), as_escape.unwrap());
    }

    #[test]
    fn what_cannot_be_parsed_is_an_error_and_no_more() {
        assert_eq!(parse("select \0", ParseOptions::default()).unwrap_err(), ParseError::Nul);
        assert_eq!(parse(&" ".repeat(LONGEST_TEXT + 1), ParseOptions::default()).unwrap_err(), ParseError::TooLong);
        assert_eq!(parse("select '", ParseOptions::default()).unwrap_err(), ParseError::Syntax);
        assert_eq!(scan("select 'é").unwrap_err(), ParseError::Syntax);
        assert!(fingerprint("select from from", ParseOptions::default()).is_err());
    }

    #[test]
    fn the_first_token_that_cannot_stand_is_found() {
        for (text, expected) in [
            ("select 1 form t", Some(15)),
            ("selct 1", Some(1)),
            ("select 1; selct 2", Some(11)),
            ("select 'é' frm x y", Some(16)),
            ("select (1", Some(10)),
            ("select /* a */ from from", Some(21)),
            ("select '", None),
        ] {
            assert_eq!(syntax_error_at(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_ends_in_an_error_never_in_a_crash() {
        let deep = [
            format!("select {}1{}", "(".repeat(200_000), ")".repeat(200_000)),
            format!("select 1{}", "+1".repeat(400_000)),
            format!("select {} 1", "not ".repeat(200_000)),
            format!("select 1 {}", "union all select 1 ".repeat(50_000)),
            format!("{}select 1{}", "select * from (".repeat(40_000), ") x".repeat(40_000)),
        ];
        thread::Builder::new()
            .stack_size(256 << 20)
            .spawn(move || {
                for text in deep {
                    assert!(parse(&text, ParseOptions::default()).is_err(), "{} bytes", text.len());
                }
            })
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn long_chains_of_queries_are_refused_before_they_cost_anything() {
        let chain = |count| format!("select 1 {}", "union all select 1 ".repeat(count));
        let begun = std::time::Instant::now();
        assert_eq!(parse(&chain(4000), ParseOptions::default()).unwrap_err(), ParseError::TooDeep);
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(parse(&format!("select '{}'", "union ".repeat(2000)), ParseOptions::default()).is_ok());
        thread::Builder::new()
            .stack_size(64 << 20)
            .spawn(move || assert!(parse(&chain(900), ParseOptions::default()).is_ok()))
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn threads_parse_at_once() {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                thread::spawn(move || {
                    for round in 0..200 {
                        let text = format!("select {thread} from t{round} where {} = 'x'", "a".repeat(round % 60 + 1));
                        assert!(parse(&text, ParseOptions::default()).is_ok());
                        assert!(parse("select from from", ParseOptions::default()).is_err());
                        assert_eq!(scan(&text).unwrap().len(), 8);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
