"""The lab's hosts from the inside of the holder: their first processes, their daemons, the first mesh."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import TypeVar

from lab import mesh
from lab.api import CALICO_NODE_KUBECONFIG
from lab.daemons import Daemons, report
from lab.errors import LabError
from lab.frr import VTYSH, base_config
from lab.paths import CONFD, PATH, SCRIPTS, home_of
from lab.plan import Node, Plan, Switch
from lab.state import NODE_DAEMONS, SWITCH_DAEMONS

_MOST_EXITS = 5
"""A daemon that ended this often while the lab came up will not come up."""
_KRT_TUNNEL = re.compile(r'krt_tunnel = "[^"]*";')
"""An attribute that only Calico's own BIRD knows and Debian's refuses; empty for pools without encapsulation."""


_Host = TypeVar("_Host", Switch, Node)


@dataclass(frozen=True)
class Hosts:
    """Starting the hosts of a plan and waiting for them."""

    plan: Plan
    logs: Path
    daemons: Daemons

    def start_switches(self) -> None:
        """Start FRR on every switch and wait until all have their configuration; raises LabError."""
        for switch in self.plan.switches:
            home = home_of(switch.name)
            for folder in (home / "frr-etc", home / "frr-run"):
                folder.mkdir(parents=True)
                shutil.chown(folder, "frr", "frr")
            (home / "frr-etc" / "frr.conf").write_text(base_config(switch), encoding="utf-8")
            (home / "frr-etc" / "vtysh.conf").write_text(VTYSH, encoding="utf-8")
            for file in (home / "frr-etc").iterdir():
                shutil.chown(file, "frr", "frr")
            self._start(switch, "switch.sh")
        patience = 60.0

        def late(waiting: list[Switch]) -> str:
            what = f"not ready after {patience:.0f} s: {', '.join(host.name for host in waiting)}"
            return report(what, self.logs / waiting[0].name / f"{SWITCH_DAEMONS[1]}.log")

        self._wait_for(
            self.plan.switches,
            SWITCH_DAEMONS,
            lambda host: (home_of(host.name) / "ready").exists(),
            patience,
            late,
        )

    def start_nodes(self) -> None:
        """Start Calico on every node and wait until all are in full mesh; raises LabError."""
        for node in self.plan.nodes:
            home = home_of(node.name)
            shutil.copytree(CONFD, home / "confd")
            for template in (home / "confd" / "templates").glob("*.template"):
                template.write_text(_KRT_TUNNEL.sub("", template.read_text(encoding="utf-8")), encoding="utf-8")
            for toml in (home / "confd" / "conf.d").glob("*.toml"):
                toml.write_text(toml.read_text(encoding="utf-8").replace("NODENAME", node.name), encoding="utf-8")
            (home / "confd" / "config").mkdir(exist_ok=True)
            (home / "calico").mkdir()
            (home / "bin").mkdir()
            shutil.copy(SCRIPTS / "sv", home / "bin" / "sv")
            environment = {"KUBECONFIG": str(CALICO_NODE_KUBECONFIG)}
            if not any(ip_interface(address).version == 4 for address in node.addresses):
                environment["CALICO_ROUTER_ID"] = "hash"
            self._start(node, "node.sh", environment)
        patience = 60 + 3 * len(self.plan.nodes)
        self._wait_for(
            self.plan.nodes,
            NODE_DAEMONS,
            lambda node: not mesh.missing(self.plan, node),
            patience,
            lambda waiting: mesh.report(self.plan, waiting, patience),
        )

    def _start(self, host: Switch | Node, script: str, environment: dict[str, str] | None = None) -> None:
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
        command = ["nsenter", f"--net=/run/netns/{host.name}", "unshare", *namespaces, str(SCRIPTS / script)]
        self.daemons.start(host.name, command, log=logs / "init.log", environment={**own, **(environment or {})})

    def _wait_for(
        self,
        hosts: Iterable[_Host],
        daemons: tuple[str, ...],
        ready: Callable[[_Host], bool],
        patience: float,
        late: Callable[[list[_Host]], str],
    ) -> None:
        """Look until all are ready; ``late`` says of those that are not what they lack."""
        waiting = list(hosts)
        deadline = time.monotonic() + patience
        while waiting:
            self.daemons.check()
            self._check_exits(waiting, daemons)
            waiting = [host for host in waiting if not ready(host)]
            if waiting and time.monotonic() > deadline:
                raise LabError(late(waiting))
            time.sleep(0.1)

    def _check_exits(self, hosts: Iterable[Switch | Node], daemons: tuple[str, ...]) -> None:
        for host in hosts:
            for name in daemons:
                exits = home_of(host.name) / f"{name}.exits"
                if exits.exists() and len(lines := exits.read_text().splitlines()) >= _MOST_EXITS:
                    what = lines[-1].partition(" ")[2]
                    raise LabError(report(f"{host.name}: {name} {what}", self.logs / host.name / f"{name}.log"))
