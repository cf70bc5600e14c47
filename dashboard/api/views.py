"""The statistics over REST."""

from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from msgspec import Struct
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from common.http.api import MomentField, answer
from common.http.schema import ListOf, operation
from dashboard import stats
from dashboard.stats import Filters, Span, Use
from providers.prices import NANO


class ProviderCountSerializer(serializers.Serializer[stats.ProviderCount]):
    """One line of `top_providers`."""

    provider = serializers.CharField()
    count = serializers.IntegerField()


class UserStatsSerializer(serializers.Serializer[stats.Figures]):
    """The guide's fields of `GET /api/stats/user`, and more beside."""

    total_conversations = serializers.IntegerField()
    total_messages = serializers.IntegerField()
    conversations_this_week = serializers.IntegerField()
    member_since = MomentField()
    is_premium = serializers.BooleanField()
    top_providers = ProviderCountSerializer(many=True)
    total_questions = serializers.IntegerField()
    total_answers = serializers.IntegerField()
    plan = serializers.CharField()
    running = serializers.IntegerField()


class UserStatsView(APIView):
    description = _(
        "Your own figures: what exists now, this week’s conversations, what you ever asked, and the AIs you "
        "asked most. `running` are answers that wait or are being written."
    )

    @operation("getStatistics", _("Your figures"), answer=UserStatsSerializer)
    def get(self, request: Request) -> Response:
        figures = stats.figures(cast("User", request.user), now=timezone.now())
        return Response(UserStatsSerializer(figures).data)


# --- Over days ------------------------------------------------------------------------------------------


class SpanQuery(serializers.Serializer[Any]):
    """Which days, and which part of them; the last 30 days where nothing is said."""

    first = serializers.DateField(
        required=False, help_text=_("The first day, like 2026-11-01, by the site’s clock.")
    )
    last = serializers.DateField(required=False, help_text=_("The last day, itself included; today at most."))
    provider = serializers.CharField(
        required=False, max_length=50, help_text=_("One provider’s name in the API.")
    )
    folder = serializers.CharField(
        required=False, max_length=100, help_text=_("One folder: conversations that are in it now.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        usual = Span.of_days(stats.USUAL_DAYS, now=timezone.now())
        last = min(attrs.get("last", usual.last), usual.last)
        first = attrs.get("first", min(usual.first, last))
        span = Span(first, last)
        if span.fault:
            raise serializers.ValidationError({"first": span.fault})
        return attrs | {"span": span}


class Day(Struct, frozen=True, kw_only=True):
    """One day: questions, answers, those that failed or broke off, and questions in the same place before."""

    day: str
    questions: int
    answers: int
    failed: int
    questions_before: int


class Activity(Struct, frozen=True, kw_only=True):
    """Day by day, beside as many days before."""

    days: list[Day]
    questions: int
    questions_before: int
    answers: int
    answers_before: int


class ProviderStats(Struct, frozen=True, kw_only=True):
    """One provider. Times in milliseconds, speed in tokens a second, both within 2 %; null where unknown."""

    provider: str
    questions: int
    answers: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int
    """Answers whose price nobody knows; they are not in `cost_usd`."""
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    total_p50_ms: float | None
    total_p95_ms: float | None
    tokens_per_second: float | None
    """The middle one."""


class DayCosts(Struct, frozen=True, kw_only=True):
    """US dollars of one day by provider; those without are left out."""

    day: str
    cost_usd: dict[str, float]


class Costs(Struct, frozen=True, kw_only=True):
    """US dollars day by day, whoever paid, beside the sum of as many days before."""

    days: list[DayCosts]
    total_usd: float
    before_usd: float
    unpriced: int
    """Answers whose price nobody knows."""


class SpanView(APIView):
    """A view of what one person used over some days."""

    def use(self, request: Request) -> Use:
        query = SpanQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        filters = Filters(provider=wanted.get("provider"), folder=wanted.get("folder"))
        return stats.use(cast("User", request.user), wanted["span"], filters)


class ActivityView(SpanView):
    description = _("How much you asked, day by day, beside the same number of days before.")

    @operation("getActivity", _("Your activity by day"), answer=Activity, parameters=[SpanQuery])
    def get(self, request: Request) -> Response:
        use = self.use(request)
        days = [
            Day(
                day=day.isoformat(),
                questions=(sums := use.of_day(day)).questions,
                answers=sums.answers,
                failed=sums.failed,
                questions_before=before.questions,
            )
            for day, before in zip(use.span.days, use.before_by_day, strict=True)
        ]
        return answer(
            Activity(
                days=days,
                questions=use.totals.questions,
                questions_before=use.before.questions,
                answers=use.totals.answers,
                answers_before=use.before.answers,
            )
        )


class ProvidersView(SpanView):
    description = _("What each AI answered, how fast, how reliably, and for how much; the most used first.")

    @operation(
        "getProviderStatistics",
        _("Your AIs compared"),
        answer=ListOf(ProviderStats),
        parameters=[SpanQuery],
    )
    def get(self, request: Request) -> Response:
        return answer([_provider(one) for one in self.use(request).providers])


def _provider(one: stats.ProviderUse) -> ProviderStats:
    return ProviderStats(
        provider=one.provider,
        questions=one.sums.questions,
        answers=one.sums.answers,
        failed=one.sums.failed,
        input_tokens=one.sums.input_tokens,
        output_tokens=one.sums.output_tokens,
        cost_usd=one.sums.nanousd / NANO,
        unpriced=one.sums.unpriced,
        first_token_p50_ms=one.first_token_p50_ms,
        first_token_p95_ms=one.first_token_p95_ms,
        total_p50_ms=one.total_p50_ms,
        total_p95_ms=one.total_p95_ms,
        tokens_per_second=one.speed_p50,
    )


class CostsView(SpanView):
    description = _("What your answers cost, day by day and by AI, whoever paid.")

    @operation("getCosts", _("Your costs by day"), answer=Costs, parameters=[SpanQuery])
    def get(self, request: Request) -> Response:
        use = self.use(request)
        days = [
            DayCosts(
                day=day.isoformat(),
                cost_usd={
                    provider: sums.nanousd / NANO
                    for provider, sums in use.by_day.get(day, {}).items()
                    if sums.nanousd
                },
            )
            for day in use.span.days
        ]
        return answer(
            Costs(
                days=days,
                total_usd=use.totals.nanousd / NANO,
                before_usd=use.before.nanousd / NANO,
                unpriced=use.totals.unpriced,
            )
        )
