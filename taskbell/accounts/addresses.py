"""New email addresses: the one that waits for confirmation, its links, and which addresses are taken."""

from datetime import datetime, timedelta
from typing import Literal

from django.core import signing

from taskbell.accounts.models import AddressChange, User

CONFIRM_LIFETIME = timedelta(days=3)
SALT = "taskbell.accounts.addresses"
Use = Literal["confirm", "undo"]


def token_of(change_id: int, use: Use) -> str:
    """The token in a link that confirms the change, or undoes it."""
    return signing.Signer(salt=SALT).sign(f"{use}.{change_id}")


def change_of(token: str, use: Use, *, now: datetime) -> AddressChange | None:
    """The change that the token may still confirm or undo, with its person."""
    try:
        meant, pk = signing.Signer(salt=SALT).unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        return None
    change = AddressChange.objects.filter(pk=pk, user__is_active=True).select_related("user").first()
    if change is None or meant != use:
        return None
    if use == "undo":
        return change if AddressChange.objects.undoable(now).filter(pk=pk).exists() else None
    return change if change == waiting_change(change.user, now=now) else None


def waiting_change(person: User, *, now: datetime) -> AddressChange | None:
    """The person's latest change, if it can still be confirmed."""
    change = AddressChange.objects.filter(user=person).first()
    is_over = change is None or change.is_confirmed or change.closed_at or change.requested_at <= now - CONFIRM_LIFETIME
    return None if is_over else change


def pending_email(person: User, *, now: datetime) -> str | None:
    """The address that replaces the person's own once it is confirmed."""
    change = waiting_change(person, now=now)
    return change.new if change and change.new != person.email else None


def is_free(email: str, *, but: int = 0, now: datetime) -> bool:
    """False for the address of somebody else, and for one that an undo could give back to somebody else."""
    is_taken = User.objects.filter(email=email).exclude(pk=but).exists()
    return not is_taken and not AddressChange.objects.undoable(now).filter(old=email).exclude(user=but).exists()
