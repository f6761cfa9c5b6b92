"""Platforms that somebody else has made: known by a Python entry point of the group ``leafrack.platforms``.

A package that is installed beside leafrack declares it, and nothing of leafrack is changed::

    [project.entry-points."leafrack.platforms"]
    toyos = "leafrack_toyos:PLATFORM"

The name is what a fabric file says, the object a ``PlayedPlatform`` or a ``ShellPlatform``; the rest is in
docs/develop/add-a-platform.md.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from leafrack.platforms.base import ShelledPlatform
from leafrack.platforms.played import PlayedPlatform
from leafrack.platforms.shell import ShellPlatform

GROUP = "leafrack.platforms"
"""Group of the entry points."""

AnyPlatform = ShelledPlatform | PlayedPlatform
"""A platform of either kind: who runs its jobs asks ``isinstance(platform, PlayedPlatform)``."""


class BuiltIn(UserDict[str, Any]):
    """Leafrack's own platforms, ``NAME`` of ``leafrack.platforms.name.platform`` each, loaded when it is asked for.

    A gate needs one and a step none, and both start often: all of them were a quarter of a step's start.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Names, in the order in which a person is told of them."""
        super().__init__(dict.fromkeys(names))

    def __getitem__(self, name: str) -> AnyPlatform:
        """Platform of a name."""
        if self.data[name] is None:
            self.data[name] = getattr(import_module(f"leafrack.platforms.{name}.platform"), name.upper())
        found: AnyPlatform = self.data[name]
        return found


class Registry(Mapping[str, AnyPlatform]):
    """Leafrack's own platforms, and those of packages that are installed; of one name, leafrack's own.

    One of a package is loaded when it is asked for: a package that is broken is no harm to who does not use it.
    """

    def __init__(self, built_in: Mapping[str, AnyPlatform]) -> None:
        """Leafrack's own by name."""
        self._built_in = built_in

    def __getitem__(self, name: str) -> AnyPlatform:
        """Platform of a name; raises ``ValueError`` with one line where its package cannot be used."""
        return self._built_in[name] if name in self._built_in else _loaded(installed()[name])

    def __iter__(self) -> Iterator[str]:
        """All names."""
        yield from dict.fromkeys((*self._built_in, *installed()))

    def __len__(self) -> int:
        """How many there are."""
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        """Whether there is one of a name; nothing is loaded for that."""
        return name in self._built_in or name in installed()


@cache
def installed() -> Mapping[str, EntryPoint]:
    """Entry points of installed packages by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _loaded(point: EntryPoint) -> AnyPlatform:
    whose = f"platform {point.name} of package {point.dist.name if point.dist else point.value}"
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 - whatever somebody else's code raises
        msg = f"{whose} cannot be loaded: {type(error).__name__}: {error}"
        raise ValueError(msg) from None
    if not isinstance(found, PlayedPlatform | ShellPlatform):
        msg = f"{whose} is no platform: {point.value} is a {type(found).__name__}"
        raise ValueError(msg)  # noqa: TRY004 - one kind of error for all that is wrong with a package
    return found
