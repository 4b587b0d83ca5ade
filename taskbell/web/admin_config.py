"""Django's admin with our site: INSTALLED_APPS names this class instead of Django's."""

from django.contrib.admin.apps import AdminConfig


class TaskbellAdmin(AdminConfig):
    """The admin, arranged for emergencies."""

    default_site = "taskbell.web.admin_site.Site"
