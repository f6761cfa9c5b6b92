"""What calico-node says of a node's sessions and routes, asked for with a CalicoNodeStatus a node.

calico-node fills it from the BIRD socket (projectcalico/calico: api/pkg/apis/projectcalico/v3/nodestatus.go). Its
documentation means it for a handful of nodes at a time, to be deleted afterwards.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.generic_resource import GenericGlobalResource
from lightkube.models.meta_v1 import ObjectMeta

from leafrack.addresses import network_of
from leafrack.fabric import names
from leafrack.platforms import SessionState
from leafrack.world.calico import Group
from leafrack.world.model import Report, ReportedSession

AT_ONCE = 10
"""Nodes that are asked at the same time, as the documentation of CalicoNodeStatus bounds it."""
STATUS_TIMEOUT = 15.0
"""Seconds for calico-node to fill a status for the first time; it does so every second."""
LEFT_OVER = timedelta(minutes=10)
"""Age of a request whose owner is certainly gone: nobody waits so long."""

_POLL = 0.25
_LABELS = {names.MANAGED_BY_LABEL: names.MANAGER}
_NAME = re.compile(r"leafrack-[0-9a-f]{8}-(?P<node>.+)")
_CALICO_METADATA = "projectcalico.org/metadata"


@dataclass(frozen=True)
class _Request:
    name: str
    until: float


def ask(client: Client, group: Group, nodes: Iterable[str], *, tables: Collection[str] = ()) -> dict[str, Report]:
    """What each node says of its sessions, and those of ``tables`` of their routes too, :data:`AT_ONCE` at a time.

    It is also the end of the requests of those who died over one.

    The next node is asked as soon as one has answered: those that are silent hold up nobody else.
    Errors are those of the client.
    """
    kind = group.resources.node_status
    waiting, asked, reports = deque(dict.fromkeys(nodes)), dict[str, _Request](), dict[str, Report]()
    swept = False
    try:
        while waiting or asked:
            now: datetime | None = None
            while waiting and len(asked) < AT_ONCE:
                node = waiting.popleft()
                now = _make(client, kind, node, ["BGP", "Routes"] if node in tables else ["BGP"], asked) or now
            if now is not None and not swept:
                swept = True
                sweep(client, group, now)
            time.sleep(_POLL)
            for node, request in list(asked.items()):
                report = _look(client, kind, node, request)
                if report is not None:
                    reports[node] = report
                    _end(client, kind, asked.pop(node))
    finally:
        for request in asked.values():
            _end(client, kind, request)
    return reports


def _make(
    client: Client,
    kind: type[GenericGlobalResource],
    node: str,
    classes: Sequence[str],
    asked: dict[str, _Request],
) -> datetime | None:
    """Ask a node; the time by the API server's clock."""
    name = f"leafrack-{secrets.token_hex(4)}-{node}"[:253]
    asked[node] = _Request(name, time.monotonic() + STATUS_TIMEOUT)
    created = client.create(
        kind(
            metadata=ObjectMeta(name=name, labels=dict(_LABELS)),
            spec={"node": node, "classes": list(classes), "updatePeriodSeconds": 1},
        )
    )
    return (created.metadata or ObjectMeta()).creationTimestamp


def _look(client: Client, kind: type[GenericGlobalResource], node: str, request: _Request) -> Report | None:
    """What a node has said by now; a failure where its time is over, ``None`` where it is not."""
    status = client.get(kind, request.name).get("status") or {}
    if status.get("lastUpdated"):
        return _report(node, status)
    if time.monotonic() < request.until:
        return None
    return Report(name=node, failure=f"calico-node on it has not reported its sessions within {STATUS_TIMEOUT:.0f} s")


def _end(client: Client, kind: type[GenericGlobalResource], request: _Request) -> None:
    with suppress(ApiError, httpx2.HTTPError):
        client.delete(kind, request.name)


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
            network_of(str(route["destination"]))
            for route in known
            if route.get("type") == "FIB" and route.get("destination")
        ),
    )


def _state(said: object) -> SessionState:
    """BIRD has one more than the RFC, on the way to Idle."""
    return SessionState.IDLE if said == "Close" else SessionState.of(said)
