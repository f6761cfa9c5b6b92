"""How the fabric file says to log in: to switches, and to jump hosts on the way to them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Declared(BaseModel):
    """Base of everything in a fabric file: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
    )


class Jump(Declared):
    """A jump host (bastion), as OpenSSH's ProxyJump: logged in to with a key, it forwards to the switch."""

    host: str = Field(description="name or address of the jump host")
    port: int = Field(default=22, ge=1, le=65535, strict=True, description="TCP port of its SSH server")
    user: str = Field(default="root", min_length=1, description="user to log in as; needs no shell there")
    host_key: str | None = Field(
        default=None,
        description="the jump host's public host key as in known_hosts, without the host: ssh-ed25519 AAAA…",
    )
    identity_file: str | None = Field(
        default=None,
        description=(
            "private key file, from the folder of this file; otherwise leafrack:sshPrivateKey is used, a password never"
        ),
    )


class Ssh(Declared):
    """How to log in to a switch; host keys and users as OpenSSH writes them."""

    host: str | None = Field(
        default=None, description="name or address to connect to; the leaf's own address if not given"
    )
    port: int = Field(default=22, ge=1, le=65535, strict=True, description="TCP port of the switch's SSH server")
    user: str = Field(default="root", min_length=1, description="user to log in as; must be allowed to configure BGP")
    host_key: str | None = Field(
        default=None,
        description="the switch's public host key as in known_hosts, without the host: ssh-ed25519 AAAA…",
    )
    identity_file: str | None = Field(
        default=None,
        description=("private key file, from the folder of this file; otherwise leafrack:sshPrivateKey is used"),
    )
    jump: Jump | None = Field(
        default=None,
        description="jump host to this switch, which then resolves and reaches host; the fabric's jump if not given",
    )
