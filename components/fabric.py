"""The whole fabric: its racks, phase by phase, and the end of the node-to-node mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components import calico
from components.access import Access
from components.gate import gate
from components.leaf_rack import LeafRack, LeafRackArgs
from components.outputs import outputs
from components.passwords import password_secret
from config import Fabric as Declared
from verify import expected
from verify.gate import Guarded
from verify.model import Phase, Session


@dataclass(frozen=True, kw_only=True)
class FabricArgs:
    """A declared fabric, how to reach it, and the TCP MD5 passwords of its racks (RFC 2385) by rack name."""

    declared: Declared
    access: Access
    passwords: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)


class Fabric(pulumi.ComponentResource):
    """A leaf-spine fabric on route reflectors, brought up in an order that never turns off what works too early.

    Pulumi type ``leafrack:index:Fabric``. Every rack is connected to its leaves while the mesh is still on; when all
    those sessions are seen, the reflectors are made one at a time; then the mesh goes off; then racks take their own
    AS numbers. A destroy walks the same way back. The Kubernetes provider is that of ``opts``.

    Outputs: ``leafrack``, see docs/outputs.md.
    """

    leafrack: pulumi.Output[Mapping[str, Any]]

    def __init__(self, name: str, args: FabricArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register everything; errors of the declaration were found before, see ``config``."""
        super().__init__("leafrack:index:Fabric", name, None, opts)
        declared, access = args.declared, args.access
        secret = password_secret(declared, args.passwords, parent=self) if args.passwords else ()
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
                        password=args.passwords.get(rack),
                        password_secret=secret,
                    ),
                    pulumi.ResourceOptions(parent=self),
                )
            connected = self._gate(
                f"connected-{number}",
                args,
                forward=expected.sessions(declared, Phase.CONNECTED, wave),
                back=expected.mesh(declared) if number == len(waves) else (),
                after=[part for rack in wave for part in racks[rack].connected],
            )
            before = [connected]
        for wave in waves:
            before = [part for rack in wave for part in racks[rack].reflect(after=before)]
        reflected = self._gate(
            "reflected",
            args,
            forward=expected.sessions(declared, Phase.REFLECTED),
            back=expected.mesh(declared, reflectors=False),
            after=before,
        )
        mesh_off = calico.mesh_off(declared, parent=self, after=[reflected])
        settled = self._gate(
            "settled",
            args,
            forward=expected.sessions(declared, Phase.REFLECTED),
            back=expected.way_back_to_leaves(declared),
            after=[mesh_off],
        )
        before = [settled]
        for wave in waves:
            before = [part for rack in wave for part in racks[rack].renumber(after=before)]
        self.leafrack = pulumi.Output.from_input(outputs(declared))
        self.register_outputs({"leafrack": self.leafrack})

    def _gate(
        self,
        name: str,
        args: FabricArgs,
        *,
        forward: tuple[Session, ...],
        back: tuple[Session, ...],
        after: Sequence[pulumi.Resource],
    ) -> pulumi.Resource:
        guarded = Guarded(
            name=name,
            forward=forward,
            back=back,
            endpoints=expected.endpoints(args.declared),
            cluster=args.access.cluster,
        )
        return gate(name, guarded, args.access, parent=self, after=after)
