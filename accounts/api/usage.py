"""`/api/usage`: what a person has used of their plan, and their own budget."""

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import AuthView, signed_in
from accounts.plans.allowance import PlanUsage, usage_of
from common.http.api import StrictSerializer, answer
from common.http.schema import operation

MOST_USD = Decimal(1_000_000)


@extend_schema_field({"type": ["string", "number"], "minimum": 0, "maximum": int(MOST_USD)})
class UsdField(serializers.DecimalField):
    """US dollars to the cent, as a number or as text."""


class BudgetSerializer(StrictSerializer):
    """A person's own budget."""

    budget_usd = UsdField(
        max_digits=9,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=MOST_USD,
        allow_null=True,
        help_text=_("US dollars a month that you want to spend at most, whoever pays; null for no budget."),
    )


class UsageView(AuthView):
    description = _(
        "Your plan with what is used and left of it, and when it counts anew. PATCH sets a budget of your "
        "own: from four fifths of it on you are warned, and what could go past it is not asked."
    )

    serializer_class = BudgetSerializer

    @operation("getUsage", _("Your plan and what is left of it"), answer=PlanUsage)
    def get(self, request: Request) -> Response:
        return answer(usage_of(signed_in(request), now=timezone.now()))

    @operation(
        "changeBudget",
        _("Set your own budget"),
        body=BudgetSerializer,
        answer=PlanUsage,
        example={"budget_usd": "20.00"},
    )
    def patch(self, request: Request) -> Response:
        serializer = BudgetSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        user = signed_in(request)
        if "budget_usd" in serializer.validated_data:
            user.budget_usd = serializer.validated_data["budget_usd"]
            user.save(update_fields=["budget_usd"])
        return answer(usage_of(user, now=timezone.now()))
