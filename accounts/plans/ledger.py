"""The ledger: what a call may cost is reserved before it, and settled when it has ended.

Both happen in the transaction of what they belong to, so that what is accepted is reserved, and what has
ended is settled. A person's sums of a period are one row: whoever reserves holds it until the commit, so that
of twenty sends at once each sees what the others have taken.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import (
    BudgetUsedUp,
    QuestionsUsedUp,
    SpendingUsedUp,
    TokensUsedUp,
    TooManyAis,
    TooManyAnswers,
)
from accounts.models import LedgerEntry, Plan, UsedInPeriod, User
from accounts.models.plan import NANO_PER_USD
from accounts.plans.periods import Periods
from common.data.prepared import prepared
from common.words.times import timestamp

Payer = LedgerEntry.Payer
DAY, MONTH = UsedInPeriod.Kind.DAY, UsedInPeriod.Kind.MONTH
SUMS = ("messages", "tokens", "nanousd", "all_nanousd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an AI that is about to be made, and the most it may come to."""

    answer_id: int | None
    provider: str
    model: str
    payer: Payer
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a call. `nanousd` is null where no price is known; `is_estimated`: by our own count."""

    outcome: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    nanousd: int | None = None
    is_estimated: bool = False
    first_token_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """A person's sums of one period; `nanousd` is what the server pays, `all_nanousd` what anybody pays."""

    messages: int = 0
    tokens: int = 0
    nanousd: int = 0
    all_nanousd: int = 0


# --- Reserving ------------------------------------------------------------------------------------------


def reserve(
    user: User,
    plan: Plan,
    calls: Sequence[Call],
    *,
    message_id: int,
    conversation_id: int,
    purpose: str = LedgerEntry.Purpose.ANSWER,
    is_again: bool = False,
) -> list[LedgerEntry]:
    """Reserve what the calls of one turn may come to; belongs into the transaction that saves them.

    `is_again`: the turn was asked before, and these are other tries. Raises TooManyAis, TooManyAnswers,
    QuestionsUsedUp, TokensUsedUp, SpendingUsedUp or BudgetUsedUp; the caller's transaction must end with it.
    """
    now = timezone.now()
    periods = Periods.of(now)
    if plan.ais_per_turn is not None and len(calls) > plan.ais_per_turn:
        raise TooManyAis(limit=plan.ais_per_turn)
    is_question = purpose == LedgerEntry.Purpose.ANSWER
    is_paid = is_question and any(call.payer == Payer.SERVER for call in calls)
    messages = int(is_paid and not (is_again and _counts(message_id)))
    entries = _entries(user, calls, message_id, conversation_id, purpose, now, is_again=is_again)
    if entries:
        entries[0].messages = messages
    added = _sums(entries)
    used = _add(user.pk, periods, added)
    if plan.concurrent_answers is not None:
        running = LedgerEntry.objects.filter(user=user, outcome="").count()
        if running + len(calls) > plan.concurrent_answers:
            raise TooManyAnswers(limit=plan.concurrent_answers, running=running)
    _check(plan, user, added, used, periods, now)
    return LedgerEntry.objects.bulk_create(entries)


def _entries(
    user: User,
    calls: Sequence[Call],
    message_id: int,
    conversation_id: int,
    purpose: str,
    now: datetime,
    *,
    is_again: bool,
) -> list[LedgerEntry]:
    seen: set[str] = set()
    entries = []
    for position, call in enumerate(calls):
        is_new = purpose == LedgerEntry.Purpose.ANSWER and not is_again
        entries.append(
            LedgerEntry(
                user=user,
                purpose=purpose,
                answer_id=call.answer_id,
                message_id=message_id,
                conversation_id=conversation_id,
                provider=call.provider,
                model=call.model,
                payer=call.payer,
                is_first=is_new and position == 0,
                is_first_of_provider=is_new and call.provider not in seen,
                asked_at=now,
                reserved_input_tokens=call.input_tokens,
                reserved_tokens=call.input_tokens + call.output_tokens,
                reserved_nanousd=call.nanousd,
            )
        )
        seen.add(call.provider)
    return entries


