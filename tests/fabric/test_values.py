"""Single values of a fabric file that cannot be used, each with its line, key and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leafrack.fabric.load import load
from tests.fabric.fabric_files import RIGHT, changed, line_of

Errors = Callable[[str], list[str]]
LEAF = "racks.rr1.leaves.leaf01"


@pytest.mark.parametrize(
    ("old", "new", "path", "expected"),
    [
        ("asNumber: 65009", "asnumber: 65009", f"{LEAF}.asnumber", "unknown key: did you mean asNumber?"),
        ("asNumber: 65009", "as_number: 65009", f"{LEAF}.as_number", "unknown key: did you mean asNumber?"),
        (
            "platform: frr",
            "colour: red",
            f"{LEAF}.colour",
            "unknown key: known here are address, asNumber, platform,",
        ),
        ("spines:", "spine:", "spine", "unknown key: did you mean spines?"),
        ("platform: frr", "platform: panos", f"{LEAF}.platform", "unknown platform 'panos': known here are frr"),
        ("platform: frr", "platform: fr", f"{LEAF}.platform", "unknown platform 'fr': did you mean frr?"),
        ("platform: frr", "platform: [frr]", f"{LEAF}.platform", "needs text, got a list"),
        (
            "name: dc1",
            "name: dc1\ninterconnect: ring",
            "interconnect",
            "unknown interconnect 'ring': known are full-mesh,",
        ),
        (
            "asNumber: 65009",
            "asNumber: '65009'",
            f"{LEAF}.asNumber",
            "needs a number, got the text '65009': remove the quotes",
        ),
        (
            "asNumber: 65009",
            "asNumber: 70000.5",
            f"{LEAF}.asNumber",
            "AS 70000.5 is none: in asdot (RFC 5396) both halves are 0 to 65535",
        ),
        ("asNumber: 65009", "asNumber: true", f"{LEAF}.asNumber", "needs an AS number, got true"),
        ("asNumber: 65009", "asNumber:", f"{LEAF}.asNumber", "needs an AS number, got nothing"),
        ("asNumber: 65009", "asNumber: 0", f"{LEAF}.asNumber", "AS 0 is reserved (RFC 7607)"),
        (
            "asNumber: 65009",
            "asNumber: 23456",
            f"{LEAF}.asNumber",
            "AS 23456 is reserved (AS_TRANS, RFC 6793)",
        ),
        ("asNumber: 65009", "asNumber: 65535", f"{LEAF}.asNumber", "AS 65535 is reserved (RFC 7300)"),
        (
            "asNumber: 65009",
            "asNumber: 4294967295",
            f"{LEAF}.asNumber",
            "AS 4294967295 is reserved (RFC 7300)",
        ),
        (
            "asNumber: 65009",
            "asNumber: 4294967296",
            f"{LEAF}.asNumber",
            "4294967296 is no AS number: they go from 1 to",
        ),
        (
            "asNumber: 65009",
            "asNumber: -1",
            f"{LEAF}.asNumber",
            "-1 is no AS number: they go from 1 to 4294967294",
        ),
        (
            "asNumber: 65009",
            "asNumber: 1.70000",
            f"{LEAF}.asNumber",
            "AS 1.70000 is none: in asdot (RFC 5396) both halves are 0 to 65535",
        ),
        ("asNumber: 65009", "asNumber: 65535.65535", f"{LEAF}.asNumber", "AS 4294967295 is reserved (RFC 7300)"),
        ("asNumber: 65009", "asNumber: 0.23456", f"{LEAF}.asNumber", "AS 23456 is reserved (AS_TRANS, RFC 6793)"),
        ("asNumber: 65009", "asNumber: AS65009", f"{LEAF}.asNumber", "needs an AS number, got the text 'AS65009'"),
        (
            "asNumber: 65009",
            "asNumber: 123456789012345678901234567890",
            f"{LEAF}.asNumber",
            "123456789012345678901234567890 is no AS number: they go from 1 to 4294967294",
        ),
        ("asNumber: 64512", "asNumber: 65535", "racks.rr1.asNumber", "AS 65535 is reserved"),
        ("asNumber: 65008", "asNumber: 0", "spines.spine1.asNumber", "AS 0 is reserved"),
        ("address: 172.20.0.254", "address: 172.20.0", f"{LEAF}.address", "'172.20.0' is no IP address"),
        (
            "address: 172.20.0.254",
            "address: 172.20.0.254/24",
            f"{LEAF}.address",
            "'172.20.0.254/24' is no IP address: leave",
        ),
        ("address: 172.20.0.254", "address: 12", f"{LEAF}.address", "needs an IP address, got the number 12"),
        ("address: 172.20.0.254", "address: {a: b}", f"{LEAF}.address", "needs an IP address, got a mapping"),
        (
            "address: 172.20.0.254",
            "address: []",
            f"{LEAF}.address",
            "give one address, or one IPv4 and one IPv6 address",
        ),
        (
            "address: 172.20.0.254",
            "address: [1.1.1.1, 1.1.1.2]",
            f"{LEAF}.address",
            "give one address, or one IPv4 and one",
        ),
        ("address: 172.20.0.254", "address: [1.1.1.1, nix]", f"{LEAF}.address[1]", "'nix' is no IP address"),
        (
            "172.20.0.13",
            "127.0.0.1",
            "racks.rr1.members.node3",
            "127.0.0.1 is a loopback address: give the address",
        ),
        ("172.20.0.13", "224.0.0.5", "racks.rr1.members.node3", "224.0.0.5 is a multicast address"),
        ("172.20.0.13", "0.0.0.0", "racks.rr1.members.node3", "0.0.0.0 is the unspecified address"),
        ("172.20.0.13", "169.254.1.1", "racks.rr1.members.node3", "169.254.1.1 is a link-local address"),
        ("172.20.0.13", "'fe80::1%eth0'", "racks.rr1.members.node3", "fe80::1%eth0 cannot be a BGP peer"),
        ("172.20.0.13", "'::ffff:1.2.3.4'", "racks.rr1.members.node3", "::ffff:102:304 cannot be a BGP peer"),
        (
            "routerID: 2.2.2.2",
            "routerID: 2",
            f"{LEAF}.routerID",
            "needs a router ID like 2.2.2.2, got the number 2",
        ),
        ("routerID: 2.2.2.2", "routerID: 0.0.0.0", f"{LEAF}.routerID", "needs a router ID like 2.2.2.2"),
        (
            "10.233.64.0/18]",
            "10.233.64.1/18]",
            "podCIDRs[0]",
            "'10.233.64.1/18' has host bits set: the range is 10.233.64.0/18",
        ),
        ("10.233.64.0/18]", "10.233.64.0]", "podCIDRs[0]", "'10.233.64.0' has no prefix length"),
        ("10.233.64.0/18]", "ten]", "podCIDRs[0]", "'ten' is no address range"),
        ("10.233.64.0/18]", "10]", "podCIDRs[0]", "needs a range like 10.233.64.0/18, got the number 10"),
        ("10.233.64.0/18]", "0.0.0.0/0]", "podCIDRs[0]", "0.0.0.0/0 cannot hold nodes, pods or services"),
        (
            "[10.233.64.0/18]",
            "10.233.64.0/18",
            "podCIDRs",
            "needs a list ([…]), got the text '10.233.64.0/18'",
        ),
        ("[10.233.64.0/18]", "[]", "podCIDRs", "is empty: at least one is needed"),
        ("name: dc1", "name: 12", "name", "needs text, got the number 12: put it in quotes"),
        ("10.233.64.0/18]", "10.233.64.0/0.0.63.255]", "podCIDRs[0]", "'10.233.64.0/0.0.63.255' has a mask where the"),
        (
            "10.233.64.0/18]",
            "10.233.64.0/255.255.192.0]",
            "podCIDRs[0]",
            "'10.233.64.0/255.255.192.0' has a mask where",
        ),
        (
            "10.233.64.0/18]",
            "'fe80::%eth0/64']",
            "podCIDRs[0]",
            "'fe80::%eth0/64' has a zone: leave out what follows %",
        ),
        ("port: 2201", f"port: {'9' * 30}", f"{LEAF}.ssh.port", f"{'9' * 30} is too large"),
        ("asNumber: 65009", "ASNumber: 65009", f"{LEAF}.ASNumber", "unknown key: did you mean asNumber?"),
        ("members: {node3", "nodes: {node3", "racks.rr1.nodes", "unknown key: known here are asNumber, localASNumber,"),
        ("name: dc1", "name: dc1\nnodeSelector: x", "nodeSelector", "unknown key: known here are name, interconnect,"),
        ("port: 2201", "port: 0", f"{LEAF}.ssh.port", "is 0: must be from 1 to 65535"),
        ("name: dc1", "name: dc1\nmaximumPrefix: 0", "maximumPrefix", "is 0: must be at least 1"),
        ("name: dc1", "name: dc1\nmaximumPrefix: 4294967296", "maximumPrefix", "is 4294967296: must be at most"),
        ("name: dc1", "name: dc1\nacceptCIDRs: [224.0.0.0/4]", "acceptCIDRs[0]", "224.0.0.0/4 cannot hold nodes"),
        ("port: 2201", "port: ssh", f"{LEAF}.ssh.port", "needs a number, got the text 'ssh'"),
        ("port: 2201", "user: ''", f"{LEAF}.ssh.user", "is empty: give it a value or remove the key"),
        (
            "members: {node3: 172.20.0.13}",
            "members: [node3]",
            "racks.rr1.members",
            "needs a mapping (key: value), got a list",
        ),
        (
            "members: {node3: 172.20.0.13}",
            "members:",
            "racks.rr1.members",
            "is empty: give it a value or remove the key",
        ),
    ],
)
def test_a_value_that_cannot_be_used_ends_in_one_line(
    errors: Errors, old: str, new: str, path: str, expected: str
) -> None:
    lines = errors(changed((old, new)))
    place = f"x.yaml:{line_of(RIGHT, old.split(' {', maxsplit=1)[0]) + new.count(chr(10))}"
    assert any(line.startswith(f"{place}: {path}: {expected}") for line in lines), lines
    assert not [line for line in lines if not line.startswith("x.yaml:")]
    assert not [line for line in lines if "pydantic" in line or "Input should" in line]


@pytest.mark.parametrize(
    ("gone", "path", "holder"),
    [
        ("        asNumber: 65009\n", "racks.rr1.leaves.leaf01.asNumber", "leaf01:"),
        ("        address: 172.20.0.254\n", "racks.rr1.leaves.leaf01.address", "leaf01:"),
        ("name: dc1\n", "name", "podCIDRs"),
        ("asNumber: 65008, ", "spines.spine1.asNumber", "spine1:"),
        (
            ", peerAddress: 100.0.0.1",
            "racks.rr1.leaves.leaf01.uplinks.spine1.peerAddress",
            "spine1: {address",
        ),
    ],
)
def test_a_missing_key_is_said_on_the_line_of_what_lacks_it(errors: Errors, gone: str, path: str, holder: str) -> None:
    text = changed((gone, ""))
    (line,) = errors(text)
    assert line.startswith(f"x.yaml:{line_of(text, holder)}: {path}: is missing: ")


def test_a_host_key_may_be_a_block_of_text(errors: Errors) -> None:
    text = RIGHT.replace(
        "ssh: {host: 127.0.0.1, port: 2202, hostKey: ",
        "ssh:\n          port: 2202\n          hostKey: |\n            ",
    )
    text = text.replace("}\n    reflectors: {node4", "\n    reflectors: {node4")
    assert "hostKey: |" in text
    assert errors(text) == []


def test_all_problems_of_a_file_come_at_once_in_the_order_of_its_lines(errors: Errors) -> None:
    text = changed(
        ("asNumber: 65009", "asNumber: 0"),
        ("172.20.0.13", "172.20.0"),
        ("platform: frr", "platfrom: frr"),
        ("asNumber: 65010", "asNumber: 64513"),
        ("node4: 173.20.0.11", "node4: 173.20.9.11"),
    )
    lines = errors(text)
    assert [line.split(": ")[1] for line in lines] == [
        "racks.rr1.leaves.leaf01.asNumber",
        "racks.rr1.leaves.leaf01.platfrom",
        "racks.rr1.members.node3",
        "racks.rr2.leaves.leaf02.asNumber",
        "racks.rr2.reflectors.node4",
    ]
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)


def test_what_is_left_out_for_being_wrong_causes_no_further_error(errors: Errors) -> None:
    text = changed(("spine1: {asNumber: 65008", "spine1: {asNumber: 0"), ("asNumber: 65009", "asNumber: x"))
    assert [line.split(": ")[1] for line in errors(text)] == [
        "spines.spine1.asNumber",
        "racks.rr1.leaves.leaf01.asNumber",
    ]


AS_NUMBERS = ("1.10", "65000.1", "4200000000", "64086.59904", "4294967294", "65535.65534")


@pytest.mark.parametrize("number", AS_NUMBERS)
@pytest.mark.parametrize("old", ["asNumber: 65008", "asNumber: 64513", "asNumber: 65009"])
def test_an_as_number_may_have_32_bits_and_be_written_in_either_way(errors: Errors, old: str, number: str) -> None:
    assert errors(changed((old, f"asNumber: {number}"))) == []


def test_asdot_is_the_number_that_it_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(("asNumber: 64513", "asNumber: 64086.59904"), ("asNumber: 65009", "asNumber: 1.10")))
    fabric = load(path).fabric
    assert (fabric.rack_as("rr2"), fabric.racks["rr1"].leaves["leaf01"].as_number) == (4200000000, 65546)


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ([("asNumber: 65008", "asNumber: 4200000100"), ("asNumber: 64513", "asNumber: 4200000001")], []),
        ([("asNumber: 65009", "asNumber: 4200000001")], [f"{LEAF}.asNumber"]),
        ([("asNumber: 64513", "localASNumber: 4200000001")], ["racks.rr2.localASNumber"]),
        ([("name: dc1", "name: dc1\nasNumber: 2147483648")], ["asNumber"]),
        ([("name: dc1", "name: dc1\nasNumber: 2147483647")], []),
    ],
)
def test_a_number_that_not_every_api_server_takes_is_a_warning_where_calicos_objects_carry_it(
    tmp_path: Path, changes: list[tuple[str, str]], warned: list[str]
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(*changes))
    warnings = load(path).warnings
    assert [one.path for one in warnings] == warned
    assert all("API servers since Kubernetes 1.36 refuse it in Calico's objects" in one.text for one in warnings)


def test_an_empty_value_is_to_be_removed_only_where_it_may(errors: Errors) -> None:
    assert errors(changed(("name: dc1", "name:"))) == ["x.yaml:1: name: is empty: give it a value"]
    (line,) = errors("name: x\npodCIDRs: [10.0.0.0/8]\nracks:\n")
    assert line == "x.yaml:3: racks: is empty: give it a value"
    (line,) = errors(changed(("name: dc1", "name: dc1\ninterconnect:")))
    assert line.endswith("interconnect: is empty: give it a value or remove the key")


def test_an_unknown_key_is_told_all_that_are_known(errors: Errors) -> None:
    (line,) = errors(changed(("name: dc1", "name: dc1\nzzz: 1")))
    assert line.endswith("spines, jump, waves, racks")
