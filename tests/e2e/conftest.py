"""A lab and a Pulumi project for each module: what one module does to its fabric is no other's business."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.project import Project, environment, settings
from tests.conftest import Lab


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example fabric as a fresh Calico install, for one module."""
    own = Lab(tmp_path_factory.mktemp("site"))
    own.up()
    yield own
    own.down()


@pytest.fixture(scope="module")
def project(site: Lab, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a state of its own on the module's lab, nothing applied yet."""
    return Project.make(tmp_path_factory.mktemp("pulumi") / "project", environment(), settings(site.dir))
