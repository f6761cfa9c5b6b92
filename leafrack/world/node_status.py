"""What calico-node says of a node's sessions and routes, asked for with a CalicoNodeStatus a node.

calico-node fills it from the BIRD socket (projectcalico/calico: api/pkg/apis/projectcalico/v3/nodestatus.go). Its
documentation means it for a handful of nodes at a time, to be deleted afterwards.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.generic_resource import GenericGlobalResource
from lightkube.models.meta_v1 import ObjectMeta

from leafrack.fabric import names
from leafrack.platforms import SessionState
from leafrack.world.calico import Group
from leafrack.world.model import Report, ReportedSession

STATUS_TIMEOUT = 15.0
"""Seconds for calico-node to fill a status for the first time; it does so every second."""
LEFT_OVER = timedelta(minutes=10)
"""Age of a request whose owner is certainly gone: nobody waits so long."""

_LABELS = {names.MANAGED_BY_LABEL: names.MANAGER}
_NAME = re.compile(r"leafrack-[0-9a-f]{8}-(?P<node>.+)")
_CALICO_METADATA = "projectcalico.org/metadata"


def ask(client: Client, group: Group, nodes: Sequence[str]) -> dict[str, Report]:
    """What each of a few nodes says, and the end of the requests of those who died over one.

    Errors are those of the client.
    """
    kind = group.resources.node_status
    made = {node: f"leafrack-{secrets.token_hex(4)}-{node}"[:253] for node in nodes}
    now: datetime | None = None
    try:
        for node, name in made.items():
            created = client.create(
                kind(
                    metadata=ObjectMeta(name=name, labels=dict(_LABELS)),
                    spec={"node": node, "classes": ["BGP", "Routes"], "updatePeriodSeconds": 1},
                )
            )
            now = (created.metadata or ObjectMeta()).creationTimestamp or now
        if now is not None:
            sweep(client, group, now)
        return _filled(client, kind, made)
    finally:
        for name in made.values():
            with suppress(ApiError, httpx2.HTTPError):
                client.delete(kind, name)


def sweep(client: Client, group: Group, now: datetime) -> None:
    """Delete leafrack's requests that are too old to have an owner.

    ``now`` is the time by the API server's clock, which ages are counted by: with one of this machine that is ahead,
    the requests of others that are at work would go.
    """
    oldest = now - LEFT_OVER
    kind = group.resources.node_status
    for status in client.list(kind):
        metadata = status.metadata or ObjectMeta()
        created = metadata.creationTimestamp
        if metadata.name and created is not None and created < oldest and is_ours(status):
            try:
                client.delete(kind, metadata.name)
            except ApiError as error:
                # Somebody else looks at the cluster too, and was first.
                if error.status.code != httpx2.codes.NOT_FOUND:
                    raise


def is_ours(status: GenericGlobalResource) -> bool:
    """Whether a CalicoNodeStatus was made by :func:`ask`: by its name, its node and the label that it was made with.

    The label alone is not enough to find it: calico-node writes the whole object when it fills it, and keeps labels
    in an annotation then (libcalico-go/lib/backend/k8s/resources/resources.go, ConvertCalicoResourceToK8sResource).
    """
    metadata = status.metadata or ObjectMeta()
    named = _NAME.fullmatch(metadata.name or "")
    node = (status.get("spec") or {}).get("node") or ""
    if named is None or not node.startswith(named["node"]):
        return False
    try:
        kept = json.loads((metadata.annotations or {}).get(_CALICO_METADATA) or "{}").get("labels") or {}
        given = {**kept, **(metadata.labels or {})}
    except (ValueError, AttributeError, TypeError):
        return False
    return _LABELS.items() <= given.items()


def _filled(client: Client, kind: type[GenericGlobalResource], made: Mapping[str, str]) -> dict[str, Report]:
    until, reports = time.monotonic() + STATUS_TIMEOUT, dict[str, Report]()
    while len(reports) < len(made) and time.monotonic() < until:
        time.sleep(0.25)
        for node in set(made) - set(reports):
            status = client.get(kind, made[node]).get("status") or {}
            if status.get("lastUpdated"):
                reports[node] = _report(node, status)
    silent = f"calico-node on it has not reported its sessions within {STATUS_TIMEOUT:.0f} s"
    return {node: reports.get(node, Report(name=node, failure=silent)) for node in made}


def _report(node: str, status: Mapping[str, Any]) -> Report:
    bgp, routes = status.get("bgp") or {}, status.get("routes") or {}
    peers = [*(bgp.get("peersV4") or ()), *(bgp.get("peersV6") or ())]
    known = [*(routes.get("routesV4") or ()), *(routes.get("routesV6") or ())]
    return Report(
        name=node,
        sessions=tuple(
            ReportedSession(reporter=node, peer=ip_address(peer["peerIP"]), state=_state(peer.get("state")))
            for peer in peers
            if peer.get("peerIP")
        ),
        routes=frozenset(
            ip_network(route["destination"], strict=False)
            for route in known
            if route.get("type") == "FIB" and route.get("destination")
        ),
    )


def _state(said: object) -> SessionState:
    """BIRD has one more than the RFC, on the way to Idle."""
    return SessionState.IDLE if said == "Close" else SessionState.of(said)
