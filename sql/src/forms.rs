//! What the server's own functions and casts make of a value: whether it still shows, and can be known again.

use crate::origin::Derivation;

/// What a function makes of its arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// A value that derives from them so.
    By(Derivation),
    /// A truth about them.
    Tests,
    /// They stand beside each other in a text.
    Glues,
    /// Its first argument says which part of the other: `extract`.
    Part,
    /// Its second argument says how the first is written: `to_char`.
    Written,
    /// It takes from JSON what its further arguments name.
    Picks,
}

/// What a function of the server's own makes of its arguments; what nobody has judged may make anything of them.
pub(crate) fn form_of(name: &str, arguments: usize) -> Form {
    match name {
        "btrim" | "ltrim" | "rtrim" if arguments > 1 => Form::By(Derivation::Derived),
        "concat" | "concat_ws" | "format" | "string_agg" | "array_to_string" => Form::Glues,
        "date_part" | "extract" => Form::Part,
        "to_char" => Form::Written,
        "json_extract_path"
        | "json_extract_path_text"
        | "jsonb_extract_path"
        | "jsonb_extract_path_text"
        | "jsonb_path_query"
        | "jsonb_path_query_array"
        | "jsonb_path_query_first" => Form::Picks,
        _ if SHOWS.binary_search(&name).is_ok() => Form::By(Derivation::Shown),
        _ if MEASURES.binary_search(&name).is_ok() => Form::By(Derivation::Measured),
        _ if FIGURES.binary_search(&name).is_ok() => Form::By(Derivation::Figured),
        _ if TESTS.binary_search(&name).is_ok() => Form::Tests,
        _ => Form::By(Derivation::Derived),
    }
}

/// Whether constants among its arguments only say how the others are looked at.
pub(crate) fn is_told_how(name: &str) -> bool {
    matches!(name, "date_part" | "date_trunc" | "extract" | "to_char" | "timezone")
}

/// Parts of a date that do not tell which day it is, and parts of a time.
pub(crate) fn is_coarse(field: &str) -> bool {
    let coarse = ["century", "decade", "hour", "isoyear", "millennium", "minute", "year", "years"];
    coarse.iter().any(|known| field.eq_ignore_ascii_case(known))
}

/// A piece of a text that is put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece<'t> {
    Words(&'t str),
    Value,
}

/// Whether values can be told apart from what stands beside them: at each border there is a sign, no letter and no digit.
pub(crate) fn stand_apart(pieces: &[Piece<'_>]) -> bool {
    let sign = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_alphanumeric() && letter != '%');
    let pieces: Vec<&Piece<'_>> = pieces.iter().filter(|piece| **piece != Piece::Words("")).collect();
    pieces.windows(2).all(|pair| match pair {
        [Piece::Words(words), Piece::Value] => sign(words.chars().next_back()),
        [Piece::Value, Piece::Words(words)] => sign(words.chars().next()),
        [Piece::Value, Piece::Value] => false,
        _ => true,
    })
}

/// A type, as far as it matters which values can be cast to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sort {
    Bool,
    Int2,
    Int4,
    Int8,
    Numeric,
    Float,
    Text,
    Date,
    Timestamp,
    TimestampTz,
    Time,
    Json,
    /// Others that show what they were made of.
    Plain,
    Other,
}

impl Sort {
    /// By the name that the parser or the server's catalog gives it. A bound on its length, or on its digits, makes it another.
    pub(crate) fn of(name: &str) -> Self {
        let bounded = name.contains('(') && !name.starts_with("timestamp") && !name.starts_with("time");
        let name = name.split('(').next().unwrap_or_default().trim_end();
        match name {
            "bool" | "boolean" => Self::Bool,
            "int2" | "smallint" => Self::Int2,
            "int4" | "integer" | "int" => Self::Int4,
            "int8" | "bigint" => Self::Int8,
            "numeric" | "decimal" if !bounded => Self::Numeric,
            "float4" | "float8" | "real" | "double precision" => Self::Float,
            "text" | "name" | "citext" => Self::Text,
            "varchar" | "character varying" | "bpchar" if !bounded => Self::Text,
            "date" => Self::Date,
            "timestamp" | "timestamp without time zone" => Self::Timestamp,
            "timestamptz" | "timestamp with time zone" => Self::TimestampTz,
            "time" | "time without time zone" | "timetz" | "time with time zone" => Self::Time,
            // `timestamp(3) with time zone`
            _ if name.starts_with("timestamp") => Self::Timestamp,
            "json" | "jsonb" => Self::Json,
            "uuid" | "inet" | "cidr" | "macaddr" | "xml" => Self::Plain,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_day(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz)
    }

    /// Whether every value of this type can be cast to that one.
    pub(crate) fn always_fits(self, to: Self) -> bool {
        use Sort::{Date, Float, Int2, Int4, Int8, Numeric, Other, Text, Time, Timestamp, TimestampTz};
        match (self, to) {
            (Other, _) | (_, Other) => to == Text,
            (one, other) if one == other => true,
            (_, Text) => true,
            (Int2, Int4 | Int8 | Numeric | Float) | (Int4, Int8 | Numeric | Float) | (Int8, Numeric | Float) => true,
            (Date, Timestamp | TimestampTz) => true,
            (Timestamp, Date | TimestampTz | Time) | (TimestampTz, Date | Timestamp | Time) => true,
            _ => false,
        }
    }

    /// What a cast to it makes of a value.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Bool => Form::Tests,
            Self::Other => Form::By(Derivation::Derived),
            _ => Form::By(Derivation::Shown),
        }
    }
}

