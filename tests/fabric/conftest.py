from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fabric.fabric_files import errors_of

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def errors(tmp_path: Path) -> Callable[[str], list[str]]:
    """Errors of a fabric file with this text, called x.yaml."""

    def check(text: str) -> list[str]:
        path = tmp_path / "x.yaml"
        path.write_text(text, encoding="utf-8")
        return errors_of(path)

    return check
