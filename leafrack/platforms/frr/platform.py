"""FRRouting as a platform: how our part is written, read and compared."""

from __future__ import annotations

from collections.abc import Sequence

from leafrack.addresses import Address
from leafrack.platforms.base import Neighbour, NeighbourState, PrefixList, SwitchState
from leafrack.platforms.frr import differences, read, write


class _Frr:
    run = write.RUN
    read = read.READ

    def apply(self, text: str) -> str:
        return write.apply(text)

    def render_lists(self, lists: tuple[PrefixList, ...]) -> str:
        return write.render_lists(lists)

    def forget_lists(self, lists: tuple[PrefixList, ...]) -> str:
        return write.forget_lists(lists)

    def render(self, leaf_as: int, neighbour: Neighbour) -> str:
        return write.render(leaf_as, neighbour)

    def unrender(self, leaf_as: int, address: Address) -> str:
        return write.unrender(leaf_as, address)

    def renumber(self, leaf_as: int, addresses: Sequence[Address], as_number: int | None) -> str:
        return write.renumber(leaf_as, addresses, as_number)

    def parse(self, output: str) -> SwitchState:
        return read.parse(output)

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_neighbour(self.render(0, neighbour), found.configured)

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        return differences.of_lists(self.render_lists(lists), found.lists)

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_as(as_number, found.configured)


FRR = _Frr()
