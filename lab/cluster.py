"""Objects of the cluster as a fresh Calico install has them: nodes, blocks, pools, accounts. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_interface, ip_network

from lab.calico import NODE_STATUSES, V1, V3_GROUP, CalicoApi, Object
from lab.plan import Node, Plan
from lab.translation import to_v3
from leafrack.fabric.names import IPV4_ANNOTATION, IPV6_ANNOTATION
from tools.catalog import CALICO

NAMESPACE = "kube-system"
CALICO_NODE = "calico-node"
CALICO_NODE_USER = f"system:serviceaccount:{NAMESPACE}:{CALICO_NODE}"
_ADDRESS_ANNOTATIONS = {4: IPV4_ANNOTATION, 6: IPV6_ANNOTATION}


def objects(plan: Plan, api: CalicoApi = CalicoApi.V1) -> list[Object]:
    """Everything but CRDs and the deployer's RBAC, in an order in which it can be made."""
    found = [
        _core("Namespace", NAMESPACE),
        {**_core("ServiceAccount", CALICO_NODE), "metadata": {"name": CALICO_NODE, "namespace": NAMESPACE}},
        *_calico_node_role(api.groups),
        _calico(
            "ClusterInformation",
            "default",
            {"datastoreReady": True, "calicoVersion": f"v{CALICO}", "clusterType": "k8s,bgp"},
        ),
        # As calico-node's startup makes it: ensureDefaultBGPConfigExists in node/pkg/lifecycle/startup.
        _calico("BGPConfiguration", "default", {}),
        *_pools(plan),
        *map(_node, plan.nodes),
        *(_affinity(node.name, block) for node in plan.nodes for block in node.blocks),
    ]
    return [to_v3(each) for each in found] if api is CalicoApi.V3 else found


def node_objects(node: Node, *, native: bool) -> list[Object]:
    """What a node that joins brings with it; ``native`` where Calico stores its resources as v3."""
    found = [_node(node), *(_affinity(node.name, block) for block in node.blocks)]
    return [to_v3(each) for each in found] if native else found


def _core(kind: str, name: str) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


def _calico(kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": V1, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _node(node: Node) -> Object:
    annotations = {_ADDRESS_ANNOTATIONS[ip_interface(address).version]: address for address in node.addresses}
    metadata = {
        "name": node.name,
        "labels": {"kubernetes.io/hostname": node.name, **dict(node.labels)},
        "annotations": annotations,
    }
    spec = {"podCIDR": node.blocks[0], "podCIDRs": list(node.blocks)} if node.blocks else {}
    # As a kubelet registers it; here is none, and so nobody who takes it back.
    status = {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "of the lab"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}


def _affinity(node: str, block: str) -> Object:
    """A block's owner; confd finds it by these labels (libcalico-go/lib/backend/model/block_affinity.go)."""
    digest = hashlib.sha3_256(node.encode()).digest()
    dashed = block.translate(str.maketrans(".:/", "---"))
    affinity = _calico(
        "BlockAffinity",
        f"{node}-{dashed}",
        {"cidr": block, "node": node, "state": "confirmed", "deleted": "false", "type": "host"},
    )
    affinity["metadata"]["labels"] = {
        "projectcalico.org/hostname-hash": base64.b32encode(digest).decode().rstrip("="),
        "projectcalico.org/affinity-type": "host",
        "projectcalico.org/ip-version": str(ip_network(block).version),
    }
    return affinity


def _pools(plan: Plan) -> list[Object]:
    """A pool without encapsulation for each pod network, named as an install names them."""
    pools: list[Object] = []
    seen: Counter[int] = Counter()
    for cidr in plan.pod_cidrs:
        network = ip_network(cidr)
        seen[network.version] += 1
        suffix = f"-{seen[network.version]}" if seen[network.version] > 1 else ""
        spec = {
            "cidr": cidr,
            "blockSize": max(26 if network.version == 4 else 122, network.prefixlen),
            "ipipMode": "Never",
            "vxlanMode": "Never",
            "natOutgoing": True,
            "nodeSelector": "all()",
            "allowedUses": ["Workload", "Tunnel"],
        }
        pools.append(_calico("IPPool", f"default-ipv{network.version}-ippool{suffix}", spec))
    return pools


def _calico_node_role(groups: Sequence[str]) -> list[Object]:
    """What confd and the status reporter may do: the part that they use of Calico's manifest, calico.yaml."""
    read = ["get", "list", "watch"]
    watched = ["bgppeers", "bgpfilters", "bgpconfigurations", "ippools", "ipreservations", "ipamblocks",
               "felixconfigurations", "clusterinformations", "hostendpoints", "blockaffinities",
               NODE_STATUSES, "tiers", "networksets", "globalnetworksets"]  # fmt: skip
    # The place of its own that v3 has for a status is the operator's rule, of all installs with native v3.
    statuses = [NODE_STATUSES, *([f"{NODE_STATUSES}/status"] if V3_GROUP in groups else [])]
    rules = [
        {
            "apiGroups": [""],
            "resources": ["nodes", "namespaces", "pods", "services", "endpoints"],
            "verbs": read,
        },
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        {"apiGroups": [*groups], "resources": watched, "verbs": read},
        {"apiGroups": [*groups], "resources": statuses, "verbs": ["update"]},
        {
            "apiGroups": [*groups],
            "resources": ["bgpconfigurations", "bgppeers"],
            "verbs": ["create", "update"],
        },
    ]
    api = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": {"name": CALICO_NODE}, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": CALICO_NODE},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": CALICO_NODE},
            "subjects": [{"kind": "ServiceAccount", "name": CALICO_NODE, "namespace": NAMESPACE}],
        },
    ]
