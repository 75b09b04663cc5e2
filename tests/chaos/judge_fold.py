"""The state of a sale as its events make it, written from the law (docs/ARCHITECTURE.md, API, formats/events.md) and
not from the server's rules, with what every single event must not do."""

import bisect
import collections

LIVE = ("waiting", "held", "paying", "paid")
HOLDS = ("held", "paying")


class Order:
    def __init__(self, event):
        self.id, self.arrival, self.seq = event["order"], event["arrival"], event["seq"]
        self.buyer, self.key, self.items = event["buyer"], event.get("key") or "", event["items"]
        self.amount = event["amount"]
        self.versions = []  # (seq, state, money, reason)
        self.expires = None
        self.waited = None  # (from seq, until seq), the latter None while it waits

    @property
    def state(self):
        return self.versions[-1][1]

    @property
    def money(self):
        return self.versions[-1][2]

    def version_at(self, seq):
        """The version that counts at `seq`; None before the order was there."""
        index = bisect.bisect_right(self.versions, seq, key=lambda version: version[0]) - 1
        return self.versions[index] if index >= 0 else None

    def next_change(self, seq):
        """The first event after `seq` that changes it; endless when there is none."""
        index = bisect.bisect_right(self.versions, seq, key=lambda version: version[0])
        return self.versions[index][0] if index < len(self.versions) else float("inf")


class Item:
    def __init__(self, stock):
        self.total = self.available = stock
        self.held = self.sold = 0
        self.line = []  # arrivals
        self.shut = False

    def figures(self):
        return (self.total, self.available, self.held, self.sold, len(self.line), self.shut)


