#!/usr/bin/env python3
"""The runbook of docs/OPERATING.md, run: every `console` block in order, command by command, against a real server with
a provider and a shop that hears notices, and against two gateways on a real Redis; what is printed must be what stands
there (`…` is anything). The crowd of the night is `dibs load`; the loss of Redis' data is a kill of one that keeps
nothing. Planted and seen: another figure expected, a command misspelt, a block left out of the count."""

import datetime
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import dibs
import provider
import shop as notices
from redis_server import STRICT, Redis, free_port, installed

DOCUMENT = dibs.ROOT / "docs" / "OPERATING.md"
PATIENCE = 120
OF_THE_MACHINE = ("clock:", "open files:", "net.", "cores:", "file system:", "space:", "commits:")
SECRET = notices.secret("r")


def blocks():
    """(heading or bold word above it, [(command, [expected line])])"""
    found = []
    where = ""
    lines = iter(DOCUMENT.read_text().splitlines())
    for line in lines:
        if title := re.match(r"#+ (.*)|\*\*(.*?)\.?\*\*", line):
            where = title.group(1) or title.group(2)
        if line != "```console":
            continue
        steps = []
        for inner in lines:
            if inner == "```":
                break
            if inner.startswith("$ "):
                steps.append((inner[2:], []))
            else:
                steps[-1][1].append(inner)
        found.append((where, steps))
    return found


def pattern(expected):
    """Lines of `…` alone are any lines, none too."""
    out = []
    for line in expected:
        out.append(r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n")
    return re.compile("".join(out))


def only_the_machine(command, said):
    """A NO-GO for what is no fault of the set-up under test: the clock of the machine that runs it, its limits."""
    bad = [line[7:] for line in said.splitlines() if line.startswith("NO-GO  ")]
    return command.startswith("dibs doctor") and bad and all(line.startswith(OF_THE_MACHINE) for line in bad)


def run(where, command, expected, environment):
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=PATIENCE)
    said = done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"
    if not pattern(expected).fullmatch(said) and not only_the_machine(command, said):
        sys.exit(f"runbook, {where}:\n$ {command}\nexpected\n" + "\n".join(expected) + f"\nand got\n{said}{done.stderr}")


