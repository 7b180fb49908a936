"""psycopg 3."""

import datetime
import decimal
import ipaddress
import re
import sys
import threading
import time
import uuid

import psycopg
from psycopg.types.range import Range

from common import DATABASE, HOST, PASSWORD, PORT, USER, Unsupported, cases, cells, tell


# What a value of a type is in Python.
TYPES = {
    "bool": bool, "bytea": bytes, "name": str, "int2": int, "int4": int, "int8": int, "text": str, "varchar": str, "bpchar": str,
    "float4": float, "float8": float, "numeric": decimal.Decimal, "xml": (str, bytes), "date": datetime.date, "time": datetime.time,
    "timestamp": datetime.datetime, "timestamptz": datetime.datetime, "interval": datetime.timedelta, "uuid": uuid.UUID,
    "inet": (ipaddress.IPv4Address, ipaddress.IPv4Interface), "cidr": ipaddress.IPv4Network, "_text": list, "_date": list,
    "daterange": Range, "tstzrange": Range, "int4range": Range,
}


def decoded(cursor):
    """The rows, once each cell is known to be of its column's type."""
    rows, null = cursor.fetchall(), []
    for row in rows:
        for cell, column in zip(row, cursor.description):
            known = psycopg.adapters.types.get(column.type_code)
            array = known is not None and known.array_oid == column.type_code
            expected = TYPES.get(("_" if array else "") + known.name) if known else None
            if cell is None:
                null.append(column.name)
            elif expected and not isinstance(cell, expected):
                raise TypeError(f"{column.name} is {type(cell).__name__}")
    print(f"psycopg: null are {null}", file=sys.stderr)
    return rows


def placeholders(sql):
    return re.sub(r"\$\d+", "%s", sql)


def main():
    info = f"host={HOST} port={PORT} user={USER} password={PASSWORD} dbname={DATABASE} sslmode=disable"
    for binary in (False, True):
        with psycopg.connect(info, autocommit=True) as connection:
            for case in cases():
                tell("binary" if binary else "text", case, lambda: run(connection, case, binary))


def run(connection, case, binary):
    sql, what = case.get("sql"), case["do"]
    execute = lambda params=None, **more: connection.execute(placeholders(sql), params, binary=binary, **more)
    if what == "query":
        return cells(decoded(execute(case["params"])))
    if what == "prepared":
        return [cells(execute(params, prepare=True).fetchall())[0] for params in case["params"]]
    if what == "pipeline":
        with connection.pipeline():
            cursors = [execute(params) for params in case["params"]]
            return [cells(cursor.fetchall())[0] for cursor in cursors]
    if what == "copy_out":
        with connection.cursor().copy(sql + (" (FORMAT binary)" if binary else "")) as copy:
            return b"".join(bytes(piece) for piece in copy).decode("latin-1")
    if what == "copy_in":
        table, columns = case["table"], ", ".join(case["columns"])
        connection.execute(f"TRUNCATE {table}")
        form = " (FORMAT binary)" if binary else ""
        with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN{form}") as copy:
            copy.set_types(["int4", "text"])
            for row in case["rows"]:
                copy.write_row(row)
        return cells(connection.execute(case["then"], binary=binary).fetchall())
    if what == "cursor":
        count = 0
        with connection.transaction(), connection.cursor("portions", binary=binary) as cursor:
            cursor.itersize = case["size"]
            cursor.execute(sql)
            for _ in cursor:
                count += 1
        return [[str(count)]]
    if what == "cancel":
        threading.Thread(target=lambda: (time.sleep(0.5), connection.cancel_safe())).start()
        return [[code(execute)]]
    if what == "error":
        return [[code(execute)]]
    if what == "transaction":
        connection.execute("BEGIN")
        codes = [[code(execute)], [code(lambda: connection.execute("SELECT 1 AS one"))]]
        connection.execute("ROLLBACK")
        return codes
    raise Unsupported(what)


def code(run):
    try:
        run()
    except psycopg.Error as error:
        return error.sqlstate
    return "no error"


main()
