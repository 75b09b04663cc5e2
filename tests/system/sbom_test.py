#!/usr/bin/env python3
"""scripts/sbom against the binary itself: the shape of CycloneDX, the same bytes twice, every library that ldd names,
the packages that are there by their headers or their bytes alone.

Planted and seen, in each run: a library, a header-only package, a version and a reference left out."""

import copy
import hashlib
import json
import re
import subprocess
import sys

import dibs

BUILD = dibs.BINARY.resolve().parent
# No file of theirs is loaded: of these, what is included or embedded is all there is.
WITHOUT_A_LIBRARY = {"libboost1.81-dev": "included", "libcli11-dev": "included", "libstdc++-12-dev": "included",
                     "libspdlog-dev": "included", "libsoci-dev": "included", "libjs-chart.js": "embedded"}


def made():
    return subprocess.run([dibs.ROOT / "scripts" / "sbom", BUILD], capture_output=True, text=True, check=True).stdout


def values(component, name):
    return {one["value"] for one in component["properties"] if one["name"] == name}


def faults(bill, libraries):
    """What is wrong with it, in words."""
    found = []

    def expect(holds, what):
        if not holds:
            found.append(what)

    expect((bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1), "what it is")
    expect(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"]), "its serial number")
    subject = bill["metadata"]["component"]
    digest = hashlib.sha256(dibs.BINARY.read_bytes()).hexdigest()
    expect(subject["hashes"] == [{"alg": "SHA-256", "content": digest}], "the hash of the binary")
    components = {one["name"]: one for one in bill["components"]}
    expect(len(components) == len(bill["components"]), "a name twice")
    for name, one in components.items():
        expect(re.fullmatch(r"[0-9][A-Za-z0-9.+~:-]*", one.get("version", "")), f"the version of {name}")
        expect(re.fullmatch(r"pkg:deb/debian/[a-z0-9.+-]+@[A-Za-z0-9.%+-]+\?arch=\w+", one["purl"]), f"the purl of {name}")
        expect(one["type"] == "library" and values(one, "dibs:how"), f"how {name} is in it")
    refs = {one["bom-ref"] for one in bill["components"]}
    expect(bill["dependencies"] == [{"ref": subject["bom-ref"], "dependsOn": sorted(refs)}], "the references")
    files = {file for one in components.values() if "loaded" in values(one, "dibs:how") for file in values(one, "dibs:file")}
    for library in sorted(libraries - files):
        found.append(f"the library {library}")
    for name, how in WITHOUT_A_LIBRARY.items():
        expect(name in components and how in values(components[name], "dibs:how"), f"{name}, which is {how}")
    return found


def check_plants(bill, libraries):
    def without(name):
        bill_without = copy.deepcopy(bill)
        bill_without["components"] = [one for one in bill["components"] if one["name"] != name]
        return bill_without

    no_version = copy.deepcopy(bill)
    del no_version["components"][0]["version"]
    for plant in (without("libsqlite3-0"), without("libcli11-dev"), no_version):
        if not faults(plant, libraries):
            sys.exit("sbom: a bill with something left out was taken for whole")


def main():
    listed = subprocess.run(["ldd", dibs.BINARY], capture_output=True, text=True, check=True).stdout
    libraries = set(re.findall(r"(/\S+) \(0x", listed))
    if len(libraries) < 20:
        sys.exit(f"sbom: ldd names {len(libraries)} libraries")
    text = made()
    if text != made():
        sys.exit("sbom: two runs differ")
    bill = json.loads(text)
    if wrong := faults(bill, libraries):
        sys.exit("sbom: " + "; ".join(wrong))
    check_plants(bill, libraries)
    print(f"sbom: {len(bill['components'])} packages, all {len(libraries)} libraries among them")


if __name__ == "__main__":
    main()
