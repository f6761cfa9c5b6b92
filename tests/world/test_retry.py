"""An API server that is away for a moment: what is asked again, for how long, and what an operator reads."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from leafrack.errors import UnreadableError
from leafrack.world import retry as patient
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster
from leafrack.world.retry import Patient
from tests.clock import Clock

SERVER = "https://api.example.org:6443"
NODES = httpx2.Response(200, json={"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": []})
STATUS = {"kind": "Status", "apiVersion": "v1", "message": "nodes is forbidden", "code": 403}


Answer = httpx2.Response | Exception


@dataclass
class Server(httpx2.BaseTransport):
    """An API server that gives some answers, the last one for ever, each after some seconds."""

    clock: Clock
    answers: list[Answer]
    takes: float = 0.0
    asked: list[httpx2.Request] = field(default_factory=list)
    readyz: list[httpx2.Response] = field(default_factory=lambda: [httpx2.Response(200, text="ok")])

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/readyz":
            assert request.headers["Authorization"] == "Bearer secret-token"
            return self.readyz.pop(0) if len(self.readyz) > 1 else self.readyz[0]
        self.asked.append(request)
        self.clock.now += self.takes
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


Serve = Callable[..., Server]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Let every connection go to a server."""

    def start(*answers: Answer, takes: float = 0.0) -> Server:
        server = Server(Clock(), list(answers), takes)
        monkeypatch.setattr(patient, "time", server.clock)
        monkeypatch.setattr(httpx2, "HTTPTransport", lambda **_: server)
        return server

    return start


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": SERVER}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
    return Cluster(kubeconfig=str(tmp_path / "kubeconfig"), context="c")


def caused_by(cause: Exception) -> httpx2.ConnectError:
    """An error of httpx, which keeps the system's as its cause."""
    error = httpx2.ConnectError(str(cause))
    error.__cause__ = cause
    return error


