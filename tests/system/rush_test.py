#!/usr/bin/env python3
"""The promise of the first page, several times: ten units, ten thousand buyers, exactly ten paid, to the
first ten eligible, in every shape of rush.

    rush_test.py [TIMES]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import dibs

# What each planted bug must make the judge say: a checker that never fails proves nothing.
PLANTED = {
    "two loops without the merge": (["--ingress", "2", "--unmerged", "--known-order", "--buyers", "8000"],
                                    "arrival_inversions"),
    "no line, so a unit that comes back goes to whoever presses next": (["--line", "0"], "inversions"),
}
SHAPES = {
    "at once over 1,000 connections": [],
    "one new connection per press": ["--connection-per-press"],
    "8,000 presses of one sender in a known order": ["--known-order", "--buyers", "8000"],
}
LOOPS = (1, 2, 4)


def faults_of(result, buyers):
    expected = {
        "paid": (result["outcomes"]["paid"], 10),
        "oversold": (result["oversold"], 0),
        "first_come_accuracy": (result["fairness"]["first_come_accuracy"], 1.0),
        "inversions": (result["fairness"]["inversions"], 0),
        "late numbers": (result["counters"]["dibs_engine_late_numbers_total"], 0),
        "reads without a kernel timestamp": (result["counters"]["dibs_http_unstamped_total"], 0),
        "arrivals numbered out of order": (result["fairness"]["arrival_inversions"], 0),
        "error": (result["outcomes"]["error"], 0),
        "refused_early": (result["outcomes"]["refused_early"], 0),
        "requests": (result["requests"], buyers),
        "sum of outcomes": (sum(result["outcomes"].values()), buyers),
        "rank of the last winner": (result["fairness"]["last_winner_rank"],
                                    result["fairness"]["fair_last_rank"]),
    }
    return [f"{name} is {got}, not {wanted}" for name, (got, wanted) in expected.items() if got != wanted]


def rush(directory, flags):
    """A valid run and its faults. A run in which the kernel dropped connections says nothing and is made
    again: opening 8,000 at once can overflow the listen queue of 4,096 before the server has a core."""
    for _ in range(60):
        result, faults = one_rush(directory, flags)
        if result["valid"]:
            break
        print(f"  made again: {result['invalid_because']}", flush=True)
    return result, faults


def one_rush(directory, flags):
    out = pathlib.Path(directory) / "rush.json"
    done = dibs.run("rush", "--json", out, *flags)
    result = json.loads(out.read_text())
    buyers = int(flags[flags.index("--buyers") + 1]) if "--buyers" in flags else 10000
    faults = faults_of(result, buyers)
    if done.returncode != 0:
        faults.append(f"exit status {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return result, faults


def planted(flags, figure):
    """(the figure, exit status) of the first of three runs in which the judge saw the bug"""
    for seed in range(3):
        with tempfile.TemporaryDirectory() as directory:
            out = pathlib.Path(directory) / "rush.json"
            done = dibs.run("rush", "--json", out, "--seed", seed + 1, *flags)
            seen = json.loads(out.read_text())["fairness"][figure]
            if seen > 0:
                break
    return seen, done.returncode


class BusyCores:
    """Two programs for each core that do nothing but use it, so that every thread is off its core again and
    again: that may delay, but nobody may be overtaken for it."""

    def __enter__(self):
        self.hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
                     for _ in range(2 * (os.cpu_count() or 1))]

    def __exit__(self, *_):
        for hog in self.hogs:
            hog.kill()
            hog.wait()


def rushes(name, flags, times):
    """How many of `times` rushes broke a promise."""
    failed, seconds = 0, []
    for turn in range(times):
        with tempfile.TemporaryDirectory() as directory:
            result, faults = rush(directory, [*flags, "--seed", str(turn + 1)])
        seconds.append(result["seconds_total"])
        for fault in faults:
            print(f"  FAULT {name}, seed {turn + 1}: {fault}")
        failed += bool(faults)
    print(f"{name}: {times} rushes, {failed} with faults, slowest {max(seconds):.2f} s", flush=True)
    return failed


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    failed = 0
    for loops in LOOPS:
        for name, flags in SHAPES.items():
            failed += rushes(f"{loops} loops, {name}", [*flags, "--ingress", str(loops)], times)
    with BusyCores():
        failed += rushes("4 loops, busy cores, known order",
                         [*SHAPES["8,000 presses of one sender in a known order"], "--ingress", "4"], times)
    for name, (flags, figure) in PLANTED.items():
        seen, status = planted(flags, figure)
        print(f"planted bug, {name}: {seen} {figure}, exit status {status}", flush=True)
        failed += seen == 0 or status != 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
