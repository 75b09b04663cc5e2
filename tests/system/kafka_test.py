"""Events to Kafka: every one, in order, at least once, whatever the broker and the server do; and buyers notice nothing.

kafka_test.py [KILLS]    kill -9 of the broker while the server sells so often (5)

The broker is Apache's. The topic is read by kcat, a client that is not ours, and judged by kafka_server.Chains, which
knows only the documented form. Where no broker can be had it says `kafka: mock only`, runs what can be run against
librdkafka's mock cluster, and counts the rest as skipped."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import dibs
import kafka_server
import redis_server

PATIENCE_SECONDS = 120
MANY = [{"sku": "floor", "title": "Floor", "price": 5, "stock": 200}]
UNIT_TESTS = os.environ.get("DIBS_KAFKA_TESTS", str(dibs.ROOT / "build" / "release" / "tests" / "dibs_kafka_tests"))


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}")


def metric(client, name):
    for line in client.call("GET", "/metrics")[2].splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    raise AssertionError(f"no {name} on /metrics")


def caught_up(server):
    client = dibs.Client(server)
    wait_for("Kafka to be told everything", lambda: metric(client, "dibs_outbox_behind_events") == 0)


def server_on(directory, kafka_address, *flags):
    return dibs.Server(pathlib.Path(directory) / "data", "--kafka", kafka_address, *flags,
                       log=str(pathlib.Path(directory) / "serve.log"))


class Crowd:
    """Buyers who press all the time, in some sales, until they are told to stop. Every third gives the order back."""

    def __init__(self, server, sales, threads=4):
        self.server, self.sales = server, sales
        self.stopping = threading.Event()
        self.refused = []
        self.bought = 0
        self.slowest = 0.0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._play, args=(n,)) for n in range(threads)]

    def _play(self, thread):
        client = dibs.Client(self.server)
        press = 0
        while not self.stopping.is_set():
            press += 1
            buyer, sale = f"b-{self.server.port}-{thread}-{press}", self.sales[press % len(self.sales)]
            begun = time.monotonic()
            status, _, order = client.buy(sale, buyer, key=f"k-{thread}-{press}")
            took = time.monotonic() - begun
            with self.lock:
                self.slowest = max(self.slowest, took)
                if status in (200, 201, 202):
                    self.bought += 1
                elif order.get("code") != "sold_out":
                    self.refused.append((status, order))
            if press % 3 == 0 and "id" in order:
                client.call("DELETE", f"/v1/orders/{order['id']}", buyer=buyer)
            time.sleep(0.01)  # what is tested is order, not speed; every event is read again in Python

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.refused, f"buyers were refused: {self.refused[:3]}"


def put_sales(server, names, **members):
    client = dibs.Client(server)
    for name in names:
        status, _, answer = client.put_sale(name, payment="shop", items=MANY, limit_per_buyer=1, **members)
        assert status in (200, 201), answer


def seqs_of(server, names):
    client = dibs.Client(server)
    return {name: client.call("GET", f"/v1/sales/{name}", operator=True)[2]["seq"] for name in names}


def expect_whole(kafka, server, names):
    """The topic holds every event of the sales, and nothing that is not one."""
    chains = kafka_server.Chains().take(kafka.records())
    told = chains.seqs()
    expected = seqs_of(server, names)
    assert {name: told.get(name) for name in names} == expected, f"Kafka {told}, store {expected}"
    return chains


def the_classes(kafka):
    run = subprocess.run([UNIT_TESTS, "--gtest_brief=1"], env={**os.environ, "DIBS_TEST_KAFKA": kafka.address},
                         capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "SKIPPED" not in run.stdout, run.stdout


def broker_killed_while_selling(kafka, directory, kills):
    names = ["summer", "winter", "trial"]
    with server_on(directory, kafka.address) as server:
        put_sales(server, names)
        with Crowd(server, names) as crowd:
            for kill in range(kills):
                bought = crowd.bought
                wait_for("some sales", lambda: crowd.bought >= bought + 100)
                kafka.kill()
                bought = crowd.bought
                wait_for("sales without Kafka", lambda: crowd.bought >= bought + 100)
                kafka.start()
        caught_up(server)
        chains = expect_whole(kafka, server, names)
        print(f"  broker killed {kills} times: {sum(chains.seqs().values())} events, {chains.repeats} repeats, "
              f"{crowd.bought} buys, slowest {crowd.slowest * 1000:.0f} ms")


def kafka_away_from_the_start(kafka, directory):
    names = ["away"]
    address = kafka.address
    kafka.kill()
    with server_on(directory, address) as server:
        put_sales(server, names)
        with Crowd(server, names) as crowd:
            wait_for("sales", lambda: crowd.bought >= 500)
        client = dibs.Client(server)
        assert metric(client, "dibs_outbox_behind_events") == seqs_of(server, names)["away"]
        wait_for("the trouble to be told", lambda: metric(client, "dibs_outbox_stuck") == 1)
        assert metric(client, "dibs_outbox_behind_seconds") > 0
        doctor = dibs.run("doctor", "--data", server.data, "--kafka", address, "--insecure-demo")
        assert "kafka: " in doctor.stdout and doctor.returncode == 1, doctor.stdout
        kafka.start()
        caught_up(server)
        client = dibs.Client(server)
        assert metric(client, "dibs_outbox_stuck") == 0
        assert metric(client, "dibs_outbox_behind_seconds") == 0
        expect_whole(kafka, server, names)
        doctor = dibs.run("doctor", "--data", server.data, "--kafka", address, "--insecure-demo")
        assert "has 8 partitions" in doctor.stdout, doctor.stdout


def server_killed_and_stopped(kafka, directory, kills):
    names = []
    server = server_on(directory, kafka.address)
    for kill in range(kills):
        names.append(f"killed-{kill}")
        with server:
            put_sales(server, names[-1:])
            with Crowd(server, names[-1:]) as crowd:
                wait_for("some sales", lambda: crowd.bought >= 20)
                time.sleep(0.1 * kill)  # another moment of the cursor's half second
            server.kill()
    server.start()
    caught_up(server)
    chains = expect_whole(kafka, server, names)
    print(f"  server killed {kills} times: {sum(chains.seqs().values())} events, "
          f"{chains.repeats} repeats")
    assert server.stop() == 0
    # Stopped in order nothing is left to be told, and nothing is told twice.
    before = len(kafka.records())
    with server:
        caught_up(server)
        client = dibs.Client(server)
        put_sales(server, ["afterwards"])
        caught_up(server)
        expect_whole(kafka, server, names + ["afterwards"])
        assert len(kafka.records()) - before == metric(client, "dibs_outbox_sent_total")
        assert metric(client, "dibs_outbox_sent_total") < 10


def the_file_gone_or_damaged(kafka, directory):
    names = ["file"]
    server = server_on(directory, kafka.address)
    cursor = pathlib.Path(server.data) / "outbox.cursor"
    with server:
        put_sales(server, names)
        caught_up(server)
        server.stop()
        for damage in (cursor.unlink, lambda: cursor.write_text(cursor.read_text()[:-9])):
            damage()
            before = len(kafka.records())
            server.start()
            caught_up(server)
            assert len(kafka.records()) > before
            expect_whole(kafka, server, names)
            server.stop()
    assert "is not what was written" in pathlib.Path(server.log).read_text()


def a_copy_that_goes_its_own_way(kafka, directory):
    """A server on a copy of the data repeats what both have, under the same hashes; what it adds is another history, and
    whoever reads finds that out. (Two relays of one store are in tests/kafka.)"""
    names = ["twice"]
    server = server_on(directory, kafka.address)
    with server:
        put_sales(server, names)
        with Crowd(server, names) as crowd:
            wait_for("some sales", lambda: crowd.bought >= 100)
        caught_up(server)
        expect_whole(kafka, server, names)
        server.stop()
        copy = pathlib.Path(directory) / "copy"
        copy.mkdir()
        shutil.copytree(server.data, copy / "data")
        (copy / "data" / "outbox.cursor").unlink()
        with server_on(copy, kafka.address) as second:
            caught_up(second)
            shared = seqs_of(second, names)["twice"]
            chains = expect_whole(kafka, second, names)
            assert chains.repeats >= 100, chains.repeats
        server.start()
        dibs.Client(server).buy("twice", "another", key="another")
        caught_up(server)
        assert seqs_of(server, names)["twice"] >= shared
        try:
            expect_whole(kafka, server, names)
        except AssertionError as found:
            assert "another event" in str(found) or "does not follow" in str(found), found
        else:
            raise AssertionError("two histories were taken for one")


def two_gateways_on_one_redis(kafka, directory):
    """Both tell Kafka of all sales, whichever of them sold."""
    names = ["left", "right"]
    with redis_server.Redis(pathlib.Path(directory) / "redis", *redis_server.STRICT) as redis:
        other = pathlib.Path(directory) / "other"
        other.mkdir()
        flags = ["--store", redis.url, "--write-back", "none"]
        with server_on(directory, kafka.address, *flags) as one, server_on(other, kafka.address, *flags) as two:
            put_sales(one, names)
            with Crowd(one, names, threads=2), Crowd(two, names, threads=2) as crowd:
                wait_for("some sales", lambda: crowd.bought >= 100)
            caught_up(one)
            caught_up(two)
            chains = expect_whole(kafka, one, names)
            assert chains.repeats >= 200, chains.repeats
            two.stop()
            two.start()
            caught_up(two)
            assert metric(dibs.Client(two), "dibs_outbox_sent_total") == 0, "a gateway forgot what it had told"


def refusals(directory):
    refused = dibs.run("serve", "--insecure-demo", "--data", str(pathlib.Path(directory) / "data"), "--kafka",
                       "127.0.0.1:1", "--kafka-topic", "", timeout=30)
    assert refused.returncode == 2, refused
    settings = pathlib.Path(directory) / "kafka.settings"
    settings.write_text("# TLS\nno.such.setting=1\n")
    refused = dibs.run("serve", "--insecure-demo", "--data", str(pathlib.Path(directory) / "data"), "--kafka",
                       "127.0.0.1:1", "--kafka-settings-file", str(settings), timeout=30)
    assert refused.returncode == 2 and "no.such.setting" in refused.stderr, refused


def with_mock_only(why):
    """librdkafka's own cluster of one broker, within the server: nobody else can read it."""
    print(f"kafka: mock only ({why}); skipped: 8 scenarios with a real broker")
    with tempfile.TemporaryDirectory() as directory:
        settings = pathlib.Path(directory) / "kafka.settings"
        settings.write_text("test.mock.num.brokers=1\nallow.auto.create.topics=true\n")
        with server_on(directory, "mock", "--kafka-settings-file", str(settings)) as server:
            put_sales(server, ["mock"])
            caught_up(server)


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    why = kafka_server.missing()
    if why:
        return with_mock_only(why)
    with tempfile.TemporaryDirectory() as directory:
        base = pathlib.Path(directory)
        with kafka_server.Kafka(base / "kafka") as kafka:
            scenarios = [
                ("refusals", lambda at: refusals(at)),
                ("the classes", lambda at: the_classes(kafka)),
                ("broker killed while selling", lambda at: broker_killed_while_selling(kafka, at, kills)),
                ("Kafka away from the start", lambda at: kafka_away_from_the_start(kafka, at)),
                ("server killed and stopped", lambda at: server_killed_and_stopped(kafka, at, kills)),
                ("the file gone or damaged", lambda at: the_file_gone_or_damaged(kafka, at)),
                ("two gateways on one Redis", lambda at: two_gateways_on_one_redis(kafka, at)),
                ("a copy that goes its own way", lambda at: a_copy_that_goes_its_own_way(kafka, at)),
            ]
            for number, (name, scenario) in enumerate(scenarios):
                at = base / str(number)
                at.mkdir()
                begun = time.monotonic()
                scenario(at)
                print(f"kafka: {name}: held ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
