"""Reading a YAML file into plain values that remember which line they stand on.

Only what a fabric file needs is understood: mappings with text keys, lists, text, whole numbers, true/false
and null, as YAML 1.2 reads them. Where YAML 1.1 guesses (``no``, ``1:20``, ``2001:10:20:30:40:50:1:2``,
``1.10``) the value stays text, so that a rack may be called ``no`` and an IPv6 address is never a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from leafrack.errors import COLOUR, FabricError, FileError, Problem, printable, shown

Key = tuple[str | int, ...]
"""Way to a value: mapping keys and list indexes from the top of the file."""

LARGEST_FILE = 2**20
"""Bytes; 10,000 nodes need a third of it."""
DEEPEST_NESTING = 16
"""Levels; the model has eight."""

_IS_COLOUR = f"has {printable(COLOUR)} in it (without the space), which Pulumi takes for a colour: leave it out"
LARGEST_DIGITS = 20
"""Of a number: one of more digits stays text."""
_INTEGER = re.compile(rf"[-+]?[0-9]{{1,{LARGEST_DIGITS}}}")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass
class Document:
    """A file's values, and for each of them the ``file:line`` that it came from."""

    values: dict[str, Any]
    places: dict[Key, str] = field(default_factory=dict)


def key_text(key: Key) -> str:
    """A key as operators read it: ``racks.rr1.nodeCIDRs[0]``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def at(*key: str | int) -> str:
    """``key_text`` of a key given part by part."""
    return key_text(key)


def read(path: Path | str) -> Document:
    """Read one YAML file whose top is a mapping; raises FabricError with every problem of its form."""
    name = str(path)
    text = _text(name)
    if control := yaml.SafeLoader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise FabricError([Problem(f"has a control character (U+{ord(control[0]):04X})", place=f"{name}:{line}")])
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise FabricError([*_placed(name, loader.refused), _syntax_problem(name, error, loader)]) from None
    finally:
        loader.dispose()
    if root is None:
        raise FabricError(
            [Problem("the file is empty: a fabric file starts with name, podCIDRs and racks", place=name)]
        )
    document = Document({})
    builder = _Builder(name, document.places, loader.refused)
    values = builder.value(root, ())
    if not isinstance(values, dict) and not loader.refused:
        place = f"{name}:{root.start_mark.line + 1}"
        raise FabricError([Problem("the file must hold a mapping (name: …, racks: …)", place=place)])
    if loader.refused:
        raise FabricError(_placed(name, loader.refused))
    document.values = values
    return document


def _text(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise FileError([Problem("no such file", place=shown(name))]) from None
    except IsADirectoryError:
        raise FileError([Problem("is a folder, not a file", place=shown(name))]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError([Problem(f"cannot be read: {reason}", place=shown(name))]) from None
    if len(data) > LARGEST_FILE:
        raise FabricError([Problem(f"is larger than {LARGEST_FILE // 2**20} MiB", place=name)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FabricError([Problem("is not UTF-8 text: save it as UTF-8", place=f"{name}:{line}")]) from None


def _placed(name: str, refused: list[tuple[int, str, str]]) -> list[Problem]:
    return [Problem(text, path, f"{name}:{line}") for line, path, text in sorted(set(refused))]


def _syntax_problem(name: str, error: Exception, loader: _Loader) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        text = error.problem or error.context or "cannot be read as YAML"
        if text == "but found another document":
            text = "a second document starts here: a fabric file is one document, remove the '---'"
        elif "'\\t'" in text:
            text = "a tab stands where YAML wants spaces"
        else:
            text = f"not valid YAML: {text}" + (f" {error.context}" if error.context else "")
        return Problem(text, place=f"{name}:{mark.line + 1 if mark else 1}")
    return Problem("not valid YAML: a character escape that does not exist", place=f"{name}:{loader.line + 1}")


class _Loader(yaml.SafeLoader):
    """SafeLoader that notes anchors, aliases and tags instead of following them, and bounds the nesting."""

    def __init__(self, text: str) -> None:
        self.depth = 0
        self.refused: list[tuple[int, str, str]] = []
        super().__init__(text)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose what comes next; an alias is noted and becomes null."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            self.refused.append(
                (line, "", f"aliases (*{shown(str(event.anchor))}) are not supported: write the value out")
            )
            return yaml.ScalarNode("tag:yaml.org,2002:null", "", event.start_mark, event.end_mark)  # type: ignore[arg-type]
        if event.anchor is not None:
            self.refused.append(
                (line, "", f"anchors (&{shown(str(event.anchor))}) are not supported: write the value out")
            )
        if event.tag is not None:
            self.refused.append((line, "", f"tags ({shown(event.tag)}) are not supported: remove it"))
            event.tag = None
            if isinstance(event, yaml.ScalarEvent):
                event.implicit = (False, True)
        if self.depth >= DEEPEST_NESTING:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {DEEPEST_NESTING} levels", problem_mark=event.start_mark
            )
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


@dataclass
class _Builder:
    name: str
    places: dict[Key, str]
    refused: list[tuple[int, str, str]]

    def value(self, node: yaml.Node, key: Key) -> Any:
        self.places.setdefault(key, f"{self.name}:{node.start_mark.line + 1}")
        if isinstance(node, yaml.MappingNode):
            return {name: self.value(child, (*key, name)) for name, child in self._items(node, key)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*key, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, key)

    def _items(self, node: yaml.MappingNode, key: Key) -> Iterator[tuple[str, yaml.Node]]:
        first: dict[str, int] = {}
        for name_node, child in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                self.refused.append((line, key_text(key), "a key must be text, not a list or a mapping"))
                continue
            name = str(name_node.value)
            path = key_text((*key, name))
            if name == "<<":
                self.refused.append((line, key_text(key), "merge keys (<<) are not supported: write the values out"))
            elif name in first:
                self.refused.append((line, path, f"is given twice, first on line {first[name]}: keep one"))
            elif not name.isprintable():
                self.refused.append((line, path, "has a control character in its name"))
            elif COLOUR in name:
                self.refused.append((line, path, _IS_COLOUR))
            else:
                first[name] = line
                self.places[(*key, name)] = f"{self.name}:{line}"
                yield name, child

    def _scalar(self, node: yaml.Node, key: Key) -> str | int | bool | None:
        # A block scalar (|) ends in a line feed that nobody means.
        text = str(node.value).rstrip("\n")
        if not text.isprintable():
            self.refused.append((node.start_mark.line + 1, key_text(key), "has a control character or a line break"))
            return None
        if COLOUR in text:
            self.refused.append((node.start_mark.line + 1, key_text(key), _IS_COLOUR))
            return None
        if getattr(node, "style", None) is not None:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        return int(text) if _INTEGER.fullmatch(text) else text
