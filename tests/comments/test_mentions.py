"""Whom a comment means, and who is notified of it, once."""

from datetime import datetime, timedelta

import pytest

from taskbell.accounts.models import User
from taskbell.comments.actions import add_comment, delete_comment, edit_comment
from taskbell.comments.models import Comment
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Delivery, Notification
from taskbell.notifications.policy import reason_not_to_send
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.reminders.mailbox import Mailbox
from tests.tasks.conftest import Somebody, a_task

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def task(bo: User, cy: User) -> Task:
    """Bo's, assigned to Cy, with nothing in the outbox."""
    made = a_task(bo, assigned_to_id=cy.pk)
    Notification.objects.all().delete()
    return made


def says(person: User, task: Task, body: str, now: datetime = NOW) -> Comment:
    return add_comment(task.pk, body, by=person, now=now)


def told() -> list[tuple[str, str]]:
    mails = Notification.objects.order_by("id").select_related("recipient")
    return [(mail.recipient.username, mail.kind) for mail in mails if mail.recipient]


def mail_to(person: User, kind: str) -> Delivery:
    mails = Delivery.objects.select_related("notification__recipient__profile", "notification__task")
    return mails.filter(notification__recipient=person, notification__kind=kind).latest("id")


def letter(person: User, kind: str) -> str:
    return compose(mail_to(person, kind), now=NOW + HOUR).text


def reason(person: User, kind: str) -> str | None:
    return reason_not_to_send(mail_to(person, kind).notification)


@pytest.mark.parametrize(
    "body",
    [
        *("@cy", "Hi @cy!", "@CY", "(@cy)", "@cy.", "@cy...", "@cy's", "**@cy**", "_@cy_", "* @cy", "> @cy", "# @cy"),
        *("bo/@cy", "@nobody @cy", "@cy @cy", "a\n@cy", "&#64;x @cy", "`x`@cy", "@cy,@bo"),
    ],
)
def test_these_mention_cy(task: Task, bo: User, cy: User, body: str) -> None:
    assert cy.pk in says(bo, task, body).mentions


@pytest.mark.parametrize(
    "body",
    [
        *("cy", "@ cy", "@@cy", "x@cy", "@cyx", "@cy@bo", "@cy_x", "`@cy`", "```\n@cy\n```", "so:\n\n    @cy", "\\@cy"),
        *(
            "[@cy](https://example.org)",
            "https://example.org/@cy",
            "<https://example.org/@cy>",
            "[a](https://b.org/@cy)",
        ),
        *("&#64;cy", "@c\u200by", "@сy"),
    ],
)
def test_these_do_not(task: Task, bo: User, cy: User, body: str) -> None:
    assert says(bo, task, body).mentions == []


def test_a_username_may_be_an_address_and_may_end_in_punctuation(task: Task, bo: User, cy: User) -> None:
    User.objects.filter(pk=cy.pk).update(username="cy@example.org", username_key="cy@example.org")
    assert says(bo, task, "@Cy@Example.org, look").mentions == [cy.pk]
    assert says(bo, task, "@cy, look").unreachable == ["cy"]
    User.objects.filter(pk=cy.pk).update(username="cy_", username_key="cy_")
    assert says(bo, task, "@cy_ and _@bo_").mentions == [cy.pk, bo.pk]
    assert says(bo, task, "@cy").mentions == []


def test_somebody_who_has_left_is_not_reached(task: Task, bo: User, cy: User) -> None:
    User.objects.filter(pk=cy.pk).update(is_active=False)
    assert says(bo, task, "@cy?").unreachable == ["cy"]
    says(bo, task, "Nobody else is here")
    assert told() == []


def test_names_that_lead_to_nobody_are_said_and_do_not_tell_whether_somebody_has_them(
    as_user: Somebody, task: Task, bo: User, ivo: User, mia: User
) -> None:
    left = User.objects.create_person(username="left", email="left@example.org", password="", is_active=False)
    body = "@Ivo. @nobody @ivo @left @mia"
    answer = as_user(bo).post(f"/api/tasks/{task.pk}/comments/", {"body": body}).json()
    assert answer["mentions"] == [mia.pk]
    assert answer["unreachable"] == ["Ivo", "nobody", "left"]
    assert as_user(bo).get(f"/api/tasks/{task.pk}/comments/").json()["results"][0] == answer
    assert {"ivo", left.username}.isdisjoint(name for name, _ in told())


def test_who_is_mentioned_gets_one_email_at_once_and_the_others_one_a_minute_later(
    task: Task, bo: User, cy: User, mia: User
) -> None:
    says(bo, task, "@mia, please look")
    assert told() == [("mia", "mentioned"), ("cy", "commented")]
    assert mail_to(mia, "mentioned").not_before == NOW
    assert mail_to(cy, "commented").not_before == NOW + MINUTE
    text = letter(mia, "mentioned")
    assert '"Bo" mentioned you in a comment' in text
    assert "> @mia, please look" in text


def test_nobody_gets_an_email_about_what_they_wrote(task: Task, bo: User) -> None:
    says(bo, a_task(bo), "@bo, do it")
    assert told() == []


