"""kill -9 of the server and of the provider, again and again, while buyers pay; then both books agree.

payments_kill9_test.py [ROUNDS [SEED]]    ROUNDS of one sale each (3)

Thirty buyers want ten units; each pays with a token drawn by the seed and repeats what got no answer,
with the same key. Meanwhile server or provider is killed every few hundred milliseconds and started
anew. In the end, with both up and at rest: `dibs audit --payments` finds every amount equal, exactly
the ten units are paid unless every buyer has failed, and no buyer who was told `paid` has lost it."""

import http.client
import os
import random
import sys
import tempfile
import threading
import time

import dibs
from provider import Provider

BUYERS = 30
STOCK = 10
SECONDS = 8
LEAVES = "leaves"  # begins to pay, and leaves while the payment is under way
TOKENS = ["tok_ok", "tok_ok", "tok_ok", "tok_fail", "tok_late", "tok_capture_fail", LEAVES]


class Buyer(threading.Thread):
    def __init__(self, server, number, token):
        super().__init__(daemon=True)
        self.draw = random.Random(number)
        self.server, self.name, self.token = server, f"b-{number}", token
        self.order = None
        self.captured = False
        self.done = False

    def call(self, method, path, body=None, headers=None):
        """The answer, or None when there was none."""
        try:
            client = dibs.Client(self.server, timeout=10)
            try:
                return client.call(method, path, body, headers, buyer=self.name)
            finally:
                client.close()
        except (OSError, http.client.HTTPException, TypeError, ValueError):
            return None

    def run(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not self.step():
            time.sleep(self.draw.uniform(0.02, 0.4))
        self.done = True

    def step(self):
        """One call; true when the order is final."""
        if self.order is None:
            answer = self.call("POST", "/v1/sales/kill/orders", {"items": [{"sku": "floor", "quantity": 1}]},
                               {"Idempotency-Key": self.name})
            if answer and answer[0] in (201, 202):
                self.order = answer[2]["id"]
            return bool(answer) and answer[2].get("code") == "sold_out"
        answer = self.call("GET", f"/v1/orders/{self.order}")
        if not answer or answer[0] != 200:
            assert not answer or answer[0] != 404, f"{self.name}: the acknowledged order {self.order} is gone"
            return False
        order = answer[2]
        if order["state"] == "paying" and self.token == LEAVES:
            self.call("DELETE", f"/v1/orders/{self.order}")
            return False
        if order["state"] in ("held", "paying"):
            self.call("POST", f"/v1/orders/{self.order}/payment", {"token": self.token if self.token != LEAVES else "tok_late"})
            return False
        if order["state"] == "paid" and order["money"] == "captured":
            self.captured = True
            return True
        return order["state"] in ("released", "sold_out", "closed")


def play(directory, number, seed):
    draw = random.Random(seed)
    server = dibs.Server(os.path.join(directory, f"data-{number}"))
    with Provider(os.path.join(directory, f"books-{number}.db"), "--seed", str(seed), "--faults",
                  "late_ms=400,async=0.3,lost=0.1") as provider:
        provider.set_faults(delay_ms=60)
        server.flags += ["--payments", provider.url]
        with server:
            client = dibs.Client(server)
            status, _, answer = client.put_sale("kill", hold_seconds=60, payment_seconds=60, test=True)
            assert status == 201, answer
            client.close()
            buyers = [Buyer(server, i, draw.choice(TOKENS)) for i in range(BUYERS)]
            for buyer in buyers:
                buyer.start()
            kills = {"server": 0, "provider": 0}
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and not all(buyer.done for buyer in buyers):
                time.sleep(draw.uniform(0.05, 0.3))
                who = draw.choice(["server", "provider"])
                victim = server if who == "server" else provider
                victim.kill()
                kills[who] += 1
                if draw.random() < 0.5:
                    time.sleep(draw.uniform(0, 0.3))
                victim.start()
            for buyer in buyers:
                buyer.join(timeout=130)
            settle(provider)
            client = dibs.Client(server)
            _, _, listed = client.call("GET", "/v1/sales/kill/orders?limit=100", operator=True)
            client.close()
            assert server.stop() == 0
        check(buyers, listed["orders"])
        audit = dibs.run("audit", "--data", server.data, "--payments", provider.url)
        assert audit.returncode == 0, f"seed {seed}: {audit.stdout}{audit.stderr}"
    return kills, sum(buyer.captured for buyer in buyers)


def settle(provider):
    """Until the provider holds nothing reserved: Dibs asks it every 10 s what is open."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        _, page = provider.call("GET", "/v1/payment_intents?status=open")
        if isinstance(page, dict) and not page["data"]:  # its answers may be cut off, as it was told
            return
        time.sleep(0.2)
    raise AssertionError(f"the provider still holds money reserved: {page}")


def check(buyers, orders):
    by_id = {order["id"]: order for order in orders}
    for buyer in buyers:
        assert buyer.done, f"{buyer.name} never came to an end"
        if buyer.captured:
            order = by_id[buyer.order]
            assert (order["state"], order["money"]) == ("paid", "captured"), order
    paid = [order for order in orders if order["state"] == "paid"]
    able = sum(buyer.token in ("tok_ok", "tok_late") for buyer in buyers)
    assert len(paid) == min(STOCK, able), f"{len(paid)} are paid, {able} could pay"


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as directory:
        for number in range(rounds):
            kills, paid = play(directory, number, first + number)
            print(f"round {number + 1}: server killed {kills['server']} times, provider {kills['provider']} times; "
                  f"{paid} of {STOCK} units paid; books equal", flush=True)


if __name__ == "__main__":
    main()
