"""Cumulus Linux: what is given to NVUE, in which order, and what is read of a switch whose FRR is NVIDIA's."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from leafrack.platforms import Job, Neighbour, PathList, PrefixList, SessionState, SwitchState, Task, Way
from leafrack.platforms.cumulus import read
from leafrack.platforms.cumulus.platform import CUMULUS
from leafrack.platforms.plan import Plan, plan
from leafrack.platforms.played import complaint, joined
from leafrack.platforms.state import NeighbourState, Timers

OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")
NODE = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", *OWN, (64512, 64601), password="it's #1: $x")
RANGES = PrefixList(OWN[0], (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32")))
SENT = PrefixList(OWN[1], (ip_network("0.0.0.0/0"),))
JOB = Job(Task.SESSIONS, 65009, OWN, (RANGES, SENT), (NODE,), 64601)
BARE = SwitchState(65009, release="5.9.1")


def given(made: Plan) -> tuple[list[str], Any]:
    """Paths that are unset, and the tree that is patched."""
    lines = [line.text for line in CUMULUS.lines(made)]
    begins = lines.index("---")
    assert lines[-1] == "..."
    parts = yaml.safe_load("\n".join(lines[begins:])) or []
    return lines[:begins], parts[0]["set"] if parts else None


def bgp(tree: Any) -> Any:
    return tree["vrf"]["default"]["router"]["bgp"]["neighbor"]


def test_a_leaf_without_anything_of_ours_is_given_lists_and_neighbours() -> None:
    unset, tree = given(plan(JOB, Way.FORWARD, BARE, CUMULUS))
    assert unset == []
    lists = tree["router"]["policy"]["prefix-list"]
    assert lists == {
        OWN[0]: {
            "type": "ipv4",
            "rule": {
                "5": {"action": "permit", "match": {"10.233.64.0/18": {"max-prefix-len": 32}}},
                "10": {"action": "permit", "match": {"10.9.9.9/32": {}}},
            },
        },
        OWN[1]: {"type": "ipv4", "rule": {"5": {"action": "permit", "match": {"0.0.0.0/0": {}}}}},
    }
    (node,) = bgp(tree).values()
    assert (node["remote-as"], node["password"], node["shutdown"]) == (64512, "it's #1: $x", "off")
    assert node["ttl-security"] == {"enable": "off"}


def test_the_words_are_those_of_the_release_that_the_switch_has() -> None:
    made = plan(JOB, Way.FORWARD, replace(BARE, release="5.15.0"), CUMULUS)
    (node,) = bgp(given(made)[1]).values()
    assert (node["ttl-security"], node["shutdown"]) == ({"state": "disabled"}, "disabled")


def test_a_list_that_differs_is_unset_and_set_as_a_whole_and_one_that_is_right_is_left() -> None:
    stands = {OWN[0]: frozenset({"permit 10.1.0.0/16 le 32"}), OWN[1]: frozenset({"permit 0.0.0.0/0"})}
    unset, tree = given(plan(JOB, Way.FORWARD, replace(BARE, lists=stands), CUMULUS))
    assert unset == [f"router policy prefix-list {OWN[0]}"]
    assert set(tree["router"]["policy"]["prefix-list"]) == {OWN[0]}


PATHS = PathList("LEAFRACK-dc1-AS", (64512, 64601))
LISTED = replace(JOB, paths=PATHS, neighbours=(replace(NODE, paths_in=PATHS.name),))


def test_a_path_list_is_set_beside_the_prefix_list_and_written_anew_where_it_differs() -> None:
    unset, tree = given(plan(LISTED, Way.FORWARD, BARE, CUMULUS))
    expression = "^(64512|64601)(_(64512|64601))*$"
    named = {PATHS.name: {"rule": {"5": {"action": "permit", "aspath-exp": expression}}}}
    assert (unset, tree["router"]["policy"]["as-path-list"]) == ([], named)
    (node,) = bgp(tree).values()
    inbound = node["address-family"]["ipv4-unicast"]["policy"]["inbound"]
    assert inbound == {"prefix-list": OWN[0], "aspath-list": PATHS.name}
    stands = replace(BARE, paths={PATHS.name: frozenset({"permit ^(1)(_(1))*$"})})
    unset, tree = given(plan(LISTED, Way.FORWARD, stands, CUMULUS))
    assert (unset, tree["router"]["policy"]["as-path-list"]) == ([f"router policy as-path-list {PATHS.name}"], named)
    unset, tree = given(plan(LISTED, Way.BACK, stands, CUMULUS))
    assert (unset, tree) == ([f"router policy as-path-list {PATHS.name}"], None)


def test_what_is_ours_goes_neighbours_first_and_nothing_is_patched() -> None:
    has = NeighbourState(NODE.address, 64512, SessionState.IDLE, list_in=OWN[0], set_as=64512)
    theirs = NeighbourState(ip_address("172.20.0.99"), 64512, SessionState.IDLE, list_in="THEIRS", set_as=64512)
    stands = {name: frozenset({"permit 10.0.0.0/8"}) for name in (*OWN, "THEIRS")}
    found = replace(BARE, neighbours={each.address: each for each in (has, theirs)}, lists=stands)
    unset, tree = given(plan(JOB, Way.BACK, found, CUMULUS))
    assert unset == [
        "vrf default router bgp neighbor 172.20.0.11",
        *(f"router policy prefix-list {name}" for name in OWN),
    ]
    assert tree is None


@pytest.mark.parametrize(("way", "number"), [(Way.FORWARD, 64601), (Way.BACK, "external")])
def test_another_as_is_given_alone(way: Way, number: int | str) -> None:
    has = NeighbourState(NODE.address, 64512, SessionState.IDLE, list_in=OWN[0], set_as=64999)
    job = replace(JOB, task=Task.AS_NUMBERS, neighbours=(replace(NODE, as_number=None, password=None),))
    found = replace(BARE, neighbours={NODE.address: has})
    assert given(plan(job, way, found, CUMULUS)) == (
        [],
        {"vrf": {"default": {"router": {"bgp": {"neighbor": {"172.20.0.11": {"remote-as": number}}}}}}},
    )


def test_a_neighbour_that_stands_keeps_its_as() -> None:
    has = NeighbourState(NODE.address, 64601, SessionState.ESTABLISHED, list_in=OWN[0], set_as=64601)
    made = plan(JOB, Way.FORWARD, replace(BARE, neighbours={NODE.address: has}), CUMULUS)
    assert bgp(given(made)[1])["172.20.0.11"]["remote-as"] == 64601


def test_a_password_is_a_secret_of_its_line_and_shown_nowhere() -> None:
    lines = CUMULUS.lines(plan(JOB, Way.FORWARD, BARE, CUMULUS))
    secret = yaml.safe_dump(NODE.password).strip().removesuffix("...").strip()
    (line,) = (line for line in lines if secret in line.text)
    assert str(line).strip() == "password: (hidden)"
    assert "it" not in "".join(str(line).strip() for line in lines if "password" in line.text)


NEIGHBOURS = """{
"default": {"vrfId": 0, "vrfName": "default",
  "172.20.0.11": {"remoteAs": 64512, "localAs": 65009, "nbrDesc": "leafrack rr1 node1", "bgpState": "Established",
    "bgpTimerUp": 61000, "hostLocal": "172.20.0.254", "remoteRouterId": "172.20.0.11",
    "addressFamilyInfo": {"IPv4 Unicast": {"acceptedPrefixCounter": 2}, "L2VPN EVPN": {}}},
  "swp51": {"remoteAs": 65008, "bgpState": "Active"}}
}
{"10.233.64.0/26": [{"prefix": "10.233.64.0/26", "selected": true, "installed": true}]}
{}
"""
RUNNING = """\
frr defaults datacenter
ip prefix-list LEAFRACK-dc1-IN seq 5 permit 10.233.64.0/18 le 32
bgp as-path access-list LEAFRACK-dc1-AS seq 5 permit ^(64512|64601)(_(64512|64601))*$
router bgp 65009
 bgp router-id 2.2.2.2
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.11 description leafrack rr1 node1
 neighbor 172.20.0.11 timers 3 9
 neighbor 172.20.0.11 timers connect 10
 neighbor 172.20.0.11 advertisement-interval 0
 !
 address-family ipv4 unicast
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out
  neighbor 172.20.0.11 filter-list LEAFRACK-dc1-AS in
 exit-address-family
