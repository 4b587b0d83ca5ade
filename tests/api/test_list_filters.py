"""Each filter of the list of tasks, in words that a person would use."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import User
from taskbell.search.tasks import listing
from taskbell.tasks.scheduled import mark_overdue
from tests.api.shelf import BEGIN, Shelf, Slip, later
from tests.conftest import Program
from tests.sharing.conftest import a_task_in, shared_by

Somebody = Callable[[User], Program]


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def found(program: Program) -> Callable[[str], list[str]]:
    """The titles of what Bo finds, in alphabetical order."""

    def by(query: str) -> list[str]:
        answer = program.get(f"/api/tasks/?{query}")
        assert answer.status_code == 200, answer.content
        return sorted(task["title"] for task in answer.json()["results"])

    return by


Found = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("due_date=2027-03-31", ["on"]),
        ("due_date_gte=2027-03-31", ["after", "on"]),
        ("due_date_gt=2027-03-31", ["after"]),
        ("due_date_lte=2027-03-31", ["before", "on"]),
        ("due_date_lt=2027-03-31", ["before"]),
        ("due_date_gt=2027-03-30&due_date_lt=2027-04-01", ["on"]),
        ("due_date_gt=2027-03-31&due_date_lt=2027-03-31", []),
    ],
)
def test_due_dates_are_compared_by_day_and_undated_tasks_fit_none(
    shelf: Shelf, found: Found, query: str, titles: list[str]
) -> None:
    day = date(2027, 3, 31)
    dates = {"before": day - timedelta(1), "on": day, "after": day + timedelta(1), "never": None}
    shelf.put([Slip(title, due=due) for title, due in dates.items()])
    assert found(query) == titles


def test_the_sql_of_a_list_is_the_same_for_all_days_and_people(
    shelf: Shelf, bo: User, cy: User, as_user: Somebody
) -> None:
    shelf.put([Slip("late", due=date(2027, 3, 31)), Slip("early", due=date(2027, 3, 1))])
    listing.cache_clear()
    for person, day, titles in ((bo, 31, ["late"]), (bo, 2, ["late"]), (bo, 1, ["late", "early"]), (cy, 1, [])):
        for page in ("page=1", "cursor="):
            answer = as_user(person).get(f"/api/tasks/?due_date_gte=2027-03-{day:02}&ordering=-due_date&{page}")
            assert [task["title"] for task in answer.json()["results"]] == titles
    assert listing.cache_info().currsize == 1


def test_a_page_behind_the_last_is_empty_and_says_how_many_there_are(shelf: Shelf, program: Program) -> None:
    shelf.put([Slip("ant"), Slip("bee")])
    page = program.get("/api/tasks/?page=2&status=PENDING").json()
    assert (page["count"], page["results"], page["next"]) == (2, [], None)


def test_several_values_mean_any_of_them_and_several_filters_all_of_them(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip(f"{priority} {stage}", priority=priority, stage=stage) for priority, stage in PAIRS])
    assert found("priority=LOW,URGENT&stage=PENDING, COMPLETED") == ["LOW PENDING", "URGENT COMPLETED"]


PAIRS = [("LOW", "PENDING"), ("LOW", "ARCHIVED"), ("URGENT", "COMPLETED"), ("HIGH", "PENDING")]


def test_me_and_none_stand_for_people(shelf: Shelf, bo: User, cy: User, found: Found) -> None:
    shelf.put([Slip("nobody's"), Slip("mine", assignee=0), Slip("cy's", assignee=1), Slip("from cy", "", "PENDING")])
    shelf.add([Slip("given", creator=1, assignee=0), Slip("unseen", creator=1, assignee=1)])
    assert found("assigned_to=me") == found(f"assigned_to={bo.pk}") == ["given", "mine"]
    assert found("assigned_to=none") == ["from cy", "nobody's"]
    assert found(f"assigned_to={cy.pk}") == ["cy's"]
    assert found("created_by=me&assigned_to=me") == ["mine"]
    assert found(f"created_by={cy.pk}") == ["given"]
    assert found("created_by=none") == found("assigned_to=999999") == []


def test_a_task_is_blocked_while_what_it_needs_is_open(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("open"), Slip("done", stage="COMPLETED"), Slip("gone", deleted=True), Slip("late", late=True)])
    needs = {"waits": {0, 1}, "waits too": {3}, "free": {1, 2}}
    shelf.add([Slip(title, needs=frozenset(places)) for title, places in needs.items()])
    assert found("blocked=true") == ["waits", "waits too"]
    assert found("blocked=false") == ["done", "free", "late", "open"]


def test_overdue_is_a_status_and_no_stage(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("late", stage="IN_PROGRESS", late=True), Slip("fine", stage="IN_PROGRESS")])
    shelf.add([Slip("finished late", stage="COMPLETED", late=True)])
    assert found("status=OVERDUE") == ["late"]
    assert found("status=IN_PROGRESS") == ["fine"]
    assert found("status=COMPLETED,OVERDUE") == ["finished late", "late"]
    assert found("stage=IN_PROGRESS") == ["fine", "late"]
    assert found("status=OVERDUE&stage=PENDING") == []


def test_a_task_becomes_overdue_when_the_clock_says_so(program: Program, found: Found) -> None:
    program.post("/api/tasks/", {"title": "Due", "due_date": "2027-03-31", "due_time": "12:00", "timezone": "UTC"})
    noon = datetime(2027, 3, 31, 12, tzinfo=UTC)
    mark_overdue(noon - timedelta(microseconds=1))
    assert found("status=OVERDUE") == []
    mark_overdue(noon)
    assert found("status=OVERDUE") == ["Due"]
    assert found("status=PENDING") == []
    assert found("stage=PENDING") == ["Due"]


@pytest.mark.parametrize(
    ("since", "titles"),
    [
        ("2027-03-01T12:00:00Z", ["at noon", "later"]),
        ("2027-03-01T12:00:00.000001Z", ["later"]),
        ("2027-03-01T13:00:00+01:00", ["at noon", "later"]),
        ("2027-03-01T13:00:01+01:00", ["later"]),
        ("2027-03-01T07:00:00-05:00", ["at noon", "later"]),
        ("2027-03-01T21:00:00", ["at noon", "later"]),  # in Tokyo, where Bo is
        ("2027-03-01 21:00:00", ["at noon", "later"]),
        ("2027-03-01T21:00:01", ["later"]),
        ("2027-03-01", ["at noon", "before", "later"]),
        ("2027-03-02", ["later"]),
    ],
)
def test_updated_since_is_an_instant_or_a_time_in_my_zone(
    program: Program, shelf: Shelf, found: Found, since: str, titles: list[str]
) -> None:
    program.patch("/api/profile/", {"timezone": "Asia/Tokyo"})
    shelf.put([Slip("before", updated=later(seconds=-1)), Slip("at noon", updated=BEGIN)])
    shelf.add([Slip("later", updated=later(hours=20))])
    assert found(f"updated_since={quote(since)}") == titles
    assert found(f"updated_since={since}") == titles, "a plus sign that was not quoted is a plus sign"


TEXTS = [
    ("plants", ["Water the PLANTS"]),
    ("water THE", ["Water the PLANTS"]),
    ("  plants  ", ["Water the PLANTS"]),
    ("%", ["50% off"]),
    ("0% o", ["50% off"]),
    ("_", ["snake_case"]),
    ("\\", ["back\\slash"]),
    ("'", ["it's"]),
    ('"', ['"quoted"']),
    ("übung", ["Übung"]),
    ("ÜBUNG", ["Übung"]),
    ("ПРИВЕТ", ["Привет, мир"]),
    ("σοφία", ["ΣΟΦΊΑ"]),
    ("水や", ["水やり"]),
    ("🦊", ["the 🦊"]),
    (".*", []),
    ("[", []),
    ("(?i)x", []),
    ("ü.*", []),
    ("plan_s", []),
    ("p%s", []),
    ("'; DROP TABLE tasks_task; --", []),
]


@pytest.mark.parametrize(("text", "titles"), TEXTS)
@pytest.mark.parametrize("place", ["title", "description"])
def test_text_is_found_as_it_is_whatever_its_case(
    program: Program, shelf: Shelf, text: str, titles: list[str], place: str
) -> None:
    every = sorted({title for _, found in TEXTS for title in found})
    shelf.put([Slip(**{place: title}) for title in every])
    page = program.get(f"/api/tasks/?q={quote(text)}").json()
    assert sorted(task[place] for task in page["results"]) == titles
    assert page["count"] == len(titles)


def test_no_text_at_all_is_in_every_task(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("ant"), Slip("bee")])
    assert found("q=") == found("q=%20") == ["ant", "bee"]


@pytest.mark.parametrize("text", ["ÅSE", "åse", "Åse", "å"])
def test_people_are_found_by_their_names_whatever_the_case(bo: User, program: Program, text: str) -> None:
    program.patch("/api/profile/", {"first_name": "Åse"})
    people = program.get(f"/api/users/?q={quote(text)}").json()["results"]
    assert [person["id"] for person in people] == [bo.pk]


def test_a_category_and_none(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("roses", category=0), Slip("roof", category=1), Slip("rest")])
    garden, house = (category.pk for category in shelf.categories)
    assert found(f"category={garden}") == ["roses"]
    assert found(f"category={house}") == ["roof"]
    assert found("category=none") == ["rest"]
    assert found("category=999999") == []


def test_several_people_and_categories_mean_any_of_them(shelf: Shelf, bo: User, cy: User, found: Found) -> None:
    shelf.put([Slip("roses", category=0), Slip("roof", category=1, assignee=0), Slip("rest", assignee=1)])
    garden, house = (category.pk for category in shelf.categories)
    assert found(f"category={garden},{house}") == ["roof", "roses"]
    assert found(f"category={garden},none,999999") == found(f"category=none, {garden}") == ["rest", "roses"]
    assert found("assigned_to=me,none") == ["roof", "roses"]
    assert found(f"assigned_to={bo.pk},{cy.pk},none&category={house},none") == ["rest", "roof"]
    assert found(f"created_by=me,{cy.pk}&assigned_to={cy.pk},{cy.pk}") == ["rest"]


def test_projects_and_the_inbox(bo: User, cy: User, mia: User, program: Program, found: Found) -> None:
    garden, house = shared_by(bo, name="Garden"), shared_by(cy, bo, name="House")
    for project, by, title in (
        (garden, bo, "roses"),
        (house, cy, "roof"),
        (bo.inbox, bo, "rest"),
        (cy.inbox, cy, "own"),
    ):
        a_task_in(project, by, title)
    assert found(f"project={garden.pk}") == ["roses"]
    assert found(f"project={garden.pk}, {house.pk},999999") == ["roof", "roses"]
    assert found("project=inbox") == found(f"project={bo.inbox.pk}") == ["rest"]
    assert found(f"project=inbox,{house.pk}&created_by=me,{cy.pk}") == ["rest", "roof"]
    assert found(f"project={cy.inbox.pk}") == []
    for wrong in ("none", "me", "x", ""):
        assert program.get(f"/api/tasks/?project={wrong}").json()["errors"][0]["field"] == "project"


def test_the_sql_of_a_list_is_the_same_for_any_number_of_people_and_categories(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("roses", category=0, assignee=0)])
    listing.cache_clear()
    for count in (2, 3, 10):
        ids = ",".join(str(shelf.categories[0].pk + n) for n in range(count))
        people = ",".join(str(shelf.people[0].pk + n) for n in range(count))
        assert found(f"category={ids}&assigned_to={people}") == ["roses"]
    assert listing.cache_info().currsize == 1


def test_tasks_with_and_without_a_due_date(shelf: Shelf, found: Found) -> None:
    shelf.put([Slip("dated", due=date(2027, 3, 31), due_time=None), Slip("some day")])
    assert found("has_due=true") == ["dated"]
    assert found("has_due=false") == ["some day"]


RANGES = [
    ("_gte=2027-03-02", ["at midnight", "at noon", "after", "later"]),
    ("_gt=2027-03-02", ["after", "later"]),
    ("_lte=2027-03-02", ["at midnight", "at noon", "before"]),
    ("_lt=2027-03-02", ["before"]),
    ("_gte=2027-03-02T12:00:00", ["after", "at noon", "later"]),
    ("_gt=2027-03-02T12:00:00", ["after", "later"]),
    ("_lte=2027-03-02T03:00:00Z", ["at midnight", "at noon", "before"]),  # noon in Tokyo
    ("_lt=2027-03-02T12:00:00+09:00", ["at midnight", "before"]),
    ("_gte=2027-03-02&{}_lt=2027-03-03", ["at midnight", "at noon"]),
]


@pytest.mark.parametrize(("query", "titles"), RANGES)
@pytest.mark.parametrize("name", ["due_at", "created_at", "updated_at", "completed_at", "remind_at"])
def test_a_day_in_a_range_is_a_day_in_my_zone(
    program: Program, shelf: Shelf, found: Found, name: str, query: str, titles: list[str]
) -> None:
    program.patch("/api/profile/", {"timezone": "Asia/Tokyo"})
    noon = datetime(2027, 3, 2, 3, tzinfo=UTC)
    hours = {"before": -13, "at midnight": -12, "at noon": 0, "after": 12, "later": 48}
    moments = {title: noon + timedelta(hours=n) for title, n in hours.items()}
    by_name: dict[str, Callable[[datetime], dict[str, Any]]] = {
        "due_at": lambda at: {"due": at.date(), "due_time": at.time()},
        "created_at": lambda at: {"created": at},
        "updated_at": lambda at: {"updated": at},
        "completed_at": lambda at: {"completed": at},
        "remind_at": lambda at: {"reminders": [(at, None), (at + timedelta(days=9), 0), (noon - timedelta(9), 1)]},
    }
    shelf.put([Slip("never"), *(Slip(title, **by_name[name](at)) for title, at in moments.items())])
    missing = {"created_at": BEGIN, "updated_at": BEGIN}
    expected = set(titles) | ({"never"} if name in missing and "_lt" in query and "_gte" not in query else set())
    assert found(f"{name}{quote(query.format(name), safe='=&')}") == sorted(expected)


def test_reports_and_exports_take_the_same_filters(shelf: Shelf, program: Program) -> None:
    slip = Slip("call", due=date(2027, 3, 31), category=0, assignee=1, reminders=[(BEGIN, None)])
    shelf.put([slip, Slip("some day", reminders=[(later(days=9), None)])])
    ids = f"{shelf.categories[0].pk},{shelf.categories[1].pk}"
    for query in (f"category={ids}", "has_due=true", "remind_at_lt=2027-03-03", "due_at_gte=2027-03-31"):
        assert program.get(f"/api/reports/insights/?{query}").json()["total"] == 1, query
        file = program.get(f"/api/tasks/export/?format=json&{query}").getvalue()  # type: ignore[attr-defined]
        assert [row["title"] for row in json.loads(file)] == ["call"], query


@pytest.mark.parametrize("yes", ["true", "True", "1"])
def test_completed_is_completed_and_not_archived(shelf: Shelf, found: Found, yes: str) -> None:
    shelf.put([Slip("done", stage="COMPLETED"), Slip("away", stage="ARCHIVED"), Slip("new")])
    assert found(f"completed={yes}") == ["done"]
    assert found("completed=false") == ["away", "new"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has statistics about ranges")
@pytest.mark.parametrize(
    ("query", "for_a_member", "for_everything"),
    [
        ("due_date=2027-03-31", True, True),
        ("due_date_gte=2027-03-01&due_date_lte=2027-03-31", True, True),
        ("due_date_gte=2027-03-01&due_date_lte=2027-04-02", False, False),
        ("due_date_gte=2027-03-01&due_date_lte=2027-04-02&ordering=due_date", False, True),
        ("due_date_gte=2027-03-01", False, True),
        ("has_due=false", False, False),
    ],
)
def test_sqlite_goes_through_everybodys_due_moments_only_where_they_are_few(
    bo: User, mia: User, as_user: Somebody, query: str, for_a_member: bool, for_everything: bool
) -> None:
    for person, expected in ((bo, for_a_member), (mia, for_everything)):
        with CaptureQueriesContext(connection) as queries:
            assert as_user(person).get(f"/api/tasks/?{query}").status_code == 200
        asked = " ".join(query["sql"] for query in queries)
        assert bool(re.search(r'"tasks_task"."due_at" (<|>|IS )', asked)) is expected, asked
