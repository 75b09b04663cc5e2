#!/usr/bin/env python3
"""kill -9 under load ten thousand times, or rounds of faults on Redis, in slices: what was done is kept in a
file, and the next call goes on from there. Ends with 0 when the goal is reached, 3 when the slice is over
before, 1 at the first fault (with the seed that shows it again).

    torture.py PROGRESS_FILE [KILLS] [MINUTES] [redis]      default 10,000 kills, 30 minutes a slice
"""

import json
import pathlib
import random
import sys
import time

import kill9_test
import redis_faults_test

# What is done, by which test, and how many of it on one data directory before a fresh one.
KINDS = {"kills": ("kill9_test", kill9_test.kills, 50), "redis": ("redis_faults_test", redis_faults_test.rounds, 30)}
TOTALS = ("kills", "orders", "arrivals", "answers", "seconds")


def load(file):
    return json.loads(file.read_text()) if file.exists() else dict.fromkeys(TOTALS, 0)


def save(file, done):
    new = file.with_suffix(".new")
    new.write_text(json.dumps(done))
    new.replace(file)


def one_round(done, kind):
    """The faults of one round; adds what it did to `done`."""
    test, run, count = KINDS[kind]
    seed = random.randrange(2**32)
    began = time.monotonic()
    memory = run(count, seed)
    for fault in memory.faults[:20]:
        print(f"  FAULT {fault}")
    if memory.faults:
        print(f"torture: to see it again: python3 tests/system/{test}.py {count} {seed}")
        return memory.faults
    for name, more in zip(TOTALS, (count, len(memory.orders), len(memory.arrivals), memory.answers,
                                   time.monotonic() - began)):
        done[name] += more
    return []


def main():
    file = pathlib.Path(sys.argv[1])
    goal = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else 30
    kind = sys.argv[4] if len(sys.argv) > 4 else "kills"
    done = load(file)
    end = time.monotonic() + 60 * minutes
    while done["kills"] < goal and time.monotonic() < end:
        if one_round(done, kind):
            return 1
        save(file, done)
        print(f"  {done['kills']:,} of {goal:,} kills, {done['orders']:,} acknowledged orders, "
              f"{done['arrivals']:,} arrival numbers, {done['answers']:,} answers, 0 faults", flush=True)
    if done["kills"] < goal:
        print("torture: the slice is over; the next call goes on from here")
        return 3
    print(f"torture: {done['kills']:,} kills in {done['seconds'] / 60:.0f} minutes, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
