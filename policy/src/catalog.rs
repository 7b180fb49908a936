//! Which system catalogs a client may read without touching data.

/// A relation of PostgreSQL's own that describes the database and holds nothing of its content.
///
/// What is not listed counts as data: `pg_stats` and `pg_statistic` hold sampled values, `pg_stat_activity`,
/// `pg_prepared_statements` and `pg_cursors` other people's statements, `pg_largeobject` content, `pg_authid` and
/// `pg_user_mappings` secrets.
#[must_use]
pub fn is_harmless_catalog(schema: &str, relation: &str) -> bool {
    match schema {
        // Views of definitions, already cut down to what the role may know.
        "information_schema" => relation != "user_mapping_options",
        "pg_catalog" => HARMLESS.binary_search(&relation).is_ok(),
        _ => false,
    }
}

/// Sorted.
const HARMLESS: &[&str] = &[
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_available_extension_versions",
    "pg_available_extensions",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_database",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_table",
    "pg_group",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_init_privs",
    "pg_language",
    "pg_largeobject_metadata",
    "pg_matviews",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_publication_tables",
    "pg_range",
    "pg_rewrite",
    "pg_roles",
    "pg_rules",
    "pg_seclabel",
    "pg_seclabels",
    "pg_sequence",
    "pg_sequences",
    "pg_settings",
    "pg_shdepend",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_statistic_ext",
    "pg_tables",
    "pg_tablespace",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user",
    "pg_views",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_harmless_and_samples_are_not() {
        assert!(HARMLESS.is_sorted());
        assert!(is_harmless_catalog("pg_catalog", "pg_class"));
        assert!(is_harmless_catalog("information_schema", "columns"));
        for held in ["pg_stats", "pg_statistic", "pg_stat_activity", "pg_authid", "pg_largeobject", "pg_shadow"] {
            assert!(!is_harmless_catalog("pg_catalog", held), "{held}");
        }
        assert!(!is_harmless_catalog("public", "pg_class"), "a table that only has the name of a catalog");
        // It shows the options of the connections to other servers, passwords among them.
        assert!(!is_harmless_catalog("information_schema", "user_mapping_options"));
    }
}
