"""The leaf's side of a rack: prefix lists and neighbours, put in place over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_command import remote

from leafrack.fabric import Fabric, Leaf, Rack, leaf
from leafrack.platforms import Neighbour, platform_of

from .access import Access
from .again import Again, Watch

_BOUNDED = pulumi.CustomTimeouts(create="2m", update="2m", delete="2m")
"""For a switch that stops answering in the middle: more than all tries to connect and what one command may take."""


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
    watch: Watch
    """What differs of the rack."""

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
        self._dialect = platform_of(self._leaf.platform)
        self._connection = args.access.connection(args.leaf, self._leaf, args.fabric.jump_to(self._leaf))
        self._texts: list[pulumi.Input[str]] = []
        declared = leaf.neighbours(args.fabric, args.rack, args.leaf)
        self._addresses = [neighbour.address for each in declared.values() for neighbour in each]
        self._first_as = next((neighbour.as_number for each in declared.values() for neighbour in each), None)
        lists = leaf.prefix_lists(args.fabric)
        self._lists = self._command(
            f"{name}-prefix-lists",
            program=self._dialect.apply(self._dialect.render_lists(lists)),
            delete=self._dialect.forget_lists(lists),
            again=args.watch.again(args.watch.drift.of_lists(args.rack, args.leaf)),
            after=args.after,
        )
        self.neighbours: dict[str, tuple[pulumi.Resource, ...]] = {
            node: tuple(self._neighbour(node, neighbour) for neighbour in each) for node, each in declared.items()
        }
        """What makes the sessions of each node."""
        self.texts: tuple[pulumi.Input[str], ...] = tuple(self._texts)
        """Configuration of all of them, as given to the leaf."""
        self.register_outputs({})

    def finish(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """Give every neighbour the AS in which the rack is seen in the end; on the way back, the one of the start."""
        args, leaf_as, addresses = self._args, self._leaf.as_number, self._addresses
        return self._command(
            f"{self._name}-as-number",
            program=self._dialect.renumber(leaf_as, addresses, args.fabric.leaf_side_as(args.rack)),
            delete=self._dialect.renumber(leaf_as, addresses, self._first_as),
            again=args.watch.again(args.watch.drift.of_as_numbers(args.rack, args.leaf)),
            # Named although `after` is behind them: a rack that leaves is behind nothing any more of what stays, and to
            # renumber a neighbour that is gone would make it again.
            after=[*after, *(each for found in self.neighbours.values() for each in found)],
        )

    def _neighbour(self, node: str, neighbour: Neighbour) -> pulumi.Resource:
        args, leaf_as = self._args, self._leaf.as_number

        def program(password: str | None) -> str:
            return self._dialect.apply(self._dialect.render(leaf_as, leaf.with_password(neighbour, password)))

        secret = None if args.password is None else pulumi.Output.secret(args.password).apply(program)
        return self._command(
            f"{self._name}-{neighbour.address}",
            program=program(None) if secret is None else secret,
            delete=self._dialect.unrender(leaf_as, neighbour.address),
            again=args.watch.again(args.watch.drift.of_neighbour(args.rack, args.leaf, node, neighbour)),
            after=[self._lists],
        )

    def _command(
        self,
        name: str,
        *,
        program: pulumi.Input[str],
        delete: str,
        again: Again,
        after: Sequence[pulumi.Resource] = (),
    ) -> pulumi.Resource:
        run = self._dialect.run
        self._texts.append(program)
        return remote.Command(
            name,
            connection=self._connection,
            create=run,
            # A comment of the shell's. What runs in an update is of the state when the mark is ignored: so all that
            # may change between two versions of leafrack is in the program, on standard input.
            update=f"{run} # {again.mark}" if again.mark else run,
            delete=delete,
            stdin=program,
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                ignore_changes=again.ignored("update"),
                custom_timeouts=_BOUNDED,
                # Otherwise the delete of what is replaced takes back what its successor has just written.
                delete_before_replace=True,
            ),
        )
