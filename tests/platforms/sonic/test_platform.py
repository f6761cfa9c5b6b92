"""SONiC: FRR behind a script of the host that sees none of its files, in the modes that keep what is written."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.platforms import Job, Neighbour, Task, Way, posix
from leafrack.platforms.sonic.platform import SONIC

OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")
NODE = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", *OWN, (64512,), password="s3cret")
OTHER = replace(NODE, address=ip_address("172.20.0.12"), description="leafrack rr1 node2")
JOB = Job(Task.SESSIONS, 65009, OWN, (), (NODE, OTHER), 64601)
RUNNING = "router bgp 65009\n neighbor 100.0.0.1 remote-as 65008\n"
# Where FRR shows a neighbour's state it looks at nothing else, but a caller's input is there for it to read.
_VTYSH = r"""#!/bin/sh
echo "$*" >>%(folder)s/calls
case "$*" in
    *" vrf all neighbors json") cat >/dev/null; echo '{"default": {}}' ;;
    *" show ip route json "*) cat >/dev/null; cat %(folder)s/tables ;;
    "-c show running-config bgpd") cat >/dev/null; cat %(folder)s/running ;;
    *"neighbors 172.20.0."*) cat >/dev/null; echo '  "bgpState": "Established",' ;;
    "-C -f /dev/stdin") cat >%(folder)s/checked ;;
    "-f /dev/stdin") cat >%(folder)s/applied; cat %(folder)s/says; exit $(wc -l <%(folder)s/says) ;;
    "-c write memory") ;;
    *) echo "%% Can't open configuration file $*"; exit 1 ;;
esac
"""
_CLI = """#!/bin/sh
[ "$*" = "CONFIG_DB hget DEVICE_METADATA|localhost docker_routing_config_mode" ] && cat %(folder)s/mode
"""
_SUDO = """#!/bin/sh
if [ "$1 $2" != "-n vtysh" ] || [ ! -e %(folder)s/sudoer ]; then
    echo "sudo: a password is required" >&2
    exit 1
