import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.plans import may_use_server_keys


@pytest.mark.parametrize(
    ("rule", "person", "may"),
    [
        ("owner", User(is_superuser=True), True),
        ("owner", User(is_premium=True), False),
        ("owner", User(is_staff=True), False),
        ("premium", User(is_superuser=True), True),
        ("premium", User(is_premium=True), True),
        ("premium", User(is_staff=True), False),
        ("premium", User(), False),
        ("everyone", User(), True),
        ("everyone", User(is_active=False), False),
        ("owner", User(is_superuser=True, is_active=False), False),
    ],
)
def test_who_may_use_the_servers_keys(settings: Settings, rule: str, person: User, may: bool) -> None:
    settings.SERVER_KEYS = rule
    assert may_use_server_keys(person) is may
