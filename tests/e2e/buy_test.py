#!/usr/bin/env python3
"""Buying on the shop page, in a real browser against the real server: buy, wait, be promoted, pay, be
refused, give back; each seen on the page and held against what the API says."""

from browser import PageTest, dibs, expect, items, main


class Buying(PageTest):
    def test_one_press_and_one_payment_buy_a_unit(self):
        sale = self.sale()
        shop = self.visit(sale, "anna").sees("title", "Test").sees("badge", "Open").sees("total", "₩50,000")
        shop.buy().sees("order_title", "Yours until").sees("pay_button", "Pay ₩50,000")
        expect(shop.order_title).to_be_focused()
        shop.pay().sees("order_title", "It is yours")
        order, = self.orders(sale)
        self.assertEqual((order["buyer"], order["state"]), ("anna", "paid"))
        shop.sees("order_facts", order["id"])
        expect(shop.buy_button).to_be_hidden()

    def test_who_waits_sees_what_it_is_worth_and_is_promoted_when_a_payment_is_declined(self):
        sale = self.sale(items=items(stock=1))
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        ben = self.visit(sale, "ben").sees("buy_button", "Get in line").buy()
        ben.sees("order_title", "You are 1st in line").sees("order_estimate", "The one unit not paid yet")
        cleo = self.visit(sale, "cleo").buy().sees("order_title", "You are 2nd in line")
        cleo.sees("order_estimate", "very unlikely")
        anna.pay("tok_fail").sees("order_title", "The payment did not go through")
        ben.sees("order_title", "Yours until")
        cleo.sees("order_title", "You are 1st in line")
        ben.pay().sees("order_title", "It is yours")
        cleo.sees("order_title", "Sold out while you waited").sees("order_text", "You were number 3")
        cleo.sees("order_text", "The last unit went to number 2")
        self.assertEqual([order["state"] for order in self.orders(sale)], ["released", "paid", "sold_out"])

    def test_a_declined_card_can_be_tried_again_while_attempts_are_left(self):
        sale = self.sale(payment_attempts=2)
        anna = self.visit(sale, "anna").buy().pay("tok_fail").sees("order_text", "declined. You can try again")
        anna.pay().sees("order_title", "It is yours")

    def test_a_slow_payment_is_waited_for(self):
        sale = self.sale()
        anna = self.visit(sale, "anna").buy().pay("tok_late").sees("order_title", "under way")
        anna.sees("order_title", "It is yours")

    def test_who_is_refused_reads_their_number_also_after_a_reload(self):
        sale = self.sale(items=items(stock=1), line_limit=0)
        anna = self.visit(sale, "anna")
        ben = self.visit(sale, "ben")
        anna.buy().sees("order_title", "Yours until")
        ben.buy().sees("refusal_title", "Sold out: you were number 2")
        ben.page.reload()
        ben.ready().sees("refusal_title", "Sold out: you were number 2")
        refused = [one for one in self.arrivals(sale, 2) if one["buyer"] == "ben"]
        self.assertEqual([(one["arrival"], one["code"]) for one in refused], [(2, "sold_out")])

    def test_leaving_the_line_and_giving_back_free_the_place(self):
        sale = self.sale(items=items(stock=1))
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        ben = self.visit(sale, "ben").buy().sees("leave", "Leave the line")
        ben.leave.click()
        ben.sees("order_title", "You gave it back")
        anna.sees("leave", "Give it back").leave.click()
        anna.sees("order_title", "You gave it back")
        ben.buy().sees("order_title", "Yours until")
        self.assertEqual(len({order["id"] for order in self.orders(sale)}), 3, "a new press has a new key")

    def test_of_several_items_and_units_the_chosen_ones_are_bought(self):
        sale = self.sale(limit_per_buyer=4, currency="EUR", items=[
            *items(sku="floor", price=1999), *items(sku="hall", title="Hall", price=2550)])
        anna = self.visit(sale, "anna")
        anna.page.get_by_label("Hall").check()
        anna.more.click()
        anna.more.click()
        anna.sees("total", "€76.50").buy().sees("order_facts", "Hall × 3")
        order, = self.orders(sale)
        self.assertEqual(order["items"], [{"sku": "hall", "quantity": 3, "price": 2550}])

    def test_the_shops_own_checkout_is_where_the_order_leads(self):
        sale = self.sale(payment="shop", checkout_url="https://shop.example/pay?o={order}")
        anna = self.visit(sale, "anna").buy().sees("checkout", "Pay ₩50,000 at shop.example")
        order, = self.orders(sale)
        self.assertEqual(anna.checkout.get_attribute("href"), f"https://shop.example/pay?o={order['id']}")
        expect(anna.pay_button).to_be_hidden()
        for step in ("begin", "confirm"):
            self.call("POST", f"/v1/orders/{order['id']}/{step}", "",
                      headers={"Authorization": f"Bearer {dibs.SHOP_KEY}"})
        anna.sees("order_title", "It is yours")

    def test_what_is_free_is_bought_at_once(self):
        sale = self.sale(payment="none", items=items(price=0))
        self.visit(sale, "anna").sees("item_list", "Free").buy().sees("order_title", "It is yours")

    def test_a_sale_that_pauses_and_closes_says_so(self):
        sale = self.sale()
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        ben = self.visit(sale, "ben")
        self.call("POST", f"/v1/sales/{sale}/pause", "", operator=True)
        ben.sees("badge", "Paused").sees("buy_button", "Paused")
        anna.sees("order_text", "your time stands still")
        self.call("POST", f"/v1/sales/{sale}/close", "", operator=True)
        ben.sees("badge", "Closed")
        expect(ben.buy_button).to_be_hidden()
        anna.sees("order_text", "can still be paid").pay().sees("order_title", "It is yours")

    def test_where_stock_is_hidden_no_figure_is_shown(self):
        sale = self.sale(items=items(stock=1), public_stock="hidden")
        self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        ben = self.visit(sale, "ben")
        self.assertNotIn("left", ben.item_list.inner_text())
        ben.buy().sees("order_title", "You are 1st in line").sees("order_estimate", "is not shown in this sale")

    def test_who_has_bought_elsewhere_is_shown_that_order(self):
        sale = self.sale()
        anna = self.visit(sale, "anna")
        status, _, order = self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]},
                                     buyer="anna")
        self.assertEqual(status, 201)
        anna.buy().sees("order_title", "Yours until").sees("order_facts", order["id"])
        self.assertEqual([one["code"] for one in self.arrivals(sale, 2)], ["ok", "limit_reached"])

    def test_an_unknown_sale_is_named_as_such(self):
        self.visit("nowhere", "anna").sees("title", "There is no such sale")

    def test_korean_is_spoken_to_a_korean_browser_and_on_demand(self):
        sale = self.sale()
        korean = self.visit(sale, "anna", locale="ko-KR").sees("buy_button", "구매하기")
        self.assertEqual(korean.page.locator("html").get_attribute("lang"), "ko")
        korean.buy().sees("order_title", "까지 선점했습니다").pay().sees("order_title", "구매가 완료되었습니다")
        self.visit(sale, "ben", query="?lang=ko").sees("buy_button", "구매하기")
        self.visit(sale, "ben", query="?lang=en", locale="ko-KR").sees("buy_button", "Buy")

    def test_both_languages_say_the_same_things(self):
        shop = self.visit(self.sale(), "anna")
        names = shop.page.evaluate("""async () => {
            const base = document.querySelector('script[src]').src.replace(/main.js$/, '');
            const names = (value, at) => Object.entries(value).flatMap(([key, one]) =>
                typeof one === 'object' ? names(one, `${at}.${key}`) : [`${at}.${key}:${typeof one}`]).sort();
            const [en, ko] = await Promise.all(['en', 'ko'].map((tag) => import(`${base}words.${tag}.js`)));
            return [names(en.words, ''), names(ko.words, '')];
        }""")
        self.assertEqual(names[0], names[1])
        self.assertGreater(len(names[0]), 80)


if __name__ == "__main__":
    main()
