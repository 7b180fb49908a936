//! Words of a target's catalog: names of things, and what the server says of its settings.

use std::collections::HashSet;

/// What a client may read in a catalog, though a detector takes it for somebody's name.
#[derive(Default)]
pub(super) struct Words {
    names: HashSet<Box<str>>,
    /// Names, values and descriptions of settings, as the gateway's own session sees them.
    settings: HashSet<Box<str>>,
}

impl Words {
    pub(super) fn name(&mut self, name: &str) {
        if is_name(name) {
            self.names.insert(name.into());
        }
    }

    pub(super) fn setting(&mut self, text: &str) {
        if !self.settings.contains(text) {
            self.settings.insert(text.into());
        }
    }

    /// Whether something is called so.
    pub(super) fn has_name(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.names.contains(name))
    }

    /// Whether a text is made of nothing but names, words of SQL, small numbers and signs, or is what the server says of a
    /// setting.
    pub(super) fn knows(&self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        if text.len() > LONGEST {
            return false;
        }
        if self.names.contains(text) || self.settings.contains(text) {
            return true;
        }
        if has_number_in_parts(text) {
            return false;
        }
        let mut rest = text;
        while let Some(start) = rest.find(is_letter) {
            let from = rest.get(start..).unwrap_or_default();
            let end = from.find(|letter| !is_letter(letter)).unwrap_or(from.len());
            let (word, behind) = from.split_at(end);
            let rights = rest.get(..start).is_some_and(|before| before.ends_with('=')) && behind.starts_with('/');
            if !(self.is_known(word) || rights && word.chars().all(|letter| RIGHTS.contains(letter) || letter == '*')) {
                return false;
            }
            rest = behind;
        }
        true
    }

    fn is_known(&self, word: &str) -> bool {
        let small = word.len() <= SMALL && word.bytes().all(|byte| byte.is_ascii_digit());
        small || self.names.contains(word) || SQL.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
    }
}

/// Whether numbers stand beside each other as the parts of one: `219-09-9999`, `617 555 0134`, a date. Small as each of them is,
/// such a text is looked at like everything else. The decimals and ranges of plans (`0.00..35.50`) are none.
fn has_number_in_parts(text: &str) -> bool {
    let (mut parts, mut digits, mut dotted) = (0, 0, true);
    let mut rest = text;
    // The clock's own words: what it says is nobody's date of birth.
    if is_day(text) {
        return false;
    }
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let between = rest.get(..start).unwrap_or_default();
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len());
        let joins = |sign: char| sign.is_whitespace() || "-/.".contains(sign) || !(sign.is_ascii() || is_letter(sign));
        let joined = (1..=3).contains(&between.chars().count()) && between != ".." && between.chars().all(joins);
        if parts > 0 && joined {
            dotted &= between == ".";
            (parts, digits) = (parts + 1, digits + end);
        } else {
            (parts, digits, dotted) = (1, end, true);
        }
        if parts > 2 || parts == 2 && digits >= MOST_DIGITS && !dotted {
            return true;
        }
        rest = from.get(end..).unwrap_or_default();
    }
    false
}

/// Whether this is a day and nothing else.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| (part.len(), part.bytes().all(|byte| byte.is_ascii_digit())));
    [4, 2, 2].into_iter().all(|length| parts.next() == Some((length, true))) && parts.next().is_none()
}

/// Names that hold a number of somebody's are looked at like everything else.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().filter(u8::is_ascii_digit).count() < MOST_DIGITS && !name.contains('@')
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$' || letter == '@'
}

const LONGEST: usize = 16 << 10;
const MOST_DIGITS: usize = 6;
const SMALL: usize = 4;
/// Letters of rights in lists of access.
const RIGHTS: &str = "arwdDxtXUCcTsAm";

