"""Lines held against other people's patterns: those of Ansible's collection arista.eos, which Arista's own people keep.

They need the packages ``ansible`` and ``ansible-core`` (GPL-3, 57 MB), which are no dependencies of anything here:
``pip install ansible ansible-core`` into an environment of one's own, and these tests run there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leafrack.platforms import PathList
from leafrack.platforms.eos.platform import EOS
from leafrack.platforms.state import Timers
from tests.platforms.boxes import listener
from tests.platforms.eos.test_platform import ALL, AS, LISTS, job
from tests.platforms.jobs import NODE

TEMPLATES = "ansible_collections.arista.eos.plugins.module_utils.network.eos.rm_templates"
WITHOUT = ("as-path remote-as replace out",)
"""What these patterns do not know; AVD's template ``router-bgp`` and netlab write it."""
JOB = replace(job(replace(NODE, paths_in=AS), ALL, lists=LISTS), paths=PathList(AS, (64512, 64601)))
LINES = EOS.text(JOB).replace("leafrack rr1 node1", "node1").splitlines()
"""A description of one word is all that these know."""


def template(module: str, name: str, lines: list[str]) -> Any:
    why = "Ansible's collection arista.eos is not installed"
    return getattr(pytest.importorskip(f"{TEMPLATES}.{module}", reason=why), name)(lines=lines)


def unknown(judge: Any, lines: list[str]) -> list[str]:
    """Lines that no pattern knows; of one that takes something away, what it takes away."""
    plain = [
        line.replace("   no neighbor", "   neighbor").replace("   default neighbor", "   neighbor") for line in lines
    ]
    return [line.strip() for line in plain if not any(parser["getval"].match(line) for parser in judge.PARSERS)]


def test_every_line_of_a_neighbour_is_known_and_means_what_is_meant() -> None:
    lines = [line for line in LINES if line.startswith(("router bgp", "   neighbor "))]
    judge = template("bgp_global", "Bgp_globalTemplate", lines)
    assert {line.split(" ", 2)[2] for line in unknown(judge, lines)} == set(WITHOUT)
    said = judge.parse()["vrfs"]["vrf_"]["neighbor"]["fd00:1::11"]
    assert said["timers"]["keepalive"] == 3, "they read no hold time"
    assert (said["ttl"], said["idle_restart_timer"], said["maximum_received_routes"]["count"]) == (1, 60, 1000)
    assert said["encryption_password"] == {"type": 7, "password": "+XD5dNVYCMyB9rjFB9c9iA=="}
    assert said["remove_private_as"] == {"all": True, "replace_as": True}


RANGE = replace(
    listener("172.20.0.0/24"),
    description="rr1",
    password="s3cret",
    maximum_prefix=1000,
    timers=Timers(3, 9),
    ttl_security=True,
)
LISTENING = EOS.text(replace(job(), listeners=(RANGE,))).splitlines()
BEYOND_RANGES = ("bgp listen range 172.20.0.0/24 peer-group LEAFRACK-dc1-NODES remote-as 64512",)
"""These patterns have it in an older form; AVD's template ``router-bgp`` writes it so, and an EOS 4.34 has shown it."""


def test_every_line_of_a_group_of_ranges_is_known() -> None:
    lines = [line for line in LISTENING if not line.startswith(("   address-family", "      ", "   exit"))]
    judge = template("bgp_global", "Bgp_globalTemplate", lines)
    assert {line.removeprefix("neighbor LEAFRACK-dc1-NODES ") for line in unknown(judge, lines)} == {
        *WITHOUT,
        *BEYOND_RANGES,
    }
    assert judge.parse()["vrfs"]["vrf_"]["neighbor"]["LEAFRACK-dc1-NODES"]["ttl"] == 1


def test_every_line_of_a_family_is_known() -> None:
    lines = [line for line in LINES if line.startswith(("   address-family", "      neighbor"))]
    judge = template("bgp_address_family", "Bgp_afTemplate", lines)
    assert unknown(judge, lines) == []


def test_every_entry_of_a_list_is_known() -> None:
    lines = [line for line in LINES if "prefix-list LEAFRACK" in line and "neighbor" not in line]
    lines += [line for line in LINES if line.startswith("   seq")]
    judge = template("prefix_lists", "Prefix_listsTemplate", lines)
    assert len(lines) == 7
    assert unknown(judge, lines) == []


def test_every_line_of_a_path_lists_route_map_is_known_and_means_what_is_meant() -> None:
    """The list itself none of these patterns knows; AVD's template ``as-path`` writes it."""
    lines = [line for line in LINES if line.startswith(("route-map", "   match"))]
    judge = template("route_maps", "Route_mapsTemplate", lines)
    assert (len(lines), unknown(judge, lines)) == (2, [])
    assert judge.parse()["entries"] == [
        {"action": "permit", "sequence": 10},
        {"match": {"as_path": {"path_list": AS}}},
    ]
