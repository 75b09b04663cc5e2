"""What lies in the other books when everything has come to rest, against the events: the store's own lists, the
arrivals, the ledger's rows, the provider's intents."""

import collections


def judge_books(final, fold, calls, refusals, events):
    faults = []
    if "orders" in final:
        faults += store(final, fold)
    if "arrivals" in final:
        faults += arrivals(final["arrivals"], fold, calls, refusals)
    if "ledger" in final:
        faults += ledger(final["ledger"], fold)
    if "provider" in final:
        faults += provider(final["provider"], fold)
    if "kafka" in final:
        faults += topic(final["kafka"], events)
    return faults


def topic(records, events):
    """At least once, in order but for repeats, each followed by the next of its chain."""
    faults, chain = [], []
    for record in records:
        if record["seq"] <= len(chain):
            if record != chain[record["seq"] - 1]:
                faults.append(f"kafka: event {record['seq']} is there twice, and not the same")
        elif record["seq"] != len(chain) + 1 or record["previous"] != (chain[-1]["hash"] if chain else "0" * 64):
            faults.append(f"kafka: event {record['seq']} follows {len(chain)}")
        else:
            chain.append(record)
    told = [(record["seq"], record["data"].get("order"), record["data"].get("arrival")) for record in chain]
    want = [(event["seq"], event.get("order"), event.get("arrival")) for event in events]
    if told != want:
        faults.append(f"kafka: not the sale's events: {len(told)} of {len(want)}")
    return faults


def store(final, fold):
    told = {order["id"]: (order["state"], order["money"], order["buyer"], order["arrival"], order["seq"])
            for order in final["orders"]}
    want = {order.id: (order.state, order.money, order.buyer, order.arrival, order.versions[-1][0])
            for order in fold.orders.values()}
    faults = [f"store: {order}: listed as {told.get(order)}, its events make it {want.get(order)}"
              for order in told.keys() | want.keys() if told.get(order) != want.get(order)]
    for item in final["sale"]["items"]:
        figures = (item["total"], item["available"], item["held"], item["sold"], item["waiting"])
        if figures != fold.items[item["sku"]].figures()[:5]:
            faults.append(f"store: {item['sku']} is {figures}, its events make it {fold.items[item['sku']].figures()[:5]}")
    return faults


def arrivals(listed, fold, calls, refusals):
    """Refused presses are recorded and not awaited, so that a crash may take the record of one; what is recorded must be
    what was told, and no number may be there twice."""
    faults = []
    counted = collections.Counter(record["arrival"] for record in listed)
    faults += [f"arrivals: {number} was given {count} times" for number, count in counted.items() if count > 1]
    known = {record["arrival"]: (record["buyer"], record["code"]) for record in listed}
    for order in fold.orders.values():
        if known.get(order.arrival) != (order.buyer, "ok"):
            faults.append(f"arrivals: {order.arrival} is {known.get(order.arrival)}, and was {order.buyer}'s order")
    journal = {record["arrival"]: (record["buyer"], record["code"]) for record in refusals}
    told = collections.defaultdict(set)
    for call in calls:
        answer = call["answer"]
        if call["call"] != "buy" or call["completed"] is None or not isinstance(answer, dict) or call.get("replayed"):
            continue
        if "arrival" in answer and call["status"] != 503:
            code = "ok" if call["status"] in (201, 202) else answer["code"]
            told[answer["arrival"]].add((call["buyer"], code, call["n"]))
    for number, who in told.items():
        if len(who) > 1:
            faults.append(f"arrivals: {number} was told to several: {sorted(who)}")
        buyer, code, _ = next(iter(who))
        for name, book in (("listed", known), ("in the journal", journal)):
            if number in book and book[number] != (buyer, code):
                faults.append(f"arrivals: {number} was {buyer}'s {code}, {name} as {book[number]}")
    return faults


def ledger(rows, fold):
    want = {order.id: (order.arrival, order.buyer, order.state, order.money, order.versions[-1][0])
            for order in fold.orders.values()}
    told = {row["order_id"]: (int(row["arrival"]), row["buyer"], row["state"], row["money"], int(row["seq"]))
            for row in rows["orders"]}
    faults = [f"ledger: {order}: {told.get(order)}, its events make it {want.get(order)}"
              for order in told.keys() | want.keys() if told.get(order) != want.get(order)]
    for row in rows["items"]:
        figures = tuple(int(row[name]) for name in ("total", "available", "held", "sold"))
        if figures != fold.items[row["sku"]].figures()[:4]:
            faults.append(f"ledger: {row['sku']} is {figures}, its events make it {fold.items[row['sku']].figures()[:4]}")
    if {row["sku"] for row in rows["items"]} != set(fold.items):
        faults.append("ledger: not the sale's items")
    return faults


def provider(intents, fold):
    faults = []
    money = collections.defaultdict(list)
    for intent in intents:
        if intent["order"] not in fold.orders:
            faults.append(f"provider: {intent['id']} is for {intent['order']}, which is not there")
            continue
        if intent["status"] in ("processing", "requires_capture"):
            faults.append(f"provider: {intent['id']} of {intent['order']} is {intent['status']} at rest")
        if intent["amount"] != fold.orders[intent["order"]].amount:
            faults.append(f"provider: {intent['id']} is of {intent['amount']}, {intent['order']} of another amount")
        money[intent["order"]].append(intent["status"])
    for order in fold.orders.values():
        taken = money[order.id].count("captured")
        if taken != (1 if order.money == "captured" else 0):
            faults.append(f"provider: {order.id} is {order.state}, {order.money}; taken {taken} times")
        if order.money in ("authorised", "refund_due"):
            faults.append(f"provider: {order.id} is {order.money} at rest")
    return faults
