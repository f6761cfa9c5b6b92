from __future__ import annotations

import socket

import pytest

from tests.tools.conftest import RELEASED, Mirror
from tools import catalog, fetch, getting
from tools.progress import ToolError
from tools.store import Store

pytestmark = pytest.mark.usefixtures("go")


def test_an_official_release_is_preferred_to_a_build(
    store: Store, mirror: Mirror, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.release(b"official\n")
    assert fetch.reachable(["mirror"]) == {"mirror"}
    getting._one(RELEASED, store, {"mirror"})
    program = store.folder(RELEASED) / "frobber"
    assert program.read_text() == "official\n"
    assert program.stat().st_mode & 0o777 == 0o755
    assert "frobber 1.0 … official release, checksum verified" in capsys.readouterr().out


def test_a_wrong_checksum_is_an_error_that_names_the_file_and_never_a_build(store: Store, mirror: Mirror) -> None:
    mirror.release(b"tampered with\n", checksum="ab" * 32)
    with pytest.raises(ToolError) as caught:
        getting._one(RELEASED, store, {"mirror"})
    assert "/v1.0/frobber.tar.gz has the wrong checksum" in str(caught.value)
    assert "published " + "ab" * 32 in str(caught.value)
    assert not store.has(RELEASED)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("/v1.0/frobber.tar.gz", "frobber.tar.gz: HTTP 404"),
        ("/v1.0/SHA256SUMS", "no checksum from"),
    ],
)
def test_a_release_that_is_not_there_is_said_and_the_program_built(
    store: Store, mirror: Mirror, capsys: pytest.CaptureFixture[str], missing: str, expected: str
) -> None:
    mirror.release(b"official\n")
    del mirror.files[missing]
    getting._one(RELEASED, store, {"mirror"})
    assert (store.folder(RELEASED) / "frobber").read_text() == "built from source\n"
    said = capsys.readouterr().out
    assert "no official release from here" in said
    assert expected in said


def test_a_release_without_a_published_checksum_is_not_used(store: Store, mirror: Mirror) -> None:
    mirror.release(b"official\n")
    mirror.files["/v1.0/SHA256SUMS"] = b"00  other.tar.gz\n11  another.tar.gz\n"
    getting._one(RELEASED, store, {"mirror"})
    assert (store.folder(RELEASED) / "frobber").read_text() == "built from source\n"
    assert mirror.asked == ["/v1.0/SHA256SUMS"]


def test_a_program_published_as_it_is_with_a_bare_checksum_is_taken(store: Store, mirror: Mirror) -> None:
    bare = catalog.Program(
        "frobber", "1.0", ("frobber",), catalog.Release("mirror", "bin/frobber", "bin/frobber.sha256")
    )
    mirror.files["/bin/frobber"] = b"official\n"
    mirror.files["/bin/frobber.sha256"] = b"bb9b3f5bcb9e0e2eaa1d5a7d4fd5ca0b6d9ea1d4e7b5e6b5a4b3c2d1e0f9a8b7"
    with pytest.raises(ToolError):
        getting._one(bare, store, {"mirror"})
    import hashlib

    mirror.files["/bin/frobber.sha256"] = hashlib.sha256(b"official\n").hexdigest().encode()
    getting._one(bare, store, {"mirror"})
    assert (store.folder(bare) / "frobber").read_text() == "official\n"


def test_hosts_that_do_not_answer_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.create_server(("127.0.0.1", 0)) as also_silent,
    ):
        monkeypatch.setitem(catalog.BASES, "one", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setitem(catalog.BASES, "two", f"http://127.0.0.1:{also_silent.getsockname()[1]}")
        assert fetch.reachable(["one", "two"], patience=0.3) == set()


def test_a_proxy_from_the_environment_is_asked(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", catalog.BASES["mirror"])
    monkeypatch.delenv("no_proxy")
    monkeypatch.setitem(catalog.BASES, "far", "http://far.invalid")
    assert fetch.reachable(["far"]) == {"far"}
