#!/usr/bin/env python3
"""Restarts in the middle of a sale, with the listening socket held from outside as systemd does.

How it proves its claim: this process opens the sockets and hands them to one server after another
(LISTEN_FDS). Buyers press all the while, some with a new connection for each press, some over one
kept alive. Again and again the server gets SIGTERM and the next one is started. Nobody may be refused
a connection; a press on a new connection must be answered; a kept connection may be closed while it
is idle, and the same key is then sent again. At the end exactly the stock is sold, every order that
was acknowledged is there, and the arrivals that each buyer thread saw went up.

Who needs more than half of the server's grace between connecting and sending is not promised an
answer, and is counted apart: on a loaded machine that is this process's own delay.

The last part plants the bug: a server that opens the port itself refuses connections between two
processes, and that must be seen.

    restart_test.py [RESTARTS]
"""

import http.client
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dibs

SALE = "rush"
STOCK = 1500
PRESSES_PER_LIFE = 120
GRACE_SECONDS = 1.0  # kDrainGrace in src/cli/serve.cpp
HAND_OVER = """
import fcntl, os, sys
held = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in sys.argv[1].split(",")]
for place, number in enumerate(held):
    os.dup2(number, 3 + place)
os.closerange(3 + len(held), 200)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


def listener(port=0, shared=False, host="127.0.0.1"):
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind((host, port))
    opened.listen(4096)
    return opened


class Manager:
    """Stands where systemd stands: holds the sockets, starts and stops the server."""

    def __init__(self, directory, buyer_sockets=1, planted=False):
        self.directory = directory
        self.planted = planted
        self.sockets = [listener(shared=buyer_sockets > 1)]
        self.port = self.sockets[0].getsockname()[1]
        self.sockets += [listener(self.port, shared=True) for _ in range(buyer_sockets - 1)]
        self.operators = listener()
        self.operator_port = self.operators.getsockname()[1]
        self.process = None
        if planted:
            self.sockets.pop().close()

    def start(self):
        environment = {**os.environ, "DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"}
        serve = [str(dibs.BINARY), "serve", "--insecure-demo", "--data", str(self.directory / "data")]
        command = serve + ["--listen", f"127.0.0.1:{self.port}"]
        held = []
        if not self.planted:
            held = [s.fileno() for s in [*self.sockets, self.operators]]
            environment["LISTEN_FDS"] = str(len(held))
            environment["LISTEN_FDNAMES"] = ":".join(["dibs.socket"] * len(self.sockets) + ["operator"])
            command = [sys.executable, "-c", HAND_OVER, ",".join(map(str, held)), *serve]
        with open(self.directory / "serve.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, pass_fds=held)

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=120)
        assert status == 0, f"the server ended with {status}; see serve.log"

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for held in [*self.sockets, self.operators]:
            held.close()


class Memory:
    def __init__(self):
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.answers = 0
        self.orders = {}
        self.arrivals = set()
        self.refused = 0      # connections that nobody took
        self.unanswered = 0   # presses on a new connection that got no answer
        self.stalled = 0      # the same, but this process was too slow to be promised one
        self.retries = 0      # presses on a kept connection that had been closed
        self.faults = []

    def saw(self, key, status, answer, last_arrival):
        """The press's arrival."""
        with self.lock:
            self.answers += 1
            arrival = answer.get("arrival", 0)
            if status == 201:
                self.orders[key] = answer["id"]
            elif status != 409 or answer.get("code") != "sold_out":
                self.faults.append(f"{key}: {status} {answer}")
            if arrival <= last_arrival:
                self.faults.append(f"{key}: arrival {arrival} after {last_arrival}")
            if arrival in self.arrivals:
                self.faults.append(f"arrival {arrival} was given twice")
            self.arrivals.add(arrival)
            return arrival


