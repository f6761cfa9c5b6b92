"""Jobs that tests of several platforms write, play and read back."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from leafrack.platforms import Job, Listener, Neighbour, PathList, PrefixList, Task
from leafrack.platforms.state import Timers

OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-IN6", "LEAFRACK-dc1-OUT", "LEAFRACK-dc1-OUT6")
LISTS = (
    PrefixList("LEAFRACK-dc1-IN", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
    PrefixList("LEAFRACK-dc1-OUT", (ip_network("10.233.64.0/18"), ip_network("0.0.0.0/0"))),
)
NODE = Neighbour(
    ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", "LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", (64512, 64513)
)
WHOLE = Neighbour(
    ip_address("fd00:1::11"),
    64513,
    "leafrack rr1 node1",
    "LEAFRACK-dc1-IN6",
    "LEAFRACK-dc1-OUT6",
    (64513,),
    as_override=True,
    remove_private_as=True,
    graceful_restart=False,
    timers=Timers(keepalive=3, hold=9),
    ttl_security=True,
    maximum_prefix=1000,
    password="s3cret#;$x",
)
PLAIN = Job(Task.SESSIONS, 65009, OWN, LISTS, (NODE,), 64513)
ALL = Job(
    Task.SESSIONS,
    65009,
    OWN,
    (
        *LISTS,
        PrefixList("LEAFRACK-dc1-IN6", (ip_network("fd00:64::/48"),)),
        PrefixList("LEAFRACK-dc1-OUT6", (ip_network("fd00:64::/48"), ip_network("::/0"))),
    ),
    (NODE, WHOLE),
    64513,
)
PATHS = PathList("LEAFRACK-dc1-AS", (64512, 64513))
LISTED = replace(PLAIN, paths=PATHS, neighbours=(replace(NODE, paths_in=PATHS.name),))
_RANGE = Listener(
    prefix=ip_network("172.20.0.0/25"),
    group="LEAFRACK-dc1-NODES",
    as_number=64512,
    description="leafrack rr1",
    list_in="LEAFRACK-dc1-IN",
    list_out="LEAFRACK-dc1-OUT",
    maximum_neighbours=100,
    maximum_prefix=1000,
    password="s3cret",
)
LISTENING = replace(
    PLAIN, lists=(), neighbours=(), listeners=(_RANGE, replace(_RANGE, prefix=ip_network("172.20.0.128/25")))
)
JOBS = {"plain": PLAIN, "all that may be wanted": ALL, "with a path list": LISTED}
