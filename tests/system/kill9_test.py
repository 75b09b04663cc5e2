#!/usr/bin/env python3
"""kill -9 at random moments under load, again and again on one data directory.

How it proves its claim: client threads remember every answer they got: buyers who buy, pay, fail to pay,
leave, wait and let their holds end, and a reader who only looks. After each restart all of it must still be
true: no acknowledged order is lost, nothing that was seen is undone (an order's `seq` and the units sold
never fall), no arrival number is given twice, a retry of a key finds its order, no unit is sold beyond the
stock, and `dibs audit` finds nothing.

    kill9_test.py [CYCLES] [SEED]
"""

import collections
import http.client
import pathlib
import random
import sys
import tempfile
import threading
import time

import dibs

SALE = "torture"
STOCK = 200
THREADS = 6
FINAL = {"paid", "released", "sold_out", "closed"}


class Memory:
    """What the clients were told. A lock guards all of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.orders = {}    # id -> last answer seen
        self.latest = collections.deque(maxlen=200)  # ids answered last: what a kill puts at risk
        self.by_key = {}    # (buyer, key) -> id
        self.arrivals = {}  # number -> what it was given for
        self.sold = 0       # the most that was seen; nothing is refunded here
        self.faults = []
        self.answers = 0

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def of(self, order_id):
        """What is known of an order; to be asked before a question is sent, since its answer may be passed by
        another thread's newer one on the way here."""
        with self.lock:
            return self.orders.get(order_id)

    def saw_order(self, order, before, key=None):
        """`before`: what was known when the question was sent, or None."""
        with self.lock:
            self.answers += 1
            if before and order["seq"] < before["seq"]:
                self.faults.append(f"seq of {order['id']} fell from {before['seq']} to {order['seq']}")
            if before and before["state"] in FINAL and order["state"] != before["state"]:
                self.faults.append(f"{order['id']} was {before['state']} and is {order['state']}")
            newest = self.orders.get(order["id"])
            if newest is None or order["seq"] >= newest["seq"]:
                self.orders[order["id"]] = order
            self.latest.append(order["id"])
            if key:
                known = self.by_key.setdefault((order["buyer"], key), order["id"])
                if known != order["id"]:
                    self.faults.append(f"key {key} gave {known} and then {order['id']}")
            self._number(order["arrival"], order["id"])

    def saw_sale(self, status, sale):
        if status != 200:
            return self.fault(f"the sale is not there: {status} {sale}")
        item = sale["items"][0]
        with self.lock:
            self.answers += 1
            if item["available"] + item["held"] + item["sold"] != item["total"] or item["available"] < 0:
                self.faults.append(f"conservation broken: {item}")
            if item["sold"] < self.sold:
                self.faults.append(f"{self.sold} units were sold, and now {item['sold']}")
            self.sold = max(self.sold, item["sold"])

    def known(self, rng, most):
        with self.lock:
            orders = list(self.orders.values())
        return rng.sample(orders, min(len(orders), most))

    def saw_refusal(self, problem, press):
        with self.lock:
            self.answers += 1
            if "arrival" in problem:
                self._number(problem["arrival"], press)

    def _number(self, arrival, owner):
        if self.arrivals.setdefault(arrival, owner) != owner:
            self.faults.append(f"arrival {arrival} was given to {self.arrivals[arrival]} and {owner}")


def one_press(client, memory, rng, press):
    buyer, key = f"b-{press}", f"k-{press}"
    status, _, answer = client.buy(SALE, buyer, key, quantity=rng.choice((1, 1, 1, 2)))
    if status not in (201, 202):
        if status not in (409, 503):
            memory.fault(f"unexpected {status} {answer}")
        memory.saw_refusal(answer, f"press {press}")
        return
    memory.saw_order(answer, None, key)
    order = answer["id"]
    before = memory.of(order)
    choice = rng.random()
    if choice < 0.5 and status == 201:
        token = "tok_fail" if rng.random() < 0.3 else "tok_ok"
        status, _, answer = client.call("POST", f"/v1/orders/{order}/payment", {"token": token}, buyer=buyer)
    elif choice < 0.6:
        status, _, answer = client.call("DELETE", f"/v1/orders/{order}", buyer=buyer)
    elif choice < 0.8:
        status, _, answer = client.buy(SALE, buyer, key)  # a retry, perhaps with other items: 422
    else:
        status, _, answer = client.call("GET", f"/v1/orders/{order}", buyer=buyer)
    if status in (200, 201, 202):
        memory.saw_order(answer, before)


