"""What leaves run already, held against the neighbours that leafrack will write there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leafrack.addresses import Address
from leafrack.errors import Problem
from leafrack.fabric import Fabric, Leaf, names
from leafrack.platforms import Effect, NeighbourState, Platform, Setting, SwitchState, platform_of

_HARM = {
    Effect.REFUSES: "the switch refuses leafrack's neighbour beside it",
    Effect.SHUTS: "it keeps the session down",
    Effect.DROPS: "nothing passes it",
}
_WORTH_KNOWING = {
    Effect.FILTERS: "it stays, and filters routes beside leafrack's lists",
    Effect.REPLACED: "leafrack's list takes its place",
}


@dataclass(frozen=True)
class Found:
    """A neighbour that a leaf has already at the address of a node which gets a session."""

    rack: str
    leaf: str
    node: str
    state: NeighbourState
    lists: frozenset[str]
    """Lists that leafrack gives it."""
    platform: Platform
    """What the leaf runs."""

    @property
    def path(self) -> str:
        """Key of the leaf in the fabric file."""
        return f"racks.{self.rack}.leaves.{self.leaf}"

    @property
    def ours(self) -> bool:
        """Whether leafrack wrote it: what differs in it then is put right, not in the way.

        Somebody may have described it anew, or taken its lists away.
        """
        described = self.state.description.startswith(f"{names.MANAGER} ")
        return described or any(line.names in self.lists for line in self.state.lines)

    def __str__(self) -> str:
        return f"{self.leaf} has a neighbour {self.state.address} ({self.node}) already"


def findings(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """What keeps sessions from coming up or routes from passing, and sessions of others that would end."""
    for rack, name, leaf in _leaves(fabric):
        if name in switches:
            yield from _as_number(f"racks.{rack}.leaves.{name}", name, leaf, switches[name])
    yield from overlaps(fabric, switches)
    for found in _found(fabric, switches):
        yield from _limits(fabric, found)


def overlaps(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """Those of the findings that are somebody else's neighbour or line in the place of ours."""
    for found in _found(fabric, switches):
        right = {fabric.as_number, fabric.rack_as(found.rack), fabric.leaf_side_as(found.rack)}
        if found.state.remote_as and found.state.remote_as not in right and not found.ours:
            yield _other_as(found, sorted(right))
        for line in found.state.lines:
            put_right = found.ours and (line.effect is Effect.SHUTS or found.state.came_by is not None)
            if line.effect in _HARM and not put_right:
                text = f"{found}, with `{line.text}`: {_HARM[line.effect]}; take that line away on {found.leaf} first"
                yield Problem(text, path=found.path)


def _limits(fabric: Fabric, found: Found) -> Iterator[Problem]:
    """What maximumPrefix and ttlSecurity would end or the switch would refuse."""
    state, most = found.state, fabric.maximum_prefix
    if most is not None and state.prefixes_received > most:
        text = (
            f"{found.leaf} takes {state.prefixes_received} routes from {found.node} now, and would end the session at "
            f"more than {most}: give a larger number, or let {found.node} announce less first"
        )
        yield Problem(text, path="maximumPrefix")
    multihop = next((line for line in state.lines if line.effect is Effect.MULTIHOP), None)
    if fabric.ttl_security and multihop is not None:
        text = f"{found}, with `{multihop.text}`: the switch refuses ttlSecurity beside it; take that line away first"
        yield Problem(text, path=found.path)
    if not fabric.ttl_security and state.ttl_security is not None and not found.ours:
        secured = found.platform.words(Setting.TTL_SECURITY, state)
        text = (
            f"{found}, with `{secured}`: without it, as this file has it, the session would reset and, while the "
            "BGPPeer keeps its ttlSecurity, not come back; say ttlSecurity: true, or take it away on both ends first"
        )
        yield Problem(text, path=found.path)


def notices(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """Lines of others that stay, or that leafrack's replace, and leaves that pass nothing on."""
    for found in _found(fabric, switches):
        for line in found.state.lines:
            replaced = line.effect is Effect.REPLACED
            if line.effect in _WORTH_KNOWING and not (replaced and found.ours):
                yield Problem(f"{found}, with `{line.text}`: {_WORTH_KNOWING[line.effect]}", path=found.path)
    for rack, name, leaf in _leaves(fabric):
        nodes = {address for each in fabric.racks[rack].nodes.values() for address in each}
        if name in switches:
            yield from _silent(f"racks.{rack}.leaves.{name}", name, leaf, switches[name], nodes)


def _leaves(fabric: Fabric) -> Iterator[tuple[str, str, Leaf]]:
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            yield rack, name, leaf


def _found(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Found]:
    for rack, name, leaf in _leaves(fabric):
        neighbours = switches[name].neighbours if name in switches else {}
        for node, addresses in fabric.border(rack).items():
            for address in addresses:
                if address in neighbours:
                    lists = {named(fabric.name, address.version) for named in (names.list_in, names.list_out)}
                    lists.add(names.path_list(fabric.name))
                    yield Found(rack, name, node, neighbours[address], frozenset(lists), platform_of(leaf.platform))


def _as_number(path: str, name: str, leaf: Leaf, state: SwitchState) -> Iterator[Problem]:
    if state.as_number is None:
        only = f" (only in {', '.join(state.elsewhere)})" if state.elsewhere else ""
        remedy = platform_of(leaf.platform).remedies.run_bgp(leaf.as_number)
        text = f"{name} runs no BGP in the default VRF{only}: {remedy} on it first"
        yield Problem(text, path=f"{path}.asNumber")
    elif state.as_number != leaf.as_number:
        found = f"{name} runs BGP as AS {state.as_number}, this file says {leaf.as_number}"
        yield Problem(f"{found}: correct one of them", path=f"{path}.asNumber")


def _other_as(found: Found, right: list[int]) -> Problem:
    state = found.state
    what = f"'{state.description}', " if state.description else ""
    ends = f"{what}in AS {state.remote_as}, {state.state}"
    up = ", and this session will not be the node's" if state.established else ""
    wanted = " or ".join(map(str, right))
    text = (
        f"{found} ({ends}), which this file has in AS {wanted}: leafrack leaves the AS of a neighbour as it finds "
        f"it{up}; correct it, or {found.platform.remedies.remove_neighbour(state.address)} on {found.leaf} first"
    )
    return Problem(text, path=found.path)


def _silent(path: str, name: str, leaf: Leaf, state: SwitchState, nodes: set[Address]) -> Iterator[Problem]:
    """Neighbours other than the nodes, which get lists from leafrack: uplinks, as a rule."""
    without = [n for n in state.neighbours.values() if n.lacks_policy and n.address not in nodes]
    if without:
        remedy = platform_of(leaf.platform).remedies.pass_without_policy()
        who = ", ".join(f"{n.address} ({n.description})" if n.description else str(n.address) for n in without)
        text = (
            f"{name} has no policy for {who} and discards the routes of such neighbours (RFC 8212), so that no other "
            f"rack is reached by way of them: give them one, or {remedy}"
        )
        yield Problem(text, path=path)
