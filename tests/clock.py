"""Time for tests of what waits."""

from __future__ import annotations


class Clock:
    """Time that passes by sleeping, and by what the server takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
