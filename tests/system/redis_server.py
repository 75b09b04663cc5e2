"""A redis-server of a test's own, on a free port, in a directory of its own."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

STRICT = ("--appendonly", "yes", "--appendfsync", "always")


# Another server's binary, such as a Valkey's.
BINARY = os.environ.get("DIBS_REDIS_SERVER", "redis-server")


def installed():
    return shutil.which(BINARY) is not None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """Keeps its port and its directory when it is killed and started anew. `flags` go on its command line; `under` is a
    command to run it under."""

    def __init__(self, directory, *flags, password=None, under=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.flags = list(flags) + (["--requirepass", password] if password else [])
        self.password = password
        self.under = under
        self.port = free_port()
        self.socket = self.directory / "redis.sock"
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        with open(self.directory / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.under, BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
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
        """The reply: the text of a status, an error, a number or a bulk text; a list of these."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            replies = link.makefile("rb")
            if self.password:
                self._send(link, "AUTH", self.password)
                replies.readline()
            self._send(link, *words)
            return self._read(replies)

    @classmethod
    def _read(cls, replies):
        first = replies.readline().decode().strip()
        if first.startswith("*"):
            return [cls._read(replies) for _ in range(int(first[1:]))]
        if first.startswith("$"):
            size = int(first[1:])
            return replies.read(size + 2)[:-2].decode(errors="replace") if size >= 0 else ""
        return first.lstrip("+:")

    def events(self, sale):
        """[(seq, {field: value})] of the sale's stream: what was sold, as Redis has it."""
        return [(int(entry.split("-")[0]), dict(zip(fields[::2], fields[1::2])))
                for entry, fields in self.call("XRANGE", f"dibs:{{{sale}}}:events", "-", "+")]

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
