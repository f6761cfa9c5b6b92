"""TCP MD5 passwords (RFC 2385) on Calico's side: keys of the Secret that calico-node may read."""

from __future__ import annotations

import pulumi

from leafrack.world.passwords import RackPassword

from .python import Run, run
from .rack_args import LeafRackArgs
from .scope import Scope, field_manager


def password_step(scope: Scope, args: LeafRackArgs) -> tuple[pulumi.Resource, ...]:
    """The password of a rack as its key of the Secret ``leafrack-bgp``, which config/rbac.yaml makes.

    The Secret, and the Role by which calico-node reads just it, are an administrator's: making them would need the
    right to grant rights, and deleting a Secret through Pulumi the right to read all of them. calico-node renders a
    peer *without* its password when it cannot read it (tigera/docs, bgppeer.mdx), so BGPPeers depend on this.
    """
    if args.password is None:
        return ()

    def text(password: str) -> str:
        wanted = RackPassword(
            rack=args.rack,
            password=password,
            namespace=args.calico_namespace,
            # Racks share the Secret, and what a manager does not name again it gives up.
            manager=field_manager(f"password-{args.rack}"),
            cluster=args.access.cluster,
        )
        return wanted.model_dump_json()

    stdin = pulumi.Output.secret(args.password).apply(text)
    rerun = scope.watch.rerun(scope.watch.comparison.of_password(args.rack))
    return (run(scope, f"{args.rack}-password", Run(command="password", stdin=stdin, rerun=rerun), args.depends_on),)
