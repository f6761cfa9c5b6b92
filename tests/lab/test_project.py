"""What the lab's driver of Pulumi takes from its words."""

from __future__ import annotations

from lab.project import Run

SAID = """
Resources:
    + 41 to create

 +  leafrack:index:Fabric dc1 creating (20s) finish: wave 1 of 2 (rr1)
Resources:
    + 41 created
    ~ 3 updated
    +-2 replaced
    12 unchanged

Duration: 43s
"""


def test_what_was_done_is_counted_from_the_summary_and_from_no_line_of_progress() -> None:
    assert Run(0, SAID).changes() == {"created": 41, "updated": 3, "replaced": 2, "unchanged": 12}
