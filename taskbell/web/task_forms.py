"""The forms of a task's parts. The rules live in the verbs; each form says which fields of the task it changes."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import MAX_BODY
from taskbell.common.values import BadValue, in_bounds, read_date
from taskbell.projects.models import EDITORS, Membership, Project
from taskbell.projects.policy import may_manage
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Category
from taskbell.web.forms import PageForm, zone_choices

MAX_CHOICES = 500
ONLY_THIS, FROM_NOW = "this", "all"


def check_day(day: date) -> None:
    """Raises ValidationError for a day or moment outside the range of every database and calendar."""
    try:
        in_bounds(day.date() if isinstance(day, datetime) else day)
    except BadValue as error:
        raise forms.ValidationError(str(error)) from error


def date_field(label: Any, *, required: bool = True) -> forms.DateField:
    """A day, entered by the browser's own picker."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, validators=[check_day])


def time_field(label: Any) -> forms.TimeField:
    """A time of day that may be left empty."""
    return forms.TimeField(label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class PartForm(PageForm):
    """Changes some fields of a task. `names` are those fields, by the names of the model."""

    names: tuple[str, ...] = ()

    def __init__(self, data: Any, *, task: Any, person: User) -> None:
        self.task, self.person = task, person
        super().__init__(data, initial=self.read(), auto_id="edit-%s")
        self.prepare()

    def read(self) -> dict[str, Any]:
        """What the fields show at first."""
        return {name: getattr(self.task, name) for name in self.names if hasattr(self.task, name)}

    def prepare(self) -> None:
        """Adds choices, and takes away what this task does not need."""

    def values(self) -> dict[str, Any]:
        """The fields of the task as they are wanted."""
        return {name: self.cleaned_data[name] for name in self.names}


class TitleForm(PartForm):
    names = ("title",)
    title = forms.CharField(label=_("Title"), widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}))


class DescriptionForm(PartForm):
    names = ("description",)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "autofocus": True}),
        help_text=_("Markdown. Ctrl+Enter saves."),
    )

    def clean_description(self) -> str:
        return str(self.cleaned_data["description"]).strip().replace("\r\n", "\n")


class DueForm(PartForm):
    """The due date. Of a series, of this one or of all that follow."""

    names = ("due_date", "due_time", "timezone")
    due_date = date_field(_("Due date"), required=False)
    due_time = time_field(_("Time"))
    timezone = forms.ChoiceField(label=_("Time zone"), choices=[], required=False)
    applies = forms.ChoiceField(
        label=_("Applies to"),
        choices=[(ONLY_THIS, _("Only this occurrence")), (FROM_NOW, _("This and all following occurrences"))],
        initial=ONLY_THIS,
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        zone = self.task.timezone
        self.fields["due_date"].widget.attrs["autofocus"] = True
        self.fields["timezone"].choices = [(zone, zone), *zone_choices()]  # type: ignore[attr-defined]
        if not self.task.recurrence:
            del self.fields["applies"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        day = self.data.get("day", "")
        if day:  # one of the buttons for the usual days
            given["due_date"] = self._usual(day)
        if given.get("due_date") is None and "due_date" not in self.errors:
            given["due_time"] = None
        return given

    def _usual(self, day: str) -> date | None:
        try:
            return None if day == "none" else read_date(day)
        except BadValue as error:
            self.add_error("due_date", str(error))
            return None

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "due_date": given["due_date"],
            "due_time": self._to_the_minute(given["due_time"]),
            "timezone": given["timezone"] or self.task.timezone,
        }

    def _to_the_minute(self, sent: time | None) -> time | None:
        """The field shows no seconds, so a time that was not touched keeps them."""
        known = self.task.due_time
        return known if sent and known and known.replace(second=0, microsecond=0) == sent else sent

    @property
    def only_this_one(self) -> bool:
        """True if the later ones of the series keep their dates."""
        return self.cleaned_data.get("applies") == ONLY_THIS


class PriorityForm(PartForm):
    names = ("priority",)
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        coerce=int,
        choices=Priority.choices,
        widget=forms.Select(attrs={"autofocus": True}),
    )


class StageForm(PartForm):
    names = ("stage",)
    stage = forms.ChoiceField(
        label=_("Stage"),
        choices=Stage.choices,
        widget=forms.Select(attrs={"autofocus": True}),
    )


