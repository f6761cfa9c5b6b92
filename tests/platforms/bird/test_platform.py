"""BIRD's own: its words, what it answers, and what a job does where BIRD or its disk does not play along."""

from __future__ import annotations

import itertools
import os
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.platforms import Effect, Job, PathList, SessionState, Task, Way
from leafrack.platforms.bird.platform import BIRD
from leafrack.platforms.bird.protocols import seconds_since
from leafrack.platforms.state import AnyAs
from leafrack.world import player
from leafrack.world.player import PlayError
from tests.platforms import local
from tests.platforms.jobs import LISTS, NODE
from tests.platforms.jobs import PLAIN as JOB
from tests.platforms.jobs import WHOLE as WHOLE_NODE

PLAIN = """\
# leafrack/list-LEAFRACK-dc1-IN.conf
define 'LEAFRACK-dc1-IN' = [
    10.233.64.0/18+,
    10.9.9.9/32
];
# leafrack/list-LEAFRACK-dc1-OUT.conf
define 'LEAFRACK-dc1-OUT' = [
    10.233.64.0/18+,
    0.0.0.0/0
];
# leafrack/neighbour-172.20.0.11-LEAFRACK-dc1-IN.conf
protocol bgp '172.20.0.11-LEAFRACK-dc1-IN' {
    description "leafrack rr1 node1";
    local as 65009;
    neighbor 172.20.0.11 as 64512;
    connect delay time 1;
    connect retry time 5;
    error wait time 5, 60;
    graceful restart on;
    ipv4 {
        import filter { if net ~ 'LEAFRACK-dc1-IN' then accept; reject; };
        export filter { if net ~ 'LEAFRACK-dc1-OUT' then accept; reject; };
    };
}
"""
WHOLE = """\
# leafrack/neighbour-fd00:1::11-LEAFRACK-dc1-IN6.conf
protocol bgp 'fd00:1::11-LEAFRACK-dc1-IN6' {
    description "leafrack rr1 node1";
    local as 65009;
    neighbor fd00:1::11 external;
    connect delay time 1;
    connect retry time 5;
    error wait time 5, 60;
    password "s3cret";
    hold time 9;
    keepalive time 3;
    ttl security on;
    graceful restart off;
    ipv6 {
        import limit 1000 action restart;
        import filter { if net ~ 'LEAFRACK-dc1-IN6' then accept; reject; };
        export filter
        bgppath turned;
        bgppath right;
        {
            if !(net ~ 'LEAFRACK-dc1-OUT6') then reject;
            turned = +empty+;
            right = +empty+;
            for int one in bgp_path do turned = prepend(turned, one);
            for int one in turned do {
                if one ~ [64512..65534, 4200000000..4294967294] then one = 65009;
                if one ~ [64513] then one = 65009;
                right = prepend(right, one);
            }
            bgp_path = right;
            accept;
        };
    };
}
"""
ALL = replace(WHOLE_NODE, as_number=None, password="s3cret")


@pytest.mark.parametrize(
    ("job", "text"), [(JOB, PLAIN), (replace(JOB, lists=(), neighbours=(ALL,)), WHOLE)], ids=["plain", "whole"]
)
def test_a_job_is_written_as_an_operator_would_write_it(job: Job, text: str) -> None:
    assert BIRD.text(job) == text


def test_a_protocols_name_is_no_longer_than_bird_takes() -> None:
    long = replace(
        NODE, address=ip_address("2001:db8:1111:2222:3333:4444:5555:6666"), list_in=f"LEAFRACK-{'x' * 51}-IN"
    )
    (name,) = (line for line in BIRD.text(replace(JOB, neighbours=(long,))).splitlines() if line.startswith("protocol"))
    assert len(name.split("'")[1]) == 64


PATHS = "LEAFRACK-dc1-AS"
LISTED = replace(JOB, paths=PathList(PATHS, (64512, 64513)), neighbours=(replace(NODE, paths_in=PATHS),))


