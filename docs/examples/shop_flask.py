"""A shop's side of a sale in Flask (Debian: python3-flask): checkout, payment, and the notices of Dibs. From the environment: DIBS, DIBS_SHOP_KEY, DIBS_NOTIFY_SECRET, SHOP_DB. See docs/INTEGRATING.md."""

import contextlib
import json
import os
import sqlite3
import urllib.error
import urllib.request

import flask
import shop_events

app = flask.Flask(__name__)


def dibs(path, body, **headers):
    """(status, answer). Safe to repeat: the same cart, the same order."""
    request = urllib.request.Request(os.environ["DIBS"] + path, json.dumps(body).encode(), {
        "Authorization": f"Bearer {os.environ['DIBS_SHOP_KEY']}", **{k.replace("_", "-"): v for k, v in headers.items()}})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


@app.post("/checkout/<sale>/<sku>")
def checkout(sale, sku):
    form = flask.request.form
    status, order = dibs(f"/v1/sales/{sale}/orders", {"items": [{"sku": sku, "quantity": 1}], "reference": form["cart"]},
                         Dibs_Buyer=form["buyer"], Idempotency_Key=form["cart"])
    return order, status


@app.post("/payment/<order>")
def payment(order):
    """Your provider said whether the money is there. `too_late` (409): give it back."""
    status, answer = dibs(f"/v1/orders/{order}/begin", {})
    if status == 200:
        good = flask.request.form["good"] == "yes"
        status, answer = dibs(f"/v1/orders/{order}/" + ("confirm" if good else "release"),
                              {} if good else {"reason": "payment_failed"})
    return answer, status


@app.post("/dibs")
def hear():
    """A notice of Dibs. Anything but 2xx, and it comes again."""
    body = flask.request.get_data()
    if not shop_events.is_signed(flask.request.headers, body, os.environ["DIBS_NOTIFY_SECRET"]):
        return "", 401
    with contextlib.closing(sqlite3.connect(os.environ["SHOP_DB"], timeout=10, isolation_level=None)) as db:
        return "", 204 if shop_events.take(db, json.loads(body)) else 500
