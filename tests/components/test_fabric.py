"""The graph that the components register: what there is, and what waits for what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

from components import Access, Fabric, FabricArgs
from components.rerun import VARIABLE
from leafrack.fabric import Interconnect, Jump, names
from leafrack.fabric.load import load_fabric
from leafrack.fabric.switch import LeafTimers
from leafrack.platforms import SwitchState
from leafrack.preflight.drift import Comparison
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import PeerState
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState, Observed

Registered = Mapping[str, "Resource"]


class Resource:
    """One registration as the engine would get it."""

    def __init__(self, request: Any) -> None:
        self.type = request.type
        self.name = request.name
        self.deleted_first = bool(request.deleteBeforeReplace)
        self.parent = request.parent.rpartition("::")[2]
        self.inputs: dict[str, Any] = rpc.deserialize_properties(request.object, keep_unknowns=True)
        self.ignores = set(request.ignoreChanges)
        self.aliases = {alias.spec.type for alias in request.aliases}
        self.waits_for = {urn.rpartition("::")[2] for urn in request.dependencies}


class Monitor(mocks.MockMonitor):
    """The mock engine, which also keeps the requests: mocks alone do not show dependencies."""

    def __init__(self) -> None:
        super().__init__(_Mocks())
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


class _Mocks(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return {}, []


@pytest.fixture(scope="module")
def registered() -> Iterator[Registered]:
    yield register({"rr1": "s3cret-rr1"})
    pulumi.runtime.reset_options()


def register(
    passwords: Mapping[str, pulumi.Input[str]],
    observed: Observed | None = None,
    access: Access | None = None,
    **changed: Any,
) -> Registered:
    monitor = Monitor()
    mocks.set_mocks(_Mocks(), project="leafrack", stack="test", preview=False, monitor=monitor)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def build() -> pulumi.Output[Any]:
        declared = load_fabric(Path("config/fabrics/dev.yaml")).model_copy(update=changed)
        fabric = Fabric(
            "dc1",
            FabricArgs(
                declared=declared,
                access=access or Access(kubeconfig="kube", context="c"),
                passwords=passwords,
                comparison=Comparison(declared, observed or Observed()),
            ),
        )
        return fabric.leafrack

    build()
    return {resource.name: resource for resource in map(Resource, monitor.requests)}


def of_calico(api: CalicoApi) -> Observed:
    """A world in which the cluster's Calico has just these fields."""
    return Observed(ClusterState(calico=api))


