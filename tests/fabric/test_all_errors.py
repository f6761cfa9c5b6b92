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


SECOND = "racks.rr2"
EXTERNAL = "serviceExternalIPs: [192.0.2.0/24]"
BLUE = "communities: [{name: blue, value: '1:2'}]"
ADVERTISED = "prefixAdvertisements: [{cidr: 192.0.2.0/24, communities: [blue]}]"
SLIPS: dict[str, tuple[list[tuple[str, str]], str, str]] = {
    "an AS number": ([("    asNumber: 64513", "    asnumber: 64513")], f"{SECOND}.asnumber", "asNumber"),
    "one towards the leaf": (
        [("    asNumber: 64513", "    localAsNumber: 64513")],
        f"{SECOND}.localAsNumber",
        "localASNumber",
    ),
    "reflectors": ([("reflectors: {node4", "reflector: {node4")], f"{SECOND}.reflector", "reflectors"),
    "all racks": ([("racks:", "rack:")], "rack", "racks"),
    "spines": ([("spines:", "spine:")], "spine", "spines"),
    "an interconnect": (
        [
            ("name: dc1", "name: dc1\nInterconnect: top-of-rack"),
            ("reflectors: {node4", "members: {node4"),
            ("    members: {node6: 173.20.0.13}\n", ""),
        ],
        "Interconnect",
        "interconnect",
    ),
    "subnets": (
        [("    asNumber: 64513", "    asNumber: 64513\n    nodeCIDR: [173.20.0.0/16]"), ("173.20.0.13", "173.20.1.13")],
        f"{SECOND}.nodeCIDR",
        "nodeCIDRs",
    ),
    "a port": (
        [("port: 2201", "port: 22"), ("port: 2202", "prt: 2202")],
        f"{SECOND}.leaves.leaf02.ssh.prt",
        "port",
    ),
    "a range that gets a community": (
        [("name: dc1", f"name: dc1\n{BLUE}\nserviceExternalIP: [192.0.2.0/24]\n{ADVERTISED}")],
        "serviceExternalIP",
        "serviceExternalIPs",
    ),
    "a value of a community": (
        [
            (
                "name: dc1",
                f"name: dc1\n{EXTERNAL}\n{BLUE.replace('value', 'valeu')}\n{ADVERTISED}",
            )
        ],
        "communities[0].valeu",
        "value",
    ),
}


@pytest.mark.parametrize(("changes", "path", "meant"), SLIPS.values(), ids=SLIPS)
def test_a_misspelled_key_is_one_error_and_brings_none(
    errors: Errors, changes: list[tuple[str, str]], path: str, meant: str
) -> None:
    (line,) = errors(changed(*changes))
    assert line.endswith(f": {path}: unknown key: did you mean {meant}?")


def test_what_stands_at_a_misspelled_key_is_checked_where_it_stands(errors: Errors) -> None:
    text = changed(("reflectors: {node4: 173.20.0.11", "reflector:\n      {node4: 173.20.9.11"))
    slip, found = errors(text)
    assert slip.startswith(f"x.yaml:27: {SECOND}.reflector: unknown key")
    assert found.startswith(f"x.yaml:28: {SECOND}.reflectors.node4: 173.20.9.11 of node node4 is outside the subnet")


def test_a_wrong_value_at_a_misspelled_key_hides_no_other_error(errors: Errors) -> None:
    text = changed(
        ("reflectors: {node4: 173.20.0.11", "reflector: {node4: 173"), ("asNumber: 65009", "asNumber: 64512")
    )
    assert [line.split(": ")[1] for line in errors(text)] == ["racks.rr1.leaves.leaf01.asNumber", f"{SECOND}.reflector"]


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        (f"{EXTERNAL}\n{BLUE.replace('1:2', '1:2:3:4')}", "communities[0].value"),
        (f"{EXTERNAL.replace('2.0', '2.1')}\n{BLUE}", "serviceExternalIPs[0]"),
        (f"serviceExternalIPs: 192.0.2.0/24\n{BLUE}", "serviceExternalIPs"),
    ],
)
def test_what_an_advertisement_names_is_one_error_where_it_is_wrong(errors: Errors, declared: str, path: str) -> None:
    found = errors(changed(("name: dc1", f"name: dc1\n{declared}\n{ADVERTISED}")))
    assert [line.split(": ")[1] for line in found] == [path]
