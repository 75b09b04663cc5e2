#!/usr/bin/env python3
"""How long a durable answer takes at half of the highest rate: presses come when they are due, and each
answer's time counts from when its press was due, so a stall counts for everybody it held up. The peer is the
same load on a sale that is sold out, which needs no disk.

    latency.py [BUYERS [ROUNDS]]
"""

import json
import pathlib
import sys

from http_load import dibs, median_of, require, row, scratch_directory, WINNING, wrk


def load(server, directory, sale, buyers, rate, stock):
    """The tool's findings. Prices are 0 and nobody pays: one press, one durable answer."""
    client = dibs.Client(server)
    status, _, _ = client.put_sale(sale, payment="none", line_limit=0,
                                   items=[{"sku": "floor", "title": "Floor", "price": 0, "stock": stock}])
    require(status == 201, "a sale can be made")
    client.close()
    file = pathlib.Path(directory) / f"{sale}.json"
    done = dibs.run("load", "--url", f"http://127.0.0.1:{server.port}", "--sale", sale, "--buyers", buyers,
                    "--rate", rate, "--connections", min(buyers, 500), "--entry-failure", 0,
                    "--payment-failure", 0, "--json", file, timeout=300)
    require(done.returncode == 0, f"the load holds all promises: {done.stdout}{done.stderr}")
    return json.loads(file.read_text())["latency_corrected_ms"]


def main():
    buyers = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with scratch_directory() as directory, \
            dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
        client = dibs.Client(server)
        client.put_sale("probe", line_limit=0,
                        items=[{"sku": "floor", "title": "Floor", "price": 100, "stock": 10_000_000}])
        client.close()
        highest = wrk(server.port, "/v1/sales/probe/orders", WINNING % (0, "/v1/sales/probe/orders"),
                      2 if rounds > 1 else 1)
        rate = max(100, int(highest / 2))
        pairs = [(load(server, directory, f"won-{turn}", buyers, rate, buyers),
                  load(server, directory, f"lost-{turn}", buyers, rate, 1)) for turn in range(rounds)]
    for name, title in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
        figures = [(won[name], lost[name]) for won, lost in pairs]
        row(f"http: {title} of a durable answer at {rate:,}/s, half of the highest rate",
            f"{median_of(figures, 0):.2f} ms", f"{median_of(figures, 1):.2f} ms refused, without the disk",
            "<= 5 ms" if name == "p99" else "-")


if __name__ == "__main__":
    main()
