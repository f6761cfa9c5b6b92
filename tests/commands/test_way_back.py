"""A destroy after Calico has moved its resources and before an update has followed them: refused at its first step."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest

from leafrack.commands import gate, reflectors, step
from leafrack.commands.gate import Guarded
from leafrack.commands.reflectors import Reflectors
from leafrack.errors import UnreadableError
from leafrack.fabric import names
from leafrack.world import fields
from leafrack.world.calico import Group
from leafrack.world.cluster import ClusterReader, PeerState
from leafrack.world.fields import Fields, Target
from leafrack.world.model import Cluster, Value

COPY = {"pulumi.com/patchFieldManager": "leafrack:leafrack/dev"}
PEERS = (
    PeerState("rr1-to-leaf1-peer", annotations=COPY),
    PeerState("rr1-to-node-peer", annotations=COPY),
    PeerState("written", annotations={**COPY, names.API_VERSION_ANNOTATION: "projectcalico.org/v3"}),
)
REFUSED = (
    "cluster: Calico has moved to projectcalico.org/v3 since the last `pulumi up`, and deleting by the state would "
    "leave BGPPeer rr1-to-leaf1-peer and 1 more behind: nothing was changed; run `pulumi up` first\n"
)
GIVEN: dict[str, Value] = {
    "step": Fields(
        target=Target.PEER_SPEC, key="localASNumber", values={}, manager="leafrack:leafrack/dev:local-as-number",
        cluster=Cluster(),
    ),
    "reflectors": Reflectors(
        rack="rr1", manager="leafrack:leafrack/dev:reflectors", cluster=Cluster(), endpoints=(), turns=()
    ),
    "gate": Guarded(name="g", forward=(), endpoints=(), cluster=Cluster(), manager="leafrack:leafrack/dev"),
}  # fmt: skip
COMMANDS: dict[str, Callable[[list[str]], int]] = {"step": step.main, "reflectors": reflectors.main, "gate": gate.main}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[PeerState]:
    """BGPPeers that the cluster has; whatever would write to it or look at sessions fails."""
    there = list(PEERS)

    class Reader(ClusterReader):
        group = Group.V3

        def __init__(self, _connection: object) -> None: ...

        def peers(self) -> tuple[PeerState, ...]:
            return tuple(there)

    def nothing(*_given: object, **_named: object) -> None:
        raise AssertionError("nothing may be done")

    for module in (step, reflectors, gate):
        monkeypatch.setattr(module, "ClusterReader", Reader)
        monkeypatch.setattr(module, "Connection", lambda _cluster: None)
    monkeypatch.setattr(fields, "back", nothing)
    monkeypatch.setattr(reflectors, "back", nothing)
    monkeypatch.setattr(gate, "run", nothing)
    return there


@pytest.mark.parametrize("command", GIVEN)
def test_a_copy_that_no_update_has_written_holds_the_way_back(
    command: str, found: list[PeerState], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN[command].model_dump_json()))
    assert COMMANDS[command](["back"]) == 1
    assert capsys.readouterr().out.removeprefix("g: ") == REFUSED


@pytest.mark.parametrize("command", GIVEN)
def test_once_an_update_has_written_them_it_goes_on(
    command: str, found: list[PeerState], monkeypatch: pytest.MonkeyPatch
) -> None:
    found[:] = PEERS[-1:]
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN[command].model_dump_json()))
    with pytest.raises(AssertionError, match="nothing may be done"):
        COMMANDS[command](["back"])


@pytest.mark.parametrize("command", GIVEN)
def test_while_a_migration_is_under_way_a_destroy_stops_at_its_first_step(
    command: str, found: list[PeerState], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def moving(_reader: ClusterReader) -> tuple[PeerState, ...]:
        raise UnreadableError("cluster", "Calico's resources are being moved", refused=True)

    module = {"step": step, "reflectors": reflectors, "gate": gate}[command]
    monkeypatch.setattr(module.ClusterReader, "peers", moving)
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN[command].model_dump_json()))
    assert COMMANDS[command](["back"]) == 1
    assert "cluster: Calico's resources are being moved\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", GIVEN)
def test_on_v1_to_which_no_migration_leads_nobody_lists_bgp_peers_for_it(
    command: str, found: list[PeerState], monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(_reader: ClusterReader) -> tuple[PeerState, ...]:
        pytest.fail("BGPPeers were listed")

    module = {"step": step, "reflectors": reflectors, "gate": gate}[command]
    monkeypatch.setattr(module.ClusterReader, "group", Group.V1)
    monkeypatch.setattr(module.ClusterReader, "peers", listed)
    monkeypatch.setattr("sys.stdin", StringIO(GIVEN[command].model_dump_json()))
    with pytest.raises(AssertionError, match="nothing may be done"):
        COMMANDS[command](["back"])
