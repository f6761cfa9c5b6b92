"""EOS's words for what is ours: prefix lists and neighbours.

A list is written anew as a whole: in a configuration session nothing is in force before it is committed, and then only
what differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leafrack.addresses import Network
from leafrack.platforms.differences import RETRY
from leafrack.platforms.eos import passwords
from leafrack.platforms.job import Job, Neighbour, PrefixList
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed


def text(job: Job) -> str:
    """Configuration of everything that a job declares."""
    lists = [line for one in job.lists for line in _list(one)]
    neighbours = [line for one in job.neighbours for line in _neighbour(one, one.as_number)]
    instance = [Typed(f"router bgp {job.as_number}"), *neighbours] if neighbours else []
    return "".join(f"{line.text}\n" for line in (*lists, *instance))


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered for a plan, in a configuration session."""
    bgp = [line for one in plan.neighbours for line in _neighbour(one, _as_number(one, plan))]
    bgp += [Typed(f"   neighbor {address} remote-as {number}") for address, number in plan.as_numbers]
    bgp += [Typed(f"   no neighbor {address}") for address in plan.gone]
    found = (
        *(line for one in plan.lists for line in _anew(one, plan)),
        *([Typed(f"router bgp {plan.as_number}"), *bgp, Typed("exit")] if bgp else ()),
        *(Typed(f"no {_ip(plan.version_of(name))} prefix-list {name}") for name in plan.old_lists),
    )
    return tuple(replace(line, text=line.text.strip()) for line in found)


def _as_number(neighbour: Neighbour, plan: Plan) -> int | None:
    return None if neighbour.address in plan.kept_as else neighbour.as_number


def render_lists(lists: tuple[PrefixList, ...]) -> str:
    """Text of prefix lists."""
    return "".join(f"{line.text}\n" for one in lists for line in _list(one))


def _anew(prefixes: PrefixList, plan: Plan) -> Iterator[Typed]:
    if prefixes.name in plan.found.lists:
        yield Typed(f"no {_ip(prefixes.version)} prefix-list {prefixes.name}")
    yield from _list(prefixes)
    yield Typed("exit")


def _list(prefixes: PrefixList) -> Iterator[Typed]:
    """As AVD's template ``prefix-lists`` and Ansible's ``arista.eos.eos_prefix_lists`` write it."""
    yield Typed(f"{_ip(prefixes.version)} prefix-list {prefixes.name}")
    for position, prefix in enumerate(prefixes.prefixes, start=1):
        yield Typed(f"   seq {5 * position} permit {prefix}{_le(prefix)}")


def _neighbour(one: Neighbour, as_number: int | None) -> Iterator[Typed]:
    # What is not wanted is said too: otherwise taking it out of the fabric file would leave it on the switch.
    peer, limit = f"neighbor {one.address}", one.maximum_prefix
    family = f"address-family ipv{one.address.version}"
    # EOS User Manual, BGP (remote-as, description, shutdown, timers); Ansible's arista.eos.eos_bgp_global and AVD's
    # template router-bgp for the others; netlab drives a real EOS with ttl maximum-hops, as-path and remove-private-as.
    if as_number is not None:
        yield Typed(f"   {peer} remote-as {as_number}")
    yield Typed(f"   {peer} description {one.description}")
    yield _password(peer, one)
    yield Typed(f"   no {peer} shutdown")
    yield Typed(f"   {peer} timers {one.timers.keepalive} {one.timers.hold}" if one.timers else f"   no {peer} timers")
    yield Typed(f"   {_no(one.ttl_security)}{peer} ttl maximum-hops{' 1' * one.ttl_security}")
    # On by default only where the switch restarts gracefully, and then for all: "default" leaves that to its owner.
    yield Typed(f"   {'default' if one.graceful_restart else 'no'} {peer} graceful-restart")
    yield Typed(f"   {peer} maximum-routes {limit}" if limit else f"   no {peer} maximum-routes")
    yield Typed(f"   {peer} idle-restart-timer {RETRY}" if limit else f"   no {peer} idle-restart-timer")
    yield Typed(f"   {_no(one.as_override)}{peer} as-path remote-as replace out")
    yield Typed(f"   {_no(one.remove_private_as)}{peer} remove-private-as{' all replace-as' * one.remove_private_as}")
    yield Typed(f"   {family}")
    yield Typed(f"      {peer} prefix-list {one.list_in} in")
    yield Typed(f"      {peer} prefix-list {one.list_out} out")
    yield Typed(f"      {peer} activate")
    yield Typed("   exit")


def _password(peer: str, one: Neighbour) -> Typed:
    """Enciphered here, so that no character of it means something to the command line."""
    if not one.password:
        return Typed(f"   no {peer} password")
    hidden = passwords.shown(one.password, str(one.address))
    return Typed(f"   {peer} password 7 {hidden}", (hidden, one.password))


def _no(wanted: bool) -> str:  # noqa: FBT001 - read as "no, unless wanted"
    return "" if wanted else "no "


def _ip(version: int) -> str:
    return "ip" if version == 4 else "ipv6"


def _le(prefix: Network) -> str:
    return "" if prefix.prefixlen in (0, prefix.max_prefixlen) else f" le {prefix.max_prefixlen}"
