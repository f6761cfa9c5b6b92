"""The JSON Schema of the fabric file, and the reference made from it.

It covers form (keys, types, ranges of numbers). It does not cover cross-checks: ``leafrack check FABRIC.yaml`` runs
those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from leafrack.fabric.model import Fabric


class _Plain(GenerateJsonSchema):
    """Without defaults that mean nothing, and without titles that repeat the keys."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default", "") in (None, {}, []):
            del described["default"]
        return described


def schema_text() -> str:
    """The schema as it is committed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Fabric.model_json_schema(by_alias=True, schema_generator=_Plain),
        "title": "leafrack fabric file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """The keys of the fabric file as Markdown tables, one for each level."""
    schema = json.loads(schema_text())
    levels = {"the file": schema, **{name.lower(): schema["$defs"][name] for name in _LEVELS}}
    return "\n".join(_level(name, level) for name, level in levels.items())


_LEVELS = ("Rack", "Leaf", "Ssh", "Jump", "Uplink", "Spine", "Waves")


def _level(name: str, level: Mapping[str, Any]) -> str:
    heading = ("| key | what it is | if not given |", "|---|---|---|")
    rows = [f"### {name}", "", level.get("description", ""), "", *heading]
    for key, described in level["properties"].items():
        default = "must be given" if key in level.get("required", ()) else _shown(described.get("default"))
        text = described.get("description", "").replace("|", "\\|").replace("<", "\\<")
        rows.append(f"| `{key}` | {text} | {default} |")
    return "\n".join((*rows, ""))


def _shown(default: object) -> str:
    return "" if default is None else f"`{default}`"
