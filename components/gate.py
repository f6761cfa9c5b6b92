"""Gates and steps as resources: what stands between two phases, in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_command import local

from components.access import Access
from components.python import python
from steps.annotate import Annotation
from verify.gate import Guarded


def gate(
    name: str, guarded: Guarded, access: Access, *, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """Resource that exists once everything ``guarded`` was seen Established, and holds back what depends on it.

    It runs again only when what it guards changes, and after a failure. Its delete waits for the sessions of the way
    back, so that a destroy takes down what stands before the gate only then.
    """
    ends = {end.name for session in (*guarded.forward, *guarded.back) for end in (session.near, session.far)}
    asked = tuple(endpoint for endpoint in guarded.endpoints if endpoint.name in ends)
    guarded = guarded.model_copy(update={"endpoints": asked})
    return local.Command(
        f"{name}-gate",
        create=python("verify.gate", "forward"),
        delete=python("verify.gate", "back") if guarded.back else None,
        stdin=guarded.model_dump_json(),
        environment=access.environment(),
        add_previous_output_in_env=False,
        logging=local.Logging.NONE,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )


def annotate(
    name: str, wanted: Annotation, *, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """Step that gives nodes an annotation under its own field manager; its delete takes the annotation back."""
    return local.Command(
        name,
        create=python("steps.annotate", "forward"),
        delete=python("steps.annotate", "back"),
        stdin=wanted.model_dump_json(),
        add_previous_output_in_env=False,
        logging=local.Logging.NONE,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )


def field_manager(part: str = "") -> str:
    """Field manager of this stack's objects, or of one part of them.

    It names project and stack: a manager is an identity, and two stacks of one name would strip each other's fields.
    """
    whose = f"leafrack:{pulumi.get_project()}/{pulumi.get_stack()}"
    return f"{whose}:{part}" if part else whose
