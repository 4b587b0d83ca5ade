"""Nobody reads a list or a report older than what they were told is done, whichever process answers, cache or not."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import PASSWORD
from tests.processes import RunningTaskbell
from tests.services import fresh_database

PEOPLE, SECONDS, READS = 4, 6.0, 6
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")


def signed_up(base_url: str, name: str) -> dict[str, str]:
    """The header of somebody new."""
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert httpx.post(f"{base_url}/api/register/", json=body).status_code == 201
    pair = httpx.post(f"{base_url}/api/token/", json=body).json()
    return {"Authorization": f"Bearer {pair['access']}"}


def asked(base_url: str, signed: dict[str, str], method: str, path: str, *, tag: str = "", body: Any = None) -> Any:
    """One request over a connection of its own: any of the processes may take it."""
    headers = signed | ({"If-None-Match": tag} if tag else {})
    with httpx.Client(base_url=base_url, timeout=20) as client:
        return client.request(method, path, headers=headers, json=body)


def stale_reads(base_url: str, headers: dict[str, str], name: str) -> tuple[int, list[str]]:
    """Writes and reads in turns; how often it read, and what it should not have read."""
    ask = partial(asked, base_url, headers)
    category = ask("POST", "/api/categories/", body={"name": f"{name} 0"}).json()["id"]
    task = ask("POST", "/api/tasks/", body={"title": "0", "category": category}).json()["id"]
    reads, stale, tag, begin, turn = 0, [], "", time.monotonic(), 0
    while time.monotonic() - begin < SECONDS:
        turn += 1
        label = f"{name} {turn // 3}"
        if turn % 3 == 0:
            assert ask("PATCH", f"/api/categories/{category}/", body={"name": label}).status_code == 200
        else:
            body = {"title": str(turn), "priority": PRIORITIES[turn % 4]}
            assert ask("PATCH", f"/api/tasks/{task}/", body=body).status_code == 200
        title = str(turn if turn % 3 else turn - 1)
        for number in range(READS):
            answer = ask("GET", "/api/tasks/", tag=tag if number % 2 else "")
            reads += 1
            if answer.status_code == 200:
                tag, (row,) = answer.headers["ETag"], answer.json()["results"]
                seen = (row["title"], row["category_name"])
            if answer.status_code not in (200, 304) or seen != (title, label):
                stale.append(f"{answer.status_code} {seen} instead of {(title, label)}")
        ranks = ask("GET", "/api/reports/insights/").json()["tasks_by_priority"]
        if not ranks[PRIORITIES[int(title) % 4]]:
            stale.append(f"{ranks} in the report, instead of {PRIORITIES[int(title) % 4]}")
    return reads, stale


def test_what_was_acknowledged_is_read_from_every_process_and_without_the_cache(tmp_path: Path) -> None:
    env = fresh_database() | {"WEB_CONCURRENCY": "2", "TASKBELL_REGISTRATION": "open"}
    with RunningTaskbell(tmp_path / "data", env=env) as running, ThreadPoolExecutor(PEOPLE) as pool:
        signed_up(running.base_url, "admin")  # the first person sees everything
        people = [(name, signed_up(running.base_url, name)) for name in ("anna", "bert", "cleo", "dora")]
        work = [pool.submit(stale_reads, running.base_url, headers, name) for name, headers in people]
        time.sleep(SECONDS / 2)  # the middle of the work, wherever that is
        running.kill("valkey")
        results = [each.result() for each in work]
    assert [stale for _, stale in results] == [[]] * PEOPLE
    assert sum(reads for reads, _ in results) >= PEOPLE * READS
