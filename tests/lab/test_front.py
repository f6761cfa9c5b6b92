"""The lab's front between a program and an API server: what is passed on, what is translated, who hangs up."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse, HTTPSConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab.calico import V1, V3
from tests.conftest import CLONE

PEERS = "bgppeers"
EVENT = {"type": "ADDED", "object": {"apiVersion": V3, "kind": "BGPPeer", "metadata": {"name": "a"}}}


@dataclass
class Asked:
    """A request as the API server has got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class ApiServer:
    """One that answers what it is told, and says what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    """Status, content type and body by path."""
    events: queue.Queue[bytes | None] = field(default_factory=queue.Queue)
    """Lines of a watch; the end is None."""
    left: threading.Event = field(default_factory=threading.Event)
    """Whether whoever watched has hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ApiServer

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        if "watch=true" in self.path:
            self._watch()
            return
        status, kind, said = self.api.answers.get(self.path, (200, "application/json", body or b"{}"))
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _watch(self) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.connection.settimeout(0.05)
        while True:
            try:
                if not self.connection.recv(1):
                    self.api.left.set()
                    self.close_connection = True
                    return
            except TimeoutError:
                pass
            try:
                line = self.api.events.get_nowait()
            except queue.Empty:
                continue
            self.wfile.write(f"{len(line or b''):x}\r\n".encode() + (line or b"") + b"\r\n")
            if line is None:
                return

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as http.server calls them


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key."""
    found = folder / "api.crt", folder / "api.key"
    new: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    words: list[str | Path] = [
        "-subj",
        "/CN=api",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        found[1],
        "-out",
        found[0],
    ]
    subprocess.run([*new, *words], check=True, capture_output=True)
    return found


@contextmanager
def listening(api: ApiServer, pair: tuple[Path, Path]) -> Iterator[ThreadingHTTPServer]:
    """The API server at a port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Own", (_Handler,), {"api": api}))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    api.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class World:
    """A program's connections to the front, and what stands behind that."""

    api: ApiServer
    port: int
    authority: Path
    stop: Any

    @contextmanager
    def connection(self) -> Iterator[HTTPSConnection]:
        """A connection to the front."""
        context = ssl.create_default_context(cafile=str(self.authority))
        made = HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20)
        try:
            yield made
        finally:
            made.close()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request, with a body as it is or as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with self.connection() as made:
            made.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = made.getresponse()
            with answer:
                return answer, answer.read()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("front"))


@pytest.fixture(scope="module")
def standing(pair: tuple[Path, Path]) -> Iterator[World]:
    api = ApiServer()
    with listening(api, pair) as server, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        words = [f"https://127.0.0.1:{api.port}", str(port), *map(str, pair)]
        front = subprocess.Popen([sys.executable, "-m", "lab.front", *words], cwd=CLONE)
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield World(api, port, pair[0], server.server_close)
        finally:
            front.kill()
            front.wait()


@pytest.fixture
def world(standing: World) -> World:
    """The same front, of which nobody has asked anything yet."""
    standing.api.asked.clear()
    standing.api.answers.clear()
    standing.api.left.clear()
    return standing


def test_who_asks_for_a_v1_object_gets_the_v3_one_and_the_server_sees_who_asks(world: World) -> None:
    stored = {"apiVersion": V3, "kind": "BGPPeer", "metadata": {"name": "a"}, "spec": {"peerIP": "192.0.2.1"}}
    world.api.answers[f"/apis/{V3}/{PEERS}/a"] = (200, "application/json", json.dumps(stored).encode())
    accepting = "application/vnd.kubernetes.protobuf,application/json"
    answer, said = world.ask("GET", f"/apis/{V1}/{PEERS}/a", Authorization="Bearer t", Accept=accepting)
    assert answer.status == 200
    assert json.loads(said) == {**stored, "apiVersion": V1}
    (asked,) = world.api.asked
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.headers["accept"] == "application/json"


def test_what_is_written_as_v1_reaches_the_server_as_v3(world: World) -> None:
    written = {"apiVersion": V1, "kind": "BGPPeer", "metadata": {"name": "a"}}
    answer, said = world.ask("POST", f"/apis/{V1}/{PEERS}?fieldManager=m", written, Content_Type="application/json")
    assert (answer.status, json.loads(said)) == (200, written)
    (asked,) = world.api.asked
    assert (asked.method, asked.path) == ("POST", f"/apis/{V3}/{PEERS}?fieldManager=m")
    assert asked.document == {**written, "apiVersion": V3}


