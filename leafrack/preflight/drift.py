"""What of leafrack's own has become different: lines on leaves, and fields that steps own, held against the fabric.

Pulumi refreshes its Kubernetes resources itself; of what a command did on a switch or to a field it knows only that it
ran. So this is what decides whether such a command runs again, and says to an operator what differs.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from leafrack.addresses import Who
from leafrack.fabric import Fabric, leaf, names
from leafrack.platforms import Job, Neighbour, SwitchState, Task, platform_of
from leafrack.platforms.seals import Seals, shows_another_password
from leafrack.platforms.state import AnyAs
from leafrack.world import labelled
from leafrack.world.fields import Target, carried
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState, Observed

_DEFAULTS = {"sourceAddress": "UseNodeIP", "reversePeering": "Auto"}
"""What Calico takes a field of a BGPPeer for that is not there (api/pkg/apis/projectcalico/v3/bgppeer.go)."""
_TO_COME = frozenset({"reversePeering"})
"""Fields of a BGPPeer that an earlier leafrack did not write, and without which nothing works otherwise.

Where one is missing it is to come with an update, which writes it to just that object. Pulumi's refresh sees it go.
"""

Differences = tuple[str, ...]
"""What differs, a line for each: where, what is found and what belongs there. Empty where nothing does."""
Rule = Mapping[str, Any]
"""A rule of a BGPFilter in Calico's own keys."""


