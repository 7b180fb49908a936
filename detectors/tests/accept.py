"""Reads redacted documents with parsers that know nothing of Blackbar, beside their originals.

    accept.py FOLDER      FOLDER/original/NAME and FOLDER/*/NAME; the ending of NAME says the format

Prints each document that its parser refuses or that has lost its form, without any of its content; exits 1 if there is one.
"""

import base64
import csv
import email
import io
import json
import pathlib
import sqlite3
import sys
import urllib.parse

import hl7
import lxml.etree
import lxml.html


def messages(text):
    """The numbers of fields of each segment of each message."""
    starts = text.split("MSH|")
    return [
        [(str(segment[0]), len(segment)) for segment in hl7.parse("MSH|" + one.strip("\r\n") + "\r")]
        for one in starts[1:]
    ]


def elements(root):
    return [(node.tag, sorted(node.attrib)) for node in root.iter() if isinstance(node.tag, str)]


def markup(text):
    if text.lstrip().lower().startswith("<!doctype html"):
        return elements(lxml.html.document_fromstring(text))
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
    return elements(lxml.etree.fromstring(text.encode(), parser))


def interchange(text):
    """The numbers of elements of each segment, by what the fixed header says."""
    assert text.startswith("ISA") and len(text) > 105
    element, end = text[3], text[105]
    assert text[:106].count(element) == 16 and text.rstrip().endswith(end)
    return [(part.split(element)[0].strip(), part.count(element)) for part in text.split(end)]


def table(text):
    head = text.split("\n")[0]
    sign = ";" if head.count(";") > head.count(",") else ","
    return [len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)]


def shape(value):
    if isinstance(value, dict):
        return [shape(inner) for inner in value.values()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return within(value) or None if isinstance(value, str) else None


def within(text):
    """Whether a string holds a message, JSON, or text in base64."""
    if text.startswith("MSH|"):
        return messages(text)
    if text.startswith("{"):
        return shape(json.loads(text))
    try:
        return len(text) > 12 and base64.b64decode(text, validate=True).decode() != ""
    except ValueError:
        return False


def parts(text):
    """The parts of an e-mail; each body must be what its encoding says."""
    walked = []
    for part in email.message_from_string(text).walk():
        if part.defects:
            raise ValueError("a part has defects")
        if not part.is_multipart():
            part.get_payload(decode=True).decode("utf-8")
        walked.append((part.get_content_type(), sorted(part.keys())))
    return walked


def statements(text):
    """The numbers of rows of each table after all statements were run."""
    database = sqlite3.connect(":memory:")
    database.executescript(text)
    names = [row[0] for row in database.execute("select name from sqlite_master order by name")]
    return [(name, database.execute(f"select count(*) from {name}").fetchone()[0]) for name in names]


FORMS = {
    "hl7": messages,
    "xml": markup,
    "x12": interchange,
    "csv": table,
    "tsv": lambda text: [line.count("\t") for line in text.split("\n")],
    "json": lambda text: shape(json.loads(text)),
    "ndjson": lambda text: [shape(json.loads(line)) for line in text.splitlines() if line.strip()],
    "eml": parts,
    "sql": statements,
    "form": lambda text: len(urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=True)),
}


def main(folder):
    bad, seen = 0, 0
    for original in sorted((folder / "original").iterdir()):
        form = FORMS[original.suffix[1:]]
        expected = form(original.read_bytes().decode())
        for other in sorted(folder.iterdir()):
            if other.name == "original":
                continue
            seen += 1
            try:
                same = form((other / original.name).read_bytes().decode()) == expected
                what = "has lost its form"
            except Exception as error:  # whatever a parser raises, the document is not accepted
                same, what = False, f"is refused: {type(error).__name__}"
            if not same:
                bad += 1
                print(f"{other.name}/{original.name} {what}")
    print(f"{seen} documents read, {bad} not accepted")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
