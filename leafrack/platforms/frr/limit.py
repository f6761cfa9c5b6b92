"""How many neighbours FRR takes by ranges, and what the number was before leafrack raised it.

``bgp listen limit`` is the instance's, one number for all ranges of everybody. It is raised to what is needed and never
lowered. What it was stands behind the description of leafrack's group, so that whoever removes the group can put it
back: ``apply.sh`` beside this writes and reads it.
"""

from __future__ import annotations

import re

_NOTE = re.compile(r" \(bgp listen limit \d+, was \d+\)$")


def without(description: str) -> str:
    """Description of a group without that note."""
    return _NOTE.sub("", description)