@dataclass(frozen=True)
class Comparison:
    """A fabric and the world as it was found; what could not be read differs in nothing.

    ``passwords`` are those of the racks' sessions (TCP MD5, RFC 2385); they are compared and never shown.
    """

    fabric: Fabric
    observed: Observed = field(default_factory=Observed)
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    seals: Mapping[str, Seals] = field(default_factory=dict, repr=False)
    """What the last update kept of passwords that a leaf does not show, by leaf and neighbour."""
    in_the_way: bool = False
    """Whether something of others would do harm to an update, and this look goes on all the same."""

    def of_leaf(self, rack: str, name: str) -> Differences:
        """Lists and neighbours of a leaf, the AS of neighbours aside; of one that cannot be read nothing."""
        state = self.observed.switches.get(name)
        if state is None:
            return ()
        platform = platform_of(self.fabric.racks[rack].leaves[name].platform)
        lists = platform.list_differences(leaf.prefix_lists(self.fabric), state)
        paths = platform.path_differences(leaf.path_list(self.fabric, rack, name), state)
        neighbours = leaf.neighbours(self.fabric, rack, name)
        return (
            *(f"{name}: prefix list {line}" for line in lists),
            *(f"{name}: path list {line}" for line in paths),
            *(
                line
                for node, declared in neighbours.items()
                for neighbour in declared
                for line in self._of_neighbour(rack, name, node, neighbour)
            ),
            *(f"{name}: {line}" for line in self._of_listeners(rack, name, state)),
        )

    def _of_listeners(self, rack: str, name: str, state: SwitchState) -> Iterator[str]:
        platform, job = platform_of(self.fabric.racks[rack].leaves[name].platform), self._job(rack, name)
        yield from platform.listener_differences(job, state)
        for each in job.listeners:
            if each.password and self._other_password(name, each.prefix):
                yield f"range {each.prefix} has another password"

    def _other_password(self, name: str, who: Who) -> bool:
        seal = self.seals.get(name, {}).get(who)
        return shows_another_password(self.observed.switches[name], who, seal)

    def _job(self, rack: str, name: str) -> Job:
        return leaf.with_password(leaf.job(self.fabric, rack, name, Task.SESSIONS), self.passwords.get(rack))

    def _of_neighbour(self, rack: str, name: str, node: str, neighbour: Neighbour) -> Differences:
        state = self.observed.switches[name]
        who = f"{name}: neighbour {neighbour.address} ({node})"
        if neighbour.address not in state.neighbours:
            return (f"{who} is missing",)
        platform = platform_of(self.fabric.racks[rack].leaves[name].platform)
        wanted, has = replace(neighbour, password=self.passwords.get(rack)), state.neighbours[neighbour.address]
        found = platform.neighbour_differences(wanted, has)
        if wanted.password and self._other_password(name, neighbour.address):
            found += ("has another password",)
        if not has.established and has.remote_as and has.remote_as not in neighbour.as_numbers:
            found += platform.as_difference(self.fabric.leaf_side_as(rack), has)
        return tuple(f"{who} {line}" for line in found)

    def of_as_numbers(self, rack: str, name: str) -> Differences:
        """The AS of a leaf's neighbours; one that is missing is made without it, and given it afterwards."""
        state = self.observed.switches.get(name)
        if state is None or self.keeps_any_as(rack, name):
            return ()
        platform = platform_of(self.fabric.racks[rack].leaves[name].platform)
        found: list[str] = []
        for node, declared in leaf.neighbours(self.fabric, rack, name).items():
            for address in (neighbour.address for neighbour in declared):
                who = f"{name}: neighbour {address} ({node})"
                if address not in state.neighbours:
                    found.append(f"{who} is missing")
                    continue
                lines = platform.as_difference(self.fabric.leaf_side_as(rack), state.neighbours[address])
                found += [f"{who} {line}" for line in lines]
        for one in leaf.listeners(self.fabric, rack, name):
            has = state.listeners.get(one.prefix)
            lines = platform.as_difference(self.fabric.leaf_side_as(rack), has) if has else ("is missing",)
            found += [f"{name}: range {one.prefix} {line}" for line in lines]
        return tuple(found)

    def keeps_any_as(self, rack: str, name: str) -> bool:
        """Whether neighbours of a leaf go on with any AS: one of them stands in the right one, and pinning resets it.

        Somebody has configured them by hand. Those that leafrack makes are pinned before their nodes have that AS.
        """
        state, final = self.observed.switches.get(name), self.fabric.leaf_side_as(rack)
        declared = (one.address for each in leaf.neighbours(self.fabric, rack, name).values() for one in each)
        found = [state.neighbours[each] for each in declared if each in state.neighbours] if state else []
        return final != self.fabric.as_number and any(
            each.established and each.set_as is AnyAs.EXTERNAL and each.remote_as == final for each in found
        )

    def of_fields(self, target: Target, key: str, values: Mapping[str, Any]) -> Differences:
        """A field of some objects, which a step owns."""
        cluster = self.observed.cluster
        if cluster is None:
            return ()
        has = carried(target, values, lambda _: cluster.nodes, lambda: cluster.peers, lambda: cluster.bgp_configuration)
        return tuple(
            _gone(name)
            if target is Target.PEER_SPEC and name not in has
            else f"{target.kind} {name} {_instead(key, has.get(name, {}).get(key), wanted)}"
            for name, wanted in values.items()
            if has.get(name, {}).get(key) != wanted
        )

    def of_password(self, rack: str) -> Differences:
        """The password of a rack, as its nodes have it."""
        cluster, wanted = self.observed.cluster, self.passwords.get(rack)
        if cluster is None or cluster.passwords is None or wanted is None:
            return ()
        found = cluster.passwords.get(rack)
        if found == b64encode(wanted.encode()).decode():
            return ()
        what = f"lacks the password of {rack}" if found is None else f"has another password of {rack}"
        return (f"Secret {names.PASSWORD_SECRET} {what}",)

    def of_labels(self, node: str, labels: Mapping[str, str]) -> Differences:
        """Labels of a node."""
        each = (self.of_fields(Target.NODE_LABEL, key, {node: value}) for key, value in labels.items())
        return tuple(line for lines in each for line in lines)

    def of_bgp_configuration(self, spec: Mapping[str, Any]) -> Differences:
        """Fields of BGPConfiguration ``default`` that leafrack sets."""
        cluster = self.observed.cluster
        has = {} if cluster is None else cluster.bgp_configuration
        # An empty list says as much as none.
        given = [key for key in spec if spec[key] != [] or key in has]
        each = (self.of_fields(Target.BGP_CONFIGURATION_SPEC, key, {"default": spec[key]}) for key in given)
        return tuple(line for lines in each for line in lines)

    def of_peer(self, name: str, spec: Mapping[str, Any]) -> Differences:
        """Fields of a BGPPeer that leafrack sets."""
        cluster = self.observed.cluster
        if cluster is None:
            return ()
        has = next((peer.spec for peer in cluster.peers if peer.name == name), None)
        if has is None:
            return (_gone(name),)
        given = {key: value for key, value in spec.items() if key in has or key not in _TO_COME}
        each = (self.of_fields(Target.PEER_SPEC, key, {name: value}) for key, value in given.items())
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
        """What somebody else has put on nodes of ours and leafrack leaves there, with the command that removes it."""
        cluster, reflectors = self.observed.cluster, self.fabric.reflectors_of(rack)
        if cluster is None:
            return ()
        found: list[str] = []
        nodes = [cluster.nodes[node] for node in self.fabric.racks[rack].nodes if node in cluster.nodes]
        for node in (*nodes, *self._labelled.get(rack, ())):
            for verb, has, key in (
                ("annotate", node.annotations, names.CLUSTER_ID_ANNOTATION),
                ("label", node.labels, names.CLUSTER_ID_LABEL),
            ):
                if node.name not in reflectors and key in has and not _ours(node.managers.get(key, ())):
                    what = f"node {node.name} is no reflector in this file and has {key}={has[key]}"
                    found.append(f"{what}: kubectl {verb} node {node.name} {key}-")
        return tuple(found)

    @cached_property
    def _labelled(self) -> Mapping[str, tuple[NodeState, ...]]:
        """Nodes that racks know by a label, as they are now."""
        nodes = {} if self.observed.cluster is None else self.observed.cluster.nodes
        return {rack: tuple(found.nodes.values()) for rack, found in labelled.of_fabric(self.fabric, nodes).items()}

    def of_others_in_peer(self, name: str, given: Iterable[str]) -> Differences:
        """Fields of a BGPPeer of ours beside those it is given, set by somebody else, with what removes each."""
        cluster = self.observed.cluster
        peer = next((peer for peer in cluster.peers if peer.name == name), None) if cluster else None
        if peer is None:
            return ()
        # What a next hop mode was found to be stays so (Peer.keeps_its_next_hop).
        kind = self.observed.calico.stored.bgp_peers
        known = {*given, "nextHopMode", "keepOriginalNextHop"}
        found: list[str] = []
        for key, value in peer.spec.items():
            says_nothing = not value or value == _DEFAULTS.get(key)
            if key not in known and not says_nothing and not _ours(peer.managers.get(key, ())):
                path = json.dumps([{"op": "remove", "path": f"/spec/{key}"}])
                what = f"BGPPeer {name} has {key}={_value(value)}, which this file does not give it"
                found.append(f"{what}: kubectl patch {kind} {name} --type=json -p '{path}'")
        return tuple(found)

    def applied(self, racks: Iterable[str]) -> bool:
        """Whether leafrack has made something of some racks: before that, nothing of it is different, only to come."""
        cluster = self.observed.cluster
        return cluster is not None and is_applied(self.fabric, cluster, racks)


