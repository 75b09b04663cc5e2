#!/usr/bin/env python3
"""Kafka and PostgreSQL behind a sale. How long after the last press the ledger has everything; and what a Kafka that is
away costs: buyers, the server's memory, and the time until the ledger has caught up.

    kafka_ledger.py [BUYERS [SECONDS]]      10,000 buyers, Kafka away for 60 s
"""

import contextlib
import datetime
import pathlib
import statistics
import subprocess
import sys
import threading
import time

from http_load import dibs, require, resident_bytes, row, scratch_directory

from kafka_server import Kafka, missing
from postgres_server import Postgres, programs

PATIENCE_SECONDS = 1200
WAVE = 20_000


def figure(server, name):
    lines = dibs.Client(server).call("GET", "/metrics")[2].splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])


def await_that(condition, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        require(time.monotonic() < deadline, what)
        time.sleep(0.1)


def told(server):
    return sum(sale["seq"] for sale in dibs.Client(server).call("GET", "/v1/sales", operator=True)[2]["sales"])


def applied(database):
    """Of all sales; 0 while there are no tables."""
    with contextlib.suppress(AssertionError):
        return int(database.sql("SELECT COALESCE(SUM(seq), 0) FROM applied"))
    return 0


def press(server, sale, buyers, stock, payment):
    status, _, answer = dibs.Client(server).put_sale(sale, payment=payment, items=[
        {"sku": "floor", "title": "Floor", "price": 5, "stock": stock}])
    require(status == 201, f"a sale can be made: {answer}")
    done = dibs.run("load", "--url", server.url, "--sale", sale, "--buyers", buyers, "--connections", 500, "--entry-failure", 0,
                    timeout=600, env={"DIBS_SHOP_KEY": dibs.SHOP_KEY, "DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"})
    require(done.returncode == 0, f"the load holds all promises: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def following(kafka, database):
    words = [str(dibs.BINARY), "ledger", "--kafka", kafka.address, "--to", database.url]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def watched(database):
    """What the ledger says of its sales, twenty times a second: a list of (time, seq, time of that event)."""
    seen = []
    process = subprocess.Popen([f"{programs()}/psql", "-h", "127.0.0.1", "-p", str(database.port), "-U", database.user_of, "-d",
                                database.database, "-At", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("SELECT extract(epoch FROM clock_timestamp()), seq, at FROM applied WHERE sale = 'rush' \\watch 0.05\n")
    process.stdin.flush()

    def read():
        for line in process.stdout:
            if line.count("|") == 2:
                now, seq, at = line.strip().split("|")
                seen.append((float(now), int(seq), at))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdin.close()
        process.stdout.close()


def after_the_last_press(kafka, database, server, buyers, stock):
    """Seconds between the last event and the moment when the ledger was seen to have it."""
    with watched(database) as seen:
        press(server, "rush", buyers, stock, "shop")
        last = dibs.Client(server).call("GET", "/v1/sales/rush", operator=True)[2]["seq"]
        await_that(lambda: seen and seen[-1][1] >= last, "the ledger has the rush")
    now, _, at = next(one for one in seen if one[1] == last)
    return last, now - datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


class Memory:
    """The most that a process had, looked at ten times a second."""

    def __init__(self, pid):
        self.pid, self.most, self.ending = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ending.wait(0.1):
            self.most = max(self.most, resident_bytes(self.pid))

    def __enter__(self):
        self.before = resident_bytes(self.pid)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


def waves(server, seconds=None, count=None):
    """Buyers at full rate; how many waves."""
    end = time.monotonic() + (seconds or 0)
    done = 0
    while done < count if count else time.monotonic() < end:
        press(server, f"wave-{done}", WAVE, WAVE, "shop")
        done += 1
    return done


def grown(memory):
    return (memory.most - memory.before) / 2**20


def away(kafka, database, directory, seconds):
    flags = ("--quiet", "--write-back", "none")
    with dibs.Server(directory / "away", "--kafka", kafka.address, *flags, log=str(directory / "away.log")) as server, \
            following(kafka, database):
        press(server, "before", 1000, 1000, "shop")
        await_that(lambda: applied(database) == told(server), "the ledger follows")
        kafka.kill()
        with Memory(server.process.pid) as memory:
            begun = time.monotonic()
            count = waves(server, seconds=seconds)
            sold = time.monotonic() - begun
            behind = figure(server, "dibs_outbox_behind_events")
        kafka.start()
        with Memory(server.process.pid) as later:
            begun = time.monotonic()
            await_that(lambda: figure(server, "dibs_outbox_behind_events") == 0, "Kafka is told everything")
            told_after = time.monotonic() - begun
            await_that(lambda: applied(database) == told(server), "the ledger catches up")
            caught_up = time.monotonic() - begun
        audit = dibs.run("audit", "--data", directory / "away", "--ledger", database.url, timeout=600)
        require(audit.returncode == 0, audit.stdout + audit.stderr)
    # The same topic again, with nothing else to do: what the applier can.
    with Postgres() as another:
        begun = time.monotonic()
        once = dibs.run("ledger", "--kafka", kafka.address, "--to", another.url, "--once", timeout=PATIENCE_SECONDS)
        require(once.returncode == 0, once.stdout + once.stderr)
        events = int(once.stdout.split()[0])
        full_rate = events / (time.monotonic() - begun)
    with dibs.Server(directory / "without", *flags, log=str(directory / "without.log")) as server:
        press(server, "before", 1000, 1000, "shop")
        with Memory(server.process.pid) as peer:
            waves(server, count=count)
    row(f"Kafka away for {sold:.0f} s of selling at full rate: events that wait for it", f"{behind:,.0f}",
        f"{count * WAVE:,} buyers, none refused; all equal in the end", "nothing lost")
    row("the server's memory meanwhile", f"{memory.before / 2**20:.0f} MiB and {grown(memory):.0f} more; {grown(later):+.0f} while it catches up",
        f"{grown(memory) / grown(peer):.2f} of what the same orders take without Kafka", "bounded")
    row("from Kafka's return until it is told everything, and until the ledger has it", f"{told_after:.1f} s, {caught_up:.1f} s",
        f"{behind / caught_up / full_rate:.2f} of {full_rate:,.0f}/s, with which the ledger reads the whole topic alone", "full rate")


def main():
    buyers, seconds = (int(given) for given in [*sys.argv[1:], *"10000 60".split()[len(sys.argv) - 1:]])
    why = missing() or ("" if Postgres.installed() else "there is no PostgreSQL")
    if why:
        row("Kafka and PostgreSQL behind a sale", "not measured", why, "-")
        return
    with scratch_directory() as name:
        directory = pathlib.Path(name)
        for stock, what in ((10, "10 units"), (buyers, "a unit for each")):
            found = []
            for turn in range(3):
                at = directory / f"{stock}-{turn}"
                at.mkdir()
                with Kafka(at / "kafka") as kafka, Postgres() as database, following(kafka, database), \
                        dibs.Server(at / "data", "--kafka", kafka.address, "--quiet", "--write-back", "none") as server:
                    press(server, "first", 100, 100, "shop")
                    await_that(lambda: applied(database) == told(server), "the ledger follows")
                    found.append(after_the_last_press(kafka, database, server, buyers, stock))
            row(f"rush of {buyers:,} for {what}, Kafka and PostgreSQL: from the last event until the ledger has it",
                f"{statistics.median(seconds for _, seconds in found):.2f} s", f"{found[0][0]:,} events; at most "
                f"{max(seconds for _, seconds in found):.2f} s of {len(found)}", "2 s")
        with Kafka(directory / "kafka") as kafka, Postgres() as database:
            away(kafka, database, directory, seconds)


if __name__ == "__main__":
    main()
