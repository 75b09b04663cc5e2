"""A Kafka broker of a test's own, Apache's (scripts/kafka), on a free port, in a directory of its own."""

import base64
import datetime
import hashlib
import json
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "kafka"
PATIENCE_SECONDS = 300


def missing():
    """Why no broker can be had here; empty when one can."""
    for program in ("java", "kcat", "setpriv"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    got = subprocess.run([str(SCRIPT), "get"], capture_output=True, text=True)
    return got.stderr.strip() if got.returncode else ""


class Kafka:
    """Keeps its port and its data when it is killed and started anew; ends with the test at the latest."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = None

    @property
    def address(self):
        for line in (self.directory / "server.properties").read_text().splitlines():
            if line.startswith("listeners="):
                return line.split("//")[1].split(",")[0]
        raise AssertionError("the broker's settings name no listener")

    def begin(self):
        """Starts it and does not wait."""
        with open(self.directory / "kafka.log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", str(SCRIPT), "run", str(self.directory)], stdout=log, stderr=log)

    def start(self):
        self.begin()
        return self.await_answer()

    def await_answer(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                host, port = self.address.split(":")
                socket.create_connection((host, int(port)), timeout=5).close()
                return self
            except (OSError, AssertionError):
                time.sleep(0.05)
        raise AssertionError(f"the broker does not answer: {(self.directory / 'kafka.log').read_text()[-2000:]}")

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def records(self, topic="dibs.events"):
        """What the topic holds, as a client that is not ours reads it: [(partition, offset, key, value)], each
        partition's in order."""
        read = subprocess.run(
            ["kcat", "-b", self.address, "-C", "-t", topic, "-e", "-q", "-X", "isolation.level=read_committed",
             "-f", "%p %o %k %s\\n"], capture_output=True, text=True, timeout=120)
        assert read.returncode == 0, read.stderr
        out = []
        for line in read.stdout.splitlines():
            partition, offset, key, value = line.split(" ", 3)
            out.append((int(partition), int(offset), key, value))
        return out

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


class Chains:
    """A reader of the topic that knows only docs/formats/events.md: of each sale it takes the event that is next,
    passes over repeats, and finds fault with everything else."""

    def __init__(self):
        self.sales = {}  # sale -> its events as they were read
        self.repeats = 0
        self.partitions = {}

    def take(self, records):
        for partition, offset, key, value in records:
            where = f"partition {partition} offset {offset}"
            event = json.loads(value)
            sale, seq = event["sale"], event["seq"]
            assert key == sale, f"{where}: key {key} for sale {sale}"
            assert self.partitions.setdefault(sale, partition) == partition, f"{where}: {sale} is in two partitions"
            assert event["id"] == f"{sale}:{seq}" and event["specversion"] == "1.0", where
            assert event["hash"] == chain_hash(event), f"{where}: the hash of {event['id']} is not that of its content"
            chain = self.sales.setdefault(sale, [])
            if seq <= len(chain):
                assert chain[seq - 1] == value, f"{where}: {event['id']} was another event before"
                self.repeats += 1
                continue
            assert seq == len(chain) + 1, f"{where}: {event['id']} follows {len(chain)}"
            before = json.loads(chain[-1])["hash"] if chain else "00" * 32
            assert event["previous"] == before, f"{where}: {event['id']} does not follow what was before"
            chain.append(value)
        return self

    def seqs(self):
        return {sale: len(chain) for sale, chain in self.sales.items()}


# The packed form of docs/formats/events.md, written a second time, so that hashes are not only believed.

STATES = ["waiting", "held", "paying", "paid", "released", "sold_out", "closed"]
MONEY = ["none", "authorised", "captured", "void", "refund_due", "refunded"]
REASONS = ["", "cancelled", "expired", "payment_failed", "capture_failed", "refunded"]


def number(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def signed(value):
    return number((value << 1) ^ (value >> 63))


def text(value):
    raw = value.encode()
    return number(len(raw)) + raw


def instant(value):
    seconds, fraction = value[:-1].split(".")
    assert value.endswith("Z") and len(fraction) == 9, f"{value} is not to the nanosecond"
    whole = int(datetime.datetime.fromisoformat(seconds + "+00:00").timestamp())
    return signed(whole * 10**9 + int(fraction))


def optional(value, pack):
    return b"\0" if value is None else b"\1" + pack(value)


def flag(value):
    return b"\1" if value else b"\0"


def ref(data):
    key = data["order"].removeprefix("ord_").split(".")[0]
    return base64.b32decode(key.upper() + "======")[:16] + number(data["arrival"])


def spec(data):
    out = text(data["title"]) + text(data["currency"]) + number(len(data["items"]))
    for item in data["items"]:
        out += text(item["sku"]) + text(item["title"]) + signed(item["price"]) + signed(item["stock"])
    out += optional(data.get("opens_at"), instant) + optional(data.get("closes_at"), instant)
    out += signed(data["hold_seconds"]) + signed(data["payment_seconds"]) + number(data["payment_attempts"])
    out += signed(data["promotion_seconds"]) + number(data["limit_per_buyer"])
    out += optional(data.get("line_limit"), number) + bytes([["provider", "shop", "none"].index(data["payment"])])
    out += optional(data.get("checkout_url"), text) + optional(data.get("notify", {}).get("url"), text)
    return out + flag(data["public_stock"] == "hidden") + flag(data["test"])


def accepted(data):
    out = ref(data) + bytes([STATES.index(data["state"])]) + instant(data["received_at"]) + text(data["buyer"])
    out += text(data.get("idempotency_key", "")) + text(data.get("reference", "")) + number(len(data["items"]))
    for item in data["items"]:
        out += text(item["sku"]) + number(item["quantity"]) + signed(item["price"])
    return out + optional(data.get("expires_at"), instant)


def money(data):
    return bytes([MONEY.index(data["money"])])


def fact(kind, data):
    """(tag, fields)"""
    if kind == "dibs.order.paying":
        return (34 if data["extends"] else 41), ref(data) + number(data["attempt"]) + instant(data["expires_at"])
    if kind in ("dibs.order.held", "dibs.order.waiting") or (kind == "dibs.order.paid" and "items" in data):
        return 32, accepted(data)
    if kind in ("dibs.order.captured", "dibs.order.voided", "dibs.order.refunded"):
        return 37, ref(data) + money(data)
    if kind == "dibs.order.promoted":
        return 33, ref(data) + bytes([STATES.index(data["state"])]) + optional(data.get("expires_at"), instant)
    simple = {
        "dibs.sale.created": (1, spec), "dibs.sale.changed": (2, spec),
        "dibs.sale.opened": (3, lambda d: b""), "dibs.sale.paused": (4, lambda d: b""),
        "dibs.sale.resumed": (5, lambda d: signed(d["shift_ms"] * 10**6 + d["shift_rest_ns"]) + flag(d["restart"])),
        "dibs.sale.closed": (6, lambda d: b""),
        "dibs.sale.stock_changed": (7, lambda d: text(d["sku"]) + signed(d["delta"]) + text(d.get("idempotency_key", ""))),
        "dibs.sale.line_ended": (8, lambda d: text(d["sku"]) + number(d["upto_arrival"]) + flag(d["reason"] == "closed")),
        "dibs.sale.line_shut": (9, lambda d: text(d["sku"]) + number(d["refused_arrival"])),
        "dibs.sale.line_reopened": (10, lambda d: text(d["sku"])),
        "dibs.sale.removed": (11, lambda d: b""),
        "dibs.sale.archived": (12, lambda d: bytes.fromhex(d["file_sha256"])),
        "dibs.order.declined": (35, ref), "dibs.order.refund_due": (38, ref), "dibs.order.sold_out": (40, ref),
        "dibs.order.paid": (36, lambda d: ref(d) + money(d) + flag(d["late"])),
        "dibs.order.released": (39, lambda d: ref(d) + bytes([REASONS.index(d["reason"])]) + money(d)),
    }
    tag, pack = simple[kind]
    return tag, pack(data)


def chain_hash(event):
    tag, fields = fact(event["type"], event["data"])
    packed = bytes([tag]) + number(event["seq"]) + instant(event["time"]) + text(event.get("actor", "")) + fields
    before = bytes.fromhex(event["previous"]) + event["sale"].encode() + b"\0" + packed
    return hashlib.sha256(before).hexdigest()
