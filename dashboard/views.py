"""The usage page: a person's own figures."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from chat.models import Provider
from chat.views import DEMO
from dashboard import stats


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The figures, the AIs used most and the activity of the last 30 days, as the rows say now."""
    assert isinstance(request.user, User)
    now = timezone.now()
    figures = stats.figures(request.user, now=now)
    activity = stats.activity(request.user, now=now)
    context = {
        "figures": figures,
        "ais": used_ais(request.user, figures),
        "activity": activity,
        "activity_total": sum(day.questions for day in activity),
        "activity_peak": max(day.questions for day in activity),
        "chart": [{"day": day.day, "questions": day.questions} for day in activity],
    }
    return render(request, "dashboard/home.html", context)


def used_ais(user: User, figures: stats.Figures) -> list[dict[str, Any]]:
    """The providers of `top_providers` as the page shows them; `percent` is the share of all answers."""
    slugs = [row.provider for row in figures.top_providers]
    providers = {
        provider.slug: provider for provider in Provider.objects.for_user(user).filter(slug__in=slugs)
    }
    ais = []
    for row in figures.top_providers:
        provider = providers.get(row.provider)
        ais.append(
            {
                "provider": row.provider,
                "label": _label(row.provider, provider),
                "mark": provider.mark if provider else row.provider[:1].upper(),
                "count": row.count,
                "percent": round(100 * row.count / figures.total_answers),
            }
        )
    return ais


def _label(slug: str, provider: Provider | None) -> str:
    if slug == DEMO:
        # No vendor, so its name is a word of the page.
        return gettext("Demo")
    return provider.label if provider else slug
