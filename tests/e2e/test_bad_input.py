"""Bad input ends in lines that an operator can act on, and nothing is applied: through the real ``pulumi up``."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from lab.project import OF_THE_ENGINE, Project, Run
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e.world import configure, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab]


@dataclass
class Bench:
    """What a case spoils: files of the project's folder, and stack settings that it changes."""

    lab: Lab
    project: Project
    silent: int
    """Port of 127.0.0.1 that accepts connections and says nothing."""
    closed: int
    """Port of 127.0.0.1 that nothing listens on."""
    settings: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, text: str) -> None:
        (self.project.folder / name).write_text(text, encoding="utf-8")

    def text(self, text: str) -> None:
        """A fabric file of this text, without the lab's overlay."""
        self.write("fabric.yaml", text)
        self.settings |= {"fabric": "fabric.yaml", "overlay": None}

    def fabric(self, *changes: tuple[str, str]) -> None:
        """The example with some of its text replaced, as ``fabric.yaml``."""
        text = DEV_FABRIC.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.write("fabric.yaml", text)
        self.settings["fabric"] = "fabric.yaml"

    def ssh(self, **changed: Any) -> None:
        """The lab's overlay with another way to leaf01, as ``overlay.yaml``."""
        overlay = yaml.safe_load((self.lab.dir / "overlay.yaml").read_text(encoding="utf-8"))
        leaves = {leaf: declared for rack in overlay["racks"].values() for leaf, declared in rack["leaves"].items()}
        for leaf in leaves.values():
            leaf["ssh"]["identityFile"] = str(self.lab.dir / "ssh" / "id_ed25519")
        other = leaves["leaf02"]["ssh"]["hostKey"]
        leaves["leaf01"]["ssh"] |= {key: other if value == "other" else value for key, value in changed.items()}
        self.write("overlay.yaml", yaml.safe_dump(overlay))
        self.settings["overlay"] = "overlay.yaml"

    def wrong_key(self) -> None:
        """A key that no switch knows."""
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.project.folder / "stranger"], check=True
        )
        self.ssh(identityFile="stranger")

    def api_server(self, port: int, host: str = "127.0.0.1") -> None:
        """A kubeconfig whose API server is somewhere else."""
        config = yaml.safe_load((self.lab.dir / "kubeconfig").read_text(encoding="utf-8"))
        config["clusters"][0]["cluster"]["server"] = f"https://{host}:{port}"
        self.write("kubeconfig", yaml.safe_dump(config))
        self.settings["kubeconfig"] = "kubeconfig"


@pytest.fixture
def bench(site: Lab, project: Project) -> Iterator[Bench]:
    kept = {*project.folder.iterdir(), project.folder / "__pycache__"}
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, so that nobody else takes it, but not listening
        yield Bench(site, project, silent.getsockname()[1], closed.getsockname()[1])
    for made in set(project.folder.iterdir()) - kept:
        made.unlink()
    project.configure()


@pytest.fixture(scope="module")
def untouched(site: Lab) -> dict[str, Any]:
    return snapshot(site)


Spoil = Callable[[Bench], object]

WITHOUT_LEAF = """\
name: dc1
podCIDRs: [10.233.64.0/18]
racks:
  rr1:
    reflectors: {node1: 172.20.0.11}
"""

JUNOS = "        platform: junos\n        timers: {keepalive: 2, hold: 9}"
LEAF01_SSH = "overlay.yaml:5: racks.rr1.leaves.leaf01.ssh: "

