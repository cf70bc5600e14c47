"""What the engine holds in memory of the turns it is writing: the newest text, ahead of the rows."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal

from chat import events
from providers.base import Finished, Note, Usage
from providers.prices import NANO

CancelReason = Literal["stopped", "lost", "dropped"]
"""Stopped by a person, the process is ending, or the row says that somebody else ended the answer."""


@dataclass(slots=True)
class Text:
    """A growing text: all of it, and how much of it has been sent to the sockets."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    sent: int = 0
    _unsent: list[str] = field(default_factory=list)

    def append(self, piece: str) -> None:
        self.pieces.append(piece)
        self._unsent.append(piece)
        self.length += len(piece)

    def take_unsent(self) -> tuple[int, str] | None:
        """The offset and text of what no frame has carried yet; None where there is nothing."""
        if not self._unsent:
            return None
        offset, piece = self.sent, "".join(self._unsent)
        self._unsent.clear()
        self.sent = self.length
        return offset, piece

    def whole(self) -> str:
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""

    def shown(self) -> str:
        """The text up to what was sent: the next delta starts exactly at its end."""
        return self.whole()[: self.sent]


@dataclass(slots=True)
class Outcome:
    """How an answer ended."""

    status: events.AnswerStatus
    error_code: str = ""
    error_params: dict[str, str | int | float] = field(default_factory=dict)
    finish_reason: str = ""
    vendor_finish_reason: str = ""
    refusal: str = ""
    request_id: str = ""
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_nanousd: int | None = None
    is_estimated: bool = False

    @classmethod
    def done(cls, finished: Finished, cost_nanousd: int | None) -> "Outcome":
        """A whole answer, as its provider finished it."""
        return cls(
            "done",
            finish_reason=finished.reason,
            vendor_finish_reason=finished.vendor_reason,
            refusal=finished.refusal,
            request_id=finished.request_id,
            attempts=finished.attempts,
            usage=finished.usage,
            cost_nanousd=cost_nanousd,
        )

    def ended_as(self, status: events.AnswerStatus) -> "Outcome":
        """The outcome where somebody else ended it first: what it has taken stays."""
        return Outcome(
            status, usage=self.usage, cost_nanousd=self.cost_nanousd, is_estimated=self.is_estimated
        )


@dataclass(slots=True, eq=False)
class RunningAnswer:
    """One answer that is being written by this process."""

    id: int
    message_id: int
    text: Text = field(default_factory=Text)
    reasoning: Text = field(default_factory=Text)
    started: float = field(default_factory=time.monotonic)
    first_token_ms: int | None = None
    reasoning_ms: int | None = None
    notes: list[Note] = field(default_factory=list)
    saved_length: int = -1
    """Length of text and reasoning at the last save; -1 before the first."""
    total_ms: int | None = None
    """How long it took, once it has ended: the row and the event say the same."""
    task: asyncio.Task[None] | None = None
    cancel_reason: CancelReason | None = None

    @property
    def total_length(self) -> int:
        return self.text.length + self.reasoning.length

    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)

    def end_reasoning(self) -> bool:
        """Its text begins, or it ends: the first time counts. Whether this was it."""
        if not self.reasoning.length or self.reasoning_ms is not None or self.first_token_ms is None:
            return False
        self.reasoning_ms = self.elapsed_ms() - self.first_token_ms
        return True

    def cancel(self, reason: CancelReason) -> None:
        """End the stream; the first reason counts. Called on the engine's loop."""
        if self.cancel_reason is None:
            self.cancel_reason = reason
            if self.task:
                self.task.cancel()

    def changed(self, outcome: Outcome | None = None) -> events.AnswerChanged:
        """The event of this answer's state: streaming, or its outcome."""
        if outcome is None:
            return events.AnswerChanged(
                id=self.id,
                status="streaming",
                text_length=self.text.sent,
                reasoning_length=self.reasoning.sent,
                notes=[*self.notes],
                first_token_ms=self.first_token_ms,
                reasoning_ms=self.reasoning_ms,
            )
        error = events.ErrorInfo(outcome.error_code, outcome.error_params) if outcome.error_code else None
        return events.AnswerChanged(
            id=self.id,
            status=outcome.status,
            text_length=self.text.length,
            reasoning_length=self.reasoning.length,
            error=error,
            refusal=outcome.refusal,
            notes=[*self.notes],
            finish_reason=outcome.finish_reason,
            vendor_finish_reason=outcome.vendor_finish_reason,
            request_id=outcome.request_id,
            attempts=outcome.attempts,
            input_tokens=outcome.usage.input_tokens,
            output_tokens=outcome.usage.output_tokens,
            cached_tokens=outcome.usage.cached_tokens,
            reasoning_tokens=outcome.usage.reasoning_tokens,
            cost_usd=None if outcome.cost_nanousd is None else outcome.cost_nanousd / NANO,
            is_estimated=outcome.is_estimated,
            first_token_ms=self.first_token_ms,
            reasoning_ms=self.reasoning_ms,
            total_ms=self.total_ms,
        )


@dataclass(slots=True, eq=False)
class RunningTurn:
    """The answers of one assistant message that this process is writing."""

    message_id: int
    conversation_id: int
    answers: dict[int, RunningAnswer] = field(default_factory=dict)

    def take_deltas(self) -> events.Deltas | None:
        """One frame with everything new; None where nothing is."""
        deltas: list[events.Delta] = []
        reasoning: list[events.Delta] = []
        for answer in self.answers.values():
            for text, frame in ((answer.text, deltas), (answer.reasoning, reasoning)):
                unsent = text.take_unsent()
                if unsent:
                    frame.append((answer.id, *unsent))
        if not deltas and not reasoning:
            return None
        return events.Deltas(deltas=deltas, reasoning=reasoning)

    def lengths(self) -> events.Lengths:
        return events.Lengths(
            lengths=[(one.id, one.text.sent, one.reasoning.sent) for one in self.answers.values()]
        )