def test_a_path_list_is_a_set_of_as_numbers_that_leaves_nothing_of_a_path() -> None:
    text = BIRD.text(LISTED)
    assert "\n# leafrack/list-LEAFRACK-dc1-AS.conf\ndefine 'LEAFRACK-dc1-AS' = [\n    64512,\n    64513\n];\n#" in text
    taken = "net ~ 'LEAFRACK-dc1-IN' && delete(bgp_path, 'LEAFRACK-dc1-AS').len = 0"
    assert f"        import filter {{ if {taken} then accept; reject; }};\n" in text


ANSWER = (Path(__file__).parent / "bird-2.0.12.txt").read_text()
"""What a leaf printed: one node up, one in another AS, one that announces too much, a spine that does not answer."""


def test_neighbours_of_leafrack_and_of_others_are_read() -> None:
    state = BIRD.parse(ANSWER)
    assert (state.as_number, state.router_id) == (65009, "2.2.2.2")
    node, spine = state.neighbours[ip_address("172.20.0.11")], state.neighbours[ip_address("100.0.0.1")]
    assert (node.state, node.remote_as, node.set_as) == (SessionState.ESTABLISHED, 64512, AnyAs.EXTERNAL)
    assert (node.prefixes_received, node.router_id, str(node.local_address)) == (1, "172.20.0.11", "172.20.0.254")
    assert 0 < node.uptime < 60
    assert (node.list_in, node.list_out, node.lines) == ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", ())
    assert (spine.state, spine.description, spine.remote_as) == (SessionState.IDLE, "spine", 65008)
    assert [line.effect for line in spine.lines] == [Effect.REFUSES], "leafrack cannot write beside it"
    assert ip_network("172.20.0.0/24") in state.routes
    assert state.lists["LEAFRACK-dc1-IN"] == {"10.233.64.0/18+", "10.9.9.9/32"}


def test_a_session_that_is_down_says_why() -> None:
    assert BIRD.parse(ANSWER).neighbours[ip_address("172.20.0.12")].last_error == "BGP Error: Bad peer AS"


@pytest.mark.parametrize(
    "output", ["", "sh: birdc: not found", "BIRD 1.6.8 ready.\nRouter ID is 1.1.1.1", ANSWER[:300]]
)
def test_an_answer_that_is_not_birds_is_said_in_one_line(output: str) -> None:
    with pytest.raises(ValueError, match=r"\Athis does not answer as BIRD 2: .*\Z"):
        BIRD.parse(output)


NOW = datetime(2026, 11, 27, 12, 0, 10)  # noqa: DTZ001 - BIRD's times have no zone


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("12:00:00.500", 9.5),
        ("12:00:11", 86399.0),
        ("2026-11-27 11:59:10", 60.0),
        ("2026-11-26", 129610.0),
        ("long ago", 0.0),
    ],
)
def test_every_format_of_times_is_read(said: str, seconds: float) -> None:
    assert seconds_since(said, NOW) == seconds


BIRDC = r"""#!/bin/sh
echo "$*" >>$HOME/log
echo 'BIRD 2.0.12 ready.'
refused() { [ ! -e $HOME/refuses ] || ! grep -qx "$1" $HOME/refuses || { echo "$2:3:1 syntax error"; exit 1; }; }
takes() {
    rm -rf $HOME/before; mv $HOME/running $HOME/before; mkdir $HOME/running
    from=$(sed -n 's/^ *include "\(.*\)\/\*\.conf";$/\1/p' "$1")
    case $from in '') from=none ;; /*) ;; *) from=$HOME/etc/$from ;; esac
    cp "$from"/*.conf $HOME/running/ 2>/dev/null
    echo Reconfigured
}
case "$*" in
  "configure check") echo "Reading configuration from $HOME/etc/bird.conf"; refused stands $HOME/etc/bird.conf
    echo 'Configuration OK' ;;
  "configure check "*) refused check staged; echo 'Configuration OK' ;;
  "configure status")
    if [ -e $HOME/trial ]; then echo 'Configuration unconfirmed, undo in 100 s'; else echo 'Daemon is up'; fi ;;
  "configure confirm")
    if [ -e $HOME/trial ]; then rm $HOME/trial; echo 'Reconfiguration confirmed'; else echo 'Nothing to do'; fi ;;
  "configure undo") rm -f $HOME/trial; rm -rf $HOME/running; mv $HOME/before $HOME/running; echo Reconfigured ;;
  "configure "*) refused configure $HOME/etc/bird.conf; file=${*#*\"}; : >$HOME/trial; takes "${file%\"*}" ;;
  "show protocols all") cat $HOME/protocols
    for file in $HOME/running/neighbour-*.conf $HOME/running/range-*.conf; do
        [ ! -e "$file" ] || awk '/^protocol bgp/ { name = $3; gsub(/\047/, "", name) }
            $1 == "neighbor" { who = "address: " $2; as = $4 + 0 }
            $2 == "range" { who = "range:   " $3; as = $5 + 0 }
            END { print name, "BGP --- start 12:00:00.000 Active"; print "  BGP state: Active"
                print "    Neighbor " who; print "    Neighbor AS: " as; print "    Local AS: 65009" }' "$file"
    done ;;
  "show status") printf '%s\n' 'BIRD 2.0.12' 'Router ID is 2.2.2.2' 'Current server time is 2026-11-27 12:00:10.000' \
    'Daemon is up and running' ;;
  enable*) ;;
esac
"""
SPINE = """\
spine1     BGP        ---        up     12:00:00.000  Established
  BGP state:          Established
    Neighbor address: 100.0.0.1
    Neighbor AS:      65008
    Local AS:         65009
"""


