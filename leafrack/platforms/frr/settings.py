"""What FRR's running configuration says of a neighbour, as values and back, as tried on 8.4, 10.3 and 10.7.

FRR shows a line as it was given, but for ``activate``, which it shows only where that is not the default; whether a
family is activated, its JSON of the neighbour tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.patterns import Found, meaning, table
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

_AS = {AnyAs.EXTERNAL: "external", AnyAs.INTERNAL: "internal", AnyAs.EITHER: "auto"}
_PRIVATE = "remove-private-AS"
_MINUTE = 60
_ELSEWHERE = ("remote-as", "activate")
"""What other fields tell, and FRR's JSON."""


def of_lines(lines: Sequence[str], *, activated: bool) -> tuple[Settings, int | AnyAs | None, tuple[str, ...]]:
    """Settings of a neighbour's lines without ``neighbor ADDRESS`` before them, the AS that they give it, the rest."""
    found: dict[str, Any] = {"activated": activated}
    number: int | AnyAs | None = None
    rest: list[str] = []
    for line in lines:
        kind, _, value = line.partition(" ")
        if kind == "remote-as":
            number = _as(value)
        elif said := meaning(line, _READ):
            found |= said
        elif kind not in _ELSEWHERE:
            rest.append(line)
    return Settings(**found), number, tuple(rest)


def _as(value: str) -> int | AnyAs | None:
    named = next((one for one, word in _AS.items() if word == value), None)
    if named is not None:
        return named
    try:
        return as_number(value)
    except ValueError:
        return None


def _list(said: re.Match[str]) -> Found:
    return {f"list_{said[2]}": said[1]}


def _limited(said: re.Match[str]) -> Found:
    retry = int(said[3]) * _MINUTE if said[3] else None
    return {"limit": Limit(int(said[1]), retry, f"{said[2]}{said[4] or ''}".strip())}


_READ = table(
    (r"description (.+)", lambda said: {"description": said[1]}),
    (r"password (.+)", lambda said: {"password": Password(said[1])}),
    (r"shutdown(?: (.+))?", lambda said: {"shutdown": said[1] or ""}),
    (r"timers (\d+) (\d+)", lambda said: {"timers": Timers(int(said[1]), int(said[2]))}),
    (r"ttl-security hops (\d+)", lambda said: {"ttl_security": int(said[1])}),
    (r"graceful-restart-disable", lambda _: {"graceful_restart": False}),
    (r"prefix-list (\S+) (in|out)", _list),
    (r"filter-list (\S+) in", lambda said: {"paths_in": said[1]}),
    (r"maximum-prefix (\d+)(.*?)(?: restart (\d+))?( force)?", _limited),
    (r"as-override", lambda _: {"as_override": True}),
    (
        rf"{_PRIVATE}( all)?( replace-AS)?",
        lambda said: {"private_as": PrivateAs(every=bool(said[1]), replaced=bool(said[2]))},
    ),
)

_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: f"description {of.description}" if of.description else "",
    Setting.PASSWORD: lambda of: "password" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else f"shutdown {of.shutdown}".strip(),
    Setting.TIMERS: lambda of: f"timers {of.timers.keepalive} {of.timers.hold}" if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else f"ttl-security hops {of.ttl_security}",
    Setting.GRACEFUL_RESTART: lambda of: "" if of.graceful_restart else "graceful-restart-disable",
    Setting.LIST_IN: lambda of: f"prefix-list {of.list_in} in" if of.list_in else "",
    Setting.LIST_OUT: lambda of: f"prefix-list {of.list_out} out" if of.list_out else "",
    Setting.PATHS_IN: lambda of: f"filter-list {of.paths_in} in" if of.paths_in else "",
    Setting.LIMIT: lambda of: _limit(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: "as-override" if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: _private(of.private_as) if of.private_as else "",
    Setting.ACTIVATED: lambda of: "activate" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How FRR shows a setting."""
    return _WORDS[setting](of)


def _limit(limit: Limit) -> str:
    more, force = (limit.more.removesuffix("force").strip(), limit.more.endswith("force"))
    again = "" if limit.retry is None else f"restart {limit.retry // _MINUTE}"
    return " ".join(filter(None, (f"maximum-prefix {limit.routes}", more, again, "force" if force else "")))


def _private(private: PrivateAs) -> str:
    return f"{_PRIVATE}{' all' * private.every}{' replace-AS' * private.replaced}"


def as_words(number: int | AnyAs) -> str:
    """How FRR shows the AS of a neighbour."""
    return f"remote-as {_AS[number] if isinstance(number, AnyAs) else number}"
