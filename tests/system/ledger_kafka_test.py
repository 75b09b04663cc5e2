"""The ledger from Kafka's topic on a real broker: three writers at once beside kill -9 of them and of the broker, repeated
and reordered records, and what must halt: poison, a foreign event, a wrong epoch, an event that never comes."""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from dibs import BINARY, Client, Server, run
from kafka_server import Kafka, chain_hash, missing
from ledger_test import check_equal, sell
from postgres_server import Postgres

SKIPPED = 77


def produce(kafka, topic, partition, key, values):
    """As somebody else would, straight into one partition."""
    text = "".join(f"{key}\t{value}\n" for value in values)
    done = subprocess.run(["kcat", "-b", kafka.address, "-P", "-t", topic, "-p", str(partition), "-K", "\t"],
                          input=text, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def follow_once(kafka, url, topic="dibs.events"):
    return run("ledger", "--kafka", kafka.address, "--kafka-topic", topic, "--to", url, "--once", timeout=120)


def writer(kafka, url, log):
    return subprocess.Popen([str(BINARY), "ledger", "--kafka", kafka.address, "--to", url],
                            stdout=log, stderr=log)


def end_of_topic_reached(kafka, data, url):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        done = run("audit", "--data", data, "--ledger", url, "--json", "-")
        if done.stdout and json.loads(done.stdout)["behind"] == 0:
            return
        time.sleep(0.3)
    raise AssertionError(f"the ledger stays behind: {done.stdout}{done.stderr}")


def survives(directory, kafka, url):
    """Three writers of one ledger while a server sells; writers and broker are killed."""
    data = directory / "data"
    with open(directory / "writers.log", "ab") as log:
        writers = [writer(kafka, url, log) for _ in range(3)]
        try:
            with Server(data, "--kafka", kafka.address, "--write-back", "none") as server:
                Client(server).put_sale("s", payment="shop", limit_per_buyer=5,
                                        items=[{"sku": "floor", "title": "Floor", "price": 50000,
                                                "stock": 300}])
                for turn in range(2):
                    sell(Client(server), "s", turn * 100, 50)
                    victim = writers.pop(0)
                    victim.kill()
                    victim.wait()
                    writers.append(writer(kafka, url, log))
                    kafka.kill()
                    sell(Client(server), "s", turn * 100 + 50, 50)
                    kafka.start()
                end_of_topic_reached(kafka, data, url)
                check_equal(data, url)
        finally:
            for one in writers:
                one.send_signal(signal.SIGTERM)
            ended = [one.wait(timeout=60) for one in writers]
    assert ended == [0, 0, 0], (ended, (directory / "writers.log").read_text()[-2000:])
    return data


def takes_any_order(directory, kafka, data):
    """The topic's records once more, every event three times and in another order, into a ledger of its own."""
    records = [(key, value) for _, _, key, value in kafka.records()]
    events = [value for key, value in records if key == "s"]
    mixed = []
    for at in range(0, len(events), 7):
        piece = events[at:at + 7]
        mixed += piece[::-1] + piece + events[max(0, at - 20):at]
    produce(kafka, "mixed", 0, "s", mixed)
    url = f"sqlite:{directory}/mixed.db"
    done = follow_once(kafka, url, "mixed")
    assert done.returncode == 0, done.stdout + done.stderr
    check_equal(data, url)


def halts(directory, kafka, data):
    """Each into a topic and a ledger of its own, behind twenty good events; what follows must not be applied."""
    events = [value for _, _, key, value in kafka.records() if key == "s"]
    good, rest = events[:20], events[20:30]

    def changed(text, **members):
        event = {**json.loads(text), **members}
        return json.dumps({**event, "hash": chain_hash(event)})

    plants = {
        "poison": ([*good, "{not an event", *rest], "offset 20 is not an event"),
        "foreign": ([*good, changed(rest[0], previous="ab" * 32), *rest[1:]],
                    "sale s, event 21 follows an event with the hash abab"),
        "changed": ([*good, rest[0].replace('"epoch"', '"actor":"x","epoch"', 1), *rest[1:]], "offset 20 is not an event"),
        "wrong-epoch": ([*good, changed(rest[0], epoch="another"), *rest[1:]], "event 21 is of epoch another"),
        "dropped": ([*good, *rest[1:]], "event 21 of sale s is missing"),
    }
    for name, (values, words) in plants.items():
        produce(kafka, name, 0, "s", values)
        url = f"sqlite:{directory}/{name}.db"
        done = follow_once(kafka, url, name)
        assert done.returncode == 1 and words in done.stderr, (name, done.stdout, done.stderr)
        assert "20 events applied" in done.stdout, (name, done.stdout)
        again = follow_once(kafka, url, name)
        assert again.returncode == 1 and words in again.stderr, (name, again.stderr)
    # What was missing comes after all.
    produce(kafka, "dropped", 0, "s", [rest[0]])
    url = f"sqlite:{directory}/dropped.db"
    done = follow_once(kafka, url, "dropped")
    assert done.returncode == 0 and "10 events applied" in done.stdout, done.stdout + done.stderr


def main():
    why = missing()
    if why or not Postgres.installed():
        print(f"ledger: no broker or no PostgreSQL: {why}: SKIPPED")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        with Kafka(directory / "kafka") as kafka, Postgres() as database:
            begun = time.monotonic()
            data = survives(directory, kafka, database.url)
            takes_any_order(directory, kafka, data)
            halts(directory, kafka, data)
            print(f"ledger from Kafka: {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
