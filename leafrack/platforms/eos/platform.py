"""Arista EOS as a platform: how our part is written, read and compared, and how one talks to a switch."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms.eos import read, running, settings, write
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.job import PathList, PrefixList
from leafrack.platforms.played import SESSION, Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction
from leafrack.platforms.reading import Behaviour, Feature, ThirdParty


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure `router bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`no neighbor {address}`"

    def pass_without_policy(self) -> str:
        return "`bgp missing-policy direction in action permit`, and the same for `out`"


_BEHAVIOUR = Behaviour(third_party=ThirdParty.SHARED, leaves_receivers_as=True)
"""EOS User Manual, BGP: equal paths need AS paths of one length (``bgp bestpath as-path multipath-relax`` is the
default). Whether the AS of the receiver itself is replaced among private ones is not said: the proof does not count on
it.
"""
_SESSIONS = "show configuration sessions detail"
_WAITS = Pending(
    Look(_SESSIONS, r"^ *(?P<name>\S+) +pendingCommitTimer\b|^Session with pending commit timer: (?P<other>\S+)"),
    r"a commit that waits to be confirmed (session \g<name>\g<other>): let it be confirmed or run out first",
    own=SESSION,
    undo=(r"configure session \g<name>\g<other> abort",),
)
_OPEN = Pending(
    Look(_SESSIONS, r"^ *(?P<name>\S+) +pending\b"),
    r"an open configuration session, \g<name>, whose commit would take back what leafrack changes: commit it, or "
    r"remove it by `no configure session \g<name>`",
    own=SESSION,
    undo=(r"no configure session \g<name>",),
)


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return running.listed(write.render_lists(lists))


def _path_entries(paths: PathList) -> frozenset[str]:
    given = write.render_paths(paths)
    return running.listed_paths(given, given)[paths.name]


EOS = PlayedPlatform(
    title="Arista EOS",
    behaviour=_BEHAVIOUR,
    remedies=_Remedies(),
    text=write.text,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=_entries,
    path_entries=_path_entries,
    one_limit_for_all=True,
    cannot={
        # A range may have a filter of AS numbers; leafrack gives each one.
        Feature.ANY_AS: (
            "leafrack gives every neighbour and every range there one; name the rack's nodes, or leave the rack in the "
            "fabric's AS, with asOverride on its leaves"
        ),
    },
    reads=read.READS,
    unread=read.UNREAD,
    lines=write.lines,
    entered=write.by_hand,
    dialogue=Dialogue(
        channel=Channel.SHELL,
        # EOS User Manual, "show version": the first line is the maker and the model.
        identity=Look("show version", r"^Arista "),
        # scrapli's definition of arista_eos, Ansible's terminal plugin: a session's name may stand in it, cut.
        prompt=r"[\w.\-@/:+]{1,63}(\(config[^)]*\))?[>#] ?",
        # Who logs in has no privileges unless exec authorization gives them.
        unpaged=("enable", "terminal length 0", "terminal width 32767"),
        # Ansible's terminal plugin for EOS lists more of them; all begin so but the second.
        errors=(r"^% ?\S.*", r"Maximum number of pending sessions has been reached"),
    ),
    transaction=Transaction(
        pending=(_WAITS, _OPEN),
        # EOS User Manual, "Configuration sessions"; "commit timer" since 4.18.
        begin=("configure session {session}",),
        check=("show session-config diffs",),
        apply=("commit timer 00:02:00",),
        undo=("abort",),
        confirm=("configure session {session} commit",),
        rollback=("configure session {session} abort",),
        save=("write memory",),
        timer=120,
    ),
    evidence=(
        Evidence(
            Strength.PARSERS,
            "Patterns of Ansible's collection arista.eos, where it is installed, but for entries of path lists; "
            "published vectors of passwords.",
            EVERYTHING - {Basic.READING, Basic.JOBS, Feature.AS_OVERRIDE, Feature.LISTENERS},
        ),
        Evidence(
            Strength.SIMULATED,
            "A fake of Arista's command line with a real FRR 8.4 behind it: the whole suite in one run, that of ranges "
            "too, and a rack that lives through `up`, drift, a change and `destroy`, by `make nightly`.",
        ),
    ),
)
