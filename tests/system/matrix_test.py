#!/usr/bin/env python3
"""Who may do what: every operation of api/openapi.yaml by every kind of caller, on orders that are theirs and on those of
others, against the real binary. What must come of each cell is worked out from the description's `security` alone.

    matrix_test.py    DIBS_FORGET=OPERATION reads one operation's security as the public's: it must fail then"""

import http.client
import json
import os
import pathlib
import sys
import tempfile
import time

import yaml

import dibs

KEY = "a key of the tests that signs tokens"
METHODS = ("get", "put", "post", "delete")


def token(buyer, **claims):
    return dibs.jwt(KEY, **{"sub": buyer, "aud": "a", "exp": int(time.time()) + 3600, **claims})


class Caller:
    """`scheme`: as the description names it; None: no credential. `buyer`: whom it acts for, if anybody."""

    def __init__(self, name, scheme, headers, buyer=None, valid=True, origin=True, elsewhere=False):
        self.name, self.scheme, self.headers, self.buyer = name, scheme, headers, buyer
        self.valid, self.origin, self.elsewhere = valid, origin, elsewhere

    @property
    def by_cookie(self):
        return "Cookie" in self.headers


def callers(server):
    own = {"Origin": f"http://127.0.0.1:{server.port}"}

    def bearer(text, **more):
        return {"Authorization": f"Bearer {text}", **more}

    def console(secret):
        status, headers, _ = dibs.ask(server, "POST", "/console/session", {"token": secret}, own)
        assert status == 200, status
        return headers["Set-Cookie"].split(";")[0]

    yield Caller("nobody", None, {})
    for buyer in ("owner", "other"):
        yield Caller(f"{buyer} by token", "buyerToken", bearer(token(buyer)), buyer)
        yield Caller(f"{buyer} by cookie", "buyerCookie", {"Cookie": f"__Host-dibs={token(buyer)}", **own}, buyer)
        yield Caller(f"shop for {buyer}", "shopKey", bearer(dibs.SHOP_KEY, **{"Dibs-Buyer": buyer}), buyer)
    yield Caller("owner by cookie, no page of ours", "buyerCookie", {"Cookie": f"__Host-dibs={token('owner')}"}, "owner",
                 origin=False)
    yield Caller("owner with a token for another sale", "buyerToken", bearer(token("owner", sale="elsewhere")), "owner",
                 elsewhere=True)
    yield Caller("shop", "shopKey", bearer(dibs.SHOP_KEY))
    yield Caller("support", "supportToken", bearer(dibs.SUPPORT_TOKEN))
    yield Caller("operator", "operatorToken", bearer(dibs.OPERATOR_TOKEN))
    yield Caller("operator's console", "consoleCookie", {"Cookie": console(dibs.OPERATOR_TOKEN), **own})
    yield Caller("operator's console, no page of ours", "consoleCookie", {"Cookie": console(dibs.OPERATOR_TOKEN)},
                 origin=False)
    for name, text in (("a guess", "guessed"), ("half a token", dibs.OPERATOR_TOKEN[:-1]),
                       ("an expired token", token("owner", exp=int(time.time()) - 5)),
                       ("a token for others", token("owner", aud="b"))):
        yield Caller(name, None, bearer(text), valid=False)


def wanted(method, path, public, schemes, caller):
    """The verdict: `served`, or the code of the refusal."""
    changes = method != "get"
    if not caller.valid:
        return "unauthenticated"
    if public:
        ignored = caller.scheme == "buyerCookie" and not path.startswith("/v1")
        return "forbidden" if caller.by_cookie and changes and not caller.origin and not ignored else "served"
    if caller.scheme is None or (caller.scheme == "consoleCookie" and "consoleCookie" not in schemes):
        return "unauthenticated"
    if caller.scheme == "buyerCookie" and not path.startswith("/v1"):
        return "unauthenticated"
    if caller.scheme not in schemes:
        return "forbidden"
    if caller.elsewhere and ("{sale}" in path or "{order}" in path):
        return "forbidden"
    if caller.by_cookie and changes and not caller.origin:
        return "forbidden"
    if "{order}" in path and caller.buyer == "other":
        return "unknown_order"
    return "served"