def _counts(message_id: int) -> bool:
    """Whether the turn is in the count of questions: it is given back where all its answers failed."""
    return LedgerEntry.objects.filter(message_id=message_id, messages__gt=0).exists()


def _check(
    plan: Plan, user: User, added: Used, used: Mapping[str, Used], periods: Periods, now: datetime
) -> None:
    """Refuse what goes past a limit. What costs nothing is refused for no limit on what things cost."""
    day, month = used[DAY], used[MONTH]
    if added.messages and plan.messages_per_day is not None and day.messages > plan.messages_per_day:
        raise QuestionsUsedUp(limit=plan.messages_per_day, **_until(periods.next_day, now))
    if added.tokens and plan.tokens_per_month is not None and month.tokens > plan.tokens_per_month:
        raise TokensUsedUp(limit=plan.tokens_per_month, **_until(periods.next_month, now))
    limit = plan.nanousd_per_month
    if added.nanousd and limit is not None and month.nanousd > limit:
        raise SpendingUsedUp(limit=f"{plan.usd_per_month:.2f}", **_until(periods.next_month, now))
    budget = nanousd_budget(user)
    if added.all_nanousd and budget is not None and month.all_nanousd > budget:
        raise BudgetUsedUp(limit=f"{user.budget_usd:.2f}", **_until(periods.next_month, now))


def _until(moment: datetime, now: datetime) -> dict[str, Any]:
    """When a limit counts anew, for the sentence and for programs."""
    return {
        "resets_at": timestamp(moment),
        "retry_after_s": ceil((moment - now).total_seconds()),
        "zone": settings.TIME_ZONE,
    }


def nanousd_budget(user: User) -> int | None:
    """What this person wants to spend a month at most."""
    return None if user.budget_usd is None else int(user.budget_usd * NANO_PER_USD)


def is_measured(user: User, plan: Plan) -> bool:
    """Whether it matters what this person's questions may cost, before they are asked."""
    return plan.has_month_limits or user.budget_usd is not None


# --- Settling -------------------------------------------------------------------------------------------


def settle(settlements: Mapping[int, Settlement]) -> None:
    """Settle the calls of these answers, by answer id; what is settled already stays as it is.

    Belongs into the transaction in which the answers end. What failed gives back what it had reserved.
    """
    if settlements:
        with transaction.atomic():
            _settle(_reserved_for([*settlements]), lambda entry: settlements[entry.answer_id or 0])


def settle_entry(entry_id: int, settlement: Settlement) -> None:
    """Settle one call that has no answer: a title's."""
    with transaction.atomic():
        found = LedgerEntry.objects.filter(pk=entry_id, outcome="").select_for_update()
        _settle(list(found), lambda _entry: settlement)


@prepared
def _reserved_for(answer_ids: Collection[int]) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(answer_id__in=answer_ids, outcome="").order_by("pk").select_for_update()


def _settle(entries: Sequence[LedgerEntry], settlement_of: Callable[[LedgerEntry], Settlement]) -> None:
    before = sums_of(entries)
    for entry in entries:
        settlement = settlement_of(entry)
        for name in Settlement.__slots__:
            setattr(entry, name, getattr(settlement, name))
    _write_settled(entries)
    after = sums_of(entries)
    # Always in one order, so that two who settle at once don't wait for each other.
    for key in sorted(before, key=str):
        _shift(key, _less(after[key], before[key]))
    # Of one that has not failed, the turn counts.
    _give_back({entry.message_id for entry in entries if entry.outcome == LedgerEntry.Outcome.FAILED})


