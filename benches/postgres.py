#!/usr/bin/env python3
"""What the gateway costs in front of PostgreSQL, beside pgbouncer and no one at all.

    python3 benches/postgres.py target/release/blackbar [--seconds 5] [--only pgbench,first,copy,result,idle]

It starts a server, pgbouncer where there is one, and a gateway of its own on loopback, in a temporary folder, and removes
them. Figures are CPU of the process in question (user and system, from /proc), so other work on the machine disturbs them
less than it disturbs rates.
"""

import argparse
import asyncio
import os
import pathlib
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
TICKS = os.sysconf("SC_CLK_TCK")
POLICY = 'permit (principal in Group::"agents", action, resource);\n'
CLIENTS = 16


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("blackbar", type=pathlib.Path)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--only", default="pgbench,first,copy,result,idle")
    arguments.add_argument("--megabytes", type=int, default=1000, help="of the COPY and of the long result")
    asked = arguments.parse_args()
    only = asked.only.split(",")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load", *os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="blackbar-bench-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        if "idle" in only:
            idle(asked.blackbar.resolve(), folder)
        if {"pgbench", "first", "copy", "result"} & set(only):
            with Server(folder) as server, Bouncer(folder, server.port) as bouncer:
                if "pgbench" in only:
                    pgbench(asked, folder, server, bouncer)
                if "first" in only:
                    first(asked, folder, server, bouncer)
                if "copy" in only:
                    copy(asked, folder, server, bouncer)
                if "result" in only:
                    result(asked, folder, server)


def pgbench(asked, folder, server, bouncer):
    server.run(["pgbench", "-i", "-q", "-s", "10", *server.where])
    ways = [("direct", None, server.where, {})]
    if bouncer.process:
        ways.append(("pgbouncer", bouncer.process.pid, bouncer.where, {}))
    print(f"\nselect-only pgbench, {CLIENTS} clients, {asked.seconds} s each: CPU of the process in the middle per query")
    for name, pid, where, env in ways:
        for protocol in ("simple", "extended", "prepared"):
            line(name, protocol, pid, asked.seconds, ["-S"], where, env)
    for record in ("async", "bounded", "strict"):
        with Gateway(asked.blackbar.resolve(), folder, server.port, record) as gateway:
            for protocol in ("simple", "extended", "prepared"):
                line(f"blackbar {record}", protocol, gateway.process.pid, asked.seconds, ["-S"], gateway.where, gateway.env)
            if record == "bounded":
                print("the whole of TPC-B, which writes:")
                for protocol in ("simple", "extended", "prepared"):
                    line("blackbar bounded", protocol, gateway.process.pid, asked.seconds, [], gateway.where, gateway.env)


def line(name, protocol, pid, seconds, how, where, env):
    before = cpu(pid) if pid else 0
    command = ["pgbench", "-n", *how, "-M", protocol, "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), *where]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, check=False)
    used = cpu(pid) - before if pid else 0
    told = {}
    for row in done.stdout.splitlines():
        for key in ("number of transactions actually processed", "number of failed transactions", "tps", "latency average"):
            if row.startswith(key):
                told[key] = row[len(key):].strip(" :=").split()[0]
    if done.returncode or "tps" not in told:
        print(f"  {name:18} {protocol:9} FAILED: {done.stderr.strip().splitlines()[-1:]}")
        return
    count = int(told["number of transactions actually processed"])
    each = f"{used / count * 1e6:7.1f} us" if pid else "         -"
    print(f"  {name:18} {protocol:9} {each}  {float(told['tps']):9.0f}/s  {told['latency average']:>7} ms  {count} done,"
          f" {told.get('number of failed transactions', '0')} failed")
    sys.stdout.flush()


def first(asked, folder, server, bouncer):
    """How long the first row of a long answer takes: the rest is left where it is."""
    server.sql("""CREATE TABLE IF NOT EXISTS long_answer AS SELECT n AS id, 'Patient ' || n AS who, 'SSN 219-09-' || lpad((n % 10000)::text, 4, '0')
        AS told, repeat('the wound is dry and the pulse is regular ', 3) AS note FROM generate_series(1, 20000) n""")
    print(f"\nthe first row of 20,000, {asked.seconds} s each, one client, sessions that stand")
    ways = [("direct", server.where, "", "postgres", "postgres")]
    if bouncer.process:
        ways.append(("pgbouncer", bouncer.where, "", "postgres", "postgres"))
    for name, where, password, user, database in ways:
        waited(name, asyncio.run(first_rows(int(where[3]), password, user, database, asked.seconds)))
    for record in ("async", "bounded", "strict"):
        with Gateway(asked.blackbar.resolve(), folder, server.port, record) as gateway:
            waited(f"blackbar {record}", asyncio.run(first_rows(gateway.port, gateway.env["PGPASSWORD"], "bench", "ehr", asked.seconds)))


async def first_rows(port, password, user, database, seconds):
    reader, writer = await session(port, password, user, database)
    text, times, until = b"SELECT * FROM long_answer\0", [], time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        writer.write(b"Q" + struct.pack("!i", len(text) + 4) + text)
        told = None
        while True:
            tag, length = struct.unpack("!ci", await reader.readexactly(5))
            await reader.readexactly(length - 4)
            if tag == b"D" and told is None:
                told = time.monotonic() - begun
            assert tag != b"E"
            if tag == b"Z":
                break
        times.append(told)
    writer.close()
    return times


def waited(name, times):
    times.sort()
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))] * 1000
    print(f"  {name:18} p50 {at(0.5):6.2f} ms  p99 {at(0.99):6.2f} ms  {len(times)} answers")
    sys.stdout.flush()


