"""Saved views: a name for a list with its filters."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from taskbell.accounts.models import Profile
from taskbell.common.errors import invalid
from taskbell.common.values import read_field, read_line
from taskbell.web.door import done, person_of, signed_in
from taskbell.web.shell import AppRequest
from taskbell.web.task_list import parameters_of

MAX_VIEWS, MAX_NAME, MAX_QUERY = 20, 50, 2000


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def view_form(request: HttpRequest) -> HttpResponse:
    """Asks for the name; POST saves the view."""
    if request.method == "POST":
        return _save(request)
    app = AppRequest(request)
    context = {"query": request.GET.urlencode(), "views": app.person.profile.saved_views, "here": "tasks"}
    return app.page("app/view_form.html", context)


def _save(request: HttpRequest) -> HttpResponse:
    profile = person_of(request).profile
    query = QueryDict(request.POST.get("query", "")[:MAX_QUERY])
    name = read_field("name", partial(read_line, most=MAX_NAME), request.POST.get("name", ""))
    others = [one for one in profile.saved_views if one["name"] != name]
    if len(others) >= MAX_VIEWS:
        raise invalid("name", "size", _("Can't save more than %(n)d views. Delete one first.") % {"n": MAX_VIEWS})
    kept = QueryDict(mutable=True)
    kept.update(parameters_of(query.dict()))
    _write(profile, [*others, {"name": name, "query": kept.urlencode()}])
    return done(request, _("“%(name)s” saved.") % {"name": name}, to=f"/tasks/?{kept.urlencode()}")


@signed_in
@require_POST
def delete_view(request: HttpRequest) -> HttpResponse:
    """Deletes the view of this name."""
    profile, name = person_of(request).profile, request.POST.get("name", "")
    _write(profile, [one for one in profile.saved_views if one["name"] != name])
    return done(request, _("“%(name)s” deleted.") % {"name": name}, to="/tasks/")


def _write(profile: Any, views: list[dict[str, str]]) -> None:
    Profile.objects.filter(pk=profile.pk).update(saved_views=views)
