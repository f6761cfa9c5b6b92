"""The leaf's side of a rack: prefix lists and neighbours, put in place over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_command import remote

from leafrack.fabric import Fabric, Leaf, leaf
from leafrack.platforms import Job, PlayedPlatform, Task, Way, platform_of, posix
from leafrack.preflight.drift import Comparison, Differences

from .access import Access
from .rerun import Watch
from .scope import Resources

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
    depends_on: Sequence[pulumi.Resource] = ()
    comparison: Comparison | None = None
    """What was found of the world; without it nothing has drifted."""

    @property
    def declared(self) -> Leaf:
        """The leaf as the fabric file has it."""
        return self.fabric.racks[self.rack].leaves[self.leaf]


class LeafSwitch(pulumi.ComponentResource):
    """Sessions of a leaf to its rack's border nodes: only our neighbours and lists, other people's lines stay.

    Pulumi type ``leafrack:index:LeafSwitch``. Resources: ``LEAF-sessions`` holds lists and neighbours; it adds and
    changes, and its delete takes away all that is ours. After :meth:`retire` ``LEAF-retired`` takes away what is ours
    and declared no more, after :meth:`finish` ``LEAF-as-numbers`` gives the neighbours their AS. Why there is a
    neighbour for every node: docs/develop/decisions.
    """

    def __init__(self, name: str, args: LeafSwitchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Lists and neighbours with the AS that the nodes have before their rack gets its own."""
        super().__init__("leafrack:index:LeafSwitch", name, None, opts)
        self._name, self._args = name, args
        self._comparison = args.comparison or Comparison(args.fabric)
        self.watch = Watch(self._comparison, [args.rack], self)
        """What has drifted of the leaf."""
        self._connection = args.access.connection(args.leaf, args.declared, args.fabric.jump_to(args.declared))
        self._texts: list[pulumi.Input[str]] = []
        differences = self._comparison.of_leaf(args.rack, args.leaf)
        self.sessions = self._command(Task.SESSIONS, differences, args.depends_on)
        """What makes the sessions of all nodes."""
        self.register_outputs({})

    @property
    def texts(self) -> Sequence[pulumi.Input[str]]:
        """What was given to the leaf: with another text its sessions are to be seen again."""
        return tuple(self._texts)

    def retire(self, depends_on: Resources) -> pulumi.Resource:
        """Take away what is ours and declared no more, once those nodes have given up their part.

        Pulumi updates before it deletes, and every other resource of a leaf stays: so this is one that is updated.
        """
        return self._command(Task.RETIRED, (), [*depends_on, self.sessions])

    def finish(self, depends_on: Resources) -> pulumi.Resource:
        """Give every neighbour the AS in which the rack is seen in the end; on the way back, the one of the start."""
        differences = self._comparison.of_as_numbers(self._args.rack, self._args.leaf)
        # When a rack is removed, depends_on no longer leads here: without this, a neighbour would lose its AS after it
        # was taken away.
        return self._command(Task.AS_NUMBERS, differences, [*depends_on, self.sessions])

    def _command(self, task: Task, differences: Differences, depends_on: Resources) -> pulumi.Resource:
        args, rerun = self._args, self.watch.rerun(differences)
        job = leaf.job(args.fabric, args.rack, args.leaf, task)
        platform = platform_of(args.declared.platform)
        if isinstance(platform, PlayedPlatform):
            raise NotImplementedError

        def program(password: str | None) -> str:
            return platform.program(leaf.with_password(job, password))

        # Only neighbours carry a password.
        secret = args.password if task is Task.SESSIONS else None
        stdin = program(None) if secret is None else pulumi.Output.secret(secret).apply(program)
        if task is Task.SESSIONS:
            self._texts.append(stdin)
        forward = posix.command(Way.FORWARD)
        return remote.Command(
            f"{self._name}-{task}",
            connection=self._connection,
            create=forward,
            # A comment of the shell's. Pulumi runs the command stored in the state when the token is ignored, so
            # whatever may change between releases goes on stdin.
            update=f"{forward} # {rerun.token}" if rerun.token else forward,
            delete=None if task is Task.RETIRED or self._has_no_way_back(job) else posix.command(Way.BACK),
            stdin=stdin,
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(depends_on),
                ignore_changes=rerun.ignored("update"),
                custom_timeouts=_BOUNDED,
                # Otherwise the delete of what is replaced takes back what its successor has just written.
                delete_before_replace=True,
            ),
        )

    @staticmethod
    def _has_no_way_back(job: Job) -> bool:
        """Whether the neighbours start with the AS that they have in the end."""
        return job.task is Task.AS_NUMBERS and all(each.as_number == job.final_as for each in job.neighbours)
