"""Files in and out by the command line, in an installation of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.prepared import prepared
from tests.processes import environment_for
from tests.services import fresh_database

PEOPLE = """
from taskbell.accounts.models import User
User.objects.create_person(username="ada", email="ada@example.org", password="correct horse battery", role="ADMIN")
"""


@pytest.fixture
def run(tmp_path: Path) -> object:
    """Runs a command of Taskbell where Ada is the admin."""

    def taskbell(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "taskbell", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)

    env = environment_for(prepared(tmp_path / "data"), 8000, fresh_database())
    assert taskbell("shell", "-c", PEOPLE).returncode == 0
    return taskbell


def test_ada_brings_a_file_and_takes_it_out_again(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "in.csv").write_text("title,priority\nSow,HIGH\nReap,LOW\n")
    done = run("import", "in.csv", "--as", "ada")
    assert (done.returncode, "Imported 2 tasks" in done.stderr) == (0, True), done.stderr
    assert run("export").stdout.splitlines()[1].startswith("1,Sow,")
    assert run("export", "out.json").returncode == 0
    assert '"title":"Reap"' in (tmp_path / "out.json").read_text()


def test_every_bad_row_is_a_line_and_there_is_an_exit_code(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "in.csv").write_text("title,priority\n" + "Sow,HOT\n" * 300 + "Reap,LOW\n")
    done = run("import", "in.csv")
    assert done.returncode == 1
    *bad, last = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in bad] == [f"line {n}, priority" for n in range(2, 302)]
    assert last == "Can't import 300 of 301 rows, so nothing was imported."
    assert len(run("export").stdout.splitlines()) == 1
    done = run("import", "in.csv", "--partial")
    assert (done.returncode, "Imported 1 task from" in done.stderr) == (1, True)


def test_what_cannot_begin_is_a_sentence(run) -> None:  # type: ignore[no-untyped-def]
    for arguments in (["import", "missing.csv"], ["export", "--as", "nobody"], ["export", "--format", "pdf"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
