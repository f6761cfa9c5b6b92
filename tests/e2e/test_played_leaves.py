"""Fabrics whose leaves are played, a rack for each platform: applied, seen, put right, changed, taken away.

Each leaf is the fake of its platform with an FRR behind it that runs what the fake has understood, so its sessions are
real. What the fake saved, and what that FRR runs, are compared from before to after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any

import pytest
import yaml

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
_PLAIN = "has `description mine` instead of `description leafrack {rack} {name}`"
_QUOTED = 'has `description mine` instead of `description "leafrack {rack} {name}"`'
_PATCH = """\
cat >/tmp/theirs.yaml <<'END'
- set: {vrf: {default: {router: {bgp: {neighbor: {'{node}': {description: mine}}}}}}}
END"""
MINE = re.compile("description:? mine")
THEIRS: dict[str, tuple[Sequence[str], str]] = {
    "comware": (
        ("system-view", "bgp {as}", "peer {node} description mine", "return", "save force", "quit"),
        _PLAIN,
    ),
    "cumulus": ((_PATCH, "nv config patch /tmp/theirs.yaml && nv config apply -y && nv config save", "exit"), _PLAIN),
    "eos": (
        (
            *("enable", "configure", "router bgp {as}", "neighbor {node} description mine"),
            *("end", "write memory", "exit"),
        ),
        _PLAIN,
    ),
    "junos": (
        (
            *("configure", "set protocols bgp group LEAFRACK-dc1 neighbor {node} description mine"),
            *("commit", "exit", "exit"),
        ),
        _QUOTED,
    ),
    "nxos": (
        (
            *("configure terminal", "router bgp {as}", "neighbor {node}", "description mine"),
            *("end", "copy running-config startup-config", "exit"),
        ),
        _PLAIN,
    ),
}
"""What somebody types into a leaf of a platform, and the drift that it is."""
FABRICS = (("eos", "junos"), ("comware", "cumulus", "nxos"))
"""Platforms of a fabric each. Five racks in one have taken an update longer than it is given, on a busy machine."""
OWN, ANOTHER = 64601, 64701
"""What the first rack has, whose leaf takes no neighbours of any AS, and what it is given then."""
COST = "has no neighbours of any AS: the sessions of rack rr1 to its leaves end when these are given AS"


@pytest.fixture(scope="module", params=FABRICS, ids=["-".join(each) for each in FABRICS])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A rack for each platform, in both families, all but the first in the cluster's AS; nothing is applied."""
    racks = {
        f"rr{number}": rack(number, spines=1, versions=(4, 6), asNumber=64512)
        for number in range(1, 1 + len(request.param))
    }
    racks["rr1"]["asNumber"] = OWN
    for each, platform in zip(racks.values(), request.param, strict=True):
        for leaf in each["leaves"].values():
            leaf |= {"platform": platform, "asOverride": True}
    with running(tmp_path_factory.mktemp("played"), values(racks, spines=1, versions=(4, 6))) as own:
        yield own


def leaves(site: Site) -> dict[str, str]:
    """Platform of each leaf."""
    return {name: its["platform"] for declared in site.racks.values() for name, its in declared["leaves"].items()}


def world(site: Site) -> dict[str, Any]:
    """Cluster, spine, what each FRR runs, and what each fake has saved, in its own words."""
    of = {f"saved by {leaf}": saved(site, leaf) for leaf in leaves(site)}
    return {**snapshot(site.lab, ("spine1", *leaves(site))), **of}


def saved(site: Site, leaf: str) -> str:
    """What a leaf would start with, in its own words."""
    platform = leaves(site)[leaf]
    if platform not in FAKES:
        return yaml.safe_dump(yaml.safe_load(site.lab.exec(leaf, "cat", "/etc/nvue.d/startup.yaml")))
    text = site.lab.exec(leaf, "cat", STARTUP)
    fake = FAKES[platform].box(leaf, Recorder(), text)
    return fake.shown(fake.read(text))


def as_expected(site: Site) -> bool:
    rows = site.rows()
    return bool(rows) and all(row["ok"] for row in rows)


def since(site: Site) -> dict[str, Any]:
    """When each IPv4 session of each leaf came up; FRR rounds what it counts back from now."""
    return {
        f"{leaf} {who}": pytest.approx(peer["peerUptimeEstablishedEpoch"], abs=2)
        for leaf in leaves(site)
        for who, peer in peers(site.lab, leaf).items()
        # Cumulus has IPv4 in its IPv6 sessions too.
        if ip_address(who).version == 4 and peer["state"] == "Established"
    }


def resets_nothing(site: Site, up: dict[str, Any], but: Iterable[str] = ()) -> bool:
    """Whether every session has been up since then; those of leaves ``but`` aside."""
    now = {name: when for name, when in since(site).items() if name.split()[0] not in but}
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
        lines, says = THEIRS[its["platform"]]
        filled = [line.replace("{node}", node).replace("{as}", str(its["asNumber"])) for line in lines]
        shown = typed(site, leaf, filled)
        assert MINE.search(saved(site, leaf)), shown
        says = says.replace("{rack}", rack_name).replace("{name}", name)
        found.append(f"{leaf}: neighbour {node} ({name}) {says}")
    return found


def drift(said: str) -> list[str]:
    """Drift that a preview names."""
    warned = [line.strip().removeprefix("warning: ") for line in said.splitlines() if "warning: " in line]
    return sorted({text for kind, text in map(kind_of, warned) if kind is ProblemKind.DRIFT})


def test_the_life_of_a_fabric_whose_leaves_are_played(site: Site) -> None:
    before = world(site)
    site.write()
    assert f"{COST} {OWN} in the place of 64512" in site.project.pulumi("preview", "--suppress-outputs").said
    site.applied()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    up = since(site)
    assert len(up) == 3 * len(leaves(site)), "the spine and two reflectors"
    seen = site.project.pulumi(*CHECK)
    assert (seen.code, COST in seen.said) == (0, False), seen.said

    wanted = changed_by_hand(site)
    seen = site.project.pulumi(*CHECK)
    assert seen.code == DRIFT, seen.said
    assert drift(seen.said) == sorted(wanted), seen.said
    site.applied()
    assert not [leaf for leaf in leaves(site) if MINE.search(saved(site, leaf))]
    assert resets_nothing(site, up), "neither the damage nor the repair resets a session"

    site.declared |= {"serviceExternalIPs": [EXTERNAL], "maximumPrefix": 100}
    site.applied()
    for leaf in leaves(site):
        runs = site.lab.exec(leaf, "vtysh", "-c", "show running-config")
        assert f"permit {EXTERNAL} le 32" in runs
        assert runs.count("maximum-prefix 100 restart 1") == 4, "two reflectors in two families"
    assert resets_nothing(site, up)
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    seen = site.project.pulumi(*CHECK)
    assert seen.code == 0, seen.said

    # The node that becomes a reflector is in the AS that its rack gives up: the leaf is told so before the other one.
    first = site.racks["rr1"]
    first |= {"asNumber": ANOTHER, "reflectors": first["reflectors"] | first.pop("members")}
    site.applied()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    others = {name: when for name, when in up.items() if name.split()[0] not in first["leaves"]}
    assert resets_nothing(site, others, but=first["leaves"])
    assert site.project.pulumi(*CHECK).code == 0

    site.destroyed()
    assert world(site) == before
