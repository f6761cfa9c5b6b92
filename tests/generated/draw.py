"""How a fabric is drawn: first its wiring, which a change leaves alone, then what it makes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from lab.fabrics import Values, rack, values
from leafrack.errors import FabricError
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.proof import prove
from tests.generated.files import written
from tests.generated.labels import known, labels_of, named

INTERCONNECTS = ("route-reflectors", "full-mesh", "top-of-rack")
CLUSTER_AS = 64900
"""AS of a cluster that is not Calico's default, 64512."""
LARGE_AS = 4_200_000_000
"""First AS for private use of four bytes (RFC 6996), above 2³¹."""
MOST_NODES = 10
LOAD_BALANCERS = {4: "192.0.2.0/24", 6: "2001:db8:1::/64"}
EXTERNAL = {4: "198.51.100.0/25", 6: "2001:db8:2::/64"}
ACCEPTED = {4: "203.0.113.0/24", 6: "2001:db8:3::/64"}


@dataclass(frozen=True)
class Drawn:
    """A fabric: the file, the BGP passwords of its racks, the AS of the cluster before leafrack comes."""

    file: Values
    passwords: Mapping[str, str] = field(default_factory=dict)
    cluster_as: int | None = None
    wiring: Values = field(default_factory=dict)

    @property
    def fabric(self) -> Fabric:
        """As types, without the checks."""
        return Fabric.model_validate(self.file)

    @property
    def named(self) -> Values:
        """The same file with the nodes by name that labels select: what labels and ranges come to."""
        return named(self.file, self.wiring)

    @property
    def named_fabric(self) -> Fabric:
        """That as types."""
        return Fabric.model_validate(self.named)

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """Labels that nodes must carry, each ``KEY=VALUE``, by node."""
        return labels_of(self.file, self.wiring)

    @property
    def is_whole(self) -> bool:
        """Whether the file passes all checks and the proof finds every pod reachable."""
        with written(self.file) as file:
            try:
                return not prove(load_fabric(file)).unreachable
            except FabricError:
                return False


@st.composite
def wirings(draw: st.DrawFn) -> Values:
    """Leaves, their AS and uplinks, nodes and addresses."""
    versions = draw(st.sampled_from([(4,), (6,), (4, 6)]))
    count = draw(st.integers(1, 4))
    spines = draw(st.integers(0, 2))
    racks: dict[str, Values] = {}
    for number in range(1, count + 1):
        most = 3 if count < 4 else 2
        nodes = draw(st.integers(2, most))
        made = rack(
            number, reflectors=nodes, members=0, leaves=draw(st.integers(1, 2)), spines=spines, versions=versions
        )
        # The last 32 bits of an IPv6 address are a cluster ID, which no two reflectors may share.
        made["reflectors"] = {
            node: [each.replace("::", f"::{number}:") for each in addresses]
            for node, addresses in made["reflectors"].items()
        }
        racks[f"rr{number}"] = made
    file = values(racks, spines=spines, versions=versions)
    if spines and draw(st.booleans()):
        _pairs(file, versions)
    if draw(st.sampled_from([False, False, True])):
        del file["podCIDRs"]  # in an overlay, and nobody's here: a lab has no pods then
    return file


def _pairs(file: Values, versions: tuple[int, ...]) -> None:
    """Number the links from networks of two addresses (RFC 3021, RFC 6164)."""
    number = 0
    for one in file["racks"].values():
        for leaf in one["leaves"].values():
            for spine in leaf["uplinks"]:
                ends = {
                    last: {4: f"10.254.0.{2 * number + last}", 6: f"fd01:254::{2 * number + last:x}"} for last in (0, 1)
                }
                leaf["uplinks"][spine] = {
                    "address": [ends[1][version] for version in versions],
                    "peerAddress": [ends[0][version] for version in versions],
                }
                number += 1


@st.composite
def plans(draw: st.DrawFn, wiring: Values, cluster_as: int | None = None) -> Drawn:
    """What a fabric makes of a wiring: interconnects, roles, AS numbers, ranges, passwords, waves."""
    versions = Fabric.model_validate(wiring).versions
    file: Values = {**wiring, **draw(_ranges(versions, pods="podCIDRs" in wiring)), **draw(_limits())}
    file["interconnect"] = draw(st.sampled_from(INTERCONNECTS))
    if cluster_as is not None:
        file["asNumber"] = cluster_as
    file["racks"] = {
        name: draw(_racks(one, number)) for number, (name, one) in enumerate(wiring["racks"].items(), start=1)
    }
    if all(one.get("interconnect", file["interconnect"]) == "full-mesh" for one in file["racks"].values()):
        for one in file["racks"].values():
            one.pop("asNumber", None)
            one.pop("localASNumber", None)
    reflect = any(one.get("interconnect", file["interconnect"]) == INTERCONNECTS[0] for one in file["racks"].values())
    file["reflectorMesh"] = reflect and draw(st.booleans())
    file["racks"] = {name: draw(known(file, name)) for name in file["racks"]}
    _override(file)
    file["waves"] = {"canary": draw(st.sampled_from(sorted(file["racks"]))), "atOnce": draw(st.integers(1, 4))}
    secret = draw(st.sets(st.sampled_from(sorted(file["racks"]))))
    return Drawn(file, {name: f"n0t-{name}" for name in sorted(secret)}, cluster_as, wiring)


