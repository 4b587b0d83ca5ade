"""To-dos as calendar programs write them, and the tasks that they become."""

import io
from datetime import UTC, date, datetime, time

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.reading import MAX_ROW_CHARACTERS, Unreadable
from tests.conftest import NOW
from tests.transfer.calendar_files import MARCH_31, bring, brought, refused, todo

DONE_AT = datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "stage", "completed_at"),
    [
        (["COMPLETED:20260501T100000Z"], "COMPLETED", DONE_AT),
        (["PERCENT-COMPLETE:100", "LAST-MODIFIED:20260501T100000Z"], "COMPLETED", DONE_AT),
        (["STATUS:COMPLETED"], "COMPLETED", NOW),
        (["STATUS:COMPLETED", "COMPLETED;VALUE=DATE:20260501"], "COMPLETED", datetime(2026, 5, 1, tzinfo=UTC)),
        (["PERCENT-COMPLETE:1"], "IN_PROGRESS", None),
        (["PERCENT-COMPLETE:99", "STATUS:NEEDS-ACTION"], "IN_PROGRESS", None),
        (["PERCENT-COMPLETE:0"], "PENDING", None),
        (["STATUS:IN-PROCESS"], "IN_PROGRESS", None),
        (["STATUS:in-process"], "IN_PROGRESS", None),
        (["STATUS:CANCELLED", "COMPLETED:20260501T100000Z"], "ARCHIVED", None),
        (["STATUS:"], "PENDING", None),
    ],
)
def test_how_far_the_work_is(bo: User, lines: list[str], stage: str, completed_at: datetime | None) -> None:
    task, _ = brought(bo, *lines)
    assert (task.stage, task.completed_at) == (stage, completed_at)


@pytest.mark.parametrize(
    ("lines", "stage", "message"),
    [
        (["STATUS:NEEDS-ACTION", "COMPLETED:20260501T100000Z"], "PENDING", "COMPLETED isn't imported, because STATUS"),
        (["STATUS:IN-PROCESS", "PERCENT-COMPLETE:100"], "IN_PROGRESS", "PERCENT-COMPLETE isn't imported, because"),
        (["STATUS:X-WAITING"], "PENDING", "STATUS isn't imported: X-WAITING"),
        (["STATUS:X-WAITING", "COMPLETED:20260501T100000Z"], "COMPLETED", "STATUS isn't imported: X-WAITING"),
        (["STATUS:CANCELLED", "COMPLETED:20260501T100000Z"], "ARCHIVED", "COMPLETED isn't imported, because STATUS"),
        (["DUE:20270331T090000Z", "DURATION:PT1H"], "PENDING", "DURATION isn't imported: PT1H"),
        (["PERCENT-COMPLETE:250"], "PENDING", "PERCENT-COMPLETE isn't imported: 250"),
        (["PERCENT-COMPLETE:40"], "IN_PROGRESS", "PERCENT-COMPLETE isn't imported: 40 %. The task is IN_PROGRESS."),
        (["COMPLETED:yesterday"], "PENDING", "COMPLETED isn't imported."),
    ],
)
def test_what_contradicts_or_says_more_is_in_a_notice(bo: User, lines: list[str], stage: str, message: str) -> None:
    task, notices = brought(bo, *lines)
    assert task.stage == stage
    assert [one for one in notices if message in one and one.startswith("UID sow (Sow): ")]


def test_moments_in_the_future_become_now_with_a_notice(bo: User) -> None:
    task, notices = brought(bo, "CREATED:20990101T000000Z", "COMPLETED:20990101T000000Z")
    assert (task.created_at, task.completed_at) == (NOW, NOW)
    assert sum("future" in one for one in notices) == 2


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\n\r\n"])
def test_any_ends_of_lines(bo: User, end: str) -> None:
    bring(bo, *todo(MARCH_31, "DESCRIPTION:In rows", " that are straight"), end=end)
    assert (Task.objects.get().description, Task.objects.get().due_time) == ("In rowsthat are straight", time(9))


def test_a_line_folded_within_a_character_and_a_mark_at_the_beginning(bo: User) -> None:
    line = "SUMMARY:Rüben säen".encode().replace("ä".encode(), b"\xc3\r\n \xa4")
    file = b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nBEGIN:VTODO\r\n" + line + b"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    import_tasks(READERS["ical"](io.BytesIO(file)), by=bo, now=NOW)
    assert Task.objects.get().title == "Rüben säen"


