"""``python -m ci.report``: a preview or a drift check as markdown, for a comment or an issue, and its verdict.

Secrets that the stack knows come in on standard input (``pulumi config --show-secrets --json``), so that none of them
can be in what goes out; Pulumi hides them in its own output already.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ci import plan
from ci.plan import Preview
from leafrack.errors import ProblemKind, kind_of, printable

DRIFT = 7
"""Exit code of Pulumi itself where ``--expect-no-changes`` finds changes."""
UNREADABLE = 1
LONGEST = 60_000
"""Characters of a report: GitHub takes 65,536 of a comment or an issue."""
SECRET_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN")
_WORDS = {"create": "to create", "update": "to update", "delete": "to delete", "replace": "to replace"}
_MEANS_MORE = re.compile(r"[<>&\[\]*@#|!\\~$^{}%]|://|www\.|^\W|^\d+[.)]")
_SIGNS = {"create": "+", "delete": "-", "discard-replaced": "-", "delete-replaced": "-", "create-replacement": "+"}


def of_plan(stack: str, preview: Preview, code: int) -> list[str]:
    """What an update of the stack would do, for the one who says yes to it."""
    if code or preview.errors:
        return [f"### Stack {stack}: this cannot be applied", "", *_bullets(preview.errors or _no_words(code))]
    counts = preview.counts or {}
    parts = [f"{number} {_WORDS.get(kind, kind)}" for kind, number in sorted(counts.items()) if kind not in plan.QUIET]
    lines = [f"### Stack {stack}: {', '.join(parts) or 'nothing to change'}", ""]
    if preview.warnings:
        lines += ["Know before you say yes:", "", *_bullets(preview.warnings), ""]
    return [*lines, *_changes(preview)]


def of_drift(
    stack: str, preview: Preview, code: int, rows: Sequence[dict[str, Any]] | None, also_said: str = ""
) -> tuple[int, list[str]]:
    """The verdict on a stack, and what differs: nothing is said of one that is in sync.

    ``rows`` are those of ``leafrack status --json``, None where it gave none but ``also_said``.
    """
    failing = [row for row in rows or () if not row["ok"]]
    warnings = [kind_of(line) for line in preview.warnings]
    in_the_way, foreign, differs, by_hand = (
        [text for kind, text in warnings if kind is wanted]
        for wanted in (ProblemKind.IN_THE_WAY, ProblemKind.FOREIGN, ProblemKind.DRIFT, ProblemKind.BY_HAND)
    )
    if code not in (0, DRIFT) and not in_the_way:
        # A refresh of the cluster may fail before our own program says why: rows of no rack are of the cluster itself.
        why = [*(row["found"] for row in failing if not row["rack"]), *(preview.errors or _no_words(code))]
        return UNREADABLE, [f"### Stack {stack} could not be checked", "", *_bullets(why)]
    if rows is None:
        why = also_said.splitlines() or ["leafrack status ended without a result"]
        return UNREADABLE, [f"### The sessions of stack {stack} could not be checked", "", *_bullets(why)]
    if code == 0 and not failing:
        return 0, []
    lines = [f"### Stack {stack} is not what it was made to be", ""]
    if in_the_way:
        lines += ["Somebody else's, and left alone; `pulumi up` stops there:", "", *_bullets(in_the_way), ""]
        lines += [*_bullets(preview.errors), ""] if preview.errors else []
    if foreign:
        lines += ["Somebody else's, and left alone:", "", *_bullets(foreign), ""]
    if differs:
        lines += ["What differs:", "", *_bullets(differs), ""]
    if by_hand:
        lines += ["On leaves that somebody else configures, and that `pulumi up` leaves as they are:", ""]
        lines += [*_bullets(by_hand), ""]
    if preview.changes:
        lines += ["`pulumi up` would take this back:", "", *_changes(preview), ""]
    if failing:
        every = sum(row.get("hides") or 1 for row in rows)
        lines += [f"{len(rows) - len(failing)} of {every} sessions and routes are as expected, these are not:", ""]
        lines += _bullets(f"{row['what']} – expected {row['expected']}, found {row['found']}" for row in failing)
    return DRIFT, lines


def _no_words(code: int) -> list[str]:
    return [f"pulumi preview ended with exit code {code} and said nothing: see the log of the job"]


def _bullets(lines: Iterable[str]) -> list[str]:
    return [f"- {_harmless(line)}" for line in lines]


def _harmless(text: str) -> str:
    """Text of a switch or a cluster as a forge may show it: as code where markdown or the forge would read more in it.

    Only code keeps a name with @ from notifying somebody, and an address from becoming a link or an image.
    """
    line = printable(text)
    if not _MEANS_MORE.search(line):
        return line
    fence = _longer_than_in([line])
    return f"{fence} {line} {fence}"


def _changes(preview: Preview) -> list[str]:
    if not preview.changes:
        return []
    lines: list[str] = []
    for change in preview.changes:
        lines.append(f"{_SIGNS.get(change.operation, '!')} {change}")
        lines += [f"{line[0]}   {line[1:]}" for line in change.lines]
    lines = list(map(printable, lines))
    # A fence that no line of a value can close.
    fence = _longer_than_in(lines, at_least=3)
    return [f"{fence}diff", *lines, fence]


def _longer_than_in(lines: Iterable[str], at_least: int = 1) -> str:
    """As many backticks as stand nowhere in a row."""
    return "`" * max(at_least, *(len(run) + 1 for line in lines for run in re.findall("`+", line)), 0)


def text(lines: Sequence[str], secrets: Iterable[str]) -> str:
    """The report as it may be seen by anyone who sees the pipeline: without secrets, not longer than a comment."""
    whole = "\n".join(lines).rstrip()
    for secret in sorted(secrets, key=len, reverse=True):
        whole = whole.replace(secret, "[secret]")
    if len(whole) > LONGEST:
        kept = whole[:LONGEST].rpartition("\n")[0]
        fence = next((line for line in reversed(kept.splitlines()) if line.startswith("```")), "")
        closed = f"\n{fence.removesuffix('diff')}" if fence.endswith("diff") else ""
        rest = whole.count("\n") - kept.count("\n")
        whole = f"{kept}{closed}\n\n{rest} more lines: see the log of the job."
    return whole + "\n" if whole else ""


def secrets_of(configuration: str) -> set[str]:
    """Every secret of a stack's configuration, also line by line: a key is told from its lines, not from its whole."""
    try:
        declared = json.loads(configuration or "{}")
    except ValueError:
        declared = {}
    values = [each.get("objectValue", each.get("value")) for each in declared.values() if each.get("secret")]
    found = {*_texts(values), *(os.environ.get(name, "") for name in SECRET_VARIABLES)}
    of_keys = {line for secret in found for line in secret.splitlines() if len(line) > 8}
    return {each for each in found | of_keys if each}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _rows(file: Path) -> list[dict[str, Any]] | None:
    try:
        return list(json.loads(file.read_text(encoding="utf-8"))["rows"])
    except (OSError, ValueError, KeyError):
        return None


