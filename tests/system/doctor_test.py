#!/usr/bin/env python3
"""`dibs doctor` from outside: GO on a sound set-up, NO-GO on each that is not, and beside a server.

What is true of the machine that runs the test (clock, descriptors, queues, cores) is not judged
here, except where the test itself makes it so; tests/cli judges machines that are not there.
"""

import datetime
import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import unittest

import dibs

KEYS = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
OF_THE_MACHINE = ("clock:", "open files:", "net.", "cores:", "file system:", "space:", "commits:")


def doctor(data, *flags, env=KEYS, **more):
    """(exit status, lines)"""
    if "--listen" not in flags:
        flags += ("--listen", "127.0.0.1:0")
    done = subprocess.run([str(dibs.BINARY), "doctor", "--data", str(data), *flags],
                          capture_output=True, text=True, timeout=120, env={**os.environ, **env}, **more)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def no_goes(lines, machine=False):
    bad = [line[7:] for line in lines if line.startswith("NO-GO  ")]
    return bad if machine else [line for line in bad if not line.startswith(OF_THE_MACHINE)]


def line_of(lines, about):
    return next(line for line in lines if line[7:].startswith(about))


class Doctor(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.data = pathlib.Path(self.directory.name) / "data"

    def make_sale(self, **members):
        server = dibs.Server(self.data)
        with server:
            client = dibs.Client(server)
            status, _, answer = client.put_sale("s", **members)
            self.assertEqual(status, 201, answer)
            client.buy("s", "zoe")
            client.close()
            self.assertEqual(server.stop(), 0)

    def assert_no_go(self, about, status, lines):
        self.assertEqual(status, 1, lines)
        self.assertEqual([line for line in no_goes(lines) if not line.startswith(about)], [])
        self.assertTrue(line_of(lines, about).startswith("NO-GO  "), lines)
        self.assertTrue(lines[-1].startswith("NO-GO: "), lines)

    def test_a_sound_set_up_has_no_no_go(self):
        self.make_sale()
        status, lines = doctor(self.data)
        self.assertEqual(no_goes(lines), [], lines)
        self.assertEqual(status == 0, lines[-1].startswith("GO"), lines)
        self.assertEqual(status == 0, not no_goes(lines, machine=True), lines)
        self.assertIn("records, whole", line_of(lines, "journal:"))
        self.assertIn("p99", line_of(lines, "commits:"))
        self.assertIn("open since", line_of(lines, "sale s:"))
        self.assertFalse((self.data / "doctor.tmp").exists())

    def test_a_new_directory_is_neither_made_nor_missed(self):
        _, lines = doctor(self.data)
        self.assertEqual(no_goes(lines), [], lines)
        self.assertIn("can be created", line_of(lines, "data:"))
        self.assertFalse(self.data.exists())
        self.assertEqual(os.listdir(self.directory.name), [])

    def test_memory_is_no_place_for_a_journal(self):
        mounts = pathlib.Path("/proc/mounts").read_text().splitlines()
        if not any(line.split()[1:3] == ["/dev/shm", "tmpfs"] for line in mounts):
            self.skipTest("there is no tmpfs here")
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            status, lines = doctor(pathlib.Path(memory) / "data")
        self.assertEqual(status, 1)
        self.assertTrue(line_of(lines, "file system: tmpfs").startswith("NO-GO"), lines)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            self.assert_no_go("port:", *doctor(self.data, "--listen", address))
            _, lines = doctor(self.data, "--listen", address, "--inherited-sockets")
            self.assertEqual(no_goes(lines), [], lines)

    def test_keys_that_are_missing_short_or_shared(self):
        for env in ({}, {**KEYS, "DIBS_SHOP_KEY": "short"}, {**KEYS, "DIBS_OPERATOR_TOKENS": "anna:12345678"},
                    {**KEYS, "DIBS_SHOP_KEY": dibs.OPERATOR_TOKEN}):
            status, lines = doctor(self.data, env=env)
            self.assert_no_go("keys:", status, lines)
            self.assertNotIn(dibs.OPERATOR_TOKEN, "\n".join(lines))
        self.assert_no_go("keys:", *doctor(self.data, "--insecure-demo"))

    def test_too_few_descriptors(self):
        status, lines = doctor(self.data, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (200, 200)))
        self.assertEqual(status, 1)
        self.assertTrue(line_of(lines, "open files: 200 allowed").startswith("NO-GO"), lines)

    def test_more_loops_than_cores(self):
        status, lines = doctor(self.data, "--ingress", "64",
                               preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
        self.assertEqual(status, 0)
        self.assertTrue(line_of(lines, "cores: 1 for 64").startswith("warn"), lines)

    def test_a_journal_that_is_damaged_or_newer(self):
        self.make_sale()
        segment = self.data / "journal-00000000000000000001.log"
        whole = segment.read_bytes()
        for offset, byte, words in ((600, 255, "records in between are damaged"), (512 + 4, 9, "format 9")):
            content = bytearray(whole)
            content[offset] = byte
            segment.write_bytes(content)
            status, lines = doctor(self.data)
            self.assert_no_go("journal:", status, lines)
            self.assertIn(words, line_of(lines, "journal:"))

    def test_a_sale_to_come_is_counted_down_in_the_zone_of_the_machine(self):
        opens = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=26)
        self.make_sale(opens_at=opens.strftime("%Y-%m-%dT%H:%M:%SZ"))
        _, lines = doctor(self.data, env={**KEYS, "TZ": "KST-9"})
        words = line_of(lines, "sale s:")
        self.assertRegex(words, r"opens in 1 d [12] h, at .*Z, here .* KST \(\+0900\)")
        self.assertEqual("not synchronised" in line_of(lines, "clock:"),
                         line_of(lines, "clock:").startswith("NO-GO"), lines)

    def test_beside_a_server_it_changes_nothing(self):
        server = dibs.Server(self.data)
        with server:
            client = dibs.Client(server)
            client.put_sale("s")
            before = sorted(os.listdir(self.data))
            status, lines = doctor(self.data, "--listen", f"127.0.0.1:{server.port}")
            self.assertEqual(no_goes(lines), [], lines)
            serving = f"process {server.process.pid} is serving"
            self.assertIn(serving, line_of(lines, "ports:"))
            self.assertIn(serving, line_of(lines, "commits: not measured"))
            self.assertIn("open since", line_of(lines, "sale s:"))
            self.assertEqual(sorted(os.listdir(self.data)), before)
            self.assertEqual(client.buy("s", "zoe")[0], 201)
            client.close()
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
