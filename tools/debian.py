"""Debian packages of the lab (FRR, BIRD, sshd, …): installed only when missing, no service started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tools.catalog import Program
from tools.progress import ToolError, run_logged
from tools.store import locked

PACKAGES = {
    "frr": ("/usr/lib/frr/bgpd", "/usr/lib/frr/zebra", "vtysh"),
    "frr-pythontools": ("/usr/lib/frr/frr-reload.py",),
    "bird": ("bird", "bird6", "birdc"),
    "openssh-server": ("sshd",),
    "openssh-client": ("ssh", "ssh-keygen"),
    "iproute2": ("ip", "ss"),
    "iputils-ping": ("ping",),
    "openssl": ("openssl",),
    "procps": ("ps",),
    "util-linux": ("nsenter", "unshare"),
}
"""Package and the programs that show that it is there."""

POLICY = Path("/usr/sbin/policy-rc.d")
LOCK = Path("/run/lock/leafrack-apt")

_OURS = "# leafrack: no service is started while its packages are installed\n"
_PATH = os.pathsep.join(["/usr/sbin", "/usr/bin", "/sbin", "/bin", os.environ.get("PATH", "")])
_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")


def without_programs() -> list[str]:
    """The packages whose programs this machine does not have, whatever its distribution."""
    return [name for name, programs in PACKAGES.items() if not all(shutil.which(item, path=_PATH) for item in programs)]


def missing() -> list[str]:
    """The same, and the package without which no virtualenv can be made."""
    lacking = without_programs()
    if find_spec("ensurepip") is None and sys.base_prefix == "/usr":
        lacking.append("python3-venv")
    return lacking


def missing_prerequisite(packages: list[str]) -> str | None:
    """The line that says why these packages cannot be installed by this process; None if they can."""
    if not packages:
        return None
    names = " ".join(packages)
    if shutil.which("apt-get", path=_PATH) is None:
        return f"apt-get is missing, so this is no Debian: install what it calls {names}, then run it again"
    if os.geteuid() != 0:
        install = f"sudo {' '.join(_INSTALL[:4])} {names}"
        return f"not root, and packages are missing: run it with sudo, or `{install}` before"
    return None


def install(packages: list[str], log: Path) -> None:
    """Install packages; a package list that is missing or stale is fetched first. Raises ``ToolError``."""
    title = f"Debian packages {' '.join(packages)}"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PATH": _PATH}
    with locked(LOCK, title), services_held_back(POLICY):
        # What a killed run left half configured would make every apt-get fail.
        run_logged(["dpkg", "--configure", "-a"], title=title, log=log, env=env)
        fresh = not _known(packages, env)
        if fresh:
            _update(title, log, env)
        try:
            run_logged([*_INSTALL, *packages], title=title, log=log, env=env, advice=_advice)
        except ToolError:
            if fresh:
                raise
            _update(title, log, env)
            run_logged([*_INSTALL, *packages], title=title, log=log, env=env, advice=_advice)


def unpack(program: Program, folder: Path, log: Path) -> None:
    """Take the files of a program out of packages that are not installed. Raises ``ToolError``."""
    packages = list(dict.fromkeys(each.package for each in program.unpacked))
    env = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": _PATH}
    if not _known(packages, env):
        with locked(LOCK, str(program)):
            _update(str(program), log, env)
    run_logged(["apt-get", "download", *packages], title=str(program), log=log, cwd=folder, env=env, advice=_advice)
    for package in folder.glob("*.deb"):
        run_logged(["dpkg-deb", "-x", package, folder / "root"], title=str(program), log=log, env=env)
    for each in program.unpacked:
        found = next((folder / "root").glob(each.source), None)
        if found is None:
            raise ToolError(f"{program}: Debian's package {each.package} has no {each.source} in this release")
        shutil.copyfile(found, folder / each.output)
        (folder / each.output).chmod(0o755)


def missing_apt(programs: list[Program]) -> str | None:
    """The line that says that no package can be unpacked for these programs; None if it can."""
    names = ", ".join(str(program) for program in programs if program.unpacked)
    if not names or (shutil.which("apt-get", path=_PATH) and shutil.which("dpkg-deb", path=_PATH)):
        return None
    return f"apt-get is missing, so this is no Debian: {names} is taken out of Debian's packages"


def restore_leftover_policy() -> None:
    """Put back what a killed run left changed."""
    if os.geteuid() == 0 and (_saved(POLICY).exists() or _is_ours(POLICY)):
        with locked(LOCK, "policy-rc.d"):
            _restore(POLICY)


@contextmanager
def services_held_back(policy: Path) -> Iterator[None]:
    """Have ``policy-rc.d`` forbid every start of a service; what was there before is back afterwards.

    See /usr/share/doc/init-system-helpers/README.policy-rc.d.gz: exit status 101 is "action forbidden".
    """
    _restore(policy)
    if policy.exists() or policy.is_symlink():
        policy.rename(_saved(policy))
    try:
        policy.write_text(f"#!/bin/sh\n{_OURS}exit 101\n")
        policy.chmod(0o755)
        yield
    finally:
        _restore(policy)


def _restore(policy: Path) -> None:
    saved = _saved(policy)
    if saved.exists() or saved.is_symlink():
        saved.replace(policy)
    elif _is_ours(policy):
        policy.unlink()


def _saved(policy: Path) -> Path:
    return policy.with_name(policy.name + ".before-leafrack")


def _is_ours(policy: Path) -> bool:
    try:
        return _OURS in policy.read_text(errors="replace")
    except OSError:
        return False


def _known(packages: list[str], env: dict[str, str]) -> bool:
    """Whether apt knows an installable version of each package."""
    answer = subprocess.run(
        ["apt-cache", "policy", *packages],
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return len(re.findall(r"^  Candidate: (?!\(none\))", answer.stdout, re.MULTILINE)) == len(packages)


def _update(title: str, log: Path, env: dict[str, str]) -> None:
    run_logged(["apt-get", "update"], title=f"{title}: apt-get update", log=log, env=env, advice=_advice)


def _advice(output: str) -> str:
    if "Unable to locate package" in output or "no installation candidate" in output:
        return "This release does not have them all; Debian 12 does (bird is BIRD 1.6, as in calico-node)."
    if "Could not resolve" in output or "Failed to fetch" in output:
        return "No package mirror answers: put /etc/apt/sources.list or apt's proxy right, run it again."
    return ""
