"""Builds shim.c, and turns its switches."""

import contextlib
import mmap
import os
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("shim.c")
WRITING, SYNCING, RESERVING = 1, 2, 4
SIZE = 32


def build(directory):
    library = pathlib.Path(directory) / "shim.so"
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                    SOURCE, "-ldl"], check=True)
    return library


class Shim:
    """Stands between one process and the kernel; lies in a file, so it outlives the process. `under`: the words to start it
    under. Only files below `below` are meant by disk faults."""

    def __init__(self, library, control, below):
        with open(control, "w+b") as file:
            file.truncate(SIZE)
            self.map = mmap.mmap(file.fileno(), SIZE)
        self.below, self.undo = pathlib.Path(below), pathlib.Path(f"{control}-undo")
        self.under = ("env", f"LD_PRELOAD={library}", f"CHAOS_CONTROL={control}", f"CHAOS_DIRECTORY={below}", f"CHAOS_UNDO={self.undo}")

    def set_clock(self, ahead_seconds):
        struct.pack_into("q", self.map, 0, int(ahead_seconds * 1e9))

    def fail_disk(self, error, which, passes=0):
        """From now on, until it is called with 0, these calls fail, but for the first `passes`."""
        struct.pack_into("ii", self.map, 16, 0, passes)
        struct.pack_into("ii", self.map, 8, error, which)

    def slow_disk(self, milliseconds):
        """From now on each sync takes so much longer."""
        struct.pack_into("i", self.map, 24, milliseconds)

    def cut_power(self, keep=0):
        """After kill -9: takes back what was written and never synced, but for the first `keep` writes of it. Gives how many
        writes there were to take back."""
        writes = self._unsynced()
        paths = {path.stat().st_ino: path for path in self.below.rglob("*") if path.is_file()}
        for inode, offset, size, written, old in reversed(writes[keep:]):
            if inode in paths:
                with open(paths[inode], "r+b") as file:
                    file.seek(offset)
                    file.write(old)
                    if offset + written > size:
                        file.truncate(size)
        return len(writes)

    def _unsynced(self):
        writes = []
        with contextlib.suppress(FileNotFoundError), open(self.undo, "rb") as file:
            while len(head := file.read(48)) == 48:
                kind, inode, offset, size, written, count = struct.unpack("6Q", head)
                old = file.read(count)
                if kind == 2:
                    writes = [write for write in writes if write[1] != inode or write[0] >= offset]
                elif len(old) == count:
                    writes.append((file.tell() - count - 48, inode, offset, size, written, old))
        return [write[1:] for write in writes]

    @property
    def failed(self):
        return struct.unpack_from("i", self.map, 16)[0]
