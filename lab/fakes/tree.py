"""A configuration of lines inside lines, as EOS, NX-OS and Comware have it, and the rules of what may stand where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Shown = Callable[[re.Match[str]], str]


@dataclass
class Place:
    """Lines of one place by their heads; each may be a place itself."""

    text: str = ""
    mode: str = ""
    """Which rules hold inside."""
    inside: dict[str, Place] = field(default_factory=dict)

    def lines(self, step: int, depth: int = 0, end: str = "") -> Iterator[str]:
        """Text of what is inside, each place with ``step`` more spaces, ``end`` after each that is no single line."""
        for one in self.inside.values():
            yield " " * (step * depth) + one.text
            yield from one.lines(step, depth + 1, end)
            if end and one.mode:
                yield " " * (step * depth) + end

    def at(self, path: Sequence[str]) -> Place | None:
        """Place at the end of a path of heads."""
        place: Place | None = self
        for head in path:
            place = None if place is None else place.inside.get(head)
        return place


@dataclass(frozen=True)
class Rule:
    """A line that may stand in a place.

    ``head`` is a pattern of what makes it one of its kind: a second line with the same head takes the place of the
    first. ``tail`` is a pattern of the rest. Groups are named for whoever reads the configuration.
    """

    head: str
    tail: str = ""
    enters: str = ""
    """Mode of what stands inside it, if anything may."""
    shown: Shown | None = None
    """How the box shows it; as it was entered where there is none."""
    removal: bool = False
    """Nobody enters it: it only takes away, everything that begins with it, here and in the places inside."""
    of_itself: bool = False
    """``no …`` says something too and is kept, as where a default is switched off; ``default …`` takes it away."""
    key: str = ""
    """What makes it one of its kind where the head has more in it, with named groups of the head in braces."""


@dataclass(frozen=True)
class Entered:
    """What became of a line: where the login is now, and an error's sort where it was refused."""

    path: tuple[str, ...]
    error: str = ""
    """``unknown``: no rule; ``incomplete``: the beginning of one."""


@dataclass(frozen=True)
class Grammar:
    """Rules by mode; ``""`` is the mode at the top."""

    rules: Mapping[str, Sequence[Rule]]
    no: str = "no"
    """What takes a line away."""
    default: str = "default"
    """What brings back what a line says without configuration."""

    def enter(self, top: Place, path: tuple[str, ...], line: str) -> Entered:
        """Carry out a line in a place of a configuration, or in one of those around it, the nearest first."""
        words = " ".join(line.split())
        error = "unknown"
        for depth in range(len(path), -1, -1):
            there = path[:depth]
            place = top.at(there)
            if place is None:
                continue
            found = self._carried_out(place, there, words)
            if found.error == "":
                return found
            error = found.error if found.error == "incomplete" else error
        return Entered(path, error)

    def _carried_out(self, place: Place, path: tuple[str, ...], line: str) -> Entered:
        first, _, bare = line.partition(" ")
        taken = first if first in (self.no, self.default) else ""
        incomplete = False
        for rule in self.rules.get(place.mode, ()):
            if taken:
                if said := re.fullmatch(f"{rule.head}(?:{rule.tail})?", bare):
                    _take_away(place, rule, said, line if taken == self.no and rule.of_itself else "")
                    return Entered(path)
            elif not rule.removal and (said := re.fullmatch(rule.head + rule.tail, line)):
                key = _key(rule, said)
                text = rule.shown(said) if rule.shown else line
                old = place.inside.get(key)
                place.inside[key] = Place(text, rule.enters, old.inside if old else {})
                return Entered((*path, key) if rule.enters else path)
            elif not rule.removal and rule.tail and re.fullmatch(rule.head, line):
                incomplete = True
        return Entered(path, "incomplete" if incomplete else "unknown")

    def parsed(self, text: str, ignored: Sequence[str] = ("!", "#")) -> Place:
        """Configuration of a text whose lines are indented; raises ValueError for a line that has no place."""
        top, path, depths = Place(), (), [-1]
        heads: tuple[str, ...] = path
        for line in text.splitlines():
            bare = line.strip()
            if not bare or bare.startswith(tuple(ignored)):
                continue
            depth = len(line) - len(line.lstrip())
            while depth <= depths[-1]:
                depths.pop()
                heads = heads[:-1]
            found = self.enter(top, heads, bare)
            if found.error:
                msg = f"a startup configuration has a line with no place: {bare!r}"
                raise ValueError(msg)
            # Inside a line that is no place nothing can stand: the next line is not deeper.
            if len(found.path) > len(heads):
                depths.append(depth)
            heads = found.path
        return top


def _key(rule: Rule, said: re.Match[str]) -> str:
    if rule.key:
        return rule.key.format(**said.groupdict())
    head = re.match(rule.head, said[0])
    return head[0] if head else said[0]


def _take_away(place: Place, rule: Rule, said: re.Match[str], kept: str) -> None:
    """``kept`` is the line that stays where its absence says something."""
    key = _key(rule, said)
    if kept:
        place.inside[key] = Place(kept)
    elif rule.removal:
        _remove_all(place, key)
    else:
        place.inside.pop(key, None)


def _remove_all(place: Place, head: str) -> None:
    for key in [key for key in place.inside if key == head or key.startswith(f"{head} ")]:
        del place.inside[key]
    for one in place.inside.values():
        _remove_all(one, head)
