#!/usr/bin/env python3
"""Selling on a real redis-server (or what DIBS_REDIS_SERVER names) while gateways, servers and the network
between them fail, round after round. Skipped (77) without one.

    redis_faults_test.py [ROUNDS [SEED]]      30 rounds; torture.py runs more

The rounds of a run are in the proportion of KINDS, in an order that the seed decides. `strict` rounds: two
gateways on one Redis, `one` behind a gate that cuts, delays and holds back, `other` straight. `replica`
rounds: one gateway behind the gate, a primary and exactly one replica; the primary is killed, the replica is
promoted by hand (REPLICAOF NO ONE, the gate turned to it), and what was the primary becomes its replica.

How it proves its claim: pressers note what they were told, each press with a key of its own. When the fault is
over a press must be answered within SECONDS_TO_RESUME; then every presser asks again with the same key, in
turns at the other gateway: whoever was given an order must be given the same one, whoever was told nothing
gets exactly one. In the end the stream in Redis, read by this program, must have accepted one order for each
key and no other, and the sale's figures must add up to them, at each gateway.

Planted, and seen: answers that do not wait for the replica, keys that each gateway makes its own."""

import pathlib
import random
import sys
import tempfile
import threading
import time

import dibs
from gate import Gate
from redis_server import STRICT, Redis, installed

KINDS = {"kill gateway": 7, "kill redis": 7, "promote": 6, "cut": 2, "delay": 2, "half_open": 2, "black_hole": 2, "slow": 2}
PRESSERS = 6
STOCK = 1_000_000
# The gateway gives a server up that has not answered for 5 s, and tries again every 2 s at the most; the rest is for
# a busy machine.
SECONDS_TO_RESUME = 20
LONGER_THAN_PATIENCE = 5.6


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def press(server, sale, buyer):
    return dibs.ask(server, "POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
               {"Idempotency-Key": "k"}, buyer=buyer)


def until_answered(server, sale, buyer):
    """(order's id, whether it was there already): as a shop does, again with the same key."""
    until = time.monotonic() + SECONDS_TO_RESUME
    answer = None
    while time.monotonic() < until:
        answer = press(server, sale, buyer)
        if answer and answer[0] in (200, 201, 202):
            return answer[2]["id"], answer[1].get("Idempotency-Replayed") == "true"
        check(answer is None or answer[2]["retryable"], answer)
        time.sleep(0.05)
    raise AssertionError(f"selling did not resume: {answer}")


class Pressers:
    """Threads that buy at the servers in turns until they are told to end. `told`: orders by buyer; None where
    no order was answered."""

    def __init__(self, servers, sale, name):
        self.told, self.ending = {}, False
        self.threads = [threading.Thread(target=self.run, args=(servers, sale, f"{name}-{i}", i), daemon=True)
                        for i in range(PRESSERS)]
        for thread in self.threads:
            thread.start()

    def run(self, servers, sale, name, count):
        while not self.ending:
            buyer = f"{name}-{count}"
            answer = press(servers[count % len(servers)], sale, buyer)
            count += 1
            accepted = answer is not None and answer[0] in (201, 202)
            self.told[buyer] = answer[2]["id"] if accepted else None
            time.sleep(0.01 if accepted else 0.05)

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join(timeout=60)
        check(not any(thread.is_alive() for thread in self.threads), "a press was never answered")
        return self.told


class World:
    """The gateways and Redis of some rounds, and what buyers were told."""

    sale = "faults"

    def __init__(self, directory, draw):
        self.directory = pathlib.Path(directory)
        self.draw = draw
        self.orders = {}
        self.unanswered = self.answers = 0
        self.slowest = 0

    def put(self, server):
        answer = dibs.ask(server, "PUT", f"/v1/sales/{self.sale}", {
            "title": "Faults", "currency": "KRW", "payment": "shop", "test": True, "hold_seconds": 3600,
            "items": [{"sku": "floor", "title": "Floor", "price": 1, "stock": STOCK}]}, operator=True)
        check(answer and answer[0] == 201, answer)

    def round(self, kind, number):
        pressers = Pressers(self.servers, self.sale, f"r{number}")
        time.sleep(0.15 + 0.35 * self.draw.random())
        self.fail(kind)
        began = time.monotonic()
        for i, server in enumerate(self.servers):
            buyer = f"first-{number}-{i}"
            self.orders[buyer] = until_answered(server, self.sale, buyer)[0]
        self.slowest = max(self.slowest, time.monotonic() - began)
        for buyer, order in pressers.end().items():
            again, known = until_answered(self.servers[self.draw.randrange(len(self.servers))], self.sale, buyer)
            check(order is None or (again == order and known), f"{kind}: {buyer} was told {order}, now {again}")
            self.unanswered += order is None
            self.orders[buyer] = again
            self.answers += 2

    def end(self):
        check(len(set(self.orders.values())) == len(self.orders), "an order for two buyers")
        accepted = {}
        for seq, fields in self.redis.events(self.sale):
            check(seq == 1 + self.redis_seen, f"event {seq} follows {self.redis_seen}")
            self.redis_seen = seq
            if fields["type"] == "accepted":
                check((fields["buyer"], fields["key"]) not in accepted, f"two orders for {fields['buyer']}")
                accepted[fields["buyer"], fields["key"]] = f"ord_{fields['order']}.{self.sale}"
        check(accepted == {(buyer, "k"): order for buyer, order in self.orders.items()}, "Redis has what was answered")
        for server in self.servers:
            answer = dibs.ask(server, "GET", f"/v1/sales/{self.sale}")
            floor = answer[2]["items"][0]
            check(floor["held"] == len(self.orders) and floor["available"] + floor["held"] == STOCK, floor)

    redis_seen = 0


