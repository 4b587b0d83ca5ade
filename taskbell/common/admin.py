"""Base classes for the tables of the admin."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from taskbell.common.errors import Refusal
from taskbell.common.folding import fold


class ReadOnly:
    """Only the program writes these rows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """A read-only table."""


class AdminByVerbs(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table that changes rows through the same verbs as every door. A refusal is shown above the table.

    The columns of `search_fields` hold what `fold_search` makes of a text, so that case and accents make no difference.
    """

    fold_search: Callable[[str], str] = staticmethod(fold)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, self.fold_search(search_term))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).delete_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).changelist_view(request, *args, **kwargs))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def _or_refused(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            with transaction.atomic():
                return view()
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return redirect(request.get_full_path())


class DeletesByVerb(AdminByVerbs):
    """A table of rows that a verb deletes, or refuses to: the admin announces these alone."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        titles = [str(row) for row in objs]
        return titles, {self.opts.verbose_name_plural: len(titles)}, set(), []


def admin_person(request: HttpRequest) -> Any:
    """The signed-in ADMIN; the admin site admits no one else."""
    return cast(Any, request.user)
