"""The ledger itself: what is reserved and counted, what is refused at which sum, and what comes back."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import (
    BudgetUsedUp,
    QuestionsUsedUp,
    SpendingUsedUp,
    TokensUsedUp,
    TooManyAis,
    TooManyAnswers,
    UsedUp,
)
from accounts.models import LedgerEntry, Plan, UsedInPeriod, User
from accounts.plans import ledger
from accounts.plans.ledger import Call, Payer, Settlement, Used, reserve, settle, settle_entry
from accounts.plans.periods import Periods
from common.words.times import timestamp

pytestmark = pytest.mark.django_db

DONE = Settlement(outcome="done", input_tokens=30, output_tokens=12, reasoning_tokens=5, nanousd=700)
FAILED = Settlement(outcome="failed")
OPEN = Plan(slug="open", uses_server_keys=True)


@pytest.fixture(autouse=True)
def ledger_agrees(db: None) -> Iterator[None]:
    """Whatever a test did: a period's sums are those of its entries."""
    yield
    kept = {
        (row.user_id, row.kind, row.starts_on): Used(*(getattr(row, name) for name in ledger.SUMS))
        for row in UsedInPeriod.objects.all()
    }
    sums = ledger.sums_of(LedgerEntry.objects.all())
    assert {key: one for key, one in kept.items() if one != Used()} == {
        key: one for key, one in sums.items() if one != Used()
    }


def call(answer_id: int | None = None, provider: str = "openai", **more: Any) -> Call:
    return Call(answer_id=answer_id, provider=provider, model="m", **({"payer": Payer.SERVER} | more))


def book(user: User, *calls: Call, plan: Plan = OPEN, message_id: int = 1, **more: Any) -> list[LedgerEntry]:
    return reserve(user, plan, calls, message_id=message_id, conversation_id=9, **more)


def used(user: User) -> dict[str, Used]:
    return ledger.used_now(user, timezone.now())


def entry(answer_id: int) -> LedgerEntry:
    return LedgerEntry.objects.get(answer_id=answer_id)


def test_what_is_reserved_says_of_whom_of_what_and_how_much(ana: User) -> None:
    before = timezone.now()
    book(ana, call(1, input_tokens=10, output_tokens=5, nanousd=400), call(2), call(3, "mistral"))
    first, second, third = LedgerEntry.objects.order_by("answer_id")
    assert (first.user, first.provider, first.model, first.payer) == (ana, "openai", "m", "server")
    assert (first.message_id, first.conversation_id, first.purpose) == (1, 9, "answer")
    assert (first.reserved_input_tokens, first.reserved_tokens, first.reserved_nanousd) == (10, 15, 400)
    assert before <= first.asked_at <= timezone.now()
    assert [one.messages for one in (first, second, third)] == [1, 0, 0]
    assert [one.is_first for one in (first, second, third)] == [True, False, False]
    assert [one.is_first_of_provider for one in (first, second, third)] == [True, False, True]
    assert used(ana) == {ledger.DAY: Used(1, 15, 400, 400), ledger.MONTH: Used(1, 15, 400, 400)}


def test_without_calls_nothing_is_reserved(ana: User) -> None:
    assert book(ana) == []
    assert used(ana)[ledger.DAY] == Used()


@pytest.mark.parametrize(
    ("payer", "sums"),
    [
        (Payer.SERVER, Used(1, 15, 400, 400)),
        (Payer.PERSON, Used(0, 0, 0, 400)),
        (Payer.NOBODY, Used(0, 0, 0, 400)),
    ],
)
def test_a_plan_counts_what_the_server_pays_and_a_budget_all(ana: User, payer: Payer, sums: Used) -> None:
    book(ana, call(1, payer=payer, input_tokens=10, output_tokens=5, nanousd=400))
    assert used(ana)[ledger.MONTH] == sums


def test_one_call_that_the_server_pays_makes_it_a_question(ana: User) -> None:
    book(ana, call(1, payer=Payer.PERSON), call(2))
    assert used(ana)[ledger.DAY].messages == 1
    assert entry(1).messages == 1


def test_a_title_is_no_question_and_no_first_call(ana: User) -> None:
    [title] = book(ana, call(nanousd=5), purpose=LedgerEntry.Purpose.TITLE)
    assert (title.purpose, title.messages, title.is_first, title.is_first_of_provider) == (
        "title",
        0,
        False,
        False,
    )
    assert used(ana)[ledger.DAY] == Used(0, 0, 5, 5)


