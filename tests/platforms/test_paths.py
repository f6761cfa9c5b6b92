"""A path list as a regular expression, read as FRR reads one."""

from __future__ import annotations

import re

import pytest

from leafrack.platforms.paths import expression, short_expressions

UNDERSCORE = r"(^|[,{}() ]|$)"
"""What FRR's ``_`` stands for (bgpd/bgp_regex.c, ``bgp_regcomp``)."""
PATHS = {
    "64512": True,
    "64601": True,
    "64512 64512 64601": True,
    "4200000001 64512": True,
    "64086.59905 64512": True,
    "64512 65010 64601": False,
    "65010": False,
    "64512 65010": False,
    "164512": False,
    "645126": False,
    "6451264601": False,
    "64086x59905": False,
    "": False,
}


NUMBERS = (64512, 64601, 4200000001)
WAYS = {"one expression": (expression(NUMBERS),), "short ones": short_expressions(NUMBERS, 63)}


@pytest.mark.parametrize("expressions", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("path", "taken"), PATHS.items(), ids=PATHS)
def test_paths_of_these_as_numbers_alone_match(
    expressions: tuple[str, ...],
    path: str,
    taken: bool,  # noqa: FBT001 - of the table
) -> None:
    assert any(re.search(one.replace("_", UNDERSCORE), path) for one in expressions) is taken


def test_the_expression_is_one_that_an_operator_can_read() -> None:
    assert expression((64512, 64601)) == "^(64512|64601)(_(64512|64601))*$"


def test_a_switch_that_compares_numbers_is_told_them_in_one_notation() -> None:
    assert expression((64512, 4200000001), dotted=False) == "^(64512|4200000001)(_(64512|4200000001))*$"


SHORT: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "small numbers have one notation": ((64512, 64601), ("^((64512|64601)_)+$",)),
    "others have two": ((64512, 4200000001), ("^((64512|4200000001)_)+$", "^((64512|64086[.]59905)_)+$")),
    "four of any size have room": (
        tuple(range(4200000001, 4200000005)),
        (
            "^((4200000001|4200000002|4200000003|4200000004)_)+$",
            "^((64086[.]59905|64086[.]59906|64086[.]59907|64086[.]59908)_)+$",
        ),
    ),
    "more are told in several": (
        tuple(range(4200000001, 4200000007)),
        (
            "^((4200000001|4200000002|4200000003|4200000004|4200000005)_)+$",
            "^((4200000006)_)+$",
            "^((64086[.]59905|64086[.]59906|64086[.]59907|64086[.]59908)_)+$",
            "^((64086[.]59909|64086[.]59910)_)+$",
        ),
    ),
}


@pytest.mark.parametrize(("numbers", "said"), SHORT.values(), ids=SHORT)
def test_none_is_longer_than_a_switch_takes(numbers: tuple[int, ...], said: tuple[str, ...]) -> None:
    assert short_expressions(numbers, 63) == said
    assert max(map(len, said)) <= 63
