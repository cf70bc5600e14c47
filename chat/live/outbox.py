"""What waits to be sent to one client: bounded, with one sender, so that a slow client costs little."""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Container, Iterable
from typing import TypeVar

from django.utils import translation

from chat import events, limits
from chat.engine.broadcast.frames import Frame, RunningText, Texts
from common.words.wording import sentence

Send = Callable[[str], Awaitable[None]]
Item = TypeVar("Item")
ENDS_KEPT = 256
QUIET_S = 3.0
"""After so long without a word of a running turn its rows are looked at."""


class Ended(Exception):
    """The watching is over; `code` is the socket's close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Watching:
    """What every client's queue has: who it is for, and how it is told to end."""

    def __init__(self, user_id: int, session_key: str | None) -> None:
        self.id = uuid.uuid4().hex
        self.loop = asyncio.get_running_loop()
        self.user_id = user_id
        self.session_key = session_key
        self._close_code: int | None = None
        self._wake = asyncio.Event()

    def close(self, code: int) -> None:
        """End it: the next wait raises Ended. The first code counts."""
        if self._close_code is None:
            self._close_code = code
        self._wake.set()

    async def _woken(self) -> None:
        """Wait for something to do. Raises Ended."""
        await self._wake.wait()
        self._wake.clear()
        if self._close_code is not None:
            raise Ended(self._close_code)


class Outbox(Watching):
    """The queue of a `webox.v1` client. A slow one skips to the current text instead of queueing."""

    def __init__(self, user_id: int, session_key: str | None, resync: Callable[[], Awaitable[None]]) -> None:
        """`resync` gives it a snapshot of what runs; it is called after frames were skipped."""
        super().__init__(user_id, session_key)
        self._resync = resync
        self._frames: deque[Frame] = deque()
        self._held: deque[Frame] | None = None
        self._chars = 0
        self._skipped = False
        self._texts: dict[int, RunningText] = {}
        self._expected: set[int] = set()
        self._arrived: asyncio.Future[None] | None = None
        self._ended: dict[int, None] = {}
        """The newest answers that this client knows to have ended, the oldest first."""

    def deliver(self, frame: Frame) -> None:
        """Take a frame of the hub."""
        if isinstance(frame.event, Texts):
            self._take_texts(frame.event)
            return
        if _begins_again(frame, self._ended):
            return
        if isinstance(frame.event, events.AnswerChanged) and frame.event.status in events.FINAL_STATUSES:
            self._note_ends([frame.event.id])
        if self._chars + len(frame.text) > limits.SOCKET_QUEUE_CHARS:
            self._frames.clear()
            if self._held is not None:
                self._held.clear()
            self._chars = 0
            self._skipped = True
        self._chars += len(frame.text)
        (self._frames if self._held is None else self._held).append(frame)
        self._wake.set()

    def put(self, event: events.AnyEvent) -> None:
        """Send an event to this client alone."""
        frame = Frame(event, events.encode(event))
        self._frames.append(frame)
        self._chars += len(frame.text)
        self._wake.set()

    async def take(self) -> Frame:
        """The next frame to send. Raises Ended."""
        while not self._frames:
            if self._skipped:
                self._skipped = False
                await self._resync()
            else:
                await self._woken()
        if self._close_code is not None:
            raise Ended(self._close_code)
        frame = self._frames.popleft()
        self._chars -= len(frame.text)
        return frame

    # --- Snapshots (chat.live.resume.Watcher) -------------------------------------------------------

    def hold(self) -> None:
        if self._held is None:
            self._held = deque()

    def release(self, first: events.Snapshot | None) -> None:
        held, self._held = self._held or deque(), None
        if first is not None:
            self.put(first)
            # What was said of an answer before it ended, and arrived late, would begin it anew.
            answers = [answer for message in first.messages for answer in message.answers]
            ended = {answer.id for answer in answers if answer.status in events.FINAL_STATUSES}
            held = deque(frame for frame in held if not _begins_again(frame, ended))
            self._note_ends(ended)
        self._frames += held
        self._wake.set()

    def expect(self, answer_ids: set[int]) -> asyncio.Future[None]:
        self._texts = {}
        self._expected = answer_ids
        self._arrived = self.loop.create_future()
        return self._arrived

    def expected(self) -> dict[int, RunningText]:
        return self._texts

    def _take_texts(self, event: Texts) -> None:
        self._texts |= {one.id: one for one in event.texts}
        if self._arrived and not self._arrived.done() and self._expected <= self._texts.keys():
            self._arrived.set_result(None)

    def _note_ends(self, answer_ids: Iterable[int]) -> None:
        self._ended |= dict.fromkeys(answer_ids)
        while len(self._ended) > ENDS_KEPT:
            del self._ended[next(iter(self._ended))]


