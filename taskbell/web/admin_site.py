"""The admin's first page: what may be wrong, and all tables, the most needed first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from taskbell.common.clock import utc_now
from taskbell.common.reader_dates import ReaderDates
from taskbell.web.admin_questions import questions

# The tables under each title, by app and model.
GROUPS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("people", _("People"), ("accounts.User", "accounts.Session", "accounts.Invite")),
    ("emails", _("Emails"), ("notifications.Notification",)),
    ("reminders", _("Reminders"), ("reminders.Reminder",)),
    ("tasks", _("Tasks"), ("tasks.Task", "comments.Comment", "tasks.Category", "tasks.Label")),
    ("projects", _("Projects"), ("projects.Project",)),
    ("activity", _("Activity and reports"), ("activity.Activity", "reports.Report")),
)


class Site(admin.AdminSite):
    """The admin, arranged for emergencies."""

    site_header = site_title = "Taskbell"
    index_title = _("Admin")
    index_template = "admin/emergency.html"

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        now = utc_now()
        asked = questions(ReaderDates.of(request.user, now), now=now)
        return super().index(request, {"questions": asked} | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The tables in groups; those of one app as Django lists them."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        tables = {f"{app['app_label']}.{table['object_name']}": table for app in apps for table in app["models"]}
        return [
            {
                "name": title,
                "app_label": label,
                "app_url": tables[names[0]]["admin_url"],
                "has_module_perms": True,
                "models": [tables[name] for name in names],
            }
            for label, title, names in GROUPS
            if tables
        ]
