#!/usr/bin/env python3
"""embed_functions.py DIR OUT.cpp: puts the Lua files of DIR together into one library of Redis functions and writes
it into a C++ source.

DIR/*.lua register one function each; a line `-- include parts/NAME.lua` brings in a file that they share, once, before
the file that names it. The version in the library's and the functions' names is a hash of all that: a changed file is
a library of another name, and both can be on one server."""

import hashlib
import pathlib
import re
import sys

INCLUDE = re.compile(r"^-- include (\S+)\n", re.MULTILINE)


def put_together(folder):
    texts, seen = [], set()

    def take(path):
        if path in seen:
            return
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        for name in INCLUDE.findall(text):
            take(folder / name)
        # In a block of its own: Lua allows 200 locals in one.
        texts.append(f"do -- {path.relative_to(folder)}\n{INCLUDE.sub('', text)}end\n")

    for path in sorted(folder.glob("*.lua")):
        take(path)
    return "".join(texts)


def main():
    body = "local dibs = {}\n" + put_together(pathlib.Path(sys.argv[1]))
    version = hashlib.sha256(body.encode()).hexdigest()[:12]
    text = f"#!lua name=dibs_{version}\nlocal VERSION = '{version}'\n{body}"
    data = text.encode()
    rows = [data[i : i + 24] for i in range(0, len(data), 24)]
    lines = [
        "// Written by embed_functions.py from src/redis/functions.",
        '#include "redis/library.h"',
        "",
        "namespace dibs::redis {",
        "namespace {",
        "",
        "constexpr unsigned char kFunctions[] = {",
        *("    " + ",".join(str(byte) for byte in row) + "," for row in rows),
        "};",
        "",
        "}  // namespace",
        "",
        "std::string_view embedded_functions() {",
        "  return {reinterpret_cast<const char*>(kFunctions), sizeof kFunctions};",
        "}",
        "",
        "}  // namespace dibs::redis",
    ]
    pathlib.Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
