#!/usr/bin/env python3
"""The console's live view and its fairness view while a crowd presses: what they show is held against
what the API says."""

import collections
import subprocess

from browser import dibs, expect, items, main
from console_test import ConsoleTest


class Watching(ConsoleTest):
    def test_the_charts_live_while_a_crowd_presses(self):
        sale = self.sale(items=items(stock=20))
        console = self.console().sale(sale)
        events = console.page.evaluate("""sale => { globalThis.heard = 0;
            new EventSource(`/v1/sales/${sale}/live`).addEventListener('live', () => ++globalThis.heard); }""", sale)
        self.assertIsNone(events)
        before = console.page.locator(".chart canvas").first.screenshot()
        crowd = subprocess.run([str(dibs.BINARY), "load", "--url", console.base, "--sale", sale, "--buyers", "3000",
                                "--connections", "100", "--rate", "600"], capture_output=True, text=True, timeout=120)
        self.assertIn(crowd.returncode, (0, 1), crowd.stdout + crowd.stderr)
        expect(console.page.locator(".counts").first).to_contain_text("sold_out")
        rates, latencies = console.points(0), console.points(1)
        self.assertGreaterEqual(len(rates), 4)
        self.assertGreater(max(point["y"] for point in rates), 100)
        self.assertGreater(len(latencies), 2)
        self.assertNotEqual(console.page.locator(".chart canvas").first.screenshot(), before, "it was drawn")
        heard = console.page.evaluate("heard")
        newest = max(-point["x"] for point in rates)
        self.assertLessEqual(heard, newest + 5, "one event a second, however many requests")

        arrivals = self.every(sale, "arrivals")
        refused = collections.Counter(one["code"] for one in arrivals if one["code"] != "ok")
        for code, count in refused.items():
            row = console.page.locator(".counts").first.locator("li", has_text=code)
            expect(row.locator("b")).to_have_text(f"{count:,}")
        expect(console.tile("Late arrivals")).to_have_text("0")
        expect(console.tile("Journal lag")).to_have_text("0 events")

    def every(self, sale, what):
        """All of a list, page by page."""
        rows, after = [], 0
        while after is not None:
            body = self.call("GET", f"/v1/sales/{sale}/{what}?limit=1000&after={after}", operator=True)[2]
            rows += body[what]
            after = body["next_after"]
        return rows

    def test_the_fairness_view_shows_every_arrival_with_its_outcome_and_why(self):
        sale = self.sale(items=items(stock=2), line_limit=3, opens_at="2099-01-01T00:00:00Z")
        buy = {"items": [{"sku": "floor", "quantity": 1}]}
        press = lambda buyer: self.call("POST", f"/v1/sales/{sale}/orders", buy, buyer=buyer)[2]
        press("early")
        self.call("PUT", f"/v1/sales/{sale}", {"opens_at": None}, operator=True)
        orders = {buyer: press(buyer) for buyer in ("a", "b", "c", "d", "e", "f", "g")}
        press("a")  # limit_reached
        self.call("POST", f"/v1/orders/{orders['a']['id']}/payment", {"token": "tok_ok"}, buyer="a")
        self.call("DELETE", f"/v1/orders/{orders['b']['id']}", buyer="b")  # c is promoted
        console = self.console().sale(sale, "fairness").sees("2 of the 9 shown have a unit; the last of them is arrival 4")
        console.sees("Nobody was passed over")
        shown = {(row[2], row[3]): row[4] for row in console.rows()}
        self.assertEqual(set(shown), {
            ("early", "too early"), ("a", "has a unit"), ("b", "gave up or could not pay"), ("c", "has a unit"),
            ("d", "waiting"), ("e", "waiting"), ("f", "refused: sold out"), ("g", "refused: sold out"),
            ("a", "refused by a rule")})
        self.assertIn("Paid", shown["a", "has a unit"])
        self.assertIn("before the opening", shown["early", "too early"])
        self.assertIn("position 1", shown["d", "waiting"])
        self.assertIn("Left of their own accord", shown["b", "gave up or could not pay"])
        self.assertIn("line took nobody more", shown["f", "refused: sold out"])
        drawn = console.page.evaluate("""Chart.getChart(document.querySelector('.canvas.tall canvas')).data.datasets
            .flatMap(set => set.data.map(dot => [dot.row.arrival, set.group, dot.y]))""")
        self.assertEqual(sorted(dot[0] for dot in drawn), [one["arrival"] for one in self.arrivals(sale, len(drawn))])
        self.assertTrue(all(arrival == y for arrival, _, y in drawn))

        console.page.get_by_label("Outcome").select_option("refused")
        self.assertEqual([row[2] for row in console.rows()], ["f", "g"])
        console.press("outcome")
        lanes = console.page.evaluate("Chart.getChart(document.querySelector('.canvas.tall canvas')).options.scales.y.max")
        self.assertLess(lanes, 8)
        console.press("First 1 s")
        self.assertEqual(console.page.evaluate(
            "Chart.getChart(document.querySelector('.canvas.tall canvas')).options.scales.x.max"), 1)

    def test_who_was_passed_over_is_counted(self):
        """Plants what the rules forbid, in the answers on their way to the page: the view must see it."""
        sale = self.sale(items=items(stock=1))
        buy = {"items": [{"sku": "floor", "quantity": 1}]}
        for buyer in ("a", "b", "c"):
            self.call("POST", f"/v1/sales/{sale}/orders", buy, buyer=buyer)
        console = self.console()

        def swap(route):
            body = route.fetch().json()
            if "orders" in body:
                held, waiting, _ = body["orders"]
                held["state"], waiting["state"] = "waiting", "held"
                held["position"] = 1
            route.fulfill(json=body)
        console.page.route("**/orders?*", swap)
        console.sale(sale, "fairness").sees("1 came before the last winner of their item and have no unit")


if __name__ == "__main__":
    main()
