#!/usr/bin/env python3
"""`dibs compare`, small: every strategy named, the counts add up, what is known of each design shows, Dibs
holds its promises, several gateways sell one stock, and nothing is left behind.

How it proves its claim: from the rows of the buyers it works out again, by the definitions and the long way,
what the command says: who bought, what was oversold, every overtaken pair (with several gateways also within
each), and from the runs every mean and every change in percent. Planted and seen: a change divided by the new
value, an oversell of `queue` set to 0, overtaken pairs counted once a winner, pairs across gateways left out or
counted as one gateway's, a strategy missing from the table, the JSON or the CSV."""

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


def rows_of(directory, name):
    return list(csv.DictReader((directory / f"{name}-1.csv").open()))


def overtaken(rows, given, same=lambda a, b: True):
    """Pairs in which somebody wholly sent before another was begun was refused, and the other was given a unit."""
    refused = [r for r in rows if r["final_state"] in ("lock_failed", "sold_out", "closed")]
    winners = [r for r in rows if r["final_state"] in given]
    return sum(int(early["sent_done_ns"]) < int(late["sent_at_ns"]) and same(early, late)
               for late in winners for early in refused)


def given_by(name):
    """Where the payment is inside the buy, whoever could not pay never had the unit."""
    return ("paid",) if name in ("lock", "lock-wait") else ("paid", "released")


def check_against_rows(case, directory, gateways=1):
    name, (run,) = case["strategy"], case["runs"]
    rows = rows_of(directory, name)
    check(len(rows) == run["requests"], f"{len(rows)} rows of {name}")
    paid = sum(r["final_state"] == "paid" for r in rows)
    if name != "lua":  # whose buyers are told what is not so: wrong_buyer
        check(paid == run["outcomes"]["paid"], f"{name}: {paid} rows are paid, {run['outcomes']}")
        check(run["oversold"] == max(0, paid - run["stock"]), f"{name}: oversold {run['oversold']}, {paid} paid")
    if name not in ("lock", "lock-improved", "redis", "engine"):
        return
    fairness = run["fairness"]
    pairs = overtaken(rows, given_by(name))
    check(fairness["inversions"] == pairs, f"{name}: {fairness['inversions']} pairs overtaken, by the rows {pairs}")

    def gateway_of(row):
        return (int(row["buyer"].removeprefix("b-")) - 1) % gateways
    within = overtaken(rows, given_by(name), lambda a, b: gateway_of(a) == gateway_of(b))
    check(fairness["inversions_same_gateway"] == within, f"{name}: {fairness}, by the rows {within}")
    check(fairness["inversions_across_gateways"] == pairs - within, f"{name}: {fairness}, by the rows {pairs - within}")


def check_percentages(result):
    """Every mean and change, worked out again from the runs."""
    def means(case):
        def mean(figure):
            values = [figure(run) for run in case["runs"]]
            return sum(values) / len(values)
        return {"tps": mean(lambda run: run["tps"]), "seconds_total": mean(lambda run: run["seconds_total"]),
                "latency_final_mean": mean(lambda run: run["latency_final_ms"]["mean"])}

    measured = [case for case in result["cases"] if case["runs"]]
    base = means(next(case for case in measured if case["strategy"] == result["baseline"]))
    before = None
    for case in measured:
        own = means(case)
        for said, other in ((case["change_percent"], base), (case["change_percent_from_case_before"], before)):
            check((said is None) == (other is None), f"{case['strategy']}: {said}")
            for name in own if other else ():
                wanted = (own[name] - other[name]) / other[name] * 100
                check(abs(said[name] - wanted) < 0.02 + abs(wanted) * 1e-4, f"{case['strategy']}: {name} {said[name]} %, not {wanted}")
        before = own
    check(result["published"]["change_percent"] ==
          {"tps": 33.92, "seconds_total": -52.71, "latency_final_mean": -51.94}, result["published"])


def check_case(case, settings, stock=STOCK, alone=True):
    name = case["strategy"]
    check(not case["unavailable"], f"{name} was not run: {case['unavailable']}")
    run, = case["runs"]
    outcomes = run["outcomes"]
    check(run["requests"] == settings["buyers"] == sum(outcomes.values()), f"{name}: counts do not add up")
    check(outcomes["entry_failed"] == 60, f"{name}: {outcomes['entry_failed']} left")
    check(outcomes["error"] == outcomes["refused_early"] == 0, f"{name}: {outcomes}")
    for part in ("server", "tool") if name.startswith("engine") else ("server", "redis", "tool"):
        check(run["resources"][f"{part}_cpu_seconds"] is not None, f"{name}: no CPU of {part}")
    check(case["findings"] == run["broken_promises"], f"{name}: {case['findings']}")
    if case["promises"]:
        check(outcomes["paid"] == stock and run["oversold"] == 0 and not case["findings"], f"{name}: {case}")
        check(run["fairness"]["inversions_same_gateway"] == 0, name)
        check(not alone or (run["fairness"]["inversions"] == 0 and run["fairness"]["first_come_accuracy"] == 1), name)
        check(run["units_missing"] == 0, f"{name}: units missing")
        check(not name.startswith("engine") or run["notes"]["audit"], "the engine was not audited")


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


