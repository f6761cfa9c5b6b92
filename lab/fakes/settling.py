"""A speaker for boxes whose lines are in force one by one: what it runs is what stands once no more of them come.

A BGP session takes a box seconds, a line takes it none. FRR behind a fake is as quick with both: one that was changed
line by line while its sessions came up has left one in OpenConfirm for more than a minute (8.4, both ends had called).
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.fakes.box import Clock, Timer
from lab.fakes.model import Route, Seen, Speaker, Understood

_PAUSE = 0.3
"""Seconds without a further line."""


class SettlingSpeaker:
    """Hands on what is to run when somebody asks what does, or after a pause."""

    def __init__(self, speaker: Speaker, clock: Clock) -> None:
        """``speaker`` really speaks."""
        self._speaker, self._clock = speaker, clock
        self._wanted: Understood | None = None
        self._timer: Timer | None = None

    def play(self, wanted: Understood) -> None:
        """Run this soon; where it is nothing, at once, so that all sessions end."""
        self._wanted = wanted
        if self._timer is not None:
            self._timer.cancel()
        if wanted.as_number is None:
            self._settle()
        else:
            self._timer = self._clock.later(_PAUSE, self._settle)

    def sessions(self) -> Mapping[str, Seen]:
        """By the neighbour's address; raises RefusedError for what was to run before."""
        self._settle()
        return self._speaker.sessions()

    def routes(self, version: int) -> Mapping[str, Route]:
        """Routes of an IP version, by prefix; raises RefusedError as :meth:`sessions`."""
        self._settle()
        return self._speaker.routes(version)

    def _settle(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._speaker.play(wanted)
