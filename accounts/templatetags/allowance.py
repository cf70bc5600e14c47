"""What a person's plan leaves, for every signed-in page."""

from django.template import Context, Library
from django.utils import timezone

from accounts.plans.allowance import PlanUsage, usage_of

register = Library()


@register.simple_tag(takes_context=True)
def allowance(context: Context) -> PlanUsage:
    """What this person has used and left, as `GET /api/usage` tells it, too."""
    return usage_of(context["request"].user, now=timezone.now())
