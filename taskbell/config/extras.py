"""Settings that need a package which is not always installed."""

from importlib.util import find_spec

from taskbell.config.env import Environment, UnusableEnvironment
from taskbell.config.language import gettext as _

PACKAGES = {"TASKBELL_SENTRY_DSN": ("sentry", "sentry_sdk"), "TASKBELL_OTLP_URL": ("otel", "opentelemetry")}


def refuse_without_extras(env: Environment) -> None:
    """Raises UnusableEnvironment for a setting whose package is missing."""
    for name, (extra, package) in PACKAGES.items():
        if getattr(env, name) and find_spec(package) is None:
            said = _("%(name)s: needs a package that is not installed. Run: pip install 'taskbell[%(extra)s]'")
            raise UnusableEnvironment(said % {"name": name, "extra": extra})
