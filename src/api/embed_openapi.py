#!/usr/bin/env python3
"""embed_openapi.py YAML OUT.cpp: writes the YAML document as JSON into a C++ source."""

import json
import pathlib
import sys

import yaml

document = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
text = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
rows = [text[i : i + 80] for i in range(0, len(text), 80)]
lines = [
    "// Written by embed_openapi.py from api/openapi.yaml.",
    '#include "api/openapi.h"',
    "",
    "namespace dibs::api {",
    "namespace {",
    "",
    # Characters, not one literal: compilers need not take literals of more than 64 KiB.
    "constexpr char kJson[] = {",
    *("    " + ",".join(f"{ord(c)}" for c in row) + "," for row in rows),
    "};",
    "",
    "}  // namespace",
    "",
    "std::string_view openapi_json() { return {kJson, sizeof kJson}; }",
    "",
    "}  // namespace dibs::api",
]
pathlib.Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")
