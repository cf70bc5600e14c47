"""The writer: text, heartbeats and outcomes of all running answers go into the rows in batches.

Raw UPDATEs: 14–38 µs a row against the ORM's 170–270. Each is a compare-and-swap on the status, one
statement a row so that its count is known; a row that none touches was ended by somebody else.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from accounts.plans import ledger
from accounts.plans.ledger import Settlement
from chat import events
from chat.engine.running import Outcome, RunningAnswer
from chat.models import Answer
from common.data.database_time import now_sql
from common.data.prepared import prepared

log = logging.getLogger(__name__)
RETRY_S = 1.0
DATABASE_AWAY = (OperationalError, InterfaceError)


class RunInDatabase(Protocol):
    """Runs a function in the engine's database thread."""

    def __call__(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]: ...


def save_running(grown: list[tuple[int, str, str, int | None]], silent: list[int]) -> list[int]:
    """Save texts and heartbeats; return the ids of answers that are no longer streaming.

    `grown`: answer id, text, reasoning, first token in ms. `silent`: ids with nothing new, which only live.
    """
    table, now = Answer._meta.db_table, now_sql()
    still_ours = "WHERE id = %s AND status = 'streaming'"
    # Nothing in these comes from outside: the table's name, a function, placeholders.
    lives = f"UPDATE {table} SET heartbeat_at = {now}"  # noqa: S608
    with_text = f"{lives}, text = %s, reasoning = %s, first_token_ms = %s {still_ours}"
    heartbeat = f"{lives} {still_ours}"
    ended = []
    with transaction.atomic(), connection.cursor() as cursor:
        for answer_id, *columns in grown:
            cursor.execute(with_text, [*columns, answer_id])
            if cursor.rowcount == 0:
                ended.append(answer_id)
        for answer_id in silent:
            cursor.execute(heartbeat, [answer_id])
            if cursor.rowcount == 0:
                ended.append(answer_id)
    return ended


@dataclass(slots=True)
class Ending:
    """An answer that has ended, as it is to be saved."""

    answer_id: int
    columns: dict[str, Any]
    """All of its columns that the end decides, in the form in which the database takes them."""
    saved: "asyncio.Future[events.AnswerStatus | None]"


_WHEN_STOPPED = (
    *("text", "reasoning", "first_token_ms", "reasoning_ms", "total_ms"),
    *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_nanousd", "is_estimated"),
)


def save_endings(endings: list[Ending]) -> list[events.AnswerStatus | None]:
    """Save the ends of these answers; return how each ended by its row, None where that is gone.

    Somebody else may have ended one first. Where a person stopped it, what was written until then is still
    kept: it was shown.
    """
    table, now = Answer._meta.db_table, now_sql()
    statuses: list[events.AnswerStatus | None] = []
    with transaction.atomic(), connection.cursor() as cursor:
        for ending in endings:
            columns = ending.columns
            # Nothing in these comes from outside: names of columns, a function, placeholders.
            changes = ", ".join(f"{name} = %s" for name in columns)
            cursor.execute(
                f"UPDATE {table} SET {changes}, finished_at = {now} "  # noqa: S608
                "WHERE id = %s AND status = 'streaming'",
                [*columns.values(), ending.answer_id],
            )
            if cursor.rowcount:
                statuses.append(cast("events.AnswerStatus", columns["status"]))
                continue
            kept = ", ".join(f"{name} = %s" for name in _WHEN_STOPPED)
            cursor.execute(
                f"UPDATE {table} SET {kept} WHERE id = %s AND status = 'stopped'",  # noqa: S608
                [*(columns[name] for name in _WHEN_STOPPED), ending.answer_id],
            )
            cursor.execute(f"SELECT status FROM {table} WHERE id = %s", [ending.answer_id])  # noqa: S608
            row = cursor.fetchone()
            statuses.append(row and row[0])
        ledger.settle(
            {
                ending.answer_id: _settlement(status, ending.columns)
                for ending, status in zip(endings, statuses, strict=True)
                if status is not None
            }
        )
    return statuses


def _settlement(status: events.AnswerStatus, columns: dict[str, Any]) -> Settlement:
    return Settlement(
        outcome=status,
        input_tokens=columns["input_tokens"],
        output_tokens=columns["output_tokens"],
        reasoning_tokens=columns["reasoning_tokens"],
        nanousd=columns["cost_nanousd"],
        is_estimated=columns["is_estimated"],
        first_token_ms=columns["first_token_ms"],
        total_ms=columns["total_ms"],
    )


