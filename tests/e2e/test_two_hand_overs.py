"""A leaf of another team whose platform has one AS a neighbour: handed over twice, once before its rack changes its AS.

The test plays the network team at the leaf's own terminal: it types what `leafrack render` prints, and nothing else.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from lab.fabrics import rack, values
from lab.site import Site, running
from tests.e2e.test_bird_leaf import CHECK, as_expected
from tests.e2e.world import eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/components/test_by_hand.py"),
]

RENDER = "`leafrack render leaf2 FABRIC.yaml"


class Team:
    """The team whose leaf is leaf2, of Arista's."""

    def __init__(self, site: Site) -> None:
        self._site = site
        leaves = yaml.safe_load((site.lab.dir / "overlay.yaml").read_text(encoding="utf-8"))["racks"]["rr2"]["leaves"]
        self._ssh: dict[str, Any] = leaves["leaf2"]["ssh"]

    def types(self, *lines: str) -> str:
        """Enter lines at the leaf's terminal; what it showed, without what it complained of."""
        where = f"[{self._ssh['host']}]:{self._ssh['port']}"
        known = asyncssh.import_known_hosts(f"{where} {self._ssh['hostKey']}\n")
        options: dict[str, Any] = {
            "known_hosts": known,
            "client_keys": [str(self._site.lab.dir / "ssh" / "id_ed25519")],
            "username": self._ssh["user"],
            "config": None,
        }

        async def enter() -> str:
            text = "".join(f"{line}\n" for line in ("enable", "terminal length 0", *lines, "exit"))
            async with asyncssh.connect(self._ssh["host"], self._ssh["port"], **options) as connection:
                return str((await connection.run(None, input=text, term_type="vt100")).stdout)

        shown = asyncio.run(enter())
        assert not re.search(r"^% ", shown, re.MULTILINE), shown
        return shown

    def enters(self, *more: str) -> None:
        """Type what leafrack prints for the leaf."""
        given: tuple[str | Path, ...] = ("leaf2", self._site.file, "--overlay", self._site.overlay, *more)
        done = self._site.lab.run("python", "-m", "leafrack", "render", *given)
        assert done.returncode == 0, done.stderr
        self.types("configure", *done.stdout.splitlines(), "end", "write memory")

    def running(self) -> str:
        """What the leaf is configured to do."""
        return self.types("show running-config").partition("show running-config")[2].partition("\nend")[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Rack rr2 has another AS than the cluster, and a leaf that leafrack may not log in to."""
    racks = {f"rr{number}": rack(number, spines=1) for number in (1, 2)}
    racks["rr2"]["leaves"]["leaf2"] |= {"platform": "eos", "apply": "by-hand"}
    with running(tmp_path_factory.mktemp("twice"), values(racks, spines=1)) as own:
        yield own


def test_a_leaf_with_one_as_a_neighbour_is_handed_over_before_and_after_its_rack_changes_its_as(site: Site) -> None:
    team = Team(site)
    before = team.running()
    site.hide("rr2", "leaf2")
    site.write()

    going = site.project.start("up", "--yes")
    going.reaches(lambda: f"leaf2: hand it {RENDER} --start`; for up to" in going.so_far, 240)
    assert "racks.rr2.leaves.leaf2: this update waits for two hand-overs" in going.so_far
    assert team.running() == before, "nobody else writes to it"
    team.enters("--start")
    assert "neighbor 172.21.0.11 remote-as 64512" in team.running()

    going.reaches(lambda: f"leaf2: hand it {RENDER}`; for up to" in going.so_far, 240)
    assert "neighbor 172.21.0.11 remote-as 64512" in team.running(), "the nodes have changed theirs, and it waits"
    team.enters()
    run = going.end()
    assert run.code == 0, run.said
    assert "neighbor 172.21.0.11 remote-as 64513" in team.running()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]

    seen = site.project.pulumi(*CHECK)
    assert seen.code == 0, seen.said
    assert "waits for" not in seen.said

    site.destroyed()
    given: tuple[str | Path, ...] = ("leaf2", site.file, "--overlay", site.overlay, "--remove")
    done = site.lab.run("python", "-m", "leafrack", "render", *given)
    team.types("configure", *done.stdout.splitlines(), "end", "write memory")
    assert team.running() == before