def behind(registered: Registered, name: str) -> set[str]:
    """Everything that a resource waits for, directly or through others."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        for wanted in registered[ahead.pop()].waits_for - found:
            found.add(wanted)
            ahead.append(wanted)
    return found


def guarded(registered: Registered, gate: str) -> Any:
    """What a gate waits for; its text is secret where passwords make it run again."""
    text = registered[gate].inputs["stdin"]
    return json.loads(rpc.unwrap_rpc_secret(text) if rpc.is_rpc_secret(text) else text)


MARKS = ("update", "environment.LEAFRACK_RERUN")


def marked(registered: Registered) -> set[str]:
    """Commands that run again for what differs of their work."""
    commands = {name: r for name, r in registered.items() if r.type.startswith("command:")}
    assert all(len(r.ignores) <= 1 and r.ignores <= set(MARKS) for r in commands.values())
    for r in commands.values():
        on_switch = r.type == "command:remote:Command"
        token = r.inputs["update"].rpartition("# ")[1] if on_switch else r.inputs["environment"].get(VARIABLE)
        assert bool(token) is not bool(r.ignores), r.name
    return {name for name, r in commands.items() if not r.ignores}


def test_where_nothing_differs_no_command_runs_again(registered: Registered) -> None:
    assert marked(registered) == set()


@pytest.mark.usefixtures("_no_leftovers")
def test_what_differs_runs_again_and_then_the_gates_of_its_rack() -> None:
    leaf01 = SwitchState(65009, lists={})
    node = NodeState("node5", (), annotations={names.CLUSTER_ID_ANNOTATION: "9.9.9.9"})
    configuration = {
        "nodeToNodeMeshEnabled": False,
        "asNumber": 64512,
        "logSeverityScreen": "Info",
        "serviceClusterIPs": [{"cidr": "10.233.0.0/18"}],
    }
    cluster = ClusterState({"node5": node}, bgp_configuration=configuration)
    made = register({}, observed=Observed(cluster, {"leaf01": leaf01}))
    leaf = {"leaf01-sessions", "leaf01-as-numbers"}
    assert leaf | {"connected-1-gate", "rr1-finished-gate", "rr2-reflectors", "rr2-finished-gate"} <= marked(made)
    assert not {"leaf02-sessions", "leaf02-as-numbers", "mesh", "switched-over-gate"} & marked(made)
    one, other = (register({}, observed=Observed(cluster, {"leaf01": leaf01})) for _ in range(2))
    assert one["leaf01-sessions"].inputs["update"] != other["leaf01-sessions"].inputs["update"]


@pytest.mark.usefixtures("_no_leftovers")
def test_a_node_that_has_registered_again_gets_its_labels_again_and_no_other_node() -> None:
    ours = {names.RACK_LABEL: frozenset({"leafrack:leafrack/test"})}
    stays = NodeState("node2", (), labels={"rr-group": "rr1", "rr-id": "rr1", "leafrack/cluster-id": "172.20.0.12"})
    nodes = {"node2": replace(stays, managers=ours), "node3": NodeState("node3", ())}
    made = register({}, observed=Observed(ClusterState(nodes)))
    patches = {name: made[f"{name}-labels"] for name in ("node2", "node3")}
    marks = {name: "leafrack/rerun" in patch.inputs["metadata"]["annotations"] for name, patch in patches.items()}
    assert marks == {"node2": False, "node3": True}
    assert {name: bool(patch.ignores) for name, patch in patches.items()} == {"node2": True, "node3": False}


@pytest.mark.usefixtures("_no_leftovers")
def test_an_object_of_which_something_differs_is_written_again_whatever_a_refresh_sees_of_it() -> None:
    ours = NodeState("node2", (), managers={names.RACK_LABEL: frozenset({"leafrack:leafrack/test"})})
    peer = PeerState("rr1-to-leaf1-peer", {"peerIP": "172.20.0.254", "filters": ["leafrack-rr1", "theirs"]})
    cluster = ClusterState({"node2": ours}, peers=(peer,), bgp_configuration={"serviceClusterIPs": []})
    made = register({}, observed=Observed(cluster))
    before = register({}, observed=Observed(replace(cluster, nodes={})))
    for name in ("rr1-to-leaf1-peer", "bgp-configuration", names.leaf_filter("rr1")):
        assert "leafrack/rerun" in made[name].inputs["metadata"]["annotations"], name
        assert not made[name].ignores
        assert "leafrack/rerun" not in before[name].inputs["metadata"]["annotations"]
        assert before[name].ignores == {'metadata.annotations["leafrack/rerun"]'}
    assert "switched-over-gate" in marked(made)


def test_a_leaf_gets_a_password_after_the_nodes_of_its_rack_can_read_it(registered: Registered) -> None:
    assert "rr1-password" in registered["leaf01-sessions"].waits_for
    assert "rr1-password" in registered["rr1-to-leaf1-peer"].waits_for
    assert "rr2-password" not in registered


@pytest.mark.usefixtures("_no_leftovers")
def test_racks_get_their_passwords_at_the_nodes_in_the_waves_in_which_their_leaves_do() -> None:
    made = register({"rr1": "s3cret-rr1", "rr2": "s3cret-rr2"})
    assert not {name for name in behind(made, "rr1-password") if name.endswith("-gate")}
    assert "connected-1-gate" in made["rr2-password"].waits_for
    managers = {
        json.loads(rpc.unwrap_rpc_secret(made[f"{rack}-password"].inputs["stdin"]))["manager"]
        for rack in ("rr1", "rr2")
    }
    assert len(managers) == 2, "what a manager does not name again it gives up: a rack would take another's"


NAMESPACES = {
    "nobody has looked": (None, None, "kube-system"),
    "it was found": (None, "calico-system", "calico-system"),
    "the file says so": ("mine", "calico-system", "mine"),
}


@pytest.mark.usefixtures("_no_leftovers")
@pytest.mark.parametrize(("given", "found", "used"), NAMESPACES.values(), ids=NAMESPACES)
def test_a_password_goes_where_calico_node_runs(given: str | None, found: str | None, used: str) -> None:
    observed = None if found is None else Observed(ClusterState(namespace=found))
    made = register({"rr1": "s3cret-rr1"}, observed, calico_namespace=given)
    assert json.loads(rpc.unwrap_rpc_secret(made["rr1-password"].inputs["stdin"]))["namespace"] == used


@pytest.mark.usefixtures("_no_leftovers")
def test_of_a_list_that_this_calico_does_not_have_not_even_an_empty_one_is_written() -> None:
    made = register({}, of_calico(CalicoApi(lacking_lists=frozenset({"communities"}))))
    spec = made["bgp-configuration"].inputs["spec"]
    assert "communities" not in spec
    assert spec["prefixAdvertisements"] == []


def test_a_rack_that_leaves_has_its_neighbours_renumbered_before_they_go(registered: Registered) -> None:
    # By name: what is between them is of the racks that stay, and no longer waits for those that leave.
    for leaf in ("leaf01", "leaf02"):
        assert f"{leaf}-sessions" in registered[f"{leaf}-as-numbers"].waits_for


def test_a_leaf_forgets_who_is_declared_no_more_after_such_nodes_have_given_up_their_part(
    registered: Registered,
) -> None:
    for leaf, rack in (("leaf01", "rr1"), ("leaf02", "rr2")):
        retired = registered[f"{leaf}-retired"]
        assert {f"{rack}-reflectors", f"{leaf}-sessions"} <= retired.waits_for
        assert "delete" not in retired.inputs
        assert f"{leaf}-retired" in behind(registered, "linked-gate")


def test_what_has_nothing_to_do_in_a_direction_starts_no_process(registered: Registered) -> None:
    commands = {name: r.inputs for name, r in registered.items() if r.type.startswith("command:")}
    assert {name for name, inputs in commands.items() if "create" not in inputs} == {
        "mesh",
        "rr1-local-as-number",
        "rr2-local-as-number",
    }
    assert {name for name, inputs in commands.items() if "delete" not in inputs} == {
        "connected-1-gate",
        "leaf01-retired",
        "leaf02-retired",
        "leaf01-as-numbers",
        "rr1-finished-gate",
        "rr2-finished-gate",
    }


NODES = [f"node{number}" for number in range(1, 7)]
REFLECTORS = {"node1": "172.20.0.11", "node2": "172.20.0.12", "node4": "173.20.0.11", "node5": "173.20.0.12"}


def test_every_node_has_one_patch_with_its_labels(registered: Registered) -> None:
    patches = {r.inputs["metadata"]["name"]: r for r in registered.values() if r.type.endswith("NodePatch")}
    assert sorted(patches) == NODES
    assert patches["node1"].inputs["metadata"]["labels"] == {
        "rr-group": "rr1", "rr-id": "rr1", "leafrack/cluster-id": "172.20.0.11",
    }  # fmt: skip
    assert patches["node6"].inputs["metadata"]["labels"] == {"rr-group": "rr2"}


def test_every_object_has_one_fixed_field_manager_that_names_project_and_stack(registered: Registered) -> None:
    objects = [r for r in registered.values() if r.type.startswith("kubernetes:") and "metadata" in r.inputs]
    managers = {r.inputs["metadata"]["annotations"]["pulumi.com/patchFieldManager"] for r in objects}
    assert managers == {"leafrack:leafrack/test"}


def test_the_peers_are_those_of_the_article(registered: Registered) -> None:
    peers = {r.inputs["metadata"]["name"]: r.inputs["spec"] for r in registered.values() if r.type.endswith(":BGPPeer")}
    assert peers == {
        "rr1-to-leaf1-peer": {
            "nodeSelector": "rr-id == 'rr1'",
            "peerIP": "172.20.0.254",
            "asNumber": 65009,
            "nextHopMode": "Keep",
            "reversePeering": "Manual",
            "filters": ["rr1-leaf-filter"],
            "password": {"secretKeyRef": {"name": "leafrack-bgp", "key": "rr1"}},
        },
        "rr1-to-node-peer": {"nodeSelector": "rr-group == 'rr1'", "peerSelector": "rr-id == 'rr1'"},
        "rr2-to-leaf2-peer": {
            "nodeSelector": "rr-id == 'rr2'",
            "peerIP": "173.20.0.254",
            "asNumber": 65010,
            "nextHopMode": "Keep",
            "reversePeering": "Manual",
            "filters": ["rr2-leaf-filter"],
        },
        "rr2-to-node-peer": {"nodeSelector": "rr-group == 'rr2'", "peerSelector": "rr-id == 'rr2'"},
    }


def test_no_cluster_id_comes_before_the_leaf_sessions_of_all_racks_are_seen(registered: Registered) -> None:
    to_leaves = {"rr1-to-leaf1-peer", "rr2-to-leaf2-peer"}
    assert to_leaves | {f"{node}-labels" for node in NODES} <= behind(registered, "connected-2-gate")
    for node in REFLECTORS:
        assert "connected-2-gate" in behind(registered, f"{rack_of(node)}-reflectors")


def test_on_the_way_back_the_mesh_is_seen_before_the_leaves_are_given_up(registered: Registered) -> None:
    assert "connected-2-gate" in behind(registered, "rr1-to-node-peer")
    assert "rr1-to-leaf1-peer" in behind(registered, "connected-2-gate")
    waits_for = guarded(registered, "connected-2-gate")["back"]
    pairs = {(session["near"]["name"], session["far"]["name"]) for session in waits_for}
    assert len(pairs) == len(NODES) * (len(NODES) - 1) // 2


def test_the_canary_rack_goes_first_in_every_phase_and_is_seen_before_the_others_begin(registered: Registered) -> None:
    for node in ("node4", "node5", "node6"):
        assert "connected-1-gate" in behind(registered, f"{node}-labels")
    assert "connected-1-gate" in behind(registered, "leaf02-sessions")
    assert "rr1-reflectors" in behind(registered, "rr2-reflectors")
    assert "rr1-finished-gate" in behind(registered, "rr2-as-number")
    assert "rr2-as-number" not in behind(registered, "rr1-finished-gate")


def test_the_reflectors_of_a_rack_have_their_turns_in_the_order_of_the_file(registered: Registered) -> None:
    turns = json.loads(registered["rr1-reflectors"].inputs["stdin"])["turns"]
    assert [turn["node"] for turn in turns] == ["node1", "node2"]
    seen = [{end["name"] for one in turn["forward"] for end in (one["near"], one["far"])} for turn in turns]
    assert seen == [{"node1", "node2", "node3", "leaf01"}] * 2


def test_the_mesh_goes_off_only_after_every_reflector_was_seen(registered: Registered) -> None:
    assert {"rr1-reflectors", "rr2-reflectors", "linked-gate"} <= behind(registered, "bgp-configuration")
    assert registered["bgp-configuration"].inputs["spec"] == {
        "logSeverityScreen": "Info",
        "nodeToNodeMeshEnabled": False,
        "asNumber": 64512,
        "serviceClusterIPs": [{"cidr": "10.233.0.0/18"}],
        **{key: [] for key in ("serviceLoadBalancerIPs", "serviceExternalIPs", "communities", "prefixAdvertisements")},
    }


def test_sessions_that_have_just_been_seen_to_stand_are_looked_at_once(registered: Registered) -> None:
    gates = {name: guarded(registered, name) for name in registered if name.endswith("-gate")}
    assert {name for name, given in gates.items() if given.get("hold") == 0.0} == {"linked-gate", "rr1-finished-gate"}
    assert all("hold" not in given for name, given in gates.items() if name not in {"linked-gate", "rr1-finished-gate"})


def test_a_rack_gets_its_own_as_on_both_ends_after_the_mesh_is_off(registered: Registered) -> None:
    for ends in ("rr2-as-number", "leaf02-as-numbers"):
        assert "bgp-configuration" in behind(registered, ends)
        assert ends in behind(registered, "rr2-finished-gate")


@pytest.mark.parametrize(("node", "cluster_id"), REFLECTORS.items())
def test_a_reflectors_cluster_id_is_its_own_address(registered: Registered, node: str, cluster_id: str) -> None:
    wanted = json.loads(registered[f"{rack_of(node)}-reflectors"].inputs["stdin"])
    assert (node, cluster_id) in [(turn["node"], turn["cluster_id"]) for turn in wanted["turns"]]


def test_nodes_are_reflectors_only_between_their_neighbours_on_the_leaf_and_their_cluster_ids(
    registered: Registered,
) -> None:
    label = json.loads(registered["rr2-reflector-labels"].inputs["stdin"])
    assert (label["target"], label["key"]) == ("node label", "rr-id")
    assert label["values"] == {"node4": "rr2", "node5": "rr2"}
    assert "leaf02-sessions" in registered["rr2-reflector-labels"].waits_for
    assert "rr2-reflector-labels" in registered["rr2-reflectors"].waits_for
    # A peer to the leaf selects by the label, and a node has it from its patch: nobody waits for the step twice.
    assert {"node4-labels", "node5-labels"} <= set(registered["rr2-to-leaf2-peer"].waits_for)
    assert "rr2-reflector-labels" not in registered["rr2-to-leaf2-peer"].waits_for
    assert registered["node4-labels"].inputs["metadata"]["labels"]["rr-id"] == "rr2"
    # Who is no reflector any more keeps the label until the step behind has taken the cluster ID away.
    assert registered["rr2-reflector-labels"].inputs["addPreviousOutputInEnv"] is False
    assert registered["rr2-reflectors"].inputs["addPreviousOutputInEnv"] is True


def test_a_leaf_has_one_resource_for_its_sessions_which_take_the_as_that_nodes_have(registered: Registered) -> None:
    lines = given(registered["leaf02-sessions"])
    for address in ("173.20.0.11", "173.20.0.12"):
        assert f" neighbor {address} remote-as external\n" in lines
    assert " neighbor 172.20.0.12 remote-as 64512\n" in given(registered["leaf01-sessions"])
    assert "leaf02-sessions" in registered["rr2-to-leaf2-peer"].waits_for


def given(leaf: Resource) -> str:
    """What a job gives a leaf on standard input."""
    text = leaf.inputs["stdin"]
    return str(rpc.unwrap_rpc_secret(text) if rpc.is_rpc_secret(text) else text)


def rack_of(node: str) -> str:
    return "rr1" if node in ("node1", "node2", "node3") else "rr2"


def test_nothing_replaces_and_no_command_line_differs_between_two_machines(registered: Registered) -> None:
    here = str(Path.cwd())
    for resource in registered.values():
        assert "triggers" not in resource.inputs
        assert here not in json.dumps(resource.inputs, default=str), resource.name


def test_a_password_is_secret_wherever_it_goes(registered: Registered) -> None:
    plain = json.dumps(
        {
            name: {
                key: str(value) for key, value in r.inputs.items() if key in ("create", "delete", "metadata", "spec")
            }
            for name, r in registered.items()
        }
    )
    assert "s3cret" not in plain
    assert rpc.is_rpc_secret(registered["leaf01-sessions"].inputs["stdin"])
    assert rpc.is_rpc_secret(registered["rr1-password"].inputs["stdin"])


def test_a_leaf_is_configured_and_seen_through_its_jump_host_with_a_key_and_no_password(tmp_path: Path) -> None:
    key = tmp_path / "bastion"
    key.write_text("s3cret-file")
    common = Jump(host="bastion", user="operator", host_key="ssh-ed25519 A", identity_file=str(key))
    own = Jump(host="other", port=2222)
    racks = load_fabric(Path("config/fabrics/dev.yaml")).racks
    leaf02 = racks["rr2"].leaves["leaf02"]
    leaf02 = leaf02.model_copy(update={"ssh": leaf02.ssh.model_copy(update={"jump": own})})
    registered = register(
        {},
        access=Access(kubeconfig="kube", context="c", ssh_private_key="s3cret-key", ssh_password="s3cret-word"),
        jump=common,
        racks={**racks, "rr2": racks["rr2"].model_copy(update={"leaves": {"leaf02": leaf02}})},
    )
    commands = {name: r.inputs["connection"] for name, r in registered.items() if r.type.endswith("remote:Command")}
    assert all(rpc.is_rpc_secret(connection) for connection in commands.values())
    ways = {name: rpc.unwrap_rpc_secret(connection)["proxy"] for name, connection in commands.items()}
    bounds = {"dialErrorLimit": 8, "perDialTimeout": 10}
    assert {name: opened(way) for name, way in ways.items() if name.endswith("-sessions")} == {
        "leaf01-sessions": {
            "host": "bastion", "port": 22, "user": "operator", "hostKey": "ssh-ed25519 A",
            "privateKey": "s3cret-file", **bounds,
        },
        "leaf02-sessions": {"host": "other", "port": 2222, "user": "root", "privateKey": "s3cret-key", **bounds},
    }  # fmt: skip
    assert len(ways) > 2
    endpoints = {each["name"]: each["jump"] for each in guarded(registered, "connected-1-gate")["endpoints"]}
    assert endpoints["leaf01"]["host"] == "bastion"
    assert "s3cret" not in str(endpoints)


def opened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs without the wrapping of what is secret."""
    return {key: rpc.unwrap_rpc_secret(one) if rpc.is_rpc_secret(one) else one for key, one in values.items()}


