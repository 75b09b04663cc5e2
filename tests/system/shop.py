"""A shop that hears notices: a real HTTP receiver that checks every signature by code of its own, keeps
what it was sent, and misbehaves as it is told."""

import base64
import hashlib
import hmac
import http.server
import json
import random
import threading
import time

WINDOW_SECONDS = 300


def secret(letter):
    """A secret as DIBS_NOTIFY_SECRET spells it, of 32 equal bytes."""
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


def is_signed(headers, body, key):
    """Standard Webhooks, as its specification says it."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > WINDOW_SECONDS:
        return False
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(wanted, one)
               for one in headers.get("webhook-signature", "").split(" "))


class Shop:
    """Listens from the start on a port of its own; `close` frees it, `open` takes it again. What it
    does with a notice is `mood`, one of:
    good (204), bad (500), gone (410), slow (204 after 0.2 s), flaky (half of the answers are lost, some
    after the notice was kept, and some are 503), silent (never answers)."""

    def __init__(self, key):
        self.key = key
        self.mood = "good"
        self.draw = random.Random(7)
        self.lock = threading.Lock()
        self.notices = []  # (sale, seq, notice, answered 2xx), in the order in which they came
        self.forged = []
        self.port = 0
        self.server = None
        self.open()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hear?from=dibs"

    def open(self):
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.hear(self, body)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

            def handle_error(self, *_):
                pass  # a caller that was killed

        self.server = Listener(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def hear(self, handler, body):
        if not is_signed(handler.headers, body, self.key):
            self.forged.append((dict(handler.headers), body))
            return self.answer(handler, 401)
        notice = json.loads(body)
        sale, seq = handler.headers["webhook-id"].rsplit(":", 1)
        mood = self.mood
        if mood == "slow":
            time.sleep(0.2)
        if mood == "silent":
            time.sleep(30)
        lot = self.draw.random() if mood == "flaky" else 1
        status = {"bad": 500, "gone": 410}.get(mood, 204)
        if lot < 0.25:
            status = 503
        taken = status == 204 and not lot < 0.5 and mood != "silent"
        with self.lock:
            self.notices.append((sale, int(seq), notice, taken))
        if lot < 0.5 and status == 204 or mood == "silent":
            handler.close_connection = True  # heard, and the answer lost
            return None
        return self.answer(handler, status)

    @staticmethod
    def answer(handler, status):
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def heard(self, sale):
        with self.lock:
            return [one for one in self.notices if one[0] == sale]


def check(shop, sale, expected):
    """Holds what `shop` heard of `sale` against the journal's events [(seq, type)]: each at least once,
    none before the one ahead of it was answered with 2xx, a repeat the same to the byte."""
    assert not shop.forged, f"not signed by the server: {shop.forged[0]}"
    heard = shop.heard(sale)
    first = {}
    answered = 0
    for _, seq, notice, taken in heard:
        assert seq <= answered + 1, f"{sale}: notice {seq} came when {answered} was the last answered"
        assert notice["id"] == f"{sale}:{seq}" and notice["seq"] == seq and notice["sale"] == sale, notice
        assert first.setdefault(seq, notice) == notice, f"{sale}: notice {seq} came with two bodies"
        if taken:
            answered = max(answered, seq)
    told = [(seq, first[seq]["type"]) for seq in sorted(first)]
    assert told == expected, f"{sale}: told {len(told)} of {len(expected)}; " \
        f"the first difference: {next((pair for pair in zip(told, expected) if pair[0] != pair[1]), '')}"
    return len(heard) - len(first)
