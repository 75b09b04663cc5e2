"""The ledger of a running server, on SQLite and on real PostgreSQL and MariaDB: it follows beside the journal, survives
kill -9 of server and database, and `dibs audit` and `dibs ledger rebuild` find and mend what hands have done.

    ledger_test.py [KILLS]    how often each is killed"""

import json
import pathlib
import sqlite3
import sys
import tempfile
import threading
import time

import redis_server
from dibs import Client, Server, run
from mariadb_server import MariaDb
from postgres_server import Postgres

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 3


def figure(client, name):
    lines = client.call("GET", "/metrics")[2].splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])


def eventually(condition, what, patience=60):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not in {patience} s: {what}")


def audit(data, url):
    """(exit status, the comparison)"""
    done = run("audit", "--data", data, "--ledger", url, "--json", "-")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def check_equal(data, url, behind=0):
    status, found = audit(data, url)
    assert status == 0 and found["equal"] and found["differences"] == [], found
    assert behind is None or found["behind"] == behind, found
    return found


def sell(client, sale, first, count):
    """Buys; every third order is paid by the shop, every fifth gives its units back."""
    for i in range(first, first + count):
        _, _, order = client.buy(sale, f"buyer-{i}", key=f"k{i}")
        if order.get("state") == "held" and i % 3 == 0:
            client.shop_confirms(order)
        elif order.get("state") == "held" and i % 5 == 0:
            client.call("DELETE", f"/v1/orders/{order['id']}", buyer=f"buyer-{i}")


def follows_by_itself(directory):
    """Without a flag: SQLite beside the journal, equal while selling and at rest, then hands in it."""
    data = directory / "data"
    url = f"sqlite:{data}/ledger.db"
    with Server(data) as server:
        client = Client(server)
        client.put_sale("s", payment="shop", limit_per_buyer=5)
        client.put_sale("rehearsal", payment="shop", test=True)
        sell(client, "s", 0, 60)
        sell(client, "rehearsal", 0, 5)
        check_equal(data, url, behind=None)
        eventually(lambda: figure(client, "dibs_ledger_lag_events") == 0, "the ledger has everything")
        found = check_equal(data, url)
        assert found["sales"] == 2 and found["orders"] == 65, found
        assert client.call("DELETE", "/v1/sales/rehearsal", operator=True)[0] in (200, 204)
        assert client.call("POST", "/v1/sales/s/close", operator=True)[0] == 200
        assert figure(client, "dibs_ledger_drift_items") == 0 and figure(client, "dibs_ledger_stopped_sales") == 0
        assert server.stop() == 0
    found = check_equal(data, url)
    assert found["sales"] == 2 and found["orders"] == 60, found

    ledger = sqlite3.connect(data / "ledger.db")
    assert ledger.execute("SELECT sale, test, state FROM sales ORDER BY sale").fetchall() == \
        [("rehearsal", 1, "removed"), ("s", 0, "closed")]
    ledger.execute("UPDATE items SET held = held - 1, available = available + 1")
    ledger.execute("UPDATE orders SET state = 'paid' WHERE arrival = 30")
    ledger.commit()
    status, found = audit(data, url)
    assert status == 1 and found["differences_found"] == 2, found
    done = run("audit", "--data", data, "--ledger", url)
    assert "item floor: available is" in done.stdout and "order of arrival 30: state is" in done.stdout, done.stdout

    done = run("ledger", "rebuild", "--data", data, "--to", url)
    assert done.returncode == 0, done.stderr
    check_equal(data, url)
    with Server(data) as server:  # goes on from there
        client = Client(server)
        client.put_sale("t", payment="shop")
        sell(client, "t", 0, 5)
        eventually(lambda: figure(client, "dibs_ledger_lag_events") == 0, "the ledger has the new sale")
        check_equal(data, url)

    ledger.execute("UPDATE ledger_version SET version = 99")
    ledger.commit()
    try:
        Server(data).start()
        raise AssertionError("a ledger of a later program was taken")
    except AssertionError as refused:
        assert "did not start" in str(refused), refused
    said = (directory / "serve.log").read_text()
    assert "version 99" in said and "version 1" in said and "--write-back none" in said, said
    with Server(data, "--write-back", "none"):
        pass
    missing = run("audit", "--data", data, "--ledger", f"sqlite:{directory}/nowhere.db")
    assert missing.returncode == 3 and "There is no ledger" in missing.stderr, missing.stderr