def _begins_again(frame: Frame, ended: Container[int]) -> bool:
    """Whether it says of an ended answer that it is being written: who stops it says so at once, and what its
    writer had said just before comes later from another process.
    """
    event = frame.event
    return (
        isinstance(event, events.AnswerChanged)
        and event.id in ended
        and event.status not in events.FINAL_STATUSES
    )


class PlainOutbox(Watching):
    """The queue of a plain socket: chunks by provider name, and only of the turn asked on it.

    It has no offsets, so nothing may be skipped: what waits is sent in larger chunks, and text that the
    hub lost is read again from the rows at the end.
    """

    def __init__(
        self,
        user_id: int,
        session_key: str | None,
        send: Send,
        read_text: Callable[[int], Awaitable[str]],
        read_ended: Callable[[int], Awaitable[list[events.AnswerChanged]]],
        language: str,
    ) -> None:
        """`read_text` returns an answer's saved text, `read_ended` the ends of a message's ended answers."""
        super().__init__(user_id, session_key)
        self.message_id: int | None = None
        """The turn being written; None when the next may be asked."""
        self._send = send
        self._read_text = read_text
        self._read_ended = read_ended
        self._language = language
        self._names: dict[int, str] = {}
        self._taken: dict[int, int] = {}
        self._waiting: dict[int, list[str]] = {}
        self._ended: list[events.AnswerChanged] = []
        self._open: set[int] = set()
        """Answers of the turn whose end has not been told."""
        self._complete = False
        self._refusals: list[events.PlainRefusal] = []

    def accept(self, accepted: events.Accepted) -> None:
        """The turn asked here is saved: from now on its chunks are taken."""
        self.message_id = accepted.answers[0].message_id
        self._names = {answer.id: answer.name for answer in accepted.answers}
        self._taken = dict.fromkeys(self._names, 0)
        self._open = set(self._names)

    def refuse(self, refusal: events.PlainRefusal) -> None:
        self._refusals.append(refusal)
        self._wake.set()

    def deliver(self, frame: Frame) -> None:
        """Take what belongs to the turn asked here."""
        event = frame.event
        if isinstance(event, events.Deltas):
            for answer_id, offset, text in event.deltas:
                # After a lost frame the offsets no longer meet; the rest comes from the rows at the end.
                if self._taken.get(answer_id) == offset:
                    self._taken[answer_id] += len(text)
                    self._waiting.setdefault(answer_id, []).append(text)
        elif isinstance(event, events.AnswerChanged):
            if event.status in events.FINAL_STATUSES:
                self._end(event)
        elif isinstance(event, events.TurnChanged) and event.message_id == self.message_id:
            self._complete = self._complete or event.state == "complete"
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled, or until the client is gone. Raises Ended."""
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._woken()
            except TimeoutError:
                await self._look_at_rows()
            await self._send_waiting()
            for refusal in _take(self._refusals):
                await self._send(events.encode(refusal))
            for ended in _take(self._ended):
                await self._send_end(ended)
            if self._complete and not self._waiting and not self._ended:
                self._complete = False
                self.message_id = None
                await self._send(events.encode(events.PlainStatus()))

    def _end(self, event: events.AnswerChanged) -> None:
        if event.id in self._open:
            self._open.remove(event.id)
            self._ended.append(event)

    async def _look_at_rows(self) -> None:
        """A turn that runs says so every second: after a silence its end may have been lost."""
        if self.message_id is None:
            return
        for event in await self._read_ended(self.message_id):
            self._end(event)
        self._complete = self._complete or not self._open

    async def _send_waiting(self) -> None:
        while self._waiting:
            answer_id = next(iter(self._waiting))
            text = "".join(self._waiting.pop(answer_id))
            await self._send(events.encode(events.PlainChunk(self._names[answer_id], text)))

    async def _send_end(self, ended: events.AnswerChanged) -> None:
        taken = self._taken[ended.id]
        if taken < ended.text_length:
            rest = (await self._read_text(ended.id))[taken:]
            self._taken[ended.id] = taken + len(rest)
            if rest:
                await self._send(events.encode(events.PlainChunk(self._names[ended.id], rest)))
        if ended.error:
            with translation.override(self._language):
                failure = sentence(ended.error.code, ended.error.params)
            await self._send(
                events.encode(events.PlainFailure(self._names[ended.id], failure, ended.error.code))
            )


def _take(items: list[Item]) -> list[Item]:
    taken = items[:]
    items.clear()
    return taken
