"""How Calico was installed in a cluster: its version, where calico-node runs, and who else decides on routes.

Sources: projectcalico/calico (node/pkg/lifecycle/startup/startup.go, design/cluster-route-programming/DESIGN.md) and
tigera/operator (api/v1/installation_types.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from lightkube import ApiError
from lightkube.generic_resource import create_global_resource
from lightkube.resources.apps_v1 import DaemonSet

from leafrack.addresses import Network
from leafrack.fabric import names
from leafrack.world.calico import DAEMON_SET, NODE, containers
from leafrack.world.connection import Connection

OPERATOR_GROUP = "operator.tigera.io"
"""API group of Calico's operator; without it no Installation is asked for."""
Installation = create_global_resource(OPERATOR_GROUP, "v1", "Installation", "installations")

FELIX = "FelixConfiguration default"
INSTALLATION = "Installation default"
AS_VARIABLE = "AS"
"""Variable of calico-node by which it gives its node an AS number at each start."""


@dataclass(frozen=True)
class Installed:
    """How Calico runs; ``version`` and ``namespace`` are empty where they are not known.

    ``environment`` are variables of calico-node, ``None`` for a value that comes from elsewhere (``valueFrom``).
    ``felix`` is the spec of FelixConfiguration ``default``, ``network`` that of the operator's Installation ``default``
    (``calicoNetwork``), ``None`` without an operator. ``unknown`` are those that may not be read.
    """

    version: str = ""
    namespace: str = ""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    felix: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] | None = None
    unknown: tuple[str, ...] = ()

    @classmethod
    def read(cls, connection: Connection, namespace: str | None = None) -> Installed:
        """Look at it, in ``namespace`` first; what may not be read is ``unknown``. Raises :class:`UnreadableError`."""
        look, calico = _Look(connection), connection.group.resources
        information = look.spec(calico.cluster_information, "default", "ClusterInformation default") or {}
        found, environment = "", dict[str, str | None]()
        for place in dict.fromkeys((namespace, *names.CALICO_NAMESPACES)):
            daemon_set = look.at(DaemonSet, NODE, DAEMON_SET, place) if place else None
            if place and daemon_set is not None:
                found, environment = place, dict(_environment(daemon_set))
                break
        felix = look.spec(calico.felix_configuration, "default", FELIX) or {}
        operator = any(group.get("name") == OPERATOR_GROUP for group in connection.document("/apis").get("groups", ()))
        installation = look.spec(Installation, "default", INSTALLATION) if operator else None
        return cls(
            version=str(information.get("calicoVersion") or ""),
            namespace=found,
            environment=environment,
            felix=felix,
            network=None if installation is None else installation.get("calicoNetwork") or {},
            unknown=tuple(dict.fromkeys(what for what in look.forbidden if not (found and what == DAEMON_SET))),
        )

    @property
    def named(self) -> str:
        """The version for a sentence, in brackets after a blank; empty where it is not known."""
        return f" (Calico {self.version})" if self.version else ""

    @property
    def encapsulated(self) -> Mapping[Network, str]:
        """Pools to which the operator gives an encapsulation, which it brings back when somebody takes it away."""
        found: dict[Network, str] = {}
        for pool in (self.network or {}).get("ipPools") or ():
            # What is no range, the operator has refused already.
            with suppress(ValueError):
                if (pool.get("encapsulation") or "None") != "None":
                    found[ip_network(str(pool.get("cidr")), strict=False)] = str(pool["encapsulation"])
        return found


class _Look:
    """Looks at single objects, and remembers which of them may not be read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.forbidden: list[str] = []

    def at(self, resource: Any, name: str, what: str, namespace: str | None = None) -> Mapping[str, Any] | None:
        """An object, ``None`` where there is none or it may not be read."""
        with self._connection.asking():
            try:
                found = self._connection.client.get(resource, name, namespace=namespace)
            except ApiError as error:
                if error.status.code == 403:
                    self.forbidden.append(what)
                elif error.status.code != 404:
                    raise
                return None
        read: Mapping[str, Any] = found.to_dict()
        return read

    def spec(self, resource: Any, name: str, what: str) -> Mapping[str, Any] | None:
        """The ``spec`` of an object of the cluster."""
        found = self.at(resource, name, what)
        return None if found is None else found.get("spec") or {}


def _environment(daemon_set: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for container in containers(daemon_set):
        if container.get("name") == NODE:
            for each in container.get("env") or ():
                yield each["name"], None if each.get("valueFrom") else each.get("value") or ""
