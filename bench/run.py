#!/usr/bin/env python3
"""All benchmarks, one after another, and one table at the end. Ratios are medians of pairs measured in turn,
so that a machine that others use too disturbs both alike; absolute figures are of this machine at this hour.

    run.py [small|usual|large]    large needs 4 GiB of memory and some minutes more
"""

import os
import pathlib
import platform
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "release"


def commands(size):
    small = size == "small"
    bench = [str(BUILD / "bench" / "dibs_bench")]
    for name in ("rules", "growth", "memory", "waiting", "engine", "recovery", "expiry", "redis", "ledger"):
        yield bench + [name, size]
    python = [sys.executable]
    yield python + [str(HERE / "http_against_nginx.py"), *(("1", "1") if small else ("4", "7"))]
    yield python + [str(HERE / "latency.py"), *(("500", "1") if small else ("40000", "3"))]
    yield python + [str(HERE / "write_back.py"), *(("500", "500", "1") if small else ("10000", "2000", "5"))]
    yield python + [str(HERE / "connections.py"), "300" if small else "15000"]
    yield python + [str(HERE / "waiting_streams.py"), *(("200", "1") if small else ("10000", "3"))]
    yield python + [str(HERE / "reconnect_storm.py"), *(("200", "2") if small else ("2000", "5"))]
    yield python + [str(HERE / "redis_refused.py"), *(("1", "1") if small else ("4", "5"))]
    yield python + [str(HERE / "reloads.py"), *(("1", "1") if small else ("4", "5"))]


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?")
    load = os.getloadavg()[1]
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}, load of others {load:.1f}"


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "usual"
    environment = {**os.environ, "DIBS_BINARY": os.environ.get("DIBS_BINARY", str(BUILD / "dibs"))}
    print(f"bench: {machine()}", flush=True)
    rows, failed = [], []
    for command in commands(size):
        name = pathlib.Path(command[-2] if command[0] != sys.executable else command[1]).name
        print(f"bench: {' '.join(pathlib.Path(part).name for part in command)}", flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
        rows += [line.split("\t") for line in done.stdout.splitlines()]
        if done.returncode != 0:
            failed.append(name)
    widths = [max(len(cells[column]) for cells in rows) for column in range(4)]
    print()
    for cells in [["what", "figure", "beside it, in the same run", "goal"], *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())
    if failed:
        sys.exit(f"bench: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
