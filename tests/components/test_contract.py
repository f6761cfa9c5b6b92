"""The contract of the state: what Pulumi keeps of us, and the next leafrack has to understand.

A change here breaks stacks that exist. Give the outputs another version (components/state.py refuses the old one), or
an alias to the resource. docs/develop/ARCHITECTURE.md says the same in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pulumi
import pytest

from components.outputs import OUTPUT_VERSION, outputs
from leafrack.commands.gate import Guarded
from leafrack.commands.hand_over import HandedOver
from leafrack.commands.reflectors import Reflectors, Turn
from leafrack.commands.seen import Seen
from leafrack.commands.step import Owned
from leafrack.commands.switch import SEALS, SwitchJob
from leafrack.fabric import hand_over, names
from leafrack.fabric.load import load_fabric
from leafrack.platforms import Job, Neighbour, PathList, PrefixList
from leafrack.platforms.state import Timers
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedEnd, ExpectedSession
from leafrack.world import migration
from leafrack.world.calico import Group
from leafrack.world.calico_api import CalicoApi
from leafrack.world.model import Endpoint, Value
from leafrack.world.passwords import RackPassword
from leafrack.world.shown import Nodes
from tests import handed
from tests.components.test_fabric import Registered, given, of_calico, register
from tests.components.test_played import played_by
from tests.conftest import DEV_FABRIC
from tests.world import toy_switch

LEAFRACK = '"$(test -x .venv/bin/python && echo .venv/bin/python || echo python3)" -m leafrack {} {}'
ON_A_SWITCH = (
    "umask 077; work=$(mktemp -d) || exit 1; trap 'rm -rf \"$work\"' EXIT; trap 'exit 143' HUP INT TERM PIPE; "
    'cat >"$work/program" || exit 1; bound=$(command -v timeout) && bound="$bound 60"; '
    '$bound sh "$work/program" "$work" {} </dev/null; code=$?; '
    "[ $code -ne 124 ] || echo 'the switch has not answered within 60 s: see whether its routing daemon does' >&2; "
    "exit $code"
)
COMMANDS = {
    *(LEAFRACK.format(name, way) for name in ("gate", "step", "reflectors", "password") for way in ("forward", "back")),
    *(ON_A_SWITCH.format(way) for way in ("forward", "back")),
}
TYPES = {
    "leafrack:index:Fabric",
    "leafrack:index:LeafRack",
    "leafrack:index:LeafSwitch",
    "command:local:Command",
    "command:remote:Command",
    "kubernetes:core/v1:NodePatch",
    "kubernetes:crd.projectcalico.org/v1:BGPFilter",
    "kubernetes:crd.projectcalico.org/v1:BGPPeer",
    "kubernetes:crd.projectcalico.org/v1:BGPConfigurationPatch",
}
RESOURCES = {
    "dc1",
    "connected-1-gate", "connected-2-gate", "linked-gate", "mesh", "bgp-configuration", "switched-over-gate",
    *(f"node{number}-labels" for number in range(1, 7)),
    *(
        name.format(rack=rack, leaf=leaf, peer=peer)
        for rack, leaf, peer in (("rr1", "leaf01", "leaf1"), ("rr2", "leaf02", "leaf2"))
        for name in (
            "{rack}", "{leaf}", "{rack}-password", "{leaf}-sessions", "{leaf}-retired", "{leaf}-as-numbers",
            "{rack}-leaf-filter", "{rack}-reflector-labels", "{rack}-to-{peer}-peer", "{rack}-to-node-peer",
            "{rack}-reflectors", "{rack}-as-number", "{rack}-local-as-number", "{rack}-finished-gate",
        )
    ),
}  # fmt: skip
BY_GROUP = {
    (f"kubernetes:{group}:{kind}", f"kubernetes:{other}:{kind}")
    for group, other in (
        ("crd.projectcalico.org/v1", "projectcalico.org/v3"),
        ("projectcalico.org/v3", "crd.projectcalico.org/v1"),
    )
    for kind in ("BGPPeer", "BGPFilter", "BGPConfigurationPatch")
}
"""Types of Calico's objects in either group, each with its alias: Calico may move from one to the other."""
MANAGERS = {f"leafrack:leafrack/test:{part}" for part in (
    "mesh", "reflector", "reflectors", "as-number", "local-as-number", "password-rr1", "password-rr2",
)}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[Registered]:
    yield register({"rr1": "s3cret-rr1", "rr2": "s3cret-rr2"})
    pulumi.runtime.reset_options()


