"""The entry of the program: settings, fabric file and a look at the world, before the first resource.

Reading the world happens here and in ``verify``, never inside a component. Whatever is wrong ends the program with a
line for each problem, nothing registered and so nothing applied.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env
from pydantic import SecretStr

from components.access import Access
from components.scope import field_manager
from components.state import handed_before, read_ahead, seals, stale_state, written_group
from config.settings import PROJECT, StackSettings, load_settings, unknown_racks
from leafrack.errors import FabricError, Problem, ProblemKind, said
from leafrack.fabric import Fabric
from leafrack.fabric.checks import platforms
from leafrack.fabric.load import Loaded, load
from leafrack.platforms import PlayedPlatform, platform_of
from leafrack.preflight import hand_overs
from leafrack.preflight.drift import Comparison
from leafrack.preflight.findings import findings, notices, observe, overlaps, unreadable
from leafrack.proof import prove
from leafrack.world.calico_api import CalicoApi
from leafrack.world.login import Credentials
from leafrack.world.retry import PATIENCE

UNREACHABLE_VARIABLE = "LEAFRACK_UNREACHABLE"
"""``warn`` or ``fail``: what a cluster or switch that does not answer means. A preview warns, an update fails."""
FINDINGS_VARIABLE = "LEAFRACK_FINDINGS"
"""``warn`` or ``fail``: what it means for a preview that the world is such that an update would do harm.

It fails, as an update always does. Only where somebody else has put something in the place of what was applied, it
goes on and shows a change: that is drift.
"""

ALL_SAID = 32
"""Exit code of a program that has told its errors itself (pulumi: sdk/python/cmd/pulumi-language-python-exec)."""


@dataclass(frozen=True)
class CheckedStack:
    """The settings of the stack and the fabric that they name, both checked."""

    settings: StackSettings
    loaded: Loaded

    @classmethod
    def from_stack(cls) -> CheckedStack:
        """Settings and fabric of the running stack; ends the program with all problems when there are any."""
        read_ahead()
        try:
            settings = load_settings(_ours(get_config_env()), _ours(dict.fromkeys(get_config_secret_keys_env())))
            loaded = load(settings.fabric, settings.overlay)
        except FabricError as error:
            raise _ended(error.problems) from None
        refused = platforms.errors(loaded.fabric, settings.bgp_passwords)
        if wrong := [*unknown_racks(settings, loaded.fabric.racks), *loaded.placed(refused)]:
            raise _ended(wrong)
        for warning in loaded.warnings:
            pulumi.log.warn(str(warning))
        return cls(settings, loaded)

    def check(self) -> Comparison:
        """Prove the fabric, hold it against cluster and switches; ends the program when applying it would do harm.

        Returns what was found, for the components.
        """
        settings, fabric = self.settings, self.loaded.fabric
        credentials = Credentials(_text(settings.ssh_private_key), _text(settings.ssh_password))
        preview = pulumi.runtime.is_dry_run()
        unreachable_fails = _fails(UNREACHABLE_VARIABLE, otherwise=not preview)
        # Nobody waits for what is only warned of.
        patience = PATIENCE if unreachable_fails else 0.0
        passwords = _by_rack(settings)
        observed = observe(fabric, self.access.cluster, credentials, patience=patience, passwords=bool(passwords))
        if stale := stale_state():
            raise _ended([Problem(stale)])
        if observed.cluster is None:
            observed = replace(observed, assumed=CalicoApi(written_group()))
        proved = prove(fabric)
        problems = list(self.loaded.placed((*proved.unreachable, *unreadable(fabric, observed, refused=True))))
        away = self.loaded.placed(unreadable(fabric, observed, refused=False))
        comparison = Comparison(fabric, observed, passwords, seals(_sealing(fabric, passwords)))
        drifted = set(overlaps(fabric, observed, field_manager())) if comparison.applied(fabric.racks) else set()
        in_the_way: list[Problem] = []
        for finding in findings(fabric, observed, field_manager(), passwords):
            fails = not preview or _fails(FINDINGS_VARIABLE, otherwise=finding not in drifted)
            (problems if fails else in_the_way).extend(self.loaded.placed([finding]))
        if unreachable_fails:
            problems += [replace(problem, text=f"{problem.text}: nothing was changed") for problem in away]
        if problems:
            raise _ended(problems)
        if preview:
            handed = hand_overs.notices(comparison, handed_before())
            for notice in self.loaded.placed((*proved.warnings, *notices(fabric, observed, passwords), *handed)):
                pulumi.log.warn(str(notice))
        for problem in away:
            text = f"{problem.text}; this preview goes on without what it would tell"
            pulumi.log.warn(replace(problem, text=text, kind=ProblemKind.UNREACHABLE).logged)
        for problem in in_the_way:
            pulumi.log.warn(replace(problem, kind=ProblemKind.IN_THE_WAY).logged)
        return replace(comparison, in_the_way=bool(in_the_way))

    @property
    def access(self) -> Access:
        """How components reach the cluster and the switches."""
        settings = self.settings
        return Access(
            kubeconfig=settings.kubeconfig,
            context=settings.kube_context,
            ssh_private_key=_secret(settings.ssh_private_key),
            ssh_password=_secret(settings.ssh_password),
        )

    @property
    def passwords(self) -> Mapping[str, pulumi.Output[str]]:
        """TCP MD5 passwords by rack name."""
        return {rack: pulumi.Output.secret(password) for rack, password in _by_rack(self.settings).items()}


def _by_rack(settings: StackSettings) -> dict[str, str]:
    return {rack: password.get_secret_value() for rack, password in settings.bgp_passwords.items()}


def _sealing(fabric: Fabric, passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Leaves with passwords that they may not show: those whose jobs are played."""
    return tuple(
        name
        for rack in passwords
        for name, leaf in fabric.racks[rack].leaves.items()
        if not leaf.by_hand and isinstance(platform_of(leaf.platform), PlayedPlatform)
    )


def _ours(given: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{PROJECT}:"
    return {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}


def _fails(variable: str, *, otherwise: bool) -> bool:
    """Whether something ends the program: as a variable of the environment says, or ``otherwise``."""
    chosen = os.environ.get(variable, "")
    if chosen not in ("", "warn", "fail"):
        raise _ended([Problem(f"{variable}={chosen!r}: say warn or fail")])
    return chosen == "fail" if chosen else otherwise


def _ended(problems: Sequence[Problem]) -> SystemExit:
    """A line for each problem, and the exit code by which Pulumi's language host knows that all is said."""
    for line in said(problems):
        pulumi.log.error(line)
    return SystemExit(ALL_SAID)


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _secret(secret: SecretStr | None) -> pulumi.Output[str] | None:
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())
