"""Juniper Junos as a platform: how our part is entered, put in force, read and compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from leafrack.addresses import Address
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.job import Neighbour, PathList, PrefixList
from leafrack.platforms.junos import read, secrets, settings, write
from leafrack.platforms.junos.sets import Statement, line
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import (
    SESSION,
    Answer,
    Channel,
    Dialogue,
    Look,
    Pending,
    PlayedPlatform,
    Transaction,
    Typed,
)
from leafrack.platforms.reading import NO_LISTENERS, Behaviour, Feature, ThirdParty
from leafrack.platforms.state import NeighbourState


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"`set routing-options autonomous-system {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`delete protocols bgp group GROUP neighbor {address}`, with the group that has it,"

    def pass_without_policy(self) -> str:
        return "`delete protocols bgp defaults ebgp no-policy`"


_BEHAVIOUR = Behaviour(third_party=ThirdParty.SHARED, leaves_receivers_as=True, withholds_receivers_as=True)
"""Next hop: seen on 25.4 by Batfish's lab-validation (junos_route_communities). ``remove-private`` and
``advertise-peer-as``: Juniper's CLI reference. Equal paths as fabrics have them: ``multipath multiple-as``.
"""

_CANNOT = {
    **NO_LISTENERS,
    Feature.ANY_AS: "a neighbour has one `peer-as`; name the rack's nodes",
    Feature.KEEPALIVE: "it sends three keepalives in a hold time; give a hold time of three times the keepalive",
}


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return read.entries(one for prefixes in lists for one in write.policy(prefixes))


def _path_entries(paths: PathList) -> frozenset[str]:
    return read.path_entries(tuple(write.path_policy(paths)))[paths.name]


_ABSENT = r"^(?:warning|error): statement not found.*$"
"""The guide has a warning."""


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered for a plan; all of it is in force at once, so nothing depends on its order.

    Of a neighbour that stands only what differs is said: whatever it has besides keeps its session.
    """
    return tuple(_lines(plan))


def _lines(plan: Plan) -> Iterator[Typed]:
    for prefixes in plan.lists:
        yield _delete((*write.POLICY, prefixes.name))
        yield from map(_set, write.policy(prefixes))
    if plan.paths is not None:
        yield from map(_delete, write.places_of_paths(plan.paths.name))
        yield from map(_set, write.path_policy(plan.paths))
    standing = {has.group for has in map(_member, plan.found.neighbours.values()) if has}
    for name in dict.fromkeys(write.group_of(each.list_in) for each in plan.neighbours):
        if name not in standing:
            # One that is empty or deactivated.
            yield _delete((*write.BGP, "group", name))
            yield _set(write.group(name))
    for each in plan.neighbours:
        yield from _neighbour(each, plan)
    for address, number in plan.as_numbers:
        name = _group(plan.found.neighbours[address])
        if number is not None:
            yield _set((*write.BGP, "group", name, "neighbor", str(address), "peer-as", str(number)))
    yield from _removed(plan)
    yield from (_delete((*write.POLICY, name)) for name in plan.old_lists)
    yield from (_delete(place) for name in plan.old_paths for place in write.places_of_paths(name))


def _neighbour(each: Neighbour, plan: Plan) -> Iterator[Typed]:
    place = write.place(each)
    has = _member(plan.found.neighbours.get(each.address))
    if has is None:
        # One that is deactivated.
        yield _delete(place)
    before = _by_word(has.said if has else (), ())
    after = _by_word(write.neighbour(each), place)
    if each.address in plan.kept_passwords:
        before.pop("authentication-key", None), after.pop("authentication-key", None)
    for word in dict.fromkeys((*after, *before)):
        if _meaning(word, before.get(word, ())) != _meaning(word, after.get(word, ())):
            if has is not None:
                yield _delete((*place, word))
            yield from (_set((*place, *one)) for one in after.get(word, ()))


def _by_word(said: Iterator[Statement] | tuple[Statement, ...], place: Statement) -> dict[str, tuple[Statement, ...]]:
    found: dict[str, tuple[Statement, ...]] = {}
    for one in said:
        rest = one[len(place) :]
        found[rest[0]] = (*found.get(rest[0], ()), rest)
    return found


def _meaning(word: str, said: tuple[Statement, ...]) -> Collection[Statement]:
    """Statements without those that a longer one says again, passwords in clear; of policies the order counts."""
    if word in ("import", "export"):
        return said
    plain = {tuple(map(secrets.clear, one)) for one in said}
    return frozenset(one for one in plain if not any(one == other[: len(one)] and one != other for other in plain))


