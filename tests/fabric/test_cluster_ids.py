"""Reflectors whose IPv6 addresses end alike: one cluster ID for two of them, where it does harm."""

from __future__ import annotations

import pytest

from lab.fabrics import Values, values
from leafrack.fabric import checks
from tests.proof.fabrics import changed, fabric

ALIKE = changed(values(2, versions=(6,)), racks__rr2__reflectors={"n3": "fd00:2::b", "n4": "fd00:2::22"})
TWICE = changed(
    ALIKE, racks__rr1__nodeCIDRs=["fd00:1::/64"], racks__rr1__reflectors={"n1": "fd00:1::b", "n2": "fd00:1::1:0:b"}
)
SAID = "its cluster ID would be 0.0.0.11, the last 32 bits of {address}, as of {other}: reflectors that peer with"


@pytest.mark.parametrize(
    ("given", "path", "text"),
    [
        (TWICE, "racks.rr1.reflectors.n2", SAID.format(address="fd00:1::1:0:b", other="n1")),
        (
            changed(ALIKE, reflectorMesh=True, racks__rr2__asNumber=64512),
            "racks.rr2.reflectors.n3",
            SAID.format(address="fd00:2::b", other="n1a"),
        ),
    ],
    ids=["in one rack", "in racks that are linked"],
)
def test_one_cluster_id_for_two_reflectors_that_peer_is_refused(given: Values, path: str, text: str) -> None:
    found = [one for one in checks.errors(fabric(given)) if "cluster ID" in one.text]
    assert [(one.path, one.text.startswith(text)) for one in found] == [(path, True)]


@pytest.mark.parametrize(
    "given",
    [ALIKE, changed(ALIKE, reflectorMesh=True), changed(TWICE, racks__rr1__interconnect="top-of-rack")],
    ids=["not linked", "linked in AS numbers of their own", "no reflectors"],
)
def test_hosts_numbered_alike_in_every_rack_are_fine_where_it_does_no_harm(given: Values) -> None:
    assert not [one for one in checks.errors(fabric(given)) if "cluster ID" in one.text]
