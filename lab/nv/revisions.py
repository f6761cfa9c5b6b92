"""What is applied, what is to be, and what waits to be confirmed."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab.nv.frr_conf import frr_conf
from lab.nv.grammar import check, grammar
from lab.nv.release import ROOT, NvError, Tree

STARTUP = ROOT / "etc/nvue.d/startup.yaml"
RUN = ROOT / "run/nvue"
FRR_CONF = ROOT / "etc/frr/frr.conf"
RELOAD = (os.environ.get("NV_RELOAD", "/usr/lib/frr/frr-reload.py"), "--reload", str(FRR_CONF))
UNITS = {"s": 1, "m": 60, "h": 3600}


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


def put_in_force(kept: Tree, tree: Tree) -> None:
    """Write FRR's configuration, and have FRR take what differs."""
    before = FRR_CONF.read_text() if FRR_CONF.exists() else ""
    FRR_CONF.write_text(frr_conf(tree))
    done = subprocess.run(RELOAD, capture_output=True, text=True, check=False)
    if done.returncode and refused(done.stdout + done.stderr):
        FRR_CONF.write_text(before)
        subprocess.run(RELOAD, capture_output=True, check=False)
        raise NvError("frr could not be reloaded, and the configuration is as it was before")
    kept["applied"] = tree


def refused(said: str) -> bool:
    """Whether FRR has refused a line, by what it said when it was reloaded.

    All that is new is sent twice, and FRR 8.4 refuses to switch graceful restart to what it is already.
    """
    lines = re.findall(r"^line \d+: .*, line: +(.*)", said, re.MULTILINE)
    return not lines or not all(re.fullmatch(r"neighbor \S+ graceful-restart.*", line) for line in lines)


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
        timer = [sys.executable, "-P", "-m", "lab.nv", "timer", str(revision["id"]), str(seconds)]
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


def booted() -> None:
    """What the switch does at its start, before FRR: /etc/frr/frr.conf from what is saved."""
    with state() as kept:
        tree: Tree = {}
        for part in yaml.safe_load(STARTUP.read_text()):
            merge(tree, part.get("set", {}))
        kept.update(applied=tree, pending=None, confirm=None)
        FRR_CONF.write_text(frr_conf(tree))
