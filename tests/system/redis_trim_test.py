#!/usr/bin/env python3
"""Events in Redis are cut behind a real ledger, with the real binary: nothing while the ledger is away, then all but the
margin; a gateway that starts afterwards says the same of every order; one with a new ledger is told what it cannot have.

What was planted: tests/redis/trim_test.cpp."""

import pathlib
import re
import sqlite3
import sys
import tempfile
import time

import dibs
from redis_server import STRICT, Redis, installed

PATIENCE = 90
SALE = "long"
MARGIN = 1000  # events that stay in any case


def metric(server, name):
    found = re.search(rf'^{name}{{sale="{SALE}"}} (\S+)$', dibs.ask(server, "GET", "/metrics")[2], re.MULTILINE)
    return float(found.group(1)) if found else None


def await_true(what, holds, patience=PATIENCE):
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.2)


def first_event(redis):
    return int(redis.call("XRANGE", f"dibs:{{{SALE}}}:events", "-", "+", "COUNT", "1")[0][0].split("-")[0])


def last_event(redis):
    return int(redis.call("HGET", f"dibs:{{{SALE}}}:meta", "seq"))


def all_orders(server):
    orders, after = [], 0
    while True:
        _, _, page = dibs.ask(server, "GET", f"/v1/sales/{SALE}/orders?limit=500&after={after}", operator=True)
        if not page["orders"]:
            return orders
        orders += page["orders"]
        after = orders[-1]["arrival"]


def main():
    if not installed():
        print("redis-server is not installed; skipped")
        return 77
    with tempfile.TemporaryDirectory() as name, Redis(pathlib.Path(name) / "redis", *STRICT) as redis:
        trim(pathlib.Path(name), redis)
    return 0


def gateway(directory, redis, who, ledger):
    return dibs.Server(directory / who, "--store", redis.url, "--ledger", f"sqlite:{directory / ledger}", "--trim-after",
                       "500", log=str(directory / f"{who}.log"))


def sale_at(server):
    """The sale as it is told there, but for the time of telling."""
    sale = dibs.ask(server, "GET", f"/v1/sales/{SALE}")[2]
    del sale["server_time"]
    return sale


def trim(directory, redis):
    with gateway(directory, redis, "one", "ledger.db") as one:
        answer = dibs.ask(one, "PUT", f"/v1/sales/{SALE}", {
            "title": "Long", "currency": "KRW", "payment": "provider", "test": True,
            "items": [{"sku": "floor", "title": "Floor", "price": 1, "stock": 700}]}, operator=True)
        assert answer and answer[0] == 201, answer
        # The ledger stands still: somebody else holds its file.
        held = sqlite3.connect(directory / "ledger.db", isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        done = dibs.run("load", "--url", f"http://127.0.0.1:{one.port}", "--sale", SALE, "--buyers", "900", "--at-once",
                        env={"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"})
        assert done.returncode == 0, done.stdout + done.stderr
        events = last_event(redis)
        assert events > 2 * MARGIN, f"too short a sale to cut anything of: {events} events"
        await_true("a snapshot", lambda: metric(one, "dibs_redis_snapshot_seq"))
        time.sleep(12)  # longer than what gateways may not have read is kept
        assert first_event(redis) < 100, "the ledger does not have them"
        held.execute("ROLLBACK")
        held.close()
        await_true("a cut", lambda: first_event(redis) == last_event(redis) - MARGIN + 1 or first_event(redis) > 500)
        cut = first_event(redis)
        assert metric(one, "dibs_redis_trimmed_seq") is not None
        before = all_orders(one)
        assert len(before) >= 700, len(before)
        with gateway(directory, redis, "other", "ledger.db") as other:
            assert all_orders(other) == before, "a gateway that came up from the snapshot says something else"
            assert sale_at(one) == sale_at(other), "nor may it say something else of the sale"
            one.kill()
            answer = dibs.ask(other, "POST", f"/v1/sales/{SALE}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
                              {"Idempotency-Key": "late"}, buyer="late")
            assert answer[0] in (201, 202, 409), answer
            answer = dibs.ask(other, "GET", f"/v1/orders/{before[0]['id']}/history", operator=True)
            assert answer[0] == 404 and "has been cut from Redis" in answer[2]["detail"], answer
        with gateway(directory, redis, "stranger", "new.db"):
            log = directory / "stranger.log"
            await_true("the new ledger to be told", lambda: f"Events 1 to {cut - 1} of sale {SALE}" in log.read_text()
                       or f"of sale {SALE} have been cut" in log.read_text())
    rows = sqlite3.connect(directory / "ledger.db").execute("SELECT count(*) FROM orders").fetchone()[0]
    assert rows - len(before) in (0, 1), (rows, len(before))  # and the one pressed last
    print(f"trim: {events} events, cut before {cut}; a new gateway says the same of {len(before)} orders")


if __name__ == "__main__":
    sys.exit(main())
