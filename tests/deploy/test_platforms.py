"""The lines of the Procfile, started as Heroku and its kin start them, with what those set and nothing else."""

import json
import re
import secrets
import signal
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from websockets.sync.client import connect

from taskbell.config.env import Environment, names_of
from tests.deploy.machines import Command, Services
from tests.processes import ROOT, eventually, free_port

HOST = "taskbell-of-ada.example.org"
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1", "Host": HOST}
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
FORM = {"email": "ada@example.org", "password": "correct horse battery"}
GUNICORN = "gunicorn taskbell.config.asgi -k taskbell.config.gunicorn.Worker"


def given(services: Services, port: int) -> dict[str, str]:
    """All that a platform sets."""
    return services.settings | {
        "PORT": str(port),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": HOST,
        "DEBUG": "False",
    }


def is_ready(web: Command, url: str) -> Callable[[], bool]:
    def ready() -> bool:
        assert web.process.poll() is None, web.output
        try:
            return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    return ready


@pytest.fixture
def run(project: Path) -> Iterator[Callable[[str, dict[str, str]], Command]]:
    with ExitStack() as stack:
        yield lambda line, env: stack.enter_context(Command(line, cwd=project, env=env))


Run = Callable[[str, dict[str, str]], Command]


@pytest.mark.parametrize(("server", "number"), [(PROCFILE["web"], 1), (f"deploy/on-platform {GUNICORN}", 2)])
def test_the_procfile_needs_what_platforms_set_and_no_more(
    servers: Services, project: Path, run: Run, server: str, number: int
) -> None:
    port = free_port()
    env = given(servers.fresh(number), port)
    url = f"http://127.0.0.1:{port}"
    release = run(PROCFILE["release"], env)
    assert release.end() == 0, release.output
    if "gunicorn" in server:
        collected = run("deploy/on-platform collectstatic --noinput", env)
        assert collected.end() == 0, collected.output
    web, worker, beat = run(server, env), run(PROCFILE["worker"], env), run(PROCFILE["beat"], env)
    eventually(is_ready(web, url), within=60)
    for mail in (project / "var" / "mail").glob("*.eml"):
        mail.unlink()

    with httpx.Client(base_url=url, headers=PROXY, timeout=20) as people:
        assert people.get("/sign-in/").headers["Strict-Transport-Security"]
        plain = people.get("/sign-in/", headers={"X-Forwarded-Proto": "http"})
        assert plain.headers["Location"] == f"https://{HOST}/sign-in/"
        style = re.search(r'"(/static/[^"]+\.css)"', people.get("/sign-in/").text)
        assert style, "pages have a style sheet"
        assert people.get(style[1]).status_code == 200
        assert people.post("/api/register/", json=FORM).status_code == 201
        access = people.post("/api/token/", json=FORM).json()["access"]
        people.headers["Authorization"] = f"Bearer {access}"
        headers: Any = {"Authorization": f"Bearer {access}", "X-Forwarded-Proto": "https"}
        line = socket.create_connection(("127.0.0.1", port))
        with connect(f"ws://{HOST}/ws/tasks/", sock=line, additional_headers=headers, proxy=None) as live:
            cursor = json.loads(live.recv(timeout=10))["cursor"]
            live.send(json.dumps({"resume": cursor}))
            soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
            task = people.post("/api/tasks/", json={"title": "Water the plants", "remind_at": soon})
            assert task.status_code == 201
            assert json.loads(live.recv(timeout=10))["title"] == "Water the plants"
    mails = eventually(lambda: list((project / "var" / "mail").glob("*.eml")), within=20)
    assert f"https://{HOST}/" in mails[0].read_text(), "links lead to where people are"

    for command in (web, worker, beat):
        assert command.stop() in (0, -signal.SIGTERM), command.output
        assert "Traceback" not in command.output, command.output


