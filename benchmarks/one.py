"""One benchmark on one database, in a process of its own: Django reads its settings once.

`python -m benchmarks.one NAME SIZES` prints the rows as JSON, and the database they are of.
"""

import json
import sys
from importlib import import_module

import django
from django.db import connection

from benchmarks.measure import Sizes


def main(name: str, sizes: str) -> None:
    """Measures and prints."""
    django.setup()
    rows = import_module(f"benchmarks.{name}").run(Sizes(**json.loads(sizes)))
    print(json.dumps({"database": database(), "rows": [row.as_json() for row in rows]}))


def database() -> str:
    """Name and version, by its own word."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        return f"{connection.display_name} {cursor.fetchone()[0].split()[0]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
