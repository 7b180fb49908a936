"""Clients of models as they are, through a gateway, to an imitation of the models behind it.

The imitation says again what it was told, piece by piece where the client asks for a stream. It ends with 1 when it is told
what it must not be told, and so do the clients when they are not told again what they said.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic
import openai

GATEWAY, UPSTREAM, CREDENTIAL = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SSN, EMAIL = "219-09-9998", "carla.quint@mailhost.org"
CANARIES = [SSN, "219099998", EMAIL, "carla.quint"]
SEEN = []


def pieces(text):
    return [text[at:at + 3] for at in range(0, len(text), 3)]


def last_text(messages):
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    parts = [part.get("text") or part.get("content") for part in content]
    return " ".join(part if isinstance(part, str) else part[0]["text"] for part in parts)


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        SEEN.append(raw.decode())
        for header in ("authorization", "x-api-key"):
            if CREDENTIAL in (self.headers.get(header) or ""):
                SEEN.append("credential " + SSN)
        body = json.loads(raw)
        text = "You said: " + last_text(body["messages"])
        calls = bool(body.get("tools")) and "tool" not in json.dumps(body["messages"][-1])
        answer = self.openai if self.path.endswith("/chat/completions") else self.anthropic
        events = answer(text, calls, body.get("stream", False))
        if isinstance(events, dict):
            data, media = json.dumps(events).encode(), "application/json"
            self.head(media, len(data))
            self.wfile.write(data)
            return
        self.head("text/event-stream", None)
        for event in events:
            data = event.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def head(self, media, length):
        self.send_response(200)
        self.send_header("content-type", media)
        if length is None:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(length))
        self.end_headers()

    def openai(self, text, calls, stream):
        base = {"id": "chatcmpl-1", "created": 1760000000, "model": "m"}
        arguments = json.dumps({"query": text})
        function = {"name": "find", "arguments": arguments}
        if not stream:
            message = {"role": "assistant", "content": None if calls else text}
            if calls:
                message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
            likely = {"content": [{"token": text, "logprob": -0.1, "bytes": list(text.encode()), "top_logprobs": []}]}
            choice["logprobs"] = likely
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            return {**base, "object": "chat.completion", "choices": [choice], "usage": usage}

        def chunk(delta, reason=None):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return "data: " + json.dumps({**base, "object": "chat.completion.chunk", "choices": [choice]}) + "\n\n"

        def events():
            yield chunk({"role": "assistant", "content": ""})
            if calls:
                first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "find", "arguments": ""}}
                yield chunk({"tool_calls": [first]})
                for piece in pieces(arguments):
                    yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            else:
                for piece in pieces(text):
                    yield chunk({"content": piece})
            yield chunk({}, "tool_calls" if calls else "stop")
            yield "data: [DONE]\n\n"

        return events()

    def anthropic(self, text, calls, stream):
        usage = {"input_tokens": 1, "output_tokens": 1}
        reason = "tool_use" if calls else "end_turn"
        block = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"query": text}} if calls else {"type": "text", "text": text}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None, "usage": usage}
        if not stream:
            return {**message, "content": [block], "stop_reason": reason}

        def event(name, **data):
            return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"

        def events():
            yield event("message_start", message={**message, "content": [], "stop_reason": None})
            empty = {**block, "input": {}} if calls else {"type": "text", "text": ""}
            yield event("content_block_start", index=0, content_block=empty)
            for piece in pieces(json.dumps(block["input"]) if calls else text):
                delta = {"type": "input_json_delta", "partial_json": piece} if calls else {"type": "text_delta", "text": piece}
                yield event("content_block_delta", index=0, delta=delta)
            yield event("content_block_stop", index=0)
            yield event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 1})
            yield event("message_stop")

        return events()


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} instead of {wanted!r}; the model was told {SEEN[-1]!r}")


def main():
    server = ThreadingHTTPServer(("127.0.0.1", UPSTREAM), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = f"The SSN is {SSN}, mail {EMAIL}."
    answer = "You said: " + said
    prompt = [{"role": "user", "content": said}]

    chat = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=CREDENTIAL, max_retries=0)
    tools = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {"query": {"type": "string"}}}}}]
    got = chat.chat.completions.create(model="m", messages=prompt, logprobs=True)
    expect("openai", got.choices[0].message.content, answer)
    expect("openai: likelihoods", got.choices[0].logprobs, None)
    stream = chat.chat.completions.create(model="m", messages=prompt, stream=True)
    expect("openai, streamed", "".join(chunk.choices[0].delta.content or "" for chunk in stream), answer)
    got = chat.chat.completions.create(model="m", messages=prompt, tools=tools)
    call = got.choices[0].message.tool_calls[0]
    expect("openai, tools", json.loads(call.function.arguments), {"query": answer})
    stream = chat.chat.completions.create(model="m", messages=prompt, tools=tools, stream=True)
    arguments = "".join(
        call.function.arguments or "" for chunk in stream for call in chunk.choices[0].delta.tool_calls or []
    )
    expect("openai, tools, streamed", json.loads(arguments), {"query": answer})
    result = {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"ssn": SSN, "mail": EMAIL})}
    asked = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": call.function.arguments}}]}
    got = chat.chat.completions.create(model="m", messages=[*prompt, asked, result], tools=tools)
    expect("openai, a tool's result", SSN in got.choices[0].message.content, True)

    messages = anthropic.Anthropic(base_url=GATEWAY, api_key=CREDENTIAL, max_retries=0).messages
    tools = [{"name": "find", "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}}}]
    request = {"model": "m", "max_tokens": 100, "messages": prompt}
    expect("anthropic", messages.create(**request).content[0].text, answer)
    with messages.stream(**request) as stream:
        expect("anthropic, streamed", "".join(stream.text_stream), answer)
    expect("anthropic, tools", messages.create(**request, tools=tools).content[0].input, {"query": answer})
    with messages.stream(**request, tools=tools) as stream:
        expect("anthropic, tools, streamed", stream.get_final_message().content[0].input, {"query": answer})
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"ssn: {SSN}"}
    asked = {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"query": SSN}}]}
    told = messages.create(**{**request, "messages": [*prompt, asked, {"role": "user", "content": [result]}]}, tools=tools)
    expect("anthropic, a tool's result", SSN in told.content[0].text, True)

    for seen in SEEN:
        for canary in CANARIES:
            if canary in seen:
                sys.exit(f"the model was told {canary}: {seen}")
    print(f"{len(SEEN)} requests, no canary")


main()
