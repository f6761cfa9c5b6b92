"""Calico's migration from v1 to native v3 in the middle of a lab's life: given up once, then to its end.

The tests stand in the order of that life.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Lab
from tests.e2e.world import NODES, eventually, mesh_is_on

pytestmark = [pytest.mark.lab, pytest.mark.nightly(twin="tests/e2e/test_migration.py")]

V1, V3 = "crd.projectcalico.org", "projectcalico.org"
VERSIONS = {V1: f"{V1}/v1", V3: f"{V3}/v3"}
ON_NODE1 = "kubernetes.io/hostname == 'node1'"
KEPT = ("labels", "annotations")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example on v1, with all that it takes to migrate."""
    own = Lab(tmp_path_factory.mktemp("lab"), calico_api="migrating")
    own.up()
    yield own
    own.down()


def peer(group: str, name: str, address: str, **metadata: Any) -> str:
    """A BGPPeer of node1."""
    spec = {"peerIP": address, "asNumber": 65000, "nodeSelector": ON_NODE1}
    return json.dumps(
        {"apiVersion": VERSIONS[group], "kind": "BGPPeer", "metadata": {"name": name, **metadata}, "spec": spec}
    )


def make(lab: Lab, manifest: str) -> None:
    """Apply it."""
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)


def stored(lab: Lab, kind: str, group: str, name: str) -> dict[str, Any]:
    """An object of Calico's."""
    return dict(json.loads(lab.kubectl("get", f"{kind}.{group}", name, "-o", "json")))


def is_ready(lab: Lab, group: str) -> bool:
    """What a group's ClusterInformation says of its datastore."""
    return bool(stored(lab, "clusterinformations", group, "default")["spec"]["datastoreReady"])


def groups(lab: Lab) -> set[str]:
    """Groups of Calico's that are served."""
    listed = json.loads(lab.kubectl("get", "--raw", "/apis"))["groups"]
    return {each["name"] for each in listed} & {V1, V3}


def peers_of_node1(lab: Lab) -> set[str]:
    """Addresses of documentation networks that BIRD of node1 has as neighbours."""
    words = lab.exec("node1", "cat", "/etc/calico/confd/config/bird.cfg").split()
    return {word for word in words if word.startswith("192.0.2.")}


def sessions(lab: Lab) -> dict[str, list[str]]:
    """Both ends of every TCP connection of BGP that each node has: a session that is reset has another one."""
    show = ("ss", "-Htn", "state", "established", "( sport = :179 or dport = :179 )")
    return {node: sorted(" ".join(line.split()[2:]) for line in lab.exec(node, *show).splitlines()) for node in NODES}


def migrate(lab: Lab, step: str) -> str:
    """Take a step; returns what was said."""
    done = lab.cli("migrate-calico", step)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def before(lab: Lab) -> dict[str, list[str]]:
    """Sessions before the first step."""
    assert mesh_is_on(lab)
    return sessions(lab)


def test_a_lab_that_can_migrate_begins_on_v1_as_any_other(lab: Lab, before: dict[str, list[str]]) -> None:
    assert all(len(found) == 5 for found in before.values())
    assert groups(lab) == {V1}
    assert is_ready(lab, V1)
    make(lab, peer(V1, "by-kubectl", "192.0.2.1", labels={"a": "b"}, annotations={"c": "d"}))
    by_calicoctl = peer(V3, "by-calicoctl", "192.0.2.2", labels={"a": "b"}, annotations={"c": "d"})
    assert lab.run("calicoctl", "create", "-f", "-", stdin=by_calicoctl).returncode == 0
    assert "labels" not in stored(lab, "bgppeers", V1, "by-calicoctl")["metadata"], "v1 keeps labels of calicoctl now"
    owner = stored(lab, "bgppeers", V1, "by-kubectl")["metadata"]
    reference = {"apiVersion": VERSIONS[V1], "kind": "BGPPeer", "name": owner["name"], "uid": owner["uid"]}
    metadata = {"name": "test", "ownerReferences": [reference]}
    make(lab, json.dumps({"apiVersion": VERSIONS[V1], "kind": "BGPFilter", "metadata": metadata, "spec": {}}))
    assert eventually(lambda: peers_of_node1(lab) == {"192.0.2.1", "192.0.2.2"}, 20)


def test_it_does_not_end_before_it_has_begun(lab: Lab) -> None:
    done = lab.cli("migrate-calico", "end")
    assert done.returncode == 1
    assert done.stderr == "Calico's programs read v1: run 'python -m lab migrate-calico begin' first\n"


