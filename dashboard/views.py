"""The usage page: what a person used, what it cost, which AI served them best; and the same as CSV."""

import csv
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.billing import billing
from accounts.models import User
from accounts.plans.allowance import usage_of
from chat.models import Folder
from chat.models.folders_and_tags import DEFAULT_FOLDER
from dashboard import report, site_stats, stats
from dashboard.forms import RANGES, BudgetForm, WantedForm
from providers.prices import NANO

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The figures and graphs of some days, beside as many days before."""
    form = BudgetForm(initial={"budget_usd": _person(request).budget_usd})
    return render(request, "dashboard/home.html", _context(request) | {"budget_form": form})


@never_cache
@login_required
@require_POST
def budget(request: HttpRequest) -> HttpResponse:
    """Set the person's own monthly budget; empty takes it away."""
    form = BudgetForm(request.POST)
    if not form.is_valid():
        context = _context(request) | {"budget_form": form}
        return render(request, "dashboard/home.html", context, status=400)
    user = _person(request)
    user.budget_usd = form.cleaned_data["budget_usd"]
    # This alone: whatever else of the row changes in this moment stays.
    user.save(update_fields=["budget_usd"])
    has_budget = user.budget_usd is not None
    messages.success(request, _("Your budget is saved.") if has_budget else _("You have no budget now."))
    return redirect("dashboard:home")


@never_cache
@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The days and AIs that the page shows, one line for each day and AI, as CSV."""
    user = _person(request)
    wanted = WantedForm(request.GET, now=timezone.now())
    use = stats.use(user, wanted.span, wanted.filters)
    ais = report.named(user, [one.provider for one in use.providers])
    name = f"webox-{use.span.first}-{use.span.last}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    # Excel takes a file without this mark for Latin-1.
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        ["day", "ai", "questions", "answers", "failed", "input_tokens", "output_tokens", "cost_usd"]
    )
    for day in use.span.days:
        for slug, sums in sorted(use.by_day.get(day, {}).items()):
            cost = f"{sums.nanousd / NANO:.9f}".rstrip("0").rstrip(".")
            counts = (sums.questions, sums.answers, sums.failed, sums.input_tokens, sums.output_tokens)
            writer.writerow([day.isoformat(), harmless(ais[slug].label), *counts, cost])
    return response


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


@never_cache
@login_required
@require_safe
def site(request: HttpRequest) -> HttpResponse:
    """Everybody's use, for administrators: load, spending, which AI is in trouble, whose plan is used up."""
    user, now = _person(request), timezone.now()
    if not user.is_admin:
        raise Http404
    wanted = WantedForm(request.GET, now=now)
    provider = wanted.filters.provider
    use = site_stats.use(wanted.span, provider)
    calls = site_stats.calls(now=now)
    providers = site_stats.providers()
    ais = report.named(user, {*providers, *calls})
    speeds = report.speeds(use, ais)
    context = {
        "load": site_stats.load(now=now),
        "spenders": site_stats.spenders(wanted.span, provider),
        "pressed": site_stats.pressed(now=now),
        "all_ais": [ais[provider] for provider in providers],
        "ai_states": [(row, calls.get(row.ai.provider)) for row in speeds],
        "address": reverse("dashboard:site"),
        **_graphs(use, ais, wanted),
    }
    return render(request, "dashboard/site.html", context)


def _graphs(use: stats.Use, ais: dict[str, report.Ai], wanted: WantedForm) -> dict[str, Any]:
    """What the graphs and tables of both pages take."""
    cost_shares = report.cost_shares(use, ais)
    return {
        "use": use,
        "wanted": wanted,
        "ranges": RANGES,
        "shares": report.shares(use, ais),
        "cost_shares": cost_shares,
        "costs": report.costs(use, [share.ai.provider for share in cost_shares]),
        "speeds": report.speeds(use, ais),
        "days": [*zip(use.span.days, map(use.of_day, use.span.days), use.before_by_day, strict=True)],
        "peak": max(use.of_day(day).questions for day in use.span.days),
        "charts": report.charts(use, ais),
    }


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _context(request: HttpRequest) -> dict[str, Any]:
    user, now = _person(request), timezone.now()
    wanted = WantedForm(request.GET, now=now)
    use = stats.use(user, wanted.span, wanted.filters)
    figures = stats.figures(user, now=now)
    slugs = {one.provider for one in use.providers} | {one.provider for one in figures.top_providers}
    ais = report.named(user, sorted(slugs))
    own_folders = Folder.objects.for_user(user).values_list("name", flat=True)
    return {
        "figures": figures,
        "usage": usage_of(user, now=now),
        "address": reverse("dashboard:home"),
        "plan_url": billing().plan_url(user, request),
        "all_ais": [ais[one.provider] for one in figures.top_providers],
        "folders": [DEFAULT_FOLDER, *own_folders],
        **_graphs(use, ais, wanted),
    }
