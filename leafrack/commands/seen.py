"""What a gate of the whole fabric has seen: with that, one more rack makes it look at that rack alone.

A gate prints it when it opens, and reads that of the last time from the environment (pulumi-command's
``addPreviousOutputInEnv``). A rack is known by a digest of its sessions: with others they are looked at again. All are
where something has drifted, which a new token of the gate's says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256

from pydantic import ValidationError

from leafrack.commands.step import PREVIOUS_VARIABLE
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedSession
from leafrack.world.model import Value

RERUN_VARIABLE = "LEAFRACK_RERUN"
"""Carries the token by which a command runs again (components/rerun.py)."""
_LENGTH = 16


class Seen(Value):
    """Digests of the sessions by rack, and the token that the gate had then."""

    racks: Mapping[str, str] = {}
    token: str = ""

    @classmethod
    def of(cls, sessions: Iterable[ExpectedSession | ByLabel]) -> Seen:
        """What is seen once these sessions are."""
        texts: dict[str, list[str]] = {}
        for session in sessions:
            texts.setdefault(session.rack, []).append(session.model_dump_json())
        digests = {rack: sha256("\0".join(lines).encode()).hexdigest()[:_LENGTH] for rack, lines in texts.items()}
        return cls(racks=digests, token=os.environ.get(RERUN_VARIABLE, ""))

    @classmethod
    def before(cls) -> Seen:
        """What was seen the last time; nothing where there was none."""
        try:
            return cls.model_validate_json(os.environ.get(PREVIOUS_VARIABLE) or "{}")
        except ValidationError:
            return cls()

    def but(self, before: Seen) -> frozenset[str]:
        """Racks of which something is to be looked at that was not seen before."""
        if self.token != before.token:
            return frozenset(self.racks)
        return frozenset(rack for rack, digest in self.racks.items() if before.racks.get(rack) != digest)
