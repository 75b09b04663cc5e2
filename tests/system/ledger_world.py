"""Everything between a buyer and a row, on real servers: `dibs serve`, Kafka, three `dibs ledger` that write the same
tables at once, a database; and the ways in which each of them is ended.

How it proves its claim: `dibs audit` folds the server's journal up to the very event that the ledger has applied, and
compares; while everybody is at work (check), and at the end with nothing outstanding (finish). There the figures are
also read by this program, from the API and from the tables."""

import collections
import http.client
import json
import pathlib
import random
import subprocess
import threading
import time

from commit_gate import CommitGate
from dibs import BINARY, Client, Server, run
from kafka_server import PATIENCE_SECONDS

WRITERS = 3
UNREACHED = 3  # exit status
SALES = ("left", "right")
KINDS = ("writer", "database", "server", "broker")
CLUSTER_KINDS = ("writer", "database", "server", "node")


def eventually(condition, what, patience=PATIENCE_SECONDS):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not in {patience} s: {what}")


class Writer:
    """One `dibs ledger`, before a database server with a gate of its own."""

    def __init__(self, kafka, database, log):
        self.gate = CommitGate(database.port) if database.port else None
        self.log = log
        url = database.url.replace(f":{database.port}/", f":{self.gate.port}/") if self.gate else database.url
        self.words = [str(BINARY), "ledger", "--kafka", kafka.address, "--to", url]
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit status, None where it had to be killed."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        finally:
            if self.gate:
                self.gate.close()


class Selling:
    """Buyers in some sales until they are told to stop; a server that is away is tried again. Every third order is paid,
    every fifth of the others goes back."""

    def __init__(self, server, sales, threads=2):
        self.server, self.sales = server, sales
        self.bought, self.refused = 0, []
        self.ending = False
        self.threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]

    def _run(self, thread):
        press, client = 0, None
        while not self.ending:
            try:
                client = client or Client(self.server)
                self._press(client, press, f"b-{thread}-{press}")
                press += 1
            except (OSError, http.client.HTTPException, ValueError):
                client = None
                time.sleep(0.02)
            time.sleep(0.01)

    def _press(self, client, press, buyer):
        status, _, order = client.buy(self.sales[press % len(self.sales)], buyer, key="k")
        if status not in (200, 201, 202):
            self.refused.append((status, order))
        elif order["state"] == "held" and press % 3 == 0:
            client.shop_confirms(order)
        elif order["state"] == "held" and press % 5 == 0:
            client.call("DELETE", f"/v1/orders/{order['id']}", buyer=buyer)
        self.bought += 1

    def some(self, count=10):
        goal = self.bought + count
        eventually(lambda: self.bought >= goal, "somebody buys")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        for thread in self.threads:
            thread.join()