def test_another_try_of_a_turn_counts_only_where_the_turn_does_not(ana: User) -> None:
    book(ana, call(1))
    [again] = book(ana, call(2), is_again=True)
    assert (again.messages, again.is_first, again.is_first_of_provider) == (0, False, False)
    settle({1: FAILED, 2: FAILED})
    assert used(ana)[ledger.DAY].messages == 0
    [once_more] = book(ana, call(3), is_again=True)
    assert (once_more.messages, once_more.is_first) == (1, False)
    # Another turn's count is another turn's.
    [of_another] = book(ana, call(4), message_id=2, is_again=True)
    assert of_another.messages == 1
    assert used(ana)[ledger.DAY].messages == 2


def bound(**limits: object) -> Plan:
    return Plan(slug="bound", uses_server_keys=True, **limits)


LIMITS: list[tuple[dict[str, object], Call, type[UsedUp], str]] = [
    ({"messages_per_day": 2}, call(), QuestionsUsedUp, "2"),
    ({"tokens_per_month": 30}, call(input_tokens=10, output_tokens=5), TokensUsedUp, "30"),
    ({"usd_per_month": Decimal("0.50")}, call(nanousd=250_000_000), SpendingUsedUp, "0.50"),
]


@pytest.mark.parametrize(("limits", "one", "error", "shown"), LIMITS)
def test_a_limit_may_be_reached_and_not_passed(
    ana: User, limits: dict[str, object], one: Call, error: type[UsedUp], shown: str
) -> None:
    plan = bound(**limits)
    book(ana, one, plan=plan)
    book(ana, one, plan=plan, message_id=2)
    # A third would pass it: the caller's transaction ends with the refusal.
    with pytest.raises(error) as refused, transaction.atomic():
        book(ana, one, plan=plan, message_id=3)
    assert refused.value.params["limit"] in (shown, int(shown) if shown.isdigit() else None)
    periods, now = Periods.of(timezone.now()), timezone.now()
    ends = periods.next_day if error is QuestionsUsedUp else periods.next_month
    assert refused.value.params["resets_at"] == timestamp(ends)
    assert refused.value.params["zone"] == "UTC"
    assert refused.value.params["retry_after_s"] in [
        ceil((ends - now).total_seconds()) + late for late in (0, 1)
    ]


@pytest.mark.parametrize(("limits", "one", "error", "shown"), LIMITS)
def test_what_adds_nothing_to_a_sum_is_not_refused_for_it(
    ana: User, limits: dict[str, object], one: Call, error: type[UsedUp], shown: str
) -> None:
    # The limit was lowered after so much was used.
    book(ana, call(input_tokens=100, nanousd=900_000_000))
    book(ana, call(payer=Payer.PERSON), plan=bound(**limits | {"messages_per_day": 0}), message_id=2)


def test_a_budget_of_ones_own_holds_whoever_pays(ana: User) -> None:
    ana.budget_usd = Decimal("0.50")
    own = call(payer=Payer.PERSON, nanousd=250_000_000)
    book(ana, own)
    book(ana, own, message_id=2)
    with pytest.raises(BudgetUsedUp) as refused, transaction.atomic():
        book(ana, call(payer=Payer.PERSON, nanousd=1), message_id=3)
    assert refused.value.params["limit"] == "0.50"
    assert refused.value.params["resets_at"] == timestamp(Periods.of(timezone.now()).next_month)
    book(ana, call(payer=Payer.PERSON), message_id=4)


def test_days_and_months_count_by_themselves(ana: User) -> None:
    book(ana, call(input_tokens=20))
    yesterday = Periods.of(timezone.now()).day - timedelta(days=1)
    UsedInPeriod.objects.filter(kind=ledger.DAY).update(starts_on=yesterday)
    assert used(ana) == {ledger.DAY: Used(), ledger.MONTH: Used(1, 20, 0, 0)}
    book(ana, call(), plan=bound(messages_per_day=1), message_id=2)
    with pytest.raises(TokensUsedUp), transaction.atomic():
        book(ana, call(input_tokens=1), plan=bound(tokens_per_month=20), message_id=3)
    LedgerEntry.objects.all().delete()
    UsedInPeriod.objects.all().delete()


def test_what_somebody_else_uses_is_theirs(ana: User, owner: User) -> None:
    book(owner, call(input_tokens=50), call(), plan=bound(messages_per_day=1))
    assert used(ana)[ledger.MONTH] == Used()
    book(ana, call(), plan=bound(messages_per_day=1, concurrent_answers=1), message_id=2)


