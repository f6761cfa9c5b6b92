"""Every line that leafrack writes, held against Junos' own structure of its configuration (24.4)."""

from __future__ import annotations

import pytest

from leafrack.platforms import Job
from leafrack.platforms.junos import sets, write
from tests.platforms.jobs import JOBS
from tests.platforms.junos.schema import wrong


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
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
