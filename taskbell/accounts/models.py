"""People, their profiles and their sessions."""

import secrets
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import verify_password
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.names import read_email, read_username
from taskbell.accounts.policy import CAPABILITIES, Capability, Role
from taskbell.common.clock import utc_now
from taskbell.common.folding import FoldedField, SortKeyField
from taskbell.common.text import folded, forms_of, opaque
from taskbell.common.values import BadValue

UNDO_LIFETIME = timedelta(days=7)


class UserManager(DjangoUserManager["User"]):
    """Creates people, each with a profile in the same transaction."""

    def create_person(self, *, username: str, email: str, password: str, **fields: Any) -> "User":
        """Creates a person with a profile."""
        person = self.model(username=username, email=folded(email), **fields)
        person.set_password(password)
        return self.add(person)

    @transaction.atomic
    def add(self, person: "User", **profile: str) -> "User":
        """Saves a new person, with a profile. Once an ADMIN exists, the first registration no longer becomes ADMIN."""
        if person.role == Role.ADMIN:
            Installation.claim(utc_now())
        person.username_key = folded(person.username)
        person.save(using=self._db)
        Profile.objects.create(user=person, **{"timezone": settings.TASKBELL_TIME_ZONE} | profile)
        return person

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "User":
        """Creates an ADMIN, for Django's `createsuperuser` command, which shows a ValidationError as a sentence."""
        try:
            address = read_email(email or "")
            name = read_username(username, email=address)
        except BadValue as error:
            raise ValidationError(str(error)) from error
        return self.create_person(
            username=name, email=address, password=password or "", role=Role.ADMIN, **extra_fields
        )


class User(AbstractUser):
    """A person. Email address and username are unique, ignoring case."""

    username = models.CharField(max_length=254, unique=True)
    email = models.EmailField("email address", unique=True, max_length=254)
    username_key = models.CharField(max_length=600, unique=True, editable=False)
    name_sort = SortKeyField("first_name", "last_name", "username")
    name_folded = FoldedField("first_name", "last_name", "username")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # Somebody has opened a link that was sent to this address.
    email_confirmed = models.BooleanField(default=True)
    # Increases when a membership changes what the person may see (projects/audience.py:access_of).
    access_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    # Django's admin reads these two; both follow from the role.
    is_staff = property(lambda self: self.role == Role.ADMIN)  # type: ignore[assignment]
    is_superuser = property(lambda self: self.role == Role.ADMIN)  # type: ignore[assignment]
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]

    # The session of the current request, if any.
    session: "Session | None" = None
    # What the person sees (projects/audience.py), if it was read for many people at once.
    keys: "frozenset[int | str] | None" = None

    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("person"), _("people")
        ordering = ["id"]

    def set_password(self, raw_password: str | None) -> None:
        """Sets the hash of the password as it is compared, however it was typed."""
        super().set_password(raw_password if raw_password is None else opaque(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """True for the person's password, composed or decomposed.

        An older hash is of the password as it was typed, or has other parameters; it is replaced when the password is
        next used.
        """
        forms = forms_of(raw_password or "")
        for form in forms:
            is_correct, is_outdated = verify_password(form, self.password)
            if is_correct:
                if is_outdated or form != forms[0]:
                    self._rehash(forms[0])
                return True
        return False

    def _rehash(self, password: str) -> None:
        old = self.password
        self.set_password(password)
        User.objects.filter(pk=self.pk, password=old).update(password=self.password)

    @property
    def name(self) -> str:
        """The person's name for use in sentences."""
        return self.get_full_name() or self.username

    def can(self, capability: Capability) -> bool:
        """True if the person is active and their role grants the capability."""
        return self.is_active and capability in CAPABILITIES[self.role]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.role == Role.ADMIN

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.role == Role.ADMIN


class Profile(models.Model):
    """A person's time zone, notification preferences, and how pages look: empty as the browser or language has it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile", primary_key=True)
    timezone = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="en")
    digest_enabled = models.BooleanField(default=True)
    digest_at = models.TimeField(default=time(10))
    digest_overdue = models.BooleanField(default=True, help_text=_("List overdue tasks in the digest, too."))
    digest_since = models.DateTimeField(
        null=True, blank=True, help_text="When the digest was switched on. Empty: since the account was created."
    )
    last_digest_on = models.DateField(null=True, blank=True, help_text="The local day of the last digest.")
    next_digest_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Empty: not computed yet.")
    mail_preferences = models.JSONField(default=dict, blank=True, help_text="Kinds of email, each on or off.")
    quiet_from = models.TimeField(null=True, blank=True, help_text="Start of quiet hours, local time.")
    quiet_until = models.TimeField(null=True, blank=True, help_text="End of quiet hours, local time.")
    quiet_reminders = models.BooleanField(default=False, help_text="Hold reminders during quiet hours, too.")
    avatar_colour = models.CharField(max_length=7, default="#3b6ea5")
    task_quota = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: the limit for everybody.")
    )
    theme = models.CharField(max_length=5, blank=True, db_default="", help_text="light or dark.")
    first_weekday = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 is Monday, 6 is Sunday.")
    clock = models.CharField(max_length=2, blank=True, db_default="", help_text="12 or 24 hours.")
    single_keys = models.BooleanField(default=True, db_default=True, help_text="Single letters are commands.")
    examples = models.BigIntegerField(null=True, blank=True, help_text="The project with the examples, if any.")
    saved_views = models.JSONField(default=list, db_default=[], blank=True, help_text="Task lists, by name and query.")
    full_of = models.CharField(
        max_length=10, blank=True, editable=False, help_text="The quota that was used up at the last count."
    )

    def __str__(self) -> str:
        return f"profile of {self.user_id}"

    def wants(self, kind: str) -> bool:
        """True unless the person has switched off this kind of email."""
        return self.mail_preferences.get(kind, True) is not False


class SessionQuerySet(models.QuerySet["Session"]):
    """Named reads of sessions."""

    def alive(self, now: datetime) -> "SessionQuerySet":
        """Sessions of active people that have neither ended nor expired."""
        return self.filter(ended_at=None, expires_at__gt=now, user__is_active=True)


class Session(models.Model):
    """A sign-in by one browser or program. Its tokens and cookie are valid only while the session is."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=64, blank=True)
    network = models.CharField(
        max_length=64, blank=True, help_text="The address, or the IPv6 network that is counted as one client."
    )
    user_agent = models.CharField(max_length=200, blank=True)
    refresh_id = models.UUIDField(default=uuid4)
    previous_refresh_id = models.UUIDField(null=True, blank=True)
    refreshed_at = models.DateTimeField()
    is_pair_unused = models.BooleanField(default=False, help_text="Nobody has used the pair of the last refresh yet.")

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("session"), _("sessions")
        ordering = ["-last_used_at"]
        indexes = [models.Index(fields=["user", "ended_at"]), models.Index(fields=["user", "network"])]

    def __str__(self) -> str:
        return f"session of {self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class Attempt(models.Model):
    """One attempt at a rate-limited action."""

    scope = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["scope", "key", "at"])]

    def __str__(self) -> str:
        return f"{self.scope} at {self.at}"


