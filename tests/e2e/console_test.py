#!/usr/bin/env python3
"""The operator console in a real browser against the real server: logging in, making and running a sale,
its orders and their histories. What the page says is held against what the API says."""

import base64
import csv
import io
import os

from browser import PageTest, dibs, expect, items, main
from console_page import Console


# A sale with a notice URL is only taken by a server that can sign notices.
os.environ.setdefault("DIBS_NOTIFY_SECRET", "whsec_" + base64.b64encode(bytes(32)).decode())


class ConsoleTest(PageTest):
    def setUp(self):
        super().setUp()
        self.consoles = []

    def tearDown(self):
        super().tearDown()
        for console in self.consoles:
            self.assertEqual(console.faults, [], "the page complained")
            self.assertEqual(console.dialogs, [], "a script asked something")
            console.page.context.close()

    def console(self, token=dibs.OPERATOR_TOKEN, **options):
        """A tab that has logged in. One address may log in once a second: the session is handed on."""
        console = Console(self.browser.visitor(**options), self.server)
        self.consoles.append(console)
        if token not in self.sessions:
            console.log_in(token).entered()
            self.sessions[token] = console.page.context.cookies()
        else:
            console.page.context.add_cookies(self.sessions[token])
            console.open().entered()
        return console

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sessions = {}

    def look(self, sale):
        return self.call("GET", f"/v1/sales/{sale}", operator=True)[2]


