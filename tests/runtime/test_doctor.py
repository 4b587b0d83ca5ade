"""`taskbell doctor` finds what is broken, and says how to fix it."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from taskbell.common.sql import execute
from taskbell.runtime import checks_local, checks_mail, checks_network
from taskbell.runtime.doctor import Finding, report
from tests.mail import running_sink
from tests.processes import RunningTaskbell, environment_for, eventually, free_port, taskbell


def wrong_lines(output: str) -> list[str]:
    """What the lines that are not ok are about."""
    return [line.removeprefix("NOT OK").strip().partition(":")[0] for line in output.splitlines() if "NOT OK" in line]


def test_a_running_taskbell_is_well_and_its_test_email_arrives(running: RunningTaskbell) -> None:
    with running_sink() as sink:
        env = {"EMAIL_URL": f"smtp://127.0.0.1:{sink.port}", "TASKBELL_URL": running.base_url}

        def examined() -> subprocess.CompletedProcess[str] | None:
            found = taskbell("doctor", "--mail-to", "ada@example.org", data=running.data, env=env, within=60)
            return found if not wrong_lines(found.stdout) else None

        found = eventually(examined, within=60)
        assert found
        assert found.returncode == 0, found.stdout
        assert "Live connections: arrive" in found.stdout
        assert {"web", "worker", "beat"} <= {line.split()[1].rstrip(":") for line in found.stdout.splitlines()}
        assert [mail.recipient for mail in sink.accepted][:1] == ["ada@example.org"]
    assert not found.stderr


def test_each_thing_that_is_broken_has_its_line_and_no_secret_is_shown(data: Path) -> None:
    port = free_port()
    env = {
        "EMAIL_URL": f"smtp://ada:very-secret-word@127.0.0.1:{port}",
        "TASKBELL_URL": f"http://127.0.0.1:{port}",
        "REDIS_URL": f"redis://ada:very-secret-word@127.0.0.1:{port}/0",
    }
    found = taskbell("doctor", data=data, env=env, within=60)
    assert found.returncode == 1
    assert wrong_lines(found.stdout) == ["Migrations", "Broker", "TASKBELL_URL", "Email"], found.stdout
    assert "Run 'taskbell migrate'." in found.stdout
    assert "very-secret-word" not in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_a_database_that_is_away_does_not_hide_the_other_lines(data: Path) -> None:
    env = {"DATABASE_URL": f"postgres://ada:very-secret-word@127.0.0.1:{free_port()}/tasks"}
    found = taskbell(
        "doctor", "--mail-to", "admin", data=data, env=env | {"EMAIL_URL": "smtp://127.0.0.1:9"}, within=60
    )
    assert found.returncode == 1
    assert wrong_lines(found.stdout) == ["Database", "Broker", "Email"], found.stdout
    assert "very-secret-word" not in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_a_disk_that_takes_nothing_more_is_found(data: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    command = [sys.executable, "-m", "taskbell", "doctor"]
    env = environment_for(data, free_port(), {})
    found = subprocess.run(
        command, cwd=data.parent, env=env, preexec_fn=limit, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Data folder" in wrong_lines(found.stdout)
    assert "File too large" in found.stdout
    assert "Traceback" not in found.stdout + found.stderr


def test_a_part_that_has_not_reported_is_missing() -> None:
    web, worker, beat = checks_network._processes(("web", "web", "beat"))
    assert not web.problem
    assert "2" in web.seen
    assert "taskbell worker" in worker.fix
    assert not beat.problem


@pytest.mark.parametrize(
    ("status", "location", "is_ours", "fixed_by"),
    [
        (200, "", True, ""),
        (400, "", True, "ALLOWED_HOSTS"),
        (301, "https://tasks.example.org/sign-in/", True, "X-Forwarded-Proto"),
        (502, "", False, "port of this server"),
        (503, "", True, "the log of the web server"),
        (200, "", False, "port of this server"),
    ],
)
def test_the_answer_at_the_public_address_says_what_the_proxy_does_wrong(
    status: int, location: str, is_ours: bool, fixed_by: str, settings: object
) -> None:
    settings.SECURE_SSL_REDIRECT = True  # type: ignore[attr-defined]
    fault, fix = checks_network._fault(status, location, is_ours=is_ours)
    assert fixed_by in fix
    assert bool(fault) is bool(fixed_by)


def test_an_address_without_https_that_redirects_should_have_it(settings: object) -> None:
    settings.SECURE_SSL_REDIRECT = False  # type: ignore[attr-defined]
    _, fix = checks_network._fault(301, "https://tasks.example.org/sign-in/", is_ours=False)
    assert fix == "Set TASKBELL_URL to the address with https."


def test_a_proxy_that_drops_the_upgrade_is_found() -> None:
    assert not checks_network._live("101").problem
    assert "Upgrade" in checks_network._live("404").fix


@pytest.mark.usefixtures("db")
def test_a_test_email_to_an_admin_who_has_no_address_is_a_problem(settings: object) -> None:
    settings.MAIL = settings.MAIL | {"host": "127.0.0.1", "port": 9}  # type: ignore[attr-defined]
    [finding] = checks_mail.mail("admin")
    assert finding.problem == "No active admin has an email address."


def test_a_clock_that_is_far_off_is_found() -> None:
    assert not checks_local.clock_finding("Clock", -1.9).problem
    assert "NTP" in checks_local.clock_finding("Clock", 2.1).fix


def test_without_time_zone_data_the_package_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_local, "time_zones", lambda: frozenset({"UTC"}))
    [finding] = checks_local.time_zone_data()
    assert "tzdata" in finding.fix


def test_a_check_that_fails_by_a_bug_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> list[Finding]:
        raise ValueError("-".join(["of very", "secret", "word"]))

    with pytest.raises(SystemExit) as ended:
        report({"Broken": broken, "Sound": lambda: [Finding("Sound", "works")]})  # type: ignore[dict-item]
    assert ended.value.code == 1
    output, errors = capsys.readouterr()
    assert wrong_lines(output) == ["Broken"]
    assert "test_doctor.py" in errors, "the lines that led to it"
    assert "very-secret-word" not in errors
    assert "Sound: works" in output
    assert "very-secret-word" not in output


@pytest.mark.usefixtures("transactional_db")
def test_a_database_that_takes_nothing_is_found() -> None:
    if connection.vendor == "postgresql":
        off, on = (f"SET SESSION CHARACTERISTICS AS TRANSACTION READ {mode}" for mode in ("ONLY", "WRITE"))
    else:
        off, on = "PRAGMA query_only = ON", "PRAGMA query_only = OFF"
    execute(off)
    try:
        [finding] = checks_local._writable()
    finally:
        execute(on)
    assert "read" in finding.problem
    [finding] = checks_local._writable()
    assert not finding.problem