CASES: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "fabric file missing": (
        lambda b: b.settings.update(fabric="none.yaml"),
        ("none.yaml: no such file",),
    ),
    "fabric file empty": (
        lambda b: b.text(""),
        ("fabric.yaml: the file is empty: a fabric file starts with name, podCIDRs and racks",),
    ),
    "fabric file not YAML": (
        lambda b: b.fabric(("interconnect: route-reflectors", "interconnect: [")),
        ("fabric.yaml:7: not valid YAML: ",),
    ),
    "fabric file a list": (
        lambda b: b.text("- rr1\n- rr2\n"),
        ("fabric.yaml:1: the file must hold a mapping (name: …, racks: …)",),
    ),
    "rack without leaf": (
        lambda b: b.text(WITHOUT_LEAF),
        ("fabric.yaml:4: racks.rr1.leaves: is missing",),
    ),
    "address that is none": (
        lambda b: b.fabric(("node3: 172.20.0.13", "node3: 172.20.0.300")),
        ("fabric.yaml:24: racks.rr1.members.node3: '172.20.0.300' is no IP address",),
    ),
    "unknown platform": (
        lambda b: b.fabric(("asNumber: 65010", "asNumber: 65010\n        platform: panos")),
        ("fabric.yaml:31: racks.rr2.leaves.leaf02.platform: unknown platform 'panos': known here are frr",),
    ),
    "what a platform cannot do": (
        lambda b: b.fabric(("asNumber: 65010", f"asNumber: 65010\n{JUNOS}")),
        ("fabric.yaml:32: racks.rr2.leaves.leaf02.timers: platform junos of leaf02 has no keepalive of its own",),
    ),
    "two errors at once": (
        lambda b: b.fabric(("asNumber: 65010", "asNumber: 0"), ("node3: 172.20.0.13", "node1: 172.20.0.13")),
        (
            "fabric.yaml:24: racks.rr1.members.node1: is a reflector and a member: ",
            "fabric.yaml:30: racks.rr2.leaves.leaf02.asNumber: ",
        ),
    ),
    "fabric that the proof refuses": (
        lambda b: b.fabric(("        uplinks: {spine: {address: 100.0.0.6, peerAddress: 100.0.0.5}}\n", "")),
        (
            (
                "fabric.yaml:28: racks.rr2.leaves.leaf02: pods of rr2 never arrive in rr1, nor the other way round: "
                "leaf leaf02 has no uplink: declare its link to a spine"
            ),
        ),
    ),
    "API server unreachable": (
        lambda b: b.api_server(b.closed),
        ("cluster: cannot reach the API server at https://127.0.0.1:{closed}: connection refused",),
    ),
    "API server silent": (
        lambda b: b.api_server(b.silent),
        ("cluster: the API server does not answer within its time, for 3",),
    ),
    "API server by a name that nobody knows": (
        lambda b: b.api_server(6443, "api.invalid"),
        ("cluster: cannot reach the API server at https://api.invalid:6443: ",),
    ),
    "kubeconfig missing": (
        lambda b: b.settings.update(kubeconfig="none"),
        ("cluster: there is no kubeconfig none: nothing was changed",),
    ),
    "context unknown": (
        lambda b: b.settings.update(kubeContext="leafrak"),
        ("cluster: cannot use the kubeconfig {lab}/kubeconfig: Context 'leafrak' not found",),
    ),
    "switch unreachable": (
        lambda b: b.ssh(port=b.closed),
        (LEAF01_SSH + "cannot connect to 127.0.0.1 port {closed}: connection refused: nothing was changed",),
    ),
    "switch by a name that nobody knows": (
        lambda b: b.ssh(host="leaf01.invalid", port=22),
        (LEAF01_SSH + "cannot connect to leaf01.invalid port 22: ",),
    ),
    "switch silent": (
        lambda b: b.ssh(port=b.silent),
        (LEAF01_SSH + "no answer from 127.0.0.1 port {silent} within its time: nothing was changed",),
    ),
    "wrong SSH key": (
        lambda b: b.wrong_key(),
        (
            (
                "overlay.yaml:5: racks.rr1.leaves.leaf01.ssh: "
                "127.0.0.1 port {leaf01} refuses user root: wrong key or password (stranger)"
            ),
        ),
    ),
    "another host key": (
        lambda b: b.ssh(hostKey="other"),
        (
            (
                "overlay.yaml:5: racks.rr1.leaves.leaf01.ssh: "
                "the host key of 127.0.0.1 port {leaf01} is not the pinned one (ssh.hostKey): "
                "wrong switch, or a replaced one"
            ),
        ),
    ),
    "switch in another AS": (
        lambda b: b.fabric(("asNumber: 65010", "asNumber: 65011")),
        (
            (
                "fabric.yaml:30: racks.rr2.leaves.leaf02.asNumber: "
                "leaf02 runs BGP as AS 65010, this file says 65011: correct one of them"
            ),
        ),
    ),
    "node that the cluster does not have": (
        lambda b: b.fabric(("node6: 173.20.0.13", "node7: 173.20.0.13")),
        (
            (
                "fabric.yaml:35: racks.rr2.members.node7: "
                "the cluster has no node node7: check its name with kubectl get nodes"
            ),
        ),
    ),
    "node with another address": (
        lambda b: b.fabric(("node6: 173.20.0.13", "node6: 173.20.0.14")),
        (
            (
                "fabric.yaml:35: racks.rr2.members.node6: "
                "Calico uses 173.20.0.13 for node6 in the cluster, this file says 173.20.0.14"
            ),
        ),
    ),
    "stack without fabric": (
        lambda b: b.settings.update(fabric=None),
        ("validating stack config: Stack 'dev' is missing configuration value 'leafrack:fabric'",),
    ),
    "setting of the wrong type": (
        lambda b: b.settings.update(kubeContext={"name": "leafrack"}),
        (
            (
                "validating stack config: Stack 'dev' with configuration key "
                "'leafrack:kubeContext' must be of type 'string'"
            ),
        ),
    ),
    "setting unknown": (
        lambda b: b.settings.update(kubecontext="leafrack"),
        ("leafrack:kubecontext: unknown setting: did you mean kubeContext?",),
    ),
    "password in clear": (
        lambda b: b.settings.update(sshPassword="s3cret-in-clear"),
        (
            (
                "leafrack:sshPassword: stands in clear in the stack's file: "
                "change the secret and use pulumi config set --secret leafrack:sshPassword"
            ),
        ),
    ),
}


