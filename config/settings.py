"""The stack's settings (``pulumi config``): which fabric, which cluster, and the secrets to log in with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from leafrack.errors import FabricError, Problem, shown
from leafrack.fabric.wording import did_you_mean

PROJECT = "leafrack"
LONGEST_BGP_PASSWORD = 80
"""Bytes of a TCP MD5 key that the kernels of nodes and switches take (TCP_MD5SIG_MAXKEYLEN)."""


def _not_empty(value: Any) -> Any:
    # Pulumi.yaml gives optional settings an empty default, for lack of another way to declare them optional.
    return None if value == "" else value


def _unpacked(value: Any) -> Any:
    # Pulumi hands an object over as JSON.
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except (ValueError, RecursionError):
        return value


Text = Annotated[str | None, BeforeValidator(_not_empty)]
Secret = Annotated[SecretStr | None, BeforeValidator(_not_empty)]


class StackSettings(BaseModel):
    """Settings of a stack; the program reads no other configuration. Secrets print as asterisks."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True, strict=True
    )

    fabric: str = Field(min_length=1, description="path of the fabric file")
    overlay: Text = Field(default=None, description="path of a file that is laid over the fabric file")
    kubeconfig: Text = Field(default=None, description="path of the kubeconfig; KUBECONFIG if not given")
    kube_context: Text = Field(default=None, description="context in the kubeconfig; its current one if not given")
    ssh_private_key: Secret = Field(default=None, description="private key to log in to the leaves with")
    ssh_password: Secret = Field(default=None, description="password to log in to the leaves with")
    bgp_passwords: Annotated[dict[str, SecretStr], BeforeValidator(_unpacked)] = Field(
        default={}, description="TCP MD5 passwords of the sessions to the leaves, by rack"
    )

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Names of all settings, as in ``leafrack:NAME``."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())


SECRETS = ("sshPrivateKey", "sshPassword", "bgpPasswords")


def load_settings(values: Mapping[str, Any], encrypted: Collection[str] | None = None) -> StackSettings:
    """Settings from what ``pulumi config`` holds; keys without ``leafrack:``, None is not set.

    ``encrypted`` names the keys that the stack keeps as secrets; None if that is not known. Raises
    FabricError with all problems at once; no value of a secret is ever part of one.
    """
    given = {name: value for name, value in values.items() if value is not None}
    problems: list[Problem] = []
    result = None
    try:
        result = StackSettings.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        problems += [Problem(_text(detail["type"], detail["loc"]), _path(detail["loc"])) for detail in details]
    for name in SECRETS:
        if encrypted is not None and given.get(name) not in (None, "", "{}", {}) and name not in encrypted:
            command = f"pulumi config set --secret {PROJECT}:{name}"
            problems.append(
                Problem(
                    f"stands in clear in the stack's file: change the secret and use {command}",
                    _path((name,)),
                )
            )
    if result is not None:
        problems += _unusable_passwords(result)
    if result is None or problems:
        raise FabricError(problems)
    return result


def unknown_racks(given: StackSettings, racks: Collection[str]) -> list[Problem]:
    """BGP passwords for racks that do not exist: a typing error would leave sessions without password."""
    return [
        Problem(
            f"the fabric has no rack '{shown(rack)}'{did_you_mean(rack, racks)}",
            _path(("bgpPasswords", rack)),
        )
        for rack in given.bgp_passwords
        if rack not in racks
    ]


def _unusable_passwords(given: StackSettings) -> list[Problem]:
    problems = []
    for rack, password in given.bgp_passwords.items():
        text = password.get_secret_value()
        if not text:
            problems.append(
                Problem("the password is empty: give one, or remove the rack", _path(("bgpPasswords", rack)))
            )
        elif len(text.encode()) > LONGEST_BGP_PASSWORD:
            wording = f"the password is longer than the {LONGEST_BGP_PASSWORD} bytes of a TCP MD5 key (RFC 2385)"
            problems.append(Problem(wording, _path(("bgpPasswords", rack))))
        elif not (text.isascii() and text.isprintable()) or set(text) & set(' "'):
            # calico-node writes the password in double quotes into BIRD's configuration, as it is (bird.cfg.template).
            wording = (
                "the password has a space, a double quote or a character outside ASCII, which switches and BIRD read "
                "differently: use others"
            )
            problems.append(Problem(wording, _path(("bgpPasswords", rack))))
    return problems


def _path(location: tuple[int | str, ...]) -> str:
    return f"{PROJECT}:" + ".".join(shown(str(part)) for part in location)


def _text(kind: str, location: tuple[int | str, ...]) -> str:
    name = str(location[0])
    if name == "fabric" and kind in {"missing", "string_too_short"}:
        return f"is missing, so there is nothing to build: pulumi config set {PROJECT}:fabric PATH"
    if kind == "extra_forbidden":
        return f"unknown setting{did_you_mean(name, StackSettings.keys())}"
    if name == "bgpPasswords" and len(location) == 1:
        return f"needs a password for each rack: pulumi config set --secret --path {PROJECT}:{name}.RACK"
    return "needs text"
