"""What people may use: reserved before it is asked, settled when it has ended, and refused past a limit."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from accounts.models import LedgerEntry, Plan, UsedInPeriod, User
from accounts.plans import ledger
from accounts.plans.ledger import Used
from chat.ais.access import Access
from chat.models import Answer, Message, Model, Provider
from chat.store import booking
from tests.site.vendor import Exchange, Vendor, answering

QUESTION = "How do I sort a list?"


@pytest.fixture(autouse=True)
def ledger_agrees(transactional_db: None) -> Iterator[None]:
    """Whatever a test did: a period's sums are those of its entries, and of the answers that there are."""
    yield
    entries = LedgerEntry.objects.all()
    kept = {
        (row.user_id, row.kind, row.starts_on): Used(*(getattr(row, name) for name in ledger.SUMS))
        for row in UsedInPeriod.objects.all()
    }
    assert {key: sums for key, sums in kept.items() if sums != Used()} == {
        key: sums for key, sums in ledger.sums_of(entries).items() if sums != Used()
    }
    by_id = {entry.answer_id: entry for entry in entries}
    for answer in Answer.objects.exclude(status__in=Answer.UNFINISHED):
        entry = by_id[answer.pk]
        assert (entry.outcome, entry.nanousd) == (answer.status, answer.cost_nanousd)
        assert (entry.input_tokens, entry.output_tokens) == (answer.input_tokens, answer.output_tokens)


@pytest.fixture
def plan(alice: User, vendor: Vendor) -> Plan:
    """Alice's: without limits until a test sets one. OpenAI costs a dollar for a thousand tokens."""
    Model.objects.filter(provider__slug="openai").update(
        input_price=1000, output_price=1000, cached_price=None, tiers=[]
    )
    vendor.scripts |= dict.fromkeys(("openai", "mistral", "groq"), answering("One ", "word"))
    plan = Plan.objects.create(slug="alices", uses_server_keys=True)
    alice.plan = plan
    alice.save(update_fields=["plan"])
    return plan


def limit(plan: Plan, **limits: object) -> None:
    Plan.objects.filter(pk=plan.pk).update(**limits)


def ask(client: Client, *providers: str, headers: dict[str, str] | None = None, **more: object) -> Any:
    body = {"message": QUESTION, "selected_providers": providers or ["openai"]} | more
    return client.post("/api/chat/send", json.dumps(body), content_type="application/json", headers=headers)


def retry(client: Client, answer_id: int) -> Any:
    return client.post(f"/api/chat/answers/{answer_id}/retry")


def used(user: User) -> Used:
    """This month's."""
    return ledger.used_now(user, LedgerEntry.objects.latest("pk").asked_at)[ledger.MONTH]


def refusal(answer: Any, code: str) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["code"]) == (429, code)
    return document


def test_an_answer_is_in_the_ledger_with_what_it_cost(as_alice: Client, alice: User, plan: Plan) -> None:
    sent = ask(as_alice, "openai", "mistral").json()
    first, second = LedgerEntry.objects.order_by("pk")
    assert [first.answer_id, second.answer_id] == [answer["id"] for answer in sent["answers"]]
    assert (first.provider, first.payer, first.outcome, first.is_estimated) == (
        "openai",
        "server",
        "done",
        False,
    )
    assert first.nanousd == first.tokens * 1_000_000
    assert [first.messages, second.messages] == [1, 0]
    assert [(one.is_first, one.is_first_of_provider) for one in (first, second)] == [
        (True, True),
        (False, True),
    ]
    assert used(alice).messages == 1
    assert used(alice).nanousd >= first.cost


