"""A leaf of a platform that nobody can start here: a fake command line with an FRR behind it (lab.fakes)."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from lab.fakes import FAKES, STARTUP
from lab.paths import CLONE
from lab.plan import Switch
from lab.switches.frr import VTYSH
from lab.switches.software import Software


def fake(platform: str) -> Software:
    """Software of a platform's leaf: its saved configuration is in the platform's words, FRR's is empty."""

    def files(switch: Switch) -> Mapping[str, str]:
        return {
            STARTUP: FAKES[platform].startup(switch),
            "/etc/frr/frr.conf": "frr defaults traditional\nservice integrated-vtysh-config\n",
            "/etc/frr/vtysh.conf": VTYSH,
        }

    return Software(
        script="fake.sh",
        daemons=("bgpd", "zebra", "staticd", "fake"),
        owner="frr",
        mounts=(STARTUP.rpartition("/")[0], "/etc/frr", "/run/frr"),
        files=files,
        environment={"FAKE": platform, "PYTHON": sys.executable, "PYTHONPATH": str(CLONE)},
        answers=True,
    )
