"""What a command of a leaf has put out is there for the program of the next run: the engine itself reads its state."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from leafrack.commands.switch import SEALS
from leafrack.platforms.seals import Seal

from .harness import ROOT, Stack

pytestmark = pytest.mark.toolchain

SEAL = Seal.of(ip_address("172.20.0.11"), "s3cret", "3 5f1a")
PROGRAM = """
import sys

sys.path.insert(0, {root!r})
import pulumi
from pulumi_command import local

from components.state import seals

pulumi.export("kept", {{leaf: [str(each) for each in kept] for leaf, kept in seals(["leaf01", "leaf02"]).items()}})
leaf = pulumi.ComponentResource("leafrack:index:LeafSwitch", "leaf01")
local.Command(
    "leaf01-sessions",
    create={create!r},
    stdin=pulumi.Output.secret("s3cret"),
    environment=pulumi.Output.secret({{"LEAFRACK_SSH_PASSWORD": "s3cret"}}),
    opts=pulumi.ResourceOptions(parent=leaf),
)
"""


def test_what_is_kept_of_passwords_is_read_beside_secrets_and_by_a_preview_too(
    make_stack: Callable[[str], Stack],
) -> None:
    stack = make_stack("kept")
    output = SEALS.dump_json({ip_address("172.20.0.11"): SEAL}).decode()
    create = f"cat >/dev/null; echo '{output}'"
    (stack.folder / "__main__.py").write_text(PROGRAM.format(root=str(ROOT), create=create))
    for kept in ("[]", '["172.20.0.11"]'):
        done = stack.pulumi("up", "--yes", "--skip-preview")
        assert done.code == 0, done.text
        shown = stack.pulumi("stack", "output", "kept")
        assert shown.text.strip() == f'{{"leaf01":{kept},"leaf02":[]}}'
    preview = stack.pulumi("preview", "--expect-no-changes")
    assert preview.code == 0, preview.text
    assert "s3cret" not in preview.text + done.text
