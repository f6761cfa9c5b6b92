"""Calico's migration to native v3 in the middle of a lab's life, as its kube-controllers make it.

Facts of it, from kube-controllers/pkg/controllers/migration: v1 is locked (``datastoreReady: false`` of its
ClusterInformation) and stays so; what is made in v3 carries an annotation, keeps labels, annotations and owners, and
belongs to the field manager ``kube-controllers``; where v3 has an object with another spec, the migration waits; v1's
CRDs go when the migration's own object is deleted; until Calico's programs read v3 it can be given up.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from lab.api import CALICO_NODE_KUBECONFIG, server_url
from lab.calico import V1_GROUP, V3, V3_GROUP, CalicoApi, Object, crds, native
from lab.control import locked, running_lab, say
from lab.errors import LabError
from lab.health import dead_daemons, seen_from_outside
from lab.identity import Process
from lab.paths import CRDS, RUN, TOOLS, Folder, home_of
from lab.state import State
from lab.translation import to_v3

_MANAGER = "kube-controllers"
_MIGRATED_BY = "migration.projectcalico.org/migrated-by"
_MIGRATION = "00000000-0000-4000-8000-000000000000"
"""Stands for the uid of the migration's own object, which a lab has not."""
_INFORMATION = "ClusterInformation"
_BY_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_PROGRAMS = ("confd", "calico-status")
"""What of a node talks to the API server. BIRD does not, and goes on: its sessions do not notice."""
_PATIENCE = 60.0
"""Seconds for programs to come back, and for CRDs to come and go."""


def begin(folder: Folder) -> None:
    """Lock v1, copy all to v3, and let Calico's programs read that: both are served. Raises LabError.

    Where v3 has something else already, v1 stays locked and nothing is switched; call it again when they agree.
    """
    with locked(folder):
        running = _migrating(folder)
        if running.native:
            raise LabError("Calico's programs read v3 already: run 'python -m lab migrate-calico end', or abort")
        kubectl = _Kubectl(folder, running)
        begun = time.monotonic()
        kubectl("apply", "--server-side", "-f", "-", objects=_native_crds())
        kubectl("wait", "--for=condition=Established", "crd", *_names(V3_GROUP), f"--timeout={_PATIENCE:.0f}s")
        _set_ready(kubectl, V1_GROUP, ready=False)
        say("  v1 is locked")
        say(f"  {_copy(kubectl)} objects copied to v3")
        _set_ready(kubectl, V3_GROUP, ready=True)
        _switch(folder, running, native=True)
        say(f"both are served, Calico's programs read v3, after {time.monotonic() - begun:.1f} s")


def end(folder: Folder) -> None:
    """Delete v1 with all that is in it. Raises LabError."""
    with locked(folder):
        running = _migrating(folder)
        if not running.native:
            raise LabError("Calico's programs read v1: run 'python -m lab migrate-calico begin' first")
        kubectl = _Kubectl(folder, running)
        _refuse_ended(kubectl)
        kubectl("delete", "crd", *_names(V1_GROUP), f"--timeout={_PATIENCE:.0f}s")
        _until("v1 is still served", lambda: V1_GROUP not in kubectl.groups())
        say("v1 is gone")


def abort(folder: Folder) -> None:
    """Let Calico's programs read v1 again, unlocked, and delete what was copied; v3's CRDs stay. Raises LabError.

    What was written to v3 in between is lost. Calico itself gives up only as long as its programs read v1.
    """
    with locked(folder):
        running = _migrating(folder)
        kubectl = _Kubectl(folder, running)
        _refuse_ended(kubectl)
        _set_ready(kubectl, V1_GROUP, ready=True)
        if running.native:
            _switch(folder, running, native=False)
        if V3_GROUP in kubectl.groups():
            copied = [each for each in kubectl.listed(V3_GROUP) if _MIGRATED_BY in _annotations(each)]
            kubectl("delete", "-f", "-", "--ignore-not-found", objects=copied)
        say("Calico's programs read v1, which is not locked any more")


_Key = tuple[str, str, str]


@dataclass(frozen=True)
class _Kubectl:
    """kubectl as the lab's admin, with the lab's own cache; raises LabError with its words."""

    folder: Folder
    running: State

    def __call__(self, *arguments: str, objects: Iterable[Object] | None = None) -> str:
        text = None
        if objects is not None:
            items = list(objects)
            if not items:
                return ""
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        cache = seen_from_outside(self.running, RUN / "cluster" / "cache")
        options = [f"--kubeconfig={self.folder.kubeconfig}", "--context=admin", f"--cache-dir={cache}"]
        command = [str(TOOLS / "kubectl"), *options, *arguments]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode:
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def groups(self) -> set[str]:
        """Groups that are served."""
        return {group["name"] for group in json.loads(self("get", "--raw", "/apis"))["groups"]}

    def listed(self, group: str) -> list[Object]:
        """All of Calico's objects in a group."""
        return list(json.loads(self("get", ",".join(_names(group)), "-A", "-o", "json"))["items"])


