"""Servers and files for the tests of what is in deploy/."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.containers import Image, image
from tests.deploy.machines import Services, checkout, services


@pytest.fixture(scope="session")
def servers() -> Iterator[Services]:
    with services() as both:
        yield both


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that nothing has been installed in."""
    return checkout(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def built(project: Path) -> Iterator[Image]:
    """The image of this project, built once."""
    with image(project) as made:
        yield made
