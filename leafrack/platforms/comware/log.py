"""Why a session of Comware's is down: its log of notifications, which it tells of one neighbour at a time.

``display bgp peer ipv4 ADDRESS log-info`` (HPE's and H3C's command references, Layer 3 - IP Routing): a row for each
time that the session came up or went down, the last one first, and below it what the notification means (RFC 4271
§4.5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from leafrack.addresses import Address

_ROW = re.compile(r" *\d{1,2}-\w{3}-\d{4} +[\d:]{7,8} +(?P<state>Up|Down)\b *(?P<what>.*)")


def command(address: Address) -> str:
    """What asks for it."""
    return f"display bgp peer ipv{address.version} {address} log-info"


def last_error(lines: Sequence[str]) -> str:
    """What ended a session last, in Comware's words; ``""`` where it does not tell."""
    rows = [(number, row) for number, line in enumerate(lines) if (row := _ROW.fullmatch(line.rstrip()))]
    for number, row in rows:
        if row["state"] == "Down":
            end = next((after for after, _ in rows if after > number), len(lines))
            said = " ".join(" ".join(lines[number + 1 : end]).split()) or row["what"]
            return f"by the neighbour: {said}" if row["what"].startswith("Receive") else said
    return ""
