"""The metrics of a whole Taskbell: right for all its processes, and still right when one is killed."""

import signal
from pathlib import Path

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import RunningTaskbell, eventually

SIGN_IN = 'taskbell_http_requests_total{method="GET",route="/sign-in/",status="200"}'


def figures(running: RunningTaskbell) -> dict[str, float]:
    text = httpx.get(f"{running.base_url}/metrics").text
    return {
        sample.name
        + (
            "{" + ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items())) + "}" if sample.labels else ""
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def web_processes(running: RunningTaskbell) -> list[psutil.Process]:
    return next(one for one in running.family() if "web" in one.cmdline()).children()


def test_counts_of_all_processes_are_added_up_and_survive_those_that_are_killed(tmp_path: Path) -> None:
    with RunningTaskbell(tmp_path / "data", env={"WEB_CONCURRENCY": "2"}) as running:
        processes = (
            'taskbell_processes{part="web"}',
            'taskbell_processes{part="worker"}',
            'taskbell_processes{part="beat"}',
        )
        eventually(lambda: [figures(running).get(name) for name in processes] == [2, 1, 1], within=20)
        for _ in range(60):  # each by a connection of its own, which either process takes
            httpx.get(f"{running.base_url}/sign-in/")
        eventually(lambda: figures(running).get(SIGN_IN) == 60, within=5)
        jobs = eventually(
            lambda: figures(running).get('taskbell_jobs_total{job="taskbell.reminders.deliver_due",outcome="success"}'),
            within=10,
        )
        for process in web_processes(running):
            process.send_signal(signal.SIGKILL)
        old = running.kill("worker")
        running.wait_until_restarted("worker", old=old)
        eventually(running.answers, within=10)
        found = figures(running)
        assert found[SIGN_IN] == 60
        assert found['taskbell_jobs_total{job="taskbell.reminders.deliver_due",outcome="success"}'] >= jobs
        eventually(lambda: [figures(running).get(name) for name in processes] == [2, 1, 1], within=20)
        running.wait_until_restarted("valkey", old=running.kill("valkey"))
        found = eventually(lambda: (now := figures(running))["taskbell_broker_up"] == 1 and now, within=10)
        assert found[SIGN_IN] == 60


def test_a_web_process_that_is_asked_to_stop_reports_first(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with RunningTaskbell(data) as running:
        httpx.get(f"{running.base_url}/sign-in/")
    with RunningTaskbell(data) as running:
        assert figures(running)[SIGN_IN] == 1
