"""Getting everything: what is missing, whether it can be had, then one step after the other."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from tools import catalog, debian, environment, fetch, gobuild, virtualenv
from tools.beside import Part, is_roomy, side_by_side
from tools.catalog import COMMAND_PROVIDER, COMMAND_STAND_IN, KUBERNETES_PROVIDER, PROGRAMS, Program
from tools.clone import OFFICIAL, STAND_IN, Clone
from tools.progress import ToolError, say, seconds
from tools.store import Store, locked

_ASK_AGAIN = 3600.0
"""Seconds after which a clone that uses the stand-in looks again whether the official provider can be had."""


@dataclass
class Survey:
    """What is not there yet. ``programs`` is without the command provider, of which there are two."""

    programs: list[Program]
    packages: list[str]
    provider: bool
    links: bool
    virtualenv: bool
    environment: bool

    def __bool__(self) -> bool:
        return any((self.programs, self.packages, self.provider, self.links, self.virtualenv, self.environment))


def survey(clone: Clone, store: Store) -> Survey:
    """Look at stamps, links and files only: this is all that a warm run does."""
    chosen = _chosen(clone)
    plugins = [KUBERNETES_PROVIDER, *([chosen] if chosen else [])]
    return Survey(
        programs=[program for program in PROGRAMS if not store.has(program)],
        packages=debian.missing(),
        provider=chosen is None or not store.has(chosen) or _should_ask_again(clone),
        links=not (clone.is_linked(store) and clone.has_plugins(plugins)),
        virtualenv=not virtualenv.ready(clone.root),
        environment=not environment.is_written(clone),
    )


def get(clone: Clone, store: Store, *, for_lab: bool) -> None:
    """Bring the tools folder, the Debian packages and the clone to what is pinned; say what it does.

    ``for_lab``: root is needed as well. Raises ``ToolError`` with all missing prerequisites at once, before
    anything is begun.
    """
    begun = time.monotonic()
    debian.restore_leftover_policy()
    missing = survey(clone, store)
    hosts = _hosts(missing)
    _check_prerequisites(missing, hosts, for_lab=for_lab)
    if missing:
        with (
            locked(clone.lock, f"tools of {clone.root}"),
            locked(store.lock, f"tools folder {store.root}"),
            handed_over(clone, store),
        ):
            _fill(clone, store, hosts)
    what = "all in place" if not missing else "complete"
    say(f"tools: {what}, {seconds(begun)} ({_provider_words(clone)})")


def get_virtualenv(clone: Clone, store: Store) -> None:
    """Only the virtualenv: what linting and the tests without the lab need."""
    if virtualenv.ready(clone.root):
        return
    if line := _missing_ensurepip():
        raise ToolError(line)
    with locked(clone.lock, f"tools of {clone.root}"), handed_over(clone, store):
        _virtualenv(clone, store)


@contextmanager
def handed_over(clone: Clone, store: Store) -> Iterator[None]:
    """Under sudo, give what was made to the person who called it: their own shell uses and removes it."""
    try:
        yield
    finally:
        hand_over(store.root, clone.folder, clone.root / ".venv", environment.file(clone), environment.state(clone))


def hand_over(*paths: Path) -> None:
    """Make the caller of sudo the owner of files in their own home or clone; nothing without sudo."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() != 0 or not (user.isdigit() and group.isdigit()):
        return
    for path in paths:
        for item in [
            path,
            *path.rglob("*"),
            *([path.parent] if path.parent.name in {"leafrack", ".lab"} else []),
        ]:
            if item.exists() or item.is_symlink():
                os.chown(item, int(user), int(group), follow_symlinks=False)


def _fill(clone: Clone, store: Store, hosts: set[str]) -> None:
    store.sweep()
    missing = survey(clone, store)
    side_by_side(_parts(missing, clone, store, hosts), at_once=2 if is_roomy() else 1)
    if missing.provider:
        clone.choose_provider(OFFICIAL if store.has(COMMAND_PROVIDER) else STAND_IN)
    if not clone.is_linked(store):
        clone.link(store)
    for plugin in (KUBERNETES_PROVIDER, _chosen(clone)):
        if plugin and not clone.has_plugins([plugin]):
            with _timed(f"{plugin}, plugin of this clone", "registered"):
                clone.register(plugin, store)
    environment.write(clone)


def _parts(missing: Survey, clone: Clone, store: Store, hosts: set[str]) -> list[Part]:
    """What is missing, in parts that have nothing to do with each other; the longest builds first."""
    parts: list[Part] = []
    if missing.packages or missing.virtualenv:
        parts.append(lambda: _for_python(missing, clone, store))
    parts += [partial(_chain, programs, store, hosts) for programs in chains(missing.programs)]
    if missing.provider:
        parts.append(lambda: _command_provider(store, hosts))
    return parts


def chains(programs: list[Program]) -> list[list[Program]]:
    """Programs in groups, each built of the same modules: two builds at a time would compile what they share twice."""
    found: dict[str, list[Program]] = {}
    for program in programs:
        found.setdefault(program.builds[0].folder if program.builds else program.name, []).append(program)
    return sorted(found.values(), key=lambda chain: -sum(program.minutes for program in chain))


