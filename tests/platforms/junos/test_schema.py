"""Every line that leafrack writes, held against Junos' own structure of its configuration (24.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leafrack.platforms import Job
from leafrack.platforms.job import Terms
from leafrack.platforms.junos import sets, write
from tests.platforms.boxes import listener
from tests.platforms.jobs import JOBS, PATHS, PLAIN, WHOLE
from tests.platforms.junos.schema import wrong

RANGE = listener("172.20.0.0/24")
EVERY = replace(RANGE, **{name: value for name, value in vars(WHOLE).items() if name in vars(Terms())})
RANGES = {
    "ranges": replace(PLAIN, neighbours=(), listeners=(RANGE, listener("fd00:1::/64"))),
    "ranges with all that may be wanted": replace(
        PLAIN, neighbours=(), listeners=(replace(EVERY, paths_in=PATHS.name),)
    ),
}
ALL = {**JOBS, **RANGES}


@pytest.mark.parametrize("job", ALL.values(), ids=ALL)
def test_every_line_that_is_written_is_one_that_junos_knows(job: Job) -> None:
    lines = write.text(job).splitlines()
    assert lines
    assert {line: wrong(sets.words(line)[1:], whole=line.startswith("set ")) for line in lines} == dict.fromkeys(
        lines, ""
    )


NEIGHBOUR = "protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11"


@pytest.mark.parametrize(
    "statement",
    [
        f"{NEIGHBOUR} keepalive 3",
        "protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES peer-limit many things",
        "protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES hold-time 9",
        f"{NEIGHBOUR} ttl 2",
        f"{NEIGHBOUR} disable",
        f"{NEIGHBOUR} remove-private replace",
        f"{NEIGHBOUR} family inet unicast prefix-limit maximum",
        "protocols bgp group LEAFRACK-dc1 type any",
        "protocols bgp group",
        "policy-options policy-statement A term x from route-filter 10.0.0.0/8 within",
        "policy-options policy-statement A then perhaps",
    ],
)
def test_what_junos_does_not_know_is_told_by_the_same_walk(statement: str) -> None:
    assert wrong(statement.split())
