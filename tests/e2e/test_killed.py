"""A run that is killed with -9 anywhere is finished by the next one, and costs no session and no packet in a rack.

Five kills, or as many as ``LEAFRACK_KILLS`` says (``make soak``: 50), over a fabric's life: its creation, three
changes, its end, and again. What is killed and when is random, with a seed: the same in every run. At night the same
with ``PULUMI_SKIP_CHECKPOINTS``: what is killed then leaves a state as it was before.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.pings import Pings, lines
from lab.project import Going, Run
from lab.site import Site, example, running
from lab.tables import without_a_route
from leafrack.world import node_status
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster
from leafrack.world.writer import ClusterWriter
from tests.conftest import Lab
from tests.e2e.killed import CREATE, DESTROY, ENGINE, PROGRAM, UPDATE, Kill, Moment, clear, kill, planned
from tests.e2e.tables import missing
from tests.e2e.world import NODES, eventually, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

RACK = [("node1", "node2"), ("node1", "node3"), ("node2", "node3")]
"""Of the rack that keeps the fabric's AS."""
ALL_NODES = (*NODES, "node7")
SERVICES = "10.234.0.0/24"
BOUND = 10.0
"""Seconds in one piece that a killed destroy may cost within the rack."""
QUICKLY = ("--yes", "--skip-preview", "--suppress-outputs")


KILLS = list(planned(int(os.environ.get("LEAFRACK_KILLS", "5"))))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, id="checkpoints"),
        pytest.param(True, id="without", marks=pytest.mark.nightly(twin="tests/e2e/test_killed.py")),
    ],
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with a node more that is declared at times; its state written as it goes, or at the end alone."""
    whole = example()
    whole["racks"]["rr1"]["members"]["node7"] = "172.20.0.17"
    with running(tmp_path_factory.mktemp("killed"), whole) as own:
        del own.racks["rr1"]["members"]["node7"]
        if request.param:
            own.project = replace(own.project, env={**own.project.env, "PULUMI_SKIP_CHECKPOINTS": "true"})
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack."""
    assert eventually(lambda: not without_a_route(site.lab, ALL_NODES)), without_a_route(site.lab, ALL_NODES)
    return snapshot(site.lab)


def swept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The world when ten minutes are over: a gate that is killed while it waits for a node's status leaves it until
    then.
    """
    monkeypatch.setattr(node_status, "LEFT_OVER", timedelta())
    connection = Connection(Cluster(kubeconfig=str(lab.dir / "kubeconfig"), context="leafrack"))
    ClusterWriter(connection).sweep_statuses(datetime.now(UTC))
    return snapshot(lab)


def change(site: Site, number: int) -> None:
    """Declare something else: a service range more or less, a member more or less, in turn."""
    members, ranges = site.racks["rr1"]["members"], site.declared["serviceClusterIPs"]
    if number % 3 == 1:
        site.declared["serviceClusterIPs"] = ranges[:1] if SERVICES in ranges else [*ranges, SERVICES]
    elif members.pop("node7", None) is None:
        members["node7"] = "172.20.0.17"


def started(site: Site, made: Kill) -> Going:
    """The run that is to be killed, begun, of what is declared for it."""
    if made.phase == UPDATE:
        change(site, made.number)
    site.write()
    return site.project.start("destroy" if made.phase == DESTROY else "up", *QUICKLY)


def struck(site: Site, made: Kill) -> tuple[Going, Moment, str]:
    """The run, killed at its moment; earlier if it was over by then."""
    for part in (1.0, 0.6, 0.3):
        going = started(site, made)
        until = time.monotonic() + made.after * part
        while going.is_running and time.monotonic() < until:
            time.sleep(0.02)
        try:
            stood = Moment.of(site.lab)
            called = kill(going, made.victim, random.Random(made.number))  # noqa: S311 - as above
        except BaseException:
            clear(going.pid)
            raise
        if called:
            return going, stood, f"{called} after {made.after * part:.1f} s"
        over = going.end()
        assert over.code == 0, over.said
        if made.phase == CREATE:
            site.destroyed()
        elif made.phase == DESTROY:
            site.applied()
    pytest.fail(f"{made}: the run is always over before it can be killed")


def unlocked(site: Site) -> str:
    """Whether ``python -m tools unlock`` had a lock to remove after the engine was killed: none is left."""
    done = site.lab.run(
        "env", *(f"{k}={v}" for k, v in site.project.env.items()), sys.executable, "-m", "tools", "unlock"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return "unlocked, " if "is dead" in done.stdout else ""


def recovered(site: Site, made: Kill) -> Run:
    """The run after the kill, until its end."""
    return site.project.pulumi(made.again, *QUICKLY)


@pytest.mark.parametrize("made", KILLS, ids=str)
def test_the_next_run_finishes_and_nothing_that_was_healthy_is_lost_after(
    made: Kill,
    site: Site,
    before: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = site.lab
    how = made.again
    with Pings(lab, RACK) as pings:
        going, stood, moment = struck(site, made)
        begun = time.monotonic()
        try:
            if made.victim == ENGINE:
                how = unlocked(site) + how
                run = recovered(site, made)
            else:
                ended = going.end()
                assert "Traceback" not in ended.said or made.victim == PROGRAM, ended.said
                how = f"that run {'failed' if ended.code else 'went on'}, {how}"
                run = recovered(site, made)
        finally:
            left = clear(going.pid)
        took = time.monotonic() - begun
        if made.victim == ENGINE:
            going.end()
        assert run.code == 0, run.said
        lost = stood.lost_until(Moment.of(lab))
        stands = made.again == "up"
        if stands:
            assert [row for row in site.rows() if not row["ok"]] == []
            assert missing(lab, site.fabric) == []
    told = (
        f"{made.number:2} {made.phase}: {moment}; {how} in {took:.0f} s",
        f"{len(stood.since)} sessions stood, {len(lost)} lost",
        f"{sum(loss.lost for loss in pings.losses)} packets lost",
        f"{left} processes outlived it",
    )
    with capsys.disabled():
        sys.stdout.write("\n" + "; ".join(told))
    assert lost == []
    if made.phase == DESTROY:
        # The mesh takes over from the reflectors: on a busy machine that has been seen to take 1.7 s.
        assert [str(loss) for loss in pings.losses if loss.gap > BOUND or loss.after] == []
    else:
        assert lines(pings.losses) == []
    assert min(loss.sent for loss in pings.losses) > 300
    if made.phase == DESTROY:
        if stands:
            site.destroyed()
        assert swept(lab, monkeypatch) == before
        assert site.project.resources() == {}
        assert eventually(lambda: not without_a_route(lab, ALL_NODES)), without_a_route(lab, ALL_NODES)


def test_nothing_is_left_after_a_destroy(site: Site, before: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    site.destroyed()
    assert swept(site.lab, monkeypatch) == before
    assert site.project.resources() == {}
