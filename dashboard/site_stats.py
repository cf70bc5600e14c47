"""What the owner sees of everybody's use: who is there and spends, which AI fails, whose plan runs out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, Sum

from accounts.models import Plan, UsedInPeriod, User
from accounts.models.plan import NANO_PER_USD
from accounts.plans import ledger
from accounts.plans.allowance import WARNING
from accounts.plans.periods import Periods, start_of
from accounts.plans.rules import plans_of
from chat.models import Answer
from dashboard import aggregate, stats
from dashboard.models import PersonHour, SiteHour
from dashboard.stats import Span, Use

SPENDERS = 10
CALLS_WITHIN = timedelta(days=7)
"""So far back the last good and the last bad call of a provider are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """This moment, and who was there lately."""

    people: int
    active_today: int
    active_in_week: int
    active_in_month: int
    """Who asked something."""
    writing: int
    waiting: int
    server_nanousd: int
    """What the server paid this month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """One person's part of what was spent."""

    user: User
    answers: int
    nanousd: int
    server_nanousd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """When a provider last answered, and last failed, within CALLS_WITHIN."""

    good_at: datetime | None
    bad_at: datetime | None

    @property
    def is_down(self) -> bool:
        """Whether nothing has gone well since the last failure."""
        return self.bad_at is not None and (self.good_at is None or self.good_at < self.bad_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Somebody who has nearly used, or used up, a limit of their plan."""

    user: User
    plan: str
    limit: str
    """messages, tokens or money."""
    percent: int


def load(*, now: datetime) -> Load:
    """This moment, and who was there lately."""
    periods = Periods.of(now)
    month = UsedInPeriod.objects.filter(kind=ledger.MONTH, starts_on=periods.month)
    status = dict(
        Answer.objects.filter(status__in=Answer.UNFINISHED).values_list("status").annotate(Count("pk"))
    )
    month_back = Span.of_days(30, now=now)
    last_hours = PersonHour.objects.filter(month_back.within).values_list("user").annotate(Max("hour"))
    seen = [hour for _user, hour in last_hours.order_by()]

    def active(days: int) -> int:
        since = start_of(Span.of_days(days, now=now).first)
        return sum(hour >= since for hour in seen)

    return Load(
        people=User.objects.filter(is_active=True).count(),
        active_today=active(1),
        active_in_week=active(7),
        active_in_month=active(30),
        writing=status.get(Answer.Status.STREAMING, 0),
        waiting=status.get(Answer.Status.QUEUED, 0),
        server_nanousd=month.aggregate(sum=Sum("nanousd"))["sum"] or 0,
    )


def use(span: Span, provider: str | None) -> Use:
    """What everybody used over a span, and over as many days before it; deleted accounts are in it."""
    aggregate.count_new()
    hours = SiteHour.objects.all() if provider is None else SiteHour.objects.filter(provider=provider)
    return stats.use_of(hours, span, by_provider=provider is not None)


def providers() -> list[str]:
    """All that were ever asked, the most used first."""
    sums = SiteHour.objects.values_list("provider").annotate(answers=Sum("answers"))
    return [provider for provider, _ in sums.order_by("-answers", "provider")]


def spenders(span: Span, provider: str | None) -> list[Spender]:
    """Who spent most over a span, at most SPENDERS."""
    hours = PersonHour.objects.filter(span.within)
    if provider is not None:
        hours = hours.filter(provider=provider)
    sums = hours.values_list("user").annotate(
        answers=Sum("answers"), spent=Sum("nanousd"), paid=Sum("server_nanousd")
    )
    rows = list(sums.order_by("-spent", "-answers", "user")[:SPENDERS])
    people = User.objects.in_bulk([row[0] for row in rows])
    return [
        Spender(user=people[user_id], answers=answers, nanousd=spent, server_nanousd=paid)
        for user_id, answers, spent, paid in rows
        if user_id in people
    ]


def calls(*, now: datetime) -> dict[str, Calls]:
    """When each provider last answered and last failed, as far as it has been counted."""
    lately = SiteHour.objects.filter(hour__gte=now - CALLS_WITHIN).order_by()
    rows = lately.values_list("provider").annotate(good=Max("good_at"), bad=Max("bad_at"))
    return {provider: Calls(good_at=good, bad_at=bad) for provider, good, bad in rows}


def pressed(*, now: datetime) -> list[Pressed]:
    """Whose limits are nearly or wholly used, the fullest first."""
    periods = Periods.of(now)
    here = Q(kind=ledger.DAY, starts_on=periods.day) | Q(kind=ledger.MONTH, starts_on=periods.month)
    rows = list(UsedInPeriod.objects.filter(here, user__is_active=True).select_related("user", "user__plan"))
    plans = plans_of(row.user for row in rows)
    found = [one for row in rows for one in _pressed(row, plans[row.user_id])]
    return sorted(found, key=lambda one: (-one.percent, one.user.username_key))


def _pressed(row: UsedInPeriod, plan: Plan) -> Sequence[Pressed]:
    limits = (
        {"messages": (row.messages, plan.messages_per_day)}
        if row.kind == ledger.DAY
        else {
            "tokens": (row.tokens, plan.tokens_per_month),
            "money": (row.nanousd / NANO_PER_USD, plan.usd_per_month),
        }
    )
    return [
        Pressed(user=row.user, plan=plan.label, limit=name, percent=round(100 * used / float(limit)))
        for name, (used, limit) in limits.items()
        if limit and used >= float(limit) * WARNING
    ]
