"""Leaves that only answer: an SSH server for each in one process, which speaks as FRR and keeps what it is told.

A neighbour that is configured is Established at once. Each leaf has a route to every pod block, as a real one would.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import asyncssh

_DATA = re.compile(r'^cat >"\$work/(\w+)" <<\'END-OF-DATA\' \|\| exit 1\n(.*?)^END-OF-DATA$', re.MULTILINE | re.DOTALL)
_LISTS = ("ip prefix-list", "ipv6 prefix-list", "bgp as-path access-list")
_DIRECTED = ("prefix-list", "filter-list", "route-map")


@dataclass
class Leaf:
    """What one leaf runs: lines of neighbours and groups by what they say, entries of lists, other lines of BGP."""

    name: str
    as_number: int
    address: str
    nodes: Sequence[str]
    """Addresses of the nodes of its rack: those that would come where it listens."""
    routes: str = ""
    """Its routes as a switch's own shell cuts them out of ``show ip route json``: one on each line."""
    lines: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Family, neighbour or group, keyword → the rest of the line."""
    lists: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Kind and name → entry → its number."""
    instance: dict[str, str] = field(default_factory=dict)
    """Other lines of ``router bgp``, such as listen ranges."""

    def answer(self, command: str, given: str) -> str:
        """What it says to a request; a job changes it."""
        if " vtysh" not in f" {command}":
            self._job(dict(_DATA.findall(given)), "back" if " back <" in command else "forward")
            return ""
        words = shlex.split(command)
        asked = [word for before, word in pairwise(words) if before == "-c"]
        # The program that cuts out routes says how before it says when: after the neighbours, before the configuration.
        tables = [word for word in asked if " route " in word]
        shown = [word for word in asked if word not in tables]
        return "".join(map(self._shown, [*shown[:1], *tables, *shown[1:]]))

    def _shown(self, what: str) -> str:
        if what.endswith("neighbors json"):
            return json.dumps(dict(self._neighbours()), indent=2) + "\n"
        if what == "show ip route json":
            return self.routes
        if what == "show ipv6 route json":
            return ""
        return "\n".join(self._running()) + "\n"

    def _neighbours(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        named = dict.fromkeys(who for _, who, _ in self.lines)
        for who in named:
            if re.search(r"[.:]", who):
                yield who, self._neighbour(who, who)
        for line in self.instance:
            if found := re.fullmatch(r"bgp listen range (\S+) peer-group (\S+)", line):
                for address in self.nodes:
                    if address not in named:
                        more = {"peerGroup": found[2], "peerSubnetRangeGroup": found[1], "dynamicPeer": True}
                        yield address, {**self._neighbour(address, found[2]), **more}

    def _neighbour(self, address: str, who: str) -> Mapping[str, object]:
        remote = self.lines.get(("", who, "remote-as"), "0")
        return {
            "bgpNeighborAddr": address,
            "remoteAs": int(remote) if remote.isdecimal() else 0,
            "localAs": self.as_number,
            "nbrExternalLink": True,
            "nbrDesc": self.lines.get(("", who, "description"), ""),
            "bgpVersion": 4,
            "remoteRouterId": address,
            "localRouterId": self.address,
            "bgpState": "Established",
            "bgpTimerUpMsec": 3_600_000,
            "bgpTimerHoldTimeMsecs": 9000,
            "bgpTimerKeepAliveIntervalMsecs": 3000,
            "neighborCapabilities": {"4byteAs": "advertisedAndReceived", "routeRefresh": "advertisedAndReceivedNew"},
            "gracefulRestartInfo": {"localGrMode": "Helper*", "remoteGrMode": "Restart", "rBit": False},
            "messageStats": {"opensSent": 1, "opensRecv": 1, "updatesSent": 12, "updatesRecv": 3, "totalSent": 77},
            "addressFamilyInfo": {
                "ipv4Unicast": {"peerGroupMember": "", "acceptedPrefixCounter": 2, "sentPrefixCounter": 5000}
            },
            "connectionsEstablished": 1,
            "connectionsDropped": 0,
            "hostLocal": self.address,
            "portLocal": 179,
            "hostForeign": address,
            "portForeign": 40000,
            "nexthop": self.address,
        }

    def _running(self) -> Iterator[str]:
        yield from ("Building configuration...", "", "Current configuration:", "!", "frr version 8.4.4", "!")
        for (kind, name), entries in self.lists.items():
            yield from (f"{kind} {name} seq {number} {entry}" for entry, number in entries.items())
        yield from (f"router bgp {self.as_number}", f" bgp router-id {self.address}", " no bgp ebgp-requires-policy")
        yield from (f" neighbor {who} {key}{rest}" for (family, who, key), rest in self._shown_lines("") if not family)
        yield from (f" {line}" for line in self.instance)
        yield from (" !", " address-family ipv4 unicast")
        for (_, who, key), rest in self._shown_lines("ipv4 unicast"):
            yield f"  neighbor {who} {key}{rest}"
        yield from (" exit-address-family", "exit", "!", "end")

    def _shown_lines(self, family: str) -> Iterator[tuple[tuple[str, str, str], str]]:
        for (place, who, key), rest in self.lines.items():
            if place == family:
                word = key.split(" ")[0]
                directed = word in _DIRECTED
                yield (place, who, word), f" {rest} {key.split(' ')[1]}" if directed else f" {rest}" if rest else ""

    def _job(self, data: Mapping[str, str], way: str) -> None:
        own = {*data["own_lists"].split(), *data["own_paths"].split()}
        task = data["task"].strip()
        neighbours = [line.split() for line in data["neighbours"].splitlines()]
        ours = {who for (_, who, key), rest in self.lines.items() if key.startswith("prefix-list") and rest in own}
        if task == "as-numbers":
            for address, start, end, *_ in neighbours:
                if address in ours:
                    self.lines["", address, "remote-as"] = end if way == "forward" else start
        elif way == "back":
            self._forget(ours, own)
        elif task == "retired":
            kept = {name for kind in _LISTS for name in re.findall(rf"^{kind} (\S+) ", data["given"], re.MULTILINE)}
            self._forget(ours - {address for address, *_ in neighbours}, own - kept)
        else:
            has = {address: self.lines.get(("", address, "remote-as")) for address, *_ in neighbours}
            right = {address: {start, end, *more} for address, start, end, *more in neighbours}
            self._configure(data["given"].splitlines())
            for address, number in has.items():
                if number is not None and number in right[address]:
                    self.lines["", address, "remote-as"] = number

    def _forget(self, neighbours: Iterable[str], lists: Iterable[str]) -> None:
        gone, names = set(neighbours), set(lists)
        self.lines = {key: rest for key, rest in self.lines.items() if key[1] not in gone}
        self.instance = {line: "" for line in self.instance if line.rpartition(" ")[2] not in gone}
        self.lists = {key: entries for key, entries in self.lists.items() if key[1] not in names}

    def _configure(self, given: Iterable[str]) -> None:
        family, fresh = "", set[tuple[str, str]]()
        for raw in given:
            line, no = raw.strip(), False
            if line.startswith("no "):
                line, no = line[3:], True
            if kind := next((kind for kind in _LISTS if line.startswith(f"{kind} ")), None):
                name, rest = line[len(kind) + 1 :].split(" ", 1)
                # What is given of a path list has no numbers, and what runs has.
                _, number, entry = rest.split(" ", 2) if rest.startswith("seq ") else ("", "5", rest)
                if (kind, name) not in fresh:
                    fresh.add((kind, name))
                    self.lists[kind, name] = {}
                self.lists[kind, name][entry] = number
            elif line.startswith("address-family "):
                family = line.partition(" ")[2]
            elif line in ("exit-address-family", "exit"):
                family = ""
            elif line.startswith("neighbor "):
                self._neighbour_line(family, line, no=no)
            elif line.startswith("bgp listen "):
                (self.instance.pop(line, None) if no else self.instance.update({line: ""}))

    def _neighbour_line(self, family: str, line: str, *, no: bool) -> None:
        _, who, key, *words = line.split(" ")
        if key in _DIRECTED and words:
            key = f"{key} {words.pop()}"
        if no:
            self.lines.pop((family, who, key), None)
        else:
            self.lines[family, who, key] = " ".join(words)


@dataclass
class Counted:
    """What came in since it was last asked for."""

    logins: int = 0
    open: int = 0
    most: int = 0


class _Door(asyncssh.SSHServer):
    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:  # noqa: ARG002 - asyncssh's own
        self._counted.logins += 1
        self._counted.open += 1
        self._counted.most = max(self._counted.most, self._counted.open)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's own
        self._counted.open -= 1

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - anybody may come in
        return False


async def serve(
    leaves: Sequence[Leaf], counted: Counted, *, hangs: frozenset[str] = frozenset()
) -> tuple[dict[str, int], str]:
    """Answer from now on; the port of each leaf, and the key by which all are known.

    Those of ``hangs`` take a connection and never say a word.
    """
    key = asyncssh.generate_private_key("ssh-ed25519")
    ports: dict[str, int] = {}
    for leaf in leaves:
        if leaf.name in hangs:
            server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
            ports[leaf.name] = server.sockets[0].getsockname()[1]
            _KEPT.append(server)
            continue

        async def talk(process: asyncssh.SSHServerProcess[str], leaf: Leaf = leaf) -> None:
            with suppress(OSError, asyncssh.Error):
                command = process.command or ""
                given = "" if " vtysh" in f" {command}" else await process.stdin.read()
                process.stdout.write(leaf.answer(command, given))
                process.exit(0)

        acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(counted),
            server_host_keys=[key],
            process_factory=talk,
            backlog=200,
        )
        ports[leaf.name] = acceptor.get_port()
        _KEPT.append(acceptor)
    return ports, " ".join(key.export_public_key().decode().split()[:2])


_KEPT: list[object] = []
"""Servers that nobody else holds."""
