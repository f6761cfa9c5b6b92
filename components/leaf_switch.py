"""The leaf's side of a rack: prefix lists and neighbours, put in place over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pulumi
from pulumi_command import remote

from leafrack.commands.switch import SwitchJob
from leafrack.fabric import Fabric, Leaf, hand_over, leaf, names
from leafrack.platforms import Feature, Job, PlayedPlatform, Task, Way, platform_of, posix
from leafrack.preflight import hand_overs
from leafrack.preflight.drift import Comparison, Differences
from leafrack.world.model import endpoints
from leafrack.world.shown import Nodes

from . import by_hand, kept
from .access import Access
from .python import Run, run
from .rerun import Rerun, Watch
from .scope import Resources, Scope
from .state import LOCAL, REMOTE, kinds_of

_BOUNDED_PLAYED = pulumi.CustomTimeouts(create="5m", update="5m", delete="5m")
"""More than a job that is played may take (leafrack.world.player)."""


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

    Of a leaf by hand there is ``LEAF-by-hand`` alone, which runs nothing (components/by_hand.py).
    """

    def __init__(self, name: str, args: LeafSwitchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Lists and neighbours with the AS that the nodes have before their rack gets its own."""
        super().__init__("leafrack:index:LeafSwitch", name, None, opts)
        self._name, self._args = name, args
        self._comparison = args.comparison or Comparison(args.fabric)
        self.watch = Watch(self._comparison, [args.rack], self)
        """What has drifted of the leaf."""
        self._texts: list[pulumi.Input[str]] = []
        self.sessions = self._handed_over() if args.declared.by_hand else self._written()
        """What makes the sessions of all nodes."""
        self.register_outputs({})

    @property
    def by_hand(self) -> bool:
        """Whether somebody else configures it: then nothing is made in later phases."""
        return self._args.declared.by_hand

    @property
    def texts(self) -> Sequence[pulumi.Input[str]]:
        """What was given to the leaf: with another text its sessions are to be seen again."""
        return tuple(self._texts)

    def retire(self, depends_on: Resources) -> pulumi.Resource:
        """Take away what is ours and declared no more, once those nodes have given up their part.

        Pulumi updates before it deletes, and every other resource of a leaf stays: so this is one that is updated.
        """
        if self._args.declared.by_hand:
            return self.sessions
        return self._command(Task.RETIRED, (), [*depends_on, self.sessions])

    def finish(self, depends_on: Resources) -> pulumi.Resource:
        """Give every neighbour the AS in which the rack is seen in the end; on the way back, the one of the start."""
        if self._args.declared.by_hand:
            return self.sessions
        differences = self._comparison.of_as_numbers(self._args.rack, self._args.leaf)
        # When a rack is removed, depends_on no longer leads here: without this, a neighbour would lose its AS after it
        # was taken away.
        return self._command(Task.AS_NUMBERS, differences, [*depends_on, self.sessions])

    def _written(self) -> pulumi.Resource:
        args = self._args
        return self._command(Task.SESSIONS, self._comparison.of_leaf(args.rack, args.leaf), args.depends_on)

    def _handed_over(self) -> pulumi.Resource:
        args = self._args
        self.watch.by_hand(hand_overs.differences(self._comparison, args.rack, args.leaf))
        scope = Scope(parent=self, fabric=args.fabric, access=args.access, watch=self.watch)
        platform, job = platform_of(args.declared.platform), hand_over.job(args.fabric, args.rack, args.leaf)

        def text(password: str | None) -> str:
            return hand_over.text(platform, job, hand_over.Secret(password))

        secret = args.password
        self._texts.append(text(None) if secret is None else pulumi.Output.secret(secret).apply(text))
        for task in (Task.SESSIONS, Task.AS_NUMBERS):
            self._keep(task, REMOTE, LOCAL)
        return by_hand.handed_over(scope, args.rack, args.leaf, args.depends_on)

    def _keep(self, task: Task, *kinds: str) -> None:
        """Let nothing run that the state has from when jobs of the leaf were run in another way."""
        name = f"{self._name}-{task}"
        kept.keep(self, name, set(kinds_of(name)) & set(kinds), self._args.declared.ssh_host)

    def _command(self, task: Task, differences: Differences, depends_on: Resources) -> pulumi.Resource:
        args, rerun = self._args, self.watch.rerun(differences)
        job = leaf.job(args.fabric, args.rack, args.leaf, task)
        if task is Task.AS_NUMBERS and self._comparison.keeps_any_as(args.rack, args.leaf):
            job = replace(job, final_as=None)
        platform = platform_of(args.declared.platform)
        # Only neighbours carry a password.
        secret = args.password if task is Task.SESSIONS else None
        endpoint = next(each for each in endpoints(args.fabric, [args.rack]) if each.name == args.leaf)
        nodes = self._nodes() if task is Task.SESSIONS and Feature.ANY_AS in platform.cannot else None

        def given(password: str | None) -> str:
            whole = leaf.with_password(job, password)
            if isinstance(platform, PlayedPlatform):
                return SwitchJob(endpoint=endpoint, job=whole, nodes=nodes).model_dump_json()
            return platform.program(whole)

        stdin = given(None) if secret is None else pulumi.Output.secret(secret).apply(given)
        if task is Task.SESSIONS:
            self._texts.append(stdin)
        played = isinstance(platform, PlayedPlatform)
        if task is not Task.RETIRED:
            self._keep(task, REMOTE if played else LOCAL)
        make = self._played if played else self._sent
        return make(job, stdin, rerun, depends_on)

    def _nodes(self) -> Nodes:
        """Who to ask the cluster for, where the leaf is to be told in which AS its nodes are."""
        fabric, rack, name = self._args.fabric, self._args.rack, self._args.leaf
        declared = leaf.neighbours(fabric, rack, name)
        return Nodes(
            cluster=self._args.access.cluster,
            nodes={each.address: node for node, ends in declared.items() for each in ends},
            peers={
                each.address: names.leaf_peer(fabric, rack, name, each.address.version)
                for ends in declared.values()
                for each in ends
            },
        )

    def _played(self, job: Job, stdin: pulumi.Input[str], rerun: Rerun, depends_on: Resources) -> pulumi.Resource:
        """A command of this machine's that plays the job over SSH."""
        args = self._args
        what = Run(
            command="switch",
            stdin=stdin,
            environment=args.access.environment(),
            back=not self._has_no_way_back(job),
            previous=True,
            rerun=rerun,
            timeouts=_BOUNDED_PLAYED,
            delete_before_replace=True,
        )
        scope = Scope(parent=self, fabric=args.fabric, access=args.access, watch=self.watch)
        return run(scope, f"{self._name}-{job.task}", what, depends_on)

    def _sent(self, job: Job, stdin: pulumi.Input[str], rerun: Rerun, depends_on: Resources) -> pulumi.Resource:
        """A program for the leaf's own shell."""
        forward = posix.command(Way.FORWARD)
        return remote.Command(
            f"{self._name}-{job.task}",
            connection=self._args.access.connection(
                self._args.leaf, self._args.declared, self._args.fabric.jump_to(self._args.declared)
            ),
            create=forward,
            # A comment of the shell's. Pulumi runs the command stored in the state when the token is ignored, so
            # whatever may change between releases goes on stdin.
            update=f"{forward} # {rerun.token}" if rerun.token else forward,
            delete=None if self._has_no_way_back(job) else posix.command(Way.BACK),
            stdin=stdin,
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(depends_on),
                ignore_changes=rerun.ignored("update"),
                custom_timeouts=kept.BOUNDED,
                # Otherwise the delete of what is replaced takes back what its successor has just written.
                delete_before_replace=True,
            ),
        )

    @staticmethod
    def _has_no_way_back(job: Job) -> bool:
        """Whether there is none, or the neighbours start with the AS that they have in the end."""
        return job.task is Task.RETIRED or (
            job.task is Task.AS_NUMBERS
            and all(each.as_number == job.final_as for each in job.neighbours)
            and all(each.as_number == job.final_as for each in job.listeners)
        )
