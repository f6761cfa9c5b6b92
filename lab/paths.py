"""Where the lab keeps its files, and where the programs that it starts are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from tools import debian

CLONE = Path(__file__).resolve().parents[1]
DEFAULT_FABRIC = CLONE / "config" / "fabrics" / "dev.yaml"
RBAC = CLONE / "config" / "rbac.yaml"
SCRIPTS = Path(__file__).resolve().parent / "scripts"
SWITCHES = Path(__file__).resolve().parent / "switches"
TOOLS = CLONE / ".tools" / "bin"
CRDS = CLONE / ".tools" / "calico" / "crd"
CONFD = CLONE / ".tools" / "calico" / "confd"
BIRD2 = CLONE / ".tools" / "bird2"
"""BIRD 2 and its library for switches; nodes run BIRD 1.6."""
PATH = f"{TOOLS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

RUN = Path("/run/lab")
"""Runtime files, on the holder's private /run, so they end with it. Short: a socket's path has 108 characters."""

HOST_PROC = Path("/run/hostproc")
"""The machine's own /proc, for process ids as it sees them."""
HOST_NET = Path("/run/hostnet")
"""The machine's own network namespace."""

FOLDER_VARIABLE = "LEAFRACK_LAB"
"""Environment variable that names another folder than the clone's own, for a second lab."""
_HIDDEN = ("/run", "/var/run", "/var/tmp", "/proc")  # noqa: S108 - paths to refuse
_TOOLS = (
    "calico-confd",
    "calicoctl",
    "calico-status",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kubectl",
)


@dataclass(frozen=True)
class Folder:
    """The lab's folder: ``.lab`` of the clone, or what LEAFRACK_LAB names."""

    root: Path

    @classmethod
    def of_environment(cls) -> Folder:
        """The folder in use; raises LabError for one that the lab's own mounts would hide."""
        root = Path(os.environ.get(FOLDER_VARIABLE) or CLONE / ".lab").absolute()
        for hidden in _HIDDEN:
            if root.resolve().is_relative_to(hidden):
                raise LabError(
                    f"{FOLDER_VARIABLE}={root}: the lab hides {hidden} from its daemons; choose another folder"
                )
        return cls(root)

    @property
    def state(self) -> Path:
        """Process ids and hosts of the running lab."""
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        """Held while ``up`` or ``down`` is at work."""
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        """A folder for each host, a file for each daemon."""
        return self.root / "logs"

    @property
    def ports(self) -> Path:
        """The block of loopback ports that belongs to this folder."""
        return self.root / "ports.json"

    @property
    def overlay(self) -> Path:
        """SSH endpoints of the lab's leaves, to lay over the fabric file."""
        return self.root / "overlay.yaml"

    @property
    def fabric(self) -> Path:
        """Holds the path of the fabric file in use."""
        return self.root / "fabric"

    @property
    def kubeconfig(self) -> Path:
        """Contexts ``admin`` (current) and ``leafrack``."""
        return self.root / "kubeconfig"

    @property
    def kubectl_cache(self) -> Path:
        """What kubectl keeps of the API server, by its port: KUBECACHEDIR of ``.lab/env``."""
        return self.root / "kubectl-cache"

    @property
    def ssh(self) -> Path:
        """Keys, known_hosts and config for ``ssh -F``."""
        return self.root / "ssh"


def home_of(host: str) -> Path:
    """Runtime files of a host, on the holder's private /run."""
    return RUN / "hosts" / host


def missing_programs() -> list[str]:
    """A line for everything that the lab needs and this machine lacks, with the command that gets it."""
    tools = [name for name in _TOOLS if not (TOOLS / name).exists()]
    tools += [folder.name for folder in (CRDS, CONFD, BIRD2) if not folder.is_dir()]
    packages = debian.without_programs()
    lines = []
    if tools:
        lines.append(f"{', '.join(tools)} not found in {TOOLS}: run 'python3 -m tools get'")
    if packages:
        lines.append(f"Debian packages missing: run 'apt-get install {' '.join(packages)}'")
    return lines
