"""Registers the kinds of notifications once all models are loaded."""

from django.apps import AppConfig
from django.conf import settings

from taskbell.notifications import kinds


class NotificationsConfig(AppConfig):
    """The kinds come from the modules that the settings list."""

    name = "taskbell.notifications"

    def ready(self) -> None:
        kinds.load(settings.NOTIFICATION_KINDS)