# Columns as a hospital has them: most of a row is nobody's, some of it is somebody's by its column, some by what is in it.
CLINICAL = """CREATE TABLE encounters AS SELECT
    n AS id, 8000000 + n % 99991 AS mrn, (ARRAY['Mary','James','Linda','Robert','Elena'])[n % 5 + 1] AS first_name,
    (ARRAY['Whitfield','Garcia','Kowalczyk','Johnson','Marchetti','Okafor'])[n % 6 + 1] AS last_name,
    date '1930-01-01' + n % 30000 AS birth_date, timestamptz '2024-01-01 00:00+00' + n % 500000 * interval '1 minute' AS admitted,
    (ARRAY['final','preliminary','amended'])[n % 3 + 1] AS status, 'B' || n % 9 AS ward, 36.0 + (n % 40) / 10.0 AS temperature, 55 + n % 60 AS pulse,
    n % 7 = 0 AS urgent, md5(n::text)::uuid AS encounter, jsonb_build_object('code', 'R' || n % 99, 'dose', n % 500, 'unit', 'mg') AS medication,
    CASE WHEN n % 10 = 0 THEN 'Mr. Whitfield (SSN 219-09-' || lpad((n % 10000)::text, 4, '0') || ') was called at (617) 555-0134. ' ELSE '' END
    || repeat('The wound is dry and the pulse is regular; she walks well. ', n % 4 + 1) AS note,
    CASE WHEN n % 3 = 0 THEN NULL ELSE 'patient' || n || '@example.org' END AS email
    FROM generate_series(1, ROWS) n"""


