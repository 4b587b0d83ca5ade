"""HTTP: Django behind WSGI."""

import os

from django.core.wsgi import get_wsgi_application

from taskbell.common.cautious_request import CautiousRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")

application = get_wsgi_application()
application.request_class = CautiousRequest