def _migrating(folder: Folder) -> State:
    running = running_lab(folder)
    if running.calico_api != CalicoApi.MIGRATING:
        raise LabError("only a lab that was started with --calico-api migrating can migrate")
    return running


def _refuse_ended(kubectl: _Kubectl) -> None:
    if V1_GROUP not in kubectl.groups():
        raise LabError("the migration has ended: there is no v1 any more")


def _native_crds() -> list[Object]:
    return [crd for crd in native(crds(CRDS)) if crd["spec"]["group"] == V3_GROUP]


def _names(group: str) -> list[str]:
    """Calico's resources in a group by their full names, which are those of the CRDs too."""
    return [f"{crd['spec']['names']['plural']}.{group}" for crd in _native_crds()]


def _set_ready(kubectl: _Kubectl, group: str, *, ready: bool) -> None:
    patch = json.dumps({"spec": {"datastoreReady": ready}})
    what = (f"clusterinformations.{group}", "default", "--type=merge", "-p", patch)
    kubectl("patch", *what, f"--field-manager={_MANAGER}")


def _copy(kubectl: _Kubectl) -> int:
    """Make in v3 what is in v1; returns how many were made. Raises LabError where v3 has something else."""
    there = {_key(each): each for each in kubectl.listed(V3_GROUP)}
    wanted = {_key(each): each for each in map(to_v3, kubectl.listed(V1_GROUP))}
    other = [key for key, each in wanted.items() if key in there and each.get("spec") != there[key].get("spec")]
    if named := sorted("/".join(filter(None, key)) for key in other if key[0] != _INFORMATION):
        raise LabError(
            f"v1 is locked, and v3 has with another spec: {', '.join(named)}; make them agree and run "
            "'python -m lab migrate-calico begin' again, or abort"
        )
    new = {key: each for key, each in wanted.items() if key not in there}
    free = [each for each in new.values() if not _owners(each)]
    kubectl("create", f"--field-manager={_MANAGER}", "-f", "-", objects=map(_made, free))
    uids = {each["metadata"]["uid"]: key for key, each in wanted.items()}
    now: dict[_Key, str] = {_key(each): each["metadata"]["uid"] for each in kubectl.listed(V3_GROUP)}
    owned = [each for each in new.values() if _owners(each)]
    for owner in (owner for each in owned for owner in _owners(each)):
        if key := uids.get(owner["uid"]):
            owner["uid"] = now.get(key, owner["uid"])
    kubectl("create", f"--field-manager={_MANAGER}", "-f", "-", objects=map(_made, owned))
    return len(new)


def _key(each: Object) -> _Key:
    metadata = each["metadata"]
    return each["kind"], metadata.get("namespace", ""), metadata["name"]


def _annotations(each: Object) -> Mapping[str, str]:
    return each["metadata"].get("annotations") or {}


def _owners(each: Object) -> list[dict[str, Any]]:
    """Owners that are Calico's own objects, which have another uid in v3."""
    return [owner for owner in each["metadata"].get("ownerReferences") or () if owner["apiVersion"] == V3]


def _made(each: Object) -> Object:
    """An object as the migration makes it."""
    metadata = {key: value for key, value in each["metadata"].items() if key not in _BY_THE_SERVER}
    return {**each, "metadata": {**metadata, "annotations": {**_annotations(each), _MIGRATED_BY: _MIGRATION}}}


def _switch(folder: Folder, running: State, *, native: bool) -> None:
    """Let the programs of every node ask the front or the API server, from a new start on."""
    file = seen_from_outside(running, CALICO_NODE_KUBECONFIG)
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = server_url(running.front if native else running.api)
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    before = dict(_programs(running))
    for pid in before.values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    def back() -> bool:
        now = dict(_programs(running))
        return all(now.get(file) not in (None, pid) for file, pid in before.items()) and not any(
            dead_daemons(running).values()
        )

    _until("confd and calico-status have not come back on every node", back)
    replace(running, native=native).save(folder.state)


def _programs(running: State) -> Iterator[tuple[Path, int]]:
    """Processes of the programs that run, by the file that says so."""
    for node in (host for host in running.hosts if host.kind == "node"):
        for name in _PROGRAMS:
            file = seen_from_outside(running, home_of(node.name) / f"{name}.pid")
            with suppress(OSError, ValueError):
                pid = int(file.read_text(encoding="utf-8"))
                first = Process.of(node.pid)
                if first and first.shares_pid_namespace(pid):
                    yield file, pid


def _until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise LabError(f"{what} after {_PATIENCE:.0f} s")
        time.sleep(0.1)
