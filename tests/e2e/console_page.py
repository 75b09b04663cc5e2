"""A page object of the operator console."""

import re

from browser import dibs, expect


class Console:
    """One operator's or support's tab."""

    def __init__(self, context, server):
        self.page = context.new_page()
        self.faults = []
        self.dialogs = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("dialog", self._dialog)
        self.base = f"http://127.0.0.1:{server.port}"

    def _note(self, message):
        # A call that is refused is logged by Chromium itself, and a stream that the server ended.
        if message.type == "error" and "Failed to load resource" not in message.text and "net::ERR" not in message.text:
            self.faults.append(message.text)

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path=""):
        self.page.goto(f"{self.base}/console{path}")
        return self

    def log_in(self, token=dibs.OPERATOR_TOKEN):
        self.open()
        self.page.get_by_label("Token", exact=True).fill(token)
        self.page.get_by_role("button", name="Log in").click()
        return self

    def entered(self):
        expect(self.page.get_by_role("heading", level=1, name="Sales")).to_be_visible()
        return self

    def sale(self, sale, view="live"):
        """Goes to a view of a sale and waits until its figures are there."""
        self.page.evaluate("hash => { location.hash = hash; }", f"#/sales/{sale}/{view}")
        expect(self.page.locator("main.sale .times")).to_contain_text("strict")
        return self

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        return self

    def answer(self, name):
        """Presses a button of the question that is asked, and waits until it is gone."""
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog).to_have_count(0)
        return self

    def has_state(self, state):
        expect(self.page.locator("main.sale .title .badges")).to_contain_text(state)
        return self

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()
        return self

    def rows(self):
        """The table's rows as lists of texts."""
        return self.page.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.children].map(cell => cell.innerText.trim()))")

    def tile(self, label):
        """The figure of a tile of the live view, as text."""
        return self.page.locator(".tile", has=self.page.locator(".label", has_text=re.compile(f"^{re.escape(label)}$"))).locator("b")

    def points(self, chart):
        """The points of a chart's first line, as drawn."""
        return self.page.evaluate("i => Chart.getChart(document.querySelectorAll('.chart canvas')[i]).data.datasets[0].data", chart)
