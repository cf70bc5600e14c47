"""`GET /api/stats/user`."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat.models import Conversation
from dashboard.tests.rows import make_conversation, make_turn

URL = "/api/stats/user"


def test_own_figures_under_the_names_of_the_guide(as_alice: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai", "demo")
    make_turn(make_conversation(alice, now - timedelta(days=8)), now - timedelta(days=8), "openai")
    make_turn(make_conversation(bob, now), now, "mistral")

    answer = as_alice.get(URL)

    assert answer.status_code == 200
    body = answer.json()
    member_since = body.pop("member_since")
    assert body == {
        "total_conversations": 2,
        "total_messages": 4,
        "conversations_this_week": 1,
        "is_premium": True,
        "top_providers": [{"provider": "openai", "count": 2}, {"provider": "demo", "count": 1}],
        "total_questions": 2,
        "total_answers": 3,
        "plan": "premium",
        "running": 0,
    }
    assert "T" in member_since
    assert datetime.fromisoformat(member_since) == alice.created_at


def test_empty_account_gets_zeros(as_bob: Client) -> None:
    body = as_bob.get(URL).json()

    assert body["total_conversations"] == body["total_messages"] == body["conversations_this_week"] == 0
    assert body["is_premium"] is False
    assert body["top_providers"] == []


def test_figures_follow_the_rows_from_call_to_call(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    conversation = make_conversation(alice, now)
    make_turn(conversation, now, "openai")
    before = as_alice.get(URL).json()
    assert as_alice.get(URL).json() == before

    conversation.delete()

    assert as_alice.get(URL).json()["total_messages"] == 0
    assert before["total_messages"] == 2


def test_anonymous_gets_401(client: Client, transactional_db: None) -> None:
    answer = client.get(URL)

    assert answer.status_code == 401
    assert "total_conversations" not in answer.json()


def test_figures_are_read_only(as_alice: Client) -> None:
    assert as_alice.post(URL, {"is_premium": True}, content_type="application/json").status_code == 405


def test_browsable_api_shows_the_figures(as_alice: Client) -> None:
    answer = as_alice.get(URL, headers={"accept": "text/html"})

    assert answer.status_code == 200
    assert "total_conversations" in answer.content.decode()


def test_queries_stay_the_same_with_more_rows(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    as_alice.get(URL)
    with CaptureQueriesContext(connection) as few:
        as_alice.get(URL)
    for _ in range(5):
        make_turn(make_conversation(alice, now), now, "openai", "anthropic", "demo")
    as_alice.get(URL)
    with CaptureQueriesContext(connection) as many:
        as_alice.get(URL)

    assert Conversation.objects.count() == 6
    assert len(many) == len(few)
    assert len([query for query in many if "chat_" in query["sql"]]) == 2


# --- Over days ------------------------------------------------------------------------------------------

DAYS = ("/api/stats/activity", "/api/stats/providers", "/api/stats/costs")


def week_of(user: User) -> datetime:
    """Two turns, one now and one 40 days ago, of which the second is in no usual span."""
    now = timezone.now()
    conversation = make_conversation(user, now, folder="Work")
    make_turn(conversation, now, "openai", "mistral", cost_usd=0.5)
    make_turn(conversation, now - timedelta(days=40), "openai", cost_usd=1.5)
    return now


def test_activity_is_by_day_beside_the_days_before(as_alice: Client, alice: User, bob: User) -> None:
    now = week_of(alice)
    make_turn(make_conversation(bob, now), now, "openai")
    body = as_alice.get("/api/stats/activity").json()
    assert len(body["days"]) == 30
    assert body["days"][-1] == {
        "day": timezone.localdate(now).isoformat(),
        "questions": 1,
        "answers": 2,
        "failed": 0,
        "questions_before": 0,
    }
    assert (body["questions"], body["questions_before"], body["answers"]) == (1, 1, 2)


def test_providers_are_compared(as_alice: Client, alice: User) -> None:
    week_of(alice)
    body = as_alice.get("/api/stats/providers").json()
    assert [(one["provider"], one["answers"], one["cost_usd"]) for one in body] == [
        ("mistral", 1, 0.5),
        ("openai", 1, 0.5),
    ]
    assert body[0]["tokens_per_second"] == pytest.approx(25, rel=0.02)
    assert body[0]["first_token_p50_ms"] == pytest.approx(400, rel=0.02)


def test_costs_are_by_day_and_by_ai(as_alice: Client, alice: User) -> None:
    week_of(alice)
    body = as_alice.get("/api/stats/costs").json()
    assert body["days"][-1]["cost_usd"] == {"mistral": 0.5, "openai": 0.5}
    assert (body["total_usd"], body["before_usd"], body["unpriced"]) == (1.0, 1.5, 0)


@pytest.mark.parametrize("url", DAYS)
def test_days_ai_and_folder_are_chosen(as_alice: Client, alice: User, url: str) -> None:
    now = week_of(alice)
    first = timezone.localdate(now - timedelta(days=41)).isoformat()
    everything = as_alice.get(url, {"first": first}).json()
    assert everything != as_alice.get(url).json()
    assert as_alice.get(url, {"first": first, "folder": "Work"}).json() == everything
    assert as_alice.get(url, {"first": first, "folder": "Général"}).json() != everything
    assert as_alice.get(url, {"first": first, "provider": "mistral"}).json() != everything


@pytest.mark.parametrize("url", DAYS)
@pytest.mark.parametrize(
    "query",
    [
        {"first": "yesterday"},
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"first": "2020-01-01", "last": "2026-03-01"},
        {"first": "0001-01-01", "last": "0001-01-02"},
        {"provider": "x" * 51},
    ],
)
def test_what_is_no_span_is_refused(as_alice: Client, url: str, query: dict[str, str]) -> None:
    got = as_alice.get(url, query)
    assert (got.status_code, got.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("url", DAYS)
def test_signed_out_gets_401(client: Client, transactional_db: None, url: str) -> None:
    assert client.get(url).status_code == 401