def _write_settled(entries: Iterable[LedgerEntry]) -> None:
    """Django's `bulk_update` takes a millisecond a row for its SQL, more than all else at an answer's end."""
    table, columns = LedgerEntry._meta.db_table, Settlement.__slots__
    changes = ", ".join(f"{name} = %s" for name in columns)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.executemany(
            # Nothing in it comes from outside: names of columns and placeholders.
            f"UPDATE {table} SET {changes}, settled_at = %s WHERE id = %s",  # noqa: S608
            [[*(getattr(entry, name) for name in columns), now, entry.pk] for entry in entries],
        )


def _give_back(message_ids: Collection[int]) -> None:
    """A question of which every answer has failed does not count. The periods' rows are held by now."""
    for message_id in sorted(message_ids):
        turn = LedgerEntry.objects.filter(message_id=message_id, purpose=LedgerEntry.Purpose.ANSWER)
        if turn.exclude(outcome=LedgerEntry.Outcome.FAILED).exists():
            continue
        for entry in turn.filter(messages__gt=0):
            LedgerEntry.objects.filter(pk=entry.pk).update(messages=0)
            for key in _keys(entry):
                _shift(key, Used(messages=-entry.messages))


# --- Sums -----------------------------------------------------------------------------------------------

PeriodKey = tuple[int, str, date]


def used_now(user: User, now: datetime) -> dict[str, Used]:
    """A person's sums of the day and of the month of `now`, by kind of period. One query."""
    periods = Periods.of(now)
    rows = UsedInPeriod.objects.filter(user=user, starts_on__in=[periods.day, periods.month])
    found = {(row.kind, row.starts_on): Used(*(getattr(row, name) for name in SUMS)) for row in rows}
    return {
        DAY: found.get((DAY, periods.day), Used()),
        MONTH: found.get((MONTH, periods.month), Used()),
    }


def _sums(entries: Iterable[LedgerEntry]) -> Used:
    messages = tokens = nanousd = all_nanousd = 0
    for entry in entries:
        messages += entry.messages
        all_nanousd += entry.cost
        if entry.payer == Payer.SERVER:
            tokens += entry.tokens
            nanousd += entry.cost
    return Used(messages, tokens, nanousd, all_nanousd)


def _keys(entry: LedgerEntry) -> list[PeriodKey]:
    if entry.user_id is None:
        return []
    periods = Periods.of(entry.asked_at)
    return [(entry.user_id, DAY.value, periods.day), (entry.user_id, MONTH.value, periods.month)]


def sums_of(entries: Iterable[LedgerEntry]) -> dict[PeriodKey, Used]:
    """What the periods' rows must say of these entries: the rule that the ledger keeps."""
    groups: dict[PeriodKey, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        for key in _keys(entry):
            groups[key].append(entry)
    return {key: _sums(group) for key, group in groups.items()}


def _less(one: Used, other: Used) -> Used:
    return Used(*(getattr(one, name) - getattr(other, name) for name in SUMS))


def _add(user_id: int, periods: Periods, added: Used) -> dict[str, Used]:
    """Add to a person's sums of the day and the month, hold both rows, and return what they are now."""
    table = UsedInPeriod._meta.db_table
    changes = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
    values = [getattr(added, name) for name in SUMS]
    with connection.cursor() as cursor:
        cursor.execute(
            # Nothing in it comes from outside: names of columns and placeholders.
            f"INSERT INTO {table} (user_id, kind, starts_on, {', '.join(SUMS)}) "  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s, %s, %s), (%s, %s, %s, %s, %s, %s, %s) "
            f"ON CONFLICT (user_id, kind, starts_on) DO UPDATE SET {changes} "
            f"RETURNING kind, {', '.join(SUMS)}",
            [user_id, DAY.value, periods.day, *values, user_id, MONTH.value, periods.month, *values],
        )
        return {kind: Used(*sums) for kind, *sums in cursor.fetchall()}


def _shift(key: PeriodKey, by: Used) -> None:
    table = UsedInPeriod._meta.db_table
    changes = ", ".join(f"{name} = {name} + %s" for name in SUMS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {changes} WHERE user_id = %s AND kind = %s AND starts_on = %s",  # noqa: S608
            [*(getattr(by, name) for name in SUMS), *key],
        )
