"""`taskbell run` has one worker, which is the clock as well. Whatever happens to it, reminders go out."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import redis

from tests.mail import running_sink
from tests.prepared import prepared
from tests.processes import RunningTaskbell, environment_for, eventually, free_port
from tests.services import start_valkey

FORM = {"email": "ada@example.org", "password": "correct horse battery"}
WORK = """
import time
import django
django.setup()
from celery.worker import state
from taskbell.common.reporting import broker
from taskbell.runtime import beat, worker
"""
FAILING_BEAT = """
ticks = iter(range(3))
real = beat.Ticker.tick
beat.Ticker.tick = lambda self: next(ticks) * 0 or real(self)
worker.work("mail,default,reports", with_beat=True)
"""
# Nobody takes the ticks of reminders, so they can be counted while a job goes on after SIGTERM.
LONG_JOB = """
@worker.app.task(name="long")
def long():
    broker().set("has begun", 1)
    while state.should_stop is None:
        time.sleep(0.05)
    time.sleep(3)
    before = broker().llen("mail")
    time.sleep(2)
    broker().set("ticked on", broker().llen("mail") - before)

worker.app.send_task("long", queue="reports")
worker.work("reports", with_beat=True)
"""


@contextmanager
def program_of(*command: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One program, which doesn't outlive the block."""
    with open(log, "ab") as output:
        process = subprocess.Popen([sys.executable, *command], env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def remind_soon(program: httpx.Client, title: str) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    program.post("tasks/", json={"title": title, "remind_at": soon}).raise_for_status()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_bos_reminder_goes_out_after_the_worker_with_the_clock_was_ended(data: Path, how: signal.Signals) -> None:
    with running_sink() as sink:
        env = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port), "WEB_CONCURRENCY": "1"}
        with RunningTaskbell(prepared(data), env=env) as running, httpx.Client() as program:
            program.base_url = f"{running.base_url}/api/"
            program.post("register/", json=FORM).raise_for_status()
            program.headers["Authorization"] = f"Bearer {program.post('token/', json=FORM).json()['access']}"
            remind_soon(program, "Water")
            old = running.kill("worker", how)
            running.wait_until_restarted("worker", old=old)
            eventually(lambda: [mail for mail in sink.accepted if "Water" in str(mail.message["Subject"])], within=20)
            assert "beat" not in [word for process in running.family() for word in process.cmdline()], "one clock"


@pytest.fixture
def environment(data: Path, tmp_path: Path) -> dict[str, str]:
    """For a worker on a database of its own and a broker that is not run by Taskbell."""
    more = {"REDIS_URL": start_valkey(tmp_path), "DJANGO_SETTINGS_MODULE": "taskbell.config.settings"}
    eventually((tmp_path / "valkey.sock").exists, within=10)
    return environment_for(prepared(data), free_port(), more)


def test_a_worker_that_is_asked_to_stop_stops_ticking_and_then_finishes_its_jobs(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "output.log"
    with redis.Redis.from_url(environment["REDIS_URL"]) as broker:
        with program_of("-c", WORK + LONG_JOB, environment=environment, log=log) as worker:
            eventually(lambda: broker.get("has begun") and broker.llen("mail") >= 2, within=20)
            worker.terminate()
            assert worker.wait(20) == 0
        assert broker.get("ticked on") == b"0"
    assert "Beat" not in log.read_text()


def test_a_clock_that_fails_ends_its_worker_which_says_why(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    with program_of("-c", WORK + FAILING_BEAT, environment=environment, log=log) as worker:
        assert worker.wait(20) == 1
    assert "Beat failed." in log.read_text()
    assert "Beat has ended, so the worker ends, too." in log.read_text()
