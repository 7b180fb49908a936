-- One text a line, as a client would send it; \n is a line end.
-- Reading
SELECT 1
SELECT 1, 'two', 3.0, NULL, true
SELECT * FROM patients
SELECT * FROM patients WHERE id = 7
SELECT p.* FROM patients p
SELECT id, upper(name) FROM patients ORDER BY 2 DESC LIMIT 3 OFFSET 1
SELECT DISTINCT ON (born) id, born FROM patients ORDER BY born, id
SELECT count(*) FROM patients
SELECT count(DISTINCT note), min(id), max(id), avg(id), sum(id) FROM encounters
SELECT note, count(*) FROM encounters GROUP BY note HAVING count(*) > 1
SELECT note, id, grouping(note) FROM encounters GROUP BY ROLLUP (note, id)
SELECT note, id FROM encounters GROUP BY CUBE (note, id)
SELECT id FROM encounters GROUP BY GROUPING SETS ((id), ())
SELECT id, row_number() OVER (PARTITION BY note ORDER BY id) FROM encounters
SELECT id, lag(id) OVER w, lead(id, 2, 0) OVER w FROM encounters WINDOW w AS (ORDER BY id)
SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM encounters
SELECT p.name, e.note FROM patients p JOIN encounters e ON e.patient_id = p.id
SELECT p.name, e.note FROM patients p LEFT JOIN encounters e USING (id)
SELECT * FROM patients NATURAL JOIN encounters
SELECT * FROM patients p CROSS JOIN LATERAL (SELECT note FROM encounters e WHERE e.patient_id = p.id LIMIT 1) l
SELECT * FROM patients FULL OUTER JOIN encounters ON patients.id = encounters.id
SELECT name FROM patients WHERE id IN (SELECT patient_id FROM encounters)
SELECT name FROM patients p WHERE EXISTS (SELECT FROM encounters e WHERE e.patient_id = p.id)
SELECT name FROM patients WHERE id = ANY (ARRAY[1, 2, 3])
SELECT name FROM patients WHERE id > ALL (SELECT 3)
SELECT (SELECT max(id) FROM patients)
SELECT ARRAY(SELECT id FROM patients ORDER BY id)
WITH a AS (SELECT id FROM patients) SELECT * FROM a
WITH a AS MATERIALIZED (SELECT id FROM patients), b AS NOT MATERIALIZED (SELECT id FROM a) SELECT count(*) FROM b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n
WITH RECURSIVE n(i) AS (VALUES (1) UNION SELECT i + 1 FROM n WHERE i < 5) CYCLE i SET done USING path SELECT * FROM n
SELECT id FROM patients UNION SELECT id FROM encounters
SELECT id FROM patients INTERSECT ALL SELECT id FROM encounters EXCEPT SELECT 1
(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1
VALUES (1, 'a'), (2, 'b')
TABLE patients
TABLE ONLY letters
SELECT * FROM ONLY patients
SELECT * FROM letters
SELECT * FROM letters_one
SELECT * FROM listing
SELECT * FROM simple WHERE id < 4
SELECT * FROM counted
SELECT * FROM patients TABLESAMPLE BERNOULLI (50) REPEATABLE (1)
SELECT * FROM patients TABLESAMPLE SYSTEM (10)
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g(v, n)
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS u(a, b)
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r(a, b)
SELECT generate_series(1, 3), unnest(ARRAY['x', 'y'])
SELECT * FROM json_to_recordset('[{"a": 1}]') AS x(a int)
SELECT * FROM jsonb_each('{"a": 1, "b": 2}')
SELECT * FROM xmltable('/a/b' PASSING '<a><b>1</b></a>' COLUMNS b int PATH '.')
SELECT '{"a": {"b": 1}}'::jsonb #>> '{a,b}', '{"a": 1}'::jsonb ? 'a', jsonb_path_query('{"a": [1, 2]}', '$.a[*]')
SELECT to_json(p), row_to_json(p), to_jsonb(p) FROM patients p LIMIT 1
SELECT json_agg(p), jsonb_object_agg(p.id, p.name) FROM patients p
SELECT json_build_object('a', id, 'b', name) FROM patients LIMIT 2
SELECT array_agg(id ORDER BY id DESC) FILTER (WHERE id < 5) FROM patients
SELECT string_agg(name, ', ' ORDER BY name) FROM patients
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM patients
SELECT mode() WITHIN GROUP (ORDER BY note) FROM encounters
SELECT rank(3) WITHIN GROUP (ORDER BY id) FROM patients
SELECT (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[1:2], array_length(ARRAY[1, 2], 1)
SELECT ROW(1, 'a'), (p).name FROM patients p LIMIT 1
SELECT p FROM patients p LIMIT 1
SELECT CASE WHEN id < 3 THEN 'few' ELSE 'many' END FROM patients
SELECT coalesce(NULL, 1), nullif(1, 1), greatest(1, 2), least(1, 2)
SELECT id BETWEEN 1 AND 3, id NOT IN (1, 2), name LIKE 'N%', name ILIKE 'n%', name SIMILAR TO 'N%', name ~ '^N' FROM patients LIMIT 1
SELECT 'a' || 'b', 1 + 2 * 3 - 4 / 2 % 3, 2 ^ 10, |/ 4, @ -1, 5 & 3, 5 | 3, 5 # 3, ~1, 1 << 2
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT 'abc' COLLATE "C" < 'abd'
SELECT CAST('1' AS int), '1'::int, int '1', float8 '1.5', date '2026-01-01', interval '1 day'
SELECT now(), current_date, current_timestamp, localtime, clock_timestamp(), statement_timestamp(), transaction_timestamp()
SELECT extract(year FROM born), date_part('month', born), date_trunc('year', born::timestamp), age(born) FROM patients LIMIT 1
SELECT born AT TIME ZONE 'UTC' FROM patients LIMIT 1
SELECT to_char(born, 'YYYY-MM-DD'), to_date('2026-01-01', 'YYYY-MM-DD'), to_timestamp(0), make_date(2026, 1, 1) FROM patients LIMIT 1
SELECT (date '2026-01-01', interval '1 day') OVERLAPS (date '2026-01-02', interval '1 day')
SELECT lower('A'), upper('a'), initcap('a b'), length('abc'), char_length('abc'), octet_length('abc'), bit_length('abc')
SELECT substring('abc' FROM 2 FOR 1), substring('abc' FROM '.c'), overlay('abc' PLACING 'x' FROM 2), position('b' IN 'abc'), trim(BOTH 'x' FROM 'xax')
SELECT left('abc', 2), right('abc', 2), lpad('a', 3), rpad('a', 3), repeat('a', 3), reverse('abc'), replace('abc', 'b', 'x'), translate('abc', 'ab', 'xy')
SELECT split_part('a,b', ',', 2), string_to_array('a,b', ','), regexp_replace('abc', 'b', 'x'), regexp_matches('abc', '(b)'), regexp_split_to_array('a b', ' ')
SELECT md5('a'), sha256('a'), encode('a', 'hex'), decode('61', 'hex'), convert_to('a', 'UTF8'), convert_from('a', 'UTF8'), ascii('a'), chr(97)
SELECT format('%s %I %L', 1, 'a', 'b'), quote_ident('a b'), quote_literal('a'), quote_nullable(NULL)
SELECT abs(-1), ceil(1.2), floor(1.8), round(1.25, 1), trunc(1.9), sqrt(4), exp(1), ln(2), log(10), power(2, 3), mod(5, 3), div(7, 2), sign(-1), pi()
SELECT random() < 2, gen_random_uuid() IS NOT NULL
SELECT int4range(1, 5) @> 3, lower(int4range(1, 5)), '[1,2]'::int4range * '[2,3]'::int4range, int4multirange(int4range(1, 2))
SELECT point(1, 2) <-> point(3, 4), box '((0,0),(1,1))' && box '((1,1),(2,2))', area(circle '((0,0),1)')
SELECT inet '10.0.0.1' << inet '10.0.0.0/8', host(inet '10.0.0.1/8'), masklen(cidr '10.0.0.0/8'), macaddr '08:00:2b:01:02:03'
SELECT to_tsvector('english', 'the cats') @@ to_tsquery('english', 'cat'), ts_rank(to_tsvector('a'), to_tsquery('a')), plainto_tsquery('a b')
SELECT xmlelement(name a, 1), xmlforest(1 AS a), xpath('/a', '<a/>'), xmlparse(CONTENT '<a/>'), xmlserialize(CONTENT xmlelement(name a) AS text)
SELECT 'well'::mood, enum_first(NULL::mood), enum_range(NULL::mood)
SELECT 'short'::short
SELECT pg_typeof(1), version(), current_user, session_user, current_database(), current_schema(), current_schemas(true)
SELECT current_setting('server_version'), current_setting('nobody.knows', true), pg_backend_pid() > 0, inet_client_addr() IS NULL
SELECT pg_size_pretty(pg_relation_size('patients')), pg_total_relation_size('patients') > 0, pg_database_size('clinic') > 0
SELECT pg_get_viewdef('listing'::regclass), pg_get_constraintdef(oid) FROM pg_constraint LIMIT 1
SELECT pg_get_functiondef('risk(int)'::regprocedure), pg_get_function_result('risk(int)'::regprocedure)
SELECT obj_description('patients'::regclass), col_description('patients'::regclass, 1), format_type(23, NULL)
SELECT has_table_privilege('patients', 'SELECT'), has_schema_privilege('evil', 'USAGE'), pg_has_role('postgres', 'USAGE')
SELECT to_regclass('nothing'), 'patients'::regclass::oid > 0, pg_table_is_visible('patients'::regclass)
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = 'clinical'
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'patients' ORDER BY ordinal_position
SELECT risk(1)
SELECT clinical.risk(id) FROM patients WHERE id < 3
SELECT plus_one(1), clinical.plus_one(2)
SELECT gathered(name) FROM patients
SELECT * FROM risk(1)
SELECT id FROM patients WHERE risk(id) > 0
SELECT id FROM patients ORDER BY plus_one(id)
SELECT pg_column_size(1), pg_column_compression('a'), num_nulls(1, NULL), num_nonnulls(1)
SELECT width_bucket(5, 0, 10, 5), bit_and(id), bool_or(id > 1), every(id > 0), corr(id, id), stddev(id), variance(id) FROM patients
SELECT regr_slope(id, id), covar_pop(id, id) FROM patients
SELECT txid_current_if_assigned(), pg_current_xact_id_if_assigned(), pg_current_snapshot() IS NOT NULL
SELECT currval('numbers') IS NULL
SELECT last_value FROM numbers
SELECT 'DELETE FROM patients'
SELECT $$ DROP TABLE patients; $$
SELECT $x$ UPDATE patients SET name = 'x' $x$ AS "DELETE FROM patients"
SELECT 1 /* ; DELETE FROM patients */
SELECT 1 -- ; DELETE FROM patients\n + 1
SELECT E'it''s \\n', U&'\0061', B'101', X'1F', N'a'
SELECT "id" AS "select" FROM "patients" WHERE "name" <> 'insert'
SELECT id AS delete FROM patients LIMIT 1
select/**/id/**/from/**/patients/**/limit/**/1
SeLeCt Id FrOm PaTiEnTs LiMiT 1
SELECT id FROM patients FETCH FIRST 2 ROWS WITH TIES
SELECT id FROM patients ORDER BY id FETCH FIRST 2 ROWS WITH TIES
SELECT id FROM patients ORDER BY name USING < NULLS FIRST LIMIT ALL
SELECT FROM patients
SELECT ALL id FROM patients
SELECT * FROM (VALUES (1, 'a')) AS v(n, t)
SELECT * FROM (SELECT 1 UNION SELECT 2) AS u(n) WHERE n > 1
SELECT a.id FROM (patients a JOIN encounters b ON a.id = b.id) JOIN patients c ON c.id = b.id
SELECT name FROM patients WHERE (id, mrn) = (1, 'M1')
SELECT name FROM patients WHERE (id, mrn) IN (VALUES (1, 'M1'))
SELECT name FROM patients WHERE id IS DISTINCT FROM 1 AND name IS NOT NULL AND (id > 1) IS TRUE
SELECT xmin, ctid, tableoid::regclass, id FROM patients LIMIT 1
SELECT name FROM patients WHERE ctid = '(0,1)'
SELECT pg_catalog.lower(name) FROM clinic.clinical.patients
EXPLAIN SELECT * FROM patients
EXPLAIN (COSTS off, FORMAT JSON) SELECT * FROM patients
EXPLAIN ANALYZE SELECT * FROM patients
EXPLAIN (ANALYZE, BUFFERS, TIMING off) SELECT risk(1)
EXPLAIN DELETE FROM patients
EXPLAIN INSERT INTO patients (id) VALUES (99)
EXPLAIN UPDATE patients SET name = 'x'
EXPLAIN SELECT tidy_up()
EXPLAIN CREATE TABLE nothing AS SELECT 1
COPY patients TO STDOUT
COPY patients (id, name) TO STDOUT WITH (FORMAT csv, HEADER)
COPY (SELECT id FROM patients) TO STDOUT
BEGIN; DECLARE c CURSOR FOR SELECT id FROM patients; FETCH 2 FROM c; MOVE 1 IN c; CLOSE c; COMMIT
BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id FROM patients; FETCH LAST FROM c; COMMIT; CLOSE c
BEGIN READ ONLY; SELECT 1; COMMIT
START TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM patients; ROLLBACK
BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a; COMMIT AND CHAIN; ROLLBACK
SHOW ALL
SHOW server_version
SHOW TRANSACTION ISOLATION LEVEL
SET statement_timeout = '5s'
SET TIME ZONE 'UTC'
RESET statement_timeout
SET TRANSACTION READ ONLY
PREPARE reading AS SELECT id FROM patients WHERE id = $1
DEALLOCATE ALL
DISCARD PLANS
CLOSE ALL
SELECT 1; SELECT 2; SELECT 3
SELECT 1;
;
SELECT 1;;
SELECT nothing FROM patients
SELECT * FROM no_such_table
SELECT 1 / 0
SELECT 'x'::int
SELECT no_such_function(1)
-- Writing, as it is
INSERT INTO patients (id, mrn, name) VALUES (100, 'M100', 'a')
INSERT INTO patients (id, name) VALUES (101, 'a'), (102, 'b') RETURNING id
INSERT INTO patients SELECT 103, 'M103', 'a', NULL, NULL
INSERT INTO patients (id, name) SELECT id + 500, note FROM encounters
INSERT INTO patients (id, name) VALUES (100, 'again')
INSERT INTO patients (id, name) VALUES (100, 'again') ON CONFLICT DO NOTHING
INSERT INTO patients (id, name) VALUES (100, 'again') ON CONFLICT (id) DO UPDATE SET name = excluded.name
INSERT INTO letters (body) VALUES ('one'), ('two')
INSERT INTO letters OVERRIDING SYSTEM VALUE VALUES (2000, 'x', now())
INSERT INTO simple (id, note) VALUES (200, 'by a view')
INSERT INTO told VALUES (1)
INSERT INTO letters DEFAULT VALUES
INSERT INTO patients (id) SELECT id + 1000 FROM patients WHERE id < 3
WITH a AS (SELECT 104 AS id) INSERT INTO patients (id) SELECT id FROM a
UPDATE patients SET name = 'b' WHERE id = 100
UPDATE patients SET name = name
UPDATE patients SET (name, ssn) = ('c', NULL) WHERE id = 101
UPDATE patients SET name = (SELECT max(note) FROM encounters) WHERE id = 102
UPDATE patients p SET name = e.note FROM encounters e WHERE e.patient_id = p.id RETURNING p.id
UPDATE ONLY patients SET born = DEFAULT WHERE id = 100
UPDATE simple SET note = 'x' WHERE id = 2
UPDATE letters SET id = DEFAULT WHERE body = 'one'
DELETE FROM encounters WHERE id = 40
DELETE FROM patients WHERE id > 1000
DELETE FROM patients USING encounters e WHERE e.id = patients.id AND patients.id = 39
DELETE FROM simple WHERE id = 38
DELETE FROM letters WHERE body = 'two' RETURNING *
MERGE INTO patients p USING encounters e ON p.id = e.id WHEN MATCHED THEN UPDATE SET name = 'm' WHEN NOT MATCHED THEN INSERT (id) VALUES (e.id)
MERGE INTO patients p USING (SELECT 100 AS id) s ON p.id = s.id WHEN MATCHED THEN DELETE
MERGE INTO patients p USING (SELECT 1 AS id) s ON p.id = s.id WHEN MATCHED THEN DO NOTHING
TRUNCATE told
TRUNCATE letters_rest RESTART IDENTITY
COPY patients FROM STDIN
COPY letters (body) FROM STDIN WITH (FORMAT csv)
-- Writing that looks like reading
WITH d AS (DELETE FROM encounters WHERE id = 37 RETURNING *) SELECT * FROM d
WITH u AS (UPDATE patients SET name = 'w' WHERE id = 1 RETURNING id) SELECT 1
WITH i AS (INSERT INTO letters (body) VALUES ('w')) SELECT 1
WITH a AS (SELECT 1), i AS (INSERT INTO letters (body) SELECT 'x' FROM a RETURNING id) TABLE i
WITH i AS (INSERT INTO letters (body) VALUES ('v') RETURNING 1) VALUES (1)
WITH RECURSIVE n(i) AS (SELECT 1), d AS (DELETE FROM encounters WHERE id IN (SELECT i + 35 FROM n)) SELECT * FROM n
SELECT * INTO TEMP taken FROM patients
SELECT 1 AS a INTO taken_too
SELECT 1 AS a INTO UNLOGGED taken_three
SELECT 1 AS a INTO taken_four UNION SELECT 2
CREATE TABLE made AS SELECT * FROM patients
CREATE TABLE made_too AS TABLE patients WITH NO DATA
CREATE TEMP TABLE made_here (a int)
CREATE TEMP TABLE IF NOT EXISTS made_here (a int)
CREATE MATERIALIZED VIEW seen AS SELECT 1
CREATE VIEW seen_too AS SELECT 1
CREATE TEMP VIEW seen_here AS SELECT 1
EXPLAIN ANALYZE INSERT INTO letters (body) VALUES ('explained')
EXPLAIN (ANALYZE) UPDATE patients SET name = 'e' WHERE id = 2
EXPLAIN (VERBOSE, ANALYZE on) DELETE FROM encounters WHERE id = 35
EXPLAIN (ANALYZE 1) WITH d AS (DELETE FROM encounters WHERE id = 34 RETURNING 1) SELECT * FROM d
EXPLAIN (ANALYZE off, ANALYZE on) INSERT INTO letters (body) VALUES ('twice')
explain/**/analyze/**/insert into letters (body) values ('e')
EXPLAIN ANALYZE CREATE TABLE explained AS SELECT 1
EXPLAIN ANALYZE SELECT noisy('explained')
COPY (INSERT INTO letters (body) VALUES ('copied') RETURNING id) TO STDOUT
COPY (WITH d AS (DELETE FROM encounters WHERE id = 33 RETURNING 1) SELECT * FROM d) TO STDOUT
COPY (SELECT noisy('copied')) TO STDOUT
SELECT 1; INSERT INTO letters (body) VALUES ('second')
SELECT 1;;; INSERT INTO letters (body) VALUES ('third');
SELECT 1 /* /* */ */; INSERT INTO letters (body) VALUES ('nested')
SELECT 1 --\n; INSERT INTO letters (body) VALUES ('line')
SELECT $a$ $b$ $a$; INSERT INTO letters (body) VALUES ('dollar') --$a$
SELECT E'\''; INSERT INTO letters (body) VALUES ('escape'); --'
SELECT '\'; INSERT INTO letters (body) VALUES ('backslash'); --'
BEGIN READ ONLY; COMMIT; INSERT INTO letters (body) VALUES ('after'); SELECT 1
BEGIN; INSERT INTO letters (body) VALUES ('undone'); ROLLBACK
BEGIN; SAVEPOINT a; INSERT INTO letters (body) VALUES ('undone'); ROLLBACK TO a; SELECT 1; COMMIT
INSERT INTO letters (body) VALUES ('undone'); SELECT 1 / 0
SELECT * FROM patients WHERE id = 1 FOR UPDATE
SELECT * FROM patients WHERE id = 1 FOR SHARE
SELECT * FROM patients WHERE id = 1 FOR NO KEY UPDATE NOWAIT
SELECT * FROM patients WHERE id = 1 FOR KEY SHARE SKIP LOCKED
SELECT * FROM (SELECT * FROM patients WHERE id = 2 FOR UPDATE) x
WITH a AS (SELECT * FROM patients WHERE id = 3 FOR UPDATE) SELECT 1 FROM a
SELECT * FROM simple WHERE id = 1 FOR UPDATE
DECLARE c CURSOR WITH HOLD FOR SELECT noisy('held')
BEGIN; DECLARE d CURSOR FOR SELECT noisy('fetched'); FETCH ALL FROM d; COMMIT
BEGIN; DECLARE e CURSOR FOR SELECT id FROM patients WHERE id = 1 FOR UPDATE; FETCH 1 FROM e; UPDATE patients SET name = 'at' WHERE CURRENT OF e; COMMIT
PREPARE writing AS INSERT INTO letters (body) VALUES ('prepared')
EXECUTE writing
DO $$ BEGIN INSERT INTO clinical.letters (body) VALUES ('done'); END $$
DO 'BEGIN NULL; END'
CALL sweep()
-- Functions, operators and casts that do more than they look like
SELECT tidy_up()
SELECT clinical.tidy_up()
SELECT "tidy_up"()
SELECT U&"tidy\005Fup"()
SELECT TIDY_UP()
SELECT * FROM tidy_up()
SELECT * FROM patients, tidy_up() LIMIT 1
SELECT * FROM LATERAL (SELECT tidy_up()) x
SELECT * FROM ROWS FROM (generate_series(1, 2), tidy_up()) x
SELECT (SELECT tidy_up())
SELECT CASE WHEN true THEN tidy_up() END
SELECT 1 WHERE tidy_up() IS NOT NULL
SELECT 1 FROM patients WHERE id = 1 ORDER BY tidy_up()
SELECT 1 LIMIT tidy_up()
SELECT 1 OFFSET tidy_up()
SELECT count(*) FILTER (WHERE tidy_up() > 0) FROM patients
SELECT sum(tidy_up()) OVER () FROM patients LIMIT 1
SELECT 1 GROUP BY tidy_up()
SELECT 1 HAVING tidy_up() > 0
SELECT max(id) FROM patients HAVING tidy_up() > 0
VALUES (tidy_up())
SELECT ARRAY[tidy_up()]
SELECT ROW(tidy_up())
SELECT coalesce(NULL, tidy_up())
SELECT tidy_up() UNION SELECT 1
WITH a AS (SELECT tidy_up()) SELECT * FROM a
SELECT DISTINCT ON (tidy_up()) 1
SELECT noisy(name) FROM patients WHERE id = 1
SELECT noisily(name) FROM patients WHERE id < 3
SELECT evil.lower('A')
SELECT evil.lower(name) FROM patients WHERE id = 1
SELECT 1 OPERATOR(evil.+) 2
SELECT 'well'::mood::int
SELECT CAST('ill'::mood AS int)
SET search_path = evil, pg_catalog; SELECT lower('A')
SET search_path = evil, clinical, pg_catalog
SELECT lower('A')
SELECT 1 + 2
RESET search_path
SELECT nextval('numbers')
SELECT setval('numbers', 100)
SELECT nextval('clinical.numbers'::regclass)
SELECT lo_create(0)
SELECT lo_from_bytea(0, 'x')
SELECT lo_unlink(loid) FROM (SELECT oid AS loid FROM pg_largeobject_metadata LIMIT 1) x
SELECT pg_notify('channel', 'said')
SELECT txid_current()
SELECT pg_current_xact_id()
SELECT pg_advisory_lock(1)
SELECT set_config('search_path', 'evil', false)
RESET ALL
SELECT query_to_xml('INSERT INTO clinical.letters (body) VALUES (''xml'') RETURNING 1', true, true, '')
SELECT xmlparse(CONTENT query_to_xml('SELECT clinical.noisy(''x'')', true, true, '')::text)
SELECT * FROM ts_stat('SELECT to_tsvector(clinical.noisy(''a''))')
SELECT pg_logical_emit_message(true, 'a', 'b')
SELECT pg_logical_emit_message(false, 'a', 'b')
SELECT pg_create_restore_point('here')
SELECT pg_switch_wal() IS NOT NULL
SELECT pg_stat_reset()
SELECT gin_clean_pending_list('patients_pkey'::regclass)
SELECT brin_summarize_new_values('patients_pkey'::regclass)
SELECT pg_import_system_collations('pg_catalog')
SELECT pg_extension_config_dump('patients', '')
SELECT pg_create_logical_replication_slot('slot', 'test_decoding')
SELECT pg_drop_replication_slot('slot')
SELECT pg_replication_origin_create('origin')
SELECT pg_replication_origin_drop('origin')
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')
-- Definitions, rights, upkeep, channels
CREATE TABLE plain (a int PRIMARY KEY, b text)
CREATE UNLOGGED TABLE unlogged (a int)
CREATE TABLE like_it (LIKE patients INCLUDING ALL)
CREATE TABLE inheriting () INHERITS (plain)
CREATE TYPE composite AS (a int, b text)
CREATE TABLE typed OF composite
CREATE INDEX ON plain (b)
CREATE UNIQUE INDEX CONCURRENTLY on_plain ON plain (b)
REINDEX TABLE plain
CLUSTER plain USING plain_pkey
ANALYZE plain
VACUUM plain
ALTER TABLE plain ADD COLUMN c int DEFAULT 1
ALTER TABLE plain RENAME COLUMN c TO d
ALTER TABLE plain ENABLE ROW LEVEL SECURITY
CREATE POLICY all_of_it ON plain USING (true)
CREATE RULE nothing AS ON DELETE TO plain DO INSTEAD NOTHING
CREATE SEQUENCE more_numbers
ALTER SEQUENCE more_numbers RESTART
CREATE FUNCTION of_mine() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION of_mine() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 2; END
ALTER FUNCTION of_mine() STABLE
CREATE TRIGGER more BEFORE DELETE ON plain FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
CREATE SCHEMA another CREATE TABLE inside (a int)
CREATE ROLE somebody
GRANT SELECT ON patients TO somebody
REVOKE SELECT ON patients FROM somebody
ALTER ROLE somebody SET search_path = evil
COMMENT ON TABLE patients IS 'people'
ALTER DATABASE clinic SET work_mem = '5MB'
CREATE STATISTICS more_of ON id, name FROM patients
CREATE PUBLICATION published FOR TABLE patients
CREATE COLLATION bytes FROM "C"
CREATE EVENT TRIGGER watching ON ddl_command_start EXECUTE FUNCTION no_such()
REFRESH MATERIALIZED VIEW counted
BEGIN; LOCK TABLE patients IN SHARE MODE; COMMIT
BEGIN; LOCK TABLE patients; COMMIT
LISTEN channel
NOTIFY channel, 'said'
UNLISTEN *
SET ROLE somebody
RESET ROLE
SET SESSION AUTHORIZATION DEFAULT
SET session_replication_role = replica
RESET session_replication_role
CHECKPOINT
ALTER SYSTEM SET work_mem = '6MB'
PREPARE TRANSACTION 'both'
BEGIN; INSERT INTO letters (body) VALUES ('both'); PREPARE TRANSACTION 'both'
COMMIT PREPARED 'both'
LOAD 'plpgsql'
DISCARD TEMP
DROP TABLE plain CASCADE
DROP FUNCTION of_mine()
DROP ROLE somebody
DROP SCHEMA another CASCADE
SELEC 1
SELECT '
INSERT INTO
