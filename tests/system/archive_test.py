#!/usr/bin/env python3
"""`dibs sale archive` and `dibs sale dump` from outside: refusals that say why, the file, and a server
that has forgotten the sale and refuses its id."""

import hashlib
import json
import pathlib
import tempfile
import unittest

import dibs


class Archive(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.data = pathlib.Path(self.directory.name) / "data"
        self.server = dibs.Server(self.data)
        self.addCleanup(self.server.kill)

    def sell(self, close=True):
        self.server.start()
        client = dibs.Client(self.server)
        client.put_sale("s", line_limit=0, items=[{"sku": "floor", "title": "Floor", "price": 100, "stock": 1}])
        _, _, self.order = client.buy("s", "winner")
        client.call("POST", f"/v1/orders/{self.order['id']}/payment", {"token": "tok_ok"}, buyer="winner")
        client.buy("s", "loser")
        if close:
            self.assertEqual(client.call("POST", "/v1/sales/s/close", operator=True)[0], 200)
        client.close()

    def archive(self, *flags):
        return dibs.run("sale", "archive", "--data", self.data, "--sale", "s", *flags)

    def test_only_a_closed_sale_and_only_without_a_server(self):
        self.sell(close=False)
        beside = self.archive()
        self.assertEqual(beside.returncode, 3, beside)
        self.assertIn(f"in use by process {self.server.process.pid}", beside.stderr)
        self.assertEqual(self.server.stop(), 0)
        early = self.archive()
        self.assertEqual(early.returncode, 2, early)
        self.assertIn("The sale is not closed", early.stderr)
        unknown = dibs.run("sale", "archive", "--data", self.data, "--sale", "other")
        self.assertEqual(unknown.returncode, 2, unknown)

    def test_the_file_holds_the_sale_and_the_server_has_forgotten_it(self):
        self.sell()
        self.assertEqual(self.server.stop(), 0)
        file = pathlib.Path(self.directory.name) / "s.bin"
        done = self.archive("--to", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        self.assertIn(digest, done.stdout)
        again = self.archive()
        self.assertEqual(again.returncode, 2)
        self.assertIn("archived already", again.stderr)

        dump = dibs.run("sale", "dump", "--file", file)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        entries = [json.loads(line) for line in dump.stdout.splitlines()]
        orders = [entry for entry in entries if entry["entry"] == "order"]
        self.assertEqual([(o["order"], o["buyer"], o["state"], o["money"]) for o in orders],
                         [(self.order["id"], "winner", "paid", "captured")])
        refused = [entry for entry in entries if entry["entry"] == "refused"]
        self.assertEqual([(r["buyer"], r["code"]) for r in refused], [("loser", "sold_out")])

        for command in (("audit",), ("journal", "verify")):
            checked = dibs.run(*command, "--data", self.data)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        journal = dibs.run("journal", "dump", "--data", self.data).stdout
        self.assertIn(f'"file_sha256":"{digest}"', journal)
        lost = dibs.run("why", "--data", self.data, "--sale", "s", "--buyer", "loser")
        self.assertIn("sold_out", lost.stdout)

        with self.server:
            client = dibs.Client(self.server)
            self.assertEqual(client.call("GET", "/v1/sales/s")[0], 404)
            self.assertEqual(client.call("GET", f"/v1/orders/{self.order['id']}", buyer="winner")[0], 404)
            status, _, answer = client.put_sale("s")
            self.assertEqual((status, answer["code"]), (409, "wrong_state"))
            self.assertIn("cannot be used again", answer["detail"])
            self.assertEqual(client.put_sale("t")[0], 201)
            client.close()
            self.assertEqual(self.server.stop(), 0)

    def test_a_damaged_file_is_refused(self):
        self.sell()
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.archive().returncode, 0)
        file = self.data / "archive-s.bin"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        damaged = dibs.run("sale", "dump", "--file", file)
        self.assertEqual(damaged.returncode, 1)
        self.assertIn("does not match its hash", damaged.stderr)


if __name__ == "__main__":
    unittest.main()
