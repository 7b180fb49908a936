//! Functions, by what calling them may do.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::catalog::{Catalog, Volatility};
use crate::facts::Opacity;
use crate::kind::StatementKind;

/// What calling a function may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FunctionClass {
    /// Computes from its arguments, or tells of the server what anybody may know.
    Harmless,
    /// Counts rows.
    Count,
    /// An aggregate whose result is one value of the size of its inputs.
    Aggregate,
    /// An aggregate that carries all its inputs on.
    Collects,
    /// Waits.
    Stalls,
    /// Moves or reads a sequence.
    Sequence,
    /// Takes or releases a lock.
    Locks,
    /// Sends a notification.
    Notifies,
    /// Changes a setting.
    Sets,
    /// Tells what others do, ask for or store, past the tables it is in.
    Reveals,
    /// Reads or writes files, large objects, other servers; or stirs the server.
    Outside,
    /// Runs SQL that is given as text, or reads a table that is named by text.
    Dynamic,
    /// Somebody's own, which promises to change nothing.
    OwnReading,
    /// Somebody's own, or one that nobody has judged: it may do anything.
    Unknown,
}

impl FunctionClass {
    /// The kind that a statement gets by calling one; `None` when it stays what it is.
    pub(crate) fn kind(self) -> Option<StatementKind> {
        match self {
            Self::Harmless | Self::Count | Self::Aggregate | Self::Collects | Self::OwnReading => None,
            Self::Stalls | Self::Sequence | Self::Reveals | Self::Unknown => Some(StatementKind::Call),
            Self::Locks => Some(StatementKind::Lock),
            Self::Notifies => Some(StatementKind::Listen),
            Self::Sets => Some(StatementKind::Set),
            Self::Outside | Self::Dynamic => Some(StatementKind::Opaque),
        }
    }

    pub(crate) fn opacity(self) -> Option<Opacity> {
        match self {
            Self::Outside => Some(Opacity::Outside),
            Self::Dynamic => Some(Opacity::Dynamic),
            _ => None,
        }
    }

    /// Whether its result derives from its arguments and from nothing else.
    pub(crate) fn derives_from_arguments(self) -> bool {
        match self {
            Self::Harmless | Self::Count | Self::Aggregate | Self::Collects | Self::Stalls => true,
            Self::Sequence | Self::Locks | Self::Notifies => true,
            Self::Sets | Self::Reveals | Self::Outside | Self::Dynamic | Self::OwnReading | Self::Unknown => false,
        }
    }

    /// Whether it turns many rows into one.
    pub(crate) fn is_aggregate(self) -> bool {
        matches!(self, Self::Count | Self::Aggregate | Self::Collects)
    }
}

/// What a call may do. `path` is where unqualified names are looked for.
pub(crate) fn classify(schema: Option<&str>, name: &str, catalog: &Catalog, path: &[String]) -> FunctionClass {
    let own = catalog.volatility(schema, name, path).map(|volatility| match volatility {
        Volatility::Computes => FunctionClass::Harmless,
        Volatility::Immutable | Volatility::Stable => FunctionClass::OwnReading,
        Volatility::Volatile => FunctionClass::Unknown,
    });
    // A function of the same name with other arguments may be the one that is meant, wherever it stands in the path.
    if let Some(class) = own {
        return class;
    }
    match schema {
        Some("pg_catalog") => built_in(name),
        Some(_) => FunctionClass::Unknown,
        None if path.first().is_some_and(|first| first == "pg_catalog") => built_in(name),
        // Another schema comes before the server's own, and the catalog may be some seconds old.
        None => FunctionClass::Unknown,
    }
}

