"""Comments on a task in the web app: write one, edit or delete one's own, and read further back."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from taskbell.comments.actions import add_comment, delete_comment_with_undo, edit_comment
from taskbell.comments.models import Comment
from taskbell.comments.policy import may_delete_comment
from taskbell.comments.queries import comment_on
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.common.values import BadValue, read_id
from taskbell.payloads.activity import names_of_entries
from taskbell.web.door import done, fragment, is_fragment, person_of, show_refusal, signed_in
from taskbell.web.rows import TaskRow
from taskbell.web.shell import AppRequest
from taskbell.web.task_edit import show_editor
from taskbell.web.task_forms import CommentForm
from taskbell.web.task_page import Editor, comment_editor, row_for, task_page
from taskbell.web.task_story import SHOWS, entries_of, story_of


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new comment; a GET is its form."""
    app = AppRequest(request)
    row = row_for(pk, app.person, app.dates)
    form = CommentForm(request.POST if request.method == "POST" else None, auto_id="new-%s")
    editor = comment_editor(pk, form)
    if request.method != "POST":
        return show_editor(app, row, editor)
    try:
        comment = add_comment(pk, request.POST.get("body", ""), by=app.person, now=app.now)
    except Refusal as refusal:
        form.is_valid()
        form.errors.clear()
        show_refusal(form, refusal)
        return show_editor(app, row, editor, status=refusal.status)
    return done(request, _said(comment), touched=[pk])


def _said(comment: Comment) -> str:
    if not comment.unreachable:
        return _("Comment added.")
    names = ", ".join(f"@{name}" for name in comment.unreachable)
    said = _("Comment added. Not notified, because nobody with this name can see the task: %(names)s")
    return said % {"names": names}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int, comment_id: int) -> HttpResponse:
    """The form of a comment; a POST gives it this text."""
    app = AppRequest(request)
    row = row_for(pk, app.person, app.dates)
    comment = comment_on(row.task, comment_id)
    if request.method != "POST":
        return _show(app, row, comment, CommentForm({"body": comment.body}, auto_id="edit-%s"))
    form = CommentForm(request.POST, auto_id="edit-%s")
    try:
        edit_comment(pk, comment_id, request.POST.get("body", ""), by=app.person, now=app.now)
    except Refusal as refusal:
        form.is_valid()
        form.errors.clear()
        show_refusal(form, refusal)
        return _show(app, row, comment, form, status=refusal.status)
    return done(request, _("Comment saved."), touched=[pk])


def _show(app: AppRequest, row: TaskRow, comment: Comment, form: CommentForm, *, status: int = 200) -> HttpResponse:
    more = {
        "comment": comment,
        "may_edit": comment.author_id == app.person.pk,
        "may_delete": may_delete_comment(app.person, row.task, author=comment.author_id),
    }
    action = reverse("task-comment", args=[row.task.pk, comment.pk])
    editor = Editor(f"comment-{comment.pk}", _("Comment"), form, action, "web/app/task/comment.html", more=more)
    return show_editor(app, row, editor, status=status)


@signed_in
@require_POST
def delete(request: HttpRequest, pk: int, comment_id: int) -> HttpResponse:
    """Deletes the comment."""
    undo = delete_comment_with_undo(pk, comment_id, by=person_of(request), now=utc_now())
    return done(request, _("Comment deleted."), undo=reverse("undo-kept", args=[undo]), touched=[pk])


@signed_in
@require_safe
def story(request: HttpRequest, pk: int) -> HttpResponse:
    """Older entries of the stream, before the entry `before`."""
    app, show = AppRequest(request), request.GET.get("show", "all")
    row = row_for(pk, app.person, app.dates)
    try:
        before = read_id(request.GET.get("before"))
    except BadValue:
        return task_page(app, row)
    entries = entries_of(row.task, show=show if show in SHOWS else "all", before=before)
    story = story_of(entries, names_of_entries(entries, app.person), row.task, app.person, app.dates, show=show)
    context = {"story": story, "task": row.task, "row": row, "dates": app.dates}
    if is_fragment(request):
        return fragment(request, "app/task/entries.html", context)
    return app.page("app/task_story.html", context)
