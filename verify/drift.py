"""What of leafrack's own has become different: lines on leaves, and fields that steps own, held against the fabric.

Pulumi refreshes its Kubernetes resources itself; of what a command did on a switch or to a field it knows only that it
ran. So this is what decides whether such a command runs again, and says to an operator what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import Fabric, names
from steps.fields import Target
from switches import Neighbour, dialect, leaf
from verify.observed import ClusterState, Observed

Differences = tuple[str, ...]
"""What differs, a line for each: where, what is found and what belongs there. Empty where nothing does."""
Rule = Mapping[str, Any]
"""A rule of a BGPFilter in Calico's own keys."""


@dataclass(frozen=True)
class Drift:
    """A fabric and the world as it was found; what could not be read differs in nothing.

    ``passwords`` are those of the racks' sessions (TCP MD5, RFC 2385); they are compared and never shown.
    """

    fabric: Fabric
    observed: Observed = field(default_factory=Observed)
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    in_the_way: bool = False
    """Whether something of others would do harm to an update, and this look goes on all the same."""

    def of_lists(self, rack: str, name: str) -> Differences:
        """Entries of leafrack's prefix lists on a leaf."""
        state = self.observed.switches.get(name)
        if state is None:
            return ()
        platform = dialect(self.fabric.racks[rack].leaves[name].platform)
        found = platform.list_differences(leaf.prefix_lists(self.fabric), state)
        return tuple(f"{name}: prefix list {line}" for line in found)

    def of_neighbour(self, rack: str, name: str, node: str, neighbour: Neighbour) -> Differences:
        """A leaf's neighbour, its AS aside."""
        state = self.observed.switches.get(name)
        if state is None:
            return ()
        who = f"{name}: neighbour {neighbour.address} ({node})"
        if neighbour.address not in state.neighbours:
            return (f"{who} is missing",)
        platform = dialect(self.fabric.racks[rack].leaves[name].platform)
        wanted, has = leaf.with_password(neighbour, self.passwords.get(rack)), state.neighbours[neighbour.address]
        found = platform.neighbour_differences(wanted, has)
        if has.state != "Established" and has.remote_as and has.remote_as not in neighbour.as_numbers:
            found += platform.as_difference(self.fabric.leaf_side_as(rack), has)
        return tuple(f"{who} {line}" for line in found)

    def of_as_numbers(self, rack: str, name: str) -> Differences:
        """The AS of a leaf's neighbours; one that is missing is made without it, and given it afterwards."""
        state = self.observed.switches.get(name)
        if state is None:
            return ()
        platform = dialect(self.fabric.racks[rack].leaves[name].platform)
        found: list[str] = []
        for node, declared in leaf.neighbours(self.fabric, rack, name).items():
            for address in (neighbour.address for neighbour in declared):
                who = f"{name}: neighbour {address} ({node})"
                if address not in state.neighbours:
                    found.append(f"{who} is missing")
                    continue
                lines = platform.as_difference(self.fabric.leaf_side_as(rack), state.neighbours[address])
                found += [f"{who} {line}" for line in lines]
        return tuple(found)

    def of_fields(self, target: Target, key: str, values: Mapping[str, Any]) -> Differences:
        """A field of some objects, which a step owns."""
        cluster = self.observed.cluster
        if cluster is None:
            return ()
        has = {name: _carried(cluster, target, name) for name in values}
        return tuple(
            f"{target.kind} {name} {_instead(key, has[name].get(key), wanted)}"
            for name, wanted in values.items()
            if has[name].get(key) != wanted
        )

    def of_labels(self, node: str, labels: Mapping[str, str]) -> Differences:
        """Labels of a node."""
        each = (self.of_fields(Target.NODE_LABEL, key, {node: value}) for key, value in labels.items())
        return tuple(line for lines in each for line in lines)

    def of_peer(self, name: str, spec: Mapping[str, Any]) -> Differences:
        """Fields of a BGPPeer that leafrack sets."""
        cluster = self.observed.cluster
        if cluster is None:
            return ()
        if all(peer.name != name for peer in cluster.peers):
            return (f"BGPPeer {name} is missing",)
        each = (self.of_fields(Target.PEER_SPEC, key, {name: value}) for key, value in spec.items())
        return tuple(line for lines in each for line in lines)

    def of_filter(self, name: str, spec: Mapping[str, Any]) -> Differences:
        """Rules of a BGPFilter."""
        cluster = self.observed.cluster
        if cluster is None:
            return ()
        if name not in cluster.filters:
            return (f"BGPFilter {name} is missing",)
        has = cluster.filters[name]
        return tuple(
            f"BGPFilter {name} {line}" for key, rules in spec.items() for line in _rules(key, has.get(key) or (), rules)
        )

    def of_others(self, rack: str) -> Differences:
        """What somebody else has put on objects of ours and leafrack leaves there, with the command that removes it."""
        cluster, declared = self.observed.cluster, self.fabric.racks[rack]
        if cluster is None:
            return ()
        reflectors = self.fabric.reflectors_of(rack)
        key = names.CLUSTER_ID_ANNOTATION
        found = [
            f"node {node} is no reflector in this file and has {key}={cluster.nodes[node].annotations[key]}: "
            f"kubectl annotate node {node} {key}-"
            for node in declared.nodes
            if node not in reflectors and node in cluster.nodes and key in cluster.nodes[node].annotations
        ]
        return tuple(found)

    def applied(self, racks: Iterable[str]) -> bool:
        """Whether leafrack has made something of some racks: before that, nothing of it is different, only to come."""
        cluster = self.observed.cluster
        if cluster is None:
            return False
        nodes = [cluster.nodes.get(node) for rack in racks for node in self.fabric.racks[rack].nodes]
        setters = (setter for node in nodes if node for setter in node.managers.get(names.RACK_LABEL, ()))
        return any(setter.startswith(names.MANAGER) for setter in setters)


def _carried(cluster: ClusterState, target: Target, name: str) -> Mapping[str, Any]:
    """Where an object has the fields of a target; nothing where there is no such object."""
    if target is Target.BGP_CONFIGURATION_SPEC:
        return cluster.bgp_configuration
    if target is Target.PEER_SPEC:
        return next((peer.spec for peer in cluster.peers if peer.name == name), {})
    node = cluster.nodes.get(name)
    if node is None:
        return {}
    return node.labels if target is Target.NODE_LABEL else node.annotations


def _instead(key: str, found: object, wanted: object) -> str:
    return f"lacks {key}={wanted}" if found is None else f"has {key}={found} instead of {wanted}"


def _rules(key: str, found: Sequence[Rule], wanted: Sequence[Rule]) -> Differences:
    lacks = [f"lacks `{_said(rule)}` in {key}" for rule in wanted if rule not in found]
    has = [f"has `{_said(rule)}` in {key}" for rule in found if rule not in wanted]
    other_order = [f"has the rules of {key} in another order"] if list(found) != list(wanted) else []
    return tuple([*lacks, *has] or other_order)


def _said(rule: Rule) -> str:
    known = ("action", "matchOperator", "cidr")
    more = (f"{key} {value}" for key, value in rule.items() if key not in known)
    return " ".join([*(str(rule[key]) for key in known if key in rule), *more])
