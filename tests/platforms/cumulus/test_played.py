"""Jobs on Cumulus from the first line to the saved configuration, on an ``nv`` of our own, without FRR."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from lab.plan import Switch
from lab.switches.cumulus import startup
from lab.uplinks import Port
from leafrack.platforms import Job, Neighbour, PathList, PrefixList, SwitchState, Task, Way
from leafrack.platforms.cumulus.platform import CUMULUS
from leafrack.platforms.cumulus.read import READS
from leafrack.platforms.played import complaint, joined
from leafrack.world.conversation import SaidError
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player, PlayError

CLONE = Path(__file__).resolve().parents[3]
OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")
NODE = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", *OWN, (64512,), password="s3cret#: '$x")
LISTS = (PrefixList(OWN[0], (ip_network("10.233.64.0/18"),)), PrefixList(OWN[1], (ip_network("0.0.0.0/0"),)))
JOB = Job(Task.SESSIONS, 65009, OWN, LISTS, (NODE,), 64601)
UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30",))
VTYSH = r"""#!/bin/sh
awk 'BEGIN { printf "{\"default\": {" }
    $1 == "neighbor" && $3 == "remote-as" {
        printf "%s\"%s\": {\"remoteAs\": 0, \"bgpState\": \"Idle\", ", more, $2
        printf "\"addressFamilyInfo\": {\"IPv4 Unicast\": {}}}"
        more = ", "
    }
    END { print "}}{}{}" }' "$NV_ROOT/etc/frr/frr.conf"
