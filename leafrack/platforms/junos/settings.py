"""What Junos' configuration says of a neighbour, as values and back.

Statements as in Juniper's CLI reference (``edit protocols bgp group neighbor``), each of them in the structure of 24.4
(tests/platforms/junos/test_schema.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.junos import secrets
from leafrack.platforms.junos.sets import Statement, below, quoted
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Setting, Settings, Timers

_MINUTE = 60
FAMILIES = {4: "inet", 6: "inet6"}
TTL = "255"
KEEPALIVES = 3
"""Junos sends three keepalives in a hold time, and has no word for another number."""


def of_statements(
    said: Sequence[Statement], version: int, paths: Collection[str] = ()
) -> tuple[Settings, int | AnyAs | None, tuple[str, ...]]:
    """Settings of a neighbour's statements, the AS that they give it, the rest.

    ``paths`` are the names of path lists: one counts as such where it is the first policy, before anything is taken.
    """
    found: dict[str, Any] = {}
    number: int | AnyAs | None = None
    rest: list[str] = []
    family = ("family", FAMILIES[version], "unicast")
    for one in said:
        of = _READ.get(one[0])
        if one[0] == "peer-as" and len(one) == 2:
            number = number_or_none(one[1])
        elif one[:3] == family and one[3:4] in ((), (_LIMIT,)):
            found["activated"] = True
        elif one[0] == "import" and one[1:2] and one[1] in paths and not found.keys() & {"paths_in", "list_in"}:
            found["paths_in"] = one[1]
        elif one[0] in _LISTS and len(one) == 2:
            key = _LISTS[one[0]]
            found[key] = f"{found.get(key, '')} {one[1]}".strip()
        elif of and (known := of(one[1:])):
            found |= known
        else:
            rest.append(" ".join(map(quoted, one)))
    if limited := list(below(said, *family, _LIMIT)):
        found["limit"] = _limit(limited)
    return Settings(**found), number, tuple(rest)


_LIMIT = "prefix-limit"
_UNDER_A_KEY = "$8$"
_PRIVATE: Mapping[Statement, PrivateAs] = {
    (): PrivateAs(every=False, replaced=False),
    ("all",): PrivateAs(replaced=False),
    ("all", "replace"): PrivateAs(),
}
_LISTS = {"import": "list_in", "export": "list_out"}


def _timers(said: Statement) -> Mapping[str, Any]:
    hold = "".join(said)
    return {"timers": Timers(int(hold) // KEEPALIVES, int(hold))} if hold.isdigit() else {}


def _password(shown: str) -> Password:
    """Under a key of the box (``system master-password``) nobody else reads it."""
    return Password(secrets.clear(shown), sealed=shown.startswith(_UNDER_A_KEY))


def _shutdown(said: Statement) -> Mapping[str, Any]:
    return {"shutdown": said[-1] if said[:1] == ("notify-message",) else ""}


_READ: Mapping[str, Callable[[Statement], Mapping[str, Any]]] = {
    "description": lambda said: {"description": " ".join(said)},
    "authentication-key": lambda said: {"password": _password(" ".join(said))},
    "hold-time": _timers,
    "ttl": lambda said: {"ttl_security": 1} if said == (TTL,) else {},
    "graceful-restart": lambda said: {"graceful_restart": False} if said == ("disable",) else {},
    "as-override": lambda _: {"as_override": True},
    "remove-private": lambda said: {"private_as": _PRIVATE[said]} if said in _PRIVATE else {},
    "shutdown": _shutdown,
}


def _limit(said: Sequence[Statement]) -> Limit:
    routes, retry, more = 0, None, []
    for one in said:
        match one:
            case ("maximum", number) if number.isdigit():
                routes = int(number)
            case ("teardown", "idle-timeout", minutes) if minutes.isdigit():
                retry = int(minutes) * _MINUTE
            case _:
                more.append(" ".join(one))
    return Limit(routes, retry, "; ".join(more))


def limit(of: Limit) -> Iterator[Statement]:
    """Statements of a limit, below the neighbour's family."""
    yield (_LIMIT, "maximum", str(of.routes))
    if of.retry is not None:
        yield (_LIMIT, "teardown", "idle-timeout", str(of.retry // _MINUTE))


_WORDS: Mapping[Setting, Callable[[Settings], str]] = {
    Setting.DESCRIPTION: lambda of: f"description {quoted(of.description)}" if of.description else "",
    Setting.PASSWORD: lambda of: "authentication-key" if of.password else "",
    Setting.SHUTDOWN: lambda of: "" if of.shutdown is None else f"shutdown {quoted(of.shutdown)}".removesuffix(' ""'),
    Setting.TIMERS: lambda of: f"hold-time {of.timers.hold}" if of.timers else "",
    Setting.TTL_SECURITY: lambda of: "" if of.ttl_security is None else f"ttl {TTL}",
    Setting.GRACEFUL_RESTART: lambda of: "" if of.graceful_restart else "graceful-restart disable",
    Setting.LIST_IN: lambda of: _policies("import", of.list_in),
    Setting.LIST_OUT: lambda of: _policies("export", of.list_out),
    Setting.PATHS_IN: lambda of: _policies("import", of.paths_in),
    Setting.LIMIT: lambda of: _limited(of.limit) if of.limit else "",
    Setting.AS_OVERRIDE: lambda of: "as-override" if of.as_override else "",
    Setting.PRIVATE_AS: lambda of: _private(of.private_as) if of.private_as else "",
    Setting.ACTIVATED: lambda of: "family unicast" if of.activated else "",
}


def words(setting: Setting, of: Settings) -> str:
    """How Junos shows a setting."""
    return _WORDS[setting](of)


def _policies(way: str, names: str) -> str:
    return "" if not names else f"{way} [ {names} ]" if " " in names else f"{way} {names}"


def _limited(of: Limit) -> str:
    again = "" if of.retry is None else f"teardown idle-timeout {of.retry // _MINUTE}"
    return " ".join(filter(None, (f"prefix-limit maximum {of.routes}", again, of.more)))


def _private(of: PrivateAs) -> str:
    return f"remove-private{' all' * of.every}{' replace' * of.replaced}"


def as_words(number: int | AnyAs) -> str:
    """How Junos shows the AS of a neighbour."""
    return f"peer-as {number}"
