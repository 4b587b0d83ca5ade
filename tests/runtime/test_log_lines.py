"""The log of a whole Taskbell."""

import json
from pathlib import Path

import httpx

from tests.processes import RunningTaskbell, eventually


def test_every_process_writes_json_by_setting(tmp_path: Path) -> None:
    env = {"TASKBELL_LOG_FORMAT": "json", "TASKBELL_ACCESS_LOG": "true"}
    with RunningTaskbell(tmp_path / "data", env=env) as running:
        answer = httpx.get(f"{running.base_url}/sign-in/?token=very-secret")
        old = running.kill("worker")
        running.wait_until_restarted("worker", old=old)
        lines = eventually(lambda: "worker exited" in running.output and running.output.splitlines(), within=10)
    found = [json.loads(line) for line in lines if line.startswith("{")]
    assert {line["logger"] for line in found} >= {"taskbell.web", "taskbell.run", "taskbell.access"}
    access = next(line for line in found if line.get("request_id") == answer.headers["X-Request-ID"])
    assert (access["route"], access["status"]) == ("/sign-in/", 200)
    assert "very-secret" not in running.output
    assert not [line for line in lines if " INFO " in line or " WARNING " in line]
