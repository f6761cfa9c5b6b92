"""The real FRR behind a fake, in the same namespaces: it runs what the fake has understood."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from lab.fakes.model import Entry, PathEntry, Peer, Range, RefusedError, Route, Seen, Understood

_PATIENCE = 30
_MINUTE = 60
_PATHS = "bgp as-path access-list"


class FrrSpeaker:
    """FRR by way of vtysh; what it ran before is taken away first."""

    def __init__(self, calls: Callable[[], bool] = lambda: True) -> None:
        """``calls`` tells whether it connects to a new neighbour itself, and does not only wait for it."""
        self._runs: Understood | None = None
        self._calls = calls

    def play(self, wanted: Understood) -> None:
        """Change what differs, in one go; raises :class:`RefusedError`."""
        first = [] if self._runs is not None else list(_leftovers(_vtysh("-c", "show running-config")))
        runs = self._runs or Understood()
        nearby = _nearby() if any(one.peer.password for one in runs.ranges) else ()
        text = "\n".join([*first, *changes(runs, wanted, calls=self._calls(), nearby=nearby), ""])
        # Whatever happens next: a second try begins with what FRR really runs.
        self._runs = None
        _vtysh("-f", "/dev/stdin", given=text)
        self._runs = wanted

    def sessions(self) -> Mapping[str, Seen]:
        """What FRR tells of its neighbours."""
        told = json.loads(_vtysh("-c", "show bgp vrf default neighbors json") or "{}")
        return {key: _seen(peer) for key, peer in told.items() if isinstance(peer, dict) and "bgpState" in peer}

    def routes(self, version: int) -> Mapping[str, Route]:
        """What FRR has in the kernel's table."""
        told = json.loads(_vtysh("-c", f"show {_ip(version)} route json") or "{}")
        return {
            prefix: Route(entry["protocol"], tuple(_hops(entry)))
            for prefix, entries in told.items()
            for entry in entries
            if entry.get("selected") and entry.get("installed")
        }


def _vtysh(*words: str, given: str = "") -> str:
    done = subprocess.run(
        ["vtysh", *words], input=given, text=True, capture_output=True, timeout=_PATIENCE, check=False
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "%" in line or "error" in line.lower()]
        why = said[0] if said else f"status {done.returncode}"
        # Lines are repeated in messages, and passwords stand in lines.
        raise RefusedError(re.sub(r"password .*", "password (hidden)", why))
    return done.stdout


def _leftovers(running: str) -> Iterator[str]:
    """Lines that take away what a fake before this one has configured."""
    yield from (f"no {line}" for line in re.findall(r"^router bgp \S+", running, re.MULTILINE))
    lists = re.findall(r"^(ip|ipv6) prefix-list (\S+) seq", running, re.MULTILINE)
    yield from (f"no {kind} prefix-list {name}" for kind, name in dict.fromkeys(lists))
    paths = re.findall(rf"^{_PATHS} (\S+) ", running, re.MULTILINE)
    yield from (f"no {_PATHS} {name}" for name in dict.fromkeys(paths))


def _nearby() -> tuple[str, ...]:
    """Addresses that have been heard of."""
    told = subprocess.run(["ip", "neigh", "show"], text=True, capture_output=True, timeout=_PATIENCE, check=True).stdout
    return tuple(line.split()[0] for line in told.splitlines())


def changes(before: Understood, wanted: Understood, *, calls: bool = True, nearby: Sequence[str] = ()) -> Iterator[str]:
    """FRR's lines that make ``wanted`` of ``before``: a session that stays as it is hears nothing of it.

    ``nearby`` are addresses whose keys may have to go with the range that they came by.
    """
    yield from _lists(before.lists, wanted.lists)
    yield from _paths(before.paths, wanted.paths)
    if before.as_number not in (None, wanted.as_number):
        yield f"no router bgp {before.as_number}"
    if wanted.as_number is not None:
        same = before if before.as_number == wanted.as_number else Understood()
        yield f"router bgp {wanted.as_number}"
        yield from _instance(same, wanted, calls=calls, nearby=nearby)
        yield "exit"
    for version, name in before.lists:
        if (version, name) not in wanted.lists:
            yield f"no {_ip(version)} prefix-list {name}"
    yield from (f"no {_PATHS} {name}" for name in before.paths if name not in wanted.paths)


