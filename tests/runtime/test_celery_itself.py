"""Those who know Celery can start its own commands instead of ours."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.mail import running_sink
from tests.processes import ROOT, environment_for, eventually, free_port
from tests.services import start_valkey

FORM = {"email": "ada@example.org", "password": "correct horse battery"}


@contextmanager
def running(*command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def answers(program: httpx.Client) -> bool:
    try:
        return program.get("schema/").status_code == 200
    except httpx.HTTPError:
        return False


def test_a_reminder_goes_out_by_celerys_own_worker_and_beat(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "output.log"
    with ExitStack() as stack:
        sink = stack.enter_context(running_sink())
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port)}
        environment = environment_for(tmp_path / "data", port, mail | {"REDIS_URL": start_valkey(tmp_path)})
        stack.enter_context(running("taskbell", "web", "--prepare", environment=environment, log=log))
        program = stack.enter_context(httpx.Client(base_url=f"http://localhost:{port}/api/"))
        eventually(lambda: answers(program), within=40)
        for part in (["worker", "--pool", "threads"], ["beat"]):
            stack.enter_context(running("celery", "-A", "taskbell", *part, environment=environment, log=log))
        program.post("register/", json=FORM).raise_for_status()
        program.headers["Authorization"] = f"Bearer {program.post('token/', json=FORM).json()['access']}"
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        program.post("tasks/", json={"title": "Water the plants", "remind_at": soon}).raise_for_status()
        eventually(lambda: sink.accepted, within=40)
