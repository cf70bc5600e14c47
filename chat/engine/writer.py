"""The writer: text, heartbeats and outcomes of all running answers go into the rows in batches.

Raw UPDATEs: 14–38 µs a row against the ORM's 170–270. Each is a compare-and-swap on the status, one
statement a row so that its count is known; a row that none touches was ended by somebody else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from chat import events
from chat.engine.clock import now_sql
from chat.engine.running import Outcome, RunningAnswer
from chat.models import Answer

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


def save_outcome(
    answer_id: int, text: str, reasoning: str, fields: dict[str, Any]
) -> events.AnswerStatus | None:
    """Save the end of an answer; return how it ended by its row, None where that is gone.

    Somebody else may have ended it first. Where a person stopped it, what was written until then is still
    kept: it was shown.
    """
    whole: dict[str, Any] = {"text": text, "reasoning": reasoning, "first_token_ms": fields["first_token_ms"]}
    with transaction.atomic():
        rows = Answer.objects.filter(pk=answer_id)
        if rows.filter(status=Answer.Status.STREAMING).update(**whole | fields, finished_at=Now()):
            return cast("events.AnswerStatus", fields["status"])
        rows.filter(status=Answer.Status.STOPPED).update(**whole, total_ms=fields["total_ms"])
        return cast("events.AnswerStatus | None", rows.values_list("status", flat=True).first())


def outcome_fields(answer: RunningAnswer, outcome: Outcome) -> dict[str, Any]:
    """The columns of an outcome."""
    return {
        "status": outcome.status,
        "error_code": outcome.error_code,
        "error_params": outcome.error_params,
        "finish_reason": outcome.finish_reason,
        "vendor_finish_reason": outcome.vendor_finish_reason[:100],
        "refusal": outcome.refusal,
        "notes": [*answer.notes],
        "request_id": outcome.request_id[:200],
        "attempts": outcome.attempts,
        "cost_nanousd": outcome.cost_nanousd,
        "input_tokens": outcome.usage.input_tokens,
        "output_tokens": outcome.usage.output_tokens,
        "cached_tokens": outcome.usage.cached_tokens,
        "reasoning_tokens": outcome.usage.reasoning_tokens,
        "first_token_ms": answer.first_token_ms,
        "total_ms": answer.total_ms,
    }


def is_complete(message_id: int) -> bool:
    """Whether no answer of a turn is being written or waits any more, in any process."""
    return not Answer.objects.filter(message_id=message_id, status__in=Answer.UNFINISHED).exists()


class Writer:
    """Saves what runs once a second, and each outcome at once."""

    def __init__(self, database: RunInDatabase, running: Callable[[], list[RunningAnswer]]) -> None:
        self._database = database
        self._running = running

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
        """Save an outcome, however long the database stays away; return what `save_outcome` does."""
        fields = outcome_fields(answer, outcome)
        while True:
            try:
                status: events.AnswerStatus | None = await self._database(
                    save_outcome, answer.id, answer.text.whole(), answer.reasoning.whole(), fields
                )
            except DATABASE_AWAY as error:
                log.warning("The database is away (%s); an outcome waits in memory", type(error).__name__)
                await asyncio.sleep(RETRY_S)
            else:
                return status
