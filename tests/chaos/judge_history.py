"""What clients were told, against the events: linearizability of a sale, with `seq` as the witness.

Every answer that shows something says at which event it was true: an order and a sale carry `seq`, a numbered
press its `arrival`. So there is nothing to search. Going through the calls as they were begun and ended:

- the *floor* of a call is the highest event that an answer has shown which had come before the call began;
- what a call did must be an event above its floor (nothing happens before it is asked for, nothing in the past of
  what somebody has seen);
- what a call shows must be true at its floor or later, and is taken to be true at the earliest such event, which
  then raises the floor of all calls that begin later. (Taking the earliest is no loss: a later one would only
  make more calls impossible.)

Views of a sale may be a moment old between gateways on one Redis (0908), and a gateway at which the sale has stopped as
`fenced` shows what it has seen (0906): their floor is what the same gateway has shown. Everything else counts for all
gateways together."""

import bisect
import collections

from judge_events import milliseconds

NOT_NUMBERED = {"overloaded", "unavailable", "fenced", "slow_down"}
NUMBERED_REFUSALS = {"sold_out", "limit_reached", "closed", "paused", "not_open", "idempotency_mismatch"}
# In which states of an order a call may be refused with wrong_state or too_late.
REFUSED_IN = {"cancel": ("paid", "released", "sold_out", "closed"),
              "pay": ("waiting", "paid", "released", "sold_out", "closed"),
              "begin": ("waiting", "paid", "released", "sold_out", "closed"),
              "confirm": ("waiting", "released", "sold_out", "closed"),
              "release": ("waiting", "paid", "released", "sold_out", "closed")}
SHOWS_ORDER = ("buy", "look", "cancel", "pay", "begin", "confirm", "release")
# Which calls on an order can be behind an event of it; of a release by its reason.
CAUSES = {"paying": ("pay", "begin"), "paid": ("pay", "confirm"), "cancelled": ("cancel",), "payment_failed": ("pay", "begin", "release"),
          "capture_failed": ("pay",)}
# A deadline is shown in whole milliseconds.
ROUNDING = 2


