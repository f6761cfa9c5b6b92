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
from leafrack.platforms.job import Job, Neighbour, PathList, PrefixList
from leafrack.platforms.paths import expression

Tree = dict[str, Any]

LONGEST_DESCRIPTION = 80
"""Characters, of the schema."""
RESTART = 1
"""Minutes after which a session is tried again that had too many routes.

The documents up to 5.11 call the unit seconds, those since 5.12 minutes, with the range of FRR's own minutes: FRR, to
which NVUE hands it on, has no other unit. What it has become is read back.
"""
FOR_A_PATCH = "# For `nv config patch`."
_NOTE = f"""\
{FOR_A_PATCH} Cumulus Linux 5.15 and newer; before that `enable: on` and `off` where this has
# `state: enabled` and `disabled`.
"""


def text(job: Job) -> str:
    """Configuration of everything that a job declares, in the newest spelling."""
    given = tree(NEW, job.lists, job.neighbours, paths=job.paths)
    return _NOTE + patch(given)


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
) -> Tree:
    """Lists and neighbours; of who is only in ``as_numbers`` the AS alone."""
    entries = {str(each.address): _neighbour(spelling, each) for each in neighbours}
    for address, number in (as_numbers or {}).items():
        entries.setdefault(str(address), {})["remote-as"] = _remote(number)
    named = {each.name: _list(each) for each in lists}
    policy: Tree = {"prefix-list": named} if named else {}
    policy |= {"as-path-list": {paths.name: _paths(paths)}} if paths else {}
    router: Tree = {"router": {"policy": policy}} if policy else {}
    vrf: Tree = {"vrf": {"default": {"router": {"bgp": {"neighbor": entries}}}}} if entries else {}
    return router | vrf


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
        "type": "numbered",
        # Also one that stays: the same value again resets nothing, and NVUE may not have it yet.
        "remote-as": _remote(neighbour.as_number),
        "description": neighbour.description[:LONGEST_DESCRIPTION],
        "password": neighbour.password or "none",
        **({"shutdown": spelling.off} if spelling.shutdown else {}),
        "timers": {
            "keepalive": timers.keepalive if timers else "auto",
            "hold": timers.hold if timers else "auto",
        },
        "ttl-security": {**spelling.state(wanted=neighbour.ttl_security), "hops": 1}
        if neighbour.ttl_security
        else spelling.state(wanted=False),
        "graceful-restart": {"mode": "auto" if neighbour.graceful_restart else "off"},
        "address-family": {f"ipv{neighbour.address.version}-unicast": family},
    }


def _remote(as_number: int | None) -> int | str:
    return "external" if as_number is None else as_number


def removals(neighbours: Iterable[Address], lists: Iterable[str], paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Commands that take neighbours away with all that is said of them, then lists."""
    return (
        *(f"nv unset vrf default router bgp neighbor {address}" for address in neighbours),
        *(f"nv unset router policy prefix-list {name}" for name in lists),
        *(f"nv unset router policy as-path-list {name}" for name in paths),
    )
