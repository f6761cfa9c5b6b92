"""What every platform is made of, whoever plays its jobs: words as data and functions, and differences told in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from leafrack.platforms import differences
from leafrack.platforms.evidence import Evidence
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.reading import Behaviour, Feature, Remedies
from leafrack.platforms.state import AnyAs, ListenerState, NeighbourState, Setting, Settings, SwitchState


@dataclass(kw_only=True)
class Dialect:
    """The part that :class:`~leafrack.platforms.shell.ShellPlatform` and ``PlayedPlatform`` have in common."""

    behaviour: Behaviour
    remedies: Remedies
    text: Callable[[Job], str]
    """All that a job declares, as an operator would write it."""
    parse: Callable[[str], SwitchState]
    words: Callable[[Setting, Settings], str]
    as_words: Callable[[int | AnyAs], str]
    """How it says the AS of a neighbour."""
    entries: Callable[[tuple[PrefixList, ...]], Mapping[str, frozenset[str]]]
    """Entries of prefix lists by list, as :attr:`parse` reads them."""
    path_entries: Callable[[PathList], frozenset[str]] | None = None
    """Entries of a path list, as :attr:`parse` reads them; ``None`` where leafrack writes none on this platform."""
    cannot: Mapping[Feature, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    """What stands behind it."""
    neighbour_is_ours_alone: bool = False
    """Whether everything that is said of a neighbour or range of ours goes when it is written again."""
    one_limit_for_all: bool = False
    """Whether one number limits the neighbours of all ranges, those of others too: it is raised and never lowered."""

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """What a neighbour lacks and has besides, its AS aside; passwords are not shown."""
        more = (f"has `{line}`" for line in found.rest) if self.neighbour_is_ours_alone else ()
        return (*differences.of_neighbour(neighbour, found, self.words), *more)

    def listener_differences(self, job: Job, found: SwitchState) -> tuple[str, ...]:
        """What the ranges of a job lack and have besides; an AS that is right at some time is right."""
        return (
            *(
                f"range {each.prefix} {line}"
                for each in job.listeners
                for line in self.range_differences(job, each, found)
            ),
            *(differences.of_listen_limit(job.listeners, found) if self.one_limit_for_all else ()),
        )

    def range_differences(self, job: Job, each: Listener, found: SwitchState) -> tuple[str, ...]:
        """What one range of a job lacks and has besides, one number for all ranges aside."""
        has = found.listeners.get(each.prefix)
        if has is None:
            return ("is missing",)
        counts = Feature.MAXIMUM_NEIGHBOURS not in self.cannot and not self.one_limit_for_all
        return (
            *differences.of_listener(job, each, has, self.words, self.as_words),
            *(differences.of_maximum(each, has) if counts else ()),
            *((f"has `{line}`" for line in has.rest) if self.neighbour_is_ours_alone else ()),
        )

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        """Entries that prefix lists lack and have besides."""
        return differences.of_lists(self.entries(lists), found.lists)

    @property
    def takes_paths(self) -> bool:
        """Whether leafrack gives neighbours a path list."""
        return self.path_entries is not None

    def path_differences(self, paths: PathList | None, found: SwitchState) -> tuple[str, ...]:
        """Entries that a path list lacks and has besides."""
        return differences.of_lists(self.right_paths(paths), found.paths)

    def right_paths(self, paths: PathList | None) -> Mapping[str, frozenset[str]]:
        """Entries of a path list by its name, in the platform's words; empty where there is none."""
        return {} if paths is None or self.path_entries is None else {paths.name: self.path_entries(paths)}

    def as_difference(self, as_number: int, found: NeighbourState | ListenerState) -> tuple[str, ...]:
        """How a neighbour's AS differs from the one that it is pinned to in the end."""
        return differences.of_as(as_number, found, self.as_words)
