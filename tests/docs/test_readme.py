"""What README.md and docs/api.md say is done here for real, line by line."""

import re
from pathlib import Path

import pytest

from tests.docs.examples import Shell, blocks, examples, pages
from tests.prepared import prepared
from tests.processes import ROOT, RunningTaskbell

README, API = ROOT / "README.md", ROOT / "docs" / "api.md"


def test_a_newcomer_follows_the_readme_and_gets_the_mail(tmp_path: Path) -> None:
    with RunningTaskbell(tmp_path / "var") as running:
        shell = Shell(running)
        printed = [shell.run(example) for example in examples(README) if not example.is_make]
    assert any("Subject: Reminder: Water the plants" in text for text in printed)


def test_a_program_follows_the_page_about_the_api(tmp_path: Path) -> None:
    with RunningTaskbell(prepared(tmp_path / "var")) as running:
        shell = Shell(running)
        for example in examples(API):
            shell.run(example)


def test_the_readme_has_commands_to_run() -> None:
    assert len([example for example in examples(README) if not example.is_make]) >= 4
    assert len(examples(API)) >= 8


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


def test_the_readme_starts_and_tests_with_one_command_each() -> None:
    assert {"make run\n", "make test\n"} <= set(blocks(README, "sh"))
