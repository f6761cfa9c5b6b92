"""Cumulus Linux as a platform: written by NVUE, read by vtysh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from leafrack.addresses import Address
from leafrack.platforms.cumulus import read, write
from leafrack.platforms.cumulus.spellings import NEW, spelling_of
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.job import Neighbour
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction, Typed
from leafrack.platforms.reading import NO_LISTENERS
from leafrack.platforms.state import NeighbourState

_SCRIPT = files(__package__).joinpath("stage.sh").read_text(encoding="utf-8")
_STAGE = "\n".join(("# nv config patch", *(line for line in _SCRIPT.splitlines() if not line.lstrip().startswith("#"))))
"""Its first line is what an error names it by."""


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"`nv set vrf default router bgp autonomous-system {as_number}`, with BGP switched on there,"

    def remove_neighbour(self, address: Address) -> str:
        return f"`nv unset vrf default router bgp neighbor {address}`"

    def pass_without_policy(self) -> str:
        return "a snippet with `no bgp ebgp-requires-policy`"


class _Cumulus(PlayedPlatform):
    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        return super().neighbour_differences(read.comparable(neighbour), found)


def _lines(plan: Plan) -> tuple[Typed, ...]:
    """What stage.sh takes."""
    removals, text = _change(plan)
    unset = [one.removeprefix("nv unset ") for one in removals]
    return tuple(_typed([*unset, "---", *text, "..."]))


def _by_hand(plan: Plan) -> str:
    """Commands, and after them the file: nothing is in force before both are applied."""
    removals, text = _change(plan)
    return "".join(f"{line}\n" for line in (*removals, *([write.FOR_A_PATCH] if text else []), *text))


def _change(plan: Plan) -> tuple[tuple[str, ...], list[str]]:
    """Commands that take away, and the lines of a patch. A list is written anew as a whole: a patch adds to it."""
    anew = [each.name for each in plan.lists if each.name in plan.found.lists]
    paths = [plan.paths.name] if plan.paths and plan.paths.name in plan.found.paths else []
    removals = write.removals(plan.gone, (*anew, *plan.old_lists), (*paths, *plan.old_paths))
    given = write.tree(
        # Where it was not read, as a text for a switch that nobody has asked.
        spelling_of(plan.found.release) if plan.found.release else NEW,
        plan.lists,
        plan.neighbours,
        dict(plan.as_numbers),
        paths=plan.paths,
    )
    return removals, write.patch(given).splitlines() if given else []


def _typed(lines: list[str]) -> Iterator[Typed]:
    for line in lines:
        secret = re.fullmatch(r" +password: (.*)", line)
        yield Typed(line, (secret[1],) if secret and secret[1] != "none" else ())


CUMULUS = _Cumulus(
    title="Cumulus Linux",
    reads=read.READS,
    behaviour=FRR.behaviour,
    remedies=_Remedies(),
    text=write.text,
    parse=read.parse,
    words=FRR.words,
    as_words=FRR.as_words,
    entries=FRR.entries,
    path_entries=FRR.path_entries,
    cannot=NO_LISTENERS,
    lines=_lines,
    entered=_by_hand,
    dialogue=Dialogue(
        channel=Channel.EXEC,
        identity=Look(read.RELEASE, read.IDENTITY),
        # A public driver for NAPALM takes these for failures too; an exit status says it as well.
        errors=(r"^Error\b.*", r"command not found"),
        # A switch needs seconds for an apply: NVUE writes and reloads everything that may have changed.
        slow=90,
    ),
    transaction=Transaction(
        pending=(
            Pending(
                # The same driver tells by this state that somebody has yet to confirm.
                Look("nv config revision -o json", r'"state": *"confirm"'),
                "a configuration that was applied with --confirm and that nobody has confirmed yet: "
                "see `nv config apply --confirm-status`, confirm it or let its time run out",
            ),
        ),
        stage=_STAGE,
        check=("nv config diff >/dev/null",),
        apply=("nv config apply --confirm {seconds}s -y",),
        proof=read.PROOF,
        undo=("nv config detach",),
        confirm=("nv config apply --confirm-yes",),
        rollback=("nv config apply --confirm-no",),
        # Since 5.9 an apply does that by itself, unless somebody has switched it off.
        save=("nv config save",),
        timer=120,
    ),
    evidence=(
        Evidence(
            Strength.SCHEMA,
            "NVIDIA's schemas of 5.1, 5.3, 5.9, 5.14, 5.15 and 5.18 (package nvueschema): every key and value.",
            EVERYTHING - {Basic.READING, Basic.JOBS},
        ),
        Evidence(
            Strength.SIMULATED,
            "The whole suite, and a rack that lives through `up`, drift, a change and `destroy`, on an `nv` of "
            "leafrack's own before a real FRR 8.4, by `make nightly`.",
        ),
    ),
)