def _lists(
    before: Mapping[tuple[int, str], tuple[Entry, ...]], wanted: Mapping[tuple[int, str], tuple[Entry, ...]]
) -> Iterator[str]:
    for (version, name), entries in wanted.items():
        old = {entry.number: entry for entry in before.get((version, name), ())}
        new = {entry.number: entry for entry in entries}
        # FRR refuses an entry that stands under another number: what moves goes first.
        gone = [entry for number, entry in old.items() if new.get(number) != entry]
        yield from (f"no {_entry(version, name, entry)}" for entry in gone)
        yield from (_entry(version, name, entry) for number, entry in new.items() if old.get(number) != entry)


def _entry(version: int, name: str, entry: Entry) -> str:
    bounds = f"{f' ge {entry.ge}' if entry.ge else ''}{f' le {entry.le}' if entry.le else ''}"
    does = "permit" if entry.permits else "deny"
    return f"{_ip(version)} prefix-list {name} seq {entry.number} {does} {entry.prefix}{bounds}"


def _paths(before: Mapping[str, tuple[PathEntry, ...]], wanted: Mapping[str, tuple[PathEntry, ...]]) -> Iterator[str]:
    for name, entries in wanted.items():
        old = before.get(name, ())
        if not all(entry.permits for entry in (*old, *entries)) and old not in ((), entries):
            # Where one refuses, the order counts, and FRR puts a new entry behind all others.
            yield f"no {_PATHS} {name}"
            old = ()
        # First what is new: a list without an entry permits nothing.
        yield from (_path_entry(name, entry) for entry in entries if entry not in old)
        yield from (f"no {_path_entry(name, entry)}" for entry in old if entry not in entries)


def _path_entry(name: str, entry: PathEntry) -> str:
    return f"{_PATHS} {name} {'permit' if entry.permits else 'deny'} {entry.expression}"


def _instance(before: Understood, wanted: Understood, *, calls: bool, nearby: Sequence[str]) -> Iterator[str]:
    # What every platform that a fake plays does by itself: no policy asked for, families as they are activated.
    yield " no bgp ebgp-requires-policy"
    yield " no bgp default ipv4-unicast"
    yield " bgp bestpath as-path multipath-relax"
    if wanted.router_id:
        yield f" bgp router-id {wanted.router_id}"
    had, has = _with_as(before.peers), _with_as(wanted.peers)
    yield from (f" no neighbor {address}" for address in had if address not in has)
    listened, listens = ({one.prefix: one for one in each.ranges} for each in (before, wanted))
    yield from _closed(listened, listens, had, nearby)
    yield from (f" neighbor {_group(prefix)} peer-group" for prefix in listens if prefix not in listened)
    changed = {
        address: tuple(_differing(_said(address, had.get(address), calls), _said(address, peer, calls)))
        for address, peer in has.items()
    }
    for prefix, one in listens.items():
        old = listened[prefix].peer if prefix in listened else None
        changed[prefix] = tuple(_differing(_of_range(prefix, old), _of_range(prefix, one.peer)))
    yield from (f" {line}" for lines in changed.values() for family, line in lines if not family)
    for version in (4, 6):
        yield f" address-family ipv{version} unicast"
        if (version in wanted.redistributes) != (version in before.redistributes):
            yield f"  {'' if version in wanted.redistributes else 'no '}redistribute connected"
        if wanted.maximum_paths != before.maximum_paths:
            yield f"  maximum-paths {wanted.maximum_paths}"
        yield from (f"  {line}" for lines in changed.values() for family, line in lines if family == version)
        yield " exit-address-family"
    # Last: who comes is a member of the group at once.
    if wanted.most != before.most:
        yield " no bgp listen limit" if wanted.most is None else f" bgp listen limit {wanted.most}"
    for prefix, one in listens.items():
        if prefix not in listened or _is_closed(listened[prefix], one):
            yield f" {_listens(prefix)}"


def _with_as(peers: Mapping[str, Peer]) -> Mapping[str, Peer]:
    """Neighbours that a box would peer with."""
    return {address: peer for address, peer in peers.items() if peer.as_number is not None}


def _group(prefix: str) -> str:
    """FRR's group of those who come from a range."""
    return f"RANGE-{re.sub('[^0-9a-f]+', '-', prefix)}"


def _listens(prefix: str) -> str:
    return f"bgp listen range {prefix} peer-group {_group(prefix)}"


def _is_closed(old: Range, new: Range | None) -> bool:
    """Whether a range has to go, be it for a moment: FRR 8.4 gives a key to no member that is there already."""
    return new is None or old.peer.password != new.peer.password


