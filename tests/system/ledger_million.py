"""A million events through Kafka into a database, while everything that may happen on the way happens: `dibs load` sells as
fast as the machine can; a second relay tells everything again from a copy of the store; pieces of the topic come again
later and shuffled; three writers at once; writers, database, broker and server are killed. `dibs audit` looks at the
ledger all the time, at whatever event it is.

    ledger_million.py [EVENTS [PART]]     1,000,000, PostgreSQL"""

import contextlib
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import dibs
from kafka_server import Kafka
from ledger_world import World, eventually
from mariadb_server import MariaDb
from postgres_server import Postgres

TOPIC = "dibs.events"
PARTITIONS = 8
PIECE = 2_000
FAULTS = 5  # of each kind at the least
HOURS = 2 * 3600


class SqliteFile:
    """As a database server (sql_server.py), as far as a file can be."""

    port = None

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.file = f"{self.directory.name}/ledger.db"
        self.url = f"sqlite:{self.file}"

    def sql(self, text):
        with contextlib.closing(sqlite3.connect(self.file, timeout=60)) as ledger:
            return "\n".join("|".join(map(str, row)) for row in ledger.execute(text).fetchall())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


PARTS = {"PostgreSQL": (Postgres, 1), "MariaDB": (MariaDb, 20), "SQLite": (SqliteFile, 20)}  # and which part of all events


class Beside:
    """Does something again and again beside the rest, until it is left; what goes wrong there is raised here."""

    def __init__(self, work, pause):
        self.work, self.pause = work, pause
        self.ending, self.wrong, self.times = threading.Event(), None, 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self.ending.is_set():
                self.work()
                self.times += 1
                self.ending.wait(self.pause)
        except BaseException as wrong:
            self.wrong = wrong

    def look(self):
        if self.wrong:
            raise self.wrong

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, failed, *_):
        self.ending.set()
        self.thread.join(HOURS)
        if failed is None:
            self.look()


class Topic:
    """What lies there, and how it comes again: a piece from anywhere, shuffled."""

    def __init__(self, kafka, draw):
        self.kafka, self.draw = kafka, draw
        self.repeated = 0

    def _kcat(self, *words, **more):
        return subprocess.run(["kcat", "-b", self.kafka.address, *map(str, words)], capture_output=True, text=True,
                              timeout=120, **more)

    def ends(self):
        """How many records each partition has; nothing while the broker is away."""
        asked = self._kcat("-Q", *[word for n in range(PARTITIONS) for word in ("-t", f"{TOPIC}:{n}:-1")])
        return [int(line.split()[-1]) for line in sorted(asked.stdout.splitlines())] if asked.returncode == 0 else []

    def repeat(self):
        full = [(n, end) for n, end in enumerate(self.ends()) if end > PIECE]
        if not full:
            return
        partition, end = self.draw.choice(full)
        read = self._kcat("-C", "-q", "-t", TOPIC, "-p", partition, "-o", self.draw.randrange(end - PIECE), "-c", PIECE,
                          "-f", "%k\t%s\n", "-m", 5)
        records = read.stdout.splitlines()
        self.draw.shuffle(records)
        self.repeated += len(records)
        self._kcat("-P", "-t", TOPIC, "-p", partition, "-K", "\t", input="\n".join(records) + "\n")


def sell(world, sale, buyers):
    """Three events a buyer: who presses gets a unit, begins to pay, and four in five of them succeed."""
    world.put_sales([sale], stock=buyers)
    done = dibs.run("load", "--url", world.server.url, "--sale", sale, "--buyers", buyers, "--connections", 200,
                    "--entry-failure", 0, "--payment-failure", 0.2, timeout=600,
                    env={"DIBS_SHOP_KEY": dibs.SHOP_KEY, "DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"})
    assert done.returncode == 0, done.stdout + done.stderr


def second_relay(world):
    """A server on a copy of the data, which forgets what Kafka has been told. Nobody holds a unit, so that it has nothing to
    add."""
    copy = world.directory / "copy"
    copy.mkdir()
    world.server.kill()
    shutil.copytree(world.data, copy / "data")
    (copy / "data" / "outbox.cursor").unlink(missing_ok=True)
    world.server.start()
    return dibs.Server(copy / "data", "--kafka", world.kafka.address, "--write-back", "none", "--quiet")


def run(part, goal):
    """Gives in words what was done."""
    kind, share = PARTS[part]
    goal //= share
    buyers = min(20_000, goal // 12)
    draw = random.Random(goal)
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kafka, database = stack.enter_context(Kafka(directory / "kafka")), stack.enter_context(kind())
        world = stack.enter_context(World(directory, kafka, database, seed=goal))
        topic = Topic(kafka, draw)
        faults = ["writer", "database", "broker"] if database.port else ["writer", "broker"]

        sales = [f"sale-{number}" for number in range(-(-goal // (3 * buyers)))]
        left = list(sales)

        def repeats():
            return sum(topic.ends()) - world.told()

        def repeat():
            # Always some: only who reads commits, and commits are what writer and database are killed at.
            if topic.repeated < goal // 4 or draw.random() < 0.2:
                topic.repeat()

        def sell_next():
            if not left:
                return
            sell(world, left.pop(0), buyers)
            if len(left) == len(sales) - 3:
                stack.enter_context(second_relay(world))
            world.fail("server")

        with Beside(lambda: world.audit(patient=True), 5), Beside(repeat, 0.2):
            # The faults are this thread's: what it starts ends with it (PR_SET_PDEATHSIG knows threads).
            with Beside(sell_next, 0.1) as selling:
                turns = 0
                while selling.times < len(sales) or turns < FAULTS:
                    selling.look()
                    for fault in faults:
                        world.fail(fault)
                        time.sleep(1 + 3 * draw.random())
                    turns += 1
            sold = time.monotonic() - begun
            eventually(lambda: repeats() >= goal // 10, "repeats enough", HOURS)
            world.await_ledger(HOURS)
        found = world.finish(sales, HOURS)
        again = repeats()
        assert found["events"] >= goal, found
        return (f"{found['events']:,} events of {len(sales)} sales, {found['orders']:,} orders, {again:,} repeats on the topic; "
                f"killed: {world.words()}; equal at {world.looked} looks; sold and told in {sold:.0f} s, all applied after "
                f"{time.monotonic() - begun:.0f} s")


def main():
    goal = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    part = sys.argv[2] if len(sys.argv) > 2 else "PostgreSQL"
    print(f"{part}: {run(part, goal)}")


if __name__ == "__main__":
    main()