def body_of(method, path):
    if method in ("get", "delete"):
        return None
    if method == "put":
        return {"title": "Other"}
    for end, body in (("/session", {"token": token("owner")}), ("/payment", {"token": "tok_ok"}),
                      ("/orders", {"items": [{"sku": "floor", "quantity": 1}]}), ("/stock", {"sku": "floor", "delta": 1})):
        if path.endswith(end):
            return {"token": dibs.OPERATOR_TOKEN} if path == "/console/session" else body
    return {}


def call(server, method, path, body, headers):
    """(status, code): a stream is left as soon as it has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        data = json.dumps(body) if body is not None else ("" if method in ("post", "put") else None)
        connection.request(method.upper(), path, data, headers)
        response = connection.getresponse()
        streams = response.headers.get("Content-Type", "").startswith("text/event-stream")
        content = b"" if streams else response.read()
        problem = response.headers.get("Content-Type", "") == "application/problem+json"
        return response.status, json.loads(content)["code"] if problem else ""
    finally:
        connection.close()


def verdict(status, code):
    return code if code in ("unauthenticated", "forbidden", "unknown_order") else "served"


class Matrix:
    def __init__(self, server):
        self.server = server
        self.client = dibs.Client(server)
        self.sales = self.cells = 0
        self.wrong = []

    def fresh(self):
        """A sale, and an order of `owner` in it: some calls end either."""
        self.sales += 1
        sale = f"s-{self.sales}"
        status, _, answer = self.client.put_sale(sale, payment="shop", limit_per_buyer=4)
        assert status == 201, answer
        headers = {"Authorization": f"Bearer {dibs.SHOP_KEY}"}
        status, _, order = self.client.call("POST", f"/v1/sales/{sale}/orders",
                                            {"items": [{"sku": "floor", "quantity": 1}]}, headers, buyer="owner")
        assert status == 201, order
        return sale, order["id"]

    def look(self, method, path, operation, caller):
        security = operation["security"]
        if os.environ.get("DIBS_FORGET") == f"{method} {path}":
            security = [{}]
        public = {} in security
        schemes = {name for one in security for name in one}
        sale, order = self.fresh()
        filled = path.replace("{sale}", sale).replace("{order}", order)
        for variable in ("{build}", "{folder}", "{file}"):
            filled = filled.replace(variable, "x")
        headers = dict(caller.headers)
        if path.endswith("/stock"):
            headers["Idempotency-Key"] = "k"
        status, code = call(self.server, method, filled, body_of(method, path), headers)
        self.cells += 1
        want, got = wanted(method, path, public, schemes, caller), verdict(status, code)
        # The webhook's credential is its signature, and a session's is the token it is asked for.
        if public and path in ("/v1/payments/webhook", "/v1/session", "/console/session") and got == "unauthenticated":
            got = want
        if want != got:
            self.wrong.append(f"{method} {path} by {caller.name}: {got} ({status} {code}), and should be {want}")
        if str(status) not in operation["responses"]:
            self.wrong.append(f"{method} {path} by {caller.name}: {status} is not described")


def main():
    description = yaml.safe_load((dibs.ROOT / "api" / "openapi.yaml").read_text())
    with tempfile.TemporaryDirectory() as name:
        key = pathlib.Path(name) / "key"
        key.write_text(KEY)
        flags = ("--jwt-key-file", key, "--jwt-alg", "HS256", "--jwt-audience", "a")
        with dibs.Server(pathlib.Path(name) / "data", *map(str, flags), demo=False) as server:
            matrix = Matrix(server)
            everybody = list(callers(server))
            rows = [(method, path, operations[method]) for path, operations in description["paths"].items()
                    for method in METHODS if method in operations]
            rows.sort(key=lambda row: row[:2] == ("delete", "/console/session"))  # last: it ends the consoles' sessions
            for method, path, operation in rows:
                for caller in everybody:
                    matrix.look(method, path, operation, caller)
            matrix.client.close()
    for line in matrix.wrong:
        print(f"matrix: {line}", file=sys.stderr)
    if matrix.wrong:
        sys.exit(f"matrix: {len(matrix.wrong)} of {matrix.cells} cells are not as described")
    print(f"matrix: {matrix.cells} cells, each as the description says")


if __name__ == "__main__":
    main()
