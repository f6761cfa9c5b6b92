"""A preview and a verification as the markdown of a comment or an issue."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ci import plan, report
from ci.plan import SIGNATURE
from leafrack.errors import PREFIXES, ProblemKind

NODE = "urn:pulumi:dev::leafrack::leafrack:index:LeafRack$kubernetes:core/v1:NodePatch::node3-labels"
LEAF = "urn:pulumi:dev::leafrack::leafrack:index:LeafSwitch$command:remote:Command::leaf01-172.20.0.11"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def step(
    urn: str, paths: dict[str, str], old: dict[str, Any], new: dict[str, Any], *, inputs: bool = False
) -> dict[str, Any]:
    detailed = {path: {"kind": kind, "inputDiff": inputs} for path, kind in paths.items()}
    where = "inputs" if inputs else "outputs"
    return {
        "op": "update", "urn": urn, "detailedDiff": detailed, "oldState": {where: old}, "newState": {"inputs": new},
    }  # fmt: skip


def preview(*steps: dict[str, Any], errors: tuple[str, ...] = (), warnings: tuple[str, ...] = ()) -> str:
    said = [{"severity": "error", "message": f"error: {text}\n"} for text in errors]
    said += [{"severity": "warning", "message": f"warning: {text}\n"} for text in warnings]
    changed = [each for each in steps if each["op"] != "same"]
    counts = {"same": 44, **({"update": len(changed)} if changed else {})}
    return json.dumps({"steps": steps, "diagnostics": said, "changeSummary": counts})


LABEL = step(
    NODE, {"metadata.labels.rr-group": "update"},
    {"metadata": {"labels": {"rr-group": "rr9"}}}, {"metadata": {"labels": {"rr-group": "rr1"}}},
)  # fmt: skip
SAME = {"op": "same", "urn": NODE, "detailedDiff": None}

CHANGES = {
    "a label": (LABEL, ["-    metadata.labels.rr-group: rr9", "+    metadata.labels.rr-group: rr1"]),
    "a key with dots and quotes": (
        step(NODE, {'metadata.labels["a.b/c"]': "add"}, {}, {"metadata": {"labels": {"a.b/c": "x"}}}),
        ['+    metadata.labels["a.b/c"]: x'],
    ),
    "an entry of a list": (
        step(NODE, {"spec.list[1].cidr": "delete"}, {"spec": {"list": [{}, {"cidr": "10.0.0.0/8"}]}}, {"spec": {}}),
        ["-    spec.list[1].cidr: 10.0.0.0/8"],
    ),
    "a number and a truth": (
        step(NODE, {"spec.asNumber": "update", "spec.on": "add"}, {"spec": {"asNumber": 1}},
             {"spec": {"asNumber": 2, "on": True}}),
        ["-    spec.asNumber: 1", "+    spec.asNumber: 2", "+    spec.on: true"],
    ),
    "lines of a command": (
        step(LEAF, {"update": "update"}, {"update": "same\nold"}, {"update": "same\nnew"}, inputs=True),
        ["!    update", "-      old", "+      new"],
    ),
    "a secret": (
        step(LEAF, {"stdin": "update"}, {"stdin": SECRET}, {"stdin": SECRET}),
        ["-    stdin: [secret]", "+    stdin: [secret]"],
    ),
    "a part of a secret": (
        step(LEAF, {"connection.privateKey": "add"}, {}, {"connection": SECRET}),
        ["+    connection.privateKey: [secret]"],
    ),
    "something with a secret in it": (
        step(LEAF, {"connection": "add"}, {}, {"connection": {"host": "h", "key": SECRET}}),
        ["+    connection: [secret]"],
    ),
    "what only has a reason": (
        {"op": "update", "urn": LEAF, "detailedDiff": None, "diffReasons": ["stdin"]},
        ["!    stdin"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "lines"), CHANGES.values(), ids=CHANGES)
def test_a_report_shows(changed: dict[str, Any], lines: list[str]) -> None:
    code, said = report.of_drift("dev", plan.read(preview(SAME, changed)), 7, [])
    assert code == 7
    start = said.index("```diff")
    assert said[start + 2 : said.index("```")] == lines
    assert said[start + 1].startswith("! update ")


def test_a_plan_counts_its_changes_and_tells_what_to_know_first() -> None:
    said = report.of_plan("prod", plan.read(preview(LABEL, warnings=("f.yaml:3: racks.rr1: resets once",))), 0)
    assert said[0] == "### Stack prod: 1 to update"
    assert "- f.yaml:3: racks.rr1: resets once" in said
    assert "! update NodePatch node3-labels" in said


def test_a_plan_without_changes_says_so() -> None:
    assert report.of_plan("prod", plan.read(preview(SAME)), 0)[0] == "### Stack prod: nothing to change"


def test_a_plan_that_is_refused_shows_every_error_and_no_change() -> None:
    said = report.of_plan("prod", plan.read(preview(LABEL, errors=("f.yaml:3: a", "f.yaml:4: b"))), 1)
    assert said == ["### Stack prod: this cannot be applied", "", "- f.yaml:3: a", "- f.yaml:4: b"]


def test_what_went_wrong_before_any_preview_is_in_the_report() -> None:
    said = report.of_plan("prod", plan.read("", "warning: x\nerror: no stack named 'prod' found\n"), 1)
    assert said[2:] == ["- no stack named 'prod' found"]


ROWS = [
    {"rack": "rr1", "what": "node1 ↔ leaf01", "expected": "Established", "found": "Established", "ok": True},
    {"rack": "rr1", "what": "node2 ↔ leaf01", "expected": "Established", "found": "Idle", "ok": False},
]
AWAY = [{"rack": "", "what": "cluster", "expected": "an answer", "found": "cluster: away", "ok": False}]
IN_THE_WAY = f"{PREFIXES[ProblemKind.IN_THE_WAY]}x.yaml:3: racks.rr1: BGPPeer other"
DIFFERS = f"{PREFIXES[ProblemKind.DRIFT]}leaf01: x has `y` instead of `z`"
BY_HAND = f"{PREFIXES[ProblemKind.BY_HAND]}leaf02: x is missing"
FOREIGN = f"{PREFIXES[ProblemKind.FOREIGN]}node node3 is no reflector"
HIDING = [*ROWS[:1], {**ROWS[1], "what": "leaf02", "hides": 4}]
VERDICTS = {
    "a leaf that is away": (0, preview(SAME), HIDING, 7, "1 of 5 sessions and routes are as expected"),
    "in sync": (0, preview(SAME), ROWS[:1], 0, ""),
    "a change": (7, preview(LABEL), ROWS[:1], 7, "### Stack dev is not what it was made to be"),
    "a session": (0, preview(SAME), ROWS, 7, "- node2 ↔ leaf01 – expected Established, found Idle"),
    "both": (7, preview(LABEL), ROWS, 7, "1 of 2 sessions and routes are as expected, these are not:"),
    "not readable": (1, preview(errors=("leaf01: away",)), ROWS, 1, "- leaf01: away"),
    "a cluster that is away": (255, preview(errors=("refresh failed",)), AWAY, 1, "- cluster: away\n- refresh failed"),
    "not readable without a word": (255, "", ROWS, 1, "exit code 255 and said nothing"),
    "no verification": (0, preview(SAME), None, 1, "- fabric.yaml:3: wrong"),
    "somebody else's": (7, preview(SAME, warnings=(IN_THE_WAY,)), ROWS[:1], 7, "- x.yaml:3: racks.rr1: BGPPeer other"),
    "somebody else's that stops the preview": (255, preview(warnings=(IN_THE_WAY,), errors=("no such node",)),
                                               ROWS[:1], 7, "- no such node"),
    "lines on a leaf": (7, preview(LABEL, warnings=(DIFFERS,)), ROWS[:1], 7,
                         "What differs:\n\n- leaf01: x has `y` instead of `z`"),
    "lines on a leaf by hand": (7, preview(LABEL, warnings=(BY_HAND,)), ROWS[:1], 7,
                                "leaves as they are:\n\n- leaf02: x is missing"),
    "a line of somebody else's": (7, preview(SAME, warnings=(FOREIGN,)), ROWS[:1], 7,
                                  "left alone:\n\n- node node3 is no reflector"),
    "no verification of what differs": (7, preview(LABEL), None, 1, "- fabric.yaml:3: wrong"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "text", "rows", "verdict", "said"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_of_a_drift_check(
    code: int, text: str, rows: list[dict[str, Any]] | None, verdict: int, said: str
) -> None:
    found, lines = report.of_drift("dev", plan.read(text), code, rows, "fabric.yaml:3: wrong")
    assert found == verdict
    assert said in "\n".join(lines)
    assert bool(lines) == bool(verdict)


def test_a_value_cannot_leave_its_block() -> None:
    nasty = step(NODE, {"a": "add"}, {}, {"a": "x\n```\n# hello @everyone ````"})
    _, said = report.of_drift("dev", plan.read(preview(nasty)), 7, [])
    assert "`````diff" in said
    assert said[-2] == "`````"


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAAline0one\nBBBBline0two\n-----END OPENSSH PRIVATE KEY-----"
CONFIGURATION = json.dumps(
    {
        "leafrack:fabric": {"value": "dev.yaml", "secret": False},
        "leafrack:sshPrivateKey": {"value": KEY, "secret": True},
        "leafrack:bgpPasswords": {"value": "{}", "objectValue": {"rr1": "hunter2"}, "secret": True},
    }
)


def test_no_secret_of_the_stack_is_in_a_report_whatever_brought_it_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "preview.json").write_text(preview(errors=("dev.yaml: hunter2", "key BBBBline0two", "pass-phrase")))
    (tmp_path / "preview.err").write_text("")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "pass-phrase")
    monkeypatch.setattr("sys.stdin", io.StringIO(CONFIGURATION))
    assert report.main(["plan", "dev", str(tmp_path), "1", str(tmp_path / "report.md")]) == 1
    said = (tmp_path / "report.md").read_text().splitlines()
    assert said[2:] == ["- dev.yaml: [secret]", "- key [secret]", "- [secret]"]


def test_a_report_is_never_longer_than_a_comment_and_stays_whole_markdown() -> None:
    many = [step(NODE, {"a": "add"}, {}, {"a": "x" * 500}) for _ in range(500)]
    lines = report.of_plan("dev", plan.read(preview(*many)), 0)
    text = report.text(lines, ())
    assert len(text) < 61_000
    assert text.count("```") == 2
    assert text.endswith(" more lines: see the log of the job.\n")
