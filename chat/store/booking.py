"""What calls of AIs are booked for in the ledger: who pays, what they may come to, and what they came to.

Where a vendor does not say how many tokens it took, or can't since the answer was cut off, they are estimated
from the text: it is paid for all the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import LedgerEntry, User
from accounts.plans import ledger
from accounts.plans.ledger import Call, Settlement
from chat.ais.access import Access
from chat.events import Context
from chat.models import Answer, Attachment, Message, Model, Provider
from common.data.prepared import prepared
from common.errors import WeBoxError
from providers.base import Usage
from providers.prices import Prices, cost_nanousd

BYTES_PER_TOKEN = 3
"""On the safe side: English has about four, French between three and four, Chinese about three."""
IMAGE_TOKENS = 1_500
OUTPUT_TOKENS = 4_000
"""Reserved for an answer whose length nobody has limited."""
REASONING_OUTPUT_TOKENS = 16_000
LEFT_AFTER = timedelta(minutes=2)
"""So long after it was asked and after it has ended, a call may wait for its settlement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One answer that is to be asked for."""

    answer_id: int
    name: str
    slug: str
    provider: Provider | None
    model: str
    settings: Mapping[str, Any]


def reserve(
    user: User,
    columns: Sequence[Column],
    *,
    conversation_id: int,
    message_id: int,
    context: Context,
    is_again: bool = False,
) -> None:
    """Reserve what a turn's answers may come to, in the transaction that saves them.

    Raises what `accounts.plans.ledger.reserve` does; then nothing of the turn may be saved.
    """
    reach = Access(user, {column.provider for column in columns if column.provider})
    sizes = {}
    if ledger.is_measured(user, reach.plan):
        sizes = _sizes(columns, conversation_id, message_id, context)
    calls = []
    for column in columns:
        payer = reach.payer(column.provider) if column.provider else LedgerEntry.Payer.NOBODY
        given, made, nanousd = sizes.get(column.answer_id, (0, 0, 0))
        if payer == LedgerEntry.Payer.NOBODY:
            given = made = nanousd = 0
        calls.append(
            Call(
                answer_id=column.answer_id,
                provider=column.slug,
                model=column.model,
                payer=payer,
                input_tokens=given,
                output_tokens=made,
                nanousd=nanousd,
            )
        )
    ledger.reserve(
        user,
        reach.plan,
        calls,
        message_id=message_id,
        conversation_id=conversation_id,
        is_again=is_again,
    )


def _sizes(
    columns: Sequence[Column], conversation_id: int, message_id: int, context: Context
) -> dict[int, tuple[int, int, int]]:
    """Tokens of input and of output, and nano-dollars, that each answer may take, by its id."""
    names = {column.model for column in columns}
    rows = models_named([column.provider.pk for column in columns if column.provider], names)
    models = {(row.provider_id, row.name): row for row in rows}
    said, images, answered = _told(conversation_id, message_id)
    found = {}
    for column in columns:
        model = models.get((column.provider.pk if column.provider else 0, column.model))
        told = sum(answered.values()) if context != "own" else answered.get(column.name, 0)
        system = len(str(column.settings.get("system_prompt") or "").encode())
        given = ceil((said + told + system) / BYTES_PER_TOKEN) + images * IMAGE_TOKENS
        usual = REASONING_OUTPUT_TOKENS if model and model.reasons else OUTPUT_TOKENS
        made = int(column.settings.get("max_tokens") or usual)
        usage = Usage(input_tokens=given, output_tokens=made)
        found[column.answer_id] = (given, made, cost_nanousd(model.prices if model else None, usage) or 0)
    return found


def _told(conversation_id: int, message_id: int) -> tuple[int, int, dict[str, int]]:
    """Bytes of what was said before and in a turn, its images, and bytes of the answers by name."""
    size = "octet_length({})" if connection.vendor == "postgresql" else "length(CAST({} AS BLOB))"
    messages, answers = Message._meta.db_table, Answer._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            # Nothing in these comes from outside: names of tables and columns.
            f"SELECT COALESCE(SUM({size.format('content')}), 0) FROM {messages} "  # noqa: S608
            "WHERE conversation_id = %s AND id <= %s",
            [conversation_id, message_id],
        )
        said = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT a.name, SUM({size.format('a.text')}) FROM {answers} a "  # noqa: S608
            f"JOIN {messages} m ON m.id = a.message_id "
            "WHERE m.conversation_id = %s AND m.id < %s GROUP BY a.name",
            [conversation_id, message_id],
        )
        answered = {name: int(bytes_ or 0) for name, bytes_ in cursor.fetchall()}
    images = Attachment.objects.filter(message__conversation=conversation_id, message__lte=message_id).count()
    return int(said), images, answered


@prepared
def models_named(provider_ids: Collection[int], names: Collection[str]) -> QuerySet[Model]:
    """The rows of these models of these providers."""
    return Model.objects.filter(provider__in=provider_ids, name__in=names)


# --- What it came to ------------------------------------------------------------------------------------


def tokens_of(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return ceil(len(text.encode()) / BYTES_PER_TOKEN)


def estimated(input_tokens: int, texts: Iterable[str], prices: Prices | None) -> tuple[Usage, int | None]:
    """The usage of an answer whose vendor does not say it, and what that costs in nano-dollars."""
    usage = Usage(input_tokens=input_tokens, output_tokens=sum(map(tokens_of, texts)))
    return usage, cost_nanousd(prices, usage)


def settle(answers: Iterable[Answer]) -> None:
    """Settle the calls of these answers as their rows say, in the transaction in which they end."""
    ledger.settle({answer.pk: settlement_of(answer) for answer in answers})


def settlement_of(answer: Answer) -> Settlement:
    """What the ledger keeps of an answer that has ended."""
    return Settlement(
        outcome=answer.status,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        reasoning_tokens=answer.reasoning_tokens,
        nanousd=answer.cost_nanousd,
        is_estimated=answer.is_estimated,
        first_token_ms=answer.first_token_ms,
        total_ms=answer.total_ms,
    )


def estimate_lost(answers: Sequence[Answer]) -> None:
    """Give answers whose process died the usage that their saved text speaks of, and save it."""
    written = [
        answer for answer in answers if answer.output_tokens is None and (answer.text or answer.reasoning)
    ]
    entries = {
        entry.answer_id: entry
        for entry in LedgerEntry.objects.filter(answer_id__in=[answer.pk for answer in written])
    }
    rows = models_named(
        [answer.provider_row_id for answer in written if answer.provider_row_id],
        {answer.model for answer in written},
    )
    models = {(row.provider_id, row.name): row for row in rows}
    for answer in written:
        entry = entries.get(answer.pk)
        if entry is None or entry.payer == LedgerEntry.Payer.NOBODY:
            continue
        model = models.get((answer.provider_row_id or 0, answer.model))
        texts = (answer.text, answer.reasoning)
        usage, cost = estimated(entry.reserved_input_tokens, texts, model.prices if model else None)
        answer.input_tokens, answer.output_tokens = usage.input_tokens, usage.output_tokens
        answer.cost_nanousd, answer.is_estimated = cost, True
        Answer.objects.filter(pk=answer.pk).update(
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            cost_nanousd=cost,
            is_estimated=True,
        )


@dataclass(frozen=True, slots=True)
class BookedCall:
    """The ledger's entry of a call that belongs to no answer, and what its tokens cost."""

    entry_id: int
    input_tokens: int
    prices: Prices | None