def _chain(programs: list[Program], store: Store, hosts: set[str]) -> None:
    for program in programs:
        _one(program, store, hosts)


def _for_python(missing: Survey, clone: Clone, store: Store) -> None:
    """The Debian packages, one of which the virtualenv may need."""
    if missing.packages:
        with _timed(f"Debian packages {' '.join(missing.packages)}", "installed"):
            debian.install(missing.packages, store.logs / "apt.log")
    if missing.virtualenv:
        _virtualenv(clone, store)


def _one(program: Program, store: Store, hosts: set[str]) -> None:
    """Official release first, else a build or Debian's; into the tools folder at once and complete."""
    begun = time.monotonic()
    with store.work_folder() as name:
        folder = Path(name)
        origin, how = _download(program, folder, hosts), "official release, checksum verified"
        if origin is None:
            origin = how = _made(program, folder, store)
        store.put(program, folder, origin=origin)
    say(f"{program} … {how}, {seconds(begun)}")


def _made(program: Program, folder: Path, store: Store) -> str:
    """Make a program of which no official release can be had; says how."""
    log = store.logs / f"{program.name}.log"
    if program.unpacked:
        debian.unpack(program, folder, log)
        return "unpacked from Debian's packages"
    if not program.builds:
        raise fetch.UnavailableError(program.name)
    if program.minutes >= 1:
        say(f"{program} … building from Go modules, about {program.minutes:.0f} min on two cores")
    gobuild.build(program, folder, log)
    return "built from Go modules"


def _download(program: Program, folder: Path, hosts: set[str]) -> str | None:
    if program.release is None or program.release.host not in hosts or catalog.architecture() is None:
        return None
    try:
        return fetch.download(program, folder)
    except fetch.UnavailableError as error:
        say(f"{program} … no official release from here ({error})")
        return None


def _command_provider(store: Store, hosts: set[str]) -> str:
    """The official provider wherever it can be had; the stand-in only where it cannot."""
    if store.has(COMMAND_PROVIDER):
        return OFFICIAL
    try:
        _one(COMMAND_PROVIDER, store, hosts)
        return OFFICIAL
    except fetch.UnavailableError:
        if not store.has(COMMAND_STAND_IN):
            _one(COMMAND_STAND_IN, store, hosts)
        return STAND_IN


def _virtualenv(clone: Clone, store: Store) -> None:
    with _timed(".venv", "made"):
        virtualenv.make(clone.root, store.logs / "virtualenv.log")


@contextmanager
def _timed(title: str, done: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    say(f"{title} … {done}, {seconds(begun)}")


def _chosen(clone: Clone) -> Program | None:
    return {OFFICIAL: COMMAND_PROVIDER, STAND_IN: COMMAND_STAND_IN}.get(clone.command_provider or "")


def _should_ask_again(clone: Clone) -> bool:
    """A stand-in gives way to the official provider as soon as that can be had."""
    return clone.command_provider == STAND_IN and time.time() - clone.provider_chosen() > _ASK_AGAIN


def _hosts(missing: Survey) -> set[str]:
    wanted = {program.release.host for program in missing.programs if program.release}
    if missing.provider and COMMAND_PROVIDER.release:
        wanted.add(COMMAND_PROVIDER.release.host)
    if not wanted:
        return set()
    answered = fetch.reachable(wanted)
    for host in sorted(wanted - answered):
        say(f"{catalog.BASES[host]} does not answer: what it has is built from Go modules instead")
    return answered


def _check_prerequisites(missing: Survey, hosts: set[str], *, for_lab: bool) -> None:
    to_build = [
        program
        for program in missing.programs + ([COMMAND_STAND_IN] if missing.provider else [])
        if program.builds and not (program.release and program.release.host in hosts)
    ]
    if missing.provider and COMMAND_PROVIDER.release and COMMAND_PROVIDER.release.host in hosts:
        to_build = [program for program in to_build if program is not COMMAND_STAND_IN]
    lines = [
        None if sys.platform == "linux" else f"this is {platform.system()}: the lab needs Linux (network namespaces)",
        "not root, and the lab makes network namespaces: run it with sudo, `sudo make …`"
        if for_lab and os.geteuid()
        else None,
        debian.missing_prerequisite(missing.packages),
        debian.missing_apt(missing.programs),
        gobuild.missing_go(to_build) if to_build else None,
        _missing_ensurepip() if missing.virtualenv and "python3-venv" not in missing.packages else None,
    ]
    if problems := [line for line in lines if line]:
        raise ToolError("\n".join(problems))


def _missing_ensurepip() -> str | None:
    if find_spec("ensurepip"):
        return None
    return f"{sys.executable} cannot make virtualenvs: install its venv module (Debian: package python3-venv)"


def _provider_words(clone: Clone) -> str:
    if clone.command_provider == OFFICIAL:
        return f"command provider: pulumi-command {catalog.PULUMI_COMMAND}"
    return f"command provider: offline stand-in for pulumi-command {catalog.PULUMI_COMMAND}"
