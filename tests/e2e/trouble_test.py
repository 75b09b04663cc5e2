#!/usr/bin/env python3
"""When things go wrong on the way: a lost network, a lost answer, a server that dies, two tabs, a stream
that cannot be had. Whatever happens, one press is one order: the sales here allow four units a buyer, so
that no limit hides a second one."""

import time

from browser import PageTest, expect, main

UNKNOWN = ('{"type": "/problems/unknown-outcome", "title": "", "status": 503, "code": "unknown_outcome",'
           ' "detail": "", "retryable": true}')


class Trouble(PageTest):
    def sale(self, **members):
        return super().sale(**{"limit_per_buyer": 4, **members})

    def one_order(self, sale, buyer="anna"):
        order, = [one for one in self.orders(sale) if one["buyer"] == buyer]
        return order

    def test_a_press_without_network_is_sent_when_the_network_is_back(self):
        sale = self.sale()
        anna = self.visit(sale, "anna")
        keys = self.presses(anna)
        anna.page.context.set_offline(True)
        anna.sees("trouble_text", "No connection")
        anna.buy().sees("press_title", "Checking. Do not press again")
        expect(anna.buy_button).to_be_hidden()
        self.assertEqual(self.orders(sale), [])
        anna.page.context.set_offline(False)
        anna.sees("order_title", "Yours until")
        expect(anna.trouble).to_be_hidden()
        self.one_order(sale)
        self.assertEqual(len(set(keys)), 1)

    def test_an_answer_that_is_lost_is_asked_for_with_the_same_key(self):
        sale = self.sale()
        anna = self.visit(sale, "anna")
        keys = self.presses(anna)
        lost = []

        def lose_the_first(route):
            if route.request.method == "POST" and not lost:
                lost.append(route.fetch().status)  # the server has done it
                return route.abort()
            return route.continue_()

        anna.page.route("**/orders", lose_the_first)
        anna.buy().sees("order_title", "Yours until")
        self.assertEqual(lost, [201])
        self.assertGreaterEqual(len(keys), 2)
        self.assertEqual(len(set(keys)), 1)
        self.one_order(sale)

    def test_an_unknown_outcome_is_not_shown_as_a_refusal(self):
        sale = self.sale()
        anna = self.visit(sale, "anna")
        keys = self.presses(anna)
        answers = [503, 503]

        def unknown_twice(route):
            if route.request.method == "POST" and answers:
                return route.fulfill(status=answers.pop(), body=UNKNOWN, content_type="application/problem+json",
                                     headers={"Retry-After": "1"})
            return route.continue_()

        anna.page.route("**/orders", unknown_twice)
        anna.buy().sees("press_title", "Checking. Do not press again").sees("order_title", "Yours until")
        self.assertEqual((len(keys), len(set(keys))), (3, 1))
        self.one_order(sale)

    def test_a_server_that_dies_and_comes_back_keeps_order_and_press(self):
        sale = self.sale()
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        ben = self.visit(sale, "ben")
        self.server.kill()
        anna.sees("trouble_text", "No connection")
        ben.buy().sees("press_title", "Checking. Do not press again")
        self.server.start()
        ben.sees("order_title", "Yours until")
        anna.sees("order_title", "Yours until").pay().sees("order_title", "It is yours")
        self.one_order(sale, "ben")
        self.assertEqual(self.one_order(sale)["state"], "paid")

    def test_a_reload_while_the_answer_is_awaited_asks_with_the_same_key(self):
        sale = self.sale()
        anna = self.visit(sale, "anna")
        keys = self.presses(anna)
        anna.page.route("**/orders", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
        anna.buy().sees("press_title", "Checking")
        anna.page.unroute_all()
        anna.page.reload()
        anna.sees("order_title", "Yours until")
        self.one_order(sale)
        self.assertEqual(len(set(keys)), 1)

    def test_two_tabs_are_one_buyer_and_one_press(self):
        sale = self.sale()
        left = self.visit(sale, "anna")
        right = self.visit(sale, "anna", context=left.page.context)
        keys = self.presses(left), self.presses(right)
        for tab in (left, right):  # both are told before either can hear of the other's answer
            tab.page.evaluate("setTimeout(() => document.getElementById('buy-button').click(), 300)")
        for tab in (left, right):
            tab.sees("order_title", "Yours until")
        self.one_order(sale)
        self.assertEqual(len(set(keys[0] + keys[1])), 1, keys)
        left.pay()
        right.sees("order_title", "It is yours")

    def test_a_press_that_hangs_in_one_tab_joins_the_one_that_was_answered_in_the_other(self):
        sale = self.sale()
        left = self.visit(sale, "anna")
        right = self.visit(sale, "anna", context=left.page.context)
        right.page.evaluate("""() => {
            const request = navigator.locks.request.bind(navigator.locks);
            navigator.locks.request = (name, ...rest) => (name.startsWith('dibs.pressing')
                ? new Promise((go) => { window.letGo = go; }).then(() => request(name, ...rest)) : request(name, ...rest));
        }""")
        keys = self.presses(right)
        right.buy_button.click()
        left.buy().sees("order_title", "Yours until")
        right.sees("order_title", "Yours until")
        right.page.evaluate("window.letGo()")
        right.page.wait_for_timeout(1_500)
        self.one_order(sale)
        self.assertEqual(keys, [])

    def test_a_tab_that_is_closed_hands_its_press_to_the_other(self):
        sale = self.sale()
        left = self.visit(sale, "anna")
        right = self.visit(sale, "anna", context=left.page.context)
        left.page.route("**/orders", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
        left.buy().sees("press_title", "Checking")
        right.sees("press_title", "on its way")
        left.page.close()
        right.sees("order_title", "Yours until")
        self.one_order(sale)

    def test_tabs_share_one_stream_and_the_next_one_takes_over(self):
        sale = self.sale()
        left = self.visit(sale, "anna")
        right = self.visit(sale, "anna", context=left.page.context)
        streams = []
        right.page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/events") else None)
        self.call("POST", f"/v1/sales/{sale}/stock", {"sku": "floor", "delta": 5},
                  headers={"Idempotency-Key": "k"}, operator=True)
        for tab in (left, right):
            tab.sees("item_list", "15 of 15 left")
        self.assertEqual(streams, [], "the second tab reads no stream of its own")
        left.page.close()
        self.call("POST", f"/v1/sales/{sale}/stock", {"sku": "floor", "delta": 1},
                  headers={"Idempotency-Key": "l"}, operator=True)
        right.sees("item_list", "16 of 16 left")
        self.assertEqual(len(streams), 1)

    def test_without_a_stream_the_page_asks_as_often_as_the_server_says(self):
        sale = self.sale()
        visitor = self.browser.visitor()
        visitor.route("**/events", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}))
        polls = []
        visitor.on("request", lambda request: polls.append(time.monotonic())
                   if request.url.endswith(f"/v1/sales/{sale}") else None)
        anna = self.visit(sale, "anna", context=visitor)
        self.call("POST", f"/v1/sales/{sale}/stock", {"sku": "floor", "delta": 5},
                  headers={"Idempotency-Key": "k"}, operator=True)
        anna.sees("item_list", "15 of 15 left")
        anna.page.wait_for_timeout(4_000)
        gaps = [after - before for before, after in zip(polls, polls[1:])]
        self.assertGreater(min(gaps[1:]), 0.5, "asks no oftener than told")
        self.assertGreater(len(polls), 2)

    def test_after_a_refusal_a_new_press_has_a_new_key(self):
        sale = self.sale()
        self.call("POST", f"/v1/sales/{sale}/pause", "", operator=True)
        anna = self.visit(sale, "anna")
        keys = self.presses(anna)
        self.call("POST", f"/v1/sales/{sale}/resume", "", operator=True)
        anna.sees("badge", "Open")
        # The page has not heard of the pause when it sends: the server refuses.
        anna.page.route("**/orders", lambda route: (self.call("POST", f"/v1/sales/{sale}/pause", "", operator=True),
                                                    route.continue_()) if route.request.method == "POST" else route.continue_())
        anna.buy().sees("refusal_title", "The sale is paused")
        anna.page.unroute_all()
        self.call("POST", f"/v1/sales/{sale}/resume", "", operator=True)
        anna.buy().sees("order_title", "Yours until")
        self.assertEqual((len(keys), len(set(keys))), (2, 2))

    def test_a_payment_whose_answer_is_lost_is_looked_up_and_not_made_twice(self):
        sale = self.sale()
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        sent = []

        def lose_the_answer(route):
            sent.append(route.fetch().status)
            route.abort()

        anna.page.route("**/payment", lose_the_answer)
        anna.pay().sees("order_title", "It is yours")
        anna.page.wait_for_timeout(2_000)
        self.assertEqual(len(sent), 1)

    def test_a_payment_that_never_left_can_be_pressed_again(self):
        sale = self.sale()
        anna = self.visit(sale, "anna").buy().sees("order_title", "Yours until")
        anna.page.route("**/payment", lambda route: route.abort())
        anna.pay().sees("order_text", "The payment did not begin")
        anna.page.unroute_all()
        anna.pay().sees("order_title", "It is yours")


if __name__ == "__main__":
    main()
