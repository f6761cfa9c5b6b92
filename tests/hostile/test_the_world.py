"""Whatever a switch, a node or a cluster says: it ends in a value or in a line, and means nothing where it is shown."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx2
import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lightkube.core.exceptions import ConfigError
from markdown_it import MarkdownIt
from rich.console import Console

from ci import plan, report
from components.rerun import Watch
from leafrack.adopt.describe import describe
from leafrack.adopt.write import text_of
from leafrack.commands import status as command
from leafrack.errors import PREFIXES, FabricError, Problem, UnreadableError
from leafrack.fabric.checks.names import LONGEST_SUBDOMAIN
from leafrack.fabric.load import load, load_fabric
from leafrack.platforms import SessionState, SwitchState, platform_of
from leafrack.preflight.drift import Comparison
from leafrack.sessions import table
from leafrack.sessions.model import Row
from leafrack.world.calico import Group
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.model import Report, ReportedSession
from leafrack.world.ssh import report as report_of
from tests.adopt.article import LEAVES, NODES, PEERS, facts, node
from tests.conftest import DEV_FABRIC
from tests.hostile.texts import HOSTILE, MARK, WHOLE, is_plain

LIGHT = settings(max_examples=40, deadline=None)
FRR = platform_of("frr")
RUNNING = "router bgp 65009\n neighbor 172.20.0.11 remote-as 64512\n"
VALUES = st.recursive(
    HOSTILE | st.integers(-1, 2**70) | st.none() | st.booleans() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
    max_leaves=6,
)
PEER = {
    "bgpState": "Idle", "remoteAs": 64512, "nbrDesc": "x", "lastNotificationReason": "x", "lastResetDueTo": "x",
    "hostLocal": "172.20.0.254", "localRouterId": "2.2.2.2", "remoteRouterId": "1.1.1.1", "peerGroup": "NODES",
    "peerSubnetRangeGroup": "172.20.0.0/24", "bgpTimerUpMsec": 1000,
    "addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 1}},
}  # fmt: skip


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in texts(part))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (text for part in value for text in texts(part))
    elif hasattr(value, "__dict__"):
        yield from texts(vars(value))


def parsed(output: str) -> SwitchState | None:
    """What FRR's answer is taken for; one line where it is none."""
    try:
        return FRR.parse(output)
    except ValueError as error:
        why = UnreadableError("leaf01", str(error)).why
        assert is_plain(why), ascii(why)
        return None


def answer(peer: dict[str, Any], running: str = RUNNING) -> str:
    return f"{json.dumps({'172.20.0.11': peer})}\n{{}}\n{{}}\n{running}"


@pytest.mark.parametrize("key", PEER)
@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_what_a_switch_says_of_a_neighbour_is_on_one_line(key: str, text: str) -> None:
    state = parsed(answer({**PEER, key: text}))
    for each in texts(report_of("leaf01", state)) if state else ():
        assert is_plain(each), ascii(each)
    assert not state or all(is_plain(each) for each in texts(state))


@LIGHT
@given(st.sampled_from(sorted(PEER)), VALUES, st.lists(HOSTILE, max_size=5))
def test_whatever_a_switch_answers_is_a_value_or_a_line(key: str, value: Any, lines: list[str]) -> None:
    running = RUNNING + "".join(f" neighbor 172.20.0.11 description {line}\n" for line in lines)
    state = parsed(answer({**PEER, key: value}, running))
    assert not state or all(is_plain(each) for each in texts(state))


@LIGHT
@given(st.text(max_size=60) | st.text(st.sampled_from('{}[]":,0 \n\\u'), max_size=60), st.integers(0, 3))
def test_whatever_text_a_switch_answers(content: str, whole: int) -> None:
    parsed("{}\n" * whole + content)


@pytest.mark.parametrize("deep", ['{"a":' * 100_000, "[" * 100_000, '{"172.20.0.11":' + "[" * 100_000])
def test_a_switch_cannot_make_the_reader_nest_for_ever(deep: str) -> None:
    assert parsed(deep) is None


