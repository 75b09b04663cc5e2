#!/usr/bin/env python3
"""Whether everybody can use the page: axe-core's findings, fingers, keyboards, screen readers, quiet
eyes; and how many bytes stand before the first paint."""

import datetime

from browser import PageTest, expect, items, main  # first: it finds the driver

from axe_playwright_python.sync_playwright import Axe

FIRST_PAINT_BYTES_MAX = 100 * 1024
FINGER_PX = 44
PHONE = {"viewport": {"width": 390, "height": 844}}
LOOKS = [{"color_scheme": "light", "locale": "en-GB"}, {"color_scheme": "dark", "locale": "ko-KR"}]
SMALL = """(finger) => [...document.querySelectorAll('button, a, label.choice, input:not([type=radio]), select')]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.id || one.textContent, one.getBoundingClientRect()])
    .filter(([, box]) => box.width < finger - 0.5 || box.height < finger - 0.5)
    .map(([name, box]) => `${name}: ${box.width}x${box.height}`)"""
# Keeps what the live regions say, since they say it only once.
LISTEN = """() => { window.heard = [];
    for (const id of ['say', 'shout']) new MutationObserver(() =>
        window.heard.push(document.getElementById(id).textContent)).observe(document.getElementById(id), {childList: true, characterData: true, subtree: true}); }"""


