#!/usr/bin/env python3
"""deploy/, as far as it can be judged without running it: units by systemd-analyze, YAML that parses, every command
and flag known to the binary, every library of the binary in the image, every metric and label of an alert in
docs/METRICS.md, every alert with its first action in docs/OPERATING.md. Units are rated by `systemd-analyze security`, their
commands are started as they stand but outside of systemd, promtool judges the rules where it is installed. No container and
no unit is started here: docker compose is not in Debian 12, and systemd is not the first process of a container.

Planted and seen: a directive that systemd does not know, a flag misspelt in compose and in a unit, a library left
out of the Dockerfile, a metric that does not exist, an alert without a first action or with one that is no block of
commands, a unit without its bound on capabilities, one whose command cannot start, an expression that is none."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import yaml

import dibs

DEPLOY = dibs.ROOT / "deploy"
EXPOSURE_MOST = 20
# Environment variables that are no flag of the command.
SECRETS = {"DIBS_OPERATOR_TOKENS", "DIBS_SHOP_KEY", "DIBS_PAYMENTS_KEY", "DIBS_NOTIFY_SECRET", "DIBS_SUPPORT_TOKENS"}


def check(holds, what):
    if not holds:
        sys.exit(f"deploy: {what}")


def check_command(words, where):
    """`words` behind `dibs`: a command, and flags that it has."""
    helped = dibs.run(words[0], "--help")
    check(helped.returncode == 0, f"{where}: no command {words[0]}")
    for word in words[1:]:
        check(not word.startswith("--") or re.search(rf"{word}\b", helped.stdout), f"{where}: {words[0]} has no {word}")
    return helped.stdout


def check_units():
    units = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".service", ".socket"))
    for path in units:
        text = path.read_text()
        for command in re.findall(r"^ExecStart=/usr/bin/dibs (.*)$", text, re.M):
            helped = check_command(command.split(), path.name)
            for name in re.findall(r"^#\s+(DIBS_[A-Z_]+)=", text, re.M):
                check(name in SECRETS or f"Env:{name})" in helped, f"{path.name}: {name} is no setting")
        if path.suffix == ".service":
            for sandbox in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "User=dibs"):
                check(sandbox in text, f"{path.name}: no {sandbox.strip()}")
    if shutil.which("systemd-analyze") is None:
        print("deploy: systemd-analyze is not installed; the units were read by this test only")
        return
    with tempfile.TemporaryDirectory() as name:
        there = pathlib.Path(name)
        for path in units:  # with a program that is here, since its absence is not what is judged
            text = path.read_text().replace("/usr/bin/dibs", "/bin/true")
            (there / path.name.replace("@.", "@1.")).write_text(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               *sorted(map(str, there.iterdir()))], capture_output=True, text=True, timeout=60)
        said = [line for line in done.stderr.splitlines() if name in line or "dibs" in line]
        check(not said, "systemd-analyze: " + "\n".join(said))
    for path in units:
        if path.suffix == ".service":
            check_sandbox(path)


def check_sandbox(path):
    """How much a unit may still do, as systemd rates it: 0 is nothing, 10 everything, under 2 is `OK`."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MOST}", str(path)],
                          capture_output=True, text=True, timeout=60)
    rated = re.search(r"Overall exposure level .*: ([0-9.]+)", done.stdout)
    check(done.returncode == 0 and rated and float(rated.group(1)) * 10 <= EXPOSURE_MOST, f"{path.name}: {done.stdout[-200:]}{done.stderr}")


