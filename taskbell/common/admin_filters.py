"""Filters of lists in the admin that read no rows to offer their choices."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from taskbell.common.clock import utc_now

GRACE = timedelta(minutes=1)  # what is due happens within seconds


class ValueFilter(admin.SimpleListFilter):
    """Rows with one of the known `values`, pairs of a value and its words, in the column `parameter_name`."""

    values: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.values)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class LateFilter(admin.SimpleListFilter):
    """What should have happened already."""

    title, parameter_name = _("Not on time"), "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return self.late(queryset, utc_now() - GRACE) if self.value() == "yes" else queryset

    def late(self, rows: Any, until: datetime) -> Any:
        """Those of the rows that were due by then and haven't happened."""
        raise NotImplementedError
