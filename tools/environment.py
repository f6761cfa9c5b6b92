"""The environment in which plain ``pulumi``, ``kubectl`` and ``calicoctl`` work on the lab: ``.lab/env``."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from tools.clone import STAND_IN, Clone, write_whole

PASSPHRASE = "leafrack-lab"  # noqa: S105
"""Of the committed example stack ``dev``: protects nothing but the lab's own keys."""


def file(clone: Clone) -> Path:
    """The file to be sourced."""
    return clone.root / ".lab" / "env"


def state(clone: Clone) -> Path:
    """The folder of Pulumi's file backend for the lab."""
    return clone.root / ".lab" / "state"


def temporary(clone: Clone) -> Path:
    """The folder for temporary files of everything that works on the lab."""
    return clone.root / ".lab" / "tmp"


def first_on_path(clone: Clone) -> list[Path]:
    """The folders that go before everything else on PATH."""
    return [clone.bin, clone.root / ".venv" / "bin"]


def variables(clone: Clone) -> dict[str, str]:
    """All variables but PATH."""
    found = {
        "KUBECONFIG": str(clone.root / ".lab" / "kubeconfig"),
        # By default kubectl keeps what a server has by its port alone, and other labs have had that port.
        "KUBECACHEDIR": str(clone.root / ".lab" / "kubectl-cache"),
        "PULUMI_HOME": str(clone.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{state(clone)}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # pulumi-kubernetes leaves a copy of the kubeconfig there at each run.
        "TMPDIR": str(temporary(clone)),
    }
    if clone.command_provider == STAND_IN:
        found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return found


def process_environment(clone: Clone) -> dict[str, str]:
    """This process's environment as it is after sourcing the file, and with Python's bytecode kept.

    Every gate and step of an update is a Python process: without bytecode each compiles leafrack anew.
    """
    path = [str(folder) for folder in first_on_path(clone)]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **own,
        **variables(clone),
        "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
    }


def text(clone: Clone) -> str:
    """The file for sh, bash and zsh; sourcing it twice changes nothing."""
    path = ":".join(str(folder) for folder in first_on_path(clone))
    lines = [
        "# To be sourced: tools and virtualenv of this clone first on PATH, Pulumi and kubectl on its lab.",
        f"leafrack_path={shlex.quote(path)}",
        'case "$PATH:" in "$leafrack_path:"*) ;; *) PATH="$leafrack_path:$PATH" ;; esac',
        "unset leafrack_path",
        "export PATH",
        *(f"export {name}={shlex.quote(value)}" for name, value in variables(clone).items()),
    ]
    return "\n".join(lines) + "\n"


def is_written(clone: Clone) -> bool:
    """Whether the file and the folders that it names are there, as they would be written now."""
    try:
        return file(clone).read_text() == text(clone) and state(clone).is_dir() and temporary(clone).is_dir()
    except OSError:
        return False


def write(clone: Clone) -> None:
    """Write the file and make the folders that it names."""
    for folder in (state(clone), temporary(clone)):
        folder.mkdir(parents=True, exist_ok=True)
    write_whole(file(clone), text(clone))
