"""Loading a fabric file: read, laid over, validated, cross-checked; every problem with its line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from leafrack.errors import FabricError, FileError, Problem, ProblemKind
from leafrack.fabric import checks
from leafrack.fabric.model import Fabric
from leafrack.fabric.overlay import lay_over
from leafrack.fabric.partial import belongs, exists, leave_out, respelled
from leafrack.fabric.source import Document, Key, key_text, read
from leafrack.fabric.wording import keys_at, nearest, problem_text

UNKNOWN = "extra_forbidden"
"""pydantic's word for a key that the model does not have."""


@dataclass(frozen=True)
class Loaded:
    """A fabric that passed all checks, and where each of its values stands.

    ``lines`` maps key paths (``racks.rr1.leaves.leaf01.asNumber``) to ``file:line``.
    """

    fabric: Fabric
    warnings: tuple[Problem, ...]
    lines: Mapping[str, str]

    def placed(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Findings of others with the place of their key; those about no key of the file stay without one."""
        return tuple(
            replace(problem, place=self.lines[path]) if (path := _nearest(problem.path, self.lines)) else problem
            for problem in problems
        )


def load_fabric(path: Path | str, overlay: Path | str | None = None) -> Fabric:
    """The fabric of a file; raises FabricError like ``load``."""
    return load(path, overlay).fabric


def load(path: Path | str, overlay: Path | str | None = None) -> Loaded:
    """The fabric of a file, with what is worth a warning.

    ``overlay`` is a second file that refines values of the first (SSH endpoints of a lab or a bastion). A
    relative ``identityFile`` starts at the folder of the file it stands in. Raises FabricError with all
    problems.
    """
    files = [path] if overlay is None else [path, overlay]
    document, *overlays = _read(files)
    problems = [problem for over in overlays for problem in lay_over(document, over)]
    _resolve_identity_files(document)
    lines = {key_text(key): place for key, place in document.places.items()}

    versions, left_out, invalid, slips = _validated(document.values)
    lines |= {
        key_text((*meant, *key[len(slip) :])): place
        for slip, meant in slips.items()
        for key, place in document.places.items()
        if key[: len(slip)] == slip
    }
    problems += _placed(invalid, lines)
    problems += _placed((found for found in _common(versions) if not belongs(found.path, left_out)), lines)
    if problems or not versions:
        raise FabricError(_sorted(problems, files))
    (fabric,) = versions
    warnings = _sorted(_placed(checks.warnings(fabric), lines), files)
    notices = tuple(replace(warning, kind=ProblemKind.NOTICE) for warning in warnings)
    return Loaded(fabric, notices, MappingProxyType(lines))


def _read(files: Iterable[Path | str]) -> list[Document]:
    """All files, or the problems of all of them."""
    documents: list[Document] = []
    errors: list[FabricError] = []
    for file in files:
        try:
            documents.append(read(file))
        except FabricError as error:
            errors.append(error)
    if errors:
        unread = any(isinstance(error, FileError) for error in errors)
        raise (FileError if unread else FabricError)([problem for error in errors for problem in error.problems])
    return documents


def _validated(values: dict[str, Any]) -> tuple[list[Fabric], tuple[str, ...], list[Problem], Mapping[Key, Key]]:
    """The fabric, or several with other values in the place of wrong ones; what was wrong, why, and slips.

    What a misspelled key holds is taken for what it was meant to be, so that it is one error and no other one.
    """
    try:
        return [_model(values)], (), [], {}
    except ValidationError as error:
        details = _details(error)
    keys = [_key(detail, values) for detail in details]
    slips = dict(_slips(values, details, keys))
    problems = [
        Problem(problem_text(detail, Fabric, key), key_text(key))
        for detail, key in zip(details, keys, strict=True)
        if key not in slips.values()
    ]
    meant = respelled(values, slips)
    wrong = [(_key(detail, meant), detail["type"] == UNKNOWN) for detail in (_refused(meant) if slips else details)]
    versions, left_out = leave_out(meant, wrong)
    try:
        return [_model(one) for one in versions], left_out, problems, slips
    except ValidationError:
        return [], left_out, problems, slips


def _model(values: dict[str, Any]) -> Fabric:
    return Fabric.model_validate(values, by_alias=True, by_name=False)


def _refused(values: dict[str, Any]) -> list[ErrorDetails]:
    """What the model says against values."""
    try:
        _model(values)
    except ValidationError as error:
        return _details(error)
    return []


def _details(error: ValidationError) -> list[ErrorDetails]:
    # Of a list whose every entry is refused pydantic also says that it is too short.
    return [one for one in error.errors(include_url=False) if one["type"] != "too_short" or not one["input"]]


def _slips(values: dict[str, Any], details: Iterable[ErrorDetails], keys: Iterable[Key]) -> Iterator[tuple[Key, Key]]:
    """Misspelled keys, each with the one that was meant, where nothing else has that."""
    taken: set[Key] = set()
    for detail, key in zip(details, keys, strict=True):
        is_one = detail["type"] == UNKNOWN and key[-1:] == detail["loc"][-1:]
        name = nearest(str(key[-1]), keys_at(Fabric, key[:-1])) if is_one else None
        meant = (*key[:-1], name) if name is not None else key
        if meant != key and meant not in taken and not exists(values, meant):
            taken.add(meant)
            yield key, meant


def _common(versions: Sequence[Fabric]) -> list[Problem]:
    """What is wrong with all versions of a fabric, whichever values are in the place of wrong ones."""
    first, *others = [list(checks.errors(fabric)) for fabric in versions] or [[]]
    return [found for found in first if all(found in other for other in others)]


def _key(detail: ErrorDetails, values: dict[str, Any]) -> Key:
    """Where one of pydantic's errors is in the file: no index where the address is no list there."""
    key: Key = ()
    for part in detail["loc"]:
        if not exists(values, (*key, part)) and detail["type"] != "missing":
            break
        key = (*key, part)
    return key


def _placed(problems: Iterable[Problem], lines: Mapping[str, str]) -> list[Problem]:
    """Problems with the place of their key, or of what should hold it."""
    return [replace(problem, place=lines[_nearest(problem.path, lines)]) for problem in problems]


def _nearest(path: str, lines: Mapping[str, str]) -> str:
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return path


def _sorted(problems: Iterable[Problem], files: list[Path | str]) -> list[Problem]:
    def order(problem: Problem) -> tuple[int, int, str]:
        file, _, line = problem.place.rpartition(":")
        return [str(known) for known in files].index(file), int(line), problem.path

    return sorted(dict.fromkeys(problems), key=order)


def _resolve_identity_files(document: Document) -> None:
    """Make ``identityFile`` relative to the working directory; absolute and ``~`` paths stay as they are."""
    for key, place in document.places.items():
        match key:
            case (
                ("racks", _, "leaves", _, "ssh", "identityFile")
                | ("racks", _, "leaves", _, "ssh", "jump", "identityFile")
                | ("jump", "identityFile")
            ):
                login: Any = document.values
                for part in key[:-1]:
                    login = login[part]
                given = login["identityFile"]
                if isinstance(given, str) and not given.startswith("~"):
                    folder = Path(place.rpartition(":")[0]).parent
                    login["identityFile"] = given if Path(given).is_absolute() else os.path.relpath(folder / given)
