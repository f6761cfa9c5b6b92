"""Comware's lines of one neighbour or range: in BGP view, and in the view of its address family.

Every line is of HPE's and H3C's command references for Comware 7 (5710 5200-4991, MSR R0106, 6125XLG R2306; Layer 3 -
IP Routing): ``peer as-number`` to ``peer ttl-security hops``, each with its ``undo``. That ``enable`` comes first in a
family, and that ``undo peer ADDRESS`` is the whole neighbour and alone changes its AS, is of annet's rulebook of H3C
(MIT), which its authors have checked on an S9850. A range is said by its address and length in the place of a
neighbour's address, in each of these lines (``peer ipv4-address [ mask-length ]``; 10500 5200-1898a, "Configuring
dynamic BGP peers").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from leafrack.addresses import Who
from leafrack.platforms.comware import settings
from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Listener, Neighbour
from leafrack.platforms.played import Typed
from leafrack.platforms.state import AnyAs, ListenerState, NeighbourState, Password, Setting, Settings

_VIEW = (Setting.DESCRIPTION, Setting.TIMERS, Setting.TTL_SECURITY, Setting.AS_OVERRIDE, Setting.SHUTDOWN)
"""What stands in BGP view, besides AS and password."""
_FAMILY = (Setting.LIST_IN, Setting.LIST_OUT, Setting.PATHS_IN, Setting.LIMIT, Setting.PRIVATE_AS)
"""What stands in the view of an address family, after ``enable``; a path list is told by its number."""
_UNDO = {
    Setting.DESCRIPTION: "description",
    Setting.SHUTDOWN: "ignore",
    Setting.TIMERS: "timer",
    Setting.TTL_SECURITY: "ttl-security hops",
    Setting.LIST_IN: "prefix-list import",
    Setting.LIST_OUT: "prefix-list export",
    Setting.PATHS_IN: "as-path-acl import",
    Setting.LIMIT: "route-limit",
    Setting.AS_OVERRIDE: "substitute-as",
    Setting.PRIVATE_AS: "public-as-only",
}
"""What takes a setting away, after ``undo peer ADDRESS``."""


@dataclass(frozen=True)
class Part:
    """Lines of one neighbour by the view that they are entered in: ``""`` is BGP's, else an address family."""

    view: str
    line: Typed


Declared = TypeVar("Declared", Neighbour, Listener)
State = NeighbourState | ListenerState


def new(neighbour: Neighbour | Listener) -> Iterator[Part]:
    """Lines of a neighbour or range that is not there yet."""
    password = Password(neighbour.password) if neighbour.password else None
    return _whole(neighbour.who, _number(neighbour), wanted(neighbour), password, ())


def changed(neighbour: Declared, has: State, *, keeps_as: bool, keeps_password: bool) -> Iterator[Part]:
    """Lines that make of a neighbour or range what it is to be; other people's lines of it stay."""
    who = neighbour.who
    # Where leafrack gives none, a path list is one of these.
    neighbour = replace(neighbour, paths_in=neighbour.paths_in or has.paths_in)
    if not keeps_as and has.set_as != neighbour.as_number:
        given = Password(neighbour.password) if neighbour.password else None
        password = has.password if keeps_password else given
        yield Part("", gone(who))
        yield from _whole(who, _number(neighbour), wanted(neighbour), password, has.rest)
        return
    right, family = wanted(neighbour), settings.family(who.version)
    for view, which in (("", _VIEW), (family, _FAMILY)):
        if view and not has.activated:
            yield Part(view, Typed(f"{_peer(who)} enable"))
        for setting in which:
            if getattr(right, setting.value) != getattr(has, setting.value):
                words = settings.words(setting, right)
                yield Part(view, Typed(f"{_peer(who)} {words}" if words else _undo(who, setting)))
        if not view and not keeps_password and right.password != has.password:
            yield Part(view, _password(who, right.password))


def renumbered(who: Who, number: int, has: State) -> Iterator[Part]:
    """Lines that give a neighbour or range another AS and all that it has: Comware changes none that stands."""
    yield Part("", gone(who))
    yield from _whole(who, number, has, has.password, has.rest)


def gone(who: Who) -> Typed:
    """Line that takes a neighbour or range away."""
    return Typed(f"undo {_peer(who)}")


def _peer(who: Who) -> str:
    return f"peer {who}".replace("/", " ")


def _whole(
    who: Who, number: int | AnyAs, of: Settings, password: Password | None, rest: Iterable[str]
) -> Iterator[Part]:
    family, peer = settings.family(who.version), _peer(who)
    yield Part("", Typed(f"{peer} {settings.as_words(number)}"))
    yield from (Part("", Typed(f"{peer} {line}")) for line in _said(of, _VIEW))
    if password is not None:
        yield Part("", _password(who, password))
    if of.activated:
        yield Part(family, Typed(f"{peer} enable"))
    yield from (Part(family, Typed(f"{peer} {line}")) for line in _said(of, _FAMILY))
    for view, line in map(settings.placed, rest):
        yield Part(view, Typed(f"{peer} {line}"))


def _said(of: Settings, which: Iterable[Setting]) -> Iterator[str]:
    yield from filter(None, (settings.words(one, of) for one in which))


def _password(who: Who, password: Password | None) -> Typed:
    """A sealed one is entered as it is shown: it is the password, enciphered (5710, ``peer password``)."""
    if password is None:
        return Typed(f"undo {_peer(who)} password")
    how = "cipher" if password.sealed else "simple"
    return Typed(f"{_peer(who)} password {how} {password.text}", (password.text,))


def _undo(who: Who, setting: Setting) -> str:
    return f"undo {_peer(who)} {_UNDO[setting]}"


def _number(neighbour: Neighbour | Listener) -> int | AnyAs:
    return AnyAs.EXTERNAL if neighbour.as_number is None else neighbour.as_number
