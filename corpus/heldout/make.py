#!/usr/bin/env python3
"""Writes held-out documents and their labels from texts whose identifiers are marked.

`marked/FORMAT/NAME` holds a document with its identifiers as «kind|value», in the raw form of its format, so a label's
bytes are what the mark encloses. `«?|value»` is a place where redacting and keeping are both right: it goes to
tolerated.jsonl, not to gold.jsonl. A `?` at the end of an npi, dea or card, or inside a vehicle, becomes its check digit.
⟪…⟫ is written in base64. First lines: `%eol lf|crlf|cr|none`, `%sse KIND` (the text is streamed in small deltas; a label has
one line a delta).

    python3 corpus/heldout/make.py [FOLDER]      # another set, in the same form
"""

import base64
import json
import random
import re
import sys
from pathlib import Path

KINDS = {
    "n": "name", "l": "location", "f": "facility", "z": "zip", "d": "date", "a": "age", "p": "phone", "x": "fax",
    "e": "email", "s": "ssn", "m": "mrn", "h": "health-plan", "c": "account", "k": "card", "li": "license", "npi": "npi",
    "dea": "dea", "v": "vehicle", "dv": "device", "u": "url", "ip": "ip", "mac": "mac", "b": "biometric", "im": "image",
    "o": "other-id", "?": "?",
}
ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "none": ""}
MARK = re.compile("«([a-z?]+)\\|(.*?)»", re.S)


def main(folder=Path(__file__).parent):
    gold, tolerated = [], []
    for source in sorted(folder.glob("marked/*/*")):
        name = f"{source.parent.name}/{source.name}"
        body, spans = build(source.read_text(encoding="utf-8"), name)
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(body)
        labels = [span for span in spans if span["kind"] != "?"]
        tolerated += [dict(path=name, **span) for span in spans if span["kind"] == "?"]
        gold += [dict(path=name, **span) for span in labels] or [dict(path=name)]
    for file, rows in (("gold.jsonl", gold), ("tolerated.jsonl", tolerated)):
        (folder / file).write_text("".join(json.dumps(row) + "\n" for row in rows))


def build(text, name):
    settings = {}
    while text.startswith("%"):
        line, text = text.split("\n", 1)
        key, value = line[1:].split()
        settings[key] = value
    text = text.rstrip("\n") + "\n" if "sse" not in settings else text.rstrip("\n")
    plain, spans = unmark(text)
    if "sse" in settings:
        return stream(plain, spans, settings["sse"], name)
    return encode(plain, spans, ENDS[settings.get("eol", "lf")])


def unmark(text):
    """The text without marks, and (start, end, kind) in characters."""
    plain, spans, at, size = [], [], 0, 0

    def put(piece):
        nonlocal size
        plain.append(piece)
        size += len(piece)

    for found in re.finditer("⟪(.*?)⟫|" + MARK.pattern, text, re.S):
        put(text[at : found.start()])
        at = found.end()
        if found[1] is not None:
            inner, inner_spans = unmark(found[1])
            bytes_before = lambda index: len(inner[:index].encode())
            spans += [
                (size + bytes_before(start) * 4 // 3, size + -(-bytes_before(end) * 4 // 3), kind)
                for start, end, kind in inner_spans
            ]
            put(base64.b64encode(inner.encode()).decode())
        else:
            kind = KINDS[found[2]]
            value = checked(kind, found[3])
            spans.append((size, size + len(value), kind))
            put(value)
    put(text[at:])
    return "".join(plain), spans


def encode(plain, spans, end_of_line):
    places, out = [0], bytearray()
    for char in plain:
        out += (end_of_line if char == "\n" else char).encode()
        places.append(len(out))
    return bytes(out), [{"start": places[start], "end": places[end], "kind": kind} for start, end, kind in spans]


def stream(plain, spans, style, name):
    """The text as a provider streams it."""
    dice = random.Random(name)
    cuts = [0]
    while cuts[-1] < len(plain):
        cuts.append(min(len(plain), cuts[-1] + dice.choice([1, 2, 2, 3, 3, 4, 5, 6, 9])))
    eol = "\r\n" if style.endswith("crlf") else "\n"
    out, labels = bytearray(), []
    head, before, after, foot = frames(style)
    out += "".join(line.replace("\n", eol) for line in head).encode()
    for start, end in zip(cuts, cuts[1:]):
        out += before.replace("\n", eol).encode()
        places = [len(out)]
        for char in plain[start:end]:
            out += json.dumps(char, ensure_ascii=dice.random() < 0.3)[1:-1].encode()
            places.append(len(out))
        for label_start, label_end, kind in spans:
            first, last = max(start, label_start), min(end, label_end)
            if first < last:
                labels.append({"start": places[first - start], "end": places[last - start], "kind": kind})
        out += after.replace("\n", eol).encode()
    out += "".join(line.replace("\n", eol) for line in foot).encode()
    labels.sort(key=lambda label: label["start"])
    return bytes(out), labels


def frames(style):
    """What stands before all deltas, around each, and after all."""
    if style.startswith("openai"):
        top = '{"id":"chatcmpl-A1b2","object":"chat.completion.chunk","created":1718000000,"model":"gpt-x","choices":[{"index":0,"delta":'
        tail = ',"finish_reason":null}]}'
        if style == "openai-tool":
            call = '{"tool_calls":[{"index":0,"id":"call_7Q","type":"function","function":{"name":"find","arguments":""}}]}'
            delta = '{"tool_calls":[{"index":0,"function":{"arguments":"'
            return [f"data: {top}{call}{tail}\n\n"], f"data: {top}{delta}", f'"}}}}]}}{tail}\n\n', ["data: [DONE]\n\n"]
        role = '{"role":"assistant","content":""}'
        return [f"data: {top}{role}{tail}\n\n"], f'data: {top}{{"content":"', f'"}}{tail}\n\n', ["data: [DONE]\n\n"]
    tool = style.endswith("tool")
    block = '{"type":"tool_use","id":"toolu_01","name":"send","input":{}}' if tool else '{"type":"text","text":""}'
    kind, field = ("input_json_delta", "partial_json") if tool else ("text_delta", "text")
    head = [
        'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01","role":"assistant","content":[]}}\n\n',
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":' + block + "}\n\n",
        'event: ping\ndata: {"type":"ping"}\n\n',
    ]
    before = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"' + kind + '","' + field + '":"'
    foot = [
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
        'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ]
    return head, before, '"}}\n\n', foot


def checked(kind, value):
    if "?" not in value or kind not in ("npi", "dea", "card", "vehicle"):
        return value
    digits = [int(char) for char in value if char.isdigit()]
    if kind == "dea":
        sums = sum(digits[0::2]) + 2 * sum(digits[1::2])
        return value.replace("?", str(sums % 10))
    if kind == "vehicle":
        letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]))
        weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
        total = sum(weight * (0 if char == "?" else letters.get(char) or int(char)) for weight, char in zip(weights, value))
        return value.replace("?", "0123456789X"[total % 11])
    total = 24 if kind == "npi" else 0
    for place, digit in enumerate(reversed(digits)):
        total += digit if place % 2 else sum(divmod(2 * digit, 10))
    return value.replace("?", str(-total % 10))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
