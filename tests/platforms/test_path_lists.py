"""A path list on every switch whose jobs are played and that is given one: what its lines come to, on the fakes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab.fakes import FAKES
from lab.fakes.model import Understood
from leafrack.platforms import Job, PathList, SwitchState, Task, Way
from leafrack.world import conversation, player
from leafrack.world.model import Endpoint
from leafrack.world.ssh import read_state
from tests.platforms.jobs import NODE, PLAIN
from tests.platforms.test_paths import UNDERSCORE
from tests.platforms.wire import Leaf, Talk, Wire, platform

NAME = "LEAFRACK-dc1-AS"
NODES = str(NODE.address)


def listed(*as_numbers: int, task: Task = Task.SESSIONS) -> Job:
    """The plain job with a path list of some AS numbers."""
    return replace(
        PLAIN, task=task, paths=PathList(NAME, as_numbers), neighbours=(replace(NODE, paths_in=NAME),), final_as=64513
    )


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)
    monkeypatch.setattr(conversation, "_SETTLE", 0.002)


@pytest.fixture(params=[name for name in FAKES if platform(name).takes_paths])
def leaf(request: pytest.FixtureRequest) -> Iterator[Leaf]:
    """A switch that was written by a leafrack without path lists; all that is ours goes again."""
    found = Leaf.new(request.param)
    found.play(PLAIN)
    yield found
    found.play(listed(64512), Way.BACK)
    assert found.running == found.begin, "nothing of it is left"


async def _read(leaf: Leaf) -> SwitchState:
    made = platform(leaf.name)
    endpoint = Endpoint(name="leaf01", platform=leaf.name, host="127.0.0.1", port=22, user="admin")
    return await read_state(endpoint, made, Talk(leaf.fake, made, Wire()), made.reads)


def differences(leaf: Leaf, job: Job) -> list[str]:
    """What drift would tell of the path list and the neighbour."""
    state, made = asyncio.run(_read(leaf)), platform(leaf.name)
    (each,) = job.neighbours
    of_neighbour = made.neighbour_differences(each, state.neighbours[each.address])
    return [*made.path_differences(job.paths, state), *of_neighbour]


def takes(runs: Understood, path: str) -> bool:
    """Whether what a switch runs takes a path from the node: a list that is empty or not there takes none."""
    entries = runs.paths.get(name, ()) if (name := runs.peers[NODES].paths_in) else None
    if entries is None:
        return True
    found = (one for one in entries if re.search(one.expression.replace("_", UNDERSCORE), path))
    return next((one.permits for one in found), False)


PATHS = {
    "64512": True,
    "64512 64512 64513": True,
    "64512 65010 64513": False,
    "65010": False,
    "645126": False,
    "6451264513": False,
    "4200000001": False,
}


def test_a_leaf_that_was_written_before_takes_paths_of_the_rack_alone_and_keeps_all_else(leaf: Leaf) -> None:
    before = leaf.speaker.runs
    assert all(takes(before, path) for path in PATHS)
    job = listed(64512, 64513)
    lacks = differences(leaf, job)
    assert all(NAME in line for line in lacks)
    assert [line for line in lacks if not line.startswith(NAME)], "the neighbour lacks it too"
    leaf.play(job)
    assert differences(leaf, job) == []
    runs = leaf.speaker.runs
    assert {path: takes(runs, path) for path in PATHS} == PATHS
    peers = {who: replace(peer, paths_in="") for who, peer in runs.peers.items()}
    # Comware keeps the number of a path list in a prefix list of its name, which nobody uses.
    lists = {key: entries for key, entries in runs.lists.items() if NAME not in key}
    assert replace(runs, peers=peers, lists=lists, paths={}) == before, "nothing else of it is another"
    saved = leaf.saved
    for task in (Task.SESSIONS, Task.RETIRED):
        leaf.play(replace(job, task=task))
    assert (leaf.speaker.runs, leaf.saved) == (runs, saved)


def test_there_is_no_moment_at_which_a_leaf_takes_nothing_of_its_nodes(leaf: Leaf) -> None:
    begin = len(leaf.speaker.played)
    for job in (listed(64512), listed(64512, 64513, 4200000001), listed(64513)):
        leaf.play(job)
    steps = leaf.speaker.played[begin:]
    assert steps
    assert all(takes(runs, "64512") for runs in steps)


def test_a_list_keeps_the_as_of_its_neighbours_until_they_have_left_it(leaf: Leaf) -> None:
    leaf.play(listed(64512))
    job = listed(64513, 64700)
    leaf.play(job)
    assert [takes(leaf.speaker.runs, path) for path in ("64512", "64513", "64700")] == [True] * 3
    assert differences(leaf, job), "it has more than what the file says"
    leaf.play(replace(job, task=Task.RETIRED))
    assert takes(leaf.speaker.runs, "64512")
    leaf.play(replace(job, task=Task.AS_NUMBERS))
    assert differences(leaf, job) == []
    assert [takes(leaf.speaker.runs, path) for path in ("64512", "64513", "64700")] == [False, True, True]


@pytest.mark.parametrize("other", [(64512, 64513, 65010), (65010,)], ids=["wider", "another"])
def test_what_somebody_has_made_of_it_is_told_and_put_right(leaf: Leaf, other: tuple[int, ...]) -> None:
    leaf.play(listed(*other))
    job = listed(64512, 64513)
    told = differences(leaf, job)
    assert told
    assert all(line.startswith(f"{NAME} ") for line in told)
    leaf.play(job)
    assert differences(leaf, job) == []
    assert {path: takes(leaf.speaker.runs, path) for path in PATHS} == PATHS


def test_an_as_above_65535_is_taken_as_the_switch_writes_it(leaf: Leaf) -> None:
    job = listed(64512, 4200000001)
    leaf.play(job)
    assert differences(leaf, job) == []
    assert takes(leaf.speaker.runs, "4200000001 64512")
    assert not takes(leaf.speaker.runs, "4200000002")