def test_when_it_has_begun_both_are_served_v1_is_locked_and_v3_has_all(lab: Lab, before: dict[str, list[str]]) -> None:
    migrate(lab, "begin")
    assert groups(lab) == {V1, V3}
    assert (is_ready(lab, V1), is_ready(lab, V3)) == (False, True)
    for name in ("by-kubectl", "by-calicoctl"):
        found = stored(lab, "bgppeers", V3, name)
        assert found["spec"] == stored(lab, "bgppeers", V1, name)["spec"]
        assert found["metadata"]["labels"] == {"a": "b"}
        assert set(found["metadata"]["annotations"]) == {"c", "migration.projectcalico.org/migrated-by"}
        shown = lab.kubectl("get", f"bgppeers.{V3}", name, "-o", "json", "--show-managed-fields")
        (fields,) = json.loads(shown)["metadata"]["managedFields"]
        assert (fields["manager"], fields["operation"]) == ("kube-controllers", "Update")
    (owner,) = stored(lab, "bgpfilters", V3, "test")["metadata"]["ownerReferences"]
    assert owner["apiVersion"] == VERSIONS[V3]
    assert owner["uid"] == stored(lab, "bgppeers", V3, "by-kubectl")["metadata"]["uid"]
    for kind in ("ippools", "blockaffinities", "bgpconfigurations"):
        assert (
            len({lab.kubectl("get", f"{kind}.{group}", "-o", "custom-columns=:metadata.name") for group in VERSIONS})
            == 1
        )
    assert sessions(lab) == before
    assert peers_of_node1(lab) == {"192.0.2.1", "192.0.2.2"}


def test_what_is_written_to_v1_has_no_effect_any_more_and_what_is_written_to_v3_has(lab: Lab) -> None:
    make(lab, peer(V1, "late", "192.0.2.8"))
    make(lab, peer(V3, "new", "192.0.2.9"))
    assert eventually(lambda: "192.0.2.9" in peers_of_node1(lab), 20)
    assert "192.0.2.8" not in peers_of_node1(lab)
    assert lab.run("calicoctl", "get", "bgppeer").stdout.count("192.0.2.") == 3, "calicoctl reads v3"
    lab.kubectl("delete", f"bgppeers.{V1}", "late")
    lab.kubectl("delete", f"bgppeers.{V3}", "new")


def test_given_up_it_leaves_v1_as_it_was_and_the_crds_of_v3_empty(lab: Lab, before: dict[str, list[str]]) -> None:
    assert eventually(lambda: "192.0.2.9" not in peers_of_node1(lab), 20)
    migrate(lab, "abort")
    assert groups(lab) == {V1, V3}
    assert is_ready(lab, V1)
    kinds = ",".join(f"{kind}.{V3}" for kind in ("bgppeers", "bgpfilters", "bgpconfigurations", "clusterinformations"))
    assert lab.kubectl("get", kinds, "-o", "name") == ""
    make(lab, peer(V1, "again", "192.0.2.3"))
    assert eventually(lambda: peers_of_node1(lab) == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}, 20)
    assert sessions(lab) == before


def test_where_v3_has_something_else_it_waits_with_v1_locked(lab: Lab) -> None:
    make(lab, peer(V3, "again", "192.0.2.7"))
    done = lab.cli("migrate-calico", "begin")
    assert done.returncode == 1
    assert done.stderr == (
        "v1 is locked, and v3 has with another spec: BGPPeer/again; make them agree and run "
        "'python -m lab migrate-calico begin' again, or abort\n"
    )
    assert not is_ready(lab, V1)
    assert "192.0.2.7" not in peers_of_node1(lab)
    lab.kubectl("delete", f"bgppeers.{V3}", "again")


def test_at_its_end_there_is_no_v1_and_no_session_has_noticed(lab: Lab, before: dict[str, list[str]]) -> None:
    migrate(lab, "begin")
    migrate(lab, "end")
    assert groups(lab) == {V3}
    assert is_ready(lab, V3)
    make(lab, peer(V3, "new", "192.0.2.9"))
    expected = {f"192.0.2.{n}" for n in (1, 2, 3, 9)}
    assert eventually(lambda: peers_of_node1(lab) == expected, 20)
    assert sessions(lab) == before
    assert lab.cli("status").returncode == 0


def test_after_its_end_there_is_no_way_back(lab: Lab) -> None:
    for step in ("end", "abort"):
        done = lab.cli("migrate-calico", step)
        assert done.returncode == 1
        assert done.stderr == "the migration has ended: there is no v1 any more\n"
