#!/bin/sh
# What a stream keeps in memory: one document of each format, as long as is asked for, through `blackbar redact`.
#
#     benches/endless.sh [MEGABYTES] [FORMAT...]       10000 of each format, which takes hours; 200 tells already
#
# Prints, for each format, the most resident memory of the process, the most bytes that it held back and the window that
# bounds them. Fails when more is held than the window has, or when the memory is above LIMIT (MB, 64).
#
# BLACKBAR and CORPUS name the programs (target/release of this folder's parent); JOBS the threads (1).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
blackbar=${BLACKBAR:-$here/target/release/blackbar}
corpus=${CORPUS:-$here/target/release/corpus}
limit=${LIMIT:-64}
megabytes=${1:-10000}
[ $# -gt 0 ] && shift
formats=${*:-text csv tsv ndjson json hl7 xml x12 sse ndjson-deltas log mime copy sql form}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkfifo "$folder/input"
bad=0
printf '%-14s %8s %8s %10s %10s %8s %10s\n' format MB MB/s resident held window findings
for format in $formats; do
    "$corpus" endless --format "$format" --megabytes "$megabytes" > "$folder/input" &
    writer=$!
    begun=$(date +%s.%N)
    "$blackbar" redact --input "$format" --jobs "${JOBS:-1}" --report "$folder/report.json" --force \
        - < "$folder/input" > /dev/null 2> "$folder/said" &
    reader=$!
    resident=0
    # The high-water mark grows only, and is gone with the process.
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$reader/status" 2> /dev/null) && [ -n "$now" ]; do
        resident=$now
        sleep 0.2
    done
    if ! wait "$reader"; then
        cat "$folder/said" >&2
        bad=1
    fi
    wait "$writer" || bad=1
    ended=$(date +%s.%N)
    python3 - "$folder/report.json" "$format" "$resident" "$limit" "$begun" "$ended" <<'PYTHON' || bad=1
import json, sys

path, name, resident, limit, begun, ended = sys.argv[1:]
one = json.load(open(path))["totals"]
megabytes, seconds = one["bytes_in"] / 1e6, float(ended) - float(begun)
resident = int(resident) * 1024 / 1e6
findings = sum(one["findings"].values())
print(f"{name:<14} {megabytes:8.0f} {megabytes / seconds:8.1f} {resident:7.1f} MB {one['most_held']:10} {one['window']:8} {findings:10}")
sys.exit(one["most_held"] > one["window"] or resident > float(limit))
PYTHON
done
exit $bad
