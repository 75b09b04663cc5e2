#!/usr/bin/env python3
"""The buy endpoint on one ingress loop against nginx `return 200` with one worker, under the same wrk load,
in turn, three rounds each. Prints requests a second of both and the median ratio; the ratio is the figure.

    http_against_nginx.py [SECONDS]
"""

import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "system"))
import dibs  # noqa: E402

ROUNDS = 3
CONNECTIONS = 64

REFUSED = """
wrk.method = "POST"
wrk.body = '{"items":[{"sku":"floor","quantity":1}]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Dibs-Buyer"] = "b-1"
request = function() return wrk.format(nil, "%s") end
"""
WINNING = """
wrk.method = "POST"
wrk.body = '{"items":[{"sku":"floor","quantity":1}]}'
wrk.headers["Content-Type"] = "application/json"
local n = 0
request = function()
  n = n + 1
  wrk.headers["Dibs-Buyer"] = "b-%s-" .. n
  return wrk.format(nil, "%s")
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    def __init__(self, directory):
        self.port = free_port()
        conf = pathlib.Path(directory) / "nginx.conf"
        conf.write_text(
            f"worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {directory}/body;\n"
            f"  proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u;\n"
            f"  scgi_temp_path {directory}/s;\n"
            f"  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 'ok'; }} }} }}\n")
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([binary, "-c", str(conf), "-p", directory],
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def wrk(port, path, script, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", file.name,
                               f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout).group(1))
    errors = re.search(r"Socket errors: (.*)", done.stdout)
    return rate, errors.group(1) if errors else ""


def compare(name, server, nginx, path, script_of, seconds):
    ratios, rates = [], []
    for turn in range(ROUNDS):
        script = script_of(turn)
        ours, errors = wrk(server.port, path, script, seconds)
        peer, _ = wrk(nginx.port, path, script, seconds)
        ratios.append(ours / peer)
        rates.append((ours, peer))
        if errors:
            print(f"  {name}: socket errors: {errors}")
    ours, peer = (statistics.median(r[i] for r in rates) for i in (0, 1))
    print(f"{name:<28} dibs {ours:>9,.0f}/s   nginx {peer:>9,.0f}/s   ratio {statistics.median(ratios):.2f}", flush=True)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        nginx = Nginx(directory)
        with dibs.Server(pathlib.Path(directory) / "data", "--quiet") as server:
            client = dibs.Client(server)
            item = {"sku": "floor", "title": "Floor", "price": 100, "stock": 0}
            client.put_sale("refused", line_limit=0, items=[item])
            client.put_sale("winning", line_limit=0, items=[{**item, "stock": 10_000_000}])
            client.close()
            compare("buy, refused (sold out)", server, nginx, "/v1/sales/refused/orders",
                    lambda turn: REFUSED % "/v1/sales/refused/orders", seconds)
            compare("buy, held, durable", server, nginx, "/v1/sales/winning/orders",
                    lambda turn: WINNING % (turn, "/v1/sales/winning/orders"), seconds)
        nginx.stop()


if __name__ == "__main__":
    main()
