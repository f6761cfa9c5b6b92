"""Stands for ``nv`` of a Cumulus switch: revisions as trees in files, applied by writing FRR's configuration anew.

Written from NVIDIA's guide of NVUE and from /etc/frr/frr.conf as that shows it, not from what leafrack writes. It is
run as a script, by whoever logs in: nothing of the lab is imported, because that would take half a second each time.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(os.environ.get("NV_ROOT", "/"))
"""For a test without a switch."""
STARTUP = ROOT / "etc/nvue.d/startup.yaml"
RUN = ROOT / "run/nvue"
FRR_CONF = ROOT / "etc/frr/frr.conf"
RELOAD = (os.environ.get("NV_RELOAD", "/usr/lib/frr/frr-reload.py"), "--reload", str(FRR_CONF))
UNITS = {"s": 1, "m": 60, "h": 3600}

Tree = dict[str, Any]


class NvError(Exception):
    """What ``nv`` says after ``Error:``."""


@contextmanager
def state() -> Iterator[Tree]:
    """What is kept between two commands: ``applied``, ``pending`` and ``confirm``, each a revision or ``None``."""
    with (RUN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = RUN / "state.json"
        kept = json.loads(file.read_text()) if file.exists() else {"last": 0, "pending": None, "confirm": None}
        yield kept
        new = file.with_suffix(".new")
        new.write_text(json.dumps(kept))
        new.replace(file)


def pending(kept: Tree) -> Tree:
    """The revision that one is attached to, made from what is applied where there is none."""
    if kept["pending"] is None:
        kept["last"] += 1
        kept["pending"] = {"id": kept["last"], "tree": json.loads(json.dumps(kept["applied"]))}
    found: Tree = kept["pending"]["tree"]
    return found


def merge(into: Tree, given: Mapping[str, Any]) -> None:
    """Add a tree to another; what both have is the given one's."""
    for key, value in given.items():
        if isinstance(value, dict):
            inner = into.setdefault(str(key), {})
            merge(inner, value)
        else:
            into[str(key)] = value


def unset(tree: Tree, path: list[str]) -> None:
    """Take away what is at a path, everything below it, and what is empty then above it."""
    way = [tree]
    for word in path:
        if word not in way[-1]:
            raise NvError(f"{' '.join(path)} is not set")
        way.append(way[-1][word])
    del way[-2][path[-1]]
    for word, inside in reversed(list(zip(path[:-1], way[:-2], strict=True))):
        if not inside[word]:
            del inside[word]


def release() -> tuple[int, ...]:
    """Release of the switch."""
    lines = (ROOT / "etc/os-release").read_text().splitlines()
    said = next(line.partition("=")[2] for line in lines if line.startswith("VERSION_ID="))
    return tuple(int(part) for part in said.strip('"').split("."))


def words() -> tuple[str, str, str]:
    """The key that switches something, and its words for on and off, of this release."""
    return ("state", "enabled", "disabled") if release() >= (5, 15) else ("enable", "on", "off")


def grammar() -> Tree:
    """What there is, as far as leaves of a lab need it: a leaf is the words that it takes, empty for anything."""
    switch, on, off = words()
    flag = {on, off}
    family = {
        switch: flag,
        "aspath": {"replace-peer-as": flag, "private-as": {"none", "remove", "replace"}},
        "policy": {"inbound": {"prefix-list": set()}, "outbound": {"prefix-list": set()}},
        "prefix-limits": {"inbound": {"maximum": set(), "reestablish-wait": set()}},
    }
    neighbour = {
        "type": {"numbered", "unnumbered"},
        "remote-as": set(),
        "description": set(),
        "password": set(),
        "shutdown": flag,
        "timers": {"keepalive": set(), "hold": set(), "connection-retry": set()},
        "ttl-security": {switch: flag, "hops": set()},
        "graceful-restart": {"mode": {"auto", "off", "helper-only", "full"}},
        "address-family": {"ipv4-unicast": family, "ipv6-unicast": family},
    }
    own = {switch: flag, "redistribute": {"connected": {switch: flag}}, "multipaths": {"ebgp": set()}}
    bgp = {
        switch: flag,
        "autonomous-system": set(),
        "router-id": set(),
        "neighbor": {"*": neighbour},
        "address-family": {"ipv4-unicast": own, "ipv6-unicast": own},
    }
    match: Tree = {"*": {"max-prefix-len": set(), "min-prefix-len": set()}}
    lists = {"*": {"type": {"ipv4", "ipv6"}, "rule": {"*": {"action": {"permit", "deny"}, "match": match}}}}
    return {"router": {"policy": {"prefix-list": lists}}, "vrf": {"default": {"router": {"bgp": bgp}}}}


