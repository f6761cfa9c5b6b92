"""Juniper Junos as a platform: how our part is entered, put in force, read and compared."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.job import PathList, PrefixList
from leafrack.platforms.junos import entered, read, settings, write
from leafrack.platforms.played import (
    SESSION,
    Answer,
    Channel,
    Dialogue,
    Look,
    Pending,
    PlayedPlatform,
    Transaction,
)
from leafrack.platforms.reading import Behaviour, Feature, ThirdParty


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
    Feature.ANY_AS: (
        "a neighbour or range has one `peer-as`; name the rack's nodes, or leave the rack in the fabric's AS, with "
        "asOverride on its leaves"
    ),
    Feature.KEEPALIVE: "it sends three keepalives in a hold time; give a hold time of three times the keepalive",
}


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return read.entries(one for prefixes in lists for one in write.policy(prefixes))


def _path_entries(paths: PathList) -> frozenset[str]:
    return read.path_entries(tuple(write.path_policy(paths)))[paths.name]


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
    lines=entered.lines,
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
            "A fake of Junos' command line with a real FRR 8.4 behind it: the whole suite in one run, that of ranges "
            "too, and a rack that lives through `up`, drift, a change and `destroy`, by `make nightly`.",
        ),
    ),
)
