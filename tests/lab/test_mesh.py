"""What the lab says when nodes or switches have no session: which sessions, not the end of a log that is fine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import mesh
from lab.fabrics import values
from lab.plan import Plan, plan_of
from tests.proof.fabrics import fabric

ANSWER = """0001 BIRD v1.6.8 ready.
2002-name     proto    table    state  since       info
1002-static1  Static   master   up     16:01:02
 kernel1  Kernel   master   up     16:01:02
 Mesh_172_20_0_12 BGP      master   up     16:01:10    Established
 Mesh_172_21_0_11 BGP      master   start  16:01:10    Active        Socket: Connection closed
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of a node whose BIRDs answer with the same list."""
    monkeypatch.setattr(mesh, "home_of", lambda host: tmp_path / host)
    (tmp_path / "n1a" / "calico").mkdir(parents=True)
    servers = []
    for name in ("bird", "bird6"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / "n1a" / "calico" / f"{name}.ctl"))
        server.listen()
        servers.append(server)

        def serve(server: socket.socket = server) -> None:
            while True:
                try:
                    with server.accept()[0] as connection:
                        connection.recv(100)
                        connection.sendall(f"{ANSWER}0000 \n".encode())
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
    yield tmp_path
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def plan() -> Plan:
    return plan_of(fabric(values(2, spines=1)))


def test_the_sessions_that_a_node_lacks_are_named_by_both_ends(home: Path) -> None:
    node = next(node for node in plan().nodes if node.name == "n1a")
    assert home
    assert mesh.missing(plan(), node) == ["n1a - n1c (IPv4)", *(f"n1a - n2{one} (IPv4)" for one in "abc")]


def test_a_bird_that_does_not_answer_is_named(home: Path) -> None:
    (home / "n1b" / "calico").mkdir(parents=True)
    node = next(node for node in plan().nodes if node.name == "n1b")
    assert mesh.missing(plan(), node) == ["bird of n1b does not answer", "bird6 of n1b does not answer"]


def test_a_line_names_a_few_sessions_and_counts_the_others() -> None:
    assert mesh.listed([str(number) for number in range(9)]) == "0, 1, 2, 3, 4, 5 and 3 more"
    assert mesh.listed(["a - b (IPv4)"]) == "a - b (IPv4)"


def test_the_sessions_that_a_switch_lacks_are_named_too() -> None:
    spine = plan().switches[0]
    summary = {"ipv4Unicast": {"peers": {"100.1.1.2": {"state": "Established"}, "100.1.2.2": {"state": "Active"}}}}
    assert list(mesh.missing_of_switch(spine, json.dumps(summary))) == ["leaf2 - spine1 (IPv4)"]
    assert list(mesh.missing_of_switch(spine, "")) == ["bgpd of spine1 does not answer"]
