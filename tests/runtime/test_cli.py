"""The command line answers people who type the wrong thing, and helps those who ask."""

from pathlib import Path

import pytest

from tests.prepared import prepared
from tests.processes import taskbell


def test_an_unknown_command_gets_one_sentence_and_a_guess(data: Path) -> None:
    result = taskbell("wrker", data=data)
    assert result.returncode == 2
    assert result.stderr == (
        "taskbell: unknown command 'wrker' (did you mean 'worker'?). Run 'taskbell --help' for a list.\n"
    )


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_help_lists_the_commands_and_points_to_those_of_django(data: Path, arguments: list[str]) -> None:
    result = taskbell(*arguments, data=data)
    assert result.returncode == 0
    for word in ("run", "web", "worker", "beat", "migrate", "createsuperuser"):
        assert word in result.stdout


@pytest.mark.parametrize(("name", "word"), [("run", "broker"), ("web", "--prepare"), ("createsuperuser", "--email")])
def test_help_explains_a_command_of_either_kind(data: Path, name: str, word: str) -> None:
    result = taskbell("help", name, data=data)
    assert result.returncode == 0
    assert word in result.stdout


def test_commands_of_django_take_their_own_options(data: Path) -> None:
    assert taskbell("migrate", "--verbosity", "0", data=data).returncode == 0
    assert "[X] 0001_initial" in taskbell("showmigrations", "accounts", data=data).stdout


def test_recount_says_that_the_counts_are_right_or_where_they_were_wrong(data: Path) -> None:
    assert taskbell("demo", "--tasks", "20", data=prepared(data), within=60).returncode == 0
    assert taskbell("recount", data=data).stdout == "All counts are correct.\n"
    spoil = "from taskbell.tasks.counting import TaskCount; TaskCount(section='created', created_by_id=7, n=2).save()"
    assert taskbell("shell", "-v", "0", "-c", spoil, data=data).returncode == 0
    assert taskbell("recount", data=data).stdout == "created 7: -2\nCorrected counts: 1.\n"
    assert taskbell("recount", data=data).stdout == "All counts are correct.\n"
