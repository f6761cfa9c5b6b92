"""Selectors match as calico-node lets them: Calico's own cases, and whatever text there may be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leafrack.world.selector import SelectorError, matches, parse

Labels = dict[str, str]

# From libcalico-go/lib/selector/parser/parser_test.go: selector, what it matches, what it does not.
CASES: list[tuple[str, list[Labels], list[Labels]]] = [
    ('a == "b"', [{"a": "b"}, {"a": "b", "c": "d"}], [{}, {"a": "c"}, {"c": "d"}]),
    ("a != 'b'", [{}, {"a": "c"}], [{"a": "b"}]),
    ("a=='b'&&c=='d'", [{"a": "b", "c": "d"}], [{}, {"a": "b"}, {"c": "d"}]),
    ('a == "b" || c == "d"', [{"a": "b"}, {"c": "d"}], [{}, {"a": "e", "c": "e"}]),
    ("""a in {"'", '"', "c"}""", [{"a": "'"}, {"a": '"'}, {"a": "c"}], [{}, {"a": "e"}]),
    ("""a not in {"'", '"', "c"}""", [{}, {"a": "e"}], [{"a": "'"}, {"a": '"'}, {"a": "c"}]),
    ("a notin{'x',}", [{}, {"a": "e"}], [{"a": "x"}]),
    ("a in {}", [], [{}, {"a": ""}]),
    ("a contains 'ar'", [{"a": "bar"}], [{}, {"a": "ra"}, {"b": "bar"}]),
    ("a starts with 'b'", [{"a": "bar"}], [{}, {"a": "ab"}]),
    ("a endswith 'r'", [{"a": "bar"}], [{}, {"a": "rb"}]),
    ("has(a)", [{"a": ""}], [{}, {"b": "a"}]),
    ("! !! has( a )", [{}, {"b": "a"}], [{"a": ""}]),
    ("!a == 'a1' && b == 'b1'", [{"b": "b1"}], [{"a": "a1", "b": "b1"}]),
    ("!(!has(a) || has(b))", [{"a": ""}], [{}, {"a": "", "b": ""}]),
    ("a == 'x' || b == 'x' && !has(c)", [{"a": "x", "c": ""}, {"b": "x"}], [{"b": "x", "c": ""}]),
    ("(a == 'x' || b == 'x') && !has(c)", [{"a": "x"}], [{"a": "x", "c": ""}]),
    ("", [{}, {"a": "b"}], []),
    (" all( )\t", [{}, {"a": "b"}], []),
    ("global()", [{}], []),
    ("node-role.kubernetes.io/master == ''", [{"node-role.kubernetes.io/master": ""}], [{}]),
    ("contains contains 'in'", [{"contains": "inside"}], [{}]),
]


@pytest.mark.parametrize(("selector", "matched", "others"), CASES)
def test_a_selector_matches_what_it_does_in_calico(selector: str, matched: list[Labels], others: list[Labels]) -> None:
    assert [matches(selector, labels) for labels in matched] == [True] * len(matched)
    assert [matches(selector, labels) for labels in others] == [False] * len(others)


NO_SELECTORS = [
    "b == b",
    "b contains b",
    "'b1' == b",
    "b",
    "a b",
    "!",
    "rr-id = 'rr1'",
    "foo == 'bar' &",
    "foo == 'bar' &&",
    "foo != ||",
    'foo in {"", ||',
    "foo in ''",
    "foo in {'a' 'b'}",
    "fooin{'a'}",
    '"FOO',
    "'FOO\"",
    "(",
    "(a == 'foo'",
    "a == 'foo')",
    "()",
    "%",
    "has (a)",
    "has()",
    "all",
    "all() == 'a'",
    "all()\n",
    "a == 'x' b == 'y'",
    f"has({'a' * 513})",
    "(" * 100_000,
]


@pytest.mark.parametrize("text", NO_SELECTORS, ids=lambda text: text[:20])
def test_text_that_is_no_selector_matches_no_node(text: str) -> None:
    with pytest.raises(SelectorError):
        parse(text)
    assert not matches(text, {})
    assert not matches(text, {"a": "foo", "b": "b"})


NAMES = st.sampled_from(["a", "b", "rr-id", "x.io/y", "in", "not", "has", "all"])
VALUES = st.text(st.characters(blacklist_characters="'\"", blacklist_categories=["Cs"]), max_size=4)
LABELS = st.dictionaries(NAMES, VALUES | st.sampled_from(["", "1", "rr1"]), max_size=4)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *"(){}!,\"' \n\\é",
            "==",
            "!=",
            "&&",
            "||",
            "all()",
            "has(a)",
            "has(",
            "a",
            "in",
            "not",
            "starts with",
            "'rr1'",
        ]
    )
    | st.text(max_size=3),
    max_size=12,
).map(" ".join)


@given(FRAGMENTS | st.text(), LABELS)
def test_no_text_is_a_crash(text: str, labels: Labels) -> None:
    assert matches(text, labels) in (True, False)


@given(NAMES, VALUES, LABELS)
def test_every_operator_of_a_label_has_its_opposite(name: str, value: str, labels: Labels) -> None:
    assert matches(f"{name} == '{value}'", labels) is (labels.get(name) == value)
    assert matches(f"{name} != '{value}'", labels) is not matches(f"{name} == '{value}'", labels)
    assert matches(f"{name} not in {{'{value}', 'z'}}", labels) is not matches(f'{name} in {{"{value}","z"}}', labels)
    for operator in ("starts with", "ends with", "=="):
        assert not matches(f"{name} {operator} '{value}'", labels) or matches(f"{name} contains '{value}'", labels)


FORMULAS = st.recursive(
    NAMES.map(lambda name: f"has({name})"),
    lambda inner: st.one_of(
        inner.map(lambda part: f"! ({part})"),
        inner.map(lambda part: f"({part})"),
        st.tuples(inner, st.sampled_from([" && ", " || "]), inner).map("".join),
    ),
    max_leaves=12,
)


@given(FORMULAS, LABELS)
def test_and_or_not_and_parentheses_bind_as_they_do_in_python(formula: str, labels: Labels) -> None:
    python = formula.replace("&&", "and").replace("||", "or").replace("!", "not ")
    python = re.sub(r"has\((.*?)\)", lambda name: str(name[1] in labels), python)
    assert matches(formula, labels) is eval(python)  # noqa: S307 - made of True, False, and, or, not