def test_what_stands_on_a_switch_is_deleted_before_it_is_replaced(registered: Registered) -> None:
    on_switches = {name: r for name, r in registered.items() if r.type == "command:remote:Command"}
    assert len(on_switches) == 3 * 2
    assert [name for name, r in on_switches.items() if not r.deleted_first] == []


def test_what_gates_and_steps_say_is_shown_while_they_run_and_nothing_of_a_switch(registered: Registered) -> None:
    shown = {(r.type, r.inputs["logging"]) for r in registered.values() if r.type.startswith("command:")}
    assert shown == {("command:local:Command", "stderr"), ("command:remote:Command", "none")}


def test_the_parents_are_fabric_then_rack_then_its_parts(registered: Registered) -> None:
    chain, name = [], "leaf01-sessions"
    while name in registered:
        chain.append(registered[name].type)
        name = registered[name].parent
    assert chain[1:4] == ["leafrack:index:LeafSwitch", "leafrack:index:LeafRack", "leafrack:index:Fabric"]


def peers_of(**changed: Any) -> dict[str, dict[str, Any]]:
    made = register({}, **changed).values()
    return {r.inputs["metadata"]["name"]: r.inputs["spec"] for r in made if r.type.endswith(":BGPPeer")}


def racks(**changed: Any) -> dict[str, Any]:
    """The racks of the example, the first of them changed."""
    declared = load_fabric(Path("config/fabrics/dev.yaml")).racks
    return {**declared, "rr1": declared["rr1"].model_copy(update=changed)}


