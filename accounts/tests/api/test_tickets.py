from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import SocketTicket, User
from accounts.signing_in.tokens import issue_ticket, redeem_ticket
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def ask_ticket(ana: User) -> tuple[str, dict[str, str]]:
    api = APIClient()
    pair = api.post("/api/auth/token", {"username": "ana", "password": PASSWORD}, format="json").json()
    answer = api.post("/api/auth/socket-ticket", HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert answer.status_code == 201
    assert answer.json()["expires_in_s"] == 30
    return answer.json()["ticket"], pair


def redeem(ticket: str) -> User | None:
    row = redeem_ticket(ticket)
    return row.user if row else None


def session_ticket(browser: Client) -> Any:
    return browser.post("/api/auth/socket-ticket").json()["ticket"]


def test_ticket_lets_its_person_in_once(ana: User) -> None:
    ticket, _pair = ask_ticket(ana)
    assert redeem(ticket) == ana
    assert redeem_ticket(ticket) is None


def test_ticket_is_kept_as_a_hash_only(ana: User) -> None:
    ticket, _pair = ask_ticket(ana)
    assert ticket not in str(SocketTicket.objects.values().get())
    assert len(ticket) >= 43


def test_ticket_expires(ana: User) -> None:
    ticket, _pair = ask_ticket(ana)
    SocketTicket.objects.update(expires_at=timezone.now())
    assert redeem_ticket(ticket) is None


@pytest.mark.parametrize("ticket", ["", "x", "\0", "\udcff", "é" * 1000])
def test_what_is_no_ticket_lets_nobody_in(ana: User, ticket: str) -> None:
    assert redeem_ticket(ticket) is None


def test_stranger_gets_no_ticket(api: APIClient) -> None:
    assert api.post("/api/auth/socket-ticket").status_code == 401


def test_unknown_field_gets_no_ticket(client: Client, ana: User) -> None:
    client.force_login(ana)
    answer = client.post("/api/auth/socket-ticket", {"user": 1}, content_type="application/json")
    assert answer.status_code == 400


def test_ticket_ends_with_the_sign_in_that_asked_for_it(ana: User) -> None:
    ticket, pair = ask_ticket(ana)
    for _ in range(2):
        APIClient().post("/api/auth/token/refresh", {"refresh": pair["refresh"]}, format="json")
    assert redeem_ticket(ticket) is None


def test_ticket_of_a_session_ends_with_it(client: Client, ana: User) -> None:
    client.force_login(ana)
    elsewhere = Client()
    elsewhere.force_login(ana)
    ticket, other = session_ticket(client), session_ticket(elsewhere)
    client.post("/accounts/logout/")
    assert redeem_ticket(ticket) is None
    assert redeem(other) == ana


def test_ticket_ends_with_the_password_and_with_the_account(client: Client, ana: User) -> None:
    client.force_login(ana)
    ticket = session_ticket(client)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert redeem_ticket(ticket) is None
    User.objects.filter(pk=ana.pk).update(is_active=True)
    ticket = session_ticket(client)
    ana.set_password("another long passphrase")
    User.objects.filter(pk=ana.pk).update(password=ana.password)
    assert redeem_ticket(ticket) is None


@pytest.mark.django_db(transaction=True)
def test_one_of_ten_sockets_with_one_ticket_gets_in(ana: User) -> None:
    ticket, _pair = ask_ticket(ana)

    def once(_number: int) -> bool:
        try:
            return redeem_ticket(ticket) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(once, range(10))) == 1


def test_a_ticket_that_is_used_leaves_the_others(ana: User) -> None:
    first, second = issue_ticket(ana), issue_ticket(ana)
    assert redeem(first) == ana
    assert redeem(second) == ana


def test_a_ticket_ends_with_all_access(ana: User) -> None:
    # Asked for by no sign-in that could end with it.
    ticket = issue_ticket(ana)
    ana.end_access()
    assert redeem_ticket(ticket) is None
