"""What a call is booked for: who pays, what it may come to at the most, and what it came to."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import LedgerEntry, Plan, User
from accounts.plans import ledger
from accounts.plans.ledger import Settlement, Used
from chat.ais.access import Access
from chat.models import Answer, Attachment, Message, Model, Provider
from chat.store import booking
from chat.store.booking import Column
from chat.tests.api.conversations.test_views import make, make_turn
from providers.base import Usage

NANO = 1_000_000_000


@pytest.fixture
def plan(alice: User) -> Plan:
    """Alice's, which measures; OpenAI's tokens cost two dollars a million, and ten for those written."""
    Model.objects.filter(provider__slug="openai").update(
        input_price=2, output_price=10, cached_price=None, tiers=[], reasons=None
    )
    plan = Plan.objects.create(slug="alices", uses_server_keys=True, tokens_per_month=10_000_000)
    alice.plan = plan
    alice.save(update_fields=["plan"])
    return plan


@pytest.fixture
def turn(alice: User) -> Message:
    """The assistant's message of a second question: 30 bytes were asked before and 6 now, 12 answered."""
    conversation = make(alice)
    make_turn(conversation, "a" * 30, openai="b" * 9, mistral="é")
    return make_turn(conversation, "é" * 3)


def column(slug: str | None = "openai", answer_id: int = 1, **more: Any) -> Column:
    provider = Provider.objects.get(slug=slug) if slug else None
    values: dict[str, Any] = {"name": slug or "gone", "slug": slug or "gone", "model": "gpt-5.4-mini"}
    return Column(answer_id=answer_id, provider=provider, **({"settings": {}} | values | more))


def book(user: User, turn: Message, *columns: Column, context: Any = "own", **more: Any) -> list[LedgerEntry]:
    booking.reserve(
        user,
        columns,
        conversation_id=turn.conversation_id,
        message_id=turn.pk,
        context=context,
        **more,
    )
    return [*LedgerEntry.objects.order_by("answer_id")]


def sizes(entry: LedgerEntry) -> tuple[int, int]:
    """Tokens reserved for what is told and for what is written."""
    return entry.reserved_input_tokens, entry.reserved_tokens - entry.reserved_input_tokens


@pytest.mark.usefixtures("plan")
def test_an_answer_is_reserved_by_what_it_is_told(alice: User, turn: Message) -> None:
    [entry] = book(alice, turn, column())
    # 30 and 6 bytes asked, 9 that it answered itself: 45 bytes, three to a token.
    assert sizes(entry) == (15, booking.OUTPUT_TOKENS)
    assert entry.reserved_nanousd == 15 * 2000 + booking.OUTPUT_TOKENS * 10_000
    assert (entry.provider, entry.model, entry.payer) == ("openai", "gpt-5.4-mini", "server")
    assert (entry.message_id, entry.conversation_id) == (turn.pk, turn.conversation_id)
    assert entry.is_first


@pytest.mark.usefixtures("plan")
def test_told_of_all_answers_it_is_reserved_for_all(alice: User, turn: Message) -> None:
    [entry] = book(alice, turn, column(), context="all")
    # Two bytes more, of Mistral's answer: the last token is begun.
    assert sizes(entry) == (16, booking.OUTPUT_TOKENS)


@pytest.fixture
def elsewhere(alice: User) -> Message:
    """A turn of another conversation, which was there before."""
    return make_turn(make(alice), "elsewhere" * 100)


def add_image(turn: Message) -> None:
    owner = turn.conversation.owner
    image = {"media_type": "image/png", "width": 1, "height": 1, "size_bytes": 1, "data": b""}
    Attachment.objects.create(owner=owner, message=turn.parent, **image)


@pytest.mark.usefixtures("plan")
def test_what_the_question_says_of_itself_counts(alice: User, elsewhere: Message, turn: Message) -> None:
    settings = {"system_prompt": "c" * 30, "max_tokens": 50}
    later = make_turn(turn.conversation, "later" * 100, openai="later" * 100)
    for asked in (elsewhere, turn, later):
        add_image(asked)
    [entry] = book(alice, turn, column(settings=settings))
    assert sizes(entry) == (25 + booking.IMAGE_TOKENS, 50)


@pytest.mark.usefixtures("plan")
def test_a_model_that_reasons_is_reserved_for_its_reasoning(alice: User, turn: Message) -> None:
    Model.objects.filter(provider__slug="openai", name="gpt-5.4-mini").update(reasons=True)
    [first, unknown] = book(alice, turn, column(), column(answer_id=2, model="unknown"))
    assert sizes(first)[1] == booking.REASONING_OUTPUT_TOKENS
    # Of a model without a row no price is known.
    assert (sizes(unknown)[1], unknown.reserved_nanousd) == (booking.OUTPUT_TOKENS, 0)


