"""What Comware's running configuration says of a neighbour, as values and back.

Lines are those of HPE's and H3C's command references for Comware 7 (Layer 3 - IP Routing: MSR V7 R0106, 5710, S5820V2).
In BGP view stand AS, description, password, timers, GTSM, ``substitute-as`` and ``ignore``; in the view of an address
family ``enable``, prefix lists, path lists, ``route-limit`` and ``public-as-only``. A password is shown as ``password
cipher $c$3$…``, salted anew each time that it is entered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.job import Listener, Neighbour
from leafrack.platforms.patterns import Found, meaning, table
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

FAMILIES = ("ipv4 unicast", "ipv6 unicast")
"""Address families that leafrack has a part in."""
_LONGEST = 79
"""Characters of a description (S5820V2 and MSR V7, ``peer description``)."""
_AUTOMATIC = 75
"""Per cent of a limit at which Comware warns by itself."""


Declared = TypeVar("Declared", Neighbour, Listener)


def fitting(neighbour: Declared) -> Declared:
    """A neighbour or range whose description is no longer than Comware takes it."""
    return replace(neighbour, description=neighbour.description[:_LONGEST].rstrip())


def family(version: int) -> str:
    """Address family of an IP version."""
    return FAMILIES[0] if version == 4 else FAMILIES[1]


def of_lines(
    lines: Iterable[tuple[str, str]], own: str, *, graceful_restart: bool
) -> tuple[Settings, int | None, tuple[str, ...]]:
    """Settings of a neighbour's lines without ``peer ADDRESS`` before them, the AS that they give it, the rest.

    Each line comes with the family whose view it is in, ``""`` for BGP view; ``own`` is the neighbour's family.
    ``graceful_restart`` is the instance's: Comware has none for a neighbour.
    """
    found: dict[str, Any] = {"graceful_restart": graceful_restart}
    number: int | None = None
    rest: list[str] = []
    for view, line in lines:
        said = meaning(line, _READ) if view in ("", own) else None
        if line.startswith("as-number "):
            number = number_or_none(line.removeprefix("as-number "))
        elif said is not None:
            found |= said
        else:
            rest.append(f"{view}: {line}" if view else line)
    return Settings(**found), number, tuple(rest)


def placed(rest: str) -> tuple[str, str]:
    """View and text of a line of the rest."""
    view, _, line = rest.partition(": ")
    return (view, line) if view in FAMILIES else ("", rest)


def _limited(said: re.Match[str]) -> Found:
    """``route-limit NUMBER [ { alert-only | discard | reconnect SECONDS } | PER CENT ] *``."""
    more = said[2].split()
    retry = int(more[more.index("reconnect") + 1]) if "reconnect" in more[:-1] else None
    rest = " ".join(more).replace(f"reconnect {retry}", "").split()
    return {"limit": Limit(int(said[1]), retry, " ".join(one for one in rest if one != str(_AUTOMATIC)))}


_READ = table(
    (r"description (.+)", lambda said: {"description": said[1]}),
    (r"password (cipher|simple) (\S+)", lambda said: {"password": Password(said[2], sealed=said[1] == "cipher")}),
    (r"ignore(?: (.+))?", lambda said: {"shutdown": said[1] or ""}),
    (r"timer keepalive (\d+) hold (\d+)", lambda said: {"timers": Timers(int(said[1]), int(said[2]))}),
    (r"ttl-security hops (\d+)", lambda said: {"ttl_security": int(said[1])}),
    (r"substitute-as", lambda _: {"as_override": True}),
    (r"enable", lambda _: {"activated": True}),
    (r"prefix-list (\S+) import", lambda said: {"list_in": said[1]}),
    (r"prefix-list (\S+) export", lambda said: {"list_out": said[1]}),
    (r"as-path-acl (\S+) import", lambda said: {"paths_in": said[1]}),
    (r"route-limit (\d+)(.*)", _limited),
    # Only paths of private numbers alone lose them, and nothing takes their place (6125XLG, R2306, peer
    # public-as-only).
    (r"public-as-only", lambda _: {"private_as": PrivateAs(every=False, replaced=False)}),
)

_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: f"description {of.description}" if of.description else "",
    Setting.PASSWORD: lambda of: "password" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else f"ignore {of.shutdown}".strip(),
    Setting.TIMERS: lambda of: timers(of.timers) if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else f"ttl-security hops {of.ttl_security}",
    Setting.GRACEFUL_RESTART: lambda of: "graceful-restart" if of.graceful_restart else "",
    Setting.LIST_IN: lambda of: f"prefix-list {of.list_in} import" if of.list_in else "",
    Setting.LIST_OUT: lambda of: f"prefix-list {of.list_out} export" if of.list_out else "",
    Setting.PATHS_IN: lambda of: f"as-path-acl {of.paths_in} import" if of.paths_in else "",
    Setting.LIMIT: lambda of: limit(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: "substitute-as" if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: "public-as-only" if of.private_as else "",
    Setting.ACTIVATED: lambda of: "enable" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How Comware shows a setting."""
    return _WORDS[setting](of)


def timers(of: Timers) -> str:
    """Words of both timers: the hold time is at least three keepalives."""
    return f"timer keepalive {of.keepalive} hold {of.hold}"


def limit(of: Limit) -> str:
    """Words of a limit, with the seconds after which the session is tried again."""
    again = "" if of.retry is None else f"reconnect {of.retry}"
    return " ".join(filter(None, (f"route-limit {of.routes}", again, of.more)))


def as_words(number: int | AnyAs) -> str:
    """How Comware shows the AS of a neighbour."""
    return f"as-number {number}"
