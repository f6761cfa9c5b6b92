"""The leaf's side of a rack: prefix lists and neighbours, put in place over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_command import remote

from components.access import Access
from config import Fabric, Leaf, Rack
from switches import Neighbour, dialect, leaf


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
        return self.declared_rack.leaves[self.leaf]

    @property
    def declared_rack(self) -> Rack:
        """The leaf's rack as the fabric file has it."""
        return self.fabric.racks[self.rack]


class LeafSwitch(pulumi.ComponentResource):
    """Sessions of a leaf to its rack's border nodes: only our neighbours and lists, other people's lines stay.

    Pulumi type ``leafrack:index:LeafSwitch``. Resources: one command for the prefix lists, one for every neighbour,
    and, after :meth:`finish`, one for the neighbours' AS number. Each deletes what it made. A neighbour for every
    node, also top of rack, where a range to listen on would do: so each session has a description, a password can
    be one rack's, and who is no declared node gets no session.
    """

    def __init__(self, name: str, args: LeafSwitchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Lists and neighbours with the AS that the nodes have before their rack gets its own."""
        super().__init__("leafrack:index:LeafSwitch", name, None, opts)
        self._name, self._args = name, args
        self._leaf = args.declared
        self._dialect = dialect(self._leaf.platform)
        self._connection = args.access.connection(args.leaf, self._leaf)
        self._texts: list[pulumi.Input[str]] = []
        declared = leaf.neighbours(args.fabric, args.rack, args.leaf)
        self._addresses = [neighbour.address for each in declared.values() for neighbour in each]
        self._first_as = next((neighbour.as_number for each in declared.values() for neighbour in each), None)
        lists = leaf.prefix_lists(args.fabric)
        self._lists = self._command(
            f"{name}-prefix-lists",
            create=self._dialect.apply,
            stdin=self._dialect.render_lists(lists),
            delete=self._dialect.forget_lists(lists),
            after=args.after,
        )
        self.neighbours: dict[str, tuple[pulumi.Resource, ...]] = {
            node: tuple(self._neighbour(neighbour) for neighbour in each) for node, each in declared.items()
        }
        """What makes the sessions of each node."""
        self.texts: tuple[pulumi.Input[str], ...] = tuple(self._texts)
        """Configuration of all of them, as given to the leaf."""
        self.register_outputs({})

    def finish(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """Give every neighbour the AS in which the rack is seen in the end; on the way back, the one of the start."""
        leaf_as, addresses = self._leaf.as_number, self._addresses
        return self._command(
            f"{self._name}-as-number",
            create=self._dialect.renumber(leaf_as, addresses, self._args.fabric.leaf_side_as(self._args.rack)),
            delete=self._dialect.renumber(leaf_as, addresses, self._first_as),
            after=after,
        )

    def _neighbour(self, neighbour: Neighbour) -> pulumi.Resource:
        args, leaf_as = self._args, self._leaf.as_number

        def text(password: str | None) -> str:
            return self._dialect.render(leaf_as, leaf.with_password(neighbour, password))

        secret = None if args.password is None else pulumi.Output.secret(args.password).apply(text)
        return self._command(
            f"{self._name}-{neighbour.address}",
            create=self._dialect.apply,
            stdin=text(None) if secret is None else secret,
            delete=self._dialect.unrender(leaf_as, neighbour.address),
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
        if stdin is not None:
            self._texts.append(stdin)
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
