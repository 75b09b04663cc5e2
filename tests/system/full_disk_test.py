#!/usr/bin/env python3
"""A disk that is really full: a small tmpfs, filled and emptied again and again under the server.

How it proves its claim: a file takes what room is left, and changes of a sale that never opens eat
the journal's reserve, until the server says 503. From then on new orders and new sales must be
refused, and payment, leaving and reading must work, also after a restart on the full disk. Once the
file is gone, selling must begin again by itself. In the end every acknowledged order is there and
`dibs audit` finds nothing. Then a ledger lies on the full disk. Then the same server meets a limit on the size of files instead: it must
stop with status 3 and say why, and lose nothing.

Needs the right to mount; without it, exits 77 (skipped).

    full_disk_test.py [CYCLES]
"""

import http.client
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import dibs

BASE_MIB = 18   # 8 MiB of ballast, the reserve, and room to eat
CYCLE_MIB = 5   # a little more than the journal grows by in a cycle: it is kept, so its disk must hold it
INSIDE = "DIBS_FULL_DISK_MOUNT"
MOST_CHANGES = 3_000  # at some 16 KiB each: more than the disk holds


def fill(mount):
    """Takes all the room that is left; gives the file."""
    path = pathlib.Path(mount) / "somebody-elses.file"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return path


def change(client, number):
    """A change of 14 KB to a sale that opens some day."""
    items = [{"sku": f"s{i}", "title": f"{number} " + "x" * 150, "price": 1, "stock": 1} for i in range(60)]
    return client.put_sale("some-day", title=f"Some day {number}", opens_at="2100-01-01T00:00:00.000Z",
                           items=items)


def eat_reserve(client, counter):
    """Makes the journal grow until new work is refused; gives that answer."""
    for _ in range(MOST_CHANGES):
        counter[0] += 1
        status, _, answer = change(client, counter[0])
        if status == 503:
            return answer
        assert status in (200, 201), (status, answer)
    raise AssertionError("the disk never was full")


def expect(what, status, wanted, answer):
    assert status == wanted, f"{what}: {status} {answer}"


def buys_again(client, buyer):
    for _ in range(1_200):  # a minute
        status, _, answer = client.buy("rush", buyer, "k")
        if status == 201:
            return answer
        assert status == 503, (status, answer)
        time.sleep(0.05)
    raise AssertionError("it does not sell again, though there is room")


def cycle(server, mount, number, counter, orders):
    client = dibs.Client(server)
    payer, leaver = (client.buy("rush", f"{who}-{number}", "k")[2] for who in ("payer", "leaver"))
    file = fill(mount)
    eat_reserve(client, counter)
    for restarted in (False, True):
        if restarted:
            client.close()
            server.kill()
            server.start()  # on the full disk
            client = dibs.Client(server)
        status, _, answer = client.buy("rush", f"late-{number}", "k")
        expect("a buy on a full disk", status, 503, answer)
        status, _, answer = client.put_sale(f"new-{number}")
        expect("a new sale on a full disk", status, 503, answer)
        order = (leaver if restarted else payer)["id"]
        if restarted:
            status, _, answer = client.call("DELETE", f"/v1/orders/{order}", buyer=f"leaver-{number}")
        else:
            status, _, answer = client.call("POST", f"/v1/orders/{order}/payment", {"token": "tok_ok"},
                                            buyer=f"payer-{number}")
        assert status in (200, 202), (status, answer)
    file.unlink()
    again = buys_again(client, f"again-{number}")
    orders.update({payer["id"]: f"payer-{number}", leaver["id"]: f"leaver-{number}",
                   again["id"]: f"again-{number}"})
    client.close()


def check_orders(server, orders):
    client = dibs.Client(server)
    for order, buyer in orders.items():
        status, _, answer = client.call("GET", f"/v1/orders/{order}", buyer=buyer)
        expect("an acknowledged order", status, 200, answer)
    client.close()


def check_audit(data):
    audit = dibs.run("audit", "--data", data)
    assert audit.returncode == 0, audit.stdout + audit.stderr


