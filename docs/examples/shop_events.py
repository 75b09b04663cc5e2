"""Dibs' events into the shop's own `products` and `orders` (shop.sql), each exactly once in effect however often
it comes: by notices, as here, or from wherever else the same JSON is read."""

import base64
import hashlib
import hmac
import time


def is_signed(headers, body, secret):
    """As Standard Webhooks say it; not older than five minutes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = headers.get("webhook-timestamp", "0")
    said = hmac.new(key, f"{headers.get('webhook-id')}.{stamp}.".encode() + body, hashlib.sha256).digest()
    fresh = stamp.isdigit() and abs(time.time() - int(stamp)) < 300
    return fresh and any(hmac.compare_digest(one, "v1," + base64.b64encode(said).decode())
                         for one in headers.get("webhook-signature", "").split())


def set_state(db, order, state, reason=None):
    """The order's state, and its units where that moves them: only `paid` orders are sold."""
    row = db.execute("SELECT sku, quantity, state FROM orders WHERE id = ?", (order,)).fetchone()
    moved = row[1] * ((state == "paid") - (row[2] == "paid"))
    db.execute("UPDATE orders SET state = ?, reason = ? WHERE id = ?", (state, reason, order))
    db.execute("UPDATE products SET sold = sold + ?, in_sale = in_sale - ? WHERE sku = ?", (moved, moved, row[0]))


def apply(db, event):
    sale, kind, data = event["sale"], event["type"].removeprefix("dibs."), event["data"]
    if "items" in data:  # accepted: held, waiting, or paid where there is nothing to pay
        item, = data["items"]
        db.execute("INSERT INTO orders (id, sale, buyer, cart, sku, quantity, arrival, state) VALUES (?, ?, ?, ?, ?, ?, ?, 'new')",
                   (data["order"], sale, data["buyer"], data.get("reference"), item["sku"], item["quantity"], data["arrival"]))
    if kind == "sale.line_ended":  # one event for all who waited
        db.execute("UPDATE orders SET state = ? WHERE sale = ? AND sku = ? AND state = 'waiting' AND arrival <= ?",
                   (data["reason"], sale, data["sku"], data["upto_arrival"]))
    state = {"order.declined": "held", "order.promoted": data.get("state")}.get(kind, kind.removeprefix("order."))
    if kind.startswith("order.") and not kind.startswith("order.refund"):
        set_state(db, data["order"], state, data.get("reason"))


def take(db, event):
    """One transaction: the event's number and all that it changes. False: an earlier one is missing; ask again."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO events_applied (sale, seq) VALUES (?, ?) ON CONFLICT DO NOTHING",
                   (event["sale"], event["seq"] - 1))
        step = db.execute("UPDATE events_applied SET seq = ? WHERE sale = ? AND seq = ?",
                          (event["seq"], event["sale"], event["seq"] - 1))
        if step.rowcount == 1:
            apply(db, event)
        applied, = db.execute("SELECT seq FROM events_applied WHERE sale = ?", (event["sale"],)).fetchone()
        return applied >= event["seq"]
