"""Junos' configuration as ``set`` lines (``| display set``): statements as words, and words as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Statement: TypeAlias = tuple[str, ...]
"""The words of a line, without ``set``."""

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_PLAIN = re.compile(r"[\w./:@+*$-]+")
_MARK = " ## SECRET-DATA"
"""What Junos puts behind a line with a password."""
_ASIDE = re.compile(r"\s*(?:[{#].*|(?:protect|annotate) .*)?")
"""What stands between the lines: nothing, comments, ``{master:0}`` of a box with several engines."""


def words(line: str) -> Statement:
    """Words of a line; those in quotes without them."""
    return tuple(re.sub(r"\\(.)", r"\1", said[1]) if said[1] is not None else said[2] for said in _WORD.finditer(line))


def line(verb: str, statement: Iterable[str]) -> str:
    """A line of a verb (``set``, ``delete``); words are quoted where Junos needs that."""
    return " ".join((verb, *map(quoted, statement)))


def quoted(word: str) -> str:
    """A word as Junos takes it."""
    if _PLAIN.fullmatch(word) and "$" not in word:
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def statements(lines: Sequence[str]) -> tuple[Statement, ...]:
    """Statements that hold; what is deactivated is as if it were not there.

    Raises ``ValueError`` with one line for what is no output of ``display set``.
    """
    found: list[Statement] = []
    off: list[Statement] = []
    for text in lines:
        said = words(text.removesuffix(_MARK))
        if said[:1] == ("set",):
            found.append(said[1:])
        elif said[:1] == ("deactivate",):
            off.append(said[1:])
        elif not _ASIDE.fullmatch(text):
            # Whatever it is, no more of it than its beginning: a password may stand in it.
            raise ValueError(repr(" ".join(said[:3])[:60]))
    return tuple(each for each in found if not any(each[: len(one)] == one for one in off))


def below(found: Iterable[Statement], *path: str) -> Iterator[Statement]:
    """What is said under a path: the words after it."""
    return (each[len(path) :] for each in found if each[: len(path)] == path)
