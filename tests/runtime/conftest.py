"""One running Taskbell for the tests that leave it as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import RunningTaskbell


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTaskbell]:
    with RunningTaskbell(tmp_path_factory.mktemp("running") / "data") as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"
