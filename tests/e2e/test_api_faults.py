"""An API server that is away in the middle of a run, a resolver that is, a wrong clock, a full disk: all are got over.

One fabric over its life, an accident in each of its runs: the tests stand in its order. A few of the faults, or all
when ``LEAFRACK_FAULTS`` says ``all`` (``make soak``).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from lab.project import Run, environment
from lab.site import Site, example, running
from lab.tables import without_a_route
from leafrack.commands.gate import Guarded
from leafrack.sessions import expected
from leafrack.sessions.model import SessionKind
from leafrack.world.model import Cluster, endpoints
from tests.conftest import CLONE, Lab
from tests.e2e.clock import WrongClock, needs_x86_64
from tests.e2e.front import NAME, Answer, Front, in_front_of
from tests.e2e.killed import Moment
from tests.e2e.resolver import Resolver, resolver
from tests.e2e.tables import missing
from tests.e2e.world import NODES, eventually, snapshot
from tools import stack

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

QUICKLY = ("--yes", "--skip-preview", "--suppress-outputs")
AWAY = 20.0
"""Seconds for which the API server is silent or gone."""
BUSY = 12.0
"""Seconds for which the API server answers errors."""


def api_server(lab: Lab) -> int:
    """Process of the lab's API server."""
    holder = lab.state["holder"]["pid"]
    return int(Path(f"/proc/{holder}/root/run/lab/cluster/kube-apiserver.pid").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class World:
    """The fabric, and the front of its API server."""

    site: Site
    front: Front

    @property
    def kubeconfig(self) -> Path:
        """What the project reads: the address of the API server, or that of the front."""
        return self.site.file.with_name("kubeconfig")

    def ask(self, *, behind: bool, by: str = "127.0.0.1") -> None:
        """Let the project ask the API server itself, or the front ``by`` a name."""
        own = (self.site.lab.dir / "kubeconfig").read_text(encoding="utf-8")
        front = self.front.kubeconfig.replace("//127.0.0.1", f"//{by}")
        self.kubeconfig.write_text(front if behind else own, encoding="utf-8")


def is_ready(lab: Lab) -> bool:
    """Whether the API server itself answers, all that it needs to begin done."""
    return lab.run("kubectl", "get", "--raw", "/readyz").returncode == 0


def restart(world: World) -> None:
    """Kill it; the lab's supervision starts it again."""
    os.kill(api_server(world.site.lab), signal.SIGKILL)


def silence(world: World) -> None:
    """Stop it: whoever asks waits for an answer."""
    pid = api_server(world.site.lab)
    os.kill(pid, signal.SIGSTOP)
    Timer(AWAY, os.kill, (pid, signal.SIGCONT)).start()


def answers(status: int, seconds: float = BUSY, **headers: str) -> Callable[[World], None]:
    """Let the front answer in its place."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda world: world.front.instead(Answer(status, given, b"not now\n"), seconds)


@dataclass(frozen=True)
class Fault:
    """What happens to the API server as soon as the engine has said ``moment``."""

    begin: Callable[[World], None]
    moment: str = ""
    behind: bool = True
    """Whether the front is asked in place of the API server."""
    survived: bool = True
    """Whether the run itself gets over it. Otherwise the next one does: an object is written once."""
    says: str = ""
    """What the operator reads meanwhile, of what leafrack itself asks: before the first resource, in a gate."""


WRITING, WAITING, STEP, FIRST_GATE = "kubernetes:", "linked-gate", "-reflectors", "-gate"
NOT_NOW = "cluster: the API server answers {}: trying again for up to 30 s"
SILENT = "cluster: the API server does not answer within its time: trying again for up to 30 s"

FAULTS = {
    "restarted while objects are written": Fault(restart, WRITING, behind=False, survived=False),
    "restarted while a gate waits": Fault(restart, WAITING, behind=False),
    "silent at once": Fault(silence, behind=False, says=SILENT),
    "silent while a gate waits": Fault(silence, WAITING, behind=False, says=SILENT),
    "hanging up at once": Fault(answers(0, AWAY), says="cluster: cannot reach the API server at https://127.0.0.1:"),
    "hanging up while a gate waits": Fault(answers(0, AWAY), WAITING),
    "429 at once": Fault(answers(429, Retry_After="2"), says=NOT_NOW.format("429 Too Many Requests")),
    "429 while objects are written": Fault(answers(429, Retry_After="2"), WRITING),
    "429 while a gate waits": Fault(answers(429, Retry_After="2"), WAITING),
    "500 while objects are written": Fault(answers(500), WRITING, survived=False),
    "500 while a gate waits": Fault(answers(500), WAITING),
    "503 at once": Fault(answers(503), says=NOT_NOW.format("503 Service Unavailable")),
}


ALWAYS = ("restarted while objects are written", "429 at once")
OFTEN = (*ALWAYS, "silent while a gate waits", "500 while objects are written")
ALL = os.environ.get("LEAFRACK_FAULTS") == "all"
NIGHTLY = pytest.mark.nightly(twin="tests/e2e/test_api_faults.py")
CHOSEN = [
    pytest.param(fault, id=name, marks=() if name in ALWAYS else NIGHTLY)
    for name, fault in FAULTS.items()
    if ALL or name in OFTEN
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The example with a reflector a rack, with nothing applied yet."""
    folder = tmp_path_factory.mktemp("faults")
    whole = example()
    for rack, reflector in (("rr1", "node2"), ("rr2", "node5")):
        whole["racks"][rack]["members"][reflector] = whole["racks"][rack]["reflectors"].pop(reflector)
    with running(folder, whole) as site, in_front_of(site.lab, folder / "front") as front:
        del site.racks["rr1"]["members"]["node3"]
        made = World(site, front)
        made.ask(behind=False)
        site.project.settings["kubeconfig"] = str(made.kubeconfig)
        site.project.configure()
        yield made


@pytest.fixture(scope="module")
def before(world: World) -> dict[str, Any]:
    """The world before leafrack."""
    assert eventually(lambda: not without_a_route(world.site.lab, NODES))
    return snapshot(world.site.lab)


def change(site: Site) -> None:
    """Declare node3 in the place of node2, or the other way round: objects, and gates that ask nodes beside leaves."""
    members, others = site.racks["rr1"]["members"], site.whole["racks"]["rr1"]["members"]
    site.racks["rr1"]["members"] = {name: address for name, address in others.items() if name not in members}
    site.write()


def struck(world: World, fault: Fault, *command: str) -> Run:
    """A run of the engine with the fault in it."""
    world.ask(behind=fault.behind)
    going = world.site.project.start(*command, *QUICKLY)
    try:
        going.reaches(lambda: fault.moment in going.so_far)
        fault.begin(world)
    finally:
        run = going.end()
    assert "Traceback" not in run.said, run.said
    # A run whose last object was written before the fault began is over before the API server is back.
    assert eventually(lambda: is_ready(world.site.lab)), "the API server never came back"
    return run


@contextmanager
def told(capsys: pytest.CaptureFixture[str], world: World) -> Iterator[list[str]]:
    """Print what came of a fault, for the table of them."""
    begun, parts = time.monotonic(), list[str]()
    yield parts
    with capsys.disabled():
        sys.stdout.write(f"\n{'; '.join(parts)}; {time.monotonic() - begun:.0f} s in all")


def stands_as_declared(world: World) -> None:
    """All sessions and routes, and nothing left over of the looks at them."""
    site = world.site
    assert [row for row in site.rows() if not row["ok"]] == []
    assert missing(site.lab, site.fabric) == []
    assert site.lab.kubectl("get", "caliconodestatuses.crd.projectcalico.org", "-o", "name") == ""


def test_a_restart_while_the_fabric_is_made_is_got_over(
    world: World, before: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with told(capsys, world) as parts:
        run = struck(world, Fault(restart, STEP, behind=False), "up")
        parts += [f"create, restarted: exit {run.code}"]
    assert run.code == 0, run.said
    stands_as_declared(world)


@pytest.mark.parametrize("fault", CHOSEN)
def test_it_is_got_over_and_no_session_is_lost(
    fault: Fault, world: World, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    site = world.site
    stood = Moment.of(site.lab)
    change(site)
    with told(capsys, world) as parts:
        begun = time.monotonic()
        run = struck(world, fault, "up")
        parts += [f"{request.node.name}: exit {run.code} after {time.monotonic() - begun:.0f} s"]
        if run.code:
            site.applied()
            parts += ["the next one finished"]
        lost = stood.lost_until(Moment.of(site.lab))
        parts += [f"{len(stood.since)} sessions stood, {len(lost)} lost"]
    assert lost == []
    stands_as_declared(world)
    assert fault.says in run.said
    assert run.code == 0 or not fault.survived, run.said


LEAF = "leaf01.dc1.example"


def ends_before_it_begins(run: Run) -> str:
    """What stopped it, in its one line."""
    assert run.code != 0, run.said
    assert "Traceback" not in run.said
    said = [line.strip() for line in run.said.partition("Diagnostics:")[2].splitlines() if "error: " in line]
    assert len(said) == 1, run.said
    assert said[0].endswith(": nothing was changed")
    return said[0]


@contextmanager
def named(world: World, folder: Path) -> Iterator[Resolver]:
    """The first leaf is known by its name only, for some time."""
    site = world.site
    ssh = site._ssh["rr1"]["leaves"]["leaf01"]["ssh"]
    address, ssh["host"] = ssh["host"], LEAF
    site.write()
    try:
        with resolver(folder) as names:
            yield names
    finally:
        ssh["host"] = address
        site.write()


NAMELESS = ("temporary failure in name resolution", "name or service not known")


@pytest.mark.parametrize("why", NAMELESS if ALL else NAMELESS[:1])
def test_a_leaf_whose_name_does_not_resolve_is_said_before_anything_changes(
    why: str, world: World, tmp_path: Path
) -> None:
    stood = snapshot(world.site.lab)
    world.ask(behind=False)
    with named(world, tmp_path) as names:
        names.is_silent = why.startswith("temporary")
        run = world.site.project.start("up", *QUICKLY, under=names.under).end()
    assert f"leaf01.ssh: cannot connect to {LEAF} port" in (said := ends_before_it_begins(run))
    assert why in said
    assert snapshot(world.site.lab) == stood


@NIGHTLY
def test_a_resolver_that_is_away_at_first_is_waited_for(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stood = Moment.of(world.site.lab)
    change(world.site)
    with told(capsys, world) as parts, named(world, tmp_path) as names:
        world.ask(behind=True, by=NAME)
        names.names |= {NAME, LEAF}
        names.is_silent = True
        going = world.site.project.start("up", *QUICKLY, under=names.under)
        try:
            going.reaches(lambda: "temporary failure in name resolution: trying again for up to 30 s" in going.so_far)
        finally:
            names.is_silent = False
            run = going.end()
        lost = stood.lost_until(Moment.of(world.site.lab))
        parts += [f"no resolver at first: exit {run.code}; {len(stood.since)} sessions stood, {len(lost)} lost"]
    assert run.code == 0, run.said
    assert "cluster: the API server answers again, after" in run.said
    assert lost == []
    stands_as_declared(world)


OF_OTHERS = """
apiVersion: crd.projectcalico.org/v1
kind: CalicoNodeStatus
metadata: {name: leafrack-0a1b2c3d-node1, labels: {app.kubernetes.io/managed-by: leafrack}}
spec: {node: node1, classes: [BGP], updatePeriodSeconds: 10}
"""
"""What a gate of somebody else has asked a moment ago."""


@NIGHTLY
@needs_x86_64
def test_a_clock_that_is_ahead_and_jumps_while_a_gate_waits_changes_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = world.site
    stood = Moment.of(site.lab)
    world.ask(behind=False)
    change(site)
    site.lab.kubectl("create", "-f", "-", stdin=OF_OTHERS)
    clock = WrongClock(tmp_path, "+1d")
    with told(capsys, world) as parts:
        going = site.project.start("up", *QUICKLY, env=clock.env)
        try:
            going.reaches(lambda: "-gate" in going.so_far)
            clock.jump("+0")
            going.reaches(lambda: WAITING in going.so_far)
            clock.jump("+2d")
        finally:
            run = going.end()
        lost = stood.lost_until(Moment.of(site.lab))
        parts += [f"clock: exit {run.code}; {len(stood.since)} sessions stood, {len(lost)} lost"]
    left = site.lab.kubectl("get", "caliconodestatuses.crd.projectcalico.org", "-o", "name").split()
    site.lab.kubectl("delete", *left)
    assert run.code == 0, run.said
    assert left == ["caliconodestatus.crd.projectcalico.org/leafrack-0a1b2c3d-node1"]
    assert lost == []
    stands_as_declared(world)


@NIGHTLY
@needs_x86_64
def test_a_gate_waits_its_time_whatever_the_clock_does(world: World, tmp_path: Path) -> None:
    site = world.site
    session = next(each for each in expected.sessions(site.fabric) if each.kind is SessionKind.LEAF)
    guarded = Guarded(
        name="never",
        forward=(session.model_copy(update={"far": session.far.model_copy(update={"as_numbers": (65099,)})}),),
        endpoints=endpoints(site.fabric),
        cluster=Cluster(kubeconfig=str(site.lab.dir / "kubeconfig")),
    )
    clock = WrongClock(tmp_path, "+0")
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "leafrack", "gate", "forward"],
        cwd=CLONE,
        env={**environment(), **clock.env, "LEAFRACK_GATE_WAIT": "6"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as gate:
        for seconds, says in ((2, "+2d"), (4, "-2d")):
            Timer(seconds, clock.jump, [says]).start()
        said, _ = gate.communicate(guarded.model_dump_json(), timeout=60)
        took = time.monotonic() - begun
    assert gate.returncode == 1
    assert said.startswith(f"never: {session} – expected Established"), said
    assert 6 <= took < 20


@needs_x86_64
def test_a_clock_before_the_certificate_of_the_API_server_is_said_before_anything_changes(  # noqa: N802 - its name
    world: World, tmp_path: Path
) -> None:
    stood = snapshot(world.site.lab)
    world.ask(behind=False)
    run = world.site.project.pulumi("up", *QUICKLY, env=WrongClock(tmp_path, "-9y").env)
    assert "cluster: cannot reach the API server at https://" in (said := ends_before_it_begins(run))
    assert ": its certificate is not yet valid: see whether the clock of this machine is right" in said
    assert "trying again" not in run.said
    assert snapshot(world.site.lab) == stood


def test_a_disk_that_fills_up_under_the_state_costs_no_more_than_to_put_a_copy_back(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = world.site
    stood = Moment.of(site.lab)
    world.ask(behind=False)
    change(site)
    with told(capsys, world) as parts, tmpfs(tmp_path / "state", "16m") as small:
        shutil.copytree(site.project.folder / "state", small, dirs_exist_ok=True)
        backend = {"PULUMI_BACKEND_URL": f"file://{small}"}
        going = site.project.start("up", *QUICKLY, "--stack", "dev", env=backend)
        going.reaches(lambda: WAITING in going.so_far)
        fill(small)
        full = going.end()
        parts += [f"disk full: exit {full.code}"]
        (small / "filler").unlink()
        stack.mend(small)
        again = site.project.pulumi("up", *QUICKLY, "--stack", "dev", env=backend)
        parts += [f"then exit {again.code}"]
        shutil.copytree(small, site.project.folder / "state", dirs_exist_ok=True)
        lost = stood.lost_until(Moment.of(site.lab))
    assert full.code != 0
    assert "no space left on device" in full.said
    assert "Traceback" not in full.said
    assert again.code == 0, again.said
    assert lost == []
    stands_as_declared(world)


@NIGHTLY
def test_a_folder_for_temporary_files_that_is_full_is_got_over(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = world.site
    world.ask(behind=False)
    change(site)
    with told(capsys, world) as parts, tmpfs(tmp_path / "tmp", "64k") as small:
        fill(small)
        run = site.project.pulumi("up", *QUICKLY, env={"TMPDIR": str(small)})
        parts += [f"TMPDIR full: exit {run.code}"]
        if run.code:
            site.applied()
            parts += ["the next one finished"]
    assert run.code == 0 or "no space left on device" in run.said, run.said
    assert "Traceback" not in run.said
    stands_as_declared(world)


@NIGHTLY
def test_a_restart_while_the_fabric_is_taken_down_leaves_nothing(
    world: World, before: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with told(capsys, world) as parts:
        run = struck(world, Fault(restart, FIRST_GATE, behind=False), "destroy")
        parts += [f"destroy, restarted: exit {run.code}"]
        if run.code:
            parts += [run.said]
            world.site.destroyed()
    assert snapshot(world.site.lab) == before
    assert world.site.project.resources() == {}


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Path]:
    """A small disk of its own."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no byte on a disk."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
