"""A fabric file that is right, and ways to make it wrong."""

from __future__ import annotations

from pathlib import Path

from leafrack.errors import FabricError
from leafrack.fabric.load import load

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPhfrNcNOMDNe133R20hu3YWdMkNtIyKRsEPc7dXD4qB"

RIGHT = f"""\
name: dc1
podCIDRs: [10.233.64.0/18]
serviceClusterIPs: [10.233.0.0/18]
spines:
  spine1: {{asNumber: 65008, routerID: 1.1.1.1}}
racks:
  rr1:
    asNumber: 64512
    leaves:
      leaf01:
        address: 172.20.0.254
        asNumber: 65009
        routerID: 2.2.2.2
        platform: frr
        ssh: {{host: 127.0.0.1, port: 2201, hostKey: {ED25519}}}
        uplinks: {{spine1: {{address: 100.0.0.2, peerAddress: 100.0.0.1}}}}
    reflectors: {{node1: 172.20.0.11, node2: 172.20.0.12}}
    members: {{node3: 172.20.0.13}}
  rr2:
    asNumber: 64513
    leaves:
      leaf02:
        address: 173.20.0.254
        asNumber: 65010
        routerID: 3.3.3.3
        ssh: {{host: 127.0.0.1, port: 2202, hostKey: {ED25519}}}
    reflectors: {{node4: 173.20.0.11, node5: 173.20.0.12}}
    members: {{node6: 173.20.0.13}}
"""


def line_of(text: str, part: str) -> int:
    """Line number of the first line that holds a part of the text."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def changed(*changes: tuple[str, str]) -> str:
    """The right file with parts of it replaced; each part must be there."""
    text = RIGHT
    for old, new in changes:
        assert old in text, f"{old!r} is not in the fabric file"
        text = text.replace(old, new, 1)
    return text


def errors_of(path: Path, overlay: Path | None = None) -> list[str]:
    """Lines of the error that loading ends in, without the folder; none if it loads."""
    try:
        load(path, overlay)
    except FabricError as error:
        return str(error).replace(f"{path.parent}/", "").splitlines()
    return []
