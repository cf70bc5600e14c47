"""The usage page's rows: names, shares and charts made of what `dashboard.stats` counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from django.utils.translation import gettext

from accounts.models import User
from chat.models import Provider
from dashboard.stats import ProviderUse, Use
from providers.prices import NANO
from providers.registry import DEMO

DAYS_APART = 31
"""Of longer spans costs are drawn week by week."""
WEEK_DAYS = 7
UNRELIABLE = 0.05
"""From this share of failures on, it is marked."""


@dataclass(frozen=True, slots=True)
class Ai:
    """A provider under the name that people read."""

    provider: str
    label: str
    mark: str


@dataclass(frozen=True, slots=True)
class Share:
    """An AI's part of a whole, `percent` of it, 0 to 100."""

    ai: Ai
    amount: int
    percent: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast and how reliable an AI was. `median_x` and `p95_x`: its times on one axis from 0 to AXIS."""

    ai: Ai
    use: ProviderUse
    failed_percent: float
    is_unreliable: bool
    is_slow: bool
    """Whether half of its answers begin much later than those of the middle AI."""
    median_x: float | None
    p95_x: float | None


@dataclass(frozen=True, slots=True)
class Costs:
    """What some days cost, by provider, in the order of the report's AIs."""

    first: date
    last: date
    nanousd: list[int]

    @property
    def total(self) -> int:
        return sum(self.nanousd)


AXIS = 160
SLOW_MS, SLOW_FACTOR = 3_000, 2
"""An AI is slow whose median first token takes longer than that, and than so many times the middle AI's."""


def named(user: User, slugs: Iterable[str]) -> dict[str, Ai]:
    """These providers under their names; one that is known no more keeps its slug. One query."""
    wanted = [*slugs]
    rows = {row.slug: row for row in Provider.objects.for_user(user).filter(slug__in=wanted)}
    return {slug: Ai(slug, _label(slug, rows.get(slug)), _mark(slug, rows.get(slug))) for slug in wanted}


def _label(slug: str, provider: Provider | None) -> str:
    if slug == DEMO:
        # No vendor, so its name is a word of the page.
        return gettext("Demo")
    return provider.label if provider else slug


def _mark(slug: str, provider: Provider | None) -> str:
    return provider.mark if provider else slug[:1].upper()


def shares(use: Use, ais: dict[str, Ai]) -> list[Share]:
    """Each AI's part of all answers, the largest first."""
    return _shares(((one.provider, one.sums.answers) for one in use.providers), ais)


def cost_shares(use: Use, ais: dict[str, Ai]) -> list[Share]:
    """Each AI's part of all costs, in nano-dollars, the largest first."""
    costs = sorted(((one.provider, one.sums.nanousd) for one in use.providers), key=lambda pair: -pair[1])
    return _shares(costs, ais)


def _shares(amounts: Iterable[tuple[str, int]], ais: dict[str, Ai]) -> list[Share]:
    found = [(slug, amount) for slug, amount in amounts if amount]
    whole = sum(amount for _, amount in found)
    return [Share(ais[slug], amount, round(100 * amount / whole)) for slug, amount in found]


def speeds(use: Use, ais: dict[str, Ai]) -> list[Speed]:
    """Each AI's times, on one axis from zero to the slowest."""
    slowest = max((one.total_p95_ms or 0 for one in use.providers), default=0)

    def place(time_ms: float | None) -> float | None:
        return None if time_ms is None else round(AXIS * time_ms / slowest, 1)

    begins = [one.first_token_p50_ms for one in use.providers if one.first_token_p50_ms is not None]
    slow_from_ms = max(SLOW_MS, SLOW_FACTOR * median(begins)) if begins else SLOW_MS
    rows = []
    for one in use.providers:
        if not one.sums.answers:
            continue
        failed = one.sums.failed / one.sums.answers
        times = place(one.total_p50_ms), place(one.total_p95_ms)
        is_slow = (one.first_token_p50_ms or 0) > slow_from_ms
        rows.append(Speed(ais[one.provider], one, 100 * failed, failed >= UNRELIABLE, is_slow, *times))
    return rows


def costs(use: Use, slugs: list[str]) -> list[Costs]:
    """Costs by day, or by seven days where there are many; the last ones may be fewer."""
    days = use.span.days
    step = 1 if len(days) <= DAYS_APART else WEEK_DAYS
    groups = [days[at : at + step] for at in range(0, len(days), step)]
    return [
        Costs(
            group[0],
            group[-1],
            [sum(_cost(use, day, slug) for day in group) for slug in slugs],
        )
        for group in groups
    ]


def _cost(use: Use, day: date, slug: str) -> int:
    sums = use.by_day.get(day, {}).get(slug)
    return sums.nanousd if sums else 0


def charts(use: Use, ais: dict[str, Ai]) -> dict[str, Any]:
    """What the page's graphs draw, as JSON."""
    activity = [
        {"day": day.isoformat(), "questions": use.of_day(day).questions, "before": before.questions}
        for day, before in zip(use.span.days, use.before_by_day, strict=True)
    ]
    slugs = [share.ai.provider for share in cost_shares(use, ais)]
    spent = [
        {
            "first": one.first.isoformat(),
            "last": one.last.isoformat(),
            "usd": [nanousd / NANO for nanousd in one.nanousd],
        }
        for one in costs(use, slugs)
    ]
    return {
        "activity": activity,
        "costs": spent,
        "ais": [{"slug": slug, "label": ais[slug].label} for slug in slugs],
    }
