"""What goes wrong with the lab, said for the person who started it."""

from __future__ import annotations


class LabError(Exception):
    """Something that a person has to act on; ``str()`` is what they read."""