def test_a_plan_bounds_the_ais_of_a_question(ana: User) -> None:
    plan = bound(ais_per_turn=2)
    book(ana, call(), call(), plan=plan)
    with pytest.raises(TooManyAis) as refused:
        book(ana, call(), call(), call(), plan=plan, message_id=2)
    assert refused.value.params["limit"] == 2


def test_a_plan_bounds_what_is_being_written_at_the_same_time(ana: User) -> None:
    plan = bound(concurrent_answers=2)
    book(ana, call(1), call(2), plan=plan)
    with pytest.raises(TooManyAnswers) as refused, transaction.atomic():
        book(ana, call(3), plan=plan, message_id=2)
    assert (refused.value.params["limit"], refused.value.params["running"]) == (2, 2)
    settle({1: DONE})
    book(ana, call(3), plan=plan, message_id=2)


@pytest.mark.parametrize(
    ("limits", "budget", "matters"),
    [
        ({}, None, False),
        ({"messages_per_day": 1, "concurrent_answers": 1}, None, False),
        ({"tokens_per_month": 0}, None, True),
        ({"usd_per_month": Decimal(0)}, None, True),
        ({}, Decimal(0), True),
    ],
)
def test_what_a_question_may_cost_is_asked_where_a_limit_needs_it(
    limits: dict[str, object], budget: Decimal | None, matters: bool
) -> None:
    assert ledger.is_measured(User(budget_usd=budget), bound(**limits)) is matters


def test_a_settled_call_says_what_became_of_it_and_stays_so(ana: User) -> None:
    book(ana, call(1, input_tokens=1000, output_tokens=1000, nanousd=9000), call(2, nanousd=40))
    settle({1: DONE})
    first = entry(1)
    told = {name: getattr(first, name) for name in Settlement.__slots__}
    assert Settlement(**told) == DONE
    assert first.settled_at is not None
    assert (first.tokens, first.cost) == (42, 700)
    assert entry(2).outcome == ""
    assert used(ana)[ledger.MONTH] == Used(1, 42, 740, 740)
    settle({1: FAILED})
    assert entry(1).outcome == "done"
    settle({})


def test_a_call_of_unknown_cost_gives_back_what_it_had_reserved(ana: User) -> None:
    [title] = book(ana, call(input_tokens=10, output_tokens=5, nanousd=400))
    settle_entry(title.pk, Settlement(outcome="stopped", input_tokens=7))
    assert used(ana)[ledger.DAY] == Used(1, 7, 0, 0)
    title.refresh_from_db()
    assert (title.tokens, title.cost) == (7, 0)
    settle_entry(title.pk, DONE)
    title.refresh_from_db()
    assert (title.outcome, title.tokens) == ("stopped", 7)


def test_a_question_comes_back_when_the_last_of_its_answers_has_failed(ana: User) -> None:
    book(ana, call(1), call(2))
    book(ana, call(3), message_id=2)
    settle({1: FAILED})
    assert used(ana)[ledger.DAY].messages == 2
    settle({2: FAILED})
    assert used(ana)[ledger.DAY].messages == 1
    assert (entry(1).messages, entry(3).messages) == (0, 1)


def test_a_title_that_worked_does_not_make_a_failed_question_count(ana: User) -> None:
    book(ana, call(1))
    [title] = book(ana, call(), purpose=LedgerEntry.Purpose.TITLE)
    settle_entry(title.pk, DONE)
    settle({1: FAILED})
    assert used(ana)[ledger.DAY].messages == 0


def test_a_call_is_settled_in_the_period_in_which_it_was_asked(ana: User) -> None:
    book(ana, call(1, nanousd=1000))
    before = Periods.of(timezone.now() - timedelta(days=40))
    LedgerEntry.objects.update(asked_at=timezone.now() - timedelta(days=40))
    for kind, starts_on in ((ledger.DAY, before.day), (ledger.MONTH, before.month)):
        UsedInPeriod.objects.filter(kind=kind).update(starts_on=starts_on)
    settle({1: DONE})
    assert used(ana)[ledger.MONTH] == Used()


def test_entries_of_a_deleted_account_are_settled_without_sums(ana: User) -> None:
    book(ana, call(1))
    ana.delete()
    settle({1: DONE})
    assert (entry(1).outcome, entry(1).user_id) == ("done", None)
    assert ledger.sums_of([entry(1)]) == {}