def test_a_vendor_that_does_not_say_what_it_took_is_estimated(
    as_alice: Client, vendor: Vendor, plan: Plan
) -> None:
    def silent(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("a" * 300)
        exchange.raw("data: [DONE]\n\n")

    vendor.scripts["openai"] = silent
    [answer] = ask(as_alice).json()["answers"]
    assert (answer["status"], answer["output_tokens"], answer["is_estimated"]) == ("done", 100, True)
    assert LedgerEntry.objects.get().is_estimated


def test_past_the_days_questions_nothing_is_saved_and_reading_goes_on(as_alice: Client, plan: Plan) -> None:
    limit(plan, messages_per_day=2)
    conversation_id = ask(as_alice, "openai", "mistral").json()["conversation_id"]
    assert ask(as_alice).status_code == 200
    before = (Message.objects.count(), Answer.objects.count(), LedgerEntry.objects.count())
    got = ask(as_alice, conversation_id=conversation_id)
    assert "(2)" in refusal(got, "questions_used_up")["detail"]
    assert 0 < int(got["Retry-After"]) <= timedelta(hours=25).total_seconds()
    assert (Message.objects.count(), Answer.objects.count(), LedgerEntry.objects.count()) == before
    assert as_alice.get(f"/api/chat/conversations/{conversation_id}/messages").status_code == 200


def test_what_costs_the_server_nothing_is_not_counted(as_alice: Client, alice: User, plan: Plan) -> None:
    limit(plan, messages_per_day=0, usd_per_month=0, tokens_per_month=0)
    assert ask(as_alice, "demo").status_code == 200
    as_alice.put(
        "/api/chat/providers/openai/key",
        json.dumps({"key": "sk-own-key-of-alice"}),
        content_type="application/json",
    )
    assert ask(as_alice).status_code == 200
    assert [entry.payer for entry in LedgerEntry.objects.order_by("pk")] == ["nobody", "person"]
    assert (used(alice).messages, used(alice).nanousd) == (0, 0)
    assert used(alice).all_nanousd > 0
    refusal(ask(as_alice, "mistral"), "questions_used_up")


def test_a_question_that_failed_everywhere_does_not_count_until_it_is_retried(
    as_alice: Client, alice: User, vendor: Vendor, plan: Plan
) -> None:
    limit(plan, messages_per_day=1)
    vendor.scripts |= dict.fromkeys(("openai", "mistral"), lambda exchange: exchange.refuse(400, "No."))
    failed = ask(as_alice, "openai", "mistral").json()["answers"]
    assert used(alice).messages == 0
    vendor.scripts["openai"] = answering("Yes")
    assert retry(as_alice, failed[0]["id"]).status_code == 202
    again = Answer.objects.latest("pk")
    wait_for_end(again)
    assert used(alice).messages == 1
    refusal(ask(as_alice), "questions_used_up")
    # What counts already is not counted twice.
    assert retry(as_alice, failed[1]["id"]).status_code == 202
    wait_for_end(Answer.objects.latest("pk"))
    assert used(alice).messages == 1


def test_one_answer_of_several_is_enough_to_count(
    as_alice: Client, alice: User, vendor: Vendor, plan: Plan
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.refuse(400, "No.")
    ask(as_alice, "openai", "mistral")
    assert used(alice).messages == 1


def test_money_is_reserved_at_its_most_and_given_back(as_alice: Client, alice: User, plan: Plan) -> None:
    limit(plan, usd_per_month=Decimal("1.00"))
    # A thousand tokens are a dollar: 900 more than this question fit, 2,000 don't.
    assert "$1.00" in refusal(ask(as_alice, max_tokens=2000), "spending_used_up")["detail"]
    assert ask(as_alice, max_tokens=900).status_code == 200
    assert used(alice).nanousd < 100_000_000
    assert ask(as_alice, max_tokens=900).status_code == 200
    refusal(ask(as_alice, "openai", "openai", max_tokens=900), "spending_used_up")


def test_tokens_of_the_whole_thread_are_reserved(as_alice: Client, plan: Plan) -> None:
    limit(plan, tokens_per_month=1000)
    sent = ask(as_alice, max_tokens=100).json()
    Answer.objects.update(text="a" * 3000)
    got = ask(as_alice, max_tokens=100, conversation_id=sent["conversation_id"])
    refusal(got, "tokens_used_up")
    assert (
        ask(as_alice, "mistral", max_tokens=100, conversation_id=sent["conversation_id"]).status_code == 200
    )


def test_a_persons_own_budget_counts_what_anybody_pays(as_alice: Client, alice: User, plan: Plan) -> None:
    User.objects.filter(pk=alice.pk).update(budget_usd=Decimal("0.50"))
    refusal(ask(as_alice, max_tokens=2000), "budget_used_up")
    assert ask(as_alice, max_tokens=100).status_code == 200
    assert ask(as_alice, "demo").status_code == 200


def test_a_plan_bounds_the_ais_of_a_question(as_alice: Client, plan: Plan) -> None:
    limit(plan, ais_per_turn=1)
    got = ask(as_alice, "openai", "mistral")
    assert (got.status_code, got.json()["code"]) == (403, "too_many_ais")
    assert not Message.objects.exists()


def test_a_plan_bounds_the_answers_at_the_same_time(as_alice: Client, vendor: Vendor, plan: Plan) -> None:
    limit(plan, concurrent_answers=1)
    refusal(ask(as_alice, "openai", "mistral"), "too_many_answers")
    assert ask(as_alice).status_code == 200
    assert ask(as_alice).status_code == 200


def test_a_model_outside_the_plan_is_refused_and_not_offered(as_alice: Client, plan: Plan) -> None:
    limit(plan, only_models="openai:gpt-5.4-mini\nmistral")
    assert ask(as_alice, "openai:gpt-5.4-mini").json()["errors"] == {}
    errors = ask(as_alice, "openai:gpt-5.4", "groq").json()["errors"]
    assert [error["code"] for error in errors.values()] == ["not_in_plan", "not_in_plan"]
    listed = as_alice.get("/api/chat/providers/openai").json()["models"]
    assert [model["name"] for model in listed] == ["gpt-5.4-mini"]


def test_where_the_plan_lacks_the_usual_model_its_first_one_is_asked(
    as_alice: Client, vendor: Vendor, plan: Plan
) -> None:
    limit(plan, only_models="openai:gpt-4*")
    Model.objects.filter(name="gpt-4.1-mini").update(position=0)
    body = ask(as_alice, "openai").json()
    assert body["errors"] == {}
    assert [answer["model"] for answer in body["answers"]] == ["gpt-4.1-mini"]
    assert as_alice.get("/api/chat/providers/openai").json()["default_model"] == "gpt-4.1-mini"
    groq = as_alice.get("/api/chat/providers/groq").json()
    assert (groq["ready"], groq["reason"]) == (False, "not_in_plan")


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_closed_account_asks_nothing_of_the_server_any_more(
    alice: User, plan: Plan, is_superuser: bool
) -> None:
    provider = Provider.objects.get(slug="openai")
    alice.is_superuser = is_superuser
    assert Access(alice, [provider]).obstacle(provider) == ""
    alice.is_active = False
    assert Access(alice, [provider]).obstacle(provider) == "premium"


def test_a_stopped_answer_costs_what_was_written(
    as_alice: Client, alice: User, vendor: Vendor, plan: Plan
) -> None:
    begun = Event()

    def endless(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("a" * 300)
        begun.set()
        exchange.hang()

    vendor.scripts["openai"] = endless
    assert ask(as_alice, headers={"Prefer": "respond-async"}).status_code == 202
    assert begun.wait(30)
    answer = Answer.objects.get()
    as_alice.post(f"/api/chat/answers/{answer.pk}/stop")
    entry = wait_for_settlement(answer)
    assert (entry.outcome, entry.is_estimated, entry.output_tokens) == ("stopped", True, 100)
    answer.refresh_from_db()
    assert answer.cost_nanousd == entry.nanousd == used(alice).nanousd


def test_what_nobody_settled_is_settled_from_its_row(as_alice: Client, alice: User, plan: Plan) -> None:
    ask(as_alice, "openai", "mistral")
    gone, left = LedgerEntry.objects.order_by("pk")
    Answer.objects.get(provider="openai").delete()
    Answer.objects.update(finished_at=F("finished_at") - booking.LEFT_AFTER * 2)
    for entry in (gone, left):
        before = ledger.sums_of([entry])
        LedgerEntry.objects.filter(pk=entry.pk).update(
            outcome="", nanousd=None, asked_at=F("asked_at") - booking.LEFT_AFTER * 2
        )
        for (user_id, kind, _), sums in before.items():
            UsedInPeriod.objects.filter(user=user_id, kind=kind).update(
                tokens=F("tokens") - sums.tokens,
                nanousd=F("nanousd") - sums.nanousd,
                all_nanousd=F("all_nanousd") - sums.all_nanousd,
            )
    assert booking.settle_left() == 2
    assert booking.settle_left() == 0
    gone.refresh_from_db()
    left.refresh_from_db()
    assert (gone.outcome, left.outcome) == ("interrupted", "done")
    assert left.nanousd == Answer.objects.get().cost_nanousd


def test_a_deleted_account_leaves_its_sums_to_the_owner(as_alice: Client, alice: User, plan: Plan) -> None:
    ask(as_alice)
    alice.delete()
    assert LedgerEntry.objects.get().user_id is None
    assert not UsedInPeriod.objects.exists()


def wait_for_settlement(answer: Answer) -> LedgerEntry:
    wait_for_end(answer)
    return LedgerEntry.objects.get(answer_id=answer.pk)


def wait_for_end(answer: Answer) -> None:
    """Until its outcome is in the ledger."""
    for _ in range(600):
        if LedgerEntry.objects.filter(answer_id=answer.pk).exclude(outcome="").exists():
            return
        Event().wait(0.05)
    raise AssertionError("The answer did not end.")
