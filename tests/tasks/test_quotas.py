"""One person can't fill the disk: quotas by setting, and of one person by an admin."""

from typing import Any

import pytest
from django.conf import settings as project

from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.models import Session, User
from taskbell.api.models import Answer
from taskbell.common.errors import Conflict, NotAllowed
from taskbell.config.quotas import QUOTAS, read_quotas
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task
from taskbell.tasks.quotas import find_full
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task

TASKS = "/api/tasks/"


@pytest.fixture
def quotas(settings: Any) -> dict[str, int]:
    """The quotas, to be changed by a test."""
    settings.TASKBELL_QUOTAS = dict(project.TASKBELL_QUOTAS)
    chosen: dict[str, int] = settings.TASKBELL_QUOTAS
    return chosen


def refusal(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["title"], answer.json()["detail"]


def test_a_member_with_as_many_tasks_as_allowed_creates_no_more(
    program: Program, bo: User, quotas: dict[str, int]
) -> None:
    quotas["tasks"] = 3
    for _ in range(3):
        a_task(bo)
    find_full()
    sentence = (
        "Can't create more tasks, because a person may have 3, those in the trash included. Delete some and wait until "
        "they have left the trash, or ask an admin for a higher quota."
    )
    assert refusal(program.post(TASKS, {"title": "One more"})) == (409, "Quota reached", sentence)
    first = Task.objects.filter(created_by=bo).first()
    assert first is not None
    assert program.patch(f"{TASKS}{first.pk}/", {"description": "Longer."}).status_code == 200
    assert program.delete(f"{TASKS}{first.pk}/").status_code == 204
    find_full()
    assert program.post(TASKS, {"title": "One more"}).status_code == 409
    first.delete()  # as the clock does after thirty days
    find_full()
    assert program.post(TASKS, {"title": "One more"}).status_code == 201


def test_bulk_and_import_are_counted_before_they_write(program: Program, bo: User, quotas: dict[str, int]) -> None:
    quotas["tasks"] = 3
    a_task(bo)
    assert refusal(program.post(f"{TASKS}bulk/", {"create": [{"title": "x"}] * 3}))[:2] == (409, "Quota reached")
    rows = b"title\nSow\nWater\nReap\n"
    answer = program.post(f"{TASKS}import/", rows, content_type="text/csv")
    assert refusal(answer)[:2] == (409, "Quota reached")
    assert Task.objects.count() == 1
    assert program.post(f"{TASKS}bulk/", {"create": [{"title": "x"}] * 2}).status_code == 200


def test_too_much_text_is_refused_until_it_is_shorter(program: Program, bo: User, quotas: dict[str, int]) -> None:
    quotas["text"] = 1
    tasks = [a_task(bo, description="ä" * 20_000) for _ in range(27)]  # two bytes each
    find_full()
    path = f"{TASKS}{tasks[0].pk}/"
    assert "titles and descriptions may have 1 MiB" in refusal(program.post(TASKS, {"title": "One more"}))[2]
    assert program.patch(path, {"title": "Other"}).status_code == 200
    assert program.patch(path, {"description": ""}).status_code == 200
    assert refusal(program.patch(path, {"description": "More again"}))[:2] == (409, "Quota reached")
    find_full()
    assert program.post(TASKS, {"title": "One more"}).status_code == 201


def test_managers_have_no_quota(as_user: Somebody, mia: User, quotas: dict[str, int]) -> None:
    quotas |= {"tasks": 1, "categories": 0, "imports": 0}
    a_task(mia)
    find_full()
    program = as_user(mia)
    assert program.post(f"{TASKS}bulk/", {"create": [{"title": "x"}] * 2}).status_code == 200
    assert program.post("/api/categories/", {"name": "Garden"}).status_code == 201


def test_an_admin_gives_one_person_another_quota(program: Program, ada: User, bo: User, mia: User) -> None:
    with pytest.raises(NotAllowed):
        update_person(bo, {"task_quota": 1_000_000}, by=bo, now=NOW)
    update_person(bo, {"task_quota": 2}, by=ada, now=NOW)
    assert program.post(f"{TASKS}bulk/", {"create": [{"title": "x"}] * 3}).status_code == 409
    update_person(bo, {"task_quota": None}, by=ada, now=NOW)
    assert program.post(f"{TASKS}bulk/", {"create": [{"title": "x"}] * 3}).status_code == 200


def test_a_member_has_so_many_categories(program: Program, bo: User, quotas: dict[str, int]) -> None:
    quotas["categories"] = 2
    made = [program.post("/api/categories/", {"name": f"Category {n}"}).status_code for n in range(3)]
    assert made == [201, 201, 409]
    assert Category.objects.count() == 2


def test_a_member_has_created_so_many_labels_and_uses_as_many_as_there_are(
    program: Program, mia: User, quotas: dict[str, int]
) -> None:
    quotas["labels"] = 2
    a_task(mia, labels=["Hers"])
    assert program.post(TASKS, {"title": "x", "labels": ["a", "b", "hers"]}).status_code == 201
    sentence = (
        "Can't create more labels, because a person can create at most 2. Use existing labels, or delete or merge some "
        "first."
    )
    assert refusal(program.post(TASKS, {"title": "x", "labels": ["c"]})) == (409, "Quota reached", sentence)
    body = {"create": [{"title": "x", "labels": ["a"]}, {"title": "y", "labels": ["c"]}]}
    assert program.post(f"{TASKS}bulk/", body).status_code == 409
    assert program.post(TASKS, {"title": "x", "labels": ["A", "B", "Hers"]}).status_code == 201
    assert Label.objects.count() == 3


def test_a_member_imports_so_many_files_an_hour(program: Program, quotas: dict[str, int]) -> None:
    quotas["imports"] = 2
    answers = [
        program.post(f"{TASKS}import/", f"title\nTask {n}\n".encode(), content_type="text/csv") for n in range(3)
    ]
    assert [answer.status_code for answer in answers][-1] == 429
    assert int(answers[-1]["Retry-After"]) <= 3600
    assert Task.objects.count() == 2


def test_answers_that_are_kept_are_counted_and_a_refusal_changes_nothing(
    program: Program, quotas: dict[str, int]
) -> None:
    quotas["answers"] = 2
    sent = [program.post(TASKS, {"title": "x"}, **{"Idempotency-Key": f"{n}"}) for n in range(3)]
    assert [answer.status_code for answer in sent] == [201, 201, 409]
    assert "are stored for 24 hours. Send the request without the header, or later." in sent[2].json()["detail"]
    assert (Task.objects.count(), Answer.objects.count()) == (2, 2)
    assert program.post(TASKS, {"title": "x"}, **{"Idempotency-Key": "1"})["Idempotency-Replayed"] == "true"
    assert program.post(TASKS, {"title": "x"}).status_code == 201


def test_large_answers_are_counted_by_their_bytes(program: Program, quotas: dict[str, int]) -> None:
    quotas["answer_megabytes"] = 1
    body = {"create": [{"title": "x", "description": "y" * 10_000}] * 60}
    sent = [program.post(f"{TASKS}bulk/", body, **{"Idempotency-Key": f"{n}"}) for n in range(2)]
    assert [answer.status_code for answer in sent] == [200, 409]
    assert Task.objects.count() == 60


def test_of_very_many_sessions_those_unused_for_longest_end(bo: User, quotas: dict[str, int]) -> None:
    quotas["sessions"] = 3
    opened = [open_session(bo, client=Client(), now=NOW.replace(minute=n)) for n in range(5)]
    still_open = Session.objects.filter(user=bo, ended_at=None).order_by("created_at")
    assert list(still_open.values_list("pk", flat=True)) == [session.pk for session in opened[2:]]


def test_a_manager_has_so_many_open_invitations(mia: User, quotas: dict[str, int]) -> None:
    quotas["invitations"] = 1
    invite("first@example.org", "MEMBER", by=mia, now=NOW)
    with pytest.raises(Conflict, match="Withdraw some first"):
        invite("second@example.org", "MEMBER", by=mia, now=NOW)


def test_the_setting_names_what_differs() -> None:
    assert read_quotas("") == QUOTAS
    assert read_quotas(" tasks = 5, imports=7 ") == {**QUOTAS, "tasks": 5, "imports": 7}


@pytest.mark.parametrize("text", ["task=5", "tasks", "tasks=-1", "tasks=x", "tasks=9999999999", "tasks=٣"])
def test_a_wrong_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be pairs such as tasks=500000"):
        read_quotas(text)
