"""A leaf rack: its labels, its peers, its leaves' side, its route reflectors and its AS number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components import calico
from components.access import Access
from components.gate import annotate, field_manager, gate
from components.leaf_switch import LeafSwitch, LeafSwitchArgs
from config import Fabric, Rack, names
from steps.annotate import Annotation
from verify import expected
from verify.gate import Guarded
from verify.model import Phase


@dataclass(frozen=True, kw_only=True)
class LeafRackArgs:
    """A rack of a declared fabric."""

    fabric: Fabric
    rack: str
    access: Access
    password: pulumi.Input[str] | None = field(default=None, repr=False)
    """TCP MD5 password of the sessions between the rack's reflectors and its leaves (RFC 2385)."""
    after: Sequence[pulumi.Resource] = ()
    """What has to stand before the rack is connected: the gate of the racks of an earlier wave."""
    password_secret: Sequence[pulumi.Resource] = ()
    """What makes that password readable for calico-node: see ``components.passwords``."""

    @property
    def declared(self) -> Rack:
        """The rack as the fabric file has it."""
        return self.fabric.racks[self.rack]


class LeafRack(pulumi.ComponentResource):
    """A rack on route reflectors, built in three phases so that nothing is lost on the way.

    Pulumi type ``leafrack:index:LeafRack``. Making it connects the rack: labels (NodePatch), the leaves' neighbours
    (LeafSwitch), the BGPPeers towards them. :meth:`reflect` then adds the BGPPeer between nodes and reflectors and
    turns one reflector after the other into one, by its cluster ID, and :meth:`renumber` gives the rack its own AS. In
    between belong a gate and, before the last, the mesh's end: ``Fabric`` does that for several racks; a program with
    one rack calls them itself.
    """

    def __init__(self, name: str, args: LeafRackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Connect the rack; ``connected`` holds what the next phase has to wait for."""
        super().__init__("leafrack:index:LeafRack", name, None, opts)
        self._args = args
        self._labels = [self._node(node) for node in args.declared.nodes]
        self._leaves = {
            leaf: LeafSwitch(
                leaf,
                LeafSwitchArgs(
                    fabric=args.fabric,
                    rack=args.rack,
                    leaf=leaf,
                    access=args.access,
                    password=args.password,
                    after=args.after,
                ),
                pulumi.ResourceOptions(parent=self),
            )
            for leaf in args.declared.leaves
        }
        self.connected: tuple[pulumi.Resource, ...] = tuple(self._leaf_peers())
        self.register_outputs({})

    def reflect(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Peer nodes and reflectors, then give these their cluster IDs, each once the one before is seen whole.

        The peers come after the gate of the leaf sessions, so that on the way back the mesh is seen in their place
        before the leaves, by which packets go in between, are given up.


        The cluster ID of a reflector is its own (IPv4, or lowest 32 bits of its IPv6) address: with an ID for each,
        a member that has lost one of its sessions is still reflected to all (RFC 4456 §7).
        """
        args = self._args
        reflectors = args.declared.reflectors
        before = [self._back_in_the_mesh(next(iter(reflectors)), after=[self._node_peer(after)])]
        following = dict(zip(reflectors, list(reflectors)[1:], strict=False))
        for node, addresses in reflectors.items():
            step = annotate(
                f"{node}-cluster-id",
                Annotation(
                    key=names.CLUSTER_ID_ANNOTATION,
                    values={node: names.cluster_id(addresses)},
                    manager=field_manager("cluster-id"),
                    cluster=args.access.cluster,
                ),
                parent=self,
                after=before,
            )
            guarded = Guarded(
                name=f"reflector {node}",
                forward=expected.of_reflector(args.fabric, args.rack, node, Phase.REFLECTED, whole=True),
                back=expected.mesh(args.fabric, [args.rack], of=following[node]) if node in following else (),
                endpoints=expected.endpoints(args.fabric, [args.rack]),
                cluster=args.access.cluster,
            )
            before = [gate(node, guarded, args.access, parent=self, after=[step])]
        return tuple(before)

    def renumber(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Give the rack's nodes, and their neighbours on the leaves, the rack's own AS; if it differs, they reset."""
        args = self._args
        # Leaves first: BIRD waits five seconds after the leaf has closed a session, and when its own AS changes within
        # them it starts afresh. The other way round it is refused (Bad Peer AS) and waits longer each time.
        leaves = [resource for leaf in self._leaves.values() for resource in leaf.renumber(after)]
        nodes = annotate(
            f"{args.rack}-as-number",
            Annotation(
                key=names.AS_NUMBER_ANNOTATION,
                values=dict.fromkeys(args.declared.nodes, str(args.fabric.rack_as(args.rack))),
                manager=field_manager("as-number"),
                cluster=args.access.cluster,
            ),
            parent=self,
            after=leaves,
        )
        guarded = Guarded(
            name=f"rack {args.rack}",
            forward=expected.sessions(args.fabric, Phase.FINAL, [args.rack]),
            endpoints=expected.endpoints(args.fabric, [args.rack]),
            cluster=args.access.cluster,
        )
        return (gate(args.rack, guarded, args.access, parent=self, after=[nodes]),)

    def _back_in_the_mesh(self, first: str, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        # Only for the way back: losing its cluster ID resets the sessions of the first reflector, and losing the
        # BGPPeer in the same moment would leave none of them up.
        args = self._args
        guarded = Guarded(
            name=f"rack {args.rack}",
            forward=(),
            back=expected.mesh(args.fabric, [args.rack], of=first),
            endpoints=(),
            cluster=args.access.cluster,
        )
        return gate(f"{args.rack}-mesh", guarded, args.access, parent=self, after=after)

    def _node(self, node: str) -> pulumi.Resource:
        rack = self._args.rack
        labels = {names.RACK_LABEL: rack}
        if node in self._args.declared.reflectors:
            labels[names.REFLECTOR_LABEL] = rack
        return calico.node_labels(node, labels, resource=f"{node}-labels", parent=self, after=self._args.after)

    def _leaf_peers(self) -> list[pulumi.Resource]:
        args = self._args
        return [
            calico.bgp_peer(
                peer := names.leaf_peer(args.rack, name, leaf, address.version),
                args.fabric.name,
                {
                    "nodeSelector": names.reflector_selector(args.rack),
                    "peerIP": str(address),
                    "asNumber": leaf.as_number,
                    # Without it the leaf routes every pod block through the reflectors.
                    "nextHopMode": "Keep",
                    **self._password(),
                },
                resource=peer,
                parent=self,
                after=[*args.password_secret, *self._labels, *self._leaves[name].neighbours],
            )
            for name, leaf in args.declared.leaves.items()
            for address in leaf.address
        ]

    def _password(self) -> dict[str, Any]:
        args = self._args
        if args.password is None:
            return {}
        return {"password": {"secretKeyRef": {"name": names.PASSWORD_SECRET, "key": args.rack}}}

    def _node_peer(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        args = self._args
        return calico.bgp_peer(
            peer := names.node_peer(args.rack),
            args.fabric.name,
            {
                "nodeSelector": names.rack_selector(args.rack),
                "peerSelector": names.reflector_selector(args.rack),
            },
            resource=peer,
            parent=self,
            after=[*self._labels, *after],
        )
