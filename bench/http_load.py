"""What the benchmarks over HTTP share: nginx as the peer, wrk as the load, pinning, medians."""

import contextlib
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
import dibs  # noqa: E402,F401

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


def row(what, figure, peer, goal):
    """One row of the table, as bench/run.py reads it."""
    print(what, figure, peer, goal, sep="\t", flush=True)


def require(holds, what):
    """What must hold whatever the machine is doing."""
    if not holds:
        sys.exit(f"bench: not so: {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return sum(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def cpu_seconds(pid):
    """Processor time of all threads that the process has now."""
    on_core = (pathlib.Path(task, "schedstat").read_text() for task in pathlib.Path(f"/proc/{pid}/task").iterdir())
    return sum(int(line.split()[0]) for line in on_core) / 1e9


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


class Nginx:
    """nginx with one worker that answers 200 to everything."""

    def __init__(self, directory, connections=1024):
        self.port = free_port()
        conf = pathlib.Path(directory) / "nginx.conf"
        conf.write_text(
            f"worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;\n"
            f"events {{ worker_connections {connections}; }}\n"
            "http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s;\n"
            f"  client_body_temp_path {directory}/body; proxy_temp_path {directory}/p;\n"
            f"  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;\n"
            f"  server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ return 200 'ok'; }} }} }}\n")
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([binary, "-c", str(conf), "-p", directory],
                                        stderr=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        sys.exit("bench: nginx did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)


def wrk(port, path, script, seconds, connections=256):
    """Requests a second, one wrk thread. Some hundred connections, since a rush has thousands: with few, what is
    measured is how soon the system gives the next thread a core."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name,
                               f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    errors = re.search(r"Socket errors: (.*)", done.stdout)
    require(not errors, f"wrk had no socket errors ({errors and errors.group(1)})")
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout).group(1))


@contextlib.contextmanager
def scratch_directory():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)  # nginx's worker is another user
        yield directory


def median_of(pairs, index):
    return statistics.median(pair[index] for pair in pairs)
