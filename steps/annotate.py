"""The step that gives nodes an annotation: ``python -m steps.annotate forward|back``.

A cluster ID turns a node into a route reflector, an AS number resets its sessions: both move traffic, must land at
their own time, and cannot share the NodePatch of the labels. So they are applied here, server-side and under a field
manager of their own, which also lets ``back`` take away just them. Where a node already carries the wanted value
nothing is sent, so that repeating the step on a healthy fabric changes nothing.

Standard input is :class:`Annotation` as JSON; exit code 0 when all nodes are as wanted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node
from pydantic import ValidationError

from verify.cluster import Reader
from verify.errors import UnreadableError
from verify.model import Cluster, Value


class Annotation(Value):
    """An annotation that some nodes are to carry, and the field manager that owns it."""

    key: str
    values: dict[str, str]
    """Wanted value by node name."""
    manager: str
    cluster: Cluster


def forward(wanted: Annotation, tell: Callable[[str], None] = print) -> None:
    """Give every node its value; nodes that have it already are left alone.

    Raises :class:`UnreadableError` when the API server refuses, is away, or a node does not exist: before anything
    is sent in the last case.
    """
    reader = Reader(wanted.cluster)
    present = _annotations(reader, wanted)
    missing = sorted(set(wanted.values) - set(present))
    if missing:
        raise UnreadableError("cluster", f"has no node {', '.join(missing)}: nothing was changed", refused=True)
    for node, value in wanted.values.items():
        if present[node].get(wanted.key) != value:
            _apply(reader, wanted, node, {wanted.key: value})
            tell(f"{node}: {wanted.key} is {value}")


def back(wanted: Annotation, tell: Callable[[str], None] = print) -> None:
    """Take the annotation away again from the nodes that still have it from us; a node that is gone is no error."""
    reader = Reader(wanted.cluster)
    present = _annotations(reader, wanted)
    for node, value in wanted.values.items():
        if present.get(node, {}).get(wanted.key) == value:
            _apply(reader, wanted, node, {})
            tell(f"{node}: {wanted.key} is no longer ours")


def _annotations(reader: Reader, wanted: Annotation) -> dict[str, dict[str, str]]:
    return {name: dict(state.annotations) for name, state in reader.nodes().items() if name in wanted.values}


def _apply(reader: Reader, wanted: Annotation, node: str, annotations: dict[str, str]) -> None:
    # `force` takes the field over from whoever set another value by hand: the fabric file says what it must be.
    with reader.asking():
        reader.client.apply(
            Node(metadata=ObjectMeta(name=node, annotations=annotations)), field_manager=wanted.manager, force=True
        )


def main(arguments: list[str]) -> int:
    """Exit code of the step; what went wrong goes to standard error, one line."""
    if arguments not in (["forward"], ["back"]):
        print("usage: python -m steps.annotate forward|back < annotation.json", file=sys.stderr)
        return 2
    try:
        wanted = Annotation.model_validate_json(sys.stdin.read())
        (forward if arguments == ["forward"] else back)(wanted)
    except ValidationError as error:
        print(f"steps.annotate: cannot read what to do: {error.error_count()} errors in it", file=sys.stderr)
        return 2
    except UnreadableError as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
