#!/usr/bin/env python3
"""The judge on one small sale, written by hand: as it is, the judge finds nothing; with each lie that is planted in it, the judge
must name the law that it breaks."""

import copy
import datetime
import unittest

from judge import judge

SALE, HOLD = "s", 10_000


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def oid(buyer):
    return f"ord_{buyer}.{SALE}"


class Story:
    """A sale of two units, a line of two, two units a buyer; calls one after another, but where it says otherwise."""

    def __init__(self):
        self.calls, self.events, self.refusals, self.orders = [], [], [], {}
        self.clock = 0
        self.event("created", items=[{"sku": "floor", "stock": 2}], limit_per_buyer=2, line_limit=2)
        self.event("opened")

    def event(self, kind, **more):
        self.events.append({"seq": len(self.events) + 1, "at": 1_000_000 + 100 * len(self.events), "kind": kind, **more})
        return self.events[-1]

    def call(self, what, status, answer, **more):
        self.clock += 10
        self.calls.append({"n": len(self.calls) + 1, "call": what, "server": 0, "buyer": None, "key": None, "replayed": False,
                           "invoked": self.clock, "completed": self.clock + 5, "status": status, "answer": answer, **more})
        return self.calls[-1]

    def on_order(self, kind, buyer, **more):
        """An event of the order, and what it comes to be."""
        event = self.event(kind, order=oid(buyer), arrival=self.orders[buyer]["arrival"], **more)
        self.orders[buyer]["seq"] = event["seq"]
        self.orders[buyer].pop("expires_at", None)
        if event.get("expires"):
            self.orders[buyer]["expires_at"] = iso(event["expires"])
        if kind in ("released", "paying", "paid", "promoted"):
            self.orders[buyer]["state"] = {"promoted": "held"}.get(kind, kind)
        for fact in ("money", "reason"):
            if fact in more:
                self.orders[buyer][fact] = more[fact]
        return event

    def accept(self, buyer, arrival, state, **more):
        held = {"expires": 1_000_000 + 100 * len(self.events) + HOLD} if state == "held" else {}
        event = self.event("accepted", order=oid(buyer), arrival=arrival, buyer=buyer, key="k", items={"floor": 1}, amount=100,
                           state=state, **held)
        self.orders[buyer] = {"id": oid(buyer), "sale": SALE, "buyer": buyer, "state": state, "money": "none", "arrival": arrival,
                              "seq": event["seq"], "items": [{"sku": "floor", "quantity": 1, "price": 100}], "amount": 100, **more}
        if held:
            self.orders[buyer]["expires_at"] = iso(event["expires"])

    def buy(self, buyer, status, answer=None, **more):
        return self.call("buy", status, answer or copy.deepcopy(self.orders[buyer]),
                         **{"buyer": buyer, "key": "k", "items": {"floor": 1}, **more})

    def look(self, buyer):
        return self.call("look", 200, copy.deepcopy(self.orders[buyer]), buyer=buyer, order=oid(buyer))

    def sale(self, what, total, available, held, sold, waiting, **more):
        return self.call(what, 200, {"id": SALE, "seq": len(self.events), "state": "open", "sold_out": False, "waiting": waiting,
                                     "items": [{"sku": "floor", "total": total, "available": available, "held": held, "sold": sold,
                                                "waiting": waiting}]}, **more)


