"""What EOS's running configuration says of a neighbour, as values and back.

EOS shows a line as it was given, but for passwords (``leafrack.platforms.eos.passwords``) and for what is the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.eos import passwords
from leafrack.platforms.patterns import meaning, table
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

_OVERRIDE = "as-path remote-as replace out"
_PRIVATE = "remove-private-as"
_DEFAULT_LIMIT = 12000
"""Routes that a neighbour may send without configuration; older releases show them as if they were configured."""


def of_lines(lines: Sequence[str], who: str, *, activated: bool) -> tuple[Settings, int | None, tuple[str, ...]]:
    """Settings of a neighbour's lines without ``neighbor WHO`` before them, the AS that they give it, the rest."""
    found: dict[str, Any] = {"activated": activated}
    number: int | None = None
    rest: list[str] = []
    for line in lines:
        kind, _, value = line.partition(" ")
        if kind == "remote-as":
            number = number_or_none(value)
        elif kind == "password":
            found["password"] = _password(value, who)
        elif said := meaning(line, _READ):
            found |= said
        elif line.split()[-1] != "activate":
            rest.append(line)
    _limit_of(found)
    return Settings(**found), number, tuple(rest)


def _password(value: str, who: str) -> Password:
    kind, _, text = value.rpartition(" ")
    known = passwords.password(text, who) if kind == "7" else text
    return Password(value if known is None else known)


def _limit_of(found: dict[str, Any]) -> None:
    """The limit's two lines are one setting; a timer alone is nobody's business."""
    retry, limit = found.pop("retry", None), found.get("limit")
    if limit is None:
        return
    if limit == Limit(_DEFAULT_LIMIT) and retry is None:
        del found["limit"]
    else:
        found["limit"] = Limit(limit.routes, retry, limit.more)


_READ = table(
    (r"description (.+)", lambda said: {"description": said[1]}),
    (r"shutdown(?: reason (.+))?", lambda said: {"shutdown": said[1] or ""}),
    (r"timers (\d+) (\d+)", lambda said: {"timers": Timers(int(said[1]), int(said[2]))}),
    (r"ttl maximum-hops (\d+)", lambda said: {"ttl_security": int(said[1])}),
    (r"no graceful-restart", lambda _: {"graceful_restart": False}),
    (r"prefix-list (\S+) (in|out)", lambda said: {f"list_{said[2]}": said[1]}),
    (r"route-map (\S+) in", lambda said: {"paths_in": said[1]}),
    (r"maximum-routes (\d+)(.*)", lambda said: {"limit": Limit(int(said[1]), more=said[2].strip())}),
    (r"idle-restart-timer (\d+)", lambda said: {"retry": int(said[1])}),
    (_OVERRIDE, lambda _: {"as_override": True}),
    (
        rf"{_PRIVATE}( all)?( replace-as)?",
        lambda said: {"private_as": PrivateAs(every=bool(said[1]), replaced=bool(said[2]))},
    ),
)

_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: f"description {of.description}" if of.description else "",
    Setting.PASSWORD: lambda of: "password" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else f"shutdown {of.shutdown}".strip(),
    Setting.TIMERS: lambda of: f"timers {of.timers.keepalive} {of.timers.hold}" if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else f"ttl maximum-hops {of.ttl_security}",
    Setting.GRACEFUL_RESTART: lambda of: "" if of.graceful_restart else "no graceful-restart",
    Setting.LIST_IN: lambda of: f"prefix-list {of.list_in} in" if of.list_in else "",
    Setting.LIST_OUT: lambda of: f"prefix-list {of.list_out} out" if of.list_out else "",
    Setting.PATHS_IN: lambda of: f"route-map {of.paths_in} in" if of.paths_in else "",
    Setting.LIMIT: lambda of: _limit(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: _OVERRIDE if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: _private(of.private_as) if of.private_as else "",
    Setting.ACTIVATED: lambda of: "activate" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How EOS says a setting."""
    return _WORDS[setting](of)


def _limit(limit: Limit) -> str:
    again = "" if limit.retry is None else f", idle-restart-timer {limit.retry}"
    return f"maximum-routes {limit.routes}{f' {limit.more}' if limit.more else ''}{again}"


def _private(private: PrivateAs) -> str:
    return f"{_PRIVATE}{' all' * private.every}{' replace-as' * private.replaced}"


def as_words(number: int | AnyAs) -> str:
    """How EOS says the AS of a neighbour."""
    return f"remote-as {number}"
