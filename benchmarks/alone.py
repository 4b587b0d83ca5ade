"""The list's one query by psycopg alone, over as many connections as there are processes: what the database could give.

`python -m benchmarks.alone` reads `{"address", "people", "days", "seconds"}` and writes how often it was answered.
"""

import json
import sys
from collections.abc import Iterator
from itertools import cycle, product
from threading import Thread
from time import perf_counter
from typing import Any

import psycopg

CONNECTIONS = 2
# As good as by hand: two scans of indexes alone, united and counted, as the answer says how many there are; and the
# rows of the page.
MINE = """
    SELECT id FROM tasks_task
    WHERE {whose} AND deleted_at IS NULL AND stage IN ('PENDING', 'IN_PROGRESS') AND priority IN (2, 3)
    AND due_date >= %(day)s AND due_date <= '2029-12-31'
"""
OF_PROJECTS = "project_id IN (SELECT project_id FROM projects_membership WHERE person_id = %(person)s)"
ASSIGNED = "assigned_to_id = %(person)s"
PAGE = f"""
    WITH mine AS MATERIALIZED ({MINE.format(whose=OF_PROJECTS)} UNION {MINE.format(whose=ASSIGNED)})
    SELECT *, (SELECT COUNT(*) FROM mine) FROM tasks_task
    WHERE id IN (SELECT id FROM mine ORDER BY id DESC LIMIT 50) ORDER BY id DESC
"""  # noqa: S608


def main(address: str, people: list[int], days: list[str], seconds: float) -> dict[str, float]:
    """Asks for so many seconds."""
    counts: list[int] = []
    threads = [
        Thread(target=_ask, args=(address, cycle(list(product(people, days))[start::CONNECTIONS]), seconds, counts))
        for start in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"count": sum(counts), "seconds": seconds}


def _ask(address: str, turns: Iterator[Any], seconds: float, counts: list[int]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        count, begin = 0, perf_counter()
        while perf_counter() - begin < seconds:
            person, day = next(turns)
            connection.execute(PAGE, {"person": person, "day": day}).fetchall()
            count += 1
    counts.append(count)


if __name__ == "__main__":
    print(json.dumps(main(**json.load(sys.stdin))))
