#!/usr/bin/env python3
"""Memory of connections that are held and idle, each after one request, as between two presses. The peer is
nginx with one worker, doing the same.

    connections.py [CONNECTIONS]
"""

import pathlib
import resource
import socket
import sys

from http_load import children_of, dibs, Nginx, require, resident_bytes, row, scratch_directory

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: dibs\r\n\r\n"
BATCH = 250  # opened before their answers are read, fewer than any backlog holds
MOST_BYTES = 300 * 1024 * 1024


def hold(port, count):
    """That many connections, each answered once."""
    held = []
    while len(held) < count:
        batch = [socket.create_connection(("127.0.0.1", port)) for _ in range(min(BATCH, count - len(held)))]
        for connection in batch:
            connection.sendall(REQUEST)
        for connection in batch:
            require(connection.recv(4096).startswith(b"HTTP/1.1 200"), "every connection is served")
        held += batch
    return held


def measure(port, pid, count):
    """Resident memory of the process before and with the connections."""
    for connection in hold(port, 1):
        connection.close()
    before = resident_bytes(pid)
    held = hold(port, count)
    after = resident_bytes(pid)
    for connection in held:
        connection.sendall(REQUEST)
    for connection in held:
        require(connection.recv(4096).startswith(b"HTTP/1.1 200"), "a held connection is served again")
        connection.close()
    return before, after


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 15_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 1_000)), hard))
    with scratch_directory() as directory:
        with Nginx(directory, connections=count + count // 8 + 100) as nginx:
            before, after = measure(nginx.port, children_of(nginx.process.pid)[0], count)
        peer = (after - before) / count
        with dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
            before, after = measure(server.port, server.process.pid, count)
    row(f"http: memory with {count:,} idle connections", f"{after / 2**20:.0f} MiB",
        f"{(after - before) / count:,.0f} bytes each, nginx {peer:,.0f}", "<= 300 MiB")
    require(after <= MOST_BYTES, "the server with its connections takes at most 300 MiB")


if __name__ == "__main__":
    main()
