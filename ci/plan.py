"""What ``pulumi preview --json`` plans, as lines that a person reads at a glance.

The document is that of pulumi: sdk/go/common/apitype and pkg/backend/display/json.go (previewDigest).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

QUIET = frozenset({"same", "read", "read-discard", "refresh", "discard", "remove-pending-replace"})
"""Steps that change nothing in the world."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of an object that stands for a secret or an asset (pulumi: sdk/go/common/resource/sig)."""
_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """A resource that would change: its operation, type and name, and a line for each property."""

    operation: str
    kind: str
    name: str
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.operation} {self.kind} {self.name}"


@dataclass(frozen=True)
class Preview:
    """A preview: what would change, how much stays, and what the program said."""

    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def read(text: str, also_said: str = "") -> Preview:
    """A preview from its standard output, and from its standard error what went wrong before there was any."""
    try:
        document = json.loads(text)
        steps = [step for step in document.get("steps") or [] if step["op"] not in QUIET]
        said = [(each["severity"], str(each["message"])) for each in document.get("diagnostics") or []]
        plan = Preview(
            tuple(map(_change, steps)),
            document.get("changeSummary") or {},
            tuple(_lines(said, "warning")),
            tuple(_lines(said, "error")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        plan = Preview()
    if plan.counts is None or not (plan.errors or plan.changes):
        errors = [line.removeprefix("error: ") for line in also_said.splitlines() if line.startswith("error: ")]
        return Preview(plan.changes, plan.counts, plan.warnings, (*plan.errors, *errors))
    return plan


def _lines(said: list[tuple[str, str]], severity: str) -> Iterator[str]:
    for of, message in said:
        if of == severity:
            yield from filter(None, message.removeprefix(f"{severity}: ").splitlines())


def _change(step: Mapping[str, Any]) -> Change:
    *_, kind, name = step["urn"].split("::")
    details = step.get("detailedDiff") or {}
    lines = [line for path, detail in sorted(details.items()) for line in _property(path, detail, step)]
    if not details:
        lines = [f"! {reason}" for reason in step.get("diffReasons") or ()]
    return Change(step["op"], kind.rpartition("$")[2].rpartition(":")[2], name, tuple(lines))


def _property(path: str, detail: Mapping[str, Any], step: Mapping[str, Any]) -> Iterator[str]:
    old = _at(path, step.get("oldState"), "inputs" if detail.get("inputDiff") else "outputs")
    new = _at(path, step.get("newState"), "inputs")
    if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        yield f"! {path}"
        for line in ndiff(old.splitlines(), new.splitlines()):
            if line[0] in "+-":
                yield f"{line[0]}   {line[2:]}"
        return
    for sign, value in (("-", old), ("+", new)):
        if value is not _ABSENT:
            yield f"{sign} {path}: {_shown(value)}"


def _at(path: str, state: Mapping[str, Any] | None, where: str) -> Any:
    value: Any = (state or {}).get(where)
    for quoted, index, plain in _PART.findall(path):
        key = quoted.replace('\\"', '"') or plain
        if isinstance(value, dict) and SIGNATURE not in value and not index:
            value = value.get(key, _ABSENT)
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            return value if isinstance(value, dict) and SIGNATURE in value else _ABSENT
    return _ABSENT if value is None else value


def _shown(value: Any) -> str:
    """A value on one line; what is secret in the state, or holds something that is, only as such."""
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "[secret]" if SIGNATURE in text else text
