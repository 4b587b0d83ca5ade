"""The names that other task servers give our paths: a table beside the canonical names."""

from collections.abc import Iterable

from django.urls import URLPattern, path

# Every canonical path that starts with the right side also answers under the left side.
ALIASES = {
    "login/": "token/",
    "auth/login/": "token/",
    "task/": "tasks/",
    "task-report-insight/": "reports/insights/",
}


def aliases_of(canonical: Iterable[URLPattern]) -> list[URLPattern]:
    """The same views under their other names."""
    return [
        path(alias + str(pattern.pattern).removeprefix(original), pattern.callback)
        for pattern in canonical
        for alias, original in ALIASES.items()
        if str(pattern.pattern).startswith(original)
    ]


def canonical_only(endpoints: list[tuple[str, str, str, object]]) -> list[tuple[str, str, str, object]]:
    """Keeps the aliases out of the OpenAPI document."""
    aliases = tuple(f"/api/{alias}" for alias in ALIASES)
    return [endpoint for endpoint in endpoints if not endpoint[0].startswith(aliases)]
