"""Two windows at once, lost connections and ended sessions: what is typed is never lost."""

import re
from typing import Any

from playwright.sync_api import APIResponse, Page, Route, expect
from playwright.sync_api import Browser as Chromium

from tests.web.browser.windows import PHONE, Window, quick_add, settled, window_of

# What the status line says, and when.
LISTEN = """() => {
  const line = document.querySelector("#say");
  window.said = [];
  new MutationObserver(() => line.textContent && said.push([line.textContent, performance.now()]))
    .observe(line, { childList: true });
}"""


def test_what_ada_does_here_is_seen_in_her_other_window(desk: Window, chromium: Chromium, ada: Any) -> None:
    with window_of(chromium, desk.address, storage_state=ada, viewport=PHONE) as window:
        elsewhere = window.live("/")
        quick_add(desk.live("/"), "Feed the cat today")
        row = elsewhere.locator("[data-task]").filter(has_text="Feed the cat")
        expect(row).to_be_visible()
        row.get_by_role("button", name="Complete").click()
        expect(desk.page.locator(".done").filter(has_text="Feed the cat")).to_be_attached()
        window.check()
        desk.check()


def edit_title(window: Window, title: str) -> Page:
    """Opens the page of a task of this title, and its title for editing."""
    task = window.send("tasks/", {"title": title})["id"]
    page = window.live(f"/tasks/{task}/")
    page.locator("[data-edit=title]").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    return page


def change_elsewhere(window: Window, **fields: str) -> None:
    """Changes the task of this window by the API."""
    window.send(f"tasks/{window.page.url.split('/')[-2]}/", fields, method="PATCH")


def test_what_another_has_changed_stands_beside_what_ada_types(desk: Window) -> None:
    page = edit_title(desk, "Clean the pond")
    page.get_by_label("Title", exact=True).fill("Clean the big pond")
    change_elsewhere(desk, title="Clean the small pond")
    expect(page.locator("#part-title .theirs")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Clean the big pond")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".clash")).to_contain_text("Clean the small pond")
    page.get_by_label("Keep mine").check()
    page.locator("#part-title").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Clean the big pond")).to_be_visible()
    desk.check("412")


def test_changes_of_different_fields_meet_without_a_question(desk: Window) -> None:
    page = edit_title(desk, "Trim the roses")
    page.get_by_label("Title", exact=True).fill("Trim the red roses")
    change_elsewhere(desk, priority="URGENT")
    expect(page.locator("#part-priority")).to_contain_text("Urgent")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Trim the red roses")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Trim the red roses")).to_be_visible()
    expect(page.locator("#part-priority")).to_contain_text("Urgent")
    desk.check()


def test_a_menu_and_a_half_written_comment_stay_while_the_task_changes(desk: Window) -> None:
    task = desk.send("tasks/", {"title": "Mend the pump"})["id"]
    page = desk.live(f"/tasks/{task}/")
    page.get_by_label("Comment", exact=True).fill("Half a sen")
    page.locator("details.menu summary").first.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Duplicate")).to_be_focused()
    change_elsewhere(desk, stage="IN_PROGRESS")
    expect(page.locator(".stages [aria-pressed=true]")).to_have_text("In progress")
    expect(page.get_by_role("button", name="Duplicate")).to_be_focused()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half a sen")
    desk.check()


