"""What a clone holds of the toolchain: links into the tools folder, a PULUMI_HOME with the plugins."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tools.catalog import (
    BIRD2_FILES,
    CALICO_FILES,
    COMMAND_PROVIDER,
    COMMAND_STAND_IN,
    KUBERNETES_PROVIDER,
    PROGRAMS,
    Program,
)
from tools.progress import run_logged
from tools.store import Store

ROOT = Path(__file__).resolve().parents[1]

OFFICIAL = "official"
STAND_IN = "stand-in"

_PLUGIN_NAMES = {KUBERNETES_PROVIDER: "kubernetes", COMMAND_PROVIDER: "command", COMMAND_STAND_IN: "command"}


class Clone:
    """The ``.tools`` folder of a clone."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".tools"
        self.bin = self.folder / "bin"
        self.calico = self.folder / "calico"
        self.bird2 = self.folder / "bird2"
        self.pulumi_home = self.folder / "pulumi-home"
        self.no_log = self.pulumi_home / "logs"
        """A file in the place of the folder in which Pulumi keeps a log of each of its runs.

        It has no setting against it. The log takes up to half of what a run takes, and 25 MB for a hundred leaves
        (docs/scale.md). Where the folder cannot be made, Pulumi goes on without.
        """
        self.lock = self.folder / "lock"
        self._registered = self.folder / "plugins.json"
        self._provider = self.folder / "command-provider"

    def links(self, store: Store) -> dict[Path, Path]:
        """Each link with what it points to; not the providers: Pulumi warns when it finds them on PATH."""
        apart = {CALICO_FILES: self.calico, BIRD2_FILES: self.bird2}
        wanted = {link: store.folder(program) for program, link in apart.items()}
        for program in PROGRAMS:
            if program not in _PLUGIN_NAMES and program not in apart:
                wanted |= {self.bin / name: store.folder(program) / name for name in program.files}
        return wanted

    def is_linked(self, store: Store) -> bool:
        """Whether every link is there, points to the version wanted, nothing else is in ``bin``, and no log is kept."""
        links = self.links(store)
        try:
            right = all(link.readlink() == target for link, target in links.items())
            return right and set(self.bin.iterdir()) <= set(links) and self.no_log.is_file()
        except OSError:
            return False

    def link(self, store: Store) -> None:
        """Make every link, each by a rename: whoever uses the tools meanwhile sees the old one or the new."""
        self.bin.mkdir(parents=True, exist_ok=True)
        links = self.links(store)
        for leftover in set(self.bin.iterdir()) - set(links):
            leftover.unlink()
        for link, target in links.items():
            new = self.folder / "new-link"
            new.unlink(missing_ok=True)
            new.symlink_to(target)
            if link.is_dir() and not link.is_symlink():
                shutil.rmtree(link)
            new.replace(link)
        if self.no_log.is_dir():
            shutil.rmtree(self.no_log)
        self.pulumi_home.mkdir(exist_ok=True)
        self.no_log.touch()

    def has_plugins(self, programs: list[Program]) -> bool:
        """Whether exactly these providers are registered in PULUMI_HOME and still there."""
        try:
            known = json.loads(self._registered.read_text())
        except (OSError, ValueError):
            return False
        return all(
            known.get(program.name) == program.digest() and self._plugin(program).is_file() for program in programs
        )

    def register(self, program: Program, store: Store) -> None:
        """Have Pulumi itself put a provider into PULUMI_HOME, in the place of one registered before."""
        command: list[str | Path] = [
            self.bin / "pulumi",
            "plugin",
            "install",
            "resource",
            _PLUGIN_NAMES[program],
            program.version,
        ]
        env = {
            **os.environ,
            "PATH": os.pathsep.join([str(self.bin), os.environ.get("PATH", os.defpath)]),
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        run_logged(
            [*command, "--file", store.folder(program) / program.files[0], "--reinstall"],
            title=f"{program}, registering the plugin",
            log=store.logs / f"{program.name}-plugin.log",
            env=env,
        )
        try:
            known = json.loads(self._registered.read_text())
        except (OSError, ValueError):
            known = {}
        replaced = {other.name for other, name in _PLUGIN_NAMES.items() if name == _PLUGIN_NAMES[program]}
        known = {name: digest for name, digest in known.items() if name not in replaced}
        write_whole(self._registered, json.dumps({**known, program.name: program.digest()}, indent=1) + "\n")

    @property
    def command_provider(self) -> str | None:
        """The provider of pulumi-command in use: ``official``, ``stand-in``; None before the first run."""
        try:
            return self._provider.read_text().strip()
        except OSError:
            return None

    def provider_chosen(self) -> float:
        """When the choice was made last, as ``time.time`` counts."""
        return self._provider.stat().st_mtime

    def choose_provider(self, which: str) -> None:
        """Record which provider of pulumi-command is in use."""
        write_whole(self._provider, which + "\n")

    def _plugin(self, program: Program) -> Path:
        folder = f"resource-{_PLUGIN_NAMES[program]}-v{program.version}"
        return self.pulumi_home / "plugins" / folder / program.files[0]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)
