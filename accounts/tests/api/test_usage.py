"""`/api/usage`: a person's plan, what is left of it, and a budget of their own."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.checks import check_billing
from accounts.models import Plan, User
from accounts.plans import ledger
from accounts.plans.ledger import Call, Settlement, reserve
from accounts.plans.periods import Periods
from accounts.plans.rules import plan_of
from tests.api.problems import fields_of

URL = "/api/usage"
USD = 1_000_000_000


def spend(user: User, nanousd: int, *, payer: str = "server", tokens: int = 100) -> None:
    """One question that is answered for so much."""
    call = Call(answer_id=None, provider="openai", model="m", payer=ledger.Payer(payer))
    [entry] = reserve(user, plan_of(user), [call], message_id=1, conversation_id=1)
    done = Settlement(outcome="done", input_tokens=tokens, output_tokens=0, nanousd=nanousd)
    ledger.settle_entry(entry.pk, done)


def patch(client: Client, **body: Any) -> Any:
    return client.patch(URL, body, content_type="application/json")


def test_what_is_used_and_left_and_when_it_counts_anew(as_alice: Client, alice: User, bob: User) -> None:
    Plan.objects.filter(slug="premium").update(messages_per_day=5, tokens_per_month=None)
    spend(alice, USD // 4)
    spend(alice, USD // 4, payer="person")
    spend(bob, USD)
    body = as_alice.get(URL).json()
    assert (body["plan"], body["plan_name"], body["uses_server_keys"]) == ("premium", "Premium", True)
    day = body["messages_per_day"]
    assert (day["used"], day["limit"], day["left"]) == (1, 5, 4)
    assert datetime.fromisoformat(day["resets_at"]) == Periods.of(timezone.now()).next_day
    tokens = body["tokens_per_month"]
    assert (tokens["used"], tokens["limit"], tokens["left"]) == (100, None, None)
    assert (body["usd_per_month"]["used"], body["usd_per_month"]["left"]) == (0.25, 19.75)
    assert body["budget"]["used_usd"] == 0.5


def test_premium_that_ends_says_when(as_alice: Client, alice: User) -> None:
    until = timezone.now() + timedelta(days=3)
    User.objects.filter(pk=alice.pk).update(premium_until=until)
    assert datetime.fromisoformat(as_alice.get(URL).json()["premium_until"]) == until
    User.objects.filter(pk=alice.pk).update(premium_until=timezone.now())
    body = as_alice.get(URL).json()
    assert (body["plan"], body["premium_until"]) == ("free", None)


def test_a_budget_warns_from_four_fifths_on_and_is_used_up_at_its_end(as_alice: Client, alice: User) -> None:
    assert patch(as_alice, budget_usd="1.00").json()["budget"]["state"] == "fine"
    alice.refresh_from_db()
    states = []
    for _ in range(4):
        spend(alice, USD // 4)
        states.append(as_alice.get(URL).json()["budget"]["state"])
    assert states == ["fine", "fine", "fine", "used_up"]
    assert patch(as_alice, budget_usd="1.20").json()["budget"]["state"] == "warning"
    assert patch(as_alice, budget_usd=None).json()["budget"] | {"resets_at": ""} == {
        "used_usd": 1.0,
        "limit_usd": None,
        "state": "fine",
        "resets_at": "",
    }


@pytest.mark.parametrize("budget", ["much", "-1", "1.234", "1e9", True, [], {}])
def test_what_is_no_budget_is_refused_and_the_old_one_stays(
    as_alice: Client, alice: User, budget: object
) -> None:
    patch(as_alice, budget_usd="3.00")
    got = patch(as_alice, budget_usd=budget)
    assert got.status_code == 400
    assert fields_of(got.json()) == ["budget_usd"]
    alice.refresh_from_db()
    assert alice.budget_usd == Decimal("3.00")


def test_the_budget_is_all_that_can_be_set(as_alice: Client, alice: User) -> None:
    assert patch(as_alice, budget_usd="3.00", plan="owner").status_code == 400
    # Nothing named, nothing changed.
    assert patch(as_alice).status_code == 200
    alice.refresh_from_db()
    assert (alice.budget_usd, alice.plan) == (None, None)


def test_the_chat_page_says_what_is_nearly_used(as_alice: Client, alice: User) -> None:
    def note() -> str:
        html = as_alice.get("/chat/").content.decode()
        found = re.search(r'id="plan-notice"( hidden)?><span>(.*?)</span>', html)
        assert found
        assert bool(found[1]) == (not found[2])
        told: str = as_alice.get(URL).json()["notice"]
        assert unescape(found[2]) == told
        return told

    assert note() == ""
    Plan.objects.filter(slug="premium").update(messages_per_day=5, usd_per_month=1)
    spend(alice, USD * 85 // 100)
    assert note() == "You have used 85% of what your plan has a month."
    for _ in range(3):
        spend(alice, 0)
    assert note() == "1 question left for today."
    spend(alice, 0)
    assert note() == "Your plan’s questions for today are used up; they come back at midnight."
    patch(as_alice, budget_usd="1.00")
    assert note() == "You have used 85% of your monthly budget."
    patch(as_alice, budget_usd="0.50")
    assert note() == "Your budget of this month is used up; it begins anew on the first."


def test_signed_out_gets_401(client: Client, transactional_db: None) -> None:
    assert client.get(URL).status_code == 401
    assert patch(client, budget_usd="3.00").status_code == 401


def test_a_demonstration_is_counted_nowhere(as_alice: Client, alice: User) -> None:
    spend(alice, 0, payer="nobody")
    body = as_alice.get(URL).json()
    assert (body["messages_per_day"]["used"], body["budget"]["used_usd"]) == (0, 0)


class Shop:
    """A payment service, as an owner may have one."""

    def plan_url(self, user: User, request: HttpRequest) -> str | None:
        return f"https://shop.example/{user.username}" if user.username == "alice" else None


def test_a_payment_service_is_linked_for_whom_it_knows(
    as_alice: Client, as_bob: Client, alice: User, bob: User, settings: Settings
) -> None:
    for user in (alice, bob):
        spend(user, 0)
    assert "Change plan" not in as_alice.get("/dashboard/").content.decode()
    settings.BILLING = f"{__name__}.Shop"
    assert 'href="https://shop.example/alice"' in as_alice.get("/dashboard/").content.decode()
    assert "Change plan" not in as_bob.get("/dashboard/").content.decode()
    assert check_billing(None) == []


def test_a_payment_service_that_is_none_stops_the_start(settings: Settings) -> None:
    settings.BILLING = "shop.Nowhere"
    [error] = check_billing(None)
    assert error.id == "accounts.E001"
