#!/usr/bin/env python3
"""Selling on Redis with the real binary and a real redis-server: a rush, kill -9 of either side, two
gateways, and what each durability refuses.

    redis_test.py [KILLS]    KILLS of the gateway, and as many of Redis (5)

How it proves its claim: buyers press from threads of this program, each with a key of its own, and note
what they were told. After every kill each of them asks again with the same key: whoever was given an order
must be given the same one, whoever was told nothing gets exactly one, and the figures of the sale must be
the sum of them all. Planted and seen: a Redis that keeps nothing on disk is fenced after its first kill, by
name, and the test fails."""

import http.client
import pathlib
import sys
import tempfile
import threading
import time

import dibs
from redis_server import STRICT, Redis, installed

PRESSERS = 8
PATIENCE = 60


def gateway(directory, redis, *flags, **how):
    return dibs.Server(pathlib.Path(directory) / "gateway", "--store", redis.url, *flags, **how)


def ask(server, method, path, body=None, headers=None, **how):
    """The answer, or None when there was none."""
    try:
        client = dibs.Client(server, timeout=10)
        try:
            return client.call(method, path, body, headers, **how)
        finally:
            client.close()
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None


def press(server, sale, buyer, key):
    return ask(server, "POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
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


class Pressers:
    """Threads that buy until they are told to end. `told`: orders by buyer; None where no answer came."""

    def __init__(self, server, sale, round_number):
        self.told, self.ending = {}, False
        self.threads = [threading.Thread(target=self.run, args=(server, sale, f"r{round_number}-{i}"), daemon=True)
                        for i in range(PRESSERS)]
        for thread in self.threads:
            thread.start()

    def run(self, server, sale, name):
        count = 0
        while not self.ending:
            buyer = f"{name}-{count}"
            count += 1
            answer = press(server, sale, buyer, "k")
            accepted = answer is not None and answer[0] in (201, 202)
            self.told[buyer] = answer[2]["id"] if accepted else None
            if not accepted:
                time.sleep(0.02)

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join(timeout=30)
        return self.told


def put(server, sale, stock, **members):
    answer = ask(server, "PUT", f"/v1/sales/{sale}", {
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


def kills(directory, count):
    with Redis(directory / "redis", *STRICT) as redis, gateway(directory, redis, keep_port=True) as server:
        put(server, "kill", 1_000_000)
        orders, unanswered, longest = {}, 0, 0
        for number in range(2 * count):
            pressers = Pressers(server, "kill", number)
            time.sleep(0.4)
            victim = server if number % 2 == 0 else redis
            victim.kill()
            time.sleep(0.1)
            victim.start()
            began = time.monotonic()
            until_answered(server, "kill", f"first-{number}", "k")
            longest = max(longest, time.monotonic() - began)
            orders[f"first-{number}"] = None
            told = pressers.end()
            unanswered += sum(order is None for order in told.values())
            orders.update(told)
            for buyer in list(told) + [f"first-{number}"]:
                order, known = until_answered(server, "kill", buyer, "k")
                if orders[buyer] is not None:
                    assert (order, known) == (orders[buyer], True), f"{buyer} was told {orders[buyer]}, now {order}"
                orders[buyer] = order
        assert len(set(orders.values())) == len(orders), "an order of each, and of nobody else"
        _, _, sale = ask(server, "GET", "/v1/sales/kill")
        floor = sale["items"][0]
        assert floor["held"] == len(orders), (floor, len(orders))
        assert floor["available"] + floor["held"] + floor["sold"] == floor["total"], floor
        for order in list(orders.values())[:: max(1, len(orders) // 200)]:
            answer = ask(server, "GET", f"/v1/orders/{order}", operator=True)
            assert answer and answer[0] == 200, (order, answer)
    assert unanswered > 0, "some were told nothing"
    print(f"kills: {count} of the gateway and {count} of Redis, {len(orders)} orders, {unanswered} presses without an order "
          f"at first, none lost, none twice; selling again after {longest:.1f} s at most")


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
                _, _, sale = ask(server, "GET", "/v1/sales/shared")
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
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if not installed():
        print("redis: no redis-server on this machine; skipped")
        sys.exit(77)
    parts = [a_rush, lambda directory: kills(directory, count), two_gateways, durabilities]
    for part in parts:
        with tempfile.TemporaryDirectory() as directory:
            part(pathlib.Path(directory))


if __name__ == "__main__":
    main()
