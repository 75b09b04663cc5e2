#!/usr/bin/env python3
"""What must be true of a binary that faces the street, read from the binary itself with readelf: no flag of a
build file is trusted.

    check_hardening.py [--but WHAT]… BINARY [PATH]   fails and names what is missing; PATH must not be found anywhere in
                                                     it; WHAT, the word in brackets below, may be missing
    check_hardening.py --self-test                   builds a small program without each in turn: every one must be missed

What the compiler leaves no other trace of is read from the switches that it records beside its debug information.
So a binary that was stripped of it cannot be judged."""

import pathlib
import re
import subprocess
import sys
import tempfile

# What the self-test builds with, and the same that cmake/Flags.cmake asks for.
COMPILE = ["-O2", "-g1", "-fPIE", "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection=full",
           "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS"]
LINK = ["-pie", "-Wl,-z,relro,-z,now,-z,noexecstack,--build-id=sha1"]


def readelf(binary, *flags):
    return subprocess.run(["readelf", "-W", *flags, binary], capture_output=True, text=True, check=True,
                          errors="replace").stdout


def dynamic_flags(dynamic):
    return set(word for line in dynamic.splitlines() if "(FLAGS" in line for word in line.split()[2:])


def switches(binary):
    """Those of each unit of C++ that has debug information."""
    return set(re.findall(r"GNU C\+\+\d+ .*", readelf(binary, "-p", ".debug_str")))


def missing(binary):
    """What the binary does not have, in words."""
    head, segments, dynamic = (readelf(binary, flag) for flag in ("-h", "-l", "-d"))
    symbols = readelf(binary, "--dyn-syms")
    flags = dynamic_flags(dynamic)
    recorded = switches(binary)
    stack = re.search(r"GNU_STACK.*\s([RWE]{1,3})\s+0x", segments)
    found = {
        "a position-independent executable": re.search(r"Type:\s+DYN", head) and "PIE" in flags,
        "relocations that are read-only (relro)": "GNU_RELRO" in segments,
        "everything bound at the start (now)": "NOW" in flags or "BIND_NOW" in flags,
        "a stack that is not executable": stack and "E" not in stack.group(1),
        "no segment both writable and executable": not re.search(r"LOAD.*RWE", segments),
        "no relocation in code (textrel)": "TEXTREL" not in dynamic,
        "no path for libraries of its own (rpath)": not re.search(r"R(UN)?PATH", dynamic),
        "guards on the stack (stack protector)": "__stack_chk_fail" in symbols,
        "calls that know their buffers (fortify)": re.search(r"__(mem|str|v?snprintf|read|recv|f?printf)\w*_chk", symbols),
        "bounds of the standard library (assertions)": "glibcxx_assert_fail" in symbols,
        "a build id": "Build ID: " in readelf(binary, "-n"),
        "recorded switches (debug information)": recorded,
        "no gap in a stack that grows (stack-clash)": all("-fstack-clash-protection" in line for line in recorded),
        "marks where jumps may land (cf-protection)": all("-fcf-protection=full" in line for line in recorded),
        "guards in every unit": all("-fstack-protector-strong" in line for line in recorded),
    }
    return [what for what, there in found.items() if not there]


PROGRAM = """
#include <cstdio>
#include <cstring>
#include <vector>
int main(int count, char** words) {
  char text[64];
  std::strcpy(text, words[0]);
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::printf("%s %d\\n", text, numbers[static_cast<std::size_t>(std::strlen(text))]);
}
"""


def self_test():
    with tempfile.TemporaryDirectory() as name:
        there = pathlib.Path(name)
        (there / "program.cpp").write_text(PROGRAM)

        def build(drop=(), add=()):
            flags = [flag for flag in COMPILE + LINK if flag not in drop]
            subprocess.run(["g++", *flags, *add, str(there / "program.cpp"), "-o", str(there / "program")], check=True,
                           capture_output=True)
            return missing(str(there / "program"))

        if wrong := build():
            sys.exit(f"hardening: a program with all of it is said to lack {wrong}")
        plants = {"(stack protector)": build(drop=["-fstack-protector-strong"], add=["-fno-stack-protector"]),
                  "(stack-clash)": build(drop=["-fstack-clash-protection"]),
                  "(cf-protection)": build(drop=["-fcf-protection=full"], add=["-fcf-protection=none"]),
                  "(fortify)": build(drop=["-D_FORTIFY_SOURCE=3"]),
                  "(assertions)": build(drop=["-D_GLIBCXX_ASSERTIONS"]),
                  "position-independent": build(drop=["-fPIE", "-pie"], add=["-fno-pie", "-no-pie"]),
                  "(relro)": build(drop=LINK[1:], add=["-Wl,-z,norelro,-z,now,-z,noexecstack,--build-id=sha1"]),
                  "(now)": build(drop=LINK[1:], add=["-Wl,-z,relro,-z,lazy,-z,noexecstack,--build-id=sha1"]),
                  "not executable": build(drop=LINK[1:], add=["-Wl,-z,relro,-z,now,-z,execstack,--build-id=sha1"]),
                  "build id": build(drop=LINK[1:], add=["-Wl,-z,relro,-z,now,-z,noexecstack,--build-id=none"]),
                  "(rpath)": build(add=["-Wl,-rpath,/opt"]),
                  "debug information": build(drop=["-g1"], add=["-g0"])}
        for what, found in plants.items():
            if not any(what in said for said in found):
                sys.exit(f"hardening: a program without it was let through: {what}; found only {found}")
        print(f"hardening: {len(plants)} programs with something left out, each named")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    words = sys.argv[1:]
    may_lack = []
    while words[0] == "--but":
        may_lack.append(f"({words[1]})")
        words = words[2:]
    binary = words[0]
    if lacks := [what for what in missing(binary) if not any(word in what for word in may_lack)]:
        sys.exit("hardening: the binary lacks " + "; ".join(lacks))
    for path in words[1:]:
        if path.encode() in pathlib.Path(binary).read_bytes():
            sys.exit(f"hardening: the binary names the directory it was built in, {path}")
    print("hardening: all there" + "".join(f", but for {word}" for word in may_lack))


if __name__ == "__main__":
    main()
