"""psql, which reads text only; its cursors are those of FETCH_COUNT."""

import re
import signal
import subprocess
import time

from common import DATABASE, HOST, PORT, USER, Unsupported, cases, tell

PSQL = ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-P", "null=\x1d", "-h", HOST, "-p", str(PORT), "-U", USER, "-d", DATABASE]


def main():
    for case in cases():
        tell("text", case, lambda: run(case))


def run(case):
    sql, what = case.get("sql"), case["do"]
    if what == "query":
        return rows(ask(filled(sql, case["params"])))
    if what == "prepared":
        runs = "".join(f"EXECUTE again({values(params)});\n" for params in case["params"])
        return rows(ask(f"PREPARE again(int) AS {sql};\n{runs}"))
    if what == "pipeline":
        return rows(ask(";\n".join(filled(sql, params) for params in case["params"])))
    if what == "copy_out":
        return ask(sql)
    if what == "copy_in":
        lines = "".join("\t".join(str(cell) for cell in row) + "\n" for row in case["rows"])
        columns = ", ".join(case["columns"])
        text = f"TRUNCATE {case['table']};\nCOPY {case['table']} ({columns}) FROM STDIN;\n{lines}\\.\n{case['then']};\n"
        return rows(ask(text))
    if what == "cursor":
        return [[str(len(rows(ask(f"\\set FETCH_COUNT {case['size']}\n{sql};"))))]]
    if what == "cancel":
        running = subprocess.Popen(PSQL + ["-v", "VERBOSITY=sqlstate", "-c", sql], stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        return [[code(running.communicate(timeout=20)[1])]]
    if what == "error":
        return [[code(ask(sql, error=True))]]
    if what == "transaction":
        said = ask(f"BEGIN;\n{sql};\nSELECT 1 AS one;\nROLLBACK;", error=True)
        return [[found] for found in re.findall(r"ERROR:\s+(\w{5})", said)]
    raise Unsupported(what)


def ask(text, error=False):
    done = subprocess.run(
        PSQL + ["-v", "VERBOSITY=sqlstate"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    if done.stderr and not error:
        raise RuntimeError(done.stderr)
    return done.stderr if error else done.stdout


def rows(text):
    cell = lambda cell: None if cell == "\x1d" else cell
    return [[cell(one) for one in line.split("\x1f")] for line in text.split("\n") if line]


def filled(sql, params):
    return re.sub(r"\$(\d+)", lambda found: values([params[int(found[1]) - 1]]), sql)


def values(params):
    return ", ".join(str(param) if isinstance(param, int) else "'" + param.replace("'", "''") + "'" for param in params)


def code(said):
    found = re.search(r"(?:ERROR|FATAL):\s+(\w{5})", said)
    return found[1] if found else f"no code in {said!r}"


main()
