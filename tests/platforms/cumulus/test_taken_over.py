"""A leaf that was ``platform: frr`` before, on a real FRR behind an ``nv`` of leafrack's own: NVUE gets all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leafrack.platforms import Way, platform_of
from tests.platforms.boxes import Box, neighbour, running
from tests.platforms.test_conformance import job, with_paths

pytestmark = [pytest.mark.lab, pytest.mark.nightly(twin="tests/platforms/cumulus/test_platform.py")]


@pytest.fixture
def leaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with running("cumulus", tmp_path_factory.mktemp("cumulus")) as found:
        found.applied(job(), Way.BACK)
        yield found


def entered(leaf: Box, text: str) -> None:
    """Somebody enters lines into vtysh, of which NVUE knows nothing."""
    # FRR finds fault with a line that takes away what is not there.
    lines = [line for line in text.splitlines(keepends=True) if not line.strip().startswith("no ")]
    done = leaf.run("sh", "-ec", "cat >/tmp/lines && vtysh -f /tmp/lines", stdin="".join(lines))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_frr_was_given_by_vtysh_is_written_to_nvue_and_no_session_resets(leaf: Box) -> None:
    before = leaf.saved()
    given = with_paths(leaf, job(neighbour()))
    entered(leaf, platform_of("frr").text(given))
    up = leaf.comes_up()
    assert f"{neighbour().address} is missing" not in leaf.differences(given)
    assert leaf.differences(given), "it is not NVUE's"

    leaf.applied(given)
    assert leaf.differences(given) == []
    # Another apply leaves what is NVUE's own.
    leaf.somebody_adds("198.51.100.9", "theirs")
    leaf.somebody_removes("198.51.100.9")
    assert leaf.differences(given) == []
    assert leaf.since() == up

    leaf.applied(given, Way.BACK)
    assert leaf.saved() == before
