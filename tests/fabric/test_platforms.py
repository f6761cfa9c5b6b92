"""Platforms in a fabric file: known by name, and refused what they cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from leafrack.fabric.checks import platforms as checks
from leafrack.fabric.load import load
from leafrack.fabric.schema import schema_text
from leafrack.platforms import BUILT_IN, Feature
from tests.fabric.fabric_files import changed, line_of
from tests.platforms.made_up import NAME, register
from tests.world import toy_switch

Errors = Callable[[str], list[str]]
TOY = ("platform: frr", f"platform: {NAME}")
RR1, LEAF1 = "racks.rr1", "racks.rr1.leaves.leaf01"
REASON = "its maker forgot it; leave it out"
UPLINKS = "        uplinks: {spine1: {address: 100.0.0.2, peerAddress: 100.0.0.1}}\n"
SECOND = f"{UPLINKS}      leaf01b: {{address: 172.20.0.253, asNumber: 65011, platform: {NAME}}}\n"
V6 = (
    ("podCIDRs: [10.233.64.0/18]", "podCIDRs: [10.233.64.0/18, fd10::/48]"),
    ("address: 172.20.0.254", "address: [172.20.0.254, fd00:1::254]"),
    ("node1: 172.20.0.11", "node1: [172.20.0.11, fd00:1::11]"),
)
LISTENING = (
    ("    asNumber: 64512\n    leaves", "    interconnect: full-mesh\n    leaves"),
    ("members: {node3: 172.20.0.13}", "members: {label: rack=rr1}"),
)

ASKS: Mapping[Feature, tuple[tuple[tuple[str, str], ...], str, str]] = {
    Feature.TIMERS: (
        (("        platform: frr", f"        platform: {NAME}\n        timers: {{keepalive: 3, hold: 9}}"),),
        f"{LEAF1}.timers",
        "timers:",
    ),
    Feature.KEEPALIVE: (
        (("        platform: frr", f"        platform: {NAME}\n        timers: {{keepalive: 2, hold: 9}}"),),
        f"{LEAF1}.timers",
        "timers:",
    ),
    Feature.MAXIMUM_PREFIX: ((TOY, ("name: dc1", "name: dc1\nmaximumPrefix: 9")), "maximumPrefix", "maximumPrefix"),
    Feature.TTL_SECURITY: ((TOY, ("name: dc1", "name: dc1\nttlSecurity: true")), "ttlSecurity", "ttlSecurity"),
    Feature.AS_OVERRIDE: (
        (("        platform: frr", f"        platform: {NAME}\n        asOverride: true"),),
        f"{LEAF1}.asOverride",
        "asOverride",
    ),
    Feature.PRIVATE_AS: (
        (TOY, ("    asNumber: 64512\n    leaves", "    localASNumber: 64777\n    leaves")),
        f"{RR1}.localASNumber",
        "localASNumber",
    ),
    Feature.NO_GRACEFUL_RESTART: (
        (TOY, (UPLINKS, SECOND)),
        f"{RR1}.leaves",
        "    leaves:",
    ),
    Feature.ANY_AS: (
        (TOY, ("    asNumber: 64512\n    leaves", "    asNumber: 64600\n    leaves")),
        f"{RR1}.asNumber",
        "asNumber: 64600",
    ),
    Feature.IPV6: ((TOY, *V6), f"{LEAF1}.address", "fd00:1::254"),
    Feature.LISTENERS: ((TOY, *LISTENING), f"{RR1}.members", "label: rack=rr1"),
    Feature.MAXIMUM_NEIGHBOURS: (
        (TOY, LISTENING[0], (LISTENING[1][0], f"{LISTENING[1][1]}\n    maximumNeighbours: 40")),
        f"{RR1}.maximumNeighbours",
        "maximumNeighbours",
    ),
}
"""What asks for a feature, the key that does, and what is in its line."""


def test_every_feature_that_a_file_can_ask_for_is_asked_for() -> None:
    assert set(ASKS) == set(Feature) - {Feature.PASSWORD}, "a password is the stack's"


@pytest.mark.parametrize("feature", ASKS, ids=lambda feature: feature.name)
def test_what_a_platform_cannot_do_is_refused_with_its_line_and_its_reason(
    feature: Feature, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, path, part = ASKS[feature]
    text = changed(*changes)
    register(monkeypatch, cannot={feature: REASON})
    leaves = "leaf01, leaf01b" if feature is Feature.NO_GRACEFUL_RESTART else "leaf01"
    found = [one for one in errors(text) if NAME in one]
    assert len(found) == 1, found
    assert found[0].endswith(
        f"x.yaml:{line_of(text, part)}: {path}: platform {NAME} of {leaves} has no {feature}: {REASON}"
    )


@pytest.mark.parametrize("feature", ASKS, ids=lambda feature: feature.name)
def test_what_nobody_asks_for_a_platform_need_not_do(
    feature: Feature, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = dict.fromkeys((one for one in Feature if one is not feature), REASON)
    register(monkeypatch, cannot=others)
    found = [one for one in errors(changed(*ASKS[feature][0])) if NAME in one]
    # A rack of localASNumber connects with one AS and goes on with the other, too.
    more = {
        Feature.PRIVATE_AS: {Feature.ANY_AS},
        Feature.KEEPALIVE: {Feature.TIMERS},
        Feature.MAXIMUM_NEIGHBOURS: {Feature.LISTENERS},
    }
    implied = more.get(feature, set())
    assert {other for other in others if any(f"has no {other}:" in one for one in found)} == implied
    assert len(found) == len(implied)


@pytest.mark.parametrize("key", ["asNumber", "localASNumber"])
def test_a_rack_with_an_as_of_its_own_needs_no_any_as_where_jobs_are_played(
    key: str, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks = replace(toy_switch.platform(), cannot={Feature.ANY_AS: REASON})
    toy_switch.register(monkeypatch, lacks)
    own = ("    asNumber: 64512\n    leaves", f"    {key}: 64600\n    leaves")
    assert [one for one in errors(changed(TOY, own)) if NAME in one] == []
    # A range has no nodes that anybody could be asked about.
    ranges = changed(TOY, (own[0], f"    interconnect: full-mesh\n{own[1]}"), LISTENING[1])
    (refused,) = (one for one in errors(ranges) if NAME in one)
    assert refused.endswith(f": {RR1}.{key}: platform {NAME} of leaf01 has no {Feature.ANY_AS}: {REASON}")


def test_a_rack_on_top_of_rack_asks_for_override_where_it_says_so(
    errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, cannot={Feature.AS_OVERRIDE: REASON})
    for change, path in (
        (("name: dc1", "name: dc1\ninterconnect: top-of-rack"), "interconnect"),
        (("    asNumber: 64512\n", "    asNumber: 64512\n    interconnect: top-of-rack\n"), f"{RR1}.interconnect"),
    ):
        (found,) = errors(changed(TOY, change))
        assert f": {path}: platform {NAME} of leaf01 has no {Feature.AS_OVERRIDE}" in found


def test_a_password_is_refused_for_the_racks_that_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, cannot={Feature.PASSWORD: REASON})
    file = tmp_path / "x.yaml"
    file.write_text(changed(TOY))
    loaded = load(file)
    (found,) = loaded.placed(checks.errors(loaded.fabric, {"rr1", "rr2"}))
    assert str(found) == (
        f"{file}:{line_of(file.read_text(), 'leaf01:')}: {LEAF1}: "
        f"platform {NAME} of leaf01 has no {Feature.PASSWORD}: {REASON}"
    )
    assert list(checks.errors(loaded.fabric, {"rr2"})) == []


def test_an_unknown_platform_is_refused_with_the_nearest_name(errors: Errors, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    for given, hint in (("toyo", f"did you mean {NAME}?"), ("zzz", f"known here are {', '.join(BUILT_IN)}")):
        (found,) = errors(changed(("platform: frr", f"platform: {given}")))
        assert found.endswith(f"{LEAF1}.platform: unknown platform '{given}': {hint}")


def test_the_schema_names_all_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    def named() -> list[str]:
        names: list[str] = json.loads(schema_text())["$defs"]["Leaf"]["properties"]["platform"]["enum"]
        return names

    assert named() == sorted(BUILT_IN)
    register(monkeypatch)
    assert named() == sorted(BUILT_IN)
    assert NAME in named()
