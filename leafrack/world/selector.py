"""Calico's selectors: which labels one matches, as calico-node decides it.

The grammar is that of projectcalico/calico, libcalico-go/lib/selector: ``all()``, ``has(k)``, ``k == 'v'``,
``k != 'v'``, ``k in {'a', 'b'}``, ``k not in {…}``, ``k contains 's'``, ``k starts with 's'``, ``k ends with 's'``,
``!``, ``&&``, ``||`` and parentheses. ``global()`` is taken for ``all()`` there too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

LONGEST_LABEL = 512

_Labels = Mapping[str, str]
_Test = Callable[[_Labels], bool]

_SPACE = r"[ \t]*+"
_NAME = r"[A-Za-z0-9_./-]++"
_ENDS = r"(?![A-Za-z0-9_./-])"
_STRING = r"""(?:"[^"]*"|'[^']*')"""
_TERM = re.compile(
    rf"""
      has\({_SPACE}(?P<has>{_NAME}){_SPACE}\)
    | (?P<all>all|global)\({_SPACE}\)
    | (?P<label>{_NAME}){_SPACE}(?:
          (?P<operator>==|!=|(?:contains|starts{_SPACE}with|ends{_SPACE}with){_ENDS}){_SPACE}(?P<value>{_STRING})
        | (?P<set>in|not{_SPACE}in){_ENDS}{_SPACE}\{{{_SPACE}
          (?P<values>(?:{_STRING}{_SPACE}(?:,{_SPACE}|(?=\}})))*+)\}}
      )
    """,
    re.VERBOSE,
)
_BETWEEN = re.compile(_SPACE)
_OPERATOR = re.compile(r"&&|\|\|")

_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "==": str.__eq__,
    "contains": str.__contains__,
    "starts": str.startswith,
    "ends": str.endswith,
}

_BINDS = {"||": 1, "&&": 2, "!": 3}
"""Tightest last; all of them are taken from the left."""


class SelectorError(ValueError):
    """Text that is no selector; calico-node logs it and lets it match no node."""


@dataclass(frozen=True)
class Selector:
    """A selector in reverse Polish notation: tests of labels, and the operators between them."""

    program: tuple[_Test | str, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        stack: list[bool] = []
        for step in self.program:
            if not isinstance(step, str):
                stack.append(step(labels))
            elif step == "!":
                stack.append(not stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append((left and right) if step == "&&" else (left or right))
        return stack.pop()


def matches(text: str, labels: Mapping[str, str]) -> bool:
    """Whether a selector matches labels; text that is no selector matches none (confd: node_labels.go)."""
    selector = _parsed(text)
    return selector is not None and selector.matches(labels)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Selector | None:
    try:
        return parse(text)
    except SelectorError:
        return None


def parse(text: str) -> Selector:
    """The selector that a text is; empty text selects everything. Raises :class:`SelectorError`.

    Operators wait on a stack and not in calls, so that no depth of parentheses is too much.
    """
    output: list[_Test | str] = []
    waiting: list[str] = []
    position, operand_next = _after_space(text, 0), True
    if position == len(text):
        return Selector((_everything,))
    while position < len(text):
        if operand_next:
            position, operand_next = _operand(text, position, output, waiting)
        else:
            position, operand_next = _operator(text, position, output, waiting)
        position = _after_space(text, position)
    _take(output, waiting, at_least=0)
    if operand_next or waiting:
        raise SelectorError("ends too early")
    return Selector(tuple(output))


def _operand(text: str, at: int, output: list[_Test | str], waiting: list[str]) -> tuple[int, bool]:
    """Read ``!``, an opening parenthesis or a test; where it ends, and whether an operand is still to come."""
    if text[at] in "!(":
        waiting.append(text[at])
        return at + 1, True
    term = _TERM.match(text, at)
    if term is None:
        raise SelectorError(f"expected a test of a label at {text[at : at + 20]!r}")
    output.append(_test(term))
    _take(output, waiting, at_least=_BINDS["!"])
    return term.end(), False


def _operator(text: str, at: int, output: list[_Test | str], waiting: list[str]) -> tuple[int, bool]:
    """Read what may follow an operand: a closing parenthesis, ``&&`` or ``||``."""
    if text[at] == ")":
        _take(output, waiting, at_least=0)
        if not waiting:
            raise SelectorError("a parenthesis is closed that was never opened")
        waiting.pop()
        _take(output, waiting, at_least=_BINDS["!"])
        return at + 1, False
    found = _OPERATOR.match(text, at)
    if found is None:
        raise SelectorError(f"expected && or || at {text[at : at + 20]!r}")
    _take(output, waiting, at_least=_BINDS[found[0]])
    waiting.append(found[0])
    return found.end(), True


def _take(output: list[_Test | str], waiting: list[str], *, at_least: int) -> None:
    """Move operators that bind at least so tightly to the output, up to the parenthesis that is open."""
    while waiting and waiting[-1] != "(" and _BINDS[waiting[-1]] >= at_least:
        output.append(waiting.pop())


def _after_space(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()


def _everything(_labels: _Labels) -> bool:
    return True


def _test(term: re.Match[str]) -> _Test:
    if term["all"]:
        return _everything
    label: str = term["has"] or term["label"]
    if len(label) > LONGEST_LABEL:
        raise SelectorError("a label name is too long")
    if term["has"]:
        return lambda labels: label in labels
    if term["set"]:
        values = frozenset(string[1:-1] for string in re.findall(_STRING, term["values"]))
        wanted = term["set"] == "in"
        # A label that is missing is in no set.
        return lambda labels: (label in labels and labels[label] in values) is wanted
    operator, value = term["operator"], term["value"][1:-1]
    if operator == "!=":
        return lambda labels: labels.get(label) != value
    compare = _COMPARED[operator.removesuffix("with").rstrip(" \t")]
    return lambda labels: label in labels and compare(labels[label], value)
