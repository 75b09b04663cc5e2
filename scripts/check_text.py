#!/usr/bin/env python3
"""Small rules of the text itself: line width, file length, no left-over notes, no absolute home paths."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH = 100
LINES = {".h": 400, ".cpp": 450, ".py": 400}
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(^|[\s\"'(=])/(home|work|root|Users)/")


def main():
    status = 0
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listing.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in {".h", ".cpp", ".py", ".md", ".yaml", ".js", ".css", ".html"} or not path.exists():
            continue
        lines = path.read_text().splitlines()
        faults = []
        limit = LINES.get(path.suffix)
        if limit and len(lines) > limit:
            faults.append((len(lines), f"{len(lines)} lines; cut it, {limit} is the most"))
        for number, line in enumerate(lines, 1):
            if path.suffix in {".h", ".cpp"} and len(line) > WIDTH and "R\"" not in line:
                faults.append((number, f"wider than {WIDTH}"))
            if name != "scripts/check_text.py" and LEFT_OVER.search(line):
                faults.append((number, "a left-over note; do it or write an issue"))
            if name != "scripts/check_text.py" and MACHINE_PATH.search(line):
                faults.append((number, "a path of one machine"))
        for number, fault in faults:
            print(f"check: {name}:{number}: {fault}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
