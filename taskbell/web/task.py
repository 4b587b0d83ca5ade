"""The page of one task, where emails lead to."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.web import task_comments, task_edit, task_reminders
from taskbell.web.door import signed_in
from taskbell.web.shell import AppRequest
from taskbell.web.task_page import row_for, task_page


@signed_in
@require_safe
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """A task, for the people who can see it; for others there is no such page."""
    app = AppRequest(request)
    return task_page(app, row_for(pk, app.person, app.dates), parameters=request.GET.dict())


# The forms that keys open in lists, by their names in addresses; those of fields are in task_edit.py.
OTHER_FORMS = {"reminder": task_reminders.add, "comment": task_comments.add}


@signed_in
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of one part of the task, by `field`."""
    form = OTHER_FORMS.get(request.GET.get("field", ""), task_edit.edit)
    return form(request, pk)