def _removed(plan: Plan) -> Iterator[Typed]:
    """Neighbours, and the groups of a fabric that have none left."""
    stays = {_group(each) for address, each in plan.found.neighbours.items() if address not in plan.gone}
    stays |= {write.group_of(each.list_in) for each in plan.neighbours}
    gone = [(_group(plan.found.neighbours[address]), address) for address in plan.gone]
    for name in dict.fromkeys(name for name, _ in gone if name not in stays):
        yield _delete((*write.BGP, "group", name))
    for name, address in gone:
        if name in stays:
            yield _delete((*write.BGP, "group", name, "neighbor", str(address)))


def _group(found: NeighbourState) -> str:
    """Group of a neighbour: where it was read, or by its lists."""
    has = _member(found)
    return has.group if has else write.group_of(found.list_in or found.list_out)


def _member(found: NeighbourState | None) -> read.Member | None:
    """A neighbour that is configured; one that a range let in is not."""
    return found if isinstance(found, read.Member) and found.group else None


def _set(said: Statement) -> Typed:
    key = said[-1] if "authentication-key" in said else ""
    return Typed(line("set", said), secrets=(key,) if key else ())


def _delete(said: Statement) -> Typed:
    return Typed(line("delete", said), tolerated=_ABSENT)


_NONE_LEFT = r"^Count: 0 lines$"
_DIALOGUE = Dialogue(
    channel=Channel.SHELL,
    identity=Look(read.VERSION, read.IDENTITY),
    # scrapli, juniper_junos: `user@leaf01>`, in configuration `user@leaf01#`, of root's shell `root@leaf01:~ #`, `%`.
    prompt=r"^(?:[\w.-]+@)?[\w.:~/-]{1,63} ?[>#%] ?$",
    # The shell of root knows `cli` and nothing else of this; the command line knows the rest.
    unpaged=(
        "cli",
        "set cli screen-length 0",
        "set cli screen-width 0",
        "set cli complete-on-space off",
        "set cli timestamp disable",
    ),
    # Ansible, junipernetworks.junos terminal; scrapli, juniper_junos; the exit status of `cli` tells nothing.
    errors=(
        r"^\s*error: .*$",
        r"^\s*syntax error.*$",
        r"^\s*unknown command.*$",
        r"^\s*'[^']*' is ambiguous.*$",
        r"^\s*missing (?:mandatory )?argument.*$",
        r"^\s*Missing mandatory statement.*$",
        r"^\s*[Ii]nvalid (?:numeric )?value.*$",
        _NONE_LEFT,
    ),
    answers=(Answer(r"\[yes,no\] \(\w+\) ?$", "yes\n"), Answer(r"^---\(more(?: \d+%)?\)---$", " ")),
    # A commit of a large configuration takes its time (restore drivers wait 180 s).
    slow=90.0,
)
_EXCLUSIVE, _LEAVE = "configure exclusive", "exit configuration-mode"
_STILL = 'show system commit | match "rollback pending" | count'
"""Fails once the time is over: `rollback 1` would then bring back what the switch has just taken back."""
_ROLLBACK = (_STILL, _EXCLUSIVE, "rollback 1", "commit", _LEAVE)
_TRANSACTION = Transaction(
    pending=(
        Pending(
            # The text of the first line stays for good; this line goes when it is confirmed or rolled back.
            Look("show system commit | no-more", r"^ *0 .*\n(?:(?! *\d+ ).*\n)*? +rollback pending"),
            "a commit that waits to be confirmed (`show system commit`): confirm it, or let its time run out",
            own=SESSION,
            undo=_ROLLBACK,
        ),
    ),
    # Not private: there is no `commit confirmed` in it. Refused beside somebody's lock or changes not committed.
    begin=(_EXCLUSIVE,),
    check=("commit check",),
    apply=("commit confirmed {minutes} comment {session}", _LEAVE),
    undo=("rollback 0", _LEAVE),
    confirm=(_STILL, _EXCLUSIVE, "commit", _LEAVE),
    rollback=_ROLLBACK,
    timer=120,
)
"""Juniper, "Commit the Configuration" and "Using the configure exclusive Command"."""

JUNOS = PlayedPlatform(
    title="Juniper Junos",
    behaviour=_BEHAVIOUR,
    remedies=_Remedies(),
    text=write.text,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=_entries,
    path_entries=_path_entries,
    cannot=_CANNOT,
    # A group of the fabric's own has it.
    neighbour_is_ours_alone=True,
    reads=read.READ,
    unread=read.UNREAD,
    lines=lines,
    dialogue=_DIALOGUE,
    transaction=_TRANSACTION,
    evidence=(
        Evidence(
            Strength.SCHEMA,
            "Junos 24.4's own structure of its configuration (package junoscfg): every keyword.",
            EVERYTHING - {Basic.READING, Basic.JOBS},
        ),
        Evidence(
            Strength.SIMULATED,
            "A fake of Junos' command line with a real FRR 8.4 behind it: the whole suite in one run, and a rack that "
            "lives through `up`, drift, a change and `destroy`, by `make nightly`.",
        ),
    ),
)
