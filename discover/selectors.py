"""Calico's label selectors, evaluated: which nodes a BGPPeer is for.

Grammar and meaning are those of projectcalico/calico: libcalico-go/lib/selector/parser. What a label that is not
there compares to: ``!=`` and ``not in`` hold, everything else does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<symbol>&&|\|\||==|!=|[!(){},])
        |(?P<text>"[^"]*"|'[^']*')
        |(?P<word>[A-Za-z0-9_./-]+))""",
    re.VERBOSE,
)
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda value, text: value == text,
    "contains": lambda value, text: text in value,
    "starts with": lambda value, text: value.startswith(text),
    "ends with": lambda value, text: value.endswith(text),
}


def selected(selector: str, nodes: Mapping[str, Labels]) -> frozenset[str]:
    """Names of the nodes that a selector chooses; an empty one chooses all.

    Raises ``ValueError`` where Calico would refuse it.
    """
    test = _Parser(selector).parsed()
    return frozenset(name for name, labels in nodes.items() if test(labels))


def values_of(selector: str) -> Mapping[str, str]:
    """What a selector of plain ``key == 'value'`` parts, joined by ``&&``, asks for; empty for any other."""
    parts = [re.fullmatch(r"\s*([\w./-]+)\s*==\s*(?:'([^']*)'|\"([^\"]*)\")\s*", part) for part in selector.split("&&")]
    return {part[1]: part[2] or part[3] or "" for part in parts if part} if all(parts) else {}


class _Parser:
    def __init__(self, selector: str) -> None:
        self._selector = selector
        self._tokens = list(_tokens(selector))

    def parsed(self) -> Test:
        if not self._tokens:
            return lambda _: True
        test = self._any()
        if self._tokens:
            raise self._refused()
        return test

    def _refused(self) -> ValueError:
        return ValueError(f"'{self._selector}' is no selector that Calico understands")

    def _taken(self, *wanted: str) -> bool:
        if tuple(self._tokens[: len(wanted)]) != wanted:
            return False
        del self._tokens[: len(wanted)]
        return True

    def _next(self) -> str:
        if not self._tokens:
            raise self._refused()
        return self._tokens.pop(0)

    def _text(self) -> str:
        text = self._next()
        if text[0] not in "'\"":
            raise self._refused()
        return text[1:-1]

    def _any(self) -> Test:
        tests = [self._all()]
        while self._taken("||"):
            tests.append(self._all())
        return lambda labels: any(test(labels) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._taken("&&"):
            tests.append(self._one())
        return lambda labels: all(test(labels) for test in tests)

    def _one(self) -> Test:
        if self._taken("!"):
            test = self._one()
            return lambda labels: not test(labels)
        if self._taken("("):
            test = self._any()
            if not self._taken(")"):
                raise self._refused()
            return test
        if self._taken("all", "(", ")") or self._taken("global", "(", ")"):
            return lambda _: True
        if self._taken("has", "("):
            key = self._next()
            if not self._taken(")"):
                raise self._refused()
            return lambda labels: key in labels
        return self._comparison(self._next())

    def _comparison(self, key: str) -> Test:
        if self._taken("!="):
            text = self._text()
            return lambda labels: labels.get(key) != text
        for words, compares in _COMPARISONS.items():
            if self._taken(*words.split()):
                text = self._text()
                return lambda labels: key in labels and compares(labels[key], text)
        if self._taken("not", "in"):
            members = frozenset(self._members())
            return lambda labels: labels.get(key) not in members
        if self._taken("in"):
            members = frozenset(self._members())
            return lambda labels: labels.get(key) in members
        raise self._refused()

    def _members(self) -> Iterable[str]:
        if not self._taken("{"):
            raise self._refused()
        while not self._taken("}"):
            yield self._text()
            if not self._taken(",") and self._tokens[:1] != ["}"]:
                raise self._refused()


def _tokens(selector: str) -> Iterable[str]:
    position, end = 0, len(selector.rstrip())
    while position < end:
        found = _TOKEN.match(selector, position)
        if found is None:
            raise ValueError(f"'{selector}' is no selector that Calico understands")
        position = found.end()
        yield found[0].strip()