def check(given: Any, known: Any, path: str = "") -> None:
    """Refuse what the release does not know."""
    if isinstance(known, set):
        if isinstance(given, dict) or (known and given not in known):
            raise NvError(f"Invalid config: {path or '/'}: {given!r}")
        return
    if not isinstance(given, dict):
        raise NvError(f"Invalid config: {path or '/'}: {given!r}")
    for key, value in given.items():
        if key not in known and "*" not in known:
            raise NvError(f"Invalid config: {path}/{key} is unknown")
        check(value, known.get(key, known.get("*")), f"{path}/{key}")


def frr_conf(tree: Tree) -> str:
    """What NVUE writes as /etc/frr/frr.conf."""
    switch, on, _ = words()
    policies = tree.get("router", {}).get("policy", {}).get("prefix-list", {})
    bgp = tree.get("vrf", {}).get("default", {}).get("router", {}).get("bgp", {})
    lines = ["frr defaults datacenter", "service integrated-vtysh-config"]
    for name, policy in policies.items():
        kind = "ip" if policy["type"] == "ipv4" else "ipv6"
        for number, rule in policy["rule"].items():
            for prefix, match in rule["match"].items():
                longest = f" le {match['max-prefix-len']}" if "max-prefix-len" in match else ""
                lines.append(f"{kind} prefix-list {name} seq {number} {rule['action']} {prefix}{longest}")
    if bgp.get(switch) != on:
        return "\n".join([*lines, ""])
    lines += [f"router bgp {bgp['autonomous-system']}", f" bgp router-id {bgp['router-id']}"]
    lines += [" bgp bestpath as-path multipath-relax"]
    neighbours = {who: said for who, said in bgp.get("neighbor", {}).items() if "remote-as" in said}
    for who, said in neighbours.items():
        lines += (f" neighbor {who} {line}" for line in _neighbour(said, switch, on))
    for family in ("ipv4", "ipv6"):
        own = bgp.get("address-family", {}).get(f"{family}-unicast", {})
        lines.append(f" address-family {family} unicast")
        if own.get("redistribute", {}).get("connected", {}).get(switch) == on:
            lines.append("  redistribute connected")
        lines.append(f"  maximum-paths {own.get('multipaths', {}).get('ebgp', 64)}")
        for who, said in neighbours.items():
            of_family = said.get("address-family", {}).get(f"{family}-unicast", {})
            is_on = of_family.get(switch, on if family == "ipv4" else "") == on
            lines.append(f"  {'' if is_on else 'no '}neighbor {who} activate")
            lines += (f"  neighbor {who} {line}" for line in (_family(of_family, on) if is_on else ()))
        lines.append(" exit-address-family")
    return "\n".join([*lines, "exit", ""])


def _neighbour(said: Tree, switch: str, on: str) -> Iterator[str]:
    yield f"remote-as {said['remote-as']}"
    if said.get("description", "none") != "none":
        yield f"description {said['description']}"
    if said.get("password", "none") != "none":
        yield f"password {said['password']}"
    timers = said.get("timers", {})
    keepalive, hold = (timers.get(name, "auto") for name in ("keepalive", "hold"))
    yield f"timers {3 if keepalive == 'auto' else keepalive} {9 if hold == 'auto' else hold}"
    yield "timers connect 10"
    yield "advertisement-interval 0"
    if said.get("shutdown") == on:
        yield "shutdown"
    security = said.get("ttl-security", {})
    if security.get(switch) == on:
        yield f"ttl-security hops {security['hops']}"
    restart = {"off": "graceful-restart-disable", "helper-only": "graceful-restart-helper", "full": "graceful-restart"}
    if line := restart.get(said.get("graceful-restart", {}).get("mode", "auto")):
        yield line


def _family(said: Tree, on: str) -> Iterator[str]:
    for way, word in (("inbound", "in"), ("outbound", "out")):
        if (name := said.get("policy", {}).get(way, {}).get("prefix-list", "none")) != "none":
            yield f"prefix-list {name} {word}"
    limit = said.get("prefix-limits", {}).get("inbound", {})
    if limit.get("maximum", "none") != "none":
        again = f" restart {limit['reestablish-wait']}" if "reestablish-wait" in limit else ""
        yield f"maximum-prefix {limit['maximum']}{again}"
    path = said.get("aspath", {})
    if path.get("replace-peer-as") == on:
        yield "as-override"
    if (private := path.get("private-as", "none")) != "none":
        yield f"remove-private-AS all{' replace-AS' if private == 'replace' else ''}"


def put_in_force(kept: Tree, tree: Tree) -> None:
    """Write FRR's configuration, and have FRR take what differs."""
    before = FRR_CONF.read_text() if FRR_CONF.exists() else ""
    FRR_CONF.write_text(frr_conf(tree))
    done = subprocess.run(RELOAD, capture_output=True, text=True, check=False)
    if done.returncode:
        FRR_CONF.write_text(before)
        subprocess.run(RELOAD, capture_output=True, check=False)
        raise NvError("frr could not be reloaded, and the configuration is as it was before")
    kept["applied"] = tree


