"""Recounting all tasks, to verify the stored counts."""

from rich.console import Console

from taskbell.config.language import gettext as _
from taskbell.tasks.counting import recount


def compare() -> None:
    """Corrects the stored counts and prints the differences."""
    differences = recount()
    console = Console(soft_wrap=True)
    for section, key, n in differences:
        console.print(f"{section} {key}: {n:+,}", highlight=False)
    console.print(
        _("Corrected counts: %(n)s.") % {"n": len(differences)} if differences else _("All counts are correct.")
    )