class Strict(World):
    """Two gateways on one Redis that syncs every write; the gate is before the first."""

    def __enter__(self):
        self.redis = Redis(self.directory / "redis", *STRICT).start()
        self.gate = Gate(self.redis.port)
        self.servers = [dibs.Server(self.directory / name, "--store", url, keep_port=True, log=str(self.directory / f"{name}.log"))
                        for name, url in (("one", self.gate.url), ("other", self.redis.url))]
        for server in self.servers:
            server.start()
        self.put(self.servers[0])
        return self

    def fail(self, kind):
        if kind.startswith("kill"):
            victim = self.redis if kind == "kill redis" else self.draw.choice(self.servers)
            victim.kill()
            time.sleep(0.2 * self.draw.random())
            victim.start()
            return
        self.gate.turn(kind)
        # Half of the holes are shorter than the gateway waits for an answer, half are longer.
        long = kind in ("half_open", "black_hole") and self.draw.random() < 0.5
        time.sleep(LONGER_THAN_PATIENCE if long else 0.3 + 0.7 * self.draw.random())
        self.gate.turn("pass")

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        self.gate.close()
        self.redis.kill()


class Replica(World):
    """One gateway, a primary and exactly one replica, of which neither syncs anything. The replica is always 20 ms
    behind, so that each kill of the primary takes events with it that the replica has not."""

    def __enter__(self):
        self.redis = Redis(self.directory / "a").start()
        self.copy = Redis(self.directory / "b")
        self.gate = Gate(self.redis.port)
        self.copy_the_primary()
        self.servers = [dibs.Server(self.directory / "gateway", "--store", self.gate.url, "--durability", "replica",
                                    log=str(self.directory / "gateway.log"))]
        self.servers[0].start()
        self.put(self.servers[0])
        return self

    def copy_the_primary(self):
        self.link = Gate(self.redis.port, "delay", 0.02)
        self.copy.flags = ["--replicaof", "127.0.0.1", str(self.link.port), "--repl-diskless-sync-delay", "0"]
        self.copy.start()
        until = time.monotonic() + 60
        while "state=online" not in self.redis.call("INFO", "replication"):
            check(time.monotonic() < until, "the replica does not come online")
            time.sleep(0.02)

    def fail(self, kind):
        check(kind == "promote", kind)
        self.redis.kill()
        self.redis, self.copy = self.copy, self.redis
        time.sleep(0.2 * self.draw.random())
        self.link.close()
        self.redis.call("REPLICAOF", "NO", "ONE")
        self.gate.target = self.redis.port
        self.copy_the_primary()

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        self.gate.close()
        self.link.close()
        self.redis.kill()
        self.copy.kill()


class Memory:
    """What some rounds came to, for torture.py."""

    def __init__(self):
        self.faults, self.orders, self.arrivals, self.answers = [], {}, set(), 0
        self.unanswered, self.slowest = 0, 0


def rounds(count, seed):
    draw = random.Random(seed)
    kinds = [kind for kind, share in KINDS.items() for _ in range(share)]
    kinds = [kinds[i % len(kinds)] for i in range(count)] if count >= len(kinds) else draw.sample(kinds, count)
    draw.shuffle(kinds)
    memory = Memory()
    for make, wanted in ((Strict, lambda kind: kind != "promote"), (Replica, lambda kind: kind == "promote")):
        mine = [kind for kind in kinds if wanted(kind)]
        if not mine:
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                with make(directory, draw) as world:
                    for number, kind in enumerate(mine):
                        world.round(kind, number)
                    world.end()
            except AssertionError as fault:
                memory.faults.append(f"{make.__name__}: {fault}")
                continue
        memory.orders.update({(make.__name__, buyer): order for buyer, order in world.orders.items()})
        memory.answers += world.answers
        memory.unanswered += world.unanswered
        memory.slowest = max(memory.slowest, world.slowest)
    return memory


def main():
    if not installed():
        print("redis: no redis-server on this machine; skipped")
        return 77
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    memory = rounds(count, seed)
    for fault in memory.faults:
        print(f"FAULT {fault}")
    check(not memory.faults, f"to see it again: python3 tests/system/redis_faults_test.py {count} {seed}")
    check(memory.unanswered > 0, "nobody was ever told nothing: the faults hit nothing")
    print(f"{count} rounds (seed {seed}): {len(memory.orders)} orders, {memory.unanswered} presses without an order at first, none "
          f"lost, none twice; selling again after {memory.slowest:.1f} s at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
