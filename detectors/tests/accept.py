"""Reads redacted documents with parsers that know nothing of Blackbar, beside their originals.

    accept.py FOLDER      FOLDER/original/NAME and FOLDER/N-OPERATOR/NAME; the ending of NAME says the format

Prints each document that its parser refuses or that has lost its form, without any of its content; exits 1 if there is one.
Packages that are missing are named: what they would have read is then read as its bare syntax.
"""

import base64
import collections
import contextlib
import csv
import email
import importlib
import io
import json
import logging
import pathlib
import re
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


def package(name):
    """A package of others, or nothing, which is said."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"skipped: there is no package {name}")
        return None


fhir = package("fhir.resources.R4B")
openai, anthropic, ollama = package("openai"), package("anthropic"), package("ollama")
genai = package("google.genai")
x12file = package("pyx12.x12file")
pydantic = package("pydantic")
# How many of what were read by which model, and how many of the originals.
read = collections.Counter()


def interchange(text):
    """The numbers of elements of each segment, by what the fixed header says and as `pyx12` reads them."""
    assert text.startswith("ISA") and len(text) > 105
    element, end = text[3], text[105]
    assert text[:106].count(element) == 16 and text.rstrip().endswith(end)
    segments = [(part.split(element)[0].strip(), part.count(element)) for part in text.split(end)]
    if not x12file:
        return segments
    logging.disable()
    reader = x12file.X12Reader(io.StringIO(text))
    walked, faults = [], []
    for segment in reader:
        # Empty elements at the end of a segment are none to it.
        walked.append(segment.get_seg_id())
        # What was dropped may leave a segment with separators at its end or nothing else, which the standard wants left out.
        faults += [fault[1] for fault in reader.pop_errors() if fault[1] not in ("SEG1", "8")]
    read["pyx12 segments"] += len(walked)
    # What it faults in a redacted interchange it faults in its original: counts that the header does not keep.
    return segments, walked, faults


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
    if text.startswith('{"'):
        return shape(json.loads(text))
    try:
        return len(text) > 12 and base64.b64decode(text, validate=True).decode() != ""
    except ValueError:
        return False


def document(text):
    """The form of JSON; of a resource, also what the models of FHIR say of its form."""
    value = json.loads(text)
    said = None
    if fhir and isinstance(value, dict) and "resourceType" in value:
        said = resource(value)
    return shape(value), said


# Faults of values: a date that is a tag is no date. Anything else is a fault of form.
OF_VALUES = re.compile(r"^(string_|date|time|url|uri|bool|int_|decimal|float|base64|value_error|assertion_error|literal)")


def resource(value):
    """Faults that the models find in the form of a resource. Those of values are counted, not told."""
    try:
        fhir.get_fhir_model_class(value["resourceType"]).model_validate(value)
        read["fhir.resources whole"] += 1
        return []
    except pydantic.ValidationError as error:
        read["fhir.resources with values that are no dates or ids"] += 1
        faults = [(fault["type"], depth(fault["loc"])) for fault in error.errors()]
        return sorted({fault for fault in faults if not OF_VALUES.match(fault[0])})


def depth(place):
    """A place in a resource, without the numbers of its lists."""
    return ".".join(str(step) for step in place if not isinstance(step, int))


def stream(text):
    """The form of each event, as the decoder of a provider's kit cuts them and its models read them."""
    events = []
    lines = text.replace("\r\n", "\n").split("\n")
    if openai:
        decoder = openai._streaming.SSEDecoder()
        cut = [event for event in map(decoder.decode, lines) if event is not None]
        events = [event.data for event in cut]
    else:
        for block in text.replace("\r\n", "\n").split("\n\n"):
            data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
            if data:
                events.append("\n".join(data))
    known = len(events) <= SHORT
    return [told(data, known) if data.lstrip().startswith("{") else "text" for data in events]


# Longer streams are read as JSON alone.
SHORT = 60


def told(data, known):
    """The form of what one event holds, and which model reads it."""
    value = json.loads(data)
    return bare(value), known and next((name for name, model in models() if fits(name, model, value)), None)