fi
export AS_ROOT=1
shift
exec "$@"
"""


class Switch:
    """A folder with what SONiC's host has in its PATH."""

    def __init__(self, folder: Path, mode: str = "split-unified", running: str = RUNNING) -> None:
        self.folder = folder
        for name, text in (("vtysh", _VTYSH), ("sonic-db-cli", _CLI)):
            self.program(name, text % {"folder": folder})
        tables = '{"10.1.0.0/26":[{"prefix":"10.1.0.0/26","selected":true,"installed":true}]}{}'
        texts = {"mode": f"{mode}\n", "running": running, "calls": "", "says": "", "tables": tables}
        for name, text in texts.items():
            (folder / name).write_text(text)

    def program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def is_asked_by_a_user(self, *, with_sudo: bool) -> None:
        self.program("id", "#!/bin/sh\necho 1000\n")
        self.program("sudo", _SUDO % {"folder": self.folder})
        vtysh = self.folder / "vtysh"
        vtysh.write_text(vtysh.read_text().replace("#!/bin/sh\n", '#!/bin/sh\n[ -n "${AS_ROOT-}" ] || exit 1\n'))
        if with_sudo:
            (self.folder / "sudoer").touch()

    def run(self, command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        return subprocess.run(["sh", "-c", command], input=given, env=env, text=True, capture_output=True, check=False)

    def play(self, job: Job, way: Way = Way.FORWARD) -> subprocess.CompletedProcess[str]:
        return self.run(posix.command(way), SONIC.program(job))

    def has(self, name: str) -> str:
        return (self.folder / name).read_text() if (self.folder / name).exists() else ""


def test_lines_are_given_on_standard_input_for_the_container_sees_no_file_of_the_host(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    done = switch.play(JOB)
    assert (done.returncode, done.stderr) == (0, "")
    assert switch.has("checked") == switch.has("applied")
    assert " neighbor 172.20.0.11 remote-as 64512\n" in switch.has("applied")
    assert switch.has("calls").count("write memory") == 2
    assert "s3cret" not in switch.has("calls")


def test_what_vtysh_reads_of_a_callers_input_is_not_the_list_of_neighbours(tmp_path: Path) -> None:
    stand = "".join(f" neighbor {one.address} remote-as 64999\n" for one in JOB.neighbours)
    switch = Switch(tmp_path, running=RUNNING + stand)
    assert switch.play(JOB).returncode == 0
    assert " neighbor 172.20.0.11 description" in switch.has("applied")
    assert "remote-as" not in switch.has("applied"), "both stand, so both keep their AS"


@pytest.mark.parametrize("mode", ["split", "split-unified"])
def test_a_mode_that_keeps_the_lines_is_read_and_configured(tmp_path: Path, mode: str) -> None:
    switch = Switch(tmp_path, mode)
    assert switch.play(JOB).returncode == 0
    done = switch.run(SONIC.read)
    found = SONIC.parse(done.stdout)
    assert (done.returncode, found.as_number) == (0, 65009)
    assert found.routes == {ip_network("10.1.0.0/26")}


SAYS = (
    "docker_routing_config_mode of this switch is {}: each time its container bgp starts it writes BGP's configuration"
)


@pytest.mark.parametrize(("mode", "shown"), [("", "not set"), ("separated", "separated"), ("unified", "unified")])
def test_a_mode_that_loses_the_lines_is_refused_before_anything_changes(tmp_path: Path, mode: str, shown: str) -> None:
    switch = Switch(tmp_path, mode)
    for done, more in ((switch.run(SONIC.read), ""), (switch.play(JOB), ": nothing was changed")):
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(SAYS.format(shown))
        assert line.endswith(f"leafrack needs split or split-unified{more}")
    assert switch.has("calls") == ""


def test_what_is_ours_is_taken_away_in_every_mode(tmp_path: Path) -> None:
    ours = " neighbor 172.20.0.11 remote-as 64512\n neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in\n"
    switch = Switch(tmp_path, "unified", RUNNING + ours)
    assert switch.play(JOB, Way.BACK).returncode == 0
    assert switch.has("applied") == "router bgp 65009\n no neighbor 172.20.0.11\nexit\n"


def test_a_switch_of_another_kind_is_told_by_what_it_lacks(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    (tmp_path / "sonic-db-cli").unlink()
    for done in (switch.run(SONIC.read), switch.play(JOB)):
        assert done.returncode == 1
        assert done.stderr.startswith("this switch does not answer as SONiC: ")
        assert "sonic-db-cli" in done.stderr
    assert switch.has("calls") == ""


def test_a_user_who_is_not_root_asks_by_sudo(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.is_asked_by_a_user(with_sudo=True)
    assert switch.play(JOB).returncode == 0
    assert switch.has("applied")
    assert switch.run(SONIC.read).returncode == 0


def test_a_user_who_may_not_is_told_and_nothing_changes(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.is_asked_by_a_user(with_sudo=False)
    for done in (switch.run(SONIC.read), switch.play(JOB)):
        assert (done.returncode, done.stderr) == (1, "sudo: a password is required\n")
    assert switch.has("calls") == ""


def test_a_line_that_is_refused_is_shown_without_its_password(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    (tmp_path / "says").write_text("line 3: % Unknown command:  neighbor 172.20.0.11 password s3cret x\n")
    done = switch.play(JOB)
    assert done.returncode == 1
    assert done.stderr == "line 3: % Unknown command:  neighbor 172.20.0.11 password (hidden)\n"


ALL = """{
"Vrf102": {"vrfId": 12, "vrfName": "Vrf102", "172.20.0.11": {"remoteAs": 1, "bgpState": "Established"}},
"default": {"vrfId": 0, "vrfName": "default",
  "172.20.0.11": {"remoteAs": 64512, "bgpState": "Established", "bgpTimerUpMsec": 3000,
    "addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 2}}},
  "Ethernet4": {"remoteAs": 65008, "bgpState": "Active"}}
}
{}
{}
router bgp 65009
 neighbor 172.20.0.11 remote-as 64512
exit
router bgp 65009 vrf Vrf102
exit
"""


def test_of_all_vrfs_the_default_one_is_read() -> None:
    state = SONIC.parse(ALL)
    (node,) = state.neighbours.values()
    assert (node.remote_as, node.established, node.prefixes_received, node.activated) == (64512, True, 2, True)
    assert (state.as_number, state.elsewhere) == (65009, ("Vrf102",))
