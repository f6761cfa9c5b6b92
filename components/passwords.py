"""TCP MD5 passwords (RFC 2385) on Calico's side: keys of the Secret that calico-node may read."""

from __future__ import annotations

import pulumi

from leafrack.world.passwords import Password

from .again import Watch
from .gate import field_manager
from .python import command
from .rack_args import LeafRackArgs


def password_step(args: LeafRackArgs, *, watch: Watch, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """The password of a rack as its key of the Secret ``leafrack-bgp``, which config/rbac.yaml makes.

    The Secret, and the Role by which calico-node reads just it, are an administrator's: making them would need the
    right to grant rights, and deleting a Secret through Pulumi the right to read all of them. calico-node renders a
    peer *without* its password when it cannot read it (tigera/docs, bgppeer.mdx), so BGPPeers depend on this.
    """
    if args.password is None:
        return ()

    def text(password: str) -> str:
        wanted = Password(
            rack=args.rack,
            password=password,
            namespace=args.fabric.calico_namespace,
            # Racks share the Secret, and what a manager does not name again it gives up.
            manager=field_manager(f"password-{args.rack}"),
            cluster=args.access.cluster,
        )
        return wanted.model_dump_json()

    again = watch.again(watch.drift.of_password(args.rack))
    step = command(
        f"{args.rack}-password",
        "password",
        stdin=pulumi.Output.secret(args.password).apply(text),
        again=again,
        parent=parent,
        after=args.after,
    )
    return (step,)