@pytest.fixture
def _no_leftovers() -> Iterator[None]:
    yield
    pulumi.runtime.reset_options()


@pytest.mark.usefixtures("_no_leftovers")
def test_top_of_rack_every_node_peers_with_the_leaf_which_puts_its_own_as_in_the_path() -> None:
    made = register({}, racks=racks(interconnect=Interconnect.TOP_OF_RACK))
    peers = {r.inputs["metadata"]["name"]: r.inputs["spec"] for r in made.values() if r.type.endswith(":BGPPeer")}
    assert peers["rr1-to-leaf1-peer"]["nodeSelector"] == "rr-group == 'rr1'"
    assert "rr1-to-node-peer" not in peers
    for address in ("172.20.0.11", "172.20.0.12", "172.20.0.13"):
        assert f" neighbor {address} as-override\n" in made["leaf01-sessions"].inputs["stdin"].replace(" no ", "NO")
    assert "rr1-reflectors" not in made
    assert "rr1-reflector-labels" not in made


@pytest.mark.usefixtures("_no_leftovers")
def test_a_rack_in_full_mesh_has_a_peer_of_its_own_and_the_mesh_of_the_cluster_is_off() -> None:
    made = register({}, racks=racks(interconnect=Interconnect.FULL_MESH))
    spec = made["rr1-mesh-peer"].inputs["spec"]
    assert spec == {"nodeSelector": "rr-group == 'rr1'", "peerSelector": "rr-group == 'rr1'"}
    assert made["bgp-configuration"].inputs["spec"]["nodeToNodeMeshEnabled"] is False
    assert "rr1-mesh-peer" in behind(made, "bgp-configuration")