cat "$NV_ROOT/etc/frr/frr.conf"
"""


class Cumulus:
    """A folder with the files of a switch, its ``nv`` and its ``vtysh``; a conversation runs commands there."""

    def __init__(self, root: Path, version: str = "5.9.1") -> None:
        self.root = root
        self.said: list[str] = []
        for name in ("etc/nvue.d", "etc/frr", "run/nvue", "bin"):
            (root / name).mkdir(parents=True)
        leaf = Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (UPLINK,), "cumulus")
        (root / "etc/nvue.d/startup.yaml").write_text(startup(leaf))
        (root / "etc/os-release").write_text(f"ID=cumulus-linux\nVERSION_ID={version}\n")
        for name, text in (("vtysh", VTYSH), ("nv", f'#!/bin/sh\nexec {sys.executable} -P -m lab.nv "$@"\n')):
            (root / "bin" / name).write_text(text)
            (root / "bin" / name).chmod(0o755)
        self.env = {
            "PYTHONPATH": str(CLONE),
            "PATH": f"{root}/bin:{os.environ['PATH']}",
            "NV_ROOT": str(root),
            "NV_RELOAD": "true",
        }
        assert self.run("nv boot").returncode == 0

    def run(self, command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        here = command.replace("/etc/os-release", f"{self.root}/etc/os-release")
        return subprocess.run(
            ["sh", "-c", here], input=given, env=self.env, text=True, capture_output=True, check=False
        )

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        self.said.append(command.splitlines()[0])
        done = self.run(command, stdin)
        why = complaint(CUMULUS.dialogue, f"{done.stderr}\n{done.stdout}", tolerated) or (
            f"exit status {done.returncode}" if done.returncode else ""
        )
        if why:
            raise SaidError(shown or command.splitlines()[0], why)
        return done.stdout

    def play(self, job: Job, way: Way = Way.FORWARD) -> Done:
        @asynccontextmanager
        async def connect() -> AsyncIterator[Cumulus]:
            self.said.append("(connected)")
            yield self

        endpoint = Endpoint(name="leaf01", platform="cumulus", host="127.0.0.1", port=22, user="cumulus")
        return asyncio.run(Player(endpoint, CUMULUS, job, way, connect).play({}))

    def state(self) -> SwitchState:
        return CUMULUS.parse(joined((command, self.run(command).stdout) for command in READS))

    def saved(self) -> object:
        return yaml.safe_load((self.root / "etc/nvue.d/startup.yaml").read_text())


def differences(switch: Cumulus, job: Job) -> list[str]:
    state = switch.state()
    found = [*CUMULUS.list_differences(job.lists, state), *CUMULUS.path_differences(job.paths, state)]
    for each in job.neighbours:
        has = state.neighbours.get(each.address)
        found += ["missing"] if has is None else CUMULUS.neighbour_differences(each, has)
    return found


def test_a_job_is_confirmed_over_a_new_connection_saved_and_taken_back_without_a_trace(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    before = switch.saved()
    assert switch.play(JOB).changed
    last = switch.said.index("# nv config apply")
    assert switch.said[last + 1] == "(connected)"
    assert switch.said[-2:] == ["nv config apply --confirm-yes", "nv config save"]
    assert differences(switch, JOB) == []
    assert switch.saved() != before
    assert not switch.play(JOB).changed
    assert switch.play(JOB, Way.BACK).changed
    assert switch.saved() == before


def test_a_path_list_is_put_in_place_changed_and_taken_back(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    before = switch.saved()
    assert switch.play(JOB).changed
    paths = PathList("LEAFRACK-dc1-AS", (64512, 64601))
    given = replace(JOB, paths=paths, neighbours=(replace(NODE, paths_in=paths.name),))
    for job in (given, replace(given, paths=replace(paths, as_numbers=(64512, 64601, 4200000001)))):
        assert len(differences(switch, job)) == 2
        assert switch.play(job).changed
        assert differences(switch, job) == []
        assert not switch.play(job).changed
    assert switch.play(given, Way.BACK).changed
    assert switch.saved() == before


def test_the_newer_words_are_taken_by_a_newer_release(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path, "5.15.0")
    text = (tmp_path / "etc/nvue.d/startup.yaml").read_text()
    new = text.replace("enable: 'on'", "state: enabled").replace("enable: 'off'", "state: disabled")
    (tmp_path / "etc/nvue.d/startup.yaml").write_text(new)
    assert switch.run("nv boot").returncode == 0
    assert switch.play(JOB).changed
    assert differences(switch, JOB) == []


def test_somebody_elses_apply_that_waits_is_refused_before_anything_is_staged(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    given = tmp_path / "theirs.yaml"
    given.write_text("- set: {vrf: {default: {router: {bgp: {router-id: 3.3.3.3}}}}}\n")
    assert switch.run(f"nv config patch {given} && nv config apply --confirm 600s -y").returncode == 0
    with pytest.raises(
        PlayError, match=r"leaf01: the switch has a configuration that was applied with --confirm"
    ) as error:
        switch.play(JOB)
    assert str(error.value).endswith("nothing was changed")
    assert not [line for line in switch.said if "patch" in line]
    assert switch.run("nv config apply --confirm-no").returncode == 0


def test_what_nobody_confirms_the_switch_takes_back(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    before = (tmp_path / "etc/frr/frr.conf").read_text()
    given = tmp_path / "ours.yaml"
    given.write_text("- set: {vrf: {default: {router: {bgp: {router-id: 3.3.3.3}}}}}\n")
    assert switch.run(f"nv config patch {given} && nv config apply --confirm 1s -y").returncode == 0
    assert (tmp_path / "etc/frr/frr.conf").read_text() != before
    until = time.monotonic() + 20
    while (tmp_path / "etc/frr/frr.conf").read_text() != before:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_what_does_not_stand_after_it_was_applied_is_taken_back(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    before = switch.saved()
    vtysh = tmp_path / "bin/vtysh"
    # A release that understands the limit's time otherwise.
    vtysh.write_text(vtysh.read_text().replace('cat "$NV', "sed 's/restart 1$/restart 60/' \"$NV"))
    with pytest.raises(PlayError, match="it was taken back"):
        switch.play(replace(JOB, neighbours=(replace(NODE, maximum_prefix=100),)))
    assert switch.saved() == before
    assert NODE.address not in switch.state().neighbours


def test_what_nvue_does_not_know_is_said_without_a_password_and_changes_nothing(tmp_path: Path) -> None:
    switch = Cumulus(tmp_path)
    # Its own words are others: as if the release said less than it has.
    (tmp_path / "etc/os-release").write_text("ID=cumulus-linux\nVERSION_ID=5.14.0\n")
    nv = tmp_path / "bin/nv"
    nv.write_text(
        nv.read_text().replace("#!/bin/sh\n", '#!/bin/sh\n[ "$2" != patch ] || { echo "Error: no" >&2; exit 1; }\n')
    )
    with pytest.raises(PlayError) as error:
        switch.play(JOB)
    assert str(error.value) == "leaf01: the switch refuses `# nv config patch`: Error: no: nothing was changed"
