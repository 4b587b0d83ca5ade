"""What the tables of the admin have in common."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from taskbell.common.errors import Refusal


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table to look things up in: what stands there was written by the program, and stays."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AdminByVerbs(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table that is changed by the same verbs as everywhere. A refusal is told above it, and nothing has changed."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).delete_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_refused(request, lambda: super(AdminByVerbs, self).changelist_view(request, *args, **kwargs))

    def _or_refused(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            with transaction.atomic():
                return view()
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return redirect(request.get_full_path())


def admin_person(request: HttpRequest) -> Any:
    """The ADMIN in front of the screen; the admin site lets nobody else in."""
    return cast(Any, request.user)
