"""``up``, ``down`` and ``exec``: what the command line does from outside of the lab's namespaces."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from lab.calico import CalicoApi
from lab.errors import LabError
from lab.health import dead_daemons
from lab.identity import Process
from lab.paths import CLONE, FOLDER_VARIABLE, PATH, Folder, missing_programs
from lab.plan import plan_of
from lab.state import State, load_state
from leafrack.fabric.load import load_fabric

_END_PATIENCE = 30.0
"""Seconds for the kernel to end a lab whose holder was killed."""


def up(folder: Folder, fabric: Path, calico_api: CalicoApi = CalicoApi.V1) -> None:
    """Bring the lab up for a fabric file, or say that it is; raises LabError, and then leaves nothing behind."""
    plan = plan_of(load_fabric(fabric))
    with locked(folder):
        running = load_state(folder.state)
        if running and running.ready:
            _refuse_other_fabric(running, plan.digest, fabric)
            _refuse_other_api(running, calico_api)
            _refuse_dead(running)
            say(f"lab is up: {len(plan.switches)} switches, {len(plan.nodes)} nodes, fabric {running.fabric}")
            return
        if missing := missing_programs():
            raise LabError("\n".join(missing))
        if running:
            _end(running)
        _clear_logs(folder)
        # The lab before this one may have had Calico's other API on the same port.
        shutil.rmtree(folder.kubectl_cache, ignore_errors=True)
        begun = time.monotonic()
        _start_holder(folder, fabric.resolve(), calico_api)
        _hand_over(folder)
        say(f"lab is up after {time.monotonic() - begun:.1f} s")


def down(folder: Folder) -> None:
    """End the lab and wait until nothing of it is left; does nothing if none runs."""
    if not folder.root.is_dir():
        say("lab is down")
        return
    with locked(folder):
        running = load_state(folder.state)
        begun = time.monotonic()
        if running:
            _end(running)
        folder.state.unlink(missing_ok=True)
        say(f"lab ended after {time.monotonic() - begun:.1f} s" if running else "lab is down")


def enter(folder: Folder, name: str, command: Sequence[str]) -> NoReturn:
    """Become a command in all namespaces of a host, on this terminal; its exit code is ours."""
    running = running_lab(folder)
    host = next((host for host in running.hosts if host.name == name), None)
    if host is None:
        names = ", ".join(host.name for host in running.hosts)
        raise LabError(f"no host '{name}' in this lab; it has {names}")
    if not Process.of(host.pid):
        raise LabError(f"{name} has ended: run 'python -m lab down', then 'python -m lab up'")
    os.execvp("nsenter", [*inside(host.pid), *command])


def inside(pid: int) -> list[str]:
    """Words that run what comes after them in all namespaces of the host with this process."""
    return ["nsenter", "-t", str(pid), "-n", "-m", "-u", "-p", "--", "env", f"PATH={PATH}"]


def running_lab(folder: Folder) -> State:
    """The lab of this folder; raises LabError if it is not up."""
    running = load_state(folder.state)
    if running is None or not running.ready:
        raise LabError("the lab is not up: run 'python -m lab up'")
    return running


def _refuse_other_fabric(running: State, digest: str, fabric: Path) -> None:
    if running.digest != digest:
        msg = (
            f"the lab is up with another fabric: {running.fabric} as it was then, not {fabric} as it is now; "
            "run 'python -m lab down' first"
        )
        raise LabError(msg)


def _refuse_other_api(running: State, calico_api: CalicoApi) -> None:
    if running.calico_api != calico_api:
        msg = f"the lab is up with --calico-api {running.calico_api}, not {calico_api}; run 'python -m lab down' first"
        raise LabError(msg)


def _refuse_dead(running: State) -> None:
    dead = [f"{name} ({' '.join(daemons)})" for name, daemons in dead_daemons(running).items() if daemons]
    if dead:
        raise LabError(f"the lab is up, but dead: {', '.join(dead)}; run 'python -m lab down', then up again")


def _start_holder(folder: Folder, fabric: Path, calico_api: CalicoApi) -> None:
    """Start the holder and show its steps; ends it again if it does not get ready, or on Ctrl-C."""
    namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    with (folder.logs / "holder.log").open("ab") as errors:
        process = subprocess.Popen(
            ["unshare", *namespaces, "--", sys.executable, "-m", "lab.holder", str(fabric), calico_api],
            cwd=CLONE,
            env=holder_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    ready = False
    try:
        problem = None
        for line in process.stdout or ():
            event = json.loads(line)
            if "step" in event:
                say(f"  {event['step']}" + (f": {event['seconds']} s" if "seconds" in event else " …"))
            problem = event.get("error", problem)
            if ready := bool(event.get("ready")):
                return
        raise LabError(problem or f"the lab's holder ended; see {folder.logs / 'holder.log'}")
    finally:
        if not ready:
            process.kill()
            process.wait()
            # The holder is the child of the process above, and the kernel ends it with that one.
            if left := load_state(folder.state):
                _end(left)
            folder.state.unlink(missing_ok=True)


def holder_environment(folder: Folder) -> dict[str, str]:
    """Nothing of the caller's own: daemons have no use for its proxies and secrets.

    With ``GOGC`` the API server starts in three quarters of the processor's time, and keeps more memory.
    """
    return {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "GOGC": "300", FOLDER_VARIABLE: str(folder.root)}


def _end(running: State) -> None:
    """Kill the holder; the kernel ends everything in its pid namespace before the holder itself is gone."""
    try:
        os.kill(running.holder.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + _END_PATIENCE
    while running.holder.alive:
        if time.monotonic() > deadline:
            raise LabError(f"the lab's holder, process {running.holder.pid}, does not end")
        time.sleep(0.02)


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """One ``up`` or ``down`` at a time; a second one waits and says so."""
    folder.root.mkdir(mode=0o755, parents=True, exist_ok=True)
    with folder.lock.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another 'python -m lab' at work in this folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _clear_logs(folder: Folder) -> None:
    shutil.rmtree(folder.logs, ignore_errors=True)
    folder.logs.mkdir()


def _hand_over(folder: Folder) -> None:
    """Give the files to the user behind sudo, whose own shell is to use the keys and the kubeconfig."""
    user, group = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if user and group:
        for path in (folder.root, *folder.root.rglob("*")):
            os.chown(path, int(user), int(group), follow_symlinks=False)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)
