"""Pods of a rack reach each other through every change: pings each 10 ms, none of them lost.

The rack keeps the fabric's AS: where a rack's AS changes, BGP itself resets (docs/order.md).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.load import load_fabric
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e.loss import Pings
from tests.e2e.project import Project, environment, settings

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

PAIRS = [("node1", "node2"), ("node1", "node3"), ("node2", "node3")]
"""Reflector and reflector, reflector and member, twice: both directions of each are pinged."""
SENT_AT_LEAST = 200


class Site:
    """A lab with one node more than the example, and the file of the fabric as it is declared at the moment."""

    def __init__(self, lab: Lab, folder: Path, whole: dict[str, Any]) -> None:
        self.lab = lab
        self._file = folder / "declared.yaml"
        self._overlay = folder / "overlay.yaml"
        self._whole = whole
        self._racks: dict[str, Any] = yaml.safe_load((lab.dir / "overlay.yaml").read_text())["racks"]
        key = str(lab.dir / "ssh" / "id_ed25519")
        for rack in self._racks.values():
            for leaf in rack["leaves"].values():
                leaf["ssh"]["identityFile"] = key
        self.declared = copy.deepcopy(whole)
        del self.declared["racks"]["rr2"]
        del self.declared["racks"]["rr1"]["members"]["node7"]
        self.write()
        chosen = {**settings(lab.dir), "fabric": str(self._file), "overlay": str(self._overlay)}
        self.project = Project.make(folder / "project", environment(), chosen)

    def write(self) -> None:
        """Put what is declared into the files that the program reads."""
        self._file.write_text(yaml.safe_dump(self.declared, sort_keys=False))
        racks = {rack: self._racks[rack] for rack in self.declared["racks"]}
        self._overlay.write_text(yaml.safe_dump({"racks": racks}))

    def another_rack(self) -> None:
        self.declared["racks"]["rr2"] = copy.deepcopy(self._whole["racks"]["rr2"])

    @property
    def rack(self) -> dict[str, Any]:
        return self.declared["racks"]["rr1"]  # type: ignore[no-any-return]

    def losses(self, change: Callable[[], Any]) -> list[str]:
        """What was lost between the pods of the rack while something changed."""
        with Pings(self.lab.fabric, PAIRS, self.lab.env) as pings:
            change()
        assert min(loss.sent for loss in pings.losses) > SENT_AT_LEAST
        return [str(loss) for loss in pings.losses if loss.lost]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("loss")
    whole = yaml.safe_load(DEV_FABRIC.read_text())
    whole["racks"]["rr1"]["members"]["node7"] = "172.20.0.17"
    file = folder / "lab.yaml"
    file.write_text(yaml.safe_dump(whole, sort_keys=False))
    lab = Lab(folder / "lab", file)
    lab.up()
    assert load_fabric(file).racks["rr1"].members["node7"]
    yield Site(lab, folder, whole)
    lab.down()


def the_first_update(site: Site) -> None:
    """From a fresh Calico install's full mesh to the reflectors as they are declared."""


def a_new_member(site: Site) -> None:
    site.rack["members"]["node7"] = "172.20.0.17"


def a_member_that_leaves(site: Site) -> None:
    del site.rack["members"]["node7"]


def a_member_that_becomes_a_reflector(site: Site) -> None:
    site.rack["reflectors"]["node3"] = site.rack["members"].pop("node3")


def a_reflector_replaced_by_another(site: Site) -> None:
    site.rack["members"]["node2"] = site.rack["reflectors"].pop("node2")
    site.rack["reflectors"]["node7"] = "172.20.0.17"


def a_new_service_range(site: Site) -> None:
    site.declared["serviceClusterIPs"].append("10.234.0.0/24")


def a_new_rack(site: Site) -> None:
    site.another_rack()


CHANGES = [
    the_first_update,
    a_new_member,
    a_member_that_leaves,
    a_member_that_becomes_a_reflector,
    pytest.param(
        a_reflector_replaced_by_another,
        marks=pytest.mark.xfail(
            strict=False, reason="its label goes before its cluster ID: about 0.3 s (docs/order.md)"
        ),
    ),
    a_new_service_range,
    a_new_rack,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: getattr(change, "__name__", None))
def test_no_packet_is_lost_in_a_rack_by(change: Callable[[Site], None], site: Site) -> None:
    change(site)
    site.write()

    def up() -> None:
        run = site.project.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs")
        assert run.code == 0, run.said

    assert site.losses(up) == []


def test_no_packet_is_lost_in_a_rack_by_a_destroy(site: Site) -> None:
    def down() -> None:
        run = site.project.destroy()
        assert run.code == 0, run.said

    assert site.losses(down) == []
