import pytest

from taskbell.accounts.models import User


@pytest.fixture
def berlin(bo: User) -> User:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    return bo
