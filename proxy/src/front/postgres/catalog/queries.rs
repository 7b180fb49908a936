//! What the gateway asks a database about itself. Every query works on PostgreSQL 10 and later, and reads system catalogs
//! that any role may read.

/// Which query a row answers; the order is that of [`QUERIES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Query {
    Path,
    Relations,
    Columns,
    Parents,
    Types,
    Functions,
    Names,
    Settings,
}

impl Query {
    const ALL: [Self; 8] = [
        Self::Path,
        Self::Relations,
        Self::Columns,
        Self::Parents,
        Self::Types,
        Self::Functions,
        Self::Names,
        Self::Settings,
    ];

    pub(super) fn at(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }
}

/// Run one after the other on one connection.
pub(super) const QUERIES: &[&str] = &[
    // Views are printed with every name qualified only when no schema is in the path. It holds for the gateway's own
    // connection, whose statements name everything in full.
    "SELECT pg_catalog.set_config('search_path', '', false)",
    // Relations of other sessions (pg_temp_3) mean nothing here. A view that was dropped a moment ago has no definition.
    "SELECT c.oid, n.nspname, c.relname, c.relkind, \
     CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c') \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
     AND n.nspname !~ '^pg_(toast_)?temp_' ORDER BY c.oid",
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, \
     pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c') AND a.attnum > 0 AND NOT a.attisdropped \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
     AND n.nspname !~ '^pg_(toast_)?temp_' ORDER BY a.attrelid, a.attnum",
    "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i ORDER BY i.inhrelid, i.inhseqno",
    // int2vector and oidvector call themselves arrays and are not written like ones.
    "SELECT t.oid, t.typtype, t.typcategory, t.typbasetype, t.typrelid, t.typelem, t.typname \
     FROM pg_catalog.pg_type t WHERE (t.typtype IN ('d', 'e', 'c', 'r', 'm') OR t.typcategory = 'A' OR t.oid >= 16384) \
     AND t.oid NOT IN (22, 30) ORDER BY t.oid",
    // Whether it is code of an extension: anybody may write SQL and call it immutable. An aggregate always promises to change
    // nothing, so what counts is what the functions promise that it is made of.
    "SELECT p.oid, n.nspname, p.proname, CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_aggregate a, pg_catalog.pg_proc f \
     WHERE a.aggfnoid = p.oid AND f.provolatile = 'v' AND f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, \
     a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)) THEN 'v' ELSE p.provolatile END, p.prorettype, \
     p.prolang IN (SELECT l.oid FROM pg_catalog.pg_language l WHERE l.lanname IN ('c', 'internal')) \
     AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objid = p.oid \
     AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass), \
     CASE WHEN p.oid >= 16384 THEN p.xmin::text END \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace ORDER BY p.oid",
    // What things are called. A client that reads a catalog may read these.
    "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_' \
     UNION SELECT relname::text FROM pg_catalog.pg_class UNION SELECT attname::text FROM pg_catalog.pg_attribute \
     UNION SELECT typname::text FROM pg_catalog.pg_type UNION SELECT proname::text FROM pg_catalog.pg_proc \
     UNION SELECT pg_catalog.unnest(proargnames)::text FROM pg_catalog.pg_proc \
     UNION SELECT conname::text FROM pg_catalog.pg_constraint UNION SELECT tgname::text FROM pg_catalog.pg_trigger \
     UNION SELECT rulename::text FROM pg_catalog.pg_rewrite UNION SELECT polname::text FROM pg_catalog.pg_policy \
     UNION SELECT rolname::text FROM pg_catalog.pg_roles UNION SELECT spcname::text FROM pg_catalog.pg_tablespace \
     UNION SELECT datname::text FROM pg_catalog.pg_database \
     UNION SELECT datcollate::text FROM pg_catalog.pg_database UNION SELECT datctype::text FROM pg_catalog.pg_database \
     UNION SELECT pg_catalog.pg_encoding_to_char(encoding)::text FROM pg_catalog.pg_database \
     UNION SELECT amname::text FROM pg_catalog.pg_am UNION SELECT lanname::text FROM pg_catalog.pg_language \
     UNION SELECT extname::text FROM pg_catalog.pg_extension UNION SELECT collname::text FROM pg_catalog.pg_collation \
     UNION SELECT opcname::text FROM pg_catalog.pg_opclass UNION SELECT opfname::text FROM pg_catalog.pg_opfamily \
     UNION SELECT cfgname::text FROM pg_catalog.pg_ts_config UNION SELECT dictname::text FROM pg_catalog.pg_ts_dict \
     UNION SELECT evtname::text FROM pg_catalog.pg_event_trigger UNION SELECT pubname::text FROM pg_catalog.pg_publication \
     UNION SELECT fdwname::text FROM pg_catalog.pg_foreign_data_wrapper \
     UNION SELECT srvname::text FROM pg_catalog.pg_foreign_server",
    "SELECT s.name, s.setting, s.boot_val, s.reset_val, s.unit, s.category, s.short_desc, s.extra_desc, \
     pg_catalog.array_to_string(s.enumvals, ','), pg_catalog.current_setting(s.name, true) FROM pg_catalog.pg_settings s",
];

/// One row that changes whenever an answer to one of the others does. Rows of system catalogs are never overwritten: a
/// change makes a new version, whose transaction is younger than all before.
pub(super) const PULSE: &str = "SELECT \
     (SELECT count(*) || ' ' || sum(c.xmin::text::bigint) FROM pg_catalog.pg_class c WHERE c.relnamespace <> 99), \
     (SELECT count(*) || ' ' || sum(a.xmin::text::bigint) FROM pg_catalog.pg_attribute a WHERE a.attrelid >= 16384), \
     (SELECT count(*) || ' ' || coalesce(sum(i.xmin::text::bigint), 0) FROM pg_catalog.pg_inherits i), \
     (SELECT count(*) || ' ' || sum(t.xmin::text::bigint) FROM pg_catalog.pg_type t), \
     (SELECT count(*) || ' ' || sum(p.xmin::text::bigint) FROM pg_catalog.pg_proc p), \
     (SELECT count(*) || ' ' || sum(r.xmin::text::bigint) FROM pg_catalog.pg_rewrite r), \
     (SELECT count(*) || ' ' || sum(n.xmin::text::bigint) FROM pg_catalog.pg_namespace n)";
