#!/usr/bin/env python3
"""Selling on Redis with the real binary and a real redis-server: a rush, two gateways, and what each
durability refuses. Faults are in redis_faults_test.py.

Planted, and seen: keys that each gateway makes its own (src/redis/command_words.cpp); a start, and a doctor, that
find nothing to object to."""

import pathlib
import sys
import tempfile
import threading
import time

import dibs
from redis_server import STRICT, Redis, installed

PATIENCE = 60


def gateway(directory, redis, *flags, **how):
    return dibs.Server(pathlib.Path(directory) / "gateway", "--store", redis.url, *flags, **how)


def press(server, sale, buyer, key):
    return dibs.ask(server, "POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
               {"Idempotency-Key": key}, buyer=buyer)


def until_answered(server, sale, buyer, key):
    """(order's id, whether it was there already): as a shop does, again with the same key."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = press(server, sale, buyer, key)
        if answer and answer[0] in (200, 201, 202):
            return answer[2]["id"], answer[1].get("Idempotency-Replayed") == "true"
        assert answer is None or answer[2]["retryable"], answer
        time.sleep(0.05)
    raise AssertionError(f"selling did not resume: {answer}")


def put(server, sale, stock, **members):
    answer = dibs.ask(server, "PUT", f"/v1/sales/{sale}", {
        "title": "Redis", "currency": "KRW", "payment": "shop", "test": True,
        "items": [{"sku": "floor", "title": "Floor", "price": 1, "stock": stock}], **members}, operator=True)
    assert answer and answer[0] == 201, answer
    return answer[2]


def a_rush(directory):
    with Redis(directory / "redis", *STRICT) as redis, gateway(directory, redis) as server:
        put(server, "rush", 10, payment="provider")
        done = dibs.run("load", "--url", f"http://127.0.0.1:{server.port}", "--sale", "rush", "--buyers", "2000", "--at-once",
                        env={"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"})
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.stop() == 0, "a clean end"
    print("rush: 2,000 buyers, every promise held")


def two_gateways(directory, count=200):
    with Redis(directory / "redis", *STRICT) as redis:
        one, other = (dibs.Server(directory / name, "--store", redis.url, log=str(directory / f"{name}.log"))
                      for name in ("one", "other"))
        with one, other:
            put(one, "shared", count)
            for i in range(count):
                ids = [None, None]

                def buy(at, server, i=i, ids=ids):
                    ids[at] = until_answered(server, "shared", f"b-{i}", "same")[0]
                threads = [threading.Thread(target=buy, args=pair) for pair in ((0, one), (1, other))]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert ids[0] is not None and ids[0] == ids[1], f"one order for one key: {ids}"
            for server in (one, other):
                _, _, sale = dibs.ask(server, "GET", "/v1/sales/shared")
                assert sale["items"][0]["held"] == count, sale
    print(f"two gateways: {count} keys on both at once, {count} orders")


def durabilities(directory):
    everysec = [value if value != "always" else "everysec" for value in STRICT]
    with Redis(directory / "everysec", *everysec) as redis:
        refused = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--store", redis.url,
                           "--data", directory / "refused", timeout=20)
        assert refused.returncode != 0 and "appendfsync" in refused.stderr, refused
        keys = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
        doctor = dibs.run("doctor", "--store", redis.url, "--listen", "127.0.0.1:0", "--data", directory / "refused", env=keys)
        assert doctor.returncode == 1 and "NO-GO  redis: Redis has appendfsync everysec" in doctor.stdout, doctor.stdout
        with gateway(directory, redis, "--durability", "relaxed") as server:
            assert put(server, "s", 5)["durability"] == "relaxed"
            assert until_answered(server, "s", "anna", "k")

    with Redis(directory / "primary", *STRICT) as primary:
        doctor = dibs.run("doctor", "--store", primary.url, "--listen", "127.0.0.1:0", "--data", directory / "none", env=keys)
        assert "redis: its settings keep what strict promises" in doctor.stdout, doctor.stdout
        none = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--store", primary.url,
                        "--durability", "replica", "--data", directory / "none", timeout=20)
        assert none.returncode != 0 and "replica" in none.stderr, none
        with Redis(directory / "copy", *STRICT, "--replicaof", "127.0.0.1", str(primary.port)) as copy:
            until = time.monotonic() + PATIENCE
            while "state=online" not in primary.call("INFO", "replication") and time.monotonic() < until:
                time.sleep(0.1)
            with dibs.Server(directory / "replicated", "--store", primary.url, "--durability", "replica",
                             log=str(directory / "replicated.log")) as server:
                assert put(server, "s", 50)["durability"] == "replica"
                until_answered(server, "s", "anna", "k")
                copy.kill()
                for i in range(3):
                    answer = press(server, "s", f"alone-{i}", "k")
                    assert answer is None or answer[0] == 503, f"without the replica nothing is promised: {answer}"

    with Redis(directory / "closed", *STRICT, password="open-sesame") as redis:
        shut = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--store", redis.url,
                        "--data", directory / "shut", timeout=20)
        assert shut.returncode != 0 and "open-sesame" not in shut.stderr, shut
        for url in (f"unix://:open-sesame@{redis.socket}", f"redis://:open-sesame@127.0.0.1:{redis.port}/0"):
            name = f"way-{len(url)}"
            with dibs.Server(directory / name, "--store", url, log=str(directory / f"{name}.log")) as server:
                put(server, name, 5)
                until_answered(server, name, "anna", "k")
    print("durabilities: strict, replica and relaxed as they are named; socket and password")


def main():
    if not installed():
        print("redis: no redis-server on this machine; skipped")
        sys.exit(77)
    for part in (a_rush, two_gateways, durabilities):
        with tempfile.TemporaryDirectory() as directory:
            part(pathlib.Path(directory))


if __name__ == "__main__":
    main()