def reserve_call(
    purpose: LedgerEntry.Purpose,
    user: User,
    reach: Access,
    answer: Answer,
    *,
    conversation_id: int,
    told: Iterable[str],
    max_tokens: int,
) -> BookedCall | None:
    """Book one more call of this answer's AI; None where the person's plan has nothing left for it."""
    if answer.provider_row is None:
        return None
    rows = models_named([answer.provider_row.pk], {answer.model})
    prices = rows[0].prices if rows else None
    given = sum(map(tokens_of, told))
    usage = Usage(input_tokens=given, output_tokens=max_tokens)
    call = Call(
        answer_id=None,
        provider=answer.provider,
        model=answer.model,
        payer=reach.payer(answer.provider_row),
        input_tokens=given,
        output_tokens=max_tokens,
        nanousd=cost_nanousd(prices, usage) or 0,
    )
    try:
        with transaction.atomic():
            [entry] = ledger.reserve(
                user,
                reach.plan,
                [call],
                message_id=answer.message_id,
                conversation_id=conversation_id,
                purpose=purpose,
            )
    except WeBoxError:
        return None
    return BookedCall(entry.pk, given, prices)


def settle_call(booked: BookedCall, text: str, usage: Usage | None) -> None:
    """Settle a call that belongs to no answer; without a usage it has failed."""
    if usage is None:
        ledger.settle_entry(booked.entry_id, Settlement(outcome=LedgerEntry.Outcome.FAILED))
        return
    is_estimated = usage.output_tokens is None and usage.cost_usd is None
    cost = cost_nanousd(booked.prices, usage)
    if is_estimated:
        usage, cost = estimated(booked.input_tokens, [text], booked.prices)
    settlement = Settlement(
        outcome=LedgerEntry.Outcome.DONE,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        nanousd=cost,
        is_estimated=is_estimated,
    )
    ledger.settle_entry(booked.entry_id, settlement)


def settle_left() -> int:
    """Settle what ended without anybody settling it: its process died, or its rows are gone. How many."""
    reserved = LedgerEntry.objects.filter(outcome="", asked_at__lt=timezone.now() - LEFT_AFTER)
    entries = list(reserved.order_by("pk")[:1000])
    answers = Answer.objects.in_bulk([entry.answer_id for entry in entries if entry.answer_id])
    unsettled = Settlement(outcome=LedgerEntry.Outcome.INTERRUPTED)
    settled = 0
    for entry in entries:
        answer = answers.get(entry.answer_id or 0)
        if answer is None:
            ledger.settle_entry(entry.pk, unsettled)
        elif answer.finished_at is None or answer.finished_at > timezone.now() - LEFT_AFTER:
            # Its writer is at it, or will be.
            continue
        else:
            estimate_lost([answer])
            ledger.settle_entry(entry.pk, settlement_of(answer))
        settled += 1
    return settled