def survives_kills_of_the_server(directory):
    data = directory / "data"
    url = f"sqlite:{data}/ledger.db"
    server = Server(data)
    for turn in range(KILLS):
        with server:
            client = Client(server)
            client.put_sale("s", payment="shop", limit_per_buyer=5,
                            items=[{"sku": "floor", "title": "Floor", "price": 50000, "stock": 1000}])
            seller = threading.Thread(target=sell_until_it_dies, args=(server, turn), daemon=True)
            seller.start()
            time.sleep(0.4)
            server.kill()
            seller.join()
    with server:
        client = Client(server)
        eventually(lambda: figure(client, "dibs_ledger_lag_events") == 0, "the ledger has everything")
        assert check_equal(data, url)["orders"] > 0


def sell_until_it_dies(server, turn):
    try:
        sell(Client(server), "s", turn * 100_000, 100_000)
    except OSError:
        pass
    except Exception as died:  # what http.client makes of a connection that ends in the middle
        if "http.client" not in type(died).__module__:
            raise


def follows_a_database(directory, kind):
    """A database that is killed while it is followed to, twice without the server noticing and once with a restart of
    the server in between; sync answers at the end."""
    data = directory / "data"
    with kind() as database:
        server = Server(data, "--ledger", database.url)
        with server:
            client = Client(server)
            client.put_sale("s", payment="shop", limit_per_buyer=5,
                            items=[{"sku": "floor", "title": "Floor", "price": 50000, "stock": 100}])
            for turn in range(KILLS):
                sell(client, "s", turn * 40, 20)
                database.kill()
                sell(client, "s", turn * 40 + 20, 20)  # nobody is refused meanwhile
                eventually(lambda: figure(client, "dibs_ledger_failures_total") > turn, "it is noticed")
                assert figure(client, "dibs_ledger_lag_events") > 0
                database.start()
                eventually(lambda: figure(client, "dibs_ledger_lag_events") == 0, "the ledger has caught up")
                check_equal(data, database.url)
        stock = database.sql("SELECT total - available - held - sold FROM items")
        assert stock == "0", stock
        assert "secret" not in (directory / "serve.log").read_text()

        with Server(data, "--ledger", database.url, "--write-back", "sync") as server:
            client = Client(server)
            for i in range(5):
                _, _, order = client.buy("s", f"late-{i}", key="k")
                state = database.sql(f"SELECT state FROM orders WHERE order_id = '{order['id']}'")
                assert state == order["state"], (state, order)
        done = run("ledger", "rebuild", "--data", data, "--to", database.url)
        assert done.returncode == 0, done.stderr
        check_equal(data, database.url)


def follows_redis(directory):
    """Two gateways on one Redis write the same ledger at once."""
    with redis_server.Redis(directory / "redis", *redis_server.STRICT) as redis, Postgres() as database:
        flags = ("--store", redis.url, "--ledger", database.url)
        with Server(directory / "a", *flags, log=str(directory / "a.log")) as first, \
                Server(directory / "b", *flags, log=str(directory / "b.log")) as second:
            clients = [Client(first), Client(second)]
            clients[0].put_sale("s", payment="shop", limit_per_buyer=5,
                                items=[{"sku": "floor", "title": "Floor", "price": 50000, "stock": 100}])
            for turn in range(20):
                sell(clients[turn % 2], "s", turn * 10, 10)
            for client in clients:
                eventually(lambda: figure(client, "dibs_ledger_lag_events") == 0, "the ledger has everything")
            item = clients[1].call("GET", "/v1/sales/s", operator=True)[2]["items"][0]
            for name in ("total", "available", "held", "sold"):
                assert int(database.sql(f"SELECT {name} FROM items")) == item[name], (name, item)
            assert int(database.sql("SELECT COUNT(*) FROM orders")) == 200
            applied = sum(figure(client, "dibs_ledger_applied_events_total") for client in clients)
            assert applied == int(database.sql("SELECT seq FROM applied")), applied


def main():
    skipped = []
    tests = [("by itself", follows_by_itself, ()), ("kills of the server", survives_kills_of_the_server, ())]
    for kind in (Postgres, MariaDb):
        if kind.installed():
            tests.append((kind.__name__, follows_a_database, (kind,)))
        else:
            skipped.append(kind.__name__)
    if Postgres.installed() and redis_server.installed():
        tests.append(("two gateways on Redis", follows_redis, ()))
    for name, test, more in tests:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as directory:
            test(pathlib.Path(directory), *more)
        print(f"ledger: {name}: {time.monotonic() - begun:.1f} s", flush=True)
    for name in skipped:
        print(f"ledger: {name} is not installed: SKIPPED")
    sys.exit(77 if skipped else 0)


if __name__ == "__main__":
    main()