class World:
    """`fail(kind)` ends one part in the midst of its work with kill -9 and starts it again:
    writer    after the database server has committed a batch, and before the writer has heard of it
    database  while a COMMIT is on its way or is carried out
    server    while it sells, and its relay with it
    broker    with all that is on its way
    node      one broker of several: the ledger goes on while it is away"""

    def __init__(self, directory, kafka, database, seed=0, **flags):
        self.directory = pathlib.Path(directory)
        self.kafka, self.database = kafka, database
        self.draw = random.Random(seed)
        self.data = self.directory / "data"
        self.server = Server(self.data, "--kafka", kafka.address, "--write-back", "none", "--quiet", keep_port=True)
        self.writers = [Writer(kafka, database, self.directory / "writers.log") for _ in range(WRITERS)]
        self.counts = collections.Counter()
        self.answered = 0  # of the databases killed at COMMIT: those that had carried it out and said so
        self.looked = 0

    def put_sales(self, names, stock=1_000_000):
        for name in names:
            status, _, answer = Client(self.server).put_sale(
                name, payment="shop", limit_per_buyer=1, hold_seconds=36_000,
                items=[{"sku": "floor", "title": "Floor", "price": 5, "stock": stock}])
            assert status in (200, 201), answer

    def fail(self, kind):
        getattr(self, f"_fail_{kind}")()
        self.counts[kind] += 1

    def _fail_writer(self):
        if not self.database.port:  # a file: whatever it is at
            victim = self.draw.choice(self.writers)
            victim.kill()
            victim.start()
            return
        victim = self._caught_at_commit()
        assert victim.gate.answered.wait(PATIENCE_SECONDS), "the database answers a COMMIT"
        victim.kill()
        victim.gate.free()
        victim.start()

    def _fail_database(self):
        victim = self._caught_at_commit()
        time.sleep(0.004 * self.draw.random())
        self.answered += victim.gate.answered.is_set()
        self.database.kill()
        victim.gate.free()
        time.sleep(0.2 * self.draw.random())
        self.database.start()

    def _caught_at_commit(self):
        victim = self.draw.choice(self.writers)
        victim.gate.arm()
        assert victim.gate.sent.wait(PATIENCE_SECONDS), "a writer commits"
        return victim

    def _fail_server(self):
        self.server.kill()
        self.server.start()

    def _fail_broker(self):
        self.kafka.kill()
        time.sleep(0.5 * self.draw.random())
        self.kafka.start()

    def _fail_node(self):
        self.kafka.kill()
        told = self.told()
        eventually(lambda: self.audit()["events"] > told, "the ledger goes on with a broker away")
        self.kafka.start()

    def told(self):
        """Events of all sales, as the server tells them."""
        sales = Client(self.server).call("GET", "/v1/sales", operator=True)[2]["sales"]
        return sum(sale["seq"] for sale in sales)

    def audit(self, patient=False):
        """What it found, all equal. `patient`: nothing, where the database is away just then."""
        done = run("audit", "--data", self.data, "--ledger", self.database.url, "--json", "-", timeout=300)
        if patient and done.returncode == UNREACHED:
            return None
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert done.returncode == 0 and found["equal"] and not found["differences"], found
        self.looked += 1
        return found

    def await_ledger(self, patience=PATIENCE_SECONDS):
        """Until it has everything."""
        eventually(lambda: self.audit()["behind"] == 0, "the ledger has everything", patience)

    def finish(self, sales, patience=PATIENCE_SECONDS):
        """Nothing is outstanding, and everything is equal; gives what the audit found."""
        self.await_ledger(patience)
        client = Client(self.server)
        for sale in sales:
            item = client.call("GET", f"/v1/sales/{sale}", operator=True)[2]["items"][0]
            row = self.database.sql(f"SELECT total, available, held, sold FROM items WHERE sale = '{sale}'")
            figures = [int(text) for text in row.replace("|", "\t").split("\t")]
            assert figures == [item[name] for name in ("total", "available", "held", "sold")], (figures, item)
            orders = self.database.sql(
                f"SELECT COUNT(*) FROM orders WHERE sale = '{sale}' AND state IN ('held', 'paying', 'paid')")
            assert int(orders) == item["held"] + item["sold"], (orders, item)  # one unit each
        return self.audit()

    def words(self):
        return ", ".join(f"{count} {kind}" for kind, count in self.counts.items())

    def __enter__(self):
        try:
            self.server.start()
            for writer in self.writers:
                writer.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, failed, *_):
        ended = self._end()
        if failed is None:
            assert ended == [0] * WRITERS, (ended, (self.directory / "writers.log").read_text()[-2000:])

    def _end(self):
        ended = [writer.stop() for writer in self.writers if writer.process]
        self.server.kill()
        return ended


def rounds(world, kinds, selling_to=SALES):
    """One fault after another, while buyers buy; looks at the ledger after each."""
    world.put_sales(selling_to)
    with Selling(world.server, selling_to) as selling:
        for kind in kinds:
            selling.some()
            world.fail(kind)
            selling.some()
            world.audit()
    assert not selling.refused, selling.refused[:3]
    return world.finish(selling_to)
