"""All errors of a file at once: a wrong value hides no other error, and brings none that is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fabric.fabric_files import changed

Errors = Callable[[str], list[str]]

OTHERS = (("asNumber: 65009", "asNumber: 64512"), ("node4: 173.20.0.11", "node4: 173.20.9.11"))
"""A leaf in the AS of its rack, and a node outside of its rack's subnet."""
FOUND = {"racks.rr1.leaves.leaf01.asNumber", "racks.rr2.reflectors.node4"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("name: dc1", "name: [dc1]"), "name"),
        (("name: dc1\n", ""), "name"),
        (("name: dc1", "name: dc1\nreflectorMesh: maybe"), "reflectorMesh"),
        (("name: dc1", "name: dc1\nwaves: {atOnce: 0}"), "waves.atOnce"),
        (("name: dc1", "name: dc1\nwaves: 3"), "waves"),
        (("name: dc1", "name: dc1\ncalicoNamespace: [x]"), "calicoNamespace"),
        (("name: dc1", "name: dc1\ninterconnect: top_of_rack"), "interconnect"),
        (("name: dc1", "name: dc1\nttlSecurity: 1"), "ttlSecurity"),
        (("name: dc1", "name: dc1\nmaximumPrefix: 0"), "maximumPrefix"),
        (("name: dc1", "name: dc1\nasNumber: 0"), "asNumber"),
        (("name: dc1", "name: dc1\njump: bastion"), "jump"),
        (("name: dc1", "name: dc1\nacceptCIDRs: [ten]"), "acceptCIDRs[0]"),
        (("[10.233.64.0/18]", "[10.233.64.1/18]"), "podCIDRs[0]"),
        (("[10.233.64.0/18]", "10.233.64.0/18"), "podCIDRs"),
        (("podCIDRs: [10.233.64.0/18]\n", ""), "podCIDRs"),
        (("[10.233.0.0/18]", "[10.233.0.1/18]"), "serviceClusterIPs[0]"),
        (("[10.233.0.0/18]", "10.233.0.0/18"), "serviceClusterIPs"),
        (("routerID: 3.3.3.3", "routerID: 0"), "racks.rr2.leaves.leaf02.routerID"),
        (("    asNumber: 64513", "    asNumber: -1"), "racks.rr2.asNumber"),
        (("    asNumber: 64513", "    localASNumber: -1"), "racks.rr2.localASNumber"),
        (("    asNumber: 64513", "    asNumber: 64513\n    interconnect: mesh"), "racks.rr2.interconnect"),
        (("asNumber: 65010", "asNumber: 65010\n        asOverride: maybe"), "racks.rr2.leaves.leaf02.asOverride"),
        (("asNumber: 65010", "asNumber: 65010\n        timers: 3"), "racks.rr2.leaves.leaf02.timers"),
    ],
)
def test_a_wrong_value_hides_no_other_error_and_brings_none(errors: Errors, change: tuple[str, str], path: str) -> None:
    found = [line.split(": ")[1] for line in errors(changed(change, *OTHERS))]
    assert set(found) == {path, *FOUND}
    assert len(found) == len({path, *FOUND})


def test_a_mistyped_interconnect_is_one_error(errors: Errors) -> None:
    (line,) = errors(
        changed(
            ("name: dc1", "name: dc1\ninterconnect: top_of_rack"),
            ("reflectors: {", "members: {"),
            ("    members: {node3: 172.20.0.13}\n", ""),
        )
    )
    assert line.endswith("unknown interconnect 'top_of_rack': did you mean top-of-rack?")


def test_what_hangs_on_a_wrong_value_is_not_said_of_it(errors: Errors) -> None:
    # Racks without a number of their own share the fabric's: which one that is nobody knows yet.
    text = changed(
        ("name: dc1", "name: dc1\nasNumber: 0"), ("    asNumber: 64513\n", ""), ("    asNumber: 64512\n", "")
    )
    assert [line.split(": ")[1] for line in errors(text)] == ["asNumber"]
