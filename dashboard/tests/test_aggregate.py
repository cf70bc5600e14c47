"""Hours against a slow count of the ledger, whatever happened in whatever order."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import LedgerEntry, User
from dashboard import aggregate, stats
from dashboard.models import COUNTS, PersonHour, SiteHour
from dashboard.sketch import ACCURACY, Sketch
from dashboard.stats import Filters, Span
from dashboard.tests.rows import make_conversation, make_turn

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
PROVIDERS = ("openai", "mistral", "demo")
OUTCOMES = ("done", "failed", "stopped", "interrupted")
FIXTURES = [HealthCheck.function_scoped_fixture]
numbers = count(1)


def entry(user: User | None, at: datetime, **more: Any) -> LedgerEntry:
    """An entry of a call that is still reserved, unless `more` says otherwise."""
    values = {"provider": "openai", "model": "m", "payer": "server", "message_id": 1, "conversation_id": 1}
    return LedgerEntry.objects.create(user=user, answer_id=next(numbers), asked_at=at, **(values | more))


def settle(row: LedgerEntry, outcome: str = "done", **more: Any) -> None:
    values = {"input_tokens": 10, "output_tokens": 20, "nanousd": 5, "first_token_ms": 100, "total_ms": 1100}
    LedgerEntry.objects.filter(pk=row.pk).update(outcome=outcome, **(values | more))


def direct(key_of: Callable[[LedgerEntry], Any]) -> dict[Any, Counter[str]]:
    """The counts that the hours must have, by key, counted one by one."""
    sums: dict[Any, Counter[str]] = {}
    for row in LedgerEntry.objects.exclude(outcome=""):
        key = key_of(row)
        if key is None:
            continue
        found = sums.setdefault(key, Counter())
        found += Counter(
            input_tokens=row.input_tokens or 0,
            output_tokens=row.output_tokens or 0,
            nanousd=row.nanousd or 0,
            server_nanousd=(row.nanousd or 0) if row.payer == "server" else 0,
        )
        if row.purpose == "title":
            found["titles"] += 1
            continue
        found["answers"] += 1
        found[row.outcome] += 1
        found["questions"] += row.is_first
        found["questions_of_provider"] += row.is_first_of_provider
        found["unpriced"] += row.nanousd is None and row.output_tokens is not None
    return sums


def counted(model: type[PersonHour] | type[SiteHour]) -> dict[Any, Counter[str]]:
    return {
        tuple(getattr(row, name) for name in model.KEY): Counter(
            {name: getattr(row, name) for name in COUNTS if getattr(row, name)}
        )
        for row in model.objects.all()
    }


def hour_of(row: LedgerEntry) -> datetime:
    return row.asked_at.replace(minute=0, second=0, microsecond=0)


def assert_hours_agree() -> None:
    site = direct(lambda row: (hour_of(row), row.provider, row.model))
    people = direct(
        lambda row: (
            (row.user_id, hour_of(row), row.provider, row.model, row.conversation_id) if row.user_id else None
        )
    )
    assert counted(SiteHour) == {key: +sums for key, sums in site.items()}
    assert counted(PersonHour) == {key: +sums for key, sums in people.items()}


asks = st.tuples(
    st.just("ask"),
    st.integers(0, 1),
    st.sampled_from(PROVIDERS),
    st.integers(0, 60),
    st.sampled_from(("server", "person", "nobody")),
    st.booleans(),
    st.sampled_from(("answer", "answer", "title")),
)
settlements = st.tuples(
    st.just("settle"), st.integers(0, 30), st.sampled_from(OUTCOMES), st.none() | st.integers(0, 9)
)
others = st.sampled_from((("count",), ("count of", 0), ("count of", 1), ("leave", 1)))
rebuilds = st.tuples(st.just("rebuild"), st.integers(0, 60), st.integers(0, 60))


@pytest.mark.usefixtures("transactional_db")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(asks | settlements | others | rebuilds, max_size=25))
def test_hours_equal_a_direct_count_after_any_history(steps: list[tuple[Any, ...]]) -> None:
    for model in (LedgerEntry, PersonHour, SiteHour, User):
        model.objects.all().delete()
    people = [User.objects.create_user(f"p{at}", f"p{at}@example.org", None) for at in (0, 1)]
    rows: list[LedgerEntry] = []
    for step in steps:
        match step:
            case ("ask", who, provider, hours, payer, is_first, purpose):
                person = people[who] if User.objects.filter(pk=people[who].pk).exists() else None
                rows.append(
                    entry(
                        person,
                        NOW - timedelta(hours=hours, minutes=7),
                        provider=provider,
                        payer=payer,
                        is_first=is_first,
                        is_first_of_provider=True,
                        purpose=purpose,
                        conversation_id=hours % 3,
                    )
                )
            case ("settle", at, outcome, nanousd) if rows:
                row = rows[at % len(rows)]
                if not LedgerEntry.objects.get(pk=row.pk).outcome:
                    settle(row, outcome, nanousd=nanousd)
            case ("count",):
                aggregate.count_new(batch=3)
            case ("count of", who):
                aggregate.count_new(user_id=people[who].pk)
            case ("leave", who):
                User.objects.filter(username=f"p{who}").delete()
            case ("rebuild", one, other):
                first, last = sorted((NOW - timedelta(hours=one), NOW - timedelta(hours=other)))
                aggregate.rebuild(first, last)
    aggregate.count_new()
    assert_hours_agree()
    aggregate.rebuild(NOW - timedelta(hours=70), NOW + timedelta(hours=1))
    assert_hours_agree()


def test_nothing_is_counted_twice(alice: User) -> None:
    settle(entry(alice, NOW))
    assert aggregate.count_new() == 1
    assert aggregate.count_new() == 0
    assert PersonHour.objects.get().answers == 1


def test_what_settles_late_is_counted_in_its_own_hour(alice: User) -> None:
    late = entry(alice, NOW - timedelta(days=3))
    settle(entry(alice, NOW))
    aggregate.count_new()
    settle(late)
    aggregate.count_new()
    assert [row.hour for row in SiteHour.objects.order_by("hour")] == [NOW - timedelta(days=3), NOW]


def test_times_and_speeds_merge_to_within_two_percent(alice: User) -> None:
    times = [50 + 13 * at for at in range(200)]
    for at, time_ms in enumerate(times):
        settle(
            entry(alice, NOW - timedelta(hours=at % 48)),
            first_token_ms=time_ms,
            total_ms=time_ms + 1000,
            output_tokens=40,
        )
    use = stats.use(alice, Span(NOW.date() - timedelta(days=3), NOW.date()), Filters())
    [openai] = use.providers
    for share, found in ((0.5, openai.first_token_p50_ms), (0.95, openai.first_token_p95_ms)):
        assert found == pytest.approx(sorted(times)[round(share * len(times)) - 1], rel=ACCURACY)
    assert openai.speed_p50 == pytest.approx(40, rel=ACCURACY)


@given(values=st.lists(st.floats(1, 1e7), min_size=1), share=st.floats(0, 1), cut=st.integers(0, 50))
def test_a_sketch_is_right_within_its_accuracy_however_it_was_put_together(
    values: list[float], share: float, cut: int
) -> None:
    whole, part = Sketch.of(values[:cut]), Sketch.of(values[cut:])
    whole.merge(part.stored())
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    found = Sketch(whole.stored()).quantile(share)
    assert found == pytest.approx(exact, rel=ACCURACY * 1.0001)
    assert whole.count == len(values)


def test_an_empty_sketch_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None


def test_days_are_the_sites_and_the_hour_that_comes_twice_is_two(alice: User, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Paris"
    # The clocks go back at 03:00 on 25 October: 02:30 comes twice, an hour apart.
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    midnights = [datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)]
    for at in [*twice, *midnights, datetime(2026, 10, 24, 21, 59, tzinfo=UTC)]:
        settle(entry(alice, at, is_first=True))
    use = stats.use(alice, Span(twice[0].date(), twice[0].date()), Filters())
    assert use.totals.questions == 4
    assert SiteHour.objects.filter(hour__in=[at.replace(minute=0) for at in twice]).count() == 2
    before = counted(SiteHour)
    call_command("rebuild_usage", stdout=StringIO())
    assert counted(SiteHour) == before


def test_a_clock_that_is_turned_by_half_an_hour_loses_nothing(alice: User, settings: Settings) -> None:
    settings.TIME_ZONE = "Australia/Lord_Howe"
    for minutes in range(0, 240, 10):
        settle(entry(alice, datetime(2026, 4, 4, 13, 0, tzinfo=UTC) + timedelta(minutes=minutes)))
    aggregate.count_new()
    assert sum(row.answers for row in SiteHour.objects.all()) == 24
    aggregate.rebuild(datetime(2026, 4, 4, 0, 0, tzinfo=UTC), datetime(2026, 4, 5, 0, 0, tzinfo=UTC))
    assert sum(row.answers for row in SiteHour.objects.all()) == 24


def test_deleted_answers_keep_their_count(alice: User) -> None:
    conversation = make_conversation(alice, NOW)
    make_turn(conversation, NOW, "openai", "mistral")
    conversation.delete()
    figures = stats.figures(alice, now=NOW)
    assert (figures.total_conversations, figures.total_messages) == (0, 0)
    assert (figures.total_questions, figures.total_answers) == (1, 2)


def test_the_command_counts_some_days_anew(alice: User) -> None:
    yesterday = timezone.now().replace(hour=12) - timedelta(days=1)
    settle(entry(alice, yesterday - timedelta(days=1)))
    settle(entry(alice, yesterday))
    aggregate.count_new()
    PersonHour.objects.update(answers=99)
    said = StringIO()
    day = yesterday.date().isoformat()
    call_command("rebuild_usage", "--from", day, "--to", day, stdout=said)
    assert "1 entries counted." in said.getvalue()
    assert [row.answers for row in PersonHour.objects.order_by("hour")] == [99, 1]
    call_command("rebuild_usage", stdout=said)
    assert [row.answers for row in PersonHour.objects.order_by("hour")] == [1, 1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "yesterday"], "no day"),
        (["--from", "2026-03-16", "--to", "2026-03-15"], "is after"),
        (["--from", "2026-03-01", "--to", "2026-03-15"], "begins on 2026-03-15"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_days(alice: User, words: list[str], said: str) -> None:
    settle(entry(alice, NOW))
    with pytest.raises(CommandError, match=said):
        call_command("rebuild_usage", *words)
