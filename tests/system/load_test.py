#!/usr/bin/env python3
"""`dibs load` and `dibs rush` from outside: who is let in, what is refused before the first press, where settings
come from, and what a run leaves behind."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import dibs

CROWD = ["--buyers", "60", "--connections", "10"]
FREE = {"payment": "none", "items": [{"sku": "floor", "title": "Floor", "price": 0, "stock": 10}]}


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.directory.name)
        cls.server = dibs.Server(cls.root / "data").start()
        cls.client = dibs.Client(cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.kill()
        cls.directory.cleanup()

    def load(self, *arguments, server=None, env=None):
        url = f"http://127.0.0.1:{(server or self.server).port}"
        return dibs.run("load", "--url", url, *CROWD, *arguments, env=env)

    def file(self, name, content):
        path = self.root / name
        path.write_text(content)
        return path

    def test_the_same_sale_takes_one_crowd_after_another(self):
        self.client.put_sale("twice")
        out = self.root / "twice.json"
        for sold in (10, 0):
            done = self.load("--sale", "twice", "--json", out)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            result = json.loads(out.read_text())
            self.assertEqual(result["outcomes"]["paid"], sold)
            self.assertEqual(result["outcomes"]["refused_early"], 0)
        self.load("--sale", "twice", "--buyer-prefix", "same-")
        again = self.load("--sale", "twice", "--buyer-prefix", "same-")
        self.assertEqual(again.returncode, 0, "refused again by the rules: " + again.stdout)

    def test_buyers_with_a_share_are_named_as_such(self):
        self.client.put_sale("share", items=[{"sku": "floor", "title": "Floor", "price": 1, "stock": 100}])
        self.load("--sale", "share", "--buyer-prefix", "x-")
        done = self.load("--sale", "share", "--buyer-prefix", "x-")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("refused: limit_reached", done.stdout)

    def test_nobody_presses_where_nothing_could_come_of_it(self):
        self.client.put_sale("closed")
        self.client.call("POST", "/v1/sales/closed/close", operator=True)
        self.client.put_sale("open")
        self.client.put_sale("hidden", public_stock="hidden")
        self.client.put_sale("shop", payment="shop")
        empty = self.file("empty.key", "\n")
        key = self.file("some.key", "a-secret-of-a-shop\n")
        rows = [(["--sale", "closed"], "closed"), (["--sale", "nothing"], "404"), (["--sale", "hidden"], "hides"),
                (["--sale", "open", "--sku", "nothing"], "nothing"), (["--sale", "shop"], "shop takes the money"),
                (["--sale", "open", "--shop-key-file", empty], "holds no key"),
                (["--sale", "open", "--shop-key-file", key], "401"),
                (["--sale", "open", "--shop-key-file", key, "--jwt-key-file", key], "both"),
                (["--sale", "open", "--jwt-key-file", key], "--jwt-audience"),
                (["--sale", "open", "--server-pid", "999999999"], "999999999"),
                (["--sale", "open", "--html", self.root / "no" / "where.html"], "where.html"), ([], "--sale")]
        for arguments, named in rows:
            done = self.load(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertIn(named, done.stderr, arguments)

    def test_an_operators_token_reads_a_stock_that_is_hidden(self):
        self.client.put_sale("covered", public_stock="hidden")
        tokens = self.file("tokens", f"anna:{dibs.OPERATOR_TOKEN}\n")
        done = self.load("--sale", "covered", "--operator-tokens-file", tokens)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("10 of 10 units", done.stdout)

    def test_buyers_may_carry_tokens_of_every_kind(self):
        ways = {"HS256": None, "RS256": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                "ES256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]}
        for algorithm, make in ways.items():
            private, public = self.root / f"{algorithm}.key", self.root / f"{algorithm}.pub"
            if make:
                subprocess.run(["openssl", *make, "-out", private], check=True, capture_output=True)
                subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
            else:
                private.write_text("a secret, with a comma, of many characters\n")
                public = private
            flags = ["--jwt-key-file", str(public), "--jwt-alg", algorithm, "--jwt-audience", "shop"]
            with dibs.Server(self.root / f"data-{algorithm}", *flags, demo=False) as server:
                client = dibs.Client(server)
                client.put_sale("free", **FREE)
                client.close()
                done = self.load("--sale", "free", "--jwt-key-file", private, "--jwt-audience", "shop", server=server)
                self.assertEqual(done.returncode, 0, (algorithm, done.stdout, done.stderr))
                self.assertIn("10 of 10 units", done.stdout)
                wrong = self.load("--sale", "free", "--jwt-key-file", private, "--jwt-audience", "x", server=server)
                self.assertEqual(wrong.returncode, 2, (algorithm, wrong.stdout, wrong.stderr))

    def test_a_setting_comes_from_flag_then_environment_then_file(self):
        self.client.put_sale("settings")
        out = self.root / "settings.json"
        file = self.file("load.toml", f'sale = "settings"\nseed = 7\nlang = "ko"\njson = "{out}"\n')
        for arguments, environment, seed in (([], {}, 7), ([], {"DIBS_SEED": "8"}, 8), (["--seed", "9"], {"DIBS_SEED": "8"}, 9)):
            done = self.load("--config", file, *arguments, env=environment)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(json.loads(out.read_text())["settings"]["seed"], seed)
            self.assertIn("저장: ", done.stdout)
        unknown = self.load("--config", self.file("bad.toml", 'sael = "settings"\n'))
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("sael", unknown.stderr)

    def test_a_server_on_this_machine_shows_what_it_used(self):
        self.client.put_sale("used")
        out = self.root / "used.json"
        self.load("--sale", "used", "--server-pid", self.server.process.pid, "--json", out)
        resources = json.loads(out.read_text())["resources"]
        self.assertGreater(resources["server_rss_mib"], 0)
        self.assertEqual(resources["redis_cpu_percent"], {"mean": None, "peak": None})

    def test_flags_out_of_their_bounds_end_with_2(self):
        for arguments in (["--seed", "-1"], ["--rate", "nan"], ["--rate", "0"], ["--connections", "15000"],
                          ["--known-order", "--rate", "5"], ["--known-order", "--connection-per-press"],
                          ["--known-order", "--at-once"], ["--known-order", "--buyers", "14801"]):
            done = dibs.run("rush", *arguments, timeout=60)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))


class Rush(unittest.TestCase):
    def test_data_that_is_there_already_is_not_used_again(self):
        with tempfile.TemporaryDirectory() as directory:
            data = os.path.join(directory, "data")
            self.assertEqual(dibs.run("rush", *CROWD, "--data", data).returncode, 0)
            again = dibs.run("rush", *CROWD, "--data", data)
            self.assertEqual(again.returncode, 2)
            self.assertIn(data, again.stderr)

    def test_an_interrupted_rush_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as directory:
            process = subprocess.Popen([str(dibs.BINARY), "rush", "--buyers", "2000000"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": directory})
            deadline = time.monotonic() + 60
            while not list(pathlib.Path(directory).glob("*/data/*")) and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertTrue(os.listdir(directory))
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 128 + signal.SIGINT)
            self.assertEqual(os.listdir(directory), [])

    def test_a_line_of_five_sold_lawfully_is_fair(self):
        for arguments in (["--line", "5", "--stock", "100", "--buyers", "1000"], ["--payment-failure", "1"]):
            done = dibs.run("rush", *arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