/// In order. The values stand in the result as they are.
const SHOWS: &[&str] = &[
    "any_value",
    "array_agg",
    "array_append",
    "array_cat",
    "array_prepend",
    "array_remove",
    "array_to_json",
    "btrim",
    "coalesce",
    "date",
    "date_trunc",
    "first_value",
    "initcap",
    "json_agg",
    "json_agg_strict",
    "json_array_elements",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "json_object_agg_unique_strict",
    "json_strip_nulls",
    "json_to_record",
    "json_to_recordset",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_array_elements",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "jsonb_object_agg_unique_strict",
    "jsonb_pretty",
    "jsonb_strip_nulls",
    "jsonb_to_record",
    "jsonb_to_recordset",
    "lag",
    "last_value",
    "lead",
    "lower",
    "ltrim",
    "max",
    "min",
    "mode",
    "nth_value",
    "percentile_disc",
    "quote_ident",
    "quote_literal",
    "quote_nullable",
    "row_to_json",
    "rtrim",
    "timezone",
    "to_json",
    "to_jsonb",
    "unnest",
    "upper",
];

/// In order. How much there is of something, or where it stands.
const MEASURES: &[&str] = &[
    "array_length",
    "array_ndims",
    "bit_length",
    "cardinality",
    "char_length",
    "character_length",
    "cume_dist",
    "dense_rank",
    "json_array_length",
    "json_typeof",
    "jsonb_array_length",
    "jsonb_typeof",
    "length",
    "ntile",
    "num_nonnulls",
    "num_nulls",
    "octet_length",
    "percent_rank",
    "pg_column_size",
    "pg_typeof",
    "rank",
    "row_number",
];

/// In order. Numbers of numbers.
const FIGURES: &[&str] = &[
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "corr",
    "covar_pop",
    "covar_samp",
    "div",
    "exp",
    "floor",
    "ln",
    "log",
    "log10",
    "mod",
    "percentile_cont",
    "pow",
    "power",
    "regr_avgx",
    "regr_avgy",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "round",
    "sign",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "trunc",
    "var_pop",
    "var_samp",
    "variance",
    "width_bucket",
];

/// In order. Yes or no.
const TESTS: &[&str] = &[
    "bool_and",
    "bool_or",
    "every",
    "isfinite",
    "jsonb_path_exists",
    "jsonb_path_match",
    "regexp_like",
    "starts_with",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [SHOWS, MEASURES, FIGURES, TESTS] {
            assert!(list.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn what_stands_beside_a_value_must_end_it() {
        use Piece::{Value, Words};
        for (pieces, expected) in [
            (&[Value][..], true),
            (&[Value, Words("")], true),
            (&[Value, Words(", "), Value], true),
            (&[Words("Dr. "), Value], true),
            (&[Words("Dr"), Value], false),
            (&[Value, Words("9")], false),
            (&[Value, Value], false),
            (&[Value, Words(""), Value], false),
            (&[Words("a"), Words("b")], true),
        ] {
            assert_eq!(stand_apart(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn some_casts_never_fail() {
        let fits = |from, to| Sort::of(from).always_fits(Sort::of(to));
        for (from, to) in [
            ("character varying(60)", "text"),
            ("integer", "int8"),
            ("date", "timestamptz"),
            ("timestamp(3) without time zone", "date"),
            ("int4range", "text"),
            ("jsonb", "jsonb"),
        ] {
            assert!(fits(from, to), "{from} to {to}");
        }
        for (from, to) in
            [("text", "int4"), ("bigint", "int4"), ("text", "date"), ("text", "varchar(3)"), ("numeric", "int8")]
        {
            assert!(!fits(from, to), "{from} to {to}");
        }
    }
}
