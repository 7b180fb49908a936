//! The text of statements: where its constants are, and what it is without them.

use std::ops::Range;

use crate::parser::nodes::Token as Kind;
use crate::parser::{ParseError, Token, scan};

/// A part of a text that may hold somebody's data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Literal {
    /// Where it stands, in bytes, its quotes included.
    pub span: Range<usize>,
    /// What it is.
    pub kind: LiteralKind,
}

/// What may hold data in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LiteralKind {
    /// A string in any of its forms: `'…'`, `E'…'`, `U&'…'`, `$tag$…$tag$`.
    String,
    /// A number.
    Number,
    /// `B'…'`, `X'…'`.
    Bits,
    /// `"…"`, `U&"…"`: a name, or data in the shape of one.
    QuotedName,
    /// A comment, nested ones as one.
    Comment,
}

/// Everything in a text that may hold data, in order.
///
/// # Errors
///
/// When the text ends within a token, holds a zero byte or is too long.
pub fn literals(text: &str) -> Result<Vec<Literal>, ParseError> {
    Ok(scan(text)?.iter().filter_map(|token| literal(text, token)).collect())
}

/// The text without comments and spare space, with `$n` for each constant: the numbers go on after those of its parameters.
///
/// Quoted names stay; ask [`literals`] where they are.
///
/// # Errors
///
/// When the text ends within a token, holds a zero byte or is too long.
pub fn normalised(text: &str) -> Result<String, ParseError> {
    let tokens = scan(text)?;
    let slice = |token: &Token| text.get(token.start..token.end).unwrap_or_default();
    let parameter = |token: &Token| slice(token).strip_prefix('$').and_then(|number| number.parse::<u32>().ok());
    let mut next = tokens.iter().filter(|token| token.kind == Kind::Param).filter_map(parameter).max().unwrap_or(0);
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for token in &tokens {
        let found = literal(text, token).map(|literal| literal.kind);
        if found == Some(LiteralKind::Comment) {
            continue;
        }
        if token.start > end && !out.is_empty() {
            out.push(' ');
        }
        end = token.end;
        match found {
            Some(LiteralKind::String | LiteralKind::Number | LiteralKind::Bits) => {
                next = next.saturating_add(1);
                out.push('$');
                out.push_str(&next.to_string());
            }
            _ => out.push_str(slice(token)),
        }
    }
    Ok(out)
}

fn literal(text: &str, token: &Token) -> Option<Literal> {
    let kind = match token.kind {
        Kind::Sconst | Kind::Usconst => LiteralKind::String,
        Kind::Iconst | Kind::Fconst => LiteralKind::Number,
        Kind::Bconst | Kind::Xconst => LiteralKind::Bits,
        Kind::Uident => LiteralKind::QuotedName,
        Kind::Ident if text.as_bytes().get(token.start) == Some(&b'"') => LiteralKind::QuotedName,
        Kind::SqlComment | Kind::CComment => LiteralKind::Comment,
        _ => return None,
    };
    Some(Literal { span: token.start..token.end, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_may_hold_data_is_found_in_its_bytes() {
        let text =
            "SELECT E'a\\'b', U&'\\0041' , $q$x$q$, 'é''', 12.5, X'1F', \"Ann\" /* b /* c */ */ -- d\n, U&\"\\0041\"";
        let found: Vec<(LiteralKind, &str)> =
            literals(text).unwrap().into_iter().map(|of| (of.kind, &text[of.span])).collect();
        assert_eq!(
            found,
            [
                (LiteralKind::String, "E'a\\'b'"),
                (LiteralKind::String, "U&'\\0041'"),
                (LiteralKind::String, "$q$x$q$"),
                (LiteralKind::String, "'é'''"),
                (LiteralKind::Number, "12.5"),
                (LiteralKind::Bits, "X'1F'"),
                (LiteralKind::QuotedName, "\"Ann\""),
                (LiteralKind::Comment, "/* b /* c */ */"),
                (LiteralKind::Comment, "-- d"),
                (LiteralKind::QuotedName, "U&\"\\0041\""),
            ]
        );
    }

    #[test]
    fn no_constant_and_no_comment_is_left() {
        let text = "select  a,'x' /* Ann */ from t where b=$2 and c = 7 -- Bob\n; set x to 'y'";
        assert_eq!(normalised(text).unwrap(), "select a,$3 from t where b=$2 and c = $4 ; set x to $5");
        assert_eq!(normalised("select 'a'\n'b'").unwrap(), "select $1");
    }
}
