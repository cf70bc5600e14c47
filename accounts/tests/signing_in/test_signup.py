from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import LinkInvalid
from accounts.models import Invitation, User
from accounts.signing_in.signup import find_invitation, sign_up
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

FORM = {"email": "ana@example.org", "username": "Ana", "password": PASSWORD}


@pytest.fixture(autouse=True)
def by_invitation(settings: Settings) -> None:
    settings.SIGNUP = "invite"


def open_invitation(client: Client, token: str) -> None:
    assert client.get(f"/accounts/invite/{token}")["Location"] == "/accounts/signup/"


def test_invited_person_signs_up_once(client: Client) -> None:
    token = Invitation().issue()
    open_invitation(client, token)
    assert client.get("/accounts/signup/").status_code == 200
    assert client.post("/accounts/signup/", FORM).status_code == 302
    invitation = Invitation.objects.get()
    assert invitation.used_by == User.objects.get()
    assert invitation.used_at is not None
    assert Client().get(f"/accounts/invite/{token}").status_code == 404


def test_wrong_input_does_not_use_up_the_invitation(client: Client) -> None:
    open_invitation(client, Invitation().issue())
    assert client.post("/accounts/signup/", FORM | {"password": "short"}).status_code == 200
    assert client.post("/accounts/signup/", FORM).status_code == 302


def test_invitation_for_an_address_is_for_it_alone(client: Client) -> None:
    open_invitation(client, Invitation(email="bea@example.org").issue())
    refused = client.post("/accounts/signup/", FORM)
    assert list(refused.context["form"].errors) == ["email"]
    assert not User.objects.exists()
    assert client.post("/accounts/signup/", FORM | {"email": "BEA@example.org"}).status_code == 302


@pytest.mark.parametrize("token", ["x", "%00", "a" * 500])
def test_made_up_invitation_opens_nothing(client: Client, token: str) -> None:
    assert client.get(f"/accounts/invite/{token}").status_code == 404
    assert client.post("/accounts/signup/", FORM).status_code == 403


def test_invitation_expires_even_when_opened(client: Client) -> None:
    open_invitation(client, Invitation().issue())
    Invitation.objects.update(expires_at=timezone.now())
    assert client.post("/accounts/signup/", FORM).status_code == 403
    assert not User.objects.exists()


def test_withdrawn_invitation_opens_nothing(client: Client) -> None:
    open_invitation(client, Invitation().issue())
    Invitation.objects.all().delete()
    assert client.post("/accounts/signup/", FORM).status_code == 403


def test_invitation_opens_nothing_where_signup_is_closed(client: Client, settings: Settings) -> None:
    settings.SIGNUP = "closed"
    open_invitation(client, Invitation().issue())
    assert client.post("/accounts/signup/", FORM).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_one_of_five_with_one_invitation_gets_in() -> None:
    token = Invitation().issue()
    clients = [Client() for _ in range(5)]
    for client in clients:
        open_invitation(client, token)

    def sign_up(number: int) -> int:
        try:
            form = FORM | {"email": f"a{number}@example.org", "username": f"a{number}"}
            return clients[number].post("/accounts/signup/", form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        statuses = sorted(threads.map(sign_up, range(5)))
    assert statuses[0] == 302
    assert set(statuses[1:]) <= {403, 404}
    assert User.objects.count() == 1


@pytest.mark.parametrize("lost", [{"used_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_an_invitation_that_was_lost_meanwhile_makes_nobody(lost: dict[str, object]) -> None:
    token, other = Invitation().issue(), Invitation().issue()
    invitation = find_invitation(token)
    Invitation.objects.filter(pk=invitation.pk if invitation else 0).update(**lost)
    with pytest.raises(LinkInvalid):
        sign_up(**FORM, invitation=invitation)
    assert not User.objects.exists()
    assert find_invitation(other)


def test_an_invitation_that_is_used_leaves_the_others(client: Client) -> None:
    token, other = Invitation().issue(), Invitation().issue()
    sign_up(**FORM, invitation=find_invitation(token))
    assert find_invitation(token) is None
    assert find_invitation(other)
