"""A TCP gate between a client and a server: passes everything on, until it is told to misbehave."""

import contextlib
import ctypes
import select
import socket
import struct
import threading
import time

libc = ctypes.CDLL(None)


class Gate:
    """Listens on a port of its own and passes on to `target`. Moods:
    pass
    cut         every connection is closed, and every new one
    reset       the same with RST instead of FIN, whatever is still on its way
    delay       every byte comes later
    half_open   what the client sends arrives, what the server answers does not
    black_hole  nothing arrives, and no connection ends
    slow        200 bytes at a time, twenty times a second
    Nothing is lost within a connection: what was held back is passed on when the mood is pass again, as the
    network does it, to whoever still listens."""

    def __init__(self, target, mood="pass", delay_seconds=0.2):
        self.target = target
        self.mood = mood
        self.delay_seconds = delay_seconds
        self.lock = threading.Lock()
        self.links = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def turn(self, mood):
        self.mood = mood
        if mood in ("cut", "reset"):
            self.cut()

    def cut(self):
        with self.lock:
            for link in self.links:
                for end in link:
                    with contextlib.suppress(OSError):
                        self._end(end)
            self.links = []

    def _end(self, end):
        if self.mood == "reset":
            # To connect to no address resets at once; closing would wait for the threads that watch the socket.
            libc.connect(end.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)
        else:
            end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.ended = True
        self.listener.close()
        self.turn("cut")

    def _accept(self):
        while not self.ended:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.mood in ("cut", "reset"):
                with contextlib.suppress(OSError):
                    self._end(client)
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.links.append((client, server))
            link = (client, server)
            threading.Thread(target=self._pass, args=(link, client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(link, server, client, False), daemon=True).start()

    def _held(self, up):
        return self.mood == "black_hole" or (self.mood == "half_open" and not up)

    def passing(self, link, up, data):
        """Is called before `data` is passed on, and may keep it waiting; for gates that know what passes."""

    def _pass(self, link, source, sink, up):
        """One direction of one link, to its end."""
        try:
            while True:
                select.select([source], [], [])
                while self._held(up):
                    time.sleep(0.01)
                data = source.recv(200 if self.mood == "slow" else 65536)
                if not data:
                    break
                if self.mood in ("slow", "delay"):
                    time.sleep(0.05 if self.mood == "slow" else self.delay_seconds)
                while self._held(up):
                    time.sleep(0.01)
                self.passing(link, up, data)
                sink.sendall(data)
        except (OSError, ValueError):
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
