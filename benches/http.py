#!/usr/bin/env python3
"""What the gateway costs in front of HTTP, beside nginx and mitmproxy, and what it makes of clients that mean no good.

    python3 benches/http.py target/release/blackbar [--seconds 5] [--megabytes 1000] [--only bulk,small,sse,idle,slow,bomb,export]
        [--sync-delay MILLISECONDS]

It starts everything on loopback in a temporary folder and removes it: nginx as the upstream, nginx with `proxy_pass`, nginx with
`sub_filter` for three literals, mitmproxy with one regular expression (installed into the folder from the package index; `--no-mitmproxy`
leaves it out), and a gateway with each way of recording. nginx as it comes has no filter by regular expression, so there is none here.
CPU is of the process in question with its children (user and system, from /proc), so other work on the machine disturbs it less
than it disturbs rates. The client is this program: it adds its own time to every latency, which is why each table has a line without
anybody in the middle. `--sync-delay 10` gives the gateway a disk that takes 10 ms longer for each sync, so at most 100 a second: strace
delays the calls (and stops at no others), and only the ways of recording can then be compared with each other.
"""

import argparse
import asyncio
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import zlib

TICKS = os.sysconf("SC_CLK_TCK")
POLICY = 'permit (principal in Group::"agents", action, resource);\n'
RECORDS = ("async", "bounded", "strict")
CLIENTS = 16
EVENTS = 500
EVERY = 0.01


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("blackbar", type=pathlib.Path)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=1000, help="of the bulk body and of each file of the export")
    arguments.add_argument("--bomb", type=int, default=10, help="gigabytes of the compression bomb")
    arguments.add_argument("--connections", type=int, default=10_000, help="idle ones")
    arguments.add_argument("--only", default="bulk,small,sse,idle,slow,bomb,export")
    arguments.add_argument("--no-mitmproxy", action="store_true")
    arguments.add_argument("--sync-delay", type=float, default=0, metavar="MS", help="how much longer each sync of the gateway takes")
    asked = arguments.parse_args()
    asked.blackbar = asked.blackbar.resolve()
    Gateway.delay = slow_disk(asked.sync_delay)
    only = set(asked.only.split(","))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load", *os.getloadavg())
    if asked.sync_delay:
        print(f"each sync of the gateway takes {asked.sync_delay:g} ms longer")
    with tempfile.TemporaryDirectory(prefix="blackbar-bench-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        with Files(folder) as files:
            for name, run in (("bulk", bulk), ("small", small), ("sse", sse), ("idle", idle), ("slow", slow), ("bomb", bomb), ("export", export)):
                if name in only:
                    run(asked, folder, files)
                    sys.stdout.flush()


# Bulk JSON, small answers


def bulk(asked, folder, files):
    size = write_json(files.folder / "bulk.json", asked.megabytes)
    print(f"\n{size / 1e6:.0f} MB of JSON in one answer, every tenth record with an SSN, an address and a date")
    for name, way in ways(asked, folder, files):
        # Its first use makes what a process makes once.
        download(way, "/small.json")
        before, begun = cpu(way.pid), time.monotonic()
        got = download(way, "/bulk.json")
        wall, used = time.monotonic() - begun, cpu(way.pid) - before
        print(f"  {name:18} {size / 1e6 / wall:8.0f} MB/s  {used / (size / 1e9):6.2f} s CPU/GB  {got / size:5.2f} of the bytes{peak(way.pid)}")
        sys.stdout.flush()
    (files.folder / "bulk.json").unlink()


def small(asked, folder, files):
    print(f"\nanswers of 1 KB, {CLIENTS} clients that keep their connections, {asked.seconds} s each")
    for name, way in ways(asked, folder, files):
        download(way, "/small.json")
        before = cpu(way.pid)
        count, times = asyncio.run(ask_again(way, asked.seconds))
        used = cpu(way.pid) - before
        each = f"{used / count * 1e6:7.0f} us CPU" if way.pid else "          -    "
        print(f"  {name:18} {each}  {count / asked.seconds:8.0f}/s  {percentiles(times)}")
        sys.stdout.flush()


async def ask_again(way, seconds):
    times, until = [], time.monotonic() + seconds

    async def one():
        reader, writer = await way.open()
        while time.monotonic() < until:
            begun = time.monotonic()
            writer.write(way.request("/small.json"))
            await read_answer(reader)
            times.append(time.monotonic() - begun)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return len(times), times


def ways(asked, folder, files):
    """Everybody who can stand in the middle, one after the other."""
    yield "direct", Way(files.port)
    if shutil.which("nginx", path=PATH):
        with Nginx(folder, f"location / {{ {pass_to(files.port)} }}") as nginx:
            yield "nginx proxy_pass", Way(nginx.port, nginx.process.pid)
        literals = "".join(f"sub_filter '{old}' '{new}'; " for old, new in (("219-09-9999", "[SSN]"), ("quixley.marigold@example.org", "[EMAIL]"), ("1961-04-03", "1961")))
        text = f"location / {{ {pass_to(files.port)} proxy_set_header Accept-Encoding ''; sub_filter_types *; sub_filter_once off; {literals} }}"
        with Nginx(folder, text) as nginx:
            yield "nginx sub_filter", Way(nginx.port, nginx.process.pid)
    if not asked.no_mitmproxy:
        with Mitmproxy(folder, files.port) as mitmproxy:
            if mitmproxy.process:
                yield "mitmproxy", Way(mitmproxy.port, mitmproxy.process.pid)
    for record in RECORDS:
        with Gateway(asked.blackbar, folder, files.port, record) as gateway:
            yield f"blackbar {record}", gateway.way


# Events


def sse(asked, folder, files):
    print(f"\n{EVENTS} events of a stream, one every {EVERY * 1000:.0f} ms, plain text in them and then a model's deltas. Words are held back while they may")
    print("  begin an identifier, and the next event frees them: told are how much text was held when something came, and how long it came")
    print("  behind the event that freed it")

    async def run():
        sent = []
        server = await asyncio.start_server(lambda reader, writer: stream_events(reader, writer, sent), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()

        async def measure(name, way):
            for path in ("/plain", "/deltas"):
                sent.clear()
                times, held = await read_events(way, path, sent)
                held.sort()
                print(f"  {name:18} {path[1:]:7} {percentiles(times)}  held p50 {held[len(held) // 2]:3} p99 {held[len(held) * 99 // 100]:3} bytes")
                sys.stdout.flush()

        await measure("direct", Way(port))
        if shutil.which("nginx", path=PATH):
            with Nginx(folder, f"location / {{ {pass_to(port)} proxy_buffering off; }}") as nginx:
                await measure("nginx proxy_pass", Way(nginx.port, nginx.process.pid))
        for record in RECORDS:
            gateway = Gateway(asked.blackbar, folder, port, record)
            await loop.run_in_executor(None, gateway.__enter__)
            await measure(f"blackbar {record}", gateway.way)
            await loop.run_in_executor(None, gateway.__exit__)
        server.close()

    asyncio.run(run())


WORDS = "the wound is dry and clean, the pulse is regular and the breath is free; she walks well and sleeps through, and eats what is given. ".split(" ")


async def stream_events(reader, writer, sent):
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    deltas = b"/deltas" in head.split(b"\r\n", 1)[0]
    due = time.monotonic()
    for number in range(EVENTS):
        word = WORDS[number % len(WORDS)] + " "
        if deltas:
            event = f'data: {{"choices":[{{"index":0,"delta":{{"content":"{word}"}}}}]}}\n\n'
        else:
            event = f"data: {word}\n\n"
        due += EVERY
        await asyncio.sleep(max(0, due - time.monotonic()))
        sent.append((time.monotonic(), len(word)))
        writer.write(event.encode())
        await writer.drain()
    writer.close()


async def read_events(way, path, sent):
    reader, writer = await way.open()
    writer.write(way.request(path, "Accept: text/event-stream\r\n"))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    chunked = b"chunked" in head.lower()
    times, held, came, tail = [], [], 0, b""
    while piece := await (read_chunk(reader) if chunked else reader.read(1 << 16)):
        now, text = time.monotonic(), tail + piece
        whole = text.count(b"\n\n")
        came, tail = came + whole, text.rsplit(b"\n\n", 1)[-1]
        if whole and len(sent) < EVENTS:
            times.append(now - sent[-1][0])
            held.append(sum(length for _, length in sent[came:]))
    writer.close()
    assert came == EVENTS, f"{came} events came"
    return times, held


# Clients that do nothing, and clients that do little


def idle(asked, folder, files):
    print(f"\n{asked.connections} connections that were answered once and are kept")
    for tls in (False, True):
        with Gateway(asked.blackbar, folder, files.port, "async", tls=tls, limits='header_timeout = "600s"\n') as gateway:
            asyncio.run(keep(asked, gateway, "TLS" if tls else "plain"))


async def keep(asked, gateway, name):
    held = []

    async def one():
        reader, writer = await gateway.way.open()
        writer.write(gateway.way.request("/small.json"))
        await read_answer(reader)
        held.append(writer)

    for _ in range(100):
        await one()
    await asyncio.sleep(1)
    before, some = memory(gateway.pid, "VmRSS"), len(held)
    while len(held) < asked.connections:
        await asyncio.gather(*(one() for _ in range(min(25, asked.connections - len(held)))))
    await asyncio.sleep(2)
    after = memory(gateway.pid, "VmRSS")
    print(f"  {name:18} {after / 1024:8.1f} MB resident  {(after - before) / (len(held) - some):6.1f} KB each")
    for writer in held:
        writer.close()


def slow(asked, folder, files):
    print(f"\na healthy client beside others, {asked.seconds} s each: its answers of 1 KB")
    with Gateway(asked.blackbar, folder, files.port, "async", limits='connections = 20000\n') as gateway:
        for name, others in (
            ("alone", []),
            ("slowloris", [dribble_head] * 1000),
            ("1-byte writers", [dribble_requests] * 200),
            ("half-open", [half_open] * 1000),
            ("all of them", [dribble_head] * 1000 + [dribble_requests] * 200 + [half_open] * 1000),
        ):
            times = asyncio.run(beside(asked, gateway.way, others))
            print(f"  {name:18} {percentiles(times)}")
            sys.stdout.flush()


async def beside(asked, way, others):
    running = [asyncio.create_task(other(way)) for other in others]
    await asyncio.sleep(1 if others else 0)
    times, until = [], time.monotonic() + asked.seconds
    reader, writer = await way.open()
    while time.monotonic() < until:
        begun = time.monotonic()
        writer.write(way.request("/small.json"))
        await read_answer(reader)
        times.append(time.monotonic() - begun)
        await asyncio.sleep(0.005)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return times


async def dribble_head(way):
    _, writer = await way.open()
    try:
        writer.write(b"GET /small.json HTTP/1.1\r\n")
        while True:
            writer.write(b"X-A: b\r\n")
            await asyncio.sleep(1)
    finally:
        writer.close()


async def dribble_requests(way):
    reader, writer = await way.open()
    try:
        while True:
            for byte in way.request("/small.json"):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
            await read_answer(reader)
    finally:
        writer.close()


async def half_open(way):
    _, writer = await way.open()
    try:
        await asyncio.sleep(3600)
    finally:
        writer.transport.abort()


# What is compressed


def bomb(asked, folder, files):
    size = write_bomb(files.folder / "bomb.gz", asked.bomb)
    print(f"\na body of {size / 1e6:.1f} MB that means {asked.bomb} GB")
    with Gateway(asked.blackbar, folder, files.port, "async") as gateway:
        before = cpu(gateway.pid)
        for accepts in ("identity", "gzip"):
            got = download(gateway.way, "/bomb.gz", f"Accept-Encoding: {accepts}\r\n", whole=False)
            used = cpu(gateway.pid) - before
            print(f"  blackbar async     to {accepts:8} {got / 1e6:7.1f} MB came before it was cut  {used:5.2f} s CPU{peak(gateway.pid)}")
            assert got < 4 << 30, "it was not cut"
    (files.folder / "bomb.gz").unlink()


def export(asked, folder, files):
    sizes = [write_ndjson(files.folder / name, asked.megabytes, resource) for name, resource in (("patients.gz", "Patient"), ("observations.gz", "Observation"))]
    print(f"\nan export of two files of {sizes[0] / 1e6:.0f} MB of NDJSON through gzip on both sides, SSNs as tokens")
    for record in RECORDS:
        with Gateway(asked.blackbar, folder, files.port, record, profile='[profile.bench]\nbase = "safe-harbor"\n[profile.bench.kinds]\nssn = "token"\n') as gateway:
            tokens, before, begun = [], cpu(gateway.pid), time.monotonic()
            for name in ("patients.gz", "observations.gz"):
                unzip = zlib.decompressobj(31)
                first = b""

                def take(piece):
                    nonlocal first
                    if first.count(b"\n") < 20:
                        first += unzip.decompress(piece)

                download(gateway.way, f"/{name}", "Accept-Encoding: gzip\r\n", take=take)
                tokens.append([line.split(b'"ssn":"')[1].split(b'"')[0] for line in first.split(b"\n")[:20]])
            wall, used = time.monotonic() - begun, cpu(gateway.pid) - before
            same = tokens[0] == tokens[1] and len(set(tokens[0])) == 10 and not any(b"219-09" in token for token in tokens[0])
            print(f"  blackbar {record:9} {sum(sizes) / 1e6 / wall:8.0f} MB/s  {used / (sum(sizes) / 1e9):6.2f} s CPU/GB{peak(gateway.pid)}"
                  f"  one token for one patient in both: {'yes' if same else 'NO'} ({tokens[0][0].decode()})")
            sys.stdout.flush()
    for name in ("patients.gz", "observations.gz"):
        (files.folder / name).unlink()


# What is served


NOTE = "the wound is dry and the pulse is regular, she walks well and sleeps through; "


def records(megabytes):
    """Records in pieces of about a megabyte."""
    number = 0
    for _ in range(megabytes):
        piece = []
        while sum(map(len, piece)) < 1_000_000:
            number += 1
            who = '"ssn":"219-09-9999","mail":"quixley.marigold@example.org","seen":"1961-04-03",' if number % 10 == 0 else ""
            piece += [f'{{"ward":"B{number % 9}",{who}"pulse":{60 + number % 40},"status":"final","note":"{NOTE * 3}"}},\n' for number in range(number, number + 1)]
            if len(piece) == 100:
                # Repeated as they are: what is compressed, redacted or matched by literals does not care.
                piece = ["".join(piece)] * (1_000_000 // sum(map(len, piece)))
        yield "".join(piece)


def write_json(path, megabytes):
    with open(path, "w", encoding="ascii") as file:
        file.write('{"entry":[\n')
        for piece in records(megabytes):
            file.write(piece)
        file.write('{"ward":"last"}]}\n')
    return path.stat().st_size


def write_ndjson(path, megabytes, kind):
    """Ten patients in turn; the size is that of the text."""
    lines = [f'{{"resourceType":"{kind}","ssn":"219-09-{9990 + number % 10}","n":{number % 1000},"note":"{NOTE * 2}"}}\n' for number in range(5000)]
    piece, zipped, size = "".join(lines).encode(), zlib.compressobj(1, wbits=31), 0
    with open(path, "wb") as file:
        while size < megabytes * 1_000_000:
            file.write(zipped.compress(piece))
            size += len(piece)
        file.write(zipped.flush())
    return size


def write_bomb(path, gigabytes):
    """One gzip member. Pieces that begin with nothing in mind are the same bytes each time."""
    piece = b'{"note":"' + b"a" * ((1 << 20) - 12) + b'"}\n'
    begin = zlib.compressobj(9, wbits=-15)
    again = begin.compress(piece) + begin.flush(zlib.Z_FULL_FLUSH)
    check, count = 0, gigabytes * 1000
    with open(path, "wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
        for _ in range(count):
            file.write(again)
            check = zlib.crc32(piece, check)
        end = zlib.compressobj(9, wbits=-15).flush()
        file.write(end + check.to_bytes(4, "little") + (len(piece) * count % (1 << 32)).to_bytes(4, "little"))
    return path.stat().st_size


class Files:
    """The upstream: files, by nginx where there is one."""

    def __init__(self, folder):
        self.folder, self.parent = folder / "files", folder

    def __enter__(self):
        self.folder.mkdir()
        record = '{"ward":"B2","ssn":"219-09-9999","mail":"quixley.marigold@example.org","note":"' + NOTE * 11
        (self.folder / "small.json").write_text(record[: 1024 - 2] + '"}')
        if not shutil.which("nginx", path=PATH):
            sys.exit("nginx is needed for the upstream: apt-get install nginx-light")
        text = (f"root {self.folder}; sendfile on; default_type application/json; types {{ }} "
                'location ~ ^/bomb { default_type application/x-ndjson; add_header Content-Encoding gzip; } '
                'location ~ "gz$" { default_type application/x-ndjson; add_header Content-Encoding gzip; }')
        self.nginx = Nginx(self.parent, text).__enter__()
        self.port = self.nginx.port
        return self

    def __exit__(self, *_):
        self.nginx.__exit__()


# Those in the middle


PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"


def pass_to(port):
    return f"proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection '';"


class Nginx:
    def __init__(self, folder, text):
        self.folder, self.text, self.port = pathlib.Path(tempfile.mkdtemp(dir=folder)), text, free_port()

    def __enter__(self):
        # Its workers are somebody else where root starts it.
        self.folder.chmod(0o777)
        upstreams = ""
        if "proxy_pass" in self.text:
            port = self.text.split("proxy_pass http://127.0.0.1:")[1].split(";")[0]
            upstreams = f"upstream behind {{ server 127.0.0.1:{port}; keepalive 64; }}"
            self.text = self.text.replace(f"http://127.0.0.1:{port}", "http://behind")
        temporary = " ".join(f"{name}_temp_path {self.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(
            f"daemon off; worker_processes 2; worker_rlimit_nofile 20000; pid {self.folder}/pid; error_log /dev/null; events {{ worker_connections 16000; }}\n"
            f"http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600; {temporary} {upstreams}\n"
            f"server {{ listen 127.0.0.1:{self.port}; {self.text} }} }}\n"
        )
        program = shutil.which("nginx", path=PATH)
        self.process = subprocess.Popen([program, "-c", config, "-p", self.folder], stderr=subprocess.DEVNULL)
        wait(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class Mitmproxy:
    """mitmproxy with one regular expression over each body, from the package index."""

    process = None

    def __init__(self, folder, upstream):
        self.folder, self.upstream, self.port = folder / "mitmproxy", upstream, free_port()

    def __enter__(self):
        program = self.folder / "bin/mitmdump"
        if not program.exists():
            made = subprocess.run([sys.executable, "-m", "venv", self.folder], capture_output=True, check=False)
            pip = [self.folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "mitmproxy"]
            if made.returncode or subprocess.run(pip, capture_output=True, check=False).returncode:
                print("  mitmproxy could not be installed")
                return self
        script = self.folder / "redact.py"
        script.write_text(
            "import re\nSSN = re.compile(rb'\\b\\d{3}-\\d{2}-\\d{4}\\b')\n"
            "def response(flow):\n    flow.response.content = SSN.sub(b'[SSN]', flow.response.content)\n"
        )
        command = [program, "-q", "--mode", f"reverse:http://127.0.0.1:{self.upstream}", "--listen-host", "127.0.0.1", "-p", str(self.port)]
        command += ["-s", script, "--set", f"confdir={self.folder}/conf"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(self.port)
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()


class Gateway:
    """A gateway with `safe-harbor` and everything permitted."""

    # What it is started by.
    delay = []

    def __init__(self, blackbar, folder, upstream, record, tls=False, limits="", profile=""):
        self.blackbar, self.port, self.tls = blackbar, free_port(), tls
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.upstream, self.record, self.limits, self.profile = upstream, record, limits, profile

    def __enter__(self):
        self.run("init", ".")
        tls = ""
        if self.tls:
            subject = ["-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1"]
            new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", *subject]
            subprocess.run([*new, "-keyout", "gateway.key", "-out", "gateway.pem"], cwd=self.folder, check=True, capture_output=True)
            tls = 'tls = { cert = "gateway.pem", key = "gateway.key" }\n'
        limits = self.limits if "connections" in self.limits else f"connections = 12000\n{self.limits}"
        profile = 'profile = "bench"\n' if self.profile else ""
        (self.folder / "blackbar.toml").write_text(
            'data_dir = "data"\n[keys]\nroot = { file = "root.key" }\ntokens = { file = "tokens.key" }\n'
            f'[limits]\n{limits}[[target]]\nname = "files"\nprotocol = "http"\nlisten = "127.0.0.1:{self.port}"\nrecord = "{self.record}"\n'
            f'upstream = "http://127.0.0.1:{self.upstream}"\n{tls}{profile}{self.profile}'
        )
        for policy in (self.folder / "policies").glob("*.cedar"):
            policy.unlink()
        (self.folder / "policies/all.cedar").write_text(POLICY)
        token = self.run("token", "issue", "--subject", "bench", "--group", "agents", "--ttl", "4h").stdout.strip()
        self.process = subprocess.Popen([*self.delay, self.blackbar, "serve"], cwd=self.folder, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait(self.port)
        self.way = Way(self.port, self.pid, f"Authorization: Bearer {token}\r\n", self.tls)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def run(self, *arguments):
        env = {**os.environ, "BLACKBAR_CONFIG": "blackbar.toml"}
        return subprocess.run([self.blackbar, *arguments], cwd=self.folder, capture_output=True, text=True, check=True, env=env)


def slow_disk(milliseconds):
    """What starts a program so that each of its syncs takes longer. The program stays the child of who starts it."""
    if not milliseconds:
        return []
    if not shutil.which("strace"):
        sys.exit("--sync-delay needs strace")
    calls = "fdatasync,fsync"
    delay = f"inject={calls}:delay_exit={int(milliseconds * 1000)}"
    return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", delay]


class Way:
    """How somebody in the middle is asked."""

    def __init__(self, port, pid=None, headers="", tls=False):
        self.port, self.pid, self.headers = port, pid, headers
        self.ssl = None
        if tls:
            self.ssl = ssl.create_default_context()
            self.ssl.check_hostname, self.ssl.verify_mode = False, ssl.CERT_NONE

    def request(self, path, more=""):
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{more}\r\n".encode()

    async def open(self):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.ssl)
            except ConnectionError:
                await asyncio.sleep(0.01)


def download(way, path, more="", take=None, whole=True):
    """Reads an answer to its end, and says how many bytes of body came."""
    with socket.create_connection(("127.0.0.1", way.port)) as stream:
        stream.sendall(way.request(path, f"Connection: close\r\n{more}"))
        buffer, head = bytearray(1 << 20), b""
        view = memoryview(buffer)
        while b"\r\n\r\n" not in head:
            piece = stream.recv(1 << 16)
            assert piece, head
            head += piece
        head, rest = head.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200"), head
        chunked = Chunks(take) if b"chunked" in head.lower() else None
        size = len(rest)
        if chunked:
            chunked.push(rest)
        elif take:
            take(rest)
        try:
            while count := stream.recv_into(view):
                size += count
                if chunked and (take or count < 64):
                    chunked.push(bytes(view[:count]))
                elif chunked:
                    chunked.tail = bytes(view[count - 5 : count])
                elif take:
                    take(bytes(view[:count]))
        except ConnectionError:
            assert not whole, "it was cut off"
        if whole and chunked:
            assert chunked.tail.endswith(b"0\r\n\r\n"), f"it was cut off behind {size} bytes"
        return size


class Chunks:
    """Takes chunks apart where somebody wants what is in them."""

    def __init__(self, take):
        self.take, self.rest, self.tail = take, b"", b""

    def push(self, piece):
        self.tail = (self.tail + piece)[-5:]
        if not self.take:
            return
        self.rest += piece
        while b"\r\n" in self.rest:
            line, after = self.rest.split(b"\r\n", 1)
            length = int(line, 16)
            if len(after) < length + 2:
                return
            if length:
                self.take(after[:length])
            self.rest = after[length + 2 :]


async def read_chunk(reader):
    length = int(await reader.readuntil(b"\r\n"), 16)
    piece = await reader.readexactly(length + 2)
    return piece[:-2]


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    lower = head.lower()
    if b"chunked" in lower:
        while await read_chunk(reader):
            pass
    else:
        await reader.readexactly(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))


# Measures


def percentiles(times):
    times = sorted(times)
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))] * 1000
    return f"p50 {at(0.5):7.2f} ms  p99 {at(0.99):7.2f} ms  most {times[-1] * 1000:7.2f} ms"


def cpu(pid):
    """Of a process and its children."""
    if not pid:
        return 0
    used = 0
    for one in [pid, *children(pid)]:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def children(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def peak(pid):
    return f"  peak {sum(memory(one, 'VmHWM') for one in [pid, *children(pid)]) / 1024:5.0f} MB" if pid else ""


def memory(pid, key):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(row for row in status.splitlines() if row.startswith(key)).split()[1])


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait(port):
    begun = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() - begun > 60:
                raise
            time.sleep(0.05)


main()
