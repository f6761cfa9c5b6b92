"""How a neighbour or a prefix list on an FRR switch differs from what leafrack writes there, as tried on 8.4.

FRR shows a line as it was given, but for ``activate``, which it shows only where that is not the default; whether a
family is activated, its JSON of the neighbour tells. Lines that leafrack says nothing about are other people's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LINE = re.compile(r" +(?P<no>no )?neighbor (?P<who>\S+) (?P<what>.+)")
_PASSWORD = "password "  # noqa: S105 - a word of the platform


def configured(running: str) -> Mapping[str, tuple[str, ...]]:
    """What the instance ``router bgp N`` says of each neighbour, without ``neighbor ADDRESS`` before it."""
    found: dict[str, tuple[str, ...]] = {}
    inside = False
    for line in running.splitlines():
        if line and not line.startswith((" ", "!")):
            inside = re.fullmatch(r"router bgp \d+", line) is not None
        elif inside and (said := _LINE.fullmatch(line)) and not said["no"]:
            found[said["who"]] = (*found.get(said["who"], ()), said["what"].strip())
    return found


def with_family(said: Sequence[str], peer: Mapping[str, Any], version: int) -> tuple[str, ...]:
    """What is configured of a neighbour, ``activate`` where the family of its address is by FRR's JSON of it.

    Of an IPv6 neighbour FRR activates IPv4 unless it is told not to; that carries no pods over this session.
    """
    active = ("activate",) if f"ipv{version}Unicast" in peer.get("addressFamilyInfo", {}) else ()
    return (*(line for line in said if line != "activate"), *active)


def listed(running: str) -> Mapping[str, frozenset[str]]:
    """Entries of each prefix list by its name."""
    found: dict[str, frozenset[str]] = {}
    for name, entry in re.findall(r"^ip(?:v6)? prefix-list (\S+) (.+)$", running, re.MULTILINE):
        found[name] = found.get(name, frozenset()) | {entry.strip()}
    return found


def of_neighbour(rendered: str, has: Sequence[str]) -> tuple[str, ...]:
    """Lines of the rendered neighbour that it lacks, and such as the rendering takes away that it has."""
    found: list[str] = []
    for line in rendered.splitlines():
        said = _LINE.fullmatch(line)
        if said is None or said["what"].startswith("remote-as "):
            continue
        if said["no"]:
            found += [
                f"has {_shown(each)}" for each in has if each == said["what"] or each.startswith(f"{said['what']} ")
            ]
        elif said["what"] not in has:
            found += _lacking(said["what"], has)
    return tuple(found)


def _lacking(wanted: str, has: Sequence[str]) -> Iterator[str]:
    """What it has in the place of a line, where there can be one of its kind only, and otherwise what it lacks."""
    kind, _, _ = wanted.partition(" ")
    where = wanted.rpartition(" ")[2] if kind == "prefix-list" else ""
    instead = [each for each in has if each.startswith(f"{kind} ") and each.endswith(where)]
    if wanted.startswith(_PASSWORD):
        yield "has another password" if instead else "lacks its password"
    elif instead:
        yield f"has {_shown(instead[0])} instead of {_shown(wanted)}"
    else:
        yield f"lacks {_shown(wanted)}"


def _shown(line: str) -> str:
    return "a password" if line.startswith(_PASSWORD) else f"`{line}`"


def of_as(as_number: int, has: Sequence[str]) -> tuple[str, ...]:
    """The AS that a neighbour is in, where that is another."""
    found = next((line.removeprefix("remote-as ") for line in has if line.startswith("remote-as ")), "")
    if found in ("", str(as_number)):
        return ()
    return (f"has `remote-as {found}` instead of `remote-as {as_number}`",)


def of_lists(rendered: str, running: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Entries that lists of ours lack and that they have besides."""
    found: list[str] = []
    for name, wanted in listed(rendered).items():
        has = running.get(name, frozenset())
        found += [f"{name} lacks `{entry}`" for entry in sorted(wanted - has)]
        found += [f"{name} has `{entry}`" for entry in sorted(has - wanted)]
    return tuple(found)
