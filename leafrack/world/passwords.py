"""A rack's TCP MD5 password (RFC 2385) in the Secret that calico-node reads.

The racks' passwords are keys of one Secret, each under a field manager of its own: so racks change in their waves and
one loses its key without the others. Patches of Pulumi's would put the name of their manager on the Secret, where only
one of them can have it.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from lightkube.core.resource import api_info
from lightkube.resources.core_v1 import Secret
from lightkube.types import PatchType
from pydantic import Field

from leafrack.fabric import names
from leafrack.world.cluster import Reader
from leafrack.world.model import Cluster, Value


class Password(Value):
    """The password of a rack, calico-node's namespace, in which it reads the Secret, and the key's field manager."""

    rack: str
    password: str = Field(repr=False)
    namespace: str
    manager: str
    cluster: Cluster


def forward(wanted: Password) -> None:
    """Put the password under the rack's key, whoever had another one there; unchanged, the Secret stays as it is.

    Sent also where the key has the value: who else owns it may give it up.

    Raises :class:`UnreadableError` when the API server refuses or is away.
    """
    _apply(Reader(wanted.cluster), wanted, {"data": {wanted.rack: b64encode(wanted.password.encode()).decode()}})


def back(wanted: Password) -> None:
    """Give the key up, by which it goes unless somebody else owns it too; a Secret that is gone is no error."""
    reader = Reader(wanted.cluster)
    # To apply to what is not there would make it.
    if reader.secret(names.PASSWORD_SECRET, wanted.namespace) is not None:
        _apply(reader, wanted, {})


def _apply(reader: Reader, wanted: Password, content: dict[str, Any]) -> None:
    what = api_info(Secret).resource
    content = {"apiVersion": what.api_version, "kind": what.kind, **content}
    with reader.asking():
        reader.client.patch(
            Secret,
            names.PASSWORD_SECRET,
            content,
            namespace=wanted.namespace,
            patch_type=PatchType.APPLY,
            field_manager=wanted.manager,
            force=True,
        )
