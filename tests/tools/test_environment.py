from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools import environment
from tools.clone import OFFICIAL, STAND_IN, Clone


def sourced(clone: Clone, shell: str, command: str) -> str:
    env = {"PATH": "/usr/bin:/bin", "FILE": str(environment.file(clone))}
    return subprocess.run(
        [shell, "-euc", f'. "$FILE"; {command}'], env=env, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
@pytest.mark.parametrize("name", ["clone", "it's a $HOME clone"])
def test_the_file_can_be_sourced_whatever_the_path_of_the_clone(tmp_path: Path, shell: str, name: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    clone = Clone(tmp_path / name)
    clone.choose_provider(STAND_IN)
    environment.write(clone)
    root = tmp_path / name
    assert sourced(clone, shell, 'echo "$PATH"') == f"{root}/.tools/bin:{root}/.venv/bin:/usr/bin:/bin\n"
    for variable, value in environment.variables(clone).items():
        assert sourced(clone, shell, f'sh -c "echo \\"\\${variable}\\""') == f"{value}\n"
    assert environment.state(clone).is_dir()


def test_sourcing_twice_leaves_path_as_after_once(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    environment.write(clone)
    once = sourced(clone, "sh", 'echo "$PATH"')
    assert sourced(clone, "sh", '. "$FILE"; echo "$PATH"') == once


@pytest.mark.parametrize(("provider", "expected"), [(OFFICIAL, None), (STAND_IN, "true")])
def test_pulumi_may_download_plugins_unless_downloads_cannot_work(
    tmp_path: Path, provider: str, expected: str | None
) -> None:
    clone = Clone(tmp_path)
    clone.choose_provider(provider)
    assert environment.variables(clone).get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION") == expected


def test_a_changed_provider_makes_the_file_out_of_date(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    clone.choose_provider(STAND_IN)
    environment.write(clone)
    assert environment.is_written(clone)
    clone.choose_provider(OFFICIAL)
    assert not environment.is_written(clone)