def request_of(buyer, key, ending):
    body = json.dumps({"items": [{"sku": "floor", "quantity": 1}]})
    return (f"POST /v1/sales/{SALE}/orders HTTP/1.1\r\nHost: x\r\nDibs-Buyer: {buyer}\r\n"
            f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nConnection: {ending}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def press_on(connection, buyer, key, ending):
    """(status, answer); raises when no whole answer came."""
    connection.sendall(request_of(buyer, key, ending))
    response = http.client.HTTPResponse(connection)
    response.begin()
    answer = json.loads(response.read())
    return response.status, answer, response.will_close


class Buyer(threading.Thread):
    """One press after another, each by a new buyer with a key of its own."""

    def __init__(self, name, manager, memory, keeps_alive):
        super().__init__(name=name)
        self.manager, self.memory, self.keeps_alive = manager, memory, keeps_alive
        self.connection = None
        self.random = random.Random(name)

    def run(self):
        last_arrival, count = 0, 0
        while not self.memory.stop.is_set():
            count += 1
            key = f"{self.name}-{count}"
            result = None
            while result is None and not self.memory.stop.is_set():
                result = self.press(key)
            if result:
                last_arrival = self.memory.saw(key, *result, last_arrival)
            time.sleep(self.random.uniform(0, 0.02))
        self.drop()

    def press(self, key):
        """(status, answer), or nothing when it is to be sent again."""
        fresh = self.connection is None
        begun = time.monotonic()
        try:
            if fresh:
                self.connection = socket.create_connection(("127.0.0.1", self.manager.port), timeout=60)
        except ConnectionError:
            with self.memory.lock:
                self.memory.refused += 1
            time.sleep(0.01)
            return None
        sent_after = time.monotonic() - begun
        try:
            ending = "keep-alive" if self.keeps_alive else "close"
            status, answer, closes = press_on(self.connection, key, key, ending)
            if closes or not self.keeps_alive:
                self.drop()
            return status, answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.drop()
            self.no_answer(key, fresh, sent_after, error)
            return None

    def no_answer(self, key, fresh, sent_after, error):
        with self.memory.lock:
            if not fresh:
                self.memory.retries += 1
            elif sent_after > GRACE_SECONDS / 2:
                self.memory.stalled += 1
            else:
                self.memory.unanswered += 1
                self.memory.faults.append(f"{key}: a new connection got no answer: {error!r}")

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class At:
    """What dibs.Client asks of a server: its port."""

    def __init__(self, port):
        self.port = port


def wait_for(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.005)


def put_sale(manager):
    def put():
        try:
            client = dibs.Client(At(manager.port if manager.planted else manager.operator_port))
            return client.put_sale(SALE, payment="none", line_limit=0, items=[
                {"sku": "floor", "title": "Floor", "price": 0, "stock": STOCK}])[0] == 201
        except OSError:
            return False
    wait_for(put, "the sale")


def rush(directory, restarts, buyer_sockets=1, planted=False):
    """What the buyers saw."""
    manager, memory = Manager(directory, buyer_sockets, planted), Memory()
    buyers = [Buyer(f"new{i}", manager, memory, False) for i in range(5)]
    buyers += [Buyer(f"kept{i}", manager, memory, True) for i in range(3)]
    try:
        manager.start()
        put_sale(manager)
        for buyer in buyers:
            buyer.start()
        for life in range(1, restarts + 1):
            wait_for(lambda seen=life * PRESSES_PER_LIFE: memory.answers >= seen, "presses")
            manager.stop()
            manager.start()
        if not planted:
            check_end(manager, memory)
    finally:
        memory.stop.set()
        for buyer in buyers:
            if buyer.ident:
                buyer.join()
        manager.end()
    return memory


def check_end(manager, memory):
    client = dibs.Client(At(manager.port))

    def sold():
        return client.call("GET", f"/v1/sales/{SALE}")[2]["items"][0]["sold"]
    wait_for(lambda: sold() == STOCK, "the last unit")
    memory.stop.set()
    wait_for(lambda: all(not t.is_alive() for t in threading.enumerate() if isinstance(t, Buyer)), "buyers")
    for key, order in memory.orders.items():
        status, _, answer = client.call("GET", f"/v1/orders/{order}", buyer=key)
        if status != 200 or answer["state"] != "paid":
            memory.faults.append(f"order {order} of {key} is lost: {status} {answer}")
    if sold() != STOCK or len(set(memory.orders.values())) > STOCK:
        memory.faults.append(f"{sold()} sold of {STOCK}, {len(memory.orders)} orders acknowledged")
    # Who was told nothing may still have bought: by the last press of a thread, or one not answered.
    if len(memory.orders) < STOCK - memory.stalled - 8:
        memory.faults.append(f"{STOCK} sold and only {len(memory.orders)} acknowledged")
    client.close()
    manager.stop()
    audit = dibs.run("audit", "--data", manager.directory / "data")
    if audit.returncode != 0:
        memory.faults.append(f"audit: {audit.stdout}{audit.stderr}")


def check_refusals(directory):
    """An inherited socket is held to the same rules, and one meant for another process is left alone."""
    manager = Manager(directory)
    manager.sockets[0].close()
    manager.sockets = [listener(host="0.0.0.0")]
    manager.start()
    said = manager.process.wait(timeout=60), (directory / "serve.log").read_text()
    manager.end()
    assert said[0] == 2 and "loopback only, not on 0.0.0.0" in said[1], said
    result = dibs.run("serve", "--listen", "127.0.0.1:99999", "--insecure-demo", "--data", directory / "data",
                      env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert "'127.0.0.1:99999' is not an address" in result.stderr, result


def main():
    restarts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    faults = []
    for sockets in (1, 2):
        with tempfile.TemporaryDirectory() as directory:
            seen = rush(pathlib.Path(directory), restarts, sockets)
            log = (pathlib.Path(directory) / "serve.log").read_text()
        print(f"{restarts} restarts, {sockets} inherited socket(s): {seen.answers} presses answered, "
              f"{len(seen.orders)} orders, {seen.refused} refused connections, {seen.unanswered} without "
              f"an answer, {seen.retries} sent again over a closed idle connection, {seen.stalled} too "
              f"slow to be promised one", flush=True)
        faults += seen.faults + [f"{seen.refused} connections were refused"] * (seen.refused > 0)
        if ("2 ingress loops instead of 1" in log) != (sockets == 2):
            faults.append(f"{sockets} sockets; the log: {log}")
    with tempfile.TemporaryDirectory() as directory:
        check_refusals(pathlib.Path(directory))
    with tempfile.TemporaryDirectory() as directory:
        seen = rush(pathlib.Path(directory), 2, planted=True)
    print(f"planted (the server opens the port itself): {seen.refused} refused connections")
    if seen.refused == 0:
        faults.append("the planted bug was not seen")
    for fault in faults[:20]:
        print(f"  FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
