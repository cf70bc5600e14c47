"""A turn's answers as OpenAI's objects: whole, or in pieces as they come."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import get_language
from msgspec import UNSET, Struct

from chat import events
from chat.engine.saving.writer import DATABASE_AWAY
from chat.live.outbox import Ended
from chat.models import Answer
from gateway.asking import Asked, Following, is_complete, over
from gateway.errors import Failed, Fault, fault_of, status_of
from gateway.names import name_of
from gateway.records import (
    CachedTokens,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    CompletionMessage,
    Delta,
    FinishWord,
    ReasoningTokens,
    Usage,
)
from providers.base import FinishReason
from providers.prices import NANO

FINISH_WORDS: dict[str, FinishWord] = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTENT_FILTER: "content_filter",
}
DONE = "data: [DONE]\n\n"
STILL_HERE = ": still here\n\n"


def completion_of(asked: Asked, answers: Sequence[Answer], model: str) -> Completion:
    """What the AIs answered, from the rows, under the name of the model that was asked for."""
    return Completion(
        id=_id(asked),
        object="chat.completion",
        created=asked.created,
        model=model,
        choices=[_choice(index, answer) for index, answer in enumerate(answers)],
        usage=usage_of(answers),
        conversation_id=asked.conversation_id if asked.is_kept else UNSET,
    )


def failure_of(answers: Iterable[Answer]) -> tuple[Fault, int] | None:
    """Why nobody has answered, and its HTTP status; None where somebody has."""
    failed = [answer for answer in answers if answer.error_code]
    if not failed or any(not answer.error_code for answer in answers):
        return None
    first = failed[0]
    return fault_of(first.error_code, first.error_params), status_of(first.error_code)


def _choice(index: int, answer: Answer) -> Choice:
    return Choice(
        index=index,
        message=CompletionMessage(
            role="assistant",
            content=answer.text or (None if answer.refusal or answer.error_code else ""),
            refusal=answer.refusal or None,
            reasoning_content=answer.reasoning or UNSET,
        ),
        logprobs=None,
        finish_reason=_finish_word(answer.finish_reason, answer.error_code),
        model=name_of(answer),
        usage=usage_of([answer]),
        error=fault_of(answer.error_code, answer.error_params) if answer.error_code else UNSET,
    )


def _finish_word(finish_reason: str, error_code: str) -> FinishWord:
    return "error" if error_code else FINISH_WORDS.get(finish_reason, "stop")


def usage_of(answers: Iterable[Answer | events.AnswerChanged]) -> Usage:
    """The tokens of these answers together."""
    rows = [*answers]

    def total(name: str) -> int:
        return sum(getattr(row, name) or 0 for row in rows)

    costs = [row.cost_usd for row in rows]
    given, made = total("input_tokens"), total("output_tokens")
    return Usage(
        prompt_tokens=given,
        completion_tokens=made,
        total_tokens=given + made,
        prompt_tokens_details=CachedTokens(total("cached_tokens")),
        completion_tokens_details=ReasoningTokens(total("reasoning_tokens")),
        # In whole billionths: a sum of floats would have digits that nobody has paid.
        cost_usd=None if None in costs else sum(round((cost or 0) * NANO) for cost in costs) / NANO,
    )


def _id(asked: Asked) -> str:
    return f"chatcmpl-{asked.message_id}"


class Chunks:
    """A turn's events as the pieces of a streamed completion."""

    def __init__(self, asked: Asked, model: str, *, includes_usage: bool) -> None:
        self._asked = asked
        self._model = model
        self._includes_usage = includes_usage
        # The stream is read where nobody has set the language of the request.
        self._language = get_language()
        self._places = {answer.pk: place for place, answer in enumerate(asked.answers)}
        self._names = [name_of(answer) for answer in asked.answers]
        self._written = dict.fromkeys(self._places, 0)
        self._ended: dict[int, events.AnswerChanged] = {}
        """Answers whose end is known and not told, since text of theirs is still on its way."""
        self._told: dict[int, events.AnswerChanged] = {}

    async def stream(self, following: Following) -> AsyncIterator[str]:
        """The text of the stream, to its `[DONE]` or to an error in its place."""
        is_whole = False
        try:
            for answer_id in self._places:
                yield self._event(answer_id, Delta(role="assistant", content=""))
            async with aclosing(following.turn.follow()) as coming:
                async for event in coming:
                    for text in self._told_by(event):
                        yield text
                    is_whole = is_complete(event)
            if is_whole:
                yield self._end()
        except (Ended, *DATABASE_AWAY) as error:
            yield self._failed(over(error).code, {})
        finally:
            following.leave(is_whole=is_whole)

    def _told_by(self, event: events.AnyEvent | None) -> Iterable[str]:
        match event:
            case None:
                yield STILL_HERE
            case events.Deltas():
                # Somebody may ask an AI again where the conversation is kept: that is not the program's.
                for answer_id, _offset, text in event.reasoning:
                    if answer_id in self._places:
                        yield self._event(answer_id, Delta(reasoning_content=text))
                for answer_id, _offset, text in event.deltas:
                    if answer_id in self._places:
                        self._written[answer_id] += len(text)
                        yield self._event(answer_id, Delta(content=text))
            case events.AnswerChanged() if event.id in self._places.keys() - self._told.keys():
                if event.status in events.FINAL_STATUSES:
                    self._ended[event.id] = event
            case events.TurnChanged() if is_complete(event):
                for ended in self._ended.values():
                    self._written[ended.id] = ended.text_length
        for ended in [one for one in self._ended.values() if self._written[one.id] >= one.text_length]:
            yield from self._end_of(self._ended.pop(ended.id))

    def _end_of(self, ended: events.AnswerChanged) -> Iterable[str]:
        self._told[ended.id] = ended
        if ended.refusal:
            yield self._event(ended.id, Delta(refusal=ended.refusal))
        code = ended.error.code if ended.error else ""
        if ended.error and len(self._places) == 1:
            # The one that was asked: said in place of the end, as OpenAI says it.
            return
        yield self._event(
            ended.id,
            Delta(),
            finish_reason=_finish_word(ended.finish_reason, code),
            usage=usage_of([ended]),
            **({"error": self._fault(ended.error.code, ended.error.params)} if ended.error else {}),
        )

    def _end(self) -> str:
        """The last of the stream: tokens where they are wanted, or why nobody has answered."""
        errors = [ended.error for ended in self._told.values()]
        if errors and errors[0] and all(errors):
            return self._failed(errors[0].code, errors[0].params)
        if not self._includes_usage:
            return DONE
        return _data(self._chunk([], usage=usage_of(self._told.values()))) + DONE

    def _failed(self, code: str, params: dict[str, Any]) -> str:
        return _data(Failed(self._fault(code, params)))

    def _fault(self, code: str, params: dict[str, Any]) -> Fault:
        with translation.override(self._language):
            return fault_of(code, params)

    def _event(self, answer_id: int, delta: Delta, **more: Any) -> str:
        place = self._places[answer_id]
        finish_reason = more.pop("finish_reason", None)
        choice = ChunkChoice(
            index=place,
            delta=delta,
            logprobs=None,
            finish_reason=finish_reason,
            model=self._names[place],
            **more,
        )
        return _data(self._chunk([choice], usage=None if self._includes_usage else UNSET))

    def _chunk(self, choices: list[ChunkChoice], *, usage: Any) -> Chunk:
        return Chunk(
            id=_id(self._asked),
            object="chat.completion.chunk",
            created=self._asked.created,
            model=self._model,
            choices=choices,
            usage=usage,
            conversation_id=self._asked.conversation_id if self._asked.is_kept else UNSET,
        )


def _data(record: Struct) -> str:
    return f"data: {msgspec.json.encode(record).decode()}\n\n"