def said(rows: list[Row]) -> str:
    out = io.StringIO()
    table.show(rows, Console(file=out, width=200))
    return out.getvalue()


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_table_shows_it_and_does_nothing_with_it(text: str) -> None:
    found = ReportedSession(reporter="leaf01", peer="172.20.0.11", state=SessionState.of(text), last_error=text)  # type: ignore[arg-type]
    failed = Report(name="leaf01", failure=text)
    each = (found.state, failed.failure, text)
    rows = [Row(rack="rr1", what=text, expected=text, found=one, ok=False) for one in each]
    shown = said(rows)
    assert (MARK in text) <= (MARK in shown)
    assert all(is_plain(line) for line in shown.split("\n")), ascii(shown)


def test_a_row_that_is_said_while_it_is_waited_for_is_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "[/bold red] \x1b[2J"
    rows = [Row(rack="", what=text, expected=text, found=text, ok=False)]
    (tmp_path / "f.yaml").write_text("name: x")
    monkeypatch.setattr(command, "load_fabric", lambda *_given: type("F", (), {"name": "x", "racks": {"rr1": 1}}))
    monkeypatch.setattr(command, "look", lambda *_given, **_how: rows)
    assert command.main(["--fabric", str(tmp_path / "f.yaml"), "--wait", "0.01", "--kubeconfig", "k"]) == 1
    assert "waiting for 1 of 1: [/bold red] \\x1b[2J – expected" in capsys.readouterr().err


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_what_differs_is_said_in_a_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lambda line, _resource: lines.append(line))
    watch = Watch(Comparison(load_fabric(DEV_FABRIC)), (), cast("pulumi.Resource", None))
    monkeypatch.setattr(watch, "_tells", True)
    watch.note((f"BGPPeer x has nodeSelector={text} instead of y",))
    assert [is_plain(line) for line in lines] == [True]


@LIGHT
@given(HOSTILE)
def test_every_line_for_the_operator_is_one(text: str) -> None:
    for line in (str(Problem(text, text, text)), str(UnreadableError(text, text)), str(FabricError([Problem(text)]))):
        assert is_plain(line), ascii(line)


MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
MEANINGS = {
    "html_inline",
    "html_block",
    "link_open",
    "image",
    "fence",
    "heading_open",
    "code_block",
    "hr",
}


def means(markdown: str) -> list[tuple[str, str]]:
    """What markdown means besides lists of words: kind and text; and words that the forge would read more in."""
    found = []
    for block in MARKDOWN.parse(markdown):
        for token in [block, *(block.children or ())]:
            if token.type in MEANINGS:
                found.append((token.type, token.tag))
            elif token.type == "text" and re.search(r"@\w|://|www\.|#\d", token.content):
                found.append(("forge", token.content))
    return found


STEP = {
    "op": "update", "urn": "urn:pulumi:dev::leafrack::a:b:LeafRack$kubernetes:core/v1:NodePatch::x",
    "detailedDiff": {"a": {"kind": "update", "inputDiff": True}},
}  # fmt: skip


def reports(text: str) -> Iterator[str]:
    """Reports with a text wherever one of a switch or a cluster may stand."""
    row = {"rack": "", "what": text, "expected": text, "found": text, "ok": False}
    changed = {**STEP, "oldState": {"inputs": {"a": text}}, "newState": {"inputs": {"a": f"{text}\n{text}"}}}
    for severity, kind in (("error", ""), *(("warning", prefix) for prefix in PREFIXES.values())):
        told = [{"severity": severity, "message": f"{severity}: {kind}x {text}"}]
        document = plan.read(json.dumps({"steps": [changed], "diagnostics": told, "changeSummary": {"update": 1}}))
        yield report.text(report.of_plan("dev", document, 0), ())
        for code in (0, 1, 7):
            yield report.text(report.of_drift("dev", document, code, [row])[1], ())
    yield report.text(report.of_drift("dev", plan.Preview(), 0, None, text)[1], ())


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_report_means_nothing_by_it(text: str) -> None:
    for each, plain in zip(reports(text), reports("plain\nplain" if "\n" in text else "plain"), strict=True):
        assert means(each) == means(plain)
        assert all(is_plain(line) for line in each.split("\n"))


