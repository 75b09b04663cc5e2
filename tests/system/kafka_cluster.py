"""Three brokers that are controllers too, each record on all of them and acknowledged by two: what is killed one at a time
takes nothing with it."""

import base64
import json
import os
import pathlib
import subprocess
import time

from kafka_server import Kafka, PATIENCE_SECONDS, SCRIPT
from sql_server import free_port

NODES = 3
SETTINGS = """process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={directory}/data
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
broker.heartbeat.interval.ms=300
broker.session.timeout.ms=1500
replica.lag.time.max.ms=3000
num.network.threads=2
num.io.threads=2
"""


class KafkaCluster:
    """As Kafka (kafka_server.py), but that kill() ends one node, the next in turn, and start() begins it again and waits
    until it has what the others have."""

    def __init__(self, directory):
        self.nodes = [Kafka(pathlib.Path(directory) / f"node{n}") for n in range(NODES)]
        self.turn = 0
        self.killed = None

    @property
    def address(self):
        return ",".join(node.address for node in self.nodes)

    def make(self):
        classes = subprocess.run([str(SCRIPT), "get"], capture_output=True, text=True, check=True).stdout.strip()
        cluster = base64.b32encode(os.urandom(15)).decode()[:22]
        controls = [free_port() for _ in self.nodes]
        voters = ",".join(f"{n + 1}@127.0.0.1:{port}" for n, port in enumerate(controls))
        for number, node in enumerate(self.nodes):
            file = node.directory / "server.properties"
            file.write_text(SETTINGS.format(id=number + 1, voters=voters, port=free_port(), control=controls[number],
                                            directory=node.directory))
            subprocess.run(["java", "-cp", classes, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(file)],
                           capture_output=True, check=True)

    def kill(self):
        self.killed = self.nodes[self.turn % NODES]
        self.turn += 1
        self.killed.kill()

    def start(self):
        self.killed.start()
        self.killed = None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self._in_sync():
                return self
            time.sleep(0.2)
        raise AssertionError("a node that was killed does not catch up")

    def _in_sync(self):
        told = subprocess.run(["kcat", "-b", self.address, "-L", "-J", "-m", "5"], capture_output=True, text=True)
        if told.returncode != 0:
            return False
        listed = json.loads(told.stdout)
        return len(listed["brokers"]) == NODES and all(
            len(part["isrs"]) == NODES for topic in listed["topics"] for part in topic["partitions"])

    def __enter__(self):
        self.make()
        try:
            for node in self.nodes:
                node.begin()
            for node in self.nodes:
                node.await_answer()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()