def full_again_and_again(mount, log, cycles):
    orders, counter = {}, [0]
    # A ledger on the same disk gives room back when it likes, and then selling rightly goes on.
    server = dibs.Server(pathlib.Path(mount) / "data", "--write-back", "none", log=log)
    with server:
        client = dibs.Client(server)
        status, _, answer = client.put_sale("rush", items=[
            {"sku": "floor", "title": "Floor", "price": 100, "stock": 1000}])
        expect("the sale", status, 201, answer)
        client.close()
        for number in range(cycles):
            cycle(server, mount, number, counter, orders)
        check_orders(server, orders)
        assert server.stop() == 0
    check_audit(server.data)
    print(f"full disk: {cycles} times full and empty, {counter[0]} changes of 14 KB, "
          f"{len(orders)} orders acknowledged, 0 lost")


def ledger_on_the_same_disk(mount, log):
    """The ledger beside the journal meets the full disk too: it falls behind, holds nothing up, and has
    everything once there is room again."""
    server = dibs.Server(pathlib.Path(mount) / "beside", log=log)
    with server:
        client = dibs.Client(server)
        client.put_sale("rush", items=[{"sku": "floor", "title": "Floor", "price": 100, "stock": 1000}])
        file = fill(mount)
        before = [client.buy("rush", f"b-{number}", "k")[0] for number in range(200)]
        assert set(before) <= {201, 503}, set(before)
        file.unlink()
        buys_again(client, "again")
        client.close()
        audit = None
        for _ in range(300):
            audit = dibs.run("audit", "--data", server.data, "--ledger", f"sqlite:{server.data}/ledger.db")
            if audit.returncode == 0 and "not in the ledger yet" not in audit.stdout:
                break
            time.sleep(0.2)
        assert audit.returncode == 0 and "not in the ledger yet" not in audit.stdout, audit.stdout + audit.stderr
        assert server.stop() == 0
    print(f"full disk: the ledger beside the journal has all {before.count(201) + 1} orders")


def limited_file_size(directory):
    """12 MiB for the largest file: the reserve is outgrown, and that is not a full disk."""
    data, log = pathlib.Path(directory) / "limited", os.path.join(directory, "limited.log")
    server = dibs.Server(data, log=log, under=("prlimit", f"--fsize={12 << 20}"))
    orders, counter = {}, [0]
    with server:
        client = dibs.Client(server)
        client.put_sale("rush")
        order = client.buy("rush", "early", "k")[2]
        orders[order["id"]] = "early"
        try:
            eat_reserve(client, counter)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the server is gone
        status = server.process.wait(timeout=60)
    said = pathlib.Path(log).read_text()
    assert status == 3, f"ended with {status}: {said}"
    assert "File too large" in said and "start again" in said, said
    with dibs.Server(data, log=log) as again:
        check_orders(again, orders)
        assert again.stop() == 0
    check_audit(data)
    print(f"file size limit: stopped with status 3 after {counter[0]} changes, nothing lost")


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    if INSIDE in os.environ:
        with tempfile.TemporaryDirectory() as directory:
            full_again_and_again(os.environ[INSIDE], os.path.join(directory, "serve.log"), cycles)
            shutil.rmtree(pathlib.Path(os.environ[INSIDE]) / "data")
            ledger_on_the_same_disk(os.environ[INSIDE], os.path.join(directory, "beside.log"))
            limited_file_size(directory)
        return 0
    with tempfile.TemporaryDirectory() as mount:
        size = BASE_MIB + CYCLE_MIB * cycles
        # In a mount namespace of its own, the file system is gone when the last process is.
        alone = ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o size={size}m tmpfs {mount} && exec \"$@\"", "sh"]
        if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
            print("full disk: skipped, since mounting a tmpfs is not allowed here")
            return 77
        return subprocess.run([*alone, sys.executable, __file__, str(cycles)],
                              env={**os.environ, INSIDE: mount}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
