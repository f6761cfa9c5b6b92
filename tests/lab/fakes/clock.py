"""A clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class _Timer:
    when: float
    what: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class TurnedClock:
    """Time stands until somebody lets it pass."""

    time: float = 1000.0
    timers: list[_Timer] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def later(self, seconds: float, what: Callable[[], None]) -> _Timer:
        timer = _Timer(self.time + seconds, what)
        self.timers.append(timer)
        return timer

    def passes(self, seconds: float) -> None:
        """So many seconds later."""
        self.time += seconds
        due = [one for one in self.timers if one.when <= self.time]
        self.timers = [one for one in self.timers if one.when > self.time]
        for one in due:
            if not one.cancelled:
                one.what()
