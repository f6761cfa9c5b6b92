"""The lab as a fixture: one real fabric for a module of tests, in a folder of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from lab.handle import Lab
from lab.paths import CLONE
from lab.paths import DEFAULT_FABRIC as DEV_FABRIC
from tests.ssh_servers import Servers

pytest_plugins = ("tests.scheduling",)

# A shell has what it starts in the background ignore SIGINT, and so would all that a test starts and then interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

__all__ = ["CLONE", "DEV_FABRIC", "Lab"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example fabric, as a fresh Calico install. Tests put back what they change."""
    own = Lab(tmp_path_factory.mktemp("lab"))
    own.up()
    yield own
    own.down()


@pytest.fixture
def servers() -> Iterator[Servers]:
    """SSH servers of this process that end with the test."""
    own = Servers()
    yield own
    own.stop()
