#!/usr/bin/env python3
"""Limits by network, when they are on: they hold up whoever shows no credential, and nobody who shows one. Addresses of
127.0.0.0/8 stand for the networks.

    networks_test.py [BUYERS]   behind one address, default 5,000"""

import http.client
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time

import dibs

KEY = "a key of the tests that signs tokens"
CROWDED, ELSEWHERE, HOARDER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
RATE, CONNECTIONS = 50, 40


def check(holds, what):
    if not holds:
        sys.exit(f"networks: {what}")


class From(dibs.Client):
    """A client at `address`."""

    def __init__(self, server, address):
        super().__init__(server)
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30, source_address=(address, 0))


def in_threads(count, work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def press(server, first, buyers, step, statuses):
    """Honest buyers: each begins a session of its own and buys, by its token."""
    client = From(server, CROWDED)
    for number in range(first, buyers, step):
        token = dibs.jwt(KEY, sub=f"b-{number}", aud="a", exp=int(time.time()) + 3600)
        statuses.append(client.call("POST", "/v1/session", {"token": token})[0])
        statuses.append(client.call("POST", "/v1/sales/s/orders", {"items": [{"sku": "floor", "quantity": 1}]},
                                    {"Authorization": f"Bearer {token}"})[0])
    client.close()


def flood(server, ending, statuses):
    """Nobody in particular, from the same address: pages, guesses and nonsense, as fast as it goes."""
    client = From(server, CROWDED)
    while not ending.is_set():
        for method, path, headers in (("GET", "/v1/sales/s", {}), ("GET", "/nowhere", {}),
                                      ("GET", "/v1/sales", {"Authorization": "Bearer guessed"})):
            statuses.append(client.call(method, path, None, headers)[0])
    client.close()


def check_requests(server, buyers):
    honest, strangers, ending = [], [], threading.Event()
    began = time.monotonic()
    flooding = in_threads(4, lambda _: flood(server, ending, strangers))
    for thread in in_threads(16, lambda first: press(server, first, buyers, 16, honest)):
        thread.join()
    ending.set()
    for thread in flooding:
        thread.join()
    took = time.monotonic() - began
    check(set(honest) <= {200, 201, 409} and len(honest) == 2 * buyers, f"honest buyers were told {set(honest)}")
    check(honest.count(201) == 10, "the ten units were not sold")
    served = len(strangers) - strangers.count(429)
    check(strangers.count(429) > served, f"{served} of {len(strangers)} strangers' requests were served")
    check(served <= RATE * (took + 2), f"{served} strangers' requests were served in {took:.1f} s, at a rate of {RATE}")
    other = From(server, ELSEWHERE)
    check(other.call("GET", "/v1/sales/s")[0] == 200, "another network is held up, too")
    other.close()
    print(f"networks: {buyers} buyers behind one address, none refused; beside them {len(strangers)} requests of strangers, "
          f"{served} served in {took:.1f} s")


def open_connections(server, address, count):
    """So many, each with a request; those that were answered."""
    kept = []
    for _ in range(count):
        one = socket.socket()
        one.bind((address, 0))
        one.connect(("127.0.0.1", server.port))
        one.settimeout(20)
        try:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: dibs\r\n\r\n")
            if one.recv(4096):
                kept.append(one)
                continue
        except OSError:
            pass
        one.close()
    return kept


def check_connections(server):
    kept = open_connections(server, HOARDER, CONNECTIONS + 30)
    check(len(kept) == CONNECTIONS, f"one network has {len(kept)} connections, of {CONNECTIONS} that it may have")
    others = open_connections(server, ELSEWHERE, 5)
    check(len(others) == 5, "another network was refused connections")
    client = From(server, ELSEWHERE)
    metrics = client.call("GET", "/metrics")[2]
    refused = re.search(r"^dibs_http_connections_refused_total (\d+)", metrics, re.M)
    check(refused and int(refused.group(1)) == 30, "the refused connections are not counted")
    client.close()
    for one in kept + others:
        one.close()
    deadline = time.monotonic() + 20
    while not (again := open_connections(server, HOARDER, 1)):
        check(time.monotonic() < deadline, "a network is still refused after its connections have gone")
    again[0].close()
    print(f"networks: {CONNECTIONS} connections of one network, 30 more closed, others untouched")


def main():
    buyers = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as name:
        key = pathlib.Path(name) / "key"
        key.write_text(KEY)
        flags = ("--jwt-key-file", str(key), "--jwt-alg", "HS256", "--jwt-audience", "a",
                 "--rate-per-network", str(RATE), "--connections-per-network", str(CONNECTIONS))
        with dibs.Server(pathlib.Path(name) / "data", *flags, demo=False) as server:
            client = dibs.Client(server)
            check(client.put_sale("s", line_limit=0, payment="shop")[0] == 201, "no sale")
            client.close()
            check_requests(server, buyers)
            check_connections(server)
            check(server.stop() == 0, "the server did not end well")


if __name__ == "__main__":
    main()
