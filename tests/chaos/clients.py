#!/usr/bin/env python3
"""The buyers, the shop and the operator of one sale, in a process of their own: they press, press again with the same key,
pay, look, leave, let holds end, and write down every call with the moments at which it was begun and ended.

    clients.py SETTINGS_JSON      {"ports": […], "sale", "skus": […], "seed", "buyers", "history": FILE, "pay": "provider"|"shop"}

A line `settle` on its input means that the faults are over: everybody asks again, with the same key, for what
was never answered; then the process ends with 0. 1: something was not answered in time."""

import http.client
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import dibs  # noqa: E402

SECONDS_TO_SETTLE = 60
# Shorter than some of the faults: so calls are begun whose answer nobody waits for.
PATIENCE = 4
TOKENS = ["tok_ok"] * 6 + ["tok_fail", "tok_late", "tok_capture_fail", "tok_random"]
FINAL = ("paid", "released", "sold_out", "closed")


class Notebook:
    """The history. Any thread."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.count = 0

    def number(self):
        with self.lock:
            self.count += 1
            return self.count

    def write(self, entry):
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")

    def close(self):
        with self.lock:
            self.file.close()


class Caller:
    """One person's connections, one to each server."""

    def __init__(self, settings, notebook, draw):
        self.settings, self.notebook, self.draw = settings, notebook, draw
        self.sale = settings["sale"]
        self.links = {}
        self.settling = threading.Event()
        self.unsettled = []

    def call(self, what, method, path, body=None, key=None, buyer=None, who="buyer", **noted):
        """(status, answer, replayed), or None where there was no answer or nobody knows the outcome."""
        server = self.draw.randrange(len(self.settings["ports"]))
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        if buyer:
            headers["Dibs-Buyer"] = buyer
        if who == "operator":
            headers["Authorization"] = f"Bearer {dibs.OPERATOR_TOKEN}"
        if who == "shop":
            headers["Authorization"] = f"Bearer {dibs.SHOP_KEY}"
        entry = {"n": self.notebook.number(), "call": what, "server": server, "buyer": buyer, "key": key, **noted,
                 "status": None, "answer": None, "completed": None, "invoked": time.monotonic_ns()}
        try:
            link = self.links.get(server) or http.client.HTTPConnection("127.0.0.1", self.settings["ports"][server], timeout=PATIENCE)
            self.links[server] = link
            link.request(method, path, body=json.dumps(body) if body is not None else "" if method == "POST" else None, headers=headers)
            response = link.getresponse()
            answer = json.loads(response.read())
            code = answer.get("code")
            entry["status"] = response.status
            if code != "unknown_outcome":
                entry["completed"] = time.monotonic_ns()
                entry["answer"] = answer
                entry["replayed"] = response.headers.get("Idempotency-Replayed") == "true"
        except (OSError, http.client.HTTPException, ValueError):
            link = self.links.pop(server, None)
            if link:
                link.close()
        self.notebook.write(entry)
        return None if entry["completed"] is None else (entry["status"], entry["answer"], entry["replayed"])

    def until_known(self, what, *arguments, **more):
        """Again and again with the same words, until the outcome is known."""
        end = None
        while True:
            answer = self.call(what, *arguments, **more)
            if answer and answer[0] != 503:
                return answer
            if self.settling.is_set() and end is None:
                end = time.monotonic() + SECONDS_TO_SETTLE
            if end and time.monotonic() > end:
                self.unsettled.append(f"{what} {more}: {answer}")
                return None
            time.sleep(self.draw.uniform(0.02, 0.2))


