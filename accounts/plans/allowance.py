"""What a person has used of their plan and of their own budget, what is left, and when it counts anew."""

from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct
from msgspec.structs import replace

from accounts.models import LedgerEntry, User
from accounts.models.plan import NANO_PER_USD
from accounts.plans import ledger
from accounts.plans.ledger import DAY, MONTH
from accounts.plans.periods import Periods
from accounts.plans.rules import plan_of
from common.words.times import timestamp

State = Literal["fine", "warning", "used_up"]


WARNING = 0.8
"""From this share of a limit on, people are warned."""


class Limit(Struct, frozen=True, kw_only=True):
    """One limit of a plan. `limit` and `left` are null where nothing binds; money is in US dollars."""

    used: float
    """What is reserved for answers that are being written counts."""
    limit: float | None
    left: float | None
    resets_at: str | None
    """When it counts anew, ISO 8601; null for what is counted at the moment."""

    @property
    def percent(self) -> int | None:
        """Of the limit, at most 100."""
        if self.limit is None:
            return None
        return 100 if self.limit == 0 else min(100, round(100 * self.used / self.limit))

    @property
    def state(self) -> State:
        """Whether it is nearly or wholly used."""
        return _state(self.used, self.limit)


class Budget(Struct, frozen=True, kw_only=True):
    """What a person wants to spend a month at most, whoever pays; from 80 % on it is a warning."""

    used_usd: float
    limit_usd: float | None
    state: State
    resets_at: str


class PlanUsage(Struct, frozen=True, kw_only=True):
    """A person's plan with what is used of it. Questions, tokens and money count what the server pays."""

    plan: str
    plan_name: str
    premium_until: str | None
    uses_server_keys: bool
    uses_premium_ais: bool
    only_models: list[str]
    """Patterns of `provider:model`; empty for all."""
    ais_per_turn: int | None
    messages_per_day: Limit
    concurrent_answers: Limit
    tokens_per_month: Limit
    usd_per_month: Limit
    budget: Budget
    notice: str = ""
    """What to know before the next question, in the request's language; empty while nothing runs out."""


def usage_of(user: User, *, now: datetime) -> PlanUsage:
    """What this person has used and left at this moment."""
    plan = plan_of(user)
    used = ledger.used_now(user, now)
    periods = Periods.of(now)
    day, month = timestamp(periods.next_day), timestamp(periods.next_month)
    running = LedgerEntry.objects.filter(user=user, outcome="").count()
    usd = None if plan.usd_per_month is None else float(plan.usd_per_month)
    usage = PlanUsage(
        plan=plan.slug,
        plan_name=plan.label,
        premium_until=timestamp(user.premium_until) if user.has_premium and user.premium_until else None,
        uses_server_keys=plan.uses_server_keys,
        uses_premium_ais=plan.uses_premium_ais,
        only_models=plan.only_models.split(),
        ais_per_turn=plan.ais_per_turn,
        messages_per_day=_limit(used[DAY].messages, plan.messages_per_day, day),
        concurrent_answers=_limit(running, plan.concurrent_answers, None),
        tokens_per_month=_limit(used[MONTH].tokens, plan.tokens_per_month, month),
        usd_per_month=_limit(used[MONTH].nanousd / NANO_PER_USD, usd, month),
        budget=_budget(user, used[MONTH].all_nanousd, month),
    )
    return replace(usage, notice=_notice(usage))


def _notice(usage: PlanUsage) -> str:
    budget = usage.budget
    if budget.state == "used_up":
        return _("Your budget of this month is used up; it begins anew on the first.")
    if budget.state == "warning":
        percent = round(100 * budget.used_usd / (budget.limit_usd or 1))
        return _("You have used %(percent)s%% of your monthly budget.") % {"percent": percent}
    if not usage.uses_server_keys:
        return ""
    day = usage.messages_per_day
    if day.state == "used_up":
        return _("Your plan’s questions for today are used up; they come back at midnight.")
    if day.state == "warning":
        left = int(day.left or 0)
        said = ngettext("%(left)s question left for today.", "%(left)s questions left for today.", left)
        return said % {"left": left}
    for limit in (usage.usd_per_month, usage.tokens_per_month):
        if limit.state != "fine":
            said = _("You have used %(percent)s%% of what your plan has a month.")
            return said % {"percent": limit.percent}
    return ""


def _limit(used: float, limit: float | None, resets_at: str | None) -> Limit:
    left = None if limit is None else max(0, limit - used)
    return Limit(used=used, limit=limit, left=left, resets_at=resets_at)


def _state(used: float, limit: float | None) -> State:
    if limit is None or used < limit * WARNING:
        return "fine"
    return "warning" if used < limit else "used_up"


def _budget(user: User, used_nanousd: int, resets_at: str) -> Budget:
    limit = ledger.nanousd_budget(user)
    return Budget(
        used_usd=used_nanousd / NANO_PER_USD,
        limit_usd=None if limit is None else limit / NANO_PER_USD,
        state=_state(used_nanousd, limit),
        resets_at=resets_at,
    )