def apply(kept: Tree, confirm: str) -> None:
    """Put the pending revision in force, until somebody confirms it if a time is given (``120s``)."""
    if kept["confirm"] is not None:
        raise NvError(f"Revision {kept['confirm']['id']} awaits confirmation")
    if kept["pending"] is None:
        raise NvError("There is nothing to apply")
    before, revision = kept["applied"], kept["pending"]
    put_in_force(kept, revision["tree"])
    kept["pending"] = None
    if confirm:
        unit = confirm[-1] if confirm[-1] in UNITS else "m"
        seconds = int(confirm.rstrip("smh")) * UNITS[unit]
        kept["confirm"] = {"id": revision["id"], "before": before, "until": time.time() + seconds}
        timer = [sys.executable, "-P", __file__, "timer", str(revision["id"]), str(seconds)]
        subprocess.Popen(timer, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         start_new_session=True)  # fmt: skip
    print(f"applied [rev_id: {revision['id']}]")


def confirmed(kept: Tree, *, stays: bool) -> None:
    """Keep what awaits confirmation, or take it back."""
    if kept["confirm"] is None:
        raise NvError("No revision awaits confirmation")
    before = kept["confirm"]["before"]
    kept["confirm"] = None
    if not stays:
        put_in_force(kept, before)


def saved(kept: Tree) -> None:
    """Have a restart show what is applied."""
    STARTUP.write_text(yaml.safe_dump([{"set": kept["applied"]}], sort_keys=False))


LOOK = 1.0
"""Seconds between two looks of a timer."""


def timer(revision: int, seconds: float) -> None:
    """Take a revision back that nobody has confirmed in its time; end as soon as it waits no more."""
    until = time.monotonic() + seconds
    waits = True
    while waits:
        time.sleep(min(LOOK, max(0.0, until - time.monotonic())))
        with state() as kept:
            waits = kept["confirm"] is not None and kept["confirm"]["id"] == revision
            if waits and time.monotonic() >= until:
                confirmed(kept, stays=False)
                waits = False


def patched(kept: Tree, file: str) -> None:
    """Add a file's tree to the pending revision."""
    if not file.startswith("/"):
        raise NvError(f"{file}: a whole path is wanted")
    for part in yaml.safe_load(Path(file).read_text()):
        given = part.get("set", {})
        check(given, grammar())
        merge(pending(kept), given)


def configured(kept: Tree, options: argparse.Namespace) -> None:
    """``nv config …``."""
    match options.act:
        case "patch":
            patched(kept, options.file)
        case "apply" if options.confirm_yes or options.confirm_no:
            confirmed(kept, stays=options.confirm_yes)
        case "apply":
            apply(kept, options.confirm)
        case "detach":
            kept["pending"] = None
        case "diff":
            print(yaml.safe_dump([{"set": (kept["pending"] or {"tree": {}})["tree"]}]))
        case "save":
            saved(kept)
        case "revision":
            states = {"pending": kept["pending"], "confirm": kept["confirm"]}
            print(json.dumps({str(one["id"]): {"state": name} for name, one in states.items() if one}, indent=2))


def booted() -> None:
    """What the switch does at its start, before FRR: /etc/frr/frr.conf from what is saved."""
    with state() as kept:
        tree: Tree = {}
        for part in yaml.safe_load(STARTUP.read_text()):
            merge(tree, part.get("set", {}))
        kept.update(applied=tree, pending=None, confirm=None)
        FRR_CONF.write_text(frr_conf(tree))


def main(given: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="nv")
    commands = parser.add_subparsers(dest="command", required=True)
    config = commands.add_parser("config")
    config.add_argument("act", choices=("patch", "apply", "detach", "diff", "save", "revision"))
    config.add_argument("file", nargs="?", default="")
    config.add_argument("--confirm", default="")
    for option in ("--confirm-yes", "--confirm-no", "-y"):
        config.add_argument(option, action="store_true")
    config.add_argument("-o", default="")
    commands.add_parser("unset").add_argument("path", nargs="+")
    running = commands.add_parser("timer")
    running.add_argument("revision", type=int)
    running.add_argument("seconds", type=float)
    commands.add_parser("boot")
    options = parser.parse_args(given)
    os.umask(0o077)
    try:
        if options.command == "timer":
            timer(options.revision, options.seconds)
        elif options.command == "boot":
            booted()
        else:
            with state() as kept:
                if options.command == "unset":
                    unset(pending(kept), options.path)
                else:
                    configured(kept, options)
    except NvError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