class ChosenIdField(forms.TypedChoiceField):
    """An id from a list that is only for display: the verb checks whether the person may choose it."""

    def valid_value(self, value: Any) -> bool:
        return True


class MoveForm(PartForm):
    names = ("project_id",)
    project_id = ChosenIdField(label=_("Project"), coerce=int, choices=[])

    def prepare(self) -> None:
        self.fields["project_id"].choices = self._projects  # type: ignore[attr-defined]
        self.fields["project_id"].widget.attrs["autofocus"] = True

    def _projects(self) -> list[tuple[int, Any]]:
        here = self.task.project
        rows = [(one.pk, _("Inbox") if one.inbox_of_id else one.name) for one in projects_for(self.person)]
        return rows if here.pk in dict(rows) else [(here.pk, here.name), *rows]


class CategoryForm(PartForm):
    """By name: one that is known, or a new one."""

    names = ("category_id",)
    category = forms.CharField(
        label=_("Category"),
        required=False,
        widget=forms.TextInput(attrs={"list": "categories", "autofocus": True, "autocomplete": "off"}),
    )

    def read(self) -> dict[str, Any]:
        return {"category": self.task.category.name if self.task.category else ""}

    def prepare(self) -> None:
        if self.person.can(Capability.CREATE_CATEGORIES):
            self.fields["category"].help_text = _("Choose one, or type a new name.")

    @property
    def suggestions(self) -> list[str]:
        """The categories there are."""
        return list(Category.objects.values_list("name", flat=True)[:MAX_CHOICES])


class LabelsForm(PartForm):
    names = ("labels",)
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text=_("Separate them with commas."),
    )

    def read(self) -> dict[str, Any]:
        return {"labels": ", ".join(self.task.labels)}

    def values(self) -> dict[str, Any]:
        return {"labels": [name.strip() for name in self.cleaned_data["labels"].split(",") if name.strip()]}


class AssignForm(PartForm):
    names = ("assigned_to_id",)
    assigned_to_id = ChosenIdField(label=_("Assigned to"), coerce=int, empty_value=None, required=False)

    def prepare(self) -> None:
        field: Any = self.fields["assigned_to_id"]
        field.choices = lambda: [("", _("Nobody")), *people_for(self.task, self.person)]
        field.widget.attrs["autofocus"] = True
        if self.task.project.inbox_of_id is None and may_manage(self.person, self.task.viewer_role):
            members = reverse("project-members", args=[self.task.project_id])
            field.help_text = format_html('<a href="{}">{}</a>', members, _("Add a person to the project"))


class CommentForm(PageForm):
    """A comment; comments/validation.py has its rules."""

    body = forms.CharField(
        label=_("Comment"),
        strip=False,
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("Write a comment"), "data-suggest": "@"}),
        help_text=_("Markdown. @username notifies a person who can see the task. Ctrl+Enter sends."),
    )


def projects_for(person: User) -> list[Project]:
    """The projects that the person may put tasks into."""
    if not person.can(Capability.CREATE_TASKS):
        return []
    mine = Project.objects.in_use().filter(archived_at=None)
    if person.can(Capability.EDIT_EVERYTHING):
        mine = mine.filter(Q(inbox_of=None) | Q(inbox_of=person))
    else:
        mine = mine.filter(pk__in=Membership.objects.filter(person=person, role__in=EDITORS).values("project"))
    return sorted(mine[:MAX_CHOICES], key=lambda one: one.inbox_of_id is None)


def people_for(task: Any, person: User) -> list[tuple[int, str]]:
    """Whom the task can be assigned to: members of its project; in an Inbox, anybody. Somebody who can only hand it
    back finds themselves and the person who created it."""
    people: Any = User.objects.filter(is_active=True).order_by("name_sort", "id")
    if not task.edits:
        people = people.filter(pk__in={task.created_by_id, task.assigned_to_id})
    elif task.project.inbox_of_id is None:
        members = Membership.objects.filter(project=task.project_id).values("person")
        people = people.filter(Q(pk__in=members) | Q(pk=task.assigned_to_id))
    return [
        (one.pk, _("%(name)s (you)") % {"name": one.name} if one.pk == person.pk else one.name)
        for one in people[:MAX_CHOICES]
    ]
