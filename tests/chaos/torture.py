#!/usr/bin/env python3
"""Rounds of chaos in slices, each world in its turn: what was done is kept in a file, and the next call goes on from there.
Ends with 0 when the goal is reached, 3 when the slice is over before, 1 at the first broken promise.

    torture.py PROGRESS_FILE [ROUNDS [MINUTES]]      500 rounds, 30 minutes a slice"""

import json
import pathlib
import random
import signal
import sys
import time

import chaos
import worlds

# Rounds on one world before the next one; starting a broker is dear.
TURNS = (("embedded", 5), ("redis", 5), ("replica", 4), ("cluster", 4), ("embedded_kafka", 6))


def main():
    signal.signal(signal.SIGTERM, chaos.end_in_order)
    file = pathlib.Path(sys.argv[1])
    goal = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else 30
    done = json.loads(file.read_text()) if file.exists() else {"rounds": 0, "turn": 0, "faults": {}, "slowest": 0}
    end = time.monotonic() + 60 * minutes

    def progress(_, counts, windows, recovered):
        done["rounds"] += 1
        done["slowest"] = max(done["slowest"], recovered)
        for total in chaos.TOTALS:
            done["judged " + total] = done.get("judged " + total, 0) + counts[total]
        for fault in (fault for window in windows for fault in window):
            kind = fault.split()[0]
            done["faults"][kind] = done["faults"].get(kind, 0) + 1
        new = file.with_suffix(".new")
        new.write_text(json.dumps(done))
        new.replace(file)

    missing = {name: chaos.missing(name) for name, _ in TURNS}
    for name, why in missing.items():
        print(f"  {name}: {why}: skipped" if why else f"  {name}", flush=True)
    turns = [turn for turn in TURNS if not missing[turn[0]]]
    while done["rounds"] < goal and time.monotonic() < end:
        if not turns:
            return 77
        name, count = turns[done["turn"] % len(turns)]
        done["turn"] += 1
        seed = random.randrange(2**32)
        try:
            chaos.rounds(name, count, seed, progress)
        except worlds.NotThere as away:
            print(f"  {name}: {away}", flush=True)
            continue
        except AssertionError as broken:
            print(f"  FAULT {broken}\ntorture: to see it again: python3 tests/chaos/chaos.py {name} {count} {seed}")
            return 1
        print(f"  {name}: {done['rounds']} of {goal} rounds, {done['judged answered']:,} answers judged, {done['judged orders']:,} orders, "
              f"0 promises broken, sells again after {done['slowest']:.1f} s at most", flush=True)
    if done["rounds"] < goal:
        print("torture: the slice is over; the next call goes on from here")
        return 3
    print(f"torture: {done['rounds']} rounds of chaos, {sum(done['faults'].values())} faults {done['faults']}, no promise broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
