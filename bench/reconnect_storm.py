#!/usr/bin/env python3
"""All streams are cut and come back at once, as when a network breaks. What that costs the server, beside what the
same streams cost when they were opened first, and that all is right afterwards.

    reconnect_storm.py [STREAMS [STORMS]]
"""

import pathlib
import statistics
import sys
import time

from http_load import cpu_seconds, dibs, require, resident_bytes, row, scratch_directory
from stream_crowd import Crowd, buy_all, raise_descriptors
from waiting_streams import call, metrics

BEGUN = b"event: order"
MOST_BYTES = 24 * 1024
SERIALISED, OPEN, LATE = ("dibs_api_stream_serialisations_total", "dibs_api_streams", "dibs_engine_late_numbers_total")


def open_all(crowd, server, orders, buyers, resume):
    """Every stream, opened at once, having heard its order. (streams, seconds, processor time, serialisations)"""
    before = metrics(server)[SERIALISED]
    cpu, began = cpu_seconds(server.process.pid), time.monotonic()
    streams = [crowd.open(f"/v1/orders/{order}/events", buyer, resume) for order, buyer in zip(orders, buyers)]
    heard = crowd.listen(120, [BEGUN], lambda: all(BEGUN in s.told_at for s in streams))
    require(heard, f"every stream begins ({sum(s.ended for s in streams)} were cut)")
    took = time.monotonic() - began, cpu_seconds(server.process.pid) - cpu
    return streams, *took, metrics(server)[SERIALISED] - before


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    storms = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    raise_descriptors(count + 1_000)
    with scratch_directory() as directory, \
            dibs.Server(pathlib.Path(directory) / "data", "--quiet", "--listeners", str(2 * count)) as server:
        client = dibs.Client(server)
        client.put_sale("storm", line_limit=count, items=[{"sku": "floor", "title": "Floor", "price": 1, "stock": storms + 1}])
        client.close()
        buyers = [f"b-{i}" for i in range(storms + 1 + count)]
        orders = buy_all(server.port, "storm", buyers)
        crowd = Crowd(server.port)
        holders = list(zip(orders, buyers))[:storms + 1]
        orders, buyers = orders[storms + 1:], buyers[storms + 1:]
        streams, _, first_cpu, _ = open_all(crowd, server, orders, buyers, None)
        resident = resident_bytes(server.process.pid)
        seconds, ratios, cpus, serialised = [], [], [], []
        for turn in range(storms):
            call(server, "DELETE", *holders[turn])  # something to have been told, and so to resume from
            head = f'"head":{turn + 2},'.encode()
            require(crowd.listen(60, [head], lambda: all(head in s.told_at for s in streams)), "all hear of the head")
            resume = next(ident for name, ident, _ in reversed(streams[-1].events()) if name == "line")
            for stream in streams:
                crowd.drop(stream)
            streams, took, cpu, written = open_all(crowd, server, orders, buyers, resume)
            require(not any(b"event: line" in s.heard or b"event: stock" in s.heard for s in streams),
                    "who missed nothing is told nothing of the sale again")
            seconds.append(took)
            cpus.append(cpu / count * 1e6)
            ratios.append(cpu / first_cpu)
            serialised.append(written)
        for stream in streams:
            stream.forget()
        call(server, "DELETE", *holders[storms])
        head = f'"head":{storms + 2},'.encode()
        require(crowd.listen(60, [head], lambda: all(head in s.told_at for s in streams)), "all hear what comes next")
        require(all(s.heard.count(b"event: line") == 1 for s in streams), "and once")
        after = metrics(server)
        crowd.close()
        grown = resident_bytes(server.process.pid) - resident
    row(f"storm: {count:,} streams cut and back at once", f"{statistics.median(seconds):.2f} s until the last had its order",
        f"{statistics.median(cpus):.0f} us of processor time each, {statistics.median(ratios):.2f} of opening them first", "-")
    row("storm: what is written for each", f"{max(serialised) / count:.2f} events", "its own order, and where it stands when that has moved", "<= 2.5")
    for written in serialised:  # and maybe one new position, since somebody has left before
        require(count <= written <= count * 2.5, f"for each its own order is written, not {written / count:.2f} events")
    require(after[OPEN] == count, f"{count} streams are open, not {after[OPEN]:.0f}")
    require(after[LATE] == 0, f"no request was numbered late, not {after[LATE]:.0f}")
    require(grown < count * MOST_BYTES, f"storms leave no memory behind, not {grown:,} bytes")


if __name__ == "__main__":
    main()
