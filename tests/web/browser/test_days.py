"""The web app in a real Chromium: what people do all day, by pointer, by keys and by thumb."""

import re

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.processes import RunningTaskbell
from tests.web.browser.windows import EMAIL, PHONE, Window, quick_add, settled, width_of, window_of
from tests.web.conftest import PASSWORD


def focused(page: Page) -> str:
    """What has the focus, as people read it."""
    words: str = page.evaluate("(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()")
    return words


def tab_to(page: Page, words: str) -> None:
    """Presses Tab until something with these words has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith(words):
            return
    raise AssertionError(f"Tab never came to {words}")


def test_ada_signs_in_without_a_mouse(window: Window) -> None:
    page = window.open("/")
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    window.check()


def test_ada_adds_completes_and_takes_it_back_by_keys_alone(desk: Window) -> None:
    page = desk.live("/")
    quick_add(page, "Sow the beans today !high ~9:00")
    row = page.locator("[data-task]").filter(has_text="Sow the beans")
    expect(row).to_be_visible()
    row.locator(".title").focus()
    page.keyboard.press("e")
    expect(page.locator(".toast").filter(has_text="completed")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("[data-list=due] [data-task]").filter(has_text="Sow the beans")).to_be_visible()
    desk.check()


def test_ada_finds_her_way_and_changes_a_task_by_keys_alone(desk: Window) -> None:
    page = desk.live("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").press_sequentially("all tas")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All tasks")).to_be_visible()
    settled(page)
    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("j")
    assert focused(page) != first
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    settled(page)
    page.keyboard.press("p")
    priority = page.get_by_label("Priority", exact=True)
    expect(priority).to_be_focused()
    priority.select_option(label="Low")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#part-priority")).to_have_text(re.compile("Low"))
    expect(page.locator("#part-priority a.edit")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#part-priority a.edit")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="Upcoming")).to_be_visible()
    desk.check()


def test_a_line_is_read_back_and_a_refused_word_stays_in_the_title(desk: Window) -> None:
    page = desk.live("/")
    page.keyboard.press("q")
    page.get_by_label("The task, in one line").press_sequentially("Call Tom tomorrow 9:00 !high")
    expect(page.locator(".reading b")).to_have_text("Call Tom")
    page.get_by_role("button", name="Keep in the title: High").click()
    expect(page.locator(".reading b")).to_have_text("Call Tom !high")
    desk.check()


def test_a_blocked_card_refuses_done_and_stays_where_it_was(desk: Window) -> None:
    first = desk.send("tasks/", {"title": "Dig the beds", "assigned_to": 1})["id"]
    desk.send("tasks/", {"title": "Plant the hedge", "assigned_to": 1, "pre_tasks": [first]})
    page = desk.live("/board/")
    card = page.locator("#column-PENDING .card").filter(has_text="Plant the hedge")
    card.drag_to(page.locator("#column-COMPLETED header"))
    refusal = page.locator(".toast.refused").filter(has_text="Dig the beds")
    expect(refusal).to_be_visible()
    expect(card).to_be_visible()
    expect(card).not_to_have_attribute("aria-busy", "true")
    refusal.get_by_role("button", name="Close").click()
    expect(refusal).to_be_hidden()
    card.focus()
    page.keyboard.press("Shift+ArrowRight")
    moved = page.locator("#column-IN_PROGRESS .card").filter(has_text="Plant the hedge")
    expect(moved).to_be_visible()
    moved.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(refusal).to_be_visible()
    expect(moved).to_be_visible()
    desk.check("409")  # the console names the refusal


def test_cards_are_reached_and_completed_by_keys(desk: Window) -> None:
    desk.send("tasks/", {"title": "Grease the hinge", "assigned_to": 1})
    page = desk.live("/board/")
    page.keyboard.press("j")
    expect(page.locator(".card:focus")).to_be_visible()
    page.locator(".card").filter(has_text="Grease the hinge").focus()
    page.keyboard.press("e")
    expect(page.locator("#column-COMPLETED .card").filter(has_text="Grease the hinge")).to_be_visible()
    expect(page.locator(".card:focus")).to_be_visible()
    desk.check()


def test_a_label_is_suggested_and_taken_by_keys(desk: Window) -> None:
    desk.send("tasks/", {"title": "Plant a hedge", "labels": ["evergreen"]})
    page = desk.live("/")
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.press_sequentially("Cut it *ev")
    option = page.get_by_role("option", name="evergreen")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(line).to_have_attribute("aria-activedescendant", "suggestion-1")
    page.keyboard.press("Escape")
    expect(option).not_to_be_attached()
    line.press_sequentially("e")
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    expect(line).to_have_value("Cut it *evergreen ")
    desk.check()


def test_a_card_is_dragged_to_another_column(desk: Window) -> None:
    desk.send("tasks/", {"title": "Paint the fence", "assigned_to": 1})
    page = desk.live("/board/")
    page.locator(".card").filter(has_text="Paint the fence").drag_to(page.locator("#column-IN_PROGRESS header"))
    expect(page.locator("#column-IN_PROGRESS .card").filter(has_text="Paint the fence")).to_be_visible()
    desk.check()


def test_a_task_dragged_to_another_day_keeps_its_hour(desk: Window) -> None:
    body = {"title": "Meet the beekeeper", "due_date": "2030-05-14", "due_time": "16:30", "timezone": "Europe/Berlin"}
    task = desk.send("tasks/", body | {"assigned_to": 1})["id"]
    page = desk.live("/calendar/2030-05/")
    page.locator(f"#task-{task}").drag_to(page.locator("[data-drop='2030-05-16']"))
    expect(page.locator(f"[data-drop='2030-05-16'] #task-{task}")).to_contain_text("16:30")
    desk.check()


def test_a_card_moves_on_a_phone_by_a_menu_without_dragging(phone: Window) -> None:
    phone.send("tasks/", {"title": "Oil the gate", "assigned_to": 1})
    page = phone.live("/board/")
    card = page.locator(".card").filter(has_text="Oil the gate")
    card.locator("[data-move]").tap()
    expect(page.get_by_role("heading", name="Move to: Oil the gate")).to_be_visible()
    page.locator("#dialog").get_by_role("button", name="In progress").tap()
    expect(page.locator("#column-IN_PROGRESS .card").filter(has_text="Oil the gate")).to_be_attached()
    page.locator("[data-show=IN_PROGRESS]").tap()
    expect(card).to_be_in_viewport()
    phone.check()


def test_every_page_of_the_sidebar_is_reached_by_thumb_and_its_targets_are_large(phone: Window) -> None:
    page = phone.live("/")
    sidebar = page.locator(".side:not(.side-in-page) nav a").evaluate_all("all => all.map((one) => one.pathname)")
    tabs = page.locator(".tabs a").evaluate_all("all => all.map((one) => one.pathname)")
    page.locator(".tabs").get_by_role("link", name="More").tap()
    expect(page.get_by_role("heading", name="More")).to_be_visible()
    links = page.locator(".side-in-page nav a:visible")
    assert set(sidebar) <= {*tabs, *links.evaluate_all("all => all.map((one) => one.pathname)")}
    assert min(box["height"] for box in (link.bounding_box() for link in links.all()) if box) >= 44
    links.filter(has_text="All tasks").tap()
    expect(page.get_by_role("heading", name="All tasks")).to_be_visible()
    assert width_of(page) == PHONE["width"]
    phone.check()


def test_many_are_changed_at_once_and_back(desk: Window) -> None:
    for name in ("One", "Two"):
        desk.send("tasks/", {"title": f"{name} of many"})
    page = desk.live("/tasks/?q=many")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("2")
    page.locator("#bulk").get_by_role("button", name="Done").click()
    expect(page.locator(".toast").filter(has_text="2 tasks changed")).to_be_visible()
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("z")
    expect(page.locator(".toast").filter(has_text="Undone")).to_be_visible()
    desk.check()


def test_a_file_is_checked_before_it_is_imported(desk: Window) -> None:
    page = desk.live("/import/")
    rows = b"title,due_date\nMow the lawn,2030-06-01\nRake the leaves,2030-10-01\n"
    page.get_by_label("File to import").set_input_files({"name": "tasks.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("cell", name="Mow the lawn")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("2 tasks").first).to_be_visible()
    page.goto(f"{desk.address}/search/?q=lawn")
    expect(page.get_by_role("link", name="Mow the lawn")).to_be_visible()
    desk.check()


def sign_up(page: Page, address: str, email: str) -> None:
    """Registers, and signs in."""
    page.goto(f"{address}/sign-up/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Username or email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_bea_signs_up_and_has_a_reminder_within_six_clicks(window: Window) -> None:
    page = window.page
    sign_up(page, window.address, "bea@example.org")  # two clicks
    settled(page)
    quick_add(page, "Water the plants in 2 minutes ~1m")
    expect(page.locator(".toast").filter(has_text="Reminds you")).to_be_visible()
    page.goto(f"{window.address}/settings/")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    window.check()


def test_cem_does_it_all_without_javascript(chromium: Chromium, running: RunningTaskbell, ada: object) -> None:
    with window_of(chromium, running.base_url, java_script_enabled=False) as window:
        page = window.page
        sign_up(page, window.address, "cem@example.org")
        expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
        page.get_by_role("link", name="Add task").first.click()
        page.get_by_label("The task, in one line").fill("Feed the birds tomorrow 9:00 !high")
        page.get_by_role("button", name="Add task").click()
        expect(page.locator(".toast").filter(has_text="added")).to_be_visible()
        page.goto(f"{window.address}/upcoming/")
        page.get_by_role("link", name="Feed the birds").click()
        page.get_by_role("link", name="Add a reminder").click()
        page.get_by_label("1 hour before").check()
        page.get_by_role("button", name="Add reminder").click()
        expect(page.locator(".ledger").get_by_text("tomorrow at 8:00")).to_be_visible()
        page.get_by_role("button", name="Complete: Feed the birds").click()
        expect(page.get_by_role("button", name="Reopen: Feed the birds")).to_be_visible()
        expect(page.locator(".toast").filter(has_text="completed")).to_be_visible()
        window.check()
