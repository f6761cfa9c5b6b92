"""etcd, API server and controller manager on loopback, and the objects of a fresh Calico install in them."""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from lab.calico import CalicoApi, crds, native
from lab.cluster import CALICO_NODE_USER, NAMESPACE, objects
from lab.daemons import Daemons, report
from lab.errors import LabError
from lab.paths import CRDS, RBAC, RUN, Folder
from lab.plan import Plan
from lab.ports import Ports
from lab.state import FRONT

_HOME = RUN / "cluster"
_CERTS = _HOME / "certs"
_ADMIN = _HOME / "admin.kubeconfig"
CALICO_NODE_KUBECONFIG = _HOME / "calico-node.kubeconfig"
_PATIENCE = 60.0
"""Seconds for the API server and for the CRDs."""
_NO_SERVICES = "10.96.0.0/12"
"""IPv4 service range of the API server where the fabric file names none: it insists on one."""


@dataclass(frozen=True)
class ControlPlane:
    """The lab's control plane."""

    folder: Folder
    ports: Ports
    plan: Plan
    daemons: Daemons
    calico_api: CalicoApi = CalicoApi.V1

    @property
    def _url(self) -> str:
        return server_url(self.ports.api)

    @property
    def _calico_url(self) -> str:
        """Where Calico's programs ask, which know v1 only."""
        return server_url(self.ports.front) if self.calico_api is CalicoApi.V3 else self._url

    def start(self) -> None:
        """Start the daemons and wait for the API server; raises LabError when one of them ends."""
        _HOME.mkdir(mode=0o700, exist_ok=True)
        tokens = {user: secrets.token_hex(24) for user in ("admin", "leafrack", "calico-node")}
        rows = [
            f'{tokens["admin"]},admin,admin,"system:masters"',
            f'{tokens["leafrack"]},leafrack,leafrack,"leafrack"',
            f'{tokens["calico-node"]},{CALICO_NODE_USER},calico-node,"system:serviceaccounts,system:serviceaccounts:{NAMESPACE}"',
        ]
        _write_secret(_HOME / "tokens.csv", "\n".join(rows) + "\n")
        key = _HOME / "serviceaccounts.key"
        subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
        self._daemon("etcd", self._etcd())
        self._daemon("kube-apiserver", self._api_server(key))
        self._wait_until_ready()
        self._write_kubeconfigs(tokens)
        self._daemon("kube-controller-manager", self._controller_manager())
        if self.calico_api is not CalicoApi.V1:
            self._daemon(FRONT, self._front())

    def _daemon(self, name: str, command: Sequence[str]) -> None:
        self.daemons.start(name, command, log=self.folder.logs / f"{name}.log")

    def _etcd(self) -> Sequence[str]:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.ports.etcd, self.ports.etcd_peer))
        return [
            "etcd",
            f"--data-dir={_HOME / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            # The data lives in memory and ends with the lab.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server(self, key: Path) -> Sequence[str]:
        # One range a family, IPv4 first: the address that the server advertises is IPv4.
        ranges = {
            4: _NO_SERVICES,
            **{ip_network(cidr).version: cidr for cidr in reversed(self.plan.service_cidrs)},
        }
        services = ",".join(ranges.values())
        return [
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self.ports.etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.ports.api}",
            f"--cert-dir={_CERTS}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={_HOME / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={services}",
            "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none",
        ]

    def _controller_manager(self) -> Sequence[str]:
        return [
            "kube-controller-manager",
            f"--kubeconfig={_ADMIN}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports.controller_manager}",
            f"--cert-dir={_HOME / 'controller-manager'}",
            # Without garbage collection a foreground deletion, as Pulumi's, never ends.
            "--controllers=garbage-collector-controller,namespace-controller",
            "--leader-elect=false",
        ]

    def _front(self) -> Sequence[str]:
        certificate, key = (str(_CERTS / f"apiserver.{kind}") for kind in ("crt", "key"))
        return [sys.executable, "-m", "lab.front", self._url, str(self.ports.front), certificate, key]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        certificate = _CERTS / "apiserver.crt"
        while time.monotonic() < deadline:
            self.daemons.check()
            if certificate.exists():
                try:
                    context = ssl.create_default_context(cafile=str(certificate))
                    with urllib.request.urlopen(f"{self._url}/readyz", context=context, timeout=2):  # noqa: S310 - https
                        return
                except (OSError, ssl.SSLError, urllib.error.URLError):
                    pass
            time.sleep(0.05)
        what = f"kube-apiserver is not ready after {_PATIENCE:.0f} s"
        raise LabError(report(what, self.folder.logs / "kube-apiserver.log"))

    def _write_kubeconfigs(self, tokens: dict[str, str]) -> None:
        _write_secret(_ADMIN, self._kubeconfig({"admin": tokens["admin"]}))
        _write_secret(
            CALICO_NODE_KUBECONFIG, self._kubeconfig({"calico-node": tokens["calico-node"]}, self._calico_url)
        )
        users = {name: tokens[name] for name in ("admin", "leafrack")}
        _write_secret(self.folder.kubeconfig, self._kubeconfig(users))

    def _kubeconfig(self, tokens: dict[str, str], server: str = "") -> str:
        """Contexts named like their users; the first one is current."""
        authority = b64encode((_CERTS / "apiserver.crt").read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "lab", "cluster": {"server": server or self._url, "certificate-authority-data": authority}}
            ],
            "users": [{"name": name, "user": {"token": token}} for name, token in tokens.items()],
            "contexts": [{"name": name, "context": {"cluster": "lab", "user": name}} for name in tokens],
            "current-context": next(iter(tokens)),
        }
        return yaml.safe_dump(config, sort_keys=False)

    def install(self) -> None:
        """Calico's CRDs, the deployer's role, nodes and blocks; raises LabError with kubectl's words."""
        if self.calico_api is CalicoApi.V3:
            made = {"apiVersion": "v1", "kind": "List", "items": native(crds(CRDS))}
            self._kubectl("apply", "--server-side", "-f", "-", "-f", str(RBAC), text=json.dumps(made))
        else:
            self._kubectl("apply", "--server-side", "-f", str(CRDS), "-f", str(RBAC))
        self._kubectl("wait", "--for=condition=Established", "crd", "--all", f"--timeout={_PATIENCE:.0f}s")
        items: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": objects(self.plan, self.calico_api)}
        self._kubectl("apply", "--server-side", "-f", "-", text=json.dumps(items))

    def _kubectl(self, *arguments: str, text: str | None = None) -> None:
        command = ["kubectl", "--kubeconfig", str(_ADMIN), "--cache-dir", str(_HOME / "cache"), *arguments]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode:
            self.daemons.check()
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")


def server_url(port: int) -> str:
    """Address of the API server, and of the front, which has its certificate."""
    return f"https://127.0.0.1:{port}"


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
