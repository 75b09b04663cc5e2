"""A gate before a database that knows a COMMIT when it passes: so that a test can end one of the two in the very moment
that is said to be the worst, without a word of it in the program under test."""

import threading
import time

from gate import Gate


class CommitGate(Gate):
    """Before PostgreSQL or MariaDB. arm() catches the next COMMIT of any connection:
    `sent`      it is on its way to the database
    `answered`  the database has committed and said so, and the gate keeps the answer to itself
    From `sent` on nothing reaches that client any more, until free()."""

    def __init__(self, target):
        super().__init__(target)
        self.armed = False
        self.caught = None  # the link whose COMMIT it was
        self.prepared = set()
        self.sent, self.answered = threading.Event(), threading.Event()

    def arm(self):
        self.sent.clear()
        self.answered.clear()
        self.caught = None
        self.armed = True

    def free(self):
        """Ends what was caught; from here on everything passes."""
        self.armed = False
        self.cut()
        self.caught = None

    def passing(self, link, up, data):
        if not up:
            if self.caught is link:
                self.answered.set()
                while self.caught is link and not self.ended:
                    time.sleep(0.005)
            return
        if link in self.prepared:
            self.prepared.discard(link)
        elif b"COMMIT" not in data:
            return
        elif data[:1] == b"P":
            # PostgreSQL prepares it first, and does it with the next message.
            self.prepared.add(link)
            return
        if self.armed:
            self.armed = False
            self.caught = link
            self.sent.set()
