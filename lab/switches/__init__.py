"""A module and a script for the software of each platform that a leaf of the lab can run."""

from __future__ import annotations

from collections.abc import Mapping

from lab.fakes import FAKES
from lab.switches.bird import BIRD
from lab.switches.cumulus import CUMULUS
from lab.switches.fake import fake
from lab.switches.frr import FRR
from lab.switches.software import Software
from lab.switches.sonic import SONIC

_REAL: Mapping[str, Software] = {"frr": FRR, "bird": BIRD, "sonic": SONIC, "cumulus": CUMULUS}
SOFTWARE: Mapping[str, Software] = {**_REAL, **{name: fake(name) for name in FAKES}}
"""By platform, as a fabric file has it; spines run FRR."""

__all__ = ["SOFTWARE", "Software"]
