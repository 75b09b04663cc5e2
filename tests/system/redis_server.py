"""A redis-server of a test's own, on a free port, in a directory of its own."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

STRICT = ("--appendonly", "yes", "--appendfsync", "always")


def installed():
    return shutil.which("redis-server") is not None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """Keeps its port and its directory when it is killed and started anew. `flags` go on its command line."""

    def __init__(self, directory, *flags, password=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.flags = list(flags) + (["--requirepass", password] if password else [])
        self.password = password
        self.port = free_port()
        self.socket = self.directory / "redis.sock"
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        with open(self.directory / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
                 "--save", "", "--unixsocket", str(self.socket), *self.flags], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.call("PING") == "PONG":
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"redis-server does not answer: {(self.directory / 'redis.log').read_text()[-2000:]}")

    def call(self, *words):
        """The reply: text or number of a status, an error or a bulk text; lists are not read."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            replies = link.makefile("rb")
            if self.password:
                self._send(link, "AUTH", self.password)
                replies.readline()
            self._send(link, *words)
            first = replies.readline().decode().strip()
            if first.startswith("$"):
                return replies.read(max(0, int(first[1:]))).decode()
            return first.lstrip("+:")

    @staticmethod
    def _send(link, *words):
        parts = [str(word).encode() for word in words]
        link.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
