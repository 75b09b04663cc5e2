#!/usr/bin/env python3
"""Holds every include under src/ against the arrows of docs/ARCHITECTURE.md: who may include whom,
and which folder owns which third-party library."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')

# folder -> the folders it may include besides itself (closed under reachability below)
MAY_INCLUDE = {
    "base": [],
    "sale": ["base"],
    "store": ["sale"],
    "engine": ["store"],
    "redis": ["store"],
    "baselines": ["store", "redis"],
    "events": ["store", "webhook", "client"],
    "ledger": ["events"],
    "http": ["base"],
    "webhook": ["base"],
    "client": ["base"],
    "payment": ["client", "webhook"],
    "sandbox": ["http", "payment"],
    "api": ["http", "store", "payment", "webhook"],
    "load": ["base", "http"],
    "cli": ["api", "engine", "events", "redis", "baselines", "ledger", "load", "payment", "sandbox", "webhook", "client", "http"],
}
# The parts of http that load may use: the client side.
LOAD_MAY_USE_HTTP = {"http/response_reader.h"}

# first path part of a third-party header -> the folders that own it
OWNERS = {
    "boost/beast": {"http"},
    "boost/asio": {"http"},
    "boost/json": {"api", "events", "load", "payment", "sandbox"},
    "boost/unordered": {"sale", "engine"},
    "boost/container": {"sale", "engine"},
    "boost/url": {"api", "ledger"},
    "boost/crc": {"redis"},
    "curl": {"client"},
    "hiredis": {"redis", "baselines"},
    "librdkafka": {"events"},
    "sqlite3.h": {"sandbox"},
    "soci": {"ledger"},
    "openssl": {"engine", "store", "api", "load", "webhook", "events", "redis"},
    "jwt.h": {"api"},
    "prometheus": {"api"},
    "spdlog": {"cli"},
    "fmt": {"cli"},
    "CLI": {"cli"},
    "toml++": {"cli"},
}
THIRD_PARTY = re.compile(r"^(boost/|curl/|openssl/|jwt\.h|prometheus/|spdlog/|fmt/|CLI/|sqlite3|soci|hiredis|rdkafka|librdkafka|toml)")


def reachable(folder):
    seen, todo = {folder}, [folder]
    while todo:
        for following in MAY_INCLUDE[todo.pop()]:
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return seen


def owner_of(header):
    for prefix, folders in OWNERS.items():
        if header == prefix or header.startswith(prefix + "/") or header.startswith(prefix + "."):
            return folders
    return set()


def faults_of(path):
    folder = path.relative_to(ROOT / "src").parts[0]
    if folder not in MAY_INCLUDE:
        yield f"{folder} is not a folder of the table in scripts/check_layers.py"
        return
    allowed = reachable(folder)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, header = match.groups()
        if quote == '"':
            target = header.split("/")[0]
            if "/" in header and target in MAY_INCLUDE and target not in allowed:
                yield f"line {number}: {folder} may not include {target} ({header})"
            if folder == "load" and target == "http" and header not in LOAD_MAY_USE_HTTP:
                yield f"line {number}: load may use only the client side of http, not {header}"
        elif THIRD_PARTY.match(header) and folder not in owner_of(header):
            yield f"line {number}: {header} belongs to {sorted(owner_of(header)) or 'no folder yet'}"


def main():
    status = 0
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in {".h", ".cpp"}:
            for fault in faults_of(path):
                print(f"check: {path.relative_to(ROOT)}: {fault}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
