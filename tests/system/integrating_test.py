#!/usr/bin/env python3
"""docs/INTEGRATING.md, followed: a shop with tables of its own sells ten of its hundred units through Dibs.

How it proves its claim: the shop's sides are the files of docs/examples, run as they are: units out of the
stock table twice, the sale put twice, buyers through Flask in eight threads and through curl, a fifth of the
payments failed, the server killed in the middle, every notice sent once more by the test. Afterwards the shop's
orders must be Dibs' own, one by one, no unit of the hundred may be missing, and `dibs audit` must find all equal. Planted and
seen: units given back twice, events applied twice, a shop that takes unsigned notices, SQL in the document that
no file has."""

import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import dibs
import shop as notices

EXAMPLES = dibs.ROOT / "docs" / "examples"
DOCUMENT = dibs.ROOT / "docs" / "INTEGRATING.md"
BUYERS, STOCK, ON_SALE = 40, 100, 10
SECRET = notices.secret("s")


def check_document():
    """Whatever SQL the document shows is in a file that this test runs."""
    files = re.sub(r"\s+", " ", "".join(path.read_text() for path in sorted(EXAMPLES.iterdir()) if path.is_file()))
    blocks = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert blocks, "the document shows no SQL"
    for block in blocks:
        assert re.sub(r"\s+", " ", block).strip() in files, f"in no file of docs/examples:\n{block}"
    for name in re.findall(r"shop\.sh ([a-z-]+)", DOCUMENT.read_text()):
        assert f"  {name})" in (EXAMPLES / "shop.sh").read_text(), f"shop.sh has no {name}"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Beside:
    """The shop: its database, its Flask side as a process, its curl side as commands."""

    def __init__(self, directory, python):
        self.database = directory / "shop.db"
        self.port = free_port()
        self.log = open(directory / "flask.log", "ab")
        with sqlite3.connect(self.database) as db:
            db.executescript("PRAGMA journal_mode = WAL;" + (EXAMPLES / "shop.sql").read_text())
            db.execute("INSERT INTO products (sku, stock) VALUES ('floor', ?)", (STOCK,))
        self.environment = {**os.environ, "DIBS_OPERATOR": dibs.OPERATOR_TOKEN, "DIBS_SHOP_KEY": dibs.SHOP_KEY,
                            "SHOP_DB": str(self.database), "DIBS_NOTIFY_SECRET": SECRET,
                            "NOTIFY_URL": f"http://127.0.0.1:{self.port}/dibs", "PYTHONDONTWRITEBYTECODE": "1"}
        self.python = python
        self.process = None

    def start(self, dibs_url):
        self.environment["DIBS"] = dibs_url
        self.process = subprocess.Popen(
            [self.python, "-m", "flask", "--app", "shop_flask", "run", "--port", str(self.port)], cwd=EXAMPLES,
            env=self.environment, stdout=self.log, stderr=self.log)
        until("the shop answers", lambda: self.post("/dibs", b"", {}) == 401)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def post(self, path, body, headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status if answer.status == 204 else (answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError):
            return None

    def form(self, path, **fields):
        return self.post(path, urllib.parse.urlencode(fields).encode(), {})

    def curl(self, *words, fails=False):
        done = subprocess.run([EXAMPLES / "shop.sh", *map(str, words)], env=self.environment, capture_output=True,
                              text=True, timeout=120)
        assert (done.returncode != 0) == fails, f"shop.sh {words}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def rows(self, query):
        with sqlite3.connect(self.database, timeout=10) as db:
            return db.execute(query).fetchall()


def until(what, holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def buy(shop, number, orders):
    """Asks until there is an answer, as a checkout does; then pays, or cannot."""
    cart = f"cart-{number}"
    answer = None
    while not isinstance(answer, tuple) and answer != 409:
        answer = shop.form("/checkout/concert/floor", buyer=f"b-{number}", cart=cart)
    if answer == 409:
        return
    orders[cart] = answer[1]["id"]
    good = "no" if number % 5 == 0 else "yes"
    paid = None
    while answer[1]["state"] == "held" and not isinstance(paid, tuple):
        paid = shop.form(f"/payment/{answer[1]['id']}", good=good)


def crowd(shop, server):
    orders = {}
    numbers = iter(range(BUYERS))
    lock = threading.Lock()

    def run():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            buy(shop, number, orders)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    until("half of the crowd has pressed", lambda: len(orders) > BUYERS // 4)
    server.kill()
    server.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "a buyer is stuck"
    return orders


def sell(directory, python):
    os.environ["DIBS_NOTIFY_SECRET"] = SECRET
    shop = Beside(directory, python)
    server = dibs.Server(directory / "data", demo=False, keep_port=True)
    try:
        server.start()
        shop.start(server.url)
        for _ in range(2):
            shop.curl("take", "concert", "floor", ON_SALE)
            shop.curl("open", "concert", "floor", ON_SALE)
        assert shop.rows("SELECT stock, in_sale, sold FROM products") == [(STOCK - ON_SALE, ON_SALE, 0)]
        shop.curl("take", "concert-2", "floor", STOCK, fails=True)  # more than there is
        orders = crowd(shop, server)

        order, state = shop.curl("buy", "concert", "late", "cart-late", "floor").split()
        assert state == "waiting" and shop.curl("buy", "concert", "late", "cart-late", "floor").split()[0] == order
        client = dibs.Client(server)
        held = [o["id"] for o in client.call("GET", "/v1/sales/concert/orders?state=held&limit=100", operator=True)[2]["orders"]]
        for one in held:  # those who were promoted: two cannot pay, the others can
            shop.curl("failed" if held.index(one) < 2 else "paid", one)
        held = client.call("GET", "/v1/sales/concert/orders?state=held&limit=100", operator=True)[2]["orders"]
        assert held, "nobody was promoted"
        shop.curl("give-back", "concert", "floor", fails=True)  # not while somebody holds one
        for one in held[1:]:
            shop.curl("paid", one["id"])
        assert shop.curl("close", "concert") == "closed"
        for one in held[:1]:  # nobody waits any more: the unit stays
            assert shop.curl("failed", one["id"]) == "released"
        finish(shop, client, directory, server)
        assert shop.rows("SELECT count(*) FROM orders") == [(len(orders) + 1,)], "an order each, and the late one"
        print(f"integrating: {len(orders) + 1} orders through Flask and curl, a kill -9, every notice twice: tables equal")
    finally:
        shop.stop()
        server.kill()


def finish(shop, client, directory, server):
    _, _, page = client.call("GET", "/v1/sales/concert/orders?limit=1000", operator=True)
    last = max(event["seq"] for o in page["orders"][:1] for event in
               client.call("GET", f"/v1/orders/{o['id']}/history", operator=True)[2]["events"])
    until("all notices are applied", lambda: shop.rows("SELECT seq FROM events_applied")[0][0] >= last
          and metric(client, "dibs_notices_behind_events") == 0)
    for _ in range(2):
        shop.curl("give-back", "concert", "floor")
    print(f"integrating: {shop.curl('compare', 'concert', 'floor')}")
    own = dict(shop.rows("SELECT id, state FROM orders"))
    assert own == {o["id"]: o["state"] for o in page["orders"]}, "the shop's orders are not Dibs' own"
    (stock, in_sale, sold), = shop.rows("SELECT stock, in_sale, sold FROM products")
    assert (in_sale, stock + sold) == (0, STOCK), f"{stock} in stock, {in_sale} in the sale, {sold} sold"
    assert sold == sum(state == "paid" for state in own.values()) > 0
    replay(shop, (stock, in_sale, sold), own)
    assert server.stop() == 0
    audit = dibs.run("audit", "--data", directory / "data")
    assert audit.returncode == 0 and audit.stdout.startswith("equal"), audit.stdout + audit.stderr


def replay(shop, figures, own):
    """Every number once more, signed: nothing may change. Unsigned: not taken."""
    last = shop.rows("SELECT seq FROM events_applied")[0][0]
    order = next(iter(own))
    for seq in range(1, last + 1):
        body = json.dumps({"sale": "concert", "seq": seq, "type": "dibs.order.paid", "data": {"order": order}}).encode()
        assert shop.post("/dibs", body, signed(body)) == 204
        assert shop.post("/dibs", body, {**signed(body), "webhook-signature": "v1,AAAA"}) == 401
    body = json.dumps({"sale": "concert", "seq": last + 2, "type": "dibs.order.paid", "data": {"order": order}}).encode()
    assert shop.post("/dibs", body, signed(body)) == 500, "a gap was passed over"
    assert shop.rows("SELECT stock, in_sale, sold FROM products") == [figures]
    assert dict(shop.rows("SELECT id, state FROM orders")) == own


def signed(body):
    import base64
    import hashlib
    import hmac
    stamp = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    said = hmac.new(key, b"again." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    return {"webhook-id": "again", "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(said).decode(), "Content-Type": "application/json"}


def metric(client, name):
    found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", client.call("GET", "/metrics")[2], re.M)
    return float(found.group(1)) if found else None


def python_with_flask():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import flask"], capture_output=True).returncode == 0:
            return python
    return None


def main():
    check_document()
    python = python_with_flask()
    if python is None:
        print("integrating: SKIPPED, python3-flask is not installed (scripts/setup does it)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        sell(pathlib.Path(name), python)


if __name__ == "__main__":
    main()
