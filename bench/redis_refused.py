#!/usr/bin/env python3
"""The refused path of a gateway on Redis over HTTP, every write synced (appendfsync always), beside the very call that a
refused buy makes, one a request as redis-benchmark would, and beside the shop's waiting lock on a Redis of its own that is set
alike. All share the machine's cores. Figures are medians of the rounds, ratios medians of the pairs.

    redis_refused.py [SECONDS [ROUNDS]]
"""

import ast
import os
import pathlib
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

from http_load import REFUSED, dibs, require, row, scratch_directory, wrk
from redis_server import STRICT, Redis

CONNECTIONS = 64
SKU = {"sku": "floor", "title": "Floor", "price": 100, "stock": 0}
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def call_of_one_buy(redis, server):
    """The words of the call that a refused buy makes, as the server was sent them."""
    monitor = subprocess.Popen(["redis-cli", "-p", str(redis.port), "monitor"], stdout=subprocess.PIPE)
    killer = threading.Timer(20, monitor.kill)
    killer.start()
    require(b"OK" in monitor.stdout.readline(), "redis-cli monitors")
    client = dibs.Client(server)
    status, _, answer = client.buy("refused", "b-1")
    require((status, answer["code"]) == (409, "sold_out"), f"a buy is refused: {answer}")
    client.close()
    for line in monitor.stdout:
        words = [ast.literal_eval("b" + word) for word in QUOTED.findall(line.decode("latin-1"))]
        if words and words[0].upper() == b"FCALL" and any(b"b-1" in word for word in words):
            break
    killer.cancel()
    monitor.kill()
    monitor.wait()
    monitor.stdout.close()
    return words


def one_call_a_request(redis, words, seconds):
    """Calls a second over CONNECTIONS connections, each of which sends the next call when it has its reply: what
    redis-benchmark does, which cannot send the zeros that these words have."""
    call = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    poller, sockets = select.epoll(), {}
    for _ in range(CONNECTIONS):
        one = socket.create_connection(("127.0.0.1", redis.port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        poller.register(one.fileno(), select.EPOLLIN)
        one.sendall(call)
    count, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        for descriptor, _ in poller.poll(0.1):
            one = sockets[descriptor]
            reply = one.recv(65536)  # one of a few hundred bytes, from this machine: whole
            require(reply[:1] == b"*", f"the call is answered: {reply[:200]!r}")
            count += 1
            one.sendall(call)
    for one in sockets.values():
        one.close()
    return count / seconds


class Baseline:
    """`dibs baseline` on a Redis of its own."""

    def __init__(self, design, redis):
        self.process = subprocess.Popen(
            [str(dibs.BINARY), "baseline", "--design", design, "--redis", f"127.0.0.1:{redis.port}"],
            stdout=subprocess.PIPE, env={**os.environ, "DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}"})
        self.port, said = dibs.port_told_by(self.process)
        require(self.port, f"the lock listens: {said}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.process.stdout.close()


def put_refused(server):
    client = dibs.Client(server)
    status, _, answer = client.put_sale("refused", line_limit=0, test=True, items=[SKU])
    require(status == 201, answer)
    client.close()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    path = "/v1/sales/refused/orders"
    with scratch_directory() as name, Redis(pathlib.Path(name) / "redis", *STRICT) as redis, \
            Redis(pathlib.Path(name) / "lock", *STRICT) as lock_redis, \
            dibs.Server(pathlib.Path(name) / "gateway", "--quiet", "--store", redis.url) as server, \
            Baseline("lock-wait", lock_redis) as lock:
        put_refused(server)
        put_refused(lock)
        words = call_of_one_buy(redis, server)
        rates = [(wrk(server.port, path, REFUSED % path, seconds, CONNECTIONS), one_call_a_request(redis, words, seconds),
                  wrk(lock.port, path, REFUSED % path, seconds, CONNECTIONS)) for _ in range(rounds)]
    ours, calls, locked = (statistics.median(each[side] for each in rates) for side in range(3))
    row("redis: refused buys over HTTP, every write synced", f"{ours:,.0f}/s",
        f"{statistics.median(a / b for a, b, _ in rates):.2f} of one call a request at {calls:,.0f}/s",
        ">= 2.0 (first 1.0)")
    row("the same beside the lock that waits", f"{ours:,.0f}/s",
        f"{statistics.median(a / c for a, _, c in rates):.1f} of the lock at {locked:,.0f}/s", ">= 20")


if __name__ == "__main__":
    main()