@LIGHT
@given(HOSTILE)
def test_a_report_means_nothing_by_any_text(text: str) -> None:
    for each in reports(f"x{text}"):
        assert {kind for kind, _ in means(each)} <= {"heading_open", "fence"}
        assert all(is_plain(line) for line in each.split("\n"))


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_file_that_is_found_says_only_what_is_there(text: str, tmp_path: Path) -> None:
    text = text[:LONGEST_SUBDOMAIN]
    switch = LEAVES[0].state
    assert switch is not None
    neighbours = {key: replace(one, description=text, rest=(text,)) for key, one in switch.neighbours.items()}
    named = {text: PEERS["rr1-to-leaf1-peer"], **{k: v for k, v in PEERS.items() if k != "rr1-to-leaf1-peer"}}
    for found in (
        facts(peers=named),
        facts(peers={**PEERS, "rr1-to-leaf1-peer": {**PEERS["rr1-to-leaf1-peer"], "nodeSelector": text}}),
        facts(nodes=(node(text, "172.20.0.14/24", 64512, "rr1"), *NODES)),
        facts(nodes=(node("node7", "172.20.0.14/24", 64512, text), *NODES)),
        facts(leaves=(replace(LEAVES[0], name=text), LEAVES[1])),
        facts(leaves=(replace(LEAVES[0], state=replace(switch, router_id=text, neighbours=neighbours)), LEAVES[1])),
    ):
        description = describe("dc1", found)
        written = text_of(description)
        assert yaml.safe_load(written) == json.loads(json.dumps(description.values))
        assert all(is_plain(str(remark)) for remark in description.remarks)
        (tmp_path / "dc1.yaml").write_text(written, encoding="utf-8")
        try:
            load(tmp_path / "dc1.yaml")
        except FabricError as error:
            unplaced = [line for line in str(error).splitlines() if not line.startswith(f"{tmp_path}/dc1.yaml:")]
            assert unplaced == []


class GivenObjects(Connection):
    """An API server whose objects are given."""

    group = Group.V1

    def __init__(self, *objects: dict[str, Any]) -> None:
        self._who = "cluster"
        self.client = type("Client", (), {"list": lambda *_given, **_named: iter(objects)})()
        self._transport = type("Transport", (), {"away": 0.0})()


class Object(dict[str, Any]):
    """As lightkube gives one: a mapping with metadata."""

    metadata = None


@pytest.mark.parametrize("text", [*WHOLE, "10.0.0.0/33", "10.0.0.1/8", ""], ids=ascii)
def test_a_network_of_the_cluster_that_is_none_ends_in_a_line(text: str) -> None:
    pools = ClusterReader(GivenObjects(Object(spec={"cidr": text})))
    blocks = ClusterReader(GivenObjects(Object(spec={"state": "confirmed", "node": "node1", "cidr": text})))
    for read in (pools.pools, blocks.blocks):
        with pytest.raises(UnreadableError) as failed:
            read()
        assert str(failed.value).startswith("cluster: ")
        assert is_plain(str(failed.value))


FAILING = (
    ConfigError("Exec x returned 1:\n\x1b[31mlogin"),
    FileNotFoundError(2, "No such file", "aws"),
    httpx2.ReadError("x\ny"),
)


@pytest.mark.parametrize("error", FAILING, ids=ascii)
def test_a_login_to_the_cluster_that_fails_ends_in_a_line(error: Exception) -> None:
    with pytest.raises(UnreadableError) as failed, GivenObjects().asking():
        raise error
    assert is_plain(str(failed.value))
