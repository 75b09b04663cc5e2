"""What a test's own PostgreSQL and MariaDB have in common: a free port, a directory of their own, a user who is not
root, kill -9 and starting anew.

Run as a program it serves a test in another language: `sql_server.py postgresql|mysql` prints the URL of a started server
and then obeys the lines of its input, `kill` and `start`, each answered with `done`; the server ends with the input."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_user(name):
    """The words before a command that make it `name`'s, where this is root: these servers refuse root, or should."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(name)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def children_of(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
    return found


class SqlServer:
    """Keeps its port and its directory when it is killed and started anew."""

    user = None      # whom it runs as
    user_of = "dibs"  # whom it lets in
    database = "ledger"

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dibs-sql-"))
        self.directory.chmod(0o711)
        self.data = self.directory / "data"
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, self.user, self.user)
        self.port = free_port()
        self.process = None
        self.log = self.directory / "log"

    def run(self, *words, **more):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120,
                              cwd=self.data, **more)
        if done.returncode != 0:
            raise AssertionError(f"{words[0]} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout

    def start(self):
        deadline = time.monotonic() + 60
        while True:
            with open(self.log, "ab") as log:
                words = [*as_user(self.user), "setpriv", "--pdeathsig", "KILL", *self.command()]
                self.process = subprocess.Popen([str(word) for word in words],
                                                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.data)
            while self.process.poll() is None:
                if self.answers():
                    return self
                if time.monotonic() > deadline:
                    self.kill()
                    raise AssertionError(f"it does not answer: {self.log.read_text()[-2000:]}")
                time.sleep(0.05)
            # What was killed may still have been letting go of its memory.
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self):
        """kill -9, helpers too."""
        if self.process:
            helpers = children_of(self.process.pid)
            self.process.kill()
            self.process.wait()
            for helper in helpers:
                try:
                    os.kill(helper, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process = None

    def close(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            self.make()
            return self.start_with_database()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def start_with_database(self):
        return self.start()


def main():
    import mariadb_server
    import postgres_server

    server = {"postgresql": postgres_server.Postgres, "mysql": mariadb_server.MariaDb}[sys.argv[1]]
    if not server.installed():
        print("missing", flush=True)
        return
    with server() as running:
        print(running.url, flush=True)
        for line in sys.stdin:
            {"kill": running.kill, "start": running.start}[line.strip()]()
            print("done", flush=True)


if __name__ == "__main__":
    main()
