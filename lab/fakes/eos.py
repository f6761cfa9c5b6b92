"""Arista EOS, played: configuration sessions with a commit timer, and the ``show`` commands that a leaf is read by.

Sources: EOS User Manual ("Configuration sessions"); for prompts scrapli's and Ansible's patterns; for what a session
that waits looks like published transcripts of ``show configuration sessions detail``; for JSON napalm's and SuzieQ's
recorded answers. Where none says it, the text is a guess: docs/platforms.md lists what only a device can confirm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_interface

from lab.fakes.box import Fake, Login
from lab.fakes.eos_grammar import GRAMMAR
from lab.fakes.eos_login import EosLogin, Session
from lab.fakes.eos_meaning import understood
from lab.fakes.model import Understood
from lab.fakes.tree import Place
from lab.plan import Switch

_STEP = 3
_PATHS = 16


def startup(switch: Switch) -> str:
    """Uplinks, connected routes, equal paths; nothing of the nodes."""
    ends = [(link.peer, link.peer_as, ip_interface(one).ip) for link in switch.links for one in link.peer_addresses]
    lines = [f"hostname {switch.name}", "ip routing", "ipv6 unicast-routing", f"router bgp {switch.as_number}"]
    lines += [f"   router-id {switch.router_id}", f"   maximum-paths {_PATHS} ecmp {_PATHS}"]
    for peer, as_number, address in ends:
        lines += [f"   neighbor {address} remote-as {as_number}", f"   neighbor {address} description {peer}"]
    lines += ["   redistribute connected"]
    if six := [address for _, _, address in ends if address.version == 6]:
        lines += ["   address-family ipv6", *(f"      neighbor {address} activate" for address in six)]
    return "\n".join([*lines, ""])


class EosFake(Fake[Place]):
    """A switch of Arista's."""

    model, version = "DCS-7050SX3-48YC8-F", "4.31.2F"
    sessions: dict[str, Session]

    def read(self, text: str) -> Place:
        """Configuration of a text."""
        return GRAMMAR.parsed(text)

    def shown(self, configuration: Place) -> str:
        """As ``show running-config`` has it."""
        return "".join(f"{line}\n" for line in self.lines(configuration))

    def lines(self, configuration: Place, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[str]:
        """Lines of the parts whose text is wanted."""
        for place in sorted(configuration.inside.values(), key=_order):
            part = [place.text, *Place(inside=dict(_sorted(place))).lines(_STEP, 1)]
            if wanted("\n".join(part)):
                yield from part
                yield "!"

    def understood(self, configuration: Place) -> Understood:
        """What the default VRF runs."""
        return understood(configuration)

    def login(self) -> Login:
        """Somebody without privileges, as by default."""
        return EosLogin(self)

    def boot(self) -> None:
        """Sessions are forgotten with everything else."""
        self.sessions = {}
        super().boot()

    def roll_back(self) -> None:
        """A session that nobody has confirmed is gone from the list of sessions."""
        if self.pending is not None:
            self.sessions.pop(self.pending.name, None)
        super().roll_back()


def _order(place: Place) -> tuple[int, str]:
    first = (
        "hostname",
        "service",
        "interface",
        "ip routing",
        "ip as-path",
        "ip prefix-list",
        "ipv6",
        "peer-filter",
        "route-map",
    )
    rank = next((number for number, word in enumerate(first) if place.text.startswith(word)), len(first))
    return rank, place.text if "prefix-list" in place.text else ""


def _sorted(place: Place) -> Iterator[tuple[str, Place]]:
    """Entries by their numbers; families after everything else; the rest as it was entered."""
    for key, one in sorted(place.inside.items(), key=lambda item: _rank(item[1])):
        # A family that says nothing is not shown.
        if one.mode != "family" or one.inside:
            yield key, Place(one.text, one.mode, dict(_sorted(one)))


def _rank(one: Place) -> tuple[int, int]:
    entry = re.match(r"seq (\d+)", one.text)
    return int(bool(one.mode)), int(entry[1]) if entry else 0
