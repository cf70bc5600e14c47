"""A turn's events as one client needs them: each once, in order, whatever was lost on the way."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from chat import events, limits
from chat.engine.broadcast.frames import AnyFrame
from chat.engine.loop import SIGN_IN
from chat.engine.process import engine_of_process
from chat.live.outbox import QUIET_S, Ended, Outbox
from chat.live.resume import read_messages, take_snapshot
from chat.store.records import ended_event

HEARTBEAT_S = 15.0
RESYNC_EVERY_S = 0.25

Marks = dict[int, tuple[int, int]]
"""Answer id → how much of its text and reasoning a client has, in code points."""


class TurnEvents:
    """One client's way through the events of one turn: what it has, and what it still lacks."""

    def __init__(
        self,
        conversation_id: int,
        message_id: int,
        who: tuple[int, str | None],
        marks: Marks,
        is_allowed: Callable[[], bool],
    ) -> None:
        """`message_id`: the assistant's. `who`: user id and session key. `marks`: what the client has.

        `is_allowed` reads again whether it may go on.
        """
        self.marks = marks
        self._message_id = message_id
        self._conversation_id = conversation_id
        self._who = who
        self._is_allowed = is_allowed
        self._running: set[int] = set()
        self._ends_told: set[int] = set()
        self._lacks = False
        self._engine = engine_of_process()

    async def follow(self) -> AsyncGenerator[events.AnyEvent | None, None]:
        """The events until the turn is complete; None after HEARTBEAT_S of silence.

        Raises Ended, or an error of the database or Redis, when it ends before that.
        """
        self._outbox = Outbox(*self._who, self._resync)
        self._engine.hub.join(self._conversation_id, self._outbox)
        try:
            await self._engine.hub.joined(self._conversation_id)
            await self._resync()
            checked_at = sent_at = time.monotonic()
            while True:
                for event in await self._next():
                    sent_at = time.monotonic()
                    yield event
                    if isinstance(event, events.TurnChanged) and event.state == "complete":
                        return
                if time.monotonic() - sent_at > HEARTBEAT_S:
                    sent_at = time.monotonic()
                    yield None
                if time.monotonic() - checked_at > limits.SOCKET_RECHECK_S:
                    checked_at = time.monotonic()
                    if not await self._engine.serve(self._is_allowed):
                        raise Ended(SIGN_IN)
        finally:
            self._engine.hub.leave(self._conversation_id, self._outbox)

    async def _next(self) -> list[events.AnyEvent]:
        """What the next frame tells this client; nothing after a silence."""
        try:
            async with asyncio.timeout(QUIET_S):
                told = self._told((await self._outbox.take()).event)
        except TimeoutError:
            # A turn that runs says so every second; else its end may have been lost.
            told, self._lacks = [], True
        if self._lacks and time.monotonic() - self._resynced_at > RESYNC_EVERY_S:
            await self._resync()
        return told

    async def _resync(self) -> None:
        self._lacks = False
        self._resynced_at = time.monotonic()
        await take_snapshot(
            self._engine,
            self._outbox,
            self._conversation_id,
            lambda: read_messages(self._conversation_id, {self._message_id}),
        )

    def _told(self, event: AnyFrame) -> list[events.AnyEvent]:
        match event:
            case events.Snapshot():
                return self._from_snapshot(event)
            case events.Deltas():
                return self._grow(event)
            case events.Lengths():
                return self._lengths(event)
            case events.AnswerChanged() if event.id in self.marks:
                return self._changed(event)
            case events.TurnChanged() if event.message_id == self._message_id:
                return self._turn(event)
        return []

    def _from_snapshot(self, snapshot: events.Snapshot) -> list[events.AnyEvent]:
        """Whole records to a client that does not know them; else only what it lacks."""
        answers = [one for message in snapshot.messages for one in message.answers]
        unfinished = {one.id for one in answers if one.status in ("queued", "streaming")}
        told: list[events.AnyEvent] = []
        if any(one.id not in self.marks for one in answers):
            told.append(snapshot)
            self.marks = {one.id: (len(one.text), len(one.reasoning)) for one in answers}
        else:
            text = [(one.id, 0, one.text) for one in answers]
            reasoning = [(one.id, 0, one.reasoning) for one in answers]
            told += self._grow(events.Deltas(deltas=text, reasoning=reasoning))
            told += [ended_event(one) for one in answers if one.id not in unfinished | self._ends_told]
        self._running = unfinished
        self._ends_told |= {one.id for one in answers} - unfinished
        if not unfinished:
            told.append(events.TurnChanged(state="complete", message_id=self._message_id))
        return told

    def _changed(self, event: events.AnswerChanged) -> list[events.AnyEvent]:
        if event.status in events.FINAL_STATUSES:
            self._running.discard(event.id)
            self._ends_told.add(event.id)
            text, reasoning = self.marks[event.id]
            self._lacks |= text < event.text_length or reasoning < event.reasoning_length
        return [event]

    def _turn(self, event: events.TurnChanged) -> list[events.AnyEvent]:
        for answer in event.answers:
            self.marks.setdefault(answer.id, (0, 0))
            self._running.add(answer.id)
        if event.state == "complete" and (self._lacks or self._running):
            # The snapshot that follows brings the rest, and the end.
            self._lacks = True
            return []
        return [event]

    def _lengths(self, event: events.Lengths) -> list[events.AnyEvent]:
        own = [one for one in event.lengths if one[0] in self.marks]
        self._lacks |= any(
            self.marks[key][0] < text or self.marks[key][1] < reasoning for key, text, reasoning in own
        )
        return [events.Lengths(lengths=own)] if own else []

    def _grow(self, event: events.Deltas) -> list[events.AnyEvent]:
        """The part of these deltas that lies behind what the client has."""
        deltas = [self._rest(delta, 0) for delta in event.deltas]
        reasoning = [self._rest(delta, 1) for delta in event.reasoning]
        grown = events.Deltas(
            deltas=[one for one in deltas if one], reasoning=[one for one in reasoning if one]
        )
        return [grown] if grown.deltas or grown.reasoning else []

    def _rest(self, delta: events.Delta, which: int) -> events.Delta | None:
        answer_id, offset, piece = delta
        if answer_id not in self.marks:
            return None
        have = self.marks[answer_id][which]
        self._lacks |= offset > have
        if offset > have or offset + len(piece) <= have:
            return None
        lengths = [*self.marks[answer_id]]
        lengths[which] = offset + len(piece)
        self.marks[answer_id] = (lengths[0], lengths[1])
        return (answer_id, have, piece[have - offset :])