def check_reports(directory, cases, table):
    for name in ALL:
        check(f"\n  {name} " in table and f"\n{name}: " in table, f"{name} is not in the table: {table}")
    page = (directory / "out.html").read_text()
    check("http://" not in page.split("<script id=\"data\"")[0], "the page loads something")
    for name in ALL:
        check(f'"strategy":"{name}"' in page, f"{name} is not on the page")
    rows = list(csv.DictReader((directory / "tables" / "comparison.csv").open()))
    check([row["strategy"] for row in rows] == ALL, rows)
    for row in rows:
        run, = cases[row["strategy"]]["runs"]
        for name, count in run["outcomes"].items():
            check(int(row[name]) == count, f"{row['strategy']}: {name} is {row[name]} in the CSV, {count} in the JSON")
        check(int(row["oversold"]) == run["oversold"] and int(row["inversions"]) == run["fairness"]["inversions"], row)


def check_refusals(directory):
    for flags, words in (
            (["--ledger", "sqlite:x.db"], "--write-back none"),
            (["--strategies", "engine,lottery"], "lottery"),
            (["--strategies", "engine", "--baseline", "lock"], "--baseline lock"),
            (["--gateways", "17"], "--gateways"),
            (["--gateways", "3", "--connections", "2", "--strategies", "redis"], "Each gateway needs a connection")):
        got = compare(directory, *flags)
        check(got.returncode == 2 and words in got.stderr, f"{flags}: {got.returncode} {got.stderr}")
    nothing = dict(os.environ, PATH=str(directory))
    got = compare(directory, "--strategies", "lock", environment=nothing)
    check(got.returncode == 3 and "redis-server is not installed" in got.stderr, f"without Redis: {got.stderr}")


def check_gateways(directory):
    """Two servers on one Redis; and `queue` with a worker each, which is sure to sell more than there is."""
    got = compare(directory, "--buyers", str(BUYERS), "--stock", "3", "--connections", "20", "--runs", "1", "--gateways",
                  "2", "--queue-seconds", "5", "--strategies", "queue,lock,redis,engine", "--json", "two.json", "--csv",
                  "two", "--html", "two.html")
    check(got.returncode == 0, f"two gateways: status {got.returncode}: {got.stdout}{got.stderr}")
    result = json.loads((directory / "two.json").read_text())
    cases = {case["strategy"]: case for case in result["cases"]}
    check([case["gateways"] for case in cases.values()] == [2, 2, 2, 1], "gateways of each")
    for case in cases.values():
        check_case(case, result["settings"], stock=3, alone=case["gateways"] == 1)
        check_against_rows(case, directory / "two", case["gateways"])
    check_percentages(result)
    queue = cases["queue"]["runs"][0]
    check(queue["oversold"] > 0 and any("Oversold" in words for words in cases["queue"]["findings"]), f"queue: {queue}")
    for words in ("Order is promised at each gateway", "engine has one gateway"):
        for where, text in (("table", got.stdout), ("JSON", (directory / "two.json").read_text()),
                            ("page", (directory / "two.html").read_text())):
            check(words in text, f"the {where} does not say: {words}")


def check_write_back(directory):
    """Each of Dibs' own both ways; the ledger that followed says what the journal says."""
    got = compare(directory, "--buyers", str(BUYERS), "--connections", "20", "--runs", "1", "--write-back", "sync",
                  "--strategies", "lua,redis,engine", "--baseline", "lua", "--json", "wb.json", "--html", "wb.html")
    check(got.returncode == 0, f"write-back: status {got.returncode}: {got.stdout}{got.stderr}")
    result = json.loads((directory / "wb.json").read_text())
    names = [case["strategy"] for case in result["cases"]]
    check(names == ["lua", "redis", "redis-sync", "engine", "engine-sync"], f"write-back: {names}")
    for case in result["cases"][1:]:
        check_case(case, result["settings"])
        follows = case["runs"][0]["notes"].get("ledger", "")
        check(case["strategy"].startswith("redis") or follows.startswith("equal: 1 sales"), f"{case['strategy']}: ledger {follows!r}")
    check_percentages(result)
    for words in ("-sync each answer waits for it", "follows the orders of Dibs"):
        check(words in got.stdout and words in (directory / "wb.html").read_text(), f"not said: {words}")


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
            check_against_rows(case, directory / "tables")
        check_percentages(result)
        check_designs(cases)
        check_reports(directory, cases, got.stdout)
        check(not list(left.iterdir()), f"left behind: {list(left.iterdir())}")
        check_gateways(directory)
        check_write_back(directory)
        check_refusals(directory)
    print(f"compare: {len(ALL)} strategies, {BUYERS} buyers each: as described; two gateways, one stock")


if __name__ == "__main__":
    main()
