"""What administrators see of everybody's use."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LedgerEntry, Plan, UsedInPeriod, User
from accounts.plans.periods import Periods
from conftest import PASSWORD, signed_in
from dashboard.tests.rows import make_conversation, make_turn
from dashboard.tests.test_views import text_of

URL = "/dashboard/site"


@pytest.fixture
def as_owner(transactional_db: None) -> Client:
    return signed_in(User.objects.create_superuser("olga", "olga@example.org", PASSWORD))


def page(client: Client, **query: str | int) -> str:
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return answer.content.decode()


def use_up(user: User, kind: str, **sums: Any) -> None:
    periods = Periods.of(timezone.now())
    starts_on = periods.day if kind == "day" else periods.month
    UsedInPeriod.objects.create(user=user, kind=kind, starts_on=starts_on, **sums)


def test_everybodys_use_is_added_up_and_who_spends_is_named(as_owner: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai", "mistral", cost_usd=0.25)
    make_turn(make_conversation(bob, now), now, "openai", cost_usd=2)
    make_turn(make_conversation(bob, now), now - timedelta(days=8), "openai", status="streaming")
    text = text_of(page(as_owner))
    assert "Active people 2 in 30 days, of 3 accounts. Today: 2, in 7 days: 2" in text
    assert "Now 1 answer being written, 0 waiting" in text
    assert "Questions in these days 2 3 answers" in text
    assert "Spent in these days $2.50" in text
    assert text.index("bob 1 $2.00") < text.index("alice 2 $0.50")


def test_a_deleted_account_stays_in_the_sums_without_its_name(as_owner: Client, bob: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(bob, now), now, "openai", cost_usd=2)
    bob.delete()
    text = text_of(page(as_owner))
    assert "Spent in these days $2.00" in text
    assert "bob" not in text
    assert "Nobody asked anything in these days." in text


def test_an_ai_that_only_fails_is_marked(as_owner: Client, alice: User) -> None:
    now = timezone.now()
    conversation = make_conversation(alice, now)
    make_turn(conversation, now - timedelta(minutes=5), "openai", "mistral")
    make_turn(conversation, now, "openai", status="failed")
    for _ in range(12):
        make_turn(conversation, now - timedelta(minutes=9), "groq")
    make_turn(conversation, now - timedelta(minutes=10), "groq", status="interrupted")
    states = text_of(page(as_owner)).partition("Last calls of each AI")[2].partition("Who spends most")[0]
    assert states.index("Groq") < states.index("unreliable") < states.index("OpenAI")
    assert states.index("OpenAI") < states.index("failing") < states.index("Mistral") < states.index("fine")


def test_an_ai_that_begins_much_later_than_the_others_is_marked(as_owner: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai", "mistral", "groq")
    LedgerEntry.objects.filter(provider="openai").update(first_token_ms=7_000, total_ms=9_000)
    # Three times the others', but nobody waits for it.
    LedgerEntry.objects.filter(provider="groq").update(first_token_ms=1_200)
    states = text_of(page(as_owner)).partition("Last calls of each AI")[2].partition("Who spends most")[0]
    assert states.count("slow to begin") == 1
    assert states.index("OpenAI") < states.index("slow")
    assert states.count("fine") == 2


def test_whose_plan_runs_out_is_named_the_fullest_first(as_owner: Client, alice: User, bob: User) -> None:
    Plan.objects.filter(slug="free").update(messages_per_day=10, usd_per_month=None)
    use_up(bob, "day", messages=8)
    use_up(bob, "month", tokens=1)
    use_up(alice, "month", nanousd=20_000_000_000)
    text = text_of(page(as_owner)).partition("Whose plan runs out")[2]
    assert text.index("alice Premium Money this month 100%") < text.index("bob Free Questions today 80%")
    assert "Tokens" not in text


def test_an_empty_site_says_so(as_owner: Client) -> None:
    text = text_of(page(as_owner))
    assert "Nothing was asked in these days." in text
    assert "Nobody is near a limit." in text


def test_one_ai_and_other_days_are_chosen(as_owner: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai", cost_usd=1)
    make_turn(make_conversation(alice, now), now - timedelta(days=8), "mistral", cost_usd=4)
    assert "Spent in these days $4.00" in text_of(page(as_owner, ai="mistral"))
    assert "Spent in these days $1.00" in text_of(page(as_owner, days=7))


def test_it_is_no_page_for_others(as_alice: Client, client: Client) -> None:
    assert as_alice.get(URL).status_code == 404
    assert client.get(URL).status_code == 302


def test_queries_stay_the_same_with_more_people(as_owner: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    use_up(alice, "day", messages=500)
    page(as_owner)
    with CaptureQueriesContext(connection) as few:
        page(as_owner)
    for number in range(5):
        person = User.objects.create_user(f"p{number}", f"p{number}@example.org", None, is_premium=True)
        make_turn(make_conversation(person, now), now, "openai", "mistral")
        use_up(person, "day", messages=500)
    page(as_owner)
    with CaptureQueriesContext(connection) as many:
        page(as_owner)
    assert len(many) == len(few)
