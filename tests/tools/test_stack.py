"""A state that cannot be read is set aside, and what Pulumi saved before takes its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import stack

WHOLE, OLDER, BROKEN = '{"version": 3, "checkpoint": {}}', '{"version": 3}', '{"version": 3, "chec'


@pytest.mark.parametrize(
    ("found", "copy", "then", "said"),
    [
        (WHOLE, OLDER, WHOLE, ""),
        (BROKEN, OLDER, OLDER, "the copy from before it takes its place"),
        ("", OLDER, OLDER, "the copy from before it takes its place"),
        (BROKEN, BROKEN, None, "`pulumi up` begins without one"),
        (BROKEN, None, None, "`pulumi up` begins without one"),
        (None, OLDER, None, ""),
    ],
    ids=["whole", "truncated", "empty", "truncated, its copy too", "truncated, no copy", "no state"],
)
def test_the_state_of_the_lab_is_mended(
    found: str | None,
    copy: str | None,
    then: str | None,
    said: str,
    *,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / ".pulumi" / "stacks" / "leafrack"
    folder.mkdir(parents=True)
    for name, text in (("dev.json", found), ("dev.json.bak", copy)):
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    stack.mend(tmp_path)
    state, broken = folder / "dev.json", folder / "dev.broken"
    assert (state.read_text(encoding="utf-8") if state.exists() else None) == then
    assert said in capsys.readouterr().out
    assert broken.exists() == bool(said)
    if said:
        assert broken.read_text(encoding="utf-8") == found