def check_compose():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        if service["image"] == "dibs":
            check_command(service["command"], f"compose.yaml, {name}")
            check(service.get("env_file") == "dibs.env", f"compose.yaml, {name}: no keys")
        for volume in service.get("volumes", []):
            check(volume.split(":")[0] in compose["volumes"], f"compose.yaml, {name}: volume {volume}")
        for other in service.get("depends_on", []):
            check(other in compose["services"], f"compose.yaml, {name}: depends on {other}")
    build = compose["services"]["gateway-1"]["build"]
    check((DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile"), "compose.yaml: build")
    redis = " ".join(compose["services"]["redis"]["command"])
    for setting in ("--appendonly yes", "--appendfsync always", "--no-appendfsync-on-rewrite no", "--maxmemory-policy noeviction"):
        check(setting in redis, f"compose.yaml: Redis without {setting}")


def check_dockerfile():
    text = (DEPLOY / "Dockerfile").read_text()
    check(re.search(r"^FROM debian:12-slim AS build$", text, re.M) and text.count("FROM debian:12-slim") == 2, "Dockerfile: stages")
    words = re.search(r'^CMD \[(.*)\]$', text, re.M).group(1).replace('"', "").split(", ")
    check_command(words, "Dockerfile")
    installed = set(re.findall(r"[a-z0-9.+-]+", text[text.index("apt-get install"):text.index("rm -rf")]))
    linked = subprocess.run(["objdump", "-p", dibs.BINARY], capture_output=True, text=True).stdout
    for library in re.findall(r"NEEDED\s+(\S+)", linked):
        found = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True).stdout
        packages = set(re.findall(r"^([^:\s]+):", found, re.M))
        check(packages & (installed | {"libc6", "libgcc-s1"}), f"Dockerfile: {library} of {packages} is not installed")


def check_rules_by_prometheus():
    promtool = shutil.which("promtool")
    if promtool is None:
        print("deploy: promtool is not installed; the alerts' expressions were read by this test only")
        return
    done = subprocess.run([promtool, "check", "rules", str(DEPLOY / "alerts.yml")], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"promtool: {done.stdout}{done.stderr}")


def check_commands_start():
    """The command of each unit, on directories of this test: it starts, and ends in order; a gateway may say that it has no
    Redis."""
    with tempfile.TemporaryDirectory() as name:
        for path in sorted(DEPLOY.glob("*.service")):
            words = re.search(r"^ExecStart=/usr/bin/dibs (.*)$", path.read_text(), re.M)
            if not words:
                continue
            command = re.sub(r"/var/lib/(dibs[\w%-]*)", rf"{name}/\1", words.group(1)).replace("%i", "1").split()
            for state in re.findall(r"^StateDirectory=(.*)$", path.read_text(), re.M):
                (pathlib.Path(name) / state.replace("%i", "1")).mkdir()  # as systemd does
            environment = {"DIBS_OPERATOR_TOKENS": "anna:token-of-the-tests", "DIBS_SHOP_KEY": "shop-key-of-the-tests", "DIBS_LISTEN": "127.0.0.1:0"}
            if "gateway" in path.name:
                environment["DIBS_STORE"] = "redis://127.0.0.1:1"
            if "ledger" in path.name:
                environment.update(DIBS_KAFKA="127.0.0.1:1", DIBS_TO=f"sqlite:{name}/ledger.db")
            command = [word if word != "127.0.0.1:8090" else "127.0.0.1:0" for word in command]
            check_starts(path.name, command, environment)


def check_starts(where, command, environment):
    process = subprocess.Popen([str(dibs.BINARY), *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={"PATH": "/usr/bin:/bin", **environment})
    last_resort = threading.Timer(120, process.kill)
    last_resort.start()
    said = ""
    for line in process.stdout:  # up to where it has started, or ends
        said += line
        if re.search(r"listening on|following ", line):
            process.terminate()
    process.wait()
    last_resort.cancel()
    allowed = (0, 3) if "DIBS_STORE" in environment else (0,)  # a gateway wants its Redis at once
    check(process.returncode in allowed, f"{where}: status {process.returncode}: {said}")


def check_alerts():
    metrics = {}
    for name, label in re.findall(r"^\| `(dibs_\w+)` \| \w+ \|[^|]*\| (?:`(\w+)`)? ?\|", (dibs.ROOT / "docs/METRICS.md").read_text(), re.M):
        metrics[name] = label
    manual = (dibs.ROOT / "docs" / "OPERATING.md").read_text()
    rules = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    check(len(rules) >= 10 and len({rule["alert"] for rule in rules}) == len(rules), "alerts.yml: names")
    for rule in rules:
        check(set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, f"{rule['alert']}: {set(rule)}")
        check(rule["labels"]["severity"] in ("page", "warn") and rule["annotations"]["summary"], rule["alert"])
        named = re.findall(r"(dibs_\w+?)(?:_bucket)?(?:\{(\w+)[=~]+\"([^\"]*)\"\})?(?=[^\w{]|$)", rule["expr"])
        check(named or "up{" in rule["expr"], f"{rule['alert']}: no metric")
        for metric, label, _ in named:
            check(metric in metrics and (not label or label == metrics[metric]), f"{rule['alert']}: no {metric} {label}")
        check(rule["expr"].count("(") == rule["expr"].count(")"), f"{rule['alert']}: brackets")
        row = re.search(rf"^\| `{rule['alert']}` \|.*$", manual, re.M)
        check(row, f"{rule['alert']} has no first action in docs/OPERATING.md")
        # The action is commands, which tests/system/runbook_test.py runs.
        actions = re.findall(r"\*([^*|]+)\* below", row.group(0))
        check(actions, f"docs/OPERATING.md, {rule['alert']}: no block with its first action")
        for action in actions:
            check(re.search(rf"^\*\*{re.escape(action)}\.\*\* [^`]*(?:`[^`]+`[^`]*)*?\n```console\n\$ ", manual, re.M),
                  f"docs/OPERATING.md, {rule['alert']}: no commands under {action}")
    for alert in re.findall(r"^\| `(Dibs\w+)` \|", manual, re.M):
        check(alert in {rule["alert"] for rule in rules}, f"docs/OPERATING.md: no alert {alert}")
    return len(rules)


def main():
    check_units()
    check_compose()
    check_dockerfile()
    check_commands_start()
    check_rules_by_prometheus()
    rules = check_alerts()
    print(f"deploy: units, image and compose file read, the units' commands started outside of their sandboxes, {rules} alerts "
          "over metrics that exist; no container and no unit was started")


if __name__ == "__main__":
    main()