class Night:
    """The set-up that the runbook is about."""

    def __init__(self, directory):
        self.directory = directory
        os.environ.update(DIBS_NOTIFY_SECRET=SECRET, DIBS_OPERATOR_TOKENS=f"anna:{dibs.OPERATOR_TOKEN}",
                          DIBS_SHOP_KEY=dibs.SHOP_KEY, DIBS_PAYMENTS_KEY="key-of-the-provider-in-tests")
        for name in ("bin", "backups"):
            (directory / name).mkdir()
        (directory / "bin" / "dibs").symlink_to(dibs.BINARY)
        (directory / "shop.key").write_text(dibs.SHOP_KEY)
        self.silent, self.shop = notices.Shop(SECRET), notices.Shop(SECRET)
        self.silent.mood = "bad"
        self.provider = provider.Provider(directory / "provider", "--decline", "1")
        self.server = dibs.Server(directory / "data", demo=False, keep_port=True)
        # It keeps nothing and says so to nobody: what a lost disk looks like.
        self.redis = Redis(directory / "redis", *STRICT)
        self.kafka_port = free_port()  # nobody is there
        self.gateways = []

    def start(self):
        self.provider.start()
        # A Kafka that is away: selling must not notice.
        self.server.flags += ["--payments", self.provider.url, "--kafka", f"127.0.0.1:{self.kafka_port}"]
        self.server.start()
        self.redis.start()
        self.gateways = [dibs.Server(self.directory / f"gateway-{i}", "--store", self.redis.url, demo=False).start()
                         for i in range(2)]

    def stop(self):
        for one in (*self.gateways, self.server, self.provider, self.redis):
            one.kill()
        for one in (self.silent, self.shop):
            one.close()

    def environment(self):
        return {**os.environ, "PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}", "DIBS": self.server.url,
                "LEDGER": f"sqlite:{self.server.data}/ledger.db",
                "LISTEN": f"127.0.0.1:{self.server.port}", "DATA": self.server.data,
                "OPERATOR": f"Authorization: Bearer {dibs.OPERATOR_TOKEN}",
                "SHOP_KEY_FILE": str(self.directory / "shop.key"), "BACKUPS": str(self.directory / "backups"),
                "OPENS_AT": in_seconds(3600), "NEW_URL": self.shop.url,
                "RESTART": f"touch {self.directory}/restart", "KAFKA": f"127.0.0.1:{self.kafka_port}",
                "REDIS": self.redis.url.removeprefix("redis://"), "GATEWAY": self.gateways[0].url,
                "GATEWAY_2": self.gateways[1].url, "GATEWAY_2_PID": str(self.gateways[1].process.pid)}

    def before(self, where, environment):
        """What happens to the set-up between two blocks, since nobody in the runbook causes it."""
        if where == "T":
            # The hour is not waited for: the sale opens earlier instead.
            put(self.server, "night", 200, title="Sale night", payment="shop", opens_at=in_seconds(1), stock=10)
        if where == "T + 1 hour":
            crowd = dibs.run("load", "--url", self.server.url, "--sale", "night", "--buyers", "2000", "--connections", "200",
                             "--shop-key-file", environment["SHOP_KEY_FILE"])
            assert crowd.returncode == 0, crowd.stdout + crowd.stderr
        if where == "Down":
            self.server.kill()
            threading.Thread(target=self.restart_when_asked, daemon=True).start()
        if where == "Overloaded":
            put(self.server, "night-2", payment="provider", notify={"url": self.silent.url})
            order = buy(self.server, "night-2", "b-1")
            buy(self.server, "night-2", "b-2")
            status, _, _ = dibs.Client(self.server).call("POST", f"/v1/orders/{order['id']}/payment", {"token": "tok_ok"},
                                                         {"Authorization": f"Bearer {dibs.SHOP_KEY}"}, buyer="b-1")
            assert status in (200, 202), status
        if where == "A ledger that drifted":
            with sqlite3.connect(pathlib.Path(self.server.data) / "ledger.db", timeout=10) as ledger:
                ledger.execute("UPDATE orders SET state = 'released' WHERE sale = 'night' AND arrival = "
                               "(SELECT min(arrival) FROM orders WHERE sale = 'night' AND state = 'paid')")
        if where == "Redis":
            put(self.gateways[0], "shared", payment="shop")
        if where == "A gateway more, and one less":
            until(lambda: dibs.Client(self.gateways[1]).call("GET", "/v1/sales/shared")[0] == 200)
            # As systemd would: a process that has ended is there until its parent has heard of it.
            threading.Thread(target=self.gateways[1].process.wait, daemon=True).start()
        if where == "Fenced":
            buy(self.gateways[0], "shared", "b-1")
            self.lose_redis()

    def restart_when_asked(self):
        """What systemd does, at the place of `systemctl restart dibs`."""
        until((self.directory / "restart").exists)
        self.server.start()

    def lose_redis(self):
        self.redis.kill()
        for path in sorted((self.directory / "redis").rglob("*"), reverse=True):
            if path.is_file() and "aof" in path.name:
                path.unlink()
        self.redis.start()
        until(lambda: re.search(r"^dibs_redis_fenced_sales 1$", dibs.Client(self.gateways[0]).call("GET", "/metrics")[2], re.M))


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)


def in_seconds(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def put(server, sale, expected=201, stock=5, **members):
    status, _, answer = dibs.Client(server).call("PUT", f"/v1/sales/{sale}", {
        "title": sale, "currency": "KRW", "items": [{"sku": "floor", "title": "Floor", "price": 50000, "stock": stock}],
        **members}, operator=True)
    assert status == expected, answer


def buy(server, sale, buyer):
    status, _, order = dibs.Client(server).call(
        "POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
        {"Authorization": f"Bearer {dibs.SHOP_KEY}"}, buyer=buyer)
    assert status == 201, order
    return order


def main():
    if not installed():
        print("runbook: SKIPPED, redis-server is not installed")
        sys.exit(77)
    found = blocks()
    assert len(found) == DOCUMENT.read_text().count("```console"), "a block was not read"
    count = 0
    with tempfile.TemporaryDirectory() as name:
        night = Night(pathlib.Path(name))
        try:
            night.start()
            environment = night.environment()
            for where, steps in found:
                night.before(where.split(":")[0], environment)
                for command, expected in steps:
                    run(where, command, expected, environment)
                    count += 1
        finally:
            night.stop()
    print(f"runbook: {count} commands in {len(found)} blocks print what docs/OPERATING.md says")


if __name__ == "__main__":
    main()