def bare(value):
    """The form of JSON whose strings are pieces."""
    if isinstance(value, (dict, list)):
        return [bare(inner) for inner in (value.values() if isinstance(value, dict) else value)]
    return isinstance(value, str)


def lines(text):
    """Lines of JSON: resources, or what a model streams. U+2028 ends no line."""
    all_lines = [line for line in text.split("\n") if line.strip()]
    if '"resourceType"' in all_lines[0]:
        return [shape(json.loads(line)) for line in all_lines]
    return [told(line, len(all_lines) <= SHORT) for line in all_lines]


def models():
    """Models of the kits of providers, the tightest first."""
    if openai and pydantic:
        yield "openai responses", openai.types.responses.ResponseStreamEvent
        yield "openai chat", openai.types.chat.ChatCompletionChunk
        yield "openai completions", openai.types.Completion
    if anthropic and pydantic:
        yield "anthropic messages", anthropic.types.RawMessageStreamEvent
    if genai:
        yield "gemini", genai.types.GenerateContentResponse
    if ollama:
        yield "ollama chat", ollama.ChatResponse
        yield "ollama generate", ollama.GenerateResponse


ADAPTERS = {}


def fits(name, model, value):
    if name not in ADAPTERS:
        ADAPTERS[name] = pydantic.TypeAdapter(model)
    with contextlib.suppress(Exception):  # a model that refuses it is not its model
        ADAPTERS[name].validate_python(value)
        read[name] += 1
        return True
    return False


REQUEST = re.compile(r'^\S* - \S* \[.*\] "(?:GET|POST|PUT) \S* HTTP/1\.1" \d{3} \d+ "-" "[^"]*"$')
PAIRS = re.compile(r'^ts=\S*(?: [a-z_]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*))*$')


def log(text):
    """The layout of each line."""
    layouts = []
    for line in text.split("\n"):
        layout = (bool(REQUEST.match(line)), bool(PAIRS.match(line)))
        with contextlib.suppress(ValueError):  # other layouts
            layout = shape(json.loads(line))
        layouts.append(layout)
    return layouts


def parts(text):
    """The parts of an e-mail; each body must be what its encoding says."""
    walked = []
    for part in email.message_from_bytes(text.encode()).walk():
        if part.defects:
            raise ValueError("a part has defects")
        if part.get_content_maintype() == "text":
            part.get_payload(decode=True).decode("utf-8")
        walked.append((part.get_content_type(), sorted(part.keys())))
    return walked


def statements(text):
    """The numbers of rows of each table after all statements were run; `copied.rs` runs those of PostgreSQL alone."""
    if "FROM stdin;" in text:
        return None
    # What is PostgreSQL's own and holds nothing.
    text = re.sub(r"^(SET|CREATE SCHEMA) .*;$", "", text, flags=re.MULTILINE).replace(" public.", " ")
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
    "json": document,
    "ndjson": lines,
    "eml": parts,
    "sql": statements,
    "copy": lambda text: [line.count("\t") for line in text.split("\n")],
    "form": lambda text: [name for name, _ in urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=True)],
    "log": log,
    "sse": stream,
}


def main(folder):
    bad, seen = 0, 0
    per_format, per_operator = collections.Counter(), collections.defaultdict(collections.Counter)
    for original in sorted((folder / "original").iterdir()):
        form = FORMS[original.suffix[1:]]
        before = read.copy()
        expected = form(original.read_bytes().decode())
        per_operator["original"] += read - before
        for other in sorted(folder.iterdir()):
            if other.name == "original":
                continue
            seen += 1
            per_format[original.suffix[1:]] += 1
            before = read.copy()
            try:
                same = form((other / original.name).read_bytes().decode()) == expected
                what = "has lost its form"
            except Exception as error:  # whatever a parser raises, the document is not accepted
                same, what = False, f"is refused: {type(error).__name__}"
            per_operator[other.name] += read - before
            if not same:
                bad += 1
                print(f"{other.name}/{original.name} {what}")
    print(f"{seen} documents read, {bad} not accepted: {dict(per_format)}")
    for operator, counts in sorted(per_operator.items()):
        print(f"{operator}: {dict(sorted(counts.items()))}")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
