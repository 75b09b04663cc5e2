#!/usr/bin/env python3
"""What the ledger costs buyers: how long durable answers take at a steady rate with `--write-back async` and with none, in turn,
counted from when each press was due; and how far the ledger is behind when the last answer has come.

    write_back.py [BUYERS [RATE [ROUNDS]]]
"""

import json
import pathlib
import statistics
import sys
import time

from http_load import dibs, require, row, scratch_directory


def lag(client):
    lines = client.call("GET", "/metrics")[2].splitlines()
    return float(next(line for line in lines if line.startswith("dibs_ledger_lag_events ")).split()[1])


def load(write_back, buyers, rate):
    """(latencies, seconds until the ledger had everything)"""
    with scratch_directory() as directory, \
            dibs.Server(pathlib.Path(directory) / "data", "--quiet", "--write-back", write_back) as server:
        client = dibs.Client(server)
        status, _, _ = client.put_sale("s", payment="none", line_limit=0,
                                       items=[{"sku": "floor", "title": "Floor", "price": 0, "stock": buyers}])
        require(status == 201, "a sale can be made")
        file = pathlib.Path(directory) / "load.json"
        done = dibs.run("load", "--url", f"http://127.0.0.1:{server.port}", "--sale", "s", "--buyers", buyers, "--rate", rate,
                        "--connections", min(buyers, 500), "--entry-failure", 0, "--payment-failure", 0, "--json", file,
                        timeout=300)
        require(done.returncode == 0, f"the load holds all promises: {done.stdout}{done.stderr}")
        ended = time.monotonic()
        client = dibs.Client(server)
        while write_back != "none" and lag(client) > 0:
            require(time.monotonic() < ended + 60, "the ledger catches up")
            time.sleep(0.02)
        return json.loads(file.read_text())["latency_corrected_ms"], time.monotonic() - ended


def main():
    buyers, rate, rounds = (int(given) for given in [*sys.argv[1:], *"10000 2000 5".split()[len(sys.argv) - 1:]])
    pairs = [(load("async", buyers, rate), load("none", buyers, rate)) for _ in range(rounds)]
    p99 = [(one["p99"], other["p99"]) for (one, _), (other, _) in pairs]
    row(f"ledger: p99 of a durable answer at {rate:,}/s, write-back on",
        f"{statistics.median(one for one, _ in p99):.1f} ms",
        f"{statistics.median(one / other for one, other in p99):.2f} of it off", "1.2")
    row("ledger: from the end of the load to its last event in the ledger",
        f"{max(seconds for (_, seconds), _ in pairs):.2f} s", "-", "2 s")


if __name__ == "__main__":
    main()