class Running(ConsoleTest):
    def test_a_wrong_token_is_named_at_its_field_and_opens_nothing(self):
        console = Console(self.browser.visitor(), self.server)
        self.consoles.append(console)
        console.log_in("wrong").sees("This is no operator")
        token = console.page.get_by_label("Token", exact=True)
        expect(token).to_have_attribute("aria-invalid", "true")
        expect(token).to_be_focused()
        self.assertEqual(console.page.context.cookies(), [])
        token.fill(dibs.OPERATOR_TOKEN)
        token.press("Enter")
        console.entered()
        cookie, = console.page.context.cookies()
        self.assertEqual((cookie["httpOnly"], cookie["sameSite"]), (True, "Strict"))
        self.assertNotIn(dibs.OPERATOR_TOKEN, cookie["value"])
        self.assertEqual(console.page.evaluate("document.cookie"), "", "no script can read it")
        console.page.reload()
        console.entered().press("Log out")
        expect(console.page.get_by_label("Token", exact=True)).to_be_visible()
        console.page.context.add_cookies([cookie])
        console.open()
        expect(console.page.get_by_label("Token", exact=True)).to_be_visible()

    def test_a_sale_is_made_in_a_form_that_shows_what_the_server_finds_wrong_where_it_is(self):
        console = self.console().press("New sale")
        page = console.page
        page.get_by_label("Id", exact=True).fill("made")
        page.get_by_role("group", name="Sale", exact=True).get_by_label("Title").fill("Made here")
        item = page.get_by_role("group", name="Item 1")
        item.get_by_label("SKU").fill("floor")
        item.get_by_label("Title").fill("Floor")
        item.get_by_label("Price").fill("12.50")
        item.get_by_label("Stock").fill("7")
        page.get_by_label("Units per buyer").fill("3")
        page.get_by_label("Opens at").fill("2099-12-01T11:00:00")
        page.get_by_label("Notice URL").fill("https://shop.example/hook")
        page.get_by_label("Test sale").check()
        console.press("Create sale")
        price = item.get_by_label("Price")
        expect(price).to_have_attribute("aria-invalid", "true")
        expect(price).to_be_focused()
        console.sees("items[0].price must be")
        price.fill("1250")
        console.press("Create sale").has_state("scheduled")
        made = self.look("made")
        self.assertEqual(made["title"], "Made here")
        self.assertEqual(made["opens_at"], "2099-12-01T11:00:00.000Z")
        self.assertEqual((made["limit_per_buyer"], made["hold_seconds"], made["test"]), (3, 300, True))
        self.assertEqual(made["notify"], {"url": "https://shop.example/hook"})
        self.assertEqual(made["items"][0]["price"], 1250)
        self.assertEqual(made["items"][0]["total"], 7)

        console.sale("made", "settings")
        page.get_by_label("Hold, seconds").fill("60")
        console.press("Save changes").sees("Saved.")
        self.assertEqual(self.look("made")["hold_seconds"], 60)
        console.press("Open now").answer("Open now").has_state("open")
        expect(page.get_by_label("Units per buyer")).to_be_enabled()  # the form is that of before
        console.sale("made").sale("made", "settings")
        expect(page.get_by_label("Units per buyer")).to_be_disabled()
        expect(page.get_by_label("Hold, seconds")).to_be_enabled()
        console.press("Delete").answer("Delete").entered()
        self.assertEqual(self.call("GET", "/v1/sales/made")[0], 404)

    def test_pause_resume_restock_and_close_ask_first_and_say_what_came_of_it(self):
        sale = self.sale(items=items(stock=1))
        self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]}, buyer="anna")
        self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]}, buyer="ben")
        console = self.console().sale(sale)
        expect(console.tile("In line")).to_have_text("1")
        console.press("Pause").answer("Cancel")
        self.assertEqual(self.look(sale)["state"], "open")
        console.press("Pause").answer("Pause").has_state("paused")
        self.assertEqual(self.look(sale)["state"], "paused")
        expect(console.tile("Oldest hold ends")).to_have_text("stands still")
        console.press("Resume").answer("Resume").has_state("open")

        console.press("Restock")
        dialog = console.page.get_by_role("dialog")
        dialog.get_by_label("Units to add").fill("many")
        dialog.get_by_role("button", name="Change stock").click()
        expect(dialog).to_contain_text("must be a whole number")
        dialog.get_by_label("Units to add").fill("-5")
        dialog.get_by_role("button", name="Change stock").click()
        expect(dialog.get_by_role("alert")).not_to_be_empty()
        self.assertEqual(self.look(sale)["items"][0]["total"], 1, "never below what is held")
        dialog.get_by_label("Units to add").fill("3")
        console.answer("Change stock")
        expect(console.tile("In line")).to_have_text("0")
        item = self.look(sale)["items"][0]
        self.assertEqual((item["total"], item["held"], item["available"]), (4, 2, 2))
        bar = console.page.get_by_role("img", name="Floor: 2 available, 2 held, 0 sold of 4")
        expect(bar).to_be_visible()

        console.press("Close")
        expect(console.page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
        console.answer("Close for good").has_state("closed")
        self.assertEqual(self.look(sale)["state"], "closed")
        expect(console.page.get_by_role("button", name="Pause")).to_have_count(0)

    def test_support_looks_at_a_sale_and_can_change_nothing(self):
        sale = self.sale()
        self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]}, buyer="anna")
        console = self.console(dibs.SUPPORT_TOKEN)
        expect(console.page.get_by_role("button", name="New sale")).to_have_count(0)
        console.page.get_by_label("Sale id").fill(sale)
        console.press("Open").has_state("open").sees("Rates and latency are for operators")
        for name in ("Pause", "Restock", "Close", "Delete"):
            expect(console.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        console.sale(sale, "settings")
        expect(console.page.get_by_label("Hold, seconds")).to_be_disabled()
        expect(console.page.get_by_role("button", name="Save changes")).to_have_count(0)
        console.sale(sale, "orders").sees("anna")
        console.page.get_by_role("link", name="Arrival 1").click()
        console.sees("Units held")

    def test_a_restarted_server_asks_for_the_token_again(self):
        sale = self.sale()
        console = self.console().sale(sale)
        self.server.keep_port = True
        self.server.stop()
        console.sees("No figures for")
        self.server.start()
        self.sessions.clear()
        console.sees("Your session has ended")
        console.page.get_by_label("Token", exact=True).fill(dibs.OPERATOR_TOKEN)
        console.press("Log in").has_state("open")

    def test_the_page_speaks_korean(self):
        console = self.console()
        console.page.get_by_label("Language").select_option("ko")
        expect(console.page.get_by_role("heading", level=1, name="판매")).to_be_visible()
        self.assertEqual(console.page.locator("html").get_attribute("lang"), "ko")


class Orders(ConsoleTest):
    def test_orders_are_filtered_paged_and_written_as_csv(self):
        sale = self.sale(items=items(stock=70))
        for i in range(60):
            self.call("POST", f"/v1/sales/{sale}/orders",
                      {"items": [{"sku": "floor", "quantity": 1}], "reference": f"cart-{i}"}, buyer=f"b-{i}")
        paid = self.orders(sale)[3]
        self.call("POST", f"/v1/orders/{paid['id']}/payment", {"token": "tok_ok"}, buyer=paid["buyer"])
        console = self.console().sale(sale, "orders").sees("50 orders, arrivals 1 to 50")
        self.assertEqual(len(console.rows()), 50)
        console.press("Next page").sees("10 orders, arrivals 51 to 60")
        expect(console.page.get_by_role("button", name="Next page")).to_be_hidden()
        console.press("First page").sees("50 orders, arrivals 1 to 50")

        console.page.get_by_label("State").select_option("paid")
        console.sees("1 orders, arrivals 4 to 4")
        self.assertEqual(console.rows()[0][2], paid["buyer"])
        console.press("Clear").sees("50 orders")
        console.page.get_by_label("Reference").fill("cart-59")
        console.press("Filter").sees("arrivals 60 to 60")
        console.page.get_by_label("Reference").fill("")
        console.page.get_by_label("Buyer").fill("b-7")
        console.press("Filter").sees("arrivals 8 to 8")
        console.page.get_by_label("Buyer").fill("anna@shop.example")
        console.press("Filter").sees("buyer is not a buyer id")
        console.press("Clear").sees("50 orders")

        with console.page.expect_download() as download:
            console.press("Download CSV")
        self.assertEqual(download.value.suggested_filename, f"{sale}-orders.csv")
        with open(download.value.path(), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["id"] for row in rows], [order["id"] for order in self.orders_all(sale)])
        self.assertEqual({row["state"] for row in rows}, {"held", "paid"})

    def orders_all(self, sale):
        return self.call("GET", f"/v1/sales/{sale}/orders?limit=1000", operator=True)[2]["orders"]

    def test_a_csv_of_more_than_a_page_of_the_server_is_whole(self):
        sale = self.sale(items=items(stock=2_000), payment="shop")
        client = dibs.Client(self.server)
        for i in range(1_005):
            client.buy(sale, f"b-{i}")
        client.close()
        console = self.console().sale(sale, "orders").sees("50 orders")
        with console.page.expect_download() as download:
            console.press("Download CSV")
        with open(download.value.path(), encoding="utf-8", newline="") as file:
            arrivals = [row["arrival"] for row in csv.DictReader(io.StringIO(file.read()))]
        self.assertEqual(len(arrivals), 1_005)
        self.assertEqual(len(set(arrivals)), 1_005)

    def test_an_orders_whole_history_is_told_and_its_money_given_back(self):
        sale = self.sale(items=items(stock=1))
        buy = {"items": [{"sku": "floor", "quantity": 1}]}
        first = self.call("POST", f"/v1/sales/{sale}/orders", buy, buyer="anna")[2]
        second = self.call("POST", f"/v1/sales/{sale}/orders", buy, buyer="ben")[2]
        third = self.call("POST", f"/v1/sales/{sale}/orders", buy, buyer="cleo")[2]
        self.call("DELETE", f"/v1/orders/{first['id']}", buyer="anna")
        self.call("POST", f"/v1/orders/{second['id']}/payment", {"token": "tok_ok"}, buyer="ben")
        console = self.console().sale(sale, "orders")
        console.page.get_by_role("link", name="Arrival 2").click()
        expect(console.page.locator(".timeline b")).to_have_text(
            ["Joined the line", "Units came to it from the line", "Payment begun", "Paid", "Money taken"])
        console.press("Refund")
        dialog = console.page.get_by_role("dialog")
        expect(dialog).to_contain_text("buyer ben")
        dialog.get_by_label("Put its units back too").check()
        console.answer("Refund").sees("Money given back")
        order = self.call("GET", f"/v1/orders/{second['id']}", operator=True)[2]
        self.assertEqual((order["state"], order["reason"], order["money"]), ("released", "refunded", "refunded"))
        history = self.call("GET", f"/v1/orders/{second['id']}/history", operator=True)[2]["events"]
        expect(console.page.locator(".timeline li")).to_have_count(len(history))
        self.assertIn("anna", [event.get("actor") for event in history], "the operator who refunded")
        expect(console.page.get_by_role("button", name="Refund")).to_have_count(0)
        # The line was over when everything had been sold, so the unit is free now.
        self.assertEqual(self.call("GET", f"/v1/orders/{third['id']}", operator=True)[2]["state"], "sold_out")


if __name__ == "__main__":
    main()
