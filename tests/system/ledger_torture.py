"""The write-back for longer than `make test` has: what is done is kept in a file, and the next call goes on from there. Ends
with 0 when the goal is reached, 3 when the time is over before, 1 at the first fault.

    ledger_torture.py FILE restarts [ROUNDS [MINUTES]]   each round a writer, the database and the server killed once, and in
                                                         every fourth the broker; PostgreSQL and MariaDB in turn (200)
    ledger_torture.py FILE cluster [ROUNDS [MINUTES]]    the same with three brokers, of which one is killed (20)
    ledger_torture.py FILE million [EVENTS [MINUTES]]    so many through Kafka into PostgreSQL, and a twentieth into MariaDB
                                                         and SQLite (ledger_million.py; 1,000,000)"""

import collections
import contextlib
import json
import pathlib
import random
import sys
import tempfile
import time

import ledger_million
from kafka_cluster import KafkaCluster
from kafka_server import Kafka, missing
from ledger_world import World, rounds
from mariadb_server import MariaDb
from postgres_server import Postgres

SKIPPED = 77
ROUNDS_PER_WORLD = 8
GOALS = {"restarts": 200, "cluster": 20, "million": 1_000_000}


def kinds_of(kind, first, count):
    """What is killed in rounds `first` and following."""
    for number in range(first, first + count):
        yield from ("writer", "database", "server")
        if kind == "cluster" or number % 4 == 0:
            yield "node" if kind == "cluster" else "broker"


def restarts(kind, done, goal):
    """The rounds of one world; adds what it did to `done`."""
    count = min(ROUNDS_PER_WORLD, goal - done["rounds"])
    database = (Postgres, MariaDb)[done["worlds"] % 2]
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kafka = stack.enter_context((KafkaCluster if kind == "cluster" else Kafka)(directory / "kafka"))
        world = stack.enter_context(World(directory, kafka, stack.enter_context(database()), seed=random.randrange(2**32)))
        found = rounds(world, kinds_of(kind, done["rounds"], count))
        for name, number in world.counts.items():
            done[name] += number
    done["rounds"] += count
    done["worlds"] += 1
    for name, number in (("events", found["events"]), ("orders", found["orders"]), ("looks", world.looked),
                         ("committed and answered when the database was killed", world.answered)):
        done[name] += number


def million(_, done, goal):
    """The next database that is not done."""
    part = next(part for part in ledger_million.PARTS if part not in done)
    done[part] = ledger_million.run(part, goal)


def over(kind, done, goal):
    return all(part in done for part in ledger_million.PARTS) if kind == "million" else done["rounds"] >= goal


def main():
    file, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
    goal = int(sys.argv[3]) if len(sys.argv) > 3 else GOALS[kind]
    end = time.monotonic() + 60 * (float(sys.argv[4]) if len(sys.argv) > 4 else 30)
    why = missing() or ("" if Postgres.installed() and MariaDb.installed() else "there is no PostgreSQL or no MariaDB")
    if why:
        print(f"torture: {why}: SKIPPED")
        return SKIPPED
    done = collections.Counter(json.loads(file.read_text()) if file.exists() else {})
    while not over(kind, done, goal):
        if time.monotonic() > end:
            print("torture: the slice is over; the next call goes on from here")
            return 3
        (million if kind == "million" else restarts)(kind, done, goal)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(done))
        new.replace(file)
        print(f"  {kind}: " + ", ".join(f"{name} {number:,}" if isinstance(number, int) else f"{name}: {number}"
                                        for name, number in done.items()) + "; equal, nothing lost", flush=True)
    print(f"torture: {kind}: nothing lost, nothing twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
