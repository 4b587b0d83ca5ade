"""Retakes the screenshots of pages and emails, from a real Taskbell with realistic tasks: `make screenshots`."""

import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes import RunningTaskbell, taskbell

HERE = Path(__file__).parent
PASSWORD = "correct horse battery"  # noqa: S105 - of people who live for a minute
WIDTH, HEIGHT = 1280, 800
PHONE = {"width": 390, "height": 844}
HOUR = 10  # of Ada's zone when the pictures are taken, whenever that is
# Title, project, further fields, due in so many days, and who made it.
TASKS: list[tuple[str, str | None, dict[str, Any], int | None, str]] = [
    ("Send the tax papers to the accountant", None, {"priority": "URGENT", "due_time": "18:00"}, -1, "ada"),
    ("Renew the shop's domain", "Website", {"priority": "HIGH"}, -2, "mia"),
    (
        "Call the plumber about the greenhouse tap",
        "Garden",
        {"priority": "HIGH", "due_time": "11:30", "stage": "IN_PROGRESS", "reminders": [{"before_due": "PT30M"}]},
        0,
        "ada",
    ),
    ("Approve the December budget", "Office", {}, 0, "mia"),
    (
        "Pay the rent of the greenhouse",
        "Garden",
        {"recurrence": "FREQ=MONTHLY", "reminders": [{"before_due": "PT2H"}], "due_time": "18:00"},
        0,
        "ada",
    ),
    ("Review the new price list", "Office", {"due_time": "14:30"}, 0, "mia"),
    ("Order soil and seed potatoes", "Garden", {"priority": "LOW"}, 0, "ada"),
    ("Write the December newsletter", "Website", {"stage": "IN_PROGRESS"}, 0, "ada"),
    ("Prepare the summer party", "Office", {"stage": "IN_PROGRESS"}, 5, "ada"),
    ("Plant the potatoes", "Garden", {}, 9, "ada"),
    ("Water the seedlings", "Garden", {"stage": "COMPLETED"}, 0, "ada"),
]
COLOURS = {"Garden": "green", "Office": "blue", "Website": "violet"}
WAITS_FOR = {
    "Plant the potatoes": "Order soil and seed potatoes",
    "Pay the rent of the greenhouse": "Approve the December budget",
}
FOR_MIA = {"Approve the December budget"}
PICTURES = {"today": "/", "board": "/board/"}
# Kind, width of the window, and whether it is dark: what mail programs on a desk and on a phone show.
EMAILS = [("reminder", 600, "light"), ("due_digest", 600, "dark"), ("task_assigned", 390, "light")]


def zone_of(now: datetime) -> str:
    """A zone where it is `HOUR` o'clock: the day of a picture has a past and a future. POSIX counts west of UTC."""
    west = (now.hour - HOUR + 12) % 24 - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


class Program:
    """A program in the name of somebody who has just registered."""

    def __init__(self, address: str, name: str) -> None:
        self.http = httpx.Client(base_url=f"{address}/api/", timeout=10)
        key = {"username": name, "password": PASSWORD}
        self.person = self.post("register/", key | {"email": f"{name}@example.org", "first_name": name.title()})["id"]
        self.http.headers["Authorization"] = f"Bearer {self.post('token/', key)['access']}"

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()


def fill(address: str, today: date) -> None:
    """Ada's tasks in the projects that she shares with Mia."""
    people = {name: Program(address, name) for name in ("ada", "mia")}
    ada, mia = people["ada"], people["mia"]
    projects = {name: ada.post("projects/", {"name": name, "colour": colour})["id"] for name, colour in COLOURS.items()}
    for project in projects.values():
        ada.post(f"projects/{project}/members/", {"person": mia.person, "role": "EDITOR"})
    made: dict[str, int] = {}
    for title, project, fields, days, maker in TASKS:
        assignee = mia if title in FOR_MIA else ada
        body = {"title": title, "assigned_to": assignee.person, **fields}
        body |= {"project": projects[project]} if project else {}
        body["due_date"] = None if days is None else (today + timedelta(days=days)).isoformat()
        body["pre_tasks"] = [made[WAITS_FOR[title]]] if title in WAITS_FOR else []
        made[title] = people[maker].post("tasks/", body)["id"]


def sign_in(page: Page, address: str) -> None:
    """As Ada."""
    page.goto(f"{address}/sign-in/")
    page.get_by_label("Username or email address").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("body[data-connection=live]").wait_for(state="attached")


def take_mails(chromium: Browser, folder: Path) -> None:
    """The emails that `taskbell mail preview` writes."""
    taskbell("mail", "preview", "--to", str(folder / "emails"), data=folder / "preview").check_returncode()
    for kind, width, scheme in EMAILS:
        page = chromium.new_page(viewport={"width": width, "height": 200}, color_scheme=scheme)
        page.goto((folder / "emails" / f"{kind}.html").as_uri())
        page.screenshot(path=HERE / f"mail-{kind.replace('_', '-')}.png", full_page=True)
        page.close()


def main() -> None:
    """Starts Taskbell, fills it, and takes the pictures."""
    zone = zone_of(datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        env = {"TASKBELL_URL": "http://localhost:8000", "TASKBELL_TIME_ZONE": zone}  # what the examples on the page say
        with RunningTaskbell(Path(folder) / "data", env=env) as running:
            fill(running.base_url, datetime.now(ZoneInfo(zone)).date())
            chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for scheme, end in (("light", ""), ("dark", "-dark")):
                size = {"width": WIDTH, "height": HEIGHT}
                page = chromium.new_page(viewport=size, color_scheme=scheme, timezone_id=zone)
                sign_in(page, running.base_url)
                for name, path in PICTURES.items():
                    page.goto(f"{running.base_url}{path}")
                    page.locator("body[data-connection=live]").wait_for(state="attached")
                    page.screenshot(path=HERE / f"{name}{end}.png")
                page.set_viewport_size(PHONE)
                page.goto(running.base_url)
                page.screenshot(path=HERE / f"phone{end}.png")
                page.close()
            take_mails(chromium, Path(folder))
            chromium.close()


if __name__ == "__main__":
    main()
