"""What NX-OS's running configuration says of a neighbour, as values and back.

Every line is one that Cisco's own patterns know (Ansible's collection ``cisco.nxos``, ``bgp_global`` and
``bgp_neighbor_address_family``) or its command reference of 9.3(x) has; each stands beside its line below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.nxos.running import Told
from leafrack.platforms.nxos.type7 import clear
from leafrack.platforms.patterns import Found, meaning, table
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

AS_OVERRIDE = ("disable-peer-as-check", "as-override")
"""Both or nothing: without the first, a route with the neighbour's AS in its path is not sent at all."""
_MINUTE = 60
_WARNING = "75"
"""Percent at which NX-OS warns of itself (command reference, ``maximum-prefix``)."""
_ONLY = "warning-only"
_ELSEWHERE = re.compile(r"address-family .+|no shutdown")
_PASSWORDS = {"3": True, "6": True, "7": False}
"""Kinds of shown passwords, and whether nobody but the switch can compute them: 3DES, AES, Cisco's type 7."""


def of_lines(said: Sequence[Told], version: int) -> tuple[Settings, int | AnyAs | None, tuple[str, ...]]:
    """Settings of a neighbour's own lines, the AS that they give it, and the rest of them."""
    family = f"ipv{version} unicast"
    found: dict[str, Any] = {"activated": Told("", f"address-family {family}") in said}
    own = [one.text for one in said if one.family in ("", family)]
    number: int | AnyAs | None = None
    rest: list[str] = []
    if set(AS_OVERRIDE) <= set(own):
        found["as_override"] = True
        own = [line for line in own if line not in AS_OVERRIDE]
    for line in own:
        if line.startswith("remote-as "):
            number = _as(line.removeprefix("remote-as "))
        elif given := meaning(line, _READ):
            found |= given
        elif not _ELSEWHERE.fullmatch(line):
            rest.append(line)
    return Settings(**found), number, tuple(rest)


def _as(said: str) -> int | AnyAs | None:
    """AS of a neighbour; ``route-map`` is for ranges only."""
    return next((one for one in AnyAs if one == said), None) or number_or_none(said)


def _password(said: re.Match[str]) -> Found:
    kind, text = said[1] or "0", said[2]
    if kind == "0":
        return {"password": Password(text)}
    known = clear(text) if not _PASSWORDS[kind] else None
    return {"password": Password(f"{kind} {text}", sealed=True) if known is None else Password(known)}


def _limit(said: re.Match[str]) -> Found:
    warning = f"{said[2]} " if said[2] and said[2] != _WARNING else ""
    retry = int(said[3]) * _MINUTE if said[3] else None
    return {"limit": Limit(int(said[1]), retry, f"{warning}{said[4] or ''}".strip())}


def _private(said: re.Match[str]) -> Found:
    return {"private_as": PrivateAs(every=bool(said[1]), replaced=said[1] == " replace-as")}


_READ = table(
    (r"description (.+)", lambda said: {"description": said[1]}),
    (r"password (?:([0367]) )?(\S+)", _password),
    (r"shutdown", lambda _: {"shutdown": ""}),
    (r"timers (\d+) (\d+)", lambda said: {"timers": Timers(int(said[1]), int(said[2]))}),
    (r"ttl-security hops (\d+)", lambda said: {"ttl_security": int(said[1])}),
    (r"prefix-list (\S+) (in|out)", lambda said: {f"list_{said[2]}": said[1]}),
    (r"filter-list (\S+) in", lambda said: {"paths_in": said[1]}),
    (r"maximum-prefix (\d+)(?: (\d+))?(?: restart (\d+))?(?: (warning-only))?", _limit),
    # `[ no | default ] remove-private-as [ all | replace-as ]`: replaced are all of them (command reference).
    (r"remove-private-as( all| replace-as)?", _private),
)

_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: f"description {of.description}" if of.description else "",
    Setting.PASSWORD: lambda of: "password" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else "shutdown",
    Setting.TIMERS: lambda of: f"timers {of.timers.keepalive} {of.timers.hold}" if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else f"ttl-security hops {of.ttl_security}",
    Setting.GRACEFUL_RESTART: lambda of: "" if of.graceful_restart else "no graceful-restart",
    Setting.LIST_IN: lambda of: f"prefix-list {of.list_in} in" if of.list_in else "",
    Setting.LIST_OUT: lambda of: f"prefix-list {of.list_out} out" if of.list_out else "",
    Setting.PATHS_IN: lambda of: f"filter-list {of.paths_in} in" if of.paths_in else "",
    Setting.LIMIT: lambda of: limit_words(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: AS_OVERRIDE[1] if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: private_words(of.private_as) if of.private_as else "",
    Setting.ACTIVATED: lambda of: "address-family" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How NX-OS shows a setting."""
    return _WORDS[setting](of)


def limit_words(limit: Limit) -> str:
    """How NX-OS shows a limit of routes."""
    warning, only = limit.more.removesuffix(_ONLY).strip(), _ONLY if limit.more.endswith(_ONLY) else ""
    again = "" if limit.retry is None else f"restart {limit.retry // _MINUTE}"
    return " ".join(filter(None, (f"maximum-prefix {limit.routes}", warning, again, only)))


def private_words(private: PrivateAs) -> str:
    """How NX-OS shows what becomes of private AS numbers."""
    return f"remove-private-as{' replace-as' if private.replaced else ' all' if private.every else ''}"


def as_words(number: int | AnyAs) -> str:
    """How NX-OS shows the AS of a neighbour."""
    return f"remote-as {number}"
