"""The lab's one holder process: first of a pid namespace, with private mounts; all else ends with it.

Started by ``lab up`` through unshare; tells it of each step in a JSON line on standard output until the lab is
ready.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from lab import network, sshd
from lab.api import ControlPlane
from lab.calico import CalicoApi
from lab.daemons import Daemons
from lab.errors import LabError
from lab.hosts import Hosts
from lab.identity import Process
from lab.paths import HOST_NET, HOST_PROC, PATH, RUN, Folder, home_of
from lab.plan import Plan, plan_of
from lab.ports import Claim, claim
from lab.state import Host, State
from lab.switches import SOFTWARE
from leafrack.errors import FabricError
from leafrack.fabric.load import load_fabric


def main(fabric: str, calico_api: str) -> None:
    """Build the lab for a fabric file and hold it until a signal comes; ``calico_api`` is a :class:`CalicoApi`."""
    # The first process of a pid namespace ignores signals that it does not handle.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    os.environ["PATH"] = PATH
    try:
        folder = Folder.of_environment()
        state = State(Process.own(), fabric, calico_api=calico_api)
        state.save(folder.state)
        private_mounts()
        claimed, control_plane = _build(folder, state, plan_of(load_fabric(fabric)))
    except (LabError, FabricError) as error:
        _say(error=str(error))
        os._exit(1)
    except (OSError, subprocess.SubprocessError) as error:
        _say(error=f"{type(error).__name__}: {error}")
        os._exit(1)
    _say(ready=True, ports=claimed.ports.base)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _reap(control_plane)


def _build(folder: Folder, state: State, plan: Plan) -> tuple[Claim, Daemons]:
    """Build everything; the claim on the ports has to outlive the lab, the control plane's daemons are kept running."""
    claimed = claim(folder.root, folder.ports)
    ssh_ports = claimed.ports.ssh(plan)
    api = CalicoApi(state.calico_api)
    cluster = ControlPlane(folder, claimed.ports, plan, Daemons(RUN / "cluster"), api)
    hosts = Hosts(plan, folder.logs, Daemons(RUN / "inits"))
    listeners = sshd.Listeners(ssh_ports)
    for host in plan.hosts:
        home_of(host.name).mkdir(parents=True)

    def control_plane() -> None:
        with _step("API server"):
            cluster.start()
        with _step("CRDs, nodes, pod blocks"):
            cluster.install()

    def switches() -> None:
        with _step(f"{len(plan.switches)} switches"):
            keys = sshd.make_keys(folder, plan)
            sshd.write_client_files(folder, plan, ssh_ports, keys)
            sshd.write_sshd_files(folder, plan)
            network.build(plan)
            hosts.start_switches()

    _at_once(control_plane, switches)
    with _step(f"{len(plan.nodes)} nodes in full mesh"):
        hosts.start_nodes()
    cluster.daemons.check()
    pids = {host.name: hosts.daemons.child(host.name) for host in plan.hosts}
    answering = [switch.name for switch in plan.switches if SOFTWARE[switch.platform].answers]
    listeners.serve(pids, folder.logs, answering)
    folder.fabric.write_text(f"{state.fabric}\n", encoding="utf-8")
    entries = tuple(
        Host(host.name, host.kind, host.rack, _host_pid(host.name), ssh_ports.get(host.name), host.platform)
        for host in plan.hosts
    )
    front = 0 if api is CalicoApi.V1 else claimed.ports.front
    replace(
        state,
        digest=plan.digest,
        api=claimed.ports.api,
        hosts=entries,
        ready=True,
        front=front,
        native=api is CalicoApi.V3,
    ).save(folder.state)
    return claimed, cluster.daemons


def _host_pid(host: str) -> int:
    return int((home_of(host) / "init.pid").read_text(encoding="utf-8"))


def _at_once(*parts: Callable[[], None]) -> None:
    """Run the parts side by side; the first failure is raised at once, whatever the others are doing."""
    pool = ThreadPoolExecutor(len(parts))
    futures = [pool.submit(part) for part in parts]
    for future in wait(futures, return_when=FIRST_EXCEPTION).done:
        future.result()


def private_mounts() -> None:
    """Mounts that end with this process; unshare has made all mounts private to it."""
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    HOST_PROC.mkdir()
    _mount("--bind", "/proc", str(HOST_PROC))
    _mount("-t", "proc", "proc", "/proc")
    HOST_NET.touch()
    _mount("--bind", "/proc/self/ns/net", str(HOST_NET))
    # Folders that the hosts need below /etc and that this machine may not have, without leaving them there.
    upper, work = RUN / "etc" / "upper", RUN / "etc" / "work"
    for folder in (upper, work):
        folder.mkdir(parents=True)
    _mount("-t", "overlay", "overlay", "-o", f"lowerdir=/etc,upperdir={upper},workdir={work}", "/etc")
    mounts = (mount for software in SOFTWARE.values() for mount in software.mounts)
    for name in ("/etc/calico/confd", "/run/calico", *mounts):
        Path(name).mkdir(parents=True, exist_ok=True)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")


def _reap(control_plane: Daemons) -> NoReturn:
    """Wait for children for ever: sshd's of every login, what their ended parents have left, and the control plane's.

    A daemon of the control plane that ends is started again, as a kubelet does it.
    """
    while True:
        try:
            control_plane.again(os.waitpid(-1, 0)[0])
        except ChildProcessError:
            time.sleep(1)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Tell ``up`` of the beginning of a step, and of its end with the seconds that it took."""
    begun = time.monotonic()
    _say(step=name)
    yield
    _say(step=name, seconds=round(time.monotonic() - begun, 1))


def _say(**values: object) -> None:
    try:
        print(json.dumps(values), flush=True)
    except BrokenPipeError:
        # ``up`` is gone and nobody knows of this lab.
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
