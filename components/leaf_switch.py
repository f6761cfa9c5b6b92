"""The leaf's side of a rack: prefix lists and neighbours, put in place over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_command import remote

from components.access import Access
from config import Fabric, Leaf, names
from config.model import Address
from switches import Neighbour, PrefixList, dialect


@dataclass(frozen=True, kw_only=True)
class LeafSwitchArgs:
    """A leaf of a declared fabric, and how to log in to it."""

    fabric: Fabric
    rack: str
    leaf: str
    access: Access
    password: pulumi.Input[str] | None = field(default=None, repr=False)
    """TCP MD5 password of the rack's sessions (RFC 2385)."""
    after: Sequence[pulumi.Resource] = ()

    @property
    def declared(self) -> Leaf:
        """The leaf as the fabric file has it."""
        return self.fabric.racks[self.rack].leaves[self.leaf]


class LeafSwitch(pulumi.ComponentResource):
    """Sessions of a leaf to its rack's reflectors: only our neighbours and lists, other people's lines stay.

    Pulumi type ``leafrack:index:LeafSwitch``. Resources: one command for the prefix lists, one for every neighbour,
    and, after :meth:`renumber`, one for every neighbour's AS number. Each deletes what it made.
    """

    def __init__(self, name: str, args: LeafSwitchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Lists and neighbours with the AS that the nodes have before their rack gets its own."""
        super().__init__("leafrack:index:LeafSwitch", name, None, opts)
        self._name, self._args = name, args
        self._leaf = args.declared
        self._dialect = dialect(self._leaf.platform)
        self._connection = args.access.connection(args.leaf, self._leaf)
        self._lists = self._command(
            f"{name}-prefix-lists",
            create=self._dialect.apply,
            stdin=self._dialect.render_lists(_prefix_lists(args.fabric)),
            delete=self._dialect.forget_lists(_prefix_lists(args.fabric)),
            after=args.after,
        )
        self.neighbours: tuple[pulumi.Resource, ...] = tuple(
            self._neighbour(node, address) for node, address in self._peers()
        )
        self.register_outputs({})

    def renumber(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Give every neighbour the rack's own AS number; the way back is the fabric's."""
        args, leaf_as = self._args, self._leaf.as_number
        return tuple(
            self._command(
                f"{self._name}-{address}-as",
                create=self._dialect.renumber(leaf_as, address, args.fabric.rack_as(args.rack)),
                delete=self._dialect.renumber(leaf_as, address, args.fabric.as_number),
                after=after,
            )
            for _, address in self._peers()
        )

    def _peers(self) -> list[tuple[str, Address]]:
        reflectors = self._args.fabric.racks[self._args.rack].reflectors
        return [
            (node, address)
            for node, addresses in reflectors.items()
            for address in addresses
            if self._leaf.address.of(address.version) is not None
        ]

    def _neighbour(self, node: str, address: Address) -> pulumi.Resource:
        args, leaf_as = self._args, self._leaf.as_number

        def text(password: str | None) -> str:
            return self._dialect.render(
                leaf_as,
                Neighbour(
                    address=address,
                    as_number=args.fabric.as_number,
                    description=names.neighbour_description(args.rack, node),
                    prefix_list=names.prefix_list(args.fabric.name, address.version),
                    password=password,
                ),
            )

        secret = None if args.password is None else pulumi.Output.secret(args.password).apply(text)
        return self._command(
            f"{self._name}-{address}",
            create=self._dialect.apply,
            stdin=text(None) if secret is None else secret,
            delete=self._dialect.unrender(leaf_as, address),
            after=[self._lists],
        )

    def _command(
        self,
        name: str,
        *,
        create: str,
        delete: str,
        stdin: pulumi.Input[str] | None = None,
        after: Sequence[pulumi.Resource] = (),
    ) -> pulumi.Resource:
        return remote.Command(
            name,
            connection=self._connection,
            create=create,
            delete=delete,
            stdin=stdin,
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                # Otherwise the delete of what is replaced takes back what its successor has just written.
                delete_before_replace=True,
            ),
        )


def _prefix_lists(fabric: Fabric) -> tuple[PrefixList, ...]:
    ranges = (*fabric.pod_cidrs, *fabric.service_cluster_ips)
    return tuple(
        PrefixList(names.prefix_list(fabric.name, version), tuple(cidr for cidr in ranges if cidr.version == version))
        for version in sorted({cidr.version for cidr in ranges})
    )
