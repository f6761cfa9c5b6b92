"""What is ours as a tree of NVUE, and as the text that ``nv config patch`` takes.

Source of each key: NVIDIA's OpenAPI documents (spellings.py); what it becomes in FRR: their descriptions there, and the
reference of NVUE's commands (docs.nvidia.com, nvue-reference). A patch adds to what stands, so what is not wanted is
said too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from leafrack.addresses import Address, Network
from leafrack.platforms.cumulus.spellings import NEW, Spelling
from leafrack.platforms.differences import needed
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.limits import noted
from leafrack.platforms.paths import expression
from leafrack.platforms.state import Raised

Tree = dict[str, Any]

LONGEST_DESCRIPTION = 80
"""Characters, of the schema."""
RESTART = 1
"""Minutes after which a session is tried again that had too many routes.

The documents up to 5.11 call the unit seconds, those since 5.12 minutes, with the range of FRR's own minutes: FRR, to
which NVUE hands it on, has no other unit. What it has become is read back.
"""
_BGP = "vrf default router bgp"
NO_LIMIT = f"nv unset {_BGP} dynamic-neighbor limit"
FOR_A_PATCH = "# For `nv config patch`."
_NOTE = f"""\
{FOR_A_PATCH} Cumulus Linux 5.15 and newer; before that `enable: on` and `off` where this has
# `state: enabled` and `disabled`.
"""


def text(job: Job) -> str:
    """Configuration of everything that a job declares, in the newest spelling."""
    ranges = of_ranges(NEW, job.listeners, limit=needed(job.listeners) or None)
    return _NOTE + patch(tree(NEW, job.lists, job.neighbours, paths=job.paths, ranges=ranges))


def patch(given: Tree) -> str:
    """File for ``nv config patch``."""
    return yaml.safe_dump([{"set": given}], sort_keys=False, allow_unicode=True, width=1000)


def tree(
    spelling: Spelling,
    lists: Iterable[PrefixList],
    neighbours: Iterable[Neighbour],
    as_numbers: Mapping[Address, int | None] | None = None,
    *,
    paths: PathList | None = None,
    ranges: Tree | None = None,
) -> Tree:
    """Lists and neighbours; of who is only in ``as_numbers`` the AS alone. ``ranges`` are :func:`of_ranges`."""
    entries = {str(each.address): _neighbour(spelling, each) for each in neighbours}
    for address, number in (as_numbers or {}).items():
        entries.setdefault(str(address), {})["remote-as"] = _remote(number)
    named = {each.name: _list(each) for each in lists}
    policy: Tree = {"prefix-list": named} if named else {}
    policy |= {"as-path-list": {paths.name: _paths(paths)}} if paths else {}
    router: Tree = {"router": {"policy": policy}} if policy else {}
    bgp: Tree = ({"neighbor": entries} if entries else {}) | (ranges or {})
    vrf: Tree = {"vrf": {"default": {"router": {"bgp": bgp}}}} if bgp else {}
    return router | vrf


def of_ranges(
    spelling: Spelling,
    listeners: Iterable[Listener],
    as_numbers: Iterable[tuple[Listener, int | None]] = (),
    *,
    raised: Raised | None = None,
    limit: int | None = None,
) -> Tree:
    """Groups and ranges below BGP; of those that are only in ``as_numbers`` the group's AS alone."""
    given = tuple(listeners)
    groups: Tree = {each.group: _group(spelling, each, raised) for each in given}
    for each, number in as_numbers:
        groups.setdefault(each.group, {})["remote-as"] = _remote(number)
    ranges = {str(each.prefix): {"peer-group": each.group} for each in given}
    dynamic = ({"limit": limit} if limit else {}) | ({"listen-range": ranges} if ranges else {})
    return ({"peer-group": groups} if groups else {}) | ({"dynamic-neighbor": dynamic} if dynamic else {})


def _group(spelling: Spelling, each: Listener, raised: Raised | None) -> Tree:
    return _terms(spelling, each, each.prefix.version, noted(each.description, raised, LONGEST_DESCRIPTION))


def _list(prefixes: PrefixList) -> Tree:
    rules = {
        str(5 * position): {"action": "permit", "match": {str(prefix): _longest(prefix)}}
        for position, prefix in enumerate(prefixes.prefixes, start=1)
    }
    return {"type": f"ipv{prefixes.version}", "rule": rules}


def _paths(paths: PathList) -> Tree:
    return {"rule": {"5": {"action": "permit", "aspath-exp": expression(paths.as_numbers)}}}


def _longest(prefix: Network) -> Tree:
    return {} if prefix.prefixlen in (0, prefix.max_prefixlen) else {"max-prefix-len": prefix.max_prefixlen}


def _neighbour(spelling: Spelling, neighbour: Neighbour) -> Tree:
    return {
        "type": "numbered",
        **_terms(spelling, neighbour, neighbour.address.version, neighbour.description[:LONGEST_DESCRIPTION]),
        "graceful-restart": {"mode": "auto" if neighbour.graceful_restart else "off"},
    }


def _terms(spelling: Spelling, neighbour: Neighbour | Listener, version: int, description: str) -> Tree:
    """What is said of a neighbour, and of a group of those that come by a range.

    Of graceful restart a group has no word (5.9 and newer), and FRR before 10.3 would not hand it on.
    """
    timers, limit = neighbour.timers, neighbour.maximum_prefix
    family = {
        **spelling.state(),
        "aspath": {
            "replace-peer-as": spelling.said(wanted=neighbour.as_override),
            "private-as": "replace" if neighbour.remove_private_as else "none",
        },
        "policy": {
            "inbound": {
                "prefix-list": neighbour.list_in,
                **({"aspath-list": neighbour.paths_in} if neighbour.paths_in else {}),
            },
            "outbound": {"prefix-list": neighbour.list_out},
        },
        "prefix-limits": {
            "inbound": {"maximum": limit, "reestablish-wait": RESTART} if limit else {"maximum": "none"},
        },
    }
    return {
        # Also one that stays: the same value again resets nothing, and NVUE may not have it yet.
        "remote-as": _remote(neighbour.as_number),
        "description": description,
        "password": neighbour.password or "none",
        **({"shutdown": spelling.off} if spelling.shutdown else {}),
        "timers": {
            "keepalive": timers.keepalive if timers else "auto",
            "hold": timers.hold if timers else "auto",
        },
        "ttl-security": {**spelling.state(wanted=neighbour.ttl_security), "hops": 1}
        if neighbour.ttl_security
        else spelling.state(wanted=False),
        "address-family": {f"ipv{version}-unicast": family},
    }


def _remote(as_number: int | None) -> int | str:
    return "external" if as_number is None else as_number


def removals(
    neighbours: Iterable[Address],
    lists: Iterable[str],
    paths: Iterable[str] = (),
    *,
    ranges: Iterable[Network] = (),
    groups: Iterable[str] = (),
) -> tuple[str, ...]:
    """Commands that take ranges, their groups and neighbours away with all that is said of them, then lists."""
    return (
        *(f"nv unset {_BGP} dynamic-neighbor listen-range {prefix}" for prefix in ranges),
        *(f"nv unset {_BGP} peer-group {group}" for group in groups),
        *(f"nv unset {_BGP} neighbor {address}" for address in neighbours),
        *(f"nv unset router policy prefix-list {name}" for name in lists),
        *(f"nv unset router policy as-path-list {name}" for name in paths),
    )
