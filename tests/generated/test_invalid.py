"""Valid fabrics made invalid on purpose: each rule of ``leafrack check`` once, said at its own key and line."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
import yaml

from lab.fabrics import Values
from leafrack.errors import FabricError, Problem
from leafrack.fabric import checks
from leafrack.fabric.load import load
from tests.generated.choose import drawn
from tests.generated.draw import Drawn, fabrics
from tests.generated.files import written

SEED, TRIES = 5, 120
MODULES = [import_module(f"{checks.__name__}.{found.name}") for found in iter_modules(checks.__path__)]
OF_WARNINGS = {"warnings", "_timers"}
ELSEWHERE = {"platforms": "tests/fabric/test_platforms.py: every platform that there is can do everything"}
"""Modules whose rules no file can break today."""
Key = tuple[str | int, ...]


@cache
def candidates() -> list[Drawn]:
    return drawn(fabrics(), SEED, TRIES)


def suitable(one: Drawn) -> bool:
    """Whether every rule can be broken in it: two racks, IPv4, spines, pods, two reflectors."""
    fabric = one.fabric
    racks = list(fabric.racks)
    two_reflectors = len(fabric.racks[racks[0]].reflectors) > 1
    carried = fabric.versions == (4,) and bool(fabric.spines) and bool(fabric.pod_cidrs)
    return len(racks) > 1 and carried and two_reflectors and one.is_whole


@pytest.fixture(scope="module")
def base() -> Drawn:
    """The first that is drawn in which everything can be broken."""
    return next(one for one in all_plans() if suitable(one))


def all_plans() -> list[Drawn]:
    """Drawn fabrics, made to have what every rule needs where they are close to it."""
    found = []
    for one in candidates():
        file: Values = yaml.safe_load(yaml.safe_dump(one.named))
        file["interconnect"] = "route-reflectors"
        file["serviceExternalIPs"] = ["198.51.100.0/25"]
        for number, rack in enumerate(file["racks"].values(), start=1):
            nodes = {**rack["reflectors"], **rack["members"]}
            rack.pop("interconnect", None)
            rack.pop("localASNumber", None)
            rack["asNumber"] = 64600 + number
            rack["reflectors"] = dict(list(nodes.items())[:2])
            rack["members"] = dict(list(nodes.items())[2:])
        found.append(Drawn(file, wiring=one.wiring))
    return found


def first(values: Values) -> str:
    return str(next(iter(values)))


class Broken:
    """A file to be broken, with short ways to its parts."""

    def __init__(self, file: Values) -> None:
        self.file = file
        self.r1, self.r2 = list(file["racks"])[:2]
        self.one, self.two = file["racks"][self.r1], file["racks"][self.r2]
        self.l1, self.l2 = first(self.one["leaves"]), first(self.two["leaves"])
        self.leaf1, self.leaf2 = self.one["leaves"][self.l1], self.two["leaves"][self.l2]
        self.n1 = first(self.one["reflectors"])
        self.n2 = list(self.one["reflectors"])[1]
        self.spine = first(file["spines"])

    def leaf(self, *more: str | int) -> Key:
        return ("racks", self.r1, "leaves", self.l1, *more)

    def rack(self, *more: str | int) -> Key:
        return ("racks", self.r1, *more)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPhfrNcNOMDNe133R20hu3YWdMkNtIyKRsEPc7dXD4qB"
Breaks = Callable[[Broken], Key]
RULES: dict[str, Breaks] = {}


def rule(breaks: Breaks) -> Breaks:
    """Something that breaks one rule and says at which key that is to be seen."""
    RULES[breaks.__name__] = breaks
    return breaks


@rule
def a_reflector_mesh_without_reflectors(f: Broken) -> Key:
    f.file.update(interconnect="top-of-rack", reflectorMesh=True)
    return ("reflectorMesh",)


@rule
def a_canary_that_is_no_rack(f: Broken) -> Key:
    f.file["waves"]["canary"] = "rr99"
    return ("waves", "canary")


@rule
def a_rack_without_a_leaf(f: Broken) -> Key:
    f.one["leaves"] = {}
    return f.rack("leaves")


@rule
def three_leaves(f: Broken) -> Key:
    for host in (201, 202):
        f.one["leaves"][f"more{host}"] = {"address": f"172.20.0.{host}", "asNumber": 65300 + host}
    return f.rack("leaves")


@rule
def a_rack_without_a_node(f: Broken) -> Key:
    f.one.update(reflectors={}, members={})
    return f.rack()


@rule
def a_rack_without_a_reflector(f: Broken) -> Key:
    f.one.update(reflectors={}, members={**f.one["reflectors"], **f.one["members"]})
    return f.rack("reflectors")


@rule
def a_node_of_both_roles(f: Broken) -> Key:
    f.one["members"][f.n1] = f.one["reflectors"][f.n1]
    return f.rack("members", f.n1)


@rule
def a_label_that_two_racks_have(f: Broken) -> Key:
    f.one["members"] = f.two["members"] = {"label": "rack=one"}
    f.one.pop("asNumber")
    f.two.pop("asNumber")
    return ("racks", f.r2, "members", "label")


@rule
def a_label_of_leafracks_own(f: Broken) -> Key:
    f.one["members"] = {"label": "rr-group=one"}
    return f.rack("members", "label")


@rule
def a_label_beside_linked_reflectors(f: Broken) -> Key:
    f.file["reflectorMesh"] = True
    f.one["members"] = {"label": "rack=one"}
    return f.rack("members", "label")


@rule
def members_by_name_and_by_label(f: Broken) -> Key:
    f.one["members"] = {"label": "rack=one", "more": ["172.20.0.77"]}
    return f.rack("members")


@rule
def a_labelled_rack_in_an_as_of_its_own(f: Broken) -> Key:
    f.one["members"] = {"label": "rack=one"}
    return f.rack("asNumber")


def listening(f: Broken, *ranges: str) -> None:
    """Let the leaves of the first rack listen for nodes that nobody names."""
    f.one.update(interconnect="top-of-rack", reflectors={}, members={"label": "rack=one"}, listenRanges=list(ranges))
    f.one.pop("asNumber")


@rule
def a_range_to_listen_in_with_a_leaf_in_it(f: Broken) -> Key:
    listening(f, "172.20.0.0/24")
    return f.rack("listenRanges", 0)


@rule
def a_range_to_listen_in_outside_of_the_rack(f: Broken) -> Key:
    listening(f, "10.77.0.0/24")
    return f.rack("listenRanges", 0)


@rule
def two_ranges_to_listen_in_that_overlap(f: Broken) -> Key:
    listening(f, "172.20.0.0/26", "172.20.0.0/27")
    return f.rack("listenRanges", 1)


@rule
def a_range_to_listen_in_where_nobody_listens(f: Broken) -> Key:
    f.one["listenRanges"] = ["172.20.0.0/26"]
    return f.rack("listenRanges")


@rule
def an_uplink_to_nowhere(f: Broken) -> Key:
    f.leaf1["uplinks"]["spine9"] = {"address": "10.250.0.1", "peerAddress": "10.250.0.0"}
    return f.leaf("uplinks", "spine9")


@rule
def a_name_that_is_no_label(f: Broken) -> Key:
    f.file["name"] = "DC_1"
    return ("name",)


@rule
def a_peer_name_that_is_none(f: Broken) -> Key:
    f.leaf1["peerName"] = "Leaf_1"
    return f.leaf("peerName")


@rule
def a_name_that_two_hosts_have(f: Broken) -> Key:
    f.two["reflectors"][f.n1] = ["172.21.0.77"]
    return ("racks", f.r2, "reflectors", f.n1)


@rule
def a_name_that_two_peers_have(f: Broken) -> Key:
    f.leaf1["peerName"] = f"{f.r1}-to-node-peer"
    return f.leaf("peerName")


@rule
def nothing_is_announced(f: Broken) -> Key:
    for key in ("podCIDRs", "serviceClusterIPs", "serviceLoadBalancerIPs", "serviceExternalIPs", "acceptCIDRs"):
        f.file.pop(key, None)
    f.file.pop("prefixAdvertisements", None)
    return ("podCIDRs",)


@rule
def services_of_a_family_without_pods(f: Broken) -> Key:
    f.file["serviceExternalIPs"] = ["2001:db8:2::/64"]
    f.file.pop("prefixAdvertisements", None)
    return ("serviceExternalIPs", 0)


@rule
def a_community_that_is_given_twice(f: Broken) -> Key:
    f.file["communities"] = [{"name": "a", "value": "1:1"}, {"name": "a", "value": "1:2"}]
    f.file.pop("prefixAdvertisements", None)
    return ("communities", 1, "name")


@rule
def communities_for_what_nobody_announces(f: Broken) -> Key:
    f.file["prefixAdvertisements"] = [{"cidr": "10.0.0.0/24", "communities": ["1:1"]}]
    return ("prefixAdvertisements", 0, "cidr")


@rule
def a_community_that_is_none(f: Broken) -> Key:
    f.file["prefixAdvertisements"] = [{"cidr": "198.51.100.0/25", "communities": ["nobody"]}]
    return ("prefixAdvertisements", 0, "communities", 0)


@rule
def an_address_that_two_have(f: Broken) -> Key:
    f.one["reflectors"][f.n2] = f.one["reflectors"][f.n1]
    return f.rack("reflectors", f.n2)


@rule
def a_router_id_that_two_have(f: Broken) -> Key:
    f.leaf1["routerID"] = f.file["spines"][f.spine]["routerID"]
    return f.leaf("routerID")


@rule
def a_node_outside_the_subnet_of_its_leaf(f: Broken) -> Key:
    f.one["reflectors"][f.n1] = ["10.77.0.5"]
    return f.rack("reflectors", f.n1)


@rule
def a_node_outside_of_node_cidrs(f: Broken) -> Key:
    f.one["nodeCIDRs"] = ["172.20.0.0/24"]
    f.one["reflectors"][f.n1] = ["10.77.0.5"]
    return f.rack("reflectors", f.n1)


@rule
def a_node_with_the_address_of_the_network(f: Broken) -> Key:
    f.one["reflectors"][f.n1] = ["172.20.0.0"]
    return f.rack("reflectors", f.n1)


@rule
def a_node_with_the_broadcast_address(f: Broken) -> Key:
    f.one["reflectors"][f.n1] = ["172.20.0.255"]
    return f.rack("reflectors", f.n1)


@rule
def a_node_without_a_subnet_in_common_with_its_leaf(f: Broken) -> Key:
    f.one["nodeCIDRs"] = ["172.20.0.0/24", "10.77.0.0/24"]
    f.one["reflectors"][f.n1] = ["10.77.0.5"]
    return f.rack("reflectors", f.n1)


@rule
def a_cluster_id_that_two_have(f: Broken) -> Key:
    f.file.update(podCIDRs=["10.233.64.0/18", "fd10::/48"])
    f.one["reflectors"] = {f.n1: ["fd00:1::5"], f.n2: ["fd00:1:0:0:1::5"]}
    return f.rack("reflectors", f.n2)


@rule
def one_address_for_all_pods(f: Broken) -> Key:
    f.file["podCIDRs"] = ["10.233.64.1/32"]
    return ("podCIDRs", 0)


@rule
def a_node_without_an_address_of_the_pods_family(f: Broken) -> Key:
    f.file["podCIDRs"] = ["10.233.64.0/18", "fd10::/48"]
    return f.rack("reflectors", f.n1)


@rule
def services_that_overlap_pods(f: Broken) -> Key:
    f.file["serviceLoadBalancerIPs"] = ["10.233.64.0/24"]
    return ("serviceLoadBalancerIPs", 0)


@rule
def load_balancers_that_overlap_nodes(f: Broken) -> Key:
    f.file["serviceLoadBalancerIPs"] = ["172.20.0.128/25"]
    return f.rack("leaves")


@rule
def a_range_to_accept_of_another_family(f: Broken) -> Key:
    f.file["acceptCIDRs"] = ["2001:db8:9::/48"]
    return ("acceptCIDRs", 0)


@rule
def a_range_to_accept_that_is_given_twice(f: Broken) -> Key:
    f.file["acceptCIDRs"] = ["203.0.113.0/24", "203.0.113.0/24"]
    return ("acceptCIDRs", 1)


@rule
def a_range_to_accept_inside_another(f: Broken) -> Key:
    f.file["acceptCIDRs"] = ["203.0.113.0/24", "203.0.113.0/25"]
    return ("acceptCIDRs", 1)


@rule
def ends_of_a_link_of_two_families(f: Broken) -> Key:
    f.leaf1["uplinks"][f.spine] = {"address": "10.250.0.1", "peerAddress": "fd09::1"}
    return f.leaf("uplinks", f.spine)


@rule
def ends_of_a_link_without_a_network_in_common(f: Broken) -> Key:
    f.leaf1["uplinks"][f.spine] = {"address": "10.250.0.1", "peerAddress": "10.99.0.1"}
    return f.leaf("uplinks", f.spine, "peerAddress")


@rule
def a_link_among_the_nodes(f: Broken) -> Key:
    f.leaf1["uplinks"][f.spine] = {"address": "172.20.0.101", "peerAddress": "172.20.0.100"}
    return f.leaf("uplinks", f.spine)


@rule
def two_links_in_one_network(f: Broken) -> Key:
    f.leaf1["uplinks"] = {f.spine: {"address": "10.250.0.1", "peerAddress": "10.250.0.0"}}
    f.leaf2["uplinks"] = {f.spine: {"address": "10.250.0.5", "peerAddress": "10.250.0.2"}}
    return ("racks", f.r2, "leaves", f.l2, "uplinks", f.spine)


@rule
def a_rack_in_the_as_of_a_spine(f: Broken) -> Key:
    f.one["asNumber"] = f.file["spines"][f.spine]["asNumber"]
    return f.rack("asNumber")


@rule
def a_rack_with_two_numbers(f: Broken) -> Key:
    f.one["localASNumber"] = 64999
    return f.rack("localASNumber")


@rule
def a_rack_that_shows_the_fabrics_as(f: Broken) -> Key:
    del f.one["asNumber"]
    f.one["localASNumber"] = f.file.get("asNumber", 64512)
    return f.rack("localASNumber")


@rule
def two_numbers_in_one_full_mesh(f: Broken) -> Key:
    f.file.update(interconnect="full-mesh", reflectorMesh=False)
    return f.rack("asNumber")


@rule
def two_racks_in_one_as(f: Broken) -> Key:
    f.two["asNumber"] = f.one["asNumber"]
    for leaf in (*f.one["leaves"].values(), *f.two["leaves"].values()):
        leaf.pop("asOverride", None)
    return ("racks", f.r2, "asNumber")


@rule
def a_leaf_in_the_as_of_its_rack(f: Broken) -> Key:
    f.leaf1["asNumber"] = f.one["asNumber"]
    return f.leaf("asNumber")


@rule
def a_key_that_is_none(f: Broken) -> Key:
    f.leaf1["ssh"] = {"hostKey": "ssh-ed25519"}
    return f.leaf("ssh", "hostKey")


@rule
def a_user_that_is_an_option(f: Broken) -> Key:
    f.leaf1["ssh"] = {"user": "-oProxyCommand=x"}
    return f.leaf("ssh", "user")


@rule
def a_host_that_is_none(f: Broken) -> Key:
    f.leaf1["ssh"] = {"host": "a host"}
    return f.leaf("ssh", "host")


@rule
def two_leaves_behind_one_endpoint(f: Broken) -> Key:
    f.leaf1["ssh"] = {"host": "switch.example.net", "hostKey": KEY}
    f.leaf2["ssh"] = {"host": "switch.example.net", "hostKey": KEY}
    return ("racks", f.r2, "leaves", f.l2, "ssh")


def said(file: Values) -> tuple[str, list[Problem]]:
    """The text of a file, and what is wrong with it."""
    with written(file) as path:
        try:
            load(path)
        except FabricError as error:
            return path.read_text(encoding="utf-8"), list(error.problems)
        return path.read_text(encoding="utf-8"), []


def written_key(key: Key) -> str:
    """As messages have it: ``racks.rr1.leaves``, ``podCIDRs[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


def line_of(text: str, key: Key) -> int:
    """Line of a key, or of what should hold it."""
    node: Any = yaml.compose(text)
    line = 1
    for part in key:
        if isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
            continue
        pair = next((pair for pair in node.value if pair[0].value == part), None)
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


@pytest.mark.parametrize("breaks", RULES.values(), ids=RULES)
def test_a_broken_rule_is_said_at_its_key_and_line(breaks: Breaks, base: Drawn) -> None:
    file: Values = yaml.safe_load(yaml.safe_dump(base.file))
    key = breaks(Broken(file))
    text, problems = said(file)
    at_key = [problem for problem in problems if problem.path == written_key(key)]
    assert at_key, [str(problem) for problem in problems]
    place = str(at_key[0].place).rpartition(":")[2]
    assert place == str(line_of(text, key)), str(at_key[0])


def lines_that_say(module: ModuleType) -> set[int]:
    """Lines of a module on which a rule says that it is broken."""
    tree = ast.parse(inspect.getsource(module))
    rules = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name not in OF_WARNINGS]
    calls = (node for one in rules for node in ast.walk(one) if isinstance(node, ast.Call))
    return {call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Problem"}


def test_every_rule_is_broken_once(base: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[tuple[str, int]] = set()

    def noted(*given: Any, **named: Any) -> Problem:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        broken.add((Path(frame.f_back.f_code.co_filename).stem, frame.f_back.f_lineno))
        return Problem(*given, **named)

    for module in MODULES:
        monkeypatch.setattr(module, "Problem", noted)
    for breaks in RULES.values():
        file: Values = yaml.safe_load(yaml.safe_dump(base.file))
        breaks(Broken(file))
        said(file)
    wanted = {(module.__name__.rpartition(".")[2], line) for module in MODULES for line in lines_that_say(module)}
    assert {one for one in wanted - broken if one[0] not in ELSEWHERE} == set()
