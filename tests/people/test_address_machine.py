"""A thief knows the password for a week: whatever both of them do, Bo gets the account back."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run

from taskbell.accounts.addresses import change_of, token_of
from taskbell.accounts.models import UNDO_LIFETIME, Installation, User
from taskbell.common.errors import Refusal
from taskbell.notifications.models import Notification
from taskbell.people.addresses import confirm_address, undo_change
from taskbell.people.editing import update_person
from tests.conftest import NOW, PASSWORD
from tests.undoing import undone

MAILBOXES = {"bo": ("bo@example.org", "bo2@example.org"), "thief": ("t1@example.org", "t2@example.org")}
NEW = "known to Bo alone"
NAMES, PLACES = st.sampled_from(sorted(MAILBOXES)), st.sampled_from([0, 1])
BUDGET = settings(
    max_examples=20, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


class Addresses(RuleBasedStateMachine):
    """Each uses every link in their own mailboxes; Bo, who trusts everybody, confirms what the thief asks for, too."""

    def __init__(self) -> None:
        super().__init__()
        self.undone = undone()
        self.undone.__enter__()
        Installation.claim(NOW)
        self.pk = User.objects.create_person(username="bo", email="bo@example.org", password=PASSWORD).pk
        self.now = NOW
        self.passwords = {"bo": PASSWORD, "thief": PASSWORD}

    def teardown(self) -> None:
        self.undone.__exit__(None, None, None)

    def person(self) -> User:
        return User.objects.get(pk=self.pk)

    def links(self, name: str, kind: str) -> list[int]:
        """The changes that the person's mailboxes have such a link about."""
        found = Notification.objects.filter(kind=kind, address__in=MAILBOXES[name]).order_by("pk")
        return list(dict.fromkeys(data["change"] for data in found.values_list("data", flat=True)))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.now = min(self.now + timedelta(hours=hours), NOW + UNDO_LIFETIME - timedelta(hours=1))

    @rule(asks=st.sampled_from([("bo", "bo"), ("thief", "thief"), ("thief", "bo")]), place=PLACES)
    def somebody_asks_for_an_address(self, asks: tuple[str, str], place: int) -> None:
        name, whose = asks
        person = self.person()
        changes = {"email": MAILBOXES[whose][place], "current_password": self.passwords[name]}
        try:
            update_person(person, changes, by=person, now=self.now)
        except Refusal:
            assert (self.person().email, self.person().password) == (person.email, person.password)

    @rule(name=NAMES, which=st.integers(-3, -1))
    def somebody_confirms(self, name: str, which: int) -> None:
        for pk in self.links(name, "confirm_email")[which:][:1]:
            try:
                confirm_address(token_of(pk, "confirm"), now=self.now)
            except Refusal:
                continue
            assert self.person().email in MAILBOXES[name]

    @rule(name=NAMES, which=st.integers(-3, -1))
    def somebody_undoes(self, name: str, which: int) -> None:
        for pk in self.links(name, "email_changed")[which:][:1]:
            try:
                undo_change(token_of(pk, "undo"), now=self.now)
            except Refusal:
                continue
            person = self.person()
            assert person.email == "bo@example.org"
            assert not person.has_usable_password()
            person.set_password(NEW)  # by the link that was sent to his address
            person.save(update_fields=["password"])
            self.passwords["bo"] = NEW

    @invariant()
    def bo_has_the_account_or_a_link_that_brings_it_back(self) -> None:
        if self.person().email in MAILBOXES["thief"]:
            assert self.passwords["bo"] == PASSWORD, "after an undo, nothing that the thief has works any more"
            assert any(
                change_of(token_of(pk, "undo"), "undo", now=self.now) for pk in self.links("bo", "email_changed")
            )


def test_a_thief_never_keeps_the_account(db: None) -> None:
    run(Addresses, settings=BUDGET)
