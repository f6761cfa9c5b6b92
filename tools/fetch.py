"""Official releases: which hosts answer, downloading, checking against the published checksum."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import tarfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable
from pathlib import Path

from tools import catalog
from tools.catalog import Program, Release
from tools.progress import SIGN_OF_LIFE, ToolError, say, seconds

PATIENCE = 3.0
"""Seconds that a host gets to answer anything at all before it counts as unreachable."""

_STALL = 20.0
_CHUNK = 1 << 20


class UnavailableError(Exception):
    """This release cannot be had from here; ``str()`` says why. The program is built instead."""


def reachable(hosts: Iterable[str], *, patience: float = PATIENCE) -> set[str]:
    """Those of the hosts (keys of ``BASES``) that answer, all asked at once; proxy variables are honoured."""
    answered: set[str] = set()

    def ask(host: str) -> None:
        request = urllib.request.Request(catalog.BASES[host] + "/", method="HEAD")
        try:
            _open(request, patience).close()
        except urllib.error.HTTPError:
            answered.add(host)
        except (OSError, http.client.HTTPException):
            return
        else:
            answered.add(host)

    # Daemon threads: resolving a name has no timeout of its own and must not hold up the end of the process.
    threads = [threading.Thread(target=ask, args=(host,), daemon=True) for host in set(hosts)]
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return set(answered)


def download(program: Program, folder: Path) -> str:
    """Put the files of a program's release into ``folder``, verified; returns where they came from.

    Raises ``UnavailableError`` when the release or its checksum cannot be had, ``ToolError`` when the
    checksum is wrong: that is never passed over.
    """
    release = program.release
    if release is None:
        raise UnavailableError(f"{program} has no official release")
    base = catalog.BASES[release.host]
    url = f"{base}/{release.asset}"
    file_name = release.asset.rpartition("/")[2]
    expected = _published_checksum(f"{base}/{release.checksums}", file_name)
    asset = folder / "asset"
    found = _save(url, asset, title=str(program))
    if found != expected:
        raise ToolError(
            f"{program}: {url} has the wrong checksum (SHA-256 {found}, published {expected}). "
            "Nothing was installed. If a proxy on the way changes downloads, let this one through unchanged; "
            "else do not trust the file."
        )
    _unpack(release, asset, folder, program)
    return url


def _open(address: str | urllib.request.Request, patience: float) -> http.client.HTTPResponse:
    """With the proxies of the environment as it is now: urllib's own opener keeps those of its first use."""
    answer: http.client.HTTPResponse = urllib.request.build_opener().open(address, timeout=patience)
    return answer


def _published_checksum(url: str, file_name: str) -> str:
    try:
        with _open(url, _STALL) as answer:
            text = answer.read(_CHUNK).decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"no checksum from {url}: {_reason(error)}") from None
    for line in text.splitlines():
        words = line.split()
        # dl.k8s.io publishes the bare sum, everybody else `sha256sum`'s format.
        if len(words) == 1 or (len(words) == 2 and words[1].lstrip("*").removeprefix("./") == file_name):
            return str(words[0]).lower()
    raise UnavailableError(f"{url} does not list {file_name}")


def _save(url: str, target: Path, *, title: str) -> str:
    """Download to a file; returns its SHA-256."""
    begun = told = time.monotonic()
    total = hashlib.sha256()
    size = 0
    try:
        with _open(url, _STALL) as answer, target.open("wb") as output:
            expected = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                output.write(chunk)
                total.update(chunk)
                size += len(chunk)
                if time.monotonic() - told > SIGN_OF_LIFE:
                    told = time.monotonic()
                    say(f"{title} … {seconds(begun)} so far, {size >> 20} MiB downloaded")
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
        raise UnavailableError(f"{url}: {_reason(error)}") from None
    except TimeoutError:
        raise UnavailableError(f"{url}: nothing came for {_STALL:.0f} s") from None
    if expected and size < expected:
        raise UnavailableError(f"{url}: broke off after {size} of {expected} bytes")
    return total.hexdigest()


def _unpack(release: Release, asset: Path, folder: Path, program: Program) -> None:
    if not release.members:
        asset.rename(folder / program.files[0])
    else:
        try:
            with tarfile.open(asset) as archive:
                for member in release.members:
                    _extract(archive, member, folder / member.rpartition("/")[2])
        except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
            raise ToolError(
                f"{program}: {release.asset} is not as expected ({error}): report it, nothing was installed"
            ) from None
    for name in program.files:
        (folder / name).chmod(0o755)


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Raises ``KeyError`` when there is no such file, whichever way its path is written."""
    source = archive.extractfile(name if name in archive.getnames() else "./" + name)
    if source is None:
        raise KeyError(name)
    with source, target.open("wb") as output:
        shutil.copyfileobj(source, output)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error)
