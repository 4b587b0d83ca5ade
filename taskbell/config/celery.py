"""The Celery application: it wakes and executes; what is to be done stands in the database."""

import os

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

app = Celery("taskbell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")

# Django knows how long a connection is good for; Celery would open one for every job.
task_prerun.connect(close_old_connections)
