#!/usr/bin/env python3
"""A page that is loaded again and again before the opening: what asking for the sale costs, with the whole answer
and with the ETag that is known (304), beside nginx `return 200` under the same load, in turn.

    reloads.py [SECONDS [ROUNDS]]
"""

import pathlib
import statistics
import sys

from http_against_nginx import measure
from http_load import Nginx, children_of, dibs, require, row, scratch_directory

PATH = "/v1/sales/again"
PLAIN = 'wrk.method = "GET"\n'
KNOWN = PLAIN + "wrk.headers['If-None-Match'] = '%s'\n"


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with scratch_directory() as directory, Nginx(directory) as nginx, \
            dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
        client = dibs.Client(server)
        client.put_sale("again", opens_at="2099-01-01T00:00:00.000Z")
        _, headers, _ = client.call("GET", PATH)
        status, _, _ = client.call("GET", PATH, headers={"If-None-Match": headers["ETag"]})
        require(status == 304, f"a known sale is answered 304, not {status}")
        client.close()
        for what, script in (("the sale asked for again", PLAIN), ("the same, known (304)", KNOWN % headers["ETag"])):
            pairs = []
            for _ in range(rounds):
                ours = measure(server.port, server.process.pid, PATH, script, seconds)
                worker = children_of(nginx.process.pid)[0]
                pairs.append((ours, measure(nginx.port, worker, PATH, script, seconds)))
            for kind, title, text in ((0, "", "{:,.0f}/s"), (1, ", processor time", "{:.1f} us")):
                ours, peer = (statistics.median(pair[side][kind] for pair in pairs) for side in (0, 1))
                ratio = statistics.median(pair[0][kind] / pair[1][kind] for pair in pairs)
                row(f"http: {what}{title}", text.format(ours), f"{ratio:.2f} of nginx at {text.format(peer)}", "-")


if __name__ == "__main__":
    main()
