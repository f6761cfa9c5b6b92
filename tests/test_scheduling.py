"""Which module may run beside which, and that a run keeps to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scheduling import KNOWN, Kind, file_of, in_order, kind_of, load, marks_in, may_begin, store, unit_of

CLONE = Path(__file__).resolve().parents[1]
QUICK, LAB, LOSS = Kind


@pytest.mark.parametrize(
    ("kind", "others", "waiting", "may"),
    [
        (QUICK, [LOSS, LAB], [LOSS], True),
        (LAB, [], [], True),
        (LAB, [LAB, LAB, LAB, LAB], [], True),
        (LAB, [LOSS, QUICK, QUICK], [], True),
        (LAB, [LOSS, LAB], [], False),
        (LAB, [LOSS, LOSS], [], False),
        (LAB, [LAB], [LOSS], True),
        (LAB, [LAB, LAB], [LOSS], False),
        (LOSS, [], [], True),
        (LOSS, [LOSS], [LOSS], True),
        (LOSS, [LAB, QUICK], [], True),
        (LOSS, [LAB, LAB], [], False),
    ],
)
def test_a_module_may_begin_beside(kind: Kind, others: list[Kind], waiting: list[Kind], may: bool) -> None:  # noqa: FBT001
    assert may_begin(kind, others, waiting) is may


def test_loss_comes_first_then_labs_and_the_longest_of_each() -> None:
    kinds = {"q": QUICK, "short": LAB, "long": LAB, "new": LAB, "loss": LOSS}
    assert in_order(kinds, {"q": 900, "short": 10, "long": 500, "loss": 1}) == ["loss", "new", "long", "short", "q"]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/a.py::test_it", "tests/a.py"),
        ("tests/a.py::test_it[x]", "tests/a.py"),
        ("tests/b.py::test_it[x]", "tests/b.py[x]"),
        ("tests/b.py::test_it[y]", "tests/b.py"),
        ("tests/b.py::test_it", "tests/b.py"),
    ],
)
def test_what_stays_together_is_a_module_or_a_known_part_of_it(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid, {"tests/b.py[x]"}) == unit
    assert file_of(unit) == nodeid.partition("::")[0]


def test_every_module_with_pings_is_marked_loss_and_every_other_on_a_lab_is_not() -> None:
    wrong = []
    for file in sorted((CLONE / "tests").rglob("test_*.py")):
        counts = "\nfrom lab.pings import " in file.read_text(encoding="utf-8")
        if (kind_of(marks_in(file)) is LOSS) is not counts:
            wrong.append(str(file.relative_to(CLONE)))
    assert wrong == []


def test_whatever_runs_at_night_has_a_twin_that_make_test_runs() -> None:
    wrong = []
    for file in sorted((CLONE / "tests").rglob("test_*.py")):
        for twin in twins_in(file):
            there = CLONE / twin
            if not there.exists() or is_nightly_as_a_whole(there):
                wrong.append(f"{file.relative_to(CLONE)}: {twin}")
    assert wrong == []


def twins_in(file: Path) -> list[str]:
    """Files that the ``nightly`` marks of a module name."""
    return re.findall(r'mark\.nightly\(twin="([^"]+)"\)', file.read_text(encoding="utf-8"))


def is_nightly_as_a_whole(file: Path) -> bool:
    """Whether none of a module's tests runs in ``make test``."""
    marks = re.search(r"^pytestmark = \[[^]]*\]", file.read_text(encoding="utf-8"), re.MULTILINE)
    return marks is not None and "mark.nightly" in marks[0]


def test_the_table_of_durations_names_modules_that_exist() -> None:
    assert [unit for unit in load(KNOWN) if not (CLONE / file_of(unit)).exists()] == []


def test_durations_that_are_stored_replace_those_of_the_same_module_and_of_modules_that_are_gone(
    tmp_path: Path,
) -> None:
    (tmp_path / "tests").mkdir()
    for name in ("kept.py", "again.py"):
        (tmp_path / "tests" / name).touch()
    table = tmp_path / "tests" / "durations.json"
    table.write_text(json.dumps({"tests/kept.py": 3.0, "tests/again.py": 5.0, "tests/gone.py": 7.0}))
    store(table, {"tests/again.py": 6.4, "tests/quick.py": 0.2})
    assert load(table) == {"tests/kept.py": 3.0, "tests/again.py": 6.0}


