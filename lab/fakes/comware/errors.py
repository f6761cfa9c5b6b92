"""What a Comware box says to a line that it does not take."""

from __future__ import annotations


class WrongError(Exception):
    """What a box says to a line that it does not take: a sort of its own, or a sentence."""


UNRECOGNIZED, INCOMPLETE, WRONG, TOO_MANY = (
    "Unrecognized command",
    "Incomplete command",
    "Wrong parameter",
    "Too many parameters",
)
"""Errors at a position of the line (H3C's fundamentals command reference, CLI)."""
