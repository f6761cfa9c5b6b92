"""Files that are made to take all time or memory end in a line within seconds."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from leafrack.fabric.source import LARGEST_FILE
from tests.conftest import CLONE

SECONDS, BYTES = 60.0, 2**30
"""A busy machine included; most take less than one second and 100 MiB."""
MANY = 3_000

BOMBS = {
    "10 MB": ("a: " + "x" * (10 * 2**20), "is larger than 1 MiB"),
    "aliases of aliases": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(40)),
        ":1: anchors (&a0) are not supported: write the value out",
    ),
    "an alias of itself": ("a: &a [*a]", ":1: aliases (*a) are not supported: write the value out"),
    "merge keys": ("a: &a {<<: *a, <<: *a}", ":1: aliases (*a) are not supported: write the value out"),
    "a tag that runs a command": ('!!python/object/apply:os.system ["touch pwned"]', ":1: tags (tag:yaml.org,2"),
    "brackets in brackets": ("[" * (LARGEST_FILE // 2), ":1: not valid YAML: nested deeper than 16 levels"),
    "braces in braces": ("{a: " * (LARGEST_FILE // 5), ":1: not valid YAML: nested deeper than 16 levels"),
    "dashes on a line": ("- " * (LARGEST_FILE // 3), ":1: not valid YAML: nested deeper than 16 levels"),
    "keys in keys": ("? " * (LARGEST_FILE // 3), ":1: not valid YAML: nested deeper than 16 levels"),
    "more and more indented": ("".join(" " * n + "a:\n" for n in range(1400)), ":16: not valid YAML: nested deeper"),
    "a name of 1 MB": ("name: " + "x" * (LARGEST_FILE - 20), ":1: racks: is missing"),
    "a key of 1 MB": ("? " + "x" * (LARGEST_FILE - 20) + "\n: 1", ":1: name: is missing"),
    "a number of 1 MB": ("name: " + "1" * (LARGEST_FILE - 20), ":1: racks: is missing"),
    "an address of 1 MB": (f"name: x\npodCIDRs: ['{'1.' * 500_000}/8']\nracks: {{}}", ":2: podCIDRs[0]: '1.1.1."),
    "escapes": ('name: "' + "\\x41" * 250_000 + '"', ":1: racks: is missing"),
    "only comments": ("#" * (LARGEST_FILE - 1), "the file is empty"),
    "directives": ("%TAG ! x\n" * 100_000, ":2: not valid YAML: duplicate tag handle"),
    "many keys that nobody knows": (
        "".join(f"nam{n}: 1\n" for n in range(MANY)),
        ":1: nam0: unknown key: did you mean name?",
    ),
    "many racks that are none": (
        "name: x\npodCIDRs: [10.0.0.0/8]\nracks:\n" + "".join(f"  r{n}!: {{leavez: 1}}\n" for n in range(MANY // 2)),
        ":4: racks.r0!.leavez: unknown key: did you mean leaves?",
    ),
    "many ranges that are none": ("podCIDRs:\n" + "- 1.2.3.4/33\n" * MANY, ":1: name: is missing"),
}  # fmt: skip


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


@pytest.mark.parametrize(("content", "line"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_in_a_line(content: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "leafrack", "check", str(tmp_path / "x.yaml")],
        cwd=CLONE,
        preexec_fn=_bounded,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert line in done.stderr.splitlines()[0][:500], done.stderr[:500]
    assert "Traceback" not in done.stderr
    assert not (CLONE / "pwned").exists()