REFUSED = caused_by(ConnectionRefusedError(111, "Connection refused"))
UNKNOWN = caused_by(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
NO_RESOLVER = caused_by(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
NOT_TRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
NOT_TRUSTED.verify_code, NOT_TRUSTED.verify_message = 18, "self-signed certificate"
NOT_YET = ssl.SSLCertVerificationError(1, "certificate verify failed: certificate is not yet valid")
NOT_YET.verify_code, NOT_YET.verify_message = 9, "certificate is not yet valid"

GOT_OVER: dict[str, tuple[list[Answer], float, str]] = {
    "a refused connection": ([REFUSED, NODES], 0.5, f"cannot reach the API server at {SERVER}: connection refused"),
    "a connection that breaks": (
        [httpx2.ReadError("EOF."), NODES],
        0.5,
        f"cannot reach the API server at {SERVER}: EOF",
    ),
    "no answer": (
        [httpx2.ReadTimeout(""), httpx2.ReadTimeout(""), NODES],
        1.5,
        "the API server does not answer within its time",
    ),
    "a resolver that is away": (
        [NO_RESOLVER, NODES],
        0.5,
        f"cannot reach the API server at {SERVER}: temporary failure in name resolution",
    ),
    "500 three times": (
        [httpx2.Response(500), httpx2.Response(500), httpx2.Response(500), NODES],
        3.5,
        "the API server answers 500 Internal Server Error",
    ),
    "503 of a server that starts": (
        [httpx2.Response(503, text="starting"), NODES],
        0.5,
        "the API server answers 503 Service Unavailable",
    ),
    "429 with the seconds to wait": (
        [httpx2.Response(429, headers={"Retry-After": "7"}, text="Too many requests"), NODES],
        7.0,
        "the API server answers 429 Too Many Requests",
    ),
    "429 with a date, by a clock that is not ours": (
        [httpx2.Response(429, headers={"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}), NODES],
        0.5,
        "the API server answers 429 Too Many Requests",
    ),
}


@pytest.mark.parametrize("case", GOT_OVER.values(), ids=GOT_OVER)
def test_it_is_asked_again_and_both_is_said_once(
    case: tuple[list[Answer], float, str], serve: Serve, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, seconds, said = case
    server = serve(*answers)
    assert ClusterReader(Connection(cluster)).nodes() == {}
    assert server.clock.now == seconds
    assert capsys.readouterr().err.splitlines() == [
        f"cluster: {said}: trying again for up to 30 s",
        f"cluster: the API server answers again, after {seconds:.0f} s",
    ]


STARTING = {
    "roles that it has not read": (httpx2.Response(403, json=STATUS), httpx2.Response(403, json=STATUS)),
    "CRDs that it does not serve": (httpx2.Response(404, text="404 page not found"), httpx2.Response(500)),
}


@pytest.mark.parametrize("case", STARTING.values(), ids=STARTING)
def test_a_server_that_has_just_started_is_asked_again_until_it_is_ready(
    case: tuple[httpx2.Response, httpx2.Response], serve: Serve, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, unready = case
    server = serve(answer, answer, NODES)
    server.readyz = [unready, unready, httpx2.Response(200, text="ok")]
    assert ClusterReader(Connection(cluster)).nodes() == {}
    assert server.clock.now == 1.5
    assert "cluster: the API server is not ready: trying again for up to 30 s\n" in capsys.readouterr().err


def test_an_answer_after_an_outage_counts_once_the_server_is_ready(serve: Serve, cluster: Cluster) -> None:
    server = serve(REFUSED, NODES)
    server.readyz = [httpx2.Response(500), httpx2.Response(200, text="ok")]
    assert ClusterReader(Connection(cluster)).nodes() == {}
    assert len(server.asked) == 3


def test_a_server_that_never_gets_ready_is_told_by_its_answer(serve: Serve, cluster: Cluster) -> None:
    server = serve(httpx2.Response(403, json=STATUS))
    server.readyz = [httpx2.Response(403, json=STATUS)]
    with pytest.raises(UnreadableError, match="the API server refuses: nodes is forbidden"):
        ClusterReader(Connection(cluster)).nodes()
    assert server.clock.now == 30


GIVEN_UP: dict[str, tuple[list[Answer], float, str]] = {
    "refused for ever": (
        [REFUSED],
        0.0,
        f"cluster: cannot reach the API server at {SERVER}: connection refused, for 30 s",
    ),
    "silent for ever": ([httpx2.ReadTimeout("")], 10.0, "cluster: the API server does not answer within its time, for"),
    "500 for ever": (
        [httpx2.Response(500)],
        0.0,
        "cluster: the API server answers 500 Internal Server Error, for 30 s",
    ),
    "429 with an hour to wait": (
        [httpx2.Response(429, headers={"Retry-After": "3600"})],
        0.0,
        "cluster: the API server answers 429 Too Many Requests, for 30 s",
    ),
}


@pytest.mark.parametrize("case", GIVEN_UP.values(), ids=GIVEN_UP)
def test_it_ends_within_its_bound_with_what_was_waited_for(
    case: tuple[list[Answer], float, str], serve: Serve, cluster: Cluster
) -> None:
    answers, takes, said = case
    server = serve(*answers, takes=takes)
    with pytest.raises(UnreadableError) as raised:
        ClusterReader(Connection(cluster)).nodes()
    assert str(raised.value).startswith(said)
    assert not raised.value.refused
    assert 30 <= server.clock.now <= 30 + takes


STRANGER = "cluster: what answers in the API server's place is no Kubernetes ({}): see the server of the kubeconfig"
SEE = "see whether the clock of this machine is right"
FINAL: dict[str, tuple[Answer, bool, str]] = {
    "a name that does not exist": (
        UNKNOWN,
        False,
        f"cluster: cannot reach the API server at {SERVER}: name or service not known",
    ),
    "a certificate of somebody else": (
        caused_by(NOT_TRUSTED),
        False,
        f"cluster: cannot reach the API server at {SERVER}: {NOT_TRUSTED}",
    ),
    "a certificate that the clock does not believe": (
        caused_by(NOT_YET),
        False,
        f"cluster: cannot reach the API server at {SERVER}: its certificate is not yet valid: {SEE}",
    ),
    "no right to it": (httpx2.Response(403, json=STATUS), True, "cluster: the API server refuses: nodes is forbidden"),
    "a page of HTML": (httpx2.Response(200, html="<p>Log in"), True, STRANGER.format("200 OK, and no JSON")),
    "JSON that is no object": (httpx2.Response(200, json=[1]), True, STRANGER.format("200 OK, and no JSON")),
    "an error without a word": (httpx2.Response(403), True, STRANGER.format("403 Forbidden")),
    "an error that says it is JSON": (
        httpx2.Response(404, headers={"Content-Type": "application/json"}, text="404"),
        True,
        STRANGER.format("404 Not Found"),
    ),
    "somewhere else": (httpx2.Response(302, headers={"Location": "/login"}), True, STRANGER.format("302 Found")),
}


@pytest.mark.parametrize("case", FINAL.values(), ids=FINAL)
def test_what_no_waiting_cures_is_said_at_once(case: tuple[Answer, bool, str], serve: Serve, cluster: Cluster) -> None:
    answer, refused, said = case
    server = serve(answer)
    with pytest.raises(UnreadableError) as raised:
        ClusterReader(Connection(cluster)).nodes()
    assert (str(raised.value), raised.value.refused) == (said, refused)
    assert server.clock.now == 0


JSON = {"Content-Type": "application/json"}


class Endless(httpx2.SyncByteStream):
    """A body without an end."""

    def __init__(self, part: bytes) -> None:
        self.part, self.given, self.closed = part, 0, False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += len(self.part)
            yield self.part

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_answer_without_an_end_is_left_at_its_bound(
    status: int, serve: Serve, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "LARGEST_ANSWER", 2**20)
    body = Endless(b"{" * 2**16)
    server = serve(httpx2.Response(status, headers=JSON, stream=body))
    with pytest.raises(UnreadableError) as raised:
        ClusterReader(Connection(cluster)).nodes()
    assert str(raised.value) == STRANGER.format("it answers more than 1 MiB")
    assert raised.value.refused
    assert (body.given, body.closed, len(server.asked)) == (2**20 + 2**16, True, 1)


def test_an_answer_counts_as_it_is_unpacked(serve: Serve, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = httpx2.Response(
        200, headers={**JSON, "Content-Encoding": "gzip"}, stream=httpx2.ByteStream(gzip.compress(NODES.content))
    )
    serve(packed)
    assert ClusterReader(Connection(cluster)).nodes() == {}
    monkeypatch.setattr(patient, "LARGEST_ANSWER", 2**20)
    bomb = httpx2.ByteStream(gzip.compress(b"{" * 2**22))
    serve(httpx2.Response(200, headers={**JSON, "Content-Encoding": "gzip"}, stream=bomb))
    with pytest.raises(UnreadableError, match="it answers more than 1 MiB"):
        ClusterReader(Connection(cluster)).nodes()


def test_nothing_is_waited_for_where_it_is_only_warned_of(
    serve: Serve, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(REFUSED, NODES)
    with pytest.raises(UnreadableError):
        ClusterReader(Connection(cluster, patience=0)).nodes()
    assert server.clock.now == 0
    assert capsys.readouterr().err == ""


def test_a_request_that_may_have_been_done_is_not_sent_twice(serve: Serve) -> None:
    server = serve(httpx2.ReadTimeout(""), httpx2.Response(201, json={}))
    client = httpx2.Client(transport=Patient(server, SERVER, 30, lambda _: None))
    with pytest.raises(httpx2.ReadTimeout):
        client.post(SERVER)
    assert len(server.asked) == 1


def test_what_a_server_did_before_it_was_ready_is_not_done_twice(serve: Serve) -> None:
    server = serve(REFUSED, httpx2.Response(201, json={}))
    server.readyz = [httpx2.Response(500)]
    client = httpx2.Client(transport=Patient(server, SERVER, 30, lambda _: None))
    assert client.post(SERVER).status_code == 201
    assert len(server.asked) == 2


def test_what_comes_after_it_was_given_up_is_tried_once_and_shortly(serve: Serve) -> None:
    server = serve(httpx2.ConnectTimeout(""), takes=10)
    client = httpx2.Client(transport=Patient(server, SERVER, 30, lambda _: None), timeout=10)
    for _ in range(3):
        with pytest.raises(httpx2.ConnectTimeout):
            client.delete(SERVER)
    limits = [request.extensions["timeout"]["read"] for request in server.asked]
    assert limits == [10, 10, 10, patient.GIVEN_UP, patient.GIVEN_UP]


def test_a_token_is_in_no_line(serve: Serve, cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    serve(httpx2.Response(500, text=json.dumps({"token": "secret-token"})))
    with pytest.raises(UnreadableError) as raised:
        ClusterReader(Connection(cluster)).nodes()
    assert "secret-token" not in str(raised.value) + capsys.readouterr().err
