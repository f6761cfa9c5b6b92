"""A switch that fails while ``up`` runs: one line that says so, within a bound, and the next ``up`` finishes.

The fabric has been applied; each test declares a service range more or less, so that there is something to write.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.project import Going, Run
from lab.site import Site, running
from leafrack.errors import PREFIXES, ProblemKind
from leafrack.platforms import posix
from tests.conftest import Lab
from tests.e2e.killed import Moment
from tests.e2e.world import eventually, loses_nothing, snapshot
from tests.e2e.world import running as running_configuration

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.timeout(900)]
NIGHTLY = pytest.mark.nightly(twin="tests/e2e/test_switch_faults.py")

LATE = "the switch has not answered within 60 s: see whether its routing daemon does"
STEPPED_IN = "/run/frr/stepped-in"
SERVICES = "10.234.0.0/24"
UP = ("up", "--yes", "--skip-preview", "--suppress-outputs")
DEV = Path("config/fabrics/dev.yaml")
BGPD_STOPS = f"""#!/bin/sh
# In the place of vtysh: bgpd hangs from the moment at which a neighbour is to go.
[ "$1" != -f ] || ! grep -q '^ no neighbor [^ ]*$' "$2" || {{ touch {STEPPED_IN}; kill -STOP $(pidof bgpd); }}
exec /run/frr/vtysh "$@"
"""
SOONER = """#!/bin/sh
# In the place of timeout: the bound of a minute is tried elsewhere.
shift
exec /run/frr/timeout 5 "$@"
"""
VTYSH = """#!/bin/sh
# In the place of vtysh: what goes wrong when a configuration is loaded.
case "$1" in -f) {fault} ;; esac
exec /run/frr/vtysh "$@"
"""


class Way:
    """A TCP port that leads to a switch's SSH server, until somebody cuts the way or holds everything up."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self.silent = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self._open.append(near)
                if self.silent.is_set():
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open.append(far)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while read := one.recv(65536):
                while self.silent.is_set():
                    time.sleep(0.1)
                other.sendall(read)
        for each in (one, other):
            with suppress(OSError):
                each.close()

    def cut(self) -> None:
        """End all connections at once, as a router between would."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def close(self) -> None:
        """End it."""
        self.silent.clear()
        self._server.close()
        self.cut()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Way, dict[str, Any]]]:
    """The example, applied, its first leaf reached by a way that can be cut."""
    with running(tmp_path_factory.mktemp("faults"), yaml.safe_load(DEV.read_text(encoding="utf-8"))) as site:
        ssh = site._ssh["rr1"]["leaves"]["leaf01"]["ssh"]
        way = Way(ssh["port"])
        ssh["port"] = way.port
        site.lab.exec("leaf01", "cp", "/etc/frr/frr.conf", "/run/frr/first")
        stood = snapshot(site.lab)
        try:
            site.applied()
            yield site, way, stood
        finally:
            way.close()


@pytest.fixture
def site(whole: tuple[Site, Way, dict[str, Any]]) -> Site:
    return whole[0]


@pytest.fixture
def way(whole: tuple[Site, Way, dict[str, Any]]) -> Way:
    return whole[1]


@pytest.fixture
def before(whole: tuple[Site, Way, dict[str, Any]]) -> dict[str, Any]:
    """The world before leafrack."""
    return whole[2]


@contextmanager
def vtysh_that(lab: Lab, fault: str) -> Iterator[None]:
    """Another vtysh on leaf01, for as long as the body takes."""
    with instead(lab, "vtysh", VTYSH.format(fault=fault)):
        yield


@contextmanager
def instead(lab: Lab, program: str, other: str) -> Iterator[None]:
    """Another program in the place of one of leaf01, which is at /run/frr, for as long as the body takes."""
    there = f"/run/frr/other-{program}"
    own = f"[ -e /run/frr/{program} ] || cp $(command -v {program}) /run/frr/{program}"
    lab.exec("leaf01", "sh", "-c", f"{own}; rm -f {STEPPED_IN}; cat >{there} <<'EOF'\n{other}EOF\n")
    lab.exec("leaf01", "sh", "-c", f"chmod +x {there}; mount --bind {there} $(command -v {program})")
    try:
        yield
    finally:
        lab.exec("leaf01", "sh", "-c", f"umount -l $(command -v {program})")


def changed(site: Site) -> None:
    """Declare one service range more, or less again."""
    ranges: list[str] = site.declared["serviceClusterIPs"]
    site.declared["serviceClusterIPs"] = ranges[:-1] if SERVICES in ranges else [*ranges, SERVICES]
    site.write()


def started(site: Site) -> Going:
    changed(site)
    return site.project.start(*UP)


def stepped_in(site: Site) -> bool:
    return site.lab.run("python", "-m", "lab", "exec", "leaf01", "--", "test", "-e", STEPPED_IN).returncode == 0


def said(run: Run) -> str:
    """What an operator reads of a run that failed."""
    assert run.code != 0, run.said
    assert "Traceback" not in run.said
    return run.said.partition("Diagnostics:")[2] or run.said


def late(run: Run) -> int:
    """How often it was read that leaf01 does not answer: as a line, not in the command that the plugin repeats."""
    return [line.strip() for line in said(run).splitlines()].count(LATE)


def finishes(site: Site, stood: Moment) -> None:
    """The next update does it, nothing that was healthy has reset, and nothing is left to do."""
    run = site.project.up("--skip-preview", "--suppress-outputs")
    assert run.code == 0, run.said
    assert stood.lost_until(Moment.of(site.lab)) == []
    assert [row for row in site.rows() if not row["ok"]] == []
    run = site.project.pulumi("preview", "--expect-no-changes", "--suppress-outputs")
    assert run.code == 0, run.said


def test_a_connection_that_drops_in_the_middle_of_a_configuration(site: Site, way: Way) -> None:
    stood = Moment.of(site.lab)
    half = f'head -n 1 "$2" >/run/frr/half; /run/frr/vtysh -f /run/frr/half; touch {STEPPED_IN}; sleep 5; exit 1'
    with vtysh_that(site.lab, half):
        going = started(site)
        going.reaches(lambda: stepped_in(site))
        way.cut()
        run = going.end()
    assert "leaf01-" in said(run)
    finishes(site, stood)


def test_a_switch_that_hangs_in_the_middle_of_a_configuration(site: Site) -> None:
    stood = Moment.of(site.lab)
    with vtysh_that(site.lab, "sleep 1000"):
        began = time.monotonic()
        run = started(site).end()
        took = time.monotonic() - began
    assert late(run) == 1, run.said
    assert took < 120
    finishes(site, stood)


@NIGHTLY
def test_a_connection_that_falls_silent_in_the_middle_of_a_configuration(site: Site, way: Way) -> None:
    stood = Moment.of(site.lab)
    with vtysh_that(site.lab, f"touch {STEPPED_IN}; sleep 3; exit 1"):
        going = started(site)
        going.reaches(lambda: stepped_in(site))
        way.silent.set()
        began = time.monotonic()
        run = going.end()
        took = time.monotonic() - began
    way.silent.clear()
    way.cut()
    assert "leaf01-" in said(run)
    assert took < 180
    finishes(site, stood)


@NIGHTLY
def test_a_switch_that_accepts_connections_and_says_nothing(site: Site, way: Way) -> None:
    stood = Moment.of(site.lab)
    way.cut()
    way.silent.set()
    try:
        began = time.monotonic()
        run = started(site).end()
        assert time.monotonic() - began < 60
    finally:
        way.silent.clear()
        way.cut()
    assert f"no answer from 127.0.0.1 port {way.port} within its time: nothing was changed" in said(run)
    finishes(site, stood)


@NIGHTLY
def test_a_switch_that_cannot_save_its_configuration(site: Site) -> None:
    stood = Moment.of(site.lab)
    site.lab.exec("leaf01", "sh", "-c", "mount -o remount,ro,bind /etc/frr")
    try:
        run = started(site).end()
    finally:
        site.lab.exec("leaf01", "sh", "-c", "mount -o remount,rw,bind /etc/frr")
    assert "leaf01-" in said(run)
    assert "frr.conf" in said(run)
    finishes(site, stood)
    assert SERVICES in site.lab.exec("leaf01", "cat", "/etc/frr/frr.conf") or SERVICES not in str(site.declared)


@NIGHTLY
def test_a_switch_whose_disk_is_full(site: Site) -> None:
    stood = Moment.of(site.lab)
    # Not /tmp itself: what this lab writes may be below it.
    with full_disk(site.lab):
        run = started(site).end()
        assert "No space left on device" in said(run)
        # The shell on the switch may still be at its end when the run is over here: its own bound is a minute.
        assert eventually(lambda: left_on(site.lab) == "filler\n", posix.BOUND + 5), left_on(site.lab) + site.lab.exec(
            "leaf01", "ps", "-eo", "pid,ppid,etime,stat,args"
        )
    finishes(site, stood)


def left_on(lab: Lab) -> str:
    """What is on the full disk."""
    return lab.exec("leaf01", "ls", "/run/frr/full")


@contextmanager
def full_disk(lab: Lab) -> Iterator[None]:
    """Folders for temporary files of leaf01 are on a full disk, for as long as the body takes."""
    there = "mkdir -p /run/frr/full; mount -t tmpfs -o size=4k full /run/frr/full; echo >/run/frr/full/filler"
    # What the command of a job asks for, and nobody else on this machine.
    full = '[ "$*" != -d ] || set -- -d -p /run/frr/full\nexec /run/frr/mktemp "$@"'
    other = f"cat >/run/frr/in-full <<'EOF'\n#!/bin/sh\n{full}\nEOF\nchmod +x /run/frr/in-full"
    instead = "cp $(command -v mktemp) /run/frr/mktemp; mount --bind /run/frr/in-full $(command -v mktemp)"
    lab.exec("leaf01", "sh", "-c", f"{there}; {other}\n{instead}")
    try:
        yield
    finally:
        lab.exec("leaf01", "sh", "-c", "umount -l $(command -v mktemp); umount /run/frr/full")


@NIGHTLY
def test_a_switch_that_comes_back_with_its_first_configuration(site: Site) -> None:
    lab = site.lab
    lab.exec("leaf01", "sh", "-c", "cat /run/frr/first >/etc/frr/frr.conf; kill -9 $(pidof bgpd)")
    assert eventually(lambda: as_number(lab) == "65009")
    check = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
    run = site.project.pulumi(*check)
    assert run.code == 7, run.said
    for node in ("node1", "node2"):
        assert any(
            PREFIXES[ProblemKind.DRIFT] in line and f"({node}) is missing" in line for line in run.said.splitlines()
        )
    stood = Moment.of(lab)
    finishes(site, stood)


@NIGHTLY
def test_a_leaf_whose_own_as_number_was_changed_is_named_and_well_again_once_it_is_put_back(site: Site) -> None:
    lab = site.lab
    runs_as(lab, 65009, 65099)
    stood, before = Moment.of(lab), snapshot(lab)
    line = "racks.rr1.leaves.leaf01.asNumber: leaf01 runs BGP as AS 65099, this file says 65009: correct one of them"
    changed(site)
    for arguments in (("preview", "--suppress-outputs"), UP):
        run = site.project.pulumi(*arguments)
        named = {each.partition("error: ")[2] for each in said(run).splitlines() if "error: " in each}
        assert [each.partition(".yaml:")[2].partition(": ")[2] for each in named] == [line], run.said
        assert set(run.changes()) <= {"unchanged", "errored"}
    changed(site)
    assert snapshot(lab) == before
    assert stood.lost_until(Moment.of(lab)) == []
    assert {row["what"] for row in site.rows() if not row["ok"]} >= {"node1 ↔ leaf01", "node2 ↔ leaf01"}
    assert loses_nothing(lab, "node1", "node3")
    runs_as(lab, 65099, 65009)
    assert eventually(lambda: all(row["ok"] for row in site.rows()), 180), site.rows()
    finishes(site, stood)


def runs_as(lab: Lab, was: int, now: int) -> None:
    """Somebody gives leaf01 another AS number of its own, everything else of its BGP as it was."""
    edited = f"s/^router bgp {was}$/router bgp {now}/"
    lab.exec("leaf01", "sh", "-c", f"sed -i '{edited}' /etc/frr/frr.conf && kill -9 $(pidof bgpd)")
    assert eventually(lambda: as_number(lab) == str(now))


def as_number(lab: Lab) -> Any:
    found = lab.run("python", "-m", "lab", "exec", "leaf01", "--", "vtysh", "-c", "show running-config bgpd").stdout
    return next((line.split()[2] for line in found.splitlines() if line.startswith("router bgp ")), "")


@contextmanager
def bgpd_that_stops(lab: Lab) -> Iterator[None]:
    """A bgpd on leaf01 that hangs as soon as a neighbour is to go, until the body is over."""
    with instead(lab, "vtysh", BGPD_STOPS), instead(lab, "timeout", SOONER):
        try:
            yield
        finally:
            lab.exec("leaf01", "sh", "-c", "kill -CONT $(pidof bgpd)")
    # What hung is over.
    assert eventually(lambda: as_number(lab) == "65009")


def hung_as(site: Site, run: Run, resource: str) -> None:
    """It was read once of the resource that was to take neighbours away, and the state still knows it."""
    assert f"({resource})" in said(run)
    assert late(run) == 1, run.said
    assert resource in site.project.resources()


@NIGHTLY
def test_a_bgpd_that_hangs_when_a_neighbour_is_to_go(site: Site) -> None:
    lab = site.lab
    gone = {"node2": site.racks["rr1"]["reflectors"].pop("node2")}
    site.racks["rr1"]["members"] |= gone
    site.write()
    with bgpd_that_stops(lab):
        run = site.project.pulumi(*UP)
        assert stepped_in(site)
    hung_as(site, run, "leaf01-retired")
    finishes(site, Moment.of(lab))
    assert gone["node2"] not in running_configuration(lab, "leaf01")


@pytest.mark.skipif(os.environ.get("LEAFRACK_FAULTS") != "all", reason="one of `make soak`: the other is much the same")
def test_a_bgpd_that_hangs_while_the_fabric_is_taken_down(site: Site, before: dict[str, Any]) -> None:
    with bgpd_that_stops(site.lab):
        run = site.project.pulumi("destroy", "--yes")
        assert stepped_in(site)
    hung_as(site, run, "leaf01-sessions")
    site.destroyed()
    assert snapshot(site.lab) == before
    assert site.project.resources() == {}
