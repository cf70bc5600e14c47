from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import LinkInvalid
from accounts.models import OwnerLink, User
from accounts.signing_in.owner import claim_ownership, ensure_owner, has_owner
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

FORM = {"email": "olga@example.org", "username": "Olga", "password": PASSWORD}


def owner_link() -> str:
    said = StringIO()
    call_command("owner_link", base_url="http://box.example:9000/", stdout=said)
    return said.getvalue().strip()


def address() -> str:
    return owner_link().removeprefix("http://box.example:9000")


def test_link_makes_the_owner_and_signs_in(client: Client) -> None:
    link = owner_link()
    assert link.startswith("http://box.example:9000/accounts/owner/")
    path = link.removeprefix("http://box.example:9000")
    assert client.get(path).status_code == 200
    assert client.post(path, FORM).status_code == 302
    owner = User.objects.get()
    assert owner.is_superuser
    assert owner.is_staff
    assert owner.is_premium
    assert client.get("/accounts/profile").status_code == 200


def test_used_link_makes_nobody(client: Client) -> None:
    path = address()
    client.post(path, FORM)
    again = Client().post(path, {"email": "eve@example.org", "username": "eve", "password": PASSWORD})
    assert again.status_code == 404
    assert User.objects.count() == 1


def test_wrong_input_does_not_use_up_the_link(client: Client) -> None:
    path = address()
    answer = client.post(path, FORM | {"password": "short"})
    assert list(answer.context["form"].errors) == ["password"]
    assert not User.objects.exists()
    assert client.post(path, FORM).status_code == 302


def test_of_several_links_the_first_that_is_used_ends_the_others(client: Client) -> None:
    older, newer = address(), address()
    assert client.post(older, FORM).status_code == 302
    assert Client().get(newer).status_code == 404
    assert Client().post(newer, FORM | {"email": "eve@example.org", "username": "eve"}).status_code == 404
    assert User.objects.count() == 1


def test_link_expires(client: Client) -> None:
    path = address()
    OwnerLink.objects.update(expires_at=timezone.now())
    assert client.get(path).status_code == 404
    assert client.post(path, FORM).status_code == 404
    assert not User.objects.exists()


def test_link_stops_where_there_is_an_owner(client: Client) -> None:
    path = address()
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    assert client.get(path).status_code == 404
    assert client.post(path, FORM).status_code == 404
    assert User.objects.count() == 1


def test_no_link_where_there_is_an_owner(owner: User) -> None:
    assert owner_link() == ""


def test_token_is_kept_as_a_hash_only(db: None) -> None:
    token = owner_link().rpartition("/")[2]
    assert len(token) >= 43
    assert token not in str(OwnerLink.objects.values().get())


@pytest.mark.parametrize("token", ["x", "%00", "%ff", "a" * 500])
def test_made_up_link_makes_nobody(client: Client, token: str) -> None:
    address()
    assert client.post(f"/accounts/owner/{token}", FORM).status_code == 404
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_ten_at_once_becomes_the_owner() -> None:
    path = address()

    def claim(number: int) -> int:
        try:
            form = FORM | {"email": f"o{number}@example.org", "username": f"o{number}"}
            return Client().post(path, form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        statuses = sorted(threads.map(claim, range(10)))
    assert statuses == [302] + [404] * 9
    assert User.objects.filter(is_superuser=True).count() == 1


def test_environment_makes_the_owner_once(settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.org", PASSWORD
    call_command("ensure_owner")
    call_command("ensure_owner")
    owner = User.objects.get()
    assert (owner.username, owner.is_superuser, owner.is_premium) == ("olga", True, True)
    assert owner.check_password(PASSWORD)


def test_environment_finds_a_free_username(settings: Settings) -> None:
    User.objects.create_user("olga", "other@example.org", PASSWORD)
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.org", PASSWORD
    call_command("ensure_owner")
    assert User.objects.get(is_superuser=True).username == "olga2"


def test_nobody_becomes_the_owner_by_signing_up_with_the_address(settings: Settings, ana: User) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "ANA@example.org", PASSWORD
    with pytest.raises(CommandError):
        call_command("ensure_owner")
    ana.refresh_from_db()
    assert not ana.is_superuser


@pytest.mark.parametrize(
    ("email", "password"),
    [("o@example.org", ""), ("", PASSWORD), ("o@example.org", "short"), ("o", PASSWORD)],
)
def test_bad_environment_is_told(settings: Settings, email: str, password: str) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = email, password
    with pytest.raises(CommandError):
        call_command("ensure_owner")
    assert not User.objects.exists()


def test_without_environment_nothing_happens(settings: Settings) -> None:
    settings.OWNER_EMAIL = settings.OWNER_PASSWORD = ""
    call_command("ensure_owner")
    assert not User.objects.exists()


def test_token_is_asked_again_when_the_account_is_made(db: None) -> None:
    address()
    with pytest.raises(LinkInvalid):
        claim_ownership("made-up", **FORM)
    assert not User.objects.exists()


def test_a_person_is_no_owner_yet(ana: User) -> None:
    assert not has_owner()
    assert owner_link()
    User.objects.create_superuser("olga", "olga@example.org", PASSWORD)
    assert has_owner()


@pytest.mark.parametrize(("email", "password"), [("olga@example.org", ""), ("", PASSWORD)])
def test_an_address_without_a_password_or_the_reverse_makes_nobody(
    settings: Settings, email: str, password: str
) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = email, password
    with pytest.raises(ValidationError, match="both, or neither"):
        ensure_owner()
    assert not User.objects.exists()


def test_an_owner_whose_name_is_taken_gets_one_that_is_free(settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.org", PASSWORD
    for taken in ("olga", "olga2"):
        User.objects.create_user(taken, f"{taken}@example.com", PASSWORD)
    made = ensure_owner()
    assert made
    assert made.username == "olga3"