def ending_columns(answer: RunningAnswer, outcome: Outcome) -> dict[str, Any]:
    """The columns of an answer that ends with this outcome."""
    return {
        "text": answer.text.whole(),
        "reasoning": answer.reasoning.whole(),
        "status": outcome.status,
        "error_code": outcome.error_code,
        "error_params": json.dumps(outcome.error_params),
        "finish_reason": outcome.finish_reason,
        "vendor_finish_reason": outcome.vendor_finish_reason[:100],
        "refusal": outcome.refusal,
        "notes": json.dumps(answer.notes),
        "request_id": outcome.request_id[:200],
        "attempts": outcome.attempts,
        "cost_nanousd": outcome.cost_nanousd,
        "is_estimated": outcome.is_estimated,
        "input_tokens": outcome.usage.input_tokens,
        "output_tokens": outcome.usage.output_tokens,
        "cached_tokens": outcome.usage.cached_tokens,
        "reasoning_tokens": outcome.usage.reasoning_tokens,
        "first_token_ms": answer.first_token_ms,
        "reasoning_ms": answer.reasoning_ms,
        "total_ms": answer.total_ms,
    }


def is_complete(message_id: int) -> bool:
    """Whether no answer of a turn is being written or waits any more, in any process."""
    return not _unfinished(message_id)


@prepared
def _unfinished(message_id: int) -> QuerySet[Answer]:
    unfinished = Answer.objects.filter(message=message_id, status__in=Answer.UNFINISHED)
    return unfinished.only("pk").order_by()[:1]


class Writer:
    """Saves what runs once a second, and each end at once. Used on one event loop."""

    def __init__(self, database: RunInDatabase, running: Callable[[], list[RunningAnswer]]) -> None:
        self._database = database
        self._running = running
        self._endings: list[Ending] = []
        self._finishing: asyncio.Task[None] | None = None

    async def save_all(self) -> None:
        """Save every running answer; those that somebody else ended are dropped.

        While the database is away nothing is lost: the text stays in memory until the next second.
        """
        answers = {answer.id: answer for answer in self._running()}
        grown = [one for one in answers.values() if one.total_length != one.saved_length]
        lengths = {one.id: one.total_length for one in grown}
        progress = [(one.id, one.text.whole(), one.reasoning.whole(), one.first_token_ms) for one in grown]
        silent = [one.id for one in answers.values() if one.id not in lengths]
        if not answers:
            return
        try:
            ended = await self._database(save_running, progress, silent)
        except DATABASE_AWAY as error:
            log.warning(
                "The database is away (%s); %s answers wait in memory", type(error).__name__, len(answers)
            )
            return
        for one in grown:
            one.saved_length = lengths[one.id]
        for answer_id in ended:
            answers[answer_id].cancel("dropped")

    async def finish(self, answer: RunningAnswer, outcome: Outcome) -> events.AnswerStatus | None:
        """Save an end, however long the database stays away; return how the row says that it ended.

        Ends that come while others are being saved go together: one commit for many.
        """
        saved = asyncio.get_running_loop().create_future()
        self._endings.append(Ending(answer.id, ending_columns(answer, outcome), saved))
        if self._finishing is None or self._finishing.done():
            self._finishing = asyncio.create_task(self._finish_all())
        status: events.AnswerStatus | None = await saved
        return status

    async def _finish_all(self) -> None:
        while self._endings:
            # In one order for all, so that two processes don't wait for each other's rows.
            batch, self._endings = sorted(self._endings, key=lambda ending: ending.answer_id), []
            try:
                await self._save_endings(batch)
            except Exception as error:
                # One that can't be saved must not keep the others from it.
                if len(batch) == 1:
                    batch[0].saved.set_exception(error)
                for ending in batch if len(batch) > 1 else []:
                    try:
                        await self._save_endings([ending])
                    except Exception as own_error:
                        ending.saved.set_exception(own_error)

    async def _save_endings(self, batch: list[Ending]) -> None:
        while True:
            try:
                statuses = await self._database(save_endings, batch)
            except DATABASE_AWAY as error:
                log.warning("The database is away (%s); %s ends wait", type(error).__name__, len(batch))
                await asyncio.sleep(RETRY_S)
            else:
                for ending, status in zip(batch, statuses, strict=True):
                    ending.saved.set_result(status)
                return
