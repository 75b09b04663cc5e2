#!/usr/bin/env python3
"""embed_web.py WEB OUT [NAME=FILE…]: puts the files of the folder WEB into the program, and further
FILEs as if they lay there at NAME.

Writes OUT/web_files.cpp (the table), OUT/web_files.S (the bytes) and the files themselves, prepared:
- In pages `/assets/` becomes `/assets/BUILD/`, BUILD being the hash of everything: see web_files.h.
- `<!-- modules of shop/main.js -->` becomes a preload link for each module that this one needs, so
  that a browser asks for all of them at once and not import by import.
- Of each page there is a twin X.demo.html whose `data-mode` is `insecure-demo`.
- Each file is there packed with gzip too, where that is smaller.
"""

import gzip
import hashlib
import pathlib
import posixpath
import re
import sys

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
IMPORT = re.compile(rb"""^(?:import|export)\s[^;'"]*?from\s+["'](\.[^"']+)["']|^import\s+["'](\.[^"']+)["']""",
                    re.MULTILINE)
MODULES = re.compile(rb"[ \t]*<!-- modules of (\S+) -->")
LIVE, DEMO = b'data-mode="live"', b'data-mode="insecure-demo"'


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:16]


def modules_of(files, entry):
    """The module and all that it imports, statically, each once."""
    found, todo = [], [entry]
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        if name not in files:
            sys.exit(f"embed_web: {name} is imported and not there")
        found.append(name)
        for parts in IMPORT.findall(files[name]):
            relative = (parts[0] or parts[1]).decode()
            todo.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), relative)))
    return found


def prepared_page(files, page, build):
    def links(match):
        names = modules_of(files, match.group(1).decode())
        return "\n".join(f'<link rel="modulepreload" href="/assets/{name}">' for name in names).encode()

    page = MODULES.sub(links, page)
    return page.replace(b"/assets/", b"/assets/" + build.encode() + b"/")


def prepared(files):
    """name -> bytes as they are served, and the build's hash."""
    build = digest(*(part for name in sorted(files) for part in (name.encode(), files[name])))
    result = {}
    for name, content in files.items():
        if not name.endswith(".html"):
            result[name] = content
            continue
        if LIVE not in content:
            sys.exit(f'embed_web: {name} must have {LIVE.decode()} on its html element')
        page = prepared_page(files, content, build)
        result[name] = page
        result[name.removesuffix(".html") + ".demo.html"] = page.replace(LIVE, DEMO)
    return result, build


def main():
    web, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = {str(path.relative_to(web)): path.read_bytes() for path in web.rglob("*") if path.is_file()}
    for extra in sys.argv[3:]:
        name, path = extra.split("=", 1)
        files[name] = pathlib.Path(path).read_bytes()
    files, build = prepared(files)

    assembly = ['.section .note.GNU-stack,"",%progbits', ".section .rodata"]
    declarations, rows = [], []
    for number, name in enumerate(sorted(files)):
        kind = CONTENT_TYPES.get(pathlib.PurePosixPath(name).suffix)
        if kind is None:
            sys.exit(f"embed_web: no content type is known for {name}")
        packed = gzip.compress(files[name], 9, mtime=0)
        if len(packed) >= len(files[name]):
            packed = b""
        for suffix, content in (("", files[name]), ("_gz", packed)):
            path = out / "web" / (name + suffix.replace("_", "."))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            symbol = f"dibs_web_{number}{suffix}"
            assembly += [f".global {symbol}", f'{symbol}: .incbin "{path}"', ".byte 0"]
            declarations.append(f"extern const char {symbol}[];")
        rows.append(f'      {{"{name}", "{kind}", "{digest(files[name])}",\n'
                    f"       {{dibs_web_{number}, {len(files[name])}}}, "
                    f"{{dibs_web_{number}_gz, {len(packed)}}}}},")
    (out / "web_files.S").write_text("\n".join(assembly) + "\n")
    (out / "web_files.cpp").write_text("\n".join([
        "// Written by embed_web.py from web/.",
        '#include "api/web_files.h"', "", "#include <array>", "",
        'extern "C" {', *declarations, "}", "",
        "namespace dibs::api {", "",
        "std::span<const WebFile> web_files() {",
        f"  static const std::array<WebFile, {len(rows)}> kFiles = {{{{", *rows, "  }};",
        "  return kFiles;", "}", "",
        f'std::string_view web_build() {{ return "{build}"; }}', "",
        "}  // namespace dibs::api"]) + "\n")


if __name__ == "__main__":
    main()