@pytest.mark.usefixtures("plan")
def test_what_nobody_pays_for_reserves_nothing(alice: User, turn: Message) -> None:
    entries = book(alice, turn, column("demo", model="quick"), column(None, answer_id=2))
    assert [(one.payer, one.reserved_tokens, one.reserved_nanousd) for one in entries] == [
        ("nobody", 0, 0),
        ("nobody", 0, 0),
    ]
    assert [one.reserved_input_tokens for one in entries] == [0, 0]


def test_without_a_limit_on_cost_nothing_is_measured(alice: User, turn: Message) -> None:
    Plan.objects.filter(slug="premium").update(tokens_per_month=None, usd_per_month=None)
    [entry] = book(alice, turn, column())
    assert (entry.payer, entry.reserved_tokens, entry.messages) == ("server", 0, 1)


@pytest.mark.usefixtures("plan")
def test_another_try_is_booked_as_one(alice: User, turn: Message) -> None:
    book(alice, turn, column())
    [_first, again] = book(alice, turn, column(answer_id=2), is_again=True)
    assert (again.messages, again.is_first) == (0, False)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("aaa", 1), ("aaaa", 2), ("éé", 2)])
def test_tokens_are_estimated_rather_too_high_than_too_low(text: str, tokens: int) -> None:
    assert booking.tokens_of(text) == tokens


# --- What it came to ------------------------------------------------------------------------------------


def answer_of(turn: Message, **more: Any) -> Answer:
    values = dict.fromkeys(("target", "name", "provider"), "openai") | {
        "position": 0,
        "status": "interrupted",
    }
    values |= {"model": "gpt-5.4-mini", "text": "d" * 30}
    row = Provider.objects.get(slug="openai")
    return Answer.objects.create(message=turn, provider_row=row, **(values | more))


def booked(alice: User, turn: Message, **more: Any) -> Answer:
    """An answer of which so much text is there, and its reservation."""
    answer = answer_of(turn, **more)
    book(alice, turn, column(answer.provider, answer_id=answer.pk))
    return answer


def usage(answer: Answer) -> tuple[int | None, int | None, int | None, bool]:
    answer.refresh_from_db()
    return answer.input_tokens, answer.output_tokens, answer.cost_nanousd, answer.is_estimated


@pytest.mark.usefixtures("plan")
def test_an_answer_that_was_lost_costs_what_is_there_of_it(alice: User, turn: Message) -> None:
    answer = booked(alice, turn, reasoning="e" * 3)
    booking.estimate_lost([answer])
    assert (answer.output_tokens, answer.is_estimated) == (11, True)
    assert usage(answer) == (15, 11, 15 * 2000 + 11 * 10_000, True)


@pytest.mark.usefixtures("plan")
def test_reasoning_alone_was_written_too(alice: User, turn: Message) -> None:
    answer = booked(alice, turn, text="", reasoning="e" * 3)
    booking.estimate_lost([answer])
    assert usage(answer)[1] == 1


@pytest.mark.usefixtures("plan")
def test_of_a_model_without_a_price_tokens_are_estimated_alone(alice: User, turn: Message) -> None:
    answer = booked(alice, turn)
    Answer.objects.filter(pk=answer.pk).update(provider_row=None)
    booking.estimate_lost([Answer.objects.get(pk=answer.pk)])
    assert usage(answer) == (15, 10, None, True)


@pytest.mark.usefixtures("plan")
def test_what_the_vendor_said_nobody_wrote_or_nobody_booked_is_not_estimated(
    alice: User, turn: Message
) -> None:
    said = booked(alice, turn, output_tokens=3)
    empty = answer_of(turn, position=1, text="")
    unbooked = answer_of(turn, position=2)
    demo = booked(alice, turn, position=3, provider="demo")
    last = booked(alice, turn, position=4)
    booking.estimate_lost([said, empty, unbooked, demo, last])
    assert [usage(one)[3] for one in (said, empty, unbooked, demo, last)] == [False] * 4 + [True]
    assert usage(said)[1] == 3


@pytest.mark.usefixtures("plan")
def test_an_answers_row_is_what_the_ledger_keeps(alice: User, turn: Message) -> None:
    row = {
        "input_tokens": 1,
        "output_tokens": 2,
        "reasoning_tokens": 3,
        "is_estimated": True,
        "first_token_ms": 5,
        "total_ms": 6,
    }
    answer = booked(alice, turn, status="stopped", cost_nanousd=4, **row)
    booking.settle([answer])
    entry = LedgerEntry.objects.get()
    assert (entry.outcome, entry.nanousd) == ("stopped", 4)
    assert {name: getattr(entry, name) for name in row} == row


