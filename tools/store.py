"""The tools folder, shared by a user's clones: a folder per program and digest, complete or not there."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.catalog import Program
from tools.progress import say

_STAMP = "stamp.json"
_UNFINISHED = ".unfinished-"


def default_root() -> Path:
    """``LEAFRACK_TOOLS``, else the user's cache folder; under sudo that of the user who called it."""
    if chosen := os.environ.get("LEAFRACK_TOOLS"):
        return Path(chosen).absolute()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache).absolute() / "leafrack" / "tools"
    return home() / ".cache" / "leafrack" / "tools"


def home() -> Path:
    """The home of the person at the keyboard: sudo changes HOME, not who owns the clone."""
    user = os.environ.get("SUDO_USER")
    if os.geteuid() == 0 and user:
        try:
            return Path(pwd.getpwnam(user).pw_dir)
        except KeyError:
            pass
    return Path.home()


class Store:
    """Programs that are there completely; whoever fills it holds ``locked(store.lock)``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = root / ".lock"
        self.logs = root / "logs"

    def folder(self, program: Program) -> Path:
        """Where the files of a program are, or will be."""
        return self.root / program.name / program.digest()

    def has(self, program: Program) -> bool:
        """Whether a program is there at this version and recipe, every file of the size that was stored."""
        folder = self.folder(program)
        try:
            sizes = json.loads((folder / _STAMP).read_text())["files"]
            return all((folder / name).lstat().st_size == size for name, size in sizes.items())
        except (OSError, ValueError, KeyError):
            return False

    def work_folder(self) -> tempfile.TemporaryDirectory[str]:
        """A folder on the same file system, to build or unpack in."""
        self.root.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=self.root, ignore_cleanup_errors=True)

    def put(self, program: Program, made: Path, *, origin: str) -> None:
        """Take the files of ``program`` out of the folder ``made``: stamp last, then one rename."""
        whole = made / "whole"
        whole.mkdir()
        for name in program.files:
            (made / name).rename(whole / name)
            _make_writable(whole / name)
        files = {
            str(file.relative_to(whole)): file.stat().st_size for file in sorted(whole.rglob("*")) if file.is_file()
        }
        stamp = {"program": program.name, "version": program.version, "origin": origin, "files": files}
        (whole / _STAMP).write_text(json.dumps(stamp, indent=1) + "\n")
        folder = self.folder(program)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        whole.replace(folder)

    def sweep(self) -> None:
        """Remove what killed runs left."""
        for leftover in self.root.glob(_UNFINISHED + "*"):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which is gone again afterwards; while another process holds it, say which one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _wait_for(lock, what)
            if _is(path, lock):
                break
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)
    try:
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _wait_for(lock: int, what: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode(errors="replace") or "not known"
        say(f"{what}: waiting for another run (process {holder}) to finish")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _is(path: Path, descriptor: int) -> bool:
    """Whether a path still is the open file: its holder may have removed it while we waited."""
    try:
        there, ours = path.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _make_writable(path: Path) -> None:
    """Files of the Go module cache are read-only, folders too: nobody could remove a copy."""
    for item in [path, *path.rglob("*")] if path.is_dir() else [path]:
        item.chmod(item.stat().st_mode | 0o200)
