"""The reminders of a task in the web app: add one, delete one, snooze."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from taskbell.accounts.models import User
from taskbell.common.clock import as_instant, wall_time
from taskbell.common.durations import parse_duration
from taskbell.common.errors import Invalid, NotFound, Refusal
from taskbell.common.values import BadValue, read_choice, read_duration, read_field, read_id, read_moment
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import MAX_BEFORE_DUE, ReminderPlan, plan_of
from taskbell.tasks.models import Task
from taskbell.tasks.reminder_actions import add_reminder, delete_reminder, snooze_task
from taskbell.web.dates import Dates
from taskbell.web.door import done, sent, show_refusal, signed_in
from taskbell.web.forms import PageForm
from taskbell.web.rows import TaskRow
from taskbell.web.shell import AppRequest
from taskbell.web.task_edit import show_editor
from taskbell.web.task_forms import check_day
from taskbell.web.task_page import Editor, row_for
from taskbell.web.verbs import verb

AT = "at"
BEFORE = [
    ("PT30M", gettext_lazy("30 minutes before")),
    ("PT1H", gettext_lazy("1 hour before")),
    ("P1D", gettext_lazy("1 day before")),
    ("PT0S", gettext_lazy("When it is due")),
]
REPEATS = [
    ("", gettext_lazy("Once")),
    ("FREQ=HOURLY", gettext_lazy("Every hour until done")),
    ("FREQ=DAILY", gettext_lazy("Every day until done")),
    ("FREQ=WEEKLY", gettext_lazy("Every week until done")),
]
SNOOZES = ("PT30M", "PT1H", "PT3H", "tomorrow")
MORNING = time(9)


class ReminderForm(PageForm):
    """When to remind, and whom."""

    when = forms.ChoiceField(label=gettext_lazy("When"), widget=forms.RadioSelect)
    at = forms.DateTimeField(
        label=gettext_lazy("At"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        validators=[check_day],
    )
    repeat = forms.ChoiceField(label=gettext_lazy("Repeat"), choices=REPEATS, required=False)
    for_me = forms.BooleanField(label=gettext_lazy("Only for me"), required=False)

    def __init__(self, data: Any, *, row: TaskRow) -> None:
        tomorrow = datetime.combine(row.dates.today + timedelta(days=1), MORNING)
        has_due = row.task.due_at is not None
        first = "PT1H" if has_due else AT
        super().__init__(data, initial={"when": first, "at": tomorrow}, auto_id="edit-%s")
        at_a_time = (AT, _("At a fixed time"))
        self.fields["when"].choices = [*BEFORE, at_a_time] if has_due else [at_a_time]  # type: ignore[attr-defined]
        self.must_be_mine = not row.may_edit
        if self.must_be_mine:
            del self.fields["for_me"]
        self.zone = row.dates.zone.key

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("when") == AT and not given.get("at") and "at" not in self.errors:
            self.add_error("at", _("Must have a date and a time."))
        return given

    def plan(self) -> ReminderPlan:
        """The reminder that is wanted."""
        given = self.cleaned_data
        for_me = self.must_be_mine or given["for_me"]
        if given["when"] == AT:
            at = as_instant(given["at"].replace(tzinfo=None), self.zone)
            return ReminderPlan(at=at, repeat=given["repeat"], for_me=for_me)
        return ReminderPlan(before_due=parse_duration(given["when"]), repeat=given["repeat"], for_me=for_me)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a new reminder, or the reminder that it asks for."""
    app = AppRequest(request)
    row = row_for(pk, app.person, app.dates)
    if "plan" in request.GET and request.method == "POST":  # undoing a deletion
        add_reminder(pk, _plan_from(request.GET, app.person), by=app.person, now=app.now)
        return done(request, _("Reminder restored."), touched=[pk])
    form = ReminderForm(request.POST if request.method == "POST" else None, row=row)
    if request.method != "POST":
        return _show(app, row, form)
    if not form.is_valid():
        return _show(app, row, form, status=Invalid.status)
    try:
        plan = form.plan()
        reminder = add_reminder(pk, plan, for_me=plan.for_me, by=app.person, now=app.now)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _show(app, row, form, status=refusal.status)
    return done(request, _said(reminder, app), touched=[pk])


def _said(reminder: Reminder, app: AppRequest) -> str:
    if reminder.next_at is None:
        return _("Reminder added, but its time has already passed, so it won't fire.")
    return _("Reminds %(when)s.") % {"when": app.dates.in_sentence(app.dates.moment(reminder.next_at))}


def _show(app: AppRequest, row: TaskRow, form: ReminderForm, *, status: int = 200) -> HttpResponse:
    action = reverse("task-reminders", args=[row.task.pk])
    editor = Editor("reminder", _("New reminder"), form, action, "web/app/task/reminder.html")
    return show_editor(app, row, editor, status=status)


@verb
def delete(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Deletes the reminder; the toast can restore it."""
    try:
        reminder = read_id(sent(request, "reminder"))
    except BadValue as error:
        raise NotFound from error
    found = Reminder.objects.visible_to(by).filter(task=task, pk=reminder).first()
    delete_reminder(task.pk, reminder, by=by, now=now)
    undo = f"{reverse('task-reminders', args=[task.pk])}?{urlencode(_as_query(found))}" if found else ""
    return done(request, _("Reminder deleted."), undo=undo, touched=[task.pk])


def _as_query(reminder: Reminder) -> dict[str, str]:
    plan = plan_of(reminder)
    return {
        "plan": "true",
        "at": plan.at.isoformat() if plan.at else "",
        "before": str(plan.before_due or ""),
        "repeat": plan.repeat,
        "mine": "true" if plan.for_me else "",
    }


def _plan_from(query: Mapping[str, str], person: User) -> ReminderPlan:
    at = before = None
    if query.get("at"):
        at = as_instant(read_field("at", read_moment, query["at"]), person.profile.timezone)
    if query.get("before"):
        before = read_field("before", partial(read_duration, longest=MAX_BEFORE_DUE), query["before"])
    return ReminderPlan(at=at, before_due=before, repeat=query.get("repeat", ""), for_me=query.get("mine") == "true")


@verb
def snooze(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Reminds the person again, after a while or tomorrow morning."""
    wanted = read_field("for", partial(read_choice, choices=SNOOZES), sent(request, "for"))
    zone = by.profile.timezone
    if wanted == "tomorrow":
        at = as_instant(datetime.combine(wall_time(now, zone).date() + timedelta(days=1), MORNING), zone)
    else:
        at = parse_duration(wanted).after(now, zone)
    snooze_task(task.pk, at, by=by, now=now)
    dates = Dates.of(by, now)
    said = _("Reminds you %(when)s.") % {"when": dates.in_sentence(dates.moment(at))}
    return done(request, said, touched=[task.pk])
