"""Rushes through the real provider process, with every fault of its page on, one after another.

payments_test.py [RUNS]    RUNS of each fault (5)

Each rush: one in five leaves before buying, one payment in five is declined. `dibs rush` judges that
the first ten eligible buyers are paid, and compares the provider's books with the orders, amount by
amount; here it is counted that no lie of a webhook was believed."""

import json
import os
import sys
import tempfile
import time

import dibs
from provider import Provider

# What is set for each fault. Shares are high, so that every run of ten or more payments meets it.
FAULTS = {
    "none": {},
    "delay": {"delay_ms": 30},
    "async": {"async": 0.5, "late_ms": 150},
    "error": {"error": 0.3},
    "timeout": {"timeout": 0.03},
    "lost": {"lost": 0.3},
    "restart": {"restart": 0.1},
    "refuse_capture": {"refuse_capture": 0.3},
    "never_sent": {"async": 1, "late_ms": 100, "never_sent": 1},
    "duplicate": {"async": 1, "late_ms": 100, "duplicate": 1},
    "reorder": {"async": 1, "late_ms": 100, "reorder": 0.5},
    "late_webhook": {"async": 0.5, "late_ms": 400, "late_webhook": 1},
    "forged": {"async": 0.5, "late_ms": 100, "forged": 1},
    "wrong_amount": {"async": 0.5, "late_ms": 100, "wrong_amount": 1},
    "wrong_order": {"async": 0.5, "late_ms": 100, "wrong_order": 1},
    "stale": {"async": 0.5, "late_ms": 100, "stale": 1},
    "everything": {"async": 0.3, "late_ms": 100, "error": 0.1, "timeout": 0.01, "lost": 0.1, "refuse_capture": 0.1,
                   "duplicate": 0.3, "reorder": 0.3, "forged": 0.3, "wrong_amount": 0.3, "stale": 0.3},
}
TOLD = {"async", "duplicate", "reorder", "late_webhook", "forged", "wrong_amount", "wrong_order", "stale"}
LIES = {"forged", "wrong_amount", "wrong_order", "stale", "everything"}


def rush(directory, name, faults, seed):
    text = ",".join(f"{fault}={share}" for fault, share in faults.items() if fault != "delay_ms")
    flags = ["--seed", str(seed)] + (["--faults", text] if text else [])
    result = os.path.join(directory, f"{name}-{seed}.json")
    with Provider(os.path.join(directory, f"{name}-{seed}.db"), *flags) as provider:
        if "delay_ms" in faults:
            provider.set_faults(delay_ms=faults["delay_ms"])
        ended = dibs.run("rush", "--buyers", "1000", "--connections", "200", "--seed", seed, "--payments",
                         provider.url, "--json", result, timeout=240)
        if ended.returncode != 0:
            sys.exit(f"{name}, seed {seed}: status {ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-2000:]}")
        counters = provider.counters()
    with open(result, encoding="utf-8") as file:
        figures = json.load(file)
    assert figures["outcomes"]["paid"] == 10, figures["outcomes"]
    assert figures["outcomes"]["stranded"] == 0 and figures["outcomes"]["error"] == 0, figures["outcomes"]
    if name in TOLD:
        assert counters["webhooks_taken"] > 0, f"{name}: no webhook was taken: {counters}"
    assert counters["lies_taken"] == 0, f"{name}: a lie was believed: {counters}"
    return counters, figures["seconds_total"]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as directory:
        for name, faults in FAULTS.items():
            began = time.monotonic()
            lies = 0
            for seed in range(1, runs + 1):
                counters, _ = rush(directory, name, faults, seed)
                lies += counters["lies_sent"]
            assert (lies > 0) == (name in LIES), f"{name}: {lies} lies were sent"
            print(f"{name}: {runs} of {runs} rushes held, {lies} lies told and none believed, "
                  f"{time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
