"""A state that cannot be read is set aside, and what Pulumi saved before takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import stack

WHOLE, OLDER, OLDEST = '{"version": 3, "checkpoint": {}}', '{"version": 3}', '{"version": 2}'
BROKEN = '{"version": 3, "chec'


@dataclass(frozen=True)
class Found:
    """Files of a state, with the text of each; ``ended`` are Pulumi's copies after runs that ended, oldest first."""

    state: str | None
    copy: str | None = None
    ended: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("found", "then", "said"),
    [
        (Found(WHOLE, OLDER), WHOLE, ""),
        (Found(BROKEN, OLDER), OLDER, "dev.json.bak takes its place"),
        (Found("", OLDER, (OLDEST,)), OLDER, "dev.json.bak takes its place"),
        (Found("", "", (OLDEST, OLDER)), OLDER, "dev.2000.json takes its place"),
        (Found("", BROKEN, (OLDEST, "")), OLDEST, "dev.1000.json takes its place"),
        (Found(BROKEN, BROKEN), None, "`pulumi up` begins without one"),
        (Found(BROKEN), None, "`pulumi up` begins without one"),
        (Found(None, OLDER, (OLDEST,)), None, ""),
    ],
    ids=[
        "whole",
        "truncated",
        "empty",
        "empty, its copy too",
        "empty, its copy and the newest of the others cut off",
        "truncated, its copy too",
        "truncated, no copy",
        "no state",
    ],
)
def test_the_state_of_the_lab_is_mended(
    found: Found, then: str | None, said: str, *, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, ended = tmp_path / ".pulumi" / "stacks" / "leafrack", tmp_path / ".pulumi" / "backups" / "leafrack" / "dev"
    folder.mkdir(parents=True)
    ended.mkdir(parents=True)
    state, broken = folder / "dev.json", folder / "dev.broken"
    files = {state: found.state, folder / "dev.json.bak": found.copy}
    files |= {ended / f"dev.{number}000.json": text for number, text in enumerate(found.ended, 1)}
    for file, text in files.items():
        if text is not None:
            file.write_text(text, encoding="utf-8")
    stack.mend(tmp_path)
    assert (state.read_text(encoding="utf-8") if state.exists() else None) == then
    assert said in capsys.readouterr().out
    assert broken.exists() == bool(said)
    if said:
        assert broken.read_text(encoding="utf-8") == found.state