def test_names_in_small_letters_and_parameters_in_quotes(bo: User) -> None:
    lines = [
        "begin:vtodo",
        'summary;language=de;altrep="http://x.example/?a:b;c":Sow\\, dig',
        "priority:1",
        "end:vtodo",
    ]
    bring(bo, *lines)
    assert (Task.objects.get().title, Task.objects.get().priority) == ("Sow, dig", Priority.URGENT)


def test_a_calendar_of_old_phones(bo: User) -> None:
    bring(bo, *todo("DESCRIPTION;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:R=C3=BCben=0Aund Salat"))
    assert Task.objects.get().description == "Rüben\nund Salat"


@pytest.mark.parametrize(
    ("value", "priority"),
    [("", "MEDIUM"), *((str(n), name) for n, name in enumerate(["M", "U", "H", "H", "H", "M", "L", "L", "L", "L"]))],
)
def test_priorities(bo: User, value: str, priority: str) -> None:
    task, notices = brought(bo, f"PRIORITY:{value}")
    assert (Priority(task.priority).name[0], notices) == (priority[0], [])


@pytest.mark.parametrize("value", ["hot", "10", "-1", "1.5", "٣"])
def test_what_is_no_priority_is_refused_without_words_of_ours(bo: User, value: str) -> None:
    field, message = refused(bo, *todo(f"PRIORITY:{value}"))
    assert (field, message) == ("priority", f"UID sow (Sow): PRIORITY must be a number from 0 to 9, not {value}.")


@pytest.mark.parametrize(
    "line", ["DUE:tomorrow", "DUE:20271331", "DUE:P1D", "DUE;=:20270331", "DUE;TZID=Mars/Base:20270331T090000"]
)
def test_a_due_date_that_cannot_be_read_is_named(bo: User, line: str) -> None:
    _, message = refused(bo, *todo(line))
    assert message.startswith("UID sow (Sow): ")
    assert not {"None", "invalid literal", "Error", "object", "'"} & set(message.replace("'Mars/Base'", "").split())


@pytest.mark.parametrize("rule", [[], ["RRULE:FREQ=WEEKLY"]])
def test_a_due_date_before_the_start_counts(bo: User, rule: list[str]) -> None:
    task, notices = brought(bo, "DTSTART;VALUE=DATE:20270405", "DUE;VALUE=DATE:20270401", *rule)
    assert task.due_date == date(2027, 4, 1)
    assert [one for one in notices if "DTSTART isn't imported: 2027-04-05." in one]


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:99991231T235959Z", "DURATION:P9D"],
        ["DTSTART;TZID=Asia/Tokyo:00010101T000000", "DUE;TZID=America/New_York:20270301T090000", "RRULE:FREQ=DAILY"],
        ["DTSTART:99991229", "RRULE:FREQ=DAILY", "EXDATE:99991229,99991230,99991231"],
        ["DUE:99991231", "BEGIN:VALARM", "TRIGGER:PT999H", "END:VALARM"],
    ],
)
def test_dates_beyond_those_of_tasks_are_refused(bo: User, lines: list[str]) -> None:
    _, message = refused(bo, *todo(*lines))
    assert "between 1970-01-01 and 2999-12-31" in message


@pytest.mark.parametrize("line", ["SUMMARY:", "COMMENT:No title", "SUMMARY:\u200b"])
def test_a_to_do_without_a_title(bo: User, line: str) -> None:
    result = bring(bo, "BEGIN:VTODO", "UID:sow", line, "END:VTODO")
    assert Task.objects.get().title == "Untitled"
    assert [one for one in result.notices if one.message.startswith("UID sow: The task has no title.")]


def test_one_bad_to_do_does_not_sink_the_others(bo: User) -> None:
    result = bring(bo, *todo("DUE:soon"), *todo(uid="reap", title="Reap"), partial=True)
    assert (result.created, result.failed) == (1, 1)


def test_a_parent_and_a_prerequisite_outside_the_file_get_a_notice(bo: User) -> None:
    _, notices = brought(
        bo, "RELATED-TO:above", "RELATED-TO;RELTYPE=DEPENDS-ON:before", "RELATED-TO;RELTYPE=SIBLING:by"
    )
    assert len(notices) == 3
    assert all(any(uid in one for one in notices) for uid in ("above", "UID before", "(SIBLING) isn't imported: by"))


