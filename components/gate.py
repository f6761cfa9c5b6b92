"""Gates and steps as resources: what stands between two phases, in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import pulumi

from leafrack.commands.gate import Guarded
from leafrack.fabric import Fabric
from leafrack.sessions.model import Kind, Session
from leafrack.world.fields import Fields, Target
from leafrack.world.model import endpoints

from .access import Access
from .again import NEVER, Again, Watch
from .python import command


def gate(
    name: str,
    fabric: Fabric,
    access: Access,
    *,
    forward: Iterable[Session] = (),
    back: Iterable[Session] = (),
    made_by: Iterable[pulumi.Input[str]] = (),
    again: Again = NEVER,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Resource that exists once all sessions of ``forward`` were seen, and holds back what depends on it.

    It runs again only when what it guards changes, and after a failure: the sessions, the texts that they are
    ``made_by``, or, ``again``, something of theirs that has become different in the world. Its delete waits for the
    sessions of ``back``, so that a destroy takes down what stands before the gate only then.
    """
    forward, back = tuple(forward), tuple(back)
    leaves = {session.far.name for session in (*forward, *back) if session.kind is Kind.LEAF}
    guarded = Guarded(
        name=name,
        forward=forward,
        back=back,
        endpoints=tuple(endpoint for endpoint in endpoints(fabric) if endpoint.name in leaves),
        cluster=access.cluster,
    )
    return command(
        f"{name}-gate",
        "gate",
        stdin=pulumi.Output.all(*made_by).apply(
            lambda texts: guarded.model_copy(update={"made_by": _digest(texts)}).model_dump_json()
        ),
        environment=access.environment(),
        back=bool(back),
        again=again,
        parent=parent,
        after=after,
    )


def _digest(texts: Sequence[str]) -> str:
    return sha256("\0".join(texts).encode()).hexdigest() if texts else ""


def step(
    name: str,
    access: Access,
    *,
    target: Target,
    key: str,
    values: Mapping[str, bool | int | str],
    part: str,
    leave: Mapping[str, bool | int | str] | None = None,
    watch: Watch,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Resource that gives objects a field under the field manager of ``part``; its delete takes the field away.

    With ``leave`` the delete gives them another value instead, where the mesh is on by then. It runs again where
    ``watch`` finds another value than the wanted one.
    """
    again = watch.again(watch.drift.of_fields(target, key, values))
    wanted = Fields(
        target=target,
        key=key,
        values=dict(values),
        manager=field_manager(part),
        cluster=access.cluster,
        leave=dict(leave or {}),
    )
    return command(
        name,
        "step",
        stdin=wanted.model_dump_json(),
        previous=True,
        again=again,
        parent=parent,
        after=after,
    )


def field_manager(part: str = "") -> str:
    """Field manager of this stack's objects, or of one part of them.

    It names project and stack: a manager is an identity, and two stacks of one name would strip each other's fields.
    """
    whose = f"leafrack:{pulumi.get_project()}/{pulumi.get_stack()}"
    return f"{whose}:{part}" if part else whose
