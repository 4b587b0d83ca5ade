"""Who may do what, as a table: each operation of the API, each way to use it, and the answer to each person.

A value that begins with @ is the number of somebody or something in `tests.permissions.world`. An operation that
is added to the API gets its lines here; the walk fails until it has them.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.conftest import PASSWORD

PEOPLE = ("admin", "manager", "creator", "assignee", "intern", "stranger", "anonymous")
NEW_PASSWORD = "a different horse battery"


@dataclass(frozen=True)
class Way:
    """One way to use an operation, and the status that each of PEOPLE gets for it."""

    operation: str
    answers: str
    body: Any = None
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    at: str = "@task"
    rid: str = "@shared"
    cid: str = "@comment"

    def __str__(self) -> str:
        return f"{self.operation}{self.query} {self.body or ''} {self.headers or ''} at {self.at} {self.rid}"


# Columns: admin, manager, creator, assignee, intern who is the assignee, stranger, anonymous.
ALL = "200 200 200 200 200 200 401"
SEEN = "200 200 200 200 200 404 401"
EDIT = "200 200 200 403 403 404 401"
WRONG_EDIT = "400 400 400 403 403 404 401"
WRONG_BY_ANYBODY = "400 400 400 400 400 404 401"
STALE = "412 412 412 403 403 404 401"
NOWHERE = "404 404 404 404 404 404 401"
OPEN = "200 200 200 200 200 200 200"
DONE_BY_ANYBODY = "204 204 204 204 204 204 204"

LOOK_AFTER_THE_TASK = [
    {"title": "Water all plants"},
    {"description": "Twice."},
    {"priority": "URGENT"},
    {"category": "@category"},
    {"due_date": "2027-01-31"},
    {"due_date": "2027-01-31", "due_time": "10:00"},
    {"timezone": "Asia/Tokyo"},
    {"pre_tasks": ["@other"]},
    {"labels": ["Urgent"]},
    {"labels": []},
    {"status": "ARCHIVED"},
    {"stage": "ARCHIVED"},
    {"assigned_to": "@somebody"},
    {"recurrence": "FREQ=DAILY", "due_date": "2027-01-31"},
    {"recurrence_from": "completion"},
    {"remind_at": "2027-01-31T09:00:00Z"},
    {"reminder_time": "2027-01-31T09:00:00Z"},
    {"reminders": [{"at": "2027-01-31T09:00:00Z"}]},
    {"status": "IN_PROGRESS", "title": "Water all plants"},
]
SAY_HOW_FAR_THE_WORK_IS = [
    {},
    {"status": "IN_PROGRESS"},
    {"stage": "IN_PROGRESS"},
    {"status": "COMPLETED"},
    {"stage": "PENDING"},
    {"assigned_to": None},
    {"assigned_to": "@creator"},
    {"reminders": [{"at": "2027-01-31T09:00:00Z", "for_me": True}]},
    {"title": "Water the plants"},  # as it is: no change
    {"labels": [" GARDEN"]},
]
MALFORMED_EDITS = [
    {"title": ""},
    {"title": 7},
    {"priority": "NONE"},
    {"due_date": "soon"},
    {"recurrence": "now and then"},
    {"assigned_to": 999_999},
    {"assigned_to": "me"},
    {"category": 999_999},
    {"pre_tasks": [999_999]},
    {"pre_tasks": "none"},
    {"labels": "none"},
    {"labels": ["a,b"]},
]
MALFORMED = [b"{", b"\xff", [], {"status": "DONE"}, {"status": "OVERDUE"}, {"surprise": 1}, {"remind_at": "soon"}]

TASKS = [
    Way("GET /api/tasks/", ALL),
    Way("GET /api/tasks/", "400 400 400 400 400 400 401", query="?surprise=1"),
    Way("POST /api/tasks/", "201 201 201 201 403 201 401", {"title": "Order soil"}),
    Way("POST /api/tasks/", "201 201 201 201 403 201 401", {"title": "Order soil", "assigned_to": "@somebody"}),
    Way("POST /api/tasks/", "400 400 400 400 403 400 401", {"title": ""}),
    Way("POST /api/tasks/", "400 400 400 400 403 400 401", b"{"),
    Way("POST /api/tasks/", "400 400 400 400 403 400 401", {"title": "x"}, headers={"Idempotency-Key": "ü"}),
    Way("POST /api/tasks/quick/", "201 201 201 201 403 201 401", {"text": "Order soil #Spring *soon tomorrow"}),
    Way("POST /api/tasks/quick/", "200 200 200 200 403 200 401", {"text": "Order soil", "dry_run": True}),
    Way("POST /api/tasks/quick/", "400 400 400 400 403 400 401", {"text": "tomorrow"}),
    Way("POST /api/tasks/quick/", "400 400 400 400 403 400 401", b"{"),
    Way("GET /api/tasks/{id}/", SEEN),
    Way("GET /api/tasks/{id}/", NOWHERE, at="@deleted"),
    *(Way("PATCH /api/tasks/{id}/", EDIT, body) for body in LOOK_AFTER_THE_TASK),
    *(Way("PATCH /api/tasks/{id}/", SEEN, body) for body in SAY_HOW_FAR_THE_WORK_IS),
    *(Way("PATCH /api/tasks/{id}/", WRONG_EDIT, body) for body in MALFORMED_EDITS),
    *(Way("PATCH /api/tasks/{id}/", WRONG_BY_ANYBODY, body) for body in MALFORMED),
    Way("PATCH /api/tasks/{id}/", STALE, {"title": "x"}, headers={"If-Match": '"99"'}),
    Way("PATCH /api/tasks/{id}/", "412 412 412 412 412 404 401", {"status": "PENDING"}, headers={"If-Match": '"99"'}),
    Way("PATCH /api/tasks/{id}/", "409 409 409 409 409 404 401", {"status": "COMPLETED"}, at="@blocked"),
    Way("PATCH /api/tasks/{id}/", EDIT, {"status": "COMPLETED"}, "?force=true", at="@blocked"),
    Way("PATCH /api/tasks/{id}/", NOWHERE, {"title": "x"}, at="@deleted"),
    Way("PUT /api/tasks/{id}/", EDIT, {"title": "Water all plants"}),
    Way("PUT /api/tasks/{id}/", EDIT, {"title": "Water the plants", "assigned_to": "@somebody"}),
    Way("PUT /api/tasks/{id}/", WRONG_EDIT, {}),
    Way("PUT /api/tasks/{id}/", STALE, {"title": "x"}, headers={"If-Match": '"99"'}),
    Way(
        "PUT /api/tasks/{id}/", "412 412 412 412 412 404 401", {"title": "Water the plants"}, headers={"If-Match": "0"}
    ),
    Way("PUT /api/tasks/{id}/", NOWHERE, {}, at="@deleted"),
    Way("DELETE /api/tasks/{id}/", "204 204 204 403 403 404 401"),
    Way("DELETE /api/tasks/{id}/", STALE, headers={"If-Match": '"99"'}),
    Way("DELETE /api/tasks/{id}/", WRONG_EDIT, headers={"If-Match": "yesterday"}),
    Way("DELETE /api/tasks/{id}/", NOWHERE, at="@deleted"),
    Way("GET /api/tasks/trash/", ALL),
    Way("GET /api/tasks/trash/", "400 400 400 400 400 400 401", query="?surprise=1"),
    Way("POST /api/tasks/{id}/restore/", EDIT, at="@deleted"),
    Way("POST /api/tasks/{id}/restore/", EDIT, b"{", at="@deleted"),
    Way("POST /api/tasks/{id}/restore/", NOWHERE, at="@nowhere"),
    Way("GET /api/tasks/{id}/logs/", SEEN),
    Way("GET /api/tasks/{id}/logs/", WRONG_BY_ANYBODY, query="?surprise=1"),
    Way("GET /api/tasks/{id}/logs/", NOWHERE, at="@deleted"),
    Way("GET /api/tasks/logs/", ALL),
    Way("GET /api/tasks/export/", ALL),
    Way("GET /api/tasks/export/", "400 400 400 400 400 400 401", query="?format=pdf"),
    Way("POST /api/tasks/import/", "200 200 200 200 403 200 401", [{"title": "Order soil"}]),
    Way("POST /api/tasks/import/", "200 200 200 200 403 200 401", [{"title": "x"}, {}], "?partial=true"),
    Way("POST /api/tasks/import/", "400 400 400 400 403 400 401", [{"title": ""}]),
    Way("POST /api/tasks/import/", "400 400 400 400 403 400 401", b"{"),
    Way("POST /api/tasks/bulk/", "200 200 200 200 403 200 401", {"create": [{"title": "Order soil"}]}),
    Way("POST /api/tasks/bulk/", EDIT, {"update": [{"id": "@task", "title": "x"}]}),
    Way("POST /api/tasks/bulk/", EDIT, {"update": [{"id": "@task", "status": "ARCHIVED"}]}),
    Way("POST /api/tasks/bulk/", EDIT, {"update": [{"id": "@task", "assigned_to": "@somebody"}]}),
    Way("POST /api/tasks/bulk/", SEEN, {"update": [{"id": "@task", "status": "COMPLETED"}]}),
    Way("POST /api/tasks/bulk/", SEEN, {"update": [{"id": "@task", "assigned_to": None}]}),
    Way("POST /api/tasks/bulk/", EDIT, {"update": [{"id": "@blocked", "status": "COMPLETED"}]}, "?force=true"),
    Way("POST /api/tasks/bulk/", EDIT, {"delete": ["@task"]}),
    Way("POST /api/tasks/bulk/", NOWHERE, {"delete": ["@deleted"]}),
    Way("POST /api/tasks/bulk/", "400 400 400 400 400 404 401", {"update": [{"id": "@task", "status": "OVERDUE"}]}),
]

OWN_REMINDER = "404 404 200 404 404 404 401"
AT = {"at": "2027-01-31T09:00:00Z"}
ONE_REMINDER = "/api/tasks/{id}/reminders/{rid}/"
REMINDERS = [
    Way("GET /api/tasks/{id}/reminders/", SEEN),
    Way("GET /api/tasks/{id}/reminders/", NOWHERE, at="@deleted"),
    Way("POST /api/tasks/{id}/reminders/", "201 201 201 403 403 404 401", AT),
    Way("POST /api/tasks/{id}/reminders/", "201 201 201 201 201 404 401", AT | {"for_me": True}),
    Way("POST /api/tasks/{id}/reminders/", WRONG_BY_ANYBODY, {"at": "soon"}),
    Way("POST /api/tasks/{id}/reminders/", WRONG_BY_ANYBODY, b"{"),
    Way(f"GET {ONE_REMINDER}", SEEN),
    Way(f"GET {ONE_REMINDER}", OWN_REMINDER, rid="@private"),
    Way(f"GET {ONE_REMINDER}", NOWHERE, at="@other"),
    Way(f"PATCH {ONE_REMINDER}", EDIT, AT),
    Way(f"PATCH {ONE_REMINDER}", OWN_REMINDER, AT, rid="@private"),
    Way(f"PATCH {ONE_REMINDER}", NOWHERE, {"at": "soon"}, rid="@nowhere"),
    Way(f"DELETE {ONE_REMINDER}", "204 204 204 403 403 404 401"),
    Way(f"DELETE {ONE_REMINDER}", "404 404 204 404 404 404 401", rid="@private"),
    Way("POST /api/tasks/{id}/snooze/", "201 201 201 201 201 404 401", {"span": "PT1H"}),
    Way("POST /api/tasks/{id}/snooze/", WRONG_BY_ANYBODY, {}),
    Way("GET /api/tasks/{id}/schedule/", SEEN),
    Way("POST /api/tasks/{id}/skip/", EDIT, at="@recurring"),
    Way("POST /api/tasks/{id}/skip/", "409 409 409 403 403 404 401"),
    Way("POST /api/recurrence/preview/", ALL, {"recurrence": "FREQ=DAILY", "due_date": "2027-01-01"}),
    Way("POST /api/recurrence/preview/", "400 400 400 400 400 400 401", {}),
]

ONE_COMMENT = "/api/tasks/{id}/comments/{cid}/"
BY_ASSIGNEE = "@comment_of_assignee"
COMMENTS = [
    Way("GET /api/tasks/{id}/comments/", SEEN),
    Way("GET /api/tasks/{id}/comments/", WRONG_BY_ANYBODY, query="?surprise=1"),
    Way("GET /api/tasks/{id}/comments/", NOWHERE, at="@deleted"),
    Way("POST /api/tasks/{id}/comments/", "201 201 201 201 201 404 401", {"body": "Done, @creator."}),
    Way("POST /api/tasks/{id}/comments/", WRONG_BY_ANYBODY, {"body": ""}),
    Way("POST /api/tasks/{id}/comments/", WRONG_BY_ANYBODY, b"{"),
    Way("POST /api/tasks/{id}/comments/", NOWHERE, {"body": "Done."}, at="@deleted"),
    Way(f"GET {ONE_COMMENT}", SEEN),
    Way(f"GET {ONE_COMMENT}", NOWHERE, at="@other"),
    Way(f"PATCH {ONE_COMMENT}", "403 403 200 403 403 404 401", {"body": "Done."}),
    Way(f"PATCH {ONE_COMMENT}", "403 403 400 403 403 404 401", {"body": ""}),
    Way(f"PATCH {ONE_COMMENT}", "403 403 403 200 403 404 401", {"body": "Done."}, cid=BY_ASSIGNEE),
    Way(f"PATCH {ONE_COMMENT}", NOWHERE, {"body": "Done."}, at="@other"),
    Way(f"DELETE {ONE_COMMENT}", "204 403 204 403 403 404 401"),
    Way(f"DELETE {ONE_COMMENT}", "204 403 204 204 403 404 401", cid=BY_ASSIGNEE),
    Way(f"DELETE {ONE_COMMENT}", NOWHERE, cid="@nowhere"),
]

OWN_CATEGORY = "200 200 200 403 403 403 401"
CATEGORIES = [
    Way("GET /api/categories/", ALL),
    Way("POST /api/categories/", "201 201 201 201 403 201 401", {"name": "Garden"}),
    Way("POST /api/categories/", "400 400 400 400 403 400 401", {"name": ""}),
    Way("POST /api/categories/", "409 409 409 409 403 409 401", {"name": " DOCS "}),
    Way("GET /api/categories/{id}/", ALL, at="@category"),
    Way("GET /api/categories/{id}/", NOWHERE, at="@nowhere"),
    *(
        way
        for method in ("PUT", "PATCH")
        for way in (
            Way(f"{method} /api/categories/{{id}}/", OWN_CATEGORY, {"name": "Garden"}, at="@category"),
            Way(f"{method} /api/categories/{{id}}/", "400 400 400 403 403 403 401", {"name": ""}, at="@category"),
            Way(f"{method} /api/categories/{{id}}/", "409 409 409 403 403 403 401", {"name": "Home"}, at="@category"),
            Way(f"{method} /api/categories/{{id}}/", "200 200 403 403 403 403 401", {"name": "x"}, at="@interns"),
            Way(f"{method} /api/categories/{{id}}/", NOWHERE, {"name": ""}, at="@nowhere"),
        )
    ),
    Way("DELETE /api/categories/{id}/", "204 204 204 403 403 403 401", at="@category"),
    Way("DELETE /api/categories/{id}/", "204 204 403 403 403 403 401", at="@interns"),
    Way("DELETE /api/categories/{id}/", "400 400 400 403 403 403 401", query="?move_to=x", at="@category"),
    Way("DELETE /api/categories/{id}/", NOWHERE, query="?move_to=x", at="@nowhere"),
]

LABELS = [
    Way("GET /api/labels/", ALL),
    Way("GET /api/labels/", "400 400 400 400 400 400 401", query="?surprise=1"),
    Way("GET /api/labels/{id}/", ALL, at="@Garden"),
    Way("GET /api/labels/{id}/", NOWHERE, at="@nowhere"),
    Way("PATCH /api/labels/{id}/", OWN_CATEGORY, {"name": "Yard"}, at="@Garden"),
    Way("PATCH /api/labels/{id}/", "400 400 400 403 403 403 401", {"name": ""}, at="@Garden"),
    Way("PATCH /api/labels/{id}/", "400 400 400 403 403 403 401", {"name": "a,b"}, at="@Garden"),
    Way("PATCH /api/labels/{id}/", OWN_CATEGORY, {"name": "YARD "}, at="@Garden"),
    Way("PATCH /api/labels/{id}/", OWN_CATEGORY, {"name": "Mine"}, at="@Garden"),  # which is another one of theirs
    Way("PATCH /api/labels/{id}/", "200 200 403 403 403 403 401", {"name": "Home"}, at="@Garden"),  # and of the admin
    Way("PATCH /api/labels/{id}/", NOWHERE, {"name": ""}, at="@nowhere"),
    Way("DELETE /api/labels/{id}/", "204 204 204 403 403 403 401", at="@Garden"),
    Way("DELETE /api/labels/{id}/", "204 204 403 403 403 403 401", at="@Home"),
    Way("DELETE /api/labels/{id}/", NOWHERE, at="@nowhere"),
]

# The creator owns the project, in which the assignee edits the tasks and the intern reads.
ONE_MEMBER = "/api/projects/{id}/members/{person}/"
ONE_INVITE = "/api/projects/{id}/invites/{invite}/"
PROJECTS = [
    Way("GET /api/projects/", ALL),
    Way("GET /api/projects/", ALL, query="?all=true"),
    Way("GET /api/projects/", ALL, query="?deleted=true"),
    Way("GET /api/projects/", "400 400 400 400 400 400 401", query="?surprise=1"),
    Way("GET /api/projects/", "400 400 400 400 400 400 401", query="?archived=maybe"),
    Way("POST /api/projects/", "201 201 201 201 403 201 401", {"name": "Garden"}),
    Way("POST /api/projects/", "400 400 400 400 403 400 401", {"name": ""}),
    Way("POST /api/projects/", "400 400 400 400 403 400 401", b"{"),
    Way("GET /api/projects/{id}/", SEEN, at="@project"),
    Way("GET /api/projects/{id}/", NOWHERE, at="@nowhere"),
    Way("GET /api/projects/{id}/", NOWHERE, at="@deleted_project"),
    Way("GET /api/projects/{id}/", "200 200 404 404 404 404 401", at="@inbox_of_somebody"),
    *(
        way
        for method in ("PUT", "PATCH")
        for way in (
            Way(f"{method} /api/projects/{{id}}/", EDIT, {"name": "Meadow", "archived": True}, at="@project"),
            Way(f"{method} /api/projects/{{id}}/", WRONG_EDIT, {"name": ""}, at="@project"),
            Way(f"{method} /api/projects/{{id}}/", NOWHERE, {"name": "x"}, at="@deleted_project"),
            Way(
                f"{method} /api/projects/{{id}}/", "409 409 404 404 404 404 401", {"name": "x"}, at="@inbox_of_somebody"
            ),
            Way(f"{method} /api/projects/{{id}}/", STALE, {"name": "x"}, headers={"If-Match": "9"}, at="@project"),
        )
    ),
    Way("DELETE /api/projects/{id}/", "204 204 204 403 403 404 401", at="@project"),
    Way("DELETE /api/projects/{id}/", WRONG_EDIT, query="?move_to=x", at="@project"),
    Way("DELETE /api/projects/{id}/", WRONG_EDIT, query="?move_to=999999", at="@project"),
    Way("DELETE /api/projects/{id}/", "409 409 404 404 404 404 401", at="@inbox_of_somebody"),
    Way("DELETE /api/projects/{id}/", "404 404 404 403 403 404 401", at="@deleted_project"),
    Way("POST /api/projects/{id}/restore/", EDIT, at="@deleted_project"),
    Way("POST /api/projects/{id}/restore/", NOWHERE, at="@project"),
    Way("GET /api/projects/{id}/logs/", SEEN, at="@project"),
    Way("GET /api/projects/{id}/logs/", NOWHERE, at="@deleted_project"),
    Way("GET /api/projects/{id}/members/", SEEN, at="@project"),
    Way("POST /api/projects/{id}/members/", "201 201 201 403 403 404 401", {"person": "@somebody"}, at="@project"),
    Way("POST /api/projects/{id}/members/", "409 409 409 403 403 404 401", {"person": "@assignee"}, at="@project"),
    Way("POST /api/projects/{id}/members/", WRONG_EDIT, {"person": "@left"}, at="@project"),
    Way("POST /api/projects/{id}/members/", WRONG_EDIT, {}, at="@project"),
    Way("GET /api/projects/{id}/invites/", EDIT, at="@project"),
    Way("GET /api/projects/{id}/invites/", NOWHERE, at="@deleted_project"),
    Way("GET /api/projects/{id}/invites/", "200 200 404 404 404 404 401", at="@inbox_of_somebody"),
    Way(f"DELETE {ONE_INVITE}", "204 204 204 403 403 404 401", at="@project", rid="@project_invite"),
    Way(f"DELETE {ONE_INVITE}", "404 404 404 403 403 404 401", at="@project", rid="@nowhere"),
    Way(f"DELETE {ONE_INVITE}", NOWHERE, at="@deleted_project", rid="@project_invite"),
    Way(f"DELETE {ONE_INVITE}", "409 409 404 404 404 404 401", at="@inbox_of_somebody", rid="@project_invite"),
    Way(f"PATCH {ONE_MEMBER}", EDIT, {"role": "VIEWER"}, at="@project", rid="@assignee"),
    Way(f"PATCH {ONE_MEMBER}", WRONG_EDIT, {"role": "KING"}, at="@project", rid="@assignee"),
    Way(f"PATCH {ONE_MEMBER}", "409 409 409 403 403 404 401", {"role": "VIEWER"}, at="@project", rid="@creator"),
    Way(f"PATCH {ONE_MEMBER}", "404 404 404 403 403 404 401", {"role": "VIEWER"}, at="@project", rid="@stranger"),
    Way(f"DELETE {ONE_MEMBER}", "204 204 204 204 403 404 401", at="@project", rid="@assignee"),
    Way(f"DELETE {ONE_MEMBER}", "204 204 204 403 204 404 401", at="@project", rid="@intern"),
    Way(f"DELETE {ONE_MEMBER}", "409 409 409 403 403 404 401", at="@project", rid="@creator"),
    Way(f"DELETE {ONE_MEMBER}", "404 404 404 403 403 404 401", at="@project", rid="@stranger"),
]

# Tasks of the project; of one whose only members are its creator and the stranger, a viewer; of an archived one.
IN_PROJECT, IN_VIEWED, IN_ARCHIVE = "@task_of_project", "@task_of_viewed", "@task_of_archived"
BY_EDITORS = "200 200 200 200 403 404 401"
BY_OWNER = "200 200 200 404 404 403 401"  # and the stranger is refused
BY_NOBODY = "409 409 409 404 404 404 401"
TASKS_OF_PROJECTS = [
    *(
        Way("POST /api/tasks/", answers, {"title": "Rake"} | fields)
        for answers, fields in (
            ("201 201 201 201 403 400 401", {"project": "@project"}),
            ("201 201 201 201 403 400 401", {"project": "@project", "assigned_to": "@intern"}),
            ("400 400 400 400 403 400 401", {"project": "@project", "assigned_to": "@somebody"}),
            ("201 201 201 400 403 403 401", {"project": "@viewed_project"}),
            ("409 409 409 400 403 400 401", {"project": "@archived_project"}),
            ("400 400 400 400 403 400 401", {"project": "@deleted_project"}),
            ("201 201 400 400 403 400 401", {"project": "@inbox_of_somebody"}),
        )
    ),
    *(
        Way("PATCH /api/tasks/{id}/", answers, {"project": to}, at=at)
        for at, to, answers in (
            ("@task", "@project", EDIT),
            (IN_PROJECT, "@viewed_project", "200 200 200 400 403 404 401"),
            (IN_PROJECT, "@archived_project", "409 409 409 400 403 404 401"),
            (IN_PROJECT, "@inbox_of_somebody", "200 200 400 400 403 404 401"),
            (IN_VIEWED, "@project", BY_OWNER),
            (IN_ARCHIVE, "@project", BY_NOBODY),
        )
    ),
    Way("POST /api/tasks/bulk/", BY_OWNER, {"update": [{"id": IN_VIEWED, "project": "@project"}]}),
    Way("GET /api/tasks/{id}/", SEEN, at=IN_PROJECT),
    Way("GET /api/tasks/{id}/", "200 200 200 404 404 200 401", at=IN_VIEWED),
    Way("GET /api/tasks/{id}/", "200 200 200 404 404 404 401", at=IN_ARCHIVE),
    *(
        Way("PATCH /api/tasks/{id}/", answers, body, at=at)
        for at, answers in (
            (IN_PROJECT, BY_EDITORS),
            (IN_VIEWED, BY_OWNER),
            (IN_ARCHIVE, BY_NOBODY),
        )
        for body in ({"title": "Rake"}, {"status": "COMPLETED"}, {"assigned_to": "@creator"}, {"labels": ["Urgent"]})
    ),
    Way("DELETE /api/tasks/{id}/", "204 204 204 204 403 404 401", at=IN_PROJECT),
    Way("DELETE /api/tasks/{id}/", "204 204 204 404 404 403 401", at=IN_VIEWED),
    Way("DELETE /api/tasks/{id}/", BY_NOBODY, at=IN_ARCHIVE),
    Way("POST /api/tasks/{id}/comments/", "201 201 201 404 404 201 401", {"body": "Done?"}, at=IN_VIEWED),
    Way("POST /api/tasks/{id}/comments/", BY_NOBODY, {"body": "Done?"}, at=IN_ARCHIVE),
    Way("POST /api/tasks/{id}/reminders/", "201 201 201 404 404 403 401", AT, at=IN_VIEWED),
    Way("POST /api/tasks/{id}/reminders/", "201 201 201 404 404 201 401", AT | {"for_me": True}, at=IN_VIEWED),
]

ONLY_ADMINS = "200 403 403 403 403 403 401"
MAY_INVITE = "201 201 403 403 403 403 401"
PEOPLE_WAYS = [
    Way("GET /api/users/", ALL),
    Way("GET /api/users/{id}/", ONLY_ADMINS, at="@somebody"),
    Way("GET /api/users/{id}/", ALL, at="@self"),
    Way("GET /api/users/{id}/", NOWHERE, at="@left"),
    Way("PUT /api/users/{id}/", ONLY_ADMINS, {"email": "anew@example.org"}, at="@somebody"),
    Way("PUT /api/users/{id}/", ALL, {"email": "anew@example.org", "current_password": PASSWORD}, at="@self"),
    Way("PUT /api/users/{id}/", "400 400 400 400 400 400 401", {"email": "anew@example.org"}, at="@self"),
    Way("PUT /api/users/{id}/", "400 403 403 403 403 403 401", {}, at="@somebody"),
    Way("PUT /api/users/{id}/", NOWHERE, {}, at="@nowhere"),
    Way("PATCH /api/users/{id}/", ONLY_ADMINS, {"first_name": "Eve"}, at="@somebody"),
    Way("PATCH /api/users/{id}/", ONLY_ADMINS, {"password": NEW_PASSWORD}, at="@somebody"),
    *(
        Way("PATCH /api/users/{id}/", ONLY_ADMINS, {"role": role}, at="@somebody")
        for role in ("ADMIN", "MANAGER", "MEMBER", "INTERN")
    ),
    Way("PATCH /api/users/{id}/", "400 403 403 403 403 403 401", {"role": "KING"}, at="@somebody"),
    Way("PATCH /api/users/{id}/", ALL, {"first_name": "Anew"}, at="@self"),
    Way("PATCH /api/users/{id}/", ONLY_ADMINS, {"role": "ADMIN"}, at="@self"),
    Way("PATCH /api/users/{id}/", "409 200 403 403 403 403 401", {"role": "MANAGER"}, at="@self"),
    Way(
        "PATCH /api/users/{id}/",
        ONLY_ADMINS,
        {"role": "ADMIN", "password": NEW_PASSWORD, "current_password": PASSWORD},
        at="@self",
    ),
    Way("PATCH /api/users/{id}/", "400 400 400 400 400 400 401", {"password": NEW_PASSWORD}, at="@self"),
    Way("DELETE /api/users/{id}/", "204 403 403 403 403 403 401", at="@somebody"),
    Way("DELETE /api/users/{id}/", "400 403 403 403 403 403 401", query="?hand_to=x", at="@somebody"),
    Way("DELETE /api/users/{id}/", "409 204 204 204 204 204 401", at="@self"),
    Way("DELETE /api/users/{id}/", NOWHERE, at="@left"),
    Way("GET /api/invites/", "200 200 403 403 403 403 401"),
    Way("POST /api/invites/", MAY_INVITE, {"email": "new@example.org"}),
    Way("POST /api/invites/", MAY_INVITE, {"email": "new@example.org", "role": "MEMBER"}),
    Way("POST /api/invites/", MAY_INVITE, {"email": "new@example.org", "role": "INTERN"}),
    Way("POST /api/invites/", "201 403 403 403 403 403 401", {"email": "new@example.org", "role": "MANAGER"}),
    Way("POST /api/invites/", "201 403 403 403 403 403 401", {"email": "new@example.org", "role": "ADMIN"}),
    Way("POST /api/invites/", "400 403 403 403 403 403 401", {"email": "nowhere", "role": "ADMIN"}),
    Way("POST /api/invites/", "400 400 403 403 403 403 401", {"email": "nowhere"}),
    Way("POST /api/invites/", "400 400 403 403 403 403 401", b"{"),
    Way("DELETE /api/invites/{id}/", "204 204 403 403 403 403 401", at="@invite_of_manager"),
    Way("DELETE /api/invites/{id}/", "204 404 403 403 403 403 401", at="@invite_of_admin"),
]

SESSIONS = [
    Way("POST /api/register/", "201 201 201 201 201 201 201", {"email": "new@example.org", "password": PASSWORD}),
    Way("POST /api/token/", OPEN, {"username": "somebody", "password": PASSWORD}),
    Way("POST /api/token/refresh/", OPEN, {"refresh": "@refresh"}),
    Way("POST /api/password/reset/", DONE_BY_ANYBODY, {"email": "somebody@example.org"}),
    Way(
        "POST /api/password/reset/confirm/",
        DONE_BY_ANYBODY,
        {"uid": "@reset_uid", "token": "@reset_token", "new_password": NEW_PASSWORD},
    ),
    Way("POST /api/password/change/", ALL, {"old_password": PASSWORD, "new_password": NEW_PASSWORD}),
    Way("POST /api/email/confirm/", DONE_BY_ANYBODY, {"token": "@confirm_token"}),
    Way("POST /api/email/undo/", DONE_BY_ANYBODY, {"token": "@undo_token"}),
    Way("POST /api/email/resend/", "409 409 409 409 409 409 401"),  # all of them are confirmed
    Way("POST /api/logout/", "204 204 204 204 204 204 401"),
    Way("GET /api/sessions/", ALL),
    Way("DELETE /api/sessions/", "204 204 204 204 204 204 401"),
    Way("DELETE /api/sessions/{id}/", "204 204 204 204 204 204 401", at="@session"),
    Way("DELETE /api/sessions/{id}/", NOWHERE, at="@session_of_somebody"),
    Way("GET /api/profile/", ALL),
    Way("PUT /api/profile/", ALL, {"first_name": "Anew"}),
    Way("PATCH /api/profile/", ALL, {"first_name": "Anew"}),
    Way("PATCH /api/profile/", ALL, {"role": "ADMIN"}),  # read only, and so ignored
    Way("PATCH /api/profile/", "400 400 400 400 400 400 401", {"timezone": "Mars"}),
]

REPORTS = [
    Way("GET /api/reports/insights/", ALL),
    Way("GET /api/reports/insights/", ALL, query="?status=OVERDUE&group=week"),
    Way("GET /api/reports/insights/", "400 400 400 400 400 400 401", query="?page=1"),
    Way("GET /api/reports/", ALL),
    Way("POST /api/reports/", "202 202 202 202 202 202 401", {"kind": "insights"}),
    Way("POST /api/reports/", "202 202 202 202 202 202 401", {"kind": "export", "format": "xlsx", "status": "OVERDUE"}),
    Way("POST /api/reports/", "400 400 400 400 400 400 401", {"kind": "export", "surprise": 1}),
    *(
        way
        for operation, mine in (
            ("GET /api/reports/{id}/", "200"),
            ("GET /api/reports/{id}/download/", "200"),
            ("DELETE /api/reports/{id}/", "204"),
        )
        for way in (
            Way(operation, f"404 404 {mine} 404 404 404 401", at="@report"),
            Way(operation, NOWHERE, at="@nowhere"),
        )
    ),
    Way("GET /api/reports/{id}/download/", "404 404 409 404 404 404 401", at="@waiting_report"),
]

NOBODY_ELSES = "404 404 404 200 404 404 401"
SYNC = [
    Way("GET /api/changes/", ALL),
    Way("GET /api/changes/", "400 400 400 400 400 400 401", query="?since=x"),
    Way("GET /api/notifications/", ALL),
    Way("GET /api/notifications/{id}/", NOBODY_ELSES, at="@told"),
    Way("PATCH /api/notifications/{id}/", NOBODY_ELSES, {"read": True}, at="@told"),
    Way("PATCH /api/notifications/{id}/", "404 404 404 400 404 404 401", {"read": "x"}, at="@told"),
    Way("POST /api/notifications/read/", ALL),
]

MATRIX = [
    *(*TASKS, *REMINDERS, *COMMENTS, *CATEGORIES, *LABELS, *PROJECTS, *TASKS_OF_PROJECTS),
    *(*PEOPLE_WAYS, *SESSIONS, *REPORTS, *SYNC),
]

# The operations that are there for those who are not signed in.
FOR_EVERYBODY = {
    "POST /api/register/",
    "POST /api/token/",
    "POST /api/token/refresh/",
    "POST /api/email/confirm/",
    "POST /api/email/undo/",
    "POST /api/password/reset/",
    "POST /api/password/reset/confirm/",
}
PAGES_FOR_EVERYBODY = ["/api/docs/", "/api/redoc/", "/api/schema/", "/healthz", "/readyz"]