fn built_in(name: &str) -> FunctionClass {
    match name {
        "count" | "regr_count" => FunctionClass::Count,
        "avg"
        | "bit_and"
        | "bit_or"
        | "bit_xor"
        | "bool_and"
        | "bool_or"
        | "corr"
        | "covar_pop"
        | "covar_samp"
        | "every"
        | "max"
        | "min"
        | "mode"
        | "percentile_cont"
        | "percentile_disc"
        | "range_intersect_agg"
        | "regr_avgx"
        | "regr_avgy"
        | "regr_intercept"
        | "regr_r2"
        | "regr_slope"
        | "regr_sxx"
        | "regr_sxy"
        | "regr_syy"
        | "stddev"
        | "stddev_pop"
        | "stddev_samp"
        | "sum"
        | "var_pop"
        | "var_samp"
        | "variance"
        | "any_value" => FunctionClass::Aggregate,
        "array_agg"
        | "json_agg"
        | "json_agg_strict"
        | "json_object_agg"
        | "json_object_agg_strict"
        | "json_object_agg_unique"
        | "json_object_agg_unique_strict"
        | "jsonb_agg"
        | "jsonb_agg_strict"
        | "jsonb_object_agg"
        | "jsonb_object_agg_strict"
        | "jsonb_object_agg_unique"
        | "jsonb_object_agg_unique_strict"
        | "range_agg"
        | "string_agg"
        | "xmlagg" => FunctionClass::Collects,
        // With `OVER` or `WITHIN GROUP`; positions, no more.
        "cume_dist" | "dense_rank" | "percent_rank" | "rank" => FunctionClass::Harmless,
        "pg_sleep" | "pg_sleep_for" | "pg_sleep_until" => FunctionClass::Stalls,
        "currval" | "lastval" | "nextval" | "setval" | "setseed" => FunctionClass::Sequence,
        "pg_notify" => FunctionClass::Notifies,
        "set_config" => FunctionClass::Sets,
        "query_to_xml"
        | "query_to_xml_and_xmlschema"
        | "query_to_xmlschema"
        | "cursor_to_xml"
        | "cursor_to_xmlschema"
        | "table_to_xml"
        | "table_to_xml_and_xmlschema"
        | "table_to_xmlschema"
        | "schema_to_xml"
        | "schema_to_xml_and_xmlschema"
        | "schema_to_xmlschema"
        | "database_to_xml"
        | "database_to_xml_and_xmlschema"
        | "database_to_xmlschema"
        | "ts_stat"
        | "ts_rewrite" => FunctionClass::Dynamic,
        "pg_listening_channels"
        | "pg_cursor"
        | "pg_prepared_statement"
        | "pg_mcv_list_items"
        | "pg_lock_status"
        | "pg_options_to_table"
        | "pg_prepared_xact"
        | "pg_hba_file_rules"
        | "pg_ident_file_mappings" => FunctionClass::Reveals,
        // To give up locks of one's own harms nobody: pools do it with every connection that comes back.
        "pg_advisory_unlock" | "pg_advisory_unlock_all" | "pg_advisory_unlock_shared" => FunctionClass::Harmless,
        _ if name.starts_with("pg_advisory_") || name.starts_with("pg_try_advisory_") => FunctionClass::Locks,
        _ if HARMLESS.contains(name) => FunctionClass::Harmless,
        _ if name.starts_with("pg_stat_get_") || name.starts_with("pg_get_") => FunctionClass::Reveals,
        _ if ["lo_", "pg_", "dblink", "binary_upgrade_", "brin_", "gin_"].iter().any(|of| name.starts_with(of)) => {
            FunctionClass::Outside
        }
        "loread" | "lowrite" => FunctionClass::Outside,
        _ => FunctionClass::Unknown,
    }
}

/// The server's own functions that are immutable or stable in its catalog, less those named above, with some volatile ones
/// (the clock, random numbers, sizes).
static HARMLESS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("functions/harmless.txt").split_whitespace().collect());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Function;

    fn path() -> Vec<String> {
        ["pg_catalog", "public"].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_known_ones_are_told_apart() {
        let catalog = Catalog::new(1);
        for (name, class) in [
            ("lower", FunctionClass::Harmless),
            ("now", FunctionClass::Harmless),
            ("row_to_json", FunctionClass::Harmless),
            ("count", FunctionClass::Count),
            ("max", FunctionClass::Aggregate),
            ("string_agg", FunctionClass::Collects),
            ("nextval", FunctionClass::Sequence),
            ("pg_sleep", FunctionClass::Stalls),
            ("pg_read_file", FunctionClass::Outside),
            ("lo_get", FunctionClass::Outside),
            ("dblink_exec", FunctionClass::Outside),
            ("pg_terminate_backend", FunctionClass::Outside),
            ("pg_stat_get_activity", FunctionClass::Reveals),
            ("query_to_xml", FunctionClass::Dynamic),
            ("table_to_xml", FunctionClass::Dynamic),
            ("set_config", FunctionClass::Sets),
            ("pg_try_advisory_lock", FunctionClass::Locks),
            ("pg_advisory_unlock_all", FunctionClass::Harmless),
            ("pg_notify", FunctionClass::Notifies),
            ("cleanup_everything", FunctionClass::Unknown),
        ] {
            assert_eq!(classify(None, name, &catalog, &path()), class, "{name}");
        }
    }

    #[test]
    fn a_name_means_the_servers_own_only_where_it_surely_does() {
        let mut catalog = Catalog::new(1);
        assert_eq!(classify(Some("evil"), "lower", &catalog, &path()), FunctionClass::Unknown);
        let turned = ["public", "pg_catalog"].map(str::to_owned);
        assert_eq!(classify(None, "lower", &catalog, &turned), FunctionClass::Unknown);
        catalog.add_function(Function {
            schema: "public".to_owned(),
            name: "lower".to_owned(),
            volatility: Volatility::Volatile,
        });
        assert_eq!(classify(None, "lower", &catalog, &path()), FunctionClass::Unknown);
        assert_eq!(classify(Some("pg_catalog"), "lower", &catalog, &path()), FunctionClass::Harmless);
    }

    #[test]
    fn code_of_an_extension_that_only_computes_is_trusted_unless_another_has_its_name() {
        let mut catalog = Catalog::new(1);
        let function = |schema: &str, volatility| Function {
            schema: schema.to_owned(),
            name: "similarity".to_owned(),
            volatility,
        };
        catalog.add_function(function("public", Volatility::Computes));
        assert_eq!(classify(None, "similarity", &catalog, &path()), FunctionClass::Harmless);
        catalog.add_function(function("public", Volatility::Stable));
        assert_eq!(classify(None, "similarity", &catalog, &path()), FunctionClass::OwnReading);
    }

    #[test]
    fn nothing_dangerous_is_on_the_harmless_list() {
        for name in HARMLESS.iter() {
            let bad = ["lo_", "dblink", "pg_read", "pg_ls_", "pg_write", "pg_logical", "pg_terminate", "set_config"];
            assert!(!bad.iter().any(|start| name.starts_with(start)), "{name}");
            assert!(!name.contains("to_xml"), "{name}");
        }
    }
}
