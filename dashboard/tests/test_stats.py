"""The figures against a slow count over the rows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import User
from chat.models import Answer, Conversation, Message
from dashboard import stats
from dashboard.tests.rows import make_conversation, make_turn

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def ask_for_weeks(owner: User, *, conversations: int, providers: tuple[str, ...]) -> None:
    """Conversations of the last 40 days, one turn more in each than in the one before it."""
    for number in range(conversations):
        began = NOW - timedelta(days=number * 40 / conversations, minutes=5)
        conversation = make_conversation(owner, began)
        for turn in range(number + 1):
            make_turn(conversation, began, *providers[: turn % len(providers) + 1])


@pytest.fixture
def busy(alice: User, bob: User) -> User:
    """Alice, who asked a lot, beside bob, who asked others."""
    ask_for_weeks(alice, conversations=9, providers=("openai", "anthropic", "demo"))
    ask_for_weeks(bob, conversations=4, providers=("mistral", "openai"))
    return alice


def own_messages(user: User, *roles: str) -> list[Message]:
    messages = Message.objects.select_related("conversation").prefetch_related("answers")
    return [row for row in messages if row.conversation.owner_id == user.pk and row.role in roles]


def test_figures_equal_a_slow_count_of_own_rows(busy: User) -> None:
    conversations = [row for row in Conversation.objects.all() if row.owner_id == busy.pk]
    messages = own_messages(busy, "user", "assistant")
    answers = [answer.provider for message in messages for answer in message.answers.all()]

    figures = stats.figures(busy, now=NOW)

    assert figures.total_conversations == len(conversations) == 9
    assert figures.total_messages == len(messages) == 90
    assert figures.total_questions == len(own_messages(busy, "user")) == 45
    assert figures.total_answers == len(answers) > 45
    assert figures.conversations_this_week == len(
        [row for row in conversations if (NOW - row.created_at).days < 7]
    )
    assert figures.member_since == busy.created_at
    assert figures.is_premium is True
    counted = {row.provider: row.count for row in figures.top_providers}
    assert counted == Counter(answers)
    assert list(counted) == ["openai", "anthropic", "demo"]


def test_activity_equals_a_slow_count_of_own_questions(busy: User) -> None:
    expected = Counter(message.created_at.date() for message in own_messages(busy, "user"))

    activity = stats.activity(busy, now=NOW)

    assert [row.day for row in activity] == [NOW.date() - timedelta(days=ago) for ago in range(29, -1, -1)]
    assert [row.questions for row in activity] == [expected[row.day] for row in activity]
    assert 0 < sum(row.questions for row in activity) < expected.total()


def test_week_begins_seven_days_ago_to_the_second(alice: User) -> None:
    make_conversation(alice, NOW - timedelta(days=7))
    make_conversation(alice, NOW - timedelta(days=7, seconds=1))

    assert stats.figures(alice, now=NOW).conversations_this_week == 1


def test_first_day_of_activity_counts_from_midnight(alice: User) -> None:
    midnight = datetime(2026, 2, 14, tzinfo=UTC)
    conversation = make_conversation(alice, NOW)
    make_turn(conversation, midnight)
    make_turn(conversation, midnight - timedelta(seconds=1))

    activity = stats.activity(alice, now=NOW)

    assert activity[0] == stats.DayCount(day=midnight.date(), questions=1)
    assert sum(row.questions for row in activity) == 1


def test_days_are_those_of_the_time_zone_in_force(alice: User) -> None:
    evening = datetime(2026, 3, 15, 20, 0, tzinfo=UTC)
    make_turn(make_conversation(alice, NOW), evening - timedelta(days=1))

    with timezone.override(ZoneInfo("Asia/Tokyo")):
        in_tokyo = stats.activity(alice, now=evening)
    in_utc = stats.activity(alice, now=evening)

    assert [str(row.day) for row in in_tokyo if row.questions] == ["2026-03-15"]
    assert [str(row.day) for row in in_utc if row.questions] == ["2026-03-14"]
    assert [str(days[-1].day) for days in (in_tokyo, in_utc)] == ["2026-03-16", "2026-03-15"]


@pytest.mark.parametrize("status", Answer.Status.values)
def test_answers_count_whatever_became_of_them(alice: User, status: str) -> None:
    make_turn(make_conversation(alice, NOW), NOW, "openai", status=status)

    figures = stats.figures(alice, now=NOW)

    assert figures.top_providers == [stats.ProviderCount(provider="openai", count=1)]


def test_retries_count_as_answers_asked_for(alice: User) -> None:
    assistant = make_turn(make_conversation(alice, NOW), NOW, "openai", status=Answer.Status.FAILED)
    Answer.objects.create(
        message=assistant,
        position=0,
        version=2,
        target="openai",
        name="openai",
        provider="openai",
        model="any",
    )

    assert stats.figures(alice, now=NOW).total_answers == 2


def test_system_messages_are_no_part_of_the_messages(alice: User) -> None:
    conversation = make_conversation(alice, NOW)
    make_turn(conversation, NOW)
    Message.objects.create(conversation=conversation, role=Message.Role.SYSTEM, content="Be brief.")

    assert stats.figures(alice, now=NOW).total_messages == 2


def test_deleted_conversation_leaves_every_figure(busy: User) -> None:
    kept = Conversation.objects.filter(owner=busy).earliest("created_at")
    Conversation.objects.filter(owner=busy).exclude(pk=kept.pk).delete()

    figures = stats.figures(busy, now=NOW)

    assert figures.total_conversations == 1
    assert figures.total_messages == kept.messages.count() == 18
    assert figures.conversations_this_week == 0
    assert figures.total_answers == Answer.objects.filter(message__conversation=kept).count()
    assert not any(row.questions for row in stats.activity(busy, now=NOW))


def test_at_most_ten_providers_the_most_used_first_then_by_name(alice: User) -> None:
    conversation = make_conversation(alice, NOW)
    slugs = [f"vendor{number:02}" for number in range(12)]
    make_turn(conversation, NOW, *slugs)
    make_turn(conversation, NOW, "vendor11")

    figures = stats.figures(alice, now=NOW)

    assert [row.provider for row in figures.top_providers] == ["vendor11", *slugs[:9]]
    assert figures.total_answers == 13


def test_who_asked_nothing_has_zeros(bob: User) -> None:
    figures = stats.figures(bob, now=NOW)

    assert (figures.total_conversations, figures.total_messages, figures.conversations_this_week) == (0, 0, 0)
    assert figures.is_premium is False
    assert figures.top_providers == []
    assert [row.questions for row in stats.activity(bob, now=NOW)] == [0] * 30
