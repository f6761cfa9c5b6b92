"""Logging in to the leaves: host keys that can be pinned, and one switch behind each endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from config.errors import Problem, shown
from config.model import Fabric, Leaf
from config.source import at

HOST_KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_HOST = re.compile(r"[A-Za-z0-9:][-A-Za-z0-9.:_]*")
_RSA_TYPES = frozenset({"ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"})


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Host keys that no connection can be held to, and endpoints that two leaves have."""
    first: dict[tuple[str, int], str] = {}
    for path, leaf in _leaves(fabric):
        if leaf.ssh.host_key is not None and (text := _unusable(leaf.ssh.host_key)):
            yield Problem(text, f"{path}.ssh.hostKey")
        if leaf.ssh.host is not None and not _HOST.fullmatch(leaf.ssh.host):
            yield Problem(f"'{shown(leaf.ssh.host)}' is no host name or address to connect to", f"{path}.ssh.host")
        endpoint = (leaf.ssh_host, leaf.ssh.port)
        if first.setdefault(endpoint, path) != path:
            text = (
                f"{shown(leaf.ssh_host)} port {leaf.ssh.port} is {first[endpoint]} too: one rack's "
                f"lines would go to the other's switch"
            )
            yield Problem(text, f"{path}.ssh")


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """Switches that anyone could stand in for."""
    for path, leaf in _leaves(fabric):
        if leaf.ssh.host_key is None:
            text = "no hostKey, so any switch that answers is believed: pin what python -m verify.host_keys shows"
            yield Problem(text, f"{path}.ssh.hostKey")


def _leaves(fabric: Fabric) -> Iterator[tuple[str, Leaf]]:
    for rack_name, rack in fabric.racks.items():
        for leaf_name, leaf in rack.leaves.items():
            yield at("racks", rack_name, "leaves", leaf_name), leaf


def _unusable(host_key: str) -> str:
    words = host_key.split()
    kinds = ", ".join(HOST_KEY_TYPES)
    if len(words) < 2 or words[0] not in HOST_KEY_TYPES:
        if words and words[0] in _RSA_TYPES:
            return (
                "RSA host keys cannot be pinned: pulumi-command then accepts only ssh-rsa with "
                "SHA-1, which OpenSSH "
                "refuses since 8.8; give the switch's ed25519 or ECDSA key"
            )
        if len(words) > 2 and words[1] in {*HOST_KEY_TYPES, *_RSA_TYPES}:
            return f"begins with a host name: leave '{shown(words[0])}' out, the key starts at {words[1]}"
        return f"is no OpenSSH public key: it has a type ({kinds}) and the base64 of the key"
    try:
        load_ssh_public_key(f"{words[0]} {words[1]}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return f"is no {words[0]} public key: its base64 is damaged or holds a key of another type"
    return ""
