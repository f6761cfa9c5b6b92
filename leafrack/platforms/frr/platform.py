"""FRRouting as a platform: how our part is written, read and compared."""

from __future__ import annotations

from leafrack.platforms.base import NeighbourState, SwitchState
from leafrack.platforms.frr import differences, read, write
from leafrack.platforms.job import Job, Neighbour, PrefixList


class _Frr:
    read = read.READ

    def text(self, job: Job) -> str:
        return write.text(job)

    def program(self, job: Job) -> str:
        return write.program(job)

    def parse(self, output: str) -> SwitchState:
        return read.parse(output)

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_neighbour(write.render(0, neighbour), found.configured)

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        return differences.of_lists(write.render_lists(lists), found.lists)

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_as(as_number, found.configured)


FRR = _Frr()
