"""What NVUE knows, as far as leaves of a lab need it."""

from __future__ import annotations

from typing import Any

from lab.nv.release import NvError, Tree, words


def grammar() -> Tree:
    """What there is, as far as leaves of a lab need it: a leaf is the words that it takes, empty for anything."""
    switch, on, off = words()
    flag = {on, off}
    family = {
        switch: flag,
        "aspath": {"replace-peer-as": flag, "private-as": {"none", "remove", "replace"}},
        "policy": {"inbound": {"prefix-list": set(), "aspath-list": set()}, "outbound": {"prefix-list": set()}},
        "prefix-limits": {"inbound": {"maximum": set(), "reestablish-wait": set()}},
    }
    group = {
        "remote-as": set(),
        "description": set(),
        "password": set(),
        "shutdown": flag,
        "timers": {"keepalive": set(), "hold": set(), "connection-retry": set()},
        "ttl-security": {switch: flag, "hops": set()},
        "address-family": {"ipv4-unicast": family, "ipv6-unicast": family},
    }
    neighbour = {
        **group,
        "type": {"numbered", "unnumbered"},
        "graceful-restart": {"mode": {"auto", "off", "helper-only", "full"}},
    }
    own = {switch: flag, "redistribute": {"connected": {switch: flag}}, "multipaths": {"ebgp": set()}}
    bgp = {
        switch: flag,
        "autonomous-system": set(),
        "router-id": set(),
        "neighbor": {"*": neighbour},
        "peer-group": {"*": group},
        "dynamic-neighbor": {"limit": set(), "listen-range": {"*": {"peer-group": set()}}},
        "address-family": {"ipv4-unicast": own, "ipv6-unicast": own},
    }
    match: Tree = {"*": {"max-prefix-len": set(), "min-prefix-len": set()}}
    lists = {"*": {"type": {"ipv4", "ipv6"}, "rule": {"*": {"action": {"permit", "deny"}, "match": match}}}}
    paths = {"*": {"rule": {"*": {"action": {"permit", "deny"}, "aspath-exp": set()}}}}
    policy = {"prefix-list": lists, "as-path-list": paths}
    return {"router": {"policy": policy}, "vrf": {"default": {"router": {"bgp": bgp}}}}


def check(given: Any, known: Any, path: str = "") -> None:
    """Refuse what the release does not know."""
    if isinstance(known, set):
        if isinstance(given, dict) or (known and given not in known):
            raise NvError(f"Invalid config: {path or '/'}: {given!r}")
        return
    if not isinstance(given, dict):
        raise NvError(f"Invalid config: {path or '/'}: {given!r}")
    for key, value in given.items():
        if key not in known and "*" not in known:
            raise NvError(f"Invalid config: {path}/{key} is unknown")
        check(value, known.get(key, known.get("*")), f"{path}/{key}")