def main(given: Sequence[str] | None = None) -> int:
    """Write the report. Exit code: that of a plan's preview; of a drift check 0, 7 (differs) or 1 (not readable)."""
    parser = argparse.ArgumentParser(prog="python -m ci.report", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("about", choices=("plan", "drift"))
    parser.add_argument("stack")
    parser.add_argument("work", type=Path, help="folder with preview.json, preview.err; verify.json and .err")
    parser.add_argument("code", type=int, help="exit code of the preview")
    parser.add_argument("report", type=Path, help="the file to write")
    chosen = parser.parse_args(given)
    preview = plan.read(
        (chosen.work / "preview.json").read_text(encoding="utf-8"),
        (chosen.work / "preview.err").read_text(encoding="utf-8"),
    )
    if chosen.about == "plan":
        code, lines = int(chosen.code), of_plan(chosen.stack, preview, chosen.code)
    else:
        rows = _rows(chosen.work / "verify.json")
        said = (chosen.work / "verify.err").read_text(encoding="utf-8")
        code, lines = of_drift(chosen.stack, preview, chosen.code, rows, said)
    # In one piece: what stands there is a whole report, or there is none and nothing is said of the stack.
    part = chosen.report.with_name(f"{chosen.report.name}.part")
    part.write_text(text(lines, secrets_of(sys.stdin.read())), encoding="utf-8")
    part.replace(chosen.report)
    return code


if __name__ == "__main__":
    sys.exit(main())