def story():
    s = Story()
    s.accept("a", 1, "held")
    s.a_buys = s.buy("a", 201)
    s.accept("b", 2, "held")
    s.b_buys = s.buy("b", 201)
    s.accept("c", 3, "waiting", place=1, position=1)
    s.c_buys = s.buy("c", 202)
    s.accept("d", 4, "waiting", place=2, position=2)
    s.d_buys = s.buy("d", 202)
    s.event("line_shut", sku="floor", refused=5)
    s.refusals.append({"arrival": 5, "buyer": "e", "code": "sold_out"})
    s.e_buys = s.buy("e", 409, {"code": "sold_out", "arrival": 5})
    s.sale_seen = s.sale("sale", 2, 0, 2, 0, 2)
    s.on_order("paying", "a", attempt=1, expires=1_000_000 + 900 + HOLD)
    s.call("pay", 202, copy.deepcopy(s.orders["a"]), buyer="a", order=oid("a"))
    s.on_order("paid", "a", money="authorised", late=False)
    s.on_order("money_moved", "a", money="captured")
    s.look("a")
    s.cancelled = s.on_order("released", "b", reason="cancelled", money="none")
    s.b_cancels = s.call("cancel", 200, copy.deepcopy(s.orders["b"]), buyer="b", order=oid("b"))
    for buyer in "cd":
        s.orders[buyer].pop("place"), s.orders[buyer].pop("position")
    s.promoted = s.on_order("promoted", "c", state="held", expires=1_001_200 + HOLD)
    s.look("c")
    s.buy("a", 201, replayed=True)
    s.restocked = s.event("stock_changed", sku="floor", delta=1, key="r1")
    s.on_order("promoted", "d", state="held", expires=1_001_300 + HOLD)
    s.restock = s.sale("restock", 3, 0, 2, 1, 0, key="r1", items={"floor": 1})
    s.d_looks = s.look("d")
    s.on_order("paying", "c", attempt=1, expires=1_001_500 + HOLD)
    s.call("pay", 202, copy.deepcopy(s.orders["c"]), buyer="c", order=oid("c"))
    s.on_order("released", "c", reason="payment_failed", money="none")
    s.event("line_reopened", sku="floor")
    s.accept("f", 6, "held")
    s.f_buys = s.buy("f", 201)
    # g's answer is lost; it asks again.
    s.g_asks = s.call("buy", None, None, buyer="g", key="k", items={"floor": 1}, completed=None)
    s.expired = s.on_order("released", "d", reason="expired", money="none")
    s.expired["at"] = 1_001_300 + HOLD
    s.accept("g", 7, "held")
    s.events[-1].update(at=s.expired["at"] + 1, expires=s.expired["at"] + HOLD)
    s.orders["g"]["expires_at"] = iso(s.expired["at"] + HOLD)
    s.g_again = s.buy("g", 201, replayed=True)
    s.f_limit = s.buy("f", 409, {"code": "limit_reached", "arrival": 8}, key="k2", items={"floor": 2})
    s.last_sale = s.sale("sale", 3, 0, 2, 1, 0)
    s.final = {"sale": copy.deepcopy(s.last_sale["answer"]), "orders": [copy.deepcopy(order) for order in s.orders.values()],
               "arrivals": [{"arrival": order["arrival"], "buyer": buyer, "code": "ok"} for buyer, order in s.orders.items()]
               + [{"arrival": 5, "buyer": "e", "code": "sold_out"}, {"arrival": 8, "buyer": "f", "code": "limit_reached"}],
               "ledger": {"orders": [{"order_id": o["id"], "arrival": o["arrival"], "buyer": o["buyer"], "state": o["state"],
                                      "money": o["money"], "seq": o["seq"]} for o in s.orders.values()],
                          "items": [{"sku": "floor", "total": "3", "available": "0", "held": "2", "sold": "1"}]},
               "provider": [{"id": "pi_1", "order": oid("a"), "amount": 100, "status": "captured"},
                            {"id": "pi_2", "order": oid("c"), "amount": 100, "status": "declined"}],
               "kafka": [{"seq": e["seq"], "previous": f"h{e['seq'] - 1}" if e["seq"] > 1 else "0" * 64, "hash": f"h{e['seq']}",
                          "data": {"order": e.get("order"), "arrival": e.get("arrival")}} for e in s.events]}
    return s


def renumber(s):
    for number, event in enumerate(s.events):
        event["seq"] = number + 1


# What is planted: by the law that must name it.

def two_orders_swapped(s):
    first, second = s.events[2], s.events[3]
    s.events[2:4] = [second, first]
    renumber(s)
    s.a_buys["answer"]["seq"], s.b_buys["answer"]["seq"] = 4, 3


def an_order_is_gone(s):
    s.events.pop()


