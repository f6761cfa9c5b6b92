"""Running leafrack's own Python from a resource, with a command line that is the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_command import local

from .again import VARIABLE, Again


def command(
    name: str,
    module: str,
    *,
    stdin: pulumi.Input[str],
    environment: Mapping[str, pulumi.Input[str]] | None = None,
    back: bool = True,
    previous: bool = False,
    again: Again,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Resource that is made by ``python -m MODULE forward`` and deleted by ``back``, where it has a way ``back``.

    ``stdin`` says what to do, ``previous`` whether it is told its last output (``addPreviousOutputInEnv``). It runs
    again where an input changes, and where ``again`` says so.
    """
    return local.Command(
        name,
        create=python(module, "forward"),
        delete=python(module, "back") if back else None,
        stdin=stdin,
        environment={**(environment or {}), VARIABLE: again.mark},
        add_previous_output_in_env=previous,
        logging=local.Logging.STDERR,
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=list(after), ignore_changes=again.ignored(f"environment.{VARIABLE}")
        ),
    )


def python(module: str, argument: str) -> str:
    """Shell command that runs a module in the program's virtualenv (``.venv``), or with ``python3`` from the PATH.

    The path is relative to the Pulumi program, because an absolute one would differ between machines and so make
    every gate run again.
    """
    return f'"$(test -x .venv/bin/python && echo .venv/bin/python || echo python3)" -m leafrack {module} {argument}'
