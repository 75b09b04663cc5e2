"""Drives the real binary from outside, with nothing but Python's standard library: a second reading
of the contract by other code in another language."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("DIBS_BINARY", ROOT / "build" / "release" / "dibs"))
OPERATOR_TOKEN = "operator-token-of-the-tests"
SUPPORT_TOKEN = "support-token-of-the-tests"
SHOP_KEY = "shop-key-of-the-tests"
LISTENING = re.compile(r"listening on http://([0-9.]+):(\d+)")


def run(*arguments, timeout=120, env=None):
    """Runs one dibs command to its end."""
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})


def jwt(key, **claims):
    """A buyer's token, HS256."""
    def part(text):
        return base64.urlsafe_b64encode(text).decode().rstrip("=")
    body = part(b'{"alg":"HS256"}') + "." + part(json.dumps(claims).encode())
    return body + "." + part(hmac.new(key.encode(), body.encode(), hashlib.sha256).digest())


def port_told_by(process):
    """(port, what it said): waits until a server that has just been started says where it listens. The
    port is None when it ends, or says nothing of the kind for a minute."""
    said = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        readable, _, _ = select.select([process.stdout], [], [], 0.2)
        if readable:
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                break
            said += chunk
            match = LISTENING.search(said.decode(errors="replace"))
            if match and said.endswith(b"\n"):
                return int(match.group(2)), said
    return None, said


class Child:
    """A program that listens on `port` of 127.0.0.1, once it has told its port."""

    def __init__(self):
        self.process = None
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def await_port(self, what):
        port, said = port_told_by(self.process)
        if port is None:
            self.kill()
            raise AssertionError(f"{what} did not start; it said: {said!r}")
        self.port = port
        return self

    def kill(self):
        """kill -9: nothing is flushed, nothing said goodbye to."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class Server(Child):
    """`dibs serve` on a free port of 127.0.0.1, with a data directory that outlives it. Its log lies
    beside the data directory, or in `log`. `under` is a command to run it under. With `keep_port` it
    comes back on the port that it had, for clients that know only that one."""

    def __init__(self, data, *flags, demo=True, log=None, under=(), keep_port=False):
        super().__init__()
        self.data = str(data)
        self.log = log or os.path.join(os.path.dirname(self.data), "serve.log")
        self.under = under
        self.keep_port = keep_port
        self.flags = ["--insecure-demo"] if demo else []
        self.flags += flags

    def start(self):
        environment = {**os.environ, "DIBS_OPERATOR_TOKENS": f"anna:{OPERATOR_TOKEN}",
                       "DIBS_SUPPORT_TOKENS": f"sam:{SUPPORT_TOKEN}", "DIBS_SHOP_KEY": SHOP_KEY}
        listen = f"127.0.0.1:{self.port if self.keep_port and self.port else 0}"
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [*self.under, str(BINARY), "serve", "--listen", listen, "--data", self.data, *self.flags],
            stdout=subprocess.PIPE, stderr=log, env=environment)
        log.close()
        return self.await_port(f"the server (see {log.name})")

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


class Client:
    """One keep-alive connection."""

    def __init__(self, server, timeout=30):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None, buyer=None, operator=False):
        """(status, headers, decoded body)"""
        sent = dict(headers or {})
        if buyer:
            sent["Dibs-Buyer"] = buyer
        if operator:
            sent["Authorization"] = f"Bearer {OPERATOR_TOKEN}"
        data = None
        if body is not None:
            data = body if isinstance(body, (bytes, str)) else json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        elif method in ("POST", "PUT"):
            data = ""
        self.connection.request(method, path, body=data, headers=sent)
        response = self.connection.getresponse()
        raw = response.read()
        kind = response.headers.get("Content-Type", "")
        parsed = json.loads(raw) if "json" in kind and raw else raw.decode()
        return response.status, response.headers, parsed

    def put_sale(self, sale, **members):
        spec = {"title": "Test", "currency": "KRW",
                "items": [{"sku": "floor", "title": "Floor", "price": 50000, "stock": 10}]}
        spec.update(members)
        return self.call("PUT", f"/v1/sales/{sale}", spec, operator=True)

    def buy(self, sale, buyer, key=None, sku="floor", quantity=1):
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", f"/v1/sales/{sale}/orders",
                         {"items": [{"sku": sku, "quantity": quantity}]}, headers, buyer=buyer)

    def shop_confirms(self, order):
        """The shop takes the money of an order that is held."""
        headers = {"Authorization": f"Bearer {SHOP_KEY}"}
        for step, state in (("begin", "paying"), ("confirm", "paid")):
            status, _, answer = self.call("POST", f"/v1/orders/{order['id']}/{step}", None, headers)
            assert (status, answer["state"]) == (200, state), (step, status, answer)

    def close(self):
        self.connection.close()


def ask(server, method, path, body=None, headers=None, timeout=15, **how):
    """One call on a connection of its own: the answer, or None when there was none."""
    try:
        client = Client(server, timeout=timeout)
        try:
            return client.call(method, path, body, headers, **how)
        finally:
            client.close()
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
