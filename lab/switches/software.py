"""The shape of what runs on a switch: daemons, files, and the script that is the switch's first process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.plan import Switch


@dataclass(frozen=True)
class Software:
    """Software of a switch. Its script in this folder is given ``HOST``, ``RUN`` (the host's home) and ``LOGS``."""

    script: str
    daemons: tuple[str, ...]
    """What has to run, and the names of the logs; the one that speaks BGP first."""
    owner: str
    """User and group that the daemons run as."""
    mounts: tuple[str, ...]
    """Folders that each switch has of its own, below its home."""
    files: Callable[[Switch], Mapping[str, str]]
    """What an operator has written before leafrack comes: text by path."""
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: bool = False
    """It answers SSH itself, on a socket in its home (lab.fakes), in the place of sshd."""