exit
"""


def system(version: str = "5.9.1", name: str = "cumulus-linux") -> str:
    return f'NAME="Cumulus Linux"\nVERSION_ID={version}\nID={name}\n'


APPLIED = """\
- header:
    model: VX
    version: 5.9.1
- set:
    router:
      policy:
        as-path-list: {LEAFRACK-dc1-AS: {rule: {}}}
        prefix-list: {LEAFRACK-dc1-IN: {type: ipv4}, LEAFRACK-dc1-OUT: {type: ipv4}}
    vrf: {default: {router: {bgp: {neighbor: {172.20.0.11: {type: numbered}}}}}}
"""


def answer(release: str, state: str = NEIGHBOURS + RUNNING, applied: str = APPLIED) -> str:
    return joined(zip(read.READS, (release, state, applied), strict=True))


def test_nvidias_own_names_and_defaults_are_read_as_what_they_are() -> None:
    state = CUMULUS.parse(answer(system()))
    (node,) = state.neighbours.values()
    assert (state.as_number, state.router_id, state.release) == (65009, "2.2.2.2", "5.9.1")
    assert (node.activated, node.established, node.uptime, node.prefixes_received) == (True, True, 61.0, 2)
    assert node.timers is None, "NVUE writes them for every neighbour"
    plain = replace(NODE, password=None, paths_in=PATHS.name)
    assert CUMULUS.neighbour_differences(plain, node) == ()
    assert CUMULUS.path_differences(PATHS, state) == ()
    assert CUMULUS.neighbour_differences(replace(plain, timers=Timers(3, 9)), node) == ()
    assert CUMULUS.neighbour_differences(replace(plain, timers=Timers(5, 15)), node) == ("lacks `timers 5 15`",)


def test_what_vtysh_alone_was_given_counts_as_not_written_and_keeps_its_as() -> None:
    uplink_only = "- set: {vrf: {default: {router: {bgp: {neighbor: {100.0.0.1: {type: numbered}}}}}}}\n"
    state = CUMULUS.parse(answer(system(), applied=uplink_only))
    assert (state.lists, state.paths) == ({}, {})
    (node,) = state.neighbours.values()
    assert (node.established, node.list_in, node.list_out, node.paths_in) == (True, "", "", "")
    unset, tree = given(plan(replace(JOB, neighbours=(replace(NODE, as_number=64601),)), Way.FORWARD, state, CUMULUS))
    assert unset == []
    assert set(tree["router"]["policy"]["prefix-list"]) == set(OWN)
    assert bgp(tree)["172.20.0.11"]["remote-as"] == node.set_as == 64512


def test_a_switch_to_which_nvue_was_never_applied_has_nothing_of_its_own() -> None:
    state = CUMULUS.parse(answer(system(), applied="- header:\n    model: VX\n"))
    assert (state.lists, state.paths) == ({}, {})
    assert [node.list_in for node in state.neighbours.values()] == [""]


def test_while_an_apply_waits_to_be_confirmed_all_that_frr_runs_counts() -> None:
    state = CUMULUS.parse(joined(zip(read.PROOF, (system(), NEIGHBOURS + RUNNING), strict=True)))
    (node,) = state.neighbours.values()
    assert (node.list_in, node.paths_in, set(state.paths)) == (OWN[0], PATHS.name, {PATHS.name})


def test_a_description_is_as_long_as_nvue_takes_it_and_no_drift_for_that() -> None:
    long = replace(NODE, description="leafrack rr1 " + "n" * 100, password=None)
    tree = given(plan(replace(JOB, neighbours=(long,)), Way.FORWARD, BARE, CUMULUS))[1]
    written = bgp(tree)["172.20.0.11"]["description"]
    assert len(written) == 80
    found = NeighbourState(NODE.address, 64512, SessionState.IDLE, description=written, activated=True)
    assert "description" not in " ".join(CUMULUS.neighbour_differences(long, found))


UNLIKE: Mapping[str, tuple[str, str]] = {
    "another system": (answer(system(name="debian")), "this does not answer as Cumulus Linux: 'NAME="),
    "no answer": ("", "this does not answer as Cumulus Linux: no answer to `cat /etc/os-release` in 'nothing'"),
    "a release without descriptions": (answer(system("5.0.1")), "this is Cumulus Linux 5.0.1: leafrack knows"),
    "no NVUE": (
        answer(system(), applied="nvued is not running\n"),
        "this does not answer as Cumulus Linux: `nv config show`",
    ),
    "no tree": (
        answer(system(), applied=f"{'- ' * 200_000}it\n"),
        "this does not answer as Cumulus Linux: `nv config show`",
    ),
    "no FRR": (answer(system(), "vtysh: command not found\n"), "this does not answer as FRR with bgpd: 'vtysh"),
}


@pytest.mark.parametrize(("output", "says"), UNLIKE.values(), ids=UNLIKE)
def test_what_is_no_cumulus_that_leafrack_knows_is_said_in_one_line(output: str, says: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(says)}") as error:
        CUMULUS.parse(output)
    assert "\n" not in str(error.value)


def test_somebody_elses_apply_is_seen_and_one_that_is_done_is_not() -> None:
    (pending,) = CUMULUS.transaction.pending
    assert re.search(pending.look.pattern, '{"12": {"state": "confirm"}}')
    assert not re.search(pending.look.pattern, '{"12": {"state": "applied"}, "13": {"state": "pending"}}')


@pytest.mark.parametrize(
    ("said", "is_one"),
    [("Error: Invalid config: x\n", True), ("bash: nv: command not found\n", True), ("applied [rev_id: 9]\n", False)],
)
def test_an_error_is_told_by_its_words(said: str, *, is_one: bool) -> None:
    assert bool(complaint(CUMULUS.dialogue, said)) is is_one


NV = """#!/bin/sh
echo "$*" >>"$LOG"
case "$2" in
    patch) cat "$3" >"$LOG.patch"; echo "$3" >"$LOG.path" ;;
    vrf) [ -z "${FAILS-}" ] || { echo "Error: $FAILS" >&2; exit 1; } ;;
