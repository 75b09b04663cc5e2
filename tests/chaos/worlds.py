"""What chaos is let loose on: real servers with a gate on every way between them, and how each is asked, at rest, what it has."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import dibs  # noqa: E402
import kafka_server  # noqa: E402
import redis_server  # noqa: E402
import shim  # noqa: E402
from gate import Gate  # noqa: E402
from postgres_server import Postgres  # noqa: E402
from provider import Provider  # noqa: E402
from redis_cluster_test import Cluster  # noqa: E402
from redis_server import STRICT, Redis  # noqa: E402
from sql_server import children_of  # noqa: E402

# The gateway tries again every 2 s at the most, the provider is asked every 10 s what is open; the rest is for a busy machine.
SECONDS_TO_RECOVER = 60
# A page is 1,000; a round is far below one.
PAGE = 1000


class Lost(AssertionError):
    """A promise about recovery was broken."""


class NotThere(AssertionError):
    """What is not ours could not be started."""


def until(holds, what, patience=SECONDS_TO_RECOVER):
    deadline = time.monotonic() + patience
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise Lost(f"not in {patience} s: {what}")
        time.sleep(0.1)
    return found


class World:
    """`servers` sell; clients come to them through `doors`. Beside them stand the provider and the ledger's database, and
    Kafka if `kafka`. `gates`, `processes` and `shims` are what faults are done to, by name."""

    count = 1
    kafka = None
    durability = ()

    def __init__(self, directory, library):
        self.directory = pathlib.Path(directory)
        self.library = library
        self.gates, self.processes, self.shims, self.doors = {}, {}, {}, []
        self.servers = []

    def __enter__(self):
        try:
            self.start()
            return self
        except AssertionError as refused:
            self.end()
            raise NotThere(f"the world does not come up: {refused}") from refused
        except BaseException:
            self.end()
            raise

    def __exit__(self, *_):
        self.end()

    def start(self):
        self.provider = Provider(self.directory / "books.db", "--faults", "late_ms=300,async=0.2")
        self.provider.start()
        self.sql = Postgres()
        self.sql.make()
        self.sql.start_with_database()
        self.processes.update(provider=self.provider, sql=self.sql)
        self.gates.update(provider=Gate(self.provider.port), sql=Gate(self.sql.port))
        store = self.start_store()
        for number in range(self.count):
            self.start_server(number, store(number))

    def start_server(self, number, store):
        name = f"server {number}"
        data = self.directory / f"data-{number}"
        self.shims[name] = shim.Shim(self.library, self.directory / f"control-{number}", data)
        ledger = self.sql.url.replace(f":{self.sql.port}/", f":{self.gates['sql'].port}/")
        flags = [*store, "--ledger", ledger, "--payments", f"http://127.0.0.1:{self.gates['provider'].port}"]
        if self.kafka:
            flags += ["--kafka", self.kafka.address]
        server = dibs.Server(data, *flags, keep_port=True, under=self.shims[name].under, log=str(self.directory / f"{name}.log"))
        self.servers.append(server)
        server.start()
        self.processes[name] = server
        self.gates[f"clients {number}"] = door = Gate(server.port)
        self.doors.append(door.port)

    def end(self):
        for gate in self.gates.values():
            gate.close()
        for name, process in self.processes.items():
            if name != "sql":
                process.kill()
        if hasattr(self, "sql"):
            self.sql.close()

    def check_alive(self):
        """No server ends by itself, but where its disk has failed."""
        for server in self.servers:
            status = server.process.poll()
            if status is not None:
                raise Lost(f"a server has ended with {status}: {pathlib.Path(server.log).read_text()[-400:]}")

    def start_store(self):
        """What the numbered server is told about where sales lie."""
        return lambda number: ()

    def pids(self, name):
        """A database's work is done by its helpers."""
        pid = self.processes[name].process.pid
        return [pid, *(children_of(pid) if name == "sql" else ())]

    # What it is asked.

    def ask(self, method, path, body=None, server=0, **how):
        return dibs.ask(self.servers[server], method, path, body, **how)

    def get(self, path):
        answer = until(lambda: (a := self.ask("GET", path, operator=True)) and a[0] == 200 and a, path)
        return answer[2]

    def put_sale(self, sale, **members):
        spec = {"title": "Chaos", "currency": "KRW", **members}
        answer = until(lambda: (a := self.ask("PUT", f"/v1/sales/{sale}", spec, operator=True)) and a[0] in (200, 201) and a, "a sale")
        return answer[2]

    def resume(self, sale):
        """What an operator does when all is well again."""
        for number in range(self.count):
            until(lambda number=number: (a := self.ask("POST", f"/v1/sales/{sale}/resume", server=number, operator=True))
                  and a[0] == 200, f"server {number} resumes {sale}")

    def sells(self, sale, buyer):
        """A press is numbered again, at every server."""
        for number in range(self.count):
            until(lambda number=number: (a := self.ask(
                "POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]}, server=number,
                headers={"Idempotency-Key": "k"}, buyer=f"{buyer}-{number}")) and "arrival" in a[2], f"server {number} sells {sale}")

    def has_converged(self, sale):
        """Nothing is under way any more: no payment, no event that the ledger (or Kafka) has not."""
        until(lambda: not any(one["status"] in ("processing", "requires_capture") for one in self.intents(sale)), "payments end")
        until(lambda: not any(order["state"] == "paying" or order["money"] in ("authorised", "refund_due")
                              for order in self.orders(sale)), "orders come to rest")
        # Ends of holds go on; so the ledger is read when it has the same event as the sale.
        return until(lambda: self.at_rest(sale), "ledger and sale are at one event")

    def at_rest(self, sale):
        """Everything that there is to compare, all at one event; None when it moved meanwhile."""
        seq = self.last_event(sale)
        if self.applied(sale) != seq:
            return None
        final = {"orders": self.orders(sale), "ledger": self.ledger(sale)}
        if self.pay == "provider":
            final["provider"] = self.intents(sale)
        if self.kafka:
            final["kafka"] = self.topic(sale)
            if len({event["seq"] for event in final["kafka"]}) != seq:
                return None
        final["sale"] = self.get(f"/v1/sales/{sale}")
        final["arrivals"] = self.get(f"/v1/sales/{sale}/arrivals?limit={PAGE}")["arrivals"]
        self.write_events(sale)
        return final if self.last_event(sale) == seq and final["sale"]["seq"] == seq else None

    def last_event(self, sale):
        return self.get(f"/v1/sales/{sale}")["seq"]

    def applied(self, sale):
        return int(self.sql.sql(f"SELECT seq FROM applied WHERE sale = '{sale}'") or 0)

    def orders(self, sale):
        return self.get(f"/v1/sales/{sale}/orders?limit={PAGE}")["orders"]

    def intents(self, sale):
        found, after = [], ""
        while after is not None:
            _, page = self.provider.call("GET", f"/v1/payment_intents?after={after}")
            found += page["data"]
            after = page["next"]
        return [one for one in found if one["order"].endswith(f".{sale}")]

    def ledger(self, sale):
        return {table: self.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE sale = '{sale}'", columns)
                for table, columns in (("orders", ("order_id", "arrival", "buyer", "state", "money", "seq")),
                                       ("items", ("sku", "total", "available", "held", "sold")))}

    def rows(self, query, columns):
        return [dict(zip(columns, line.split("|"))) for line in self.sql.sql(query).splitlines()]

    def topic(self, sale):
        return [json.loads(value) for _, _, key, value in self.kafka.records() if key == sale]

    def audit(self):
        return None


