"""Junos' own: what a job is as `set` lines, and how passwords and settings are said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leafrack.platforms import Job, Setting, Settings
from leafrack.platforms.junos import secrets, sets, settings, write
from leafrack.platforms.state import Limit, Password, PrivateAs, Timers
from tests.platforms.jobs import ALL, LISTED, LISTENING, PLAIN, WHOLE

POLICIES = """\
delete policy-options policy-statement LEAFRACK-dc1-IN
set policy-options policy-statement LEAFRACK-dc1-IN term permitted from protocol bgp
set policy-options policy-statement LEAFRACK-dc1-IN term permitted from route-filter 10.233.64.0/18 orlonger
set policy-options policy-statement LEAFRACK-dc1-IN term permitted from route-filter 10.9.9.9/32 exact
set policy-options policy-statement LEAFRACK-dc1-IN term permitted then accept
set policy-options policy-statement LEAFRACK-dc1-IN then reject
delete policy-options policy-statement LEAFRACK-dc1-OUT
set policy-options policy-statement LEAFRACK-dc1-OUT term permitted from protocol bgp
set policy-options policy-statement LEAFRACK-dc1-OUT term permitted from route-filter 10.233.64.0/18 orlonger
set policy-options policy-statement LEAFRACK-dc1-OUT term permitted from route-filter 0.0.0.0/0 exact
set policy-options policy-statement LEAFRACK-dc1-OUT term permitted then accept
set policy-options policy-statement LEAFRACK-dc1-OUT then reject
"""
ONE = """\
set protocols bgp group LEAFRACK-dc1 type external
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 authentication-key
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 hold-time
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 ttl
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 graceful-restart
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 import
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 export
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 as-override
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 remove-private
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 shutdown
delete protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 family inet unicast prefix-limit
set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 description "leafrack rr1 node1"
set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 peer-as 64512
set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 import LEAFRACK-dc1-IN
set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 export LEAFRACK-dc1-OUT
set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 family inet unicast
"""
EVERY = """\
set protocols bgp group LEAFRACK-dc1 type external
delete protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 import
delete protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 export
delete protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 shutdown
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 description "leafrack rr1 node1"
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 peer-as 64513
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 authentication-key "s3cret#;$x"
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 hold-time 9
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 ttl 255
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 graceful-restart disable
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 import LEAFRACK-dc1-IN6
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 export LEAFRACK-dc1-OUT6
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 family inet6 unicast
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 family inet6 unicast prefix-limit maximum 1000
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 family inet6 unicast prefix-limit teardown idle-timeout 1
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 as-override
set protocols bgp group LEAFRACK-dc1 neighbor fd00:1::11 remove-private all replace
"""


PATHS = """\
delete policy-options policy-statement LEAFRACK-dc1-AS
delete policy-options as-path LEAFRACK-dc1-AS
set policy-options as-path LEAFRACK-dc1-AS "(64512|64513)+"
set policy-options policy-statement LEAFRACK-dc1-AS term permitted from as-path LEAFRACK-dc1-AS
set policy-options policy-statement LEAFRACK-dc1-AS term permitted then next policy
set policy-options policy-statement LEAFRACK-dc1-AS then reject
"""
IMPORT = "set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 import LEAFRACK-dc1-"


RANGES = """\
delete protocols bgp group LEAFRACK-dc1-NODES hold-time
delete protocols bgp group LEAFRACK-dc1-NODES ttl
delete protocols bgp group LEAFRACK-dc1-NODES graceful-restart
delete protocols bgp group LEAFRACK-dc1-NODES import
delete protocols bgp group LEAFRACK-dc1-NODES export
delete protocols bgp group LEAFRACK-dc1-NODES as-override
delete protocols bgp group LEAFRACK-dc1-NODES remove-private
delete protocols bgp group LEAFRACK-dc1-NODES shutdown
delete protocols bgp group LEAFRACK-dc1-NODES allow
delete protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES allow
set protocols bgp group LEAFRACK-dc1-NODES type external
set protocols bgp group LEAFRACK-dc1-NODES description "leafrack rr1"
set protocols bgp group LEAFRACK-dc1-NODES peer-as 64512
set protocols bgp group LEAFRACK-dc1-NODES import LEAFRACK-dc1-IN
set protocols bgp group LEAFRACK-dc1-NODES export LEAFRACK-dc1-OUT
set protocols bgp group LEAFRACK-dc1-NODES family inet unicast
set protocols bgp group LEAFRACK-dc1-NODES family inet unicast prefix-limit maximum 1000
set protocols bgp group LEAFRACK-dc1-NODES family inet unicast prefix-limit teardown idle-timeout 1
set protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES allow 172.20.0.0/25
set protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES allow 172.20.0.128/25
set protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES peer-limit 100
set protocols bgp group LEAFRACK-dc1-NODES dynamic-neighbor NODES authentication-key s3cret
"""


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (LISTENING, RANGES),
        (PLAIN, POLICIES + ONE),
        (replace(ALL, lists=(), neighbours=(WHOLE,)), EVERY),
        (LISTED, POLICIES + PATHS + ONE.replace(f"{IMPORT}IN", f"{IMPORT}AS\n{IMPORT}IN")),
    ],
    ids=["two ranges", "plain", "all that may be wanted", "with a path list"],
)
def test_a_job_is_written_as_an_operator_would_write_it(job: Job, text: str) -> None:
    assert write.text(job) == text


VECTORS = {
    "$9$ICLceWxNdsYoX7wg4aHk": "s3cret",
    "$9$B5kIRS": "a",
    "$9$mTQnhclv87cyMX-dg4Fn/9CtEhrLxdre4ZUjPf5Qz6/ChSrMWLreM8LNsY": 'correct horse #;$x"\\',
}
"""Made by network-secret 0.4.0 (MIT), an implementation of its own of the same form."""


@pytest.mark.parametrize(("shown", "clear"), VECTORS.items())
def test_a_password_that_junos_shows_is_read(shown: str, clear: str) -> None:
    assert secrets.clear(shown) == clear


@pytest.mark.parametrize("password", ["a", "s3cret#;$x", "ümlaut", "x" * 80, 'q"uote \\'])
def test_a_password_is_written_in_the_form_that_junos_shows_and_always_the_same(password: str) -> None:
    texts = [secrets.shown(password, who) for who in ("172.20.0.11", "172.20.0.11", "172.20.0.12")]
    assert texts[0] == texts[1]
    assert {secrets.clear(text) for text in texts} == {password}
    assert all(text.startswith("$9$") and password not in text for text in texts)


@pytest.mark.parametrize("text", ["", "s3cret", "$8$aes256-gcm$hmac-sha2-256$100$x", "$9$", "$9$ICL", "$9$not in it"])
def test_a_text_of_another_form_stands_for_itself(text: str) -> None:
    assert secrets.clear(text) == text


@pytest.mark.parametrize(
    "word", ["plain", "leafrack rr1 node1", 'a "quoted" word', "back\\slash", "semi;colon", "$9$x", "fd00::/64", ""]
)
def test_a_word_in_a_line_is_read_as_it_was_written(word: str) -> None:
    assert sets.words(sets.line("set", ("a", word, "b"))) == ("set", "a", word, "b")


SAID = {
    'description "leafrack rr1 node1"': Settings(description="leafrack rr1 node1"),
    "hold-time 9": Settings(timers=Timers(3, 9)),
    "ttl 255": Settings(ttl_security=1),
    "graceful-restart disable": Settings(graceful_restart=False),
    "import A": Settings(list_in="A"),
    "export B": Settings(list_out="B"),
    "as-override": Settings(as_override=True),
    "remove-private": Settings(private_as=PrivateAs(every=False, replaced=False)),
    "remove-private all": Settings(private_as=PrivateAs(replaced=False)),
    "remove-private all replace": Settings(private_as=PrivateAs()),
    "shutdown": Settings(shutdown=""),
}


@pytest.mark.parametrize(("line", "found"), SAID.items(), ids=SAID)
def test_what_junos_shows_is_read_and_said_again(line: str, found: Settings) -> None:
    read, _, rest = settings.of_statements((sets.words(line),), 4)
    assert (read, rest) == (found, ())
    assert [said for one in Setting if (said := settings.words(one, found))] == [line]


CHAINS = {
    ("import A",): ("", "A"),
    ("import AS", "import A"): ("AS", "A"),
    ("import AS",): ("AS", ""),
    ("import A", "import AS"): ("", "A AS"),
    ("import AS", "import A", "import B"): ("AS", "A B"),
    ("import AS", "import AS"): ("AS", "AS"),
}
"""Policies in their order, and what counts as path list and as prefix list."""


@pytest.mark.parametrize(("lines", "found"), CHAINS.items(), ids=map(" ".join, CHAINS))
def test_a_path_list_counts_where_it_is_the_first_policy(lines: tuple[str, ...], found: tuple[str, str]) -> None:
    read, _, rest = settings.of_statements(tuple(map(sets.words, lines)), 4, {"AS"})
    assert (read.paths_in, read.list_in, rest) == (*found, ())
    assert settings.words(Setting.PATHS_IN, read) == ("import AS" if found[0] else "")


LIMITS = {
    "": None,
    "prefix-limit maximum 1000 teardown idle-timeout 1": Limit(1000, 60),
    "prefix-limit maximum 1000": Limit(1000),
    "prefix-limit maximum 1000 teardown 80": Limit(1000, more="teardown 80"),
    "prefix-limit maximum 1000 teardown idle-timeout forever": Limit(1000, more="teardown idle-timeout forever"),
}


@pytest.mark.parametrize(("line", "limit"), LIMITS.items(), ids=LIMITS)
def test_a_limit_is_read_with_what_becomes_of_the_session(line: str, limit: Limit | None) -> None:
    most, *more = line.removeprefix("prefix-limit ").split(" teardown")
    family = "family inet unicast"
    said = [f"{family} prefix-limit {most}" if limit else family]
    said += [f"{family} prefix-limit teardown{one}" for one in more]
    read, _, rest = settings.of_statements(tuple(map(sets.words, said)), 4)
    assert (read.limit, read.activated, rest) == (limit, True, ())
    assert settings.words(Setting.LIMIT, read) == line


@pytest.mark.parametrize(
    "line", ["ttl 1", "local-preference 50", "graceful-restart restart-time 9", "remove-private all replace nearest"]
)
def test_what_leafrack_has_no_setting_for_is_the_rest(line: str) -> None:
    assert settings.of_statements((sets.words(line),), 4) == (Settings(), None, (line,))


def test_a_password_is_said_as_a_word_only() -> None:
    assert settings.words(Setting.PASSWORD, Settings(password=Password("s3cret"))) == "authentication-key"