def test_of_two_revisions_the_newest_counts(bo: User) -> None:
    old, new = (["SEQUENCE:1", "PRIORITY:1"], ["SEQUENCE:2", "PRIORITY:9"])
    result = bring(bo, *todo(*new), *todo(*old))
    assert Task.objects.get().priority == Priority.LOW
    assert [one.message for one in result.notices] == [
        "UID sow (Sow): Line 8 has the same to-do. Only its newest version is imported."
    ]


def test_the_same_calendar_again_updates_what_has_changed(bo: User) -> None:
    bring(bo, *todo(MARCH_31))
    result = bring(bo, *todo("DUE;VALUE=DATE:20270402", "PRIORITY:1"), on_existing="update")
    task = Task.objects.get()
    assert (result.updated, task.due_date, task.due_time, task.priority) == (1, date(2027, 4, 2), None, Priority.URGENT)


def test_to_dos_that_share_a_uid_by_mistake_are_all_imported(bo: User) -> None:
    for _ in range(2):
        bring(bo, *todo(), *todo(title="Reap"))
        assert sorted(Task.objects.values_list("title", flat=True)) == ["Reap", "Sow"]


def test_to_dos_without_a_uid_are_known_again(bo: User) -> None:
    milk = ["BEGIN:VTODO", "SUMMARY:Buy milk", "END:VTODO"]
    assert [bring(bo, *milk, *milk).created, bring(bo, *milk, *milk).created] == [2, 0]


def test_a_to_do_without_its_end_ends_where_the_next_begins(bo: User) -> None:
    bring(bo, *todo()[:-1], *todo(uid="reap", title="Reap")[:-1])
    assert sorted(Task.objects.values_list("title", flat=True)) == ["Reap", "Sow"]


def test_a_file_that_ends_within_a_to_do_is_incomplete(bo: User) -> None:
    with pytest.raises(ImportRefused) as error:
        import_tasks(READERS["ical"](io.BytesIO(b"BEGIN:VTODO\nUID:sow\nSUMMARY:So")), by=bo, now=NOW)
    assert next(iter(error.value.result.errors)).message.startswith("UID sow (So): The file ends within this to-do")


def test_a_picture_in_a_to_do_gets_a_short_notice_however_large(bo: User) -> None:
    picture = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUFB" * (MAX_ROW_CHARACTERS // 2)
    _, notices = brought(bo, picture, "PRIORITY:1")
    assert Task.objects.get().priority == Priority.URGENT
    assert [len(one) < 200 for one in notices] == [True]
    assert "ATTACH isn't imported: QUFB" in notices[0]


def test_a_to_do_of_very_many_lines_is_named(bo: User) -> None:
    _, message = refused(bo, *todo(*["COMMENT:" + "x" * 1000] * (MAX_ROW_CHARACTERS // 1000)))
    assert message == f"UID sow (Sow): Must have at most {MAX_ROW_CHARACTERS:,} characters."


def test_a_long_title_goes_on_in_the_description(bo: User) -> None:
    bring(bo, *todo("DESCRIPTION:Deep", title="x" * 300))
    task = Task.objects.get()
    assert (len(task.title), task.description) == (255, "x" * 300 + "\n\nDeep")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["BEGIN:VEVENT", "SUMMARY:Feast", "END:VEVENT"] * 2, "only 2 VEVENT"),
        (["BEGIN:VJOURNAL", "END:VJOURNAL"], "only 1 VJOURNAL"),
    ],
)
def test_a_calendar_without_to_dos_says_what_it_has(bo: User, lines: list[str], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        bring(bo, *lines)


@pytest.mark.parametrize("text", ["", "<html></html>", "title,due\nSow,\n"])
def test_what_is_no_calendar_is_named(bo: User, text: str) -> None:
    with pytest.raises(Unreadable, match="BEGIN:VCALENDAR"):
        import_tasks(READERS["ical"](io.BytesIO(text.encode())), by=bo, now=NOW)


def test_what_is_lost_is_an_error_if_nothing_may_be(bo: User) -> None:
    with pytest.raises(ImportRefused):
        bring(bo, *todo("LOCATION:Beet 3"), strict=True)
    assert bring(bo, *todo("DTSTAMP:20260101T000000Z", "CLASS:PUBLIC"), strict=True).created == 1
