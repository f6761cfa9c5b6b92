"""What a Cumulus switch answers, as values: its release, and what its FRR runs.

FRR is asked, and not NVUE, whose answer has changed its form between releases (5.12 shows a summary only). It runs with
NVIDIA's own defaults: a neighbour without timers has FRR's ``timers 3 9``, which NVUE writes out for it.

NVUE is asked which neighbours and lists are its own. What was entered into vtysh alone goes with its next apply, so it
counts as not written: a leaf that was ``platform: frr`` before has all of it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import yaml

from leafrack.platforms import limits
from leafrack.platforms.cumulus.spellings import spelling_of
from leafrack.platforms.cumulus.write import LONGEST_DESCRIPTION
from leafrack.platforms.frr import read as frr
from leafrack.platforms.job import Listener, Neighbour
from leafrack.platforms.played import answers, split
from leafrack.platforms.state import ListenerState, NeighbourState, SwitchState, Timers

RELEASE = "cat /etc/os-release"
_VTYSH = f"vtysh {frr.commands('all')}"
STATE = f'if [ "$(id -u)" -eq 0 ]; then {_VTYSH}; else sudo -n {_VTYSH}; fi'
TREE = "nv config show"
"""What is applied, as YAML that begins with ``- set:`` or has a header before that (NVUE's guide, "nv config")."""
READS = (RELEASE, STATE, TREE)
PROOF = (RELEASE, STATE)
"""What is read while an apply waits to be confirmed: which tree NVUE shows then no guide says, so all counts."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A tree of a whole switch is thousands of lines: libyaml reads it ten times as fast as Python."""
_DEEPEST = 100
"""Levels at which a text is no tree of NVUE's, which has a dozen; thousands would end the process inside libyaml."""
IDENTITY = r'^ID="?cumulus-linux"?$'
_UNLIKE = "this does not answer as Cumulus Linux"
DEFAULT_TIMERS = Timers(keepalive=3, hold=9)
"""FRR's ``datacenter`` profile (lib/defaults.c, bgpd/bgp_vty.c), with which NVIDIA ships it."""


def parse(output: str) -> SwitchState:
    """State from what :data:`READS` or :data:`PROOF` printed.

    Raises ``ValueError`` with one line when it is not Cumulus's.
    """
    system, said, *applied = answers(output, READS if TREE in split(output, READS) else PROOF, _UNLIKE)
    release = re.search(r'^VERSION_ID="?([\w.-]+)"?$', system, re.MULTILINE)
    if release is None or not re.search(IDENTITY, system, re.MULTILINE):
        first = next((line for line in system.splitlines() if line.strip()), "nothing")
        msg = f"{_UNLIKE}: {first[:120]!r} in /etc/os-release"
        raise ValueError(msg)
    spelling_of(release[1])
    state = replace(frr.parse(said), release=release[1])
    state = replace(
        state,
        neighbours={who: _plain(found) for who, found in state.neighbours.items()},
        listeners={prefix: _plain(found) for prefix, found in state.listeners.items()},
    )
    return _own(state, _tree(applied[0])) if applied else state


def _own(state: SwitchState, tree: Any) -> SwitchState:
    """The state without the lists that NVUE does not have."""
    bgp = _below(tree, "vrf", "default", "router", "bgp")
    named = {str(name) for name in _below(bgp, "neighbor")}
    ranges, groups = _below(bgp, "dynamic-neighbor", "listen-range"), _below(bgp, "peer-group")
    neighbours = {
        address: found if str(address) in named else replace(found, list_in="", list_out="", paths_in="")
        for address, found in state.neighbours.items()
    }
    listeners = {
        prefix: found
        if str(prefix) in ranges and found.group in groups
        else replace(found, list_in="", list_out="", paths_in="")
        for prefix, found in state.listeners.items()
    }
    lists = _named(state.lists, _below(tree, "router", "policy", "prefix-list"))
    paths = _named(state.paths, _below(tree, "router", "policy", "as-path-list"))
    return replace(state, neighbours=neighbours, listeners=listeners, lists=lists, paths=paths)


def _named(found: Mapping[str, frozenset[str]], tree: Any) -> Mapping[str, frozenset[str]]:
    """Those lists that a part of the tree has."""
    return {name: entries for name, entries in found.items() if name in tree}


def _tree(applied: str) -> Any:
    """What is set; nothing where there is a header alone, as nothing was ever applied."""
    try:
        said = yaml.load(applied, _LOADER) if _depth(applied) < _DEEPEST else None  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError):
        said = None
    listed = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    parts = {key: part for one in listed for key, part in one.items()}
    if not parts.keys() & {"header", "set"}:
        msg = f"{_UNLIKE}: `{TREE}` shows nothing that is set"
        raise ValueError(msg)
    return parts.get("set")


def _depth(text: str) -> int:
    """Levels of a YAML text, as far as :data:`_DEEPEST`."""
    depth = deepest = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deepest = max(deepest, depth)
        if deepest >= _DEEPEST:
            break
    return deepest


def _below(tree: Any, *words: str) -> Any:
    """What is at a path; nothing where that ends before."""
    for word in words:
        tree = tree.get(word) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


Found = TypeVar("Found", NeighbourState, ListenerState)


def _plain(found: Found) -> Found:
    return replace(found, timers=None) if found.timers == DEFAULT_TIMERS else found


def comparable(neighbour: Neighbour) -> Neighbour:
    """A neighbour as it is read once it has been written."""
    timers = None if neighbour.timers == DEFAULT_TIMERS else neighbour.timers
    return replace(neighbour, timers=timers, description=neighbour.description[:LONGEST_DESCRIPTION])


def comparable_range(each: Listener, has: ListenerState | None) -> Listener:
    """The same for a range: a note behind its description takes room, and its group has no graceful restart."""
    timers = None if each.timers == DEFAULT_TIMERS else each.timers
    raised = has.raised if has else None
    description, _ = limits.told(limits.noted(each.description, raised, LONGEST_DESCRIPTION))
    return replace(each, timers=timers, description=description, graceful_restart=True)
