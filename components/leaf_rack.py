"""A leaf rack: its labels, its peers, its leaves' side, its route reflectors and its AS number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from leafrack.fabric import Interconnect, names
from leafrack.preflight.drift import Drift
from leafrack.sessions import expected
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from . import calico
from .again import Again, Watch
from .gate import gate, step
from .leaf_switch import LeafSwitch, LeafSwitchArgs
from .passwords import password_step
from .rack_args import LeafRackArgs


class LeafRack(pulumi.ComponentResource):
    """A rack, built in three phases so that nothing is lost on the way.

    Pulumi type ``leafrack:index:LeafRack``. Making it connects the rack: labels, the leaves' neighbours (LeafSwitch),
    the BGPPeers towards them. :meth:`link` gives the nodes sessions with each other in the place of the mesh: over
    route reflectors, which it makes one after the other by their cluster IDs, or from every node to every other; top
    of rack they need none. :meth:`finish` gives the rack its own AS. In between belong a gate and, before the last,
    the mesh's end: ``Fabric`` does that for several racks; a program with one rack calls them itself.
    """

    def __init__(self, name: str, args: LeafRackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Connect the rack; ``connected`` holds what the next phase has to wait for."""
        super().__init__("leafrack:index:LeafRack", name, None, opts)
        self._args = args
        self._how = args.fabric.rack_interconnect(args.rack)
        self._watch = Watch(args.drift or Drift(args.fabric), [args.rack], self)
        self._watch.note(self._watch.drift.of_others(args.rack))
        self._labels = [self._node(node) for node in args.declared.nodes]
        self._password = password_step(args, watch=self._watch, parent=self)
        self._leaves = {
            leaf: LeafSwitch(
                leaf,
                LeafSwitchArgs(
                    fabric=args.fabric,
                    rack=args.rack,
                    leaf=leaf,
                    access=args.access,
                    password=args.password,
                    # The nodes' end of a password first: a leaf that had the new one alone closed a session twice.
                    after=[*args.after, *self._password],
                    watch=self._watch,
                ),
                pulumi.ResourceOptions(parent=self),
            )
            for leaf in args.declared.leaves
        }
        self._filters = self._leaf_filters()
        self._reflectors = {node: self._reflector(node) for node in args.fabric.reflectors_of(args.rack)}
        self._peers = self._leaf_peers()
        self.connected: tuple[pulumi.Resource, ...] = (*self._labels, *self._peers.values())
        self.texts: tuple[pulumi.Input[str], ...] = tuple(text for leaf in self._leaves.values() for text in leaf.texts)
        """Configuration of the leaves' neighbours."""
        self.register_outputs({})

    @property
    def drifted(self) -> bool:
        """Whether anything of the rack has differed: then a gate sees its sessions again."""
        return self._watch.drifted

    def link(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Give the nodes of the rack sessions with each other; ``after`` is the gate of the sessions to the leaves.

        The peers come after that gate, so that on the way back the mesh is seen in their place before the leaves, by
        which packets go in between, are given up.
        """
        rack = self._args.rack
        whole, reflectors = names.rack_selector(rack), names.reflector_selector(rack)
        if self._how is Interconnect.ROUTE_REFLECTORS:
            return self._reflect([self._narrowed(self._peer(names.node_peer(rack), whole, reflectors, after))])
        if self._how is Interconnect.FULL_MESH and not self._args.fabric.cluster_mesh:
            return (self._peer(names.mesh_peer(rack), whole, whole, after),)
        return tuple(after)

    def link_racks(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Peer the rack's reflectors with those of the other racks (``reflectorMesh``), before they become reflectors.

        Their cluster ID ends their part in the mesh, which is what brings the racks each other's pods until then. So
        the peer is also with the other nodes of those racks, until the mesh is off and :meth:`finish` labels them.
        """
        fabric, rack = self._args.fabric, self._args.rack
        others = [other for other in fabric.racks if other != rack and fabric.reflectors_of(other)]
        if not others or not self._reflectors:
            return tuple(after)
        near, far = names.reflector_selector(rack), names.other_reflectors_selector(others)
        # The next hop stays the node that a pod is on: between two AS numbers it would be the reflector.
        return (self._peer(names.reflector_mesh_peer(rack), near, far, after, self._args.keep_next_hop),)

    def finish(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Give the rack its own AS, as its leaves and its nodes have it; where that is another, sessions reset.

        With ``localASNumber`` only the sessions to the leaves have it: those inside the rack do not reset.
        """
        args, fabric = self._args, self._args.fabric
        after = self._reflected(after)
        # Leaves first: BIRD waits five seconds after the leaf has closed a session, and when its own AS changes within
        # them it starts afresh. The other way round it is refused (Bad Peer AS) and waits longer each time.
        before: list[pulumi.Resource] = [leaf.finish(after) for leaf in self._leaves.values()]
        before = [
            step(
                f"{args.rack}-as-number",
                args.access,
                target=Target.NODE_ANNOTATION,
                key=names.AS_NUMBER_ANNOTATION,
                values=dict.fromkeys(args.declared.nodes, str(fabric.rack_as(args.rack))),
                part="as-number",
                watch=self._watch,
                parent=self,
                after=[*before, *self._labels],
            )
        ]
        # Also where there is none: on the way from one to none the field goes before the gate, not after it.
        local = args.declared.local_as_number
        before += [
            step(
                f"{args.rack}-local-as-number",
                args.access,
                target=Target.PEER_SPEC,
                key="localASNumber",
                values={} if local is None else dict.fromkeys(self._peers, local),
                part="local-as-number",
                watch=self._watch,
                parent=self,
                after=[*before, *self._peers.values()],
            )
        ]
        phase = Phase.CONNECTED if fabric.cluster_mesh else Phase.FINAL
        forward = expected.sessions(fabric, phase, [args.rack])
        again = Again.where(self.drifted)
        return (gate(args.rack, fabric, args.access, forward=forward, again=again, parent=self, after=before),)

    def _reflected(self, after: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        """Let the reflectors of other racks leave the rack's other nodes alone, which its own ones reflect to."""
        args = self._args
        if not args.fabric.reflector_mesh or not self._reflectors or not args.declared.members:
            return after
        return [
            step(
                f"{args.rack}-reflected",
                args.access,
                target=Target.NODE_LABEL,
                key=names.REFLECTED_LABEL,
                values=dict.fromkeys(args.declared.members, args.rack),
                part="reflected",
                watch=self._watch,
                parent=self,
                after=[*after, *self._labels],
            )
        ]

    def _narrowed(self, peer: pulumi.Resource) -> pulumi.Resource:
        """Let the peer go in two steps on the way back: each of its sessions gives way to one of the mesh, in seconds.

        Were they to go all at once, a member would have no session to any reflector for that time, and so the leaf no
        route to its pods. So first those of all reflectors but one go, and are seen in the mesh.
        """
        args, reflectors = self._args, self._args.declared.reflectors
        first, *others = reflectors
        if not others:
            return peer
        mesh = expected.mesh(args.fabric, [args.rack])
        seen = gate(
            f"{args.rack}-narrowed",
            args.fabric,
            args.access,
            back=[session for session in mesh if {session.near.name, session.far.name} & set(others)],
            parent=self,
            after=[peer],
        )
        name, selector = names.node_peer(args.rack), names.reflector_selector(args.rack)
        return step(
            f"{args.rack}-narrow",
            args.access,
            target=Target.PEER_SPEC,
            key="peerSelector",
            values={name: selector},
            leave={name: f"{selector} && {names.one_reflector_selector(reflectors[first])}"},
            part="narrow",
            watch=self._watch,
            parent=self,
            after=[seen],
        )

    def _reflect(self, before: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Make one reflector after the other, each once the one before is seen whole.

        The cluster ID of a reflector is its own (IPv4, or lowest 32 bits of its IPv6) address: with an ID for each,
        a member that has lost one of its sessions is still reflected to all (RFC 4456 §7).
        """
        args = self._args
        for node, label in self._reflectors.items():
            # Only for the way back: without its cluster ID a node resets its sessions. They are seen again before it
            # loses its label, and with that its leaf and the nodes that it reflected to.
            released = gate(
                f"{node}-released",
                args.fabric,
                args.access,
                back=expected.of_former_reflector(args.fabric, args.rack, node),
                parent=self,
                after=[label, *before],
            )
            made = step(
                f"{node}-cluster-id",
                args.access,
                target=Target.NODE_ANNOTATION,
                key=names.CLUSTER_ID_ANNOTATION,
                values={node: names.cluster_id(args.declared.reflectors[node])},
                part="cluster-id",
                watch=self._watch,
                parent=self,
                after=[released],
            )
            forward = expected.of_reflector(args.fabric, args.rack, node, Phase.LINKED)
            before = [gate(node, args.fabric, args.access, forward=forward, parent=self, after=[made])]
        return tuple(before)

    def _node(self, node: str) -> pulumi.Resource:
        labels = {names.RACK_LABEL: self._args.rack}
        if node in self._args.fabric.reflectors_of(self._args.rack):
            labels[names.REFLECTOR_LABEL] = self._args.rack
            labels[names.CLUSTER_ID_LABEL] = names.cluster_id(self._args.declared.reflectors[node])
        return calico.node_labels(
            node, labels, resource=f"{node}-labels", watch=self._watch, parent=self, after=self._args.after
        )

    def _reflector(self, node: str) -> pulumi.Resource:
        # Beside the NodePatch: a node that is no reflector any more keeps the label until it has no cluster ID.
        args = self._args
        neighbours = [each for leaf in self._leaves.values() for each in leaf.neighbours[node]]
        return step(
            f"{node}-reflector",
            args.access,
            target=Target.NODE_LABEL,
            key=names.REFLECTOR_LABEL,
            values={node: args.rack},
            part="reflector",
            watch=self._watch,
            parent=self,
            after=[*self._labels, *neighbours],
        )

    def _leaf_filters(self) -> dict[str, pulumi.Resource]:
        """BGPFilters of the BGPPeers to the leaves by name, where Calico has them."""
        args, name = self._args, names.leaf_filter(self._args.rack)
        if not args.observed.calico.filters:
            return {}
        return {name: calico.bgp_filter(name, args.fabric, watch=self._watch, parent=self, after=args.after)}

    def _leaf_peers(self) -> dict[str, pulumi.Resource]:
        """BGPPeers to the leaves by name."""
        args = self._args
        return {
            (peer := names.leaf_peer(args.fabric, args.rack, name, address.version)): calico.bgp_peer(
                peer,
                args.fabric.name,
                args.leaf_peer(peer, leaf, address, list(self._filters)),
                annotations={names.NEXT_HOP_ANNOTATION: "as-found"} if peer in args.observed.found_peers else {},
                by_steps=[] if args.declared.local_as_number is None else ["localASNumber"],
                resource=peer,
                watch=self._watch,
                parent=self,
                after=[
                    *self._password,
                    *self._filters.values(),
                    *self._labels,
                    *self._reflectors.values(),
                    *(each for found in self._leaves[name].neighbours.values() for each in found),
                ],
            )
            for name, leaf in args.declared.leaves.items()
            for address in leaf.address
        }

    def _peer(
        self,
        name: str,
        nodes: str,
        peers: str,
        after: Sequence[pulumi.Resource],
        more: Mapping[str, Any] | None = None,
    ) -> pulumi.Resource:
        """BGPPeer between nodes of the cluster, both given by selectors."""
        return calico.bgp_peer(
            name,
            self._args.fabric.name,
            {"nodeSelector": nodes, "peerSelector": peers, **(more or {})},
            resource=name,
            watch=self._watch,
            parent=self,
            after=[*self._labels, *after],
        )
