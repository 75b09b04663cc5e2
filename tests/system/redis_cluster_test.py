#!/usr/bin/env python3
"""The real binary on a real Redis Cluster: sales on every primary; a primary that is killed and comes back takes
only its own sales away, and loses nothing; a hash slot that moves while its sale sells stops that sale and no other,
until an operator resumes it. Skipped (77) without redis-server. Failover and TLS are in tests/redis."""

import pathlib
import sys
import tempfile
import time

import dibs
import redis_server
from provider import Provider
from redis_server import STRICT, Redis

SLOTS = 16384
PATIENCE = 60


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def until(holds, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(what)


class Cluster:
    """Primaries that share the hash slots, and one replica of each if `replicas`."""

    def __init__(self, directory, *flags, primaries=3, replicas=False):
        self.count = primaries
        self.nodes = []
        for i in range(primaries * (2 if replicas else 1)):
            node = Redis(directory / f"node-{i}", *flags, "--cluster-enabled", "yes", "--cluster-port",
                         str(redis_server.free_port()), "--cluster-node-timeout", "1000")
            self.nodes.append(node)

    def __enter__(self):
        for node in self.nodes:
            node.start()
        for i, node in enumerate(self.nodes):
            node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            if i < self.count:
                node.call("CLUSTER", "ADDSLOTSRANGE", i * SLOTS // self.count, (i + 1) * SLOTS // self.count - 1)
        for node in self.nodes[1:]:
            bus = node.flags[node.flags.index("--cluster-port") + 1]
            self.nodes[0].call("CLUSTER", "MEET", "127.0.0.1", node.port, bus)
        for i, node in enumerate(self.nodes[self.count:]):
            primary = self.nodes[i].call("CLUSTER", "MYID")
            until(lambda node=node, primary=primary: node.call("CLUSTER", "REPLICATE", primary) == "OK", "no replica")
        for node in self.nodes:
            until(lambda node=node: self.is_up(node), "the cluster does not come up")
        return self

    def is_up(self, node):
        info, all_nodes = node.call("CLUSTER", "INFO"), node.call("CLUSTER", "NODES")
        return ("cluster_state:ok" in info and f"cluster_known_nodes:{len(self.nodes)}" in info
                and all_nodes.count("slave") == len(self.nodes) - self.count)

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()

    @property
    def url(self):
        return "redis://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def slot(self, sale):
        return int(self.nodes[0].call("CLUSTER", "KEYSLOT", f"dibs:{{{sale}}}:events"))

    def home(self, sale):
        return next(i for i in range(self.count) if self.slot(sale) < (i + 1) * SLOTS // self.count)

    def name_at(self, prefix, primary):
        return next(name for name in (f"{prefix}-{i}" for i in range(1000)) if self.home(name) == primary)

    def move(self, sale, to):
        source, target, slot = self.nodes[self.home(sale)], self.nodes[to], self.slot(sale)
        target_id = target.call("CLUSTER", "MYID")
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.call("CLUSTER", "MYID"))
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        for key in ("meta", "items", "orders", "buyers", "keys", "line", "due", "events", "arrivals"):
            answer = source.call("MIGRATE", "127.0.0.1", target.port, f"dibs:{{{sale}}}:{key}", 0, 5000)
            check(answer in ("OK", "NOKEY"), f"{key} does not move: {answer}")
        for node in (target, *(one for one in self.nodes if one is not target)):
            node.call("CLUSTER", "SETSLOT", slot, "NODE", target_id)


def gateway(directory, store, *flags, name="gateway"):
    return dibs.Server(directory / name / "data", "--store", store, *flags, keep_port=True,
                       log=str(directory / f"{name}.log"))


def put(client, sale):
    status, _, answer = client.put_sale(sale, payment="shop")
    check(status == 201, f"{sale}: {status} {answer}")


def buys(client, sale, buyer):
    status, _, answer = client.buy(sale, buyer, f"key-of-{buyer}")
    return status, answer


def a_primary_goes_and_comes_back(directory):
    with Cluster(directory, *STRICT) as cluster, gateway(directory, cluster.url) as server:
        client = dibs.Client(server)
        sales = [cluster.name_at("sale", i) for i in range(3)]
        for sale in sales:
            put(client, sale)
        first = {sale: buys(client, sale, "anna")[1]["id"] for sale in sales}
        cluster.nodes[0].call("CONFIG", "SET", "cluster-require-full-coverage", "no")
        for node in cluster.nodes[1:]:
            node.call("CONFIG", "SET", "cluster-require-full-coverage", "no")
        cluster.nodes[0].kill()
        check(buys(client, sales[0], "ben")[0] == 503, "its primary is gone")
        for sale in sales[1:]:
            until(lambda sale=sale: buys(client, sale, "ben")[0] == 201, f"{sale} has its own primary")
        cluster.nodes[0].start()
        until(lambda: buys(client, sales[0], "ben")[0] == 201, "it does not sell on by itself")
        for sale in sales:
            check(buys(client, sale, "anna")[1]["id"] == first[sale], "an order is lost")
        _, _, listed = client.call("GET", "/v1/sales", operator=True)
        names = [sale["id"] for sale in listed["sales"]]
        check(set(sales) <= set(names), f"not all are listed: {names}")
        client.close()
    print("a primary killed: its sales wait, the others go on, nothing is lost", flush=True)


def a_slot_moves(directory):
    with Cluster(directory, *STRICT) as cluster, gateway(directory, cluster.url) as server:
        client = dibs.Client(server)
        moving, staying = cluster.name_at("moving", 0), cluster.name_at("staying", 0)
        put(client, moving)
        put(client, staying)
        order = buys(client, moving, "anna")[1]["id"]
        cluster.move(moving, 1)
        status, answer = buys(client, moving, "ben")
        check(status == 503 and answer["code"] == "fenced", f"it sells on where it has moved to: {status} {answer}")
        check(buys(client, staying, "ben")[0] == 201, "the other sale has nothing to do with it")
        check(client.call("GET", f"/v1/orders/{order}", buyer="anna")[0] == 200, "reads go on")
        status, _, answer = client.call("GET", f"/v1/orders/ord_{'a' * 26}.{moving}", buyer="ben")
        check(status == 503 and answer["code"] == "fenced", f"another gateway may know that order: {status} {answer}")
        until(lambda: client.call("POST", f"/v1/sales/{moving}/resume", operator=True)[0] == 200, "it does not resume")
        check(buys(client, moving, "anna")[1]["id"] == order and buys(client, moving, "ben")[0] == 201, "it does not sell")
        client.close()
    print("a hash slot moved while its sale sold: fenced until resumed, the others go on", flush=True)


def money_arrives_at_a_stopped_sale(directory):
    with Cluster(directory, *STRICT) as cluster, Provider(directory / "books.db", "--faults", "late_ms=1000") as provider, \
            gateway(directory, cluster.url, "--payments", provider.url) as server:
        client = dibs.Client(server)
        sale = cluster.name_at("moving", 0)
        status, _, answer = client.put_sale(sale, test=True)
        check(status == 201, answer)
        order = buys(client, sale, "anna")[1]["id"]
        status, _, answer = client.call("POST", f"/v1/orders/{order}/payment", {"token": "tok_late"}, buyer="anna")
        check(status == 202, answer)
        cluster.move(sale, 1)
        check(buys(client, sale, "ben")[1]["code"] == "fenced", "the sale has stopped")
        until(lambda: provider.call("GET", f"/v1/payment_intents?order={order}")[1]["data"][0]["status"] != "processing",
              "the provider does not decide")
        time.sleep(1)  # longer than the gateway needs to hear of it
        until(lambda: client.call("POST", f"/v1/sales/{sale}/resume", operator=True)[0] == 200, "it does not resume")
        until(lambda: client.call("GET", f"/v1/orders/{order}", buyer="anna")[2]["money"] == "captured", "the money was forgotten")
        client.close()
    print("money that was decided while the sale was stopped is told to it when it goes on", flush=True)


def doctor(directory, cluster, *flags):
    keys = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
    done = dibs.run("doctor", "--store", cluster.url, "--listen", "127.0.0.1:0", "--data", directory / "none", *flags,
                    env=keys)
    return [line for line in done.stdout.splitlines() if line[7:].startswith("redis")]


def doctor_looks_at_every_primary(directory):
    """Each finding names its node, and what is wrong with one is said of that one alone."""
    with Cluster(directory, *STRICT, "--maxmemory", "1gb", "--cluster-replica-no-failover", "yes",
                 "--repl-ping-replica-period", "1", replicas=True) as cluster:
        # A map names a replica once something has reached it, and until it is known to be away.
        until(lambda: all(str(node.port) in str(cluster.nodes[i].call("CLUSTER", "SLOTS")) for node in cluster.nodes
                          for i in range(6)), "the map does not name every replica")
        for node in cluster.nodes:
            node.call("CONFIG", "SET", "cluster-node-timeout", 15000)
        names = [f"redis 127.0.0.1:{node.port}: " for node in cluster.nodes[:3]]

        def about(lines, i, grade):
            return [line[7:].removeprefix(names[i]) for line in lines if line.startswith(grade.ljust(7) + names[i])]

        until(lambda: all("connected_slaves:1" in node.call("INFO", "replication") for node in cluster.nodes[:3]),
              "no replica connects")
        good = doctor(directory, cluster)
        check("ok     redis: a cluster of 3 primaries, which serve every hash slot" in good, good)
        for i in range(3):
            check(len(about(good, i, "ok")) == 3 and "1 replicas" in about(good, i, "ok")[0], good)
        check(not [line for line in good if line.startswith(("NO-GO", "WARN"))], good)

        cluster.nodes[2].call("CONFIG", "SET", "appendfsync", "everysec")
        cluster.nodes[4].call("CONFIG", "SET", "cluster-replica-no-failover", "no")
        bad = doctor(directory, cluster)
        check([len(about(bad, i, "NO-GO")) for i in range(3)] == [0, 1, 1], bad)
        check("appendfsync everysec" in about(bad, 2, "NO-GO")[0], bad)
        check(f"The replica 127.0.0.1:{cluster.nodes[4].port} of" in about(bad, 1, "NO-GO")[0], bad)
        relaxed = doctor(directory, cluster, "--durability", "relaxed")
        check(not [line for line in relaxed if line.startswith("NO-GO")], relaxed)

        cluster.nodes[5].kill()
        until(lambda: "connected_slaves:0" in cluster.nodes[2].call("INFO", "replication"), "its replica is there still")
        lonely = doctor(directory, cluster, "--durability", "replica")
        check([len(about(lonely, i, "NO-GO")) for i in range(3)] == [0, 0, 1], lonely)
        check("No replica" in about(lonely, 2, "NO-GO")[0], lonely)

        cluster.nodes[1].call("CONFIG", "SET", "maxmemory", int(1.5 * 2**20))
        check("of its maxmemory" in str(about(doctor(directory, cluster), 1, "NO-GO")), "its memory is not seen")
        cluster.nodes[0].kill()
        gone = doctor(directory, cluster)
        check(len(about(gone, 0, "NO-GO")) == 1, f"a primary that is away is not said: {gone}")
        check(about(gone, 2, "ok"), f"the others are not looked at: {gone}")
    print("doctor: every primary and its replicas, each finding at its node", flush=True)


def main():
    if not redis_server.installed():
        print("redis_cluster: redis-server is not installed")
        return 77
    for part in (a_primary_goes_and_comes_back, a_slot_moves, money_arrives_at_a_stopped_sale,
                 doctor_looks_at_every_primary):
        with tempfile.TemporaryDirectory() as directory:
            part(pathlib.Path(directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
