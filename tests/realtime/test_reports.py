"""The progress of a report reaches all connections of the person who requested it."""

from tests.realtime.live import Event, Somebody


def test_the_progress_of_a_report_reaches_the_screens_of_its_person_alone(bo: Somebody, cy: Somebody) -> None:
    bo.create("To be exported")
    with bo.screen() as screen, cy.screen() as foreign:
        screen.listening()
        foreign.listening()
        answer = bo.http.post("reports/", json={"kind": "export", "format": "csv"})
        assert answer.status_code == 202, answer.text
        heard: list[Event] = [screen.next(within=30)]
        while heard[-1].get("state") != "done":
            heard.append(screen.next(within=30))
        # Screens begin where the server has read to, which may be before the task.
        progress = [event for event in heard if event.get("title") != "To be exported"]
        pairs = {(event["event"], event.get("report_id")) for event in progress}
        assert pairs == {("report.progress", answer.json()["id"])}
        received = [event["progress"] for event in progress]
        assert received == sorted(received)
        assert received[-1] == 100
        cy.create("Cy's own")
        assert foreign.next()["title"] == "Cy's own"
    assert "To be exported" in bo.http.get(f"reports/{answer.json()['id']}/download/").text
