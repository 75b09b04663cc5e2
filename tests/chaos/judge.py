#!/usr/bin/env python3
"""Judges what clients wrote down of a sale against the sale's events and the books, knowing only the contract: no oversell,
nobody overtaken, once a key, no acknowledgement lost, nothing shown that is undone or old, all books equal.

    judge.py DIRECTORY      0: every promise was held; 1: one was broken, and which; 2: no usable input

DIRECTORY holds what clients.py and chaos.py have written:
    history.jsonl   one call a line: `n`, `call`, `server`, `invoked` and `completed` (ns of one monotonic clock; `completed` null: no
                    answer), `buyer`, `key`, `order`, `items` as asked for, `status`, `answer`, `replayed`
    journal.jsonl   what `dibs journal dump` printed, or stream.json with what XRANGE gave of `events` and `arrivals`
    final.json      `sale` and, as far as there are such, `orders`, `arrivals`, `ledger`, `provider` at rest"""

import json
import pathlib
import sys

import judge_events
from judge_books import judge_books
from judge_fold import Fold
from judge_history import History


def judge(calls, events, refusals, final):
    """(faults, counts)"""
    fold = Fold(events)
    history = History(calls, fold, events)
    faults = fold.faults + history.judge() + judge_books(final, fold, calls, refusals, events)
    history.counts.update(events=len(events), orders=len(fold.orders), refusals=len(refusals))
    return faults, history.counts


def read(directory):
    """(calls, events, refusals, final)"""
    directory = pathlib.Path(directory)
    final = json.loads((directory / "final.json").read_text())
    calls = [json.loads(line) for line in (directory / "history.jsonl").read_text().splitlines()]
    sale = final["sale"]["id"]
    if (directory / "journal.jsonl").exists():
        events, refusals = judge_events.from_journal((directory / "journal.jsonl").read_text().splitlines(), sale)
    else:
        streams = json.loads((directory / "stream.json").read_text())
        events, refusals = judge_events.from_redis(streams["events"], streams["arrivals"], sale)
    return calls, events, refusals, final


def main():
    try:
        given = read(sys.argv[1])
    except (IndexError, OSError, ValueError, KeyError) as wrong:
        print(f"judge: {wrong!r}", file=sys.stderr)
        return 2
    faults, counts = judge(*given)
    for fault in faults[:50]:
        print(f"FAULT {fault}")
    print(json.dumps(dict(counts, faults=len(faults))))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
