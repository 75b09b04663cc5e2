#!/usr/bin/env python3
"""What a gateway on Redis does when something is not as it should be: an older copy of Redis behind a gateway
that was killed, no memory, no password, commands of the embedded engine. Skipped (77) without redis-server.

Planted, and seen: epoch and seq of redis.seen not put into a sale's calls (Slot in src/redis/sale_calls.cpp): the
older copy of fence() is then sold from, 201. A judge of settings that finds nothing, a doctor that sees no memory."""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import dibs
import redis_server
from redis_server import STRICT, Redis


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def gateway(directory, redis, *flags, store=None, name="gateway"):
    return dibs.Server(pathlib.Path(directory) / name / "data", "--store", store or redis.url, *flags, keep_port=True,
                       log=str(pathlib.Path(directory) / f"{name}.log"))


def put_sale(server, sale, **members):
    client = dibs.Client(server)
    status, _, answer = client.put_sale(sale, **members)
    client.close()
    check(status == 201, f"{sale}: {status} {answer}")
    return answer


def fence(directory):
    """Redis comes back with less than was answered: noticed, also by a gateway that was killed meanwhile."""
    with Redis(pathlib.Path(directory) / "redis", *STRICT) as redis, gateway(directory, redis) as server:
        put_sale(server, "old")
        client = dibs.Client(server)
        check(client.buy("old", "anna", "k-1")[0] == 201, "the first order")
        client.close()
        copy = {file: file.read_bytes() for file in redis.directory.glob("appendonlydir/*")}
        client = dibs.Client(server)
        check(client.buy("old", "ben", "k-2")[0] == 201, "the second order")
        client.close()
        server.kill()
        redis.kill()
        for file, content in copy.items():
            file.write_bytes(content)
        redis.start()
        server.start()
        client = dibs.Client(server)
        status, _, answer = client.buy("old", "cleo", "k-3")
        check(status == 503 and answer["code"] == "fenced", f"an older copy is sold from: {status} {answer}")
        client.close()
    print("an older copy of Redis: fenced", flush=True)


def refused_at_start(directory, redis, words, *flags):
    try:
        with gateway(directory, redis, *flags, name="refused"):
            pass
    except AssertionError:
        said = (pathlib.Path(directory) / "refused.log").read_text()
        return check(words in said, f"it does not say {words}: {said}")
    raise AssertionError(f"it starts, though {words}")


def words(directory):
    """What is not there on Redis says so; a Redis without memory refuses, and sells again by itself."""
    with Redis(pathlib.Path(directory) / "redis", *STRICT) as redis, gateway(directory, redis) as server:
        put_sale(server, "full")
        client = dibs.Client(server)
        status, _, answer = client.put_sale("told", notify={"url": "https://shop.example/notices"})
        check(status == 400 and "DIBS_NOTIFY_SECRET" in json.dumps(answer), f"notify: {status} {answer}")
        connects = connects_of(client)
        redis.call("CONFIG", "SET", "maxmemory", "1")
        status, _, answer = client.buy("full", "anna", "k-1")
        check(status == 503, f"without memory: {status} {answer}")
        check(client.call("GET", "/v1/sales/full")[0] == 200, "a read needs no memory")
        redis.call("CONFIG", "SET", "maxmemory", "0")
        status, _, answer = client.buy("full", "anna", "k-1")
        check(status == 201 and connects_of(client) == connects, f"with memory again: {status} {answer}")
        client.close()
        server.stop()
        for command in (["audit"], ["why", "--sale", "full", "--buyer", "anna"], ["sale", "archive", "--sale", "full"]):
            done = dibs.run(*command, "--data", server.data)
            check(done.returncode != 0 and "live in Redis" in done.stderr, f"{command}: {done.stdout}{done.stderr}")
    print("words: notify, memory, commands of the engine", flush=True)


def connects_of(client):
    lines = client.call("GET", "/metrics", operator=True)[2].splitlines()
    return [line for line in lines if line.startswith("dibs_redis_connects")]


def sentinel(directory):
    """Strict does not sell where Sentinel may make an older replica the primary."""
    root = pathlib.Path(directory)
    with Redis(root / "redis", *STRICT) as redis:
        settings = root / "sentinel.conf"
        settings.write_text(f"bind 127.0.0.1\nport {redis_server.free_port()}\ndir {root}\n"
                            f"sentinel monitor shop 127.0.0.1 {redis.port} 1\n")
        watcher = subprocess.Popen([redis_server.BINARY, str(settings), "--sentinel"], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 30
            while "name=sentinel-" not in redis.call("CLIENT", "LIST", "TYPE", "pubsub"):
                check(time.monotonic() < until, "Sentinel does not come")
                time.sleep(0.05)
            refused_at_start(directory, redis, "Sentinel watches this Redis")
            keys = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
            doctor = dibs.run("doctor", "--store", redis.url, "--listen", "127.0.0.1:0", "--data", root / "none", env=keys)
            check(doctor.returncode == 1 and "NO-GO  redis: Sentinel watches" in doctor.stdout, doctor.stdout)
            with gateway(directory, redis, "--durability", "relaxed") as server:
                put_sale(server, "relaxed")
        finally:
            watcher.kill()
            watcher.wait()
    print("Sentinel: refused by name", flush=True)


def memory(directory):
    """What doctor says of a server that fills up."""
    root = pathlib.Path(directory)
    keys = {"DIBS_OPERATOR_TOKENS": f"anna:{dibs.OPERATOR_TOKEN}", "DIBS_SHOP_KEY": dibs.SHOP_KEY}
    with Redis(root / "redis", *STRICT) as redis:
        used = int(next(line for line in redis.call("INFO", "memory").splitlines() if line.startswith("used_memory:"))[12:])
        for most, word in ((0, "WARN   redis: it has no maxmemory"), (10 * used, "ok     redis: it uses"), (3 * used, "WARN   redis: it uses"),
                           (int(1.5 * used), "NO-GO  redis: it uses")):
            redis.call("CONFIG", "SET", "maxmemory", most)
            doctor = dibs.run("doctor", "--store", redis.url, "--listen", "127.0.0.1:0", "--data", root / "none", env=keys)
            check(word.lower() in doctor.stdout.lower(), f"{most}: {doctor.stdout}")
    print("memory: none set, a tenth, a third, two thirds", flush=True)


def ways_in(directory):
    root = pathlib.Path(directory)
    with Redis(root / "redis", *STRICT, password="s3cret of tests") as redis:
        word = "s3cret%20of%20tests"
        for name, store in (("tcp", f"redis://:{word}@127.0.0.1:{redis.port}"), ("unix", f"unix://:{word}@{redis.socket}")):
            with gateway(directory, redis, store=store, name=name) as server:
                put_sale(server, name)
                client = dibs.Client(server)
                check(client.buy(name, "anna", "k")[0] == 201, f"{name} does not sell")
                client.close()
            check("s3cret" not in (root / f"{name}.log").read_text(), "the password is in the log")
        refused_at_start(directory, redis, "NOAUTH Authentication required")
    print("ways in: password, Unix socket", flush=True)


def main():
    if not redis_server.installed():
        print("redis: redis-server is not installed")
        return 77
    for part in (fence, words, sentinel, memory, ways_in):
        with tempfile.TemporaryDirectory() as directory:
            part(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