def test_a_draft_survives_leaving_the_page(desk: Window) -> None:
    page = edit_title(desk, "Count the bees")
    page.get_by_label("Title", exact=True).fill("Count all bees")
    page.goto(f"{desk.address}/")
    page.go_back()
    expect(page.get_by_text("Your draft is back.")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Count all bees")
    desk.check()


def test_without_a_connection_verbs_wait_and_what_is_typed_stays(desk: Window) -> None:
    page = edit_title(desk, "Fix the shed")
    page.get_by_label("Title", exact=True).fill("Fix the old shed")
    page.context.set_offline(True)
    expect(page.get_by_text("Offline since")).to_be_visible()
    save = page.locator("#part-title").get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Fix the old shed")
    page.context.set_offline(False)
    expect(page.get_by_text("Offline since")).to_be_hidden()
    save.click()
    expect(page.get_by_role("heading", name="Fix the old shed")).to_be_visible()


def test_without_a_connection_a_new_page_is_the_offline_page(desk: Window) -> None:
    page = desk.live("/")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    page.context.set_offline(True)
    expect(page.get_by_text("Offline since")).to_be_visible()
    page.goto(f"{desk.address}/board/")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def test_ada_signs_in_again_elsewhere_and_sends_what_she_had_typed(desk: Window) -> None:
    page = desk.live("/")
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.fill("Do not lose this")
    page.context.clear_cookies(name=re.compile("session"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are signed out. What you typed is still here.")).to_be_visible()
    expect(line).to_have_value("Do not lose this")
    with page.context.expect_page() as opened:
        page.get_by_role("alert").get_by_role("link", name="Sign in").click()
    Window(opened.value, desk.address).sign_in()
    opened.value.close()
    line.press("Enter")
    expect(page.locator(".toast").filter(has_text="“Do not lose this” added")).to_be_visible()


def test_a_server_in_trouble_keeps_the_row_and_says_so(desk: Window) -> None:
    desk.send("tasks/", {"title": "Stack the wood", "assigned_to": 1, "due_date": "2020-01-01"})
    page = desk.live("/")
    row = page.locator("[data-task]").filter(has_text="Stack the wood")
    page.route("**/complete/", lambda route: route.fulfill(status=503, body="<h1>Back in a moment</h1>"))
    row.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("alert").filter(has_text="Not saved")).to_be_visible()
    expect(row).to_be_visible()
    expect(row).not_to_have_attribute("aria-busy", "true")
    page.unroute("**/complete/")
    row.get_by_role("button", name="Complete").click()
    expect(page.locator(".toast").filter(has_text="completed")).to_be_visible()


def test_a_server_in_trouble_leaves_the_line_that_is_typed(desk: Window) -> None:
    page = desk.live("/")
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.fill("Sharpen the saw")
    page.route("**/tasks/quick/", lambda route: route.abort())
    line.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="Not saved")
    expect(alert).to_be_visible()
    alert.get_by_role("button", name="Close").click()
    expect(line).to_have_value("Sharpen the saw")
    page.unroute("**/tasks/quick/")
    line.press("Enter")
    expect(page.locator(".toast").filter(has_text="Sharpen the saw")).to_be_visible()


def test_ada_who_signs_out_is_signed_out_in_her_other_window(window: Window) -> None:
    window.sign_in()
    elsewhere = window.page.context.new_page()
    elsewhere.goto(f"{window.address}/board/")
    settled(elsewhere)
    settled(window.open("/settings/")).get_by_role("button", name="Sign out").click()
    expect(window.page.get_by_text("You have signed out.")).to_be_visible()
    expect(elsewhere.locator("body[data-connection=signed-out]")).to_be_attached()
    expect(elsewhere.get_by_role("alert").get_by_role("link", name="Sign in")).to_be_visible()
    window.sign_in()
    elsewhere.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    settled(elsewhere)


def test_a_line_that_was_not_added_is_there_again(desk: Window) -> None:
    page = desk.live("/")
    page.keyboard.press("q")
    line = page.get_by_label("The task, in one line")
    line.press_sequentially("Paint the nest box tomorrow")
    page.goto(f"{desk.address}/board/")
    settled(page).keyboard.press("q")
    expect(line).to_have_value("Paint the nest box tomorrow")
    expect(page.locator(".reading")).to_contain_text("Tomorrow")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").filter(has_text="added")).to_be_visible()
    page.keyboard.press("q")
    expect(line).to_have_value("")
    desk.check()


def test_keys_that_are_pressed_before_the_dialog_is_there_go_into_its_line(desk: Window) -> None:
    task = desk.send("tasks/", {"title": "Eel", "due_date": "2020-01-01", "assigned_to": 1})["id"]
    page = desk.live("/")
    page.locator(f"#task-{task} .title").focus()
    held: list[Route] = []
    page.route("**/tasks/quick/", lambda route: held.append(route))
    page.keyboard.press("q")
    page.keyboard.type("eat plumx")  # e would complete the task
    page.keyboard.press("Backspace")
    held[0].continue_()
    page.unroute("**/tasks/quick/")
    expect(page.get_by_label("The task, in one line")).to_have_value("eat plum")
    expect(page.locator(f"#task-{task}:not(.done)")).to_be_attached()
    desk.check()


def test_back_on_the_network_the_page_does_not_wait_to_connect(desk: Window) -> None:
    page = desk.live("/")
    page.evaluate("live.attempt = 5; live.socket.close()")  # the next attempt would be half a minute away
    expect(page.locator("body[data-connection=offline]")).to_be_attached()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("body[data-connection=live]")).to_be_attached(timeout=10_000)
    desk.check()


def test_a_screen_reader_announces_changes_made_elsewhere_and_not_ones_own(desk: Window) -> None:
    tasks = [desk.send("tasks/", {"title": f"Feed heron {number}"})["id"] for number in (1, 2, 3)]
    page = desk.live("/tasks/?q=heron")
    page.evaluate(LISTEN)
    for task in tasks:
        desk.send(f"tasks/{task}/", {"priority": "URGENT"}, method="PATCH")
    status = page.locator("#say")
    expect(status).to_have_text("3 tasks have changed.")
    page.locator("[data-task]").filter(has_text="heron 1").get_by_role("button", name="Complete").click()
    expect(page.locator(".toast").filter(has_text="completed")).to_be_visible()
    desk.send(f"tasks/{tasks[1]}/", {"title": "Feed heron 4"}, method="PATCH")
    expect(status).to_have_text("One task has changed.")
    (first, at), (second, later) = page.evaluate("window.said")
    assert (first, second) == ("3 tasks have changed.", "One task has changed.")
    assert later - at > 4900
    desk.check()


