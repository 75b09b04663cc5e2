#!/usr/bin/env python3
"""The binary on data directories that older versions wrote, and on ones that a newer version wrote.

How it proves its claim: each fixture of tests/fixtures is laid out as a directory. The server starts
on it, sells, and the audit finds nothing. With the number of a format raised in one of its files, the
server refuses to start and `journal verify` names both numbers, and no byte of the directory changes;
with a newer snapshot beside the journal, the server starts and says that it passed it over.
"""

import hashlib
import pathlib
import sys
import tempfile

import dibs

FIXTURES = sorted((dibs.ROOT / "tests" / "fixtures").glob("format-*/*.files.txt"))
NEWER = 9


def unpack(fixture, directory):
    directory.mkdir()
    name, content = None, b""
    for line in fixture.read_text().splitlines() + ["file - 0"]:
        words = line.split()
        if words[0] != "file":
            offset, piece = int(words[0]), bytes.fromhex(words[1])
            content[offset:offset + len(piece)] = piece
            continue
        if name:
            (directory / name).write_bytes(content)
        name, content = words[1], bytearray(int(words[2]))


def bytes_of(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "lock"}


def patch(path, *offsets, sealed=False):
    content = bytearray(path.read_bytes())
    for offset in offsets:
        content[offset] = NEWER
    if sealed:
        content[-32:] = hashlib.sha256(content[:-32]).digest()
    path.write_bytes(content)


def refuse_start(directory):
    """(exit status, what it said) of a server that must not come up."""
    result = dibs.run("serve", "--insecure-demo", "--listen", "127.0.0.1:0", "--data", directory)
    return result.returncode, result.stdout + result.stderr


def check_sells(directory, where):
    server = dibs.Server(directory / "data")
    with server:
        client = dibs.Client(server)
        status, _, answer = client.put_sale("afterwards")
        assert status == 201, (where, answer)
        status, _, answer = client.buy("afterwards", "zoe")
        assert status == 201, (where, answer)
        assert server.stop() == 0
    audit = dibs.run("audit", "--data", directory / "data")
    assert audit.returncode == 0 and "equal: " in audit.stdout, (where, audit.stdout)


def check_refused(data, words, where):
    before = bytes_of(data)
    status, said = refuse_start(data)
    assert status != 0 and f"format {NEWER}" in said and "format 1" in said, (where, status, said)
    assert words in said, (where, said)
    verify = dibs.run("journal", "verify", "--data", data)
    said = verify.stdout + verify.stderr
    assert verify.returncode != 0 and f"format {NEWER}" in said and "format 1" in said, (where, said)
    assert bytes_of(data) == before, f"{where}: a refused start changed the directory"


def main():
    assert len(FIXTURES) >= 2, FIXTURES
    for fixture in FIXTURES:
        where = fixture.name
        with tempfile.TemporaryDirectory() as directory:
            base = pathlib.Path(directory)
            unpack(fixture, base / "data")
            check_sells(base, where)
            print(f"{where}: sold from and audited")

            unpack(fixture, base / "journal")
            patch(base / "journal" / "journal-00000000000000000001.log", 4)
            check_refused(base / "journal", "the journal is of", where)
            unpack(fixture, base / "mark")
            patch(base / "mark" / "journal.mark", 4, 4096 + 4)
            check_refused(base / "mark", "journal.mark is of", where)
            print(f"{where}: newer journal and newer mark refused with both numbers")

            unpack(fixture, base / "snapshot")
            patch(next((base / "snapshot").glob("snapshot-*.bin")), 4, sealed=True)
            verify = dibs.run("journal", "verify", "--data", base / "snapshot")
            assert verify.returncode == 0, (where, verify.stdout, verify.stderr)
            assert f"format {NEWER}" in verify.stdout and "format 1" in verify.stdout, verify.stdout
            (base / "snapshot").rename(base / "data-2")
            (base / "data").rename(base / "sold")
            (base / "data-2").rename(base / "data")
            check_sells(base, where)
            log = (base / "serve.log").read_text()
            assert f"format {NEWER}" in log, (where, log)
            print(f"{where}: newer snapshot passed over, and said")
    return 0


if __name__ == "__main__":
    sys.exit(main())