def copy(asked, folder, server, bouncer):
    rows = asked.megabytes * 1000 * 1000 // 200
    server.sql(f"""CREATE TABLE notes AS SELECT n AS id, 'Patient ' || n AS who, 'seen on 2024-03-' || lpad((n % 28 + 1)::text, 2, '0')
        AS at, CASE WHEN n % 10 = 0 THEN 'SSN 219-09-' || lpad((n % 10000)::text, 4, '0') ELSE 'no complaint' END AS told,
        repeat('the wound is dry and the pulse is regular ', 3) AS note FROM generate_series(1, {rows}) n""")
    server.sql(CLINICAL.replace("ROWS", str(asked.megabytes * 1000 * 1000 // 310)))
    for table, what in (("notes", "a third of each row words of its own"), ("encounters", "mixed clinical rows")):
        copy_table(asked, folder, server, bouncer, table, what)


def copy_table(asked, folder, server, bouncer, table, what):
    text = f"COPY {table} TO STDOUT"
    print(f"\nCOPY {table} TO STDOUT: {what}")
    ways = [("direct", None, server.where, {})]
    if bouncer.process:
        ways.append(("pgbouncer", bouncer.process.pid, bouncer.where, {}))
    for name, pid, where, env in ways:
        copied(name, pid, text, where, env)
    for record in ("async", "bounded", "strict"):
        with Gateway(asked.blackbar.resolve(), folder, server.port, record) as gateway:
            copied(f"blackbar {record}", gateway.process.pid, text, gateway.where, gateway.env)


def copied(name, pid, text, where, env):
    before, begun = (cpu(pid) if pid else 0), time.monotonic()
    psql = subprocess.Popen(["psql", "-X", "-q", *where, "-c", text], stdout=subprocess.PIPE, env={**os.environ, **env})
    size = 0
    while piece := psql.stdout.read(1 << 20):
        size += len(piece)
    assert psql.wait() == 0
    wall, used = time.monotonic() - begun, (cpu(pid) - before if pid else 0)
    peak = f"  peak {memory(pid, 'VmHWM') / 1024:.0f} MB" if pid else ""
    print(f"  {name:18} {size / 1e6:7.0f} MB  {wall:6.1f} s wall  {used:6.2f} s CPU  {used / (size / 1e9):6.2f} s/GB{peak}")
    sys.stdout.flush()


def result(asked, folder, server):
    rows = asked.megabytes * 1000 * 1000 // 1000
    text = f"SELECT n, repeat('the wound is dry ', 58) AS note FROM generate_series(1, {rows}) n"
    with Gateway(asked.blackbar.resolve(), folder, server.port, "bounded") as gateway:
        print("\na long result by the simple protocol, read as it comes")
        copied("blackbar bounded", gateway.process.pid, f"COPY (SELECT 1) TO STDOUT", gateway.where, gateway.env)
        used, begun, size = cpu(gateway.process.pid), time.monotonic(), asyncio.run(read(gateway, text))
        used = cpu(gateway.process.pid) - used
        print(f"  blackbar bounded   {size / 1e6:7.0f} MB  {time.monotonic() - begun:6.1f} s wall  {used:6.2f} s CPU"
              f"  peak {memory(gateway.process.pid, 'VmHWM') / 1024:.0f} MB resident")


async def read(gateway, text):
    """Asks and throws away: a client that does not gather, as psql would."""
    reader, writer = await session(gateway.port, gateway.env["PGPASSWORD"])
    body = text.encode() + b"\0"
    writer.write(b"Q" + struct.pack("!i", len(body) + 4) + body)
    size, tail = 0, b""
    while True:
        piece = await reader.read(1 << 20)
        assert piece, "the connection ended"
        size += len(piece)
        tail = (tail + piece)[-6:]
        if tail == b"Z\0\0\0\x05I":
            writer.close()
            return size


async def session(port, password, user="bench", database="ehr"):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = struct.pack("!i", 196608) + f"user\0{user}\0database\0{database}\0\0".encode()
    writer.write(struct.pack("!i", len(body) + 4) + body)
    while True:
        tag, length = struct.unpack("!ci", await reader.readexactly(5))
        body = await reader.readexactly(length - 4)
        if tag == b"R" and body[:4] == b"\0\0\0\x03":
            secret = password.encode() + b"\0"
            writer.write(b"p" + struct.pack("!i", len(secret) + 4) + secret)
        elif tag == b"E":
            raise RuntimeError(body)
        elif tag == b"Z":
            return reader, writer


def idle(blackbar, folder, count=2000):
    """Sessions that do nothing, with a stub behind the gateway: what each costs."""

    async def run():
        stub = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = stub.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        gateway = await loop.run_in_executor(None, lambda: Gateway(blackbar, folder, port, "async").__enter__())
        pid = gateway.process.pid
        held = [await session(gateway.port, gateway.env["PGPASSWORD"]) for _ in range(50)]
        await asyncio.sleep(1)
        before, some = memory(pid, "VmRSS"), len(held)
        while len(held) < count:
            held.extend(await asyncio.gather(*(session(gateway.port, gateway.env["PGPASSWORD"]) for _ in range(25))))
        await asyncio.sleep(2)
        after = memory(pid, "VmRSS")
        print(f"\n{len(held)} idle sessions: {after / 1024:.1f} MB resident, {(after - before) / (len(held) - some):.1f} KB each")
        for _, writer in held:
            writer.close()
        stub.close()
        await loop.run_in_executor(None, lambda: gateway.__exit__(None, None, None))

    async def answer(reader, writer):
        def message(tag, body):
            return tag + struct.pack("!i", len(body) + 4) + body

        try:
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            await reader.readexactly(length - 4)
            ready = message(b"Z", b"I")
            settings = [(b"client_encoding", b"UTF8"), (b"DateStyle", b"ISO, MDY"), (b"server_version", b"15.0")]
            told = b"".join(message(b"S", name + b"\0" + value + b"\0") for name, value in settings)
            writer.write(message(b"R", b"\0\0\0\0") + told + message(b"K", struct.pack("!ii", 1, 2)) + ready)
            while True:
                tag, length = struct.unpack("!ci", await reader.readexactly(5))
                await reader.readexactly(length - 4)
                if tag == b"Q":
                    column = b"search_path\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
                    path = b"public"
                    row = struct.pack("!hi", 1, len(path)) + path
                    done = message(b"C", b"SHOW\0") + ready
                    writer.write(message(b"T", struct.pack("!h", 1) + column) + message(b"D", row) + done)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    asyncio.run(run())


class Server:
    """PostgreSQL with its own folder."""

    def __init__(self, folder):
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=pathlib.Path("/usr/bin"))
        self.data, self.port = folder / "data", free_port()
        self.where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "postgres"]

    def __enter__(self):
        self.data.mkdir()
        os.chown(self.data, NOBODY, NOBODY)
        made = [self.bin / "initdb", "-N", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D", self.data]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", user=NOBODY, group=NOBODY)
        run = [self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        run += ["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=100"]
        self.process = subprocess.Popen(run, stderr=subprocess.DEVNULL, cwd="/", user=NOBODY, group=NOBODY)
        wait(self.port)
        return self

    def __exit__(self, *_):
        self.process.send_signal(2)
        self.process.wait()

    def run(self, command):
        subprocess.run(command, check=True, capture_output=True)

    def sql(self, text):
        self.run(["psql", "-X", "-q", *self.where, "-c", text])


class Bouncer:
    """pgbouncer, one connection of the server for each client, as the gateway has it."""

    process = None

    def __init__(self, folder, port):
        self.folder, self.upstream, self.port = folder, port, free_port()
        self.where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "postgres"]

    def __enter__(self):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            print("no pgbouncer here")
            return self
        config = self.folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={self.upstream} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = any\npool_mode = session\nmax_client_conn = 100\n"
            "default_pool_size = 50\nlog_connections = 0\nlog_disconnections = 0\n"
        )
        self.process = subprocess.Popen(
            [program, "-q", config], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, user=NOBODY, group=NOBODY
        )
        wait(self.port)
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()


