"""What runs: the holder, the hosts and their process ids as the machine sees them; kept in ``state.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.calico import CalicoApi
from lab.identity import Process
from lab.switches import SOFTWARE

FRONT = "calico-front"
_CLUSTER_DAEMONS = ("etcd", "kube-apiserver", "kube-controller-manager")
NODE_DAEMONS = ("bird", "bird6", "confd", "calico-status", "calico-felix")


@dataclass(frozen=True)
class Host:
    """A host of the running lab; ``pid`` is its first process; of a switch ``ssh`` is its port on 127.0.0.1."""

    name: str
    kind: str
    rack: str | None
    pid: int
    ssh: int | None = None
    platform: str = ""

    @property
    def daemons(self) -> tuple[str, ...]:
        """What has to run on it."""
        return SOFTWARE[self.platform].daemons if self.platform else NODE_DAEMONS


@dataclass(frozen=True)
class State:
    """The running lab; ``digest`` is that of its plan, ``ready`` false while it comes up.

    ``calico_api`` is what it was started with; ``front`` the port of the front, 0 without one; ``native`` whether
    Calico's programs go through it, and so read v3.
    """

    holder: Process
    fabric: str
    digest: str = ""
    api: int = 0
    hosts: tuple[Host, ...] = ()
    ready: bool = False
    calico_api: str = CalicoApi.V1
    front: int = 0
    native: bool = False

    @property
    def cluster_daemons(self) -> tuple[str, ...]:
        """What has to run beside the hosts."""
        return (*_CLUSTER_DAEMONS, *([FRONT] if self.front else []))

    def save(self, file: Path) -> None:
        """Write the state so that a reader sees the old or the new one, never half of it."""
        new = file.with_name(file.name + ".new")
        new.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        new.replace(file)


def load_state(file: Path) -> State | None:
    """The state of the lab that runs now; None if none does, whatever an ended one has left in the file."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        hosts = tuple(Host(**host) for host in values.pop("hosts"))
        state = State(holder=Process(**values.pop("holder")), hosts=hosts, **values)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if state.holder.alive else None
