#!/usr/bin/env python3
"""`dibs compare`, small: every strategy named, the counts add up, what is known of each design shows, the
engine holds its promises, and nothing is left behind."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import dibs

BUYERS = 300
STOCK = 10
ALL = ["lock", "lock-improved", "lock-wait", "queue", "lua", "redis", "engine"]


def compare(directory, *flags, environment=None):
    return subprocess.run([dibs.BINARY, "compare", *flags], env=environment, cwd=directory, capture_output=True,
                          text=True, timeout=300)


def check(holds, what):
    if not holds:
        sys.exit(f"compare: {what}")


def check_case(case, settings):
    name = case["strategy"]
    if case["unavailable"]:
        check(name == "redis" and not case["runs"], f"{name} was not run: {case['unavailable']}")
        return
    run, = case["runs"]
    outcomes = run["outcomes"]
    check(run["requests"] == settings["buyers"] == sum(outcomes.values()), f"{name}: counts do not add up")
    check(outcomes["entry_failed"] == 60, f"{name}: {outcomes['entry_failed']} left")
    check(outcomes["error"] == outcomes["refused_early"] == 0, f"{name}: {outcomes}")
    for part in ("server", "tool") if name == "engine" else ("server", "redis", "tool"):
        check(run["resources"][f"{part}_cpu_seconds"] is not None, f"{name}: no CPU of {part}")
    check(case["findings"] == run["broken_promises"], f"{name}: {case['findings']}")
    if case["promises"]:
        check(outcomes["paid"] == STOCK and run["oversold"] == 0 and not case["findings"], f"{name}: {case}")
        check(run["fairness"]["inversions"] == 0 and run["fairness"]["first_come_accuracy"] == 1, name)
        check(run["units_missing"] == 0, f"{name}: units missing")
        check(name != "engine" or run["notes"]["audit"], "the engine was not audited")


def check_designs(cases):
    """What is sure of each design in every run; the rest is luck, and for the unit tests to force."""
    def run(name):
        return cases[name]["runs"][0]

    for name in ("lock", "lock-improved", "lock-wait"):
        check(run(name)["outcomes"]["paid"] <= STOCK and run(name)["units_missing"] == 0, f"{name} oversold")
    check(run("lock")["outcomes"]["lock_failed"] > 0, "nobody was refused by the lock")
    check(run("lock-wait")["outcomes"]["lock_failed"] == 0, "somebody was refused by the lock that is waited for")
    queue = run("queue")
    check(queue["over_limit"] and queue["outcomes"]["stranded"] > 200, f"queue: {queue['outcomes']}")
    check(queue["outcomes"]["paid"] + queue["outcomes"]["payment_failed"] <= 5, "queue served more than one a second")
    # Each that could not pay has made a unit; the last of them may not have heard of it when the run ended.
    unheard = -queue["units_missing"] - queue["outcomes"]["payment_failed"]
    check(0 <= unheard <= 2, f"queue: {queue['units_missing']} units missing, {queue['outcomes']}")
    lua = run("lua")
    # Whoever could not pay has taken an order away or got one: nearly always both.
    check(lua["outcomes"]["wrong_buyer"] + lua["outcomes"]["payment_failed"] > 0, f"lua: {lua['outcomes']}")


def check_reports(directory):
    page = (directory / "out.html").read_text()
    check("http://" not in page.split("<script id=\"data\"")[0], "the page loads something")
    for name in ALL:
        check(f'"strategy":"{name}"' in page, f"{name} is not on the page")
    rows = list(csv.DictReader((directory / "tables" / "comparison.csv").open()))
    check([row["strategy"] for row in rows] == [n for n in ALL if n != "redis" or len(rows) == len(ALL)], rows)
    presses = list(csv.DictReader((directory / "tables" / "engine-1.csv").open()))
    check(len(presses) == BUYERS, f"{len(presses)} rows of the engine's run")


def check_refusals(directory):
    for flags, words in (
            (["--write-back", "sync"], "SQL ledger"),
            (["--strategies", "engine,lottery"], "lottery"),
            (["--strategies", "engine", "--baseline", "lock"], "--baseline lock"),
            (["--gateways", "2"], "gateway")):
        got = compare(directory, *flags)
        check(got.returncode == 2 and words in got.stderr, f"{flags}: {got.returncode} {got.stderr}")
    nothing = dict(os.environ, PATH=str(directory))
    got = compare(directory, "--strategies", "lock", environment=nothing)
    check(got.returncode == 3 and "redis-server is not installed" in got.stderr, f"without Redis: {got.stderr}")


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        left = directory / "tmp"
        left.mkdir()
        environment = dict(os.environ, TMPDIR=str(left))
        got = compare(directory, "--buyers", str(BUYERS), "--stock", str(STOCK), "--connections", "20", "--runs", "1",
                      "--queue-seconds", "3", "--json", "out.json", "--csv", "tables", "--html", "out.html",
                      environment=environment)
        check(got.returncode == 0, f"status {got.returncode}: {got.stdout}{got.stderr}")
        result = json.loads((directory / "out.json").read_text())
        cases = {case["strategy"]: case for case in result["cases"]}
        check(list(cases) == ALL and result["baseline"] == "lock", f"cases: {list(cases)}")
        for case in cases.values():
            check_case(case, result["settings"])
        check_designs(cases)
        check_reports(directory)
        check(not list(left.iterdir()), f"left behind: {list(left.iterdir())}")
        check_refusals(directory)
    print(f"compare: {len(ALL)} strategies, {BUYERS} buyers each: as described")


if __name__ == "__main__":
    main()
