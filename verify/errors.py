"""Why something could not be read, in a line for the operator."""

from __future__ import annotations

from config.errors import printable


class UnreadableError(Exception):
    """A switch or the cluster gave no answer, or not one that can be used.

    ``refused`` tells a wrong input (key, host key, platform, permission), which no waiting cures, from something
    that is merely away; ``at_jump`` that it is the jump host on the way, and so the same for all behind it.
    """

    def __init__(self, who: str, why: str, *, refused: bool = False, at_jump: bool = False) -> None:
        self.who = who
        self.why = printable(why)
        self.refused = refused
        self.at_jump = at_jump
        super().__init__(f"{printable(who)}: {self.why}")
