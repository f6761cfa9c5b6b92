"""A reverse proxy in front of a lab's API server, which can answer in its place, as one that is overloaded does."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from tests.conftest import Lab

NAME = "api.dc1.example"
"""Its name, for those who know it."""
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Answer:
    """What the front says instead of passing a request on; with status 0 it hangs up."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Front:
    """The proxy, at an address of its own; ``kubeconfig`` is the lab's with that address."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        folder.mkdir()
        config = yaml.safe_load((lab.dir / "kubeconfig").read_text(encoding="utf-8"))
        api = config["clusters"][0]["cluster"]
        self._upstream = (api["server"].removeprefix("https://"), api["certificate-authority-data"])
        self._until = 0.0
        self.answer = Answer(500)
        self.given: Counter[int] = Counter()
        """How many answers were its own, by status."""
        certificate, key = folder / "front.crt", folder / "front.key"
        words = ["-subj", "/CN=front", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{NAME}", "-days", "2", "-nodes"]
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        subprocess.run([*new, *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.front = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        config["clusters"][0]["cluster"] = {
            "server": f"https://127.0.0.1:{self._server.server_port}",
            "certificate-authority-data": b64encode(certificate.read_bytes()).decode(),
        }
        self.kubeconfig = yaml.safe_dump(config)

    def upstream(self) -> HTTPSConnection:
        """A connection to the API server."""
        address, authority = self._upstream
        context = ssl.create_default_context(cadata=b64decode(authority).decode())
        return HTTPSConnection(address, context=context, timeout=60)

    def instead(self, answer: Answer, seconds: float) -> None:
        """Answer everything with this for some seconds."""
        self.answer = answer
        self._until = time.monotonic() + seconds

    @property
    def is_faulty(self) -> bool:
        """Whether requests are not passed on."""
        return time.monotonic() < self._until

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    front: Front
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    server: _Server
    _behind: HTTPSConnection | None = None

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _pass(self) -> None:
        front = self.server.front
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if front.is_faulty:
            front.given[front.answer.status] += 1
            if front.answer.status:
                self._say(front.answer)
            else:
                self.close_connection = True
            return
        behind = self._behind = self._behind or front.upstream()
        try:
            behind.request(self.command, self.path, body or None, dict(self.headers))
            answer = behind.getresponse()
        except (OSError, HTTPException):
            # As the API server itself is gone.
            self.close_connection = True
            return
        # Closed also when the client hangs up in between: it keeps its connection's socket open, and the next test to
        # see that would fail.
        with answer:
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1(65536):
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def finish(self) -> None:
        """End the connection to the API server with that of the client."""
        if self._behind is not None:
            self._behind.close()
        super().finish()

    def _say(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - as http.server calls them


@contextmanager
def in_front_of(lab: Lab, folder: Path) -> Iterator[Front]:
    """A front for some time."""
    front = Front(lab, folder)
    try:
        yield front
    finally:
        front.close()
