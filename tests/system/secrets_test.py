#!/usr/bin/env python3
"""Every secret that Dibs is given is a canary here: tokens, keys, passwords in addresses, what buyers send. Servers are
started with all of them, against back ends that are dead or refuse them, and good and bad credentials are tried; then
every canary is looked for in all that came out: standard output, the log, /metrics and the other answers, the words
of every command that fails, the files that are no place for secrets, the command line and the title of the process.

    secrets_test.py            DIBS_LEAK=1 plants a leak in what is searched: it must fail then"""

import base64
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import dibs
import redis_server

# No canary is part of another word; what is found names the place that it was given to.
CANARIES = {}


def canary(where):
    return CANARIES.setdefault(where, f"canary{len(CANARIES):02}x{hashlib.sha256(where.encode()).hexdigest()[:20]}")


def whsec(where):
    text = base64.b64encode(hashlib.sha256(where.encode()).digest()).decode()
    CANARIES[where] = text
    return f"whsec_{text}"


def dead_port():
    """One on which nobody listens, held so that nobody will."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


class Secrets(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.there = pathlib.Path(directory.name)
        self.heard = {}  # what came out, by where
        self.holder, self.dead = dead_port()
        self.addCleanup(self.holder.close)
        self.secret_files = self.there / "secrets"
        self.secret_files.mkdir()

    def file(self, name, text):
        path = self.secret_files / name
        path.write_text(text)
        return str(path)

    def hear(self, where, text):
        self.heard[where] = self.heard.get(where, "") + str(text)

    def run_dibs(self, *arguments, env=None, status=None):
        done = dibs.run(*arguments, env=env, timeout=60)
        self.hear(f"dibs {arguments[0]}: its words", done.stdout + done.stderr)
        if status is not None:
            self.assertIn(done.returncode, status, done.stderr)
        return done

    def serve(self, name, environment, *flags):
        """A server whose secrets are in its environment and files; its standard output and log are heard."""
        data = self.there / name
        log = self.there / f"{name}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen([str(dibs.BINARY), "serve", "--listen", "127.0.0.1:0", "--data", str(data),
                                        "--log-format", "json", *flags], stdout=subprocess.PIPE, stderr=out,
                                       env={**os.environ, **environment})
        child = dibs.Child()
        child.process = process
        child.port, said = dibs.port_told_by(process)
        self.addCleanup(child.kill)
        self.hear(f"{name}: standard output", said)
        self.assertIsNotNone(child.port, log.read_text())
        for what in ("cmdline", "comm"):
            self.hear(f"{name}: {what}", pathlib.Path(f"/proc/{process.pid}/{what}").read_text())
        return child, log

    def end(self, name, child, log):
        child.process.terminate()
        said, _ = child.process.communicate(timeout=60)
        child.process = None
        self.hear(f"{name}: standard output", said)
        self.hear(f"{name}: log", log.read_text())

    def ask(self, child, method, path, body=None, headers=None):
        """Both sides of the answer are heard; of a session only that its cookie is the token itself."""
        answer = dibs.ask(child, method, path, body, headers)
        self.assertIsNotNone(answer, path)
        status, given, content = answer
        self.hear(f"{method} {path}: headers", [pair for pair in given.items() if pair[0] != "Set-Cookie"])
        self.hear(f"{method} {path}: body", content)
        return status

    def nothing_leaked(self, private=()):
        """Looks through all that was heard, and through the files beside `private` ones."""
        for path in self.there.rglob("*"):
            if path.is_file() and self.secret_files not in path.parents and path.name not in private:
                self.hear(f"the file {path.name}", path.read_bytes().decode("latin-1"))
        if os.environ.get("DIBS_LEAK"):
            self.hear("planted", next(iter(CANARIES.values())))
        found = [f"{place} gives away {where}" for place, text in self.heard.items()
                 for where, secret in CANARIES.items() if secret in text]
        self.assertEqual(found, [])
        print(f"secrets: {len(CANARIES)} canaries, none in {len(self.heard)} places, "
              f"{sum(map(len, self.heard.values()))} characters")

    def test_a_server_with_every_secret_and_dead_back_ends(self):
        key = canary("the key of tokens") + "0123456789abcdef"
        operator, support = canary("an operator's token"), canary("a support token")
        shop, old_shop = canary("the shop's key"), canary("the old shop key")
        environment = {"DIBS_OPERATOR_TOKENS": f"anna:{operator}", "DIBS_SUPPORT_TOKENS": f"sam:{support}",
                       "DIBS_SHOP_KEY": f"{shop},{old_shop}", "DIBS_PAYMENTS_KEY": canary("the provider's key"),
                       "DIBS_WEBHOOK_SECRET": whsec("the webhooks' secret"),
                       "DIBS_NOTIFY_SECRET": whsec("the notices' secret"),
                       "DIBS_LEDGER": f"postgresql://dibs:{canary('the password of PostgreSQL')}@127.0.0.1:{self.dead}/d"}
        kafka = self.file("kafka", "security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.username=dibs\n"
                                   f"sasl.password={canary('the password of Kafka')}\n")
        child, log = self.serve("engine", environment, "--jwt-key-file", self.file("jwt", key), "--jwt-alg", "HS256",
                                "--jwt-audience", "a", "--kafka", f"127.0.0.1:{self.dead}", "--kafka-settings-file", kafka,
                                "--payments", f"http://127.0.0.1:{self.dead}")
        anna = {"Authorization": f"Bearer {operator}"}
        sale = {"title": "T", "currency": "KRW", "notify": {"url": f"http://127.0.0.1:{self.dead}/n"},
                "items": [{"sku": "floor", "title": "F", "price": 5, "stock": 5}]}
        self.assertEqual(self.ask(child, "PUT", "/v1/sales/s", sale, anna), 201)
        token = dibs.jwt(key, sub="b-1", aud="a", exp=int(time.time()) + 600)
        CANARIES["a buyer's token"] = token.split(".")[2]
        buyer = {"Authorization": f"Bearer {token}"}
        one = {"items": [{"sku": "floor", "quantity": 1}]}
        keyed = {**buyer, "Idempotency-Key": "k-1"}
        self.assertEqual(self.ask(child, "POST", "/v1/sales/s/orders", one, keyed), 201)
        self.assertEqual(self.ask(child, "POST", "/v1/session", {"token": token}), 200)
        cookie = {"Cookie": f"__Host-dibs={token}"}
        self.assertEqual(self.ask(child, "GET", "/v1/sales/s/orders", None, cookie), 200)
        _, _, listed = dibs.ask(child, "GET", "/v1/sales/s/orders", None, anna)
        paid = {"token": canary("a payment token")}
        self.ask(child, "POST", f"/v1/orders/{listed['orders'][0]['id']}/payment", paid, buyer)
        self.bad_credentials(child, one, token)
        for path in ("/metrics", "/healthz", "/readyz", "/openapi.json", "/console", "/s/s", "/v1/sales/s", "/nowhere"):
            self.ask(child, "GET", path)
        for who in (anna, {"Authorization": f"Bearer {support}"}, {"Authorization": f"Bearer {old_shop}"}):
            for path in ("/v1/sales", "/v1/sales/s/orders", "/v1/sales/s/arrivals"):
                self.ask(child, "GET", path, None, who)
        time.sleep(2)  # dead back ends are told of by then; what comes later is the same again
        self.end("engine", child, log)
        self.assertIn("Kafka", self.heard["engine: log"])
        self.run_dibs("audit", "--data", self.there / "engine", "--ledger", environment["DIBS_LEDGER"], status={1, 3})
        self.run_dibs("doctor", "--data", self.there / "engine", "--kafka", f"127.0.0.1:{self.dead}",
                      "--kafka-settings-file", kafka, env=environment)
        for command in ("verify", "dump"):
            self.run_dibs("journal", command, "--data", self.there / "engine")
        self.nothing_leaked()

    def bad_credentials(self, child, body, token):
        """Such as are nearly right: they are as secret as the right ones."""
        wrong = canary("a wrong token")
        for headers in ({"Authorization": f"Bearer {wrong}"}, {"Authorization": f"Basic {wrong}"},
                        {"Authorization": wrong}, {"Authorization": f"Bearer {token[:-2]}"},
                        {"Authorization": f"Bearer eyJ.{canary('a broken token')}.x"},
                        {"Cookie": f"__Host-dibs={canary('a wrong cookie')}"},
                        {"Cookie": f"__Host-dibs-console={canary('a wrong session')}"},
                        {"webhook-id": "m", "webhook-timestamp": str(int(time.time())),
                         "webhook-signature": f"v1,{canary('a wrong signature')}"},
                        {"Idempotency-Key": canary("a key") * 5, "Authorization": f"Bearer {token}"}):
            for method, path in (("POST", "/v1/sales/s/orders"), ("GET", "/v1/sales"), ("GET", "/v1/orders/x"),
                                 ("POST", "/v1/payments/webhook"), ("GET", "/console/session")):
                self.ask(child, method, path, body if method == "POST" else None, headers)
        self.ask(child, "POST", "/v1/session", {"token": canary("a token for a session")})
        self.ask(child, "POST", "/console/session", {"token": canary("a token for the console")})
        self.ask(child, "POST", "/v1/session", {"tokem": canary("a token under a wrong name")})

    def test_a_redis_that_does_not_let_us_in(self):
        if not redis_server.installed():
            self.skipTest("redis-server is not installed")
        with redis_server.Redis(self.there / "secrets" / "redis", *redis_server.STRICT,
                                password=canary("the password of Redis")) as redis:
            right = f"redis://:{redis.password}@127.0.0.1:{redis.port}"
            wrong = f"redis://u:{canary('a wrong password of Redis')}@127.0.0.1:{redis.port}"
            common = {"DIBS_OPERATOR_TOKENS": f"anna:{canary('a token')}", "DIBS_SHOP_KEY": canary("a shop key"),
                      "DIBS_LEDGER": f"mysql://u:{canary('the password of MariaDB')}@127.0.0.1:{self.dead}/d"}
            child, log = self.serve("redis-right", {**common, "DIBS_STORE": right})
            self.ask(child, "GET", "/metrics")
            redis.kill()
            time.sleep(1)
            self.ask(child, "GET", "/readyz")
            self.end("redis-right", child, log)
            redis.start()
            for name, store in (("wrong", wrong), ("dead", wrong.replace(str(redis.port), str(self.dead)))):
                data = ("--data", self.there / f"redis-{name}")
                self.run_dibs("doctor", *data, env={**common, "DIBS_STORE": store})
                self.starts_or_not(f"a {name} store", {**common, "DIBS_STORE": store}, data)
        self.nothing_leaked()

    def starts_or_not(self, name, environment, data):
        """Whether it serves, waits or gives up: what it says within three seconds."""
        process = subprocess.Popen([str(dibs.BINARY), "serve", "--listen", "127.0.0.1:0", *map(str, data)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        try:
            said, _ = process.communicate(timeout=3)
        except subprocess.TimeoutExpired:
            process.terminate()
            said, _ = process.communicate(timeout=60)
        self.assertTrue(said, f"nothing is said: {name}")
        self.hear(f"a server with {name}", said.decode())

    def test_what_is_written_wrongly_is_not_repeated(self):
        password = canary("a password in an address")
        start = ("serve", "--data", self.there / "none", "--insecure-demo")
        for store in (f"redis://u:{password}@h:badport", f"redis://u:{password}@", f"redis://u:{password}%zz@h",
                      f"redis://u:{password}@[::1", f"http://u:{password}@h", f"redis://u:{password}@a,b/1"):
            self.run_dibs(*start, env={"DIBS_STORE": store}, status={2, 3})
        for ledger in (f"postgresql://u:{password}@[", f"mysql://u:{password}@h", f"mysql://u:{password}'%22@h/d",
                       f"oracle://u:{password}@h/d", f"mysql://u:{password}@h/d?x=y"):
            self.run_dibs(*start, env={"DIBS_LEDGER": ledger}, status={2, 3})
            self.run_dibs("audit", "--data", self.there / "none", "--ledger", ledger, status={1, 2, 3})
            self.run_dibs("ledger", "--kafka", f"127.0.0.1:{self.dead}", "--to", ledger, status={2, 3})
        short = {"DIBS_OPERATOR_TOKENS": f"anna:{canary('a short token')[:15]}",
                 "DIBS_SHOP_KEY": canary("a key that is too short")[:15], "DIBS_WEBHOOK_SECRET": f"whsec_{canary('no secret')}",
                 "DIBS_NOTIFY_SECRET": f"{canary('no prefix')}", "DIBS_SUPPORT_TOKENS": canary("a token without a name")}
        CANARIES.update({where: secret[:15] for where, secret in CANARIES.items() if "short" in where})
        for name, value in short.items():
            good = {"DIBS_OPERATOR_TOKENS": f"anna:{canary('a token')}", "DIBS_SHOP_KEY": canary("a shop key")}
            self.starts_or_not(name, {**good, name: value}, ("--data", self.there / name, "--payments", "http://127.0.0.1:1"))
        in_file = canary("a secret in a settings file")
        for text in (f'store = "redis://u:{in_file}@h', f'operator-tokens = "anna:{in_file}"\n',
                     f'store = ["redis://u:{in_file}@h"', f'shop-key-file = {in_file}\n', f"{in_file}\n"):
            self.run_dibs(*start, "--config", self.file("settings", text), status={2, 3})
        kafka = self.file("kafka", f"sasl.password {canary('a line of Kafka')}\n")
        self.run_dibs(*start, "--kafka", f"127.0.0.1:{self.dead}", "--kafka-settings-file", kafka, status={2, 3})
        unknown = self.file("kafka-unknown", f"sasl.passwort={canary('an unknown setting of Kafka')}\n")
        self.run_dibs(*start, "--kafka", f"127.0.0.1:{self.dead}", "--kafka-settings-file", unknown, status={2, 3})
        self.nothing_leaked()


if __name__ == "__main__":
    unittest.main()
