"""HTTP: Django behind WSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

application = get_wsgi_application()
