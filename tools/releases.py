"""FRR of newer Debian releases, run on this one: what leaves of ``frr`` and ``sonic`` may have, which CI does not.

A release's packages are unpacked into the tools folder and not installed. Its programs are started by its own loader
with its own C library, so nothing of this machine's Debian changes. apt gets lists and packages of that release from
where it has this machine's, with a state of its own beside them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tools import debian
from tools.clone import Clone
from tools.environment import process_environment
from tools.progress import ToolError, run_logged, say, seconds
from tools.store import Store, locked

RELEASES = ("trixie", "forky")
"""Debian 13 and what follows it."""
VARIABLE = "LEAFRACK_FRR_RELEASE"
"""Names the folder of a release to the lab (lab/switches/frr.py)."""
CHOSEN = ("frr", "sonic")
"""Platforms that are FRR."""
SUITE = ("tests/platforms/test_conformance.py", "tests/platforms/test_listeners.py")

_DAEMONS = ("bgpd", "mgmtd", "staticd", "zebra")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_RUN = """\
#!/bin/sh
exec {loader} --library-path {libraries} {program} "$@"
"""


def test(clone: Clone, store: Store) -> int:
    """Run the conformance suite on each release's FRR; returns the last exit code that is not 0."""
    missing = [line for line in (debian.missing_prerequisite(["frr"]),) if line]
    if missing:
        raise ToolError("\n".join(missing))
    failed = 0
    for release in RELEASES:
        with locked(store.lock, f"tools folder {store.root}"):
            folder = had(release, store)
        say(f"conformance of {' and '.join(CHOSEN)} with FRR {version(folder)} of Debian {release}")
        python = str(clone.root / ".venv" / "bin" / "python")
        command = [python, "-m", "pytest", "--quiet", *SUITE, "-k", " or ".join(CHOSEN)]
        env = {**process_environment(clone), VARIABLE: str(folder)}
        failed = subprocess.run(command, cwd=clone.root, env=env, check=False).returncode or failed
    return failed


def version(folder: Path) -> str:
    """What an unpacked FRR calls itself."""
    said = subprocess.run([folder / "bgpd", "--version"], capture_output=True, text=True, check=False).stdout
    return next(
        (line.split()[2] for line in said.splitlines() if line.startswith("bgpd version ")), "that does not run"
    )


def had(release: str, store: Store) -> Path:
    """Folder with daemons, ``bin/vtysh``, libraries and YANG modules of a release; unpacked where it is not there."""
    folder = store.root / "frr" / release
    if (folder / "yang").exists():
        return folder
    begun = time.monotonic()
    with store.work_folder() as name:
        work = Path(name)
        _download(release, work, store.logs / f"frr-{release}.log")
        made = _unpacked(work, folder, store.logs / f"frr-{release}.log")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
    say(f"FRR of Debian {release} … unpacked, {seconds(begun)}")
    return folder


def _download(release: str, work: Path, log: Path) -> None:
    """FRR's package and all that it needs, into ``cache/archives``."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {archive()} {release} main\n", encoding="utf-8")
    settings = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    apt: list[str | Path] = ["apt-get", *(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    title = f"FRR of Debian {release}"
    run_logged([*apt, "update"], title=title, log=log, env=env)
    get = [*apt, "install", "--download-only", "--no-install-recommends", "-y", "frr"]
    run_logged(get, title=title, log=log, env=env)


def archive() -> str:
    """Where apt has this machine's own release from."""
    command = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
    plain = [uri for release, uri in found.items() if "-" not in release]
    if not plain:
        raise ToolError("apt has no lists of this machine's release: run apt-get update, then run it again")
    return plain[0]


def _unpacked(work: Path, folder: Path, log: Path) -> Path:
    """What is kept of the packages, with programs that say where it will be."""
    root, made = work / "root", work / "made"
    for package in sorted((work / "cache" / "archives").glob("*.deb")):
        run_logged(["dpkg-deb", "-x", package, root], title=package.name, log=log)
    (made / "bin").mkdir(parents=True)
    (made / "lib").mkdir()
    # Since 6 libyang reads its own modules from files too.
    shutil.copytree(root / "usr" / "share" / "yang", made / "yang")
    for library in (root / "usr" / "lib").glob("*-linux-gnu*/**/*.so*"):
        if library.is_file():
            shutil.copy2(library, made / "lib" / library.name)
    loader = next((made / "lib").glob("ld-linux*.so.*"), None)
    if loader is None:
        raise ToolError("the packages have no loader of programs: Debian has moved it")
    for name, found in (("vtysh", "usr/bin/vtysh"), *((daemon, f"usr/lib/frr/{daemon}") for daemon in _DAEMONS)):
        program = made / "lib" / name
        shutil.copy2(root / found, program)
        start = made / "bin" / name if name == "vtysh" else made / name
        lib = folder / "lib"
        start.write_text(_RUN.format(loader=lib / loader.name, libraries=lib, program=lib / name), encoding="utf-8")
        start.chmod(0o755)
    return made