class Invite(models.Model):
    """An invitation to create an account with a role, sent to an email address."""

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"invitation of {self.email}"


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    """Queries for changes of addresses."""

    def undoable(self, now: datetime) -> "AddressChangeQuerySet":
        """Changes whose old address can still be restored."""
        since = now - UNDO_LIFETIME
        return self.filter(closed_at=None, made_at__gt=since).exclude(old="")


class AddressChange(models.Model):
    """A new email address, which takes effect once its link is used; of several, only the latest can be confirmed.

    An undo restores `old`: the confirmed address from before the changes of the past week, never one set since then.
    It is empty if there was none.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="address_changes")
    new = models.EmailField(max_length=254)
    old = models.EmailField(max_length=254, blank=True)
    requested_at = models.DateTimeField()
    made_at = models.DateTimeField(help_text="When it was confirmed; until then, when it was requested.")
    is_confirmed = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was undone, or replaced by an admin.")

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["old", "made_at"])]

    def __str__(self) -> str:
        return f"new address of {self.user_id}"


class Installation(models.Model):
    """The one row about this installation."""

    claimed_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=16, blank=True, help_text="Names this installation in the files that it exports.")

    def __str__(self) -> str:
        return "this installation"

    @classmethod
    def own_key(cls) -> str:
        """The key of this installation, made when it is first needed."""
        one, _ = cls.objects.get_or_create(pk=1)
        if not one.key:
            cls.objects.filter(pk=1, key="").update(key=secrets.token_hex(8))  # by the first of several at once
            one.refresh_from_db()
        return one.key

    @classmethod
    def claim(cls, now: datetime) -> bool:
        """True for exactly one caller, the first. Concurrent callers wait for its transaction to end."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.filter(pk=1, claimed_at=None).update(claimed_at=now) == 1
