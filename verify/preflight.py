"""Facts before acts: the cluster and the switches, read and held against the fabric file before anything changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config import Fabric, Problem
from switches import SwitchState
from verify import expected
from verify.cluster import NodeState, Reader
from verify.errors import UnreadableError
from verify.model import Cluster
from verify.switches import Credentials, read_all


@dataclass(frozen=True)
class Observed:
    """The world as it was found: ``nodes`` is ``None`` where the cluster could not be read."""

    nodes: Mapping[str, NodeState] | None = None
    switches: Mapping[str, SwitchState] = field(default_factory=dict)
    unreadable: tuple[UnreadableError, ...] = ()


def observe(fabric: Fabric, cluster: Cluster, credentials: Credentials) -> Observed:
    """Read the cluster and all leaves; what cannot be read is in ``unreadable``."""
    unreadable: list[UnreadableError] = []
    nodes = None
    try:
        nodes = Reader(cluster).nodes()
    except UnreadableError as error:
        unreadable.append(error)
    states = read_all(expected.endpoints(fabric), credentials)
    unreadable += [state for state in states.values() if isinstance(state, UnreadableError)]
    switches = {name: state for name, state in states.items() if isinstance(state, SwitchState)}
    return Observed(nodes, switches, tuple(unreadable))


def findings(fabric: Fabric, observed: Observed) -> tuple[Problem, ...]:
    """Everything in which the world differs from the fabric file such that applying it would do harm."""
    refused = (
        Problem(error.why, path=_leaf_path(fabric, error.who) or error.who)
        for error in observed.unreadable
        if error.refused
    )
    return (*refused, *_nodes(fabric, observed.nodes), *_switches(fabric, observed.switches))


def _nodes(fabric: Fabric, nodes: Mapping[str, NodeState] | None) -> Iterator[Problem]:
    if nodes is None:
        return
    for rack, declared in fabric.racks.items():
        for group, members in (("reflectors", declared.reflectors), ("members", declared.members)):
            for name, addresses in members.items():
                path = f"racks.{rack}.{group}.{name}"
                if name not in nodes:
                    yield Problem(f"the cluster has no node {name}: check its name with kubectl get nodes", path=path)
                    continue
                has = nodes[name].addresses
                for address in addresses:
                    if has and address not in has:
                        found = ", ".join(map(str, has))
                        text = f"Calico uses {found} for {name} in the cluster, this file says {address}"
                        yield Problem(text, path=path)


def _switches(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            state = switches.get(name)
            if state is None:
                continue
            path = f"racks.{rack}.leaves.{name}.asNumber"
            if state.as_number is None:
                yield Problem(f"{name} runs no BGP: configure `router bgp {leaf.as_number}` on it first", path=path)
            elif state.as_number != leaf.as_number:
                text = f"{name} runs BGP as AS {state.as_number}, this file says {leaf.as_number}: correct one of them"
                yield Problem(text, path=path)


def _leaf_path(fabric: Fabric, name: str) -> str:
    return next((f"racks.{rack}.leaves.{name}" for rack, r in fabric.racks.items() if name in r.leaves), "")
