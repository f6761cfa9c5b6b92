"""A leaf rack: its labels, its peers, its leaves' side, its route reflectors and its AS number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from leafrack.commands.gate import HOLD, SETTLE
from leafrack.fabric import Interconnect, names
from leafrack.preflight.drift import Comparison
from leafrack.sessions import by_label, expected
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from . import calico
from .calico import Peer
from .gate import Gate, Step, gate, step
from .leaf_switch import LeafSwitch, LeafSwitchArgs
from .passwords import password_step
from .rack_args import LeafRackArgs
from .reflectors import cluster_ids, reflectors
from .rerun import Rerun, Watch
from .scope import Resources, Scope
from .waves import Stand


class LeafRack(pulumi.ComponentResource):
    """A rack, built in three phases so that nothing is lost on the way.

    Pulumi type ``leafrack:index:LeafRack``. Making it connects the rack: labels, the leaves' neighbours (LeafSwitch),
    the BGPPeers towards them. :meth:`link` gives the nodes sessions over route reflectors in the place of the mesh, and
    makes those one after the other by their cluster IDs. :meth:`mesh` gives the nodes of a rack in full mesh sessions
    with each other, once Calico's mesh is off. :meth:`finish` gives the rack its own AS. In between belong gates:
    ``Fabric`` does that for several racks; a program with one rack calls them itself.
    """

    def __init__(self, name: str, args: LeafRackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Connect the rack; ``connected`` holds what the next phase has to wait for."""
        super().__init__("leafrack:index:LeafRack", name, None, opts)
        self._args = args
        self._how = args.fabric.rack_interconnect(args.rack)
        self._watch = Watch(args.comparison or Comparison(args.fabric), [args.rack], self)
        self._scope = Scope(parent=self, fabric=args.fabric, access=args.access, watch=self._watch)
        self._watch.note(self._watch.comparison.of_others(args.rack))
        self._labels = [self._node(node) for node in args.declared.nodes]
        self._password = password_step(self._scope, args)
        self._leaves: dict[str, LeafSwitch] = {}
        for leaf in args.declared.leaves:
            self._leaves[leaf] = self._leaf(leaf)
        self._filters = self._leaf_filters()
        self._reflector_labels = self._reflectors()
        self._peers = self._leaf_peers()
        self.connected: tuple[pulumi.Resource, ...] = (*self._labels, *self._peers.values())
        self.texts: tuple[pulumi.Input[str], ...] = tuple(text for leaf in self._leaves.values() for text in leaf.texts)
        """Configuration of the leaves' neighbours."""
        self.register_outputs({})

    @property
    def drifted(self) -> bool:
        """Whether anything of the rack has drifted: then a gate sees its sessions again."""
        return self._watch.drifted or any(leaf.watch.drifted for leaf in self._leaves.values())

    @property
    def parts(self) -> Resources:
        """What later phases of the rack depend on."""
        leaves = (leaf.sessions for leaf in self._leaves.values())
        return (*self.connected, *self._filters.values(), *self._reflector_labels, *leaves)

    def stands(self, stand: Stand) -> None:
        """Hear of what may be named in the place of the parts."""
        self._labels = list(stand(self._labels))
        self._peers = dict(zip(self._peers, stand(list(self._peers.values())), strict=True))
        self._reflector_labels = stand(self._reflector_labels)
        self.connected = tuple(stand(self.connected))
        for leaf in self._leaves.values():
            (leaf.sessions,) = stand([leaf.sessions])

    def link(self, depends_on: Resources) -> Resources:
        """Give the nodes of the rack sessions with each other; ``depends_on`` is the gate of those to the leaves.

        The peers come after that gate. So on destroy the mesh is seen in their place before the leaf sessions, which
        carry the traffic meanwhile, are removed. Once that is done, leaves forget who is declared no more.
        """
        linked = self._link(depends_on)
        retired: list[pulumi.Resource] = []
        for leaf in self._leaves.values():
            retired.append(leaf.retire([*linked, *self.connected, *(retired if self._one_by_one else ())]))
        # What is made after something says it too. Otherwise each wave handed on what all before it had waited for,
        # once for each of its racks.
        said = linked is depends_on and any(not leaf.by_hand for leaf in self._leaves.values())
        return [*(() if said else linked), *retired]

    @property
    def _one_by_one(self) -> bool:
        """Whether the leaves change one after the other.

        A session that moves between a neighbour and a range breaks off. Meanwhile the node has the other leaf, which
        has its turn once the sessions of the first are back: a platform waits for them before its job ends.
        """
        return self._how is not Interconnect.ROUTE_REFLECTORS

    def _link(self, depends_on: Resources) -> Resources:
        rack = self._args.rack
        if self._how is Interconnect.ROUTE_REFLECTORS:
            nodes, reflecting = names.rack_selector(self._args.fabric, rack), names.reflector_selector(rack)
            peer = self._peer(names.node_peer(rack), nodes, reflecting, depends_on)
            return [reflectors(self._scope, rack, [peer, *self._reflector_labels])]
        return depends_on

    def mesh(self, depends_on: Resources) -> Resources:
        """Give the nodes of a rack in full mesh sessions with each other; ``depends_on`` is the end of Calico's mesh.

        Not before, and gone again before that mesh comes back: two BIRD protocols for one neighbour do not survive a
        reset (:mod:`leafrack.commands.reflectors`). In between the rack's leaves have the routes of every node.
        """
        if self._how is not Interconnect.FULL_MESH or self._args.fabric.cluster_mesh:
            return ()
        whole = names.rack_selector(self._args.fabric, self._args.rack)
        return [self._peer(names.mesh_peer(self._args.rack), whole, whole, depends_on)]

    def link_racks(self, depends_on: Resources) -> Resources:
        """Peer the rack's reflectors with those of the other racks (``reflectorMesh``), before they become reflectors.

        Their cluster ID ends their part in the mesh, which is what brings the racks each other's pods until then. So
        the peer is also with the other nodes of those racks, until the mesh is off and :meth:`finish` labels them.
        """
        fabric, rack = self._args.fabric, self._args.rack
        others = [other for other in fabric.racks if other != rack and fabric.reflectors_of(other)]
        if not others or not fabric.reflectors_of(rack):
            return depends_on
        near, far = names.reflector_selector(rack), names.other_reflectors_selector(others)
        # The next hop stays the node that a pod is on: between two AS numbers it would be the reflector.
        return [self._peer(names.reflector_mesh_peer(rack), near, far, depends_on, self._args.keep_next_hop)]

    def finish(self, depends_on: Resources) -> Resources:
        """Give the rack its own AS, as its leaves and its nodes have it; where that is another, sessions reset.

        With ``localASNumber`` only the sessions to the leaves have it: those inside the rack do not reset.
        """
        args, fabric = self._args, self._args.fabric
        reflected = self._reflected(depends_on)
        # Leaves first: BIRD waits five seconds after the leaf has closed a session, and when its own AS changes within
        # them it starts afresh. The other way round it is refused (Bad Peer AS) and waits longer each time.
        at_leaves = [leaf.finish(reflected) for leaf in self._leaves.values()]
        at_nodes = step(
            self._scope,
            f"{args.rack}-as-number",
            Step(
                target=Target.NODE_ANNOTATION,
                key=names.AS_NUMBER_ANNOTATION,
                values=dict.fromkeys(args.declared.nodes, str(fabric.rack_as(args.rack))),
                part="as-number",
                # A rack that has become one by label alone gives up what its nodes had.
                forward=bool(args.declared.nodes),
                cluster_ids=cluster_ids(fabric, args.rack) if self._nodes_reset else {},
            ),
            # A leaf by hand has nothing to wait for.
            [*reflected, *at_leaves, *self._labels],
        )
        # Also where there is none: on the way from one to none the field goes before the gate, not after it.
        local = args.declared.local_as_number
        on_peers = step(
            self._scope,
            f"{args.rack}-local-as-number",
            Step(
                target=Target.PEER_SPEC,
                key="localASNumber",
                values={} if local is None else dict.fromkeys(self._peers, local),
                part="local-as-number",
                forward=local is not None,
            ),
            [at_nodes, *self._peers.values()],
        )
        phase = Phase.CONNECTED if fabric.cluster_mesh else Phase.FINISHED
        what = Gate(
            forward=expected.sessions(fabric, phase, [args.rack]),
            by_label=by_label.sessions(fabric, phase, [args.rack]),
            settle=SETTLE if self._resets else 0.0,
            hold=HOLD if self._resets else 0.0,
            rerun=Rerun.where(self.drifted),
            first=False,
        )
        return [gate(self._scope, f"{args.rack}-finished", what, [on_peers])]

    @property
    def _resets(self) -> bool:
        """Whether the rack's sessions reset when it takes its own AS."""
        return self._args.fabric.leaf_side_as(self._args.rack) != self._args.fabric.as_number

    @property
    def _nodes_reset(self) -> bool:
        """Whether those between its nodes do too: with ``localASNumber`` only those to the leaves."""
        return self._args.fabric.rack_as(self._args.rack) != self._args.fabric.as_number

    def _reflected(self, depends_on: Resources) -> Resources:
        """Let the reflectors of other racks leave the rack's other nodes alone, which its own ones reflect to."""
        args = self._args
        if not args.fabric.reflector_mesh or not args.fabric.reflectors_of(args.rack) or not args.declared.members:
            return depends_on
        what = Step(
            target=Target.NODE_LABEL,
            key=names.REFLECTED_LABEL,
            values=dict.fromkeys(args.declared.members, args.rack),
            part="reflected",
        )
        return [step(self._scope, f"{args.rack}-reflected", what, [*depends_on, *self._labels])]

    def _node(self, node: str) -> pulumi.Resource:
        labels = {names.RACK_LABEL: self._args.rack}
        if node in self._args.fabric.reflectors_of(self._args.rack):
            labels[names.REFLECTOR_LABEL] = self._args.rack
            labels[names.CLUSTER_ID_LABEL] = names.cluster_id(self._args.declared.reflectors[node])
        return calico.node_labels(self._scope, node, labels, self._args.depends_on)

    def _leaf(self, name: str) -> LeafSwitch:
        args = self._args
        before = [leaf.sessions for leaf in self._leaves.values()] if self._one_by_one else []
        return LeafSwitch(
            name,
            LeafSwitchArgs(
                fabric=args.fabric,
                rack=args.rack,
                leaf=name,
                access=args.access,
                password=args.password,
                # The nodes' end of a password first: a leaf that had the new one alone closed a session twice.
                depends_on=[*args.depends_on, *self._password, *before],
                comparison=args.comparison,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _reflectors(self) -> Resources:
        """The label of the reflectors, beside the NodePatch.

        A node that is no reflector any more keeps it until it has given up its cluster ID, and then loses it there.
        """
        args = self._args
        nodes = args.fabric.reflectors_of(args.rack)
        if not nodes:
            return ()
        what = Step(
            target=Target.NODE_LABEL,
            key=names.REFLECTOR_LABEL,
            values=dict.fromkeys(nodes, args.rack),
            part="reflector",
            keeps=True,
        )
        leaves = [leaf.sessions for leaf in self._leaves.values()]
        return [step(self._scope, f"{args.rack}-reflector-labels", what, [*self._labels, *leaves])]

    def _leaf_filters(self) -> dict[str, pulumi.Resource]:
        """BGPFilters of the BGPPeers to the leaves by name, where Calico has them."""
        args, name = self._args, names.leaf_filter(self._args.rack)
        if not args.observed.calico.filters:
            return {}
        return {name: calico.bgp_filter(self._scope, name, args.depends_on)}

    def _leaf_peers(self) -> dict[str, pulumi.Resource]:
        """BGPPeers to the leaves by name."""
        args = self._args
        # Not the step of the reflectors' label: their NodePatch, which stays longer than a peer, gives it too.
        before: Resources = [*self._password, *self._filters.values(), *self._labels]
        found: dict[str, pulumi.Resource] = {}
        for name, leaf in args.declared.leaves.items():
            for address in leaf.address:
                peer = names.leaf_peer(args.fabric, args.rack, name, address.version)
                what = Peer(
                    name=peer,
                    spec=args.leaf_peer(peer, leaf, address, list(self._filters)),
                    annotations=args.peer_annotations(peer, leaf),
                    by_steps=[] if args.declared.local_as_number is None else ["localASNumber"],
                )
                found[peer] = calico.bgp_peer(self._scope, what, [*before, self._leaves[name].sessions])
        return found

    def _peer(
        self, name: str, nodes: str, peers: str, depends_on: Resources, more: Mapping[str, Any] | None = None
    ) -> pulumi.Resource:
        """BGPPeer between nodes of the cluster, both given by selectors."""
        spec = {"nodeSelector": nodes, "peerSelector": peers, **(more or {})}
        return calico.bgp_peer(self._scope, Peer(name=name, spec=spec), [*self._labels, *depends_on])
