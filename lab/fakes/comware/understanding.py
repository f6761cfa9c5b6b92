"""What a Comware configuration means, in no platform's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from lab.fakes.comware import cipher
from lab.fakes.comware.configuration import Bgp, Configuration, Lines
from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood


def understood(configuration: Configuration) -> Understood:
    """All of it; without BGP nothing counts."""
    bgp = configuration.bgp
    if bgp is None:
        return Understood()
    balance = (view.own.get("balance", "balance 1") for view in bgp.families.values())
    return Understood(
        as_number=_number(bgp.as_number),
        router_id=bgp.view.own.get("router-id", "").removeprefix("router-id "),
        peers=dict(_peers(configuration, bgp)),
        lists={
            (4 if kind == "ip" else 6, name): tuple(_entry(index, text) for index, text in sorted(entries.items()))
            for (kind, name), entries in configuration.lists.items()
        },
        paths={
            str(number): tuple(PathEntry(does == "permit", expression) for expression, does in entries.items())
            for number, entries in configuration.paths.items()
        },
        ranges=tuple(_ranges(configuration, bgp)),
        redistributes=frozenset(
            _version(family) for family, view in bgp.families.items() if "import-route" in view.own
        ),
        maximum_paths=max((int(said.split()[-1]) for said in balance), default=1),
    )


def _peers(configuration: Configuration, bgp: Bgp) -> Iterator[tuple[str, Peer]]:
    for who, own in bgp.view.peers.items():
        if who in bgp.groups or " " in who:
            continue
        group = own.get("group", "").removeprefix("group ")
        lines = {**bgp.view.peers.get(group, {}), **own}
        families = {
            _version(family): {**view.peers.get(group, {}), **view.peers.get(who, {})}
            for family, view in bgp.families.items()
        }
        yield who, _peer(configuration, bgp, ip_address(who).version, lines, families)


def _peer(configuration: Configuration, bgp: Bgp, version: int, lines: Lines, families: Mapping[int, Lines]) -> Peer:
    inside = families.get(version, {})
    enabled = frozenset(number for number, said in families.items() if "enable" in said)
    timer = re.findall(r"\d+", lines.get("timer", ""))
    password = lines.get("password", "").removeprefix("password cipher ")
    limit = re.findall(r"\d+", inside.get("route-limit", ""))
    again = re.search(r"reconnect (\d+)", inside.get("route-limit", ""))
    only_told = "alert-only" in inside.get("route-limit", "") or "discard" in inside.get("route-limit", "")
    return Peer(
        as_number=_number(lines["as-number"].split()[1]) if "as-number" in lines else None,
        description=lines.get("description", "").removeprefix("description "),
        password=cipher.opened(password) if password else None,
        # No session without a family.
        shutdown="ignore" in lines or not enabled,
        timers=(int(timer[0]), int(timer[1])) if timer else None,
        ttl_hops=int(lines["ttl-security"].split()[-1]) if "ttl-security" in lines else None,
        # By itself Comware has none (5710, graceful-restart).
        graceful_restart="graceful-restart" in bgp.view.own,
        list_in=_list(configuration, version, inside.get("prefix-list import", "")),
        list_out=_list(configuration, version, inside.get("prefix-list export", "")),
        paths_in=_paths(configuration, inside.get("as-path-acl import", "")),
        limit=None if only_told or not limit else int(limit[0]),
        retry=int(again[1]) if again else None,
        as_override="substitute-as" in lines,
        # Only paths that are private as a whole, and nothing in their place (6125XLG R2306, peer public-as-only).
        private_as=(False, False) if "public-as-only" in inside else None,
        families=enabled,
    )


def _list(configuration: Configuration, version: int, said: str) -> str:
    """Name of a prefix list; one that does not exist permits everything."""
    name = said.split()[1] if said else ""
    return name if ("ip" if version == 4 else "ipv6", name) in configuration.lists else ""


def _paths(configuration: Configuration, said: str) -> str:
    """Number of a path list. Open: one that does not exist permits everything, as a prefix list does."""
    number = said.split()[1] if said else ""
    return number if number and int(number) in configuration.paths else ""


def _ranges(configuration: Configuration, bgp: Bgp) -> Iterator[Range]:
    for who, lines in bgp.view.peers.items():
        prefix = who.replace(" ", "/")
        if prefix != who and "as-number" in lines:
            version = ip_network(prefix).version
            families = {_version(family): view.peers.get(who, {}) for family, view in bgp.families.items()}
            yield Range(prefix, prefix, _peer(configuration, bgp, version, lines, families))


def _entry(index: int, text: str) -> Entry:
    does, address, length, *longer = text.split()
    bounds = dict(zip(longer[::2], map(int, longer[1::2]), strict=True))
    return Entry(
        index,
        does == "permit",
        f"{address}/{length}".lower(),
        bounds.get("greater-equal", 0),
        bounds.get("less-equal", 0),
    )


def _version(family: str) -> int:
    return 4 if family.startswith("ipv4") else 6


def _number(said: str) -> int:
    high, dot, low = said.partition(".")
    return int(high) * 65536 + int(low) if dot else int(said)
