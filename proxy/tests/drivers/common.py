"""What the drivers in Python share: cases come in, results go out, one line of JSON each."""

import json
import os
import sys

HOST, PORT = "127.0.0.1", int(os.environ["PGPORT"])
USER, PASSWORD, DATABASE = os.environ["PGUSER"], os.environ["PGPASSWORD"], os.environ["PGDATABASE"]


class Unsupported(Exception):
    """The driver has no such thing."""


def cases():
    with open(os.environ["MATRIX"], encoding="utf-8") as file:
        return json.load(file)["cases"]


def cells(rows):
    return [[None if cell is None else str(cell) for cell in row] for row in rows]


def tell(mode, case, run):
    told = {"case": case["name"], "mode": mode}
    try:
        told["got"] = run()
    except Unsupported as why:
        told["unsupported"] = str(why)
    except Exception as error:  # the test compares it
        told["failed"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told))
    sys.stdout.flush()
