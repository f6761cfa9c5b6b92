"""What Calico's migration to native v3 CRDs leaves between it and the next update: copies that nobody has taken over.

The migration copies an object with its labels and annotations (projectcalico/calico: kube-controllers,
pkg/controllers/migration). Pulumi's state still has the old object: its delete would count as done with the old CRD
gone, and leave the copy behind. On native CRDs an update marks every BGPPeer that it writes, so a copy is ours and
without the mark.
"""

from __future__ import annotations

from collections.abc import Iterable

from leafrack.errors import UnreadableError
from leafrack.fabric import names
from leafrack.world.calico import Group
from leafrack.world.cluster import ClusterReader, PeerState

MANAGER_ANNOTATION = "pulumi.com/patchFieldManager"
"""On every object of a stack: its field manager, which names project and stack."""


def marks(group: Group) -> dict[str, str]:
    """Annotations by which an object is known to be written in this group; before native CRDs there was no other."""
    return {names.API_VERSION_ANNOTATION: group.api_version} if group is Group.V3 else {}


def copied(peers: Iterable[PeerState], group: Group, manager: str) -> tuple[str, ...]:
    """Names of a stack's BGPPeers that a migration has brought to a group, and no update has written there since.

    ``manager`` is the field manager of the stack, or of a part of it.
    """
    found = []
    wanted = marks(group).items()
    for peer in peers:
        whose = peer.annotations.get(MANAGER_ANNOTATION, "")
        ours = whose and (manager == whose or manager.startswith(f"{whose}:"))
        if ours and not wanted <= peer.annotations.items():
            found.append(peer.name)
    return tuple(found)


def refuse_way_back(reader: ClusterReader, manager: str) -> None:
    """Hold a destroy back where it would leave a stack's BGPPeers behind; ``manager`` as for :func:`copied`.

    Raises :class:`UnreadableError` with what to do.
    """
    if not marks(reader.group):
        # No migration leads to this group, and a list of a large fabric's BGPPeers is not free.
        return
    left = copied(reader.peers(), reader.group, manager)
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        why = (
            f"Calico has moved to {reader.group.api_version} since the last `pulumi up`, and deleting by the state "
            f"would leave BGPPeer {left[0]}{more} behind: nothing was changed; run `pulumi up` first"
        )
        raise UnreadableError("cluster", why, refused=True)
