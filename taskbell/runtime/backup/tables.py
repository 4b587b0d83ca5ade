"""Which tables are Taskbell's. A restore replaces the others too, so it names them first."""

from collections.abc import Iterable

from django.apps import apps

from taskbell.config.language import gettext as _
from taskbell.runtime.setup import UNFINISHED

WITHOUT_MODELS = {"django_migrations", "activity_unplaced", UNFINISHED}
PREFIXES = ("tasks_searchtext_fts", "sqlite_")
MAX_NAMED = 5


def not_ours(tables: Iterable[str]) -> list[str]:
    """Those of these tables that are another program's."""
    ours = WITHOUT_MODELS | {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return sorted(name for name in tables if name not in ours and not name.startswith(PREFIXES))


def named(tables: list[str]) -> str:
    """The first names, such as "a, b, c, d, e and 3 more"."""
    first = ", ".join(tables[:MAX_NAMED])
    more = len(tables) - MAX_NAMED
    return _("%(names)s and %(n)d more") % {"names": first, "n": more} if more > 0 else first