/// In order. Words that definitions and plans are written with.
const SQL: &[&str] = &[
    "action",
    "aggregate",
    "all",
    "always",
    "and",
    "anti",
    "any",
    "append",
    "array",
    "as",
    "asc",
    "authorization",
    "backward",
    "between",
    "bitmap",
    "btree",
    "by",
    "cascade",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "cond",
    "constraint",
    "copy",
    "create",
    "cross",
    "cte",
    "current_date",
    "current_timestamp",
    "current_user",
    "database",
    "default",
    "deferrable",
    "deferred",
    "definer",
    "delete",
    "desc",
    "distinct",
    "double",
    "each",
    "else",
    "end",
    "excluded",
    "execute",
    "exists",
    "external",
    "false",
    "filter",
    "final",
    "finalize",
    "first",
    "for",
    "foreign",
    "from",
    "full",
    "func",
    "function",
    "gather",
    "generated",
    "gin",
    "gist",
    "grant",
    "group",
    "groupagg",
    "hash",
    "hashagg",
    "having",
    "heap",
    "identity",
    "if",
    "immutable",
    "in",
    "incremental",
    "index",
    "inherits",
    "initially",
    "initplan",
    "inner",
    "inout",
    "insert",
    "invoker",
    "is",
    "join",
    "key",
    "last",
    "lateral",
    "leakproof",
    "left",
    "limit",
    "list",
    "loop",
    "match",
    "materialize",
    "materialized",
    "memoize",
    "merge",
    "mode",
    "n",
    "name",
    "nested",
    "never",
    "new",
    "no",
    "not",
    "nothing",
    "null",
    "nulls",
    "of",
    "old",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "over",
    "parallel",
    "partial",
    "partition",
    "partitions",
    "password",
    "precision",
    "primary",
    "procedure",
    "public",
    "query",
    "range",
    "recheck",
    "references",
    "replica",
    "restrict",
    "result",
    "returns",
    "right",
    "row",
    "rows",
    "scan",
    "schema",
    "select",
    "semi",
    "seq",
    "sequence",
    "session_user",
    "set",
    "setof",
    "sort",
    "stable",
    "statement",
    "storage",
    "subplan",
    "subquery",
    "superuser",
    "table",
    "temporary",
    "then",
    "time",
    "to",
    "trigger",
    "true",
    "type",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "validate",
    "values",
    "varying",
    "view",
    "volatile",
    "when",
    "where",
    "window",
    "windowagg",
    "with",
    "without",
    "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let mut words = Words::default();
        for name in ["patients", "last_name", "marigold_ward", "integer", "app", "John 555-12-1234", "C.UTF-8"] {
            words.name(name);
        }
        words.setting("2147483647");
        words.setting("Sets the time that Ann waits.");
        words
    }

    #[test]
    fn what_is_made_of_names_is_known() {
        let words = words();
        for (text, expected) in [
            ("marigold_ward", true),
            ("C.UTF-8", true),
            ("CREATE UNIQUE INDEX patients ON app.patients USING btree (last_name)", true),
            ("integer NOT NULL DEFAULT 0", true),
            ("app=arwdDxt/app", true),
            ("=Tc/app", true),
            ("2147483647", true),
            ("2147483648", false),
            ("Sets the time that Ann waits.", true),
            ("Ann waits", false),
            ("last_name of Marigold", false),
            ("John 555-12-1234", false),
            ("patients, 219099999", false),
            ("a@patients", false),
            ("219-09-9999", false),
            ("219 09 9999", false),
            ("219 - 09 - 9999", false),
            ("219.09.9999", false),
            ("219\u{2011}09\u{2011}9999", false),
            ("SELECT patients WHERE last_name = '219-09-9999'::integer", false),
            ("617 555 0134", false),
            ("1961-04-03", true),
            ("born 1961-04-03", false),
            ("4/3/61", false),
            ("555-0134", false),
            ("integer[10, 20, 30, 40]", true),
            ("", true),
        ] {
            assert_eq!(words.knows(text.as_bytes()), expected, "{text}");
        }
        for plan in ["(cost=0.00..35.50 rows=2550 width=4)", "Planning Time: 12345.678 ms", "4-byte, 8-byte"] {
            assert!(!has_number_in_parts(plan), "{plan}");
        }
        assert!(words.has_name(b"last_name") && !words.has_name(b"last_name patients"));
        assert!(!words.knows(b"\xff"));
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(SQL.is_sorted_by(|a, b| a < b));
    }
}
