"""Logging in to the leaves and to jump hosts: keys that can be pinned, and one switch behind each endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from leafrack.errors import Problem, shown
from leafrack.fabric.model import Fabric, Jump, Ssh
from leafrack.fabric.source import at
from leafrack.fabric.switch import Leaf

HOST_KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9][-A-Za-z0-9._]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)")
_RSA_TYPES = frozenset({"ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"})


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Host keys that no connection can be held to, and endpoints that two leaves have."""
    for path, login in _logins(fabric):
        if login.host_key is not None and (text := _unusable(login.host_key)):
            yield Problem(text, f"{path}.hostKey")
        if login.user.startswith("-") or " " in login.user:
            yield Problem(f"'{shown(login.user)}' is no name of a user", f"{path}.user")
        if login.host is not None and not _HOST.fullmatch(login.host):
            yield Problem(f"'{shown(login.host)}' is no host name or address to connect to", f"{path}.host")
    # Behind another jump host the same address can be another switch's.
    first: dict[tuple[tuple[str, int] | None, str, int], str] = {}
    for path, leaf in _leaves(fabric):
        jump = fabric.jump_to(leaf)
        endpoint = ((_same(jump.host), jump.port) if jump else None, _same(leaf.ssh_host), leaf.ssh.port)
        if first.setdefault(endpoint, path) != path:
            text = (
                f"{shown(leaf.ssh_host)} port {leaf.ssh.port} is {first[endpoint]} too: "
                "one rack's lines would go to the other's switch"
            )
            yield Problem(text, f"{path}.ssh")


def _same(host: str) -> str:
    """One spelling for all of a host's: lower case, no dot at the end, addresses at their shortest."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower().removesuffix(".")


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """Switches and jump hosts that anyone could stand in for."""
    for path, login in _logins(fabric):
        if login.host_key is None:
            what = "machine" if isinstance(login, Jump) else "switch"
            text = f"no hostKey, so any {what} that answers is believed: pin what leafrack host-keys shows"
            yield Problem(text, f"{path}.hostKey")


def _logins(fabric: Fabric) -> Iterator[tuple[str, Ssh | Jump]]:
    if fabric.jump is not None:
        yield "jump", fabric.jump
    for path, leaf in _leaves(fabric):
        yield f"{path}.ssh", leaf.ssh
        if leaf.ssh.jump is not None:
            yield f"{path}.ssh.jump", leaf.ssh.jump


def _leaves(fabric: Fabric) -> Iterator[tuple[str, Leaf]]:
    """Leaves that are logged in to."""
    for rack_name, rack in fabric.racks.items():
        for leaf_name, leaf in rack.leaves.items():
            if leaf.readable:
                yield at("racks", rack_name, "leaves", leaf_name), leaf


def _unusable(host_key: str) -> str:
    words = host_key.split()
    kinds = ", ".join(HOST_KEY_TYPES)
    if len(words) < 2 or words[0] not in HOST_KEY_TYPES:
        if words and words[0] in _RSA_TYPES:
            return (
                "RSA host keys cannot be pinned: "
                "pulumi-command then accepts only ssh-rsa with SHA-1, which OpenSSH refuses since 8.8; "
                "give the switch's ed25519 or ECDSA key"
            )
        if len(words) > 2 and words[1] in {*HOST_KEY_TYPES, *_RSA_TYPES}:
            return f"begins with a host name: leave '{shown(words[0])}' out, the key starts at {words[1]}"
        return f"is no OpenSSH public key: it has a type ({kinds}) and the base64 of the key"
    try:
        load_ssh_public_key(f"{words[0]} {words[1]}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return f"is no {words[0]} public key: its base64 is damaged or holds a key of another type"
    return ""
