"""Counting the tasks anew, for those who want to be sure."""

from rich.console import Console

from taskbell.reports.counting import recount


def compare() -> None:
    """Puts the kept counts right, and says where they were wrong."""
    differences = recount()
    console = Console(soft_wrap=True)
    for section, key, n in differences:
        console.print(f"{section} {key}: {n:+,}", highlight=False)
    console.print(
        f"Counts that were wrong and are right now: {len(differences)}." if differences else "All counts are right."
    )