@pytest.mark.usefixtures("_no_leftovers")
def test_nodes_of_a_rack_in_full_mesh_peer_only_while_the_mesh_of_the_cluster_is_off() -> None:
    """A destroy goes the other way round: their peer is gone before that mesh comes back."""
    made = register({}, racks=racks(interconnect=Interconnect.FULL_MESH))
    assert "mesh" in made["rr1-mesh-peer"].waits_for
    assert "step forward" in made["mesh"].inputs["create"]
    waits = {
        gate: {(session["near"]["name"], session["far"]["name"]) for session in guarded(made, gate)["forward"]}
        for gate in ("linked-gate", "switched-over-gate")
    }
    assert waits["switched-over-gate"] - waits["linked-gate"] == {
        ("node1", "node2"), ("node1", "node3"), ("node2", "node3"),
    }  # fmt: skip


@pytest.mark.usefixtures("_no_leftovers")
def test_a_full_mesh_of_all_racks_comes_on_after_every_rack_is_in_one_as() -> None:
    declared = load_fabric(Path("config/fabrics/dev.yaml")).racks
    one_as = {name: rack.model_copy(update={"as_number": None}) for name, rack in declared.items()}
    made = register({}, racks=one_as, interconnect=Interconnect.FULL_MESH)
    assert made["bgp-configuration"].inputs["spec"]["nodeToNodeMeshEnabled"] is True
    assert {"rr1-finished-gate", "rr2-finished-gate"} <= behind(made, "bgp-configuration")
    assert "rr1-mesh-peer" not in made
    waited = guarded(made, "switched-over-gate")["forward"]
    assert len([session for session in waited if session["kind"] == "mesh"]) == 15


