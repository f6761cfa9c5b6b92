"""What is entered for a plan: of a neighbour that stands only what differs, and whatever goes in one line each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leafrack.platforms import Job, Task, Way
from leafrack.platforms.junos import secrets
from leafrack.platforms.junos.entered import lines
from leafrack.platforms.junos.platform import JUNOS
from leafrack.platforms.left import left
from leafrack.platforms.plan import GuardError, plan
from leafrack.platforms.state import Timers
from tests.platforms.jobs import ALL, LISTS, NODE, PATHS, PLAIN
from tests.platforms.junos.answers import BGP, GROUP, POLICIES, answer

HERE = "protocols bgp group LEAFRACK-dc1"
NODE1, NODE2 = f"{HERE} neighbor 172.20.0.11", f"{HERE} neighbor 172.20.0.12"
AS_IT_STANDS = replace(
    NODE,
    as_override=True,
    remove_private_as=True,
    graceful_restart=False,
    timers=Timers(keepalive=3, hold=9),
    ttl_security=True,
    maximum_prefix=1000,
    password="s3cret",
)
OUT = POLICIES.replace("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT").replace("10.9.9.9/32", "0.0.0.0/0")
ANSWER = answer(policies=POLICIES + OUT, bgp=BGP)


def entered(job: Job, way: Way = Way.FORWARD, output: str = ANSWER) -> list[str]:
    """What is entered, with nothing cut."""
    found = JUNOS.parse(output)
    return [one.text for one in lines(plan(job, way, found, JUNOS))]


def stands(**change: Any) -> Job:
    """A job for the node that stands already, but for what differs."""
    return replace(PLAIN, neighbours=(replace(AS_IT_STANDS, **change),))


def test_nothing_is_entered_where_all_stands_and_nothing_is_left_to_do() -> None:
    assert entered(stands()) == []
    assert left(stands(), Way.FORWARD, JUNOS.parse(ANSWER), JUNOS) == ()


KEY = secrets.shown("an0ther", "172.20.0.11")
CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "description": (
        {"description": "leafrack rr1 elsewhere"},
        [f"delete {NODE1} description", f'set {NODE1} description "leafrack rr1 elsewhere"'],
    ),
    "password": (
        {"password": "an0ther"},
        [f"delete {NODE1} authentication-key", f'set {NODE1} authentication-key "{KEY}"'],
    ),
    "no password": ({"password": None}, [f"delete {NODE1} authentication-key"]),
    "timers": (
        {"timers": Timers(keepalive=5, hold=15)},
        [f"delete {NODE1} hold-time", f"set {NODE1} hold-time 15"],
    ),
    "no timers": ({"timers": None}, [f"delete {NODE1} hold-time"]),
    "no TTL security": ({"ttl_security": False}, [f"delete {NODE1} ttl"]),
    "graceful restart": ({"graceful_restart": True}, [f"delete {NODE1} graceful-restart"]),
    "no limit": ({"maximum_prefix": None}, [f"delete {NODE1} family", f"set {NODE1} family inet unicast"]),
    "no override": ({"as_override": False}, [f"delete {NODE1} as-override"]),
    "private AS stay": ({"remove_private_as": False}, [f"delete {NODE1} remove-private"]),
    "an AS of the way": ({"as_number": 64513, "as_numbers": (64512, 64513)}, []),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_of_a_neighbour_that_stands_only_what_differs_is_entered(change: dict[str, Any], said: list[str]) -> None:
    assert entered(stands(**change)) == said


def test_what_somebody_added_to_a_neighbour_of_ours_goes() -> None:
    added = f"{BGP}{GROUP} neighbor 172.20.0.11 local-preference 50\n{GROUP} neighbor 172.20.0.11 shutdown\n"
    output = answer(policies=POLICIES + OUT, bgp=added)
    assert entered(stands(), output=output) == [f"delete {NODE1} local-preference", f"delete {NODE1} shutdown"]


def test_what_somebody_deactivated_is_written_anew() -> None:
    off = f"{BGP}deactivate {HERE} neighbor 172.20.0.11\n"
    said = entered(replace(PLAIN, lists=()), output=answer(bgp=off))
    assert said[0] == f"delete {NODE1}"
    assert f"set {NODE1} peer-as 64512" in said
    said = entered(replace(PLAIN, lists=()), output=answer(bgp=f"{BGP}deactivate {HERE}\n"))
    assert said[:2] == [f"delete {HERE}", f"set {HERE} type external"]


def test_a_list_that_differs_is_written_as_a_whole() -> None:
    said = entered(replace(stands(), lists=LISTS[1:]), output=answer())
    assert said[0] == "delete policy-options policy-statement LEAFRACK-dc1-OUT"
    assert len(said) == 1 + 5


def test_an_as_number_is_changed_and_nothing_else() -> None:
    pinned = replace(PLAIN, task=Task.AS_NUMBERS)
    assert entered(pinned) == [f"set {NODE1} peer-as 64513"]
    assert entered(pinned, Way.BACK) == []


def test_one_line_removes_a_neighbour_and_one_a_group_that_has_no_other() -> None:
    retired = replace(PLAIN, task=Task.RETIRED)
    assert entered(retired) == [f"delete {NODE2}"]
    assert entered(PLAIN, Way.BACK) == [
        f"delete {HERE}",
        *(f"delete policy-options policy-statement LEAFRACK-dc1-{way}" for way in ("IN", "OUT")),
    ]


def test_a_group_of_ours_stays_for_a_neighbour_that_is_somebody_elses() -> None:
    theirs = f"{BGP}{GROUP} neighbor 172.20.0.99 peer-as 65001\n"
    said = entered(PLAIN, Way.BACK, answer(policies=POLICIES + OUT, bgp=theirs))
    assert said[:2] == [f"delete {NODE1}", f"delete {NODE2}"]
    assert f"delete {HERE}" not in said


def test_a_password_is_a_secret_of_its_line_and_of_no_other() -> None:
    given = lines(plan(ALL, Way.FORWARD, JUNOS.parse(answer(bgp="", policies="")), JUNOS))
    (key,) = (one for one in given if one.secrets)
    assert str(key) == f'set {HERE} neighbor fd00:1::11 authentication-key "(hidden)"'
    assert not any("$9$" in str(one) for one in given)


def test_a_password_under_a_key_of_the_box_is_entered_once_and_never_compared() -> None:
    sealed = BGP.replace("$9$ICLceWxNdsYoX7wg4aHk", "$8$aes256-gcm$hmac-sha2-256$100$x")
    state = JUNOS.parse(answer(policies=POLICIES + OUT, bgp=sealed))
    has = state.neighbours[NODE.address]
    assert has.password is not None
    assert has.password.sealed
    assert JUNOS.neighbour_differences(AS_IT_STANDS, has) == ()
    changed = replace(PLAIN, neighbours=(replace(AS_IT_STANDS, description="x"),))
    said = [one.text for one in lines(plan(changed, Way.FORWARD, state, JUNOS))]
    assert said == [f"delete {NODE1} description", f"set {NODE1} description x"], (
        "the session is up: it has the password"
    )


@pytest.mark.parametrize(
    ("bgp", "why"),
    [
        ("set protocols bgp group K8S neighbor 172.20.0.11 peer-as 64512", "group K8S neighbor 172.20.0.11"),
        ("set protocols bgp group K8S allow 172.20.0.0/24", "group K8S allow 172.20.0.0/24"),
    ],
)
def test_a_neighbour_that_is_somebody_elses_is_not_written_beside(bgp: str, why: str) -> None:
    with pytest.raises(GuardError) as refused:
        entered(PLAIN, output=answer(bgp=bgp))
    assert str(refused.value) == (
        f"this switch has `{why}` for the neighbour 172.20.0.11, and refuses leafrack's lines beside it: "
        "take it out of its configuration first: nothing was changed"
    )


NAME = PATHS.name
IN, PATHS_IN = "LEAFRACK-dc1-IN", f"{GROUP} neighbor 172.20.0.11 import"
PATH_POLICY = f"""\
set policy-options policy-statement {NAME} term permitted from as-path {NAME}
set policy-options policy-statement {NAME} term permitted then next policy
set policy-options policy-statement {NAME} then reject
set policy-options as-path {NAME} "(64512|64513)+"
"""
LISTED = BGP.replace(f"{PATHS_IN} {IN}\n", f"{PATHS_IN} {NAME}\n{PATHS_IN} {IN}\n")
CHAIN = [f"delete {NODE1} import", f"set {NODE1} import {NAME}", f"set {NODE1} import {IN}"]
GONE = [f"delete policy-options policy-statement {NAME}", f"delete policy-options as-path {NAME}"]
COMES = [
    *GONE,
    f'set policy-options as-path {NAME} "(64512|64513)+"',
    *PATH_POLICY.splitlines()[:-1],
]
WITH_PATHS: dict[str, tuple[str, str, list[str]]] = {
    "a leaf that was written before gets it, and nothing else": ("", BGP, [*COMES, *CHAIN]),
    "all stands": (PATH_POLICY, LISTED, []),
    "it is too wide": (PATH_POLICY.replace("64513", "64513|64999"), LISTED, COMES),
    "its policy takes everything else": (PATH_POLICY.replace("then reject", "then accept"), LISTED, COMES),
    "it stands behind the ranges, where nobody asks it": (
        PATH_POLICY, BGP.replace(f"{PATHS_IN} {IN}\n", f"{PATHS_IN} {IN}\n{PATHS_IN} {NAME}\n"), CHAIN,
    ),
    "the neighbour does not name it": (PATH_POLICY, BGP, CHAIN),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "bgp", "said"), WITH_PATHS.values(), ids=WITH_PATHS)
def test_of_a_path_list_what_differs_is_entered_and_then_nothing_is_left(
    policy: str, bgp: str, said: list[str]
) -> None:
    given = replace(stands(paths_in=NAME), paths=PATHS)
    output = answer(policies=POLICIES + OUT + policy, bgp=bgp)
    assert entered(given, output=output) == said
    assert bool(left(given, Way.FORWARD, JUNOS.parse(output), JUNOS)) is bool(said)


def test_a_path_list_goes_with_all_that_is_ours_and_nobody_elses_does() -> None:
    theirs = 'set policy-options as-path THEIRS "65001 .*"\n'
    output = answer(policies=POLICIES + OUT + PATH_POLICY + theirs, bgp=LISTED)
    assert entered(replace(PLAIN, paths=PATHS), Way.BACK, output)[-2:] == GONE
    assert "THEIRS" in JUNOS.parse(output).paths
    assert not any("THEIRS" in line for line in entered(replace(PLAIN, paths=PATHS), Way.BACK, output))