@pytest.mark.parametrize(
    ("missing", "named"),
    [("DATABASE_URL", "DATABASE_URL"), ("REDIS_URL", "REDIS_URL"), ("SECRET_KEY", "SECRET_KEY"),
     ("ALLOWED_HOSTS", "TASKBELL_URL")],
)  # fmt: skip
def test_what_a_platform_forgot_is_one_sentence(run: Run, missing: str, named: str) -> None:
    env = given(Services("postgres://127.0.0.1:1/x", "redis://127.0.0.1:1/0"), free_port())
    del env[missing]
    command = run(PROCFILE["web"], env)
    assert command.end() == 2
    assert command.output.startswith(f"taskbell: {named}: must be set")
    assert command.output.count("\n") == 1


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ({"RENDER_EXTERNAL_URL": "https://taskbell.onrender.com"}, "TASKBELL_URL=https://taskbell.onrender.com"),
        ({"FLY_APP_NAME": "ours"}, "TASKBELL_URL=https://ours.fly.dev"),
        ({"ALLOWED_HOSTS": "one.example.org,two.example.org"}, "TASKBELL_URL=https://one.example.org"),
        ({"ALLOWED_HOSTS": HOST, "TASKBELL_URL": "https://x.example"}, "TASKBELL_URL=https://x.example"),
        (
            {"ALLOWED_HOSTS": HOST, "DYNO": "web.1", "REDIS_URL": "rediss://:x@redis.example.org:6380"},
            "REDIS_URL=rediss://:x@redis.example.org:6380?ssl_cert_reqs=none",
        ),
        (
            {"ALLOWED_HOSTS": HOST, "REDIS_URL": "rediss://:x@redis.example.org:6380"},
            "REDIS_URL=rediss://:x@redis.example.org:6380",
        ),
    ],
)
def test_what_platforms_call_otherwise_is_understood(
    project: Path, tmp_path: Path, platform: dict[str, str], said: str
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec env\n")
    program.chmod(0o755)
    env = {"DATABASE_URL": "postgres://x", "REDIS_URL": "redis://x", "SECRET_KEY": "x"} | platform
    with Command(f"env PATH={tmp_path}:$PATH deploy/on-platform web", cwd=project, env=env) as command:
        assert command.end() == 0, command.output
        assert said in command.output.splitlines()


def settings_in(environment: list[dict[str, Any]]) -> set[str]:
    return {entry["key"] for entry in environment if "key" in entry}


def test_the_blueprint_of_render_starts_what_the_procfile_starts_with_settings_that_exist() -> None:
    blueprint = yaml.safe_load((ROOT / "render.yaml").read_text())
    services = {service["name"]: service for service in blueprint["services"]}
    programs = [service for service in services.values() if service["type"] in ("web", "worker")]
    commands = {service["startCommand"] for service in programs}
    assert commands == {PROCFILE[name] for name in ("web", "worker", "beat")}
    assert services["taskbell"]["preDeployCommand"] == PROCFILE["release"]
    group = blueprint["envVarGroups"][0]
    known = {name for field in Environment.model_fields for name in names_of(field)}
    for service in programs:
        named = settings_in(service["envVars"]) | settings_in(group["envVars"])
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TASKBELL_URL"} <= named <= known
        for entry in service["envVars"]:
            of = entry.get("fromService") or {}
            assert not of or services[of["name"]]["type"] == of["type"]
    assert not [entry for entry in group["envVars"] if "sync" in entry], "Render asks for no values of a group"


def test_the_app_of_heroku_names_programs_and_settings_that_exist() -> None:
    app = json.loads((ROOT / "app.json").read_text())
    known = {name for field in Environment.model_fields for name in names_of(field)}
    assert set(app["env"]) <= known
    assert set(app["formation"]) == set(PROCFILE) - {"release"}
    assert (ROOT / ".python-version").read_text().strip() >= "3.11"


def test_the_file_of_fly_starts_every_part_with_settings_that_exist() -> None:
    app = tomllib.loads((ROOT / "deploy" / "fly.toml").read_text())
    assert set(app["env"]) <= {name for field in Environment.model_fields for name in names_of(field)}
    assert app["processes"] == {name: name for name in ("web", "worker", "beat")}
    assert app["http_service"]["internal_port"] == int(app["env"]["PORT"])
