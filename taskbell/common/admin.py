"""Base classes for the tables of the admin."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import DateTimeField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from taskbell.common.admin_columns import MomentColumn, PlainColumn, named
from taskbell.common.admin_widgets import CarefulAutocomplete, without_shortcuts
from taskbell.common.admin_words import FIELDS
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.common.folding import fold
from taskbell.common.reader_dates import ReaderDates

UNREADABLE = (ValueError, OverflowError, DataError)  # how databases reject text that is not a number, and NUL


class Spoken(BaseModelAdmin):  # type: ignore[type-arg]
    """Shows names, values and times as the pages do: in the reader's language, format and time zone."""

    words = FIELDS

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With times as the reader's pages show them."""
        say = self._moments(request)
        return [
            (title, {**options, "fields": [named(field, say) for field in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With all times, which only the program writes."""
        say = self._moments(request)
        others = [field for field in super().get_readonly_fields(request, obj) if field not in say]
        return [*others, *say.values()]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field whose search takes any text."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = CarefulAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return without_shortcuts(super().formfield_for_dbfield(db_field, request, **kwargs))

    def _moments(self, request: HttpRequest) -> dict[str, Any]:
        """The fields with times, each as a line of a form."""
        dates = ReaderDates.of(request.user, utc_now())
        names = [field.name for field in self.opts.get_fields() if isinstance(field, DateTimeField)]
        return {name: MomentColumn(name, self.words.get(name, name), dates, is_exact=True) for name in names}


class AdminTable(Spoken, admin.ModelAdmin):  # type: ignore[type-arg]
    """A table. What a browser sends by mistake is an error at its field, or a list without the filter."""

    list_per_page = 50
    show_full_result_count = False  # it would scan the table, and no page shows it
    change_list_template = "admin/table.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns, with names, values and times as the reader's pages show them."""
        dates = ReaderDates.of(request.user, utc_now())
        return [self.column(name, dates) for name in super().get_list_display(request)]

    def column(self, name: Any, dates: ReaderDates) -> Any:
        """What the list shows under this name."""
        if not isinstance(name, str) or hasattr(type(self), name):
            return name
        field = self.opts.get_field(name)
        column = MomentColumn if isinstance(field, DateTimeField) else PlainColumn
        return column(name, self.words.get(name, name), dates, getattr(field, "get_internal_type", str)())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **{"labels": self.words} | kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with its filters named like its columns. Refuses a filter that can't be read."""
        try:
            changes = super().get_changelist_instance(request)
        except UNREADABLE as error:
            if not request.GET:
                raise
            raise IncorrectLookupParameters from error
        for spec in changes.filter_specs:
            path = getattr(spec, "field_path", "")
            spec.title = self.words.get(path.rpartition("__")[2], spec.title)
        return changes

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """The matching rows. Nothing matches a NUL, which PostgreSQL refuses to search for."""
        if "\0" in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method == "GET" and ERROR_FLAG in request.GET:
            self.message_user(request, _("Can't read this filter. The list shows all rows."), messages.WARNING)
        return super().changelist_view(request, extra_context)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        """Does nothing if a selected id is not valid."""
        try:
            for given in request.POST.getlist("_selected_action"):
                self.opts.pk.clean(given, None)
        except (ValidationError, OverflowError):
            self.message_user(request, _("Can't find the selected rows. Select them again."), messages.ERROR)
            return redirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)


class Rows(Spoken):
    """Rows of another table, in the form of one."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """With no more forms than `max_num`, however many a browser announces."""
        limits = {"absolute_max": self.max_num} if self.max_num else {}  # type: ignore[attr-defined]
        return super().get_formset(request, obj, **{"labels": self.words} | limits | kwargs)  # type: ignore[misc]


class ReadOnly:
    """Only the program writes these rows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class ReadOnlyAdmin(ReadOnly, AdminTable):
    """A read-only table."""


class AdminByVerbs(AdminTable):
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
