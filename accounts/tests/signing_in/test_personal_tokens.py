"""Access tokens for programs: shown once, limited in what they may do, gone at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import PersonalToken, User
from accounts.signing_in.personal_tokens import TOKENS_PER_PERSON, make
from accounts.tests.conftest import PASSWORD
from tests.api.problems import fields_of

pytestmark = pytest.mark.django_db
TOKENS = "/api/auth/tokens"


@pytest.fixture
def as_ana(ana: User) -> APIClient:
    client = APIClient()
    client.force_login(ana)
    return client


def bearer(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def with_token(user: User, scope: str = "chat", days: int = 30) -> APIClient:
    return bearer(make(user, name="script", scope=scope, days=days)[1])


def test_a_token_is_shown_once_and_lets_its_program_in(as_ana: APIClient, ana: User) -> None:
    made = as_ana.post(TOKENS, {"name": "script", "scope": "read", "days": 7}, format="json")
    assert made.status_code == 201
    text = made.json()["token"]
    assert text.startswith("webox_")
    assert text not in str(PersonalToken.objects.values())
    listed = as_ana.get(TOKENS)
    assert [one["last4"] for one in listed.json()] == [text[-4:]]
    assert text not in listed.content.decode()
    assert bearer(text).get("/api/auth/me").json()["email"] == ana.email
    assert as_ana.get(TOKENS).json()[0]["last_used_at"]


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("read", "get", "/api/chat/conversations", 200),
        ("read", "post", "/api/chat/conversations", 403),
        ("read", "post", "/api/chat/send", 403),
        ("chat", "post", "/api/chat/conversations", 201),
        ("chat", "patch", "/api/auth/me", 403),
        ("chat", "delete", "/api/chat/providers/demo/preference", 403),
        ("manage", "delete", "/api/chat/providers/demo/preference", 204),
        ("manage", "post", "/api/chat/conversations", 201),
        ("manage", "get", TOKENS, 403),
        ("manage", "post", TOKENS, 403),
        ("manage", "post", "/api/auth/socket-ticket", 403),
    ],
)
def test_a_token_reaches_as_far_as_its_scope(
    ana: User, scope: str, method: str, path: str, status: int
) -> None:
    answer = getattr(with_token(ana, scope), method)(path, {}, format="json")
    assert answer.status_code == status, answer.content
    if status == 403:
        assert answer.json()["code"] == "scope_missing"


def _expire(user: User) -> None:
    user.personal_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))


def _change_password(user: User) -> None:
    user.set_password("another long passphrase")
    user.save()


def _close(user: User) -> None:
    user.is_active = False
    user.save()


def _close_behind_the_models_back(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("event", [_expire, _change_password, _close, _close_behind_the_models_back])
def test_a_token_from_before_is_refused(ana: User, event: Any) -> None:
    client = with_token(ana)
    event(ana)
    answer = client.get("/api/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


@pytest.mark.parametrize("text", ["webox_", "webox_x", "webox_" + "x" * 43, "webox_é"])
def test_what_is_no_token_is_refused(ana: User, text: str) -> None:
    assert bearer(text.encode().decode("latin-1")).get("/api/auth/me").status_code == 401


def test_a_revoked_token_is_refused_at_once_and_only_its_own_can_revoke_it(
    as_ana: APIClient, ana: User
) -> None:
    client = with_token(ana)
    [token_id] = ana.personal_tokens.values_list("pk", flat=True)
    ben = User.objects.create_user("ben", "ben@example.org", PASSWORD)
    as_ben = APIClient()
    as_ben.force_login(ben)
    assert as_ben.delete(f"{TOKENS}/{token_id}").status_code == 404
    assert as_ben.post(f"/accounts/tokens/{token_id}/revoke").status_code == 404
    assert as_ben.get(TOKENS).json() == []
    assert client.get("/api/auth/me").status_code == 200
    assert as_ana.delete(f"{TOKENS}/{token_id}").status_code == 204
    assert client.get("/api/auth/me").status_code == 401
    assert as_ana.delete(f"{TOKENS}/{token_id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scope": "all"}, "scope"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"days": "for ever"}, "days"),
        ({"token_hash": "x"}, "token_hash"),
    ],
)
def test_bad_input_is_named_and_makes_nothing(as_ana: APIClient, body: dict[str, Any], field: str) -> None:
    answer = as_ana.post(TOKENS, {"name": "script", "scope": "read", "days": 7} | body, format="json")
    assert answer.status_code == 400
    assert fields_of(answer.json()) == [field]
    assert not PersonalToken.objects.exists()


def test_too_many_tokens_are_a_conflict_until_one_has_expired(as_ana: APIClient, ana: User) -> None:
    for _ in range(TOKENS_PER_PERSON):
        make(ana, name="script", scope="read", days=1)
    body = {"name": "one more", "scope": "read"}
    answer = as_ana.post(TOKENS, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")
    ana.personal_tokens.filter(pk=ana.personal_tokens.all()[0].pk).update(expires_at=timezone.now())
    assert as_ana.post(TOKENS, body, format="json").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_as_many_as_there_is_room_for_are_made(ana: User) -> None:
    for _ in range(TOKENS_PER_PERSON - 1):
        make(ana, name="script", scope="read", days=1)

    def ask(_: int) -> int:
        client = APIClient()
        client.force_login(ana)
        try:
            return int(client.post(TOKENS, {"name": "one more", "scope": "read"}, format="json").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert sorted(threads.map(ask, range(10))) == [201] + [409] * 9


def test_the_page_makes_shows_and_revokes_a_token(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert "You have none yet." in client.get("/accounts/tokens").text
    made = client.post("/accounts/tokens", {"name": "Nightly <b>", "scope": "read", "days": "30"})
    text = "webox_" + made.text.partition(">webox_")[2].partition("<")[0]
    assert bearer(text).get("/api/auth/me").status_code == 200
    assert made.headers["Cache-Control"].count("no-store") == 1
    again = client.get("/accounts/tokens").text
    assert text not in again
    assert "Nightly &lt;b&gt;" in again
    [token] = ana.personal_tokens.all()
    done = client.post(f"/accounts/tokens/{token.pk}/revoke", follow=True)
    assert "“Nightly &lt;b&gt;” is revoked." in done.text
    assert not ana.personal_tokens.exists()


def test_the_page_names_what_is_wrong(client: Client, ana: User) -> None:
    client.force_login(ana)
    got = client.post("/accounts/tokens", {"name": "", "scope": "all", "days": "9"})
    assert got.status_code == 200
    assert got.text.count('class="errorlist"') == 3
    assert not PersonalToken.objects.exists()


def test_a_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/accounts/tokens").status_code == 302
    assert client.post("/accounts/tokens/1/revoke").status_code == 302
    assert APIClient().get(TOKENS).status_code == 401


def test_when_a_token_was_used_is_known_to_the_minute_and_of_that_token_alone(ana: User) -> None:
    row, text = make(ana, name="used", scope="read", days=7)
    other, _text = make(ana, name="other", scope="read", days=7)

    def use() -> Any:
        bearer(text).get("/api/auth/me")
        row.refresh_from_db()
        other.refresh_from_db()
        return row.last_used_at

    first = use()
    assert (use(), other.last_used_at) == (first, None)
    for ago_s, is_noted in ((50, False), (61, True)):
        before = timezone.now() - timedelta(seconds=ago_s)
        PersonalToken.objects.update(last_used_at=before)
        assert (use() > before) is is_noted
        assert other.last_used_at == before


def test_making_a_token_clears_away_ones_own_that_have_run_out(ana: User, owner: User) -> None:
    for user in (ana, owner):
        make(user, name="old", scope="read", days=7)
    PersonalToken.objects.update(expires_at=timezone.now())
    make(ana, name="new", scope="read", days=7)
    assert [token.name for token in ana.personal_tokens.all()] == ["new"]
    assert [token.name for token in owner.personal_tokens.all()] == ["old"]
