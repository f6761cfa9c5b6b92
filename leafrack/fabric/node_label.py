"""The label by which nodes of a rack are known that no file names: ``members: {label: KEY=VALUE}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from leafrack.errors import shown
from leafrack.fabric.values import RefusedError, described

LONGEST_PREFIX = 253
LONGEST_NAME = 63
"""Characters of a label's key behind its prefix, and of its value (Kubernetes: validation.IsQualifiedName)."""

_DNS = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_LIKE = "node-restriction.kubernetes.io/rack=rr1"
_EXAMPLE = f"write it like {_LIKE}"


@dataclass(frozen=True)
class NodeLabel:
    """A label of nodes, one key with one value; ``str()`` gives it as the file and kubectl write it."""

    key: str
    value: str

    @classmethod
    def parse(cls, text: object) -> NodeLabel:
        """The label that ``KEY=VALUE`` means; raises RefusedError in words for an operator."""
        if not isinstance(text, str):
            msg = f"needs a label, got {described(text)}: {_EXAMPLE}"
            raise RefusedError(msg)
        key, equals, value = text.partition("=")
        if not equals:
            msg = f"'{shown(text)}' is no label, and no node of members may be called label: {_EXAMPLE}"
            raise RefusedError(msg)
        if not _is_key(key):
            msg = (
                f"'{shown(key)}' is no key of a label: up to {LONGEST_NAME} letters, digits, '-', '_' and '.', "
                f"beginning and ending with a letter or digit, behind a DNS name and '/' if wanted; {_EXAMPLE}"
            )
            raise RefusedError(msg)
        if value and (len(value) > LONGEST_NAME or not _NAME.fullmatch(value)):
            msg = (
                f"'{shown(value)}' is no value of a label: up to {LONGEST_NAME} letters, digits, '-', '_' and '.', "
                f"beginning and ending with a letter or digit; {_EXAMPLE}"
            )
            raise RefusedError(msg)
        return cls(key, value)

    @property
    def selector(self) -> str:
        """Calico's selector of the nodes that carry it."""
        return f"{self.key} == '{self.value}'"

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    right = len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None
    return right and (not slash or (len(prefix) <= LONGEST_PREFIX and _DNS.fullmatch(prefix) is not None))


def _label(value: Any) -> NodeLabel:
    return value if isinstance(value, NodeLabel) else NodeLabel.parse(value)


OneLabel = Annotated[
    NodeLabel | None,
    PlainValidator(_label),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""None where nothing is given; one that is given empty is refused."""


def named(members: Any) -> Any:
    """What ``members`` has beside a label: nodes by name, as the file gives them."""
    if isinstance(members, dict) and "label" in members:
        return {name: value for name, value in members.items() if name != "label"}
    return members


def named_or_labelled(schema: dict[str, Any]) -> None:
    """Make the schema of nodes by name one of these, or of a label in their place."""
    of_names = {key: schema.pop(key) for key in ("type", "additionalProperties")}
    of_names["propertyNames"] = {"not": {"const": "label"}}
    label = {"type": "string", "pattern": "^[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*$", "examples": [_LIKE]}
    of_label = {
        "type": "object",
        "properties": {"label": {**label, "description": "KEY=VALUE of a label that the rack's nodes carry"}},
        "required": ["label"],
        "additionalProperties": False,
    }
    schema["anyOf"] = [of_label, of_names]
