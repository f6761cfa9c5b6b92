"""Selectors mean what they mean to Calico."""

from __future__ import annotations

import pytest

from leafrack.adopt.selectors import selected, values_of

NODES = {
    "reflector": {"rr-group": "rr1", "rr-id": "rr1"},
    "member": {"rr-group": "rr1"},
    "other": {"rr-group": "rr2", "a.b/c": "yes"},
    "bare": {},
}
EVERY = set(NODES)


@pytest.mark.parametrize(
    ("selector", "nodes"),
    {
        "": EVERY,
        "all()": EVERY,
        "!all()": set(),
        "rr-group == 'rr1'": {"reflector", "member"},
        'rr-group=="rr1"': {"reflector", "member"},
        "rr-group != 'rr1'": {"other", "bare"},
        "has(rr-id)": {"reflector"},
        "!has(rr-id)": {"member", "other", "bare"},
        "rr-group == 'rr1' && !has(rr-id)": {"member"},
        "rr-id == 'rr1' || a.b/c == 'yes'": {"reflector", "other"},
        "has(a.b/c) && (rr-group == 'rr1' || rr-group == 'rr2')": {"other"},
        "rr-group in {'rr1', 'rr2'}": {"reflector", "member", "other"},
        "rr-group in {}": set(),
        "rr-group not in {'rr1'}": {"other", "bare"},
        "rr-group starts with 'rr'": {"reflector", "member", "other"},
        "rr-group ends with '2'": {"other"},
        "rr-group contains 'r2'": {"other"},
        "!(rr-group == 'rr1')": {"other", "bare"},
    }.items(),
)
def test_a_selector_chooses(selector: str, nodes: set[str]) -> None:
    assert selected(selector, NODES) == nodes


@pytest.mark.parametrize(
    "selector",
    ["rr-id = 'rr1'", "rr-id ==", "rr-id == rr1", "(all()", "has(rr-id", "all() all()", "a in {'b' 'c'}", "{"],
)
def test_what_calico_refuses_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="no selector"):
        selected(selector, NODES)


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ("rr-id == 'rr1'", {"rr-id": "rr1"}),
        ("a == 'x' && b == \"y\"", {"a": "x", "b": "y"}),
        ("(rr-id == 'rr1')", {"rr-id": "rr1"}),
        ("((a == 'x') && ( b == 'y' ))", {"a": "x", "b": "y"}),
        ("(a == 'x') && (b == 'y')", {"a": "x", "b": "y"}),
        ("(a == 'x' || b == 'y') && (c == 'z')", {}),
        ("a == 'x' || b == 'y'", {}),
        ("has(a)", {}),
        ("", {}),
    ],
)
def test_what_a_plain_selector_asks_for_can_be_told(selector: str, values: dict[str, str]) -> None:
    assert values_of(selector) == values
