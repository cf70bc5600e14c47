"""Providers, keys and preferences over REST: keys go in and never come out, and everybody has their own."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Plan, User
from chat.models import Model, Provider, ProviderKey
from chat.tests.ais.rest import KEY, PROVIDERS, record, send
from providers import registry
from tests.api.problems import fields_of
from tests.site.vendor import Vendor

pytestmark = pytest.mark.usefixtures("limits_start_anew")


def everything(answer: Any) -> str:
    return f"{answer.content.decode()}{answer.headers}"


# --- Seeing -------------------------------------------------------------------------------------------


def test_every_provider_is_listed_with_what_keeps_one_from_it(as_bob: Client) -> None:
    listed = {one["slug"]: one for one in as_bob.get(PROVIDERS).json()}
    assert list(listed) == [vendor.slug for vendor in registry.all_vendors()]
    assert (listed["openai"]["ready"], listed["openai"]["reason"]) == (False, "no_key")
    assert (listed["demo"]["ready"], listed["demo"]["reason"]) == (True, "")
    assert "base_url" not in listed["openai"]
    assert "server_key" not in listed["openai"]
    priced = listed["openai"]["models"][0]
    assert (priced["name"], priced["input_price"], priced["sees_images"]) == ("gpt-5.4-mini", 0.75, True)


def test_a_list_takes_the_same_queries_however_long_it_is(
    as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    Model.objects.bulk_create(
        Model(provider=Provider.objects.get(slug="openrouter"), name=f"m{at}") for at in range(300)
    )
    with django_assert_max_num_queries(9):
        listed = as_alice.get(PROVIDERS).json()
    openrouter = next(one for one in listed if one["slug"] == "openrouter")
    assert (len(openrouter["models"]), openrouter["model_count"]) == (50, 303)


@pytest.mark.usefixtures("vendor")
def test_whom_the_servers_key_serves_is_said_by_their_plan(as_alice: Client, as_bob: Client) -> None:
    assert record(as_alice, "openai")["ready"]
    assert record(as_bob, "openai")["reason"] == "premium"
    Plan.objects.filter(slug=Plan.FREE).update(uses_server_keys=True)
    assert record(as_bob, "openai")["ready"]


def test_what_is_switched_off_is_hidden_and_what_is_kept_for_premium_says_so(
    as_alice: Client, as_bob: Client
) -> None:
    Provider.objects.filter(slug="demo").update(premium_only=True)
    Provider.objects.filter(slug="openai").update(enabled=False)
    assert record(as_alice, "demo")["ready"]
    assert record(as_bob, "demo")["reason"] == "premium"
    assert as_bob.get(f"{PROVIDERS}/openai").status_code == 404


def test_models_are_searched_and_paged(as_bob: Client) -> None:
    found = as_bob.get(f"{PROVIDERS}/openai/models?search=MINI%20gpt").json()
    assert [one["name"] for one in found] == ["gpt-5.4-mini", "gpt-4.1-mini"]
    page = as_bob.get(f"{PROVIDERS}/openai/models?limit=1&offset=1")
    assert [one["name"] for one in page.json()] == ["gpt-5.5"]
    assert 'rel="next"' in page.headers["Link"]


@pytest.mark.parametrize("path", ["", "/openai", "/openai/models", "/openai/preference"])
def test_strangers_see_nothing(client: Client, db: None, path: str) -> None:
    assert client.get(PROVIDERS + path).status_code == 401


# --- Keys ---------------------------------------------------------------------------------------------


def test_a_good_key_is_tested_saved_and_never_given_back(as_bob: Client, bob: User, vendor: Vendor) -> None:
    answer = send(as_bob, "PUT", "/openai/key", {"key": KEY})
    assert answer.status_code == 200, answer.content
    assert answer.json()["test"] == {"ok": True, "code": "", "detail": ""}
    assert vendor.asked == [("openai models", {"key": f"Bearer {KEY}"})]
    seen = record(as_bob, "openai")
    assert (seen["ready"], seen["key"]["last4"], seen["key"]["test_code"]) == (True, "9876", "")
    assert seen["key"]["tested_at"]
    assert KEY not in everything(answer) + everything(as_bob.get(PROVIDERS))
    row = ProviderKey.objects.get(owner=bob)
    assert KEY not in f"{row.secret}{row}"


@pytest.mark.usefixtures("vendor")
def test_a_rejected_key_is_not_saved_and_the_one_before_stays(as_bob: Client) -> None:
    send(as_bob, "PUT", "/openai/key", {"key": KEY})
    answer = send(as_bob, "PUT", "/openai/key", {"key": "sk-bad-key"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")
    assert "sk-bad" not in everything(answer)
    assert record(as_bob, "openai")["key"]["last4"] == "9876"


def test_a_key_that_can_not_be_tested_is_saved_and_says_so(as_bob: Client, settings: Settings) -> None:
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OPENAI": "http://127.0.0.1:9"}
    answer = send(as_bob, "PUT", "/openai/key", {"key": KEY})
    assert (answer.status_code, answer.json()["test"]["code"]) == (200, "unreachable")
    assert record(as_bob, "openai")["key"]["tested_at"] is None


@pytest.mark.usefixtures("vendor")
def test_a_key_is_forgotten_once(as_bob: Client) -> None:
    send(as_bob, "PUT", "/openai/key", {"key": KEY})
    assert send(as_bob, "DELETE", "/openai/key").status_code == 204
    assert record(as_bob, "openai")["key"] is None
    again = send(as_bob, "DELETE", "/openai/key")
    assert (again.status_code, again.json()["code"]) == (404, "no_such_key")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"key": ""},
        {"key": "two words"},
        {"key": "é" * 20},
        {"key": "x" * 1001},
        {"key": None},
        {"key": [1]},
    ],
)
def test_what_is_no_key_is_refused(as_bob: Client, body: object) -> None:
    answer = send(as_bob, "PUT", "/openai/key", body)
    assert (answer.status_code, fields_of(answer.json())) == (400, ["key"])
    assert not ProviderKey.objects.exists()


@pytest.mark.usefixtures("vendor")
def test_a_key_belongs_to_the_person_who_entered_it(as_alice: Client, as_bob: Client) -> None:
    send(as_alice, "PUT", "/openai/key", {"key": KEY})
    assert record(as_bob, "openai")["key"] is None
    assert send(as_bob, "DELETE", "/openai/key").status_code == 404
    assert record(as_alice, "openai")["key"]["last4"] == "9876"


def test_the_servers_key_is_the_owners_affair(
    as_owner: Client, as_alice: Client, vendor: Vendor, settings: Settings
) -> None:
    settings.VENDOR_KEYS = settings.VENDOR_KEYS | {"OPENAI": ""}
    assert send(as_alice, "PUT", "/openai/server-key", {"key": KEY}).status_code == 403
    assert record(as_alice, "openai")["reason"] == "no_key"
    assert send(as_owner, "PUT", "/openai/server-key", {"key": KEY}).status_code == 200
    assert record(as_owner, "openai")["server_key"]["last4"] == "9876"
    assert record(as_alice, "openai")["ready"]
    assert send(as_owner, "DELETE", "/openai/server-key").status_code == 204
    assert record(as_alice, "openai")["reason"] == "no_key"


def test_what_the_owner_alone_may_know_is_in_nobody_elses_record(as_owner: Client, as_alice: Client) -> None:
    theirs = {"base_url", "enabled", "server_key", "has_environment_key"}
    for slug in ("openai", "demo"):
        assert theirs <= record(as_owner, slug).keys()
        assert not theirs & record(as_alice, slug).keys()


def test_ones_own_key_goes_before_the_servers_and_its_use_is_noted(
    as_alice: Client, alice: User, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("Hello")
    send(as_alice, "PUT", "/openai/key", {"key": KEY})
    body = {"message": "Hello", "selected_providers": ["openai"]}
    as_alice.post("/api/chat/send", json.dumps(body), content_type="application/json")
    assert vendor.keys[-1] == f"Bearer {KEY}"
    assert ProviderKey.objects.get(owner=alice).last_used_at is not None


@pytest.mark.usefixtures("vendor")
def test_a_moved_address_makes_a_stored_key_useless(as_bob: Client, settings: Settings) -> None:
    send(as_bob, "PUT", "/openai/key", {"key": KEY})
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OPENAI": "http://127.0.0.1:9"}
    assert record(as_bob, "openai")["reason"] == "unreadable_key"


def test_a_test_says_what_is_wrong(
    as_bob: Client, as_alice: Client, vendor: Vendor, settings: Settings
) -> None:
    assert send(as_alice, "POST", "/openai/test").json()["ok"]
    assert send(as_bob, "POST", "/openai/test").json()["code"] == "premium"
    assert send(as_bob, "POST", "/demo/test").json()["ok"]
    settings.VENDOR_KEYS = settings.VENDOR_KEYS | {"OPENAI": "sk-bad"}
    told = send(as_alice, "POST", "/openai/test").json()
    assert (told["ok"], told["code"]) == (False, "bad_key")
    assert "OpenAI" in told["detail"]


def test_too_many_tests_are_refused(as_bob: Client, vendor: Vendor) -> None:
    answers = [send(as_bob, "POST", "/demo/test") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    # The minute began with the first of them.
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
