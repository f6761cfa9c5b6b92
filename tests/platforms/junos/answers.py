"""What a Junos leaf answers, in the shape of 19.4 (`| display set`, `| display json`), every value of it made up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from leafrack.platforms.junos import read

VERSION = "Hostname: leaf01\nModel: qfx5120-48y-8c\nJunos: 21.4R3.15\nJUNOS OS Kernel 64-bit [20220806.3b9a5e9]"
ROUTING = "set routing-options router-id 2.2.2.2\nset routing-options autonomous-system 65009\n"
GROUP = "set protocols bgp group LEAFRACK-dc1"
SPINES = "set protocols bgp group SPINES"
BGP = f"""
{SPINES} type external
{SPINES} import "FROM-SPINES"
{SPINES} peer-as 65008
{SPINES} neighbor 100.0.0.1 description spine1
{SPINES} neighbor 100.0.0.1 authentication-key "$9$ICLceWxNdsYoX7wg4aHk" ## SECRET-DATA
{SPINES} multipath multiple-as
set protocols bgp group ANYBODY type external
set protocols bgp group ANYBODY peer-as 64999
set protocols bgp group ANYBODY allow 172.20.1.0/24
{GROUP} type external
{GROUP} neighbor 172.20.0.11 description "leafrack rr1 node1"
{GROUP} neighbor 172.20.0.11 hold-time 9
{GROUP} neighbor 172.20.0.11 import LEAFRACK-dc1-IN
{GROUP} neighbor 172.20.0.11 authentication-key "$9$ICLceWxNdsYoX7wg4aHk"
{GROUP} neighbor 172.20.0.11 family inet unicast prefix-limit maximum 1000
{GROUP} neighbor 172.20.0.11 family inet unicast prefix-limit teardown idle-timeout 1
{GROUP} neighbor 172.20.0.11 export LEAFRACK-dc1-OUT
{GROUP} neighbor 172.20.0.11 peer-as 64512
{GROUP} neighbor 172.20.0.11 as-override
{GROUP} neighbor 172.20.0.11 remove-private all replace
{GROUP} neighbor 172.20.0.11 graceful-restart disable
{GROUP} neighbor 172.20.0.11 ttl 255
{GROUP} neighbor 172.20.0.12 import LEAFRACK-dc1-IN
{GROUP} neighbor 172.20.0.12 export LEAFRACK-dc1-OUT
{GROUP} neighbor 172.20.0.12 family inet unicast
{GROUP} neighbor 172.20.0.12 peer-as 64512
{GROUP} neighbor 172.20.0.12 local-preference 50
{GROUP} neighbor 172.20.0.13 peer-as 64512
{GROUP} neighbor 172.20.0.13 import LEAFRACK-dc1-IN
deactivate protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.13
"""
POLICY = "set policy-options policy-statement LEAFRACK-dc1-IN"
POLICIES = f"""
set policy-options prefix-list LOOPBACKS 10.0.0.0/24
{POLICY} term permitted from protocol bgp
{POLICY} term permitted from route-filter 10.233.64.0/18 orlonger
{POLICY} term permitted from route-filter 10.9.9.9/32 exact
{POLICY} term permitted then accept
{POLICY} then reject
"""


def told(**values: object) -> dict[str, Any]:
    """An object of Junos' JSON: each value in a list of objects, names with hyphens."""
    return {
        name.replace("_", "-"): value if isinstance(value, list) else [{"data": str(value)}]
        for name, value in values.items()
    }


def peer(address: str, state: str = "Established", **values: object) -> dict[str, Any]:
    """A neighbour as `show bgp neighbor` and `show bgp summary` tell it."""
    return {"attributes": {"junos:style": "detail"}, **told(peer_address=address, peer_state=state, **values)}


def ribs(**accepted: int) -> list[dict[str, Any]]:
    """Routes from a neighbour by table."""
    return [told(name=name.replace("_", "."), accepted_prefix_count=number) for name, number in accepted.items()]


def elapsed(seconds: int) -> list[dict[str, Any]]:
    """Since when a session is what it is."""
    return [{"data": "1:01", "attributes": {"junos:seconds": str(seconds)}}]


def document(kind: str, **inside: list[dict[str, Any]]) -> str:
    """A JSON answer."""
    attributes = {"xmlns": "http://xml.juniper.net/junos/19.4R0/junos-routing"}
    return json.dumps({kind: [{"attributes": attributes, **{k.replace("_", "-"): v for k, v in inside.items()}}]})


def table(name: str, destinations: Iterable[str]) -> str:
    """Routes of a table."""
    routes = [told(rt_destination=each, rt_entry=[told(active_tag="*", protocol_name="BGP")]) for each in destinations]
    return document("route-information", route_table=[{**told(table_name=name), "rt": routes}])


PEERS = (
    peer("100.0.0.1+179", peer_as=65008, local_address="100.0.0.2+50178", local_as=65009, local_id="2.2.2.2",
         peer_id="1.1.1.1", peer_group="SPINES", peer_cfg_rti="master", bgp_rib=ribs(inet_0=4)),
    peer("172.20.0.11+33410", peer_as=64512, local_address="172.20.0.254+179", local_as=65009, local_id="2.2.2.2",
         peer_id="172.20.0.11", peer_group="LEAFRACK-dc1", bgp_rib=ribs(inet_0=2), last_error="Cease"),
    peer("172.20.0.12", "Active", peer_as=64512, local_as=65009, peer_group="LEAFRACK-dc1",
         last_error="Open Message Error"),
    peer("172.20.1.40+41000", peer_as=64999, local_as=65009, peer_group="ANYBODY", bgp_rib=ribs(inet_0=1)),
    peer("10.99.0.1+179", peer_as=64999, local_as=65099, peer_cfg_rti="blue"),
)  # fmt: skip
UP = (peer("100.0.0.1", elapsed_time=elapsed(86461)), peer("172.20.0.11", elapsed_time=elapsed(61)))


def answer(**other: str) -> str:
    """Everything that a leaf answers, with some of it another: version, routing, bgp, policies, instances, …."""
    said: Mapping[str, str] = {
        "version": VERSION,
        "routing": ROUTING,
        "bgp": BGP,
        "policies": POLICIES,
        "instances": "set routing-instances blue protocols bgp group X neighbor 10.99.0.1\n",
        "neighbours": document("bgp-information", bgp_peer=list(PEERS)),
        "summary": document("bgp-information", bgp_peer=list(UP)),
        "routes": table("inet.0", ["10.233.64.0/26", "172.20.0.0/24"]),
        "routes6": table("inet6.0", ["fd00:64::/122"]),
        **other,
    }
    return "".join(f"### {command}\n{text}\n" for command, text in zip(read.READ, said.values(), strict=True))
