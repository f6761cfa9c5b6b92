"""Ranges of nodes on a BIRD leaf: what is written, what is read, and what becomes of their files."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from leafrack.fabric import hand_over
from leafrack.platforms import Feature, Job, Listener, SessionState, Task, Way
from leafrack.platforms.bird.platform import BIRD
from leafrack.platforms.plan import GuardError, plan
from leafrack.platforms.state import Timers
from tests.platforms.bird.test_platform import ANSWER, SPINE, Leaf, leaf
from tests.platforms.boxes import listener
from tests.platforms.jobs import LISTS, NODE, OWN

__all__ = ["leaf"]

NODES = listener("172.20.0.0/24")
SIX = replace(
    listener("fd00:1::/64"), as_number=None, password="s3cret", ttl_security=True, timers=Timers(3, 9), maximum_prefix=9
)
FILE = "range-172.20.0.0-24-LEAFRACK-dc1-IN.conf"
FILE6 = "range-fd00:1::-64-LEAFRACK-dc1-IN6.conf"
RANGE = f"""\
# leafrack/{FILE}
protocol bgp '172.20.0.0-24-LEAFRACK-dc1-IN' {{
    description "leafrack rr1";
    local as 65009;
    neighbor range 172.20.0.0/24 as 64512;
    passive;
    error wait time 5, 60;
    graceful restart on;
    ipv4 {{
        import filter {{ if net ~ 'LEAFRACK-dc1-IN' then accept; reject; }};
        export filter {{ if net ~ 'LEAFRACK-dc1-OUT' then accept; reject; }};
    }};
}}
"""
WITH_ALL = f"""\
# leafrack/{FILE6}
protocol bgp 'fd00:1::-64-LEAFRACK-dc1-IN6' {{
    description "leafrack rr1";
    local as 65009;
    neighbor range fd00:1::/64 external;
    passive;
    error wait time 5, 60;
    password "s3cret";
    hold time 9;
    keepalive time 3;
    ttl security on;
    graceful restart on;
    ipv6 {{
        import limit 9 action restart;
        import filter {{ if net ~ 'LEAFRACK-dc1-IN6' then accept; reject; }};
        export filter {{ if net ~ 'LEAFRACK-dc1-OUT6' then accept; reject; }};
    }};
}}
"""


def job(*listeners: Listener, task: Task = Task.SESSIONS, **change: tuple[object, ...]) -> Job:
    return replace(Job(task, 65009, OWN, LISTS, (), 64601, listeners), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(("one", "text"), [(NODES, RANGE), (SIX, WITH_ALL)], ids=["plain", "all that may be wanted"])
def test_a_range_is_written_as_an_operator_would_write_it(one: Listener, text: str) -> None:
    assert BIRD.text(job(one, lists=())) == text


PARENT = """\
172.20.0.0-24-LEAFRACK-dc1-IN BGP        ---        start  17:19:24.000  Passive
  Description:    leafrack rr1
  BGP state:          Passive
    Neighbor range:   172.20.0.0/24
    Neighbor AS:      64512
    Local AS:         65009
"""
CAME = """\
dynbgp1    BGP        ---        up     17:19:24.089  Established
  Description:    leafrack rr1
  BGP state:          Established
    Neighbor address: 172.20.0.21
    Neighbor AS:      64512
    Local AS:         65009
    Neighbor ID:      172.20.0.21
    Source address:   172.20.0.254
  Channel ipv4
    Routes:         1 imported, 1 exported, 1 preferred
"""
REFUSED = """\
dynbgp2    BGP        ---        start  17:19:24.060  Idle          BGP Error: Bad peer AS
  BGP state:          Idle
    Neighbor address: 172.20.0.22
    Neighbor AS:      64512
    Local AS:         65009
    Error wait:       43.223/60
    Last error:       BGP Error: Bad peer AS
"""
"""As BIRD 2.0.12 shows a range of leafrack's, who came by it, and whom it refused."""


def answer(*protocols: str, text: str = RANGE) -> str:
    """What a leaf printed, with some protocols and the file of a range."""
    name, _, file = text.partition("\n")
    shown = ANSWER.replace("spine-ipv4 ", "".join((*protocols, "spine-ipv4 ")), 1)
    return f"{shown}=== {name.removeprefix('# leafrack/')}\n{file}"


def test_a_range_and_who_came_by_it_are_read_as_they_were_written() -> None:
    state = BIRD.parse(answer(PARENT, CAME, REFUSED))
    assert BIRD.listener_differences(job(NODES), state) == ()
    assert state.listeners[NODES.prefix].set_as == 64512
    came, refused = (state.neighbours[ip_address(f"172.20.0.2{number}")] for number in (1, 2))
    assert (came.came_by, came.state, came.prefixes_received) == (NODES.prefix, SessionState.ESTABLISHED, 1)
    assert (refused.came_by, refused.last_error) == (NODES.prefix, "BGP Error: Bad peer AS")
    assert [line.text for line in came.lines] == ["protocol bgp 172.20.0.0-24-LEAFRACK-dc1-IN"]
    assert state.neighbours[ip_address("172.20.0.11")].came_by is None, "it has a name"
    assert not plan(job(NODES), Way.FORWARD, state, BIRD).listeners


