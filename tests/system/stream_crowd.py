"""A crowd that listens: many event streams, one connection each, read by one thread. When somebody was told is
the kernel's receive time of the packet that said so, so that this program's own slowness does not count."""

import re
import resource
import select
import socket
import struct
import time

SO_TIMESTAMPNS = 35
ORDER_ID = re.compile(rb'"id":"(ord_[^"]+)"')
EVENT = re.compile(rb"event: (\w+)\nid: (\S+)\ndata: (.*)\n\n")


def raise_descriptors(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, wanted)), hard))


class Stream:
    """One connection that carries a stream. `heard` is what came since the last forget()."""

    def __init__(self, port, path, buyer, last_event_id=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.path, self.buyer = path, buyer
        self.heard = bytearray()
        self.ended = False
        self.told_at = {}  # needle: nanoseconds since the epoch
        resume = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: dibs\r\nDibs-Buyer: {buyer}\r\n{resume}\r\n".encode())
        self.socket.setblocking(False)

    def read(self, needles):
        """Takes what is there; notes the needles that were heard now for the first time."""
        try:
            data, ancillary, _, _ = self.socket.recvmsg(65536, 64)
        except BlockingIOError:
            return
        except ConnectionError:
            data, ancillary = b"", []
        if not data:
            self.ended = True
            return
        begin = max(0, len(self.heard) - 64)
        self.heard += data
        for needle in needles:
            if needle not in self.told_at and self.heard.find(needle, begin) >= 0:
                stamp = ancillary[0][2] if ancillary else b""
                seconds, rest = struct.unpack("qq", stamp) if len(stamp) == 16 else (0, time.time_ns())
                self.told_at[needle] = seconds * 1_000_000_000 + rest

    def events(self):
        """What was heard, as (event, id, data)."""
        return [tuple(part.decode() for part in match) for match in EVENT.findall(bytes(self.heard))]

    def forget(self):
        self.heard = bytearray()
        self.told_at = {}


class Crowd:
    def __init__(self, port):
        self.port = port
        self.epoll = select.epoll()
        self.streams = {}

    def open(self, path, buyer, last_event_id=None):
        stream = Stream(self.port, path, buyer, last_event_id)
        self.streams[stream.socket.fileno()] = stream
        self.epoll.register(stream.socket.fileno(), select.EPOLLIN)
        return stream

    def drop(self, stream):
        del self.streams[stream.socket.fileno()]
        self.epoll.unregister(stream.socket.fileno())
        stream.socket.close()

    def listen(self, seconds, needles=(), until=None):
        """Reads for so long, or until `until()` holds. Returns whether it came to hold."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if until is not None and until():
                return True
            for descriptor, _ in self.epoll.poll(0.005):
                stream = self.streams[descriptor]
                stream.read(needles)
                if stream.ended:
                    self.epoll.unregister(descriptor)
        return until is None or until()

    def close(self):
        for stream in list(self.streams.values()):
            stream.socket.close()
        self.streams.clear()
        self.epoll.close()


def buy_all(port, sale, buyers, batch=100):
    """One buy each, in order, pipelined. The ids of the orders."""
    ids = []
    body = '{"items":[{"sku":"floor","quantity":1}]}'
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for at in range(0, len(buyers), batch):
            part = buyers[at:at + batch]
            connection.sendall("".join(
                f"POST /v1/sales/{sale}/orders HTTP/1.1\r\nHost: dibs\r\nDibs-Buyer: {buyer}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                for buyer in part).encode())
            answers = b""
            while len(found := ORDER_ID.findall(answers)) < len(part):
                more = connection.recv(1 << 20)
                if not more:
                    raise AssertionError(f"the server closed the connection after: {answers[-500:]!r}")
                if b"HTTP/1.1 4" in more or b"HTTP/1.1 5" in more:
                    raise AssertionError(f"a buy was refused: {more[-500:]!r}")
                answers += more
            ids += [order.decode() for order in found]
    return ids
