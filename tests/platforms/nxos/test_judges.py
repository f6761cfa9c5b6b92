"""Lines held against other people's patterns: those of Ansible's collection cisco.nxos, which Cisco's own people keep.

They need the packages ``ansible`` and ``ansible-core`` (GPL-3, 57 MB), which are no dependencies of anything here:
``pip install ansible ansible-core`` into an environment of one's own, and these tests run there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leafrack.platforms import Job
from leafrack.platforms.nxos.platform import NXOS
from tests.platforms.boxes import listener
from tests.platforms.nxos.test_platform import JOB, LISTED

TEMPLATES = "ansible_collections.cisco.nxos.plugins.module_utils.network.nxos.rm_templates"
LISTENS = replace(JOB, neighbours=(), listeners=(replace(listener("172.20.0.0/24"), description="rr1"),))
BEYOND = ("ip prefix-list", "ipv6 prefix-list", "ip as-path")


def template(module: str, name: str, lines: list[str]) -> Any:
    why = "Ansible's collection cisco.nxos is not installed"
    return getattr(pytest.importorskip(f"{TEMPLATES}.{module}", reason=why), name)(lines=lines)


def flat(family: bool, job: Job = JOB) -> list[str]:  # noqa: FBT001 - of the family or of the session
    """Lines of neighbours as these patterns take them: those of a session with the neighbour before them."""
    found, who = [], ""
    # A description of one word is all that these know.
    for line in NXOS.text(job).replace("leafrack rr1 node1", "node1").splitlines():
        depth, bare = len(line) - len(line.lstrip()), line.strip()
        if depth == 2:
            who = bare
        if depth in (0, 2) and not bare.startswith(BEYOND):
            found += [line] if not family or depth == 0 else []
        elif depth == 4 and family == bare.startswith("address-family"):
            found.append(f"{who} {bare}" if family else f"  {who} {bare}")
        elif depth == 6 and family:
            found.append(bare)
    return found


def unknown(template: Any, lines: list[str]) -> list[str]:
    return [line for line in lines if not any(parser["getval"].match(line) for parser in template.PARSERS)]


def test_every_line_of_a_session_is_known_and_means_what_is_meant() -> None:
    lines = flat(family=False)
    judge = template("bgp_global", "Bgp_globalTemplate", lines)
    assert unknown(judge, lines) == []
    neighbours = judge.parse()["vrfs"]["vrf_"]["neighbors"]
    said = neighbours["fd00:1::11"]
    assert said["timers"] == {"keepalive": 3, "holdtime": 9}
    assert said["ttl_security"]["hops"] == 1
    assert said["remove_private_as"]["replace_as"] is True
    assert said["password"] == {"encryption": 0, "key": "s3cret"}
    assert (said["remote_as"], neighbours["172.20.0.11"]["remote_as"]) == (4200000001, 64512)


def test_every_line_of_a_range_but_its_limit_is_known() -> None:
    lines = flat(family=False, job=LISTENS)
    judge = template("bgp_global", "Bgp_globalTemplate", lines)
    assert unknown(judge, lines) == ["  neighbor 172.20.0.0/24 maximum-peers 100"], "Batfish's grammar has it"
    assert judge.parse()["vrfs"]["vrf_"]["neighbors"]["172.20.0.0/24"]["remote_as"] == 64512


@pytest.mark.parametrize("job", [JOB, LISTED, LISTENS], ids=["plain", "with a path list", "with a range"])
def test_every_line_of_a_family_is_known(job: Job) -> None:
    lines = flat(family=True, job=job)
    judge = template("bgp_neighbor_address_family", "Bgp_neighbor_address_familyTemplate", lines)
    assert unknown(judge, lines) == []


def test_every_entry_of_a_list_is_known() -> None:
    lines = [line for line in NXOS.text(JOB).splitlines() if line.startswith(BEYOND)]
    judge = template("prefix_lists", "Prefix_listsTemplate", lines)
    assert len(lines) == 4
    assert unknown(judge, lines) == []