def test_whose_as_the_leaf_runs_nodes_do_not_tell_that_came_by_a_range() -> None:
    many = [CAME.replace("dynbgp1", f"dynbgp{number}").replace("65009", "65001") for number in (1, 2, 3)]
    assert BIRD.parse(answer(PARENT, *many)).as_number == 65009


def test_with_all_that_may_be_wanted_nothing_differs_and_each_line_less_does() -> None:
    shown = PARENT.replace("172.20.0.0-24-LEAFRACK-dc1-IN", "fd00:1::-64-LEAFRACK-dc1-IN6")
    shown = shown.replace("172.20.0.0/24", "fd00:1::/64")
    assert BIRD.listener_differences(job(SIX), BIRD.parse(answer(shown, text=WITH_ALL))) == ()
    for line in ('    password "s3cret";\n', "    ttl security on;\n", "        import limit 9 action restart;\n"):
        changed = BIRD.parse(answer(shown, text=WITH_ALL.replace(line, "")))
        assert len(BIRD.listener_differences(job(SIX), changed)) == 1
    more = BIRD.parse(answer(shown, text=WITH_ALL.replace("    passive;\n", "    passive;\n    multihop 3;\n")))
    assert BIRD.listener_differences(job(SIX), more) == ("range fd00:1::/64 has `multihop 3;`",)


OFF = {
    "somebody has disabled it": (PARENT.replace(" start ", " down "),),
    "bird.conf does not include it": (),
}


@pytest.mark.parametrize("protocols", OFF.values(), ids=OFF)
def test_a_range_that_is_not_in_force_differs_and_is_enabled_again(protocols: tuple[str, ...]) -> None:
    state = BIRD.parse(answer(*protocols))
    assert BIRD.listener_differences(job(NODES), state) == ("range 172.20.0.0/24 has `disabled`",)
    given = [line.text for line in BIRD.lines(plan(job(NODES), Way.FORWARD, state, BIRD))]
    assert "#enable 172.20.0.0-24-LEAFRACK-dc1-IN" in given


def test_a_range_of_somebody_else_is_read_and_who_came_by_it_is_in_the_way() -> None:
    theirs = PARENT.replace("172.20.0.0-24-LEAFRACK-dc1-IN", "rack7")
    state = BIRD.parse(answer(theirs, CAME, text="# leafrack/list-X.conf\n"))
    assert (state.listeners[NODES.prefix].description, state.listeners[NODES.prefix].list_in) == ("leafrack rr1", "")
    node = replace(NODE, address=ip_address("172.20.0.21"))
    with pytest.raises(GuardError, match=r"`protocol bgp rack7` for the neighbour 172\.20\.0\.21"):
        plan(job(neighbours=(node,)), Way.FORWARD, state, BIRD)


def test_a_node_that_gets_a_name_is_seen_where_its_session_is() -> None:
    named = CAME.replace("dynbgp1 ", "172.20.0.21-LEAFRACK-dc1-IN ").replace("Established", "Active")
    name = "# leafrack/neighbour-172.20.0.21-LEAFRACK-dc1-IN.conf\n"
    file = BIRD.text(job(lists=(), neighbours=(replace(NODE, address=ip_address("172.20.0.21")),))).partition("\n")[2]
    shown = f"{answer(named, PARENT, CAME)}=== {name.removeprefix('# leafrack/')}{file}"
    assert BIRD.parse(shown).neighbours[ip_address("172.20.0.21")].came_by == NODES.prefix
    gone = f"{answer(named, PARENT, CAME.replace('Established', 'Passive'))}=== {name[11:]}{file}"
    assert BIRD.parse(gone).neighbours[ip_address("172.20.0.21")].came_by is None


def test_files_of_ranges_come_change_and_go(leaf: Leaf) -> None:
    assert leaf.play(job(NODES)) == ""
    assert leaf.stands[FILE] == RANGE.partition("\n")[2]
    assert leaf.play(job(NODES, task=Task.AS_NUMBERS)) == ""
    assert "    neighbor range 172.20.0.0/24 as 64601;\n" in leaf.stands[FILE]
    assert leaf.play(job(NODES)) == ""
    assert "as 64601" in leaf.stands[FILE], "the AS of the end stays"
    other = replace(NODES, prefix=ip_network("172.20.1.0/24"))
    assert leaf.play(job(other)) == ""
    assert leaf.play(job(other, task=Task.RETIRED)) == ""
    assert [name for name in leaf.stands if name.startswith("range-")] == ["range-172.20.1.0-24-LEAFRACK-dc1-IN.conf"]
    assert leaf.play(job(other), Way.BACK) == ""
    assert leaf.stands == {}
    leaf.protocols.write_text(SPINE)


def test_what_is_handed_over_and_taken_back_are_files() -> None:
    given = job(NODES, lists=())
    assert BIRD.by_hand(hand_over.everything(BIRD, given)) == f"# remove leafrack/{FILE}\n"


def test_what_bird_does_not_count_is_said_with_what_to_do() -> None:
    assert set(BIRD.cannot) == {Feature.MAXIMUM_NEIGHBOURS}
    assert "leave maximumNeighbours out" in BIRD.cannot[Feature.MAXIMUM_NEIGHBOURS]
