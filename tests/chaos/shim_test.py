#!/usr/bin/env python3
"""The shim does to a process what it says: with a small program under it, another than Dibs."""

import errno
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import shim

# Obeys the lines of its input, and answers each with a line.
PROGRAM = """
import os, socket, struct, sys, time
fds = {}
for line in sys.stdin:
    words = line.split()
    try:
        if words[0] == "write":
            fd = fds.setdefault(words[1], os.open(words[1], os.O_RDWR | os.O_CREAT))
            said = os.pwrite(fd, words[3].encode(), int(words[2]))
        elif words[0] == "append":
            fd = os.open(words[1], os.O_WRONLY | os.O_APPEND)
            said = os.write(fd, words[2].encode())
        elif words[0] == "sync":
            said = os.fdatasync(fds[words[1]])
        elif words[0] == "reserve":
            said = os.posix_fallocate(fds[words[1]], 0, 100000)
        elif words[0] == "clock":
            said = time.time()
        elif words[0] == "stamp":
            receiver, sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
            receiver.bind(("127.0.0.1", 0))
            sender.sendto(b"x", receiver.getsockname())
            said = struct.unpack("2q", receiver.recvmsg(10, 100)[1][0][2])[0]
    except OSError as failed:
        said = os.strerror(failed.errno)
    print(said, flush=True)
"""


class TheShim(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        here = pathlib.Path(self.directory.name)
        self.below = here / "data"
        self.below.mkdir()
        self.shim = shim.Shim(shim.build(here), here / "control", self.below)
        self.process = subprocess.Popen([*self.shim.under, sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.addCleanup(self.kill)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def test_moves_the_clock_and_the_kernels_receive_times_together(self):
        for ahead in (0, 3600, -3600.5):
            self.shim.set_clock(ahead)
            for what in ("clock", "stamp"):
                self.assertAlmostEqual(float(self.tell(what)) - time.time(), ahead, delta=20, msg=what)

    def test_fails_what_it_is_told_to_and_only_there(self):
        inside, outside = self.below / "file", pathlib.Path(self.directory.name) / "file"
        for file in (inside, outside):
            self.assertEqual(self.tell("write", file, 0, "abc"), "3")
        for which, call in ((shim.WRITING, ("write", inside, 0, "x")), (shim.SYNCING, ("sync", inside)), (shim.RESERVING, ("reserve", inside))):
            self.shim.fail_disk(errno.EIO, which, passes=1)
            self.assertNotEqual(self.tell(*call), "Input/output error", "one may pass")
            self.assertEqual(self.tell(*call), "Input/output error")
            self.assertEqual(self.shim.failed, 1)
            self.assertEqual(self.tell("write", outside, 0, "abc"), "3")
        self.shim.fail_disk(errno.ENOSPC, shim.WRITING)
        self.assertEqual(self.tell("write", inside, 0, "x"), "No space left on device")
        self.shim.fail_disk(0, 0)
        self.assertEqual(self.tell("write", inside, 0, "x"), "1")

    def test_takes_back_what_was_never_synced(self):
        one, other = self.below / "one", self.below / "other"
        self.tell("write", one, 0, "aaaa")
        self.tell("sync", one)
        self.tell("write", other, 0, "never")
        self.tell("write", one, 2, "bbbbbb")
        self.tell("append", one, "cc")
        self.assertEqual(one.read_text(), "aabbbbbbcc")
        self.kill()
        self.assertEqual(self.shim.cut_power(), 3)
        self.assertEqual((one.read_text(), other.read_text()), ("aaaa", ""))

    def test_may_keep_the_first_of_what_was_never_synced(self):
        one = self.below / "one"
        self.tell("write", one, 0, "aaaa")
        self.tell("write", one, 4, "bbbb")
        self.kill()
        self.shim.cut_power(keep=1)
        self.assertEqual(one.read_text(), "aaaa")


if __name__ == "__main__":
    unittest.main()
