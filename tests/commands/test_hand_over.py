"""The last words on a leaf by hand: said where it leaves the fabric, and not where leafrack takes it over."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from leafrack.commands import hand_over
from leafrack.commands.hand_over import HandedOver
from leafrack.errors import UnreadableError
from leafrack.world.cluster import PeerState
from leafrack.world.model import Cluster

HANDED = HandedOver(
    leaf="leaf02",
    neighbours=tuple(f"173.20.0.1{number}" for number in range(1, 7)),
    lists=("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT"),
    peers=("rr2-to-leaf2-peer",),
    cluster=Cluster(),
)
SAID = (
    "leaf02: nobody waits for it; what is to be taken away there by hand: neighbours 173.20.0.11, 173.20.0.12, "
    "173.20.0.13, 173.20.0.14 and 2 more; lists LEAFRACK-dc1-IN, LEAFRACK-dc1-OUT "
    "(`leafrack render leaf02 FABRIC.yaml --remove`, with the file as it was)\n"
)


class _Reader:
    def __init__(self, *peers: str, away: bool = False) -> None:
        self._peers, self._away = peers, away

    def peers(self) -> tuple[PeerState, ...]:
        if self._away:
            raise UnreadableError("cluster", "is away")
        return tuple(PeerState(name, {}) for name in self._peers)


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (_Reader("rr2-to-node-peer"), SAID),
        (_Reader(), SAID),
        (_Reader(away=True), SAID),
        (_Reader("rr2-to-leaf2-peer"), ""),
    ],
    ids=["it is gone", "all is gone", "the cluster is away", "it stays, as leafrack's own"],
)
def test_what_is_to_be_taken_away_is_one_line_and_fails_nothing(
    reader: _Reader, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hand_over, "Connection", lambda *_, **__: None)
    monkeypatch.setattr(hand_over, "ClusterReader", lambda _: reader)
    monkeypatch.setattr(sys, "stdin", StringIO(HANDED.model_dump_json()))
    assert hand_over.main(["back"]) == 0
    assert capsys.readouterr() == ("", said)