class History:
    def __init__(self, calls, fold, events):
        self.calls, self.fold, self.events = calls, fold, events
        self.faults = []
        self.counts = collections.Counter(answered=0, unanswered=0)
        self.last = len(fold.states) - 1
        self.accepted = sorted((order.arrival, order.seq) for order in fold.orders.values())

    def fault(self, law, call, what):
        self.faults.append(f"{law}: call {call['n']} ({call['call']} of {call.get('buyer')}): {what}")

    def find_fenced(self):
        """For each server, its answers to calls that change something, by their ends and by their beginnings: whether the sale had
        stopped there is known from the ones before and behind a look."""
        self.ends, self.begins = collections.defaultdict(list), collections.defaultdict(list)
        for call in self.calls:
            if call["completed"] is not None and call["call"] not in ("look", "sale"):
                fenced = isinstance(call["answer"], dict) and call["answer"].get("code") == "fenced"
                self.ends[call["server"]].append((call["completed"], fenced))
                self.begins[call["server"]].append((call["invoked"], fenced))
        for answers in (*self.ends.values(), *self.begins.values()):
            answers.sort()

    def looks_at_stopped(self, call):
        if call["call"] != "look" or call["completed"] is None:
            return False
        ends, begins = self.ends[call["server"]], self.begins[call["server"]]
        before = bisect.bisect(ends, (call["invoked"],)) - 1
        behind = bisect.bisect(begins, (call["completed"], True))
        return (before >= 0 and ends[before][1]) or (behind < len(begins) and begins[behind][1])

    def judge(self):
        self.find_fenced()
        self.sweep()
        self.causes()
        self.keys()
        self.places()
        return self.faults

    # The sweep.

    def sweep(self):
        moments = []
        for call in self.calls:
            moments.append((call["invoked"], 1, call))
            if call["completed"] is not None:
                moments.append((call["completed"], 0, call))
        moments.sort(key=lambda moment: (moment[0], moment[1]))
        floor, arrival, shown_by, deadline = 0, 0, collections.defaultdict(int), {}
        for _, begins, call in moments:
            if begins:
                call["floor"] = call["floor_of_all"] = floor
                call["arrival_floor"] = arrival
                if call["call"] == "sale" or self.looks_at_stopped(call):
                    call["floor"] = shown_by[call["server"]]
                call["deadline_floor"] = dict.get(deadline, call.get("order"))
                call["shown"] = self.shown(call)
                continue
            shown = call["shown"]
            floor = max(floor, shown)
            shown_by[call["server"]] = max(shown_by[call["server"]], shown)
            if self.fresh(call):
                arrival = max(arrival, call["answer"]["arrival"])
            answer = call["answer"] if isinstance(call["answer"], dict) else {}
            if answer.get("expires_at"):
                deadline[answer["id"]] = max(deadline.get(answer["id"], 0), milliseconds(answer["expires_at"]))

    @staticmethod
    def fresh(call):
        """Whether it is a press that was numbered now."""
        return (call["call"] == "buy" and call["completed"] is not None and not call.get("replayed")
                and isinstance(call["answer"], dict) and "arrival" in call["answer"])

    def shown(self, call):
        """The earliest event at which the answer was true, and 0 where it shows nothing."""
        answer = call["answer"]
        if call["completed"] is None or not isinstance(answer, dict):
            self.counts["unanswered"] += 1
            return 0
        self.counts["answered"] += 1
        if self.fresh(call) and answer["arrival"] <= call["arrival_floor"]:
            self.fault("arrival order", call, f"arrival {answer['arrival']}, though {call['arrival_floor']} was "
                       "given before it was sent")
        if call["call"] in SHOWS_ORDER and call["status"] in (200, 201, 202):
            return self.shown_order(call, answer)
        if call["call"] == "sale" and call["status"] == 200:
            return self.shown_sale(call, answer)
        if call["call"] == "restock" and call["status"] == 200:
            return self.shown_restock(call, answer)
        if call["call"] in ("pause", "resume") and call["status"] == 200:
            return self.shown_sale(call, answer)
        code = answer.get("code")
        if call["call"] == "buy" and code in NUMBERED_REFUSALS:
            return self.shown_refusal(call, answer, code)
        if code in ("wrong_state", "too_late") and call["call"] in REFUSED_IN:
            return self.shown_wrong_state(call)
        if code == "unknown_order":
            return self.shown_unknown(call)
        return 0

    def shown_order(self, call, answer):
        order = self.fold.orders.get(answer["id"])
        if order is None:
            self.fault("acknowledgement lost", call, f"{answer['id']} is in no event")
            return 0
        told = (answer["buyer"], answer["arrival"], {item["sku"]: item["quantity"] for item in answer["items"]},
                answer["amount"])
        if told != (order.buyer, order.arrival, order.items, order.amount):
            self.fault("other order", call, f"was told {told} of {order.id}, of arrival {order.arrival}")
        if call.get("buyer") and call["buyer"] != order.buyer:
            self.fault("other order", call, f"{order.id} is {order.buyer}'s")
        if call["call"] == "buy" and call.get("key") and order.key != call["key"]:
            self.fault("other order", call, f"{order.id} has key {order.key}")
        seq = answer["seq"]
        version = order.version_at(seq)
        if version is None or version[0] != seq or seq > self.last:
            self.fault("no such event", call, f"event {seq} did not change {order.id}")
            return 0
        if (answer["state"], answer["money"], answer.get("reason") or "") != (version[1], version[2], version[3] or ""):
            self.fault("told otherwise", call, f"{answer['state']}, {answer['money']} at event {seq}, which made it {version}")
        if self.fresh(call) and call["status"] in (201, 202) and seq == order.seq and seq <= call["floor"]:
            self.fault("in the past", call, f"accepted as event {seq}, though event {call['floor']} was shown before it was sent")
        at = max(seq, call["floor"])
        if order.next_change(seq) <= at:
            self.fault("stale", call, f"shows event {seq} of {order.id}, which changed at {order.next_change(seq)}; event "
                       f"{call['floor']} was shown before it was sent")
        if answer.get("expires_at") and call["deadline_floor"] and call["floor"] == call["floor_of_all"] and \
                milliseconds(answer["expires_at"]) < call["deadline_floor"] - ROUNDING:
            self.fault("deadline", call, f"{answer['expires_at']} is earlier than was promised")
        if call["call"] == "cancel" and answer["state"] != "released":
            self.fault("told otherwise", call, f"200 to a cancel, and it is {answer['state']}")
        return at

    def shown_sale(self, call, answer):
        seq = answer["seq"]
        if seq > self.last or seq < 1:
            self.fault("no such event", call, f"event {seq} of {self.last}")
            return 0
        if seq < call["floor"]:
            self.fault("stale", call, f"shows event {seq}; event {call['floor']} was shown before it was sent")
        state, figures, waiting = self.fold.states[seq]
        for item in answer["items"]:
            told = (item["total"], item["available"], item["held"], item["sold"], item["waiting"])
            if told != figures[item["sku"]][:5]:
                self.fault("told otherwise", call, f"{item['sku']} is {told} at event {seq}, which made it {figures[item['sku']][:5]}")
        if answer["state"] != state or answer["waiting"] != waiting:
            self.fault("told otherwise", call, f"{answer['state']}, {answer['waiting']} waiting at event {seq}: {state}, {waiting}")
        if answer["sold_out"] and any(one[1] or one[2] for one in figures.values()):
            self.fault("told otherwise", call, f"sold out at event {seq}, with units free or held")
        return max(seq, call["floor"])

    def shown_restock(self, call, answer):
        for event in self.events:
            if event["kind"] == "stock_changed" and event.get("key") == call["key"]:
                first = min(other["floor"] for other in self.calls if other.get("key") == call["key"]
                            and other["call"] == "restock" and "floor" in other)
                if event["seq"] <= first:
                    self.fault("in the past", call, f"event {event['seq']}, though {first} was shown before it was sent")
                return self.shown_sale(call, answer)
        self.fault("acknowledgement lost", call, f"restock {call['key']} is in no event")
        return 0

    def window(self, call, arrival):
        """Between which events a press of that arrival can have been refused."""
        before = max((seq for number, seq in self.accepted if number < arrival), default=0)
        after = min((seq for number, seq in self.accepted if number > arrival), default=self.last + 1)
        return max(before, call["floor"]), after - 1

    def shown_refusal(self, call, answer, code):
        first, last = self.window(call, answer["arrival"])
        if first > last:
            self.fault("arrival order", call, f"refused as arrival {answer['arrival']}, below event {last + 1}; event {first} "
                       "was shown before it was sent")
            return 0
        for seq in range(max(first, 1), last + 1):
            if self.is_right(call, code, seq):
                return seq
        self.fault("refused unjustly", call, f"{code} as arrival {answer['arrival']}, between events {first} and {last}: {self.fold.states[first]}")
        return first

    def is_right(self, call, code, seq):
        state, figures, waiting = self.fold.states[seq]
        if code == "idempotency_mismatch":
            order = self.fold.by_key.get((call["buyer"], call["key"]))
            return order is not None and order.seq <= seq and order.items != call["items"]
        if code in ("closed", "paused"):
            return state == code
        if code == "not_open":
            return state == "scheduled"
        units = sum(call["items"].values())
        if code == "limit_reached":
            return self.fold.units_at(call["buyer"], seq) + units > self.fold.limit
        served = all(figures[sku][1] >= count and not figures[sku][4] for sku, count in call["items"].items())
        shut = any(figures[sku][5] for sku in call["items"])
        never = any(count > figures[sku][0] - figures[sku][3] for sku, count in call["items"].items())
        return shut or never or (not served and waiting >= self.fold.line_limit)

    def shown_wrong_state(self, call):
        order = self.fold.orders.get(call["order"])
        for version in order.versions if order else ():
            if version[1] in REFUSED_IN[call["call"]] and order.next_change(version[0]) > call["floor"]:
                return max(version[0], call["floor"])
        self.fault("refused unjustly", call, f"{call['answer']['code']}, and {call['order']} was never so")
        return 0

    def shown_unknown(self, call):
        order = self.fold.orders.get(call.get("order"))
        if order and order.seq <= call["floor_of_all"]:
            self.fault("acknowledgement lost", call, f"{order.id} is not known, though event {call['floor_of_all']} was shown")
        return 0

    # What was done and not asked for; what was asked for and done in the past.

    def causes(self):
        first = {}
        for call in self.calls:
            keys = [(call["call"], call.get("order"))]
            if call["call"] == "buy":
                keys.append(("press", call["buyer"], call.get("key")))
            for key in keys:
                first[key] = min(first.get(key, call["floor"]), call["floor"])
        for order in self.fold.orders.values():
            self.caused(first, [("press", order.buyer, order.key)], order.seq, f"order {order.id}")
        for event in self.events:
            wanted = event["reason"] if event["kind"] == "released" else event["kind"]
            if wanted in CAUSES:
                self.caused(first, [(name, event["order"]) for name in CAUSES[wanted]], event["seq"], f"{wanted} of {event['order']}")

    def caused(self, first, keys, seq, what):
        floors = [first[key] for key in keys if key in first]
        if not floors:
            self.faults.append(f"not asked for: event {seq}: {what}")
        elif min(floors) >= seq:
            self.faults.append(f"in the past: event {seq}: {what}, first asked for when event {min(floors)} had been shown")

    # Keys.

    def keys(self):
        presses = collections.defaultdict(list)
        for call in self.calls:
            if call["call"] == "buy" and call.get("key"):
                presses[call["buyer"], call["key"]].append(call)
        for (buyer, key), calls in presses.items():
            order = self.fold.by_key.get((buyer, key))
            ids = {call["answer"]["id"] for call in calls if call["completed"] is not None and call["status"] in (201, 202)}
            if len(ids) > 1:
                self.fault("key twice", calls[-1], f"one key, orders {sorted(ids)}")
            fresh = [call for call in calls if call["completed"] is not None and call["status"] in (201, 202)
                     and not call.get("replayed")]
            if len(fresh) > 1:
                self.fault("key twice", fresh[-1], "told twice that it is a new order")
            certain = all(call["completed"] is not None and (call["answer"] or {}).get("code") in NOT_NUMBERED | NUMBERED_REFUSALS
                          for call in calls)
            if order and certain:
                self.fault("refused and done", calls[0], f"every answer was a refusal, and {order.id} is there")

    # The line, as it was told.

    def places(self):
        effects = sorted((call["invoked"], self.fold.orders[call["answer"]["id"]].seq) for call in self.calls
                         if self.fresh(call) and call["status"] in (201, 202) and call["answer"]["id"] in self.fold.orders)
        lowest = [float("inf")]
        for _, seq in reversed(effects):
            lowest.append(min(lowest[-1], seq))
        lowest.reverse()
        places = collections.defaultdict(dict)
        for call in self.calls:
            answer = call["answer"]
            if call["completed"] is None or not isinstance(answer, dict) or "position" not in answer:
                continue
            order = self.fold.orders.get(answer.get("id"))
            if order is None or order.waited is None:
                continue
            if len(order.items) == 1:
                places[next(iter(order.items))][order.arrival] = answer["place"]
            later = next((i for i, (invoked, _) in enumerate(effects) if invoked > call["completed"]), len(effects))
            first = max(answer["seq"], call["floor"])
            last = min(order.next_change(answer["seq"]) - 1, lowest[later] - 1, self.last)
            if self.fresh(call):
                first = last = answer["seq"]
            highest, least = self.fold.position_at(order, first), self.fold.position_at(order, max(first, last))
            if not least <= answer["position"] <= highest:
                self.fault("position", call, f"told {answer['position']}, between {least} and {highest} were right")
        for sku, given in places.items():
            ordered = [given[arrival] for arrival in sorted(given)]
            if ordered != sorted(set(ordered)):
                self.faults.append(f"place: {sku}: places do not follow the arrivals: {ordered[:20]}")
