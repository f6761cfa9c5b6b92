"""Platforms whose suite runs at night, in short: a job, its session with a node, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leafrack.platforms import Way
from tests.platforms.boxes import NODE_AS, Box, neighbour, running
from tests.platforms.test_conformance import SHORT, job

pytestmark = pytest.mark.lab


@pytest.fixture(params=SHORT)
def box(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


def test_a_job_is_done_a_node_peers_and_all_of_it_goes_again(box: Box) -> None:
    # What is saved is in the software's own words from then on.
    box.applied(job(), Way.BACK)
    before = box.saved()
    given = job(neighbour(), neighbour(version=6))
    box.applied(given)
    box.comes_up(), box.comes_up(version=6)
    assert box.differences(given) == []
    found = box.state().neighbours[neighbour().address]
    assert (found.established, found.remote_as) == (True, NODE_AS)
    box.applied(job(), Way.BACK)
    assert box.saved() == before
