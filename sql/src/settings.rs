//! Settings, by what a change of them may change.

/// What a change of a setting may change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SettingClass {
    /// Time, memory, plans, and how talkative the server is.
    Harmless,
    /// How values look in answers.
    Looks,
    /// How the text of statements is read.
    Reading,
    /// What names mean.
    Names,
    /// Who the session is, and what it may do and see.
    Authority,
    /// The gateway's own, which never reach the server.
    Gateway,
    /// Nobody has judged it.
    Unknown,
}

/// What a setting of a connection changes, by its name in lower case. `value`: what it is set to; `None` for a reset.
#[must_use]
pub fn setting_class(name: &str, value: Option<&str>) -> SettingClass {
    let values = value.map(|value| vec![value.to_owned()]);
    class_of(name, values.as_deref())
}

/// `values`: what it is set to; `None` for a reset, which leads back to where the session began.
pub(crate) fn class_of(name: &str, values: Option<&[String]>) -> SettingClass {
    let to = |accepted: &[&str]| match values {
        None => true,
        Some([value]) => accepted.iter().any(|known| value.eq_ignore_ascii_case(known)),
        Some(_) => false,
    };
    match name {
        _ if name.starts_with("blackbar.") => SettingClass::Gateway,
        "search_path" => SettingClass::Names,
        "role" | "session_authorization" | "row_security" | "session_replication_role" | "is_superuser" => {
            SettingClass::Authority
        }
        "client_encoding" if to(&["utf8", "utf-8", "unicode"]) => SettingClass::Harmless,
        "standard_conforming_strings" if to(&["on", "true", "1", "yes"]) => SettingClass::Harmless,
        "client_encoding" | "standard_conforming_strings" | "backslash_quote" | "transform_null_equals" => {
            SettingClass::Reading
        }
        "datestyle" if iso(values) => SettingClass::Harmless,
        "intervalstyle" if to(&["postgres"]) => SettingClass::Harmless,
        "bytea_output" if to(&["hex"]) => SettingClass::Harmless,
        "datestyle"
        | "intervalstyle"
        | "bytea_output"
        | "xmlbinary"
        | "xmloption"
        | "lc_monetary"
        | "lc_numeric"
        | "lc_time"
        | "lc_messages"
        | "quote_all_identifiers"
        | "debug_print_parse"
        | "debug_print_plan"
        | "debug_print_rewritten" => SettingClass::Looks,
        _ if is_harmless(name) => SettingClass::Harmless,
        _ => SettingClass::Unknown,
    }
}

/// Whether it may be set to anything at all.
pub(crate) fn is_harmless(name: &str) -> bool {
    HARMLESS.binary_search(&name).is_ok()
}

/// Every look that starts with ISO; the order of day and month plays no part in it.
fn iso(values: Option<&[String]>) -> bool {
    let known = ["iso", "mdy", "dmy", "ymd", "us", "european"];
    let is_iso = |value: &String| {
        let mut words = value.split(',').map(|word| word.trim().to_ascii_lowercase());
        words.all(|word| known.contains(&word.as_str()))
    };
    values.is_none_or(|values| {
        values.first().is_some_and(|first| first.trim().to_ascii_lowercase().starts_with("iso"))
            && values.iter().all(is_iso)
    })
}

/// In order. The time zone changes how an instant is written and hides nothing of it; whoever reads answers follows it.
const HARMLESS: &[&str] = &[
    "application_name",
    "client_connection_check_interval",
    "client_min_messages",
    "commit_delay",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "default_statistics_target",
    "default_text_search_config",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "effective_cache_size",
    "effective_io_concurrency",
    "enable_bitmapscan",
    "enable_gathermerge",
    "enable_group_by_reordering",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_partitionwise_aggregate",
    "enable_partitionwise_join",
    "enable_presorted_aggregate",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
    "extra_float_digits",
    "from_collapse_limit",
    "geqo",
    "geqo_threshold",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "jit",
    "jit_above_cost",
    "jit_inline_above_cost",
    "jit_optimize_above_cost",
    "join_collapse_limit",
    "lock_timeout",
    "maintenance_work_mem",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "plan_cache_mode",
    "random_page_cost",
    "seq_page_cost",
    "statement_timeout",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "tcp_user_timeout",
    "timezone",
    "transaction",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_timeout",
    "vacuum_cost_delay",
    "work_mem",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(HARMLESS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_value_can_make_a_setting_harmless() {
        let of = |name, value: &str| class_of(name, Some(&[value.to_owned()]));
        assert_eq!(of("client_encoding", "UTF8"), SettingClass::Harmless);
        assert_eq!(of("client_encoding", "SJIS"), SettingClass::Reading);
        assert_eq!(of("datestyle", "ISO, MDY"), SettingClass::Harmless);
        assert_eq!(of("datestyle", "German"), SettingClass::Looks);
        assert_eq!(of("standard_conforming_strings", "off"), SettingClass::Reading);
        assert_eq!(of("search_path", "public"), SettingClass::Names);
        assert_eq!(of("role", "none"), SettingClass::Authority);
        assert_eq!(of("blackbar.reason", "ward round"), SettingClass::Gateway);
        assert_eq!(of("dynamic_library_path", "/tmp"), SettingClass::Unknown);
        assert_eq!(class_of("client_encoding", None), SettingClass::Harmless);
    }
}