MODULE = """
import os, time
from pathlib import Path
import pytest

pytestmark = [{marks}]

def note(word):
    with Path({journal!r}).open("a") as journal:
        journal.write(f"{{word}} {name} {{os.getpriority(os.PRIO_PROCESS, 0)}}\\n")

@pytest.fixture(scope="module")
def lab():
    note("begin")
    yield
    time.sleep(0.1)
    note("end")

@pytest.mark.parametrize("number", range({tests}))
def test_it(lab, number):
    time.sleep(0.1)
"""
INI = """\
[pytest]
markers =
    lab: a
    loss: b
addopts = -p tests.scheduling -p no:cacheprovider --import-mode=importlib
"""


@dataclass(frozen=True)
class Ran:
    """A run of small modules: what pytest said, and in which order modules began and ended."""

    said: str
    code: int
    journal: list[list[str]]

    def beside(self) -> dict[str, int]:
        """For each module, the most labs that ran at a time while it did."""
        running: set[str] = set()
        most: dict[str, int] = {}
        for word, name, _ in self.journal:
            (running.add if word == "begin" else running.discard)(name)
            labs = [each for each in running if not each.startswith("quick")]
            most |= {each: max(most.get(each, 0), len(labs)) for each in running}
        return most


def ran(folder: Path, modules: dict[str, int], workers: int, extra: str = "") -> Ran:
    """Modules of so many tests by name; the beginning of the name says of which kind."""
    journal = folder / "journal"
    for name, tests in modules.items():
        marks = {"loss": "pytest.mark.lab, pytest.mark.loss", "lab": "pytest.mark.lab"}.get(name.partition("_")[0], "")
        text = MODULE.format(marks=marks, journal=str(journal), name=name, tests=tests)
        (folder / f"test_{name}.py").write_text(text + (extra if name == "lab_1" else ""))
    (folder / "pytest.ini").write_text(INI)
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses", str(workers), "--dist", "loadfile"],
        cwd=folder, env={**own, "PYTHONPATH": str(CLONE)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Ran(done.stdout + done.stderr, done.returncode, [line.split() for line in journal.read_text().splitlines()])


LABS = {"lab_1": 3, "lab_2": 1, "lab_3": 3, "lab_4": 3}
MODULES = {"loss_1": 3, "loss_2": 1, "loss_3": 2, **LABS, "quick_1": 2, "quick_2": 1}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_run_ends_with_every_test_and_never_has_two_labs_beside_one_whose_packets_are_counted(
    workers: int, tmp_path: Path
) -> None:
    run = ran(tmp_path, MODULES, workers)
    assert run.code == 0, run.said
    assert f"{sum(MODULES.values())} passed" in run.said
    beside = run.beside()
    assert beside.keys() == MODULES.keys()
    assert max(most for name, most in beside.items() if name.startswith("loss")) <= 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a niceness back")
def test_tests_without_a_lab_are_polite(tmp_path: Path) -> None:
    run = ran(tmp_path, {"lab_1": 1, "quick_1": 1, "lab_2": 1}, 1)
    assert {name: niceness for _, name, niceness in run.journal} == {"lab_1": "0", "lab_2": "0", "quick_1": "5"}


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(tmp_path: Path) -> None:
    dies = "\ndef test_dies():\n    mark = Path('died')\n    mark.exists() or (mark.touch(), os._exit(1))\n"
    run = ran(tmp_path, MODULES, 3, dies)
    assert run.code == 1, run.said
    assert "worker 'gw" in run.said
    assert f"1 failed, {sum(MODULES.values()) + 1} passed" in run.said, run.said


def test_what_a_test_starts_can_be_interrupted_in_a_run_in_the_background_too() -> None:
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import tests.conftest; "
    started = "import subprocess; child = subprocess.Popen(['sleep', '20']); child.send_signal(signal.SIGINT); "
    code = f"{ignored}{started}print(child.wait(timeout=10))"
    done = subprocess.run([sys.executable, "-c", code], cwd=CLONE, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("-2", "")
