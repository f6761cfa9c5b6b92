"""Jobs played on a Junos leaf that is a fake: what it understands, what it refuses, and what is left after a cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from lab.fakes.junos import JunosFake
from lab.fakes.junos_statements import Configuration
from lab.fakes.model import Entry, Peer
from lab.fakes.serving import serving
from leafrack.fabric import hand_over
from leafrack.platforms import Job, SwitchState, Task, Way
from leafrack.platforms.junos.platform import JUNOS
from leafrack.platforms.left import left
from leafrack.world import player
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.player import PlayError
from tests.platforms.jobs import ALL, NODE, PLAIN, WHOLE
from tests.platforms.junos.box import STARTUP, enter, leaf, passes, play, recorder
from tests.platforms.wire import Wire, refusal

WANTED = {
    "172.20.0.11": Peer(
        as_number=64512,
        description="leafrack rr1 node1",
        list_in="LEAFRACK-dc1-IN",
        list_out="LEAFRACK-dc1-OUT",
        families=frozenset({4}),
    ),
    "fd00:1::11": Peer(
        as_number=64513,
        description="leafrack rr1 node1",
        password="s3cret#;$x",
        timers=(3, 9),
        ttl_hops=1,
        graceful_restart=False,
        list_in="LEAFRACK-dc1-IN6",
        list_out="LEAFRACK-dc1-OUT6",
        limit=1000,
        retry=60,
        as_override=True,
        private_as=(True, True),
        families=frozenset({6}),
    ),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)


def test_what_the_switch_understands_is_what_is_declared() -> None:
    fake = leaf()
    assert play(fake, ALL).changed
    runs = recorder(fake).runs
    assert {address: runs.peers[address] for address in WANTED} == WANTED
    assert runs.lists[4, "LEAFRACK-dc1-OUT"] == (
        Entry(5, True, "10.233.64.0/18", le=32),
        Entry(10, True, "0.0.0.0/0"),
    )
    assert runs.lists[6, "LEAFRACK-dc1-IN6"] == (Entry(5, True, "fd00:64::/48", le=128),)
    assert set(runs.peers) == {*WANTED, "100.0.0.1"}, "the operator's own stays"


def test_what_is_done_is_not_done_again_and_removed_again_the_switch_is_as_it_was() -> None:
    fake = leaf()
    play(fake, ALL)
    saved, wire = fake.startup, Wire()
    assert not play(fake, ALL, wire=wire).changed
    assert (fake.startup, [line for line in wire.sent if not line.startswith("show ")]) == (saved, [])
    play(fake, ALL, Way.BACK)
    assert (fake.startup, fake.shown(fake.running)) == (STARTUP, STARTUP)


def test_it_is_confirmed_over_a_new_connection_and_until_then_the_switch_would_take_it_back() -> None:
    fake, wire = leaf(), Wire()
    play(fake, ALL, wire=wire)
    order = [line for line in wire.sent if line.split()[0] in ("configure", "commit", "exit")]
    assert order[:2] == ["configure exclusive", "commit check"]
    assert order[2].startswith("commit confirmed 2 comment leafrack-")
    assert order[3:] == ["exit configuration-mode", "configure exclusive", "commit", "exit configuration-mode"]
    passes(fake, 500)
    assert "172.20.0.11" in recorder(fake).runs.peers


CHANGES = {
    "one node": replace(PLAIN, neighbours=(replace(NODE, description="leafrack rr1 elsewhere"),)),
    "another password": replace(ALL, neighbours=(NODE, replace(WHOLE, password="an0ther"))),
    "the AS of the end": replace(ALL, task=Task.AS_NUMBERS),
    "who is retired": replace(PLAIN, task=Task.RETIRED),
}


@pytest.mark.parametrize("job", CHANGES.values(), ids=CHANGES)
def test_a_change_is_made_and_nothing_is_left_of_it(job: Job) -> None:
    fake = leaf()
    play(fake, ALL)
    assert play(fake, job).changed
    assert not play(fake, job).changed


def by_hand(fake: JunosFake, lines: Iterable[str]) -> None:
    login = fake.login()
    said = enter(login, "configure", *lines, "commit", "exit")
    assert not [line for line in said.splitlines() if "error" in line]


def test_what_somebody_is_given_to_enter_leaves_what_is_declared_whatever_stood_there() -> None:
    fake = leaf()
    by_hand(fake, JUNOS.text(ALL).splitlines())
    assert not left(ALL, Way.FORWARD, state(fake), JUNOS)
    by_hand(fake, JUNOS.text(PLAIN_AGAIN).splitlines())
    assert not left(PLAIN_AGAIN, Way.FORWARD, state(fake), JUNOS)
    by_hand(fake, (str(one) for one in JUNOS.lines(hand_over.everything(JUNOS, ALL))))
    assert fake.startup == STARTUP


PLAIN_AGAIN = replace(
    ALL, neighbours=(NODE, replace(NODE, address=WHOLE.address, list_in=WHOLE.list_in, list_out=WHOLE.list_out))
)


def refused(fake: JunosFake, job: Job = ALL) -> str:
    said = refusal(lambda: play(fake, job))
    assert "$9$" not in said
    return said


OTHERS = {
    "a lock": (("configure exclusive",), "`configure exclusive`: error: configuration database locked by:"),
    "changes that are not committed": (
        ("configure", "set system host-name x"), "`configure exclusive`: error: configuration database modified",
    ),
    "a commit that is not confirmed": (
        ("configure", "set system host-name x", "commit confirmed 5", "exit"),
        "a commit that waits to be confirmed (`show system commit`): confirm it, or let its time run out",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "why"), OTHERS.values(), ids=OTHERS)
def test_nothing_is_begun_beside_somebody_elses_change(before: tuple[str, ...], why: str) -> None:
    fake = leaf()
    somebody = fake.login()
    enter(somebody, *before)
    stood = fake.shown(fake.running)
    said = refused(fake)
    assert why in said
    assert said.endswith(": nothing was changed")
    assert fake.shown(fake.running) == stood
    somebody.gone()


def test_an_old_commit_that_was_confirmed_is_in_nobodys_way() -> None:
    fake = leaf()
    enter(fake.login(), "configure", "set system host-name x", "commit confirmed 5", "commit check", "exit")
    assert play(fake, ALL).changed


def test_a_line_that_the_switch_refuses_changes_nothing_and_is_told_without_a_password() -> None:
    fake = leaf()
    wrong = replace(PLAIN, neighbours=(replace(NODE, description="x\n  nonsense", password="s3cret"),))
    with pytest.raises(PlayError) as caught:
        play(fake, wrong)
    said = str(caught.value)
    assert said.endswith("`: syntax error: unterminated string: nothing was changed")
    assert "s3cret" not in said
    assert fake.shown(fake.running) == STARTUP


def test_a_check_that_fails_changes_nothing_and_says_why() -> None:
    fake = leaf()
    somebody = fake.login()
    enter(somebody, "configure", "set protocols bgp import MISSING")
    # As if the operator had committed it with a release that did not look.
    fake.running, fake.shared = fake.shared, fake.shared
    said = refused(fake)
    assert "error: Policy error: Policy MISSING referenced but not defined" in said
    assert said.endswith(": nothing was changed")


def test_what_the_switch_has_lost_is_taken_back() -> None:
    fake = leaf()
    enters = fake.commit

    def forgets(wanted: Configuration, *more: Any) -> None:
        configuration = fake.read(fake.shown(wanted))
        configuration.enter("delete", ("policy-options", "policy-statement", "LEAFRACK-dc1-IN", "then"))
        enters(configuration if "LEAFRACK" in fake.shown(configuration) else wanted, *more)

    fake.commit = forgets  # type: ignore[method-assign,assignment]
    said = refused(fake)
    assert "after it was applied, LEAFRACK-dc1-IN lacks `then reject`" in said
    assert said.endswith(": it was taken back")
    assert fake.shown(fake.running) == STARTUP


def steps() -> list[str]:
    wire = Wire()
    play(leaf(), PLAIN, wire=wire)
    return wire.sent


STEPS = steps()


def state(fake: JunosFake) -> SwitchState:
    login = fake.login()
    return JUNOS.parse("".join(f"### {command}\n{enter(login, command)}" for command in JUNOS.reads))


def test_a_commit_of_leafracks_own_that_was_left_behind_is_taken_back_first() -> None:
    fake = leaf()
    at = next(number for number, line in enumerate(STEPS, start=1) if line.startswith("commit confirmed"))
    with pytest.raises(PlayError, match="takes it back by itself within 120 s"):
        play(fake, PLAIN, wire=Wire(at, done=True, away=True))
    assert fake.pending is not None
    wire = Wire()
    assert play(fake, PLAIN, wire=wire).changed
    assert "rollback 1" in wire.sent
    assert fake.pending is None


def test_a_time_that_has_run_out_is_not_taken_for_a_change_that_stands() -> None:
    fake = leaf()
    enter(fake.login(), "configure exclusive", "set system host-name x", "commit confirmed 1", "exit")
    passes(fake, 60)
    for command in (JUNOS.transaction.confirm[0], JUNOS.transaction.rollback[0]):
        assert enter(fake.login(), command) == "Count: 0 lines\n"


def test_a_job_goes_over_ssh_with_echo_prompts_and_pages() -> None:
    fake = leaf()
    with serving(fake) as box:
        endpoint = Endpoint(
            name="leaf01", platform="junos", host="127.0.0.1", port=box.port, user="automation", host_key=box.host_key
        )
        credentials = Credentials(password="unused")
        assert player.play(endpoint, PLAIN, Way.FORWARD, credentials).changed
        assert "172.20.0.11" in recorder(fake).runs.peers
        fake.faults.says = {"show version.*": "Arista DCS-7050\n"}
        with pytest.raises(PlayError, match="nothing was changed"):
            player.play(endpoint, ALL, Way.FORWARD, credentials)
