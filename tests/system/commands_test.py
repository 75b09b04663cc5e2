#!/usr/bin/env python3
"""The command line from outside: what each command prints and the status it ends with, on a whole
data directory, a damaged one, a locked one and with settings from flag, environment and file."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import dibs


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.directory.name)
        cls.data = cls.root / "data"
        with dibs.Server(cls.data) as server:
            client = dibs.Client(server)
            client.put_sale("s", items=[{"sku": "floor", "title": "Floor", "price": 100, "stock": 1}],
                            line_limit=0)
            _, _, order = client.buy("s", "winner")
            client.call("POST", f"/v1/orders/{order['id']}/payment", {"token": "tok_ok"}, buyer="winner")
            client.buy("s", "loser")
            client.close()
            assert server.stop() == 0

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def copy_of_data(self):
        copy = pathlib.Path(tempfile.mkdtemp(dir=self.root)) / "data"
        subprocess.run(["cp", "-a", str(self.data), str(copy)], check=True)
        return copy

    def test_audit_of_a_whole_directory_says_equal(self):
        done = dibs.run("audit", "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("equal", done.stdout)

    def test_why_tells_winner_and_loser(self):
        won = dibs.run("why", "--data", self.data, "--sale", "s", "--buyer", "winner")
        self.assertEqual(won.returncode, 0, won.stderr)
        self.assertIn("arrival 1", won.stdout)
        lost = dibs.run("why", "--data", self.data, "--sale", "s", "--buyer", "loser")
        self.assertIn("arrival 2", lost.stdout)
        self.assertIn("sold_out", lost.stdout)

    def test_journal_commands_read_what_was_written(self):
        verify = dibs.run("journal", "verify", "--data", self.data)
        self.assertEqual(verify.returncode, 0, verify.stderr)
        self.assertIn("ended in order", verify.stdout)
        dump = dibs.run("journal", "dump", "--data", self.data)
        lines = [json.loads(line) for line in dump.stdout.splitlines()]
        self.assertIn("dibs.order.paid", dump.stdout)
        self.assertGreater(len(lines), 4)
        replay = dibs.run("journal", "replay", "--to-seq", "3", "--data", self.data)
        self.assertIn("sale s at seq 3", replay.stdout)

    def test_a_backup_is_restored_to_the_same_account(self):
        file, copy = self.root / "backup", self.root / "restored"
        self.assertEqual(dibs.run("journal", "backup", "--data", self.data, "--to", file).returncode, 0)
        self.assertEqual(dibs.run("journal", "restore", "--from", file, "--data", copy).returncode, 0)
        self.assertEqual(dibs.run("audit", "--data", copy).stdout, dibs.run("audit", "--data", self.data).stdout)
        again = dibs.run("journal", "backup", "--data", self.data, "--to", file)
        self.assertNotEqual(again.returncode, 0, "a file that exists was overwritten")

    def damage(self, data, sought=b"winner"):
        journal = sorted(data.glob("*journal*[0-9]*"), key=lambda p: p.stat().st_size)[-1]
        content = bytearray(journal.read_bytes())
        place = content.find(sought)
        self.assertGreater(place, 0)
        content[place] ^= 1
        journal.write_bytes(content)

    def test_a_backup_of_a_damaged_journal_is_kept_and_ends_with_1(self):
        data = self.copy_of_data()
        self.damage(data)
        file, copy = data.parent / "backup", data.parent / "restored"
        saved = dibs.run("journal", "backup", "--data", data, "--to", file)
        self.assertEqual(saved.returncode, 1, saved.stdout + saved.stderr)
        self.assertIn("written", saved.stdout)
        self.assertIn("damaged", saved.stderr)
        restored = dibs.run("journal", "restore", "--from", file, "--data", copy)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertIn("ends where the damage begins", restored.stdout)
        self.assertEqual(dibs.run("journal", "verify", "--data", copy).returncode, 0)

    def test_where_there_is_no_journal_every_reader_ends_with_3_and_leaves_nothing(self):
        empty = pathlib.Path(tempfile.mkdtemp(dir=self.root))
        file = self.root / "backup-of-nothing"
        for data in (empty, self.root / "missing"):
            for arguments in (["audit"], ["why", "--sale", "s", "--buyer", "b"], ["journal", "verify"],
                              ["journal", "dump"], ["journal", "replay"], ["journal", "backup", "--to", file]):
                done = dibs.run(*arguments, "--data", data)
                self.assertEqual(done.returncode, 3, (arguments, data, done.stdout))
                self.assertIn("no journal", done.stderr, arguments)
        self.assertFalse(file.exists())
        self.assertEqual(dibs.run("journal", "restore", "--from", file, "--data", empty / "new").returncode, 3)
        self.assertEqual(list(empty.iterdir()), [])

    def test_a_flipped_bit_stops_the_start_and_names_what_to_do(self):
        copy = self.copy_of_data()
        self.damage(copy)
        verify = dibs.run("journal", "verify", "--data", copy)
        self.assertEqual(verify.returncode, 1, verify.stdout)
        self.assertIn("before the damage", verify.stdout)
        start = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--data", copy, timeout=20)
        self.assertEqual(start.returncode, 1, start.stdout + start.stderr)
        self.assertIn("dibs journal verify", start.stderr)
        self.assertEqual(dibs.run("audit", "--data", copy).returncode, 1)
        self.assertEqual(dibs.run("why", "--data", copy, "--sale", "s", "--buyer", "loser").returncode, 1)

    def test_a_second_server_on_the_same_data_is_refused(self):
        with dibs.Server(self.copy_of_data()) as server:
            second = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--data", server.data, timeout=20)
            self.assertEqual(second.returncode, 3)
            self.assertIn(str(server.process.pid), second.stderr)
            (pathlib.Path(server.data) / "lock").unlink()
            third = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--data", server.data, timeout=20)
            self.assertEqual(third.returncode, 3, third.stdout)
            self.assertEqual(server.stop(), 0)

    def test_bad_usage_ends_with_2_and_names_the_fault(self):
        unknown_key = self.root / "unknown.toml"
        unknown_key.write_text('lissten = "127.0.0.1:0"\n')
        rows = [([], "subcommand"), (["serve", "--bad"], "--bad"), (["serve", "--ingress", "65"], "--ingress"),
                (["serve", "--insecure-demo", "--listen", "0.0.0.0:0"], "loopback"),
                (["serve", "--insecure-demo", "--listen", "127.example.org:0"], "loopback"),
                (["serve", "--insecure-demo", "--operator-listen", "0.0.0.0:0"], "loopback"),
                (["serve", "--data", str(self.root / "x")], "shop key"),
                (["serve", "--insecure-demo", "--config", str(unknown_key)], "lissten"),
                (["rush", "--buyers", "0"], "--buyers"), (["why"], "--sale")]
        for arguments, named in rows:
            done = dibs.run(*arguments, timeout=20)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertIn(named, done.stdout + done.stderr, arguments)

    def test_an_unknown_command_is_bad_usage_even_when_it_asks_for_help(self):
        for arguments in (["nosuch", "--help"], ["serve", "nosuch", "--help"]):
            done = dibs.run(*arguments)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("nosuch", done.stderr)

    def test_a_settings_file_is_toml_and_holds_settings_only(self):
        file = self.root / "settings.toml"
        rows = [("[x", "line 1"), ("quiet = true\ndata = \"unterminated", "line 2"), ("data = bare", "line 1"),
                ("; no comment of TOML", "line 1"), ("data = 'a'\ndata = 'b'", "line 2"), ("quiet", "line 1"),
                ("[serve]\ndata = 'a'", "serve"), ("unmerged = true", "unmerged"),
                ("die-with-parent = true", "die-with-parent"), ("config = 'x'", "config"), ("help = true", "help"),
                ("quiet = 'yes'", "quiet"), ("data = true", "data"), ("data = 2026-12-01", "data"),
                ("ingress = 65", "ingress"), ("data = ['a', 'b']", "data"), ("log-format = 'xml'", "log-format")]
        for text, named in rows:
            file.write_text(text + "\n")
            done = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--config", file, timeout=20)
            self.assertEqual(done.returncode, 2, (text, done.stdout, done.stderr))
            self.assertIn(named, done.stderr, text)
            self.assertIn(str(file), done.stderr, text)

    def test_every_command_takes_its_settings_from_everywhere(self):
        file = self.root / "inspect.toml"
        file.write_text(f'data = "{self.data}"  # the journal\n')
        why = self.root / "why.toml"
        why.write_text(f'data = "{self.data}"\nsale = "s"\nbuyer = "loser"\n')
        rows = [(["audit"], file, "equal"), (["journal", "verify"], file, "ended in order"),
                (["journal", "replay"], file, "sale s"), (["why"], why, "sold_out")]
        for command, config, said in rows:
            for arguments, environment in ((["--config", str(config)], {}), ([], {"DIBS_CONFIG": str(config)})):
                done = dibs.run(*command, *arguments, env=environment)
                self.assertEqual(done.returncode, 0, (command, done.stderr))
                self.assertIn(said, done.stdout)
            done = dibs.run(*command, "--config", config, "--data", self.root / "nothing")
            self.assertEqual(done.returncode, 3, "the flag comes before the file")
        done = dibs.run("audit", env={"DIBS_DATA": str(self.data)})
        self.assertEqual(done.returncode, 0, done.stderr)
        done = dibs.run("why", env={"DIBS_DATA": str(self.data), "DIBS_SALE": "s", "DIBS_BUYER": "winner"})
        self.assertIn("arrival 1", done.stdout, done.stderr)
        done = dibs.run("why", "--config", file)
        self.assertEqual((done.returncode, "--sale" in done.stderr), (2, True), done.stderr)

    def test_ways_in_that_cannot_be_meant_are_refused(self):
        good = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
        rows = [([], {"DIBS_SHOP_KEY": "k" * 15}, "DIBS_SHOP_KEY"),
                ([], {"DIBS_OPERATOR_TOKENS": "anna:" + "t" * 15}, "DIBS_OPERATOR_TOKENS"),
                ([], {"DIBS_SUPPORT_TOKENS": "sam:" + "t" * 15}, "DIBS_SUPPORT_TOKENS"),
                ([], {"DIBS_SHOP_KEY": ",".join(c * 16 for c in "abc")}, "3 shop keys"),
                (["--jwt-alg", "HS256"], {}, "--jwt-key-file"), (["--jwt-audience", "dibs"], {}, "--jwt-key-file")]
        for arguments, environment, named in rows:
            done = dibs.run("serve", "--listen", "127.0.0.1:0", "--data", self.root / "ways", *arguments,
                            timeout=20, env={**good, **environment})
            self.assertEqual(done.returncode, 2, (arguments, environment, done.stdout))
            self.assertIn(named, done.stderr)
            for secret in environment.values():
                self.assertNotIn(secret, done.stderr, "a secret is shown")

    def test_what_cannot_be_reached_ends_with_3(self):
        for arguments in (["audit", "--data", str(self.root / "nothing")],
                          ["load", "--url", "http://127.0.0.1:1", "--sale", "s"]):
            self.assertEqual(dibs.run(*arguments, timeout=60).returncode, 3, arguments)

    def test_a_setting_comes_from_flag_then_environment_then_file(self):
        file = self.root / "serve.toml"
        file.write_text(f'insecure-demo = true\nlisten = "127.0.0.1:0"\ndata = "{self.root}/from-file"\n')
        for arguments, environment, used in (
                ([], {}, "from-file"), ([], {"DIBS_DATA": str(self.root / "from-env")}, "from-env"),
                (["--data", str(self.root / "from-flag")], {"DIBS_DATA": str(self.root / "no")}, "from-flag")):
            process = subprocess.Popen([str(dibs.BINARY), "serve", "--config", str(file), *arguments],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       env={**os.environ, **environment})
            self.assertIn(b"listening", process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=30), 0)
            process.stdout.close()
            self.assertTrue((self.root / used).is_dir(), used)

    def test_a_rush_that_is_killed_leaves_no_server_behind(self):
        process = subprocess.Popen([str(dibs.BINARY), "rush", "--buyers", "2000000"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 20
        while not children.read_text().split() and time.monotonic() < deadline:
            time.sleep(0.01)
        child = children.read_text().split()[0]
        time.sleep(0.5)
        process.kill()
        process.wait()
        while pathlib.Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(pathlib.Path(f"/proc/{child}").exists(), "the server outlived its rush")

    def test_every_command_explains_itself(self):
        for command in ("serve", "rush", "load", "audit", "why", "journal"):
            done = dibs.run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--help", done.stdout)

    def test_help_says_the_default_of_every_flag(self):
        for command in (["serve"], ["doctor"], ["audit"], ["why"], ["journal", "verify"], ["journal", "dump"],
                        ["journal", "replay"], ["journal", "backup"], ["journal", "restore"]):
            said = dibs.run(*command, "--help").stdout
            flags = re.split(r"\n  (?=--)", said)[1:]
            self.assertGreater(len(flags), 1, said)
            for flag in flags:
                name = flag.split()[0]
                self.assertRegex(flag.replace("\n", " "), r"^--[^(]*=|default: |no default|REQUIRED", (command, name))
                self.assertIn("(Env:DIBS_" + name[2:].upper().replace("-", "_") + ")", flag, command)


if __name__ == "__main__":
    unittest.main(verbosity=1)