def test_only_in_a_rack_that_gets_another_as_do_reflectors_start_their_sessions_again(registered: Registered) -> None:
    first, second = (json.loads(registered[f"{rack}-as-number"].inputs["stdin"]) for rack in ("rr1", "rr2"))
    assert "cluster_ids" not in first
    assert second["cluster_ids"] == {"node4": "173.20.0.11", "node5": "173.20.0.12"}
    assert second["cluster_ids_manager"] == json.loads(registered["rr2-reflectors"].inputs["stdin"])["manager"]


@pytest.mark.usefixtures("_no_leftovers")
def test_a_local_as_number_lands_on_the_peer_after_the_mesh_is_off() -> None:
    made = register({}, racks=racks(as_number=None, local_as_number=64600))
    step = json.loads(made["rr1-local-as-number"].inputs["stdin"])
    assert (step["target"], step["key"], step["values"]) == (
        "BGPPeer spec", "localASNumber", {"rr1-to-leaf1-peer": 64600},
    )  # fmt: skip
    assert {"bgp-configuration", "leaf01-as-numbers"} <= behind(made, "rr1-local-as-number")
    at_nodes = json.loads(made["rr1-as-number"].inputs["stdin"])
    assert at_nodes["values"]["node1"] == "64512"
    assert "cluster_ids" not in at_nodes
    assert "\n172.20.0.11 any 64600 64512 64600\n" in made["leaf01-as-numbers"].inputs["stdin"]
    assert "  neighbor 172.20.0.11 remove-private-AS all replace-AS\n" in made["leaf01-sessions"].inputs["stdin"]


