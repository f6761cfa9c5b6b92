"""Junos' configuration as a fake keeps it: which statements there are, `set`, `delete` and `deactivate`.

What may stand where is from Juniper's CLI reference ("edit protocols bgp group neighbor", "edit policy-options
policy-statement term", "edit routing-options"), as far as leaves of a fabric have it. Single values are replaced, lists
grow; what is left of a named entry after a delete is the entry itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from lab.fakes.junos_secrets import shown

Statement = tuple[str, ...]
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)|(")')


@dataclass(frozen=True)
class Node:
    """A place: what may follow it. With ``named`` each entry has a name, with ``value`` it ends with one."""

    inside: Mapping[str, Node] = field(default_factory=dict)
    named: str = ""
    value: str = ""
    many: bool = False
    """A list of values."""
    secret: bool = False


class StatementError(Exception):
    """What Junos says of a line that it does not take."""


_ANY, _NAME, _NUMBER, _AS = r"[^\n]*", r"\S{1,255}", r"\d+", r"\d{1,10}|\d{1,5}\.\d{1,5}"
_ADDRESS, _PREFIX = "ADDRESS", "PREFIX"
_PATH = r"[\d.()|+*?{},^$ -]+"
_FLAG = Node()


def _one(pattern: str) -> Node:
    return Node(value=pattern)


def _several(pattern: str) -> Node:
    return Node(value=pattern, many=True)


_LIMIT = Node(
    {
        "maximum": _one(_NUMBER),
        "teardown": Node({"idle-timeout": _one(r"forever|\d+"), **{str(one): _FLAG for one in range(1, 101)}}),
    }
)
_UNICAST = Node({"prefix-limit": _LIMIT, "accepted-prefix-limit": _LIMIT, "loops": _one(_NUMBER)})
_FAMILY = Node({name: Node({"unicast": _UNICAST, "any": _UNICAST}) for name in ("inet", "inet6")})
_EVERYWHERE: Mapping[str, Node] = {
    "description": _one(_ANY),
    "hold-time": _one(r"0|3|[4-9]|\d{2,5}"),
    "peer-as": _one(_AS),
    "local-address": _one(_ADDRESS),
    "local-preference": _one(_NUMBER),
    "authentication-key": Node(value=_ANY, secret=True),
    "import": _several(_NAME),
    "export": _several(_NAME),
    "family": _FAMILY,
    "ttl": _one("1|255"),
    "multihop": Node({"ttl": _one(_NUMBER)}),
    "multipath": Node({"multiple-as": _FLAG, "disable": _FLAG}),
    "passive": _FLAG,
    "shutdown": Node({"notify-message": _one(_ANY)}),
    "graceful-restart": Node({"disable": _FLAG, "restart-time": _one(_NUMBER)}),
    "remove-private": Node({"all": Node({"replace": Node({"nearest": _FLAG})}), "no-peer-loop-check": _FLAG}),
    "advertise-peer-as": _FLAG,
}
_NEIGHBOR = Node({**_EVERYWHERE, "as-override": _FLAG}, named=_ADDRESS)
_DYNAMIC = Node(
    {
        "allow": _several(_PREFIX),
        "peer-limit": _one(_NUMBER),
        "authentication-key": Node(value=_ANY, secret=True),
    },
    named=_NAME,
)
_GROUP = Node(
    {
        **_EVERYWHERE,
        "as-override": _FLAG,
        "type": _one("internal|external"),
        "allow": _several(_PREFIX),
        "neighbor": _NEIGHBOR,
        "dynamic-neighbor": _DYNAMIC,
        "peer-as-list": _one(_NAME),
    },
    named=_NAME,
)
_FROM = Node(
    {
        "protocol": _several("bgp|direct|static|local|aggregate|ospf|isis"),
        "route-filter": Node(
            {"exact": _FLAG, "orlonger": _FLAG, "longer": _FLAG, "upto": _one(r"/\d+")}, named=_PREFIX
        ),
        "neighbor": _several(_ADDRESS),
        "as-path": _several(_NAME),
    }
)
_THEN = Node({"accept": _FLAG, "reject": _FLAG, "next": Node({"term": _FLAG, "policy": _FLAG})})
_POLICY = Node({"term": Node({"from": _FROM, "then": _THEN}, named=_NAME), "then": _THEN}, named=_NAME)
TOP = Node(
    {
        "system": Node({"host-name": _one(_NAME), "location": Node({"building": _one(_ANY)})}),
        "routing-options": Node({"router-id": _one(_ADDRESS), "autonomous-system": _one(_AS)}),
        "policy-options": Node(
            {
                "policy-statement": _POLICY,
                "as-path": Node(named=_NAME, value=_PATH),
                "as-list": Node({"members": _several(r"\d+(?:-\d+)?")}, named=_NAME),
            }
        ),
        "protocols": Node({"bgp": Node({**_EVERYWHERE, "group": _GROUP})}),
    }
)


@dataclass
class Configuration:
    """Statements in the order in which they came, and paths that are deactivated."""

    said: dict[Statement, None] = field(default_factory=dict)
    off: dict[Statement, None] = field(default_factory=dict)

    def enter(self, verb: str, words: Statement) -> str:
        """Carry out a line; what Junos says to it. Raises :class:`StatementError`."""
        match verb:
            case "set":
                for statement, replaces in _statements(words):
                    for one in [one for one in self.said if replaces and one[:-1] == statement[:-1]]:
                        del self.said[one]
                    self.said[statement] = None
                return ""
            case "deactivate" | "activate":
                list(_walked(words, partial=True))
                self.off.pop(words, None)
                if verb == "deactivate":
                    self.off[words] = None
                return ""
        return self._delete(words)

    def _delete(self, path: Statement) -> str:
        entries = [place for place, node in _walked(path, partial=True) if node.named]
        gone = [one for one in self.said if one[: len(path)] == path]
        for one in gone:
            del self.said[one]
        for one in [one for one in self.off if one[: len(path)] == path]:
            del self.off[one]
        parent = next((one for one in reversed(entries) if len(one) < len(path)), None)
        if gone and parent and not any(one[: len(parent)] == parent for one in self.said):
            self.said[parent] = None
        return "" if gone else "warning: statement not found\n"

    def active(self) -> tuple[Statement, ...]:
        """What holds."""
        return tuple(one for one in self.said if not any(one[: len(off)] == off for off in self.off))

    def lines(self, *path: str) -> Iterator[str]:
        """As ``show configuration PATH | display set`` shows it."""
        here = [one for one in self.said if one[: len(path)] == path]
        for one in sorted(here, key=lambda one: [list(_order(one[:depth])) for depth in range(1, 4)]):
            if not any(len(other) > len(one) and other[: len(one)] == one for other in here):
                yield _line("set", one)
        yield from (_line("deactivate", one) for one in self.off if one[: len(path)] == path)


def _order(path: Statement) -> Iterator[int]:
    """Junos shows the hierarchies in an order of its own, and what a user has named in the user's."""
    node = TOP
    for word in path:
        names = list(node.inside)
        yield names.index(word) if word in names else 0
        node = node.inside.get(word, Node())