def one_unit_too_many(s):
    s.accept("x", 9, "held")
    s.buy("x", 201)


def an_order_as_it_was(s):
    s.d_looks["answer"] = copy.deepcopy(s.d_buys["answer"])


def a_sale_as_it_was(s):
    s.last_sale["answer"] = copy.deepcopy(s.sale_seen["answer"])


def the_second_is_promoted_first(s):
    s.promoted.update(order=oid("d"), arrival=4)


def a_newcomer_passes_the_line(s):
    s.promoted.update(kind="accepted", order=oid("x"), arrival=9, buyer="x", key="k", items={"floor": 1}, amount=100, state="held")


def a_shut_line_lets_somebody_in(s):
    s.events.insert(7, dict(s.events[5], order=oid("x"), arrival=6, buyer="x", seq=8))
    renumber(s)


def nobody_is_promoted(s):
    del s.events[s.events.index(s.promoted):]


def one_key_two_orders(s):
    event = s.accept("g2", 9, "waiting")
    s.events[-1].update(buyer="g", order=oid("g2"))
    return event


def a_replay_says_that_it_is_new(s):
    s.buy("g", 201)
    s.g_again["replayed"] = False


def a_restock_twice(s):
    s.event("stock_changed", sku="floor", delta=1, key="r1", at=s.events[-1]["at"])
    s.events[-1]["at"] = s.events[-2]["at"]


def too_many_for_one_buyer(s):
    for event in s.events:
        if event["kind"] == "accepted" and event["buyer"] == "f":
            event["items"] = {"floor": 3}


def arrivals_against_time(s):
    s.e_buys["answer"]["arrival"] = 2
    s.refusals[0]["arrival"] = 2


def a_refusal_numbered_before_its_time(s):
    s.f_limit["answer"]["arrival"] = 3


def one_arrival_for_two(s):
    s.f_limit["answer"]["arrival"] = 7


def a_hold_ends_early(s):
    s.expired["at"] -= 1000


def a_deadline_comes_nearer(s):
    s.look("g")["answer"]["expires_at"] = iso(1_000_000)


def sold_out_with_a_unit_free(s):
    """Between the first order and the second."""
    s.e_buys["answer"]["arrival"] = 1.5
    s.e_buys.update(invoked=s.a_buys["completed"] + 1, completed=s.a_buys["completed"] + 2)


def a_refusal_for_no_reason(s):
    s.f_limit["items"] = {"floor": 1}


def a_hold_ends_twice(s):
    s.event("released", order=oid("d"), arrival=4, reason="expired", money="none")
    s.events[-1]["at"] = s.events[-2]["at"]


def a_gap(s):
    for event in s.events[10:]:
        event["seq"] += 1


def stock_below_what_is_sold(s):
    s.restocked["delta"] = -2


def nobody_asked_to_cancel(s):
    s.calls.remove(s.b_cancels)


def anothers_order_is_rolled_back(s):
    for event in s.events:
        if event.get("reason") == "payment_failed":
            event.update(order=oid("d"), arrival=4)


def nobody_pressed(s):
    s.calls = [call for call in s.calls if call["buyer"] != "g"]


def done_before_it_was_asked_for(s):
    """The order of g is in what somebody was shown before g began."""
    s.last_sale.update(invoked=s.f_buys["completed"] + 1, completed=s.f_buys["completed"] + 2)


def a_wrong_position(s):
    s.d_buys["answer"]["position"] = 1


def a_wrong_place(s):
    s.d_buys["answer"]["place"] = 1


def refused_and_done(s):
    for call in (s.g_asks, s.g_again):
        call.update(completed=call["invoked"] + 1, status=503, answer={"code": "overloaded"}, replayed=False)


def shown_and_undone(s):
    s.f_buys["answer"]["seq"] = 40


def figures_that_never_were(s):
    s.sale_seen["answer"]["items"][0].update(available=1, held=1)


def a_state_that_never_was(s):
    s.d_looks["answer"]["state"] = "paid"


def somebody_elses_order(s):
    s.f_buys["answer"]["buyer"] = "g"


