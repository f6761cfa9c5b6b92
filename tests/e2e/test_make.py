"""What a newcomer types, as README and docs have it: ``make up`` to ``make down`` in a copy of the clone.

The tests stand in the order of the README.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.paths import CLONE
from lab.project import Run
from tests.e2e.newcomer import README, Copy, block
from tests.e2e.world import eventually
from tests.processes import family_of, still_there

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

SEEN = {
    "pulumi preview": r"Resources:\n +\d+ unchanged\n",
    "calicoctl get nodes -o wide": r"node6 +\(?64513\)? +173\.20\.0\.13",
    "leafrack render leaf01 config/fabrics/dev.yaml": r"\n neighbor 172\.20\.0\.11 remote-as 64512\n",
    "python -m lab exec node1 -- calicoctl node status": r"172\.20\.0\.254 .* Established",
    "python -m lab exec leaf01 -- vtysh -c 'show bgp summary'": r"leafrack rr1 node1",
    "python -m lab exec node3 -- ping -c 3 -I 10.233.64.129 10.233.65.65": r" 0% packet loss",
    "make status": r"\n18 of 18 as expected\n",
}
"""The lines of "Look around", each with what it shows at least."""


def words(text: str) -> list[str]:
    """Each line, however wide its columns are."""
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The copy, its lab and everything in it ended afterwards."""
    own = Copy.of_the_clone(tmp_path_factory.mktemp("newcomer") / "leafrack")
    own.borrow_packages()
    try:
        yield own
    finally:
        own.make("down")


@pytest.fixture(scope="module")
def up(copy: Copy) -> Run:
    """``make up``, which all others need."""
    run = copy.make("up")
    assert run.code == 0, run.said
    return run


def test_make_up_shows_the_sessions_as_the_readme_has_them(copy: Copy, up: Run) -> None:
    promised = [" ".join(line.split()) for line in block(README, "shows the sessions:")]
    assert promised[-1] == "18 of 18 as expected"
    assert [line for line in promised if line != "…" and line not in words(up.said)] == [], up.said
    assert re.search(r"^tools: complete, .*\(command provider: .*pulumi-command", up.said, re.MULTILINE), up.said
    assert (copy.folder / ".lab" / "state.json").exists()
    assert f"file://{copy.folder}/.lab/state" in (copy.folder / ".lab" / "env").read_text(encoding="utf-8")


def test_the_readme_has_no_line_to_look_around_that_is_not_run_here() -> None:
    assert block(README, "## Look around") == [". .lab/env", *SEEN, "make down"]


@pytest.mark.parametrize(("line", "shown"), SEEN.items(), ids=SEEN)
def test_a_line_to_look_around_works_as_it_stands(line: str, shown: str, copy: Copy, up: Run) -> None:
    run = copy.in_its_lab(line)
    assert run.code == 0, run.said
    assert re.search(shown, run.said), run.said


def test_a_switch_answers_the_ssh_line_of_the_docs(copy: Copy, up: Run) -> None:
    (line,) = re.findall(r"^    (ssh -F .*)$", (CLONE / "docs" / "lab.md").read_text(encoding="utf-8"), re.MULTILINE)
    run = copy.shell(line)
    assert run.code == 0, run.said
    assert "leafrack rr1 node1" in run.said, run.said


def test_make_drift_finds_nothing_until_something_is_changed_by_hand(copy: Copy, up: Run) -> None:
    run = copy.make("drift")
    assert run.code == 0, run.said
    assert "stack dev: nothing differs, every session and route is as expected\n" in run.said
    described(copy, "mine")
    run = copy.make("drift")
    described(copy, "leafrack rr1 node2")
    assert run.code == 2, run.said
    assert "drift check of stack dev … failed with exit code 7" in run.said
    assert "leaf01: neighbour 172.20.0.12 (node2) has `description mine` instead of" in run.said


def described(copy: Copy, text: str) -> None:
    typed = ("configure terminal", "router bgp 65009", f"neighbor 172.20.0.12 description {text}")
    line = " ".join(f"-c '{each}'" for each in typed)
    run = copy.shell(f'ssh -F .lab/ssh/config leaf01 "vtysh {line}"')
    assert run.code == 0, run.said


def test_another_stack_reads_the_fabric_with_the_program_of_the_docs(copy: Copy, up: Run, tmp_path: Path) -> None:
    page = (CLONE / "docs" / "outputs.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert program.count("/prod") == 1
    (tmp_path / "__main__.py").write_text(program.replace("/prod", "/dev"), encoding="utf-8")
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(copy.folder / ".venv")}}
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "reader", "runtime": runtime}), encoding="utf-8")
    run = copy.in_its_lab(
        f"cd {tmp_path} && pulumi stack init reader && pulumi up --yes --skip-preview && "
        "pulumi stack output 'rr1 AS' && pulumi stack rm --force --yes"
    )
    assert run.code == 0, run.said
    assert "\n64512\n" in run.said, run.said


def test_make_down_leaves_nothing_on_the_machine(copy: Copy, up: Run) -> None:
    running = family_of(copy.state["holder"]["pid"])
    assert len(running) > 60
    run = copy.make("down")
    assert run.code == 0, run.said
    assert copy.state == {}
    # A namespace without a process, and without a mount of it, is none any more.
    assert eventually(lambda: copy.processes() == [], 20), copy.processes()
    assert still_there(running) == set()
    assert copy.mounted() == []
    # The clone's own stack is there and describes nothing.
    left = copy.in_its_lab("pulumi stack export --stack dev")
    assert left.code == 0, left.said
    assert not json.loads(left.said)["deployment"].get("resources"), left.said
