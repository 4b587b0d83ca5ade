"""What keeps Taskbell from starting is one sentence that names the setting."""

import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import free_port, taskbell

COMMANDS = ["run", "web", "worker", "migrate"]


def assert_one_sentence(stderr: str, *words: str) -> None:
    assert stderr.startswith("taskbell: ")
    assert stderr.count("\n") == 1
    assert "Traceback" not in stderr
    for word in words:
        assert word in stderr


@pytest.mark.parametrize("command", [*COMMANDS, "beat"])
def test_an_unknown_setting_is_named(data: Path, command: str) -> None:
    result = taskbell(command, data=data, env={"TASKBELL_PROT": "8000"})
    assert result.returncode == 2
    assert_one_sentence(result.stderr, "TASKBELL_PROT")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreachable_database_is_named_without_its_password(data: Path, command: str) -> None:
    started_at = time.monotonic()
    url = f"postgres://bo:open-sesame@127.0.0.1:{free_port()}/tasks"
    result = taskbell(command, data=data, env={"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0"})
    assert result.returncode == 2
    assert_one_sentence(result.stderr, "DATABASE_URL", "127.0.0.1")
    assert "open-sesame" not in result.stderr
    assert time.monotonic() - started_at < 20  # five to wait, the rest for machines that are busy


@pytest.mark.parametrize("command", ["run", "web", "worker", "beat"])
def test_an_unreachable_broker_is_named_without_its_password(data: Path, command: str) -> None:
    started_at = time.monotonic()
    url = f"redis://bo:open-sesame@127.0.0.1:{free_port()}/0"
    result = taskbell(command, data=data, env={"REDIS_URL": url})
    assert result.returncode == 2
    assert_one_sentence(result.stderr, "REDIS_URL", "127.0.0.1")
    assert "open-sesame" not in result.stderr
    assert time.monotonic() - started_at < 20  # five to wait, the rest for machines that are busy


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DATABASE_URL", "open-sesame"),
        ("DATABASE_URL", "postgres://bo:open-sesame@host:port/tasks"),
        ("REDIS_URL", "open-sesame"),
        ("TASKBELL_BIND", "203.0.113.1"),
        ("TASKBELL_DATA", "/dev/null/data"),
        ("EMAIL_URL", "open-sesame"),
    ],
)
def test_an_unusable_value_is_refused_by_the_name_of_its_setting(data: Path, setting: str, value: str) -> None:
    result = taskbell("run", data=data, env={setting: value})
    assert result.returncode == 2
    assert_one_sentence(result.stderr, setting)
    assert "open-sesame" not in result.stderr


@pytest.mark.parametrize("command", [*COMMANDS, "beat", "check", "export"])
def test_a_data_folder_that_others_can_read_is_refused_with_the_command_that_closes_it(
    data: Path, command: str
) -> None:
    data.mkdir()
    (data / "backup").mkdir()
    data.chmod(0o755)
    result = taskbell(command, data=data)
    assert result.returncode == 2
    assert_one_sentence(result.stderr, "TASKBELL_DATA", str(data))
    assert [file.name for file in data.iterdir()] == ["backup"], "it has written nothing"
    closing = result.stderr.partition("Close it with '")[2].partition("'")[0]
    subprocess.run(closing, shell=True, check=True)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "backup")] == [0o700, 0o700]
    if command == "check":
        assert taskbell(command, data=data).returncode == 0


def test_a_folder_that_others_can_read_is_not_used_for_the_broker(data: Path) -> None:
    data.mkdir(mode=0o700)
    (data / "valkey").mkdir()
    (data / "valkey").chmod(0o755)
    result = taskbell("run", data=data)
    assert result.returncode == 2
    assert_one_sentence(result.stderr, "TASKBELL_DATA", "chmod 700")


@pytest.mark.parametrize(
    ("setting", "url"), [("DATABASE_URL", "postgres://127.0.0.1:{}/tasks"), ("REDIS_URL", "redis://127.0.0.1:{}/0")]
)
def test_a_server_that_takes_the_call_and_says_nothing_is_given_up_soon(data: Path, setting: str, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started_at = time.monotonic()
        result = taskbell("run", data=data, env={setting: url.format(silent.getsockname()[1])})
    assert result.returncode == 2
    assert_one_sentence(result.stderr, setting)
    assert time.monotonic() - started_at < 20  # five to wait, the rest for machines that are busy
