"""What Junos' configuration says at [edit protocols bgp]: groups, their neighbours, and ranges of neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from leafrack.addresses import Address, Network
from leafrack.platforms.junos.sets import Statement, below, quoted
from leafrack.platforms.junos.write import group_of
from leafrack.platforms.state import ListenerState, NeighbourState


@dataclass(frozen=True)
class Member(NeighbourState):
    """A neighbour as a group of Junos has it."""

    group: str = ""
    """Empty where a range let it in."""
    said: tuple[Statement, ...] = field(default=(), repr=False)
    """All that is said of it itself."""


@dataclass(frozen=True, kw_only=True)
class Listening(ListenerState):
    """A range as a group of Junos has it."""

    dynamic: Statement = ()
    """The group's dynamic neighbour that it is one of."""
    said: tuple[Statement, ...] = field(default=(), repr=False)
    """All that is said of its group."""


@dataclass(frozen=True)
class Groups:
    """What is configured at [edit protocols bgp]."""

    said: tuple[Statement, ...]
    groups: Mapping[str, tuple[Statement, ...]] = field(init=False)
    """By name."""
    members: Mapping[Address, str] = field(init=False)
    """Group of each neighbour."""

    def __post_init__(self) -> None:
        groups: dict[str, tuple[Statement, ...]] = {}
        for each in self.said:
            if each[:1] == ("group",):
                groups[each[1]] = (*groups.get(each[1], ()), each[2:])
        members = {
            address: name
            for name, said in groups.items()
            for one in below(said, "neighbor")
            if (address := address_of(one[0])) is not None
        }
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "members", members)

    def ranges(self) -> Iterator[tuple[Network, str, Statement]]:
        """Ranges in which neighbours are taken, the group of each, and its dynamic neighbour where it is one's."""
        for name, said in self.groups.items():
            for one in said:
                dynamic = one[:2] if one[0] == "dynamic-neighbor" else ()
                if one[len(dynamic) : len(dynamic) + 1] == ("allow",):
                    yield from ((prefix, name, dynamic) for prefix in networks(one[-1]))

    def came_by(self, address: Address) -> Network | None:
        """The range that lets a neighbour in that no group names: the narrower one."""
        ranges = (prefix for prefix, _, _ in self.ranges() if address not in self.members and address in prefix)
        return max(ranges, key=lambda one: one.prefixlen, default=None)

    def own(self, address: Address) -> tuple[Statement, ...]:
        """What is said of a neighbour itself."""
        said = below(self.groups.get(self.members.get(address, ""), ()), "neighbor")
        return tuple(one[1:] for one in said if len(one) > 1 and address_of(one[0]) == address)

    def inherited(self, group: str) -> tuple[Statement, ...]:
        """What a group and all of BGP say for a neighbour."""
        said = (one for one in self.groups.get(group, ()) if one[:1] != ("neighbor",))
        return (*said, *(one for one in self.said if one[:1] != ("group",)))


def address_of(said: str) -> Address | None:
    """Address of a neighbour; that of a session has its port behind it (``10.1.0.11+179``)."""
    try:
        return ip_address(said.partition("+")[0].partition("%")[0])
    except ValueError:
        return None


def allowing(address: Address, bgp: Groups) -> Iterator[str]:
    """Lines of groups that take whoever comes from a range."""
    for name, said in bgp.groups.items():
        for one in said:
            if "allow" in one[:3] and any(address in each for each in networks(one[-1])):
                yield f"group {quoted(name)} {' '.join(one)}"


def networks(said: str) -> tuple[Network, ...]:
    """Networks of a range: one, or every address of both families."""
    if said == "all":
        return ip_network("0.0.0.0/0"), ip_network("::/0")
    try:
        return (ip_network(said, strict=False),)
    except ValueError:
        return ()


def ours(group: str, bgp: Groups) -> bool:
    """Whether a group is a fabric's: its name is the one that its neighbours' lists give it."""
    said = [one[1:] for one in below(bgp.groups[group], "neighbor")]
    named = {
        way: {group_of(one[1]) for one in said if one[:1] == (way,) and len(one) == 2} for way in ("import", "export")
    }
    return all(group in names for names in named.values())
