"""Cross-checks: what is well-formed and would still break the fabric."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from leafrack.fabric.load import load
from tests.fabric.fabric_files import ED25519, RIGHT, changed

Errors = Callable[[str], list[str]]
RR1, RR2 = "racks.rr1", "racks.rr2"
LEAF1, LEAF2 = f"{RR1}.leaves.leaf01", f"{RR2}.leaves.leaf02"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQDI"
SECOND_LEAF = "    leaves:\n      leaf01b: {address: 172.20.0.253, asNumber: 65011}"

NAMES = [
    (("name: dc1", "name: DC_1"), "name", "'DC_1' cannot name a fabric: up to 49 lower-case letters"),
    (("name: dc1", f"name: {'a' * 51}"), "name", "cannot name a fabric: up to 49"),
    (("  rr1:", "  Rack_1:"), "racks.Rack_1", "'Rack_1' cannot name a rack: up to 50"),
    (("  rr1:", f"  {'r' * 51}:"), f"racks.{'r' * 51}", "cannot name a rack: up to 50"),
    (("leaf01:", "leaf_1:"), f"{RR1}.leaves.leaf_1", "'leaf_1' cannot name a leaf: up to 63"),
    (
        ("  spine1: {asN", "  Spine: {asNumber: 65007}\n  spine1: {asN"),
        "spines.Spine",
        "'Spine' cannot name a spine",
    ),
    (("{node1:", "{-node:"), f"{RR1}.reflectors.-node", "'-node' cannot name a node: up to 253"),
    (("{node3:", "{n..3:"), f"{RR1}.members.n..3", "'n..3' cannot name a node"),
    (("{node3:", "{'':"), f"{RR1}.members.", "'' cannot name a node"),
    (("platform: frr", "peerName: A"), f"{LEAF1}.peerName", "'A' cannot name a BGPPeer: up to 250"),
    (("name: dc1", "name: dc1\ncalicoNamespace: Kube"), "calicoNamespace", "'Kube' cannot name a namespace"),
    (
        ("node4:", "node1:"),
        f"{RR2}.reflectors.node1",
        "the name is taken by racks.rr1.reflectors.node1: names of",
    ),
    (
        ("leaf02:", "leaf01:"),
        f"{RR2}.leaves.leaf01",
        "the name is taken by racks.rr1.leaves.leaf01: names of",
    ),
    (("node6:", "spine1:"), f"{RR2}.members.spine1", "the name is taken by spines.spine1: names of"),
    (("{node3:", "{node1:"), f"{RR1}.members.node1", "is a reflector and a member: a node is one of the two"),
    (
        ("platform: frr", "peerName: rr2-to-leaf02-peer"),
        LEAF2,
        f"the BGPPeer would be called rr2-to-leaf02-peer like that of {LEAF1}.peerName: give peerName",
    ),
    (
        ("platform: frr", "peerName: rr1-to-node-peer"),
        f"{LEAF1}.peerName",
        "the BGPPeer would be called rr1-to-node-peer like that of racks.rr1: give peerName",
    ),
]

ADDRESSES = [
    (("172.20.0.13", "172.20.0.11"), f"{RR1}.members.node3", "172.20.0.11 is the address of node node1 too"),
    (
        ("172.20.0.13", "172.20.0.254"),
        f"{RR1}.members.node3",
        "172.20.0.254 is the address of leaf leaf01 too",
    ),
    (
        ("address: 100.0.0.2", "address: 172.20.0.11"),
        f"{LEAF1}.uplinks.spine1.address",
        "172.20.0.11 is the address of node node1 too",
    ),
    (
        ("peerAddress: 100.0.0.1", "peerAddress: 100.0.0.2"),
        f"{LEAF1}.uplinks.spine1.peerAddress",
        "100.0.0.2 is the address of the uplink of leaf01 to spine1 too",
    ),
    (
        ("routerID: 3.3.3.3", "routerID: 1.1.1.1"),
        f"{LEAF2}.routerID",
        "1.1.1.1 is the router ID of spine spine1 too",
    ),
    (
        ("172.20.0.13", "172.20.1.13"),
        f"{RR1}.members.node3",
        (
            "172.20.1.13 of node node3 is outside the subnet around the rack's leaf (172.20.0.0/24): "
            "correct it or give nodeCIDRs"
        ),
    ),
    (
        ("  rr1:", "  rr1:\n    nodeCIDRs: [172.20.0.8/29]"),
        f"{LEAF1}.address",
        ("172.20.0.254 of leaf leaf01 is outside the rack's nodeCIDRs (172.20.0.8/29): correct it or list its subnet"),
    ),
    (
        ("172.20.0.13", "172.20.0.0"),
        f"{RR1}.members.node3",
        "172.20.0.0 is the network address of 172.20.0.0/24",
    ),
    (
        ("172.20.0.13", "172.20.0.255"),
        f"{RR1}.members.node3",
        "172.20.0.255 is the broadcast address of 172.20.0.0/24",
    ),
    (
        ("[10.233.64.0/18]", "[10.233.64.0/18, 'fd00::/48']"),
        f"{RR1}.reflectors.node1",
        "node node1 has no IPv6 address, which the pods of podCIDRs need: give one per family, [IPv4, IPv6]",
    ),
    (
        ("[10.233.64.0/18]", "[10.233.64.0/18, 'fd00::/48']"),
        f"{LEAF1}.address",
        "leaf leaf01 has no IPv6 address",
    ),
    (
        ("[10.233.0.0/18]", "['fd00::/112']"),
        "serviceClusterIPs[0]",
        "fd00::/112 is IPv6, and podCIDRs has no such range",
    ),
    (
        ("name: dc1", "name: dc1\nacceptCIDRs: ['::/0']"),
        "acceptCIDRs[0]",
        "::/0 is IPv6, and podCIDRs has no such range: add one or remove this",
    ),
    (
        ("name: dc1", "name: dc1\nacceptCIDRs: [0.0.0.0/0, 10.233.65.0/24]"),
        "acceptCIDRs[1]",
        "10.233.65.0/24 is inside 10.233.64.0/18, of which nodes take everything: remove it",
    ),
    (
        ("name: dc1", "name: dc1\nacceptCIDRs: [172.20.0.0/24, 172.16.0.0/12]"),
        "acceptCIDRs[0]",
        "172.20.0.0/24 is inside 172.16.0.0/12, of which nodes take everything: remove it",
    ),
    (
        ("name: dc1", "name: dc1\nacceptCIDRs: [172.16.0.0/12, 172.16.0.0/12]"),
        "acceptCIDRs[1]",
        "172.16.0.0/12 is given twice: remove one",
    ),
    (
        ("name: dc1", "name: dc1\nacceptCIDRs: [10.233.0.0/18]"),
        "acceptCIDRs[0]",
        "10.233.0.0/18 is given twice: remove one",
    ),
    (
        ("10.233.0.0/18", "10.233.64.0/20"),
        "serviceClusterIPs[0]",
        "10.233.64.0/20 (services) overlaps 10.233.64.0/18 (pods): give one of them another range",
    ),
    (
        ("10.233.0.0/18", "10.232.0.0/15"),
        "serviceClusterIPs[0]",
        "10.232.0.0/15 (services) overlaps 10.233.64.0/18 (pods)",
    ),
    (
        ("[10.233.64.0/18]", "[10.233.64.0/18, 10.233.65.0/24]"),
        "podCIDRs[1]",
        "10.233.65.0/24 (pods) overlaps",
    ),
    (
        ("10.233.0.0/18", "172.20.0.0/16"),
        f"{RR1}.leaves",
        (
            "172.20.0.0/24 (nodes of rack rr1, around its leaf) overlaps 172.20.0.0/16 (services): "
            "give nodeCIDRs or another"
        ),
    ),
    (
        ("address: 173.20.0.254", "address: 172.20.0.253"),
        f"{RR2}.leaves",
        (
            "172.20.0.0/24 (nodes of rack rr2, around its leaf) overlaps 172.20.0.0/24 (nodes of rack "
            "rr1, around its leaf)"
        ),
    ),
    (("100.0.0.2", "10.233.65.1"), f"{LEAF1}.uplinks.spine1", "10.233.65.1 is inside 10.233.64.0/18 (pods)"),
    (
        ("[10.233.64.0/18]", "[10.233.64.7/32]"),
        "podCIDRs[0]",
        "10.233.64.7/32 is one address: pods need a range",
    ),
    (
        ("  rr1:", "  rr1:\n    nodeCIDRs: [172.20.0.0/25, 172.20.0.128/25]"),
        f"{RR1}.reflectors.node1",
        "node node1 (172.20.0.11) and leaf leaf01 (172.20.0.254) share no subnet, so no session between them comes up",
    ),
    (
        ("peerAddress: 100.0.0.1", "peerAddress: 100.0.1.1"),
        f"{LEAF1}.uplinks.spine1.peerAddress",
        "100.0.1.1 and the leaf's 100.0.0.2 share no network, not even a /24",
    ),
    (
        ("{address: 100.0.0.2, peerAddress: 100.0.0.1}", "{address: 172.20.0.101, peerAddress: 172.20.0.100}"),
        f"{LEAF1}.uplinks.spine1",
        "172.20.0.101 is inside 172.20.0.0/24 (nodes of rack rr1, around its leaf): give the link another address",
    ),
    (
        (
            "{spine1: {address: 100.0.0.2",
            "{spine2: {address: 100.0.0.3, peerAddress: 100.0.0.4}, spine1: {address: 100.0.0.2",
        ),
        f"{LEAF1}.uplinks.spine1",
        "100.0.0.0/30 overlaps 100.0.0.0/29, the network of the link to spine spine2: give each link its own",
    ),
    (
        ("100.0.0.2", "'fd00::1'"),
        f"{LEAF1}.uplinks.spine1",
        "address and peerAddress are of different IP versions",
    ),
]

AS_NUMBERS = [
    (
        ("asNumber: 65009", "asNumber: 64512"),
        f"{LEAF1}.asNumber",
        "AS 64512 is the rack's own: nodes and leaf need",
    ),
    (
        ("asNumber: 65009", "asNumber: 64513"),
        f"{LEAF1}.asNumber",
        "AS 64513 is rack rr2's too: the leaf drops",
    ),
    (
        ("asNumber: 65009", "asNumber: 65008"),
        f"{LEAF1}.asNumber",
        "AS 65008 is spine spine1's too: leaf and spine need",
    ),
    (
        ("asNumber: 65010", "asNumber: 65009"),
        f"{LEAF2}.asNumber",
        "AS 65009 is that of a leaf of rack rr1 too",
    ),
    (
        ("    asNumber: 64513\n", ""),
        f"{RR2}.asNumber",
        "AS 64512 is rack rr1's too: behind different leaves the two never see each other's pod routes",
    ),
    (("asNumber: 64513", "asNumber: 64512"), f"{RR2}.asNumber", "AS 64512 is rack rr1's too"),
    (
        ("asNumber: 64513", "asNumber: 65008"),
        f"{RR2}.asNumber",
        "AS 65008 is spine spine1's too: the spine drops",
    ),
    (
        ("    asNumber: 64513\n", "    localASNumber: 64512\n"),
        f"{RR2}.localASNumber",
        "AS 64512 is the fabric's, in which the nodes are already: leave it out",
    ),
    (
        ("    asNumber: 64513\n    leaves:\n      leaf02:\n", "    leaves:\n      leaf02:\n        asOverride: true\n"),
        f"{RR1}.asNumber",
        "AS 64512 is rack rr2's too",
    ),
    (
        ("    asNumber: 64513\n", "    asNumber: 64513\n    localASNumber: 64600\n"),
        f"{RR2}.localASNumber",
        "the nodes themselves are in AS 64513 (asNumber): give one of the two",
    ),
    (
        ("    asNumber: 64513\n", "    localASNumber: 65009\n"),
        f"{LEAF1}.asNumber",
        "AS 65009 is rack rr2's too: the leaf drops",
    ),
    (
        ("name: dc1", "name: dc1\ninterconnect: full-mesh"),
        f"{RR2}.asNumber",
        "one full mesh over all racks is one AS, 64512: remove 64513, or give a rack another interconnect",
    ),
    (
        (
            "asNumber: 64512\n    leaves:\n      leaf01:\n        address: 172.20.0.254\n        asNumber: 65009",
            "asNumber: 64600\n    leaves:\n      leaf01:\n        address: 172.20.0.254\n        asNumber: 64512",
        ),
        f"{LEAF1}.asNumber",
        "set; use another, or give the fabric another asNumber than 64512, its default",
    ),
    (
        ("name: dc1", "name: dc1\nasNumber: 65010"),
        f"{LEAF2}.asNumber",
        "AS 65010 is the fabric's asNumber, which nodes have before their rack's own is set",
    ),
]

STRUCTURE = [
    (
        ("name: dc1", "name: dc1\ninterconnect: top-of-rack\nreflectorMesh: true"),
        "reflectorMesh",
        "no rack has route reflectors: remove it, or use the interconnect route-reflectors",
    ),
    (
        ("{node4: 173.20.0.11, node5: 173.20.0.12}", "{}"),
        f"{RR2}.reflectors",
        "the rack has no route reflector, so no",
    ),
    (
        ("uplinks: {spine1:", "uplinks: {spine2:"),
        f"{LEAF1}.uplinks.spine2",
        "there is no spine 'spine2': did you mean spine1?",
    ),
    (
        ("members: {node6: 173.20.0.13}", "members: {}\n  rr3: {leaves: {}}"),
        "racks.rr3.leaves",
        "the rack has no leaf",
    ),
    (
        ("members: {node6: 173.20.0.13}", "members: {}\n  rr3: {leaves: {}}"),
        "racks.rr3",
        "the rack has no node",
    ),
    (
        ("    leaves:", f"{SECOND_LEAF}\n      leaf01c: {{address: 172.20.0.252, asNumber: 65012}}"),
        f"{RR1}.leaves",
        "3 leaves: a rack has one leaf or a redundant pair; split the rack",
    ),
]

SSH = [
    (
        (ED25519, RSA),
        f"{LEAF1}.ssh.hostKey",
        "RSA host keys cannot be pinned: pulumi-command then accepts only ssh-rsa",
    ),
    (
        (ED25519, "SHA256:abc"),
        f"{LEAF1}.ssh.hostKey",
        "is no OpenSSH public key: it has a type (ssh-ed25519, ",
    ),
    ((ED25519, "''"), f"{LEAF1}.ssh.hostKey", "is no OpenSSH public key"),
    (
        (ED25519, "ssh-ed25519 !!!!"),
        f"{LEAF1}.ssh.hostKey",
        "is no ssh-ed25519 public key: its base64 is damaged",
    ),
    ((ED25519, ED25519[:-6]), f"{LEAF1}.ssh.hostKey", "is no ssh-ed25519 public key"),
    (
        (ED25519, ED25519.replace("ssh-ed25519", "ecdsa-sha2-nistp256")),
        f"{LEAF1}.ssh.hostKey",
        "is no ecdsa-sha2-nistp256",
    ),
    ((ED25519, f"leaf01 {ED25519}"), f"{LEAF1}.ssh.hostKey", "begins with a host name: leave 'leaf01' out"),
    (
        ("port: 2202", "port: 2201"),
        f"{LEAF2}.ssh",
        f"127.0.0.1 port 2201 is {LEAF1} too: one rack's lines would go to",
    ),
    (
        ("host: 127.0.0.1", "host: -oProxyCommand=x"),
        f"{LEAF1}.ssh.host",
        "'-oProxyCommand=x' is no host name or address",
    ),
    (
        ("port: 2201", "port: 2201, jump: {host: -oProxyCommand=x}"),
        f"{LEAF1}.ssh.jump.host",
        "'-oProxyCommand=x' is no host name or address",
    ),
    (("name: dc1", "name: dc1\njump: {host: ''}"), "jump.host", "'' is no host name or address"),
    (
        ("name: dc1", f"name: dc1\njump: {{host: b, hostKey: {RSA}}}"),
        "jump.hostKey",
        "RSA host keys cannot be pinned",
    ),
    (
        ("port: 2201", f"port: 2201, jump: {{host: b, hostKey: b {ED25519}}}"),
        f"{LEAF1}.ssh.jump.hostKey",
        "begins with a host name: leave 'b' out",
    ),
    (
        ("port: 2201", "port: 2201, jump: {hots: b}"),
        f"{LEAF1}.ssh.jump.hots",
        "unknown key: did you mean host?",
    ),
    (("name: dc1", "name: dc1\njump: {port: 22}"), "jump.host", "is missing: name or address of the jump host"),
    (("name: dc1", "name: dc1\njump: {host: b, port: 0}"), "jump.port", "is 0: must be from 1 to 65535"),
    (("name: dc1", "name: dc1\njump: bastion"), "jump", "needs a mapping (key: value), got the text 'bastion'"),
]

WRONG = [*NAMES, *ADDRESSES, *AS_NUMBERS, *STRUCTURE, *SSH]


@pytest.mark.parametrize(("change", "path", "expected"), WRONG)
def test_a_fabric_that_would_break_is_refused(
    errors: Errors, change: tuple[str, str], path: str, expected: str
) -> None:
    lines = errors(changed(change))
    said = [line.split(": ", 1)[1] for line in lines]
    assert any(line.startswith(f"{path}: ") and expected in line for line in said), lines
    assert all(line.split(":")[0] == "x.yaml" and line.split(":")[1].isdigit() for line in lines)


BLIND = [f"asNumber: {number}\n        asOverride: true" for number in (65009, 65010)]
"""Leaves that put their own AS in place of their rack's."""


