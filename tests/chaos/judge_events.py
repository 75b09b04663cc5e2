"""The events of one sale, from either store's own record of them, as plain dictionaries of one shape. Written from
docs/formats (events.md, redis.md); nothing of the server's is used.

Every event has `seq`, `at` (text or microseconds, as it came), `kind`, and what its kind needs. The kinds are those of the table of
docs/formats/events.md: created, opened, paused, resumed, closed, stock_changed, line_ended, line_shut,
line_reopened, accepted, promoted, paying, declined, paid, money_moved, refund_due, released, ended_sold_out, other."""

import datetime
import json

MONEY_MOVED = {"dibs.order.captured", "dibs.order.voided", "dibs.order.refunded"}
KINDS = {
    "dibs.sale.created": "created", "dibs.sale.opened": "opened", "dibs.sale.paused": "paused",
    "dibs.sale.resumed": "resumed", "dibs.sale.closed": "closed", "dibs.sale.stock_changed": "stock_changed",
    "dibs.sale.line_ended": "line_ended", "dibs.sale.line_shut": "line_shut",
    "dibs.sale.line_reopened": "line_reopened", "dibs.order.promoted": "promoted", "dibs.order.paying": "paying",
    "dibs.order.declined": "declined", "dibs.order.paid": "paid", "dibs.order.refund_due": "refund_due",
    "dibs.order.released": "released", "dibs.order.sold_out": "ended_sold_out",
}


def milliseconds(text):
    """An instant of the API, in ms since 1970; None of None."""
    if text is None:
        return None
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def from_journal(lines, sale):
    """(events, refusals) of `sale` from what `dibs journal dump` printed."""
    events, refusals = [], []
    for line in lines:
        entry = json.loads(line)
        if entry.get("sale") != sale:
            continue
        if entry["entry"] == "refused":
            refusals.append({"arrival": entry["arrival"], "buyer": entry["buyer"], "code": entry["code"]})
        if entry["entry"] != "event":
            continue
        event = dict(entry, at=milliseconds(entry["at"]), expires=milliseconds(entry.get("expires_at")))
        if "buyer" in entry:
            event.update(kind="accepted", items={item["sku"]: item["quantity"] for item in entry["items"]},
                         amount=sum(item["quantity"] * item["price"] for item in entry["items"]))
        elif entry["type"] in MONEY_MOVED:
            event["kind"] = "money_moved"
        else:
            event["kind"] = KINDS.get(entry["type"], "other")
        if event["kind"] == "resumed":
            event["shift"] = entry["shift_ns"] / 1e6
        events.append(event)
    return events, refusals


def from_redis(stream, arrivals, sale):
    """The same from the two streams of a sale, as XRANGE gives them: [(id, [[field, value], …])]."""
    events, refusals = [], []
    for entry_id, pairs in stream:
        fields = dict(pairs)
        event = {"seq": int(entry_id.split("-")[0]), "at": int(fields["at"]) / 1000, "kind": fields["type"]}
        if "expires_at" in fields:
            event["expires"] = int(fields["expires_at"]) / 1000
        if "order" in fields:
            event["order"] = f"ord_{fields['order']}.{sale}"
        for number in ("arrival", "delta", "upto", "refused"):
            if number in fields:
                event[number] = int(fields[number])
        for text in ("state", "buyer", "key", "sku", "money", "reason"):
            if text in fields:
                event[text] = fields[text]
        event["late"], event["by_close"] = fields.get("late") == "1", fields.get("by_close") == "1"
        event["restart"] = fields.get("restart") == "1"
        if "shift" in fields:
            event["shift"] = int(fields["shift"]) / 1000
        if fields["type"] == "created":
            event["items"] = [{"sku": words[0], "stock": int(words[2])}
                              for words in (value.split(" ") for name, value in pairs if name == "item")]
            for number in ("limit_per_buyer", "line_limit"):
                event[number] = int(fields[number]) if number in fields else None
        if fields["type"] == "accepted":
            words = fields["lines"].split()
            event["items"] = {words[i]: int(words[i + 1]) for i in range(0, len(words), 3)}
            event["amount"] = sum(int(words[i + 1]) * int(words[i + 2]) for i in range(0, len(words), 3))
        events.append(event)
    for _, pairs in arrivals:
        fields = dict(pairs)
        for number, line in enumerate(fields["requests"].splitlines()):
            words = line.split(" ")
            if words[1] != "ok":
                refusals.append({"arrival": int(fields["first"]) + number, "buyer": words[0], "code": words[1]})
    return events, refusals
