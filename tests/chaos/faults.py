"""What goes wrong. Every fault is drawn from a seed, names what it is done to (`target`: two at once never have the same), begins,
lasts, and is over when `end` has returned; what it broke is then up again, or finds its own way back."""

import contextlib
import errno
import os
import signal
import time

import shim
import worlds

MOODS = ("cut", "reset", "delay", "half_open", "black_hole", "slow")
# A gateway gives a Redis up that has not answered for 5 s.
LONG = 5.6


class Fault:
    def __init__(self, world, target, draw):
        self.world, self.target, self.draw = world, target, draw
        self.seconds = draw.uniform(0.2, 1.2)

    def begin(self):
        pass

    def end(self):
        pass

    def __str__(self):
        return f"{type(self).__name__.lower()} {self.target} {self.detail()}{self.seconds:.1f} s"

    def detail(self):
        return ""


class Kill(Fault):
    """kill -9, and away for a while."""

    def begin(self):
        self.world.processes[self.target].kill()

    def end(self):
        start_again(self.world.processes[self.target])


class PowerCut(Kill):
    """kill -9 on a slow disk, so that it mostly falls between a write and its sync; and what was written and never synced
    is gone, all of it or but for the first writes."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        self.keep, self.undone = draw.choice((0, 0, 1, 2)), 0

    def begin(self):
        self.world.shims[self.target].slow_disk(self.draw.choice((10, 40, 100)))
        time.sleep(self.draw.uniform(0.1, 0.4))
        super().begin()
        self.world.shims[self.target].slow_disk(0)
        self.undone = self.world.shims[self.target].cut_power(self.keep)

    def detail(self):
        return f"keeps {self.keep} of {self.undone} "


class Stop(Fault):
    """STOP and CONT: alive, and silent."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        if draw.random() < 0.2:
            self.seconds = LONG

    def begin(self):
        self.pids = self.world.pids(self.target)
        self.signal(signal.SIGSTOP)

    def end(self):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class Network(Fault):
    """The gate before the target misbehaves."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        self.mood = draw.choice(MOODS)
        if self.mood in ("half_open", "black_hole") and draw.random() < 0.3:
            self.seconds = LONG

    def begin(self):
        self.world.gates[self.target].turn(self.mood)

    def end(self):
        self.world.gates[self.target].turn("pass")

    def detail(self):
        return self.mood + " "


class Clock(Fault):
    """The wall clock jumps, and jumps back."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        self.ahead = draw.choice((-1, 1)) * draw.choice((0.3, 2, 40, 3600))

    def begin(self):
        self.world.shims[self.target].set_clock(self.ahead)

    def end(self):
        self.world.shims[self.target].set_clock(0)

    def detail(self):
        return f"by {self.ahead} s for "


class Disk(Fault):
    """Its disk fails, or is full. A process that ends for it is started again when the disk is well."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        self.error = draw.choice((errno.EIO, errno.ENOSPC))
        self.which = draw.choice((shim.WRITING, shim.SYNCING, shim.WRITING | shim.SYNCING | shim.RESERVING))
        if self.error == errno.ENOSPC:
            self.which = draw.choice((shim.RESERVING, shim.WRITING | shim.RESERVING))
        self.passes, self.hits = draw.randrange(6), 0

    def begin(self):
        self.world.shims[self.target].fail_disk(self.error, self.which, self.passes)

    def end(self):
        process = self.world.processes[self.target]
        self.hits = self.world.shims[self.target].failed
        if self.hits and self.must_end():
            worlds.until(lambda: process.process.poll() is not None, f"{self.target} stops after {self}")
            check_status(process)
        self.world.shims[self.target].fail_disk(0, 0)
        time.sleep(0.05)
        if process.process.poll() is not None:
            check_status(process)
            process.kill()
            start_again(process)

    def must_end(self):
        """A server whose own journal could not be synced must not go on."""
        return self.error == errno.EIO and isinstance(self.world, worlds.Embedded)

    def detail(self):
        return f"{errno.errorcode[self.error]} on {self.which} after {self.passes}, hit {self.hits} times, "


class SlowDisk(Fault):
    """Each sync takes longer."""

    def __init__(self, world, target, draw):
        super().__init__(world, target, draw)
        self.milliseconds = draw.choice((5, 50, 300))

    def begin(self):
        self.world.shims[self.target].slow_disk(self.milliseconds)

    def end(self):
        self.world.shims[self.target].slow_disk(0)

    def detail(self):
        return f"by {self.milliseconds} ms for "


class Promote(Fault):
    """The primary dies, and an operator makes the replica the primary."""

    def begin(self):
        self.world.promote()


class Move(Fault):
    """The sale's hash slot moves to another primary, while it sells. An operator resumes the sale afterwards."""

    def begin(self):
        self.world.move(self.world.sale)


def check_status(process):
    if isinstance(process, worlds.dibs.Server) and process.process.returncode != 3:
        raise worlds.Lost(f"a server ended with {process.process.returncode}")


def start_again(process):
    """As a service manager does, until it is there. Only of ours it is a promise."""
    ours = isinstance(process, worlds.dibs.Child)
    deadline = time.monotonic() + (1 if ours else 5) * worlds.SECONDS_TO_RECOVER
    while True:
        try:
            process.start()
            return
        except AssertionError as refused:
            if time.monotonic() > deadline:
                raise (worlds.Lost if ours else worlds.NotThere)(f"it does not start again: {refused}") from refused


def choices(world):
    """[(fault, target, share)]: all that can be done to this world."""
    servers = [name for name in world.processes if name.startswith("server")]
    others = [name for name in world.processes if name in ("provider", "sql", "kafka")]
    stores = [name for name in world.processes if name == "redis" or name.startswith("node")]
    out = [(Kill, name, 3) for name in servers + stores] + [(Kill, name, 1) for name in others]
    out += [(Stop, name, 1) for name in servers + others + stores]
    out += [(Network, name, 3 if name.startswith("clients") or name == "redis" else 1) for name in world.gates if name != "copy"]
    out += [(Clock, name, 2) for name in world.shims]
    out += [(kind, name, share) for name in world.shims for kind, share in ((PowerCut, 4), (SlowDisk, 1))]
    out += [(Disk, name, 2) for name in world.shims if isinstance(world, worlds.Embedded) or name == "redis"]
    if isinstance(world, worlds.OnReplica):
        # Without a sync what only a killed primary had is gone: it is never killed and started with what it had.
        out = [choice for choice in out if choice[:2] != (Kill, "redis")] + [(Promote, "redis", 8)]
    if isinstance(world, worlds.OnCluster):
        out.append((Move, "cluster", 5))
    return out


def draw_window(world, draw):
    """One or two faults that overlap, on different targets."""
    found = choices(world)
    chosen = []
    for _ in range(draw.choice((1, 1, 2))):
        kind, target, _ = draw.choices(found, [share for *_, share in found])[0]
        # A slot is moved by somebody who sees to it that both nodes are well.
        together = {kind, *map(type, chosen)}
        on_nodes = [name for name in (target, *(fault.target for fault in chosen)) if name.startswith("node")]
        if target not in [fault.target for fault in chosen] and not (Move in together and on_nodes):
            chosen.append(kind(world, target, draw))
    # What was killed is started when the others are over, servers last: they need what was spoiled.
    return sorted(chosen, key=lambda fault: (isinstance(fault, Kill), fault.target.startswith("server")))