@pytest.mark.parametrize(
    "changes",
    [
        [("{node6: 173.20.0.13}", "{}")],
        [("    leaves:", SECOND_LEAF)],
        [("    leaves:", SECOND_LEAF.replace("65011", "65009"))],
        [("  rr1:", "  rr1:\n    nodeCIDRs: [172.20.0.0/23]"), ("172.20.0.13", "172.20.1.13")],
        # A member that does not peer with the leaf may be in another subnet.
        [("  rr1:", "  rr1:\n    nodeCIDRs: [172.20.0.0/24, 172.20.1.0/24]"), ("172.20.0.13", "172.20.1.13")],
        [("    asNumber: 64512\n", "")],
        [("name: dc1", "name: dc1\nasNumber: 64999")],
        [("node3:", "node3.rack1.example.net:")],
        [("  spine1: {asN", "  spine2: {asNumber: 65008}\n  spine1: {asN")],
        [("name: dc1", "name: dc1\ninterconnect: top-of-rack"), ("    asNumber: 64513\n", "")],
        [("name: dc1", "name: dc1\ninterconnect: full-mesh"), ("    asNumber: 64513\n", "")],
        [("    asNumber: 64513\n", ""), ("asNumber: 65009", BLIND[0]), ("asNumber: 65010", BLIND[1])],
        [("    asNumber: 64513\n", "    localASNumber: 64513\n")],
        [("  rr1:", "  rr1:\n    interconnect: top-of-rack")],
        [("name: dc1", "name: dc1\njump: {host: bastion.example.net, user: operator, identityFile: ~/.ssh/id}")],
        # Of all addresses just the default route; a range of a whole data centre may hold the pods.
        [("name: dc1", "name: dc1\nacceptCIDRs: [0.0.0.0/0, 10.0.0.0/8, 172.16.0.0/12]")],
        # The same address behind another jump host is another switch.
        [("port: 2202", "port: 2201, jump: {host: b}")],
    ],
)
def test_a_fabric_that_works_is_not_refused(errors: Errors, changes: list[tuple[str, str]]) -> None:
    assert errors(changed(*changes)) == []


