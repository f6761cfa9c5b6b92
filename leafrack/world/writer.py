"""Writing to the cluster: fields under a field manager, and the requests for a node's status."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from lightkube.core.resource import GlobalResource, NamespacedResource, api_info
from lightkube.types import PatchType

from leafrack.world import node_status
from leafrack.world.connection import Connection
from leafrack.world.model import Report


class ClusterWriter:
    """Everything that leafrack's own commands change in a cluster, over a :class:`Connection`.

    Every method raises :class:`UnreadableError` as the connection does.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client

    def apply(
        self,
        resource: type[GlobalResource | NamespacedResource],
        name: str,
        content: Mapping[str, Any],
        *,
        manager: str,
        namespace: str | None = None,
    ) -> None:
        """Make ``content`` all that a field manager owns of an object; what it owned beside that, it gives up.

        A field that somebody else has set to another value is taken over.
        """
        what = api_info(resource).resource
        content = {"apiVersion": what.api_version, "kind": what.kind, **content}
        self._patch(
            resource, name, content, namespace=namespace, patch_type=PatchType.APPLY, field_manager=manager, force=True
        )

    def merge(self, resource: type[GlobalResource], name: str, content: Mapping[str, Any], *, manager: str) -> None:
        """Set fields of an object; with None a field goes, whoever owns it."""
        self._patch(resource, name, content, patch_type=PatchType.MERGE, field_manager=manager)

    def _patch(self, resource: Any, name: str, content: Mapping[str, Any], **how: Any) -> None:
        with self._connection.asking():
            self._client.patch(resource, name, dict(content), **how)

    def statuses(self, nodes: Iterable[str], *, tables: Collection[str] = ()) -> Mapping[str, Report]:
        """What each node says of its sessions, and those of ``tables`` of their routes too, a few nodes at a time.

        Nobody can only read that: a request is made for each node, filled by its calico-node, and deleted.
        """
        with self._connection.asking():
            return node_status.ask(self._client, self._connection.group, nodes, tables=tables)

    def sweep_statuses(self, now: datetime) -> None:
        """Delete requests for a status that have no owner any more at a time (of the API server's clock)."""
        with self._connection.asking():
            node_status.sweep(self._client, self._connection.group, now)
