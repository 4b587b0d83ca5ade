"""A how-to is right when somebody who follows it to the letter gets there."""

from pathlib import Path

import pytest

from tests.docs.howto import Project
from tests.processes import ROOT

pytestmark = pytest.mark.processes

HOWTOS = sorted((ROOT / "docs" / "howto").glob("add-*.md"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("page", HOWTOS, ids=lambda page: page.stem)
def test_the_steps_of_the_page_lead_to_green_tests(project: Project, page: Path) -> None:
    printed = project.follow(page)
    assert "passed" in printed[-1]