@pytest.mark.usefixtures("_no_leftovers")
def test_reflectors_of_different_racks_peer_where_the_fabric_says_so() -> None:
    peers = peers_of(reflector_mesh=True)
    assert peers["rr1-to-reflectors-peer"] == {
        "nodeSelector": "rr-id == 'rr1'",
        "peerSelector": "rr-id in {'rr2'} || (rr-group in {'rr2'} && !has(leafrack/reflected))",
        "nextHopMode": "Keep",
    }
    assert peers["rr2-to-reflectors-peer"]["peerSelector"].startswith("rr-id in {'rr1'} || ")


@pytest.mark.usefixtures("_no_leftovers")
def test_racks_are_linked_before_reflectors_leave_the_mesh_and_by_reflectors_alone_once_it_is_off() -> None:
    made = register({}, reflector_mesh=True)
    assert {"rr1-to-reflectors-peer", "rr2-to-reflectors-peer"} <= behind(made, "rr1-reflectors")
    step = json.loads(made["rr1-reflected"].inputs["stdin"])
    assert (step["target"], step["key"], step["values"]) == ("node label", "leafrack/reflected", {"node3": "rr1"})
    assert "switched-over-gate" in behind(made, "rr1-reflected")
    assert "rr1-reflected" in behind(made, "rr1-as-number")
    assert "rr1-reflected" not in register({})


def test_a_racks_filter_stands_before_the_peers_that_name_it_and_waits_for_the_wave_of_its_rack(
    registered: Registered,
) -> None:
    assert registered["rr2-leaf-filter"].type.endswith(":BGPFilter")
    assert "rr2-leaf-filter" in registered["rr2-to-leaf2-peer"].waits_for
    assert registered["rr2-leaf-filter"].waits_for == {"connected-1-gate"}


@pytest.mark.usefixtures("_no_leftovers")
def test_a_calico_without_filters_gets_none() -> None:
    made = register({}, of_calico(CalicoApi(filters=False)))
    assert "rr1-leaf-filter" not in made
    assert "filters" not in made["rr1-to-leaf1-peer"].inputs["spec"]


@pytest.mark.usefixtures("_no_leftovers")
def test_ttl_security_and_a_limit_are_on_both_ends_where_the_file_says_so() -> None:
    made = register({}, ttl_security=True, maximum_prefix=500)
    assert made["rr1-to-leaf1-peer"].inputs["spec"]["ttlSecurity"] == 1
    assert "ttlSecurity" not in made["rr1-to-node-peer"].inputs["spec"]
    for line in (
        "\n neighbor 172.20.0.11 ttl-security hops 1\n",
        "\n  neighbor 172.20.0.11 maximum-prefix 500 restart 1\n",
    ):
        assert line in made["leaf01-sessions"].inputs["stdin"]


@pytest.mark.usefixtures("_no_leftovers")
def test_what_nodes_accept_besides_is_in_the_outbound_list_of_the_leaf_and_not_in_the_inbound_one() -> None:
    made = register({}, accept_cidrs=(ip_network("0.0.0.0/0"),))
    lists = made["leaf01-sessions"].inputs["stdin"]
    assert "ip prefix-list LEAFRACK-dc1-OUT seq 15 permit 0.0.0.0/0\n" in lists
    assert "LEAFRACK-dc1-IN seq 15" not in lists


@pytest.mark.usefixtures("_no_leftovers")
def test_before_calico_had_next_hop_modes_its_older_word_for_it_is_written() -> None:
    made = register({}, of_calico(CalicoApi(next_hop_mode=False, local_as_number=False)))
    spec = made["rr1-to-leaf1-peer"].inputs["spec"]
    assert spec["keepOriginalNextHop"] is True
    assert "nextHopMode" not in spec


