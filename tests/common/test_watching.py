"""What is noted about requests while they run."""

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from taskbell.common import watching


def test_two_requests_with_the_same_id_run_side_by_side(settings: object) -> None:
    settings.TASKBELL_PROXIES = 1  # type: ignore[attr-defined]
    make, running = RequestFactory(headers={"X-Request-ID": "chosen-by-a-client"}), []

    def inner(_: HttpRequest) -> HttpResponse:
        running.append(len(watching._running))
        return HttpResponse()

    def outer(_: HttpRequest) -> HttpResponse:
        running.append(len(watching._running))
        answer = watching.Watched(inner)(make.get("/"))
        running.append(len(watching._running))
        return answer

    watching.Watched(outer)(make.get("/"))
    before = running[0]
    assert running == [before, before + 1, before]
