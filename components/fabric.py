"""The whole fabric: its racks, phase by phase, and the end of the node-to-node mesh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from leafrack.fabric import Fabric as Declared
from leafrack.preflight.drift import Drift
from leafrack.sessions import expected
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from . import calico
from .access import Access
from .again import Again, Watch
from .gate import gate, step
from .leaf_rack import LeafRack
from .outputs import outputs
from .rack_args import LeafRackArgs


@dataclass(frozen=True, kw_only=True)
class FabricArgs:
    """A declared fabric, how to reach it, and the TCP MD5 passwords of its racks (RFC 2385) by rack name."""

    declared: Declared
    access: Access
    passwords: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)
    drift: Drift | None = None
    """What was found of the world; without it nothing is taken to differ, and Calico to be one of 3.31."""


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
        """Register everything; errors of the declaration were found before, see ``config``."""
        super().__init__("leafrack:index:Fabric", name, None, opts)
        declared, access = args.declared, args.access
        waves = declared.in_waves()
        racks: dict[str, LeafRack] = {}
        before: Sequence[pulumi.Resource] = ()
        for number, wave in enumerate(waves, start=1):
            for rack in wave:
                racks[rack] = LeafRack(
                    rack,
                    LeafRackArgs(
                        fabric=declared,
                        rack=rack,
                        access=access,
                        after=before,
                        drift=args.drift,
                        password=args.passwords.get(rack),
                    ),
                    pulumi.ResourceOptions(parent=self),
                )
            connected = gate(
                f"connected-{number}",
                declared,
                access,
                forward=expected.sessions(declared, Phase.CONNECTED, wave),
                back=expected.mesh(declared) if number == len(waves) else (),
                made_by=[text for rack in wave for text in racks[rack].texts],
                again=Again.where(any(racks[rack].drifted for rack in wave)),
                parent=self,
                after=[part for rack in wave for part in racks[rack].connected],
            )
            before = [connected]
        drift = args.drift or Drift(declared)
        watch = Watch(drift, declared.racks, self)
        watch.drifted = drift.in_the_way
        if declared.reflector_mesh:
            before = _in_waves(waves, before, lambda rack: racks[rack].link_racks)
        before = _in_waves(waves, before, lambda rack: racks[rack].link)
        linked = gate(
            "linked",
            declared,
            access,
            forward=expected.sessions(declared, Phase.LINKED),
            back=expected.mesh(declared, reflectors=False),
            parent=self,
            after=before,
        )
        # A mesh is one AS: racks that had one of their own give it up before the mesh comes back.
        after = _in_waves(waves, [linked], lambda rack: racks[rack].finish) if declared.cluster_mesh else [linked]
        # The mesh also by a step: its way back takes the field away, also where it was set before leafrack, by kubectl
        # or in a cluster that was taken over. Giving up a field that others own too would leave the mesh off.
        mesh = step(
            "mesh",
            access,
            target=Target.BGP_CONFIGURATION_SPEC,
            key="nodeToNodeMeshEnabled",
            values={"default": declared.cluster_mesh},
            part="mesh",
            watch=watch,
            parent=self,
            after=after,
        )
        configured = calico.bgp_configuration(declared, watch=watch, parent=self, after=[mesh])
        settled = gate(
            "settled",
            declared,
            access,
            forward=expected.sessions(declared, Phase.FINAL if declared.cluster_mesh else Phase.LINKED),
            back=() if declared.cluster_mesh else expected.way_back_to_leaves(declared),
            again=Again.where(watch.drifted),
            parent=self,
            after=[configured],
        )
        if not declared.cluster_mesh:
            _in_waves(waves, [settled], lambda rack: racks[rack].finish)
        self.leafrack = pulumi.Output.from_input(outputs(declared))
        self.register_outputs({"leafrack": self.leafrack})


_Resources = Sequence[pulumi.Resource]


def _in_waves(
    waves: Sequence[Sequence[str]], before: _Resources, change: Callable[[str], Callable[[_Resources], _Resources]]
) -> _Resources:
    """Take all racks through a phase, each wave after the one before it; what the next phase has to wait for."""
    for wave in waves:
        before = [part for rack in wave for part in change(rack)(before)]
    return before
