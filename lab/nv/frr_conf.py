"""/etc/frr/frr.conf as NVUE writes it from its tree."""

from __future__ import annotations

from collections.abc import Iterator

from lab.nv.release import Tree, words


def frr_conf(tree: Tree) -> str:
    """What NVUE writes as /etc/frr/frr.conf."""
    switch, on, _ = words()
    bgp = tree.get("vrf", {}).get("default", {}).get("router", {}).get("bgp", {})
    lines = ["frr defaults datacenter", "service integrated-vtysh-config"]
    lines += _lists(tree.get("router", {}).get("policy", {}))
    if bgp.get(switch) != on:
        return "\n".join([*lines, ""])
    lines += [f"router bgp {bgp['autonomous-system']}", f" bgp router-id {bgp['router-id']}"]
    lines += [" bgp bestpath as-path multipath-relax"]
    neighbours = {who: said for who, said in bgp.get("neighbor", {}).items() if "remote-as" in said}
    groups = bgp.get("peer-group", {})
    lines += (f" neighbor {who} peer-group" for who in groups)
    neighbours |= groups
    for who, said in neighbours.items():
        lines += (f" neighbor {who} {line}" for line in _neighbour(said, switch, on))
    dynamic = bgp.get("dynamic-neighbor", {})
    lines += [f" bgp listen limit {dynamic['limit']}"] if "limit" in dynamic else []
    for prefix, said in dynamic.get("listen-range", {}).items():
        lines.append(f" bgp listen range {prefix} peer-group {said['peer-group']}")
    for family in ("ipv4", "ipv6"):
        own = bgp.get("address-family", {}).get(f"{family}-unicast", {})
        lines.append(f" address-family {family} unicast")
        if own.get("redistribute", {}).get("connected", {}).get(switch) == on:
            lines.append("  redistribute connected")
        lines.append(f"  maximum-paths {own.get('multipaths', {}).get('ebgp', 64)}")
        for who, said in neighbours.items():
            of_family = said.get("address-family", {}).get(f"{family}-unicast", {})
            is_on = of_family.get(switch, on if family == "ipv4" else "") == on
            lines.append(f"  {'' if is_on else 'no '}neighbor {who} activate")
            lines += (f"  neighbor {who} {line}" for line in (_family(of_family, on) if is_on else ()))
        lines.append(" exit-address-family")
    return "\n".join([*lines, "exit", ""])


def _lists(policies: Tree) -> Iterator[str]:
    for name, policy in policies.get("prefix-list", {}).items():
        kind = "ip" if policy["type"] == "ipv4" else "ipv6"
        for number, rule in policy["rule"].items():
            for prefix, match in rule["match"].items():
                longest = f" le {match['max-prefix-len']}" if "max-prefix-len" in match else ""
                yield f"{kind} prefix-list {name} seq {number} {rule['action']} {prefix}{longest}"
    for name, policy in policies.get("as-path-list", {}).items():
        for number, rule in policy["rule"].items():
            yield f"bgp as-path access-list {name} seq {number} {rule['action']} {rule['aspath-exp']}"


def _neighbour(said: Tree, switch: str, on: str) -> Iterator[str]:
    yield f"remote-as {said['remote-as']}"
    if said.get("description", "none") != "none":
        yield f"description {said['description']}"
    if said.get("password", "none") != "none":
        yield f"password {said['password']}"
    timers = said.get("timers", {})
    keepalive, hold = (timers.get(name, "auto") for name in ("keepalive", "hold"))
    yield f"timers {3 if keepalive == 'auto' else keepalive} {9 if hold == 'auto' else hold}"
    yield "timers connect 10"
    yield "advertisement-interval 0"
    if said.get("shutdown") == on:
        yield "shutdown"
    security = said.get("ttl-security", {})
    if security.get(switch) == on:
        yield f"ttl-security hops {security['hops']}"
    restart = {"off": "graceful-restart-disable", "helper-only": "graceful-restart-helper", "full": "graceful-restart"}
    if line := restart.get(said.get("graceful-restart", {}).get("mode", "auto")):
        yield line


def _family(said: Tree, on: str) -> Iterator[str]:
    for way, word in (("inbound", "in"), ("outbound", "out")):
        if (name := said.get("policy", {}).get(way, {}).get("prefix-list", "none")) != "none":
            yield f"prefix-list {name} {word}"
    if (name := said.get("policy", {}).get("inbound", {}).get("aspath-list", "none")) != "none":
        yield f"filter-list {name} in"
    limit = said.get("prefix-limits", {}).get("inbound", {})
    if limit.get("maximum", "none") != "none":
        again = f" restart {limit['reestablish-wait']}" if "reestablish-wait" in limit else ""
        yield f"maximum-prefix {limit['maximum']}{again}"
    path = said.get("aspath", {})
    if path.get("replace-peer-as") == on:
        yield "as-override"
    if (private := path.get("private-as", "none")) != "none":
        yield f"remove-private-AS all{' replace-AS' if private == 'replace' else ''}"
