"""The worker is killed in the middle of a large report: another one makes it anew, whole."""

import csv
import io

from tests.journeys.conftest import Household
from tests.processes import eventually, taskbell

TASKS = 20_000


def test_a_report_survives_a_worker_that_is_killed(household: Household) -> None:
    tree = household.tree
    ada = household.newcomer("ada")
    filled = taskbell("demo", "--tasks", str(TASKS), data=tree.data, env=household.env, within=120)
    assert filled.returncode == 0, filled.stderr
    everything = ada.get("tasks/?page_size=1").json()["count"]
    assert everything >= TASKS

    path = ada.post("reports/", json={"kind": "export", "format": "xlsx"}).headers["Location"].removeprefix("/api/")
    eventually(lambda: ada.get(path).json()["progress"] >= 10, within=60)
    old = tree.kill("worker")
    killed = ada.get(path).json()
    assert (killed["state"], killed["progress"] < 100) == ("running", True)
    tree.wait_until_restarted("worker", old=old)
    eventually(lambda: "Handed back 1 claims of a worker that has died" in tree.output, within=30)
    done = eventually(lambda: (report := ada.get(path).json())["state"] == "done" and report, within=120)
    assert household.rows("SELECT attempt FROM reports_report") == [(2,)]
    assert len(ada.get(path + "download/").content) == done["size"]

    path = ada.post("reports/", json={"kind": "export", "format": "csv"}).headers["Location"].removeprefix("/api/")
    eventually(lambda: ada.get(path).json()["state"] == "done", within=60)
    rows = list(csv.DictReader(io.StringIO(ada.get(path + "download/").text)))
    assert len({row["id"] for row in rows}) == len(rows) == everything
