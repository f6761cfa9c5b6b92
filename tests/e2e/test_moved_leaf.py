"""Leaves whose jobs were run in another way until now: the delete of what ran them takes nothing back.

What another leafrack or another platform would have left is made of a state that this one has written: each command of
a leaf is of the other type, with a delete that does harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from tests.e2e.test_bird_leaf import CHECK, as_expected, resets_nothing, saved, since
from tests.e2e.world import eventually, peers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/components/test_kept.py"),
]

LOCAL, REMOTE = "command:local:Command", "command:remote:Command"
TYPES = {"leaf1": (REMOTE, LOCAL), "leaf2": (LOCAL, REMOTE)}
"""What each leaf's commands are, and what they are made to have been."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Leaf leaf1 runs FRR, whose jobs are programs for its shell, leaf2 BIRD, whose jobs are played."""
    racks = {f"rr{number}": rack(number, spines=1) for number in (1, 2)}
    racks["rr2"]["leaves"]["leaf2"]["platform"] = "bird"
    with running(tmp_path_factory.mktemp("moved"), values(racks, spines=1)) as own:
        yield own


def harm(site: Site, leaf: str, told: Path) -> dict[str, Any]:
    """Inputs of a command of the other type, whose delete takes away what the leaf has."""
    takes_away = {
        "leaf1": f"touch {told}",
        "leaf2": "rm -f /etc/bird/leafrack/*.conf; birdc configure",
    }[leaf]
    inputs: dict[str, Any] = {"create": "exit 1", "update": "exit 1", "delete": takes_away, "stdin": "before"}
    if leaf == "leaf2":
        ssh = yaml.safe_load(site.overlay.read_text())["racks"]["rr2"]["leaves"]["leaf2"]["ssh"]
        key = Path(ssh["identityFile"]).read_text()
        inputs["connection"] = {
            "host": ssh["host"], "port": ssh["port"], "user": ssh["user"], "privateKey": key, "hostKey": ssh["hostKey"],
        }  # fmt: skip
    return inputs


def was_run_in_another_way(site: Site, told: Path) -> None:
    """Have the state say that each leaf's jobs were run by the other sort of command."""
    text = site.project.check("stack", "export").said
    for leaf, (is_now, was) in TYPES.items():
        text = text.replace(f"LeafSwitch${is_now}::{leaf}-", f"LeafSwitch${was}::{leaf}-")
    whole = json.loads(text)
    for resource in whole["deployment"]["resources"]:
        leaf, _, task = resource["urn"].rpartition("::")[2].partition("-")
        if leaf in TYPES and task in ("sessions", "as-numbers", "retired"):
            resource["type"] = TYPES[leaf][1]
            resource["inputs"] = {**harm(site, leaf, told)}
            if task == "retired":
                del resource["inputs"]["delete"]
            resource["outputs"] = {**resource["inputs"], "stdout": "", "stderr": ""}
            resource["propertyDependencies"] = {}
    file = site.project.folder / "state.json"
    file.write_text(json.dumps(whole))
    site.project.check("stack", "import", "--file", str(file))


def kinds(site: Site) -> dict[tuple[str, str], dict[str, Any]]:
    """Inputs of what the state has of the leaves, by name and type."""
    resources = json.loads(site.project.check("stack", "export").said)["deployment"]["resources"]
    named = ((one["urn"].rpartition("::")[2], one) for one in resources)
    of_leaves = ((name, one) for name, one in named if name.endswith(("-sessions", "-as-numbers")))
    return {(name, one["type"]): one.get("inputs", {}) for name, one in of_leaves}


def frr_since(site: Site) -> dict[str, int]:
    """When each session of the FRR leaf to a node came up."""
    return {who: peer["peerUptimeEstablishedEpoch"] for who, peer in peers(site.lab, "leaf1").items()}


def test_a_leaf_whose_jobs_are_run_in_another_way_from_now_on_loses_nothing(site: Site, tmp_path: Path) -> None:
    before, told = saved(site), tmp_path / "told"
    site.applied()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    up, on_frr, stands = since(site), frr_since(site), saved(site)
    was_run_in_another_way(site, told)

    with Pings(site.lab, [("n1c", "n2c"), ("n1a", "n2a")]) as pings:
        site.applied()
    assert lines(pings.losses) == []
    assert resets_nothing(site, up)
    assert frr_since(site) == pytest.approx(on_frr, abs=2)
    assert saved(site) == stands
    assert not told.exists()
    found = kinds(site)
    for leaf, (is_now, was) in TYPES.items():
        for task in ("sessions", "as-numbers"):
            assert not {"create", "update", "delete"} & set(found[f"{leaf}-{task}", was]), "it runs nothing"
        assert {"create", "delete"} <= set(found[f"{leaf}-sessions", is_now])
    seen = site.project.pulumi(*CHECK)
    assert seen.code == 0, seen.said

    site.destroyed()
    assert saved(site) == before
    assert not told.exists()
