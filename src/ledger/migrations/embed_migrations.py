#!/usr/bin/env python3
"""embed_migrations.py DIR OUT.cpp: puts DIR/NNN_*.sql into a C++ source, in order of their numbers, which must be 1, 2, 3 …"""

import pathlib
import sys


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("[0-9][0-9][0-9]_*.sql"))
    for expected, path in enumerate(files, 1):
        if int(path.name[:3]) != expected:
            sys.exit(f"{path.name}: its number must be {expected:03}")
    lines = [
        "// Written by embed_migrations.py from src/ledger/migrations.",
        "#include <array>",
        "",
        '#include "ledger/schema.h"',
        "",
        "namespace dibs::ledger {",
        "",
        "std::span<const std::string_view> migrations() {",
        f"  static constexpr std::array<std::string_view, {len(files)}> kMigrations = {{{{",
        *(f'R"sql({path.read_text(encoding="utf-8")})sql",' for path in files),
        "  }};",
        "  return kMigrations;",
        "}",
        "",
        "}  // namespace dibs::ledger",
    ]
    pathlib.Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
