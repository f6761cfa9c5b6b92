"""SONiC as a platform: FRR in a container, with SONiC's way to reach it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

from leafrack.platforms.evidence import Evidence, Strength
from leafrack.platforms.frr import read
from leafrack.platforms.frr.platform import FRR

_READY = f"{files(__package__).joinpath('apply.sh').read_text(encoding='utf-8')}\nready\n"
"""`show bgp vrf all neighbors json`, as SONiC's own tools ask."""

SONIC = replace(
    FRR,
    scripts={task: (*scripts, "leafrack.platforms.sonic/apply.sh") for task, scripts in FRR.scripts.items()},
    read=f"{_READY}{read.reading('all')}\n",
    read_without_routes=f"{_READY}frr {read.commands('all', routes=False)}\n",
    evidence=(
        Evidence(
            Strength.RUN,
            "FRR 8.4 of Debian 12 behind a `vtysh` and a `sonic-db-cli` of the tests' own, by `make nightly`; by "
            "`make test-platforms` FRR 10.7.1 but for ranges to listen on, and 10.3 but for these and path lists.",
        ),
    ),
)