def is_applied(fabric: Fabric, cluster: ClusterState, racks: Iterable[str]) -> bool:
    """Whether a node of some racks carries a label that leafrack has set, or a rack has a peer for nodes by label.

    A rack that names no node has no label of leafrack's.
    """
    chosen = list(racks)
    nodes = [cluster.nodes.get(node) for rack in chosen for node in fabric.racks[rack].nodes]
    if any(_ours(node.managers.get(names.RACK_LABEL, ())) for node in nodes if node):
        return True
    peers = {
        names.leaf_peer(fabric, rack, name, address.version)
        for rack in chosen
        if fabric.listens(rack)
        for name, leaf in fabric.racks[rack].leaves.items()
        for address in leaf.address
    }
    labels = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}.items()
    return any(peer.name in peers and labels <= peer.labels.items() for peer in cluster.peers)


def _ours(managers: Iterable[str]) -> bool:
    """Whether a field was set by leafrack, for any stack: it goes with a change of the file."""
    return any(manager.startswith(names.MANAGER) for manager in managers)


def _gone(peer: str) -> str:
    return f"BGPPeer {peer} is missing"


def _instead(key: str, found: object, wanted: object) -> str:
    right = _value(wanted)
    return f"lacks {key}={right}" if found is None else f"has {key}={_value(found)} instead of {right}"


def _value(value: object) -> str:
    """A value as kubectl's output has it, a list of ranges without its keys."""
    if isinstance(value, list) and all(isinstance(each, Mapping) and set(each) == {"cidr"} for each in value):
        return ", ".join(str(each["cidr"]) for each in value) or "[]"
    return value if isinstance(value, str) else json.dumps(value)


def _rules(key: str, found: Sequence[Rule], wanted: Sequence[Rule]) -> Differences:
    lacks = [f"lacks `{_said(rule)}` in {key}" for rule in wanted if rule not in found]
    has = [f"has `{_said(rule)}` in {key}" for rule in found if rule not in wanted]
    other_order = [f"has the rules of {key} in another order"] if list(found) != list(wanted) else []
    return tuple([*lacks, *has] or other_order)


def _said(rule: Rule) -> str:
    known = ("action", "matchOperator", "cidr")
    more = (f"{key} {value}" for key, value in rule.items() if key not in known)
    return " ".join([*(str(rule[key]) for key in known if key in rule), *more])
