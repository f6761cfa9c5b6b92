"""Cisco NX-OS as a platform: how our part is written, entered, read and compared.

It has neither a candidate nor a commit timer (``configure dual-stage`` came with 10.2, and not on every Nexus): each
line is in force at once. So a checkpoint is made before the first line, and the switch is rolled back to it over a new
connection where our lines do not stand there afterwards (Cisco Nexus 9000 Series NX-OS System Management Configuration
Guide, "Configuring Rollback": ``checkpoint``, ``rollback running-config checkpoint NAME atomic``, ten at most). What
somebody else has changed in these seconds is rolled back too. Nothing is saved before our lines were read back.
"""

from __future__ import annotations

from leafrack.addresses import Address
from leafrack.platforms import differences
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.job import Job, Listener, Neighbour
from leafrack.platforms.nxos import read, settings, write
from leafrack.platforms.played import SESSION, Answer, Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction
from leafrack.platforms.reading import Behaviour, Feature, ThirdParty
from leafrack.platforms.state import NeighbourState, SwitchState


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure `feature bgp` and `router bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`no neighbor {address}` in `router bgp`"

    def pass_without_policy(self) -> str:
        return "nothing: NX-OS passes routes without a policy"


class _NxosPlatform(PlayedPlatform):
    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """As of every platform, with what NX-OS cuts or does not show left out."""
        return differences.of_neighbour(write.fitting(neighbour), found, self.words)

    def range_differences(self, job: Job, each: Listener, found: SwitchState) -> tuple[str, ...]:
        """The same of a range."""
        return super().range_differences(job, write.fitting(each), found)


_BEHAVIOUR = Behaviour(third_party=ThirdParty.SHARED, leaves_receivers_as=True, withholds_receivers_as=True)
"""``next-hop-third-party`` and the check of the peer's AS are on by default (command reference). Whether a private AS
that is the receiver's own is replaced, nobody has told: the proof does not count on it.
"""

DIALOGUE = Dialogue(
    channel=Channel.SHELL,
    identity=Look("show version", r"^Cisco Nexus Operating System"),
    # scrapli's definition cisco_nxos, as data.
    prompt=r"[\w.\-]{1,63}(\(maint-mode\))?(\(conf[^)]*\))?[>#]\s?",
    unpaged=("terminal length 0", "terminal width 511"),
    # Ansible's terminal plugin of cisco.nxos and oxidized's model, as data; at the start of a line, because people
    # write descriptions.
    errors=(
        r"^% ?\w.*",
        r"^(?:ERROR|Error)\b.*",
        r"^[Ss]yntax error.*",
        r"^Duplicate sequence number.*",
        r"^No corresponding .+ configured.*",
        r"^Configuration update aborted.*",
        r"^(?:Rollback|Verification)\b.*\b[Ff]ailed.*",
        r"^Permission denied.*",
    ),
    # For a user who may not switch paging off.
    answers=(Answer(r"--More--\s*\Z", " "),),
    # To generate a running configuration takes some of them seconds, a rollback up to a minute.
    slow=90.0,
)

_CHECKPOINT = Pending(
    Look("show checkpoint summary", rf"^\s*\d+\) ({SESSION}):"),
    r"a checkpoint \1 that an earlier job has left: remove it (`no checkpoint \1`)",
    own=SESSION,
    undo=(r"no checkpoint \1",),
)
_TRANSACTION = Transaction(
    pending=(_CHECKPOINT,),
    begin=("checkpoint {session}", "configure terminal"),
    apply=("end",),
    undo=("end",),
    rollback=("rollback running-config checkpoint {session} atomic", "no checkpoint {session}"),
    save=("copy running-config startup-config",),
    finish=("no checkpoint {session}",),
    candidate=False,
)

NXOS = _NxosPlatform(
    title="Cisco NX-OS",
    behaviour=_BEHAVIOUR,
    remedies=_Remedies(),
    text=write.text,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=write.entries,
    path_entries=write.path_entries,
    cannot={
        # `no graceful-restart` is a line of the whole instance (command reference): it is not leafrack's to change.
        Feature.NO_GRACEFUL_RESTART: "it has graceful restart for all its neighbours or none; give the rack one leaf",
        # `remote-as <asn>`; `external` and route maps are for ranges of neighbours.
        Feature.ANY_AS: (
            "leafrack gives every neighbour and every range there one; name the rack's nodes, or leave the rack in the "
            "fabric's AS, with asOverride on its leaves"
        ),
    },
    reads=read.READS,
    unread={read.NEIGHBOURS: read.FEATURE_OFF, read.SUMMARY: read.FEATURE_OFF},
    lines=write.lines,
    dialogue=DIALOGUE,
    transaction=_TRANSACTION,
    evidence=(
        Evidence(
            Strength.PARSERS,
            "Patterns of Ansible's collection cisco.nxos, where it is installed, but for entries of path lists.",
            EVERYTHING - {Basic.READING, Basic.JOBS, Feature.MAXIMUM_NEIGHBOURS},
        ),
        Evidence(
            Strength.SIMULATED,
            "A fake of a Nexus' command line with a real FRR 8.4 behind it: the whole suite in one run, that of ranges "
            "too, and a rack that lives through `up`, drift, a change and `destroy`, by `make nightly`; a short case "
            "by `make test`.",
        ),
    ),
)
