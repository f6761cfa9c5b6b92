"""Running leafrack's own Python from a resource, with a command line that is the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_command import local

from .rerun import NO_RERUN, VARIABLE, Rerun
from .scope import Resources, Scope


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command of leafrack's and when it runs.

    ``stdin`` says what to do, and may be secret. Without ``forward`` nothing starts when the resource is made, without
    ``update`` nothing when its inputs change. ``previous`` tells it its last output (``addPreviousOutputInEnv``). It
    runs again where an input changes, and where ``rerun`` says so.
    """

    command: str
    stdin: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    forward: bool = True
    update: bool = True
    back: bool = True
    previous: bool = False
    rerun: Rerun = NO_RERUN
    timeouts: pulumi.CustomTimeouts | None = None
    """Pulumi's own, an hour, where there are none."""
    delete_before_replace: bool = False


def run(scope: Scope, name: str, what: Run, depends_on: Resources) -> pulumi.Resource:
    """Resource that is made by ``python -m leafrack COMMAND forward`` and deleted by ``back``."""
    forward = python(what.command, "forward")
    options = scope.options(depends_on, what.rerun.ignored(f"environment.{VARIABLE}"))
    options.custom_timeouts, options.delete_before_replace = what.timeouts, what.delete_before_replace
    return local.Command(
        name,
        create=forward if what.forward else None,
        update=forward if what.update else None,
        delete=python(what.command, "back") if what.back else None,
        stdin=what.stdin,
        environment={**what.environment, VARIABLE: what.rerun.token},
        add_previous_output_in_env=what.previous,
        logging=local.Logging.STDERR,
        opts=options,
    )


def python(command: str, way: str) -> str:
    """Shell command that runs leafrack in the program's virtualenv (``.venv``), or with ``python3`` from the PATH.

    The path is relative to the Pulumi program: an absolute one would differ between machines, and make every gate run
    again.
    """
    return f'"$(test -x .venv/bin/python && echo .venv/bin/python || echo python3)" -m leafrack {command} {way}'
