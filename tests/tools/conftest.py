from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import catalog, gobuild
from tools.catalog import GoBuild, Program, Release
from tools.store import Store

FAKE_GO = """#!/bin/sh
case "$1" in
env) printf '%s\\nlocal\\n' "$FAKE_GO_VERSION" ;;
build)
    while [ "$1" != -o ]; do shift; done
    [ -z "$FAKE_GO_FAILS" ] || { echo "main.go:3: undefined: leaf"; echo "$FAKE_GO_FAILS"; exit 1; }
    [ -z "$FAKE_GO_HANGS" ] || { echo $$ > "$FAKE_GO_HANGS"; exec sleep 60; }
    echo "built from source" > "$2" ;;
esac
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "tools folder")


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `go` that makes a text file of everything, and one folder with a recipe for it."""
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(FAKE_GO)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/sbin:/usr/bin:/sbin:/bin")
    monkeypatch.setenv("FAKE_GO_VERSION", "go1.26.1")
    monkeypatch.setenv("FAKE_GO_FAILS", "")
    monkeypatch.setenv("FAKE_GO_HANGS", "")
    sources = tmp_path / "sources"
    (sources / "go" / "frobber").mkdir(parents=True)
    (sources / "go" / "frobber" / "go.mod").write_text("module frobber\n\ngo 1.26\n")
    (sources / "go" / "frobber" / "go.sum").write_text("")
    monkeypatch.setattr(catalog, "SOURCES", sources)
    monkeypatch.setattr(gobuild, "SOURCES", sources)
    return program


BUILT = Program(
    "frobber",
    "1.0",
    ("frobber", "helper"),
    builds=(GoBuild("go/frobber", ".", "frobber"), GoBuild("go/frobber", "./helper", "helper")),
)
RELEASED = Program(
    "frobber",
    "1.0",
    ("frobber",),
    Release("mirror", "v1.0/frobber.tar.gz", "v1.0/SHA256SUMS", ("frobber-1.0/frobber",)),
    (GoBuild("go/frobber", ".", "frobber"),),
)


class Mirror:
    """A release server on loopback: `files` by path; what is not there is a 404."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def release(self, content: bytes, *, checksum: str | None = None) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            member = tarfile.TarInfo("frobber-1.0/frobber")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        self.files["/v1.0/frobber.tar.gz"] = packed.getvalue()
        checksum = checksum or hashlib.sha256(packed.getvalue()).hexdigest()
        self.files["/v1.0/SHA256SUMS"] = f"{'0' * 64}  other.tar.gz\n{checksum}  frobber.tar.gz\n".encode()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    known = Mirror()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(404)

        def do_GET(self) -> None:
            known.asked.append(self.path)
            content = known.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setitem(catalog.BASES, "mirror", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield known
    server.shutdown()
    thread.join()
    server.server_close()
