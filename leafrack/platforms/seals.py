"""What is kept of passwords that a switch does not show, so that the next run knows whether one has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from leafrack.addresses import Who
from leafrack.platforms.job import Job, Listener, Neighbour
from leafrack.platforms.state import Password, SwitchState


@dataclass(frozen=True)
class Seal:
    """What is kept of a password that a switch does not show: hashes of the given one and of what is shown for it."""

    given: str = field(repr=False)
    shown: str = field(repr=False)

    @classmethod
    def of(cls, who: Who, given: str, shown: str) -> Seal:
        """Seal of a password; slow to compute on purpose, so that nobody guesses it from the hash."""
        return cls(*(_hash(who, text) for text in (given, shown)))


Seals = Mapping[Who, Seal]


def _hash(who: Who, text: str) -> str:
    return hashlib.scrypt(text.encode(), salt=f"leafrack {who}".encode(), n=2**12, r=8, p=1, dklen=16).hex()


def sealed(found: SwitchState, who: Who) -> Password | None:
    """The password of a neighbour or of a range, where the switch has one and does not show it."""
    has = found.has(who)
    return has.password if has is not None and has.password is not None and has.password.sealed else None


def seals_of(job: Job, found: SwitchState) -> Seals:
    """What to keep of the passwords that a job has given and the switch does not show, once it has been applied."""
    declared: tuple[Neighbour | Listener, ...] = (*job.neighbours, *job.listeners)
    return {
        each.who: Seal.of(each.who, each.password, shown.text)
        for each in declared
        if each.password and (shown := sealed(found, each.who))
    }


def password_stays(declared: Neighbour | Listener, found: SwitchState, seal: Seal | None) -> bool:
    """Whether a password that the switch does not show is right; of every other the differences tell.

    A session that is up has the node's password. One that the last run has given and that is shown as it was then
    stays even where no session is up.
    """
    who = declared.who
    if not declared.password or sealed(found, who) is None:
        return True
    if seal is None:
        return found.is_up(who)
    return seal.given == _hash(who, declared.password) and not shows_another_password(found, who, seal)


def shows_another_password(found: SwitchState, who: Who, seal: Seal | None) -> bool:
    """Whether a switch shows something else for a sealed password than it did right after it was entered last.

    A session that is up has the node's password, whatever is shown. Without a seal nobody can tell.
    """
    shown = sealed(found, who)
    return seal is not None and shown is not None and not found.is_up(who) and seal.shown != _hash(who, shown.text)