@st.composite
def _racks(draw: st.DrawFn, wired: Values, number: int) -> Values:
    """Roles, interconnect and AS of a rack."""
    nodes = {**wired["reflectors"], **wired["members"]}
    reflectors = draw(st.integers(1, min(2, len(nodes))))
    made: Values = {
        "leaves": {name: dict(leaf) for name, leaf in wired["leaves"].items()},
        "reflectors": dict(list(nodes.items())[:reflectors]),
        "members": dict(list(nodes.items())[reflectors:]),
    }
    if (how := draw(st.sampled_from([None, *INTERCONNECTS]))) is not None:
        made["interconnect"] = how
    match draw(st.sampled_from(["own", "large", "local", "fabric"])):
        case "own":
            made["asNumber"] = 64600 + number
        case "large":
            made["asNumber"] = LARGE_AS + number
        case "local":
            made["localASNumber"] = 64700 + number
    if draw(st.booleans()):
        for leaf in made["leaves"].values():
            leaf["timers"] = {"keepalive": 10, "hold": 30}
    return made


def _override(file: Values) -> None:
    """Let the leaves of racks that are in one AS put their own in its place; no rack sees another otherwise."""
    fabric = Fabric.model_validate(file)
    numbers = [fabric.leaf_side_as(name) for name in fabric.racks]
    for name, one in file["racks"].items():
        if numbers.count(fabric.leaf_side_as(name)) > 1 and not fabric.cluster_mesh:
            for leaf in one["leaves"].values():
                leaf["asOverride"] = True


@st.composite
def _ranges(draw: st.DrawFn, versions: tuple[int, ...], *, pods: bool) -> Values:
    """What is announced beside pods or without them, and what else is accepted."""
    found: Values = {}
    for key, ranges in (
        ("serviceLoadBalancerIPs", LOAD_BALANCERS),
        ("serviceExternalIPs", EXTERNAL),
        ("acceptCIDRs", ACCEPTED),
    ):
        if draw(st.booleans()):
            found[key] = [ranges[version] for version in versions]
    others = "serviceLoadBalancerIPs" in found or "serviceExternalIPs" in found
    if (pods or others) and draw(st.booleans()):
        found["serviceClusterIPs"] = []
    if "serviceExternalIPs" in found and draw(st.booleans()):
        found["communities"] = [{"name": "outside", "value": "65001:100"}]
        found["prefixAdvertisements"] = [
            {"cidr": found["serviceExternalIPs"][0], "communities": ["outside", "65001:7"]}
        ]
    return found


@st.composite
def _limits(draw: st.DrawFn) -> Values:
    found: Values = {}
    if draw(st.booleans()):
        found["maximumPrefix"] = 500
    if draw(st.booleans()):
        found["ttlSecurity"] = True
    return found


@st.composite
def fabrics(draw: st.DrawFn) -> Drawn:
    """A whole fabric."""
    wiring = draw(wirings())
    cluster_as = draw(st.sampled_from([None, None, CLUSTER_AS]))
    return draw(plans(wiring, cluster_as))


def nodes_of(drawn: Drawn) -> tuple[str, ...]:
    """Names of all nodes."""
    return tuple(node for one in drawn.wiring["racks"].values() for node in (*one["reflectors"], *one["members"]))


def kinds_of(drawn: Drawn) -> frozenset[str]:
    """What is special about a fabric, each by a name: two of them together are a pair of kinds."""
    fabric, file = drawn.fabric, drawn.file
    racks = [fabric.racks[name] for name in fabric.racks]
    plans = {
        "local AS" if one.local_as_number is not None else "fabric's AS" if one.as_number is None else
        "large AS" if one.as_number >= LARGE_AS else "own AS"
        for one in racks
    }  # fmt: skip
    found = {
        {1: "one rack", 2: "two racks"}.get(len(racks), "many racks"),
        *("a pair of leaves" if len(one.leaves) > 1 else "one leaf" for one in racks),
        *(str(fabric.rack_interconnect(name)) for name in fabric.racks),
        *plans,
        *(
            "leaves that listen" if fabric.listens(name) else "by label"
            for name in fabric.racks
            if fabric.by_label(name)
        ),
        *("ranges" for one in racks if one.listen_ranges),
        *("services only" for _ in racks if not fabric.pod_cidrs),
        {(4,): "IPv4", (6,): "IPv6", (4, 6): "both families"}[fabric.versions],
        "no spines" if not fabric.spines else "links of two addresses" if _has_pairs(file) else "links",
        *(("passwords",) if drawn.passwords else ()),
        *(("cluster AS",) if drawn.cluster_as else ()),
        *(("reflectorMesh",) if fabric.reflector_mesh else ()),
        *(key for key in ("maximumPrefix", "ttlSecurity", *SPECIAL) if file.get(key)),
    }
    return frozenset(found)


SPECIAL = ("serviceClusterIPs", "serviceLoadBalancerIPs", "serviceExternalIPs", "communities", "acceptCIDRs")


def _has_pairs(file: Mapping[str, Any]) -> bool:
    return "10.254." in str(file["racks"]) or "fd01:254:" in str(file["racks"])
