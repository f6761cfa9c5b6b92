"""A fabric in the lab configured by hand: Calico's objects with kubectl, FRR's lines on the leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from components import filters
from lab.plan import plan_of
from leafrack.fabric import Fabric, Interconnect, names
from leafrack.fabric.leaf import path_list
from leafrack.platforms.paths import expression
from tests.proof.real import Lab

APPLY = 'given=$(mktemp) && cat >"$given" && vtysh -f "$given"; code=$?; rm -f "$given"; exit $code'
"""All labs of a machine share its /tmp."""


def configure_by_hand(lab: Lab, fabric: Fabric, **leaves: Any) -> None:
    """What the program would leave behind for a fabric, and for those that it refuses.

    ``leaves`` are fields of ``proof.model.End`` in which the leaves' side differs from that: ``as_override=False``.
    """
    objects: list[dict[str, Any]] = []
    for rack, declared in fabric.racks.items():
        for node, addresses in declared.nodes.items():
            reflects = node in fabric.reflectors_of(rack)
            labels = {names.RACK_LABEL: rack, names.REFLECTOR_LABEL: rack if reflects else None}
            notes = {
                names.AS_NUMBER_ANNOTATION: str(fabric.rack_as(rack)),
                names.CLUSTER_ID_ANNOTATION: names.cluster_id(addresses) if reflects else None,
            }
            patch = {"metadata": {"labels": labels, "annotations": notes}}
            lab.kubectl("patch", "node", node, "--patch", json.dumps(patch))
        objects += [_object("BGPFilter", names.leaf_filter(rack), filters.spec(fabric)), *_peers(fabric, rack)]
        for leaf in declared.leaves:
            lines = _leaf_lines(fabric, rack, leaf, **leaves)
            lab.run(leaf, "sh", "-c", APPLY, stdin="\n".join(lines))
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}))
    spec = {
        "nodeToNodeMeshEnabled": fabric.cluster_mesh,
        "asNumber": fabric.as_number,
        "serviceClusterIPs": [{"cidr": str(cidr)} for cidr in fabric.service_cluster_ips],
    }
    what = ["bgpconfigurations.crd.projectcalico.org", "default", "--type", "merge"]
    lab.kubectl("patch", *what, "--patch", json.dumps({"spec": spec}))


def clear(lab: Lab) -> None:
    """No BGPPeer, no filter and no neighbour of a leaf that is a node, whoever configured them."""
    for kind in ("bgppeers", "bgpfilters"):
        lab.kubectl("delete", f"{kind}.crd.projectcalico.org", "--all")
    switches = {switch.name: switch for switch in plan_of(lab.fabric).switches}
    for rack in lab.fabric.racks.values():
        for leaf in rack.leaves:
            lines = [f"router bgp {switches[leaf].as_number}"]
            lines += [f" no neighbor {address}" for addresses in rack.nodes.values() for address in addresses]
            lab.run(leaf, "sh", "-c", APPLY, stdin="\n".join(lines) + "\n")


def _peers(fabric: Fabric, rack: str) -> Iterator[dict[str, Any]]:
    declared, how = fabric.racks[rack], fabric.rack_interconnect(rack)
    whole, reflectors = names.rack_selector(fabric, rack), names.reflector_selector(rack)
    if how is Interconnect.ROUTE_REFLECTORS:
        yield _peer(f"{rack}-inside", {"nodeSelector": whole, "peerSelector": reflectors})
    elif how is Interconnect.FULL_MESH and not fabric.cluster_mesh:
        yield _peer(f"{rack}-inside", {"nodeSelector": whole, "peerSelector": whole})
    if fabric.reflector_mesh and fabric.reflectors_of(rack):
        others = ", ".join(f"'{other}'" for other in fabric.racks if other != rack)
        far = {"peerSelector": f"{names.REFLECTOR_LABEL} in {{{others}}}", "nextHopMode": "Keep"}
        yield _peer(f"{rack}-outside", {"nodeSelector": reflectors, **far})
    for name, leaf in declared.leaves.items():
        for address in leaf.address:
            spec = {
                "nodeSelector": reflectors if how is Interconnect.ROUTE_REFLECTORS else whole,
                "peerIP": str(address),
                "asNumber": leaf.as_number,
                "nextHopMode": "Keep",
                "filters": [names.leaf_filter(rack)],
            }
            if fabric.ttl_security:
                spec["ttlSecurity"] = 1
            if declared.local_as_number is not None:
                spec["localASNumber"] = declared.local_as_number
            yield _peer(f"{rack}-{name}-{address.version}", spec)


def _peer(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return _object("BGPPeer", name, spec)


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _leaf_lines(fabric: Fabric, rack: str, name: str, **changed: Any) -> list[str]:
    """FRR's configuration of a leaf for its rack; ``changed`` as in ``configure_by_hand``."""
    leaf, lines = fabric.racks[rack].leaves[name], []
    ranges = (*fabric.pod_cidrs, *fabric.service_cluster_ips)
    given = {
        "sends": ranges,
        "as_override": fabric.overrides_as(rack, name),
        "remove_private_as": fabric.racks[rack].local_as_number is not None,
        **changed,
    }
    for number, one in enumerate(ranges, start=1):
        family = "ip" if one.version == 4 else "ipv6"
        lines.append(f"{family} prefix-list PODS{one.version} seq {number} permit {one} le {one.max_prefixlen}")
    paths = path_list(fabric, rack, name)
    assert paths is not None
    # Named by what it holds: it stays on the leaf, and another fabric of the same lab has another.
    taken = f"OWN-{'-'.join(map(str, paths.as_numbers))}"
    lines.append(f"bgp as-path access-list {taken} permit {expression(paths.as_numbers)}")
    lines.append(f"router bgp {leaf.as_number}")
    for addresses in fabric.border(rack).values():
        for address in addresses:
            if address.version not in fabric.versions or leaf.address.of(address.version) is None:
                continue
            peer, listed = f"neighbor {address}", f"prefix-list PODS{address.version}"
            lines += [
                f" {peer} remote-as {fabric.leaf_side_as(rack)}",
                *([f" {peer} ttl-security hops 1"] if fabric.ttl_security else []),
                f" address-family ipv{address.version} unicast",
                f"  {peer} activate",
                f"  {peer} {listed} in",
                # In one AS with its leaf, which leafrack refuses, a node sends an empty path.
                *([f"  {peer} filter-list {taken} in"] if fabric.leaf_side_as(rack) != leaf.as_number else []),
                *([f"  {peer} {listed} out"] if given["sends"] else []),
                *([f"  {peer} as-override"] if given["as_override"] else []),
                *([f"  {peer} remove-private-AS all replace-AS"] if given["remove_private_as"] else []),
                " exit-address-family",
            ]
    return [*lines, "exit", ""]
