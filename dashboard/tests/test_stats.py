"""The figures against a slow count over the rows."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import LedgerEntry, User
from chat.models import Answer, Conversation, Message
from dashboard import stats
from dashboard.stats import Filters, Span
from dashboard.tests.rows import make_conversation, make_turn

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MONTH = Span.of_days(30, now=NOW)


def ask_for_weeks(owner: User, *, conversations: int, providers: tuple[str, ...]) -> None:
    """Conversations of the last 40 days, one turn more in each than in the one before it."""
    for number in range(conversations):
        began = NOW - timedelta(days=number * 40 / conversations, minutes=5)
        conversation = make_conversation(owner, began, folder=f"Folder {number % 2}")
        for turn in range(number + 1):
            make_turn(conversation, began, *providers[: turn % len(providers) + 1], cost_usd=0.25)


@pytest.fixture
def busy(alice: User, bob: User) -> User:
    """Alice, who asked a lot, beside bob, who asked others."""
    ask_for_weeks(alice, conversations=9, providers=("openai", "anthropic", "demo"))
    ask_for_weeks(bob, conversations=4, providers=("mistral", "openai"))
    return alice


def own_messages(user: User, *roles: str) -> list[Message]:
    messages = Message.objects.select_related("conversation").prefetch_related("answers")
    return [row for row in messages if row.conversation.owner_id == user.pk and row.role in roles]


def own_entries(user: User, span: Span) -> list[LedgerEntry]:
    entries = LedgerEntry.objects.filter(user=user)
    return [row for row in entries if span.first <= row.asked_at.date() <= span.last]


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
    assert (figures.is_premium, figures.plan) == (True, "premium")
    counted = {row.provider: row.count for row in figures.top_providers}
    assert counted == Counter(answers)
    assert list(counted) == ["openai", "anthropic", "demo"]


def test_use_equals_a_slow_count_of_own_entries(busy: User) -> None:
    entries = own_entries(busy, MONTH)
    use = stats.use(busy, MONTH, Filters())
    questions = Counter(row.asked_at.date() for row in entries if row.is_first)
    assert {day: use.of_day(day).questions for day in MONTH.days if use.of_day(day).questions} == questions
    assert use.totals.answers == len(entries)
    assert use.totals.nanousd == sum(row.nanousd or 0 for row in entries)
    before = own_entries(busy, MONTH.before)
    assert use.before.questions == sum(row.is_first for row in before) > 0
    assert sum(day.answers for day in use.before_by_day) == len(before)
    by_provider = Counter(row.provider for row in entries)
    assert [(one.provider, one.sums.answers) for one in use.providers] == by_provider.most_common()


def test_one_provider_counts_the_questions_that_were_put_to_it(busy: User) -> None:
    entries = [row for row in own_entries(busy, MONTH) if row.provider == "anthropic"]
    use = stats.use(busy, MONTH, Filters(provider="anthropic"))
    assert use.totals.questions == len({row.message_id for row in entries}) > 0
    assert [one.provider for one in use.providers] == ["anthropic"]


def test_an_ai_asked_twice_in_a_turn_had_one_question(alice: User) -> None:
    make_turn(make_conversation(alice, NOW), NOW, "openai", "openai")
    use = stats.use(alice, MONTH, Filters(provider="openai"))
    assert (use.totals.questions, use.totals.answers) == (1, 2)


def test_one_folder_is_what_is_in_it_now(busy: User) -> None:
    ids = {row.pk for row in Conversation.objects.filter(owner=busy, folder="Folder 1")}
    entries = [row for row in own_entries(busy, MONTH) if row.conversation_id in ids]
    filters = Filters(folder="Folder 1")
    assert stats.use(busy, MONTH, filters).totals.answers == len(entries) > 0
    for conversation in Conversation.objects.filter(pk__in=ids):
        conversation.folder = "Elsewhere"
        conversation.save(update_fields=["folder"])
    assert stats.use(busy, MONTH, filters).totals.answers == 0


def test_week_begins_seven_days_ago_to_the_second(alice: User) -> None:
    make_conversation(alice, NOW - timedelta(days=7))
    make_conversation(alice, NOW - timedelta(days=7, seconds=1))
    assert stats.figures(alice, now=NOW).conversations_this_week == 1


def test_a_span_counts_from_midnight_to_midnight(alice: User) -> None:
    midnight = datetime(2026, 2, 14, tzinfo=UTC)
    conversation = make_conversation(alice, NOW)
    make_turn(conversation, midnight, "openai")
    make_turn(conversation, midnight - timedelta(seconds=1), "openai")
    use = stats.use(alice, MONTH, Filters())
    assert use.span.days[0] == date(2026, 2, 14)
    assert [day for day in use.span.days if use.of_day(day).questions] == [midnight.date()]
    assert (use.before.questions, use.before_by_day[-1].questions) == (1, 1)


def test_the_span_before_is_as_long_and_ends_where_it_begins() -> None:
    assert Span(date(2026, 3, 10), date(2026, 3, 15)).before == Span(date(2026, 3, 4), date(2026, 3, 9))


@pytest.mark.parametrize("status", ["done", "failed", "stopped", "interrupted"])
def test_answers_count_whatever_became_of_them(alice: User, status: str) -> None:
    make_turn(make_conversation(alice, NOW), NOW, "openai", status=status)
    figures = stats.figures(alice, now=NOW)
    assert figures.top_providers == [stats.ProviderCount(provider="openai", count=1)]
    failed = stats.use(alice, MONTH, Filters()).totals.failed
    assert failed == (status in ("failed", "interrupted"))


def test_what_is_being_written_is_said_apart(alice: User) -> None:
    make_turn(make_conversation(alice, NOW), NOW, "openai", status="streaming")
    figures = stats.figures(alice, now=NOW)
    assert (figures.running, figures.total_answers) == (1, 0)


def test_system_messages_are_no_part_of_the_messages(alice: User) -> None:
    conversation = make_conversation(alice, NOW)
    make_turn(conversation, NOW)
    Message.objects.create(conversation=conversation, role=Message.Role.SYSTEM, content="Be brief.")
    assert stats.figures(alice, now=NOW).total_messages == 2


def test_at_most_ten_providers_the_most_used_first_then_by_name(alice: User) -> None:
    conversation = make_conversation(alice, NOW)
    slugs = [f"vendor{number:02}" for number in range(12)]
    make_turn(conversation, NOW, *slugs)
    make_turn(conversation, NOW, "vendor11")
    figures = stats.figures(alice, now=NOW)
    assert [row.provider for row in figures.top_providers] == ["vendor11", *slugs[:9]]
    assert figures.total_answers == 13


def test_who_asked_nothing_has_zeros(bob: User) -> None:
    figures = stats.figures(bob, now=timezone.now())
    assert (figures.total_conversations, figures.total_messages, figures.conversations_this_week) == (0, 0, 0)
    assert (figures.is_premium, figures.plan) == (False, "free")
    assert figures.top_providers == []
    use = stats.use(bob, MONTH, Filters())
    assert use.totals == stats.Sums()
    assert not Answer.objects.exists()
