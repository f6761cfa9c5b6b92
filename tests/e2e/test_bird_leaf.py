"""A fabric of an FRR and a BIRD leaf: applied, seen, changed by hand and put right, changed, taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.site import Site, running
from leafrack.errors import ProblemKind, kind_of
from tests.e2e.world import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.timeout(900)]

CHECK = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
FILE = "/etc/bird/leafrack/neighbour-172.21.0.11-LEAFRACK-dc1-IN.conf"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Leaf leaf1 runs FRR, leaf2 BIRD; both have an IPv4 and an IPv6 address."""
    racks = {f"rr{number}": rack(number, spines=1, versions=(4, 6)) for number in (1, 2)}
    racks["rr2"]["leaves"]["leaf2"]["platform"] = "bird"
    with running(tmp_path_factory.mktemp("bird"), values(racks, spines=1, versions=(4, 6))) as own:
        yield own


def saved(site: Site) -> str:
    """The configuration of both leaves as it is saved."""
    frr = "grep -v '^!' /etc/frr/frr.conf | grep -v '^frr version'"
    bird = "find /etc/bird | sort; find /etc/bird -type f | sort | xargs cat"
    return site.lab.exec("leaf1", "vtysh", "-c", "write memory") + "".join(
        site.lab.exec(leaf, "sh", "-c", command) for leaf, command in (("leaf1", frr), ("leaf2", bird))
    )


def as_expected(site: Site) -> bool:
    rows = site.rows()
    return bool(rows) and all(row["ok"] for row in rows)


def since(site: Site) -> dict[str, Any]:
    """When each BGP session of the BIRD leaf came up, in seconds of the day."""
    shown = site.lab.exec("leaf2", "birdc", "show", "protocols")
    found = re.findall(r"^(\S+) +BGP .* (\d+):(\d+):([\d.]+) +Established", shown, re.MULTILINE)
    # BIRD counts in milliseconds from another moment each time.
    return {name: pytest.approx(3600 * int(h) + 60 * int(m) + float(s), abs=0.05) for name, h, m, s in found}


def resets_nothing(site: Site, up: dict[str, Any]) -> bool:
    """Whether every session has been up since then."""
    now = since(site)
    return now.keys() == up.keys() and all(now[name].expected == up[name] for name in up)


def test_the_life_of_a_fabric_with_a_bird_leaf(site: Site) -> None:
    before = saved(site)
    site.applied()
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]
    up = since(site)
    assert len(up) == 6, "two spine sessions, two reflectors in two families"

    site.applied()
    assert resets_nothing(site, up), "a second time resets nothing"

    site.lab.exec("leaf2", "sh", "-c", f"sed -i 's/description .*/description \"mine\";/' {FILE} && birdc configure")
    seen = site.project.pulumi(*CHECK)
    assert seen.code == DRIFT, seen.said
    lines = [
        line.strip().removeprefix("warning: ") for line in seen.said.splitlines() if line.startswith("    warning")
    ]
    drifted = [text for kind, text in map(kind_of, lines) if kind is ProblemKind.DRIFT]
    wanted = 'has `description "mine"` instead of `description "leafrack rr2 n2a"`'
    assert drifted == [f"leaf2: neighbour 172.21.0.11 (n2a) {wanted}"], seen.said
    site.applied()
    assert 'description "leafrack rr2 n2a";' in site.lab.exec("leaf2", "cat", FILE)
    assert resets_nothing(site, up), "neither the damage nor the repair resets a session"

    site.declared["maximumPrefix"] = 100
    site.applied()
    assert "import limit 100 action restart;" in site.lab.exec("leaf2", "cat", FILE)
    assert resets_nothing(site, up)
    assert eventually(lambda: as_expected(site)), [row for row in site.rows() if not row["ok"]]

    site.destroyed()
    assert saved(site) == before
