"""``leafrack adopt FABRIC.yaml``: write the fabric file of a cluster and its leaves that are configured already."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from leafrack.adopt.describe import describe
from leafrack.adopt.facts import Facts, KnownLeaf, Remark
from leafrack.adopt.write import text_of
from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS, UNUSABLE
from leafrack.errors import FabricError, Problem, UnreadableError, shown
from leafrack.fabric import Ssh
from leafrack.fabric.load import load
from leafrack.fabric.switch import Apply, PlatformName
from leafrack.fabric.wording import problem_text
from leafrack.platforms import DEFAULT, SwitchState
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Endpoint, JumpHost
from leafrack.world.observed import ClusterState
from leafrack.world.ssh import read_all


class Login(Ssh):
    """How to log in to a leaf, as ``ssh`` of the fabric file has it, what runs there and who configures it."""

    platform: PlatformName = DEFAULT
    apply: Apply = Apply.LEAFRACK


_LEAVES = TypeAdapter(dict[str, Login])
_LEAF = re.compile(r"(?P<name>[^=@]+)=(?:(?P<user>[^@]+)@)?(?P<host>\[[^]]+\]|[^:]+)(?::(?P<port>\d+))?")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_line.parser(
        "adopt",
        holds="the file is written and can be built; remarks say what it cannot express",
        fails="cluster or a leaf could not be read, or the file cannot be built yet",
        unusable="the options cannot be used, or the file is there already or cannot be written",
        more="Nothing of them is changed.\n"
        "Secrets to log in with: LEAFRACK_SSH_PRIVATE_KEY, LEAFRACK_SSH_PASSWORD in the environment.",
    )
    parser.add_argument("fabric", type=Path, metavar="FABRIC.yaml", help="file to write; its name names the fabric")
    parser.add_argument("--kubeconfig", help="kubeconfig; KUBECONFIG if not given")
    parser.add_argument("--context", help="context of the kubeconfig; its current one if not given")
    parser.add_argument(
        "--leaf",
        action="append",
        default=[],
        metavar="NAME=[USER@]HOST[:PORT]",
        help="a leaf switch and how to log in to it; once for each",
    )
    parser.add_argument(
        "--leaves",
        type=Path,
        metavar="FILE",
        help=(
            "YAML file of leaves by name, each with host, port, user, hostKey, identityFile, jump, platform, apply as "
            "needed"
        ),
    )
    command_line.add_json(parser, "what was found")
    return parser.parse_args(given)


def leaves_of(chosen: argparse.Namespace) -> dict[str, Login]:
    """Leaves of the command line and of the file, by name.

    Raises :class:`UnreadableError` with one line for what cannot be used.
    """
    found: dict[str, Any] = {}
    if chosen.leaves is not None:
        try:
            found = yaml.safe_load(chosen.leaves.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            why = (str(error).splitlines() or [""])[0]
            raise UnreadableError(str(chosen.leaves), f"cannot be read: {shown(why)}") from None
    for text in chosen.leaf:
        match = _LEAF.fullmatch(text)
        if match is None:
            raise UnreadableError("--leaf", f"'{shown(text)}' is not NAME=[USER@]HOST[:PORT]")
        ssh = {"host": match["host"].strip("[]"), "user": match["user"], "port": match["port"] and int(match["port"])}
        found[match["name"]] = {key: value for key, value in ssh.items() if value}
    try:
        return _LEAVES.validate_python(found)
    except ValidationError as error:
        said = "; ".join(map(_said, error.errors(include_url=False)))
        raise UnreadableError(str(chosen.leaves or "--leaf"), said) from None


def _said(error: ErrorDetails) -> str:
    """What is wrong with a leaf, in the words of the fabric file."""
    where = tuple(map(str, error["loc"]))
    text = problem_text(error, Login, where[1:])
    return f"{shown('.'.join(where))}: {text}" if where else text


def read(chosen: argparse.Namespace, leaves: Mapping[str, Login]) -> tuple[Facts, list[UnreadableError]]:
    """Ask the cluster and the leaves; the second value says which leaves could not be read.

    Raises :class:`UnreadableError` when the cluster cannot be, or has nothing to take over.
    """
    cluster = ClusterState.read(Cluster(kubeconfig=chosen.kubeconfig, context=chosen.context))
    states = read_all([_endpoint(chosen, name, ssh) for name, ssh in leaves.items()], Credentials.from_environment())
    known = tuple(
        KnownLeaf(
            name,
            _as_written(chosen, ssh),
            state if isinstance(state := states[name], SwitchState) else None,
            ssh.platform,
            ssh.apply,
        )
        for name, ssh in leaves.items()
    )
    if not cluster.calico.group:
        why = "it has no BGPPeer of Calico: there is nothing to take over; choose another --context"
        raise UnreadableError("cluster", why)
    if not any(peer.spec.get("peerIP") for peer in cluster.peers):
        why = "no BGPPeer of it leads to a leaf: there is nothing to take over; write the fabric file by hand"
        raise UnreadableError("cluster", why)
    return Facts(cluster, known), [state for state in states.values() if isinstance(state, UnreadableError)]


def _endpoint(chosen: argparse.Namespace, name: str, ssh: Login) -> Endpoint:
    jump = JumpHost.of(ssh.jump)
    return Endpoint(
        name=name,
        platform=ssh.platform,
        host=ssh.host or name,
        port=ssh.port,
        user=ssh.user,
        host_key=ssh.host_key,
        identity_file=_key_file(chosen, ssh.identity_file),
        jump=jump and jump.model_copy(update={"identity_file": _key_file(chosen, jump.identity_file)}),
    )


def _key_file(chosen: argparse.Namespace, given: str | None) -> str | None:
    if given is None or chosen.leaves is None:
        return given
    return str(chosen.leaves.parent / Path(given).expanduser())


def _as_written(chosen: argparse.Namespace, ssh: Login) -> dict[str, Any]:
    """As ``ssh`` of the fabric file, whose relative paths start at its own folder."""
    values = ssh.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"platform", "apply"})
    for login in (values, values.get("jump", {})):
        key = login.get("identityFile")
        if key is not None and chosen.leaves is not None and not key.startswith(("~", "/")):
            login["identityFile"] = os.path.relpath(chosen.leaves.parent / key, chosen.fabric.parent)
    return values


@dataclass
class _Answer:
    """What the command found, as it goes."""

    file: Path
    unread: Sequence[UnreadableError] = ()
    remarks: Sequence[Remark] = ()
    problems: Sequence[Problem] = ()
    written: bool = False

    def document(self, *, ok: bool) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "ok": ok,
            "written": self.written,
            "unreadable": [{"who": error.who, "why": error.why} for error in self.unread],
            "remarks": [{"about": remark.about, "text": remark.text} for remark in self.remarks],
            "problems": command_line.documents(self.problems),
        }


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the file was written and can be built; remarks go to standard error."""
    chosen = arguments(given)
    answer = _Answer(chosen.fabric)
    code = _adopt(chosen, answer)
    if chosen.json:
        command_line.answer(answer.document(ok=code == HOLDS))
    elif answer.written and not answer.problems:
        count = len(answer.remarks)
        print(f"{chosen.fabric}: written; {count or 'no'} remark{'' if count == 1 else 's'}")
    return code


