"""`leafrack switch forward|back`: a job on standard input, hashes on standard output, one line where it failed."""

from __future__ import annotations

import json
from io import StringIO
from ipaddress import ip_network
from typing import Any

import pytest

from leafrack.__main__ import main
from leafrack.addresses import Who
from leafrack.commands import switch
from leafrack.commands.step import PREVIOUS_VARIABLE
from leafrack.commands.switch import SEALS, SwitchJob
from leafrack.platforms import Job, Way
from leafrack.platforms.seals import Seals
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Endpoint
from leafrack.world.player import Done, PlayError
from leafrack.world.shown import Nodes, Shown
from tests.platforms.test_plan import KEPT, ONE, SECRET, job

GIVEN = SwitchJob(endpoint=Endpoint(name="leaf01", platform="eos", host="h", port=22, user="u"), job=job(SECRET))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the job was played with; ``fails`` and ``seals`` are what comes of it."""
    seen: dict[str, Any] = {"fails": "", "keeps": {}}

    def play(
        endpoint: Endpoint,
        given: Job,
        way: Way,
        credentials: Credentials,
        seals: Seals,
        *,
        shown: Shown | None,
    ) -> Done:
        seen.update(endpoint=endpoint, job=given, way=way, credentials=credentials, seals=seals, shown=shown)
        if seen["fails"]:
            raise PlayError(seen["fails"])
        return Done(changed=True, seals=seen["keeps"])

    monkeypatch.setattr(switch, "play", play)
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN.model_dump_json()))
    monkeypatch.setenv("LEAFRACK_SSH_PASSWORD", "s3cret-word")
    return seen


@pytest.mark.parametrize("way", Way)
def test_a_job_arrives_as_it_was_given(played: dict[str, Any], way: Way, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["switch", way]) == 0
    assert (played["endpoint"], played["job"], played["way"]) == (GIVEN.endpoint, GIVEN.job, way)
    assert played["credentials"] == Credentials(password="s3cret-word")
    assert played["shown"] is None
    assert capsys.readouterr() == ("", "")


def test_who_its_nodes_are_arrives_with_it(played: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(cluster=Cluster(kubeconfig="kube"), nodes={ONE: "node1"}, peers={ONE: "rr1-to-leaf01-peer"})
    given = GIVEN.model_copy(update={"nodes": nodes})
    monkeypatch.setattr("sys.stdin", StringIO(given.model_dump_json()))
    assert main(["switch", "forward"]) == 0
    assert played["shown"].__self__ == nodes


@pytest.mark.parametrize("who", [ONE, ip_network("172.20.0.0/24"), ip_network("172.20.0.11/32")], ids=str)
def test_what_is_kept_of_passwords_is_printed_and_read_back_the_next_time(
    who: Who, played: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played["keeps"] = {who: KEPT}
    assert main(["switch", "forward"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == {str(who): {"given": KEPT.given, "shown": KEPT.shown}}
    assert "s3cret" not in printed
    monkeypatch.setenv(PREVIOUS_VARIABLE, printed)
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN.model_dump_json()))
    assert main(["switch", "forward"]) == 0
    assert played["seals"] == SEALS.validate_json(printed) == {who: KEPT}


@pytest.mark.parametrize("previous", ["", "leaf01: the switch refuses", "[]", '{"x": 1}'])
def test_what_the_last_run_printed_otherwise_is_nothing_to_know(
    played: dict[str, Any], monkeypatch: pytest.MonkeyPatch, previous: str
) -> None:
    monkeypatch.setenv(PREVIOUS_VARIABLE, previous)
    assert main(["switch", "forward"]) == 0
    assert played["seals"] == {}


def test_why_it_failed_is_one_line_and_the_exit_code_says_so(
    played: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    played["fails"] = "leaf01: this switch runs BGP as AS 1, the fabric file says 2: nothing was changed"
    assert main(["switch", "forward"]) == 1
    assert capsys.readouterr() == (f"{played['fails']}\n", "")


def test_a_job_of_a_platform_that_is_not_played_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GIVEN.model_copy(update={"endpoint": GIVEN.endpoint.model_copy(update={"platform": "frr"})})
    monkeypatch.setattr("sys.stdin", StringIO(other.model_dump_json()))
    assert main(["switch", "forward"]) == 1
    assert capsys.readouterr().out == "leaf01: jobs for platform frr are not played: nothing was changed\n"


def test_what_is_no_job_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO('{"job": {"password": "s3cret"}}'))
    assert main(["switch", "forward"]) == 2
    assert "s3cret" not in capsys.readouterr().out
