"""Notices to the shop: every event of a sale, in order, at least once, whatever shop and server do.

notices_test.py [KILLS]    kill -9 of the server so often (6)

A real HTTP receiver (shop.py) checks signatures by its own code. What it must have heard is read from
the journal by `dibs journal dump`. Each scenario ends with shop and server well again, and then the two
must agree, event by event."""

import http.client
import json
import os
import sys
import tempfile
import threading
import time

import dibs
import shop as shops

KEY = shops.secret("n")
PATIENCE_SECONDS = 120
MANY = [{"sku": "floor", "title": "Floor", "price": 5, "stock": 1000}]


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}")


def journal_events(server, sale):
    """[(seq, type)] of the sale, as the journal has them."""
    dumped = dibs.run("journal", "dump", "--data", server.data)
    assert dumped.returncode == 0, dumped.stderr
    lines = [json.loads(line) for line in dumped.stdout.splitlines()]
    return [(line["seq"], line["type"]) for line in lines
            if line["entry"] == "event" and line["sale"] == sale]


def metric(client, name, sale):
    for line in client.call("GET", "/metrics")[2].splitlines():
        if line.startswith(f'{name}{{sale="{sale}"}} '):
            return float(line.split()[-1])
    return None


def put(client, sale, shop, **members):
    status, _, answer = client.put_sale(sale, notify={"url": shop.url}, payment="shop", **members)
    assert status in (200, 201), answer


