"""A SONiC leaf before leafrack comes: FRR's own files behind the host's ``vtysh``, in a mode that keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lab.plan import Switch
from lab.switches.frr import RELEASE, VTYSH, base_config
from lab.switches.software import Software

FOLDER = "/etc/sonic/frr"
"""What /etc/frr of the container is on the host."""
DATABASE = "/etc/sonic/config_db.json"


def database(mode: str) -> str:
    """CONFIG_DB as it is saved, with its ``docker_routing_config_mode``; without one where that is empty."""
    localhost = {"hwsku": "leafrack-lab", **({"docker_routing_config_mode": mode} if mode else {})}
    return json.dumps({"DEVICE_METADATA": {"localhost": localhost}}, indent=4) + "\n"


def _files(switch: Switch) -> Mapping[str, str]:
    return {
        f"{FOLDER}/frr.conf": base_config(switch),
        f"{FOLDER}/vtysh.conf": VTYSH,
        DATABASE: database("split-unified"),
    }


SONIC = Software(
    script="sonic.sh",
    daemons=("bgpd", "zebra", "staticd"),
    owner="frr",
    mounts=(FOLDER, "/run/sonic/frr"),
    files=_files,
    environment=RELEASE,
)