class Person(Caller):
    """Buyers, one after another, each with a name of its own and two presses at most."""

    def __init__(self, settings, notebook, number):
        super().__init__(settings, notebook, random.Random(settings["seed"] * 1000 + number))
        self.number = number

    def run(self):
        count = 0
        while not self.settling.is_set():
            count += 1
            self.live(f"b{self.number}-{count}")

    def items(self):
        skus = self.settings["skus"]
        wanted = skus if self.draw.random() < 0.1 else [self.draw.choice(skus)]
        return {sku: self.draw.choice((1, 1, 2)) for sku in wanted}

    def press(self, buyer, key, items):
        body = {"items": [{"sku": sku, "quantity": count} for sku, count in items.items()]}
        return self.until_known("buy", "POST", f"/v1/sales/{self.sale}/orders", body, key=key, buyer=buyer, items=items)

    def live(self, buyer):
        items = self.items()
        answer = self.press(buyer, "k", items)
        if self.draw.random() < 0.3:
            self.call("sale", "GET", f"/v1/sales/{self.sale}")
        if not answer or answer[0] not in (201, 202):
            time.sleep(self.draw.uniform(0, 0.1))
            return
        if self.draw.random() < 0.2:
            again = self.press(buyer, "k", items)
            answer = again if again and again[0] in (201, 202) else answer
        if self.draw.random() < 0.1:
            self.press(buyer, "k", {sku: count + 1 for sku, count in items.items()})
        if self.draw.random() < 0.2:
            self.press(buyer, "k2", self.items())
        self.decide(buyer, answer[1])

    def decide(self, buyer, order):
        mood = self.draw.random()
        patience = time.monotonic() + self.draw.uniform(0.3, 4)
        while order["state"] not in FINAL and time.monotonic() < patience and not self.settling.is_set():
            if order["state"] == "held" and mood < 0.55:
                self.pay(buyer, order["id"])
            if mood > 0.8:
                self.on_order("cancel", "DELETE", buyer, order["id"])
            time.sleep(self.draw.uniform(0.02, 0.25))
            order = self.look(buyer, order)

    def look(self, buyer, order):
        answer = self.call("look", "GET", f"/v1/orders/{order['id']}", buyer=buyer, order=order["id"])
        return answer[1] if answer and answer[0] == 200 else order

    def pay(self, buyer, order):
        if self.settings["pay"] == "provider":
            self.call("pay", "POST", f"/v1/orders/{order}/payment", {"token": self.draw.choice(TOKENS)}, buyer=buyer, order=order)
            return
        if self.on_order("begin", "POST", None, order, "/begin"):
            end = "confirm" if self.draw.random() < 0.7 else "release"
            self.on_order(end, "POST", None, order, "/" + end, {"reason": "payment_failed"} if end == "release" else None)

    def on_order(self, what, method, buyer, order, path="", body=None):
        answer = self.call(what, method, f"/v1/orders/{order}{path}", body, buyer=buyer, order=order,
                           who="buyer" if buyer else "shop")
        return answer and answer[0] in (200, 202)


class Operator(Caller):
    """Adds units, pauses now and then, and looks."""

    def __init__(self, settings, notebook):
        super().__init__(settings, notebook, random.Random(settings["seed"] * 1000 + 999))

    def run(self):
        count = 0
        while not self.settling.wait(self.draw.uniform(0.3, 1.0)):
            count += 1
            sku, delta = self.draw.choice(self.settings["skus"]), self.draw.randrange(1, 6)
            self.until_known("restock", "POST", f"/v1/sales/{self.sale}/stock", {"sku": sku, "delta": delta}, key=f"r{count}",
                             who="operator", items={sku: delta})
            self.call("sale", "GET", f"/v1/sales/{self.sale}", who="operator")
            if self.draw.random() < 0.1:
                self.until_known("pause", "POST", f"/v1/sales/{self.sale}/pause", who="operator")
                time.sleep(self.draw.uniform(0, 0.5))
                self.until_known("resume", "POST", f"/v1/sales/{self.sale}/resume", who="operator")


def main():
    settings = json.loads(sys.argv[1])
    notebook = Notebook(settings["history"])
    people = [Person(settings, notebook, number) for number in range(settings["buyers"])] + [Operator(settings, notebook)]
    threads = [threading.Thread(target=person.run, daemon=True) for person in people]
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    for person in people:
        person.settling.set()
    for thread in threads:
        thread.join(timeout=SECONDS_TO_SETTLE + 30)
    notebook.close()
    stuck = [what for person in people for what in person.unsettled]
    stuck += ["a call that never ended" for thread in threads if thread.is_alive()]
    for what in stuck:
        print(what)
    return 1 if stuck else 0


if __name__ == "__main__":
    sys.exit(main())
