"""What NX-OS's running configuration says: the instance, neighbours, templates, lists, what is in leafrack's way.

Lines inside lines are indented. A neighbour is a place of its own, and so is each family inside it; what a template
says holds for those that inherit it, unless they say otherwise themselves (Cisco Nexus 9000 Series NX-OS Unicast
Routing Configuration Guide, "Configuring Advanced BGP": peer-session, peer-policy and peer templates).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.state import Effect, Line

_DEFINITIONS = {
    "filter-list": r"ip as-path access-list {name} (?:seq \d+ )?permit ",
    "route-map": r"route-map {name} permit ",
}
"""What makes those that stay beside leafrack's lists permit something."""


_SECTIONS = re.compile(r"feature bgp|router bgp|ip(?:v6)? prefix-list|ip as-path|route-map|version ")
"""What is asked for begins so; the release may stand above it."""


@dataclass
class Block:
    """A line and the lines inside it."""

    text: str
    inside: list[Block] = field(default_factory=list)

    def named(self, pattern: str) -> Iterator[tuple[re.Match[str], Block]]:
        """Lines inside that a pattern fits."""
        for one in self.inside:
            if said := re.fullmatch(pattern, one.text):
                yield said, one


class Told(NamedTuple):
    """A line of a neighbour, and the address family that it is in, none for the session's own."""

    family: str
    text: str


@dataclass(frozen=True)
class Router:
    """``router bgp``: its AS, and what the default VRF says there."""

    as_number: int
    router_id: str = ""
    neighbours: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    """By address or range."""
    templates: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    """By what inherits them: ``peer NAME``, ``peer-session NAME``, ``peer-policy NAME``."""
    elsewhere: tuple[str, ...] = ()
    """Names of VRFs that it runs in besides."""


def blocks(text: str) -> Block:
    """Lines of a configuration as they stand inside each other."""
    top = Block("")
    open_blocks: list[tuple[int, Block]] = [(-1, top)]
    for line in text.split("\n"):
        whole = line.rstrip()
        bare = whole.lstrip()
        if not bare or bare.startswith("!"):
            continue
        depth = len(whole) - len(bare)
        while depth <= open_blocks[-1][0]:
            open_blocks.pop()
        block = Block(bare)
        open_blocks[-1][1].inside.append(block)
        open_blocks.append((depth, block))
    return top


def is_none(top: Block) -> bool:
    """Whether there is text, and no section of a configuration that was asked for."""
    return bool(top.inside) and not any(_SECTIONS.match(one.text) for one in top.inside)


def instance(top: Block) -> Router | None:
    """The BGP instance, if there is one; a switch has no second."""
    found = next(top.named(r"router bgp (\S+)"), None)
    number = None if found is None else number_or_none(found[0][1])
    if found is None or number is None:
        return None
    bgp = found[1]
    return Router(
        number,
        next((said[1] for said, _ in bgp.named(r"router-id (\S+)")), ""),
        {said[1]: (*_with_as(said[2]), *_said(block)) for said, block in bgp.named(r"neighbor (\S+)( remote-as .+)?")},
        {said[1]: tuple(_said(block)) for said, block in bgp.named(r"template (peer\S* \S+)")},
        tuple(said[1] for said, _ in bgp.named(r"vrf (\S+)")),
    )


def _with_as(said: str | None) -> Iterator[Told]:
    """Releases before 7 show a neighbour's AS in its first line."""
    if said:
        yield Told("", said.strip())


def _said(block: Block) -> Iterator[Told]:
    for one in block.inside:
        if entered := re.fullmatch(r"address-family (.+)", one.text):
            yield Told("", one.text)
            yield from (Told(entered[1], inner.text) for inner in one.inside)
        else:
            yield Told("", one.text)


def listed(top: Block) -> tuple[Mapping[str, frozenset[str]], Mapping[str, Mapping[str, int]]]:
    """Entries of each prefix list by its name without their numbers, and these by list and entry."""
    numbers: dict[str, dict[str, int]] = {}
    pattern = r"ip(?:v6)? prefix-list (\S+) (?:seq (\d+) )?((?:permit|deny) .+)"
    for said, _ in top.named(pattern):
        numbers.setdefault(said[1], {})[said[3]] = int(said[2] or 0)
    return {name: frozenset(entries) for name, entries in numbers.items()}, numbers


def listed_paths(top: Block) -> tuple[Mapping[str, frozenset[str]], Mapping[str, Mapping[str, int]]]:
    """The same for path lists; an expression that stands there without quotes is read as with them."""
    numbers: dict[str, dict[str, int]] = {}
    for said, _ in top.named(r"ip as-path access-list (\S+) (?:seq (\d+) )?(permit|deny) (.+)"):
        numbers.setdefault(said[1], {})[f'{said[3]} "{said[4].strip().strip(chr(34))}"'] = int(said[2] or 0)
    return {name: frozenset(entries) for name, entries in numbers.items()}, numbers


def lines(own: Sequence[Told], templates: Mapping[str, tuple[Told, ...]], version: int, top: Block) -> Iterator[Line]:
    """What keeps a neighbour down or filters its routes, also where a template says it."""
    family = f"ipv{version} unicast"
    for one in inherited(own, templates):
        if one.family in ("", family):
            yield from _line(one.text, top)


def inherited(own: Sequence[Told], templates: Mapping[str, tuple[Told, ...]]) -> Iterator[Told]:
    """What holds for a neighbour: its own lines, and those of its templates that it does not replace."""
    heads = {_head(one) for one in own}
    yield from own
    seen: set[str] = set()
    waiting = [one for one in own if one.text.startswith("inherit ")]
    while waiting:
        heir = waiting.pop(0)
        words = heir.text.split()
        name = " ".join(words[1:3])
        if name in seen:
            continue
        seen.add(name)
        for one in templates.get(name, ()):
            # A policy's lines have no family of their own: they are of the one that inherits them.
            said = Told(one.family or heir.family, one.text)
            if said.text.startswith("inherit "):
                waiting.append(said)
            elif _head(said) not in heads:
                heads.add(_head(said))
                yield said


def _head(said: Told) -> tuple[str, str]:
    words = said.text.removeprefix("no ").split()
    way = words[-1] if words[-1] in ("in", "out") else ""
    return said.family, f"{words[0]} {way}"


def _line(text: str, top: Block) -> Iterator[Line]:
    kind, _, rest = text.partition(" ")
    name = rest.partition(" ")[0]
    match kind:
        case "shutdown":
            yield Line(text, Effect.SHUTS)
        case "prefix-list":
            yield Line(text, Effect.REPLACED, name)
        case "ebgp-multihop":
            yield Line(text, Effect.MULTIHOP)
        case "filter-list" if text.endswith(" in"):
            yield Line(text, Effect.REPLACED, name)
        case "filter-list" | "route-map":
            permits = any(
                re.match(_DEFINITIONS[kind].format(name=re.escape(name)), f"{one.text} ") for one in top.inside
            )
            yield Line(text, Effect.FILTERS if permits else Effect.DROPS, name)