def rush(server, sale, buyers, offset=0):
    """Buyers who buy, and every third of whom leaves again: held, waiting, released, promoted."""
    def play(number):
        try:
            client = dibs.Client(server, timeout=10)
            status, _, order = client.buy(sale, f"b-{offset + number}", key=f"k-{offset + number}")
            if status in (201, 202) and number % 3 == 0:
                client.call("DELETE", f"/v1/orders/{order['id']}", buyer=f"b-{offset + number}")
            client.close()
        except (OSError, http.client.HTTPException, TypeError, ValueError):
            pass  # the server was killed: what it had answered is in the journal
    threads = [threading.Thread(target=play, args=(number,), daemon=True) for number in range(buyers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def agree(server, shop, sale):
    """Waits until the shop is told, and holds it against the journal. How many repeats there were."""
    client = dibs.Client(server)
    last = journal_events(server, sale)[-1][0]
    wait_for(f"{sale} to be told", lambda: metric(client, "dibs_notices_delivered_seq", sale) == last)
    assert metric(client, "dibs_notices_behind_events", sale) == 0
    client.close()
    return shops.check(shop, sale, journal_events(server, sale))


def refused_without_secret(directory):
    """Without a secret, and to other places than a shop's, a sale with notify is refused by name."""
    with dibs.Server(os.path.join(directory, "none")) as server:
        client = dibs.Client(server)
        status, _, answer = client.put_sale("s", notify={"url": "https://shop.example/hear"})
        assert status == 400 and "DIBS_NOTIFY_SECRET" in answer["detail"], answer
        client.close()
    os.environ["DIBS_NOTIFY_SECRET"] = KEY
    with dibs.Server(os.path.join(directory, "none")) as server:
        client = dibs.Client(server)
        for url in ("http://shop.example/", "http://10.0.0.1/", "http://127.0.0.1@shop.example/",
                    "ftp://localhost/", "http://127.1/", "http://localhost.shop.example/", "https://"):
            status, _, answer = client.put_sale("s", notify={"url": url})
            assert status == 400 and "notify.url" in answer["detail"], (url, answer)
        for url in ("https://shop.example/hear", "http://localhost:1/", "http://[::1]:1/x"):
            status, _, answer = client.put_sale("s", notify={"url": url})
            assert status in (200, 201), (url, answer)
        client.close()


def moods(directory):
    """A shop that is down, fails, is gone, slow, and loses half of its answers; then it is well."""
    with dibs.Server(os.path.join(directory, "moods")) as server:
        shop = shops.Shop(KEY)
        client = dibs.Client(server)
        put(client, "moods", shop)
        rush(server, "moods", 20)
        wait_for("the first notices", lambda: shop.heard("moods"))
        for number, mood in enumerate(["bad", "gone", "slow", "flaky"]):
            shop.mood = mood
            rush(server, "moods", 6, offset=100 * (number + 1))
            before = len(shop.heard("moods"))
            wait_for(f"a try while {mood}", lambda: len(shop.heard("moods")) > before)
        shop.close()
        rush(server, "moods", 6, offset=900)
        wait_for("the lag to show", lambda: metric(client, "dibs_notices_behind_events", "moods") > 0)
        shop.mood = "good"
        shop.open()
        repeats = agree(server, shop, "moods")
        shop.close()
        client.close()
        log = open(server.log).read()
        assert "500 from http://127.0.0.1" in log and "410 from" in log, log
        assert "/hear" not in log, "the path of a target does not belong into the log"
        print(f"moods: {repeats} repeats")


def two_shops(directory):
    """One shop never answers: the other is told all the same."""
    with dibs.Server(os.path.join(directory, "two")) as server:
        dead, well = shops.Shop(KEY), shops.Shop(KEY)
        dead.mood = "silent"
        client = dibs.Client(server)
        put(client, "dead", dead, items=MANY)
        put(client, "well", well)
        for number in range(4):
            rush(server, "dead", 40, offset=100 * number)
        rush(server, "well", 30)
        agree(server, well, "well")
        assert metric(client, "dibs_notices_delivered_seq", "dead") == 0
        assert metric(client, "dibs_notices_behind_events", "dead") > 128, "no more than a window came"
        # The operator says where the shop is now: what it missed is sent there, from the first on.
        moved = shops.Shop(KEY)
        put(client, "dead", moved, items=MANY)
        dead.close()
        agree(server, moved, "dead")
        for shop in (moved, well):
            shop.close()
        client.close()


def kill_amid(server, shop, number):
    """In the middle of a rush, before, while or after the file is written."""
    shop.mood = "flaky" if number % 4 else "good"
    crowd = threading.Thread(target=rush, args=(server, "kills", 40, 100 * number), daemon=True)
    crowd.start()
    before = len(shop.heard("kills"))
    wait_for("notices before the kill", lambda: len(shop.heard("kills")) > before + 5)
    time.sleep(0.1 * number)
    server.kill()
    crowd.join()


def kill_while_untold(server, shop, number):
    """While the shop, which has been told all, does not take the next notice for longer than it takes to
    write the file: that notice must come again. A file written ahead of the answer loses it here."""
    shop.mood = "good"
    rush(server, "kills", 10, 100 * number)
    agree(server, shop, "kills")
    shop.mood = "bad" if number % 4 == 1 else "silent"
    before = len(shop.heard("kills"))
    rush(server, "kills", 8, 100 * number + 50)
    wait_for("a notice before the kill", lambda: len(shop.heard("kills")) > before)
    time.sleep(1.2)
    server.kill()


def kills(directory, times):
    """kill -9 in the middle of a rush, again and again, to a shop that loses answers."""
    server = dibs.Server(os.path.join(directory, "kills"))
    shop = shops.Shop(KEY)
    server.start()
    client = dibs.Client(server)
    put(client, "kills", shop, items=MANY)
    client.close()
    for number in range(times):
        kill = kill_while_untold if number % 2 else kill_amid
        kill(server, shop, number)
        server.start()
    shop.mood = "good"
    repeats = agree(server, shop, "kills")
    assert server.stop() == 0
    heard = len(shop.heard("kills"))
    server.start()  # after an end in order, nothing is told twice
    client = dibs.Client(server)
    wait_for("the cursor to be read", lambda: metric(client, "dibs_notices_delivered_seq", "kills"))
    again = [one for one in shop.heard("kills")[heard:]]
    expected = journal_events(server, "kills")
    assert not again or again[0][1] > expected[-1][0] - 3, "told again after an end in order"
    client.close()
    server.kill()
    shop.close()
    print(f"kills: {times} kills, {repeats} repeats")


def rotation(directory):
    """With two secrets a notice is signed with both; a shop that knows either takes it."""
    old, new = shops.secret("o"), shops.secret("w")
    os.environ["DIBS_NOTIFY_SECRET"] = f"{new},{old}"
    with dibs.Server(os.path.join(directory, "rotation")) as server:
        shop_of_old, shop_of_new = shops.Shop(old), shops.Shop(new)
        client = dibs.Client(server)
        put(client, "old", shop_of_old)
        put(client, "new", shop_of_new)
        agree(server, shop_of_old, "old")
        agree(server, shop_of_new, "new")
        for shop in (shop_of_old, shop_of_new):
            shop.close()
        client.close()
    os.environ["DIBS_NOTIFY_SECRET"] = KEY


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    os.environ.pop("DIBS_NOTIFY_SECRET", None)
    with tempfile.TemporaryDirectory() as directory:
        refused_without_secret(directory)
        moods(directory)
        two_shops(directory)
        kills(directory, times)
        rotation(directory)
    print("notices: every event, in order, at least once")


if __name__ == "__main__":
    main()