def test_a_dual_stack_fabric_is_not_refused(errors: Errors) -> None:
    fabric = yaml.safe_load(RIGHT)
    fabric["podCIDRs"].append("fd00:10::/48")
    fabric["serviceClusterIPs"].append("fd00:20::/112")
    for number, rack in enumerate(fabric["racks"].values(), start=1):
        for leaf in rack["leaves"].values():
            leaf["address"] = [leaf["address"], f"fd00:{number}::fe"]
        for kind in ("reflectors", "members"):
            for node, address in rack[kind].items():
                rack[kind][node] = [f"fd00:{number}::{address.rsplit('.')[-1]}", address]
    assert errors(yaml.safe_dump(fabric)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("node2: 172.20.0.12", ""),
            f"{RR1}.reflectors: only one route reflector: the rack's pods are cut off",
        ),
        (
            ("  spine1: {asN", "  spine2: {asNumber: 65007}\n  spine1: {asN"),
            "spines.spine2: no leaf has an uplink to it: declare one, or remove the spine",
        ),
        (
            (f", hostKey: {ED25519}", ""),
            f"{LEAF1}.ssh.hostKey: no hostKey, so any switch that answers is believed",
        ),
        (
            (f", hostKey: {ED25519}", f", hostKey: {ED25519}}}\n        timers: {{keepalive: 5, hold: 9"),
            f"{LEAF1}.timers: a hold time of 9 s is less than three keepalives of 5 s",
        ),
        (
            ("name: dc1", "name: dc1\njump: {host: b}"),
            "jump.hostKey: no hostKey, so any machine that answers is believed",
        ),
        (
            ("port: 2201", "port: 2201, jump: {host: b}"),
            f"{LEAF1}.ssh.jump.hostKey: no hostKey, so any machine that answers is believed",
        ),
    ],
)
def test_what_works_and_should_not_stay_is_a_warning_with_its_line(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(change))
    (warning,) = load(path).warnings
    place, _, text = str(warning).replace(f"{tmp_path}/", "").partition(": ")
    assert place.startswith("x.yaml:")
    assert text.startswith(expected)


def test_a_node_that_is_reflector_and_member_is_said_once(errors: Errors) -> None:
    lines = errors(changed(("{node3: 172.20.0.13}", "{node1: 172.20.0.13}")))
    assert len(lines) == 1


def test_a_range_that_holds_pods_and_services_and_begins_with_one_of_them_may_be_accepted(errors: Errors) -> None:
    assert errors(changed(("name: dc1", "name: dc1\nacceptCIDRs: [10.233.0.0/16]"))) == []


@pytest.mark.parametrize(
    ("one", "other"), [("sw", "SW"), ("sw.example.net", "sw.example.net."), ("fd00::1", "FD00:0::1")]
)
def test_one_host_in_two_spellings_is_one_switch(errors: Errors, one: str, other: str) -> None:
    text = changed(
        ("host: 127.0.0.1", f"host: '{one}'"), ("host: 127.0.0.1, port: 2202", f"host: '{other}', port: 2201")
    )
    (line,) = errors(text)
    assert f"{LEAF2}.ssh: {other} port 2201 is {LEAF1} too: one rack's lines would go to the other's switch" in line
