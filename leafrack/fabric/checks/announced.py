"""What nodes announce: something, in families that they have, with communities that are some."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem, shown
from leafrack.fabric.communities import is_community
from leafrack.fabric.model import Fabric
from leafrack.fabric.source import at
from leafrack.fabric.values import within
from leafrack.fabric.wording import did_you_mean


def errors(fabric: Fabric) -> Iterator[Problem]:
    """A fabric that announces nothing, ranges that no leaf routes, communities of nothing."""
    if not fabric.advertised:
        yield Problem("the fabric announces nothing: give podCIDRs, or ranges of services", "podCIDRs")
    for key, ranges in fabric.services.items():
        for index, network in enumerate(ranges):
            if network.version not in fabric.versions:
                text = f"{network} is IPv{network.version}, and podCIDRs has no such range: add one or remove this"
                yield Problem(text, at(key, index))
    yield from _communities(fabric)


def _communities(fabric: Fabric) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, community in enumerate(fabric.communities):
        if first.setdefault(community.name, index) != index:
            text = f"'{shown(community.name)}' is given twice: keep one"
            yield Problem(text, at("communities", index, "name"))
    for index, one in enumerate(fabric.prefix_advertisements):
        path = at("prefixAdvertisements", index)
        if not any(within(one.cidr, whole) for whole in fabric.advertised):
            text = f"{one.cidr} is inside no range that nodes announce: correct it, or add the range"
            yield Problem(text, f"{path}.cidr")
        for number, name in enumerate(one.communities):
            if name not in first and not is_community(name):
                hint = did_you_mean(name, first) or ": declare it under communities"
                text = f"'{shown(name)}' is no community, and none has this name{hint}"
                yield Problem(text, f"{path}.communities[{number}]")
