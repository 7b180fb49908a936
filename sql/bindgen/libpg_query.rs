pub const PG_QUERY_PARSE_MODE_BITS: u32 = 4;
pub const PG_QUERY_PARSE_MODE_BITMASK: u32 = 15;
pub const PG_QUERY_DISABLE_BACKSLASH_QUOTE: u32 = 16;
pub const PG_QUERY_DISABLE_STANDARD_CONFORMING_STRINGS: u32 = 32;
pub const PG_QUERY_DISABLE_ESCAPE_STRING_WARNING: u32 = 64;
pub const PG_QUERY_FINGERPRINT_DEFAULT: u32 = 0;
pub const PG_QUERY_FINGERPRINT_RANGEVAR_IGNORE_ALIASES: u32 = 1;
pub const PG_QUERY_FINGERPRINT_RANGEVAR_INCLUDE_SCHEMA: u32 = 2;
pub const PG_QUERY_FINGERPRINT_RANGEVAR_PG17_COMPAT: u32 = 3;
pub const PG_QUERY_FINGERPRINT_FULL_RELNAME: u32 = 16;
pub const PG_VERSION_NUM: u32 = 180006;
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PostgresDeparseComment {
    pub match_location: core::ffi::c_int,
    pub newlines_before_comment: core::ffi::c_int,
    pub newlines_after_comment: core::ffi::c_int,
    pub str_: *mut core::ffi::c_char,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PostgresDeparseOpts {
    pub comments: *mut *mut PostgresDeparseComment,
    pub comment_count: usize,
    pub pretty_print: bool,
    pub indent_size: core::ffi::c_int,
    pub max_line_length: core::ffi::c_int,
    pub trailing_newline: bool,
    pub commas_start_of_line: bool,
}

pub type PgQueryToken = core::ffi::c_uint;

pub type PgQueryKeywordKind = core::ffi::c_uint;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryError {
    pub message: *mut core::ffi::c_char,
    pub funcname: *mut core::ffi::c_char,
    pub filename: *mut core::ffi::c_char,
    pub lineno: core::ffi::c_int,
    pub cursorpos: core::ffi::c_int,
    pub context: *mut core::ffi::c_char,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryIsUtilityResult {
    pub length: core::ffi::c_int,
    pub items: *mut bool,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryProtobuf {
    pub len: usize,
    pub data: *mut core::ffi::c_char,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryScanResult {
    pub pbuf: PgQueryProtobuf,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryScanToken {
    pub start: core::ffi::c_int,
    pub end: core::ffi::c_int,
    pub token: PgQueryToken,
    pub keyword_kind: PgQueryKeywordKind,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryScanTokensResult {
    pub tokens: *mut PgQueryScanToken,
    pub n_tokens: core::ffi::c_int,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryParseResult {
    pub parse_tree: *mut core::ffi::c_char,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryProtobufParseResult {
    pub parse_tree: PgQueryProtobuf,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQuerySplitStmt {
    pub stmt_location: core::ffi::c_int,
    pub stmt_len: core::ffi::c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQuerySplitResult {
    pub stmts: *mut *mut PgQuerySplitStmt,
    pub n_stmts: core::ffi::c_int,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryDeparseResult {
    pub query: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryDeparseCommentsResult {
    pub comments: *mut *mut PostgresDeparseComment,
    pub comment_count: usize,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryPlpgsqlParseResult {
    pub plpgsql_funcs: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryFingerprintResult {
    pub fingerprint: u64,
    pub fingerprint_str: *mut core::ffi::c_char,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQueryNormalizeResult {
    pub normalized_query: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PgQuerySummaryParseResult {
    pub summary: PgQueryProtobuf,
    pub stderr_buffer: *mut core::ffi::c_char,
    pub error: *mut PgQueryError,
}

pub type PgQueryParseMode = core::ffi::c_uint;

extern "C" {
    pub fn pg_query_normalize(input: *const core::ffi::c_char) -> PgQueryNormalizeResult;
    pub fn pg_query_normalize_utility(
        input: *const core::ffi::c_char,
    ) -> PgQueryNormalizeResult;
    pub fn pg_query_scan(input: *const core::ffi::c_char) -> PgQueryScanResult;
    pub fn pg_query_scan_tokens(input: *const core::ffi::c_char) -> PgQueryScanTokensResult;
    pub fn pg_query_token_name(token: PgQueryToken) -> *const core::ffi::c_char;
    pub fn pg_query_keyword_kind_name(
        keyword_kind: PgQueryKeywordKind,
    ) -> *const core::ffi::c_char;
    pub fn pg_query_parse(input: *const core::ffi::c_char) -> PgQueryParseResult;
    pub fn pg_query_parse_opts(
        input: *const core::ffi::c_char,
        parser_options: core::ffi::c_int,
    ) -> PgQueryParseResult;
    pub fn pg_query_parse_protobuf(
        input: *const core::ffi::c_char,
    ) -> PgQueryProtobufParseResult;
    pub fn pg_query_parse_protobuf_opts(
        input: *const core::ffi::c_char,
        parser_options: core::ffi::c_int,
    ) -> PgQueryProtobufParseResult;
    pub fn pg_query_parse_plpgsql(
        input: *const core::ffi::c_char,
    ) -> PgQueryPlpgsqlParseResult;
    pub fn pg_query_fingerprint(input: *const core::ffi::c_char) -> PgQueryFingerprintResult;
    pub fn pg_query_fingerprint_opts(
        input: *const core::ffi::c_char,
        parser_options: core::ffi::c_int,
        fingerprint_options: core::ffi::c_int,
    ) -> PgQueryFingerprintResult;
    pub fn pg_query_split_with_scanner(input: *const core::ffi::c_char) -> PgQuerySplitResult;
    pub fn pg_query_split_with_parser(input: *const core::ffi::c_char) -> PgQuerySplitResult;
    pub fn pg_query_deparse_protobuf(parse_tree: PgQueryProtobuf) -> PgQueryDeparseResult;
    pub fn pg_query_deparse_protobuf_opts(
        parse_tree: PgQueryProtobuf,
        opts: PostgresDeparseOpts,
    ) -> PgQueryDeparseResult;
    pub fn pg_query_deparse_comments_for_query(
        query: *const core::ffi::c_char,
    ) -> PgQueryDeparseCommentsResult;
    pub fn pg_query_is_utility_stmt(query: *const core::ffi::c_char)
        -> PgQueryIsUtilityResult;
    pub fn pg_query_summary(
        input: *const core::ffi::c_char,
        parser_options: core::ffi::c_int,
        truncate_limit: core::ffi::c_int,
    ) -> PgQuerySummaryParseResult;
    pub fn pg_query_free_normalize_result(result: PgQueryNormalizeResult);
    pub fn pg_query_free_scan_result(result: PgQueryScanResult);
    pub fn pg_query_free_scan_tokens_result(result: PgQueryScanTokensResult);
    pub fn pg_query_free_parse_result(result: PgQueryParseResult);
    pub fn pg_query_free_split_result(result: PgQuerySplitResult);
    pub fn pg_query_free_deparse_result(result: PgQueryDeparseResult);
    pub fn pg_query_free_deparse_comments_result(result: PgQueryDeparseCommentsResult);
    pub fn pg_query_free_protobuf_parse_result(result: PgQueryProtobufParseResult);
    pub fn pg_query_free_plpgsql_parse_result(result: PgQueryPlpgsqlParseResult);
    pub fn pg_query_free_fingerprint_result(result: PgQueryFingerprintResult);
    pub fn pg_query_free_is_utility_result(result: PgQueryIsUtilityResult);
    pub fn pg_query_free_summary_parse_result(result: PgQuerySummaryParseResult);
    pub fn pg_query_exit();
    pub fn pg_query_init();
}