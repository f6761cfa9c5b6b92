"""What goes wrong with a fake box, for a test to switch on: in its own process, or by a file that the fake looks at."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path


class Status(StrEnum):
    """Exit status of an exec request."""

    RIGHT = "right"
    MISSING = "missing"
    """The channel ends without one."""
    ZERO = "zero"
    """Everything succeeds."""
    ONE = "one"
    """Everything fails."""


@dataclass
class Faults:
    """Nothing goes wrong while nothing is set.

    Commands are counted over all connections, from the moment at which the fault was set: 1 is the next one. A test in
    another process writes the same fields as JSON into the file (``python -m lab.fakes`` has its path); whenever that
    changes, all of them are taken from it, and the count begins again.
    """

    slow: float = 0.0
    """Seconds before each answer."""
    cut_after: int = 0
    """The n-th command is carried out, and the connection ends in the place of its answer."""
    cut_before: int = 0
    """The connection ends in the place of the n-th command, which is not carried out."""
    reboot_after: int = 0
    """The n-th command is carried out, and the box starts again with what was saved."""
    status: Status = Status.RIGHT
    haste: float = 1.0
    """How many times faster commit timers run out."""
    banner: str = ""
    """What a terminal shows before its first prompt, in the place of the platform's own."""
    prompt: str = ""
    """In the place of every prompt."""
    says: dict[str, str] = field(default_factory=dict)
    """What is answered to a command, by a pattern of all of it, in the place of carrying it out: that is not done."""
    count: int = 0
    """Commands so far."""
    _seen: str = ""

    def look(self, file: Path | None) -> None:
        """Take over what the file says, where it has changed."""
        text = file.read_text(encoding="utf-8") if file is not None and file.exists() else ""
        if text != self._seen:
            given = json.loads(text or "{}")
            for one in fields(self):
                if one.name not in ("count", "_seen"):
                    setattr(self, one.name, given.get(one.name, getattr(Faults(), one.name)))
            self._seen, self.count = text, 0

    def instead(self, command: str) -> str | None:
        """Answer in the place of carrying a command out."""
        return next((text for pattern, text in self.says.items() if re.fullmatch(pattern, command.strip())), None)