# --- Titles ---------------------------------------------------------------------------------------------


def done(given: int | None, made: int | None, **more: Any) -> Settlement:
    return Settlement(outcome="done", input_tokens=given, output_tokens=made, **more)


def book_title(alice: User, answer: Answer, told: Iterable[str] = ("a" * 30,)) -> booking.BookedCall | None:
    reach = Access(alice, [answer.provider_row] if answer.provider_row else [])
    return booking.reserve_call(
        LedgerEntry.Purpose.TITLE,
        alice,
        reach,
        answer,
        conversation_id=answer.message.conversation_id,
        told=told,
        max_tokens=20,
    )


@pytest.mark.usefixtures("plan")
def test_a_title_is_booked_beside_its_question(alice: User, turn: Message) -> None:
    title = book_title(alice, answer_of(turn), ["a" * 30, "b" * 4])
    assert title
    entry = LedgerEntry.objects.get()
    assert (entry.pk, entry.reserved_input_tokens) == (title.entry_id, title.input_tokens)
    assert (sizes(entry), entry.reserved_nanousd) == ((12, 20), 12 * 2000 + 20 * 10_000)
    assert (entry.purpose, entry.messages, entry.answer_id) == ("title", 0, None)
    assert (entry.provider, entry.model, entry.payer) == ("openai", "gpt-5.4-mini", "server")
    assert (entry.message_id, entry.conversation_id) == (turn.pk, turn.conversation_id)


@pytest.mark.usefixtures("plan")
def test_a_title_of_a_model_without_a_price_costs_nothing_that_is_known(alice: User, turn: Message) -> None:
    title = book_title(alice, answer_of(turn, model="unknown"))
    assert title
    assert (LedgerEntry.objects.get().reserved_nanousd, title.prices) == (0, None)


def test_where_nothing_is_left_there_is_no_title_and_nothing_is_kept_of_it(
    alice: User, plan: Plan, turn: Message
) -> None:
    Plan.objects.filter(pk=plan.pk).update(tokens_per_month=29)
    assert book_title(alice, answer_of(turn)) is None
    assert not LedgerEntry.objects.exists()
    assert ledger.used_now(alice, timezone.now())[ledger.MONTH] == Used()


@pytest.mark.usefixtures("plan")
def test_an_ai_that_is_gone_makes_no_title(alice: User, turn: Message) -> None:
    answer = answer_of(turn)
    answer.provider_row = None
    assert book_title(alice, answer) is None


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    ("said", "settled"),
    [
        (None, Settlement(outcome="failed")),
        (Usage(8, 4, reasoning_tokens=2), done(8, 4, reasoning_tokens=2, nanousd=8 * 2000 + 4 * 10_000)),
        (Usage(), done(10, 3, nanousd=10 * 2000 + 3 * 10_000, is_estimated=True)),
        # A vendor that says what it cost has said enough.
        (Usage(cost_usd=0.001), done(None, None, nanousd=NANO // 1000)),
        (Usage(None, 4), done(None, 4)),
    ],
)
def test_a_title_is_settled_by_the_vendors_word_or_an_estimate(
    alice: User, turn: Message, said: Usage | None, settled: Settlement
) -> None:
    title = book_title(alice, answer_of(turn))
    assert title
    booking.settle_call(title, "f" * 9, said)
    entry = LedgerEntry.objects.get()
    assert Settlement(**{name: getattr(entry, name) for name in Settlement.__slots__}) == settled


# --- What nobody settled --------------------------------------------------------------------------------


@pytest.mark.usefixtures("plan")
def test_only_what_has_ended_some_time_ago_is_settled_by_others(alice: User, turn: Message) -> None:
    now, late = timezone.now(), timezone.now() - booking.LEFT_AFTER - timedelta(seconds=1)
    writing = booked(alice, turn)
    ended = booked(alice, turn, position=1, finished_at=now)
    left = booked(alice, turn, position=2, finished_at=late)
    gone = booked(alice, turn, position=3, finished_at=late)
    LedgerEntry.objects.update(asked_at=late)
    fresh = booked(alice, turn, position=4, finished_at=late)
    gone_id = gone.pk
    gone.delete()
    assert booking.settle_left() == 2
    outcomes = dict(LedgerEntry.objects.values_list("answer_id", "outcome"))
    assert [outcomes[one.pk] for one in (writing, ended, left, fresh)] == ["", "", "interrupted", ""]
    assert outcomes[gone_id] == "interrupted"
    entry = LedgerEntry.objects.get(answer_id=left.pk)
    assert (entry.output_tokens, entry.is_estimated) == (10, True)
    assert Decimal(entry.nanousd or 0) == 15 * 2000 + 10 * 10_000
    assert booking.settle_left() == 0