class Gateway:
    """A gateway with `safe-harbor` and everything permitted."""

    def __init__(self, blackbar, folder, upstream, record):
        self.blackbar, self.port = blackbar, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.upstream, self.record = upstream, record

    def __enter__(self):
        self.blackbar_run("init", ".")
        (self.folder / "blackbar.toml").write_text(
            'data_dir = "data"\n[keys]\nroot = { file = "root.key" }\n[limits]\nconnections = 12000\n[[target]]\nname = "ehr"\n'
            f'protocol = "postgres"\nlisten = "127.0.0.1:{self.port}"\nrecord = "{self.record}"\n'
            f'upstream = "postgres://postgres@127.0.0.1:{self.upstream}/postgres?sslmode=disable"\n'
        )
        for policy in (self.folder / "policies").glob("*.cedar"):
            policy.unlink()
        (self.folder / "policies/all.cedar").write_text(POLICY)
        token = self.blackbar_run("token", "issue", "--subject", "bench", "--group", "agents", "--ttl", "4h").stdout.strip()
        self.env = {"PGPASSWORD": token, "PGSSLMODE": "disable"}
        self.where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "ehr"]
        self.process = subprocess.Popen([self.blackbar, "serve"], cwd=self.folder, stderr=subprocess.DEVNULL)
        wait(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def blackbar_run(self, *arguments):
        env = {**os.environ, "BLACKBAR_CONFIG": "blackbar.toml"}
        return subprocess.run([self.blackbar, *arguments], cwd=self.folder, capture_output=True, text=True, check=True, env=env)


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


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
