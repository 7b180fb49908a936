#!/usr/bin/env python3
"""What a release weighs, how long it takes to begin, and what it holds when nobody asks it anything.

    python3 benches/start.py target/release/blackbar [--times 9]

The program's size; `blackbar --version`; from the start of `blackbar serve` with the configuration that `blackbar init`
writes (an HTTP target, a console, operations) to the first /readyz that says yes, the first time with an empty data
folder; and the resident memory of that gateway after five idle seconds, in all and without the pages of its own file.
Medians. Ends with 1 when a figure is beyond its limit, but for times on a machine that does other work (load above its
cores), which are only said.
"""

import sys

# What stands beside this file is called as modules of the library are: `http.py`.
sys.path.pop(0)

import argparse
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

MOST_BYTES = 40_000_000
MOST_START = 0.100
MOST_RESIDENT = 30_000_000


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("blackbar", type=pathlib.Path)
    arguments.add_argument("--times", type=int, default=9)
    asked = arguments.parse_args()
    blackbar = asked.blackbar.resolve()
    load = os.getloadavg()
    busy = load[0] > os.cpu_count()
    print(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load", *(f"{one:.1f}" for one in load))
    beyond = []

    size = blackbar.stat().st_size
    print(f"size                  {size / 1e6:8.1f} MB   (limit {MOST_BYTES / 1e6:.0f})")
    if size >= MOST_BYTES:
        beyond.append("size")

    spent = [said(blackbar) for _ in range(asked.times)]
    wall, processor = (statistics.median(one) for one in zip(*spent))
    print(f"--version             {wall * 1e3:8.1f} ms   ({processor * 1e3:.1f} ms of processor time)")

    with tempfile.TemporaryDirectory(prefix="blackbar-bench-") as folder:
        folder = pathlib.Path(folder) / "gateway"
        ready = configured(blackbar, folder)
        starts = [started(blackbar, folder, ready, idle=number == asked.times) for number in range(asked.times + 1)]
    first, again = starts[0], starts[1:]
    wall = statistics.median(one["wall"] for one in again)
    processor = statistics.median(one["processor"] for one in again)
    print(f"serve to /readyz      {wall * 1e3:8.1f} ms   (limit {MOST_START * 1e3:.0f}; {processor * 1e3:.0f} ms of processor "
          f"time; the first, with an empty folder, {first['wall'] * 1e3:.1f} ms)")
    if wall >= MOST_START and not busy:
        beyond.append("start")
    resident, own = again[-1]["resident"], again[-1]["anonymous"]
    print(f"resident when idle    {resident / 1e6:8.1f} MB   (limit {MOST_RESIDENT / 1e6:.0f}; {own / 1e6:.1f} without pages of its file; "
          f"{again[-1]['threads']} threads)")
    if resident >= MOST_RESIDENT:
        beyond.append("resident memory")
    if beyond:
        sys.exit(f"beyond its limit: {', '.join(beyond)}")


def said(blackbar):
    """Seconds, and seconds of processor time, until the version is said."""
    begun, before = time.perf_counter(), os.times()
    subprocess.run([blackbar, "--version"], check=True, capture_output=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - begun, spent


def configured(blackbar, folder):
    """A gateway as `blackbar init` makes it, on ports that are free. Where it tells that it is ready."""
    subprocess.run([blackbar, "init", folder], check=True, capture_output=True)
    file = folder / "blackbar.toml"
    ports = iter(free_ports(8))
    text = re.sub(r'(?m)^(listen = "127\.0\.0\.1):\d+', lambda found: f"{found[1]}:{next(ports)}", file.read_text())
    file.write_text(text)
    operations = re.search(r'\[operations\][^\[]*?listen = "([^"]+)"', text)[1]
    return f"http://{operations}/readyz"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def started(blackbar, folder, ready, idle):
    begun = time.perf_counter()
    gateway = subprocess.Popen([blackbar, "serve"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not is_ready(ready):
            if gateway.poll() is not None or time.perf_counter() - begun > 60:
                sys.exit("the gateway did not begin")
            time.sleep(0.001)
        told = {"wall": time.perf_counter() - begun, "processor": processor_time(gateway.pid)}
        if idle:
            time.sleep(5)
            status = pathlib.Path(f"/proc/{gateway.pid}/status").read_text()
            number = lambda key: int(re.search(rf"^{key}:\s+(\d+)", status, re.M)[1])
            told |= {"resident": number("VmRSS") * 1024, "anonymous": number("RssAnon") * 1024, "threads": number("Threads")}
        return told
    finally:
        gateway.terminate()
        gateway.wait()


def is_ready(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
