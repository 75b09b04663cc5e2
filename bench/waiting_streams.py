#!/usr/bin/env python3
"""A line whose people all listen: each order has its event stream on a connection of its own. What a stream
costs in memory, how soon somebody whose turn has come is told, what one change of the stock costs to say, and
how soon everybody is told that nothing is left.

    waiting_streams.py [STREAMS [ROUNDS]]
"""

import pathlib
import statistics
import sys
import time

from http_load import cpu_seconds, dibs, require, resident_bytes, row, scratch_directory
from stream_crowd import Crowd, buy_all, raise_descriptors

UNITS = 40
PAYERS = 5  # the last holders, whose payments end the line
MOST_BYTES = 24 * 1024
SOON_MS, AT_ONCE_MS = 1_000, 100
HELD, SOLD_OUT = b'"state":"held"', b'"state":"sold_out"'
NOTHING_LEFT, SOLD_NOW = b'"sold_out":true', b'"sold":1}'


def metrics(server):
    client = dibs.Client(server)
    _, _, page = client.call("GET", "/metrics")
    client.close()
    return {line.split()[0]: float(line.split()[-1]) for line in page.splitlines() if line[0] != "#"}


def call(server, method, order, buyer, path="", body=None):
    client = dibs.Client(server)
    status, _, answer = client.call(method, f"/v1/orders/{order}{path}", body, buyer=buyer)
    client.close()
    require(status == 200, f"{method} of an order is answered 200, not {status}: {answer}")


def open_all(crowd, orders, buyers, server):
    """All streams, each having heard its order. The bytes of the server's memory that each costs."""
    before = resident_bytes(server.process.pid)
    streams = []
    for order, buyer in zip(orders, buyers):
        streams.append(crowd.open(f"/v1/orders/{order}/events", buyer))
        if len(streams) % 200 == 0 or len(streams) == len(orders):
            require(crowd.listen(60, [b"event: order"], lambda: all(b"event: order" in s.told_at for s in streams[-200:])),
                    "every stream begins with its order")
    crowd.listen(1.5)
    return streams, (resident_bytes(server.process.pid) - before) / len(streams)


def one_change(crowd, streams, server, holder):
    """A payment changes one figure for all: how many times that was serialised, and for how many."""
    for stream in streams:
        stream.forget()
    before = metrics(server)
    call(server, "POST", *holder, "/payment", {"token": "tok_ok"})
    heard = crowd.listen(20, [SOLD_NOW], lambda: all(SOLD_NOW in s.told_at for s in streams))
    require(heard, "every stream is told of one changed figure")
    after = metrics(server)
    return [after[name] - before[name]
            for name in ("dibs_api_stream_serialisations_total", "dibs_api_stream_events_total")]


def promote(crowd, streams, server, holders):
    """Milliseconds from giving a unit back to the head's kernel having the event."""
    waits = []
    for stream, holder in zip(streams, holders):
        for other in streams:
            other.forget()
        began = time.time_ns()
        call(server, "DELETE", *holder)
        require(crowd.listen(20, [HELD], lambda: HELD in stream.told_at), "the head is told that it holds a unit")
        waits.append((stream.told_at[HELD] - began) / 1e6)
        crowd.listen(0.3)
    return waits


def end_line(crowd, streams, server, holders):
    """Everything is paid. For each stream: milliseconds until it knew, by the word to all and by its own order."""
    for stream in streams:
        stream.forget()
    for holder in holders[:-1]:
        call(server, "POST", *holder, "/payment", {"token": "tok_ok"})
    crowd.listen(0.3)
    began = time.time_ns()
    call(server, "POST", *holders[-1], "/payment", {"token": "tok_ok"})
    told = crowd.listen(60, [SOLD_OUT, NOTHING_LEFT], lambda: all(len(s.told_at) == 2 for s in streams))
    require(told, f"everybody is told that nothing is left "
                  f"({sum(len(s.told_at) < 2 for s in streams)} were not, {sum(s.ended for s in streams)} were cut)")
    return [[(s.told_at[needle] - began) / 1e6 for s in streams] for needle in (NOTHING_LEFT, SOLD_OUT)]


def once(server, sale, count):
    client = dibs.Client(server)
    client.put_sale(sale, line_limit=count, items=[{"sku": "floor", "title": "Floor", "price": 1, "stock": UNITS}])
    client.close()
    buyers = [f"{sale}-{i}" for i in range(UNITS + count)]
    orders = buy_all(server.port, sale, buyers)
    crowd = Crowd(server.port)
    try:
        streams, memory = open_all(crowd, orders[UNITS:], buyers[UNITS:], server)
        holders = list(zip(orders, buyers))
        serialised, handed = one_change(crowd, streams, server, holders[0])
        cpu = cpu_seconds(server.process.pid)
        gives = holders[1:UNITS - PAYERS]
        waits = promote(crowd, streams, server, gives)
        cpu = (cpu_seconds(server.process.pid) - cpu) / len(gives)
        promoted = list(zip(orders, buyers))[UNITS:UNITS + len(gives)]
        ends = end_line(crowd, streams[len(gives):], server, holders[UNITS - PAYERS:UNITS] + promoted)
    finally:
        crowd.close()
    return {"memory": memory, "serialised": serialised, "handed": handed, "waits": waits, "cpu": cpu,
            "all": max(ends[0]), "own": max(ends[1])}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    raise_descriptors(count + 1_000)
    with scratch_directory() as directory:
        runs = []
        for turn in range(rounds):
            with dibs.Server(pathlib.Path(directory) / f"data-{turn}", "--quiet") as server:
                runs.append(once(server, f"line-{turn}", count))
    middle = {name: statistics.median(run[name] for run in runs) for name in ("memory", "cpu", "all", "own")}
    medians = [statistics.median(run["waits"]) for run in runs]
    slow = [sorted(run["waits"])[int(len(run["waits"]) * 0.99)] for run in runs]
    row(f"line: memory of a waiting stream, {count:,} open", f"{middle['memory']:,.0f} bytes", "-", "<= 24 KiB")
    row("line: a change of stock is serialised", f"{max(run['serialised'] for run in runs):.0f} times",
        f"for {min(run['handed'] for run in runs):,.0f} streams", "once")
    row("line: from giving back to the next in line being told, median", f"{statistics.median(medians):.1f} ms",
        f"p99 {statistics.median(slow):.1f} ms, {middle['cpu'] * 1e3:.0f} ms of processor time", "<= 100 ms")
    row("line: from the last payment to everybody knowing", f"{middle['all']:.0f} ms",
        f"to everybody's own order saying so {middle['own']:.0f} ms", "<= 1 s")
    for run in runs:
        require(run["serialised"] == 1, f"one change is serialised once, not {run['serialised']:.0f} times")
        require(run["handed"] == count, f"and told to every stream, not to {run['handed']:.0f}")
    if count >= 1_000:
        require(middle["memory"] <= MOST_BYTES, f"a waiting stream takes at most {MOST_BYTES} bytes")
        require(statistics.median(medians) <= AT_ONCE_MS, f"a promotion is told within {AT_ONCE_MS} ms at the median")
        require(middle["own"] <= SOON_MS, f"everybody knows within {SOON_MS} ms that nothing is left")


if __name__ == "__main__":
    main()