def spoiled(bench: Bench, name: str) -> tuple[str, ...]:
    """Apply a case; the lines that the operator must read."""
    spoil, lines = CASES[name]
    spoil(bench)
    bench.project.configure(**bench.settings)
    leaf01 = bench.lab.fabric.racks["rr1"].leaves["leaf01"].ssh.port
    names = {"lab": bench.lab.dir, "closed": bench.closed, "silent": bench.silent, "leaf01": leaf01}
    return tuple(line.format_map(names) if "{" in line else line for line in lines)


def read_by_the_operator(run: Run) -> list[str]:
    """Lines of the output without the engine's prefix and indentation."""
    return [line.strip().removeprefix("error: ").removeprefix("warning: ") for line in run.said.splitlines()]


@pytest.mark.parametrize("name", CASES)
def test_an_update_with_bad_input_says_what_is_wrong_and_applies_nothing(
    name: str, bench: Bench, untouched: dict[str, Any]
) -> None:
    expected = spoiled(bench, name)
    # A preview goes on without what is silent, and then waits for it once more in the providers.
    run = bench.project.up(*(["--skip-preview"] if "silent" in name else []))
    assert run.code != 0
    said = read_by_the_operator(run)
    for line in expected:
        assert any(each.startswith(line) for each in said), run.said
    assert "Traceback" not in run.said
    assert "s3cret" not in run.said
    assert set(bench.project.resources().values()) <= OF_THE_ENGINE
    assert snapshot(bench.lab) == untouched


AWAY = ("API server unreachable", "kubeconfig missing", "switch unreachable")


@pytest.mark.parametrize("name", AWAY)
def test_a_preview_goes_on_without_what_it_cannot_reach_and_warns(name: str, bench: Bench) -> None:
    (line,) = spoiled(bench, name)
    run = bench.project.check("preview")
    warned = line.removesuffix(": nothing was changed")
    assert any("warning: [unreachable" in each and warned in each for each in run.said.splitlines()), run.said
    assert "this preview goes on without what it would tell" in run.said


def test_a_preview_that_must_see_everything_fails_when_a_switch_is_away(bench: Bench) -> None:
    (line,) = spoiled(bench, "switch unreachable")
    run = bench.project.pulumi("preview", env={"LEAFRACK_UNREACHABLE": "fail"})
    assert run.code != 0
    assert line in read_by_the_operator(run), run.said


def test_an_unknown_word_for_unreachable_is_refused(bench: Bench) -> None:
    spoiled(bench, "switch unreachable")
    run = bench.project.pulumi("preview", env={"LEAFRACK_UNREACHABLE": "ignore"})
    assert run.code != 0
    assert "LEAFRACK_UNREACHABLE='ignore': say warn or fail" in read_by_the_operator(run)


def test_a_switch_without_bgp_is_named(bench: Bench) -> None:
    configure(bench.lab, "leaf01", "no router bgp 65009")
    try:
        run = bench.project.up()
    finally:
        bench.lab.exec("leaf01", "vtysh", "-b")
    assert run.code != 0
    place = "config/fabrics/dev.yaml:19: racks.rr1.leaves.leaf01.asNumber"
    line = f"{place}: leaf01 runs no BGP in the default VRF: configure `router bgp 65009` on it first"
    assert line in read_by_the_operator(run), run.said
