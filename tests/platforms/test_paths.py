"""A path list as a regular expression, read as FRR reads one."""

from __future__ import annotations

import re

import pytest

from leafrack.platforms.paths import expression

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


@pytest.mark.parametrize(("path", "taken"), PATHS.items(), ids=PATHS)
def test_paths_of_these_as_numbers_alone_match(path: str, taken: bool) -> None:  # noqa: FBT001 - of the table
    read = expression((64512, 64601, 4200000001)).replace("_", UNDERSCORE)
    assert bool(re.search(read, path)) is taken


def test_the_expression_is_one_that_an_operator_can_read() -> None:
    assert expression((64512, 64601)) == "^(64512|64601)(_(64512|64601))*$"
