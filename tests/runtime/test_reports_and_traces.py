"""A whole Taskbell that reports its errors and traces, to servers of our own."""

from pathlib import Path

import httpx

from tests.common.receiver import receiving
from tests.processes import RunningTaskbell, eventually

SECRETS = (
    b"very-secret-token",
    b"very-secret-cookie",
    b"correct horse battery",
    b"ada@example.org",
    b"very-secret-bearer",
)


def test_errors_and_traces_arrive_without_data_of_people(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "base.html").write_text("{% nonsense %}")
    with receiving() as sentry, receiving() as collector:
        env = {
            "TASKBELL_SENTRY_DSN": f"http://key@127.0.0.1:{sentry.port}/1",
            "TASKBELL_OTLP_URL": f"http://127.0.0.1:{collector.port}",
            "TASKBELL_MAIL_TEMPLATES": str(templates),
        }
        with RunningTaskbell(tmp_path / "data", env=env) as running:
            headers = {"Authorization": "Bearer very-secret-bearer", "Cookie": "sessionid=very-secret-cookie"}
            httpx.get(f"{running.base_url}/invite/very-secret-token/?email=ada@example.org", headers=headers)
            person = {"email": "ada@example.org", "password": "correct horse battery"}
            assert httpx.post(f"{running.base_url}/api/register/", json=person).status_code == 201
            httpx.post(f"{running.base_url}/api/password/reset/", json={"email": person["email"]})
            events = eventually(sentry.events, within=40)
            eventually(lambda: b"GET /invite/<str:token>/" in collector.everything, within=40)
            eventually(lambda: b"taskbell.reminders.deliver_due" in collector.everything, within=40)
    assert events[0]["exception"]["values"][-1]["type"] == "TemplateSyntaxError"
    assert any("/v1/traces" in head for head, _ in collector.requests)
    arrived = sentry.everything + collector.everything
    assert [secret for secret in SECRETS if secret in arrived] == []
