"""NVIDIA's schema of a release of NVUE, walked strictly: pydantic itself lets keys pass that a model does not know.

The package nvueschema has a module of models for each release. They are read as text and not imported: half a second
for each release would go into classes that nobody asks about here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

PACKAGE = "nvueschema"
_PLAIN: Mapping[str, Any] = {"int": int, "str": str, "float": float, "bool": bool}
_ADDRESSES = {"IPv4Address": IPv4Address, "IPv6Address": IPv6Address}


def is_there() -> bool:
    return find_spec(PACKAGE) is not None


class Schema:
    """Models of one release."""

    def __init__(self, release: str) -> None:
        spec = find_spec(PACKAGE)
        assert spec is not None
        assert spec.origin is not None
        module = Path(spec.origin).parent / "models" / f"v{release.replace('.', '_')}.py"
        self._text = module.read_text(encoding="utf-8")
        models = re.finditer(r"^class (\w+)\(BaseModel\):$", self._text, re.MULTILINE)
        begins = [(found[1], found.start()) for found in models]
        ends = [*(start for _, start in begins[1:]), len(self._text)]
        self._places = {name: (start, end) for (name, start), end in zip(begins, ends, strict=True)}

    def errors(self, tree: Any, model: str = "NvueConfig") -> list[str]:
        """What a tree has that the release does not know, each with its place."""
        return list(self._of_model(model, tree, ""))

    def knows(self, path: str) -> bool:
        """Whether there is something at a path as ``nv unset`` takes it."""
        nested: Any = {}
        for word in reversed(path.split()):
            nested = {word: nested}
        return not self.errors(nested)

    def _of_model(self, name: str, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no tree"
            return
        fields = self._fields(name)
        for key, inner in value.items():
            where = f"{path}/{key}"
            if key in fields:
                yield from self._of(fields[key], inner, where)
            else:
                yield f"{where}: unknown"

    def _fields(self, name: str) -> Mapping[str, ast.expr]:
        return _fields(self._text[slice(*self._places[name])])

    def _of(self, kind: ast.expr, value: Any, path: str) -> Iterator[str]:
        match kind:
            case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
                yield from self._of(inner, value, path)
            case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=kinds)):
                if all(any(self._of(one, value, path)) for one in kinds):
                    yield f"{path}: {value!r} is nothing that it may be"
            case ast.Subscript(value=ast.Name(id="Dict"), slice=ast.Tuple(elts=[_, inner])):
                if not isinstance(value, dict):
                    yield f"{path}: {value!r} is no tree"
                    return
                for key, one in value.items():
                    yield from [] if isinstance(key, str) else [f"{path}/{key}: the key is no text"]
                    yield from self._of(inner, one, f"{path}/{key}")
            case ast.Subscript(value=ast.Name(id="Literal"), slice=said):
                words = [one.value for one in (said.elts if isinstance(said, ast.Tuple) else [said])]  # type: ignore[attr-defined]
                yield from [] if value in words else [f"{path}: {value!r} is none of {words}"]
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *bounds])):
                yield from self._of(inner, value, path)
                yield from (f"{path}: {value!r}: {why}" for one in bounds if (why := _outside(one, value)))
            case ast.Name(id=name):
                yield from self._of_name(name, value, path)
            case _:
                yield f"{path}: {ast.unparse(kind)} is not understood here"

    def _of_name(self, name: str, value: Any, path: str) -> Iterator[str]:
        if name in self._places:
            yield from self._of_model(name, value, path)
        elif name in _PLAIN:
            yield from [] if type(value) is _PLAIN[name] else [f"{path}: {value!r} is no {name}"]
        elif name in _ADDRESSES:
            try:
                _ADDRESSES[name](value)
            except ValueError:
                yield f"{path}: {value!r} is no {name}"
        elif alias := re.search(rf"^{name} = (.+)$", self._text, re.MULTILINE):
            yield from self._of(ast.parse(alias[1], mode="eval").body, value, path)
        else:
            yield f"{path}: {name} is not understood here"


@cache
def _fields(block: str) -> Mapping[str, ast.expr]:
    """Kinds of a model's fields by the key that NVUE has for them."""
    found: dict[str, ast.expr] = {}
    (model,) = (node for node in ast.parse(block).body if isinstance(node, ast.ClassDef))
    for node in model.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Call):
            alias = next((word.value for word in node.value.keywords if word.arg == "alias"), None)
            found[alias.value if isinstance(alias, ast.Constant) else node.target.id] = node.annotation  # type: ignore[index]
    return found


def _outside(bound: ast.expr, value: Any) -> str:
    """Why a value is outside of a bound: those of ``Field``, and of the package's own validators."""
    found: dict[str | None, Any] = {
        word.arg: word.value.value
        for node in ast.walk(bound)
        if isinstance(node, ast.Call)
        for word in node.keywords
        if isinstance(word.value, ast.Constant)
    }
    if isinstance(value, int):
        low, high = found.get("ge"), found.get("le")
        return "" if (low is None or value >= low) and (high is None or value <= high) else f"not in {low}..{high}"
    if not isinstance(value, str):
        return ""
    least, most, pattern = found.get("min_length", 0), found.get("max_length"), found.get("pattern")
    if len(value) < least or (most is not None and len(value) > most):
        return f"not of {least} to {most} characters"
    return "" if pattern is None or re.search(pattern, value) else f"not like {pattern}"
