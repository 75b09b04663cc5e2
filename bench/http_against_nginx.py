#!/usr/bin/env python3
"""The buy endpoint on one ingress loop against nginx `return 200` with one worker, under the same wrk
load, in turn. The figure is the median of the ratios of the pairs, and so is that of processor time (all of
ours, of the nginx worker), which others on the machine disturb least.

    http_against_nginx.py [SECONDS [ROUNDS]]
"""

import pathlib
import statistics
import sys

from http_load import REFUSED, WINNING, Nginx, children_of, cpu_seconds, dibs, require, row, scratch_directory, wrk


def answers(server):
    """How many answers of each code the server has given."""
    client = dibs.Client(server)
    _, _, page = client.call("GET", "/metrics")
    client.close()
    counts = {}
    for line in page.splitlines():
        if line.startswith("dibs_api_answers_total{"):
            counts[line.split('"')[1]] = int(float(line.split()[-1]))
    return counts


def measure(port, pid, path, script, seconds):
    """(requests a second, microseconds of processor time a request)"""
    before = cpu_seconds(pid)
    rate = wrk(port, path, script, seconds)
    return rate, (cpu_seconds(pid) - before) / (rate * seconds) * 1e6


def compare(what, goal, code, server, nginx, path, script_of, seconds, rounds):
    before = answers(server)
    pairs = []
    for turn in range(rounds):
        script = script_of(turn)
        ours = measure(server.port, server.process.pid, path, script, seconds)
        worker = children_of(nginx.process.pid)[0]
        pairs.append((ours, measure(nginx.port, worker, path, script, seconds)))
    after = answers(server)
    wrong = {name: count - before.get(name, 0) for name, count in after.items()
             if name not in (code, "ok") and count != before.get(name, 0)}
    require(not wrong, f"every buy is answered {code}, not {wrong}")
    require(after[code] > before.get(code, 0), f"buys are answered {code}")
    for kind, title, text, aim in ((0, "", "{:,.0f}/s", goal), (1, ", processor time", "{:.1f} us", "-")):
        ours, peer = (statistics.median(pair[side][kind] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(pair[0][kind] / pair[1][kind] for pair in pairs)
        row(what + title, text.format(ours), f"{ratio:.2f} of nginx at {text.format(peer)}", aim)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    item = {"sku": "floor", "title": "Floor", "price": 100, "stock": 0}
    with scratch_directory() as directory, Nginx(directory) as nginx, \
            dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
        client = dibs.Client(server)
        client.put_sale("refused", line_limit=0, items=[item])
        client.put_sale("winning", line_limit=0, items=[{**item, "stock": 10_000_000}])
        client.close()
        compare("http: refused buys", ">= 1.0 (first 0.7)", "sold_out", server, nginx,
                "/v1/sales/refused/orders", lambda turn: REFUSED % "/v1/sales/refused/orders", seconds, rounds)
        compare("http: durable winning buys", ">= 0.9 (first 0.4)", "ok", server, nginx,
                "/v1/sales/winning/orders", lambda turn: WINNING % (turn, "/v1/sales/winning/orders"),
                seconds, rounds)


if __name__ == "__main__":
    main()
