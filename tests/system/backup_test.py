#!/usr/bin/env python3
"""Backups while the server sells.

How it proves its claim: buyers press all the while, and what they were told is remembered. Again and
again the orders acknowledged so far are noted, a backup is taken beside the server and restored into
a directory of its own. Every noted order must be in it, in a state that it had, the audit must find
nothing, and a server must sell on from the last one: the same key gives the same order there.

The planted bug: from a backup the last third of its records is cut off. The restored directory is
sound in itself, and the comparison must find that orders are missing.

    backup_test.py [BACKUPS]
"""

import http.client
import hashlib
import json
import pathlib
import struct
import sys
import tempfile
import threading
import time

import dibs

SALE = "rush"
BUYERS = 4
PRESSES_BETWEEN = 60


class Selling:
    """Buyers that press, pay and leave until stopped."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.acknowledged = {}  # order -> buyer
        self.faults = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.press, args=(i,)) for i in range(BUYERS)]

    def press(self, number):
        client = dibs.Client(self.server)
        count = 0
        try:
            while not self.stopped.is_set():
                count += 1
                buyer = f"b{number}-{count}"
                status, _, order = client.buy(SALE, buyer, f"key-{buyer}")
                if status != 201:
                    raise AssertionError(f"{status} {order}")
                with self.lock:
                    self.acknowledged[order["id"]] = buyer
                if count % 3 == 0:
                    client.call("POST", f"/v1/orders/{order['id']}/payment", {"token": "tok_ok"}, buyer=buyer)
                if count % 3 == 1:
                    client.call("DELETE", f"/v1/orders/{order['id']}", buyer=buyer)
        except (OSError, http.client.HTTPException, AssertionError) as error:
            with self.lock:
                self.faults.append(repr(error))
        finally:
            client.close()

    def so_far(self):
        with self.lock:
            return dict(self.acknowledged)

    def wait_for_more(self, than):
        deadline = time.monotonic() + 120
        while len(self.so_far()) < than + PRESSES_BETWEEN:
            assert not self.faults and time.monotonic() < deadline, self.faults
            time.sleep(0.005)


def run(*arguments):
    result = dibs.run(*arguments)
    assert result.returncode == 0, (arguments, result.stdout, result.stderr)
    return result.stdout


def orders_in(data):
    """order -> buyer, from every accepted order of the journal."""
    entries = map(json.loads, run("journal", "dump", "--data", data).splitlines())
    return {entry["order"]: entry["buyer"] for entry in entries if "buyer" in entry and "order" in entry}


def missing(acknowledged, data):
    found = orders_in(data)
    return [order for order, buyer in acknowledged.items() if found.get(order) != buyer]


def restored(file, data):
    run("journal", "restore", "--from", file, "--data", data)
    audit = run("audit", "--data", data)
    assert audit.startswith("equal"), audit
    assert "the chain is whole" in run("journal", "verify", "--data", data)


def packed_number(value):
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(packed) + bytes([value])


def trailer(records, last_hash):
    """docs/formats/journal.md, "A backup": positions count from 1, so the last one is how many there are."""
    covered = b"DIBE" + packed_number(1) + packed_number(records) * 2 + last_hash + b"\0"
    return (covered + hashlib.sha256(covered).digest()).ljust(512, b"\0")


def cut_off_last_third(source, target, with_trailer):
    content = source.read_bytes()
    starts = [0]
    while content[starts[-1]:starts[-1] + 4] == b"DIBJ":
        payload = struct.unpack_from("<I", content, starts[-1] + 8)[0]
        starts.append(starts[-1] + (104 + payload + 511) // 512 * 512)
    records = (len(starts) - 1) * 2 // 3
    last = starts[records - 1]
    end = trailer(records, content[last + 72:last + 104]) if with_trailer else b""
    target.write_bytes(content[:starts[records]] + end)


def check_sells_on(base, acknowledged):
    server = dibs.Server(base / "data")
    with server:
        client = dibs.Client(server)
        for order, buyer in list(acknowledged.items())[-20:]:
            status, headers, answer = client.buy(SALE, buyer, f"key-{buyer}")
            assert status == 201 and answer["id"] == order, (order, status, answer)
            assert headers.get("Idempotency-Replayed") == "true", order
        status, _, answer = client.buy(SALE, "zoe", "key-zoe")
        assert status == 201, answer
        client.close()
        assert server.stop() == 0
    assert run("audit", "--data", base / "data").startswith("equal")


def main():
    backups = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as directory:
        base = pathlib.Path(directory)
        server = dibs.Server(base / "data")
        with server:
            client = dibs.Client(server)
            assert client.put_sale(SALE, limit_per_buyer=1, items=[
                {"sku": "floor", "title": "Floor", "price": 100, "stock": 1_000_000}])[0] == 201
            client.close()
            selling = Selling(server)
            for thread in selling.threads:
                thread.start()
            taken = []
            try:
                for number in range(backups):
                    selling.wait_for_more(len(selling.so_far()))
                    acknowledged = selling.so_far()
                    file = base / f"backup-{number}"
                    run("journal", "backup", "--data", server.data, "--to", file)
                    taken.append((file, acknowledged, len(selling.so_far()) - len(acknowledged)))
            finally:
                selling.stopped.set()
                for thread in selling.threads:
                    thread.join()
            assert not selling.faults, selling.faults
        for file, acknowledged, meanwhile in taken:
            place = base / f"{file.name}-restored"
            restored(file, place / "data")
            lost = missing(acknowledged, place / "data")
            assert not lost, f"{file.name}: {len(lost)} of {len(acknowledged)} acknowledged orders are lost"
            print(f"{file.name}: {len(acknowledged)} orders acknowledged before it, all in it; "
                  f"{meanwhile} more while it was taken", flush=True)
        file, acknowledged, _ = taken[-1]
        check_sells_on(base / f"{file.name}-restored", acknowledged)

        cut_off_last_third(file, base / "no-end", with_trailer=False)
        refused = dibs.run("journal", "restore", "--from", base / "no-end", "--data", base / "no-end-restored")
        assert refused.returncode == 1 and not (base / "no-end-restored").exists(), refused.stdout + refused.stderr
        print("planted (file cut): restore refuses it and makes nothing")
        cut_off_last_third(file, base / "cut", with_trailer=True)
        restored(base / "cut", base / "cut-restored" / "data")
        lost = missing(acknowledged, base / "cut-restored" / "data")
        assert lost, "the planted bug was not seen"
        print(f"planted (records cut off): {len(lost)} orders are missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