esac
"""


def staged(folder: Path, text: str, fails: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Outcome of the stage, and the commands that ``nv`` was given."""
    nv, log, temporary = folder / "nv", folder / "log", folder / "tmp"
    nv.write_text(NV)
    nv.chmod(0o755)
    temporary.mkdir()
    env = {"PATH": f"{folder}:/usr/bin:/bin", "LOG": str(log), "FAILS": fails, "TMPDIR": str(temporary)}
    command = ["sh", "-c", CUMULUS.transaction.stage]
    done = subprocess.run(command, input=text, env=env, text=True, capture_output=True, check=False)
    assert list(temporary.iterdir()) == [], "no file with a password stays"
    return done, log.read_text().splitlines() if log.exists() else []


def lines(*unset: str, patch: str = "- set: {}\n") -> str:
    return "".join(f"{path}\n" for path in unset) + f"---\n{patch}...\n"


def test_what_is_staged_is_a_revision_of_its_own(tmp_path: Path) -> None:
    done, said = staged(tmp_path, lines("vrf default router bgp neighbor 10.0.0.1", "router policy prefix-list A"))
    assert (done.returncode, done.stderr) == (0, "")
    assert said[:3] == [
        "config detach",
        "unset vrf default router bgp neighbor 10.0.0.1",
        "unset router policy prefix-list A",
    ]
    assert said[3].startswith("config patch /")
    assert (tmp_path / "log.patch").read_text() == "- set: {}\n"


def test_nothing_to_patch_is_not_patched(tmp_path: Path) -> None:
    _, said = staged(tmp_path, lines("vrf default router bgp neighbor 10.0.0.1", patch=""))
    assert [line for line in said if "patch" in line] == []


def test_what_nvue_refuses_ends_the_stage(tmp_path: Path) -> None:
    done, said = staged(tmp_path, lines("vrf default router bgp neighbor 10.0.0.1"), fails="it is not set")
    assert (done.returncode, done.stderr) == (1, "Error: it is not set\n")
    assert len(said) == 2


def test_what_arrives_in_part_stages_nothing(tmp_path: Path) -> None:
    whole = lines("vrf default router bgp neighbor 10.0.0.1")
    for cut in range(0, len(whole) - 1, 5):
        folder = tmp_path / str(cut)
        folder.mkdir()
        done, said = staged(folder, whole[:cut])
        assert (done.returncode, said) == (1, [])