@pytest.mark.usefixtures("_no_leftovers")
@pytest.mark.parametrize(
    ("found", "adds"),
    [
        ({"keepOriginalNextHop": True}, False),
        ({"keepOriginalNextHop": True, "nextHopMode": "Keep"}, False),
        ({"keepOriginalNextHop": False, "nextHopMode": "Keep"}, True),
        ({"nextHopMode": "Auto"}, False),
    ],
)
def test_a_peer_that_is_taken_over_is_not_given_both_words_for_one_next_hop(
    found: Mapping[str, Any], *, adds: bool
) -> None:
    peer = PeerState("rr1-to-leaf1-peer", {"peerIP": "172.20.0.254", "asNumber": 65009, **found})
    made = register({}, Observed(ClusterState(peers=(peer,))))
    spec = made["rr1-to-leaf1-peer"].inputs["spec"]
    assert ("nextHopMode" in spec) is adds
    assert "keepOriginalNextHop" not in spec


@pytest.mark.usefixtures("_no_leftovers")
def test_a_calico_that_gives_every_peer_back_is_not_told_to_leave_that_to_us() -> None:
    made = register({}, of_calico(CalicoApi(reverse_peering=False)))
    assert "reversePeering" not in made["rr1-to-leaf1-peer"].inputs["spec"]


@pytest.mark.usefixtures("_no_leftovers")
def test_peers_between_nodes_are_given_back_by_calico_which_members_need(registered: Registered) -> None:
    assert "reversePeering" not in registered["rr1-to-node-peer"].inputs["spec"]


GIVEN = {"leafrack/keepalive": "given"}
KEEPALIVES: dict[str, tuple[PeerState | None, bool]] = {
    "a new peer": (None, True),
    "one that leafrack gave it": (PeerState("rr1-to-leaf1-peer", {"keepaliveTime": "3s"}, annotations=GIVEN), True),
    "one that has lost it again": (PeerState("rr1-to-leaf1-peer", {}, annotations=GIVEN), True),
    "one that stands without": (PeerState("rr1-to-leaf1-peer", {"peerIP": "172.20.0.254"}), False),
    "one that stands with another": (PeerState("rr1-to-leaf1-peer", {"keepaliveTime": "9s"}), False),
    "one that stands with the same": (PeerState("rr1-to-leaf1-peer", {"keepaliveTime": "3s"}), True),
}


@pytest.mark.usefixtures("_no_leftovers")
@pytest.mark.parametrize(("stands", "gives"), KEEPALIVES.values(), ids=KEEPALIVES)
def test_the_timers_of_a_leaf_reach_a_peer_unless_that_would_reset_its_sessions(
    stands: PeerState | None, *, gives: bool
) -> None:
    dev = load_fabric(Path("config/fabrics/dev.yaml"))
    leaf = dev.racks["rr1"].leaves["leaf01"].model_copy(update={"timers": LeafTimers(keepalive=3, hold=9)})
    racks = {**dev.racks, "rr1": dev.racks["rr1"].model_copy(update={"leaves": {"leaf01": leaf}})}
    peers = () if stands is None else (stands,)
    newer = Observed(ClusterState(peers=peers, calico=CalicoApi(keepalive_time=True)))
    made = register({}, newer, racks=racks)
    peer = made["rr1-to-leaf1-peer"].inputs
    assert peer["spec"].get("keepaliveTime") == ("3s" if gives else None)
    assert ("leafrack/keepalive" in peer["metadata"]["annotations"]) is gives
    assert "keepaliveTime" not in made["rr2-to-leaf2-peer"].inputs["spec"], "its leaf has no timers"
    older = register({}, Observed(ClusterState(peers=peers)), racks=racks)
    assert "keepaliveTime" not in older["rr1-to-leaf1-peer"].inputs["spec"]


def test_a_gate_runs_again_when_another_configuration_makes_its_sessions(registered: Registered) -> None:
    assert rpc.is_rpc_secret(registered["connected-1-gate"].inputs["stdin"]), "a digest of a password is guessed at"
    before = guarded(registered, "connected-1-gate")["made_by"]
    assert guarded(registered, "connected-2-gate")["made_by"] not in ("", before)
    again, other = register({"rr1": "s3cret-rr1"}), register({"rr1": "an0ther"})
    assert guarded(again, "connected-1-gate") == guarded(registered, "connected-1-gate")
    assert guarded(other, "connected-1-gate")["made_by"] != before
    assert guarded(other, "connected-2-gate") == guarded(registered, "connected-2-gate")


def test_the_mesh_comes_back_on_a_destroy_whoever_else_had_turned_it_off(registered: Registered) -> None:
    mesh = json.loads(registered["mesh"].inputs["stdin"])
    assert (mesh["target"], mesh["key"], mesh["values"]) == (
        "BGPConfiguration spec", "nodeToNodeMeshEnabled", {"default": False},
    )  # fmt: skip
    assert "linked-gate" in registered["mesh"].waits_for
    assert registered["bgp-configuration"].waits_for == {"mesh"}
