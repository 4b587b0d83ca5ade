"""How much one person may have, by setting."""

from taskbell.config.language import gettext

QUOTAS = {
    "tasks": 200_000,
    "text": 500,  # MiB of titles and descriptions
    "categories": 500,
    "labels": 500,
    "projects": 500,
    "imports": 100,  # an hour
    "answers": 10_000,  # to requests with an Idempotency-Key, in a day
    "answer_megabytes": 200,
    "comments": 20_000,
    "comment_megabytes": 200,  # their text and its HTML
    "invitations": 200,
    "sessions": 100,
}


def read_quotas(text: str) -> dict[str, int]:
    """All quotas; the text has those that differ from the defaults. Raises ValueError."""
    given = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        name, _, number = (part.strip() for part in pair.partition("="))
        if name not in QUOTAS or not number.isascii() or not number.isdigit() or not 0 < len(number) < 10:
            said = gettext("must be pairs such as tasks=500000. Names are %(names)s.")
            raise ValueError(said % {"names": ", ".join(QUOTAS)})
        given[name] = int(number)
    return {**QUOTAS, **given}


ABOUT_QUOTAS = (
    "How much one person may have, where it differs from the default: "
    f"{','.join(f'{name}={number}' for name, number in QUOTAS.items())}. "
    "Imports are those of an hour, answers those of a day; text, answer_megabytes and comment_megabytes are in MiB. "
    "Managers and admins have no quota of tasks, text, categories, labels, projects, imports and comments."
)
