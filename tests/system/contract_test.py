#!/usr/bin/env python3
"""The wire contract, read a second time: every row of the API that this server has, refusals included,
asked of the real binary over real sockets by code that shares nothing with it."""

import datetime
import json
import pathlib
import re
import tempfile
import threading
import time
import unittest

import dibs

ORDER_ID = re.compile(r"^ord_[a-z2-7]{26}\.[A-Za-z0-9._-]+$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def in_seconds(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.server = dibs.Server(pathlib.Path(cls.directory.name) / "data").start()
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "SIGTERM did not end cleanly"
        audit = dibs.run("audit", "--data", cls.server.data)
        assert audit.returncode == 0, audit.stdout + audit.stderr
        cls.directory.cleanup()

    def setUp(self):
        self.client = dibs.Client(self.server)

    def tearDown(self):
        self.client.close()

    def sale(self, stock=10, price=50000, **members):
        type(self).count += 1
        sale = f"s-{self.count}"
        items = [{"sku": "floor", "title": "Floor", "price": price, "stock": stock}]
        status, _, answer = self.client.put_sale(sale, **{"items": items, **members})
        self.assertEqual(status, 201, answer)
        return sale

    def problem(self, answer, status, code, numbered=False):
        got, headers, body = answer
        self.assertEqual((got, body.get("code")), (status, code), body)
        self.assertTrue(headers["Content-Type"].startswith("application/problem+json"))
        self.assertEqual(body["status"], status)
        self.assertEqual(body["type"], "/problems/" + code.replace("_", "-"))
        for member in ("title", "detail", "retryable"):
            self.assertIn(member, body)
        self.assertEqual("arrival" in body, numbered, body)
        return body

    def test_a_sale_is_created_changed_and_shown(self):
        sale = self.sale()
        status, _, answer = self.client.put_sale(sale, title="Other title")
        self.assertEqual(status, 200, answer)
        status, _, answer = self.client.call("GET", f"/v1/sales/{sale}")
        self.assertEqual(status, 200)
        self.assertEqual(answer["state"], "open")
        self.assertEqual(answer["durability"], "strict")
        self.assertFalse(answer["sold_out"])
        self.assertRegex(answer["server_time"], TIME)
        item = answer["items"][0]
        self.assertEqual((item["total"], item["available"], item["held"], item["sold"], item["waiting"]),
                         (10, 10, 0, 0, 0))
        status, _, answer = self.client.call("GET", "/v1/sales", operator=True)
        self.assertEqual(status, 200)
        self.problem(self.client.put_sale(sale, limit_per_buyer=5), 409, "wrong_state")

    def test_an_accepted_order_has_every_member_of_the_contract(self):
        sale = self.sale()
        status, _, order = self.client.call(
            "POST", f"/v1/sales/{sale}/orders",
            {"items": [{"sku": "floor", "quantity": 1}], "reference": "cart-9"}, buyer="b-17")
        self.assertEqual(status, 201, order)
        self.assertRegex(order["id"], ORDER_ID)
        self.assertTrue(order["id"].endswith("." + sale))
        self.assertEqual({k: order[k] for k in ("sale", "buyer", "reference", "state", "money", "arrival",
                                                "amount", "currency", "items")},
                         {"sale": sale, "buyer": "b-17", "reference": "cart-9", "state": "held",
                          "money": "none", "arrival": 1, "amount": 50000, "currency": "KRW",
                          "items": [{"sku": "floor", "quantity": 1, "price": 50000}]})
        self.assertRegex(order["created_at"], TIME)
        self.assertRegex(order["expires_at"], TIME)
        self.assertGreater(order["seq"], 0)

    def test_waiting_then_promoted_when_a_unit_comes_back(self):
        sale = self.sale(stock=1)
        _, _, first = self.client.buy(sale, "a")
        status, _, second = self.client.buy(sale, "b")
        self.assertEqual((status, second["state"], second["place"], second["position"]), (202, "waiting", 1, 1))
        _, _, third = self.client.buy(sale, "c")
        self.assertEqual(third["position"], 2)
        waited = {}

        def wait():
            other = dibs.Client(self.server)
            waited["answer"] = other.call("GET", f"/v1/orders/{second['id']}?wait=20", buyer="b")
            other.close()

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        status, _, answer = self.client.call("DELETE", f"/v1/orders/{first['id']}", buyer="a")
        self.assertEqual((status, answer["state"], answer["reason"]), (200, "released", "cancelled"))
        thread.join(timeout=20)
        self.assertEqual(waited["answer"][2]["state"], "held")
        _, _, third = self.client.call("GET", f"/v1/orders/{third['id']}", buyer="c")
        self.assertEqual(third["position"], 1)

    def test_a_key_finds_its_order_again(self):
        sale = self.sale()
        _, _, first = self.client.buy(sale, "a", "key-1")
        status, headers, again = self.client.buy(sale, "a", "key-1")
        self.assertEqual((status, again["id"], headers["Idempotency-Replayed"]), (201, first["id"], "true"))
        self.problem(self.client.buy(sale, "a", "key-1", quantity=2), 422, "idempotency_mismatch", True)
        status, headers, other = self.client.buy(sale, "b", "key-1")
        self.assertNotEqual(other["id"], first["id"])
        self.assertIsNone(headers["Idempotency-Replayed"])

    def test_the_refusals_of_the_rules_in_their_precedence(self):
        sale = self.sale(stock=1, line_limit=0, limit_per_buyer=1)
        self.client.buy(sale, "a")
        body = self.problem(self.client.buy(sale, "a"), 409, "limit_reached", True)
        self.assertEqual(len(body["orders"] if "orders" in body else body["live_orders"]), 1)
        self.problem(self.client.buy(sale, "b"), 409, "sold_out", True)
        self.assertEqual(self.client.call("POST", f"/v1/sales/{sale}/pause", operator=True)[0], 200)
        self.problem(self.client.buy(sale, "b"), 409, "paused", True)
        self.assertEqual(self.client.call("POST", f"/v1/sales/{sale}/resume", operator=True)[0], 200)
        self.assertEqual(self.client.call("POST", f"/v1/sales/{sale}/close", operator=True)[0], 200)
        self.problem(self.client.buy(sale, "b"), 409, "closed", True)
        self.problem(self.client.buy("nowhere", "b"), 404, "unknown_sale")
        self.problem(self.client.buy(sale, "b", sku="roof"), 404, "unknown_sku")

    def test_before_the_opening_nobody_gets_in_and_at_the_opening_the_next_does(self):
        sale = self.sale(opens_at=in_seconds(1.5))
        status, headers, body = self.client.buy(sale, "early")
        self.problem((status, headers, body), 403, "not_open", True)
        self.assertRegex(body["opens_at"], TIME)
        self.assertRegex(body["server_time"], TIME)
        self.assertIn(int(headers["Retry-After"]), (1, 2))
        time.sleep(body["opens_in_ms"] / 1000 + 0.02)
        self.assertEqual(self.client.buy(sale, "early")[0], 201)

    def test_payment_by_the_demo_tokens(self):
        sale = self.sale()
        for token, state, money in (("tok_ok", "paid", "captured"), ("tok_fail", "released", None)):
            _, _, order = self.client.buy(sale, token)
            status, _, paid = self.client.call("POST", f"/v1/orders/{order['id']}/payment",
                                               {"token": token}, buyer=token)
            self.assertEqual((status, paid["state"]), (200, state), paid)
            if money:
                self.assertEqual(paid["money"], money)
        _, _, order = self.client.buy(sale, "late")
        status, _, paying = self.client.call("POST", f"/v1/orders/{order['id']}/payment",
                                             {"token": "tok_late"}, buyer="late")
        self.assertEqual((status, paying["state"]), (202, "paying"), paying)
        status, _, paid = self.client.call("GET", f"/v1/orders/{order['id']}?wait=20", buyer="late")
        self.assertEqual(paid["state"], "paid")
        self.problem(self.client.call("DELETE", f"/v1/orders/{order['id']}", buyer="late"), 409, "wrong_state")

    def test_the_shop_takes_the_money_in_two_phases(self):
        sale = self.sale(payment="shop", stock=1)
        headers = {"Authorization": f"Bearer {dibs.SHOP_KEY}"}
        _, _, order = self.client.call("POST", f"/v1/sales/{sale}/orders",
                                       {"items": [{"sku": "floor", "quantity": 1}]}, headers, buyer="a")
        act = lambda what, body=None: self.client.call("POST", f"/v1/orders/{order['id']}/{what}", body, headers)
        for _ in range(2):
            status, _, answer = act("begin")
            self.assertEqual((status, answer["state"]), (200, "paying"), answer)
        for _ in range(2):
            status, _, answer = act("confirm")
            self.assertEqual((status, answer["state"]), (200, "paid"), answer)
        status, _, answer = self.client.call("POST", f"/v1/orders/{order['id']}/refund", {"restock": True}, headers)
        self.assertEqual((status, answer["state"], answer["reason"]), (202, "released", "refunded"), answer)

    def test_confirm_after_the_hold_is_taken_only_if_nobody_is_hurt(self):
        sale = self.sale(payment="shop", stock=1, hold_seconds=1)
        headers = {"Authorization": f"Bearer {dibs.SHOP_KEY}"}
        buy = lambda buyer: self.client.call("POST", f"/v1/sales/{sale}/orders",
                                             {"items": [{"sku": "floor", "quantity": 1}]}, headers, buyer=buyer)[2]
        first, second = buy("a"), buy("b")
        time.sleep(1.2)
        answer = self.client.call("POST", f"/v1/orders/{first['id']}/confirm", None, headers)
        self.problem(answer, 409, "too_late")
        _, _, second = self.client.call("GET", f"/v1/orders/{second['id']}", None, headers)
        self.assertEqual(second["state"], "held")

    def test_stock_is_added_once_a_key_and_never_withdrawn_below_what_is_taken(self):
        sale = self.sale(stock=2)
        self.client.buy(sale, "a")
        change = lambda delta, key: self.client.call("POST", f"/v1/sales/{sale}/stock", {"sku": "floor", "delta": delta},
                                                     {"Idempotency-Key": key}, operator=True)
        self.assertIsNone(change(3, "k1")[1]["Idempotency-Replayed"])
        status, headers, _ = change(3, "k1")
        self.assertEqual((status, headers["Idempotency-Replayed"]), (200, "true"))
        _, _, shown = self.client.call("GET", f"/v1/sales/{sale}")
        self.assertEqual(shown["items"][0]["total"], 5)
        self.problem(change(-5, "k2"), 409, "wrong_state")
        self.assertEqual(change(-4, "k3")[0], 200)

    def test_a_buyer_sees_only_their_own_orders(self):
        sale = self.sale()
        _, _, mine = self.client.buy(sale, "me")
        self.client.buy(sale, "other")
        self.problem(self.client.call("GET", f"/v1/orders/{mine['id']}", buyer="other"), 404, "unknown_order")
        self.problem(self.client.call("DELETE", f"/v1/orders/{mine['id']}", buyer="other"), 404, "unknown_order")
        _, _, listed = self.client.call("GET", f"/v1/sales/{sale}/orders", buyer="me")
        self.assertEqual([o["buyer"] for o in listed["orders"]], ["me"])
        self.problem(self.client.call("GET", f"/v1/sales/{sale}/arrivals", buyer="me"), 403, "forbidden")
        self.problem(self.client.call("GET", f"/v1/orders/{mine['id']}"), 401, "unauthenticated")

    def test_lists_arrivals_and_history_for_operator_and_support(self):
        sale = self.sale(stock=1, line_limit=0)
        _, _, order = self.client.buy(sale, "a")
        self.client.buy(sale, "b")
        support = {"Authorization": f"Bearer {dibs.SUPPORT_TOKEN}"}
        status, _, arrivals = self.client.call("GET", f"/v1/sales/{sale}/arrivals", None, support)
        deadline = time.monotonic() + 5
        while len(arrivals["arrivals"]) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            status, _, arrivals = self.client.call("GET", f"/v1/sales/{sale}/arrivals", None, support)
        self.assertEqual([(a["arrival"], a["buyer"]) for a in arrivals["arrivals"]], [(1, "a"), (2, "b")])
        self.assertEqual(arrivals["arrivals"][1]["code"], "sold_out")
        status, _, csv = self.client.call("GET", f"/v1/sales/{sale}/arrivals", None, {**support, "Accept": "text/csv"})
        self.assertEqual(len(csv.strip().splitlines()), 3, csv)
        status, _, history = self.client.call("GET", f"/v1/orders/{order['id']}/history", None, support)
        self.assertEqual(status, 200, history)
        self.assertIn("dibs.order.held", json.dumps(history))
        self.problem(self.client.call("POST", f"/v1/sales/{sale}/close", None, support), 403, "forbidden")

    def test_what_get_shows_put_takes_back(self):
        sale = self.sale()
        _, _, shown = self.client.call("GET", f"/v1/sales/{sale}", operator=True)
        names = ("title", "currency", "opens_at", "closes_at", "hold_seconds", "payment_seconds", "payment_attempts",
                 "promotion_seconds", "limit_per_buyer", "line_limit", "payment", "checkout_url", "notify",
                 "public_stock", "test")
        back = {name: shown[name] for name in names}
        back["items"] = [{"sku": i["sku"], "title": i["title"], "price": i["price"], "stock": i["total"]}
                         for i in shown["items"]]
        status, _, again = self.client.call("PUT", f"/v1/sales/{sale}", back, operator=True)
        self.assertEqual(status, 200, again)
        self.assertEqual({name: again[name] for name in names}, {name: shown[name] for name in names})
        for name in ("opens_at", "closes_at"):
            body = self.problem(self.client.put_sale("finer", **{name: "2096-01-01T00:00:00.0001Z"}), 400, "malformed")
            self.assertIn(name, body["detail"])
        body = self.problem(self.client.put_sale("past", closes_at="2020-01-01T00:00:00Z"), 400, "malformed")
        self.assertIn("closes_at", body["detail"])

    def test_history_tells_the_end_of_the_wait_and_marks_a_test_sale(self):
        for payment, end in (("tok_ok", "sold_out"), (None, "closed")):
            sale = self.sale(stock=1, test=True)
            _, _, first = self.client.buy(sale, "a")
            _, _, second = self.client.buy(sale, "b")
            if payment:
                self.client.call("POST", f"/v1/orders/{first['id']}/payment", {"token": payment}, buyer="a")
            else:
                self.client.call("POST", f"/v1/sales/{sale}/close", operator=True)
            _, _, order = self.client.call("GET", f"/v1/orders/{second['id']}", buyer="b")
            self.assertEqual(order["state"], end)
            _, _, history = self.client.call("GET", f"/v1/orders/{second['id']}/history", operator=True)
            self.assertEqual(history["events"][-1]["type"], f"dibs.order.{end}")
            self.assertTrue(all(event.get("test") for event in history["events"]), history)

    def test_the_etag_of_an_order_moves_with_its_deadline_and_position(self):
        sale = self.sale(stock=1)
        _, first, held = self.client.buy(sale, "a")
        self.client.buy(sale, "b")
        _, before, third = self.client.buy(sale, "c")
        for what in ("pause", "resume"):
            self.client.call("POST", f"/v1/sales/{sale}/{what}", operator=True)
        _, now, order = self.client.call("GET", f"/v1/orders/{held['id']}", buyer="a")
        self.assertEqual(order["seq"], held["seq"])
        self.assertNotEqual(now["ETag"], first["ETag"])
        _, _, listed = self.client.call("GET", f"/v1/sales/{sale}/orders", operator=True)
        self.client.call("DELETE", f"/v1/orders/{listed['orders'][1]['id']}", buyer="b")
        _, now, order = self.client.call("GET", f"/v1/orders/{third['id']}?wait=30", None,
                                         {"If-None-Match": before["ETag"]}, buyer="c")
        self.assertEqual((order["position"], order["seq"]), (1, third["seq"]))
        self.assertNotEqual(now["ETag"], before["ETag"])

    def test_calls_on_an_order_of_no_sale_find_no_order(self):
        path = "/v1/orders/ord_" + "a" * 26 + ".nowhere"
        shop = {"Authorization": f"Bearer {dibs.SHOP_KEY}"}
        self.problem(self.client.call("DELETE", path, buyer="a"), 404, "unknown_order")
        self.problem(self.client.call("POST", path + "/payment", {"token": "tok_ok"}, buyer="a"), 404, "unknown_order")
        for what in ("begin", "confirm", "release", "refund"):
            self.problem(self.client.call("POST", f"{path}/{what}", None, shop), 404, "unknown_order")

    def test_bad_input_is_named_and_loses_nothing(self):
        sale = self.sale()
        rows = [b"", b"{", b"[]", b'{"items":[]}', b'{"items":[{"sku":"floor","quantity":0}]}',
                b'{"items":[{"sku":"floor","quantity":1001}]}', b'{"items":[{"sku":"floor","quantity":1e400}]}',
                b'{"items":[{"sku":"floor","quantity":1.0}]}', b'{"items":[{"sku":"floor","quantity":1}],"x":1}',
                b'{"items":[{"sku":"floor","quantity":1}],"items":[]}',
                b'{"items":[{"sku":"floor","quantity":1},{"sku":"floor","quantity":1}]}',
                b'{"items":[{"sku":"floor","quantity":1}]} x', b'{"items":[{"sku":"fl oor","quantity":1}]}']
        for row in rows:
            answer = self.client.call("POST", f"/v1/sales/{sale}/orders", row, buyer="b")
            self.problem(answer, 400, "malformed")
        for path in (f"/v1/sales/{sale}?x=1", "/v1/sales/a%20b", f"/v1/sales/{sale}/orders?limit=a"):
            self.problem(self.client.call("GET", path, operator=True), 400, "malformed")
        self.problem(self.client.buy(sale, "b", "k" * 65), 400, "malformed")
        self.problem(self.client.buy(sale, "b@c"), 400, "malformed")
        _, _, shown = self.client.call("GET", f"/v1/sales/{sale}")
        self.assertEqual(shown["items"][0]["available"], 10)

    def test_a_free_sale_is_final_at_once(self):
        sale = self.sale(payment="none", price=0)
        status, _, order = self.client.buy(sale, "a")
        self.assertEqual((status, order["state"]), (201, "paid"))

    def test_a_test_sale_can_be_deleted_and_one_that_sold_cannot(self):
        self.assertIn(self.client.call("DELETE", f"/v1/sales/{self.sale(test=True)}", operator=True)[0], (200, 204))
        self.problem(self.client.call("DELETE", f"/v1/sales/{self.sale()}", operator=True), 409, "wrong_state")

    def test_the_service_routes_answer(self):
        for path, kind in (("/healthz", ""), ("/readyz", ""), ("/metrics", "text/plain"),
                           ("/v1/time", "application/json"), ("/openapi.json", "application/json")):
            status, headers, _ = self.client.call("GET", path)
            self.assertEqual(status, 200, path)
            self.assertIn(kind, headers["Content-Type"], path)


if __name__ == "__main__":
    unittest.main(verbosity=1)
