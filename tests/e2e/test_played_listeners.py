"""Racks by label behind leaves that are played and listen: nodes come by the range, and nothing is left of it.

Each leaf is the fake of its platform with an FRR behind it, so that who is let in is FRR's to say.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.fabrics import rack, values
from lab.site import Site, running
from tests.e2e.test_played_leaves import CHECK, DRIFT, as_expected, drift, leaves, saved, typed
from tests.e2e.world import eventually, peers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/platforms/test_played_ranges.py"),
]

PLATFORMS = ("eos", "junos", "nxos")
LOOSENED = {
    "eos": (
        *("enable", "configure", "router bgp {as}", "neighbor LEAFRACK-dc1-NODES timers 30 90"),
        *("end", "write memory", "exit"),
    ),
    "junos": (
        *("configure", "set protocols bgp group LEAFRACK-dc1-NODES hold-time 90", "commit"),
        *("exit", "exit"),
    ),
    "nxos": (
        *("configure terminal", "router bgp {as}", "neighbor {subnet}", "timers 30 90"),
        *("end", "copy running-config startup-config", "exit"),
    ),
}
"""What somebody types into a leaf of a platform."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    racks = {f"rr{number}": rack(number, spines=1, reflectors=0, members=2) for number in range(1, 1 + len(PLATFORMS))}
    for each, platform in zip(racks.values(), PLATFORMS, strict=True):
        del each["asNumber"]
        for leaf in each["leaves"].values():
            leaf |= {"platform": platform, "asOverride": True}
    whole = values(racks, spines=1, interconnect="top-of-rack")
    with running(tmp_path_factory.mktemp("played"), whole) as own:
        yield own


def by_range(site: Site) -> dict[str, set[str]]:
    """Who has come by a range, by leaf."""
    return {
        leaf: {
            address
            for address, peer in peers(site.lab, leaf).items()
            if peer.get("dynamicPeer") and peer["state"] == "Established"
        }
        for leaf in leaves(site)
    }


EXPECTED = {f"leaf{number}": {f"172.{19 + number}.0.11", f"172.{19 + number}.0.12"} for number in (1, 2, 3)}


def in_order(site: Site) -> None:
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    seen = site.project.pulumi(*CHECK)
    assert seen.code == 0, seen.said
    assert by_range(site) == EXPECTED


def test_the_life_of_racks_by_label_whose_leaves_are_played(site: Site) -> None:
    before = {leaf: saved(site, leaf) for leaf in leaves(site)}
    for name, declared in site.racks.items():
        for node in declared["members"]:
            site.lab.kubectl("label", "node", node, f"example.net/rack={name}")
        declared |= {"members": {"label": f"example.net/rack={name}"}, "maximumNeighbours": 150}
    site.applied()
    in_order(site)

    for name, declared in site.racks.items():
        ((leaf, its),) = declared["leaves"].items()
        subnet = f"172.{19 + int(name[2:])}.0.0/24"
        lines = (
            line.replace("{as}", str(its["asNumber"])).replace("{subnet}", subnet) for line in LOOSENED[its["platform"]]
        )
        typed(site, leaf, list(lines))
        assert "90" in saved(site, leaf)
    seen = site.project.pulumi(*CHECK)
    assert (seen.code, len(drift(seen.said))) == (DRIFT, len(PLATFORMS)), seen.said
    site.applied()
    in_order(site)

    for word in ("s3cret", "an0ther"):
        for name in site.racks:
            site.project.check("config", "set", "--secret", "--path", f"leafrack:bgpPasswords.{name}", word)
        site.applied()
        in_order(site)

    site.destroyed()
    assert {leaf: saved(site, leaf) for leaf in leaves(site)} == before
