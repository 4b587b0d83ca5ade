"""How live connections are wired: what they tell comes from the history of tasks."""

import re
from typing import Any

import orjson

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability, roles_with
from taskbell.activity.queries import present_moment
from taskbell.realtime.consumer import TaskEvents
from taskbell.realtime.follower import Event, Page
from taskbell.realtime.hints import hints
from taskbell.realtime.live import Live
from taskbell.tasks import changes

CURSOR = re.compile("[0-9]{1,18}")
MOST_MISSED = 10_000  # lines of history; who has missed more is quicker with a fresh list


class TaskFeed:
    """The events of tasks, each as the text of one message (`realtime/follower.py:Feed`)."""

    epoch = ""

    def latest(self) -> int:
        self.epoch, position = present_moment()
        return position

    def after(self, position: int) -> Page:
        """Roles are asked now: a new one counts from the next event on."""
        page = changes.events_after(position)
        overseers = frozenset(
            User.objects.filter(is_active=True, role__in=roles_with(Capability.SEE_EVERYTHING)).values_list(
                "pk", flat=True
            )
        )
        events = [told for event in page.events for told in self._told(event, overseers)]
        return Page(events, page.position)

    def cursor(self, position: int) -> str:
        return f"{self.epoch}-{position}"

    def position(self, cursor: str) -> int | None:
        """None for a cursor of before a restored backup, and for what is no cursor of ours."""
        epoch, _, position = cursor.partition("-")
        moment = present_moment()
        is_ours = epoch == moment.epoch and CURSOR.fullmatch(position) and int(position) <= moment.position
        return int(position) if is_ours and moment.position - int(position) <= MOST_MISSED else None

    def _told(self, event: changes.Event, overseers: frozenset[int]) -> list[Event]:
        insiders = None if event.is_for_all else event.people | overseers
        told = []
        if event.payload is not None:
            told.append(self._event(event.position, event.payload, _only(event.only, insiders)))
        if event.farewell is not None and insiders is not None and event.left - insiders:
            told.append(self._event(event.position, event.farewell, event.left - insiders))
        return told

    def _event(self, position: int, payload: dict[str, Any], people: frozenset[int] | None) -> Event:
        message = {"cursor": self.cursor(position), **payload}
        return Event(position, orjson.dumps(message, option=orjson.OPT_UTC_Z).decode(), people)


def _only(person: int | None, people: frozenset[int] | None) -> frozenset[int] | None:
    if person is None:
        return people
    return frozenset({person}) if people is None or person in people else frozenset()


live = TaskEvents.as_asgi(live=Live(TaskFeed(), hints))