def not_known_any_more(s):
    s.call("look", 404, {"code": "unknown_order"}, buyer="a", order=oid("a"))


def a_cancel_refused_while_held(s):
    s.call("cancel", 409, {"code": "wrong_state"}, buyer="f", order=oid("f"))


def the_list_differs(s):
    s.final["orders"].pop()


def an_arrival_is_not_recorded(s):
    s.final["arrivals"].pop(0)


def an_arrival_recorded_otherwise(s):
    s.final["arrivals"][-1]["code"] = "sold_out"


def the_ledger_lags(s):
    s.final["ledger"]["orders"][0]["state"] = "paying"


def the_ledgers_stock_is_off(s):
    s.final["ledger"]["items"][0]["sold"] = "2"


def money_taken_twice(s):
    s.final["provider"].append(dict(s.final["provider"][0], id="pi_3"))


def money_kept_reserved(s):
    s.final["provider"][1]["status"] = "requires_capture"


def kafka_lacks_an_event(s):
    s.final["kafka"].pop(5)


PLANTED = {
    two_orders_swapped: "in the past", an_order_is_gone: "acknowledgement lost", one_unit_too_many: "oversold",
    an_order_as_it_was: "stale", a_sale_as_it_was: "stale", the_second_is_promoted_first: "overtaken",
    a_newcomer_passes_the_line: "overtaken", a_shut_line_lets_somebody_in: "overtaken", nobody_is_promoted: "not promoted",
    one_key_two_orders: "key twice", a_replay_says_that_it_is_new: "key twice", a_restock_twice: "key twice",
    too_many_for_one_buyer: "limit", arrivals_against_time: "arrival order", a_refusal_numbered_before_its_time: "arrival order",
    one_arrival_for_two: "arrivals", a_hold_ends_early: "deadline", a_deadline_comes_nearer: "deadline",
    sold_out_with_a_unit_free: "refused unjustly", a_refusal_for_no_reason: "refused unjustly", a_hold_ends_twice: "resolved twice",
    a_gap: "gap", stock_below_what_is_sold: "oversold", nobody_asked_to_cancel: "not asked for", nobody_pressed: "not asked for",
    anothers_order_is_rolled_back: "not asked for",
    done_before_it_was_asked_for: "in the past", a_wrong_position: "position", a_wrong_place: "place", refused_and_done: "refused and done",
    shown_and_undone: "no such event", figures_that_never_were: "told otherwise", a_state_that_never_was: "told otherwise",
    somebody_elses_order: "other order", not_known_any_more: "acknowledgement lost", a_cancel_refused_while_held: "refused unjustly",
    the_list_differs: "store", an_arrival_is_not_recorded: "arrivals", an_arrival_recorded_otherwise: "arrivals",
    the_ledger_lags: "ledger", the_ledgers_stock_is_off: "ledger", money_taken_twice: "provider", money_kept_reserved: "provider",
    kafka_lacks_an_event: "kafka",
}


class TheJudge(unittest.TestCase):
    def test_finds_nothing_wrong_with_a_sale_that_is_right(self):
        s = story()
        faults, counts = judge(s.calls, s.events, s.refusals, s.final)
        self.assertEqual(faults, [])
        self.assertEqual(counts["unanswered"], 1)

    def test_names_the_law_that_each_planted_lie_breaks(self):
        for plant, law in PLANTED.items():
            with self.subTest(plant.__name__):
                s = story()
                plant(s)
                faults, _ = judge(s.calls, s.events, s.refusals, s.final)
                self.assertIn(law, {fault.split(":")[0] for fault in faults}, faults[:5])

    def test_takes_an_answer_that_was_true_while_the_call_lasted(self):
        """A look that began before the promotion was shown to anybody may show the order waiting."""
        s = story()
        s.d_looks.update(answer=copy.deepcopy(s.d_buys["answer"]), invoked=s.d_buys["completed"] + 1)
        faults, _ = judge(s.calls, s.events, s.refusals, s.final)
        self.assertEqual(faults, [])


if __name__ == "__main__":
    unittest.main()
