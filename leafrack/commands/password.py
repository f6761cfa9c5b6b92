"""The step that gives calico-node the password of a rack: ``python -m leafrack password forward|back``.

Standard input is :class:`Password` as JSON. It says nothing but why it failed, and never the password.
"""

from __future__ import annotations

from collections.abc import Sequence

from leafrack.commands import resource
from leafrack.world.passwords import RackPassword, back, forward


def main(arguments: Sequence[str]) -> int:
    """Exit code of the step."""
    return resource.main("password", arguments, RackPassword, forward, back)
