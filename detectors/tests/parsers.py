"""Reads pairs of documents, what went in and what came out, and compares their form.

For each NAME.in.KIND there are NAME.outN.KIND. What a parser refuses on the way in is not compared. Values are never
shown: a difference is told by the name of the file and what differs.
"""

import base64
import csv
import io
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as etree

try:
    import hl7
except ImportError:
    hl7 = None
    print("skipped: HL7 through the package `hl7`: it is not installed (set BLACKBAR_INSTALL)")
try:
    import lxml.etree
    import lxml.html
except ImportError:
    lxml = None
    print("skipped: XML and HTML through the package `lxml`: it is not installed (set BLACKBAR_INSTALL)")

csv.field_size_limit(1 << 24)


def json_form(value):
    """Nesting and numbers of entries; strings and numbers are one, as a number may become a string."""
    if isinstance(value, Pairs):
        return ["object"] + [json_form(inner) for _, inner in value]
    if isinstance(value, list):
        return ["array"] + [json_form(inner) for inner in value]
    if isinstance(value, bool):
        return "literal"
    return "value"


class Pairs(list):
    """The entries of an object, with those of the same name."""


def read_json(text):
    value = json.loads(text, object_pairs_hook=Pairs)
    keys_differ(value)
    return json_form(value), packed(value)


def keys_differ(value):
    if isinstance(value, Pairs):
        keys = [key for key, _ in value]
        if len(set(keys)) != len(keys):
            raise ValueError("two keys of an object are the same")
    for inner in [inner for _, inner in value] if isinstance(value, Pairs) else value if isinstance(value, list) else []:
        keys_differ(inner)


def packed(value):
    """For each string whether it is a text in base64, or a document of JSON."""
    if isinstance(value, Pairs):
        return [packed(inner) for _, inner in value]
    if isinstance(value, list):
        return [packed(inner) for inner in value]
    return isinstance(value, str) and len(value) > 40 and is_packed(value)


def is_packed(text):
    try:
        base64.b64decode(text, validate=True).decode("utf-8")
        return True
    except ValueError:
        return False


def read_ndjson(text):
    return [read_json(line) for line in text.split("\n") if line.strip()]


def read_table(delimiter):
    def read(text):
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        return [len(row) for row in rows]

    return read


def read_segments(text):
    """By the separators of the header alone."""
    segments = [line for line in re.split("[\r\n]+", text.strip("\x0b\x1c\r\n")) if line]
    return [(line[:3], line.count("|")) for line in segments]


def read_hl7(text):
    form = read_segments(text)
    if hl7 is not None and text.startswith("MSH|"):
        message = hl7.parse(text.replace("\n", "\r").strip("\r"))
        form.append([(str(segment[0]), len(segment)) for segment in message])
    return form


def read_xml(text):
    if re.match(r"\s*(<!doctype html|<html)", text, re.I):
        if lxml is None:
            return None
        return [str(element.tag) for element in lxml.html.document_fromstring(text).iter()]
    data = text.encode()
    form = [element.tag for element in etree.fromstring(data).iter()]
    if lxml is not None:
        parser = lxml.etree.XMLParser(resolve_entities=False, huge_tree=True)
        form.append([str(element.tag) for element in lxml.etree.fromstring(data, parser).iter()])
    return form


READERS = {
    "json": read_json,
    "ndjson": read_ndjson,
    "csv": read_table(","),
    "tsv": read_table("\t"),
    "hl7": read_hl7,
    "xml": read_xml,
}


def main(folder):
    pairs, compared, wrong = 0, {}, []
    for source in sorted(folder.glob("*.in.*")):
        name, _, kind = source.name.rsplit(".", 2)
        outs = sorted(folder.glob(f"{name}.out*.{kind}"))
        pairs += len(outs)
        try:
            form = READERS[kind](source.read_bytes().decode("utf-8"))
        except Exception:  # Cases are broken on purpose.
            continue
        for out in outs:
            compared[kind] = compared.get(kind, 0) + 1
            try:
                if READERS[kind](out.read_bytes().decode("utf-8")) != form:
                    wrong.append(f"{out.name}: another form")
            except Exception as error:
                wrong.append(f"{out.name}: {type(error).__name__}")
    print(f"{pairs} pairs, compared: {compared}")
    for line in wrong[:50]:
        print(line)
    return 1 if wrong or any(compared.get(kind, 0) < 20 for kind in READERS) else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
