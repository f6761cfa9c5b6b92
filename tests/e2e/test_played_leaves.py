"""A fabric whose leaves are played, a rack for each platform: applied, seen, put right, changed, taken away.

Each leaf is the fake of its platform with an FRR behind it that runs what the fake has understood, so its sessions are
real. What the fake saved, and what that FRR runs, are compared from before to after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.fakes import FAKES, STARTUP
from lab.fakes.model import Recorder
from lab.site import Site, running
from leafrack.errors import ProblemKind, kind_of
from tests.e2e.world import eventually, peers, snapshot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/platforms/test_fakes.py"),
]

CHECK = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
EXTERNAL = "198.51.100.0/24"
THEIRS: dict[str, tuple[Sequence[str], str]] = {
    "eos": (
        (
            *("enable", "configure", "router bgp {as}", "neighbor {node} description mine"),
            *("end", "write memory", "exit"),
        ),
        "has `description mine` instead of `description leafrack {rack} {name}`",
    ),
    "junos": (
        (
            *("configure", "set protocols bgp group LEAFRACK-dc1 neighbor {node} description mine"),
            *("commit", "exit", "exit"),
        ),
        'has `description mine` instead of `description "leafrack {rack} {name}"`',
    ),
}
"""What somebody types into a leaf of a platform, and the drift that it is."""
LEAVES = {f"leaf{number}": platform for number, platform in enumerate(THEIRS, start=1)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A rack for each platform, in the cluster's AS, in both families; nothing is applied."""
    racks = {
        f"rr{number}": rack(number, spines=1, versions=(4, 6), asNumber=64512) for number in range(1, 1 + len(LEAVES))
    }
    for each in racks.values():
        for name, leaf in each["leaves"].items():
            leaf |= {"platform": LEAVES[name], "asOverride": True}
    with running(tmp_path_factory.mktemp("played"), values(racks, spines=1, versions=(4, 6))) as own:
        yield own


def world(site: Site) -> dict[str, Any]:
    """Cluster, spine, what each FRR runs, and what each fake has saved, in its own words."""
    return {**snapshot(site.lab, ("spine1", *LEAVES)), **{f"saved by {leaf}": saved(site, leaf) for leaf in LEAVES}}


def saved(site: Site, leaf: str) -> str:
    text = site.lab.exec(leaf, "cat", STARTUP)
    fake = FAKES[LEAVES[leaf]].box(leaf, Recorder(), text)
    return fake.shown(fake.read(text))


def as_expected(site: Site) -> bool:
    rows = site.rows()
    return bool(rows) and all(row["ok"] for row in rows)


def since(site: Site) -> dict[str, Any]:
    """When each IPv4 session of each leaf came up; FRR rounds what it counts back from now."""
    return {
        f"{leaf} {who}": pytest.approx(peer["peerUptimeEstablishedEpoch"], abs=2)
        for leaf in LEAVES
        for who, peer in peers(site.lab, leaf).items()
        if peer["state"] == "Established"
    }


def resets_nothing(site: Site, up: dict[str, Any]) -> bool:
    """Whether every session has been up since then."""
    now = since(site)
    return now.keys() == up.keys() and all(now[name].expected == up[name] for name in up)


def typed(site: Site, leaf: str, lines: Sequence[str]) -> str:
    """Type lines into a leaf's terminal, as somebody else would; returns what it shows."""
    config = site.lab.dir / "ssh" / "config"
    return site.lab.run("ssh", "-tt", "-F", config, leaf, stdin="".join(f"{line}\n" for line in lines)).stdout


def changed_by_hand(site: Site) -> list[str]:
    """Somebody changes a line on every leaf; the drift that has to be seen."""
    found: list[str] = []
    for rack_name, declared in site.racks.items():
        ((leaf, its),) = declared["leaves"].items()
        name, (node, *_) = next(iter(declared["reflectors"].items()))
        lines, says = THEIRS[LEAVES[leaf]]
        filled = [line.replace("{node}", node).replace("{as}", str(its["asNumber"])) for line in lines]
        shown = typed(site, leaf, filled)
        assert "description mine" in saved(site, leaf), shown
        says = says.replace("{rack}", rack_name).replace("{name}", name)
        found.append(f"{leaf}: neighbour {node} ({name}) {says}")
    return found


def drift(said: str) -> list[str]:
    """Drift that a preview names."""
    warned = [line.strip().removeprefix("warning: ") for line in said.splitlines() if "warning: " in line]
    return sorted({text for kind, text in map(kind_of, warned) if kind is ProblemKind.DRIFT})


def test_the_life_of_a_fabric_whose_leaves_are_played(site: Site) -> None:
    before = world(site)
    site.applied()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    up = since(site)
    assert len(up) == 3 * len(LEAVES), "the spine and two reflectors"
    assert site.project.pulumi(*CHECK).code == 0

    wanted = changed_by_hand(site)
    seen = site.project.pulumi(*CHECK)
    assert seen.code == DRIFT, seen.said
    assert drift(seen.said) == sorted(wanted), seen.said
    site.applied()
    assert not [leaf for leaf in LEAVES if "description mine" in saved(site, leaf)]
    assert resets_nothing(site, up), "neither the damage nor the repair resets a session"

    site.declared |= {"serviceExternalIPs": [EXTERNAL], "maximumPrefix": 100}
    site.applied()
    for leaf in LEAVES:
        runs = site.lab.exec(leaf, "vtysh", "-c", "show running-config")
        assert f"permit {EXTERNAL} le 32" in runs
        assert runs.count("maximum-prefix 100 restart 1") == 4, "two reflectors in two families"
    assert resets_nothing(site, up)
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    seen = site.project.pulumi(*CHECK)
    assert seen.code == 0, seen.said

    site.destroyed()
    assert world(site) == before
