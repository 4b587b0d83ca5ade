"""One command starts everything, keeps it running, and leaves nothing behind."""

import os
import signal
import stat
import time
from pathlib import Path

import psutil
import pytest
import redis

from tests.prepared import prepared
from tests.processes import RunningTaskbell, alive, eventually, free_port, memory_of, taskbell

MEBIBYTE = 1024 * 1024


def test_the_banner_says_where_everything_is_and_who_becomes_admin(running: RunningTaskbell) -> None:
    assert running.answers()
    for words in (running.base_url, str(running.data), str(running.data / "mail"), "becomes the admin", "Ctrl-C"):
        assert words in running.output
    assert f"{running.base_url}/setup/" in running.output
    assert "Traceback" not in running.output


def test_nobody_else_can_read_the_data_folder(running: RunningTaskbell) -> None:
    for path in (running.data, running.data / "run", running.data / "valkey", running.data / "valkey" / "valkey.sock"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_nobody_else_can_read_any_file_in_it(running: RunningTaskbell) -> None:
    """Database, secret key, setup link, process IDs, the broker's log: none relies on the folder around it."""
    files = list(running.data.rglob("*"))
    assert {"taskbell.sqlite3", "secret_key", "setup-link", "web.pid"} <= {file.name for file in files}
    assert [file for file in files if stat.S_IMODE(file.lstat().st_mode) & 0o077 and "static" not in file.parts] == []


def test_the_broker_listens_on_no_network_port(running: RunningTaskbell) -> None:
    assert psutil.Process(running.pid("valkey")).net_connections("inet") == []


def test_the_broker_gives_up_kept_answers_before_it_grows_without_limit(running: RunningTaskbell) -> None:
    broker = redis.Redis(unix_socket_path=str(running.data / "valkey" / "valkey.sock"), decode_responses=True)
    with broker:
        said = broker.config_get("maxmemory*")
    assert (said["maxmemory"], said["maxmemory-policy"]) == (str(32 * MEBIBYTE), "volatile-ttl")


def test_everything_together_needs_less_than_400_mebibytes(running: RunningTaskbell) -> None:
    assert memory_of(running.family()) < 400 * MEBIBYTE


@pytest.mark.parametrize("name", ["web", "worker", "valkey"])
def test_a_killed_child_is_started_again(running: RunningTaskbell, name: str) -> None:
    old = running.kill(name)
    new = running.wait_until_restarted(name, old=old)
    assert f"{name} exited (SIGKILL)" in running.output
    eventually(running.answers, within=15)
    assert psutil.pid_exists(new)


def test_a_second_start_on_the_same_folder_says_that_the_first_is_running(running: RunningTaskbell) -> None:
    second = taskbell("run", data=running.data)
    assert second.returncode == 2
    reason = f"TASKBELL_DATA: another Taskbell is already using {running.data}. Stop it first."
    assert second.stderr == f"taskbell: {reason}\n"
    assert running.answers()


def test_a_second_start_on_the_same_port_says_that_it_is_taken(running: RunningTaskbell, data: Path) -> None:
    second = taskbell("run", data=data, env={"PORT": str(running.port)})
    assert second.returncode == 2
    reason = f"PORT: can't listen on port {running.port} of 127.0.0.1, because another program uses it."
    assert second.stderr == f"taskbell: {reason}\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_everything_within_ten_seconds(data: Path, how: signal.Signals) -> None:
    with RunningTaskbell(prepared(data)) as running:
        family = running.family()
        asked_at = time.monotonic()
        assert running.stop(how) == 0
        assert time.monotonic() - asked_at < 10
        assert alive(family) == []
        assert list((data / "run").glob("*.pid")) == []


def test_ctrl_c_during_the_start_stops_it_as_well(data: Path) -> None:
    running = RunningTaskbell(data)
    eventually(lambda: running.pid("web"), within=10)
    family = running.family()
    assert running.stop() == 0
    assert alive(family) == []


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux tells children that their parent has been killed")
def test_a_killed_parent_leaves_no_orphan_and_can_start_again_at_once(data: Path) -> None:
    with RunningTaskbell(prepared(data)) as killed:
        family = killed.family()
        killed.stop(signal.SIGKILL)
        with RunningTaskbell(data, port=free_port()) as next_one:
            eventually(lambda: not alive(family), within=10)
            assert next_one.answers()


def test_the_second_start_has_nothing_to_prepare(data: Path) -> None:
    with RunningTaskbell(data) as first:
        assert "Collecting" in first.output
    with RunningTaskbell(data) as second:
        assert "Collecting" not in second.output
        assert second.answers()


def test_several_web_processes_stop_with_their_parent(data: Path) -> None:
    with RunningTaskbell(prepared(data), env={"WEB_CONCURRENCY": "2"}) as running:
        family = eventually(lambda: len(found := running.family()) >= 6 and found, within=10)
        eventually(running.answers, within=10)
        assert running.stop() == 0
        assert alive(family) == []
