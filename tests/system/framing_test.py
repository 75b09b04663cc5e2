#!/usr/bin/env python3
"""One reading or none: the server and python3-h11, a parser written by others, are given the same
bytes. Whatever the server accepts must be, byte for byte, the request that h11 reads: the same buyer,
key and body, and no request more.

    framing_test.py [MUTATIONS [SEED]]"""

import json
import pathlib
import random
import re
import socket
import sys
import tempfile

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, whichever python3 comes first
try:
    import h11
except ImportError:
    print("framing: SKIPPED, python3-h11 is not installed")
    sys.exit(77)

import dibs

SENTINEL = b"GET /v1/time HTTP/1.1\r\nHost: dibs\r\nConnection: close\r\n\r\n"
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)

# What the published attacks on parsers are made of; each is put in, or in place of something.
PIECES = [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b"\x00", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xff", b" ", b"\t",
          b":", b"::", b",", b";", b"+", b"-", b"0", b"0x", b"_", b"\r\n ", b"\r\n\t", b" :",
          b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"content-length : 7\r\n", b"Content_Length: 9\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
          b"Transfer-Encoding: xchunked\r\n", b"transfer-encoding: identity\r\n", b"0\r\n\r\n", b"5;a=b\r\n",
          b"Host: other\r\n", b"Dibs-Buyer: mallory\r\n", b"Idempotency-Key: other\r\n", b"Connection: close\r\n",
          b"Expect: 100-continue\r\n", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"GET ", b"POST ", b"http://other/",
          b"GET /v1/time HTTP/1.1\r\nHost: x\r\n\r\n"]


def order(rng, number):
    """A good request; what it buys is told by what only it has."""
    body = json.dumps({"items": [{"sku": "floor", "quantity": 1}], "reference": f"r{number}"}).encode()
    lines = [b"Host: dibs", b"Dibs-Buyer: b%d" % number, b"Idempotency-Key: k%d" % number,
             b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    rng.shuffle(lines)
    return b"POST /v1/sales/s/orders HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


def mutate(rng, request):
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        head = request.find(b"\r\n\r\n") + 4
        # Mostly in the head, where boundaries are decided.
        at = rng.randrange(head if rng.random() < 0.9 else len(request))
        if rng.random() < 0.4:  # at the beginning of a line, where a header would stand
            breaks = [m.end() for m in re.finditer(b"\r\n", request[:head])]
            at = rng.choice(breaks) if breaks else at
        gone = rng.choice((0, 0, 0, 1, 1, 2, 4))
        piece = rng.choice(PIECES) if rng.random() < 0.8 else bytes([rng.randrange(256)])
        request = request[:at] + (piece if rng.random() < 0.85 else b"") + request[at + gone:]
        if not request:
            return b"\r\n"
    return request


def read_by_h11(data):
    """The requests that h11 reads before it refuses or ends: [(method, target, headers, body)]."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    connection.receive_data(b"")
    requests, current = [], None
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                current = [event.method, event.target, [(bytes(n), bytes(v)) for n, v in event.headers], b""]
            elif isinstance(event, h11.Data):
                current[3] += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                requests.append(tuple(current))
                connection.send(h11.Response(status_code=200, headers=[(b"content-length", b"0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return requests
                connection.start_next_cycle()
            else:  # paused, needs more, closed
                return requests
    except h11.ProtocolError:
        return requests


def read_by_dibs(port, data):
    """(status, body) of each answer until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        try:
            while chunk := connection.recv(65536):
                heard += chunk
        except ConnectionResetError:
            pass
    answers = []
    while match := STATUS.match(heard):
        head, _, rest = heard.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        size = int(length.group(1)) if length else 0
        answers.append((int(match.group(1)), rest[:size]))
        heard = rest[size:]
    assert not heard, f"bytes that are no answer: {heard[:200]!r}"
    return answers


REFUSED = {400, 408, 411, 413, 414, 417, 431, 501, 505}


def disagreement(data, answers):
    """None, or in words how the server's reading differs from h11's."""
    accepted = [answer for answer in answers if answer[0] not in REFUSED]
    read = read_by_h11(data)
    # A body that is not JSON is refused with 400 after it was framed, so refusals say nothing here.
    if len(accepted) > len(read):
        return f"{len(accepted)} requests accepted, h11 reads {len(read)}"
    for status, body in accepted:
        if status != 201:
            continue
        bought = json.loads(body)
        same = [request for request in read if request[0] == b"POST" and
                (b"dibs-buyer", bought["buyer"].encode()) in [(n.lower(), v) for n, v in request[2]] and
                bought["reference"] == reference_of(request[3])]
        if not same:
            return f"an order of {bought['buyer']}, {bought['reference']}, that h11 does not read"
    return None


def reference_of(body):
    try:
        return json.loads(body).get("reference")
    except (ValueError, AttributeError):
        return None


def main():
    mutations = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    rng = random.Random(seed)
    counts = {"accepted": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as directory, dibs.Server(pathlib.Path(directory) / "data") as server:
        client = dibs.Client(server)
        items = [{"sku": "floor", "title": "Floor", "price": 1, "stock": 1_000_000}]
        assert client.put_sale("s", items=items, limit_per_buyer=1000)[0] == 201
        client.close()
        for number in range(mutations):
            data = mutate(rng, order(rng, number)) + SENTINEL
            answers = read_by_dibs(server.port, data)
            words = disagreement(data, answers)
            if words:
                print(f"framing: {words}; seed {seed}, mutation {number}: {data!r} -> {answers!r}")
                return 1
            counts["accepted" if answers and answers[0][0] not in REFUSED else "refused"] += 1
        # Both verdicts must have been met often, or the mutations test nothing.
        assert min(counts["accepted"], counts["refused"]) > mutations / 20, counts
        assert server.stop() == 0
    print(f"framing: {mutations} mutated requests, {counts['accepted']} accepted and read as h11 reads them, "
          f"{counts['refused']} refused; seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
