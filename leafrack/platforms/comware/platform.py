"""Comware 7 as a platform: how our part is written, read and compared, and how a switch of it is talked to.

Nothing here has run on a switch. Sources: HPE's and H3C's command references (files beside this one); prompts and the
command against paging: scrapli's definition ``hp_comware``; dialogues: annet's ``h3c.deploy``, which its authors have
seen on an S9850; error texts: the CLI chapter of H3C's fundamentals command reference; ``configuration commit delay``:
the S6800's fundamentals configuration guide, release 26xx.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from leafrack.addresses import Address
from leafrack.platforms.comware import read, settings, write
from leafrack.platforms.evidence import Evidence, Strength
from leafrack.platforms.job import Job, Listener, Neighbour
from leafrack.platforms.played import Answer, Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction
from leafrack.platforms.reading import Behaviour, Feature, ThirdParty
from leafrack.platforms.state import NeighbourState, SwitchState

_TIMER = 120
"""Seconds of ``configuration commit delay 2``, which counts in minutes."""
_MARK = "ip prefix-list leafrack-pending"
"""A list that nobody uses and that stands as long as a change of leafrack's waits to be committed.

Comware shows no running timer. What takes a change back takes this away too.
"""

_INSTEAD = "leave the rack in the fabric's AS, with asOverride on its leaves"
_COMPLAINTS = (
    "does not exist",
    "doesn't exist",
    "already exists",
    "not allowed",
    "not supported",
    "[Ff]ailed",
    "cannot",
    "must be",
    "must not be",
    "conflicts?",
    "exceeds?",
)


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure `bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`undo peer {address}`"

    def pass_without_policy(self) -> str:
        return "nothing, as Comware passes routes where no policy stands"


_DIALOGUE = Dialogue(
    # Exec depends on the firmware, and goes back to user view after each command.
    channel=Channel.SHELL,
    identity=Look(read.VERSION, read.IS_COMWARE),
    prompt=r"^(?:<[\w.\-@()/:]{1,64}>|\[[\w.\-@/:]{1,90}\])\s*\Z",
    unpaged=("screen-length disable",),
    errors=(
        r"^ *% *(?:Unrecognized|Incomplete|Ambiguous|Wrong|Too many|Invalid)\b.*",
        r"^ *% \w.*",
        # The marker below a line says where it is wrong; words follow it.
        r"^ *\^ *$(?!\n *%)",
        r"^Permission denied.*",
        r"^ *Error:.*",
        # Sentences of BGP's own: the references have no list of them.
        rf"^[A-Z][^:|]*\b(?:{'|'.join(_COMPLAINTS)})\b.*",
        r"^.*\bcommit delay\b.*\balready\b.*",
    ),
    # A log line on the terminal: %Nov 28 03:00:00:123 2026 leaf01 …
    harmless=(r"^ *%\w{3} +\d+ \d\d:\d\d:\d\d:\d+ \d{4} .*$",),
    answers=(
        Answer(r"reset the peer session[^\n]*\[Y/N\]: *\Z", "Y\n"),
        Answer(r"peer will be deleted[^\n]*\[Y/N\]: *\Z", "Y\n"),
        Answer(r"-+ More -+\s*\Z", " "),
    ),
    slow=30.0,
)
_TRANSACTION = Transaction(
    pending=(
        Pending(
            Look("display current-configuration | include leafrack-pending", r"prefix-list leafrack-pending index \d+"),
            "a change of leafrack's that nobody has committed, and takes it back within two minutes: run it again then",
        ),
    ),
    # Each line is in force at once; what nobody commits in time the switch takes back by itself.
    begin=("system-view", "configuration commit delay {minutes}"),
    mark=(f"{_MARK} index 1 deny 0.0.0.0 32",),
    confirm=("system-view", f"undo {_MARK}", "configuration commit"),
    save=("save force",),
    timer=_TIMER,
    candidate=False,
)


@dataclass(kw_only=True)
class _Comware(PlayedPlatform):
    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """Without graceful restart where the switch has none at all: that is right for every neighbour."""
        wanted = replace(
            settings.fitting(neighbour), graceful_restart=neighbour.graceful_restart and found.graceful_restart
        )
        return super().neighbour_differences(wanted, found)

    def range_differences(self, job: Job, each: Listener, found: SwitchState) -> tuple[str, ...]:
        """The same of a range."""
        has = found.listeners.get(each.prefix)
        keeps = each.graceful_restart and (has is None or has.graceful_restart)
        return super().range_differences(job, replace(settings.fitting(each), graceful_restart=keeps), found)


COMWARE = _Comware(
    title="Comware 7",
    behaviour=Behaviour(third_party=ThirdParty.SHARED),
    remedies=_Remedies(),
    text=write.text,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=write.entries,
    path_entries=write.path_entries,
    cannot={
        Feature.ANY_AS: f"each neighbour and each range has one AS number; name the rack's nodes, or {_INSTEAD}",
        Feature.MAXIMUM_NEIGHBOURS: "it takes whoever comes; leave maximumNeighbours out, and give small ranges",
        Feature.PRIVATE_AS: (
            "public-as-only takes them away, only from paths that have no others, and puts nothing in their place; "
            + _INSTEAD
        ),
    },
    reads=read.READ,
    besides=read.besides,
    lines=write.lines,
    dialogue=_DIALOGUE,
    transaction=_TRANSACTION,
    # Without BGP, or without one of its families, there is nothing to tell.
    unread=dict.fromkeys(
        (command for summary in read.PEERS.values() for command in (summary, f"{summary} verbose")),
        r"(?i)\bBGP\b.*\bnot\b",
    ),
    evidence=(
        Evidence(
            Strength.SIMULATED,
            "A fake of H3C's command line with a real FRR 8.4 behind it: the whole suite in one run, that of ranges "
            "in two, and a rack that lives through `up`, drift, a change and `destroy`, by `make nightly`; a short "
            "case by `make test`.",
        ),
    ),
)
