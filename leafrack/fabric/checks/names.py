"""Names: valid where Kubernetes, Calico and switches use them, and given once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leafrack.errors import Problem, shown
from leafrack.fabric import names
from leafrack.fabric.model import Fabric
from leafrack.fabric.source import at

LONGEST_LABEL = 63
"""Characters of a DNS label (RFC 1123) and of a Kubernetes label value."""
LONGEST_SUBDOMAIN = 253
"""Characters of a Kubernetes object's name."""
LONGEST_RACK = LONGEST_LABEL - len(names.node_peer(""))
LONGEST_FABRIC = LONGEST_LABEL - len(names.list_out("", 6))

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_OF_LABEL = "lower-case letters, digits and '-', beginning and ending with a letter or digit"
_OF_SUBDOMAIN = "lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Names that cannot be used, and names that two things have."""
    yield from _label("fabric", fabric.name, "name", LONGEST_FABRIC)
    if fabric.calico_namespace is not None:
        yield from _label("namespace", fabric.calico_namespace, "calicoNamespace", LONGEST_LABEL)
    for spine in fabric.spines:
        yield from _label("spine", spine, at("spines", spine), LONGEST_LABEL)
    for name, rack in fabric.racks.items():
        path = at("racks", name)
        yield from _label("rack", name, path, LONGEST_RACK)
        for leaf_name, leaf in rack.leaves.items():
            leaf_path = f"{path}.leaves.{shown(leaf_name)}"
            yield from _label("leaf", leaf_name, leaf_path, LONGEST_LABEL)
            if leaf.peer_name is not None:
                longest = LONGEST_SUBDOMAIN - len("-v6")
                yield from _subdomain("BGPPeer", leaf.peer_name, f"{leaf_path}.peerName", longest)
        for kind in ("reflectors", "members"):
            for node in getattr(rack, kind):
                yield from _subdomain("node", node, f"{path}.{kind}.{shown(node)}", LONGEST_SUBDOMAIN)
    yield from _hosts(fabric)
    yield from _peers(fabric)


def _label(kind: str, name: str, path: str, longest: int) -> Iterator[Problem]:
    if len(name) > longest or not _LABEL.fullmatch(name):
        yield Problem(f"'{shown(name)}' cannot name a {kind}: up to {longest} {_OF_LABEL}", path)


def _subdomain(kind: str, name: str, path: str, longest: int) -> Iterator[Problem]:
    if len(name) > longest or not _SUBDOMAIN.fullmatch(name):
        yield Problem(f"'{shown(name)}' cannot name a {kind}: up to {longest} {_OF_SUBDOMAIN}", path)


def _hosts(fabric: Fabric) -> Iterator[Problem]:
    """Nodes, leaves and spines share one set of names: sessions are shown by them."""
    first = {spine: (at("spines", spine), "") for spine in fabric.spines}
    for rack_name, rack in fabric.racks.items():
        for kind in ("leaves", "reflectors", "members"):
            for name in getattr(rack, kind):
                path = at("racks", rack_name, kind, name)
                other, other_rack = first.setdefault(name, (path, rack_name))
                both_roles = kind == "members" and name in rack.reflectors
                if other != path and not (both_roles and other_rack == rack_name):
                    yield Problem(f"the name is taken by {other}: names of nodes, leaves and spines are unique", path)


def _peers(fabric: Fabric) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for rack_name, rack in fabric.racks.items():
        path = at("racks", rack_name)
        of_rack = (names.node_peer, names.mesh_peer, names.reflector_mesh_peer)
        named = [(name(rack_name), path) for name in of_rack]
        for leaf_name, leaf in rack.leaves.items():
            leaf_path = f"{path}.leaves.{shown(leaf_name)}"
            where = leaf_path if leaf.peer_name is None else f"{leaf_path}.peerName"
            named += [
                (names.leaf_peer(fabric, rack_name, leaf_name, address.version), where) for address in leaf.address
            ]
        for peer, where in named:
            if first.setdefault(peer, where) != where:
                text = f"the BGPPeer would be called {shown(peer)} like that of {first[peer]}: give peerName"
                yield Problem(text, where)