def test_a_screen_reader_announces_that_the_page_of_a_task_has_changed(desk: Window) -> None:
    task = desk.send("tasks/", {"title": "Feed the owl"})["id"]
    page = desk.live(f"/tasks/{task}/")
    change_elsewhere(desk, title="Feed both owls")
    expect(page.locator("#say")).to_have_text("This page has changed.")
    desk.check()


def test_a_long_list_that_is_read_again_keeps_the_rows_that_came_by_scrolling(desk: Window) -> None:
    made = desk.send("tasks/bulk/", {"create": [{"title": f"Wren {number:03}"} for number in range(250)]})["created"]
    page = desk.live("/tasks/?q=wren&ordering=title")
    rows = page.locator("[data-task]")
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(200)
    rows.nth(150).scroll_into_view_if_needed()
    rows.nth(150).locator(".select").click()
    top = rows.nth(150).bounding_box()
    page.evaluate("live.cursor = 'too old'; live.socket.close()")
    desk.send(f"tasks/{made[0]['id']}/", {"title": "Wren 000 sings"}, method="PATCH")
    expect(rows.first).to_contain_text("sings")
    expect(rows).to_have_count(200)
    expect(rows.nth(150).get_by_role("checkbox")).to_be_checked()
    assert rows.nth(150).bounding_box() == top
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(250)
    desk.check()


def test_a_change_is_shown_once_the_server_answers_again(desk: Window) -> None:
    task = desk.send("tasks/", {"title": "Call the crane", "assigned_to": 1, "due_date": "2020-01-01"})["id"]
    page = desk.live("/")
    page.route("**/live/?*", lambda route: route.fulfill(status=503, body=""))
    with page.expect_response("**/live/?*"):
        desk.send(f"tasks/{task}/", {"title": "Call the old crane"}, method="PATCH")
    page.unroute("**/live/?*")
    expect(page.locator("[data-task]").filter(has_text="old crane")).to_be_visible()
    desk.check("503")


def test_a_row_stays_chosen_while_it_changes_and_while_the_list_is_read_again(desk: Window) -> None:
    task = desk.send("tasks/", {"title": "Ring the robin"})["id"]
    page = desk.live("/tasks/?q=robin")
    row = page.locator("[data-task]")
    row.locator(".select").click()
    for title, lost in (("Ring both robins", False), ("Ring all robins", True)):
        if lost:
            page.evaluate("live.cursor = 'too old'; live.socket.close()")
        desk.send(f"tasks/{task}/", {"title": title}, method="PATCH")
        expect(row).to_contain_text(title)
        expect(row).to_have_class(re.compile("chosen"))
        expect(row.get_by_role("checkbox")).to_be_checked()
        expect(page.locator("#bulk")).to_be_visible()
    desk.check()


def test_in_place_of_a_list_that_is_gone_the_page_says_so(desk: Window) -> None:
    project = desk.send("projects/", {"name": "Bird table"})["id"]
    desk.send("tasks/", {"title": "Saw the wood", "project": project})
    page = desk.live(f"/projects/{project}/")
    desk.send(f"projects/{project}/", {"name": "Bird house"}, method="PATCH")
    expect(page.get_by_role("heading", name="Bird house")).to_be_visible()
    desk.send(f"projects/{project}/", method="DELETE")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(page.locator("#navigation")).not_to_contain_text("Bird house")
    desk.check("404")


def test_an_answer_that_comes_late_does_not_bring_back_what_was_before(desk: Window) -> None:
    task, other = (desk.send("tasks/", {"title": f"Swan {number}"})["id"] for number in (1, 2))
    page = desk.live("/tasks/?q=swan")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/live/?*", lambda route: route.continue_() if held else held.append((route, route.fetch())))
    with page.expect_request("**/live/?*"):
        desk.send(f"tasks/{task}/", {"title": "Swan 1 dives"}, method="PATCH")
    desk.send(f"tasks/{task}/", {"title": "Swan 1 flies"}, method="PATCH")
    page.wait_for_function("live.reading && live.ids.size === 1")  # the second change waits for the first answer
    route, late = held[0]
    route.fulfill(response=late)
    desk.send(f"tasks/{other}/", {"title": "Swan 2 follows"}, method="PATCH")
    rows = page.locator("[data-task]")
    expect(rows.filter(has_text="follows")).to_be_visible()
    expect(rows.filter(has_text="flies")).to_be_visible()
    desk.check()