def test_the_names_and_types_of_the_resources_stay(made: Registered) -> None:
    ours = {name: resource.type for name, resource in made.items() if not resource.type.startswith("pulumi:")}
    assert set(ours) == RESOURCES
    assert set(ours.values()) == TYPES


def test_what_calico_moves_to_another_group_stays_one_resource(made: Registered) -> None:
    native = register({}, of_calico(CalicoApi(Group.V3)))
    calicos = [each for each in (*made.values(), *native.values()) if "projectcalico.org" in each.type]
    assert {(each.type, alias) for each in calicos for alias in each.aliases} == BY_GROUP


def test_the_commands_that_a_state_runs_stay(made: Registered) -> None:
    inputs = [resource.inputs for resource in made.values() if resource.type.startswith("command:")]
    assert {each[when] for each in inputs for when in ("create", "update", "delete") if when in each} == COMMANDS


def test_the_command_of_a_leaf_that_is_played_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_switch.register(monkeypatch, toy_switch.platform())
    played = played_by(toy_switch.NAME, {"rr1": "s3cret"})
    assert {name: resource.type for name, resource in played.items()} == dict.fromkeys(
        ("leaf01-sessions", "leaf01-retired", "leaf01-as-numbers"), "command:local:Command"
    )
    commands = {
        name: {when: inputs[when] for when in ("create", "update", "delete") if when in inputs}
        for name, inputs in ((name, resource.inputs) for name, resource in played.items())
    }
    forward, back = (LEAFRACK.format("switch", way) for way in ("forward", "back"))
    assert commands["leaf01-sessions"] == {"create": forward, "update": forward, "delete": back}
    assert commands["leaf01-retired"] == {"create": forward, "update": forward}
    assert set(json.loads(given(played["leaf01-sessions"]))) == set(SwitchJob.model_fields)
    pulumi.runtime.reset_options()


def test_the_field_managers_of_steps_stay(made: Registered) -> None:
    texts = [given(resource) for resource in made.values() if resource.type == "command:local:Command"]
    assert {each["manager"] for each in map(json.loads, texts) if "manager" in each} == MANAGERS


def test_the_keys_of_the_outputs_stay() -> None:
    told = outputs(load_fabric(DEV_FABRIC))
    assert (told["version"], OUTPUT_VERSION) == (2, 2)
    assert set(told) == {"version", "fabric", "asNumber", "racks", "sessions", "advertised"}
    assert set(told["racks"]["rr1"]) == {
        "asNumber", "localASNumber", "interconnect", "leaves", "reflectors", "members",
    }  # fmt: skip
    assert set(told["sessions"][0]) == {"kind", "rack", "ends"}


def test_every_announced_range_is_in_the_outputs() -> None:
    ranges = {"service_load_balancer_ips": "192.0.2.0/24", "service_external_ips": "198.51.100.0/25"}
    fabric = load_fabric(DEV_FABRIC).model_copy(update={key: (ip_network(one),) for key, one in ranges.items()})
    assert outputs(fabric)["advertised"] == {
        "podCIDRs": ["10.233.64.0/18"],
        "serviceClusterIPs": ["10.233.0.0/18"],
        "serviceLoadBalancerIPs": ["192.0.2.0/24"],
        "serviceExternalIPs": ["198.51.100.0/25"],
    }


