"""run_turn: ask all of a turn's AIs at once and bring each answer to its own end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from chat import events, limits
from chat.engine import metrics
from chat.engine.claiming.jobs import Job
from chat.engine.parts import EngineParts
from chat.engine.running import Outcome, RunningAnswer, RunningTurn
from chat.engine.saving.writer import is_complete
from chat.engine.titles import better_title
from chat.errors import Lost
from chat.store.booking import estimated, tokens_of
from common.errors import Internal, WeBoxError
from common.process import logs
from providers.base import (
    Endpoint,
    Finished,
    FinishReason,
    Noted,
    ReasoningDelta,
    TextDelta,
)
from providers.errors import Interruption, ProviderError, TookTooLong
from providers.prices import cost_nanousd

log = logging.getLogger(__name__)
OVERTIME = 1.1
"""Of an answer's time limit: how much longer the engine waits than the client."""


async def run_turn(engine: EngineParts, message_id: int) -> None:
    """Stream a turn’s queued answers, each once its provider has a free place, and save each as it ends.

    Safe to call twice: answers already claimed are skipped. One provider failing never stops its siblings.
    Publishes `answer`, `deltas` and at last `turn` complete. Failures are stored, not raised.
    """
    if message_id in engine.waiting:
        return
    logs.turn_id.set(message_id)
    tasks: set[asyncio.Task[None]] = set()
    conversation_id = None
    claimed = await engine.claims.claim(message_id)
    while claimed is not None:
        conversation_id = claimed.conversation_id
        for job in claimed.jobs:
            if message_id not in engine.turns:
                metrics.turns.inc()
            turn = engine.turns.setdefault(message_id, RunningTurn(message_id, conversation_id))
            answer = turn.answers[job.answer_id] = RunningAnswer(
                job.answer_id, message_id, notes=[*job.notes]
            )
            tasks.add(asyncio.create_task(_run_answer(engine, turn, answer, job)))
        claimed = await engine.waiting.next(message_id) if claimed.is_waiting else None
    await asyncio.gather(*tasks, return_exceptions=True)
    if conversation_id is not None:
        await _end_turn(engine, message_id, conversation_id)


async def _end_turn(engine: EngineParts, message_id: int, conversation_id: int) -> None:
    """Say that the turn is complete, unless another run of it, here or elsewhere, still has answers."""
    turn = engine.turns.get(message_id)
    if turn is not None and not turn.answers:
        del engine.turns[message_id]
    if await engine.database(is_complete, message_id):
        engine.hub.publish(conversation_id, events.TurnChanged(state="complete", message_id=message_id))
        # Beside the turn: whoever waits for its end does not wait for a title.
        engine.call_soon(better_title(engine, message_id, conversation_id))


async def _run_answer(engine: EngineParts, turn: RunningTurn, answer: RunningAnswer, job: Job) -> None:
    answer.task = asyncio.current_task()
    engine.hub.publish(turn.conversation_id, answer.changed())
    try:
        if answer.cancel_reason:
            raise asyncio.CancelledError
        outcome = await _stream(engine, turn, answer, job)
    except asyncio.CancelledError:
        outcome = _cancelled(answer)
    except WeBoxError as error:
        outcome = _failed(error)
    except Exception:
        # The edge of the task: the trace goes to the log, a clear state into the row.
        log.exception("An answer ended by a fault of WeBox")
        outcome = Outcome("failed", Internal.code)
    _estimate(answer, outcome, job)
    # A cancel from here on comes too late: what was shown is saved first, then announced.
    answer.task = None
    await _finish(engine, turn, answer, outcome)
    metrics.count(job.provider, answer, outcome)


async def _stream(engine: EngineParts, turn: RunningTurn, answer: RunningAnswer, job: Job) -> Outcome:
    if job.endpoint is None:
        raise job.obstacle or Internal()
    stream = engine.adapter(job.protocol).stream(job.request, job.endpoint)
    async with contextlib.aclosing(stream) as deltas, _time_limit(job.endpoint):
        async for event in deltas:
            if isinstance(event, Finished):
                return Outcome.done(event, cost_nanousd(job.prices, event.usage))
            if isinstance(event, Noted):
                answer.notes.append(event.note)
                engine.hub.publish(turn.conversation_id, answer.changed())
                continue
            _append(engine, turn, answer, event)
            if answer.total_length > limits.ANSWER_CHARS:
                return Outcome("done", finish_reason=FinishReason.LENGTH)
    # A provider ends with Finished or an error; anything else is our fault.
    raise Internal


@contextlib.asynccontextmanager
async def _time_limit(endpoint: Endpoint) -> AsyncIterator[None]:
    """The client watches its own time; this ends what hangs anywhere else, or between its tries."""
    try:
        async with asyncio.timeout(endpoint.total_s * OVERTIME):
            yield
    except TimeoutError as error:
        raise TookTooLong(endpoint.vendor, total_s=f"{endpoint.total_s:g}") from error


def _append(
    engine: EngineParts, turn: RunningTurn, answer: RunningAnswer, delta: TextDelta | ReasoningDelta
) -> None:
    first = answer.first_token_ms is None
    if first:
        answer.first_token_ms = answer.elapsed_ms()
    (answer.text if isinstance(delta, TextDelta) else answer.reasoning).append(delta.text)
    begins_text = isinstance(delta, TextDelta) and answer.end_reasoning()
    if first or begins_text:
        # The first token is shown at once, and how long it took; the rest comes with the tick.
        engine.flush(turn)
        engine.hub.publish(turn.conversation_id, answer.changed())
    else:
        engine.flush_soon(turn)


def _cancelled(answer: RunningAnswer) -> Outcome:
    if answer.cancel_reason == "stopped":
        return Outcome("stopped")
    return Outcome("interrupted", Lost.code)


def _failed(error: WeBoxError) -> Outcome:
    params = {name: value for name, value in error.params.items() if isinstance(value, str | int | float)}
    if not isinstance(error, ProviderError):
        return Outcome("failed", error.code, params)
    params["stage"] = error.stage
    status: events.AnswerStatus = "interrupted" if isinstance(error, Interruption) else "failed"
    return Outcome(status, error.code, params, request_id=error.request_id, attempts=error.attempts)


def _estimate(answer: RunningAnswer, outcome: Outcome, job: Job) -> None:
    """Say what an answer has taken where its vendor does not; what failed is nobody's to pay."""
    is_told = outcome.usage.output_tokens is not None or outcome.usage.cost_usd is not None
    if is_told or outcome.status == "failed" or job.protocol == "demo":
        return
    if outcome.status != "done" and not answer.total_length:
        # Stopped before its first word: nobody knows whether the vendor had begun.
        return
    texts = (answer.text.whole(), answer.reasoning.whole(), outcome.refusal)
    given = sum(tokens_of(message.content) for message in job.request.messages)
    outcome.usage, outcome.cost_nanousd = estimated(given, texts, job.prices)
    outcome.is_estimated = True


async def _finish(engine: EngineParts, turn: RunningTurn, answer: RunningAnswer, outcome: Outcome) -> None:
    answer.total_ms = answer.elapsed_ms()
    answer.end_reasoning()
    status = await engine.writer.finish(answer, outcome)
    engine.flush(turn)
    if status is not None:
        # A stop that came just before is what the row says, so it is what all are told.
        told = outcome if status == outcome.status else outcome.ended_as(status)
        engine.hub.publish(turn.conversation_id, answer.changed(told))
    # Removed in the same step as announced: a snapshot finds an answer in memory or finished in the rows.
    del turn.answers[answer.id]
    engine.waiting.place_freed()