def _adopt(chosen: argparse.Namespace, answer: _Answer) -> int:
    if chosen.fabric.exists():
        return _refused(answer, f"{chosen.fabric} is there already: give another name, nothing is overwritten")
    try:
        leaves = leaves_of(chosen)
    except UnreadableError as error:
        return _refused(answer, str(error))
    try:
        facts, answer.unread = read(chosen, leaves)
        description = describe(chosen.fabric.stem, facts)
    except UnreadableError as error:
        answer.unread = [error]
        command_line.complain(str(error))
        return FAILS
    try:
        chosen.fabric.write_text(text_of(description), encoding="utf-8")
    except OSError as error:
        return _refused(answer, f"cannot write {chosen.fabric}: {(error.strerror or str(error)).lower()}")
    answer.written, answer.remarks = True, description.remarks
    command_line.complain(*map(str, answer.unread), *map(str, answer.remarks))
    try:
        load(chosen.fabric)
    except FabricError as error:
        answer.problems = error.problems
        command_line.complain(str(error), f"{chosen.fabric}: written, but it cannot be built yet: see above")
        return FAILS
    return FAILS if answer.unread else HOLDS


def _refused(answer: _Answer, why: str) -> int:
    """Nothing was asked and nothing is written."""
    answer.problems = [Problem(why)]
    command_line.complain(why)
    return UNUSABLE
