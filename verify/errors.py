"""Why something could not be read, in a line for the operator."""

from __future__ import annotations


class UnreadableError(Exception):
    """A switch or the cluster gave no answer, or not one that can be used.

    ``refused`` tells a wrong input (key, host key, platform, permission), which no waiting cures, from something
    that is merely away.
    """

    def __init__(self, who: str, why: str, *, refused: bool = False) -> None:
        self.who = who
        self.why = why
        self.refused = refused
        super().__init__(f"{who}: {why}")
