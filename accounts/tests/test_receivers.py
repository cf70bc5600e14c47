from collections.abc import Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import User
from accounts.tests.conftest import PASSWORD
from common.signals import sockets_must_close

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Iterator[list[tuple[int, str | None]]]:
    calls: list[tuple[int, str | None]] = []

    def hear(user_id: int, session_key: str | None, **_kwargs: Any) -> None:
        calls.append((user_id, session_key))

    sockets_must_close.connect(hear)
    yield calls
    sockets_must_close.disconnect(hear)


def test_signing_out_closes_the_sessions_sockets(
    client: Client, ana: User, heard: list[tuple[int, str | None]]
) -> None:
    client.force_login(ana)
    session_key = client.session.session_key
    client.post("/accounts/logout/")
    assert heard == [(ana.pk, session_key)]


def test_a_new_password_closes_all_sockets(
    client: Client, ana: User, heard: list[tuple[int, str | None]]
) -> None:
    client.force_login(ana)
    new = "another long passphrase"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post("/accounts/password/change/", data)
    assert heard == [(ana.pk, None)]


def test_saving_anything_else_closes_nothing_whoever_else_there_is(
    ana: User, owner: User, heard: list[tuple[int, str | None]]
) -> None:
    for user in (ana, owner):
        user.preferences = {"theme": "dark"}
        user.save()
        user.save(update_fields=["preferences"])
    assert heard == []


def test_closing_or_deleting_an_account_closes_all_sockets(
    ana: User, heard: list[tuple[int, str | None]]
) -> None:
    ana.is_active = False
    ana.save()
    assert heard == [(ana.pk, None)]
    pk = ana.pk
    ana.delete()
    assert heard == [(pk, None)] * 2


def test_other_changes_close_nothing(client: Client, ana: User, heard: list[tuple[int, str | None]]) -> None:
    client.post("/accounts/login/", {"login": "ana", "password": PASSWORD})
    ana.username = "Béa"
    ana.save()
    assert heard == []


def test_ending_a_session_in_the_list_closes_its_sockets_alone(
    client: Client, ana: User, heard: list[tuple[int, str | None]]
) -> None:
    there = Client()
    for browser in (client, there):
        browser.post("/accounts/login/", {"login": "ana", "password": PASSWORD})
    row = UserSession.objects.get(session_key=there.session.session_key)
    client.post(f"/accounts/sessions/{row.pk}/end")
    assert heard == [(ana.pk, row.session_key)]
