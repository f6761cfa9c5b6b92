"""``leafrack render LEAF FABRIC.yaml``: leafrack's part of a leaf's configuration, as an operator would write it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS, UNUSABLE
from leafrack.errors import FabricError, UnreadableError, shown
from leafrack.fabric import Fabric, hand_over, leaf
from leafrack.fabric.hand_over import Secret
from leafrack.fabric.load import load_fabric
from leafrack.fabric.values import LARGEST_AS_NUMBER
from leafrack.fabric.wording import did_you_mean
from leafrack.platforms import Job, Task, platform_of
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.plan import GuardError
from leafrack.world.login import Credentials
from leafrack.world.model import endpoints
from leafrack.world.ssh import read_all

PASSWORDS_VARIABLE = "LEAFRACK_BGP_PASSWORDS"
_FABRICS = -1
"""Stands for the AS of the fabric, which ``--start`` means by itself."""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = command_line.parser(
        "render",
        holds="it was printed; with --diff: the leaf has all of it, and nothing of ours besides",
        fails="with --diff: the leaf lacks something or has too much, or cannot be read",
        unusable="the fabric file or the passwords cannot be used, or there is no such leaf",
        more="Prefix lists and neighbours as\nthey are in the end. Passwords are the stack's, and in it only with "
        "--passwords.\n"
        "Secrets to log in with: LEAFRACK_SSH_PRIVATE_KEY, LEAFRACK_SSH_PASSWORD in the environment.",
    )
    parser.add_argument("leaf", metavar="LEAF", help="name of the leaf in the fabric file")
    command_line.add_fabric(parser, "that declares the leaf")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--diff", action="store_true", help="read the leaf, and print only what it lacks and has too much"
    )
    which.add_argument("--remove", action="store_true", help="print what takes leafrack's part away again")
    parser.add_argument(
        "--start",
        type=_as_number,
        nargs="?",
        const=_FABRICS,
        metavar="AS",
        help="the first of two hand-overs: neighbours in the AS that the nodes have now, the fabric's if not given",
    )
    parser.add_argument(
        "--passwords",
        action="store_true",
        help=f"with the racks' BGP passwords of {PASSWORDS_VARIABLE} in the environment, as JSON by rack",
    )
    command_line.add_json(parser, "it and what it is for")
    return parser.parse_args(given)


def _as_number(text: str) -> int:
    number = as_number(text)
    if not 1 <= number <= LARGEST_AS_NUMBER:
        raise ValueError(text)
    return number


_as_number.__name__ = "AS number"  # what argparse says of a value that is none


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when it was printed, 1 when ``--diff`` finds something, 2 when there is no such fabric or leaf."""
    chosen = arguments(given)
    try:
        fabric = load_fabric(chosen.fabric, chosen.overlay)
    except FabricError as error:
        return command_line.unusable(error, as_json=chosen.json)
    rack_of = {name: rack for rack, declared in fabric.racks.items() for name in declared.leaves}
    rack = rack_of.get(chosen.leaf)
    if rack is None:
        known = did_you_mean(chosen.leaf, rack_of)
        command_line.complain(f"{chosen.fabric}: there is no leaf '{shown(chosen.leaf)}'{known}")
        return UNUSABLE
    try:
        secret = _secret(fabric, rack) if chosen.passwords else None
    except ValueError as error:
        command_line.complain(f"{PASSWORDS_VARIABLE}: {error}")
        return UNUSABLE
    platform = platform_of(fabric.racks[rack].leaves[chosen.leaf].platform)
    wanted = wanted_of(fabric, rack, chosen.leaf, fabric.as_number if chosen.start == _FABRICS else chosen.start)
    if chosen.diff:
        return _difference(chosen, fabric, rack, wanted, secret)
    text = (
        platform.by_hand(hand_over.everything(platform, wanted))
        if chosen.remove
        else hand_over.text(platform, wanted, secret)
    )
    _print(chosen, fabric, rack, text)
    return HOLDS


def wanted_of(fabric: Fabric, rack: str, name: str, start: int | None = None) -> Job:
    """What is ours on a leaf when everything is applied: by hand as it is handed over, otherwise with the last AS."""
    if fabric.racks[rack].leaves[name].by_hand:
        return hand_over.job(fabric, rack, name, start)
    number = fabric.leaf_side_as(rack) if start is None else start
    wanted = leaf.job(fabric, rack, name, Task.SESSIONS)
    return leaf.in_as(wanted, number)


def _secret(fabric: Fabric, rack: str) -> Secret:
    """Password of a rack from the environment; raises ``ValueError`` with a line that holds none."""
    given = os.environ.get(PASSWORDS_VARIABLE, "")
    if not given:
        msg = 'is not set: give it `"$(pulumi config get leafrack:bgpPasswords)"`'
        raise ValueError(msg)
    passwords = _unpacked(given)
    for name, password in passwords.items():
        if name not in fabric.racks:
            msg = f"the fabric has no rack '{shown(name)}'{did_you_mean(name, fabric.racks)}"
            raise ValueError(msg)
        if not isinstance(password, str) or not _is_usable(password):
            msg = f"the password of {name} is empty, or has a space, a double quote or a character outside ASCII"
            raise ValueError(msg)
    if rack not in passwords:
        command_line.complain(f"rack {rack} has no password in {PASSWORDS_VARIABLE}: what is printed takes one away")
    return Secret(passwords.get(rack))


def _unpacked(given: str) -> dict[str, Any]:
    try:
        return {**json.loads(given)}
    except (ValueError, TypeError, RecursionError):
        msg = "is no JSON of passwords by rack"
        raise ValueError(msg) from None


def _is_usable(password: str) -> bool:
    return bool(password) and password.isascii() and password.isprintable() and not set(password) & set(' "')


def _difference(chosen: argparse.Namespace, fabric: Fabric, rack: str, wanted: Job, secret: Secret | None) -> int:
    found = next((each for each in endpoints(fabric, [rack]) if each.name == chosen.leaf), None)
    if found is None:
        command_line.complain(
            f"{chosen.leaf}: the file has no `ssh` for it, and so it cannot be read: leave --diff out"
        )
        return FAILS
    state = read_all([found], Credentials.from_environment())[chosen.leaf]
    if isinstance(state, UnreadableError):
        command_line.complain(str(state))
        return FAILS
    if state.as_number != wanted.as_number:
        runs = "no BGP" if state.as_number is None else f"BGP as AS {state.as_number}"
        command_line.complain(
            f"{chosen.leaf} runs {runs}, the fabric file says AS {wanted.as_number}: correct one of them"
        )
        return FAILS
    platform = platform_of(found.platform)
    difference = hand_over.difference(platform, wanted, state, secret)
    command_line.complain(*(f"{chosen.leaf}: {line}" for line in difference.said))
    if not difference:
        _print(chosen, fabric, rack, "", [])
        return HOLDS
    try:
        text = hand_over.change(platform, difference.plan, secret)
    except GuardError as error:
        command_line.complain(f"{chosen.leaf}: {error}")
        return FAILS
    _print(chosen, fabric, rack, text, list(difference.said))
    return FAILS


def _print(
    chosen: argparse.Namespace, fabric: Fabric, rack: str, text: str, differences: Sequence[str] | None = None
) -> None:
    if not chosen.json:
        sys.stdout.write(text)
        return
    platform = str(fabric.racks[rack].leaves[chosen.leaf].platform)
    answer = {"leaf": chosen.leaf, "rack": rack, "platform": platform, "text": text}
    command_line.answer(answer if differences is None else {**answer, "differences": differences})
