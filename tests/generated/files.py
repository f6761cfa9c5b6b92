"""Values as the file that leafrack reads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml


@contextmanager
def written(values: Mapping[str, Any]) -> Iterator[Path]:
    """A file with these values, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fabric.yaml"
        file.write_text(yaml.dump(dict(values), sort_keys=False, Dumper=_Plain), encoding="utf-8")
        yield file


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice: a fabric file has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
