"""Web processes under Gunicorn log and report as those of `taskbell web` do."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import redis

from taskbell.common.reporting import SEEN, TOTALS
from tests.prepared import prepared
from tests.processes import environment_for, eventually, free_port
from tests.services import start_valkey


def test_the_last_counts_are_reported_and_the_log_is_ours(data: Path) -> None:
    port, url = free_port(), start_valkey(data.parent)
    env = environment_for(prepared(data), port, {"REDIS_URL": url, "TASKBELL_LOG_FORMAT": "json"})
    command = [sys.executable, "-m", "gunicorn", "taskbell.config.asgi", "-k", "taskbell.config.gunicorn.Worker"]
    with subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--workers", "1"],
        cwd=data.parent, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as gunicorn:  # fmt: skip
        try:
            eventually(lambda: answers(port), within=60)
            assert httpx.get(f"http://127.0.0.1:{port}/sign-in/").status_code == 200
        finally:
            gunicorn.terminate()
        output, _ = gunicorn.communicate(timeout=30)
    broker = redis.Redis.from_url(url)
    counted = {key.decode().split("\x1f")[2]: float(value) for key, value in broker.hgetall(TOTALS).items()
               if key.startswith(b"taskbell_http_requests\x1f")}  # fmt: skip
    broker.close()
    assert counted["/sign-in/"] == 1
    assert not broker.exists(SEEN)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert "uvicorn.error" in {line["logger"] for line in lines}
    assert "Traceback" not in output


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
