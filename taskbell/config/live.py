"""How live connections are wired: what they tell comes from the history of tasks."""

from typing import Any

import orjson

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability, roles_with
from taskbell.activity.queries import present_moment
from taskbell.activity.wakeups import hints
from taskbell.common.errors import Invalid
from taskbell.feed import events as feed_events
from taskbell.feed.cursors import Cursor, plain_cursor, read_cursor, scope_of
from taskbell.realtime.consumer import TaskEvents
from taskbell.realtime.follower import Page
from taskbell.realtime.hub import Hub
from taskbell.realtime.subscribers import Event

MOST_MISSED = 10_000  # lines of history; who has missed more is quicker with a fresh list


class TaskFeed:
    """The events of tasks, as `realtime/follower.py:Feed` wants them."""

    epoch = ""

    def latest(self) -> int:
        self.epoch, position = present_moment()
        return position

    def after(self, position: int) -> Page:
        """Roles are asked now: a new one counts from the next event on."""
        page = feed_events.events_after(position)
        overseers = frozenset(
            User.objects.filter(is_active=True, role__in=roles_with(Capability.SEE_EVERYTHING)).values_list(
                "pk", flat=True
            )
        )
        events = [told for event in page.events for told in self._told(event, overseers)]
        return Page(events, page.position)

    def scope(self, person: int) -> str:
        """As the role is now."""
        return scope_of(User.objects.get(pk=person))

    def cursor(self, position: int, scope: str) -> str:
        return plain_cursor(self.epoch, scope, position)

    def position(self, text: str, scope: str) -> int | None:
        """None also for a cursor of before a restored backup, of somebody else, or of half an answer."""
        try:
            cursor = read_cursor(text)
        except Invalid:
            return None
        moment = present_moment()
        is_ours = cursor == Cursor(moment.epoch, scope, cursor.position) and cursor.position <= moment.position
        return cursor.position if is_ours and moment.position - cursor.position <= MOST_MISSED else None

    def _told(self, event: feed_events.Event, overseers: frozenset[int]) -> list[Event]:
        insiders = None if event.is_for_all else event.people | overseers
        told = []
        if event.payload is not None:
            told.append(self._event(event.position, event.payload, _only(event.only, insiders)))
        if event.removal is not None and insiders is not None and event.left - insiders:
            told.append(self._event(event.position, event.removal, event.left - insiders))
        return told

    def _event(self, position: int, payload: dict[str, Any], people: frozenset[int] | None) -> Event:
        return Event(position, orjson.dumps(payload, option=orjson.OPT_UTC_Z).decode(), people)


def _only(person: int | None, people: frozenset[int] | None) -> frozenset[int] | None:
    if person is None:
        return people
    return frozenset({person}) if people is None or person in people else frozenset()


live = TaskEvents.as_asgi(live=Hub(TaskFeed(), hints))
