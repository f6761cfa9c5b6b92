"""A rack's TCP MD5 password (RFC 2385) in the Secret that calico-node reads.

The racks' passwords are keys of one Secret, each under a field manager of its own: so racks change in their waves and
one loses its key without the others. Patches of Pulumi's would put the name of their manager on the Secret, where only
one of them can have it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from lightkube.resources.core_v1 import Secret
from pydantic import Field

from leafrack.fabric import names
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster, Value
from leafrack.world.writer import ClusterWriter


class RackPassword(Value):
    """The password of a rack, calico-node's namespace, in which it reads the Secret, and the key's field manager."""

    rack: str
    password: str = Field(repr=False)
    namespace: str
    manager: str
    cluster: Cluster


def forward(wanted: RackPassword) -> None:
    """Put the password under the rack's key, whoever had another one there; unchanged, the Secret stays as it is.

    Sent also where the key has the value: who else owns it may give it up.

    Raises :class:`UnreadableError` when the API server refuses or is away.
    """
    value = b64encode(wanted.password.encode()).decode()
    _apply(Connection(wanted.cluster), wanted, {"data": {wanted.rack: value}})


def back(wanted: RackPassword) -> None:
    """Give the key up, by which it goes unless somebody else owns it too; a Secret that is gone is no error."""
    connection = Connection(wanted.cluster)
    # To apply to what is not there would make it.
    if ClusterReader(connection).secret(names.PASSWORD_SECRET, wanted.namespace) is not None:
        _apply(connection, wanted, {})


def _apply(connection: Connection, wanted: RackPassword, content: Mapping[str, Any]) -> None:
    writer = ClusterWriter(connection)
    writer.apply(Secret, names.PASSWORD_SECRET, content, manager=wanted.manager, namespace=wanted.namespace)
