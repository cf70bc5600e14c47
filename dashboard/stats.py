"""A person's own figures, counted from the rows as they are now.

Deleted conversations leave every figure. Each function takes the same number of queries however many
rows there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import User
from chat.models import Answer, Conversation, Message

WEEK = timedelta(days=7)
ACTIVITY_DAYS = 30
TOP_PROVIDERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCount:
    """How many answers were asked of one provider, the failed and the interrupted ones included."""

    provider: str
    """The slug; the registry may no longer know it."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """The questions of one day of the time zone in force."""

    day: date
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One person's totals."""

    total_conversations: int
    total_messages: int
    """Questions and assistant messages together; one assistant message holds a turn's answers."""
    total_questions: int
    total_answers: int
    """Every answer asked for, each retry included, whatever became of it."""
    conversations_this_week: int
    member_since: datetime
    is_premium: bool
    top_providers: Sequence[ProviderCount]
    """The most used first, at most TOP_PROVIDERS."""


def figures(user: User, *, now: datetime) -> Figures:
    """The user's totals; the week is the seven days before `now`. Three queries."""
    conversations = Conversation.objects.for_user(user).aggregate(
        total=Count("pk"), this_week=Count("pk", filter=Q(created_at__gte=now - WEEK))
    )
    messages = Message.objects.for_user(user).aggregate(
        questions=Count("pk", filter=Q(role=Message.Role.USER)),
        answered=Count("pk", filter=Q(role=Message.Role.ASSISTANT)),
    )
    providers = [
        ProviderCount(provider=provider, count=count)
        for provider, count in Answer.objects.for_user(user)
        .values_list("provider")
        .annotate(count=Count("pk"))
        .order_by("-count", "provider")
    ]
    return Figures(
        total_conversations=conversations["total"],
        total_messages=messages["questions"] + messages["answered"],
        total_questions=messages["questions"],
        total_answers=sum(row.count for row in providers),
        conversations_this_week=conversations["this_week"],
        member_since=user.created_at,
        is_premium=user.is_premium,
        top_providers=providers[:TOP_PROVIDERS],
    )


def activity(user: User, *, now: datetime) -> list[DayCount]:
    """The user's questions on each of the last 30 days, the day of `now` last, days without any included.

    One query. Days are those of the time zone in force.
    """
    last = timezone.localdate(now)
    days = [last - timedelta(days=ago) for ago in reversed(range(ACTIVITY_DAYS))]
    asked = Message.objects.for_user(user).filter(
        role=Message.Role.USER,
        created_at__gte=timezone.make_aware(datetime.combine(days[0], time.min)),
    )
    per_day: dict[date, int] = dict(
        asked.values_list(TruncDate("created_at")).annotate(count=Count("pk")).order_by()
    )
    return [DayCount(day=day, questions=per_day.get(day, 0)) for day in days]
