"""What a fabric asks of its leaves, compared with what their platforms can do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from leafrack.errors import Problem
from leafrack.fabric.leaf import listeners, neighbours
from leafrack.fabric.model import Fabric
from leafrack.fabric.source import at
from leafrack.platforms import Feature, Listener, Neighbour, platform_of


def errors(fabric: Fabric, with_passwords: Collection[str] = ()) -> Iterator[Problem]:
    """Features that a leaf's platform lacks; ``with_passwords`` are racks whose sessions get a password."""
    lacking: dict[tuple[str, str, Feature, str], list[str]] = {}
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            cannot = platform_of(leaf.platform).cannot
            for feature, path in _asked(fabric, rack, name, with_password=rack in with_passwords).items():
                if feature in cannot:
                    lacking.setdefault((path, leaf.platform, feature, cannot[feature]), []).append(name)
    for (path, platform, feature, reason), leaves in lacking.items():
        text = f"platform {platform} of {', '.join(leaves)} has no {feature}: {reason}"
        yield Problem(text, path)


def _asked(fabric: Fabric, rack: str, name: str, *, with_password: bool) -> Mapping[Feature, str]:
    """Features that a leaf's neighbours need, with the key of the file that asks for them."""
    ranges = listeners(fabric, rack, name)
    declared: list[Neighbour | Listener] = [one for each in neighbours(fabric, rack, name).values() for one in each]
    declared += ranges
    asked = {feature for each in declared for feature in _features(each, password=with_password)}
    asked |= {Feature.LISTENERS} if ranges else set()
    asked |= {Feature.MAXIMUM_NEIGHBOURS} if fabric.racks[rack].maximum_neighbours is not None else set()
    keys = _keys(fabric, rack, name)
    return {feature: keys[feature] for feature in Feature if feature in asked}


def _features(neighbour: Neighbour | Listener, *, password: bool) -> Iterator[Feature]:
    asked = {
        Feature.PASSWORD: password,
        Feature.TIMERS: neighbour.timers is not None,
        Feature.KEEPALIVE: neighbour.timers is not None and neighbour.timers.hold != 3 * neighbour.timers.keepalive,
        Feature.MAXIMUM_PREFIX: neighbour.maximum_prefix is not None,
        Feature.TTL_SECURITY: neighbour.ttl_security,
        Feature.AS_OVERRIDE: neighbour.as_override,
        Feature.PRIVATE_AS: neighbour.remove_private_as,
        Feature.NO_GRACEFUL_RESTART: not neighbour.graceful_restart,
        Feature.ANY_AS: neighbour.as_number is None,
        Feature.IPV6: _version(neighbour) == 6,
    }
    yield from (feature for feature, needed in asked.items() if needed)


def _version(each: Neighbour | Listener) -> int:
    return each.address.version if isinstance(each, Neighbour) else each.prefix.version


def _keys(fabric: Fabric, rack: str, name: str) -> Mapping[Feature, str]:
    """Where the file asks for a feature; for passwords, which a stack has, the leaf itself."""
    declared, path = fabric.racks[rack], at("racks", rack)
    leaf = at("racks", rack, "leaves", name)
    number = "asNumber" if declared.local_as_number is None else "localASNumber"
    override = "interconnect" if declared.interconnect is None else f"{path}.interconnect"
    return {
        Feature.PASSWORD: leaf,
        Feature.TIMERS: f"{leaf}.timers",
        Feature.KEEPALIVE: f"{leaf}.timers",
        Feature.MAXIMUM_PREFIX: "maximumPrefix",
        Feature.TTL_SECURITY: "ttlSecurity",
        Feature.AS_OVERRIDE: f"{leaf}.asOverride" if declared.leaves[name].as_override else override,
        Feature.PRIVATE_AS: f"{path}.localASNumber",
        Feature.NO_GRACEFUL_RESTART: f"{path}.leaves",
        Feature.ANY_AS: f"{path}.{number}",
        Feature.IPV6: f"{leaf}.address",
        Feature.LISTENERS: f"{path}.members",
        Feature.MAXIMUM_NEIGHBOURS: f"{path}.maximumNeighbours",
    }
