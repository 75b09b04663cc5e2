#!/usr/bin/env python3
"""What must not happen on the operator console: other sites' pages acting through it, texts of a sale
running as scripts, people who cannot use it."""

import http.server
import threading

from browser import dibs, expect, items, main  # first: it finds the driver

from axe_playwright_python.sync_playwright import Axe

from console_test import ConsoleTest

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
VIEWS = ["live", "orders", "fairness", "settings"]


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another program on this machine: another origin, but the same site, so that cookies of SameSite=Strict
    are sent. It serves a page and notes what browsers send it."""

    heard = []

    def do_GET(self):
        self.answer(b"<title>not ours</title>")

    def do_POST(self):
        Neighbour.heard.append((self.headers.get("Origin"), self.headers.get("Cookie") or ""))
        self.answer(b"")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def neighbour():
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    return site


class Guarded(ConsoleTest):
    def test_a_page_of_another_origin_changes_nothing_though_the_cookie_is_sent(self):
        sale = self.sale()
        console = self.console()
        page, spy = neighbour(), neighbour()
        answers = []
        console.page.on("response", lambda got: answers.append((got.request.method, got.url, got.status)))
        try:
            console.page.goto(f"http://127.0.0.1:{page.server_port}/")

            def post(url, body=""):
                return console.page.evaluate("""([url, body]) => fetch(url, {method: 'POST', mode: 'no-cors',
                    credentials: 'include', body}).then(() => 'sent', String)""", [url, body])
            for call in ("pause", "close", "stock"):
                body = '{"sku":"floor","delta":5}' if call == "stock" else ""
                self.assertEqual(post(f"{console.base}/v1/sales/{sale}/{call}", body), "sent")
            post(f"http://127.0.0.1:{spy.server_port}/")
        finally:
            for site in (page, spy):
                site.shutdown()
                site.server_close()
        (origin, cookie), = Neighbour.heard
        self.assertEqual(origin, f"http://127.0.0.1:{page.server_port}")
        self.assertIn("dibs-console=", cookie, "else the browser guards us and this test shows nothing")
        ours = [status for method, url, status in answers if method == "POST" and url.startswith(console.base)]
        self.assertEqual(ours, [403, 403, 400], "stock is malformed without a key, which comes first")
        now = self.look(sale)
        self.assertEqual((now["state"], now["items"][0]["total"]), ("open", 10))

    def test_texts_of_a_sale_and_its_buyers_are_shown_and_never_run(self):
        sale = self.sale(title=SCRIPT, items=items(title=SCRIPT))
        order = self.call("POST", f"/v1/sales/{sale}/orders",
                          {"items": [{"sku": "floor", "quantity": 1}], "reference": "<script>alert(3)</script>"},
                          buyer="<script>alert(4)</script>")[2]
        console = self.console().sees(SCRIPT)
        for view in [*VIEWS, f"orders/{order['id']}"]:
            console.sale(sale, view)
            expect(console.page.get_by_role("heading", level=1)).to_have_text(SCRIPT)
            console.page.wait_for_timeout(300)
        console.sees("<script>alert(4)</script>")
        console.press("Restock")
        expect(console.page.get_by_role("dialog")).to_contain_text(SCRIPT)
        self.assertEqual(console.page.locator("img[src=x], body script").count(), 0)
        self.assertEqual(console.dialogs, [])

    def test_no_view_has_a_serious_finding_of_axe_or_runs_over_the_edge(self):
        sale = self.sale(items=items(stock=2))
        for buyer in "abcde":
            self.call("POST", f"/v1/sales/{sale}/orders", {"items": [{"sku": "floor", "quantity": 1}]}, buyer=buyer)
        order = self.orders(sale)[0]["id"]
        for scheme, width in (("light", 1400), ("dark", 390)):
            console = self.console(color_scheme=scheme, viewport={"width": width, "height": 900})
            self.judge(console, f"sales {scheme} {width}")
            for view in [*VIEWS, f"orders/{order}"]:
                console.sale(sale, view)
                console.page.wait_for_timeout(600)
                self.judge(console, f"{view} {scheme} {width}")
            console.press("Close")
            self.judge(console, f"dialog {scheme} {width}")
            console.answer("Cancel")
            console.page.evaluate("location.hash = '#/new'")
            expect(console.page.get_by_role("heading", level=1)).to_have_text("New sale")
            self.judge(console, f"form {scheme} {width}")

    def judge(self, console, where):
        found = Axe().run(console.page).response["violations"]
        bad = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found
               if one["impact"] in ("serious", "critical")]
        self.assertEqual(bad, [], where)
        self.assertLessEqual(console.page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0, where)
        small = console.page.evaluate("""() => [...document.querySelectorAll('button, select, input:not([type=checkbox])')]
            .filter(one => one.offsetParent && (one.offsetHeight < 44 || one.offsetWidth < 44))
            .map(one => `${one.outerHTML.slice(0, 80)} ${one.offsetWidth}x${one.offsetHeight}`)""")
        self.assertEqual(small, [], where)

    def test_everything_is_reached_by_keyboard(self):
        sale = self.sale()
        console = self.console()
        page = console.page
        self.tab_to(page, f"a[href='#/sales/{sale}']")
        page.keyboard.press("Enter")
        console.has_state("open")
        self.tab_to(page, ".sale-actions button:not([hidden])")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        for view in ("orders", "fairness", "settings"):
            self.tab_to(page, f".tabs a[href$='{view}']")
            page.keyboard.press("Enter")
            expect(page.locator(".tabs a.current")).to_have_attribute("href", f"#/sales/{sale}/{view}")
        page.keyboard.press("Tab")
        self.assertNotEqual(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none")

    def tab_to(self, page, selector):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        self.fail(f"{selector} is not reached by Tab")


if __name__ == "__main__":
    main()