def test_what_is_not_calicos_is_passed_on_byte_by_byte(world: World) -> None:
    body = b"k8s\x00\x0a" + V1.encode() + b"\xff"
    kind = "application/vnd.kubernetes.protobuf"
    world.api.answers["/api/v1/nodes/a?x=y%20z"] = (409, kind, body)
    answer, said = world.ask("PUT", "/api/v1/nodes/a?x=y%20z", body, Content_Type=kind, Accept=kind)
    assert (answer.status, said, answer.headers["content-type"]) == (409, body, kind)
    (asked,) = world.api.asked
    assert (asked.body, asked.headers["accept"], asked.headers["content-type"]) == (body, kind, kind)


def test_a_connection_serves_one_request_after_the_other(world: World) -> None:
    with world.connection() as made:
        for number in range(5):
            for path in (f"/apis/{V1}/{PEERS}/{number}", f"/api/v1/nodes/{number}"):
                made.request("PUT", path, f'{{"number":{number}}}')
                with made.getresponse() as answer:
                    assert json.loads(answer.read()) == {"number": number}


def test_an_error_comes_through_as_it_is(world: World) -> None:
    gone = {"apiVersion": "v1", "kind": "Status", "reason": "Expired", "code": 410}
    world.api.answers[f"/apis/{V3}/{PEERS}?resourceVersion=1"] = (410, "application/json", json.dumps(gone).encode())
    answer, said = world.ask("GET", f"/apis/{V1}/{PEERS}?resourceVersion=1")
    assert (answer.status, json.loads(said)) == (410, gone)
    world.api.answers[f"/apis/{V3}/x"] = (404, "text/plain", b"404 page not found\n")
    answer, said = world.ask("GET", f"/apis/{V1}/x")
    assert (answer.status, said) == (404, b"404 page not found\n")


def test_a_status_that_is_written_with_its_object_is_written_to_its_own_place_too(world: World) -> None:
    stored = {"apiVersion": V3, "kind": "CalicoNodeStatus", "metadata": {"name": "a", "resourceVersion": "8"}}
    here = f"/apis/{V3}/caliconodestatuses/a"
    world.api.answers[here] = (200, "application/json", json.dumps(stored).encode())
    written = {**stored, "apiVersion": V1, "metadata": {"name": "a", "resourceVersion": "7"}, "status": {"bgp": {}}}
    answer, said = world.ask("PUT", f"/apis/{V1}/caliconodestatuses/a", written, Authorization="Bearer t")
    assert answer.status == 200
    assert json.loads(said) == {**stored, "apiVersion": V1, "status": {"bgp": {}}}
    whole, status = world.api.asked
    assert (whole.path, status.path) == (here, f"{here}/status")
    assert status.document == {**stored, "status": {"bgp": {}}}
    assert status.headers["authorization"] == "Bearer t"


def test_a_refused_object_has_no_status_written(world: World) -> None:
    world.api.answers[f"/apis/{V3}/caliconodestatuses/a"] = (409, "application/json", b'{"kind":"Status"}')
    written = {"apiVersion": V1, "kind": "CalicoNodeStatus", "metadata": {"name": "a"}, "status": {}}
    assert world.ask("PUT", f"/apis/{V1}/caliconodestatuses/a", written)[0].status == 409
    assert len(world.api.asked) == 1


def test_an_event_comes_as_soon_as_it_happens_and_the_connection_serves_again(world: World) -> None:
    with world.connection() as made:
        made.request("GET", f"/apis/{V1}/{PEERS}?watch=true")
        answer = made.getresponse()
        for piece in (json.dumps(EVENT).encode(), b"\n"):
            world.api.events.put(piece)
        assert json.loads(answer.readline())["object"]["apiVersion"] == V1
        world.api.events.put(json.dumps(EVENT).encode() + b"\n" + json.dumps(EVENT).encode() + b"\n")
        assert [json.loads(answer.readline())["object"]["apiVersion"] for _ in range(2)] == [V1, V1]
        world.api.events.put(None)
        assert answer.read() == b""
        made.request("GET", f"/apis/{V1}/{PEERS}/a")
        with made.getresponse() as again:
            assert again.status == 200


@pytest.mark.parametrize("path", [f"/apis/{V1}/{PEERS}?watch=true", "/api/v1/nodes?watch=true"])
def test_a_watch_ends_at_the_server_when_the_program_is_gone(world: World, path: str) -> None:
    with world.connection() as made:
        made.request("GET", path)
        made.getresponse().close()
    assert world.api.left.wait(10)


def test_a_server_that_is_away_is_away_for_the_program_too(world: World) -> None:
    world.stop()
    with pytest.raises((RemoteDisconnected, ConnectionError, TimeoutError)):
        world.ask("GET", f"/apis/{V1}/{PEERS}")
