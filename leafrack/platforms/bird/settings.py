"""What the file of a neighbour or of a range on a BIRD leaf says, as values and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leafrack.platforms.differences import RETRY
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

PASSIVE = "passive;"
TTL_SECURITY = "ttl security on;"
PRIVATE = "[64512..65534, 4200000000..4294967294]"
"""RFC 6996."""


def description(of: Settings) -> str:
    """Line of a description."""
    return f'description "{of.description}";'


def timers(of: Timers) -> tuple[str, str]:
    """Words of both timers."""
    return f"hold time {of.hold}", f"keepalive time {of.keepalive}"


def as_words(number: int | AnyAs | None) -> str:
    """How the AS of a neighbour is said; ``None`` is any but the switch's own."""
    if number is None or isinstance(number, AnyAs):
        return str(AnyAs.EXTERNAL if number is None else number)
    return f"as {number}"


_OURS = (
    r"protocol bgp \S+ \{|ipv[46] \{|\};?|local as \d+|connect (delay|retry) time \d+|error wait time [\d, ]+"
    r"|export filter|bgppath \w+|\{|(turned|right|bgp_path) = .+|for int one in .+|right = .+|accept"
)
"""What stands in every file, or goes with what is read of another line."""

_READ: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Mapping[str, Any]]], ...] = tuple(
    (re.compile(pattern), of)
    for pattern, of in (
        (r'description "(.*)"', lambda said: {"description": said[1]}),
        (r'password "(.*)"', lambda said: {"password": Password(said[1])}),
        (r"disabled(?: on| yes)?", lambda _: {"shutdown": ""}),
        (r"neighbor (?:range )?\S+ (external|internal|as \d+)", lambda said: {"set_as": _as(said[1])}),
        (r"hold time (\d+)", lambda said: {"hold": int(said[1])}),
        (r"keepalive time (\d+)", lambda said: {"keepalive": int(said[1])}),
        (r"ttl security (on|off)", lambda said: {"ttl_security": 1 if said[1] == "on" else None}),
        (r"graceful restart (on|off)", lambda said: {"graceful_restart": said[1] == "on"}),
        (r"import limit (\d+) action restart", lambda said: {"limit": Limit(int(said[1]), RETRY)}),
        (r"import limit (\d+)(.*)", lambda said: {"limit": Limit(int(said[1]), more=said[2].strip())}),
        (r"import filter \{ if net ~ '([^']+)' then accept; reject; \}", lambda said: {"list_in": said[1]}),
        (
            r"import filter \{ if net ~ '(.+)' && delete\(bgp_path, '(.+)'\)\.len = 0 then accept; reject; \}",
            lambda said: {"list_in": said[1], "paths_in": said[2]},
        ),
        (r"export filter \{ if net ~ '(.+)' then accept; reject; \}", lambda said: {"list_out": said[1]}),
        (r"if !\(net ~ '(.+)'\) then reject", lambda said: {"list_out": said[1]}),
        (rf"if one ~ {re.escape(PRIVATE)} then one = \d+", lambda _: {"private_as": PrivateAs()}),
        (r"if one ~ \[[\d, ]+\] then one = \d+", lambda _: {"as_override": True}),
        (_OURS, lambda _: {}),
    )
)


def of_lines(lines: Iterable[str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Fields of a neighbour's state that its file tells, and the lines that leafrack does not write."""
    found: dict[str, Any] = {"activated": True}
    rest: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        said = next(((known, of) for pattern, of in _READ if (known := pattern.fullmatch(line.rstrip(";")))), None)
        if said is not None:
            known, of = said
            found |= of(known)
        elif not line.startswith("#"):
            rest.append(line)
    hold, keepalive = found.pop("hold", None), found.pop("keepalive", None)
    if hold or keepalive:
        found["timers"] = Timers(keepalive or 0, hold or 0)
    return found, tuple(rest)


def _as(said: str) -> int | AnyAs:
    return int(said.removeprefix("as ")) if said.startswith("as ") else AnyAs(said)


_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: description(of).rstrip(";") if of.description else "",
    Setting.PASSWORD: lambda of: "password" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else "disabled",
    Setting.TIMERS: lambda of: "; ".join(timers(of.timers)) if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else TTL_SECURITY.rstrip(";"),
    Setting.GRACEFUL_RESTART: lambda of: f"graceful restart {'on' if of.graceful_restart else 'off'}",
    Setting.LIST_IN: lambda of: f"import filter of '{of.list_in}'" if of.list_in else "",
    Setting.LIST_OUT: lambda of: f"export filter of '{of.list_out}'" if of.list_out else "",
    Setting.PATHS_IN: lambda of: f"import filter of paths '{of.paths_in}'" if of.paths_in else "",
    Setting.LIMIT: lambda of: _limit(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: "its own AS for the neighbour's in the export filter" if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: "its own AS for private ones in the export filter" if of.private_as else "",
    Setting.ACTIVATED: lambda of: "a channel" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How BIRD says a setting."""
    return _WORDS[setting](of)


def _limit(limit: Limit) -> str:
    return f"import limit {limit.routes} {limit.more or 'action restart'}"
