"""SSH servers for the tests that log in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.verify.ssh_servers import Servers


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Servers that end with the test."""
    own = Servers()
    yield own
    own.stop()
