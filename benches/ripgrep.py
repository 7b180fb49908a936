#!/usr/bin/env python3
"""`blackbar redact` beside ripgrep, which looks for 17 patterns and for no name.

    cargo build --release -p blackbar -p blackbar-corpus
    python3 benches/ripgrep.py target/release [--megabytes 100] [--rounds 3]

Generated notes, in the page cache; output to /dev/null. User time of the whole process, the middle of the rounds, in which
the commands take turns. `rg` only reads and finds, its second form also writes a replacement; `blackbar` finds names,
places and some forty kinds more, judges what stands around them, and writes. The last row is what a second core gives.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import os

HERE = pathlib.Path(__file__).resolve().parent


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("release", type=pathlib.Path, help="the folder with blackbar and corpus")
    arguments.add_argument("--megabytes", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args()
    pattern = "|".join(f"(?:{one})" for one in patterns())
    version = subprocess.run(["rg", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load", *(f"{one:.1f}" for one in os.getloadavg()), version)
    with tempfile.TemporaryDirectory(prefix="blackbar-bench-") as folder:
        notes = pathlib.Path(folder) / "notes.txt"
        with notes.open("wb") as out:
            make = [asked.release / "corpus", "bench", "--megabytes", str(asked.megabytes), "--input", "notes"]
            subprocess.run(make, stdout=out, check=True)
        size = notes.stat().st_size
        rg = ["rg", "--no-config", "--no-unicode", "--threads", "1", "--no-filename"]
        redact = [asked.release / "blackbar", "redact", "--quiet", "--input", "text"]
        commands = {
            "rg --count-matches": [*rg, "--count-matches", pattern, notes],
            "rg --passthru -r": [*rg, "--passthru", "--no-line-number", "-r", "[X]", pattern, notes],
            "redact --jobs 1": [*redact, "--jobs", "1", "-"],
            "redact --jobs 2": [*redact, "--jobs", "2", "-"],
        }
        rounds = {name: [] for name in commands}
        for _ in range(asked.rounds):
            for name, command in commands.items():
                rounds[name].append(run(command, notes))
        middle = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in rounds.items()}
    print(f"{'':20} {'user s':>8} {'system s':>9} {'wall s':>8} {'MB/s of user time':>18}")
    for name, (user, system, wall) in middle.items():
        print(f"{name:20} {user:8.2f} {system:9.2f} {wall:8.2f} {size / 1e6 / max(user, 0.01):18.1f}")
    one, two = middle["redact --jobs 1"], middle["redact --jobs 2"]
    for name in ("rg --count-matches", "rg --passthru -r"):
        print(f"redact --jobs 1 takes {one[0] / middle[name][0]:.2f} times the user time of {name}")
    print(f"--jobs 2 takes {two[2] / one[2]:.2f} of the wall time of --jobs 1, and {two[0] / one[0]:.2f} of its user time")


def patterns():
    """The patterns that the engine is compared with elsewhere as well."""
    source = (HERE / "examples/peers.rs").read_text()
    listed = re.search(r"const PATTERNS.*?\];", source, re.S)[0]
    found = re.findall(r'^    r"(.*)",$', listed, re.M)
    if len(found) != 17:
        sys.exit(f"{len(found)} patterns in examples/peers.rs, not 17")
    return found


def run(command, notes):
    """User, system and wall seconds."""
    with notes.open("rb") as given:
        begun, before = time.perf_counter(), os.times()
        subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, check=True)
        after, ended = os.times(), time.perf_counter()
    return after.children_user - before.children_user, after.children_system - before.children_system, ended - begun


if __name__ == "__main__":
    main()
