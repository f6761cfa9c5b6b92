"""The lab's hosts from the inside of the holder: their first processes, their daemons, the first mesh."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import TypeVar

from lab import mesh
from lab.api import CALICO_NODE_KUBECONFIG
from lab.daemons import Daemons, report
from lab.errors import LabError
from lab.paths import CONFD, PATH, SCRIPTS, SWITCHES, home_of
from lab.plan import Node, Plan, Switch
from lab.state import NODE_DAEMONS
from lab.switches import SOFTWARE

_MOST_EXITS = 5
"""A daemon that ended this often while the lab came up will not come up."""
_KRT_TUNNEL = re.compile(r'krt_tunnel = "[^"]*";')
"""An attribute that only Calico's own BIRD knows and Debian's refuses; empty for pools without encapsulation."""


_SECOND = 10**9
"""Nanoseconds."""
_STEP = 381_966_011
"""Of a second, by which each node that joins is ahead of the one before it: never in step with many."""
_PHASE = (sys.executable, "-P", str(Path(__file__).with_name("phase.py")))
"""Gives what comes after it a clock of its own; ``-P``, or it would import the lab's modules for Python's own."""

_Host = TypeVar("_Host", Switch, Node)


def confd_files(node: str, folder: Path) -> None:
    """What confd of a node has in ``/etc/calico/confd``, in a new folder: it writes BIRD's configuration beside it."""
    shutil.copytree(CONFD, folder)
    for template in (folder / "templates").glob("*.template"):
        template.write_text(_KRT_TUNNEL.sub("", template.read_text(encoding="utf-8")), encoding="utf-8")
    for toml in (folder / "conf.d").glob("*.toml"):
        toml.write_text(toml.read_text(encoding="utf-8").replace("NODENAME", node), encoding="utf-8")
    (folder / "config").mkdir(exist_ok=True)


@dataclass(frozen=True)
class Hosts:
    """Starting the hosts of a plan and waiting for them."""

    plan: Plan
    logs: Path
    daemons: Daemons

    def start_switches(self) -> None:
        """Start every switch and wait until all have their configuration; raises LabError."""
        for switch in self.plan.switches:
            software, home = SOFTWARE[switch.platform], home_of(switch.name)
            for mount in software.mounts:
                folder = below(home, mount)
                folder.mkdir(parents=True)
                shutil.chown(folder, software.owner, software.owner)
            for name, text in software.files(switch).items():
                file = below(home, name)
                file.write_text(text, encoding="utf-8")
                file.chmod(0o640)
                shutil.chown(file, software.owner, software.owner)
            self._start(switch, SWITCHES / software.script, software.environment)
        patience = 60.0

        def late(waiting: list[Switch]) -> str:
            what = f"not ready after {patience:.0f} s: {', '.join(host.name for host in waiting)}"
            return report(what, self.logs / waiting[0].name / f"{_daemons(waiting[0])[0]}.log")

        self._wait_for(self.plan.switches, lambda host: (home_of(host.name) / "ready").exists(), patience, late)

    def start_nodes(self, ahead_of: int = 0) -> None:
        """Start Calico on every node and wait until all are in full mesh with each other; raises LabError.

        ``ahead_of`` is the number of hosts before them: each has another clock.
        """
        for number, node in enumerate(self.plan.nodes):
            home = home_of(node.name)
            confd_files(node.name, home / "confd")
            (home / "calico").mkdir()
            (home / "bin").mkdir()
            shutil.copy(SCRIPTS / "sv", home / "bin" / "sv")
            environment = {"KUBECONFIG": str(CALICO_NODE_KUBECONFIG)}
            if not any(ip_interface(address).version == 4 for address in node.addresses):
                environment["CALICO_ROUTER_ID"] = "hash"
            ahead = (number * _SECOND // len(self.plan.nodes) + ahead_of * _STEP) % _SECOND
            self._start(node, SCRIPTS / "node.sh", environment, (*_PHASE, str(ahead)))
        patience = 60 + 3 * len(self.plan.nodes)
        self._wait_for(
            self.plan.nodes,
            lambda node: not mesh.missing(self.plan, node),
            patience,
            lambda waiting: mesh.report(self.plan, waiting, patience),
        )

    def _start(
        self, host: Switch | Node, script: Path, environment: Mapping[str, str], within: Sequence[str] = ()
    ) -> None:
        """Start the first process of a host; ``within`` is a command that becomes another."""
        home, logs = home_of(host.name), self.logs / host.name
        own = {"HOST": host.name, "RUN": str(home), "LOGS": str(logs), "PATH": PATH, "HOME": "/root"}
        namespaces = [
            "--mount",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--propagation",
            "private",
        ]
        command = ["nsenter", f"--net=/run/netns/{host.name}", *within, "unshare", *namespaces, str(script)]
        self.daemons.start(host.name, command, log=logs / "init.log", environment={**own, **environment})

    def _wait_for(
        self,
        hosts: Iterable[_Host],
        ready: Callable[[_Host], bool],
        patience: float,
        late: Callable[[list[_Host]], str],
    ) -> None:
        """Look until all are ready; ``late`` says of those that are not what they lack."""
        waiting = list(hosts)
        deadline = time.monotonic() + patience
        while waiting:
            self.daemons.check()
            self._check_exits(waiting)
            waiting = [host for host in waiting if not ready(host)]
            if waiting and time.monotonic() > deadline:
                raise LabError(late(waiting))
            time.sleep(0.1)

    def _check_exits(self, hosts: Iterable[Switch | Node]) -> None:
        for host in hosts:
            for name in _daemons(host):
                exits = home_of(host.name) / f"{name}.exits"
                if exits.exists() and len(lines := exits.read_text().splitlines()) >= _MOST_EXITS:
                    what = lines[-1].partition(" ")[2]
                    raise LabError(report(f"{host.name}: {name} {what}", self.logs / host.name / f"{name}.log"))


def below(home: Path, path: str) -> Path:
    """A host's own file of an absolute path."""
    return home / path.removeprefix("/")


def _daemons(host: Switch | Node) -> tuple[str, ...]:
    return SOFTWARE[host.platform].daemons if isinstance(host, Switch) else NODE_DAEMONS
