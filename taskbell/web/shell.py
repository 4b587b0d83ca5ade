"""The frame of every page of the app: what the navigation shows, read in one query before the page itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any

from django.db.models import DateTimeField, F, Func, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from taskbell.accounts.models import User
from taskbell.activity.queries import EPOCH, POSITION
from taskbell.common.clock import utc_now
from taskbell.common.compiled_query import CompiledQuery, Param
from taskbell.feed.cursors import plain_cursor
from taskbell.notifications import inbox
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.projects.audience import access_of, sees_everything
from taskbell.projects.models import Membership
from taskbell.search.counts import TOTAL
from taskbell.tasks.counting import RECENT, TaskCount
from taskbell.tasks.kinds import OPEN_STAGES
from taskbell.tasks.models import Task
from taskbell.tasks.queries import ViewerParam
from taskbell.web.dates import Dates, day_bounds
from taskbell.web.door import is_fragment, page, person_of

RECENT_MAILS = timedelta(days=7)
NUMBER = Func(F("pk"), function="COUNT", output_field=IntegerField())


@dataclass(frozen=True)
class ProjectLink:
    """A project in the navigation, and how many of its tasks are open."""

    id: int
    name: str
    colour: str
    open: int


@dataclass(frozen=True)
class Shell:
    """What the navigation shows, and how far into the history the page goes."""

    projects: list[ProjectLink]
    inbox: ProjectLink | None
    due: int
    late: int
    unread: int
    failed: int
    cursor: str


@cache
def _rows(sees_everything: bool) -> CompiledQuery:
    person: Any = ViewerParam(sees_everything)

    def number(rows: Any) -> Subquery:
        return Subquery(rows.order_by().values(number=NUMBER))

    def build() -> Any:
        to_do = Task.objects.to_do_by(person)
        counts = TaskCount.objects.filter(
            project=OuterRef("project"), section__in=["project", RECENT], stage__in=OPEN_STAGES
        )
        return (
            Membership.objects.filter(person=person, project__archived_at=None, project__deleted_at=None)
            .annotate(
                open=Coalesce(Subquery(counts.annotate(total=TOTAL).values("total")), 0),
                due=number(to_do.filter(due_at__lte=Param("until", DateTimeField()))),
                late=number(to_do.filter(due_at__lte=Param("now", DateTimeField()))),
                unread=number(inbox.inbox_of(person).filter(read_at=None)),
                failed=number(failed_mails(person, since=Param("since", DateTimeField()))),
                epoch=EPOCH,
                position=POSITION,
            )
            .order_by("project__name_sort", "project")
            .values_list(
                *("project", "project__name", "project__colour", "open", "project__inbox_of"),
                *("due", "late", "unread", "failed", "epoch", "position"),
            )
        )

    return CompiledQuery(build)


def failed_mails(person: User, *, since: Any) -> Any:
    """The emails to this person that the mail server has refused since then."""
    failed = Delivery.objects.mails().filter(state=DeliveryState.FAILED, due_at__gte=since)
    return failed.filter(notification__recipient=person)


def shell_of(person: User, dates: Dates) -> Shell:
    """The frame for this person: one query. Read it first, so that live updates continue where the page ends."""
    _, until = day_bounds(dates, dates.today)
    rows = _rows(sees_everything(person))(person=person.pk, until=until, now=dates.now, since=dates.now - RECENT_MAILS)
    links = [(ProjectLink(pk, name, colour, count), inbox_of) for pk, name, colour, count, inbox_of, *_ in rows]
    due, late, unread, failed, epoch, position = rows[0][-6:] if rows else (0, 0, 0, 0, "", 0)
    return Shell(
        projects=[link for link, inbox_of in links if inbox_of is None],
        inbox=next((link for link, inbox_of in links if inbox_of is not None), None),
        due=due,
        late=late,
        unread=unread,
        failed=failed,
        cursor=plain_cursor(epoch or "", access_of(person), position or 0),
    )


class AppRequest:
    """A request for a page of the app: who asks, when, and the frame around the page."""

    def __init__(self, request: HttpRequest, now: datetime | None = None) -> None:
        self.http = request
        self.person = person_of(request)
        self.now = now or utc_now()
        self.dates = Dates.of(self.person, self.now)
        if request.method != "POST":
            _ = self.shell  # read before the page's rows. A verb needs it only if it answers with a page

    @cached_property
    def shell(self) -> Shell:
        """The frame of the page: one query."""
        return shell_of(self.person, self.dates)

    @property
    def frame(self) -> dict[str, Any]:
        """What the frame of a page needs. In an open page, a form comes without it, for the dialog."""
        frame = {"shell": self.shell, "dates": self.dates, "person": self.person, "now": self.now}
        if is_fragment(self.http):
            return frame | {"form_base": "web/app/bare.html", "heading": "h2"}
        return frame | {"heading": "h1"}

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """The page inside the frame."""
        return page(self.http, template, self.frame | context, status=status)
