"""Fixtures: the plugin under test, stacks and an SSH server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import gobuild

from .harness import ROOT, SEARCH_PATH, TOOLS, VERSION, Sshd, Stack, program, start_sshd


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "toolchain: needs the programs of the toolchain")


def identity(plugin: Path) -> str:
    """What a plugin answers to --version."""
    return subprocess.run([plugin, "--version"], capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official command provider if the toolchain installed it, else the stand-in, built now."""
    name = "pulumi-resource-command"
    for installed in (*TOOLS.glob(f"*/plugins/resource-command-v{VERSION}/{name}"), TOOLS / "bin" / name):
        if installed.is_file() and "stand-in" not in identity(installed):
            return installed
    folder = tmp_path_factory.mktemp("plugin")
    flags = f"-w -s -X main.version={VERSION}"
    subprocess.run(
        [program("go"), "build", *gobuild.COMPILE, "-ldflags", flags, "-o", folder, "."],
        cwd=ROOT / "tools" / "standin",
        env={**os.environ, "CGO_ENABLED": "0", "PATH": SEARCH_PATH},
        check=True,
    )
    return folder / name


@pytest.fixture(scope="session")
def standin_only(plugin: Path) -> None:
    """Skip where the official plugin is installed: the stand-in promises more there."""
    if "stand-in" not in identity(plugin):
        pytest.skip("the official plugin does not promise this")


@pytest.fixture(scope="session")
def make_stack(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stack]:
    """Makes stacks that share one PULUMI_HOME in which only the plugin under test is registered."""
    home = tmp_path_factory.mktemp("pulumi-home")
    (home / "bin").mkdir()
    # On the usual PATH the engine would find other plugins, and prefer them to the one under test.
    for name in ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"):
        (home / "bin" / name).symlink_to(program(name))
    subprocess.run(
        [program("pulumi"), "plugin", "install", "resource", "command", VERSION, "--file", plugin],
        env={"PATH": SEARCH_PATH, "HOME": str(home), "PULUMI_HOME": str(home)},
        check=True,
    )
    empty = Stack.new(tmp_path_factory.mktemp("empty"), home)

    def make(name: str) -> Stack:
        """A copy of the empty stack, which is quicker than another `pulumi stack init`."""
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(empty.folder, folder, dirs_exist_ok=True)
        return Stack(folder, home)

    return make


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One SSH server for all tests."""
    server = start_sshd(tmp_path_factory.mktemp("sshd") / "server")
    yield server
    server.stop()