def press_until_cut(server, memory, seed, counter):
    rng = random.Random(seed)
    client = dibs.Client(server, timeout=10)
    try:
        while True:
            with memory.lock:
                counter[0] += 1
                press = counter[0]
            one_press(client, memory, rng, press)
    except (OSError, http.client.HTTPException, ValueError):
        pass  # the server is gone: what was not answered is not known, and nothing is claimed of it
    finally:
        client.close()


def look(client, memory, order):
    before = memory.of(order["id"])
    status, _, answer = client.call("GET", f"/v1/orders/{order['id']}", buyer=order["buyer"])
    if status == 200:
        memory.saw_order(answer, before)
    else:
        memory.fault(f"acknowledged order {order['id']} is lost: {status} {answer}")


def look_at_sale(client, memory):
    status, _, sale = client.call("GET", f"/v1/sales/{SALE}")
    memory.saw_sale(status, sale)


def read_until_cut(server, memory, seed):
    """Only looks: what it sees must be as durable as what a buyer was answered."""
    rng = random.Random(seed)
    client = dibs.Client(server, timeout=10)
    try:
        while True:
            look_at_sale(client, memory)
            for order in memory.known(rng, 20):
                look(client, memory, order)
            time.sleep(0.001)
    except (OSError, http.client.HTTPException, ValueError):
        pass
    finally:
        client.close()


def check_memory(client, memory, rng):
    with memory.lock:
        latest = [memory.orders[order] for order in dict.fromkeys(memory.latest)]
    for order in latest + memory.known(rng, 100):
        look(client, memory, order)
    with memory.lock:
        keys = list(memory.by_key.items())
    for (buyer, key), order in rng.sample(keys, min(len(keys), 50)):
        quantity = memory.orders[order]["items"][0]["quantity"]
        status, headers, answer = client.buy(SALE, buyer, key, quantity=quantity)
        if answer.get("id") != order or headers.get("Idempotency-Replayed") != "true":
            memory.fault(f"retry of {key} gave {status} {answer}, not {order}")
    look_at_sale(client, memory)


def cycle(server, memory, rng, counter):
    server.start()
    client = dibs.Client(server)
    check_memory(client, memory, rng)
    if rng.random() < 0.5:
        status, _, answer = client.call("POST", f"/v1/sales/{SALE}/stock", {"sku": "floor", "delta": 40},
                                   {"Idempotency-Key": f"r-{counter[0]}"}, operator=True)
        if status != 200:
            memory.fault(f"restock: {status} {answer}")
    client.close()
    threads = [threading.Thread(target=press_until_cut,
                                args=(server, memory, rng.random(), counter)) for _ in range(THREADS)]
    threads.append(threading.Thread(target=read_until_cut, args=(server, memory, rng.random())))
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0.01, 0.35))
    server.kill()
    for thread in threads:
        thread.join()


def make_sale(server):
    with server:
        client = dibs.Client(server)
        status, _, answer = client.put_sale(
            SALE, hold_seconds=1, promotion_seconds=1, limit_per_buyer=2, line_limit=100,
            items=[{"sku": "floor", "title": "Floor", "price": 100, "stock": STOCK}])
        assert status == 201, answer


def check_everything(server, memory):
    with server:
        client = dibs.Client(server)
        for order in list(memory.orders.values()):
            look(client, memory, order)
        server.stop()
    audit = dibs.run("audit", "--data", server.data)
    if audit.returncode != 0:
        memory.fault(f"audit: {audit.stdout}{audit.stderr}")


def kills(cycles, seed, progress=lambda memory, done: None):
    """`cycles` kills on one fresh data directory. Gives what the clients remember, faults among it."""
    rng = random.Random(seed)
    memory, counter = Memory(), [0]
    with tempfile.TemporaryDirectory() as directory:
        server = dibs.Server(pathlib.Path(directory) / "data")
        make_sale(server)
        try:
            for done in range(cycles):
                cycle(server, memory, rng, counter)
                if memory.faults:
                    break
                progress(memory, done + 1)
        finally:
            server.kill()
        check_everything(server, memory)
    return memory


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print(f"kill -9: {cycles} cycles, seed {seed}", flush=True)

    def progress(memory, done):
        if done % 10 == 0:
            print(f"  {done} kills, {len(memory.orders)} orders, {memory.answers} answers", flush=True)

    memory = kills(cycles, seed, progress)
    for fault in memory.faults[:20]:
        print(f"  FAULT {fault}")
    print(f"kill -9: {len(memory.orders)} acknowledged orders, {len(memory.arrivals)} arrival numbers, "
          f"{memory.answers} answers, {len(memory.faults)} faults")
    return 1 if memory.faults else 0


if __name__ == "__main__":
    sys.exit(main())
