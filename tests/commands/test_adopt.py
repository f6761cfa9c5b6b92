"""``leafrack adopt`` as an operator sees it; the cluster and the leaves are made up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leafrack.adopt.facts import Facts
from leafrack.commands import adopt as command
from leafrack.errors import UnreadableError
from leafrack.fabric.load import load_fabric
from leafrack.platforms import SwitchState
from leafrack.world.model import Endpoint, JumpHost
from leafrack.world.observed import ClusterState
from tests.adopt.article import LEAVES, POOLS, facts
from tests.platforms.made_up import NAME, register


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What reading gives; tests put other things there."""
    given: dict[str, Any] = {"facts": facts(), "unread": []}
    monkeypatch.setattr(command, "read", lambda chosen, leaves: (given["facts"], given["unread"]))
    return given


def test_the_file_is_written_and_named_after_itself(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "north.yaml"
    assert command.main([str(file)]) == 0
    assert capsys.readouterr() == (f"{file}: written; no remarks\n", "")
    assert load_fabric(file).name == "north"


def test_a_file_that_is_there_is_never_overwritten(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "north.yaml"
    file.write_text("mine")
    assert command.main([str(file)]) == 2
    assert capsys.readouterr().err == f"{file} is there already: give another name, nothing is overwritten\n"
    assert file.read_text() == "mine"


def test_a_folder_that_is_not_there_is_one_line(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "away" / "north.yaml"
    assert command.main([str(file)]) == 2
    assert capsys.readouterr().err == f"cannot write {file}: no such file or directory\n"


def test_a_leaf_that_cannot_be_read_is_said_and_the_rest_is_written(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found["facts"] = facts(leaves=(replace(LEAVES[0], state=None), LEAVES[1]))
    found["unread"] = [UnreadableError("leaf01", "no answer from 127.0.0.1 port 2201 within its time")]
    file = tmp_path / "north.yaml"
    assert command.main([str(file)]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == str(found["unread"][0])
    assert "leaf leaf1: no switch that was named has 172.20.0.254" in said.err
    assert list(load_fabric(file).racks["rr1"].leaves) == ["leaf1"]


def test_what_cannot_be_built_yet_is_written_with_all_problems(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found["facts"] = facts(pools=())
    file = tmp_path / "north.yaml"
    assert command.main([str(file)]) == 1
    said = capsys.readouterr().err
    assert f"{file}:5: podCIDRs: is empty: at least one is needed\n" in said
    assert said.endswith(f"{file}: written, but it cannot be built yet: see above\n")
    found["facts"] = facts(pools=POOLS)
    assert file.exists()


def test_json_has_remarks_and_what_could_not_be_read(
    found: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found["facts"] = facts(leaves=(replace(LEAVES[0], state=None), LEAVES[1]))
    found["unread"] = [UnreadableError("leaf01", "no answer")]
    file = tmp_path / "north.yaml"
    assert command.main([str(file), "--json"]) == 1
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert (said["file"], said["ok"], said["written"]) == (str(file), False, True)
    assert said["unreadable"] == [{"who": "leaf01", "why": "no answer"}]
    assert [f"{remark['about']}: {remark['text']}" for remark in said["remarks"]] == err.splitlines()[1:]
    assert said["remarks"]


CANNOT_START = {
    "a file that is there": ([], "is there already", 2),
    "a leaf that is none": (["--leaf", "leaf01"], "is not NAME=", 2),
}


@pytest.mark.parametrize(("words", "said", "code"), CANNOT_START.values(), ids=CANNOT_START)
def test_what_cannot_start_asks_nobody_and_ends_with_2(
    words: list[str], said: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "north.yaml"
    if not words:
        file.write_text("mine")
    assert command.main([str(file), *words, "--json"]) == code
    out, err = capsys.readouterr()
    assert said in err
    answer = json.loads(out)
    assert (answer["ok"], answer["written"]) == (False, False)
    assert said in answer["problems"][0]["text"]


def chosen(tmp_path: Path, *words: str) -> Any:
    return command.arguments([str(tmp_path / "north.yaml"), *words])


@pytest.mark.parametrize(
    ("given", "ssh"),
    [
        ("leaf01=10.0.0.1", {"host": "10.0.0.1"}),
        ("leaf01=admin@leaf01.example.net:2201", {"host": "leaf01.example.net", "user": "admin", "port": 2201}),
        ("leaf01=[fd00::1]:22", {"host": "fd00::1"}),
    ],
)
def test_a_leaf_is_named_on_the_command_line(given: str, ssh: dict[str, Any], tmp_path: Path) -> None:
    leaves = command.leaves_of(chosen(tmp_path, "--leaf", given))
    dumped = {name: one.model_dump(by_alias=True, exclude_defaults=True) for name, one in leaves.items()}
    assert dumped == {"leaf01": ssh}


def test_leaves_come_from_a_file_whose_paths_start_at_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "leaves.yaml").write_text("leaf01: {host: 10.0.0.1, identityFile: id}\n")
    options = chosen(tmp_path, "--leaves", str(folder / "leaves.yaml"))
    leaves = command.leaves_of(options)
    assert command._endpoint(options, "leaf01", leaves["leaf01"]).identity_file == str(folder / "id")
    assert command._as_written(options, leaves["leaf01"]) == {"host": "10.0.0.1", "identityFile": "keys/id"}


def test_a_leaf_of_the_file_is_read_through_its_jump_host_which_is_written_too(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "leaves.yaml").write_text("leaf01: {host: 10.0.0.1, jump: {host: b, user: operator, identityFile: id}}\n")
    options = chosen(tmp_path, "--leaves", str(folder / "leaves.yaml"))
    leaves = command.leaves_of(options)
    jump = command._endpoint(options, "leaf01", leaves["leaf01"]).jump
    assert jump == JumpHost(host="b", port=22, user="operator", identity_file=str(folder / "id"))
    written = {"host": "b", "user": "operator", "identityFile": "keys/id"}
    assert command._as_written(options, leaves["leaf01"]) == {"host": "10.0.0.1", "jump": written}


@pytest.mark.parametrize(
    ("words", "content", "said"),
    [
        (["--leaf", "leaf01"], "", "--leaf: 'leaf01' is not NAME=[USER@]HOST[:PORT]"),
        (["--leaf", "leaf01=host:99999"], "", "--leaf: leaf01.port: is 99999: must be from 1 to 65535"),
        (
            ["--leaves", "FILE"],
            "leaf01: {pasword: x}",
            (
                "FILE: leaf01.pasword: unknown key: known here are host, port, user, hostKey, identityFile, jump, "
                "platform, apply"
            ),
        ),
        (
            ["--leaves", "FILE"],
            "{leaf01: {prot: 22}, b: 3}",
            "FILE: leaf01.prot: unknown key: did you mean port?; b: needs a mapping (key: value), got the number 3",
        ),
        (["--leaves", "FILE"], "leaf01: [", "FILE: cannot be read: while parsing a flow node"),
        (["--leaves", "FILE"], "- leaf01", "FILE: needs a mapping (key: value), got a list"),
    ],
)
def test_what_cannot_be_a_leaf_is_one_line(words: list[str], content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "leaves.yaml"
    file.write_text(content)
    options = chosen(tmp_path, *(word.replace("FILE", str(file)) for word in words))
    with pytest.raises(UnreadableError) as refused:
        command.leaves_of(options)
    assert str(refused.value).replace(str(file), "FILE") == said


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path / "north.yaml"), "--kubeconfig", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"cluster: there is no kubeconfig {tmp_path}/none\n"
    assert not (tmp_path / "north.yaml").exists()


def test_a_cluster_without_a_peer_towards_a_leaf_has_nothing_to_take_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare: Facts = facts(peers={})
    monkeypatch.setattr(ClusterState, "read", lambda cluster: bare.cluster)
    assert command.main([str(tmp_path / "north.yaml")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("cluster: no BGPPeer of it leads to a leaf: there is nothing to take over")


def test_a_leaf_of_another_platform_or_another_team_is_read_and_says_so_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    register(monkeypatch)
    leaves = tmp_path / "leaves.yaml"
    leaves.write_text(f"leaf01: {{host: 127.0.0.1, platform: {NAME}}}\nleaf02: {{host: 127.0.0.2, apply: by-hand}}\n")
    asked: dict[str, str] = {}

    def read_all(endpoints: list[Endpoint], _credentials: object) -> dict[str, SwitchState | None]:
        asked.update({one.name: one.platform for one in endpoints})
        return {known.name: known.state for known in LEAVES}

    monkeypatch.setattr(command, "read_all", read_all)
    monkeypatch.setattr(ClusterState, "read", lambda _cluster: facts().cluster)
    file = tmp_path / "north.yaml"
    assert command.main([str(file), "--leaves", str(leaves)]) == 0
    assert asked == {"leaf01": NAME, "leaf02": "frr"}
    found = load_fabric(file)
    assert [found.racks[rack].leaves[leaf].platform for rack, leaf in (("rr1", "leaf01"), ("rr2", "leaf02"))] == [
        NAME,
        "frr",
    ]
    assert file.read_text().count("platform") == 1
    assert [found.racks[rack].leaves[leaf].by_hand for rack, leaf in (("rr1", "leaf01"), ("rr2", "leaf02"))] == [
        False,
        True,
    ]
    assert found.racks["rr2"].leaves["leaf02"].readable


def test_a_leaf_of_an_unknown_platform_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    leaves = tmp_path / "leaves.yaml"
    leaves.write_text("leaf01: {host: 127.0.0.1, platform: fr}\n")
    chosen = command.arguments(["x.yaml", "--leaves", str(leaves)])
    with pytest.raises(UnreadableError) as caught:
        command.leaves_of(chosen)
    assert str(caught.value) == f"{leaves}: leaf01.platform: unknown platform 'fr': did you mean frr?"
