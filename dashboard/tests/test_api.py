"""`GET /api/stats/user`."""

from datetime import datetime, timedelta

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
    with CaptureQueriesContext(
        connection,
    ) as few:
        as_alice.get(URL)
    for _ in range(5):
        make_turn(make_conversation(alice, now), now, "openai", "anthropic", "demo")
    with CaptureQueriesContext(connection) as many:
        as_alice.get(URL)

    assert Conversation.objects.count() == 6
    assert len(many) == len(few)
    assert len([query for query in many if "chat_" in query["sql"]]) == 3
