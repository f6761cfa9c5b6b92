"""The whole fabric: its racks, phase by phase, and the end of the node-to-node mesh."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from leafrack.commands.gate import SETTLE
from leafrack.fabric import Fabric as FabricFile
from leafrack.fabric import Interconnect
from leafrack.preflight.drift import Comparison
from leafrack.sessions import by_label, expected
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from . import calico
from .access import Access
from .gate import Gate, Step, gate, step
from .leaf_rack import LeafRack
from .outputs import outputs
from .rack_args import LeafRackArgs
from .rerun import Rerun, Watch
from .scope import Resources, Scope, field_manager
from .waves import Stand, Walk, Wave, at_once, one_by_one

Waves = Sequence[Sequence[str]]
_Phase = Generator[Wave, Stand, Resources]
"""Registers the waves of a phase; what the next phase has to wait for."""


@dataclass(frozen=True, kw_only=True)
class FabricArgs:
    """A declared fabric, how to reach it, and the TCP MD5 passwords of its racks (RFC 2385) by rack name."""

    declared: FabricFile
    access: Access
    passwords: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)
    comparison: Comparison | None = None
    """What was found of the world; without it nothing has drifted, and Calico is taken for one of 3.31."""


class Fabric(pulumi.ComponentResource):
    """A leaf-spine fabric, brought up in an order that never turns off what works too early.

    Pulumi type ``leafrack:index:Fabric``. Every rack is connected to its leaves while the mesh is still on; when all
    those sessions are seen, the nodes of each rack are linked, reflectors made one at a time; then the mesh goes off;
    then racks take their own AS numbers. A destroy walks the same way back. The Kubernetes provider is that of
    ``opts``.

    Outputs: ``leafrack``, see docs/outputs.md.
    """

    leafrack: pulumi.Output[Mapping[str, Any]]

    def __init__(self, name: str, args: FabricArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register everything; errors of the declaration were found before, see ``leafrack.fabric``."""
        self._begin(name, args, opts)
        at_once(self._walk(args))

    @staticmethod
    async def in_waves(name: str, args: FabricArgs, opts: pulumi.ResourceOptions | None = None) -> Fabric:
        """The same fabric, each wave registered when the one before it stands: for thousands of resources.

        For a program that awaits it (``pulumi.run``). Raises :class:`pulumi.RunError` where a wave fails: a program
        that went on would have Pulumi delete the racks that are not registered yet.
        """
        return await _InWaves(name, args, opts).built(args)

    def _begin(self, name: str, args: FabricArgs, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("leafrack:index:Fabric", name, None, opts)
        declared, comparison = args.declared, args.comparison or Comparison(args.declared)
        watch = Watch(comparison, declared.racks, self)
        watch.drifted = comparison.in_the_way
        self._scope = Scope(parent=self, fabric=declared, access=args.access, watch=watch)
        self._racks: dict[str, LeafRack] = {}
        # Not from_input: it makes an output of each value in it, and all of these are there.
        self.leafrack = pulumi.Output.all().apply(lambda _: outputs(declared))

    def _walk(self, args: FabricArgs) -> Walk:
        """All phases, wave by wave."""
        declared = args.declared
        waves = declared.in_waves()
        before = yield from self._connect(args, waves)
        if declared.reflector_mesh:
            before = yield from self._phase("link racks", waves, before, lambda rack: self._racks[rack].link_racks)
        before = yield from self._phase("link", waves, before, lambda rack: self._racks[rack].link)
        linked = gate(
            self._scope,
            "linked",
            Gate(
                forward=expected.sessions(declared, Phase.LINKED),
                back=expected.mesh(declared, reflectors=False),
                by_label=by_label.sessions(declared, Phase.LINKED),
                back_by_label=by_label.mesh(declared, reflectors=False),
                hold=0.0,
                remembers=True,
            ),
            before,
        )
        # A mesh is one AS: racks that had one of their own give it up before the mesh comes back.
        before = [linked]
        if declared.cluster_mesh:
            before = yield from self._phase("finish", waves, before, lambda rack: self._racks[rack].finish)
        switched_over = self._switch_over(before)
        if not declared.cluster_mesh:
            yield from self._phase("finish", waves, [switched_over], lambda rack: self._racks[rack].finish)
        self.register_outputs({"leafrack": self.leafrack})

    def _connect(self, args: FabricArgs, waves: Waves) -> _Phase:
        """Connect every rack to its leaves, wave by wave, each wave once the one before it was seen."""
        declared = args.declared
        before: Resources = ()
        for number, wave in enumerate(waves, start=1):
            for rack in wave:
                self._racks[rack] = LeafRack(
                    rack,
                    LeafRackArgs(
                        fabric=declared,
                        rack=rack,
                        access=args.access,
                        depends_on=before,
                        comparison=args.comparison,
                        password=args.passwords.get(rack),
                    ),
                    pulumi.ResourceOptions(parent=self),
                )
            racks = [self._racks[rack] for rack in wave]
            what = Gate(
                forward=expected.sessions(declared, Phase.CONNECTED, wave),
                back=expected.mesh(declared) if number == len(waves) else (),
                by_label=by_label.sessions(declared, Phase.CONNECTED, wave),
                back_by_label=by_label.mesh(declared) if number == len(waves) else (),
                made_by=[text for rack in racks for text in rack.texts],
                rerun=Rerun.where(any(rack.drifted for rack in racks)),
            )
            seen = gate(self._scope, f"connected-{number}", what, [one for rack in racks for one in rack.connected])
            made = [seen, *(part for rack in racks for part in rack.parts)]
            stand = yield Wave(phase="connect", number=number, of=len(waves), racks=wave, made=made)
            for each in racks:
                each.stands(stand)
            before = stand([seen])
        return before

    def _phase(
        self, name: str, waves: Waves, before: Resources, change: Callable[[str], Callable[[Resources], Resources]]
    ) -> _Phase:
        """Take all racks through a phase, each wave after the one before it."""
        for number, wave in enumerate(waves, start=1):
            made = list(dict.fromkeys(part for rack in wave for part in change(rack)(before)))
            stand = yield Wave(phase=name, number=number, of=len(waves), racks=wave, made=made)
            before = stand(made)
        return before

    def _switch_over(self, depends_on: Resources) -> pulumi.Resource:
        """Turn the mesh off, or on where it is the interconnect of the whole cluster, and see that all still stands."""
        scope, declared = self._scope, self._scope.fabric
        # The mesh also by a step: its way back takes the field away, also where it was set before leafrack, by kubectl
        # or in a cluster that was taken over. Giving up a field that others own too would leave the mesh off.
        mesh = step(
            scope,
            "mesh",
            Step(
                target=Target.BGP_CONFIGURATION_SPEC,
                key="nodeToNodeMeshEnabled",
                values={"default": declared.cluster_mesh},
                part="mesh",
                # Otherwise the patch below turns it off: no rack waits for that.
                forward=not declared.cluster_mesh
                and any(declared.rack_interconnect(rack) is Interconnect.FULL_MESH for rack in declared.racks),
            ),
            depends_on,
        )
        meshed = [peer for rack in self._racks.values() for peer in rack.mesh([mesh])]
        configured = calico.bgp_configuration(scope, [mesh, *meshed])
        phase = Phase.FINISHED if declared.cluster_mesh else Phase.SWITCHED_OVER
        what = Gate(
            forward=expected.sessions(declared, phase),
            back=() if declared.cluster_mesh else expected.way_back_to_leaves(declared),
            by_label=by_label.sessions(declared, phase),
            back_by_label=() if declared.cluster_mesh else by_label.way_back_to_leaves(declared),
            settle=SETTLE,
            remembers=True,
            rerun=Rerun.where(scope.watch.drifted),
            manager=field_manager() if declared.cluster_mesh else "",
        )
        return gate(scope, "switched-over", what, [configured])


class _InWaves(Fabric):
    """A fabric that is there before its racks are."""

    def __init__(self, name: str, args: FabricArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self._begin(name, args, opts)

    async def built(self, args: FabricArgs) -> Fabric:
        await one_by_one(self._walk(args), self)
        return self
