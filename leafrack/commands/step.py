"""The step that owns a field of some objects: ``python -m leafrack step forward|back``.

Standard input is :class:`Fields` as JSON. ``forward`` prints what it owns, and reads that of the last time from the
environment (pulumi-command's ``addPreviousOutputInEnv``), to take the field away from objects that are no longer named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from leafrack.commands import resource
from leafrack.world import fields, migration
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.fields import Fields, Values

PREVIOUS_VARIABLE = "PULUMI_COMMAND_STDOUT"

VALUES = TypeAdapter(Values)
"""What a step owns, as it prints it and reads it back."""


def main(arguments: Sequence[str]) -> int:
    """Exit code of the step."""
    return resource.main("step", arguments, Fields, _forward, _back)


def _forward(wanted: Fields) -> None:
    fields.forward(wanted, resource.tell, previous())
    print(VALUES.dump_json(wanted.values).decode())


def _back(wanted: Fields) -> None:
    migration.refuse_way_back(ClusterReader(Connection(wanted.cluster)), wanted.manager)
    fields.back(wanted, resource.tell)


def previous() -> Values:
    """What the step owned the last time that it ran; nothing where it never did."""
    try:
        return VALUES.validate_json(os.environ.get(PREVIOUS_VARIABLE) or "{}")
    except ValidationError:
        return {}