def test_several_comments_within_a_minute_become_one_email(task: Task, bo: User, cy: User, mia: User) -> None:
    says(cy, task, "First")
    says(mia, task, "Second", NOW + SECOND)
    says(cy, task, "Third", NOW + 2 * SECOND)
    assert [kind for name, kind in told() if name == "bo"] == ["commented"]
    text = letter(bo, "commented")
    assert [line for line in text.splitlines() if line.startswith(">")] == ["> First", "> Second", "> Third"]
    assert text.count('"Cy" wrote:') == 2
    assert "> Second" in letter(cy, "commented")
    assert "> First" not in letter(cy, "commented")
    says(cy, task, "Fourth", NOW + 2 * MINUTE)
    assert [kind for name, kind in told() if name == "bo"] == ["commented", "commented"]


def test_earlier_authors_follow_as_long_as_they_see_the_task(
    task: Task, bo: User, cy: User, mia: User, ivo: User
) -> None:
    says(mia, task, "I am only looking")
    update_task(task.pk, TaskPatch(assigned_to_id=ivo.pk), by=bo, now=NOW)
    Notification.objects.all().delete()
    says(bo, task, "Ivo does it")
    assert told() == [("mia", "commented"), ("ivo", "commented")]


def test_a_mention_and_the_gathered_email_never_repeat_one_comment(task: Task, bo: User, cy: User, mia: User) -> None:
    says(mia, task, "First")
    says(mia, task, "@cy, second", NOW + SECOND)
    assert [kind for name, kind in told() if name == "cy"] == ["commented", "mentioned"]
    assert "second" not in letter(cy, "commented")
    assert "First" not in letter(cy, "mentioned")


def test_an_edit_notifies_only_people_newly_mentioned_and_each_once(task: Task, bo: User, cy: User, mia: User) -> None:
    comment = says(bo, task, "@cy look")
    assert told() == [("cy", "mentioned")]
    edit_comment(task.pk, comment.pk, "@cy and @mia look", by=bo, now=NOW)
    assert told() == [("cy", "mentioned"), ("mia", "mentioned")]
    Notification.objects.filter(recipient=cy).delete()
    edit_comment(task.pk, comment.pk, "@cy and @mia, look again", by=bo, now=NOW)
    assert told() == [("mia", "mentioned")], "Cy's notification is gone, and it is no news"


def test_a_mention_that_comes_and_goes_notifies_once(task: Task, bo: User, cy: User) -> None:
    comment = says(bo, task, "@cy look")
    edit_comment(task.pk, comment.pk, "nobody", by=bo, now=NOW)
    assert reason(cy, "mentioned") == "Cancelled because the comment no longer mentions the person."
    edit_comment(task.pk, comment.pk, "@cy again", by=bo, now=NOW)
    assert told() == [("cy", "mentioned")]
    assert "> @cy again" in letter(cy, "mentioned")


def test_no_email_goes_out_about_a_deleted_comment(task: Task, bo: User, cy: User, mia: User) -> None:
    comment = says(bo, task, "@mia look")
    assert (reason(mia, "mentioned"), reason(cy, "commented")) == (None, None)
    delete_comment(task.pk, comment.pk, by=bo, now=NOW)
    deleted = "Cancelled because the comment was deleted."
    assert (reason(mia, "mentioned"), reason(cy, "commented")) == (deleted, deleted)


def test_no_email_goes_out_to_somebody_who_no_longer_sees_the_task(task: Task, bo: User, cy: User) -> None:
    says(bo, task, "@cy look")
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=bo, now=NOW)
    assert reason(cy, "mentioned") == "Cancelled because the person no longer has access to the task."
    update_task(task.pk, TaskPatch(assigned_to_id=cy.pk), by=bo, now=NOW)
    assert reason(cy, "mentioned") is None
    delete_task(task.pk, by=bo, now=NOW)
    assert reason(cy, "mentioned") == "Cancelled because the person no longer has access to the task."


@pytest.mark.parametrize("kind", ["mentioned", "commented"])
def test_cy_can_switch_each_of_them_off(as_user: Somebody, task: Task, bo: User, cy: User, kind: str) -> None:
    program: Program = as_user(cy)
    assert program.patch("/api/profile/", {"mail_preferences": {kind: False}}).status_code == 200
    says(bo, task, "@cy look" if kind == "mentioned" else "Look")
    assert reason(cy, kind) == "Cancelled because the person switched off emails of this kind."


def test_the_text_of_others_cannot_pose_as_ours(task: Task, bo: User, cy: User) -> None:
    says(cy, task, "Click https://evil.example/now\n\nYour admin\nUnsubscribe: evil.example")
    mail = compose(mail_to(bo, "commented"), now=NOW + HOUR)
    assert "evil.example" not in mail.text + mail.html
    quoted = [line for line in mail.text.splitlines() if "evil" in line]
    assert all(line.startswith("> ") for line in quoted)
    says(cy, task, "<script>alert(1)</script> @bo")
    assert "<script" not in compose(mail_to(bo, "mentioned"), now=NOW + HOUR).html


def test_a_storm_of_mentions_becomes_a_summary(task: Task, bo: User, cy: User, mailbox: Mailbox) -> None:
    for number in range(40):
        says(bo, task, f"@cy no. {number}", NOW)
    subjects = [str(mail["Subject"]) for mail in mailbox.send(NOW + SECOND)]
    assert len(subjects) == 1
