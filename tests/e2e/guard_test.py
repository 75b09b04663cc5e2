#!/usr/bin/env python3
"""What keeps strangers out, on a server that is no demo: the token's way into a cookie, other sites'
pages that try to ride on it, and titles that try to be scripts."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import tempfile
import threading
import time

from browser import PageTest, Shop, dibs, expect, items, main

SECRET = "a secret of the browser tests, over 32 bytes"
EVIL_TITLE = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>\"><svg/onload=window.pwned=3>"


def token(buyer, seconds=3_600, **claims):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    claims = {"sub": buyer, "aud": "dibs.test", "exp": int(time.time()) + seconds, **claims}
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    return signed + "." + part(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())


class EvilSite:
    """A page on another port of the same host: for the browser the same site, so that SameSite alone
    does not keep the cookie from it."""

    def __enter__(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>evil</title><form method=post></form>")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Guard(PageTest):
    demo = False

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        key = os.path.join(cls.keys.name, "jwt.key")
        with open(key, "w") as file:
            file.write(SECRET)
        cls.server_flags = ("--jwt-key-file", key, "--jwt-alg", "HS256", "--jwt-audience", "dibs.test")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.keys.cleanup()

    def sale(self, **members):
        return super().sale(**{"payment": "shop", **members})

    def come(self, sale, with_token, context=None):
        """By the shop's link."""
        shop = Shop(context or self.browser.visitor(), self.server, sale, fragment=f"#token={with_token}")
        self.shops.append(shop)
        return shop.ready()

    def test_the_token_leaves_the_address_and_becomes_a_cookie_that_no_script_sees(self):
        sale = self.sale()
        anna = self.come(sale, token("anna"))
        self.assertTrue(anna.page.url.endswith(f"/s/{sale}"), anna.page.url)
        cookie, = anna.page.context.cookies()
        self.assertEqual((cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]),
                         ("__Host-dibs", True, True, "Lax"))
        self.assertLess(abs(cookie["expires"] - time.time() - 3_600), 60)
        seen = anna.page.evaluate("document.cookie + JSON.stringify(localStorage) + location.href")
        self.assertNotIn(cookie["value"], seen)
        anna.buy().sees("order_title", "Yours until")
        order, = self.orders(sale)
        self.assertEqual(order["buyer"], "anna")
        expect(anna.page.locator(".demo-notice")).to_be_hidden()
        anna.page.reload()
        anna.ready().sees("order_title", "Yours until")

    def test_who_comes_without_a_token_sees_the_sale_and_how_to_get_in(self):
        shop = self.visit(self.sale()).sees("item_list", "10 of 10 left").sees("buy_hint", "by the link of your shop")
        expect(shop.buy_button).to_have_attribute("aria-disabled", "true")

    def test_a_link_that_is_over_says_so(self):
        self.come(self.sale(), token("anna", seconds=-10)).sees("buy_hint", "no longer valid")

    def test_a_session_that_ends_is_told_at_the_press(self):
        sale = self.sale()
        anna = self.come(sale, token("anna"))
        anna.page.context.clear_cookies()  # as a browser does when the token's time is over
        anna.buy().sees("refusal_title", "We do not know who you are any more")
        self.assertEqual(self.orders(sale), [])

    def test_logging_out_forgets_the_cookie(self):
        anna = self.come(self.sale(), token("anna"))
        anna.log_out.click()
        anna.sees("buy_hint", "by the link of your shop")
        self.assertEqual(anna.page.context.cookies(), [])

    def test_pages_of_other_sites_cannot_ride_on_the_session(self):
        sale = self.sale()
        anna = self.come(sale, token("anna")).buy().sees("order_title", "Yours until")
        order, = self.orders(sale)
        there = f"http://127.0.0.1:{self.server.port}"
        with EvilSite() as evil:
            page = anna.page.context.new_page()
            carried = []
            page.on("request", lambda request: carried.append(request.all_headers().get("cookie", ""))
                    if request.url.startswith(there) else None)
            page.goto(evil)
            page.evaluate("""async ([there, sale, order]) => {
                const send = (path, method, body) => fetch(there + path, {method, body, mode: 'no-cors',
                    credentials: 'include', headers: {'Content-Type': 'text/plain'}}).catch(() => null);
                await send(`/v1/sales/${sale}/orders`, 'POST', '{"items":[{"sku":"floor","quantity":1}]}');
                await send(`/v1/orders/${order}/payment`, 'POST', '{"token":"tok_ok"}');
                await send(`/v1/orders/${order}`, 'DELETE');
                const form = document.querySelector('form');
                form.enctype = 'text/plain';
                form.action = `${there}/v1/sales/${sale}/orders`;
                form.append(Object.assign(document.createElement('input'),
                    {name: '{"items":[{"sku":"floor","quantity":1}],"reference":"', value: 'x"}'}));
                form.submit();
            }""", [there, sale, order["id"]])
            page.wait_for_url(f"{there}/**")
            self.assertIn("forbidden", page.content())
            self.assertTrue(any("__Host-dibs=" in one for one in carried), "the browser did send the cookie")
            page.close()
        self.assertEqual(self.orders(sale), [order], "nothing was bought and nothing given back")

    def test_pages_of_other_sites_can_neither_frame_nor_read_ours(self):
        sale = self.sale()
        anna = self.come(sale, token("anna"))
        there = f"http://127.0.0.1:{self.server.port}"
        with EvilSite() as evil:
            page = anna.page.context.new_page()
            page.goto(evil)
            read = page.evaluate("(address) => fetch(address, {credentials: 'include'}).then(() => 'read', () => 'not')",
                                 f"{there}/v1/sales/{sale}/orders")
            self.assertEqual(read, "not")
            page.evaluate("""(address) => new Promise((done) => {
                const frame = document.createElement('iframe');
                frame.onload = done;
                frame.src = address;
                document.body.append(frame);
            })""", f"{there}/s/{sale}")
            self.assertNotIn("Dibs", page.frames[1].content())
            page.close()

    def test_titles_are_texts_whatever_they_look_like(self):
        sale = self.sale(title=EVIL_TITLE, items=items(title=EVIL_TITLE))
        anna = self.come(sale, token("anna"))
        anna.sees("title", EVIL_TITLE).sees("item_list", EVIL_TITLE)
        anna.buy().sees("order_facts", EVIL_TITLE)
        self.assertEqual(anna.page.evaluate("window.pwned ?? 'no'"), "no")
        self.assertEqual(anna.page.locator("main img, main svg, main script").count(), 0)

    def test_the_policy_would_stop_a_script_even_if_a_page_were_careless(self):
        anna = self.come(self.sale(), token("anna"))
        careless = """(text) => { try { document.getElementById('title').innerHTML = text; return 'taken'; }
                                  catch (error) { return error.name; } }"""
        self.assertEqual(anna.page.evaluate(careless, EVIL_TITLE), "TypeError", "Trusted Types refuse markup")
        inline = """() => { const script = document.createElement('script');
                            script.append('window.pwned = 4'); document.body.append(script); return window.pwned ?? 'no'; }"""
        try:
            ran = anna.page.evaluate(inline)
        except Exception:  # refused even earlier
            ran = "no"
        self.assertEqual(ran, "no")
        anna.faults.clear()  # the policy's own words about what it stopped


if __name__ == "__main__":
    main()
