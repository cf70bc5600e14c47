"""What the dashboards show: sums of the hours, for a range of days, one person's or everybody's.

Each function takes the same number of queries however long the history is. What exists now (conversations,
messages) is counted as it is; what was used is read from the hours, and outlives what was deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import LedgerEntry, User
from accounts.plans.periods import Periods, start_of
from accounts.plans.rules import plan_of
from chat.models import Conversation, Message
from dashboard import aggregate
from dashboard.models import PersonHour
from dashboard.sketch import Sketch

WEEK = timedelta(days=7)
TOP_PROVIDERS = 10
USUAL_DAYS = 30
MOST_DAYS = 366
EARLIEST = date(2000, 1, 1)


# --- What is asked for ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Days by the site's clock, the first and the last among them."""

    first: date
    last: date

    @classmethod
    def of_days(cls, days: int, *, now: datetime) -> "Span":
        """So many days, today the last."""
        today = Periods.of(now).day
        return cls(today - timedelta(days=days - 1), today)

    @property
    def fault(self) -> str:
        """Why these days can't be shown, in the language in force; empty where they can."""
        if self.first > self.last:
            return _("The first day is after the last one.")
        if (self.last - self.first).days >= MOST_DAYS:
            return _("That is more than a year.")
        return _("That is too long ago.") if self.first < EARLIEST else ""

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> "Span":
        """As many days right before."""
        return Span(self.first - (self.last - self.first) - timedelta(days=1), self.first - timedelta(days=1))

    @property
    def within(self) -> Q:
        """The hours of these days."""
        return Q(hour__gte=start_of(self.first), hour__lt=start_of(self.last + timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which part of a person's use: of one provider, of one folder as it is now; None for all."""

    provider: str | None = None
    folder: str | None = None


# --- What is answered -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCount:
    """How many answers were asked of one provider, the failed and the interrupted ones included."""

    provider: str
    """The slug; the registry may no longer know it."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One person's totals."""

    total_conversations: int
    total_messages: int
    """Questions and assistant messages that exist now; one assistant message holds a turn's answers."""
    total_questions: int
    """All that were ever asked."""
    total_answers: int
    """Every answer ever asked for, each retry included, whatever became of it."""
    conversations_this_week: int
    member_since: datetime
    is_premium: bool
    plan: str
    """Its name in the API."""
    running: int
    """Answers that wait or are being written now."""
    top_providers: Sequence[ProviderCount]
    """The most used first, at most TOP_PROVIDERS."""


@dataclass(slots=True, kw_only=True)
class Sums:
    """Of some hours."""

    questions: int = 0
    answers: int = 0
    failed: int = 0
    """Failed or interrupted; what a person stopped is neither."""
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int = 0
    unpriced: int = 0

    def add(self, other: "Sums") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderUse:
    """One provider over a span. Times in milliseconds, speed in tokens a second; null where none is known."""

    provider: str
    sums: Sums
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    total_p50_ms: float | None
    total_p95_ms: float | None
    speed_p50: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What was used over a span, beside the span before."""

    span: Span
    by_day: dict[date, dict[str, Sums]]
    """Of each day with any use, the sums by provider."""
    totals: Sums
    before_by_day: list[Sums]
    """Of each day of the span before, in order."""
    before: Sums
    providers: list[ProviderUse]
    """The most used first."""

    def of_day(self, day: date) -> Sums:
        """A day's sums over all providers."""
        return _total(self.by_day.get(day, {}).values())


def figures(user: User, *, now: datetime) -> Figures:
    """The user's totals; the week is the seven days before `now`."""
    aggregate.count_new(user_id=user.pk)
    conversations = Conversation.objects.for_user(user).aggregate(
        total=Count("pk"), this_week=Count("pk", filter=Q(created_at__gte=now - WEEK))
    )
    messages = Message.objects.for_user(user).exclude(role=Message.Role.SYSTEM).count()
    providers = [
        (provider, answers, questions)
        for provider, answers, questions in PersonHour.objects.filter(user=user)
        .values_list("provider")
        .annotate(count=Sum("answers"), asked=Sum("questions"))
        .order_by("-count", "provider")
    ]
    return Figures(
        total_conversations=conversations["total"],
        total_messages=messages,
        total_questions=sum(questions for _, _, questions in providers),
        total_answers=sum(answers for _, answers, _ in providers),
        conversations_this_week=conversations["this_week"],
        member_since=user.created_at,
        is_premium=user.has_premium,
        plan=plan_of(user).slug,
        running=LedgerEntry.objects.filter(user=user, outcome="").count(),
        top_providers=[
            ProviderCount(provider=provider, count=answers)
            for provider, answers, _ in providers[:TOP_PROVIDERS]
            if answers
        ],
    )


def use(user: User, span: Span, filters: Filters) -> Use:
    """What one person used over a span of days, and over as many days before it."""
    aggregate.count_new(user_id=user.pk)
    hours = PersonHour.objects.filter(user=user)
    if filters.provider is not None:
        hours = hours.filter(provider=filters.provider)
    if filters.folder is not None:
        theirs = Conversation.objects.for_user(user).filter(folder=filters.folder)
        hours = hours.filter(conversation_id__in=theirs.order_by().values("pk"))
    return use_of(hours, span, by_provider=filters.provider is not None)


def use_of(hours: QuerySet[Any], span: Span, *, by_provider: bool) -> Use:
    """The use that these hours tell of. `by_provider`: they are one provider's, whose questions count."""
    by_day = _by_day(hours.filter(span.within), by_provider=by_provider)
    before = _by_day(hours.filter(span.before.within), by_provider=by_provider)
    return Use(
        span=span,
        by_day=by_day,
        totals=_total(sums for day in by_day.values() for sums in day.values()),
        before_by_day=[_total(before.get(day, {}).values()) for day in span.before.days],
        before=_total(sums for day in before.values() for sums in day.values()),
        providers=_providers(hours.filter(span.within), by_day),
    )


def _by_day(hours: QuerySet[Any], *, by_provider: bool) -> dict[date, dict[str, Sums]]:
    questions = "questions_of_provider" if by_provider else "questions"
    zone = timezone.get_default_timezone()
    sums = {name: Sum(name) for name in ("answers", "input_tokens", "output_tokens", "nanousd", "unpriced")}
    sums |= {"questions": Sum(questions), "failed": Sum(F("failed") + F("interrupted"))}
    named = {f"sum_of_{name}": expression for name, expression in sums.items()}
    rows = hours.annotate(day=TruncDate("hour", tzinfo=zone)).values("day", "provider").annotate(**named)
    days: dict[date, dict[str, Sums]] = defaultdict(dict)
    row: dict[str, Any]
    for row in rows.order_by():
        days[row["day"]][row["provider"]] = Sums(**{name: row[f"sum_of_{name}"] for name in sums})
    return dict(days)


@dataclass(slots=True)
class _Sketches:
    first_token_ms: Sketch = field(default_factory=Sketch)
    total_ms: Sketch = field(default_factory=Sketch)
    speed: Sketch = field(default_factory=Sketch)


def _providers(hours: QuerySet[Any], by_day: dict[date, dict[str, Sums]]) -> list[ProviderUse]:
    sums: dict[str, Sums] = defaultdict(Sums)
    for day in by_day.values():
        for provider, found in day.items():
            sums[provider].add(found)
    sketches: dict[str, _Sketches] = defaultdict(_Sketches)
    names = ("first_token_ms", "total_ms", "speed")
    for provider, *stored in hours.values_list("provider", *names).order_by().iterator():
        for name, buckets in zip(names, stored, strict=True):
            getattr(sketches[provider], name).merge(buckets)
    used = [
        ProviderUse(
            provider=provider,
            sums=total,
            first_token_p50_ms=sketches[provider].first_token_ms.quantile(0.5),
            first_token_p95_ms=sketches[provider].first_token_ms.quantile(0.95),
            total_p50_ms=sketches[provider].total_ms.quantile(0.5),
            total_p95_ms=sketches[provider].total_ms.quantile(0.95),
            speed_p50=sketches[provider].speed.quantile(0.5),
        )
        for provider, total in sums.items()
    ]
    return sorted(used, key=lambda one: (-one.sums.answers, one.provider))


def _total(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.add(part)
    return total
