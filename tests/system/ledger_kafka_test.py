"""The ledger from Kafka's topic on a real broker: three writers at once beside kill -9 of a writer whose batch the database
has just committed, of the database at COMMIT, of the server and of the broker (ledger_world.py); repeated and reordered
records; and what must halt: poison, a foreign event, a wrong epoch, an event that never comes.

    ledger_kafka_test.py [KILLS]    how often each is killed (5)"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from dibs import run
from kafka_server import Kafka, chain_hash, missing
from ledger_test import check_equal
from ledger_world import KINDS, SALES, World, rounds
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


def survives(directory, kafka, database, kills):
    """Three writers of one ledger while a server sells; each part is ended so often."""
    with World(directory, kafka, database) as world:
        found = rounds(world, [kind for _ in range(kills) for kind in KINDS])
        print(f"  killed: {world.words()}; {found['events']} events, {found['orders']} orders, equal at {world.looked} looks")
        return world.data


def events_of(kafka, sale):
    """Each once, in order."""
    found = {json.loads(value)["seq"]: value for _, _, key, value in kafka.records() if key == sale}
    return [found[seq] for seq in sorted(found)]


def takes_any_order(directory, kafka, data):
    """The topic's records once more, every event three times and in another order, into a ledger of its own."""
    for sale in SALES:
        events, mixed = events_of(kafka, sale), []
        for at in range(0, len(events), 7):
            piece = events[at:at + 7]
            mixed += piece[::-1] + piece + events[max(0, at - 20):at]
        produce(kafka, "mixed", 0, sale, mixed)
    url = f"sqlite:{directory}/mixed.db"
    done = follow_once(kafka, url, "mixed")
    assert done.returncode == 0, done.stdout + done.stderr
    check_equal(data, url)


def halts(directory, kafka, data):
    """Each into a topic and a ledger of its own, behind twenty good events; what follows must not be applied."""
    events = events_of(kafka, SALES[0])
    good, rest = events[:20], events[20:30]

    def changed(text, **members):
        event = {**json.loads(text), **members}
        return json.dumps({**event, "hash": chain_hash(event)})

    plants = {
        "poison": ([*good, "{not an event", *rest], "offset 20 is not an event"),
        "foreign": ([*good, changed(rest[0], previous="ab" * 32), *rest[1:]],
                    f"sale {SALES[0]}, event 21 follows an event with the hash abab"),
        "changed": ([*good, rest[0].replace('"epoch"', '"actor":"x","epoch"', 1), *rest[1:]], "offset 20 is not an event"),
        "wrong-epoch": ([*good, changed(rest[0], epoch="another"), *rest[1:]], "event 21 is of epoch another"),
        "dropped": ([*good, *rest[1:]], f"event 21 of sale {SALES[0]} is missing"),
    }
    for name, (values, words) in plants.items():
        produce(kafka, name, 0, SALES[0], values)
        url = f"sqlite:{directory}/{name}.db"
        done = follow_once(kafka, url, name)
        assert done.returncode == 1 and words in done.stderr, (name, done.stdout, done.stderr)
        assert "20 events applied" in done.stdout, (name, done.stdout)
        again = follow_once(kafka, url, name)
        assert again.returncode == 1 and words in again.stderr, (name, again.stderr)
    # What was missing comes after all.
    produce(kafka, "dropped", 0, SALES[0], [rest[0]])
    url = f"sqlite:{directory}/dropped.db"
    done = follow_once(kafka, url, "dropped")
    assert done.returncode == 0 and "10 events applied" in done.stdout, done.stdout + done.stderr


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    why = missing()
    if why or not Postgres.installed():
        print(f"ledger: no broker or no PostgreSQL: {why}: SKIPPED")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        with Kafka(directory / "kafka") as kafka, Postgres() as database:
            begun = time.monotonic()
            data = survives(directory, kafka, database, kills)
            takes_any_order(directory, kafka, data)
            halts(directory, kafka, data)
            print(f"ledger from Kafka: {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
