"""Whatever people do with tasks, each sees exactly what concerns them, at every door, on the socket and in sync."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run

from tests.feed.visibility import OWNERS, ROLES, WORDS, Known, Model, People
from tests.services import examples
from tests.undoing import undone

PERSON = st.sampled_from(list(ROLES))
SOMEBODY = st.none() | PERSON
PROJECT = st.sampled_from(list(OWNERS))
PLACE = PERSON | PROJECT  # an Inbox, or a project
MEMBER_ROLES = st.sampled_from(["OWNER", "EDITOR", "VIEWER"])
WORD = st.sampled_from(WORDS)
STAGES = st.sampled_from(["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"])
BUDGET = settings(
    max_examples=examples(20),
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failure of fifteen steps can be read as it is; making it smaller takes minutes
    suppress_health_check=list(HealthCheck),
)


class Visibility(RuleBasedStateMachine):
    """Random steps through the API beside a model; after each, everybody reads their list and history."""

    tasks = Bundle("tasks")
    labels = Bundle("labels")

    def __init__(self) -> None:
        super().__init__()
        self.undone = undone()
        self.undone.__enter__()
        self.people, self.model = People(), Model()

    def teardown(self) -> None:
        self.undone.__exit__(None, None, None)

    @initialize(target=tasks, assignee=SOMEBODY, word=WORD)
    def everybody_begins_with_a_task(self, assignee: str | None, word: str) -> Any:
        return multiple(*(self.create(creator, assignee, word) for creator in ROLES))

    def create(self, creator: str, assignee: str | None, word: str) -> int:
        body = {"title": f"Plant the {word}", "assigned_to": self.people.number(assignee)}
        pk = int(self.people.ask(creator, "POST", "tasks/", body).json()["id"])
        self.model.tasks[pk] = Known(creator, word, assignee, creator)
        return pk

    @rule(target=tasks, creator=PERSON, assignee=SOMEBODY, word=WORD)
    def somebody_creates_a_task(self, creator: str, assignee: str | None, word: str) -> int:
        return self.create(creator, assignee, word)

    def patch(
        self, name: str, pk: int, body: dict[str, Any], *, allowed: bool, query: str = "", fits: bool = True
    ) -> bool:
        """Sends it, checks that the answer is the one that the model gives, and says whether it was done."""
        seen = self.model.sees(name, pk)
        answer = self.people.ask(name, "PATCH", f"tasks/{pk}/{query}", body)
        assert answer.status_code == (((200 if fits else 400) if allowed else 403) if seen else 404)
        return seen and allowed and fits

    @rule(target=tasks, by=PERSON, project=PROJECT, word=WORD, assignee=SOMEBODY)
    def somebody_creates_a_task_in_a_project(self, by: str, project: str, word: str, assignee: str | None) -> Any:
        body = {"title": f"Plant the {word}", "project": self.people.projects[project]}
        answer = self.people.ask(by, "POST", "tasks/", body | {"assigned_to": self.people.number(assignee)})
        if not self.model.may_edit_in(by, project):
            assert answer.status_code == (403 if by in self.model.members[project] else 400)
            return multiple()
        assert answer.status_code == (201 if self.model.fits(assignee, project) else 400)
        if answer.status_code == 400:
            return multiple()
        pk = int(answer.json()["id"])
        self.model.tasks[pk] = Known(by, word, assignee, project)
        return pk

    @rule(pk=tasks, by=PERSON, to=PLACE)
    def somebody_moves_it(self, pk: int, by: str, to: str) -> None:
        task, members = self.model.tasks[pk], self.model.members[to]
        unchanged, may_edit = to == task.project, self.model.may_edit(by, pk)
        allowed = unchanged or (may_edit and (by not in members or self.model.may_edit_in(by, to)))
        fits = unchanged or by == "mia" or by in members
        if self.patch(by, pk, {"project": self.people.projects[to]}, allowed=allowed, fits=fits) and not unchanged:
            task.project = to
            if not self.model.fits(task.assignee, to):
                task.assignee = task.creator if self.model.fits(task.creator, to) else None

    @rule(project=PROJECT, by=PERSON, whom=PERSON, role=MEMBER_ROLES)
    def somebody_adds_a_member(self, project: str, by: str, whom: str, role: str) -> None:
        body = {"person": self.people.number(whom), "role": role}
        answer = self.people.ask(by, "POST", f"projects/{self.people.projects[project]}/members/", body)
        members = self.model.members[project]
        if not (by == "mia" or by in members):
            assert answer.status_code == 404
        elif not self.model.may_manage(by, project):
            assert answer.status_code == 403
        elif whom in members:
            assert answer.status_code == 409
        else:
            assert answer.status_code == 201
            members[whom] = role

    @rule(project=PROJECT, by=PERSON, whom=PERSON, role=MEMBER_ROLES)
    def somebody_changes_a_role(self, project: str, by: str, whom: str, role: str) -> None:
        path = f"projects/{self.people.projects[project]}/members/{self.people.number(whom)}/"
        answer, members = self.people.ask(by, "PATCH", path, {"role": role}), self.model.members[project]
        if not (by == "mia" or by in members):
            assert answer.status_code == 404
        elif not self.model.may_manage(by, project):
            assert answer.status_code == 403
        elif whom not in members:
            assert answer.status_code == 404
        elif role != "OWNER" and self.model.is_last_owner(whom, project):
            assert answer.status_code == 409
        else:
            assert answer.status_code == 200
            members[whom] = role

    @rule(project=PROJECT, by=PERSON, whom=PERSON)
    def somebody_is_removed_or_leaves(self, project: str, by: str, whom: str) -> None:
        path = f"projects/{self.people.projects[project]}/members/{self.people.number(whom)}/"
        answer, members = self.people.ask(by, "DELETE", path), self.model.members[project]
        if not (by == "mia" or by in members):
            assert answer.status_code == 404
        elif by != whom and not self.model.may_manage(by, project):
            assert answer.status_code == 403
        elif whom not in members:
            assert answer.status_code == 404
        elif self.model.is_last_owner(whom, project):
            assert answer.status_code == 409
        else:
            assert answer.status_code == 204
            del members[whom]
            for task in self.model.tasks.values():
                if task.project == project and task.assignee == whom:
                    task.assignee = None

    @rule(pk=tasks, by=PERSON, to=SOMEBODY)
    def somebody_assigns(self, pk: int, by: str, to: str | None) -> None:
        task = self.model.tasks[pk]
        hands_back = by == task.assignee and to in (None, task.creator)
        allowed = self.model.may_edit(by, pk) or hands_back or to == task.assignee
        fits = to == task.assignee or self.model.fits(to, task.project)
        if self.patch(by, pk, {"assigned_to": self.people.number(to)}, allowed=allowed, fits=fits):
            task.assignee = to

    @rule(pk=tasks, by=PERSON)
    def somebody_hands_it_back(self, pk: int, by: str) -> None:
        allowed = self.model.may_work_on(by, pk) or self.model.tasks[pk].assignee is None
        if self.patch(by, pk, {"assigned_to": None}, allowed=allowed):
            self.model.tasks[pk].assignee = None

    @rule(pk=tasks, by=PERSON, word=WORD)
    def somebody_edits(self, pk: int, by: str, word: str) -> None:
        task = self.model.tasks[pk]
        allowed = self.model.may_edit(by, pk) or word == task.word
        if self.patch(by, pk, {"title": f"Plant the {word}"}, allowed=allowed):
            task.word = word

    @rule(pk=tasks, by=PERSON, stage=STAGES, force=st.booleans())
    def somebody_says_how_far_it_is(self, pk: int, by: str, stage: str, force: bool) -> None:
        task, may_edit = self.model.tasks[pk], self.model.may_edit(by, pk)
        may_work_on, finishes = self.model.may_work_on(by, pk), stage == "COMPLETED" != task.stage
        allowed = may_edit or stage == task.stage or (may_work_on and stage != "ARCHIVED" and not (finishes and force))
        if self.model.sees(by, pk) and may_work_on and finishes and not force and self.model.is_blocked(pk):
            answer = self.people.ask(by, "PATCH", f"tasks/{pk}/", {"stage": stage})
            self.check_blockers(by, pk, answer.json())
        elif self.patch(by, pk, {"stage": stage}, allowed=allowed, query="?force=true" if force else ""):
            task.stage = stage

    def check_blockers(self, by: str, pk: int, said: dict[str, Any]) -> None:
        needed = {need: self.model.tasks[need] for need in self.model.tasks[pk].needs}
        blocking = {n for n, need in needed.items() if need.stage in ("PENDING", "IN_PROGRESS") and not need.deleted}
        seen = {need for need in blocking if self.model.sees(by, need)}
        assert said["status"] == 409
        assert {blocker["id"] for blocker in said["blockers"]} == seen
        assert said["hidden_blockers"] == len(blocking - seen)

    @rule(pk=tasks, need=tasks)
    def mia_links_what_others_may_not_see(self, pk: int, need: int) -> None:
        self.somebody_links(pk, [need], "mia")

    @rule(pk=tasks, needs=st.lists(tasks, max_size=3), by=PERSON)
    def somebody_links(self, pk: int, needs: list[int], by: str) -> None:
        wanted, task = set(needs), self.model.tasks[pk]
        answer = self.people.ask(by, "PATCH", f"tasks/{pk}/", {"pre_tasks": needs})
        known = {need for need in task.needs if self.model.sees(by, need)}
        after = (task.needs - known) | wanted
        if not self.model.sees(by, pk):
            assert answer.status_code == 404
        elif wanted != known and not self.model.may_edit(by, pk):
            assert answer.status_code == 403
        elif wanted - self.model.visible(by) or self.model.would_circle(pk, after):
            assert answer.status_code == 400
        else:
            assert answer.status_code == 200
            task.needs = after

    @rule(pk=tasks, by=PERSON)
    def somebody_deletes(self, pk: int, by: str) -> None:
        answer = self.people.ask(by, "DELETE", f"tasks/{pk}/")
        allowed = self.model.may_edit(by, pk)
        assert answer.status_code == ((204 if allowed else 403) if self.model.sees(by, pk) else 404)
        self.model.tasks[pk].deleted |= answer.status_code == 204

    @rule(pk=tasks, by=PERSON)
    def somebody_restores(self, pk: int, by: str) -> None:
        answer = self.people.ask(by, "POST", f"tasks/{pk}/restore/")
        task = self.model.tasks[pk]
        there = task.deleted and self.model.concerns(by, pk)
        assert answer.status_code == ((200 if self.model.may_edit(by, pk) else 403) if there else 404)
        task.deleted &= answer.status_code != 200

    @rule(pk=tasks, by=PERSON, whom=PERSON)
    def somebody_comments(self, pk: int, by: str, whom: str) -> None:
        answer = self.people.ask(by, "POST", f"tasks/{pk}/comments/", {"body": f"@{whom}, look"})
        assert answer.status_code == (201 if self.model.sees(by, pk) else 404)
        if answer.status_code == 404:
            return
        comment = answer.json()
        reached = self.model.sees(whom, pk)
        assert comment["mentions"] == ([self.people.number(whom)] if reached else [])
        assert comment["unreachable"] == ([] if reached else [whom])
        self.model.tasks[pk].comments += 1
        for name in ROLES:
            self.model.comments[name] |= {comment["id"]} if self.model.sees(name, pk) else set()

    @rule(pk=tasks, name=PERSON)
    def somebody_reads_the_comments(self, pk: int, name: str) -> None:
        answer = self.people.ask(name, "GET", f"tasks/{pk}/comments/")
        assert answer.status_code == (200 if self.model.sees(name, pk) else 404)
        assert answer.status_code == 404 or answer.json()["count"] == self.model.tasks[pk].comments

    @rule(target=tasks, by=PERSON, word=WORD, pk=tasks, gone=tasks)
    def somebody_does_many_things_at_once(self, by: str, word: str, pk: int, gone: int) -> Any:
        changes = [{"id": pk, "title": f"Plant the {word}"}]
        body = {"create": [{"title": f"Plant the {word}"}], "update": changes, "delete": [gone]}
        answer = self.people.ask(by, "POST", "tasks/bulk/", body)
        seen = [self.model.sees(by, which) for which in (pk, gone)]
        may_change = self.model.may_edit(by, pk) or word == self.model.tasks[pk].word
        if not (all(seen) and may_change and self.model.may_edit(by, gone)):
            assert answer.status_code in (403, 404)
            assert answer.status_code == 404 or seen[0]
            return multiple()
        made = int(answer.json()["created"][0]["id"])
        self.model.tasks[made] = Known(by, word, None, by)
        self.model.tasks[pk].word = word
        self.model.tasks[gone].deleted = True
        return made

    @rule(target=labels, by=PERSON, number=st.integers(0, 99))
    def somebody_makes_a_category(self, by: str, number: int) -> Any:
        answer = self.people.ask(by, "POST", "categories/", {"name": f"Category {number}"})
        return multiple() if answer.status_code == 409 else (by, answer.json()["id"])

    @rule(pk=tasks, label=labels, by=PERSON)
    def somebody_puts_it_into_a_category(self, pk: int, label: tuple[str, int], by: str) -> None:
        if self.model.may_edit(by, pk):
            self.patch(by, pk, {"category": label[1]}, allowed=True)

    @rule(label=consumes(labels), others=labels)
    def its_maker_deletes_a_category(self, label: tuple[str, int], others: tuple[str, int]) -> None:
        by, pk = label
        answer = self.people.ask(by, "DELETE", f"categories/{pk}/?move_to={others[1]}")
        assert answer.status_code == (400 if others[1] == pk else 204)

    @invariant()
    def everybody_sees_what_concerns_them_and_nothing_else(self) -> None:
        for name in ROLES:
            expected = self.model.visible(name)
            rows = {row["id"]: row for row in self.people.results(name, "tasks/")}
            assert rows.keys() == expected
            for pk, row in rows.items():
                task = self.model.tasks[pk]
                assert row["title"] == f"Plant the {task.word}"
                assert set(row["pre_tasks"]) == {need for need in task.needs if self.model.sees(name, need)}
                assert row["is_blocked"] is self.model.is_blocked(pk)
                assert row["comment_count"] == task.comments
                assert row["project"] == self.people.projects[task.project]

    @invariant()
    def who_follows_knows_what_they_see_and_nothing_else(self) -> None:
        self.people.follow()
        for name in ROLES:
            seen = {pk: f"Plant the {self.model.tasks[pk].word}" for pk in self.model.visible(name)}
            assert self.people.by_socket[name].tasks == seen
            assert self.people.by_sync[name].tasks == seen
            assert self.people.by_socket[name].comments == self.model.comments[name]
            assert self.people.by_sync[name].comments == self.model.comments[name]

    @rule(name=PERSON, word=WORD)
    def somebody_searches(self, name: str, word: str) -> None:
        seen = {pk: self.model.tasks[pk] for pk in self.model.visible(name)}
        found = {row["id"] for row in self.people.results(name, f"tasks/?q={word}")}
        assert found == {pk for pk, task in seen.items() if task.word == word}
        given = {row["id"] for row in self.people.results(name, "tasks/?assigned_to=me&cursor=")}
        assert given == {pk for pk, task in seen.items() if task.assignee == name}

    @rule(name=PERSON, pk=tasks)
    def somebody_looks_closely(self, name: str, pk: int) -> None:
        seen = self.model.sees(name, pk)
        assert self.people.ask(name, "GET", f"tasks/{pk}/").status_code == (200 if seen else 404)
        history = self.people.ask(name, "GET", f"tasks/{pk}/logs/?page_size=200")
        assert history.status_code == (200 if seen else 404)
        if seen:
            self.check_history(name, history.json()["results"])

    @invariant()
    def histories_tell_of_that_alone(self) -> None:
        for name in ROLES:
            lines = self.people.results(name, "tasks/logs/?page_size=200")
            received = {line["task"] for line in lines}
            assert received == (set(self.model.tasks) if name == "mia" else self.model.visible(name))
            self.check_history(name, lines)

    def check_history(self, name: str, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if line["field"] == "pre_tasks":
                named = {*line["old_value"], *line["new_value"]}
                assert all(self.model.concerns(name, pk) for pk in named)


def test_nobody_ever_sees_more_or_less_than_concerns_them(db: None) -> None:
    run(Visibility, settings=BUDGET)