def words(line: str) -> Statement:
    """Words of a line; raises :class:`StatementError` where a quote has no other end."""
    found = list(_WORD.finditer(line))
    if any(one[3] for one in found):
        raise StatementError("syntax error: unterminated string")
    return tuple(re.sub(r"\\(.)", r"\1", one[1]) if one[1] is not None else one[2] for one in found)


def _line(verb: str, statement: Statement) -> str:
    return " ".join((verb, *(one if re.fullmatch(r"[\w./:*+@-]+", one) else _quoted(one) for one in statement)))


def _quoted(word: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def _statements(said: Statement) -> Iterator[tuple[Statement, bool]]:
    """Whole statements of a line, and whether each takes the place of the one before."""
    places = list(_walked(said, partial=False))
    path, node = places[-1]
    values = said[len(path) :]
    if not node.value:
        yield path, False
        return
    if values[0] == "[" and values[-1] == "]" and node.many:
        values = values[1:-1]
    for value in values:
        kept = shown(value) if node.secret and not value.startswith("$") else value
        yield (*path, kept), not node.many


def _walked(said: Statement, *, partial: bool) -> Iterator[tuple[Statement, Node]]:
    """Places on the way of a line; raises :class:`StatementError` at the first word that has none."""
    node, at = TOP, 0
    while at < len(said):
        word = said[at]
        if node.value:
            values = said[at:-1][1:] if word == "[" and said[-1] == "]" and node.many else said[at:]
            if not values or (len(values) > 1 and not node.many) or not all(_fits(node.value, one) for one in values):
                raise StatementError(f"syntax error, expecting {'<data>' if node.value == _ANY else 'a valid value'}")
            return
        if word not in node.inside:
            raise StatementError("syntax error.")
        node, at = node.inside[word], at + 1
        if node.named:
            if at == len(said):
                raise StatementError("missing argument.")
            if not _fits(node.named, said[at]):
                raise StatementError(f"error: invalid value: {said[at]}")
            at += 1
        yield said[:at], node
    if not partial and (node.value or node is TOP):
        raise StatementError("missing argument.")


def _fits(pattern: str, value: str) -> bool:
    if pattern not in (_ADDRESS, _PREFIX):
        return re.fullmatch(pattern, value) is not None
    try:
        ip_address(value) if pattern == _ADDRESS else ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def below(said: Sequence[Statement], *path: str) -> list[Statement]:
    """What is said under a path: the words after it."""
    return [one[len(path) :] for one in said if one[: len(path)] == path and len(one) > len(path)]
