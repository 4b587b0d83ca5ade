"""The Celery application. It wakes up and runs jobs; the work itself is listed in the database."""

import os

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

app = Celery("taskbell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")

# Lets Django decide when to close a connection; Celery would open a new one for every job.
task_prerun.connect(close_old_connections)
