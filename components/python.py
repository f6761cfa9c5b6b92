"""Running leafrack's own Python from a resource, with a command line that is the same on every machine."""

from __future__ import annotations


def python(module: str, argument: str) -> str:
    """Shell command that runs a module in the program's virtualenv (``.venv``), or with ``python3`` from the PATH.

    The path is relative to the Pulumi program, because an absolute one would differ between machines and so make
    every gate run again.
    """
    return f'"$(test -x .venv/bin/python && echo .venv/bin/python || echo python3)" -m {module} {argument}'
