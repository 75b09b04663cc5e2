#!/usr/bin/env python3
"""Notices to the shop of a sale on Redis: every event, in order, at least once, those of other gateways too,
while the gateway that tells and Redis itself are killed. Skipped (77) without redis-server.

One of two gateways has the secret; both sell. What the shop must have heard is read from the stream in Redis
by this program. Planted, and seen: a reader that begins behind the newest event (src/redis/event_feed.cpp)."""

import os
import pathlib
import sys
import tempfile
import time

import dibs
import shop as shops
from redis_server import STRICT, Redis, installed

KEY = shops.secret("n")
PATIENCE_SECONDS = 60
SALE = "told"


def orders(server, name, count):
    client = dibs.Client(server)
    for i in range(count):
        until = time.monotonic() + PATIENCE_SECONDS
        while True:  # Redis may be away
            status, _, order = client.buy(SALE, f"{name}-{i}", key="k")
            if status in (201, 202):
                break
            assert order["retryable"] and time.monotonic() < until, order
            time.sleep(0.05)
        if i % 3 == 0:
            client.call("DELETE", f"/v1/orders/{order['id']}", buyer=f"{name}-{i}")
    client.close()


def agree(redis, shop):
    """Waits until the shop is told of everything, and holds it against the stream."""
    until = time.monotonic() + PATIENCE_SECONDS
    events = redis.events(SALE)
    while time.monotonic() < until and not any(seq == events[-1][0] and taken for _, seq, _, taken in shop.heard(SALE)):
        time.sleep(0.05)
    told = {seq: notice["type"] for _, seq, notice, _ in shop.heard(SALE)}
    # Types have other names there; that each is the right one of its event is what the API's tests are for.
    return shops.check(shop, SALE, [(seq, told.get(seq)) for seq, _ in events])


class Teller(dibs.Server):
    """The gateway that has the secret."""

    def start(self):
        os.environ["DIBS_NOTIFY_SECRET"] = KEY
        try:
            return super().start()
        finally:
            del os.environ["DIBS_NOTIFY_SECRET"]


def main():
    if not installed():
        print("redis: no redis-server on this machine; skipped")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        with Redis(root / "redis", *STRICT) as redis:
            other = dibs.Server(root / "other", "--store", redis.url, log=str(root / "other.log"))
            teller = Teller(root / "teller", "--store", redis.url, log=str(root / "teller.log"), keep_port=True)
            with other, teller:
                shop = shops.Shop(KEY)
                client = dibs.Client(teller)
                status, _, answer = client.put_sale(SALE, payment="shop", notify={"url": shop.url},
                                                    items=[{"sku": "floor", "title": "Floor", "price": 1, "stock": 500}])
                assert status == 201, answer
                client.close()
                orders(teller, "t", 20)
                orders(other, "o", 20)
                repeats = agree(redis, shop)
                assert repeats == 0, f"{repeats} repeats, though nothing failed"
                for number in range(3):
                    shop.mood = "flaky" if number == 1 else "good"
                    orders(other, f"before-{number}", 15)
                    teller.kill()
                    orders(other, f"away-{number}", 15)
                    teller.start()
                    redis.kill()
                    redis.start()
                    orders(other, f"after-{number}", 15)
                    shop.mood = "good"
                    repeats = agree(redis, shop)
                # A gateway with a new directory tells everything again, under the ids that it had.
                count = len(shop.heard(SALE))
                teller.kill()
                with Teller(root / "fresh", "--store", redis.url, log=str(root / "fresh.log")):
                    until = time.monotonic() + PATIENCE_SECONDS
                    events = redis.events(SALE)
                    while len(shop.heard(SALE)) < count + len(events) and time.monotonic() < until:
                        time.sleep(0.05)
                again = [seq for _, seq, _, _ in shop.heard(SALE)][count:]
                assert again == [seq for seq, _ in events], "told again, from the first"
                shop.close()
    print(f"notices on Redis: {len(events)} events of two gateways, in order, at least once; {repeats} repeats in 3 kills of each side")
    return 0


if __name__ == "__main__":
    sys.exit(main())