def _closed(
    before: Mapping[str, Range], wanted: Mapping[str, Range], configured: Mapping[str, Peer], nearby: Sequence[str]
) -> Iterator[str]:
    """Lines that take ranges away, with the keys that FRR before 10.6 keeps for who came by them, and their groups."""
    for prefix, one in before.items():
        if not _is_closed(one, wanted.get(prefix)):
            continue
        yield f" no {_listens(prefix)}"
        came = (who for who in nearby if who not in configured and ip_address(who) in ip_network(prefix))
        for who in came if one.peer.password else ():
            own = f"bgp listen range {who}/{ip_address(who).max_prefixlen} peer-group {_group(prefix)}"
            yield from (f" {own}", f" no {own}")
        if prefix not in wanted:
            yield f" no neighbor {_group(prefix)} peer-group"


def _of_range(prefix: str, peer: Peer | None) -> _Said:
    return _lines(_group(prefix), ip_network(prefix).version, peer, calls=True)


_Said = Mapping[str, tuple[int, str]]
"""Lines with their family (0: none) by what takes them away."""


def _differing(before: _Said, wanted: _Said) -> Iterator[tuple[int, str]]:
    for undo, (family, _) in before.items():
        if undo not in wanted:
            yield family, f"no {undo}"
    yield from (said for undo, said in wanted.items() if before.get(undo) != said)


def _said(address: str, peer: Peer | None, calls: bool) -> _Said:  # noqa: FBT001 - of all neighbours
    """FRR's lines of a neighbour."""
    return _lines(address, ip_address(address).version, peer, calls=calls)


def _lines(name: str, version: int, peer: Peer | None, *, calls: bool) -> _Said:
    """FRR's lines of a neighbour or group."""
    if peer is None:
        return {}
    who = f"neighbor {name}"
    lines: list[tuple[int, str, str] | None] = [
        (0, "remote-as", f" {peer.as_number}"),
        (0, "passive", "") if not calls else None,
        (0, "description", f" {peer.description}") if peer.description else None,
        (0, "password", f" {peer.password}") if peer.password else None,
        (0, "shutdown", "") if peer.shutdown else None,
        (0, "timers", f" {peer.timers[0]} {peer.timers[1]}") if peer.timers else None,
        (0, f"ttl-security hops {peer.ttl_hops}", "") if peer.ttl_hops else None,
        (0, "graceful-restart-disable", "") if not peer.graceful_restart else None,
        *((family, "activate", "") for family in sorted(peer.families)),
        *(
            (version, f"prefix-list {name} {way}", "")
            for way, name in (("in", peer.list_in), ("out", peer.list_out))
            if name
        ),
        (version, f"filter-list {peer.paths_in} in", "") if peer.paths_in else None,
        (version, "maximum-prefix", f" {peer.limit}{_restart(peer.retry)}") if peer.limit else None,
        (version, "as-override", "") if peer.as_override else None,
        (version, _private(*peer.private_as), "") if peer.private_as else None,
    ]
    found = [line for line in lines if line is not None]
    return {f"{who} {words}": (family, f"{who} {words}{more}") for family, words, more in found}


def _restart(seconds: int | None) -> str:
    """FRR counts in minutes."""
    return "" if seconds is None else f" restart {max(1, round(seconds / _MINUTE))}"


def _private(every: bool, replaced: bool) -> str:  # noqa: FBT001 - a pair of the model
    return f"remove-private-AS{' all' if every else ''}{' replace-AS' if replaced else ''}"


def _ip(version: int) -> str:
    return "ip" if version == 4 else "ipv6"


def _seen(peer: Mapping[str, Any]) -> Seen:
    up = peer["bgpState"] == "Established"
    families = [family for family in peer.get("addressFamilyInfo", {}).values() if isinstance(family, dict)]
    limit = "maximum number of prefixes reached" if peer.get("prefixesConfigExceedMax") else ""
    return Seen(
        state="Idle" if peer["bgpState"] in ("Clearing", "Deleted") else peer["bgpState"],
        remote_as=int(peer.get("remoteAs", 0)),
        uptime=peer.get("bgpTimerUpMsec", 0) / 1000 if up else 0.0,
        received=sum(family.get("acceptedPrefixCounter", 0) for family in families),
        sent=sum(family.get("sentPrefixCounter", 0) for family in families),
        error=limit or str(peer.get("lastNotificationReason", "")),
        router_id=str(peer.get("remoteRouterId", "")) if up else "",
        local_address=str(peer.get("hostLocal", "")),
        hold=peer.get("bgpTimerHoldTimeMsecs", 180_000) // 1000,
        keepalive=peer.get("bgpTimerKeepAliveIntervalMsecs", 60_000) // 1000,
        dynamic=bool(peer.get("peerSubnetRangeGroup")),
    )


def _hops(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for hop in entry.get("nexthops", ()):
        if hop.get("active") or hop.get("fib"):
            yield str(hop.get("ip", "")), str(hop.get("interfaceName", ""))
