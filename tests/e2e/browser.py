"""What the browser tests share: the real server, Debian's Chromium driven by Playwright, and a page
object of the shop page. Where driver or browser is missing, a test ends with status 77 and says so;
scripts/test counts it as skipped."""

import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))
SKIPPED = 77


def skip(why):
    print(f"0 passed, 0 failed, 1 skipped: {why}; scripts/setup installs it")
    sys.exit(SKIPPED)


try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    python = ROOT / "build" / "venv" / "bin" / "python"
    if not python.exists() or pathlib.Path(sys.prefix) == python.parents[1]:
        skip("Playwright for Python is not in build/venv")
    os.execv(python, [str(python), *sys.argv])

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    skip("Debian's chromium is not installed")

import dibs  # noqa: E402  (from tests/system)

PATIENCE_MS = 60_000  # generous: the machine may be busy with something else
expect.set_options(timeout=PATIENCE_MS)
# A Chromium run by root has no sandbox. What the pages load comes from our own server only.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class Browser:
    """One Chromium. Each `visitor` is a context of its own: cookies, storage, tabs."""

    def __init__(self):
        self.driver = sync_playwright().start()
        self.chromium = self.driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

    def visitor(self, **options):
        options.setdefault("locale", "en-GB")
        options.setdefault("timezone_id", "UTC")
        context = self.chromium.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def close(self):
        self.chromium.close()
        self.driver.stop()


class Shop:
    """The shop page of one sale in one tab."""

    def __init__(self, context, server, sale, query="", fragment=""):
        self.page = context.new_page()
        self.faults = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._note(message))
        self.address = f"http://127.0.0.1:{server.port}/s/{sale}{query}{fragment}"
        self.page.goto(self.address)

    def _note(self, message):
        # A call that is refused, or that the lost network swallows, is logged by Chromium itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def __getattr__(self, name):
        """`shop.order_title` is the element with the id order-title."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.page.locator("#" + name.replace("_", "-"))

    def ready(self):
        expect(self.page.locator("main")).to_have_attribute("aria-busy", "false")
        return self

    def buy(self):
        expect(self.buy_button).to_have_attribute("aria-disabled", "false")
        self.buy_button.click()
        return self

    def pay(self, token="tok_ok"):
        self.page.locator(f"#card-list input[value={token}]").check()
        self.pay_button.click()
        return self

    def sees(self, element, text):
        expect(getattr(self, element)).to_contain_text(text)
        return self


class PageTest(unittest.TestCase):
    """One server, one browser for all tests of a class; a sale of its own for each."""

    server_flags = ()
    demo = True

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.directory.name, "data")
        cls.server = dibs.Server(cls.data, *cls.server_flags, demo=cls.demo, keep_port=True).start()
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.kill()
        cls.directory.cleanup()

    def setUp(self):
        self.shops = []

    def tearDown(self):
        for shop in self.shops:
            self.assertEqual(shop.faults, [], "the page complained")
            shop.page.context.close()

    def presses(self, shop):
        """The idempotency keys that this tab sends from now on, in order; grows as it does."""
        keys = []
        shop.page.on("request", lambda request: keys.append(request.headers["idempotency-key"])
                     if request.method == "POST" and request.url.endswith("/orders") else None)
        return keys

    def call(self, method, path, body=None, **more):
        """One call on a connection of its own: the server closes those that idle while a page is watched."""
        client = dibs.Client(self.server)
        try:
            return client.call(method, path, body, **more)
        finally:
            client.close()

    def sale(self, **members):
        """A new sale; its id."""
        sale = self.id().rsplit(".", 1)[-1].replace("test_", "")[:64]
        spec = {"title": "Test", "currency": "KRW", "test": True, "items": items(), **members}
        status, _, body = self.call("PUT", f"/v1/sales/{sale}", spec, operator=True)
        self.assertEqual(status, 201, body)
        return sale

    def visit(self, sale, buyer=None, context=None, query="", **options):
        """A tab on the sale's page, as `buyer` of the demo."""
        if buyer:
            query += ("&" if query else "?") + f"buyer={buyer}"
        shop = Shop(context or self.browser.visitor(**options), self.server, sale, query)
        self.shops.append(shop)
        return shop.ready()

    def orders(self, sale):
        _, _, body = self.call("GET", f"/v1/sales/{sale}/orders", operator=True)
        return body["orders"]

    def arrivals(self, sale, count=0):
        """The numbered requests, once there are `count` of them. A refused one is recorded with the next commit, a
        tenth of a second after its answer at the latest if the machine has the time."""
        time.sleep(0.2)
        until = time.monotonic() + PATIENCE_MS / 1000
        while True:
            _, _, body = self.call("GET", f"/v1/sales/{sale}/arrivals", operator=True)
            if len(body["arrivals"]) >= count or time.monotonic() > until:
                return body["arrivals"]
            time.sleep(0.05)


def items(stock=10, price=50_000, sku="floor", title="Floor"):
    return [{"sku": sku, "title": title, "price": price, "stock": stock}]


def main():
    """Runs the tests of the calling file and closes with a line that can be counted."""
    result = unittest.main(exit=False, verbosity=2).result
    failed = len({test.id() for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped")
    sys.exit(1 if failed else 0)