class Fold:
    """`faults`: what broke a law. `states[seq]`: (state of the sale, {sku: figures}, waiting) right after that event."""

    def __init__(self, events):
        self.faults = []
        self.orders, self.by_arrival, self.by_key = {}, {}, {}
        self.items, self.state = {}, "scheduled"
        self.paused = self.closed = False
        self.limit = self.line_limit = 0
        self.states = [None]
        self.restocks = collections.Counter()
        self.live = collections.defaultdict(list)  # buyer -> [(seq, units)]
        self.last_at, self.last_arrival, self.waiting = None, 0, 0
        for event in events:
            self.take(event)
        self.check_heads(len(self.states) - 1, "at the end")

    def fault(self, law, seq, what):
        self.faults.append(f"{law}: event {seq}: {what}")

    def take(self, event):
        seq = event["seq"]
        if seq != len(self.states):
            self.fault("gap", seq, f"follows {len(self.states) - 1}")
        if self.last_at is not None and event["at"] < self.last_at - 1:
            self.fault("time", seq, f"at {event['at']}, after {self.last_at}")
        self.last_at = event["at"]
        self.now = len(self.states)
        handler = getattr(self, "on_" + event["kind"], None)
        if handler:
            handler(event)
        for sku, item in self.items.items():
            if item.available + item.held + item.sold != item.total:
                self.fault("conservation", seq, f"{sku}: {item.figures()}")
            if min(item.available, item.held, item.sold) < 0:
                self.fault("oversold", seq, f"{sku}: {item.figures()}")
        self.state = "closed" if self.closed else "paused" if self.paused else self.opened_state()
        self.states.append((self.state, {sku: item.figures() for sku, item in self.items.items()}, self.waiting))

    opened = False

    def opened_state(self):
        return "open" if self.opened else "scheduled"

    # What happens to the sale.

    def on_created(self, event):
        self.items = {item["sku"]: Item(item["stock"]) for item in event["items"]}
        self.limit = event["limit_per_buyer"]
        line_limit = event.get("line_limit")
        stock = sum(item["stock"] for item in event["items"])
        self.line_limit = min(max(1000, 10 * stock), 1_000_000) if line_limit is None else line_limit

    def on_opened(self, _):
        self.opened = True

    def on_paused(self, _):
        self.paused = True

    def on_resumed(self, event):
        if event["shift"] < 0:
            self.fault("clock", event["seq"], "deadlines moved back")
        if not event["restart"]:
            self.paused = False
        for order in self.orders.values():
            if order.state in HOLDS and order.expires is not None:
                order.expires += event["shift"]

    def on_closed(self, _):
        self.closed = True

    def on_stock_changed(self, event):
        self.items[event["sku"]].total += event["delta"]
        self.items[event["sku"]].available += event["delta"]
        if event.get("key"):
            self.restocks[event["key"]] += 1
            if self.restocks[event["key"]] > 1:
                self.fault("key twice", event["seq"], f"restock {event['key']}")

    def on_line_ended(self, event):
        state = "closed" if event["by_close"] else "sold_out"
        item = self.items[event["sku"]]
        if not event["by_close"] and item.available > 0 and item.available >= min(
                (self.by_arrival[a].items[event["sku"]] for a in item.line if a <= event["upto"]), default=0):
            self.fault("line", event["seq"], f"ended though {item.available} are free")
        for arrival in [a for a in item.line if a <= event["upto"]]:
            order = self.by_arrival[arrival]
            self.leave_line(order)
            self.change(order, state, order.money, "")

    def on_line_shut(self, event):
        self.items[event["sku"]].shut = True

    def on_line_reopened(self, event):
        item = self.items[event["sku"]]
        if item.line:
            self.fault("line", event["seq"], "reopened while somebody waits")
        item.shut = False

    # What happens to an order.

    def on_accepted(self, event):
        seq = event["seq"]
        if event["order"] in self.orders:
            self.fault("order twice", seq, event["order"])
            return
        order = Order(event)
        if not self.opened or self.paused or self.closed:
            self.fault("closed", seq, f"accepted while {self.state}")
        if order.arrival <= self.last_arrival:
            self.fault("arrival", seq, f"{order.arrival} after {self.last_arrival}")
        self.last_arrival = max(self.last_arrival, order.arrival)
        if order.key:
            if (order.buyer, order.key) in self.by_key:
                self.fault("key twice", seq, f"buyer {order.buyer}, key {order.key}")
            self.by_key[order.buyer, order.key] = order
        units = sum(order.items.values())
        if self.units_of(order.buyer) + units > self.limit:
            self.fault("limit", seq, f"buyer {order.buyer} has {self.units_of(order.buyer)}, and {units} more")
        self.check_heads(seq, "and a newcomer came")
        self.orders[order.id] = self.by_arrival[order.arrival] = order
        free = all(self.items[sku].available >= n and not self.items[sku].line for sku, n in order.items.items())
        shut = any(self.items[sku].shut for sku in order.items)
        if event["state"] == "waiting":
            if free:
                self.fault("line", seq, "waits though it could be served")
            if shut or self.waiting >= self.line_limit:
                self.fault("overtaken", seq, "let into a line that has refused somebody, or is full")
            for sku in order.items:
                self.items[sku].line.append(order.arrival)
            order.waited = (self.now, None)
            self.waiting += 1
        else:
            if any(self.items[sku].line for sku in order.items):
                self.fault("overtaken", seq, f"arrival {order.arrival} was served before those who wait")
            if shut:
                self.fault("overtaken", seq, f"arrival {order.arrival} was served while the line is shut")
            self.take_units(order, event["state"])
        order.expires = event.get("expires")
        self.change(order, event["state"], "none", "")

    def on_promoted(self, event):
        order = self.order_of(event, ("waiting",))
        if not order:
            return
        for sku in order.items:
            if self.items[sku].line[:1] != [order.arrival]:
                self.fault("overtaken", event["seq"], f"arrival {order.arrival} is not at the head of {sku}")
        self.leave_line(order)
        self.take_units(order, event["state"])
        order.expires = event.get("expires")
        self.change(order, event["state"], order.money, "")

    def on_paying(self, event):
        order = self.order_of(event, ("held",))
        if order:
            if event["expires"] < order.expires - 1:
                self.fault("deadline", event["seq"], "the payment made the hold shorter")
            order.expires = event["expires"]
            self.change(order, "paying", order.money, "")

    def on_declined(self, event):
        order = self.order_of(event, ("paying",))
        if order:
            self.change(order, "held", order.money, "")

    def on_paid(self, event):
        order = self.order_of(event, ("released", "closed", "sold_out") if event["late"] else HOLDS)
        if not order:
            return
        for sku, count in order.items.items():
            item = self.items[sku]
            if event["late"]:
                item.available -= count
                if item.line:
                    self.fault("overtaken", event["seq"], "a late payment took units that somebody waits for")
            else:
                item.held -= count
            item.sold += count
        self.change(order, "paid", event["money"], "")
        if event["late"] and self.units_of(order.buyer) > self.limit:
            self.fault("limit", event["seq"], "a late payment went beyond the limit")

    def on_money_moved(self, event):
        order = self.order_of(event, None)
        if order:
            legal = {"captured": ("authorised",), "void": ("authorised", "none"), "refunded": ("refund_due",)}
            if order.money not in legal[event["money"]]:
                self.fault("money", event["seq"], f"{order.money} became {event['money']}")
            self.change(order, order.state, event["money"], None)

    def on_refund_due(self, event):
        order = self.order_of(event, None)
        if order:
            self.change(order, order.state, "refund_due", None)

    def on_released(self, event):
        order = self.order_of(event, ("waiting", "held", "paying", "paid"))
        if not order:
            return
        if event["reason"] == "expired" and (order.expires is None or event["at"] < order.expires - 1):
            self.fault("deadline", event["seq"], f"ended at {event['at']}, {order.expires} was promised")
        if order.state == "waiting":
            self.leave_line(order)
        for sku, count in order.items.items():
            if order.state in HOLDS:
                self.items[sku].held -= count
                self.items[sku].available += count
            elif order.state == "paid":
                self.items[sku].sold -= count
                self.items[sku].available += count
        self.change(order, "released", event["money"], event["reason"])

    def on_ended_sold_out(self, event):
        order = self.order_of(event, ("waiting",))
        if not order:
            return
        if all(count <= self.items[sku].total - self.items[sku].sold for sku, count in order.items.items()):
            self.fault("line", event["seq"], "ended though it can be served")
        self.leave_line(order)
        self.change(order, "sold_out", order.money, "")

    # Small things.

    def order_of(self, event, states):
        order = self.orders.get(event["order"])
        if order is None:
            self.fault("unknown order", event["seq"], event["order"])
        elif states is not None and order.state not in states:
            self.fault("resolved twice", event["seq"], f"{event['kind']} of {order.id}, which is {order.state}")
        else:
            return order
        return None

    def change(self, order, state, money, reason):
        if reason is None:
            reason = order.versions[-1][3]
        order.versions.append((self.now, state, money, reason))
        units = sum(one_units for one_units in self.live_units(order.buyer))
        self.live[order.buyer].append((self.now, units))

    def live_units(self, buyer):
        return (sum(order.items.values()) for order in self.orders_of(buyer) if order.state in LIVE)

    def orders_of(self, buyer):
        return (order for order in self.orders.values() if order.buyer == buyer)

    def units_of(self, buyer):
        return self.live[buyer][-1][1] if self.live[buyer] else 0

    def units_at(self, buyer, seq):
        past = [units for at, units in self.live.get(buyer, ()) if at <= seq]
        return past[-1] if past else 0

    def take_units(self, order, state):
        for sku, count in order.items.items():
            self.items[sku].available -= count
            if state == "paid":
                self.items[sku].sold += count
            else:
                self.items[sku].held += count

    def leave_line(self, order):
        for sku in order.items:
            if order.arrival in self.items[sku].line:
                self.items[sku].line.remove(order.arrival)
        order.waited = (order.waited[0], self.now)
        self.waiting -= 1

    def check_heads(self, seq, when):
        """Nobody may stand at the head of all of its lines with units enough for it: it was to be promoted."""
        for item in self.items.values():
            if item.line:
                order = self.by_arrival[item.line[0]]
                if all(self.items[sku].line[0] == order.arrival and self.items[sku].available >= count
                       for sku, count in order.items.items()):
                    self.fault("not promoted", seq, f"arrival {order.arrival} could be served, {when}")

    def position_at(self, order, seq):
        """1 at the head, in the worst of its lines."""
        worst = 1
        for sku in order.items:
            before = sum(1 for other in self.orders.values()
                         if other.arrival < order.arrival and sku in other.items and other.waited
                         and other.waited[0] <= seq and (other.waited[1] is None or seq < other.waited[1]))
            worst = max(worst, before + 1)
        return worst
