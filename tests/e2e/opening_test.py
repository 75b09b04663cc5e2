#!/usr/bin/env python3
"""11:59:59: the page's clock, and presses around the opening. Nobody who is early gets in, and nobody who
pressed in time is lost, whatever the device thinks the time is."""

import datetime
import time

from browser import PageTest, expect, items, main

AROUND_MS = (-50, -30, -10, 10, 30, 50)
SET_CLOCK = """async () => {
    const base = document.querySelector('script[src]').src.replace(/main.js$/, '');
    const { Clock } = await import(`${base}clock.js`);
    window.clock = new Clock();
    await window.clock.sample(5);
}"""
AN_HOUR_WRONG = """const real = Date.now.bind(Date); Date.now = () => real() + 3_600_000;"""


def in_seconds(seconds):
    """That moment as the API writes it, and in ms."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), at.timestamp() * 1000


class Opening(PageTest):
    def test_the_page_knows_the_servers_time_though_the_device_is_an_hour_wrong(self):
        visitor = self.browser.visitor()
        visitor.add_init_script(AN_HOUR_WRONG)
        opens_at, _ = in_seconds(600)
        shop = self.visit(self.sale(opens_at=opens_at), "anna", context=visitor)
        shop.page.evaluate(SET_CLOCK)
        before = time.time() * 1000
        now, error = shop.page.evaluate("[window.clock.now(), window.clock.error]")
        after = time.time() * 1000
        self.assertGreater(now, before - 50)
        self.assertLess(now, after + 50)
        print(f"the clock's own bound on its error: {error:.1f} ms")
        shop.sees("countdown_digits", "9:")

    def test_before_the_last_ten_seconds_the_button_does_nothing(self):
        opens_at, _ = in_seconds(60)
        sale = self.sale(opens_at=opens_at)
        shop = self.visit(sale, "anna").sees("badge", "Not open yet").sees("buy_button", "Opens at")
        expect(shop.buy_button).to_have_attribute("aria-disabled", "true")
        shop.buy_button.click(force=True)
        shop.page.wait_for_timeout(300)
        expect(shop.press).to_be_hidden()
        self.assertEqual(self.arrivals(sale), [])

    def test_presses_50_ms_around_the_opening_all_count_and_none_before_it(self):
        opens_at, at_ms = in_seconds(25)
        sale = self.sale(opens_at=opens_at, items=items(stock=len(AROUND_MS)))
        shops = [self.visit(sale, f"buyer{i}") for i in range(len(AROUND_MS))]
        keys = [self.presses(shop) for shop in shops]
        self.assertGreater(at_ms - time.time() * 1000, 2_000, "the machine is too slow for this opening")
        for shop, around in zip(shops, AROUND_MS):
            # The finger comes down at this moment, by the machine's clock.
            shop.page.evaluate("(at) => setTimeout(() => document.getElementById('buy-button').click(), at - Date.now())",
                               at_ms + around)
        for shop in shops:
            shop.sees("order_title", "Yours until")
        self.assertEqual(len(self.orders(sale)), len(AROUND_MS))
        taken = [one for one in self.arrivals(sale) if one["code"] == "ok"]
        self.assertEqual(len(taken), len(AROUND_MS))
        for one in taken:
            self.assertGreaterEqual(one["received_at"], opens_at)
        for sent in keys:
            self.assertEqual(len(set(sent)), 1, "one press, one key")

    def test_an_armed_press_goes_out_at_the_opening_by_itself(self):
        opens_at, at_ms = in_seconds(15)
        sale = self.sale(opens_at=opens_at)
        shop = self.visit(sale, "anna").buy().sees("press_title", "Your press is ready")
        self.assertEqual(self.arrivals(sale), [])
        shop.sees("order_title", "Yours until")
        one, = self.arrivals(sale, 1)
        self.assertEqual(one["code"], "ok")
        received = datetime.datetime.fromisoformat(one["received_at"]).timestamp() * 1000
        print(f"an armed press was received {received - at_ms:.0f} ms after the opening")

    def test_an_armed_press_survives_a_reload_and_the_closing_of_its_tab(self):
        opens_at, _ = in_seconds(20)
        sale = self.sale(opens_at=opens_at, limit_per_buyer=4)
        left = self.visit(sale, "anna")
        right = self.visit(sale, "anna", context=left.page.context)
        left.buy().sees("press_title", "Your press is ready")
        right.sees("press_title", "Your press is ready")
        left.page.reload()
        left.sees("press_title", "Your press is ready")
        left.page.close()
        right.sees("order_title", "Yours until")
        self.assertEqual(len(self.orders(sale)), 1)

    def test_an_armed_press_can_be_taken_back(self):
        opens_at, _ = in_seconds(12)
        sale = self.sale(opens_at=opens_at)
        shop = self.visit(sale, "anna").buy().sees("press_title", "Your press is ready")
        shop.disarm.click()
        expect(shop.press).to_be_hidden()
        shop.sees("badge", "Open").sees("buy_button", "Buy")
        shop.page.wait_for_timeout(500)
        self.assertEqual(self.arrivals(sale), [])

    def test_a_press_that_was_a_moment_early_is_sent_again_with_its_key(self):
        opens_at, _ = in_seconds(15)
        sale = self.sale(opens_at=opens_at)
        visitor = self.browser.visitor()

        def half_a_second_fast(route):
            answer = route.fetch()
            now = datetime.datetime.fromisoformat(answer.json()["now"]) + datetime.timedelta(milliseconds=500)
            route.fulfill(json={"now": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")})

        visitor.route("**/v1/time", half_a_second_fast)
        shop = self.visit(sale, "anna", context=visitor)
        keys = self.presses(shop)
        shop.buy().sees("order_title", "Yours until")
        codes = [one["code"] for one in self.arrivals(sale, 2)]
        self.assertEqual((codes[0], codes[-1], codes.count("ok")), ("not_open", "ok", 1))
        self.assertEqual(len(set(keys)), 1)
        self.assertLessEqual(len(keys), 3)


if __name__ == "__main__":
    main()