class Leaf:
    """A folder with a ``birdc`` that runs the files which it was told to configure, and nothing else."""

    def __init__(self, folder: Path, protocols: str = SPINE) -> None:
        self.etc, self._home = folder / "etc", folder
        self.live = self.etc / "leafrack"
        self.live.mkdir(parents=True)
        self.conf = self.etc / "bird.conf"
        self.conf.write_text(f'router id 2.2.2.2;\ninclude "{self.live}/*.conf";\n')
        self.protocols, self.log, self.refuses = folder / "protocols", folder / "log", folder / "refuses"
        self.protocols.write_text(protocols)
        (folder / "running").mkdir()
        tools = folder / "bin"
        tools.mkdir()
        for name, text in (("birdc", BIRDC), ("ip", "#!/bin/sh\necho '[]'\n")):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.env = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder)}

    def shell(self, command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What sshd does with a command."""
        run = ["sh", "-c", command]
        return subprocess.run(run, input=stdin, env=self.env, text=True, capture_output=True, check=False)

    def play(self, job: Job, way: Way = Way.FORWARD) -> str:
        """Play a job; why it failed, if it did."""
        try:
            local.play("bird", BIRD, self.shell, job, way)
        except PlayError as error:
            return str(error)
        return ""

    def refuse(self, *what: str) -> None:
        self.refuses.write_text("\n".join([*what, ""]))

    def boots(self) -> None:
        """BIRD is started again, and runs what its files say."""
        takes = f"rm -rf running; cp -r '{self.live}' running; rm -f trial"
        self.shell(f"cd '{self._home}' && {takes}")
        self.time_passes()

    def time_passes(self) -> None:
        """Nobody is at work any more with what a job has left."""
        for each in self.etc.glob(".leafrack-????????"):
            os.utime(each, (0, 0))

    @property
    def files(self) -> dict[str, str]:
        """Everything below the folder of the configuration."""
        return {str(each.relative_to(self.etc)): each.read_text() for each in self.etc.rglob("*") if each.is_file()}

    @property
    def runs(self) -> dict[str, str]:
        """What it runs of leafrack's."""
        return {each.name: each.read_text() for each in (self._home / "running").iterdir()}

    @property
    def stands(self) -> dict[str, str]:
        """What its files say, and a start would run."""
        return {
            name.removeprefix("leafrack/"): text for name, text in self.files.items() if name.startswith("leafrack/")
        }

    @property
    def configured(self) -> int:
        """How often BIRD was told to run something else."""
        return sum(line.startswith('configure "') for line in self.log.read_text().splitlines())


@pytest.fixture
def leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leaf:
    monkeypatch.setattr(player, "_POLL", 0.0)
    monkeypatch.setattr(player, "monotonic", itertools.count(step=1000).__next__)
    return Leaf(tmp_path)


def refused(leaf: Leaf, job: Job, said: str, way: Way = Way.FORWARD) -> None:
    """Nothing is changed, and one line says why."""
    before = leaf.files
    assert leaf.play(job, way).endswith(said)
    assert leaf.files == before
    assert leaf.configured == 0


def test_a_leaf_that_does_not_include_leafracks_folder_is_told_what_to_do(leaf: Leaf) -> None:
    line = f'add the line `include "{leaf.live}/*.conf";` at the end of {leaf.conf}: nothing was changed'
    said = f"the switch refuses `take what is to stand`: make the folder {leaf.live}, and {line}"
    whole = leaf.conf.read_text()
    for text in ("router id 2.2.2.2;\n", f"# {whole}".replace("\n", " ") + "\n"):
        leaf.conf.write_text(text)
        refused(leaf, JOB, said)
    leaf.conf.write_text(whole)
    leaf.live.rmdir()
    refused(leaf, JOB, said)


def test_the_include_may_be_relative(leaf: Leaf) -> None:
    leaf.conf.write_text('router id 2.2.2.2;\n  include "leafrack/*.conf";\n')
    assert leaf.play(JOB) == ""
    assert leaf.configured == 1
    assert leaf.runs == leaf.stands


def test_a_configuration_that_is_wrong_before_is_not_touched(leaf: Leaf) -> None:
    leaf.refuse("stands")
    refused(leaf, JOB, f"BIRD refuses {leaf.conf} as it stands: {leaf.conf}:3:1 syntax error: nothing was changed")


def test_what_bird_refuses_is_never_put_in_place(leaf: Leaf) -> None:
    leaf.refuse("check")
    refused(leaf, JOB, "BIRD refuses what is to stand: staged:3:1 syntax error: nothing was changed")


def test_somebody_elses_protocol_for_a_node_goes_first(leaf: Leaf) -> None:
    leaf.protocols.write_text(SPINE + SPINE.replace("spine1", "rack7 ").replace("100.0.0.1", "172.20.0.11"))
    said = "this switch has `protocol bgp rack7` for the neighbour 172.20.0.11, and refuses leafrack's lines beside it"
    refused(leaf, JOB, f"{said}: take it out of its configuration first: nothing was changed")


def test_a_leaf_whose_uplinks_are_in_another_as_is_left_alone(leaf: Leaf) -> None:
    leaf.protocols.write_text(SPINE.replace("65009", "65010"))
    refused(leaf, JOB, "this switch runs BGP as AS 65010, the fabric file says 65009: nothing was changed")


OTHER = replace(JOB, neighbours=(replace(NODE, description="another"),), lists=LISTS[:1])


def test_files_are_as_they_were_where_bird_refuses_them_after_all(leaf: Leaf) -> None:
    assert leaf.play(JOB) == ""
    before = leaf.files
    leaf.refuse("configure")
    assert leaf.play(OTHER).endswith("syntax error: nothing was changed")
    assert leaf.files == before


def test_only_the_owner_reads_what_may_hold_a_password(leaf: Leaf) -> None:
    os.chown(leaf.conf, 12345, 12345)
    assert leaf.play(JOB) == ""
    found = [each.stat() for each in leaf.live.iterdir()]
    assert {(each.st_uid, each.st_gid, each.st_mode & 0o777) for each in found} == {(12345, 12345, 0o600)}


@pytest.mark.parametrize("scripts", range(12))
def test_cut_off_anywhere_its_files_are_the_old_ones_or_the_new_ones_and_the_next_job_ends_it(
    leaf: Leaf, scripts: int
) -> None:
    assert leaf.play(JOB) == ""
    old = leaf.stands
    left = itertools.count(scripts, -1)

    def dies(command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        if next(left) <= 0:
            return subprocess.CompletedProcess([], 255, "", "away")
        return Leaf.shell(leaf, command, stdin)

    with suppress(PlayError):
        local.play("bird", BIRD, dies, OTHER, Way.FORWARD)
    trial = (leaf._home / "trial").exists()
    assert leaf.stands == old or not trial, "what is on trial is in no file that a start would read"
    leaf.boots()
    assert leaf.runs == leaf.stands
    assert leaf.play(OTHER) == ""
    assert leaf.runs == leaf.stands != old
    assert [name for name in leaf.files if name.startswith(".")] == [], "nothing is left behind"


def test_what_arrives_in_part_is_not_taken(leaf: Leaf) -> None:
    def cut(command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return Leaf.shell(leaf, command, stdin[: len(stdin) - 40] if stdin else "")

    before = leaf.files
    with pytest.raises(PlayError, match="what is to stand has arrived in part: nothing was changed"):
        local.play("bird", BIRD, cut, JOB, Way.FORWARD)
    assert leaf.files == before


def test_of_two_jobs_that_begin_at_once_none_runs_without_the_others_change(leaf: Leaf) -> None:
    other = leaf.etc / ".leafrack-0badcafe"

    def beside(command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        if stdin:
            other.mkdir()
        return leaf.shell(command, stdin)

    with pytest.raises(PlayError, match=r"another job is under way here \(leafrack-0badcafe\).*: nothing was changed"):
        local.play("bird", BIRD, beside, JOB, Way.FORWARD)
    assert (leaf.configured, leaf.stands) == (0, {})
    leaf.time_passes()
    assert leaf.play(JOB) == ""
    assert not other.exists()


def test_what_somebody_has_disabled_is_enabled_again(leaf: Leaf) -> None:
    assert leaf.play(JOB) == ""
    ours = SPINE.replace("spine1", "172.20.0.11-LEAFRACK-dc1-IN").replace("100.0.0.1", "172.20.0.11")
    leaf.protocols.write_text(SPINE + ours.replace(" up ", " down "))
    (leaf._home / "running" / "neighbour-172.20.0.11-LEAFRACK-dc1-IN.conf").unlink()
    leaf.play(JOB)
    assert "enable '172.20.0.11-LEAFRACK-dc1-IN'" in leaf.log.read_text().splitlines()


def test_all_that_is_ours_goes_also_from_a_leaf_that_includes_it_no_more(leaf: Leaf) -> None:
    others = leaf.live / "neighbour-172.20.0.99-LEAFRACK-dc1-IN-IN.conf"
    others.write_text("# of the fabric dc1-IN\n")
    before = leaf.files
    assert leaf.play(JOB) == ""
    leaf.conf.write_text("router id 2.2.2.2;\n")
    leaf.boots()
    leaf.shell("rm -rf $HOME/running/neighbour*")
    assert leaf.play(JOB, Way.BACK) == ""
    assert leaf.files == {**before, "bird.conf": "router id 2.2.2.2;\n"}


def numbers(leaf: Leaf) -> list[str]:
    text = (leaf.live / f"list-{PATHS}.conf").read_text()
    assert text.endswith("\n];\n")
    return text.partition("[\n")[2].removesuffix("\n];\n").split(",\n")


OURS = SPINE.replace("spine1", "172.20.0.11-LEAFRACK-dc1-IN").replace("100.0.0.1", "172.20.0.11")


@pytest.mark.parametrize("start", [64600, None], ids=["pinned", "any AS"])
def test_a_path_list_takes_what_the_nodes_are_in_meanwhile(leaf: Leaf, start: int | None) -> None:
    (node,) = LISTED.neighbours
    # Pinned by a file that had it.
    paths = PathList(PATHS, (64512, 64513, *filter(None, (start,))))
    assert leaf.play(replace(LISTED, neighbours=(replace(node, as_number=start),), paths=paths)) == ""
    assert numbers(leaf) == [f"    {number}" for number in paths.as_numbers]
    leaf.protocols.write_text(SPINE + OURS.replace("65008", "64600"))
    assert leaf.play(LISTED) == ""
    assert numbers(leaf) == ["    64512", "    64513", "    64600"]
    leaf.protocols.write_text(SPINE)
    assert leaf.play(replace(LISTED, task=Task.RETIRED)) == ""
    assert len(numbers(leaf)) == 3
    assert leaf.play(replace(LISTED, task=Task.AS_NUMBERS)) == ""
    assert numbers(leaf) == ["    64512", "    64513"]
    assert leaf.play(LISTED, Way.BACK) == ""
    assert list(leaf.live.iterdir()) == []
