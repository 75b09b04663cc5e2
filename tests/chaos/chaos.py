#!/usr/bin/env python3
"""Rounds of chaos on real servers. In each, clients.py buys in a process of its own while faults come and go; then they are over,
and within a bound everything must sell again and come to rest; then judge.py, a program of its own, compares what the
clients wrote down with the sale's events and the books of the store, the ledger, the provider and Kafka.

    chaos.py WORLD [ROUNDS [SEED]]     WORLD: embedded, embedded_kafka, redis, replica, cluster; 3 rounds

A failed round keeps its records and prints the command that draws the same faults again."""

import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import faults
import judge
import shim
import worlds

HERE = pathlib.Path(__file__).resolve().parent
WORLDS = {"embedded": worlds.Embedded, "embedded_kafka": worlds.EmbeddedKafka, "redis": worlds.OnRedis,
          "replica": worlds.OnReplica, "cluster": worlds.OnCluster}
SKUS = ["floor", "balcony"]
PROBE = "probe"
BUYERS = 8
WINDOWS = 3
TOTALS = ("answered", "unanswered", "events", "orders", "faults")


def play(world, draw, sale):
    """One round. Gives what the judge counted and what was done to it."""
    world.sale, world.pay = sale, draw.choice(("provider", "provider", "shop"))
    world.put_sale(sale, payment=world.pay, test=True, hold_seconds=draw.choice((1, 2, 30)), promotion_seconds=2, payment_seconds=5,
                   limit_per_buyer=3, line_limit=draw.choice((0, 4, 12, 12)),
                   items=[{"sku": sku, "title": sku, "price": 100, "stock": draw.randrange(4, 12)} for sku in SKUS])
    settings = {"ports": world.doors, "sale": sale, "skus": SKUS, "seed": draw.randrange(2**32), "buyers": BUYERS, "pay": world.pay,
                "history": str(world.record / "history.jsonl")}
    clients = subprocess.Popen([sys.executable, HERE / "clients.py", json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    try:
        done = [window(world, draw) for _ in range(WINDOWS)]
        # The faults are over: it must recover.
        began = time.monotonic()
        world.resume(sale)
        world.sells(PROBE, sale)
        recovered = time.monotonic() - began
        said, _ = clients.communicate("settle\n", timeout=240)
        if clients.returncode != 0:
            raise worlds.Lost(f"not answered: {said}")
    finally:
        clients.kill()
        clients.wait()
    final = world.has_converged(sale)
    world.record.joinpath("final.json").write_text(json.dumps(final))
    found = subprocess.run([sys.executable, HERE / "judge.py", world.record], capture_output=True, text=True, check=False)
    counts = json.loads(found.stdout.splitlines()[-1]) if found.stdout else {}
    if found.returncode != 0:
        raise worlds.Lost(f"the judge: {found.stdout}{found.stderr}")
    broken = world.audit()
    if broken:
        raise worlds.Lost(broken)
    # That this sale sells is seen last, since it adds orders that no history has.
    world.sells(sale, "after")
    return counts, done, recovered


def window(world, draw):
    time.sleep(draw.uniform(0.2, 0.8))
    chosen = faults.draw_window(world, draw)
    for fault in chosen:
        note(world, f"{fault} begins")
        fault.begin()
        time.sleep(draw.uniform(0, 0.1))
    time.sleep(max(fault.seconds for fault in chosen))
    for fault in chosen:
        fault.end()
        note(world, f"{fault} is over")
    world.check_alive()
    return [str(fault) for fault in chosen]


def note(world, what):
    """For whoever looks at the records of a round that failed."""
    with open(world.record / "faults.txt", "a", encoding="utf-8") as file:
        file.write(f"{time.monotonic_ns()} {time.strftime('%H:%M:%S', time.gmtime())} {what}\n")


def rounds(name, count, seed, progress=lambda *_: None):
    """Plays `count` rounds on one world. Raises Lost when a promise is broken; its records then lie in `kept`."""
    draw = random.Random(seed)
    totals = dict.fromkeys(TOTALS, 0)
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        with WORLDS[name](directory, shim.build(directory)) as world:
            world.put_sale(PROBE, payment="shop", hold_seconds=3600, items=[{"sku": "floor", "title": "F", "price": 1, "stock": 1_000_000}])
            for number in range(count):
                world.record = directory / f"record-{number}"
                world.record.mkdir()
                try:
                    counts, done, recovered = play(world, draw, f"chaos-{number}")
                except BaseException:
                    keep(directory, world.record, f"{name}-{seed}-{number}")
                    raise
                for total in TOTALS:
                    totals[total] += counts.get(total, 0)
                progress(number, counts, done, recovered)
                shutil.rmtree(world.record)
    return totals


def keep(directory, record, name):
    kept = pathlib.Path(tempfile.gettempdir()) / f"dibs-chaos-{name}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(record, kept)
    for log in directory.glob("*.log"):
        shutil.copy(log, kept)
    print(f"chaos: the records are in {kept}", flush=True)


def missing(name):
    if name not in ("embedded", "embedded_kafka") and not worlds.redis_server.installed():
        return "there is no redis-server"
    if not worlds.Postgres.installed():
        return "there is no PostgreSQL"
    return worlds.kafka_server.missing() if name == "embedded_kafka" else ""


def end_in_order(*_):
    """Whoever is told to end stops the servers first."""
    sys.exit(1)


def main():
    signal.signal(signal.SIGTERM, end_in_order)
    name = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(2**32)
    if why := missing(name):
        print(f"chaos: {why}: skipped")
        return 77

    def progress(number, counts, done, recovered):
        print(f"  round {number}: {'; '.join(fault for faults_of in done for fault in faults_of)}; {counts['answered']} answers, "
              f"{counts['unanswered']} calls without one, {counts['orders']} orders, sells after {recovered:.1f} s", flush=True)

    try:
        totals = rounds(name, count, seed, progress)
    except worlds.NotThere as away:
        print(f"chaos: {away}")
        return 2
    except AssertionError as broken:
        print(f"FAULT {broken}\nto see it again: python3 tests/chaos/chaos.py {name} {count} {seed}")
        return 1
    print(f"chaos {name}: {count} rounds (seed {seed}), {totals}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
