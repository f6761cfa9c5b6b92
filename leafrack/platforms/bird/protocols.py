"""What ``birdc show protocols all`` says of BGP protocols, as tried on 2.0.12."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from leafrack.addresses import Address, Network
from leafrack.platforms.state import SessionState

_HEAD = re.compile(r"(?P<name>\S+) +(?P<kind>\S+) +\S+ +(?P<state>\S+) +(?P<since>[\d:. T-]*\d)(?: +(?P<info>.*))?")
_FIELD = re.compile(r" +(?P<key>[A-Z][A-Za-z ]+): +(?P<value>.+)")
_WORDS = {"Passive": SessionState.ACTIVE, "Close": SessionState.IDLE, "Down": SessionState.IDLE}
"""States that the RFC does not know."""


@dataclass(frozen=True)
class Protocol:
    """A BGP protocol: its name, what is said of it by key, and whether somebody has disabled it."""

    name: str
    fields: Mapping[str, str]
    since: str
    disabled: bool
    imported: int

    @property
    def address(self) -> Address | None:
        """Address of the neighbour; a protocol for a range has none, those of who comes by it have one each."""
        # A link-local one has its interface behind it.
        return _address(self.fields.get("Neighbor address", "").partition("%")[0])

    @property
    def range(self) -> Network | None:
        """Range in which it takes neighbours, if it is a protocol for one."""
        said = self.fields.get("Neighbor range", "")
        return ip_network(said) if said else None

    @property
    def local_address(self) -> Address | None:
        """The switch's end of a session that is up."""
        return _address(self.fields.get("Source address", "").partition("%")[0])

    @property
    def state(self) -> SessionState:
        """State of the session."""
        said = self.fields.get("BGP state", "")
        return _WORDS.get(said) or SessionState.of(said)

    @property
    def vrf(self) -> str:
        """Name of its VRF, empty for the default one."""
        return self.fields.get("VRF", "")

    def number(self, key: str) -> int:
        """An AS number; 0 where it is not known."""
        said = self.fields.get(key, "")
        return int(said) if said.isdigit() else 0

    @property
    def last_error(self) -> str:
        """Why the session is down."""
        said = self.fields.get("Last error", "")
        limit = self.fields.get("Import limit", "").partition(" ")[0]
        if limit and "imit" in said:
            again = self.fields.get("Error wait", "").partition(".")[0]
            return f"import limit {limit} exceeded" + (f", tried again in {again} s" if again else "")
        return said


def protocols(lines: Sequence[str]) -> Iterator[Protocol]:
    """BGP protocols, in BIRD's order."""
    blocks: list[tuple[re.Match[str], list[str]]] = []
    for line in lines:
        if head := _HEAD.fullmatch(line.rstrip()):
            blocks.append((head, []))
        elif blocks and line.startswith(" "):
            blocks[-1][1].append(line)
    for head, said in blocks:
        if head["kind"] == "BGP":
            fields: dict[str, str] = {}
            for field in filter(None, map(_FIELD.fullmatch, said)):
                # What is said of the protocol comes before what is said of its channels.
                fields.setdefault(field["key"], " ".join(field["value"].split()))
            imported = (re.match(r" +Routes: +(\d+) imported", line) for line in said)
            yield Protocol(
                head["name"],
                fields,
                head["since"],
                head["state"] == "down",
                sum(int(one[1]) for one in imported if one),
            )


def seconds_since(said: str, now: datetime) -> float:
    """Seconds since a time as BIRD shows it: the day, the time or both (``timeformat protocol``)."""
    found = re.fullmatch(r"(?P<day>\d{4}-\d\d-\d\d)?[ T]?(?P<time>\d\d:\d\d(:\d\d(\.\d+)?)?)?", said.strip())
    if found is None or not (found["day"] or found["time"]):
        return 0.0
    then = datetime.fromisoformat(f"{found['day'] or now.date()} {found['time'] or '00:00'}")
    # A time without its day is of the last twenty hours.
    return ((then if found["day"] or then <= now else then - timedelta(days=1)) - now).total_seconds() * -1


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