def in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Look(PageTest):
    def check(self, shop, scene):
        """No finding of axe that matters, and nothing too small for a finger."""
        shop.page.wait_for_timeout(200)
        findings = [(one["id"], one["impact"], [node["html"] for node in one["nodes"]])
                    for one in Axe().run(shop.page).response["violations"]]
        self.assertEqual([one for one in findings if one[1] in ("serious", "critical")], [], scene)
        if findings:
            print(f"{scene}: minor findings {[one[0] for one in findings]}")
        self.assertEqual(shop.page.evaluate(SMALL, FINGER_PX), [], scene)
        overflow = shop.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertEqual(overflow, 0, f"{scene}: scrolls sideways")

    def test_axe_and_fingers_find_nothing_on_any_scene(self):
        sale = self.sale(items=[*items(stock=5), *items(sku="hall", title="Hall", stock=1)], limit_per_buyer=3)
        full = "full"
        self.call("PUT", f"/v1/sales/{full}", {"title": "Full", "currency": "KRW", "line_limit": 0, "test": True,
                                               "items": items(stock=1)}, operator=True)
        soon = "soon"
        self.call("PUT", f"/v1/sales/{soon}", {"title": "Soon", "currency": "KRW", "items": items(),
                                               "opens_at": in_seconds(3_000)}, operator=True)
        self.visit(full, "first").buy().sees("order_title", "Yours until")
        for number, look in enumerate(LOOKS):
            visitor = self.browser.visitor(**PHONE, **look)
            who = f"anna{number}"
            shop = self.visit(soon, who, context=visitor)
            self.check(shop, "before the opening")
            shop = self.visit(full, who, context=visitor).buy()
            expect(shop.refusal).to_be_visible()
            self.check(shop, "refused")
            shop = self.visit(sale, who, context=visitor)
            self.check(shop, "open")
            shop.page.locator("input[value=hall]").check()
            shop.buy()
            expect(shop.order).to_be_visible()
            self.check(shop, "held" if number == 0 else "in line")
            shop.leave.click()
            expect(shop.leave).to_be_hidden()
            self.check(shop, "given back")
            shop.page.locator("input[value=floor]").check()
            shop.buy().pay()
            expect(shop.page.locator("#order .mark.good")).to_be_visible()
            self.check(shop, "paid")
            self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "hall", "quantity": 1}]}, buyer="holder")
        self.check(self.visit("nowhere", "anna", **PHONE), "unknown")

    def test_the_check_itself_finds_what_is_planted(self):
        shop = self.visit(self.sale(), "anna", **PHONE)
        plant = """([tag, text]) => { const planted = document.createElement(tag);
            planted.id = 'planted'; planted.textContent = text;
            document.querySelector('main').append(planted); }"""
        remove = "document.getElementById('planted').remove()"
        shop.page.evaluate(plant, ["button", ""])  # has no name
        with self.assertRaisesRegex(AssertionError, "button-name"):
            self.check(shop, "planted")
        shop.page.evaluate(remove)
        shop.page.evaluate(plant, ["a", "x"])
        shop.page.evaluate("document.getElementById('planted').href = '#'")
        with self.assertRaisesRegex(AssertionError, "planted: "):
            self.check(shop, "planted")
        shop.page.evaluate(remove)
        self.check(shop, "nothing planted")

    def bytes_of(self, page, go):
        """What a load brings over the wire, by address, and the bytes of all bodies unpacked."""
        addresses, wire, bodies = {}, {}, {}
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.requestWillBeSent", lambda it: addresses.update({it["requestId"]: it["request"]["url"]}))
        network.on("Network.loadingFinished", lambda it: wire.update({it["requestId"]: it["encodedDataLength"]}))
        count = lambda it: bodies.update({it.url: len(it.body())}) if "/events" not in it.url else None  # noqa: E731
        page.on("response", count)
        go()
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        page.wait_for_timeout(500)
        page.remove_listener("response", count)
        network.detach()
        return {addresses[one]: size for one, size in wire.items()}, bodies

    def test_the_first_paint_takes_less_than_100_kib_and_a_reload_next_to_nothing(self):
        sale = self.sale()
        context = self.browser.visitor()
        page = context.new_page()
        wire, bodies = self.bytes_of(page, lambda: page.goto(f"http://127.0.0.1:{self.server.port}/s/{sale}"))
        self.assertTrue(any(url.endswith("main.js") for url in bodies), bodies)
        print(f"first paint: {sum(bodies.values())} bytes, {sum(wire.values())} on the wire, {len(bodies)} answers")
        self.assertLess(sum(bodies.values()), FIRST_PAINT_BYTES_MAX)
        again, _ = self.bytes_of(page, page.reload)
        pages = sum(size for url, size in again.items() if "/v1/" not in url)
        print(f"a reload: {pages} bytes on the wire for page and assets")
        self.assertGreater(pages, 0)
        self.assertLess(pages, 2_000, "the head of one 304")
        context.close()

    def test_the_keyboard_alone_buys_and_pays(self):
        sale = self.sale(items=[*items(), *items(sku="hall", title="Hall")])
        shop = self.visit(sale, "anna")
        keys = shop.page.keyboard

        def tab_to(selector):
            for _ in range(20):
                keys.press("Tab")
                if shop.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                    return
            self.fail(f"no way to {selector}")

        tab_to("input[name=sku]")
        keys.press("ArrowDown")
        tab_to("#buy-button")
        keys.press("Enter")
        shop.sees("order_title", "Yours until")
        expect(shop.order_title).to_be_focused()
        tab_to("input[name=card]")
        keys.press("Enter")
        shop.sees("order_title", "It is yours")
        order, = self.orders(sale)
        self.assertEqual(order["items"][0]["sku"], "hall")

    def test_a_screen_reader_is_told_of_states_and_of_the_last_seconds(self):
        sale = self.sale(items=items(stock=1), hold_seconds=12, promotion_seconds=12)
        anna = self.visit(sale, "anna")
        ben = self.visit(sale, "ben")
        for shop in (anna, ben):
            shop.page.evaluate(LISTEN)
        anna.buy().sees("order_title", "Yours until")
        ben.buy().sees("order_title", "You are 1st in line")
        anna.sees("order_title", "The time to pay is over")
        ben.sees("order_title", "Yours until")
        heard = anna.page.evaluate("window.heard")
        self.assertIn("10 seconds left to pay.", heard)
        self.assertNotIn("30 seconds left to pay.", heard, "a mark that was over at the start is not told")
        self.assertEqual(len(heard), len(set(heard)), "each thing once")
        self.assertTrue(any(one.startswith("Yours until") for one in heard), heard)
        self.assertEqual(heard[-1], "The time to pay is over")
        told = ben.page.evaluate("window.heard")
        self.assertIn("You are 1st in line", told)
        self.assertTrue(any(one.startswith("Yours until") for one in told), told)

    def test_the_opening_is_told_and_nothing_moves_for_those_who_asked_for_quiet(self):
        shop = self.visit(self.sale(opens_at=in_seconds(14)), "anna", reduced_motion="reduce")
        shop.page.evaluate(LISTEN)
        shop.sees("badge", "Open")
        heard = shop.page.evaluate("window.heard")
        self.assertIn("Opens in 10 seconds.", heard)
        self.assertIn("The sale is open.", heard)
        moving = """[...document.querySelectorAll('*')].filter((one) =>
            getComputedStyle(one).animationName !== 'none' || getComputedStyle(one, '::before').animationName !== 'none').length"""
        shop.page.evaluate("document.getElementById('press').hidden = false; document.getElementById('press-mark').className = 'mark wait'")
        self.assertEqual(shop.page.evaluate(moving), 0)


if __name__ == "__main__":
    main()