class Embedded(World):
    """One server and its journal."""

    def write_events(self, sale):
        dump = dibs.run("journal", "dump", "--data", self.servers[0].data)
        if dump.returncode != 0:
            raise Lost(f"journal dump: {dump.stderr}")
        self.record.joinpath("journal.jsonl").write_text(dump.stdout)

    def audit(self):
        done = dibs.run("audit", "--data", self.servers[0].data, "--ledger", self.sql.url, "--payments", self.provider.url)
        return None if done.returncode == 0 else f"dibs audit: {done.stdout}{done.stderr}"


class EmbeddedKafka(Embedded):
    """And a broker behind a gate."""

    def start(self):
        self.kafka = kafka_server.Kafka(self.directory / "kafka")
        self.kafka.start()
        self.kafka.kill()
        straight = self.kafka.address
        gate = Gate(int(straight.split(":")[1]))
        with open(self.kafka.directory / "server.properties", "a", encoding="utf-8") as settings:
            settings.write(f"advertised.listeners=PLAINTEXT://127.0.0.1:{gate.port}\n")
        self.kafka.start()
        self.processes["kafka"] = self.kafka
        self.gates["kafka"] = gate
        super().start()


class OnRedis(World):
    """Two gateways on one Redis that syncs every write; the first behind a gate, the other straight."""

    count = 2

    def start_store(self):
        self.shims["redis"] = shim.Shim(self.library, self.directory / "control-redis", self.directory / "redis")
        self.redis = Redis(self.directory / "redis", *STRICT, under=self.shims["redis"].under).start()
        self.processes["redis"] = self.redis
        self.gates["redis"] = Gate(self.redis.port)
        urls = (self.gates["redis"].url, self.redis.url)
        return lambda number: ("--store", urls[number])

    def home(self, _):
        return self.redis

    def last_event(self, sale):
        newest = self.home(sale).call("XREVRANGE", f"dibs:{{{sale}}}:events", "+", "-", "COUNT", 1)
        return int(newest[0][0].split("-")[0])

    def write_events(self, sale):
        def entries(name):
            found = self.home(sale).call("XRANGE", f"dibs:{{{sale}}}:{name}", "-", "+")
            return [[entry, list(zip(fields[::2], fields[1::2]))] for entry, fields in found]
        self.record.joinpath("stream.json").write_text(json.dumps({"events": entries("events"), "arrivals": entries("arrivals")}))


