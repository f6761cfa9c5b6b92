"""Gates and steps as resources: what stands between two phases, in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import pulumi

from leafrack.commands.gate import HOLD, Guarded
from leafrack.commands.step import Owned
from leafrack.fabric import Fabric
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedSession, SessionKind
from leafrack.world.fields import Target
from leafrack.world.model import Endpoint, endpoints

from . import by_hand
from .python import Run, run
from .rerun import NO_RERUN, Rerun
from .scope import Resources, Scope, field_manager


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a gate waits for, on the way forward and on the way back.

    It runs again only when what it guards changes, and after a failure: the sessions, the texts that they are
    ``made_by``, or, by ``rerun``, something of theirs that has drifted. ``settle`` are the seconds until it may open
    where a change before it resets sessions, ``hold`` those for which sessions have to stand. Where there is nothing to
    wait for in a direction, no process starts.
    """

    forward: Iterable[ExpectedSession] = ()
    back: Iterable[ExpectedSession] = ()
    settle: float = 0.0
    hold: float = HOLD
    made_by: Iterable[pulumi.Input[str]] = ()
    rerun: Rerun = NO_RERUN
    manager: str = ""
    """Field manager of the stack, where a destroy begins with the gate: then it looks whether the stack may go."""
    remembers: bool = False
    """Whether it is of the whole fabric: then it looks only at racks that it has not seen as they are."""
    first: bool = True
    """Whether the racks still have the AS that they start with."""
    by_label: Iterable[ByLabel] = ()
    """Sessions of nodes that no file names, on the way forward."""
    back_by_label: Iterable[ByLabel] = ()


def gate(scope: Scope, name: str, what: Gate, depends_on: Resources) -> pulumi.Resource:
    """Resource that exists once all sessions of a gate were seen, and holds back what depends on it.

    Its delete waits for the sessions of the way back, so that a destroy takes down what stands before it only then.
    """
    forward, back = tuple(what.forward), tuple(what.back)
    labels, back_labels = tuple(what.by_label), tuple(what.back_by_label)
    guarded = Guarded(
        name=name,
        forward=forward,
        back=back,
        settle=what.settle,
        hold=what.hold,
        endpoints=judging(scope.fabric, (*forward, *back), (*labels, *back_labels)),
        cluster=scope.access.cluster,
        manager=what.manager,
        remembers=what.remembers,
        by_label=labels,
        back_by_label=back_labels,
        **by_hand.waiting(scope.fabric, forward, labels, first=what.first),
    )
    # Most gates are without: what they are given stays as it was before there were any with.
    usual = {
        "manager": "",
        "hold": HOLD,
        "by_hand": {},
        "wait": None,
        "remembers": False,
        "by_label": (),
        "back_by_label": (),
    }
    left_out = {name for name, value in usual.items() if getattr(guarded, name) == value}
    stdin = pulumi.Output.all(*what.made_by).apply(
        lambda texts: guarded.model_copy(update={"made_by": _digest(texts)}).model_dump_json(exclude=left_out)
    )
    asked = Run(
        command="gate",
        stdin=stdin,
        environment=scope.access.environment(),
        forward=bool(forward or labels),
        update=bool(forward or labels),
        back=bool(back or back_labels or what.manager),
        previous=what.remembers,
        rerun=what.rerun,
        timeouts=by_hand.bound(guarded.wait),
    )
    return run(scope, f"{name}-gate", asked, depends_on)


def judging(
    fabric: Fabric, sessions: Iterable[ExpectedSession], labels: Iterable[ByLabel] = ()
) -> tuple[Endpoint, ...]:
    """The leaves that tell of some sessions; of a leaf by hand its nodes do, also where it may be read."""
    racks = {session.far.name: session.rack for session in sessions if session.kind is SessionKind.LEAF}
    racks |= {end.name: each.rack for each in labels if each.kind is SessionKind.LEAF for end in each.ends}
    leaves = racks.keys() - by_hand.leaves(fabric).keys()
    chosen = set(racks.values())
    found = endpoints(fabric, (rack for rack in fabric.racks if rack in chosen))
    return tuple(endpoint for endpoint in found if endpoint.name in leaves)


def _digest(texts: Sequence[str]) -> str:
    return sha256("\0".join(texts).encode()).hexdigest() if texts else ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A field that some objects are to carry, owned under the field manager of ``part``.

    Without ``forward`` it is there for the way back alone: another resource gives the field. With ``keeps`` objects
    that are no longer named keep it: another step takes it from them in its turn.
    """

    target: Target
    key: str
    values: Mapping[str, bool | int | str]
    part: str
    forward: bool = True
    keeps: bool = False
    cluster_ids: Mapping[str, str] = field(default_factory=dict)
    """Of reflectors whose sessions all reset by it: these start them later than the others."""


def step(scope: Scope, name: str, what: Step, depends_on: Resources) -> pulumi.Resource:
    """Resource that gives objects a field; its delete takes the field away.

    It runs again where somebody else has given an object another value.
    """
    wanted = Owned(
        target=what.target,
        key=what.key,
        values=dict(what.values),
        manager=field_manager(what.part),
        cluster=scope.access.cluster,
        cluster_ids=dict(what.cluster_ids),
        cluster_ids_manager=field_manager("reflectors") if what.cluster_ids else "",
    )
    asked = Run(
        command="step",
        # Most steps are without: what they are given stays as it was before there were any with.
        stdin=wanted.model_dump_json(exclude=None if what.cluster_ids else {"cluster_ids", "cluster_ids_manager"}),
        forward=what.forward,
        previous=not what.keeps,
        rerun=scope.watch.rerun(scope.watch.comparison.of_fields(what.target, what.key, what.values)),
    )
    return run(scope, name, asked, depends_on)
