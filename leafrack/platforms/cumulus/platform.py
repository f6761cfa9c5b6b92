"""Cumulus Linux as a platform: written by NVUE, read by vtysh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leafrack.addresses import Address
from leafrack.platforms import posix
from leafrack.platforms.cumulus import read, write
from leafrack.platforms.cumulus.spellings import NEW, spelling_of
from leafrack.platforms.evidence import EVERYTHING, Basic, Evidence, Strength
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.frr.running import DEFAULT_LIMIT
from leafrack.platforms.job import Job, Listener, Neighbour
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction, Typed
from leafrack.platforms.state import NeighbourState, SwitchState


def _script(name: str, *parts: str) -> str:
    """A command from files; its first line is what an error names it by."""
    return "\n".join((f"# {name}", *map(posix.shortened, parts)))


_STAGE = _script("nv config patch", f"{__package__}/stage.sh")
_APPLY = _script(
    "nv config apply",
    f"{__package__}/apply.sh",
    "leafrack.platforms.frr/keys.sh",
    "leafrack.platforms.frr/inside.sh",
    f"{__package__}/free.sh",
)


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

    def range_differences(self, job: Job, each: Listener, found: SwitchState) -> tuple[str, ...]:
        return super().range_differences(job, read.comparable_range(each, found.listeners.get(each.prefix)), found)


def _lines(plan: Plan) -> tuple[Typed, ...]:
    """What stage.sh takes."""
    removals, text = _change(plan)
    unset = [one.removeprefix("nv unset ") for one in removals]
    return tuple(_typed([*_free(plan), *unset, "---", *text, "..."]))


def _free(plan: Plan) -> Iterator[str]:
    """What has to go in FRR before an apply, and why: apply.sh.

    Ranges that go, lose their password or get another one, and neighbours that give way to a range.
    """
    yield from (f"free {who}" for who in plan.gone if any(who in prefix for prefix in plan.found.listeners))
    passwords = {each.prefix: each.password for each in plan.listeners}
    for prefix, has in plan.found.listeners.items():
        goes = has in plan.old_listeners
        other = prefix in passwords and has.password is not None and passwords[prefix] != has.password.text
        if has.password is not None and (goes or other):
            yield f"free {prefix} {has.group}"


def _by_hand(plan: Plan) -> str:
    """Commands, and after them the file: nothing is in force before both are applied."""
    removals, text = _change(plan)
    return "".join(f"{line}\n" for line in (*removals, *([write.FOR_A_PATCH] if text else []), *text))


def _change(plan: Plan) -> tuple[tuple[str, ...], list[str]]:
    """Commands that take away, and the lines of a patch. A list is written anew as a whole: a patch adds to it."""
    anew = [each.name for each in plan.lists if each.name in plan.found.lists]
    paths = [plan.paths.name] if plan.paths and plan.paths.name in plan.found.paths else []
    removals = write.removals(
        plan.gone,
        (*anew, *plan.old_lists),
        (*paths, *plan.old_paths),
        ranges=(has.prefix for has in plan.old_listeners),
        groups=plan.old_groups,
    )
    # Where it was not read, as a text for a switch that nobody has asked.
    spelling = spelling_of(plan.found.release) if plan.found.release else NEW
    limit = plan.listen_limit
    if limit == DEFAULT_LIMIT and plan.raised is None:
        removals, limit = (*removals, write.NO_LIMIT), None
    ranges = write.of_ranges(spelling, plan.listeners, plan.listener_as_numbers, raised=plan.raised, limit=limit)
    given = write.tree(spelling, plan.lists, plan.neighbours, dict(plan.as_numbers), paths=plan.paths, ranges=ranges)
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
    one_limit_for_all=True,
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
        apply=(_APPLY,),
        proof=read.PROOF,
        undo=("nv config detach", "rm -f /tmp/{session}.free"),
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
            "The whole suite, that of ranges, and a rack that lives through `up`, drift, a change and `destroy`, on an "
            "`nv` of leafrack's own before a real FRR 8.4, by `make nightly`.",
        ),
    ),
)