class OnReplica(OnRedis):
    """One gateway that waits for the replica; nothing is synced, and the replica is always 20 ms behind."""

    count = 1

    def start_store(self):
        self.redis, self.copy = Redis(self.directory / "a").start(), Redis(self.directory / "b")
        self.processes.update(redis=self.redis, copy=self.copy)
        self.gates["redis"] = Gate(self.redis.port)
        self.copy_the_primary()
        return lambda number: ("--store", self.gates["redis"].url, "--durability", "replica")

    def copy_the_primary(self):
        if "copy" in self.gates:
            self.gates["copy"].close()
        self.gates["copy"] = link = Gate(self.redis.port, "delay", 0.02)
        self.copy.flags = ["--replicaof", "127.0.0.1", str(link.port), "--repl-diskless-sync-delay", "0"]
        self.copy.start()
        until(lambda: "state=online" in self.redis.call("INFO", "replication"), "the replica comes online")

    def promote(self):
        self.redis.kill()
        self.redis, self.copy = self.copy, self.redis
        self.processes.update(redis=self.redis, copy=self.copy)
        self.redis.call("REPLICAOF", "NO", "ONE")
        self.gates["redis"].target = self.redis.port
        self.gates["redis"].cut()
        self.copy_the_primary()


class OnCluster(OnRedis):
    """Two gateways on a cluster of three primaries."""

    def start_store(self):
        self.cluster = Cluster(self.directory, *STRICT)
        for number, node in enumerate(self.cluster.nodes):
            self.processes[f"node {number}"] = node
        self.cluster.__enter__()
        for node in self.cluster.nodes:
            node.call("CONFIG", "SET", "cluster-require-full-coverage", "no")
        self.moved = {}
        return lambda number: ("--store", self.cluster.url)

    def home(self, sale):
        return self.cluster.nodes[self.moved.get(sale, self.cluster.home(sale))]

    def move(self, sale):
        if sale not in self.moved:
            target = (self.cluster.home(sale) + 1) % self.cluster.count
            self.cluster.move(sale, target)
            self.moved[sale] = target
