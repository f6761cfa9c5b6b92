"""The two ways in which releases of Cumulus Linux 5 say the same.

Source: NVIDIA's OpenAPI documents of 5.0 to 5.18, as the package nvueschema has them (tests/platforms/cumulus).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Spelling:
    """How a release says that something is on."""

    switch: str
    on: str
    off: str
    shutdown: bool = True
    """Whether a neighbour can be shut down, which releases before 5.3 have no word for."""

    def said(self, *, wanted: bool) -> str:
        """Word for on or off."""
        return self.on if wanted else self.off

    def state(self, *, wanted: bool = True) -> dict[str, str]:
        """The key that switches what it stands in."""
        return {self.switch: self.said(wanted=wanted)}


EARLY = Spelling("enable", "on", "off", shutdown=False)
OLD = Spelling("enable", "on", "off")
NEW = Spelling("state", "enabled", "disabled")
_SINCE = {1: EARLY, 3: OLD, 15: NEW}
"""Minor number of the first release that has each. 5.0 has no description of a neighbour."""


def spelling_of(release: str) -> Spelling:
    """Spelling of a release, as the switch names it (``5.9.1``); raises ``ValueError`` with one line for others."""
    said = re.match(r"5\.(\d+)", release)
    found = [spelling for since, spelling in _SINCE.items() if said and since <= int(said[1])]
    if not found:
        msg = f"this is Cumulus Linux {release[:20]}: leafrack knows NVUE of 5.1 and newer 5.x"
        raise ValueError(msg)
    return found[-1]