def test_a_leaf_by_hand_has_a_key_of_its_own_in_the_outputs() -> None:
    told = outputs(handed.fabric())
    of_leaves = {name: leaf for rack in told["racks"].values() for name, leaf in rack["leaves"].items()}
    assert set(of_leaves["leaf01"]) == {"addresses", "asNumber", "peerNames"}
    assert set(of_leaves["leaf02"]) == {"addresses", "asNumber", "peerNames", "byHand"}
    assert of_leaves["leaf02"]["byHand"] == {
        "platform": "frr",
        "text": hand_over.text_of(handed.fabric(), "rr2", "leaf02"),
    }


def test_the_keys_on_nodes_and_peers_stay() -> None:
    assert (names.RACK_LABEL, names.REFLECTOR_LABEL, names.CLUSTER_ID_LABEL, names.REFLECTED_LABEL) == (
        "rr-group", "rr-id", "leafrack/cluster-id", "leafrack/reflected",
    )  # fmt: skip
    assert (names.MANAGED_BY_LABEL, names.FABRIC_LABEL) == ("app.kubernetes.io/managed-by", "leafrack/fabric")
    assert (names.NEXT_HOP_ANNOTATION, names.RERUN_ANNOTATION) == ("leafrack/next-hop", "leafrack/rerun")
    assert (names.API_VERSION_ANNOTATION, migration.MANAGER_ANNOTATION) == (
        "leafrack/api-version", "pulumi.com/patchFieldManager",
    )  # fmt: skip
    assert names.KEEPALIVE_ANNOTATION == "leafrack/keepalive"
    assert names.own_lists("dc1") == (
        "LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", "LEAFRACK-dc1-IN6", "LEAFRACK-dc1-OUT6",
    )  # fmt: skip


STDIN: dict[type[Any], set[str]] = {
    SwitchJob: {"endpoint", "job", "nodes"},
    Nodes: {"cluster", "nodes", "peers"},
    Job: {"task", "as_number", "own_lists", "lists", "neighbours", "final_as", "paths", "listeners"},
    PrefixList: {"name", "prefixes"},
    PathList: {"name", "as_numbers"},
    Neighbour: {
        "address",
        "as_number",
        "description",
        "list_in",
        "list_out",
        "as_numbers",
        "paths_in",
        "as_override",
        "remove_private_as",
        "graceful_restart",
        "timers",
        "ttl_security",
        "maximum_prefix",
        "password",
    },
    Timers: {"keepalive", "hold"},
    Guarded: {
        "name",
        "forward",
        "back",
        "endpoints",
        "cluster",
        "settle",
        "hold",
        "made_by",
        "manager",
        "by_hand",
        "wait",
        "by_label",
        "back_by_label",
        "remembers",
    },
    ByLabel: {"rack", "label", "named", "kind", "as_numbers", "keep", "ends", "among"},
    Seen: {"racks", "token"},
    Owned: {"target", "key", "values", "manager", "cluster", "cluster_ids", "cluster_ids_manager"},
    Reflectors: {"rack", "manager", "cluster", "endpoints", "turns"},
    Turn: {"node", "cluster_id", "forward", "back", "by_label", "back_by_label"},
    HandedOver: {"leaf", "neighbours", "lists", "peers", "cluster"},
    RackPassword: {"rack", "password", "namespace", "manager", "cluster"},
    Endpoint: {"name", "platform", "host", "port", "user", "host_key", "identity_file", "jump"},
    ExpectedSession: {"kind", "rack", "near", "far"},
    ExpectedEnd: {"name", "address", "as_numbers", "keep"},
}
"""What gates, steps and jobs read, on standard input or of their last output.

A delete gives today's code what the state has kept.
"""


@pytest.mark.parametrize(("model", "keys"), STDIN.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_gates_and_steps_read_stays(model: type[Any], keys: set[str]) -> None:
    fields = model.model_fields if issubclass(model, Value) else model.__dataclass_fields__
    assert set(fields) == keys


def test_what_a_job_keeps_of_passwords_stays() -> None:
    seal = {"172.20.0.11": {"given": "a", "shown": "b"}}
    assert json.loads(SEALS.dump_json(SEALS.validate_python(seal))) == seal
